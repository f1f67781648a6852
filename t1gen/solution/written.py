"""Right-hand sides of lines: with names, and with numbers put in."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from t1gen.documents.blocks import Math
from t1gen.mapping.evaluate import Values
from t1gen.mapping.notation import (
    ATOM,
    FRACTION,
    POSTFIX,
    PRODUCT,
    Latex,
    Writer,
    as_sum,
    latex_call,
    parenthesised,
    stopper,
)
from t1gen.mapping.program import INTERNAL, Program, Step
from t1gen.markdown import value_math
from t1gen.wording import in_latex

ENTRIES = 9
"""The most entries of an array that is put into a line."""

GIVEN = 6
"""The most decimals of a given, as sheets print it."""

Labels = Mapping[str, Math]
"""Names for steps without one, where a line stops."""


def shown(value: object, decimals: int, language: str) -> Math:
    """A number or an array as sheets print it."""
    return value_math(value, decimals, language)


def stops(program: Program, labels: Collection[str]) -> Callable[[str], bool]:
    usual = stopper(program, None)
    return lambda name: name in labels or (usual(name) and not INTERNAL.search(name))


def rule(program: Program, name: str, called: Callable[[str], Math], labels: Labels) -> Math:
    """A line with its names."""

    def show(leaf: str) -> Math:
        return labels[leaf] if leaf in labels else called(leaf)

    stop, step = stops(program, labels), program[name]
    latex = Latex(program, stop, lambda n: show(n).latex).right(step)[0]
    return Math(latex, Text(program, stop, lambda n: show(n).plain).right(step)[0])


@dataclass(frozen=True)
class Text(Writer):
    """The plain line with other words for its names."""

    show: Callable[[str], str]

    def leaf(self, name: str) -> tuple[str, int]:
        if not self.stop(name) or self.program[name].op == "const":
            return super().leaf(name)
        text = self.show(name)
        return text, 5 if text.startswith("-") else ATOM

    def _sum_to(self, step: Step, args: list[tuple[str, int]]) -> tuple[str, int]:
        return self.call(as_sum(self.program, step), [args[0][0]])


def fits(program: Program, name: str, labels: Collection[str]) -> bool:
    """Whether a line has names, and numbers that are few enough to be put in for them."""
    names = _leaves(program, program[name], stops(program, labels))
    return bool(names) and all(_size(program, n) <= ENTRIES for n in names)


def _size(program: Program, name: str) -> int:
    size = 1
    for n in program.shape(name):
        size *= n
    return size


def _leaves(program: Program, step: Step, stop: Callable[[str], bool]) -> set[str]:
    out, todo = set[str](), list(step.args)
    while todo:
        name = todo.pop()
        if stop(name):
            out.add(name)
        else:
            todo += program[name].args
    return out


@dataclass(frozen=True)
class Put:
    """How numbers are put into a program's lines: of these values, rounded so, in this language."""

    program: Program
    values: Values
    decimals: int
    language: str

    def of(self, name: str) -> Math:
        return shown(self.entries(name), self.digits(name), self.language)

    def digits(self, name: str) -> int:
        """A given keeps its own digits."""
        return GIVEN if self.program[name].op == "given" else self.decimals

    def entries(self, name: str) -> Any:
        return self.values[name][..., 0].tolist()

    def into(self, name: str, labels: Collection[str]) -> Math:
        """A line with numbers for its names, and for the steps that have labels."""
        stop, step = stops(self.program, labels), self.program[name]
        latex = Numbers(self.program, stop, lambda n: self.of(n).latex, self).right(step)[0]
        return Math(in_latex(latex, self.language), Text(self.program, stop, lambda n: self.of(n).plain).right(step)[0])


@dataclass(frozen=True)
class Numbers(Latex):
    """A line of numbers: in products of matrices a vector stands as a row or a column, as it is used there."""

    put: Put | None = None

    def _matmul(self, step: Step, args: list[tuple[str, int]]) -> tuple[str, int]:
        left, right = step.args
        ranks = tuple(len(self.program.shape(a)) for a in step.args)
        if ranks == (1, 1) and self._is_leaf(left) and self._is_leaf(right):
            pairs = zip(self._factors(left), self._factors(right), strict=True)
            return " + ".join(rf"{a} \cdot {b}" for a, b in pairs), 3
        if not (self._stands(left) and self._stands(right)):
            return super()._matmul(step, args)
        return rf"{self._array(left, row=True)}\,{self._array(right)}", PRODUCT

    def _column(self, step: Step) -> tuple[str, int]:
        vector, matrix = step.args
        if not (self._is_leaf(vector) and self._stands(matrix)):
            return super()._column(step)
        return rf"{self._array(matrix, turned=True)}\,{self._array(vector)}", PRODUCT

    def _outer(self, step: Step, args: list[tuple[str, int]]) -> tuple[str, int]:
        left, right = step.args
        if not (self._is_leaf(left) and self._is_leaf(right)):
            return rf"{parenthesised(args[0], FRACTION)}\,{parenthesised(args[1], POSTFIX)}^{{\top}}", PRODUCT
        return rf"{self._array(left)}\,{self._array(right, row=True)}", PRODUCT

    def _norm(self, step: Step, args: list[tuple[str, int]]) -> tuple[str, int]:
        """Bars that do not grow: typst would show a list of numbers between growing ones in braces."""
        called = latex_call(step, [args[0][0]])
        return (rf"\lVert {args[0][0]} \rVert" if called.startswith(r"\left\lVert") else called), ATOM

    def _is_leaf(self, name: str) -> bool:
        return self.stop(name) or self.program[name].op == "const"

    def _stands(self, name: str) -> bool:
        step = self.program[name]
        return self._is_leaf(name) or (step.op == "transpose" and len(step.shape) == 2 and self._is_leaf(step.args[0]))

    def _array(self, name: str, row: bool = False, turned: bool = False) -> str:
        """A matrix, `turned` or as it is in the line; a vector as a `row` or a column."""
        assert self.put is not None
        source = name if self._is_leaf(name) else self.program[name].args[0]
        value = self.put.entries(source)
        rows = value if len(self.program.shape(source)) == 2 else [value] if row else [[v] for v in value]
        if turned != (source != name):
            rows = [list(column) for column in zip(*rows, strict=True)]
        return shown(rows, self.put.digits(source), self.put.language).latex

    def _factors(self, name: str) -> list[str]:
        """The entries of a vector as factors: those below zero in parentheses."""
        assert self.put is not None
        numbers = [shown(v, self.put.digits(name), self.put.language).latex for v in self.put.entries(name)]
        return [rf"\left({n}\right)" if n.startswith("-") else n for n in numbers]
