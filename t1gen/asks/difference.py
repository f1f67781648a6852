"""difference: the central difference (f(x + h) - f(x - h)) / (2 h), numeric differentiation by hand."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from t1gen.asks.literals import literal
from t1gen.asks.record import Ask, names
from t1gen.asks.tape import Quantity, Tape
from t1gen.errors import LanguageError
from t1gen.mapping.nested import shape_of
from t1gen.mapping.program import Program


def declare(options: Mapping[str, Any], mapping: Program) -> list[Quantity]:
    of, h = str(options.get("of", mapping.output)), literal(options.get("h", "0.1"))
    return [Quantity("difference", of=of, wrt=name, h=h) for name in names(options.get("wrt", []))]


def phrase(text: str, mapping: Program) -> Quantity | None:
    match = re.fullmatch(r"central difference of (\w+) wrt (\w+) with h\s*=\s*(.+)", text)
    return Quantity("difference", of=match[1], wrt=match[2], h=literal(match[3])) if match else None


def reference(tape: Tape, quantity: Quantity) -> str:
    of, wrt, h = tape.check(quantity.of), tape.check(quantity.wrt), quantity.h
    step = tape.check(h) if isinstance(h, str) else tape.writer.const(h, shape_of(h))
    if tape.program.shape(wrt) != () or tape.program.shape(step) != ():
        raise LanguageError(f"a difference moves one number by one number; {wrt} has shape {tape.program.shape(wrt)}")
    if tape.mapping[wrt].op != "given":
        raise LanguageError(f"'{wrt}' is computed by the mapping; only given names can be moved")
    if h == 0:
        raise LanguageError("the step h of a difference is not 0")
    ends = [_moved(tape, of, wrt, step, op, word) for op, word in (("add", "plus"), ("sub", "minus"))]
    writer = tape.writer
    twice = writer.emit("mul", (tape.number(2), step))
    rise = writer.emit("sub", tuple(ends))
    return writer.emit("div", (rise, twice), name=tape.program.fresh("difference"))


def _moved(tape: Tape, of: str, wrt: str, step: str, op: str, word: str) -> str:
    """The name of `of` where `wrt` is moved by the step and all that depends on it is computed again."""
    writer = tape.writer
    new = {wrt: writer.emit(op, (wrt, step), name=tape.program.fresh(f"{wrt}_{word}"))}
    for link in tape.mapping.pruned([of]):
        if new.keys() & set(link.args) and link.name not in new:
            name = tape.program.fresh() if link.unnamed else tape.program.fresh(f"{link.name}_{word}")
            args = tuple(new.get(a, a) for a in link.args)
            new[link.name] = tape.program.add(replace(link, name=name, args=args))
    return new.get(of, of)


ASK = Ask("difference", declare, phrase, reference, ("of", "wrt", "h"), ("array", "number"))
