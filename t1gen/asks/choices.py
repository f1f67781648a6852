"""Questions that are answered by picking or ordering what is shown; their options are made for every student.

choose: statements from pools, or options told by conditions; wrong-line: a line of the listing; cheaper: the mode that
multiplies less; order: the lines of the backward pass.
"""

from collections.abc import Mapping
from math import prod
from typing import Any

from t1gen.asks.counts import chain, jacobian_terms
from t1gen.asks.record import Ask, names
from t1gen.asks.tape import Quantity, Tape
from t1gen.errors import LanguageError, near
from t1gen.mapping.notation import line
from t1gen.mapping.program import Program

STYLES = ("vjp", "adjoint")
MOST = 26
"""Options or lines that letters can name."""
CHOOSE = ("right", "wrong", "show", "options", "several", "ordered")


def _nothing(tape: Tape, quantity: Quantity) -> str:
    """The answer is no number."""
    return ""


def _declare_choose(options: Mapping[str, Any], mapping: Program) -> list[Quantity]:
    if not options.get("text"):
        raise LanguageError("a 'choose' needs a text: what to choose")
    if ("options" in options) == ("right" in options or "wrong" in options):
        raise LanguageError("a 'choose' has either pools, 'right' and 'wrong', or 'options' with 'when'")
    if "options" in options:
        told = options["options"]
        if not isinstance(told, list) or not all(isinstance(o, Mapping) and set(o) == {"text", "when"} for o in told):
            raise LanguageError("'options' is a list of {text: ..., when: [comparisons]}")
        if not 2 <= len(told) <= MOST:
            raise LanguageError(f"a 'choose' has 2 to {MOST} options, not {len(told)}")
        _check_distinct([o["text"] for o in told])
    else:
        shows(options)
    return [Quantity("choose")]


def shows(options: Mapping[str, Any]) -> tuple[int, int]:
    """How many right and how many wrong statements of a pool one student sees."""
    pools = [options.get(name, []) for name in ("right", "wrong")]
    count = options.get("show", [1, 3])
    _check_distinct([w for p in pools if isinstance(p, list) for w in p])
    if not all(isinstance(p, list) and all(isinstance(w, (str, Mapping)) for w in p) for p in pools):
        raise LanguageError("'right' and 'wrong' are lists of texts")
    if not isinstance(count, list) or len(count) != 2 or any(type(n) is not int for n in count):
        raise LanguageError("'show' is two whole numbers: how many right and wrong statements")
    if not (1 <= count[0] <= len(pools[0]) and 0 <= count[1] <= len(pools[1]) and 2 <= sum(count) <= MOST):
        raise LanguageError(f"'show' {count} does not fit {len(pools[0])} right and {len(pools[1])} wrong statements")
    return count[0], count[1]


def _check_distinct(texts: list[Any]) -> None:
    """Statements are not empty, and no two read the same in any language."""
    told = [w if isinstance(w, Mapping) else {"": w} for w in texts]
    for language in {name for words in told for name in words}:
        said = [str(words[language]).strip() for words in told if language in words]
        if not all(said):
            raise LanguageError("a statement or option is empty")
        twice = next((text for text in said if said.count(text) > 1), None)
        if twice:
            raise LanguageError(f"two statements or options read '{twice[:60]}'")


def _declare_cheaper(options: Mapping[str, Any], mapping: Program) -> list[Quantity]:
    of = str(options.get("of", mapping.output))
    return [Quantity("cheaper", of=of, wrt=w) for w in names(options.get("wrt", []))]


def cheaper(mapping: Program, quantity: Quantity) -> dict[str, bool]:
    """Each possible answer, and whether it is right."""
    terms = jacobian_terms(mapping, quantity.of, quantity.wrt)
    forward, reverse = (sum(map(prod, terms[mode])) for mode in ("forward-mode", "reverse-mode"))
    return {"reverse-mode": reverse < forward, "forward-mode": forward < reverse, "equal": forward == reverse}


def _cheaper(tape: Tape, quantity: Quantity) -> str:
    cheaper(tape.mapping, Quantity("cheaper", of=tape.check(quantity.of), wrt=tape.check(quantity.wrt)))
    return ""


def _declare_order(options: Mapping[str, Any], mapping: Program) -> list[Quantity]:
    style = str(options.get("style", "vjp"))
    if style not in STYLES:
        raise LanguageError(f"an order has no style '{style}'{near(style, STYLES)} (allowed: {', '.join(STYLES)})")
    about = "both" if options.get("forward") else "backward"
    of, wrt = str(options.get("of", mapping.output)), names(options.get("wrt", []))
    return [Quantity("order", of=of, wrt=w, mode=style, about=about) for w in wrt]


def _order(tape: Tape, quantity: Quantity) -> str:
    lines = ordered(tape.mapping, quantity)
    if not 2 <= len(set(lines)) == len(lines) <= MOST:
        raise LanguageError(f"2 to {MOST} different lines can be put in order; here are {len(lines)}")
    return ""


def ordered(mapping: Program, quantity: Quantity) -> list[str]:
    """The lines in the mapping's and the sweep's own order."""
    tape = Tape(mapping)
    of, wrt = tape.check(quantity.of), tape.check(quantity.wrt)
    links = chain(mapping, of, wrt) if quantity.mode == "vjp" else []
    needed = mapping.ancestors([of])
    lines = [line(mapping, n) for n in mapping.named if n in needed] if quantity.about == "both" else []
    if quantity.mode == "vjp":
        seed = "1" if mapping.shape(of) == () else "v"
        pairs = list(zip(links[::-1], links[-2::-1], strict=False))
        return lines + [f"v = vjp_{a}({'v' if i else seed}, {b})" for i, (a, b) in enumerate(pairs)]
    gradient = tape.gradient(of, wrt)
    return lines + [line(tape.program, name) for name in tape.lines([gradient])]


def _no_phrase(text: str, mapping: Program) -> Quantity | None:
    return None


ASKS = (
    Ask("choose", _declare_choose, _no_phrase, _nothing, CHOOSE, ("choice",)),
    Ask("wrong-line", lambda o, m: [Quantity("wrong-line")], _no_phrase, _nothing, (), ("choice",)),
    Ask("cheaper", _declare_cheaper, _no_phrase, _cheaper, ("of", "wrt"), ("choice",)),
    Ask("order", _declare_order, _no_phrase, _order, ("of", "wrt", "style", "forward"), ("order",)),
)
