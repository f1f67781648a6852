"""Other rules on the tape: what students do instead, each one entry.

A rule gives, for a tape, the ways in which it can be applied: each a set of overrides at one place.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from t1gen.asks.tape import Tape
from t1gen.mapping.evaluate import Override
from t1gen.mapping.program import Program, Step
from t1gen.mapping.sweep import Edge


@dataclass(frozen=True)
class Misconception:
    """`name` is its key in templates/text/<language>/; `places(tape, program)` yields where and how it applies."""

    name: str
    places: Callable[[Tape, Program], Iterator[tuple[str, Override]]]


def _edges(tape: Tape, program: Program) -> Iterator[Edge]:
    """Edges whose result is a step of the program of its own."""
    for sweep in tape.sweeps.values():
        for edge in sweep.edges:
            if edge.result in program and program[edge.result].role == "edge":
                yield edge


def _instead(program: Program, name: str, other: str) -> Override | None:
    """`name` is given the value of `other`, filled to its shape; None where the shapes do not allow it."""
    step, shape = program[name], program.shape(other)
    if shape == step.shape:
        return Override(name, rule=Step(name, "copy", (other,), (), step.shape))
    if shape == ():
        return Override(name, rule=Step(name, "broadcast_to", (other,), (("shape", step.shape),), step.shape))
    return None


def upstream_forgotten(tape: Tape, program: Program) -> Iterator[tuple[str, Override]]:
    """The local derivative alone, without what came back from above."""
    for edge in _edges(tape, program):
        if edge.local in program and tape.program[edge.cotangent].op != "const":
            override = _instead(program, edge.result, edge.local)
            if override:
                yield edge.result, override


def local_forgotten(tape: Tape, program: Program) -> Iterator[tuple[str, Override]]:
    """What came back from above, not multiplied by the local derivative."""
    for edge in _edges(tape, program):
        local = tape.program[edge.local] if edge.local else None
        if local is not None and not (local.op == "const" and local.name in ("1", "-1")):
            override = _instead(program, edge.result, edge.cotangent) if edge.cotangent in program else None
            if override:
                yield edge.result, override


def fan_out_overwritten(tape: Tape, program: Program) -> Iterator[tuple[str, Override]]:
    """One path's gradient alone where several should be added."""
    for sweep in tape.sweeps.values():
        for quantity, edges in sweep.sums.items():
            total = sweep.adjoints[quantity]
            for edge in (edges[0], edges[-1]):
                override = _instead(program, total, edge) if total in program and edge in program else None
                if override:
                    yield total, override


def sign_lost(tape: Tape, program: Program) -> Iterator[tuple[str, Override]]:
    """A minus sign dropped: of a negation, or of what a difference subtracts."""
    for step in program:
        if step.op == "neg" and step.role in ("value", "edge"):
            yield step.name, Override(step.name, rule=replace(step, op="copy"))
        elif step.op == "sub" and step.role == "value" and step.name not in {u[0] for u in tape.updates}:
            yield step.name, Override(step.name, rule=replace(step, op="add"))


def ascent(tape: Tape, program: Program) -> Iterator[tuple[str, Override]]:
    """The step taken uphill."""
    for new, *_ in tape.updates:
        if new in program:
            other = "add" if program[new].op == "sub" else "sub"
            yield new, Override(new, rule=replace(program[new], op=other))


def rate_forgotten(tape: Tape, program: Program) -> Iterator[tuple[str, Override]]:
    """The whole gradient taken as the step."""
    for new, _, change, gradient in tape.updates:
        if new in program:
            override = _instead(program, change, gradient)
            if override:
                yield new, override


MISCONCEPTIONS = tuple(
    Misconception(rule.__name__.replace("_", "-"), rule)
    for rule in (upstream_forgotten, local_forgotten, fan_out_overwritten, sign_lost, ascent, rate_forgotten)
)
