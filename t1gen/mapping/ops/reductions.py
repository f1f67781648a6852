"""Operations that reduce axes, each a left fold."""

from math import prod
from typing import Any

import numpy as np

from t1gen.errors import LanguageError
from t1gen.mapping.ops.fold import Array, fold, to_front, total
from t1gen.mapping.ops.record import Example, Op
from t1gen.mapping.program import Shape


def axes_of(shape: Shape, axis: Any) -> tuple[int, ...]:
    """The reduced axes, counted from the front; None is all of them."""
    if axis is None:
        return tuple(range(len(shape)))
    axes = axis if isinstance(axis, tuple) else (axis,)
    for a in axes:
        if not isinstance(a, int) or not -len(shape) <= a < len(shape):
            raise LanguageError(f"axis {a} does not exist in shape {shape}")
    return tuple(sorted({a % len(shape) for a in axes}))


def reduced(shape: Shape, axes: tuple[int, ...], keepdims: bool) -> Shape:
    if keepdims:
        return tuple(1 if i in axes else n for i, n in enumerate(shape))
    return tuple(n for i, n in enumerate(shape) if i not in axes)


def _infer(shape: Shape, axis: Any = None, keepdims: Any = False) -> tuple[Shape, dict[str, Any]]:
    axes = axes_of(shape, axis)
    if any(shape[a] == 0 for a in axes):
        raise LanguageError(f"nothing to reduce in shape {shape}")
    return reduced(shape, axes, bool(keepdims)), {"axis": axes, "keepdims": bool(keepdims)}


def _reduce(body: Any) -> Any:
    def forward(x: Array, axis: tuple[int, ...], keepdims: bool) -> Array:
        out = body(to_front(x, axis))
        return np.asarray(np.expand_dims(out, axis) if keepdims else out)

    return forward


def _bind(parent: int, shapes: tuple[Shape, ...], axis: tuple[int, ...], keepdims: bool) -> dict[str, Any]:
    """`kept`: the shape in which the output lines up with the input; `count`: how many entries were reduced."""
    shape = shapes[0]
    leading = axis == tuple(range(len(axis)))
    kept = reduced(shape, axis, keepdims) if leading or keepdims else reduced(shape, axis, True)
    return {"kept": kept, "count": prod(shape[a] for a in axis), "axis": axis, "keepdims": keepdims}


def _folded(pair: str) -> Any:
    """The definition of a reduction by a two-place operation, written out for these shapes."""

    def definition(shapes: tuple[Shape, ...], axis: tuple[int, ...], keepdims: bool) -> str:
        shape = shapes[0]
        picks = [[]] if not axis else [list(p) for p in np.ndindex(*(shape[a] for a in axis))]
        texts = []
        for pick in picks:
            at = dict(zip(axis, pick, strict=False))
            index = ", ".join(str(at[i]) if i in at else ":" for i in range(len(shape)))
            texts.append(f"A[{index}]" if shape else "A")
        text = texts[0]
        for other in texts[1:]:
            text = f"{pair}({text}, {other})"
        return f"reshape({text}, {reduced(shape, axis, keepdims)})"

    return definition


def _examples(name: str) -> tuple[Example, ...]:
    calls = (f"{name}(A)", f"{name}(A, axis=0)", f"{name}(A, axis=1)", f"{name}(A, axis=-1, keepdims=True)")
    matrix: list[Example] = [(c, {"A": (2, 3)}) for c in calls]
    return (*matrix, (f"{name}(A)", {"A": (3,)}), (f"{name}(A)", {"A": ()}))


def _reduction(name: str, body: Any, vjp: str, **more: Any) -> Op:
    return Op(name=name, infer=_infer, forward=_reduce(body), statics=("axis", "keepdims"), vjp=(vjp,), bind=_bind,
              examples=_examples(name), **more)  # fmt: skip


def _mean(x: Array) -> Array:
    return np.asarray(total(x) / len(x))


def _softmax_infer(shape: Shape, axis: Any = -1) -> tuple[Shape, dict[str, Any]]:
    """The axis is kept as counted from the end: -1 is the last."""
    if not shape:
        raise LanguageError("softmax needs at least one axis, not a scalar")
    (at,) = axes_of(shape, axis) if isinstance(axis, int) else (None,)
    if at is None:
        raise LanguageError(f"softmax takes one axis, not {axis}")
    return shape, {"axis": at - len(shape)}


def _softmax(x: Array, axis: int) -> Array:
    at = x.ndim - 1 + axis
    e = np.exp(x - np.expand_dims(fold(np.maximum, to_front(x, (at,))), at))
    return np.asarray(e / np.expand_dims(total(to_front(e, (at,))), at))


def _logsumexp(x: Array) -> Array:
    top = fold(np.maximum, x)
    return np.asarray(top + np.log(total(np.exp(x - top))))


def _norm(x: Array) -> Array:
    return np.asarray(np.sqrt(total(x * x)))


def _extreme(name: str) -> Op:
    """max or min: a tie shares equally; `best` is read off A again, so that moving y alone moves no choice."""
    best = f"(A == {name}(A, axis=axis, keepdims=True))"
    gap = f"where({best}, 1, A - {name}(A, axis=axis, keepdims=True))"
    single = f"where(sum({best}, axis=axis) > 1, 0, 1)"
    pair = f"{name}imum"
    return _reduction(name, lambda x: fold(np.maximum if name == "max" else np.minimum, x),
                      f"{best} * reshape(v / sum({best}, axis=axis, keepdims=keepdims), kept)", exact=True,
                      definition=_folded(pair), kinks=(gap, single))  # fmt: skip


OPERATIONS = (
    _reduction("sum", total, "broadcast_to(reshape(v, kept), shape_A)", structural=True, exact=True),
    _reduction("mean", _mean, "broadcast_to(reshape(v / count, kept), shape_A)", structural=True, exact=True),
    _extreme("max"),
    _extreme("min"),
    _reduction("logsumexp", _logsumexp, "reshape(v, kept) * exp(A - reshape(y, kept))",
               definition="log(sum(exp(A), axis=axis, keepdims=keepdims))"),
    _reduction("norm", _norm, "reshape(v, kept) * where(reshape(y, kept) > 0, A / reshape(y, kept), 0)",
               definition="sqrt(sum(A ** 2, axis=axis, keepdims=keepdims))", guards=("y",)),
    Op(name="softmax", infer=_softmax_infer, forward=_softmax, statics=("axis",),
       vjp=("y * (v - sum(v * y, axis=axis, keepdims=True))",), bind=lambda parent, shapes, axis: {"axis": axis},
       definition="exp(A) / sum(exp(A), axis=axis, keepdims=True)",
       examples=(("softmax(A)", {"A": (3,)}), ("softmax(A)", {"A": (2, 3)}), ("softmax(A, axis=0)", {"A": (2, 3)}))),
)  # fmt: skip
