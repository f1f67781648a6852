"""Operations whose indices depend on values: argmax, argsort, one_hot, gather and what it sends back."""

from typing import Any

import numpy as np

from t1gen.errors import LanguageError
from t1gen.mapping.ops.fold import AXES, Array
from t1gen.mapping.ops.record import Op, broadcast
from t1gen.mapping.ops.reductions import axes_of
from t1gen.mapping.ops.structural import full_shape
from t1gen.mapping.program import Shape

Inferred = tuple[Shape, dict[str, Any]]


def _argmax_infer(a: Shape, axis: Any = None) -> Inferred:
    axes = axes_of(a, axis)
    if not a or (len(axes) != 1 and len(axes) != len(a)):
        raise LanguageError(f"argmax takes one axis of an array, not axis {axis} of shape {a}")
    return (() if len(axes) == len(a) else tuple(n for i, n in enumerate(a) if i != axes[0])), {"axis": axes}


def _argmax(x: Array, axis: tuple[int, ...]) -> Array:
    whole = len(axis) == x.ndim - 1
    found = x.reshape((-1, x.shape[-1])).argmax(axis=0) if whole else x.argmax(axis=axis[0])
    return np.asarray(found).astype(x.dtype)


def _argsort(x: Array) -> Array:
    return np.argsort(x, axis=0, kind="stable").astype(x.dtype)


def _vector(shape: Shape) -> Inferred:
    if len(shape) != 1:
        raise LanguageError(f"argsort takes a vector, not shape {shape}")
    return shape, {}


def _one_hot(i: Array, n: int) -> Array:
    places = np.arange(n).reshape((1,) * (i.ndim - 1) + (n, 1))
    return np.asarray(np.where(places == i[..., None, :], 1, 0)).astype(i.dtype)


def _gather_infer(a: Shape, *indices: Shape) -> Inferred:
    if not 1 <= len(indices) <= len(a):
        raise LanguageError(f"{len(indices)} index arrays do not fit shape {a}")
    return (*broadcast(*indices), *a[len(indices) :]), {}


def _places(indices: tuple[Array, ...], sizes: Shape) -> tuple[Any, ...]:
    """Whole-number index arrays of one shape (batch last), and the batch's own index."""
    whole = [np.asarray(i).astype(float).astype(int) for i in np.broadcast_arrays(*indices)]
    if any(((i < -n) | (i >= n)).any() for i, n in zip(whole, sizes, strict=False)):
        raise LanguageError(f"an index is outside shape {sizes}")
    return (*whole, np.arange(whole[0].shape[-1]))


def _gather(a: Array, *indices: Array) -> Array:
    k = len(indices)
    at = _places(indices, a.shape[:-1])
    moved = np.moveaxis(a, -1, k)
    return np.moveaxis(moved[at], at[0].ndim - 1, -1)


def _scatter_infer(v: Shape, *indices: Shape, shape: Any) -> Inferred:
    whole = full_shape(shape)
    if _gather_infer(whole, *indices)[0] != v:
        raise LanguageError(f"scatter: a value of shape {v} does not fit these indices into shape {whole}")
    return whole, {"shape": whole}


def _scatter(v: Array, *indices: Array, shape: Shape) -> Array:
    k = len(indices)
    at = _places(indices, shape)
    out = np.zeros((*shape[:k], v.shape[-1], *shape[k:]), dtype=v.dtype)
    np.add.at(out, at, np.moveaxis(v, -1, at[0].ndim - 1))
    return np.moveaxis(out, k, -1)


def _rules(op: str, parents: int, option: str = "") -> tuple[str | None, ...]:
    """The other of gather and scatter for what is moved, nothing for the indices."""
    return (f"{op}(v, {', '.join(AXES[1:parents])}{option})", *(None,) * (parents - 1))


def _one_hot_infer(i: Shape, n: Any) -> Inferred:
    if type(n) is not int or n < 1:
        raise LanguageError(f"one_hot takes the number of classes, not {n}")
    return (*i, n), {"n": n}


def _shape_of_first(parent: int, shapes: tuple[Shape, ...], **statics: Any) -> dict[str, Any]:
    return {"first": shapes[0]}


OPERATIONS = (
    Op(name="argmax", infer=_argmax_infer, forward=_argmax, statics=("axis",), vjp=(None,), frozen=True,
       selects=True, structural=True,
       examples=(("argmax(A)", {"A": (3,)}), ("argmax(A, axis=1)", {"A": (2, 3)}))),
    Op(name="argsort", infer=_vector, forward=_argsort, vjp=(None,), frozen=True, selects=True, structural=True,
       examples=(("argsort(A)", {"A": (4,)}),)),
    Op(name="one_hot", infer=_one_hot_infer, forward=_one_hot, statics=("n",), vjp=(None,), frozen=True,
       selects=True, structural=True, exact=True, examples=(("one_hot(argmax(A), 3)", {"A": (3,)}),)),
    Op(name="gather", arity=-1, infer=_gather_infer, forward=_gather,
       vjp=lambda n: _rules("scatter", n, ", shape=first"), selects=True, structural=True, exact=True,
       passes=True, bind=_shape_of_first,
       examples=(("A[argsort(A)]", {"A": (4,)}), ("A[argmax(B)]", {"A": (3, 2), "B": (3,)}),
                 ("A[argmax(A, axis=0), [0, 1, 2]]", {"A": (2, 3)}))),
    Op(name="scatter", arity=-1, infer=_scatter_infer, forward=_scatter, statics=("shape",),
       vjp=lambda n: _rules("gather", n), selects=True, structural=True, exact=True, passes=True, bind=_shape_of_first,
       examples=(("scatter(A, argsort(A), shape=(4,))", {"A": (4,)}),)),
)  # fmt: skip
