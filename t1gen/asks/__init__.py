"""What can be asked of a mapping; one file an ask."""

import re

from t1gen.asks import (
    choices,
    counts,
    difference,
    forward,
    gradient,
    graph,
    jacobian,
    jvp,
    local,
    second,
    step,
    table,
    vjp,
)
from t1gen.asks.record import Ask
from t1gen.asks.tape import Quantity, Tape
from t1gen.errors import LanguageError
from t1gen.mapping.program import Program

SINGLE = (forward, gradient, vjp, jvp, jacobian, local, step, difference, graph, table)

ASKS: dict[str, Ask] = {a.name: a for a in (*(m.ASK for m in SINGLE), *second.ASKS, *counts.ASKS, *choices.ASKS)}


def read_phrase(text: str, mapping: Program) -> Quantity:
    """The quantity that a phrase asks for, such as `vjp of y wrt W with v=[1, 2]`."""
    phrase = re.sub(r"\s+", " ", text.strip())
    for ask in (graph.ASK, *ASKS.values()):
        quantity = ask.phrase(phrase, mapping)
        if quantity is not None:
            return quantity
    raise LanguageError(
        f"the ask '{phrase}' is not understood; try a name, df/dx, 'vjp of y wrt x with v=...', 'jacobian of y wrt x', "
        "'w after 1 step on L wrt (w, b), alpha=0.1' or 'edges'"
    )


__all__ = ["ASKS", "Ask", "Quantity", "Tape", "read_phrase"]
