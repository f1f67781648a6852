"""Operations that move entries: indexing, reshaping, joining, and the helpers that sweeps need."""

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from t1gen.errors import LanguageError
from t1gen.mapping.ops.fold import Array, total
from t1gen.mapping.ops.record import Op, broadcast
from t1gen.mapping.program import Shape

Inferred = tuple[Shape, dict[str, Any]]
Index = tuple[tuple[Any, ...], ...]
"""One entry an axis: ("at", i), ("slice", start, stop, step), ("new",) or ("array", nested whole numbers)."""


KINDS: dict[str, Callable[..., Any]] = {"at": lambda i: i, "slice": slice, "new": lambda: None, "array": np.array}


def numpy_index(index: Index) -> tuple[Any, ...]:
    """The same index for NumPy."""
    return tuple(KINDS[kind](*rest) for kind, *rest in index)


def _indexed(shape: Shape, index: Any) -> Shape:
    if not isinstance(index, tuple) or not all(isinstance(e, tuple) and e and e[0] in KINDS for e in index):
        raise LanguageError(f"{index} is not an index; write s_[0] or s_[::2]")
    if sum(entry[0] != "new" for entry in index) > len(shape):
        raise LanguageError(f"too many indices for shape {shape}")
    try:
        return tuple(np.broadcast_to(False, shape)[numpy_index(index)].shape)
    except (IndexError, ValueError) as error:
        raise LanguageError(f"index outside shape {shape}") from error


def _index_infer(a: Shape, index: Index) -> Inferred:
    out = _indexed(a, index)
    if 0 in out:
        raise LanguageError(f"the index selects nothing from shape {a}")
    return out, {"index": index}


def _sizes(shape: Any) -> Shape:
    """A shape as it was written: a whole number or a tuple of them, none negative (but -1, which reshape fills in)."""
    wanted = shape if isinstance(shape, tuple) else (shape,)
    if not all(type(n) is int and n >= -1 for n in wanted):
        raise LanguageError(f"{wanted} is not a shape: whole numbers are wanted")
    return wanted


def full_shape(shape: Any) -> Shape:
    wanted = _sizes(shape)
    if any(n < 1 for n in wanted):
        raise LanguageError(f"{wanted} is not a shape: every size is at least 1")
    return wanted


def _put_infer(v: Shape, index: Index, shape: Any) -> Inferred:
    shape = full_shape(shape)
    if _indexed(shape, index) != v:
        raise LanguageError(f"put: a value of shape {v} does not fit the index into shape {shape}")
    return shape, {"index": index, "shape": shape}


def _put(v: Array, index: Index, shape: Shape) -> Array:
    out = np.zeros((*shape, v.shape[-1]), dtype=v.dtype)
    np.add.at(out, numpy_index(index), v)
    return out


