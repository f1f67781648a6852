"""forward: the value of a quantity."""

import re
from collections.abc import Mapping
from typing import Any

from t1gen.asks.record import Ask, names
from t1gen.asks.tape import Quantity, Tape
from t1gen.mapping.program import Program


def declare(options: Mapping[str, Any], mapping: Program) -> list[Quantity]:
    return [Quantity("forward", of=name) for name in names(options.get("of", mapping.output))]


def phrase(text: str, mapping: Program) -> Quantity | None:
    return Quantity("forward", of=text) if re.fullmatch(r"[A-Za-z]\w*", text) else None


def reference(tape: Tape, quantity: Quantity) -> str:
    return tape.check(quantity.of)


ASK = Ask("forward", declare, phrase, reference, ("of",), ("array", "number"))
