"""Composites: what a name means in simpler operations. A definition has no rule; the reader writes it out.

A body is text of the language over the parameters, `;` between lines, the last line its value; where it depends on
shapes, a function of (shapes, statics) gives the text.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import product
from math import prod
from typing import Any

from t1gen.errors import LanguageError
from t1gen.mapping.program import Shape

Told = str | tuple[str, dict[str, Any]]
Body = str | Callable[[tuple[Shape, ...], Mapping[str, Any]], Told]


@dataclass(frozen=True)
class Definition:
    """`parameters` are arrays (with a default text where they may be left out), `statics` options with defaults.

    A body that is a function may give static names with its text. `meaning` says a shape-dependent body in words, for
    the language table and for questions that use it.
    """

    name: str
    parameters: tuple[str, ...]
    body: Body
    defaults: Mapping[str, str] = field(default_factory=dict)
    statics: Mapping[str, Any] = field(default_factory=dict)
    meaning: str = ""

    def text(self, shapes: tuple[Shape, ...], statics: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """The body for these shapes, and the static names it uses beside its own."""
        told = self.body if isinstance(self.body, str) else self.body(shapes, statics)
        return told if isinstance(told, tuple) else (told, {})


CELLS = 100_000
"""The most entries of all windows of a convolution or pooling together."""

REDUCED = {"axis": None, "keepdims": False}


def _of_one(name: str, body: str, **more: Any) -> Definition:
    return Definition(name, ("x",), body, **more)


def _entries(shape: Shape) -> list[str]:
    """Every entry of x as text."""
    return [f"x[{', '.join(map(str, at))}]" if at else "x" for at in product(*(range(n) for n in shape))]


def _prod(shapes: tuple[Shape, ...], statics: Mapping[str, Any]) -> str:
    return " * ".join(_entries(shapes[0]))


def _stack(shapes: tuple[Shape, ...], statics: Mapping[str, Any]) -> str:
    axis, rank = statics["axis"], len(shapes[0]) + 1
    if type(axis) is not int or not -rank <= axis < rank:
        raise LanguageError(f"axis {axis} does not exist in a stack of shape {shapes[0]}")
    axis %= rank
    part = [f"reshape(x{i}, {(*s[:axis], 1, *s[axis:])})" for i, s in enumerate(shapes)]
    return f"concatenate(({', '.join(part)},), axis={axis})"


def _tile(shapes: tuple[Shape, ...], statics: Mapping[str, Any]) -> str:
    reps = statics["reps"] if isinstance(statics["reps"], tuple) else (statics["reps"],)
    if not all(type(n) is int and 1 <= n <= 100 for n in reps):
        raise LanguageError(f"reps are whole numbers from 1 to 100, not {statics['reps']}")
    rank = max(len(reps), len(shapes[0]))
    shape = (1,) * (rank - len(shapes[0])) + shapes[0]
    text = f"reshape(x, {shape})"
    for axis, times in enumerate((1,) * (rank - len(reps)) + tuple(reps)):
        text = f"concatenate(({', '.join([text] * times)},), axis={axis})" if times > 1 else text
    return text


def _median(shapes: tuple[Shape, ...], statics: Mapping[str, Any]) -> str:
    n = prod(shapes[0])
    ordered = "sort(reshape(x, -1))"
    return f"{ordered}[{n // 2}]" if n % 2 else f"({ordered}[{n // 2 - 1}] + {ordered}[{n // 2}]) / 2"


def _kron(shapes: tuple[Shape, ...], statics: Mapping[str, Any]) -> str:
    (m, n), (p, q) = _matrix(shapes[0]), _matrix(shapes[1])
    return f"reshape(reshape(A, ({m}, 1, {n}, 1)) * reshape(B, (1, {p}, 1, {q})), ({m * p}, {n * q}))"


def _matrix(shape: Shape) -> tuple[int, int]:
    if len(shape) != 2:
        raise LanguageError(f"a matrix is wanted, not shape {shape}")
    return shape[0], shape[1]


def _trace(shapes: tuple[Shape, ...], statics: Mapping[str, Any]) -> str:
    rows, columns = _matrix(shapes[0])
    if rows != columns:
        raise LanguageError(f"a square matrix is wanted, not shape {shapes[0]}")
    return "sum(diag(A))"


def _power(shapes: tuple[Shape, ...], statics: Mapping[str, Any]) -> str:
    n = statics["n"]
    if type(n) is not int or not 1 <= n <= 20:
        raise LanguageError(f"matrix_power takes n from 1 to 20, not {n}")
    return " @ ".join(["A"] * n)


def _rows(shapes: tuple[Shape, ...], statics: Mapping[str, Any]) -> str:
    rows = prod(shapes[0][:-1])
    total = "-sum(t * (z - logsumexp(z, axis=-1, keepdims=True)))"
    return total if rows == 1 else f"{total} / {rows}"


def _attention(shapes: tuple[Shape, ...], statics: Mapping[str, Any]) -> str:
    return f"softmax(Q @ K.T / sqrt({_matrix(shapes[0])[1]})) @ V"


def _windows(size: int, kernel: int, stride: int) -> range:
    if kernel > size or stride < 1:
        raise LanguageError(f"a window of {kernel} with stride {stride} does not fit {size} entries")
    return range(0, size - kernel + 1, stride)


def _patches(shape: tuple[int, int], kernel: tuple[int, int], stride: tuple[int, int]) -> tuple[dict[str, Any], Shape]:
    """The static `cells`, an index into a flat image whose rows are its windows, and how many there are each way."""
    tops, lefts = _windows(shape[0], kernel[0], stride[0]), _windows(shape[1], kernel[1], stride[1])
    _check_cells(len(tops) * len(lefts) * kernel[0] * kernel[1])
    rows = tuple(
        tuple((top + i) * shape[1] + left + j for i in range(kernel[0]) for j in range(kernel[1]))
        for top in tops
        for left in lefts
    )
    return {"cells": (("array", rows),)}, (len(tops), len(lefts))


def _pair(value: Any) -> tuple[int, int]:
    pair = value if isinstance(value, tuple) else (value, value)
    if len(pair) != 2 or not all(type(n) is int and n >= 1 for n in pair):
        raise LanguageError(f"{value} is not a positive whole number, or two of them")
    return pair[0], pair[1]


def _padded(shape: Shape, kernel: Shape, mode: str, name: str) -> tuple[str, Shape]:
    """Zeros around an image so that mode 'same' keeps its size (at the end one more where the kernel is even)."""
    if mode == "valid":
        return name, shape
    before = [(k - 1) // 2 if mode == "same" else k - 1 for k in kernel]
    full = tuple(n + (k - 1 if mode == "same" else 2 * (k - 1)) for n, k in zip(shape, kernel, strict=True))
    index = ", ".join(f"{b}:{b + n}" for b, n in zip(before, shape, strict=True))
    return f"put({name}, s_[{index}], {full})", full


def _mode(mode: Any, *allowed: str) -> str:
    if mode not in allowed:
        raise LanguageError(f"mode {mode!r} is unknown (allowed: {', '.join(allowed)})")
    return str(mode)


def _conv2d(shapes: tuple[Shape, ...], statics: Mapping[str, Any]) -> Told:
    kernel = _matrix(shapes[1])
    image, size = _padded(_matrix(shapes[0]), kernel, _mode(statics["mode"], "valid", "same"), "x")
    cells, out = _patches(_matrix(size), kernel, _pair(statics["stride"]))
    return f"reshape(reshape({image}, -1)[cells] @ reshape(W, -1), {out})", cells


def _check_cells(count: int) -> None:
    if count > CELLS:
        raise LanguageError(f"windows of {count} entries are too many; at most {CELLS}")


def _slides(start: int, count: int, stride: int, width: int) -> dict[str, Any]:
    _check_cells(count * width)
    return {"cells": (("array", tuple(tuple(start + i * stride + j for j in range(width)) for i in range(count))),)}


def _vectors(name: str, shapes: tuple[Shape, ...]) -> tuple[int, int]:
    if len(shapes[0]) != 1 or len(shapes[1]) != 1:
        raise LanguageError(f"{name} takes two vectors, not shapes {shapes[0]} and {shapes[1]}")
    return shapes[0][0], shapes[1][0]


def _conv1d(shapes: tuple[Shape, ...], statics: Mapping[str, Any]) -> Told:
    _, width = _vectors("conv1d", shapes)
    image, (size,) = _padded(shapes[0], shapes[1], _mode(statics["mode"], "valid", "same"), "x")
    stride, _ = _pair(statics["stride"])
    return f"({image})[cells] @ w", _slides(0, len(_windows(size, width, stride)), stride, width)


def _convolve(shapes: tuple[Shape, ...], statics: Mapping[str, Any]) -> Told:
    """NumPy's: the shorter slides over the longer, reversed; 'same' is the middle of 'full'."""
    n, m = _vectors("convolve", shapes)
    long, short = ("x", "w") if n >= m else ("w", "x")
    n, m = max(n, m), min(n, m)
    mode = _mode(statics["mode"], "full", "same", "valid")
    start, count = {"full": (0, n + m - 1), "same": ((m - 1) // 2, n), "valid": (m - 1, n - m + 1)}[mode]
    padded = f"put({long}, s_[{m - 1}:{m - 1 + n}], ({n + 2 * (m - 1)},))" if m > 1 else long
    return f"{padded}[cells] @ {short}[::-1]", _slides(start, count, 1, m)


def _pool(shapes: tuple[Shape, ...], statics: Mapping[str, Any]) -> tuple[dict[str, Any], Shape, int]:
    kernel = _pair(statics["size"])
    cells, out = _patches(_matrix(shapes[0]), kernel, _pair(statics["stride"] or kernel))
    return cells, out, kernel[0] * kernel[1]


def _maxpool(shapes: tuple[Shape, ...], statics: Mapping[str, Any]) -> Told:
    cells, out, count = _pool(shapes, statics)
    first = f"one_hot(argmax(P, axis=-1), {count})"
    return f"P = reshape(x, -1)[cells]; reshape(sum(P * {first}, axis=-1), {out})", cells


def _avgpool(shapes: tuple[Shape, ...], statics: Mapping[str, Any]) -> Told:
    cells, out, _ = _pool(shapes, statics)
    return f"reshape(mean(reshape(x, -1)[cells], axis=-1), {out})", cells


POOL = {"size": 2, "stride": None}
EPS = "(mean((x - mean(x, axis={0}, keepdims=True)) ** 2, axis={0}, keepdims=True) + eps)"
NORM = "gamma * (x - mean(x, axis={0}, keepdims=True)) / sqrt" + EPS + " + beta"
AFFINE = {"gamma": "1", "beta": "0", "eps": "0.00001"}

DEFINITIONS: dict[str, Definition] = {
    d.name: d
    for d in (
        _of_one("square", "x ** 2"),
        Definition("leaky_relu", ("x", "slope"), "where(x > 0, x, slope * x)", {"slope": "0.01"}),
        Definition("trace", ("A",), _trace, meaning="the sum of the diagonal of a square matrix"),
        _of_one("tan", "sin(x) / cos(x)"),
        _of_one("sinh", "(exp(x) - exp(-x)) / 2"),
        _of_one("cosh", "(exp(x) + exp(-x)) / 2"),
        _of_one("log2", "log(x) / log(2)"),
        _of_one("log10", "log(x) / log(10)"),
        _of_one("reciprocal", "1 / x"),
        Definition("clip", ("x", "lo", "hi"), "minimum(maximum(x, lo), hi)"),
        Definition("floor_divide", ("a", "b"), "floor(a / b)"),
        _of_one("gelu", "0.5 * x * (1 + erf(x / sqrt(2)))"),
        Definition("elu", ("x", "alpha"), "where(x > 0, x, alpha * expm1(x))", {"alpha": "1"}),
        _of_one("silu", "x * sigmoid(x)"),
        _of_one("softsign", "x / (1 + abs(x))"),
        _of_one("var", "mean((x - mean(x, axis=axis, keepdims=True)) ** 2, axis=axis, keepdims=keepdims)",
                statics=REDUCED),
        _of_one("std", "sqrt(var(x, axis=axis, keepdims=keepdims))", statics=REDUCED),
        Definition("prod", ("x",), _prod, meaning="the product of all entries"),
        _of_one("flatten", "reshape(x, -1)"),
        _of_one("frobenius", "norm(x)"),
        _of_one("l2", "norm(x)"),
        _of_one("l1", "sum(abs(x))"),
        _of_one("max_norm", "max(abs(x))"),
        Definition("median", ("x",), _median, meaning="the middle entry, or the mean of the two in the middle"),
        _of_one("sort", "x[argsort(x)]"),
        Definition("tile", ("x",), _tile, statics={"reps": 1}, meaning="x repeated reps times"),
        Definition("kron", ("A", "B"), _kron, meaning="every entry of A times B"),
        Definition("matrix_power", ("A",), _power, statics={"n": 2}, meaning="A @ A @ ... @ A, n factors"),
        Definition("solve", ("A", "b"), "inv(A) @ b"),
        Definition("hinge", ("s", "y"), "mean(maximum(0, 1 - y * s))"),
        Definition("huber", ("p", "t"), "mean(where(abs(p - t) <= 1, 0.5 * (p - t) ** 2, abs(p - t) - 0.5))"),
        Definition("mse", ("p", "t"), "mean((p - t) ** 2)"),
        Definition("cross_entropy", ("z", "t"), _rows, meaning="the mean over rows of -sum(t * log(softmax(z)))"),
        Definition("bce", ("p", "t"), "-mean(t * log(p) + (1 - t) * log(1 - p))"),
        Definition("kl", ("p", "q"), "sum(p * log(p / q))"),
        Definition("layer_norm", ("x", "gamma", "beta", "eps"), NORM.format(-1), AFFINE),
        Definition("batch_norm", ("x", "gamma", "beta", "eps"), NORM.format(0), AFFINE),
        Definition("dropout", ("x", "mask", "p"), "x * mask / (1 - p)", {"p": "0.5"}),
        Definition("attention", ("Q", "K", "V"), _attention, meaning="softmax(Q @ K.T / sqrt(d)) @ V, d columns of Q"),
        Definition("conv1d", ("x", "w"), _conv1d, statics={"mode": "valid", "stride": 1},
                   meaning="cross-correlation: sums of w times windows of x"),
        Definition("conv2d", ("x", "W"), _conv2d, statics={"mode": "valid", "stride": 1},
                   meaning="cross-correlation: sums of W times windows of x"),
        Definition("convolve", ("x", "w"), _convolve, statics={"mode": "full"}, meaning="NumPy's convolution"),
        Definition("maxpool2d", ("x",), _maxpool, statics=POOL, meaning="the largest entry of every window, the first"),
        Definition("avgpool2d", ("x",), _avgpool, statics=POOL, meaning="the mean of every window"),
        Definition("straight_through", ("f", "x"), "x + stop_gradient(f - x)"),
        Definition("with_grad", ("f", "x", "d"), "stop_gradient(f) + stop_gradient(d) * (x - stop_gradient(x))"),
        Definition("grad_reverse", ("x", "lam"), "stop_gradient(x + lam * x) - lam * x", {"lam": "1"}),
        Definition("euler", ("x", "f", "h"), "x + h * f"),
    )
}  # fmt: skip

STACK = Definition("stack", (), _stack, statics={"axis": 0}, meaning="the arrays along a new axis")
