"""How a gradient goes back through an equation: the equation's derivative, what solves with it, what that gives."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from t1gen.asks import Tape
from t1gen.documents.blocks import Math
from t1gen.mapping.notation import latex_name
from t1gen.mapping.program import INTERNAL, Program, Step
from t1gen.solution.names import Names


@dataclass(frozen=True)
class Parts:
    """What a line is written with.

    `slope` is the equation's derivative, `solved` solves a system with it where that is a matrix; each is a step and
    what it is called.
    """

    slope: tuple[str, Math]
    solved: tuple[str, Math] | None
    labels: dict[str, Math]
    needs: tuple[str, ...]


@dataclass
class Implicit:
    """Names for the steps of the implicit gradients of a tape, none of them a name of the problem's."""

    tape: Tape
    called: Names
    labels: dict[str, Math] = field(default_factory=dict)

    def parts(self, step: Step) -> Parts | None:
        """None where a line goes through several equations, or one in another way."""
        program = self.tape.program
        names = list(_inside(program, step))
        found = {n: self._solution(n) for n in names if program[n].op == "iterate"}
        slopes = dict.fromkeys(n for n in names if program[n].op == "stop_gradient")
        systems = dict.fromkeys(n for n in names if _solves(program, program[n]))
        if len(slopes) != 1 or len(systems) > 1 or not all(found.values()):
            return None
        [slope], solved = slopes, next(iter(systems), "")
        if bool(program.shape(slope)) != bool(solved):
            return None
        named = [n for n in names if not program[n].unnamed and not INTERNAL.search(n)]
        needs = dict.fromkeys([*(n for n in named if program[n].op not in ("given", "const")), *found.values()])
        labels = {n: self.called(name) for n, name in found.items()}
        labels[slope] = self._label(slope, "H" if solved else "h")
        if solved:
            labels[solved] = self._label(solved, "g")
        return Parts((program[slope].args[0], labels[slope]), (solved, labels[solved]) if solved else None, labels,
                     tuple(needs))  # fmt: skip

    def is_formula(self, slope: str) -> bool:
        """Whether an equation's derivative is a number that a person would write out."""
        program = self.tape.program
        return not program.shape(slope) and not any(map(INTERNAL.search, _inside(program, program[slope])))

    def _solution(self, found: str) -> str:
        """The name of the mapping that is the value of an iteration; empty where it has none."""
        mapping = self.tape.mapping
        return next((n for n in mapping.named if found in mapping[n].args), "")

    def _label(self, name: str, letter: str) -> Math:
        if name not in self.labels:
            taken = {*self.tape.program.steps, *(m.plain for m in self.labels.values())}
            free = next(n for n in (letter, *(f"{letter}{k}" for k in range(1, 100))) if n not in taken)
            self.labels[name] = Math(latex_name(free), free)
        return self.labels[name]


def is_implicit(program: Program, step: Step) -> bool:
    """Whether a line is written over a solution's iterations or linearisation, which no person writes."""
    return any(program[n].op == "iterate" or _is_linearised(program, program[n]) for n in _inside(program, step))


def _inside(program: Program, step: Step) -> Iterator[str]:
    """The steps of a line down to named quantities, iterations and derivatives that are held constant."""
    todo = list(step.args)
    while todo:
        part = program[todo.pop()]
        yield part.name
        if part.op not in ("iterate", "stop_gradient") and (part.unnamed or INTERNAL.search(part.name)):
            todo += part.args


def _is_linearised(program: Program, step: Step) -> bool:
    """The inverse of a Jacobian that is held constant, or what divides by it, as implicit derivatives have it."""
    held = step.op in ("inv", "div") and program[step.args[-1]].op == "stop_gradient"
    return held and any(s.op == "iterate" for s in program)


def _solves(program: Program, step: Step) -> bool:
    """A vector times such an inverse, transposed."""
    if step.op != "matmul" or len(step.shape) != 1 or program[step.args[0]].op != "transpose":
        return False
    return _is_linearised(program, program[program[step.args[0]].args[0]])
