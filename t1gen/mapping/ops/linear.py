"""Products of vectors and matrices, in matrix form."""

from typing import Any

import numpy as np

from t1gen.errors import LanguageError
from t1gen.mapping.ops.fold import Array, total
from t1gen.mapping.ops.record import Op
from t1gen.mapping.program import Shape

Inferred = tuple[Shape, dict[str, Any]]


def _matmul_infer(a: Shape, b: Shape) -> Inferred:
    if not (1 <= len(a) <= 2 and 1 <= len(b) <= 2) or a[-1] != b[0]:
        raise LanguageError(f"shapes {a} @ {b} do not fit: the last axis of the left must match the first of the right")
    return a[:-1] + b[1:], {}


def _matmul(a: Array, b: Array) -> Array:
    """Row times column, summed from the left; the batch axis is last."""
    left = np.moveaxis(a, -2, 0)
    left = left[..., None, :] if b.ndim == 3 else left
    return total(left * (b[:, None] if a.ndim == 3 else b))


def _outer_infer(a: Shape, b: Shape) -> Inferred:
    if len(a) != 1 or len(b) != 1:
        raise LanguageError(f"outer takes two vectors, not shapes {a} and {b}")
    return a + b, {}


def _square(name: str, shape: Shape) -> int:
    if len(shape) != 2 or shape[0] != shape[1]:
        raise LanguageError(f"{name} takes a square matrix, not shape {shape}")
    return shape[0]


def _diag_infer(a: Shape) -> Inferred:
    if len(a) == 1:
        return a + a, {}
    return (_square("diag (of a matrix)", a),), {}


def _diag(x: Array) -> Array:
    n = len(x)
    if x.ndim == 3:
        return x[range(n), range(n)]
    out = np.zeros((n, *x.shape), dtype=x.dtype) + 0 * x[:1]
    out[range(n), range(n)] = x
    return np.asarray(out)


def _transpose_infer(a: Shape, axes: Any = None) -> Inferred:
    order = tuple(range(len(a)))[::-1] if axes is None else tuple(axes)
    if sorted(order) != list(range(len(a))):
        raise LanguageError(f"axes {order} are not the axes of shape {a}")
    return tuple(a[i] for i in order), {"axes": order}


def _transpose(x: Array, axes: tuple[int, ...]) -> Array:
    return np.transpose(x, (*axes, x.ndim - 1))


def _back(parent: int, shapes: tuple[Shape, ...], axes: tuple[int, ...]) -> dict[str, Any]:
    return {"back": tuple(axes.index(i) for i in range(len(axes)))}


OPERATIONS = (
    Op(name="matmul", arity=2, infer=_matmul_infer, forward=_matmul, structural=True, exact=True,
       vjp={(2, 2): ("v @ B.T", "A.T @ v"), (2, 1): ("outer(v, B)", "A.T @ v"),
            (1, 2): ("B @ v", "outer(A, v)"), (1, 1): ("v * B", "v * A")},
       infix=("@", 4),
       examples=(("A @ B", {"A": (2, 3), "B": (3, 4)}), ("A @ B", {"A": (2, 3), "B": (3,)}),
                 ("A @ B", {"A": (3,), "B": (3, 2)}), ("A @ B", {"A": (3,), "B": (3,)}))),
    Op(name="outer", arity=2, infer=_outer_infer, forward=lambda a, b: a[:, None] * b, structural=True, exact=True,
       vjp=("v @ B", "A @ v"), latex=r"<A>\,<B>^{\top}", examples=(("outer(A, B)", {"A": (2,), "B": (3,)}),)),
    Op(name="diag", infer=_diag_infer, forward=_diag, structural=True, exact=True, vjp=("diag(v)",),
       examples=(("diag(A)", {"A": (3,)}), ("diag(A)", {"A": (3, 3)}))),
    Op(name="transpose", infer=_transpose_infer, forward=_transpose, statics=("axes",), structural=True, exact=True,
       passes=True, vjp=("transpose(v, back)",), bind=_back,
       examples=(("A.T", {"A": (2, 3)}), ("A.T", {"A": (3,)}), ("transpose(A, (1, 2, 0))", {"A": (2, 3, 4)}))),
)  # fmt: skip
