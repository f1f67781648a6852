"""What can be asked of a mapping; one file an ask."""

import re

from t1gen.asks import forward, gradient, graph, jacobian, step, vjp
from t1gen.asks.record import Ask
from t1gen.asks.tape import Quantity, Tape
from t1gen.errors import LanguageError
from t1gen.mapping.program import Program

ASKS: dict[str, Ask] = {m.ASK.name: m.ASK for m in (forward, gradient, vjp, jacobian, step, graph)}

LATER = ("jvp of", "hessian of", "hvp of", "derivative of order", "local ", "shape of", "entries of", "parameter count",
         "forward-mode", "reverse-mode", "vjp multiplications", "decision of")  # fmt: skip
"""Phrases of the language that this version does not answer yet."""


def read_phrase(text: str, mapping: Program) -> Quantity:
    """The quantity that a phrase asks for, such as `vjp of y wrt W with v=[1, 2]`."""
    phrase = re.sub(r"\s+", " ", text.strip())
    for ask in (graph.ASK, *ASKS.values()):
        quantity = ask.phrase(phrase, mapping)
        if quantity is not None:
            return quantity
    if phrase.startswith(LATER):
        raise LanguageError(f"'{phrase}' is not answered yet by this version")
    raise LanguageError(
        f"the ask '{phrase}' is not understood; try a name, df/dx, 'vjp of y wrt x with v=...', 'jacobian of y wrt x', "
        "'w after 1 step on L wrt (w, b), alpha=0.1' or 'edges'"
    )


__all__ = ["ASKS", "Ask", "Quantity", "Tape", "read_phrase"]
