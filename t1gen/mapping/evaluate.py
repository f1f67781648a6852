"""A program over many instances at once, with overrides; over floats, Fractions or any other kind of number.

Arrays have the batch as their last axis. Whatever the batch, each instance gets the same bits.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import floor, isqrt
from typing import Any

import numpy as np

from t1gen.mapping.nested import flat
from t1gen.mapping.ops import OPS, Op
from t1gen.mapping.ops.fold import AXES, Array
from t1gen.mapping.program import Program, Step
from t1gen.mapping.reader import Writer
from t1gen.mapping.syntax import parse

Values = dict[str, Array]

BITS = 4096
"""Rationals with a longer numerator are no longer followed exactly."""


@dataclass(frozen=True)
class Override:
    """One step told otherwise where `mask` holds (None: everywhere): by `values`, another `rule`, or a `shift`."""

    step: str
    values: Array | None = None
    rule: Step | None = None
    shift: Array | None = None
    mask: Array | None = None


def evaluate(
    program: Program, givens: Mapping[str, Array], overrides: Iterable[Override] = (), start: Values | None = None,
    batch: int = 1, after: Callable[[Step, Array], Array] | None = None,
) -> Values:  # fmt: skip
    """Every step's value, floats of shape (*step.shape, batch).

    `givens` have that shape already; `batch` counts where there are none; steps found in `start` are taken from there;
    `after` is applied to every value that is computed.
    Values that are not finite are left in place: the asks refuse them.
    """
    told: dict[str, list[Override]] = {}
    for override in overrides:
        told.setdefault(override.step, []).append(override)
    batch = next((np.shape(a)[-1] for a in givens.values()), batch)
    values: Values = dict(start or {})
    with np.errstate(all="ignore"):
        for step in program:
            if step.name not in values:
                value = _value(step, values, givens, batch)
                values[step.name] = after(step, value) if after else value
            for override in told.get(step.name, ()):
                values[step.name] = _overridden(override, values, step)
    return values


def _overridden(override: Override, values: Values, step: Step) -> Array:
    old = values[step.name]
    if override.values is not None:
        new = override.values
    elif override.rule is not None:
        new = _value(override.rule, values, {}, old.shape[-1])
    else:
        new = old + override.shift
    if override.mask is None:
        return np.broadcast_to(new, old.shape)
    return np.where(override.mask, new, old)


def _value(step: Step, values: Values, givens: Mapping[str, Array], batch: int) -> Array:
    if step.op == "given":
        return np.ascontiguousarray(givens[step.name], dtype=float)
    if step.op == "const":
        return constant(step, batch, float)
    args = [np.ascontiguousarray(values[a]) for a in step.args]
    return np.asarray(OPS[step.op].forward(*args, **dict(step.statics)))


def constant(step: Step, batch: int, kind: Callable[[Any], Any]) -> Array:
    """A literal for every instance."""
    value = step.static("value")
    row = np.array([kind(np.pi if v == "pi" else v) for v in flat(value)], dtype=float if kind is float else object)
    return np.broadcast_to(row.reshape((*step.shape, 1)), (*step.shape, batch))


@dataclass(frozen=True)
class Numbers:
    """A kind of number other than floats: how to make it from a rational and what its functions are."""

    make: Callable[[Any], Any]
    function: Callable[[Op], Callable[..., Any] | None]


def evaluate_in(numbers: Numbers, program: Program, givens: Mapping[str, Array]) -> Values:
    """Every step's value as an object array of these numbers; operations go by their definition where they have one."""
    batch = next((np.shape(a)[-1] for a in givens.values()), 1)
    values: Values = {}
    for step in program:
        if step.op == "given":
            values[step.name] = np.asarray(givens[step.name], dtype=object)
        elif step.op == "const":
            values[step.name] = constant(step, batch, numbers.make)
        else:
            values[step.name] = apply_in(numbers, step, [values[a] for a in step.args])
    return values


def apply_in(numbers: Numbers, step: Step, args: list[Array]) -> Array:
    """One step in these numbers: its function there, its own body where structural, else its definition."""
    op = OPS[step.op]
    function = numbers.function(op)
    if function is not None:
        return _each(function, *args)
    if op.structural:
        return _made(op.forward(*args, **dict(step.statics)), numbers.make)
    shapes = tuple(a.shape[:-1] for a in args)
    program = definition(op, shapes, dict(step.statics))
    inner = evaluate_in(numbers, program, dict(zip(AXES, args, strict=False)))
    return next(reversed(inner.values()))


