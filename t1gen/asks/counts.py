"""Whole numbers about a mapping: shapes, entries, parameters, passes, multiplications; a classifier's decision."""

import re
from collections.abc import Mapping
from math import prod
from typing import Any, TypeVar

from t1gen.asks.local import direct
from t1gen.asks.record import Ask, names
from t1gen.asks.tape import Quantity, Tape
from t1gen.errors import LanguageError
from t1gen.mapping.ops import OPS
from t1gen.mapping.program import Program, Shape

MODES = ("forward-mode", "reverse-mode", "vjp")


def _jacobian(tape: Tape, quantity: Quantity) -> tuple[int, int]:
    """m x k of the Jacobian of `of` by `wrt`."""
    of, wrt = tape.check(quantity.of), tape.check(quantity.wrt)
    return prod(tape.program.shape(of)), prod(tape.program.shape(wrt))


def _about(ask: str, options: Mapping[str, Any], mapping: Program) -> list[Quantity]:
    of = names(options.get("of", mapping.output))
    if "wrt" in options:
        about = "axes" if options.get("axes") else "jacobian"
        return [Quantity(ask, of=o, wrt=w, about=about) for o in of for w in names(options["wrt"])]
    return [Quantity(ask, of=o, about="value") for o in of]


def _about_phrase(ask: str, text: str) -> Quantity | None:
    word = "shape" if ask == "shape" else "entries"
    match = re.fullmatch(rf"{word} of (?:(full )?jacobian of (\w+) wrt (\w+)|(\w+))", text)
    if not match:
        return None
    if match[4]:
        return Quantity(ask, of=match[4], about="value")
    return Quantity(ask, of=match[2], wrt=match[3], about="axes" if match[1] else "jacobian")


def _shape(tape: Tape, quantity: Quantity) -> str:
    if quantity.about == "jacobian":
        return tape.vector(_jacobian(tape, quantity))
    if quantity.about == "axes":
        return tape.vector(tape.program.shape(tape.check(quantity.of)) + tape.program.shape(tape.check(quantity.wrt)))
    return tape.vector(tape.program.shape(tape.check(quantity.of)))


def counted(mapping: Program, quantity: Quantity) -> list[Shape]:
    """How a count comes about, as the products that are added; empty where there is nothing to multiply."""
    sizes = [prod(mapping.shape(n)) for n in (quantity.of, quantity.wrt) if n]
    if quantity.ask == "multiplications":
        return multiplied(mapping, quantity)
    if quantity.ask == "parameters":
        return [mapping.shape(n) for n in quantity.moves]
    if quantity.ask == "entries":
        return [tuple(sizes) if quantity.wrt else mapping.shape(quantity.of)]
    return []


def _entries(tape: Tape, quantity: Quantity) -> str:
    if quantity.about in ("jacobian", "axes"):
        return tape.number(prod(_jacobian(tape, quantity)))
    return tape.number(prod(tape.program.shape(tape.check(quantity.of))))


def _declare_parameters(options: Mapping[str, Any], mapping: Program) -> list[Quantity]:
    return [Quantity("parameters", moves=tuple(names(options.get("wrt", []))))]


def _parameters_phrase(text: str, mapping: Program) -> Quantity | None:
    match = re.fullmatch(r"parameter count of \(?([\w\s,]+?),?\s*\)?", text)
    return Quantity("parameters", moves=tuple(n.strip() for n in match[1].split(","))) if match else None


def _parameters(tape: Tape, quantity: Quantity) -> str:
    for name in quantity.moves:
        if tape.mapping[tape.check(name)].op != "given":
            raise LanguageError(f"'{name}' is computed by the mapping; parameters are given")
    return tape.number(sum(prod(tape.program.shape(tape.check(n))) for n in quantity.moves))


def _declare_passes(options: Mapping[str, Any], mapping: Program) -> list[Quantity]:
    of, mode = str(options.get("of", mapping.output)), str(options.get("mode", "reverse-mode"))
    return [Quantity("passes", of=of, wrt=w, mode=mode) for w in names(options.get("wrt", []))]


def _passes_phrase(text: str, mapping: Program) -> Quantity | None:
    match = re.fullmatch(r"(forward-mode|reverse-mode) passes for jacobian of (\w+) wrt (\w+)", text)
    return Quantity("passes", of=match[2], wrt=match[3], mode=match[1]) if match else None


def _passes(tape: Tape, quantity: Quantity) -> str:
    m, k = _jacobian(tape, quantity)
    return tape.number(_one_of(quantity.mode, {"forward-mode": k, "reverse-mode": m}))


T = TypeVar("T")


def _one_of(mode: str, found: Mapping[str, T]) -> T:
    if mode not in found:
        raise LanguageError(f"mode '{mode}' is unknown (allowed: {', '.join(found)})")
    return found[mode]


def _declare_multiplications(options: Mapping[str, Any], mapping: Program) -> list[Quantity]:
    of, mode = str(options.get("of", mapping.output)), str(options.get("mode", "reverse-mode"))
    about = "vjp" if options.get("about") == "vjp" else ""
    return [Quantity("multiplications", of=of, wrt=w, mode=mode, about=about) for w in names(options.get("wrt", []))]


