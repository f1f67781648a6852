"""jacobian: the matrix m x k of a mapping's partial derivatives, one sweep a row."""

import re
from collections.abc import Mapping
from fractions import Fraction
from math import prod
from typing import Any

import numpy as np

from t1gen.asks.record import Ask, names
from t1gen.asks.tape import Quantity, Tape
from t1gen.errors import LanguageError
from t1gen.mapping.nested import full
from t1gen.mapping.program import Program

ENTRIES = 4096
"""The largest Jacobian that is written out."""


def declare(options: Mapping[str, Any], mapping: Program) -> list[Quantity]:
    of = str(options.get("of", mapping.output))
    return [Quantity("jacobian", of=of, wrt=name) for name in names(options.get("wrt", []))]


def phrase(text: str, mapping: Program) -> Quantity | None:
    match = re.fullmatch(r"jacobian of (\w+) wrt (\w+)", text)
    return Quantity("jacobian", of=match[1], wrt=match[2]) if match else None


def rows(tape: Tape, of: str, wrt: str) -> list[str]:
    """The adjoint of every entry of `of`, each flattened to one row (1, k)."""
    shape, k = tape.program.shape(of), prod(tape.program.shape(wrt))
    if prod(shape) * k > ENTRIES:
        raise LanguageError(
            f"the Jacobian of {of} wrt {wrt} has {prod(shape) * k} entries; at most {ENTRIES} are written"
        )
    adjoints = [tape.adjoint(of, wrt, tape.seed(_unit(shape, i), shape)) for i in np.ndindex(*shape)]
    return [tape.writer.emit("reshape", (a,), shape=(1, k)) for a in adjoints]


def _unit(shape: tuple[int, ...], at: tuple[int, ...]) -> Any:
    """Nested tuples with 1 at one place and 0 elsewhere."""
    if not shape:
        return Fraction(1)
    return tuple(_unit(shape[1:], at[1:]) if i == at[0] else full(Fraction(0), shape[1:]) for i in range(shape[0]))


def reference(tape: Tape, quantity: Quantity) -> str:
    parts = rows(tape, tape.check(quantity.of), tape.check(quantity.wrt))
    return tape.writer.emit("concatenate", tuple(parts), axis=0) if len(parts) > 1 else parts[0]


ASK = Ask("jacobian", declare, phrase, reference, ("of", "wrt"), ("array", "expression"))
