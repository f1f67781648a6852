"""Forward mode: tangent steps appended to a program, from the same rules as the backward pass.

A VJP rule is linear in its cotangent v; its transpose, which turns a tangent of the parent into one of the result, is
the backward pass of the rule itself with respect to v. So no operation states a JVP of its own.
"""

from collections.abc import Iterable

from t1gen.errors import LanguageError
from t1gen.mapping.ops import OPS
from t1gen.mapping.program import Program, Step
from t1gen.mapping.reader import Writer
from t1gen.mapping.sweep import Edge, backward, rules, send_back


def forward(program: Program, output: str, moving: dict[str, str], passes: list[Edge] | None = None) -> str:
    """Append the tangent of `output` for tangents of some quantities; gives its name, empty where it is zero.

    `moving` has the tangents by quantity, and those that are appended are put there; of named quantities they are
    called `t_z`. `passes` collects what each argument adds: from its tangent (`cotangent`) to `result`.
    """
    reached = program.ancestors([output])
    for step in [s for s in program if s.name in reached and s.name not in moving and s.op in OPS]:
        parts = [_through(program, step, k, moving[a]) for k, a in enumerate(step.args) if a in moving]
        found = [p for p in parts if p]
        if not found:
            continue
        total = _total(program, found, "_" if step.unnamed else f"t_{step.name}", set(moving.values()))
        if passes is not None:
            through = zip((k for k, a in enumerate(step.args) if a in moving), parts, strict=True)
            ends = ((k, total if len(found) == 1 else p) for k, p in through if p)
            passes += [Edge(step.name, step.args[k], k, moving[step.args[k]], "", end) for k, end in ends]
        moving[step.name] = total
    return moving.get(output, "")


def _total(program: Program, parts: list[str], name: str, taken: set[str]) -> str:
    """The sum of what the arguments' tangents add, under a name; what is `taken` keeps its own."""
    writer = Writer(program, role="sum")
    total = parts[0]
    for part in parts[1:]:
        total = writer.emit("add", (total, part))
    if name == "_":
        return total
    name = program.fresh(name)
    own = total not in taken and program[total].role not in ("given", "const", "value")
    last = next(reversed(program.steps)) == total
    return program.rename(total, name, "sum") if own and last else writer.emit("copy", (total,), name=name)


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
            scratch.add(given(step))
    return scratch


def given(step: Step) -> Step:
    """A step of the same name and shape whose value is given."""
    return Step(step.name, "given", shape=step.shape, role="given")


def take_over(program: Program, scratch: Program, name: str) -> None:
    """Bring a quantity of a copy, and what it needs, into the program."""
    needed = scratch.ancestors([name]) if name else set()
    for made in scratch:
        if made.name in needed and made.name not in program:
            program.add(made)
