"""gradient: dy/dx for a scalar y (the shape of x), or for a scalar x (the shape of y)."""

import re
from collections.abc import Mapping
from typing import Any

from t1gen.asks.record import Ask, names
from t1gen.asks.tape import Quantity, Tape
from t1gen.errors import LanguageError
from t1gen.mapping.program import Program


def declare(options: Mapping[str, Any], mapping: Program) -> list[Quantity]:
    of = str(options.get("of", mapping.output))
    return [Quantity("gradient", of=of, wrt=name) for name in names(options.get("wrt", []))]


def phrase(text: str, mapping: Program) -> Quantity | None:
    match = re.fullmatch(r"d([A-Za-z]\w*)\s*/\s*d([A-Za-z]\w*)", text)
    return Quantity("gradient", of=match[1], wrt=match[2]) if match else None


def reference(tape: Tape, quantity: Quantity) -> str:
    of, wrt = tape.check(quantity.of), tape.check(quantity.wrt)
    if tape.program.shape(of) == ():
        return tape.gradient(of, wrt)
    if tape.program.shape(wrt) == ():
        from t1gen.asks.jacobian import rows

        flat = tape.writer.emit("concatenate", tuple(rows(tape, of, wrt)), axis=0)
        return tape.writer.emit("reshape", (flat,), shape=tape.program.shape(of))
    raise LanguageError(
        f"d{of}/d{wrt} needs {of} or {wrt} to be a scalar, and they have shapes {tape.program.shape(of)} and "
        f"{tape.program.shape(wrt)}; ask for 'jacobian of {of} wrt {wrt}' or 'vjp of {of} wrt {wrt} with v=...'"
    )


ASK = Ask("gradient", declare, phrase, reference, ("of", "wrt"))