def _reshape_infer(a: Shape, shape: Any) -> Inferred:
    wanted = _sizes(shape)
    known = prod(n for n in wanted if n != -1)
    if wanted.count(-1) == 1 and known:
        wanted = tuple(prod(a) // known if n == -1 else n for n in wanted)
    if any(n < 0 for n in wanted) or prod(wanted) != prod(a):
        raise LanguageError(f"shape {a} cannot be reshaped to {wanted}")
    return wanted, {"shape": wanted}


def _fits(small: Shape, large: Shape) -> bool:
    try:
        return broadcast(small, large) == large
    except LanguageError:
        return False


def _broadcast_infer(a: Shape, shape: Any) -> Inferred:
    wanted = full_shape(shape)
    if not _fits(a, wanted):
        raise LanguageError(f"shape {a} cannot be broadcast to {wanted}")
    return wanted, {"shape": wanted}


def _sum_to_infer(a: Shape, shape: Any) -> Inferred:
    wanted = full_shape(shape)
    if not _fits(wanted, a):
        raise LanguageError(f"shape {a} cannot be summed to {wanted}")
    return wanted, {"shape": wanted}


def _sum_to(x: Array, shape: Shape) -> Array:
    while x.ndim - 1 > len(shape):
        x = total(x)
    for axis, n in enumerate(shape):
        if n == 1 and x.shape[axis] != 1:
            x = np.expand_dims(total(np.moveaxis(x, axis, 0)), axis)
    return x


def _concatenate_infer(*shapes: Shape, axis: Any = 0) -> Inferred:
    rank = len(shapes[0])
    if not isinstance(axis, int) or not -rank <= axis < rank:
        raise LanguageError(f"axis {axis} does not exist in shape {shapes[0]}")
    axis %= rank
    rests = {s[:axis] + s[axis + 1 :] for s in shapes if len(s) == rank}
    if len(rests) != 1 or any(len(s) != rank for s in shapes):
        raise LanguageError(f"shapes {' and '.join(map(str, shapes))} cannot be joined along axis {axis}")
    size = sum(s[axis] for s in shapes)
    return (*shapes[0][:axis], size, *shapes[0][axis + 1 :]), {"axis": axis}


def _part(parent: int, shapes: tuple[Shape, ...], axis: int) -> dict[str, Any]:
    """`part`: where this parent's entries stand in the output."""
    start = sum(s[axis] for s in shapes[:parent])
    everything = (("slice", None, None, None),) * axis
    return {"part": (*everything, ("slice", start, start + shapes[parent][axis], None))}


def _statics(parent: int, shapes: tuple[Shape, ...], **statics: Any) -> dict[str, Any]:
    return statics


OPERATIONS = (
    Op(name="index", infer=_index_infer, forward=lambda x, index: x[numpy_index(index)], statics=("index",),
       structural=True, exact=True, passes=True, pins=True, vjp=("put(v, index, shape_A)",), bind=_statics,
       examples=(("A[0]", {"A": (3,)}), ("A[::2]", {"A": (5,)}), ("A[:, 1]", {"A": (2, 3)}),
                 ("A[1:, None]", {"A": (3,)}), ("A[::-1]", {"A": (3,)}))),
    Op(name="put", infer=_put_infer, forward=_put, statics=("index", "shape"), structural=True, exact=True,
       passes=True, pins=True, vjp=("v[index]",), bind=_statics,
       examples=(("put(A, s_[::2], (5,))", {"A": (3,)}), ("put(A, s_[1], (2, 3))", {"A": (3,)}))),
    Op(name="reshape", infer=_reshape_infer, forward=lambda x, shape: x.reshape((*shape, x.shape[-1])),
       statics=("shape",), structural=True, exact=True, passes=True, pins=True, vjp=("reshape(v, shape_A)",),
       examples=(("reshape(A, (3, 2))", {"A": (2, 3)}), ("reshape(A, -1)", {"A": (2, 3)}))),
    Op(name="broadcast_to", infer=_broadcast_infer,
       forward=lambda x, shape: np.broadcast_to(x.reshape((1,) * (len(shape) + 1 - x.ndim) + x.shape),
                                                (*shape, x.shape[-1])),
       statics=("shape",), structural=True, exact=True, passes=True, pins=True, vjp=("sum_to(v, shape_A)",),
       examples=(("broadcast_to(A, (2, 3))", {"A": (3,)}), ("broadcast_to(A, (2, 3))", {"A": (2, 1)}),
                 ("broadcast_to(A, (3,))", {"A": ()}))),
    Op(name="sum_to", infer=_sum_to_infer, forward=_sum_to, statics=("shape",), structural=True, exact=True, pins=True,
       vjp=("broadcast_to(v, shape_A)",),
       examples=(("sum_to(A, (3,))", {"A": (2, 3)}), ("sum_to(A, (2, 1))", {"A": (2, 3)}),
                 ("sum_to(A, ())", {"A": (3,)}))),
    Op(name="concatenate", arity=-1, infer=_concatenate_infer,
       forward=lambda *xs, axis: np.concatenate(xs, axis=axis), statics=("axis",), structural=True, exact=True,
       passes=True, pins=True, vjp=lambda n: ("v[part]",) * n, bind=_part,
       examples=(("concatenate((A, B))", {"A": (2,), "B": (3,)}),
                 ("concatenate((A, B, A), axis=1)", {"A": (2, 1), "B": (2, 2)}))),
)  # fmt: skip
