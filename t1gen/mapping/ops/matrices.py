"""Inverse, determinant, sums of products by letters, and running sums."""

from itertools import combinations
from typing import Any

import numpy as np

from t1gen.errors import LanguageError
from t1gen.mapping.ops.fold import Array, total
from t1gen.mapping.ops.record import Op
from t1gen.mapping.ops.reductions import axes_of
from t1gen.mapping.program import Shape

Inferred = tuple[Shape, dict[str, Any]]
LARGEST = 40


def _square(a: Shape) -> int:
    if len(a) != 2 or a[0] != a[1] or a[0] > LARGEST:
        raise LanguageError(f"a square matrix is wanted (at most {LARGEST} x {LARGEST}), not shape {a}")
    return a[0]


def _matrix(a: Shape) -> Inferred:
    _square(a)
    return a, {}


def _scalar(a: Shape) -> Inferred:
    _square(a)
    return (), {}


def _stacked(x: Array) -> Array:
    """The batch first, as NumPy's linear algebra wants it."""
    return np.ascontiguousarray(np.moveaxis(x, -1, 0))


def _inverse(x: Array) -> Array:
    stack = _stacked(x)
    bad = np.linalg.det(stack) == 0
    if bad.any():
        stack[bad] = np.nan
    return np.moveaxis(np.linalg.inv(stack), 0, -1)


def _minor(rows: tuple[int, ...], columns: tuple[int, ...]) -> str:
    """The determinant of these rows and columns of A, by its first row."""
    if not rows:
        return "1"
    terms = [
        f"{'-' if k % 2 else '+'} A[{rows[0]}, {c}] * ({_minor(rows[1:], columns[:k] + columns[k + 1 :])})"
        for k, c in enumerate(columns)
    ]
    return " ".join(terms)


def _det_text(shapes: tuple[Shape, ...], **statics: Any) -> str:
    every = tuple(range(_square(shapes[0])))
    return _minor(every, every)


def _inv_text(shapes: tuple[Shape, ...], **statics: Any) -> str:
    """The adjugate over the determinant."""
    n = _square(shapes[0])
    every = tuple(range(n))
    rests = list(combinations(every, n - 1))[::-1]
    cells = [f"{'-' if (i + j) % 2 else ''}({_minor(rests[j], rests[i])})" for i in every for j in every]
    return f"reshape(stack(({', '.join(cells)},)), ({n}, {n})) / ({_det_text(shapes)})"


# einsum


def _letters(subscripts: Any, count: int) -> tuple[list[str], str]:
    """The letters of every operand and of the result; raises LanguageError where they cannot be read."""
    text = str(subscripts).replace(" ", "")
    operands, arrow, out = text.partition("->")
    parts = operands.split(",")
    letters = "".join(parts)
    if not arrow:
        out = "".join(sorted(c for c in set(letters) if letters.count(c) == 1))
    if len(parts) != count or not (letters + out).isalpha() and letters + out or set(out) - set(letters):
        raise LanguageError(f"einsum: {subscripts!r} does not fit {count} operands; write for example 'ij,jk->ik'")
    if any(len(set(p)) < len(p) for p in (*parts, out)):
        raise LanguageError(f"einsum: {subscripts!r} repeats a letter within one operand, which is not read")
    return parts, out


def _einsum_infer(*shapes: Shape, subscripts: Any) -> Inferred:
    parts, out = _letters(subscripts, len(shapes))
    if len(shapes) > 4:
        raise LanguageError("einsum takes at most three operands")
    sizes: dict[str, int] = {}
    for part, shape in zip(parts, shapes, strict=True):
        if len(part) != len(shape) or any(sizes.setdefault(c, n) != n for c, n in zip(part, shape, strict=True)):
            raise LanguageError(f"einsum: {subscripts!r} does not fit shapes {' and '.join(map(str, shapes))}")
    return tuple(sizes[c] for c in out), {"subscripts": f"{','.join(parts)}->{out}"}