def _made(x: Array, make: Callable[[Any], Any]) -> Array:
    """The same entries with Python's own whole numbers made into these: 0 / 3 would be a float."""
    return _each(lambda v: make(v) if type(v) is int else v, np.asarray(x, dtype=object))


def definition(op: Op, shapes: tuple[tuple[int, ...], ...], statics: Mapping[str, Any]) -> Program:
    """The program of an operation's definition; its last step is the result."""
    text = op.definition if isinstance(op.definition, str) else op.definition(shapes, **statics)  # type: ignore[misc]
    program = Program({n: Step(n, "given", shape=s) for n, s in zip(AXES, shapes, strict=False)})
    writer = Writer(program, text=text, statics=statics)
    writer.assign("y", parse(text, "eval").body)
    return program


class Inexact:
    """Stands where a rational is no longer known; absorbs all arithmetic."""

    def _absorb(self, *_: Any) -> "Inexact":
        return self

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _absorb
    __neg__ = __pow__ = __rpow__ = _absorb


INEXACT = Inexact()


def _root(x: Any) -> Any:
    """The square root of a rational that is a perfect square."""
    if isinstance(x, Inexact) or x < 0:
        return INEXACT
    top, bottom = isqrt(x.numerator), isqrt(x.denominator)
    return Fraction(top, bottom) if top * top == x.numerator and bottom * bottom == x.denominator else INEXACT


def _rational_power(a: Any, b: Any) -> Any:
    if isinstance(a, Inexact) or isinstance(b, Inexact) or b.denominator != 1 or (a == 0 and b < 0) or abs(b) > 64:
        return INEXACT
    return a ** int(b)


def _rational_quotient(a: Any, b: Any) -> Any:
    return INEXACT if isinstance(a, Inexact) or isinstance(b, Inexact) or b == 0 else Fraction(a) / b


def _whole(function: Callable[[Any], int]) -> Callable[[Any], Any]:
    return lambda x: x if isinstance(x, Inexact) else Fraction(function(x))


_RATIONAL: dict[str, Callable[..., Any]] = {
    "floor": _whole(floor),
    "round": _whole(round),
    "sqrt": _root,
    "pow": _rational_power,
    "div": _rational_quotient,
}


def exact(program: Program, givens: Mapping[str, Array]) -> Values:
    """Every step's value as Fractions, INEXACT entry by entry where it is no rational that + - * / and selection give.

    `givens` are object arrays of Fractions, the batch last.
    """
    batch = next((np.shape(a)[-1] for a in givens.values()), 1)
    values: Values = {}
    for step in program:
        if step.op == "given":
            values[step.name] = givens[step.name]
        elif step.op == "const":
            values[step.name] = constant(step, batch, _rational)
        else:
            values[step.name] = _exactly(step, [values[a] for a in step.args], batch)
    return values


def _rational(value: Any) -> Any:
    return INEXACT if isinstance(value, float) else Fraction(value)


def _exactly(step: Step, args: list[Array], batch: int) -> Array:
    found = _exact_step(step, args, batch)
    return _each(lambda v: INEXACT if isinstance(v, Fraction) and v.numerator.bit_length() > BITS else v, found)


def _exact_step(step: Step, args: list[Array], batch: int) -> Array:
    op = OPS[step.op]
    nothing = np.full((*step.shape, batch), INEXACT, dtype=object)
    if step.op == "norm":
        return _exact_norm(step, args[0], nothing)
    if not (op.exact or step.op in _RATIONAL) or all(_inexact(a).all() for a in args):
        return nothing
    if step.op in _RATIONAL:
        return _each(_RATIONAL[step.op], *args)
    if (op.selects or not op.structural) and any(_inexact(a).any() for a in args):
        return nothing
    return _made(op.forward(*args, **dict(step.statics)), _rational)


def _exact_norm(step: Step, x: Array, nothing: Array) -> Array:
    if _inexact(x).any():
        return nothing
    squares = OPS["sum"].forward(x * x, **dict(step.statics))
    return _each(_root, squares)


def texts(array: Array) -> Any:
    """Exact values as files hold them: a fraction's text, null where it is not known, nested as the array."""
    return _each(lambda v: None if v is INEXACT else str(Fraction(v)), array).tolist()


def _inexact(x: Array) -> Array:
    return _each(lambda v: v is INEXACT, x).astype(bool)


def _each(function: Callable[..., Any], *args: Array) -> Array:
    """A function of single numbers, entry by entry, with broadcasting."""
    ufunc: Any = np.frompyfunc(function, len(args), 1)
    return np.asarray(ufunc(*args), dtype=object)
