"""jvp: the Jacobian-vector product, how a quantity moves when its inputs move in a direction."""

import re
from collections.abc import Mapping
from typing import Any

from t1gen.asks.literals import literal
from t1gen.asks.record import Ask, names
from t1gen.asks.tape import Quantity, Tape
from t1gen.errors import LanguageError
from t1gen.mapping.program import Program


def declare(options: Mapping[str, Any], mapping: Program) -> list[Quantity]:
    told = options.get("tangent", {})
    if not isinstance(told, Mapping) or not told:
        raise LanguageError("a jvp needs tangent: {x: [1, 0]}, a direction for every name that moves")
    tangent = tuple((str(n), literal(v)) for n, v in told.items())
    return [Quantity("jvp", of=name, tangent=tangent) for name in names(options.get("of", mapping.output))]


def phrase(text: str, mapping: Program) -> Quantity | None:
    match = re.fullmatch(r"jvp of (\w+) with (d\w+\s*=.+)", text)
    if not match:
        return None
    parts = re.split(r",\s*(?=d\w+\s*=)", match[2])
    pairs = (part.split("=", 1) for part in parts)
    return Quantity("jvp", of=match[1], tangent=tuple((n.strip()[1:], literal(v)) for n, v in pairs))


def reference(tape: Tape, quantity: Quantity) -> str:
    return tape.tangent(tape.check(quantity.of), quantity.tangent)


ASK = Ask("jvp", declare, phrase, reference, ("of", "tangent"))
