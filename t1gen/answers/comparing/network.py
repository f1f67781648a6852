"""A program as a graph of operations: its nodes, what they use and what uses them; copies are looked through."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from t1gen.answers.comparing.forms import FLAT
from t1gen.answers.comparing.points import alike
from t1gen.mapping.evaluate import Values
from t1gen.mapping.notation import text
from t1gen.mapping.ops.fold import Array
from t1gen.mapping.program import Program, Shape, Step

NO_STEP = ("given", "const", "copy")
LONGEST, MANY = 60, 200


@dataclass
class Network:
    """A program, its values at points, and a number for what each node computes (see Forms)."""

    program: Program
    values: Values
    forms: dict[str, int]

    def origin(self, name: str) -> str:
        while self.program[name].op == "copy":
            name = self.program[name].args[0]
        return name

    def args(self, name: str) -> list[str]:
        return [self.origin(a) for a in self.program[name].args]

    @property
    def operations(self) -> Iterator[Step]:
        return (s for s in self.program if s.op not in NO_STEP)

    @cached_property
    def users(self) -> dict[str, list[str]]:
        """For every node the operations that use it, each as often as it does."""
        out: dict[str, list[str]] = {s.name: [] for s in self.program}
        for step in self.operations:
            for arg in self.args(step.name):
                out[arg].append(step.name)
        return out

    @cached_property
    def steps(self) -> list[str]:
        """One node for each thing that is computed, without the inner sums of a sum and the inner products of one."""
        nodes: dict[int, list[str]] = {}
        for step in self.operations:
            nodes.setdefault(self.forms[step.name], []).append(step.name)
        return [same[0] for same in nodes.values() if not all(map(self.inner, same))]

    def inner(self, name: str) -> bool:
        op, users = self.program[name].op, self.users[name]
        return op in FLAT and len(users) == 1 and self.program[users[0]].op == op

    def terms(self, name: str, whole: Collection[str]) -> list[str]:
        """The arguments of a node, those of a nested sum or product its terms; what is in `whole` stays one term."""
        op, todo, out = self.program[name].op, self.args(name)[::-1], list[str]()
        while todo:
            arg = todo.pop()
            nested = op in FLAT and self.program[arg].op == op and arg not in whole
            if nested and len(out) + len(todo) < MANY:
                todo += self.args(arg)[::-1]
            else:
                out.append(arg)
        return out

    def weight(self, name: str, whole: Collection[str]) -> int:
        """How many operations a node is: a sum one fewer than its terms."""
        return max(1, len(self.terms(name, whole)) - 1) if self.program[name].op in FLAT else 1

    @cached_property
    def givens(self) -> dict[str, frozenset[str]]:
        """The givens that every node depends on."""
        out: dict[str, frozenset[str]] = {}
        for step in self.program:
            own = frozenset({step.name}) if step.op == "given" else frozenset()
            out[step.name] = own.union(*(out[a] for a in step.args))
        return out

    @cached_property
    def _stacks(self) -> dict[Shape, tuple[list[str], Array]]:
        """The operations of each shape, and their values in one array."""
        names: dict[Shape, list[str]] = {}
        for step in self.operations:
            names.setdefault(step.shape, []).append(step.name)
        return {s: (some, np.stack([self.values[n] for n in some])) for s, some in names.items()}

    def having(self, value: Array) -> list[str]:
        """The operations with this value."""
        names, stack = self._stacks.get(value.shape[:-1], ([], value[None]))
        return [n for n, same in zip(names, alike(stack, value), strict=False) if same]

    # in words

    def label(self, name: str) -> str:
        """The named quantity that a node is, or is a part of."""
        while self.program[name].unnamed and self.users[name]:
            name = self.users[name][0]
        return short(name)

    def shown(self, name: str) -> str:
        """A given by its name, an operation by what it does."""
        return short(name if self.program[name].op in NO_STEP else text(self.program, name))


def short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
