"""The operations of the mapping language over complex128 arrays, written apart from t1gen.

Every body is analytic in its arguments, or branches on their real parts, so that an imaginary perturbation of
1e-30 carries the derivative, and values on a small circle carry the higher ones. A real part within 1e-12 of a kink
or tie counts as on it.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.complex128]
SNAP = 1e-12


class CannotCheck(Exception):
    """Something this program cannot read or recompute."""


class Undefined(CannotCheck):
    """No value or derivative at this point; there may be one at another."""


def array(value: Any) -> Array:
    """Any value of the language as a complex array; a text, None, slice or ragged tuple is refused."""
    if value is None or isinstance(value, str | slice):
        raise CannotCheck(f"{value!r} is no array")
    return np.asarray(value, dtype=np.complex128)


def integer(value: Any) -> int:
    """A static argument as an int."""
    number = array(value)
    if number.shape != () or number.imag or number.real != np.rint(number.real):
        raise CannotCheck(f"{value!r} is not an integer")
    return int(number.real)


def integers(value: Any) -> Any:
    """An axis or shape: None, an int, or a tuple of ints."""
    if value is None:
        return None
    if isinstance(value, tuple) or np.ndim(value) == 1:
        return tuple(integer(entry) for entry in value)
    return integer(value)


def index(value: Any) -> Any:
    """What stands in brackets, as numpy takes it: ints, slices, None, ..., integer arrays, or a tuple."""
    if isinstance(value, tuple):
        return tuple(index(entry) for entry in value)
    if isinstance(value, slice):
        parts = (value.start, value.stop, value.step)
        return slice(*(None if part is None else integer(part) for part in parts))
    if value is None or value is Ellipsis:
        return value
    whole = np.rint(array(value).real)
    if np.any(array(value) != whole):
        raise CannotCheck("an index is not an integer")
    return int(whole) if whole.ndim == 0 else whole.astype(int)


def sign(x: Array) -> NDArray[np.float64]:
    """-1, 0 or 1 by the real part; 0 within rounding of 0."""
    return np.where(np.abs(x.real) <= SNAP, 0.0, np.sign(x.real))


def where_undefined(bad: Any, x: Any) -> Array:
    """x, and nan where it has no real value or derivative."""
    return np.where(bad, complex(np.nan, np.nan), x)


def log(x: Array) -> Array:
    return where_undefined(x.real <= 0, np.log(x))


def sqrt(x: Array) -> Array:
    return where_undefined((x.real < 0) | ((x.real == 0) & (x.imag != 0)), np.sqrt(x))


def power(a: Array, b: Array) -> Array:
    """a ** b: whole exponents for any base, others for positive bases."""
    whole = (b.imag == 0) & (b.real == np.rint(b.real))
    flip = np.where(a.real < 0, -1.0, 1.0)
    parity = np.where(b.real % 2 == 1, flip, 1.0)
    return np.where(whole, parity * np.power(flip * a, np.where(whole, b, 1)), np.exp(b * log(a)))


def matmul(a: Array, b: Array) -> Array:
    """a @ b by real products, so that no library's complex product may lose a small imaginary part."""
    real = np.matmul(a.real, b.real) - np.matmul(a.imag, b.imag)
    return real + 1j * (np.matmul(a.real, b.imag) + np.matmul(a.imag, b.real))


def sigmoid(x: Array) -> Array:
    return np.where(x.real > 0, 1 / (1 + np.exp(-x)), np.exp(x) / (1 + np.exp(x)))


def softplus(x: Array) -> Array:
    return np.where(x.real > 0, x + np.log(1 + np.exp(-x)), np.log(1 + np.exp(x)))


def erf(x: Array) -> Array:
    """By its first derivative where the imaginary part is a perturbation, else by its power series."""
    if np.all(np.abs(x.imag) < 1e-20):
        real = np.vectorize(math.erf, otypes=[float])(x.real)
        return array(real + 1j * x.imag * 2 / np.sqrt(np.pi) * np.exp(-(x.real**2)))
    terms = [x]
    for n in range(1, 80):
        terms.append(terms[-1] * -x * x / n)
    series = sum(term / (2 * n + 1) for n, term in enumerate(terms))
    return where_undefined(np.abs(x) > 3, series * 2 / np.sqrt(np.pi))


def leaky_relu(x: Array, slope: Any = 0.01) -> Array:
    return np.where(sign(x) > 0, x, array(slope) * x)


