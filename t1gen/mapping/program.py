"""Straight-line programs: steps of one operation each (a Wengert list), their order and their structure."""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from t1gen.errors import LanguageError

Shape = tuple[int, ...]
Statics = tuple[tuple[str, Any], ...]

ROUNDED = frozenset({"value", "local", "edge", "sum"})
"""Roles of the steps whose value a student writes down, and rounds."""


INTERNAL = re.compile(r"_d_(?:\d|at)|d_\d+_d")
"""Names of adjoints of unnamed quantities, which a derivative computes on its way; no mapping may use such a name."""


@dataclass(frozen=True)
class Step:
    """`name = op(args, statics)` of a known shape.

    `role` says what the step is to a reader: given, const, value (of the mapping, named or not), local (a local
    derivative), edge (the adjoint that one use of a quantity sends back), sum (of edges), inner (inside an edge).
    """

    name: str
    op: str
    args: tuple[str, ...] = ()
    statics: Statics = ()
    shape: Shape = ()
    role: str = "value"

    @property
    def unnamed(self) -> bool:
        return self.name.startswith("_")

    def static(self, name: str) -> Any:
        return dict(self.statics)[name]


@dataclass
class Program:
    """Steps by name, in an order in which each comes after its arguments."""

    steps: dict[str, Step] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Step:
        return self.steps[name]

    def __contains__(self, name: str) -> bool:
        return name in self.steps

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps.values())

    def copy(self) -> "Program":
        return Program(dict(self.steps))

    def shape(self, name: str) -> Shape:
        return self.steps[name].shape

    def add(self, step: Step) -> str:
        self.steps[step.name] = step
        return step.name

    def rename(self, old: str, name: str, role: str) -> str:
        """Give a step that nothing uses yet another name and role."""
        return self.add(replace(self.steps.pop(old), name=name, role=role))

    def fresh(self, base: str = "_") -> str:
        """A name not taken yet: `base`, or with the first free number behind it (always where it ends in `_`)."""
        if not base.endswith("_") and base not in self.steps:
            return base
        n = 1
        while f"{base}{n}" in self.steps:
            n += 1
        return f"{base}{n}"

    @property
    def givens(self) -> dict[str, Shape]:
        return {s.name: s.shape for s in self if s.op == "given"}

    @property
    def output(self) -> str:
        """The last name assigned in the mapping; raises LanguageError where there is none."""
        if not self.named:
            raise LanguageError("there is no mapping, so it has no output")
        return self.named[-1]

    @property
    def named(self) -> list[str]:
        """The names that the mapping assigns, in order."""
        return [s.name for s in self if s.role == "value" and not s.unnamed]

    def ancestors(self, names: Iterable[str]) -> set[str]:
        """`names` and everything they depend on."""
        seen, todo = set(), list(names)
        while todo:
            name = todo.pop()
            if name not in seen:
                seen.add(name)
                todo.extend(self.steps[name].args)
        return seen

    def descendants(self, names: Iterable[str]) -> set[str]:
        """`names` and everything that depends on them."""
        seen = set(names)
        for step in self:
            if seen.intersection(step.args):
                seen.add(step.name)
        return seen

    def pruned(self, keep: Iterable[str]) -> "Program":
        """Only what `keep` depends on, in the same order."""
        wanted = self.ancestors(keep)
        return Program({n: s for n, s in self.steps.items() if n in wanted})

    def uses(self, name: str) -> int:
        """How often a later step takes `name` as an argument."""
        return sum(step.args.count(name) for step in self)

    def structure(self) -> str:
        """A hash of operations, edges, shapes and statics; names and the values of literals do not count."""
        numbers: dict[str, int] = {}
        lines = []
        for step in self:
            numbers[step.name] = len(numbers)
            statics = () if step.op == "const" else step.statics
            lines.append(repr((step.op, [numbers[a] for a in step.args], statics, step.shape)))
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def number_text(value: Fraction) -> str:
    """A rational as a literal of the language: a decimal where it ends within 12 digits, else a quotient."""
    if value.denominator == 1:
        return str(value.numerator)
    scaled = value * 10**12
    if scaled.denominator == 1:
        sign, digits = "-" if value < 0 else "", str(abs(scaled.numerator)).rjust(13, "0")
        return f"{sign}{digits[:-12]}.{digits[-12:].rstrip('0')}"
    return f"{value.numerator}/{value.denominator}"
