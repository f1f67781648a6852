"""step: a quantity after k steps of gradient descent (or ascent), all moved names together."""

import re
from collections.abc import Mapping
from typing import Any

from t1gen.asks.literals import literal
from t1gen.asks.record import Ask, names
from t1gen.asks.tape import Quantity, Tape
from t1gen.errors import LanguageError
from t1gen.mapping.nested import shape_of
from t1gen.mapping.program import Program

LONGEST = 50
PHRASE = re.compile(
    r"(\w+) after (\d+) steps? on (\w+) wrt (\(?[\w\s,]+?\)?)\s*,\s*alpha\s*=\s*([^,]+?)\s*(,\s*ascent)?"
)


def declare(options: Mapping[str, Any], mapping: Program) -> list[Quantity]:
    wrt = names(options.get("wrt", []))
    moves = tuple(names(options["moves"])) if "moves" in options else tuple(wrt)
    base = Quantity(
        "step", of=str(options.get("of", mapping.output)), moves=moves, rate=literal(options.get("rate", "1")),
        steps=_whole(options.get("steps", 1)), ascent=bool(options.get("ascent", False)),
    )  # fmt: skip
    return [Quantity(**(vars(base) | {"wrt": name})) for name in wrt]


def _whole(steps: Any) -> int:
    if type(steps) is not int:
        raise LanguageError(f"steps is a whole number, not {steps}")
    return steps


def phrase(text: str, mapping: Program) -> Quantity | None:
    match = PHRASE.fullmatch(text)
    if not match:
        return None
    moves = tuple(n.strip() for n in match[4].strip("()").split(",") if n.strip())
    return Quantity("step", of=match[3], wrt=match[1], moves=moves, rate=literal(match[5]), steps=int(match[2]),
                    ascent=bool(match[6]))  # fmt: skip


def reference(tape: Tape, quantity: Quantity) -> str:
    of = tape.check(quantity.of)
    if tape.program.shape(of) != ():
        raise LanguageError(f"a descent step needs a scalar to descend on; {of} has shape {tape.program.shape(of)}")
    if not 1 <= quantity.steps <= LONGEST:
        raise LanguageError(f"1 to {LONGEST} steps are taken, not {quantity.steps}")
    for name in quantity.moves:
        if tape.program[tape.check(name)].op != "given":
            raise LanguageError(f"'{name}' is computed by the mapping; only given names can be moved")
    shape = tape.program.shape(tape.check(quantity.rate)) if isinstance(quantity.rate, str) else shape_of(quantity.rate)
    if shape != ():
        raise LanguageError(f"a rate is one number; this one has shape {shape}")
    return tape.descend(quantity)[tape.check(quantity.wrt)]


ASK = Ask("step", declare, phrase, reference, ("of", "wrt", "moves", "rate", "steps", "ascent"), ("array", "number"))
