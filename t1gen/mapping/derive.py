"""Local derivatives by sympy, written into the language, for an operation that states no rule."""

from functools import cache
from typing import Any

import numpy as np

from t1gen.errors import LanguageError
from t1gen.mapping.ops import OPS, Op
from t1gen.mapping.ops.fold import AXES
from t1gen.mapping.program import Step

CONSTANTS = {"Pi": "pi", "Exp1": "exp(1)"}


@cache
def _derived(name: str) -> tuple[str, ...]:
    from t1gen.mapping.evaluate import apply_in
    from t1gen.mapping.proof import sympy_numbers

    numbers, sympy = sympy_numbers()
    op = OPS[name]
    symbols = [sympy.Symbol(letter, real=True) for letter in AXES[: op.arity]]
    arrays = [np.array([s], dtype=object) for s in symbols]
    value = apply_in(numbers, Step("y", name, tuple(AXES[: op.arity])), arrays).item()
    return tuple(written(sympy.diff(value, s)) for s in symbols)


def derived(op: Op) -> tuple[str, ...]:
    """One text a parent: sympy's derivative of an elementwise operation's definition."""
    return _derived(op.name)


def written(e: Any) -> str:
    """A sympy expression as text of the language; raises LanguageError where it has no words for it."""
    name = type(e).__name__
    if e.is_Symbol:
        return str(e)
    if e.is_Rational:
        return f"({e.p} / {e.q})" if e.q != 1 else f"({e.p})" if e.p < 0 else str(e.p)
    if name in CONSTANTS:
        return CONSTANTS[name]
    args = [written(a) for a in e.args] if name not in ("Piecewise",) else []
    infix = {"Add": " + ", "Mul": " * ", "Pow": " ** "}
    compare = {"StrictGreaterThan": ">", "GreaterThan": ">=", "StrictLessThan": "<", "LessThan": "<=", "Equality": "=="}
    if name in infix:
        return f"({infix[name].join(args)})"
    if name in compare:
        return f"({args[0]} {compare[name]} {args[1]})"
    if name == "Piecewise":
        return _branches(list(e.args))
    if name.lower() in OPS:
        return f"{name.lower()}({', '.join(args)})"
    if e.is_number:
        return str(float(e))
    raise LanguageError(f"the derivative holds {name}, which the language has no word for; state the rule")


def _branches(parts: list[Any]) -> str:
    value, condition = parts[0]
    if condition == True or len(parts) == 1:  # noqa: E712  sympy's true is no bool
        return written(value)
    return f"where({written(condition)}, {written(value)}, {_branches(parts[1:])})"
