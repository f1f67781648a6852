"""local: one edge of the graph alone, where dz/dx would be the total over all paths."""

import re
from collections.abc import Mapping
from typing import Any

from t1gen.asks import gradient
from t1gen.asks.record import Ask, names
from t1gen.asks.tape import Quantity, Tape
from t1gen.errors import LanguageError
from t1gen.mapping.program import Program


def declare(options: Mapping[str, Any], mapping: Program) -> list[Quantity]:
    of = str(options.get("of", mapping.output))
    return [Quantity("local", of=of, wrt=name) for name in names(options.get("wrt", []))]


def phrase(text: str, mapping: Program) -> Quantity | None:
    match = re.fullmatch(r"local d([A-Za-z]\w*)\s*/\s*d([A-Za-z]\w*)", text)
    return Quantity("local", of=match[1], wrt=match[2]) if match else None


def direct(mapping: Program, name: str) -> set[str]:
    """The named quantities that a line takes directly."""
    out, todo = set(), list(mapping[name].args)
    while todo:
        step = mapping[todo.pop()]
        if step.unnamed:
            todo.extend(step.args)
        elif step.op != "const":
            out.add(step.name)
    return out


def reference(tape: Tape, quantity: Quantity) -> str:
    of, wrt = tape.check(quantity.of), tape.check(quantity.wrt)
    inputs = direct(tape.mapping, of)
    if wrt not in inputs:
        raise LanguageError(
            f"there is no edge from {wrt} to {of}; edges come from {', '.join(sorted(inputs)) or 'nothing'}"
        )
    alone = tape.alone(inputs)
    result = gradient.reference(alone, Quantity("gradient", of=of, wrt=wrt))
    return tape.take_over(alone, result)


ASK = Ask("local", declare, phrase, reference, ("of", "wrt"))
