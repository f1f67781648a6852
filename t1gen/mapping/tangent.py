"""Forward mode: tangent steps appended to a program, from the same rules as the backward pass.

A VJP rule is linear in its cotangent v; its transpose, which turns a tangent of the parent into one of the result, is
the backward pass of the rule itself with respect to v. So no operation states a JVP of its own.
"""

from collections.abc import Iterable

from t1gen.errors import LanguageError
from t1gen.mapping.ops import OPS
from t1gen.mapping.program import Program, Step
from t1gen.mapping.reader import Writer
from t1gen.mapping.sweep import backward, rules, send_back


def forward(program: Program, output: str, moving: dict[str, str]) -> str:
    """Append the tangent of `output` for tangents of some quantities; gives its name, empty where it is zero.

    `moving` has the tangents by quantity, and those that are appended are put there; of named quantities they are
    called `t_z`.
    """
    reached = program.ancestors([output])
    for step in [s for s in program if s.name in reached and s.name not in moving and s.op in OPS]:
        parts = [_through(program, step, k, moving[a]) for k, a in enumerate(step.args) if a in moving]
        found = [p for p in parts if p]
        if found:
            moving[step.name] = _total(program, found, "_" if step.unnamed else f"t_{step.name}")
    return moving.get(output, "")


def _total(program: Program, parts: list[str], name: str) -> str:
    """The sum of what the arguments' tangents add."""
    writer = Writer(program, role="sum")
    total = parts[0]
    for part in parts[1:]:
        total = writer.emit("add", (total, part))
    if name == "_":
        return total
    name = program.fresh(name)
    last = next(reversed(program.steps)) == total and program[total].role not in ("given", "const", "value")
    return program.rename(total, name, "sum") if last else writer.emit("copy", (total,), name=name)


def _through(program: Program, step: Step, position: int, tangent: str) -> str:
    """What one argument's tangent adds to the result's; empty where its gradient is zero."""
    text = rules(program, step, 0)[position]
    if text is None:
        return ""
    scratch = held(program, (*step.args, step.name, tangent))
    seed = scratch.add(Step(scratch.fresh("_v_"), "given", shape=step.shape))
    edge = send_back(scratch, step, position, seed, text, "")
    adjoint = backward(scratch, edge.result, tangent).adjoints.get(seed, "")
    if adjoint and seed in scratch.ancestors([adjoint]):
        raise LanguageError(f"{step.op} is told by what it sends back alone; a jvp through it has no meaning")
    take_over(program, scratch, adjoint)
    return adjoint


def held(program: Program, names: Iterable[str]) -> Program:
    """A copy in which these quantities are givens, so that nothing goes back beyond them."""
    scratch = program.copy()
    for name in names:
        step = scratch[name]
        if step.op != "const":
            scratch.add(Step(name, "given", shape=step.shape, role="given"))
    return scratch


def take_over(program: Program, scratch: Program, name: str) -> None:
    """Bring a quantity of a copy, and what it needs, into the program."""
    needed = scratch.ancestors([name]) if name else set()
    for made in scratch:
        if made.name in needed and made.name not in program:
            program.add(made)