def _multiplications_phrase(text: str, mapping: Program) -> Quantity | None:
    pattern = r"(forward-mode|reverse-mode|vjp) multiplications for (jacobian|vjp) of (\w+) wrt (\w+)"
    match = re.fullmatch(pattern, text)
    if not match:
        return None
    about = "vjp" if match[2] == "vjp" else ""
    return Quantity("multiplications", of=match[3], wrt=match[4], mode=match[1], about=about)


def _multiplications(tape: Tape, quantity: Quantity) -> str:
    """Scalar multiplications along a chain, for its whole Jacobian or (`about`) for one VJP of it."""
    tape.check(quantity.of), tape.check(quantity.wrt)
    return tape.number(sum(map(prod, multiplied(tape.mapping, quantity))))


def multiplied(mapping: Program, quantity: Quantity) -> list[Shape]:
    """The products whose sizes make up a count of multiplications, each as its factors: (2, 3, 4) is 2 * 3 * 4."""
    terms = vjp_terms if quantity.about == "vjp" else jacobian_terms
    return _one_of(quantity.mode, terms(mapping, quantity.of, quantity.wrt))


def jacobian_terms(mapping: Program, of: str, wrt: str) -> dict[str, list[Shape]]:
    """For a Jacobian: dense ones multiplied from the output or the input, or a VJP for every row."""
    links = chain(mapping, of, wrt)
    sizes = [prod(mapping.shape(n)) for n in links]
    k, m = sizes[0], sizes[-1]
    return {
        "forward-mode": [(sizes[i + 1], sizes[i], k) for i in range(1, len(sizes) - 1)],
        "reverse-mode": [(m, sizes[i + 1], sizes[i]) for i in range(len(sizes) - 3, -1, -1)],
        "vjp": [(m, *term) for term in _vjp_terms(mapping, links)],
    }


def vjp_terms(mapping: Program, of: str, wrt: str) -> dict[str, list[Shape]]:
    """For one VJP: v times dense Jacobians from the output, or the VJP functions."""
    links = chain(mapping, of, wrt)
    sizes = [prod(mapping.shape(n)) for n in links][::-1]
    return {"reverse-mode": list(zip(sizes, sizes[1:], strict=False)), "vjp": _vjp_terms(mapping, links)}


def _vjp_terms(mapping: Program, links: list[str]) -> list[Shape]:
    """From the output: m k n for a product, its size for an elementwise operation."""
    pairs = list(zip(links, links[1:], strict=False))[::-1]
    return [term for start, end in pairs for term in _terms(mapping, start, end)]


def chain(mapping: Program, of: str, wrt: str) -> list[str]:
    """The named quantities from wrt to of, where there is one path only."""
    below = mapping.descendants([wrt])
    chain = [of]
    while chain[-1] != wrt:
        found = sorted(n for n in direct(mapping, chain[-1]) if n in below)
        if len(found) != 1:
            raise LanguageError(
                f"from {wrt} to {of} there is not one chain of lines, so nothing is counted or ordered along it"
            )
        chain.append(found[0])
    return chain[::-1]


def _terms(mapping: Program, start: str, end: str) -> list[Shape]:
    """What the VJPs between two lines multiply; adding and changing a sign multiply nothing."""
    inside = mapping.descendants([start]) & mapping.ancestors([end]) - {start}
    out: list[Shape] = []
    for step in [s for s in mapping if s.name in inside][::-1]:
        if step.op == "matmul":
            a, b = (mapping.shape(x) for x in step.args)
            out.append((*a, *b[1:]))
            continue
        local = OPS[step.op].local if step.op in OPS else None
        passed = [local[k] for k, a in enumerate(step.args) if local and a in {start, *inside}]
        if any(text not in ("1", "-1") for text in passed):
            out.append(step.shape)
    return out


def _declare_decision(options: Mapping[str, Any], mapping: Program) -> list[Quantity]:
    return [Quantity("decision", of=name) for name in names(options.get("of", mapping.output))]


def _decision_phrase(text: str, mapping: Program) -> Quantity | None:
    match = re.fullmatch(r"decision of (\w+)", text)
    return Quantity("decision", of=match[1]) if match else None


def _decision(tape: Tape, quantity: Quantity) -> str:
    """+1 where the logit is positive, -1 elsewhere."""
    z = tape.check(quantity.of)
    writer = tape.writer
    positive = writer.emit("greater", (z, tape.number(0)))
    return writer.emit("where", (positive, tape.number(1), tape.number(-1)))


WHOLE = ("number", "array")
ASKS = (
    Ask("shape", lambda o, m: _about("shape", o, m), lambda t, m: _about_phrase("shape", t), _shape,
        ("of", "wrt", "axes"), WHOLE),
    Ask("entries", lambda o, m: _about("entries", o, m), lambda t, m: _about_phrase("entries", t), _entries,
        ("of", "wrt", "axes"), WHOLE),
    Ask("parameters", _declare_parameters, _parameters_phrase, _parameters, ("wrt",), WHOLE),
    Ask("passes", _declare_passes, _passes_phrase, _passes, ("of", "wrt", "mode"), WHOLE),
    Ask("multiplications", _declare_multiplications, _multiplications_phrase, _multiplications,
        ("of", "wrt", "mode", "about"), WHOLE),
    Ask("decision", _declare_decision, _decision_phrase, _decision, ("of",), WHOLE),
)  # fmt: skip