def total(x: Array, axis: Any = None, keepdims: Any = False) -> Array:
    return np.asarray(np.sum(x, axis=integers(axis), keepdims=bool(keepdims)))


def mean(x: Array, axis: Any = None, keepdims: Any = False) -> Array:
    return total(x, axis, keepdims) / total(np.ones_like(x), axis, keepdims)


def maximum(a: Array, b: Array) -> Array:
    """The larger one; equal ones share."""
    side = sign((a - b) / np.maximum(1, np.abs(a.real)))
    return np.where(side > 0, a, np.where(side < 0, b, (a + b) / 2))


def largest(x: Array, axis: Any = None, keepdims: Any = False) -> Array:
    """The maximum along an axis; equal entries share."""
    top = np.max(x.real, axis=integers(axis), keepdims=True)
    ties = array(x.real >= top - SNAP * np.maximum(1, np.abs(top)))
    return total(np.where(ties != 0, x, 0), axis, keepdims) / total(ties, axis, keepdims)


def smallest(x: Array, axis: Any = None, keepdims: Any = False) -> Array:
    return -largest(-x, axis, keepdims)


def softmax(x: Array) -> Array:
    powers = np.exp(x - np.max(x.real, axis=-1, keepdims=True))
    return powers / np.sum(powers, axis=-1, keepdims=True)


def logsumexp(x: Array, axis: Any = None, keepdims: Any = False) -> Array:
    top = np.max(x.real, axis=integers(axis), keepdims=True)
    sums = np.log(total(np.exp(x - top), axis, True)) + top
    return sums if keepdims else np.squeeze(sums, axis=integers(axis))


def norm(x: Array, axis: Any = None, keepdims: Any = False) -> Array:
    """sqrt(sum(x * x)); derivative 0 at 0."""
    square = total(x * x, axis, keepdims)
    return np.where(square.real <= SNAP**2, 0, np.sqrt(square))


def dot(a: Array, b: Array) -> Array:
    return a * b if 0 in (a.ndim, b.ndim) else matmul(a, b)


def reshape(x: Array, *shape: Any) -> Array:
    """reshape(x, (2, 3)), x.reshape(2, 3) and x.reshape(-1)."""
    return np.reshape(x, integers(shape[0] if len(shape) == 1 else shape))


def concatenate(parts: Any, axis: Any = 0) -> Array:
    return np.concatenate([array(part) for part in parts], axis=integers(axis))


def where(condition: Array, a: Array, b: Array) -> Array:
    return np.where(condition.real != 0, a, b)


def sum_to(v: Array, shape: Any) -> Array:
    """Sum the axes that broadcasting from `shape` had added or stretched."""
    target = np.atleast_1d(np.asarray(integers(shape), dtype=int))
    v = np.sum(v, axis=tuple(range(v.ndim - len(target))))
    stretched = tuple(k for k, n in enumerate(target) if n == 1)
    return np.reshape(np.sum(v, axis=stretched, keepdims=True), tuple(target))


def put(v: Array, at: Any, shape: Any) -> Array:
    """v at a place in zeros; repeated places add."""
    out = np.zeros(integers(shape), dtype=np.complex128)
    np.add.at(out, index(at), v)
    return out


def tile(x: Array, reps: Any = 1) -> Array:
    return np.tile(x, integers(reps))


def argmax(x: Array, axis: Any = None) -> Array:
    """The first place of the largest entry; what is larger by rounding alone is not larger."""
    top = np.max(x.real, axis=integers(axis), keepdims=True)
    return array(np.argmax(x.real >= top - SNAP * np.maximum(1, np.abs(top)), axis=integers(axis)))


def one_hot(at: Array, n: Any) -> Array:
    return array(np.rint(at.real)[..., None] == np.arange(integer(n)))


def einsum(subscripts: Any, *arrays: Array) -> Array:
    """Sums of products over letters, without a complex product of a library."""
    parts, arrow, out = str(subscripts).replace(" ", "").partition("->")
    if not arrow or len(parts.split(",")) != len(arrays) or any(len(set(p)) < len(p) for p in parts.split(",")):
        raise CannotCheck(f"einsum {subscripts!r}")
    letters = sorted(set(parts) - {","} - set(out)) + list(out)
    product = array(1)
    for part, x in zip(parts.split(","), arrays, strict=True):
        here = [letter for letter in letters if letter in part]
        moved = np.transpose(x, [part.index(letter) for letter in here])
        sizes = dict(zip(here, moved.shape, strict=True))
        product = product * moved.reshape([sizes.get(letter, 1) for letter in letters])
    return np.asarray(np.sum(product, axis=tuple(range(len(letters) - len(out)))))


