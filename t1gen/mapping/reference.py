"""Answers recomputed by sympy alone, in as many digits as wanted: nothing of the sweeps, rules or tapes is used.

Expressions come from the forwards; sympy differentiates; seeds, directions, rates and steps are applied here.
"""

from collections.abc import Callable, Mapping
from fractions import Fraction
from math import prod
from typing import Any

import numpy as np

from t1gen.mapping.evaluate import Values, evaluate_in
from t1gen.mapping.nested import flat
from t1gen.mapping.program import Program, Shape, Step
from t1gen.mapping.proof import flag, has_declared_constants, shifted, symbols_of, sympy_numbers

Rows = list[list[Any]]


def answer(mapping: Program, quantity: Any, givens: Mapping[str, Any], digits: int) -> list[Any] | None:
    """The flat answer; None for surrogates and held constants, and for what is no mathematics (multiplications).

    `givens` are nested tuples of Fractions.
    """
    if quantity.ask not in _ASKS or has_declared_constants(mapping) or any(flag(s, "surrogate") for s in mapping):
        return None
    numbers, sympy = sympy_numbers()
    exact = {n: _exact(sympy, v, mapping.shape(n)) for n, v in givens.items()}
    found = _ASKS[quantity.ask](sympy, mapping, quantity, exact)
    return [sympy.N(e, digits) for e in np.asarray(found, dtype=object).ravel()]


def _exact(sympy: Any, value: Any, shape: Shape) -> Any:
    told = flat(value) * (prod(shape) if not isinstance(value, (tuple, list)) else 1)
    array = np.empty(prod(shape), dtype=object)
    array[:] = [sympy.Rational(Fraction(x).numerator, Fraction(x).denominator) for x in told]
    return array.reshape((*shape, 1))


def _values(mapping: Program, exact: Values) -> Values:
    return evaluate_in(sympy_numbers()[0], mapping, {n: exact[n] for n in mapping.givens})


def _moved(mapping: Program, of: str, wrt: str, exact: Values) -> tuple[Any, list[Any]]:
    """`of` as expressions in symbols added to `wrt`, everything else put in; and those symbols."""
    numbers, sympy = sympy_numbers()
    added = Step(f"_plus_{wrt}", "given", shape=mapping.shape(wrt))
    program = shifted(mapping.pruned([of, wrt]), {wrt: added})
    symbols = symbols_of(sympy, [(added.name, added.shape)])
    given = {n: exact[n.removeprefix("_raw_")] for n in program.givens if n != added.name}
    values = evaluate_in(numbers, program, {**given, **symbols})
    return np.broadcast_to(values[of], (*mapping.shape(of), 1)).ravel(), list(symbols[added.name].ravel())


def _jacobian(sympy: Any, mapping: Program, q: Any, exact: Values) -> Rows:
    found, symbols = _moved(mapping, q.of, q.wrt, exact)
    zero = dict.fromkeys(symbols, 0)
    return [[sympy.diff(y, s).subs(zero) for s in symbols] for y in found]


def _hessian(sympy: Any, mapping: Program, q: Any, exact: Values) -> Rows:
    (found,), symbols = _moved(mapping, q.of, q.wrt, exact)
    zero = dict.fromkeys(symbols, 0)
    return [[sympy.diff(found, a, b).subs(zero) for b in symbols] for a in symbols]


def _derivative(sympy: Any, mapping: Program, q: Any, exact: Values) -> list[Any]:
    (found,), (symbol,) = _moved(mapping, q.of, q.wrt, exact)
    return [sympy.diff(found, symbol, q.order).subs({symbol: 0})]


def _vector(sympy: Any, value: Any, shape: Shape, exact: Values) -> list[Any]:
    return list(exact[value].ravel() if isinstance(value, str) else _exact(sympy, value, shape).ravel())


def _vjp(sympy: Any, mapping: Program, q: Any, exact: Values) -> list[Any]:
    rows = _jacobian(sympy, mapping, q, exact)
    v = _vector(sympy, q.cotangent, mapping.shape(q.of), exact)
    return [sympy.Add(*(v[i] * row[j] for i, row in enumerate(rows))) for j in range(len(rows[0]))]


def _hvp(sympy: Any, mapping: Program, q: Any, exact: Values) -> list[Any]:
    u = _vector(sympy, q.cotangent, mapping.shape(q.wrt), exact)
    return [sympy.Add(*(a * b for a, b in zip(row, u, strict=True))) for row in _hessian(sympy, mapping, q, exact)]


