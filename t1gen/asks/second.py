"""hessian, hvp and derivatives of higher order: sweeps of sweeps."""

import re
from collections.abc import Mapping
from math import prod
from typing import Any

from t1gen.asks.jacobian import rows
from t1gen.asks.literals import literal
from t1gen.asks.record import Ask, names
from t1gen.asks.tape import Quantity, Tape
from t1gen.errors import LanguageError
from t1gen.mapping.implicit import refuse_second
from t1gen.mapping.program import Program

HIGHEST = 6


def _gradient(tape: Tape, quantity: Quantity) -> str:
    of, wrt = tape.check(quantity.of), tape.check(quantity.wrt)
    if tape.program.shape(of) != ():
        raise LanguageError(f"a {quantity.ask} needs a scalar; {of} has shape {tape.program.shape(of)}")
    refuse_second(tape.program, of, wrt)
    return tape.gradient(of, wrt)


def _declare_hessian(options: Mapping[str, Any], mapping: Program) -> list[Quantity]:
    of = str(options.get("of", mapping.output))
    return [Quantity("hessian", of=of, wrt=name) for name in names(options.get("wrt", []))]


def _hessian_phrase(text: str, mapping: Program) -> Quantity | None:
    match = re.fullmatch(r"hessian of (\w+) wrt (\w+)", text)
    return Quantity("hessian", of=match[1], wrt=match[2]) if match else None


def _hessian(tape: Tape, quantity: Quantity) -> str:
    """The matrix k x k of second derivatives, k = size of x."""
    parts = rows(tape, _gradient(tape, quantity), quantity.wrt)
    return tape.writer.emit("concatenate", tuple(parts), axis=0) if len(parts) > 1 else parts[0]


def _declare_hvp(options: Mapping[str, Any], mapping: Program) -> list[Quantity]:
    of, seed = str(options.get("of", mapping.output)), literal(options.get("with", "u"))
    return [Quantity("hvp", of=of, wrt=name, cotangent=seed) for name in names(options.get("wrt", []))]


def _hvp_phrase(text: str, mapping: Program) -> Quantity | None:
    match = re.fullmatch(r"hvp of (\w+) wrt (\w+) with u\s*=\s*(.+)", text)
    return Quantity("hvp", of=match[1], wrt=match[2], cotangent=literal(match[3])) if match else None


def _hvp(tape: Tape, quantity: Quantity) -> str:
    gradient = _gradient(tape, quantity)
    return tape.adjoint(gradient, quantity.wrt, tape.seed(quantity.cotangent, tape.program.shape(gradient)))


def _declare_derivative(options: Mapping[str, Any], mapping: Program) -> list[Quantity]:
    of, order = str(options.get("of", mapping.output)), int(options.get("order", 2))
    return [Quantity("derivative", of=of, wrt=name, order=order) for name in names(options.get("wrt", []))]


def _derivative_phrase(text: str, mapping: Program) -> Quantity | None:
    match = re.fullmatch(r"derivative of order (\d+) of (\w+) wrt (\w+)", text)
    return Quantity("derivative", of=match[2], wrt=match[3], order=int(match[1])) if match else None


def _derivative(tape: Tape, quantity: Quantity) -> str:
    now, wrt = tape.check(quantity.of), tape.check(quantity.wrt)
    if prod(tape.program.shape(now)) != 1 or tape.program.shape(wrt) != ():
        raise LanguageError("a derivative of higher order is that of a scalar by a scalar; ask for the hessian")
    if not 1 <= quantity.order <= HIGHEST:
        raise LanguageError(f"orders from 1 to {HIGHEST} are derived, not {quantity.order}")
    if quantity.order > 1:
        refuse_second(tape.program, now, wrt)
    for _ in range(quantity.order):
        now = tape.gradient(now, wrt)
    return now


HESSIAN = Ask("hessian", _declare_hessian, _hessian_phrase, _hessian, ("of", "wrt"), ("array", "number"))
HVP = Ask("hvp", _declare_hvp, _hvp_phrase, _hvp, ("of", "wrt", "with"), ("array", "number"))
DERIVATIVE = Ask(
    "derivative", _declare_derivative, _derivative_phrase, _derivative, ("of", "wrt", "order"), ("number", "array")
)
ASKS = (HESSIAN, HVP, DERIVATIVE)