def logabsdet(x: Array) -> Array:
    found = np.linalg.det(x)
    return log(sign(found) * found)


def windows(shape: tuple[int, ...], size: tuple[int, int], stride: int) -> list[list[tuple[slice, slice]]]:
    """Where a window stands that slides over an image, row by row."""
    tops, lefts = (range(0, n - k + 1, stride) for n, k in zip(shape, size, strict=True))
    return [[(slice(i, i + size[0]), slice(j, j + size[1])) for j in lefts] for i in tops]


def conv2d(x: Array, kernel: Array) -> Array:
    """Cross-correlation without padding."""
    places = windows(x.shape, kernel.shape, 1)
    return np.array([[np.sum(x[place] * kernel) for place in row] for row in places])


def maxpool2d(x: Array, size: Any = 2, stride: Any = None) -> Array:
    """The largest entry of every window; the first of equal ones."""
    n = integer(size)
    places = windows(x.shape, (n, n), n if stride is None else integer(stride))
    return np.array([[np.ravel(x[place])[integer(argmax(x[place]))] for place in row] for row in places])


def compare(holds: Callable[[Any, Any], Any]) -> Callable[[Array, Array], Array]:
    """A comparison as 1 or 0."""
    return lambda a, b: array(holds(sign(a - b), 0))


OPERATIONS: dict[str, Callable[..., Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "**": power,
    "@": matmul,
    "neg": operator.neg,
    "T": np.transpose,
    "<": compare(operator.lt),
    "<=": compare(operator.le),
    ">": compare(operator.gt),
    ">=": compare(operator.ge),
    "==": compare(operator.eq),
    "!=": compare(operator.ne),
    "sum": total,
    "mean": mean,
    "max": largest,
    "min": smallest,
    "maximum": maximum,
    "minimum": lambda a, b: -maximum(-a, -b),
    "abs": lambda x: sign(x) * x,
    "exp": np.exp,
    "log": log,
    "sqrt": sqrt,
    "square": lambda x: x * x,
    "sin": np.sin,
    "cos": np.cos,
    "tanh": np.tanh,
    "sigmoid": sigmoid,
    "relu": lambda x: np.where(sign(x) > 0, x, 0),
    "leaky_relu": leaky_relu,
    "softplus": softplus,
    "step": lambda x: array(sign(x) > 0),
    "softmax": softmax,
    "logsumexp": logsumexp,
    "norm": norm,
    "dot": dot,
    "outer": lambda a, b: np.multiply.outer(np.ravel(a), np.ravel(b)),
    "diag": np.diag,
    "trace": np.trace,
    "reshape": reshape,
    "concatenate": concatenate,
    "where": where,
    "sum_to": sum_to,
    "broadcast_to": lambda v, shape: np.broadcast_to(v, integers(shape)),
    "put": put,
    "sign": lambda x: array(sign(x)),
    "floor": lambda x: array(np.floor(x.real + SNAP)),
    "round": lambda x: array(np.rint(x.real)),
    "stop_gradient": lambda x: array(x.real),
    "expm1": lambda x: np.exp(x) - 1,
    "log1p": lambda x: log(1 + x),
    "erf": erf,
    "arcsin": np.arcsin,
    "arctan": np.arctan,
    "clip": lambda x, lo, hi: -maximum(-maximum(x, array(lo)), -array(hi)),
    "transpose": lambda x, axes=None: np.transpose(x, integers(axes)),
    "inv": np.linalg.inv,
    "det": lambda x: np.asarray(np.linalg.det(x)),
    "logabsdet": logabsdet,
    "einsum": einsum,
    "cumsum": lambda x, axis=None: np.cumsum(x, axis=integers(axis)),
    "argmax": argmax,
    "argsort": lambda x: array(np.argsort(x.real, kind="stable")),
    "one_hot": one_hot,
    "tile": tile,
    "conv2d": conv2d,
    "maxpool2d": maxpool2d,
    "zeros": lambda shape: array(np.zeros(integers(shape))),
    "ones": lambda shape: array(np.ones(integers(shape))),
    "eye": lambda n: array(np.eye(integer(n))),
    "arange": lambda n: array(np.arange(integer(n))),
}

NOT_ANALYTIC = {"stop_gradient", "clip_grad", "fixed_point", "argmin"}
"""Whose values on a circle are no derivative: their gradient is another, or is found with the value held."""