def _jvp(sympy: Any, mapping: Program, q: Any, exact: Values) -> list[Any]:
    total = [sympy.Integer(0)] * prod(mapping.shape(q.of))
    for name, direction in q.tangent:
        rows = _jacobian(sympy, mapping, type(q)("jacobian", of=q.of, wrt=name), exact)
        t = _vector(sympy, direction, mapping.shape(name), exact)
        parts = [sympy.Add(*(a * b for a, b in zip(row, t, strict=True))) for row in rows]
        total = [a + b for a, b in zip(total, parts, strict=True)]
    return total


def _local(sympy: Any, mapping: Program, q: Any, exact: Values) -> Rows:
    """The edge alone: every other named quantity is put in as a number."""
    values = _values(mapping, exact)
    alone = Program({s.name: s for s in mapping})
    for name in mapping.named:
        if name != q.of:
            alone.steps[name] = Step(name, "given", shape=mapping.shape(name))
    return _jacobian(sympy, alone, q, {**exact, **{n: values[n] for n in mapping.named}})


def _step(sympy: Any, mapping: Program, q: Any, exact: Values) -> Any:
    """The value after the steps; numbers are put in after every step, in 60 digits."""
    rate = _vector(sympy, q.rate, (), exact)[0]
    sign = 1 if q.ascent else -1
    for _ in range(q.steps):
        moved = dict(exact)
        for w in q.moves:
            row = _jacobian(sympy, mapping, type(q)("jacobian", of=q.of, wrt=w), exact)[0]
            change = np.array([sympy.N(rate * e, 60) for e in row], dtype=object).reshape(exact[w].shape)
            moved[w] = exact[w] + sign * change
        exact = moved
    return _values(mapping, exact)[q.wrt]


def _forward(sympy: Any, mapping: Program, q: Any, exact: Values) -> Any:
    return _values(mapping, exact)[q.of]


def _sizes(sympy: Any, mapping: Program, q: Any, exact: Values) -> Any:
    """Shapes and entries, counted from the values themselves."""
    shape = _values(mapping, exact)[q.of].shape[:-1]
    other = _values(mapping, exact)[q.wrt].shape[:-1] if q.wrt else ()
    if q.about == "jacobian":
        shape = (prod(shape), prod(other))
    elif q.about == "axes":
        shape += other
    return list(shape) if q.ask == "shape" else [prod(shape)]


def _passes(sympy: Any, mapping: Program, q: Any, exact: Values) -> list[int]:
    values = _values(mapping, exact)
    return [prod(values[q.of if q.mode == "reverse-mode" else q.wrt].shape[:-1])]


def _parameters(sympy: Any, mapping: Program, q: Any, exact: Values) -> list[int]:
    return [sum(exact[n].size for n in q.moves)]


def _table(sympy: Any, mapping: Program, q: Any, exact: Values) -> list[Any]:
    values, out = _values(mapping, exact), []
    for name in q.rows:
        for part in q.parts:
            by = type(q)("jacobian", of=q.of, wrt=name)
            gradient = part == "gradient"
            out.append(_jacobian(sympy, mapping, by, exact)[0][0] if gradient else values[name].ravel()[0])
    return out


def _difference(sympy: Any, mapping: Program, q: Any, exact: Values) -> list[Any]:
    h = _vector(sympy, q.h, (), exact)[0]
    ends = [_values(mapping, {**exact, q.wrt: exact[q.wrt] + sign * h})[q.of].ravel() for sign in (1, -1)]
    return [(a - b) / (2 * h) for a, b in zip(*ends, strict=True)]


def _decision(sympy: Any, mapping: Program, q: Any, exact: Values) -> list[int]:
    return [1 if z > 0 else -1 for z in _values(mapping, exact)[q.of].ravel()]


_ASKS: dict[str, Callable[..., Any]] = {
    "forward": _forward, "gradient": _jacobian, "jacobian": _jacobian, "vjp": _vjp, "jvp": _jvp, "hessian": _hessian,
    "hvp": _hvp, "derivative": _derivative, "local": _local, "step": _step, "shape": _sizes, "entries": _sizes,
    "passes": _passes, "parameters": _parameters, "decision": _decision, "table": _table, "difference": _difference,
}  # fmt: skip
