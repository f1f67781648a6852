"""Whole numbers about a mapping: shapes, entries, parameters, passes, multiplications; a classifier's decision."""

import re
from collections.abc import Mapping
from math import prod
from typing import Any

from t1gen.asks.local import direct
from t1gen.asks.record import Ask, names
from t1gen.asks.tape import Quantity, Tape
from t1gen.errors import LanguageError
from t1gen.mapping.ops import OPS
from t1gen.mapping.program import Program

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


def _one_of(mode: str, found: Mapping[str, int]) -> int:
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
    counted = vjp_costs if quantity.about == "vjp" else jacobian_costs
    return tape.number(_one_of(quantity.mode, counted(tape.mapping, tape.check(quantity.of), tape.check(quantity.wrt))))


def jacobian_costs(mapping: Program, of: str, wrt: str) -> dict[str, int]:
    """Multiplications for a Jacobian: dense ones multiplied from the output or the input, or a VJP for every row."""
    links = chain(mapping, of, wrt)
    sizes = [prod(mapping.shape(n)) for n in links]
    k, m = sizes[0], sizes[-1]
    return {
        "forward-mode": sum(sizes[i + 1] * sizes[i] * k for i in range(1, len(sizes) - 1)),
        "reverse-mode": sum(m * sizes[i + 1] * sizes[i] for i in range(len(sizes) - 2)),
        "vjp": m * _vjp_cost(mapping, links),
    }


def vjp_costs(mapping: Program, of: str, wrt: str) -> dict[str, int]:
    """Multiplications for one VJP: v times dense Jacobians from the output, or the VJP functions."""
    links = chain(mapping, of, wrt)
    sizes = [prod(mapping.shape(n)) for n in links]
    dense = sum(a * b for a, b in zip(sizes, sizes[1:], strict=False))
    return {"reverse-mode": dense, "vjp": _vjp_cost(mapping, links)}


def _vjp_cost(mapping: Program, links: list[str]) -> int:
    return sum(_cost(mapping, a, b) for a, b in zip(links, links[1:], strict=False))


def chain(mapping: Program, of: str, wrt: str) -> list[str]:
    """The named quantities from wrt to of, where there is one path only."""
    below = mapping.descendants([wrt])
    chain = [of]
    while chain[-1] != wrt:
        found = sorted(n for n in direct(mapping, chain[-1]) if n in below)
        if len(found) != 1:
            raise LanguageError(
                f"from {wrt} to {of} there is not one chain of lines, so multiplications are not counted"
            )
        chain.append(found[0])
    return chain[::-1]


def _cost(mapping: Program, start: str, end: str) -> int:
    """Multiplications of the VJPs between two lines: m k n for a product, its size for an elementwise operation."""
    inside = mapping.descendants([start]) & mapping.ancestors([end]) - {start}
    total = 0
    for name in inside:
        step = mapping[name]
        if step.op == "matmul":
            a, b = (mapping.shape(x) for x in step.args)
            total += prod(a) * (b[1] if len(b) == 2 else 1)
        elif step.op in OPS and OPS[step.op].local is not None:
            total += prod(step.shape)
    return total


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
