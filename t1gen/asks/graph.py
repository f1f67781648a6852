"""graph: the computational graph of the mapping, as the lines of a straight-line program; edges as sorted pairs."""

from collections.abc import Mapping
from typing import Any

from t1gen.asks.record import Ask, names
from t1gen.asks.tape import Quantity, Tape
from t1gen.mapping.program import Program


def declare(options: Mapping[str, Any], mapping: Program) -> list[Quantity]:
    return [Quantity("graph", of=name) for name in names(options.get("of", mapping.output))]


def phrase(text: str, mapping: Program) -> Quantity | None:
    return Quantity("graph", of=mapping.output) if text in ("graph", "edges") else None


def reference(tape: Tape, quantity: Quantity) -> str:
    tape.check(quantity.of)
    return ""


def drawn(mapping: Program, of: str | None) -> Program:
    """The part of a mapping that is drawn: all that leads to `of` (default: everything)."""
    return mapping.pruned([of]) if of and of in mapping else mapping


def edges(mapping: Program) -> list[list[str]]:
    """Sorted [from, to] pairs over named quantities, unnamed steps skipped."""
    pairs = set()
    for name in mapping.named:
        todo = list(mapping[name].args)
        while todo:
            step = mapping[todo.pop()]
            if step.unnamed:
                todo.extend(step.args)
            elif step.op != "const":
                pairs.add((step.name, name))
    return [list(p) for p in sorted(pairs)]


ASK = Ask("graph", declare, phrase, reference, ("of",), ("graph",))