def _einsum(*arrays: Array, subscripts: str) -> Array:
    """Operands lined up over summed letters, then the result's; multiplied, and summed from the left."""
    parts, out = _letters(subscripts, len(arrays))
    summed = "".join(dict.fromkeys(c for p in parts for c in p if c not in out))
    order = summed + out
    product: Any = None
    for part, array in zip(parts, arrays, strict=True):
        present = [c for c in order if c in part]
        moved = np.transpose(array, (*(part.index(c) for c in present), array.ndim - 1))
        lined = moved.reshape((*(moved.shape[present.index(c)] if c in part else 1 for c in order), array.shape[-1]))
        product = lined if product is None else product * lined
    return total(product.reshape((-1, *product.shape[len(summed) :]))) if summed else np.asarray(product)


def _einsum_rules(parents: int) -> tuple[str, ...]:
    """Each operand's gradient: the cotangent with the other operands, by the letters that `bind` gives."""
    others = ["".join(f", {'ABCD'[j]}" for j in range(parents) if j != k) for k in range(parents)]
    return tuple(f"einsum(v{o}, subscripts=back)" for o in others)


def _einsum_back(parent: int, shapes: tuple[Shape, ...], subscripts: str) -> dict[str, Any]:
    """`back`: the subscripts of the gradient."""
    parts, out = _letters(subscripts, len(shapes))
    own = parts[parent]
    rest = [p for k, p in enumerate(parts) if k != parent]
    known = [c for c in own if c in out or any(c in p for p in rest)]
    if len(known) < len(own):
        raise LanguageError(f"einsum: {subscripts!r} sums a letter of one operand alone; sum it first")
    return {"back": f"{','.join([out, *rest])}->{own}"}


# running sums


def _cumsum_infer(a: Shape, axis: Any = None) -> Inferred:
    axes = axes_of(a, 0 if a and axis is None else axis)
    if len(axes) != 1 or (axis is None and len(a) != 1):
        raise LanguageError(f"cumsum takes a vector, or one axis, not axis {axis} of shape {a}")
    return a, {"axis": axes[0]}


def _cumsum(x: Array, axis: int) -> Array:
    moved = np.moveaxis(x, axis, 0)
    rows = [moved[0]]
    for row in moved[1:]:
        rows.append(rows[-1] + row)
    return np.moveaxis(np.stack(rows), 0, axis)


def _turned(parent: int, shapes: tuple[Shape, ...], axis: int) -> dict[str, Any]:
    """`turned`: the index that reverses the axis."""
    return {"axis": axis, "turned": (("slice", None, None, None),) * axis + (("slice", None, None, -1),)}


OPERATIONS = (
    Op(name="inv", infer=_matrix, forward=_inverse, vjp=("-y.T @ v @ y.T",), definition=_inv_text, guards=("det(A)",),
       latex="<A>^{-1}", examples=(("inv(A + 3 * eye(2))", {"A": (2, 2)}), ("inv(A + 4 * eye(3))", {"A": (3, 3)}))),
    Op(name="det", infer=_scalar, forward=lambda x: np.linalg.det(_stacked(x)), vjp=("v * y * inv(A).T",),
       definition=_det_text, examples=(("det(A + 3 * eye(2))", {"A": (2, 2)}), ("det(A + 4 * eye(3))", {"A": (3, 3)}))),
    Op(name="logabsdet", infer=_scalar, forward=lambda x: np.linalg.slogdet(_stacked(x))[1],
       vjp=("v * inv(A).T",), definition=lambda shapes: f"log(abs({_det_text(shapes)}))", guards=("det(A)",),
       examples=(("logabsdet(A + 3 * eye(2))", {"A": (2, 2)}),)),
    Op(name="einsum", arity=-1, infer=_einsum_infer, forward=_einsum, statics=("subscripts",), structural=True,
       exact=True, pins=True, vjp=_einsum_rules, bind=_einsum_back,
       examples=(("einsum('ij,jk->ik', A, B)", {"A": (2, 3), "B": (3, 2)}),
                 ("einsum('i,ij,j->', A, B, C)", {"A": (2,), "B": (2, 3), "C": (3,)}),
                 ("einsum('ij->ji', A)", {"A": (2, 3)}))),
    Op(name="cumsum", infer=_cumsum_infer, forward=_cumsum, statics=("axis",), structural=True, exact=True,
       vjp=("cumsum(v[turned], axis=axis)[turned]",), bind=_turned,
       examples=(("cumsum(A)", {"A": (4,)}), ("cumsum(A, axis=1)", {"A": (2, 3)}))),
)  # fmt: skip
