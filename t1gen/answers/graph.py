"""graph: a computational graph as a straight-line program, compared by structure."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from t1gen.answers.record import Kind, Unreadable, Verdict
from t1gen.asks.graph import drawn
from t1gen.errors import LanguageError
from t1gen.mapping.program import Program, Step
from t1gen.mapping.reader import read as read_program

FLAT = frozenset({"add", "mul"})
COMMUTATIVE = frozenset({"maximum", "minimum", "equal", "not_equal"})


@dataclass
class Forms:
    """A number for each expression, equal for equal ones, so that what is shared is never written out twice.

    Order, nesting of + and * and names do not matter: a sum is its terms and how often each is in it.
    """

    numbers: dict[tuple[Any, ...], int] = field(default_factory=dict)
    parts: list[tuple[Any, ...]] = field(default_factory=list)

    def number(self, *form: Any) -> int:
        if form not in self.numbers:
            self.numbers[form] = len(self.parts)
            self.parts.append(form)
        return self.numbers[form]

    def of(self, program: Program) -> dict[str, int]:
        """What each step computes."""
        out: dict[str, int] = {}
        for step in program:
            out[step.name] = self._step(program, step, [out[a] for a in step.args])
        return out

    def _step(self, program: Program, step: Step, args: list[int]) -> int:
        if step.op == "copy":
            return args[0]
        if step.op == "given":
            return self.number("given", step.name)
        if step.op == "const":
            return self.number("const", step.static("value"))
        if step.op in FLAT:
            return self.number(step.op, tuple(sorted(self._terms(step.op, args).items())))
        inner_product = step.op == "matmul" and all(len(program.shape(a)) == 1 for a in step.args)
        return self.number(step.op, step.statics, *(sorted(args) if step.op in COMMUTATIVE or inner_product else args))

    def _terms(self, op: str, args: list[int]) -> Counter[int]:
        """The terms of nested sums (or factors of nested products) with their counts."""
        terms: Counter[int] = Counter()
        for arg in args:
            terms.update(dict(self.parts[arg][1]) if self.parts[arg][0] == op else {arg: 1})
        return terms


def read(given: Any, question: Any) -> str:
    if not isinstance(given, str):
        raise Unreadable("a graph is wanted, as the lines of a program, such as z = w @ x")
    return given


def compare(value: str, question: Any, answer: Any, reference: Program) -> Verdict:
    """Same expression, and every named value that the mapping uses several times computed by one node."""
    try:
        program = read_program(value, reference.givens)
    except LanguageError as error:
        raise Unreadable(error.message) from None
    reference = drawn(reference, question.of)
    forms = Forms()
    mine, right = forms.of(program), forms.of(reference)
    outputs = [n for n in program.named if program.uses(n) == 0]
    if right[reference.output] not in (mine[n] for n in outputs):
        return Verdict("wrong", f"the graph does not compute {reference.output}")
    if len(outputs) > 1:
        return Verdict("wrong", f"{', '.join(outputs)}: only one of these should be an output")
    for name in reference.named:
        if _uses(reference, right, name) > 1 and not _shared(program, mine, right[name], _uses(reference, right, name)):
            return Verdict("wrong", f"{name} is used {reference.uses(name)} times and should be one node")
    return Verdict("correct")


def _uses(program: Program, found: dict[str, int], name: str) -> int:
    """How many arguments of real operations are this very node (copies looked through)."""
    same = {name} | {s.name for s in program if s.op == "copy" and _origin(program, s.name) == name}
    return sum(Counter(s.args)[n] for s in program if s.op != "copy" for n in same)


def _origin(program: Program, name: str) -> str:
    while program[name].op == "copy":
        name = program[name].args[0]
    return name


def _shared(program: Program, mine: dict[str, int], form: int, uses: int) -> bool:
    nodes = [s.name for s in program if mine[s.name] == form and s.op != "copy"]
    return len(nodes) == 1 and _uses(program, mine, nodes[0]) == uses


KIND = Kind("graph", read, compare)
