"""What an ask is: how it is declared in a bank and as a phrase, and what it appends to a tape."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from t1gen.asks.tape import Quantity, Tape
from t1gen.mapping.program import Program


class Declare(Protocol):
    def __call__(self, options: Mapping[str, Any], mapping: Program) -> list[Quantity]: ...


@dataclass(frozen=True)
class Ask:
    """One kind of question.

    `declare(options, mapping)` turns a bank's entry into quantities; `phrase(text, mapping)` reads its phrase, or gives
    None where it is another ask's; `reference(tape, quantity)` appends what it needs and names the step of its answer
    (empty where the answer is no number: a graph); `options` are those a bank may give; `kinds` how it may be
    answered, the default first. Its wording is `ask.<name>` in templates/text/<language>/.
    """

    name: str
    declare: Declare
    phrase: Callable[[str, Program], Quantity | None]
    reference: Callable[[Tape, Quantity], str]
    options: tuple[str, ...]
    kinds: tuple[str, ...] = ("array", "number", "expression")


def names(value: Any) -> list[str]:
    """One name or a list of names, as a bank writes them."""
    return [str(v) for v in value] if isinstance(value, list) else [str(value)]
