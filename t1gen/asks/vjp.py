"""vjp: the vector-Jacobian product v^T df/dx, in the shape of x."""

import re
from collections.abc import Mapping
from typing import Any

from t1gen.asks.literals import literal
from t1gen.asks.record import Ask, names
from t1gen.asks.tape import Quantity, Tape
from t1gen.mapping.program import Program


def declare(options: Mapping[str, Any], mapping: Program) -> list[Quantity]:
    of = str(options.get("of", mapping.output))
    cotangent = literal(options.get("with", "v"))
    return [Quantity("vjp", of=of, wrt=name, cotangent=cotangent) for name in names(options.get("wrt", []))]


def phrase(text: str, mapping: Program) -> Quantity | None:
    match = re.fullmatch(r"vjp of (\w+) wrt (\w+) with v\s*=\s*(.+)", text)
    return Quantity("vjp", of=match[1], wrt=match[2], cotangent=literal(match[3])) if match else None


def reference(tape: Tape, quantity: Quantity) -> str:
    of = tape.check(quantity.of)
    seed = tape.seed(quantity.cotangent, tape.program.shape(of))
    return tape.adjoint(of, tape.check(quantity.wrt), seed)


ASK = Ask("vjp", declare, phrase, reference, ("of", "wrt", "with"))
