"""What the nodes of a graph compute, as numbers: equal ones for equal expressions."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from t1gen.mapping.program import Program, Step

FLAT = frozenset({"add", "mul"})
COMMUTATIVE = frozenset({"maximum", "minimum", "equal", "not_equal"})


def unordered(program: Program, step: Step) -> bool:
    """Whether the arguments of a step may change places: sums, products, inner products."""
    if step.op == "matmul":
        return all(len(program.shape(a)) == 1 for a in step.args)
    return step.op in FLAT or step.op in COMMUTATIVE


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
        return self.number(step.op, step.statics, *(sorted(args) if unordered(program, step) else args))

    def _terms(self, op: str, args: list[int]) -> Counter[int]:
        """The terms of nested sums (or factors of nested products) with their counts."""
        terms: Counter[int] = Counter()
        for arg in args:
            terms.update(dict(self.parts[arg][1]) if self.parts[arg][0] == op else {arg: 1})
        return terms
