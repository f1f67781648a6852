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
        return [Quantity(ask, of=o, wrt=w, about="jacobian") for o in of for w in names(options["wrt"])]
    return [Quantity(ask, of=o, about="value") for o in of]


def _about_phrase(ask: str, text: str) -> Quantity | None:
    word = "shape" if ask == "shape" else "entries"
    match = re.fullmatch(rf"{word} of (?:jacobian of (\w+) wrt (\w+)|(\w+))", text)
    if not match:
        return None
    if match[3]:
        return Quantity(ask, of=match[3], about="value")
    return Quantity(ask, of=match[1], wrt=match[2], about="jacobian")


def _shape(tape: Tape, quantity: Quantity) -> str:
    if quantity.about == "jacobian":
        return tape.vector(_jacobian(tape, quantity))
    return tape.vector(tape.program.shape(tape.check(quantity.of)))


def _entries(tape: Tape, quantity: Quantity) -> str:
    if quantity.about == "jacobian":
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
    return [Quantity("multiplications", of=of, wrt=w, mode=mode) for w in names(options.get("wrt", []))]


def _multiplications_phrase(text: str, mapping: Program) -> Quantity | None:
    match = re.fullmatch(r"(forward-mode|reverse-mode|vjp) multiplications for jacobian of (\w+) wrt (\w+)", text)
    return Quantity("multiplications", of=match[2], wrt=match[3], mode=match[1]) if match else None


def _multiplications(tape: Tape, quantity: Quantity) -> str:
    """Scalar multiplications of dense Jacobians along a chain, from its output or input; or of a VJP for every row."""
    chain = _chain(tape, tape.check(quantity.of), tape.check(quantity.wrt))
    sizes = [prod(tape.mapping.shape(n)) for n in chain]
    k, m = sizes[0], sizes[-1]
    reverse = sum(m * sizes[i + 1] * sizes[i] for i in range(len(sizes) - 2))
    forward = sum(sizes[i + 1] * sizes[i] * k for i in range(1, len(sizes) - 1))
    vjp = m * sum(_cost(tape.mapping, a, b) for a, b in zip(chain, chain[1:], strict=False))
    return tape.number(_one_of(quantity.mode, {"forward-mode": forward, "reverse-mode": reverse, "vjp": vjp}))


def _chain(tape: Tape, of: str, wrt: str) -> list[str]:
    """The named quantities from wrt to of, where there is one path only."""
    below = tape.mapping.descendants([wrt])
    chain = [of]
    while chain[-1] != wrt:
        found = sorted(n for n in direct(tape.mapping, chain[-1]) if n in below)
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
    Ask("shape", lambda o, m: _about("shape", o, m), lambda t, m: _about_phrase("shape", t), _shape, ("of", "wrt"),
        WHOLE),
    Ask("entries", lambda o, m: _about("entries", o, m), lambda t, m: _about_phrase("entries", t), _entries,
        ("of", "wrt"), WHOLE),
    Ask("parameters", _declare_parameters, _parameters_phrase, _parameters, ("wrt",), WHOLE),
    Ask("passes", _declare_passes, _passes_phrase, _passes, ("of", "wrt", "mode"), WHOLE),
    Ask("multiplications", _declare_multiplications, _multiplications_phrase, _multiplications, ("of", "wrt", "mode"),
        WHOLE),
    Ask("decision", _declare_decision, _decision_phrase, _decision, ("of",), WHOLE),
)  # fmt: skip
