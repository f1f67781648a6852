"""Comparisons in the mapping language that a bank states of an instance: what is required, when an option is right."""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from t1gen.errors import BankError, LanguageError
from t1gen.mapping.evaluate import evaluate
from t1gen.mapping.ops.fold import Array
from t1gen.mapping.program import Program
from t1gen.mapping.reader import COMPARE, Writer
from t1gen.mapping.syntax import parse

TESTS = {"less": np.less, "less_equal": np.less_equal, "greater": np.greater, "greater_equal": np.greater_equal,
         "equal": np.equal, "not_equal": np.not_equal}  # fmt: skip


def eight(x: Array) -> Array:
    """Rounded to 8 significant digits, so that every machine decides alike."""
    with np.errstate(all="ignore"):
        scale = 10.0 ** (7 - np.floor(np.log10(np.where(x == 0, 1.0, np.abs(x)))))
        return np.where(np.isfinite(x), np.round(x * scale) / scale, x)


@dataclass(frozen=True)
class Conditions:
    """The mapping with both sides of every comparison: (text, left, test, right)."""

    program: Program
    rows: tuple[tuple[str, str, str, str], ...]

    def holds(self, givens: Mapping[str, Array]) -> list[tuple[str, Array]]:
        """For every comparison its text, and in which instances it holds."""
        if not self.rows:
            return []
        values = evaluate(self.program, givens)
        return [(text, _all(TESTS[test](eight(values[left]), eight(values[right]))))
                for text, left, test, right in self.rows]  # fmt: skip


def _all(holds: Array) -> Array:
    return np.asarray(holds.reshape(-1, holds.shape[-1]).all(axis=0))


def read_conditions(mapping: Program, texts: Sequence[str], word: str, where: str) -> Conditions:
    """Comparisons over a mapping; `word` is the field of the bank that has them, for errors."""
    program, rows = mapping.copy(), []
    for text in texts:
        tree = parse(str(text), "eval").body
        if not (isinstance(tree, ast.Compare) and len(tree.ops) == 1 and type(tree.ops[0]) in COMPARE):
            raise BankError(f"{word} '{text}' is not one comparison", where=where)
        writer = Writer(program, text=str(text), role="inner")
        try:
            sides = writer.value(tree.left), writer.value(tree.comparators[0])
        except LanguageError as error:
            raise error.inside(f"{where}: {word} '{text}'") from None
        rows.append((str(text), sides[0], COMPARE[type(tree.ops[0])], sides[1]))
    return Conditions(program, tuple(rows))
