"""The answers in numbers of many students to one problem, as arrays: one evaluation serves them all.

Arrays have the students as their last axis.
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from t1gen.answers.number import SLACK
from t1gen.mapping.evaluate import Values, evaluate
from t1gen.mapping.nested import flat, shape_of, squeezed
from t1gen.mapping.ops.fold import Array
from t1gen.mapping.program import Shape
from t1gen.marking.chart import Chart, Item
from t1gen.records import KeyAnswer, Problem

CLOSE = 1e-6


@dataclass(frozen=True)
class Member:
    """One student's answers to the problem: what was read of each question (None where nothing was)."""

    problem: Problem
    read: tuple[Any, ...]
    key: tuple[KeyAnswer, ...]


@dataclass
class Cohort:
    """Members with one chart; for every item, what each wrote, what is right and how far off is right too."""

    chart: Chart
    members: list[Member]
    decimals: int
    own: list[Array] = field(default_factory=list)
    key: list[Array] = field(default_factory=list)
    tolerance: list[Array] = field(default_factory=list)
    answered: list[Array] = field(default_factory=list)
    fits: list[Array] = field(default_factory=list)

    def __post_init__(self) -> None:
        for item in self.chart.items:
            told = [_cell(m.read[item.question], item) for m in self.members]
            answers = [m.key[item.question] for m in self.members]
            self.answered.append(np.array([v is not None for v in told]))
            self.fits.append(np.array([_fits(v, item.shape) for v in told]))
            nothing = np.full(item.shape, np.nan).tolist()
            fitting = [v if fits else nothing for v, fits in zip(told, self.fits[-1], strict=True)]
            self.own.append(_stacked(fitting, item.shape))
            self.key.append(_stacked([_cell(a.value, item) for a in answers], item.shape))
            self.tolerance.append(_stacked([_cell(a.tolerance, item) for a in answers], item.shape))
        self.right = [self.within(i, k, t) for i, (k, t) in enumerate(zip(self.key, self.tolerance, strict=True))]
        self.whole = [all_entries(r) & fits for r, fits in zip(self.right, self.fits, strict=True)]
        self.coarse = [self._coarse(i) for i in range(len(self.chart.items))]

    def within(self, item: int, expected: Array, tolerance: Array, some: Any = slice(None)) -> Array:
        """Entry by entry, whether what some of the members wrote is right."""
        return np.asarray(np.abs(self.own[item][..., some] - expected) <= tolerance * SLACK)

    def _coarse(self, item: int) -> Array:
        """Entries outside the tolerance that are right when rounded to one digit fewer than asked."""
        return self.rounded_coarsely(item, self.key[item]) & ~self.right[item]

    def rounded_coarsely(self, item: int, expected: Array, some: Any = slice(None)) -> Array:
        """Entries that are the expected ones rounded to one digit fewer than asked, or cut off at the asked one."""
        own, fine, coarse = self.own[item][..., some], 10.0**-self.decimals, 10.0 ** (1 - self.decimals)
        off = np.abs(own - expected)
        rounded = _multiple(own, coarse) & (off <= coarse / 2 * (1 + 1e-6)) & (self.decimals > 0)
        cut = _multiple(own, fine) & (off < fine * (1 - 1e-6)) & (np.abs(own) <= np.abs(expected))
        return np.asarray((rounded | cut) & (own != 0))

    def written(self, item: int, some: Array, shape: Shape) -> Array:
        """What some members wrote, in a shape that may be another than asked; nan where it has not this shape."""
        place = self.chart.items[item]
        if squeezed(shape) == squeezed(place.shape):
            return self.own[item][..., some].reshape((*shape, -1))
        told = [_cell(self.members[m].read[place.question], place) for m in some]
        nothing = np.full(shape, np.nan).tolist()
        return _stacked([v if _fits(v, shape) else nothing for v in told], shape)

    # the tape

    def givens(self, some: Array) -> Values:
        """The given values of some members."""
        return {n: a[..., some] for n, a in self._givens.items()}

    @cached_property
    def _givens(self) -> Values:
        names = self.members[0].problem.given
        return {n: _stacked([m.problem.given[n] for m in self.members], shape_of(names[n])) for n in names}

    def truth(self) -> Values:
        """Every value for every member, on the tape that mistakes are made on."""
        return evaluate(self.chart.everything, self._givens)

    def trusted(self, values: Values) -> list[Array]:
        """For every item, the members whose key says what the tape says; a key changed by hand stands for itself."""
        out = []
        for item, key in zip(self.chart.items, self.key, strict=True):
            same = np.abs(values[item.steps[-1]] - key) <= CLOSE * (1 + np.abs(key))
            out.append(all_entries(np.broadcast_to(same, key.shape)))
        return out


def _multiple(value: Array, unit: float) -> Array:
    return np.asarray(np.abs(value / unit - np.round(value / unit)) < CLOSE)


def all_entries(holds: Array) -> Array:
    """For each member, whether it holds for all entries."""
    return np.asarray(holds.reshape(-1, holds.shape[-1]).all(axis=0))


def any_entry(holds: Array) -> Array:
    """For each member, whether it holds for some entry."""
    return np.asarray(holds.reshape(-1, holds.shape[-1]).any(axis=0))


def _cell(value: Any, item: Item) -> Any:
    if item.cell is None or value is None:
        return value
    cell = value[item.cell[0]][item.cell[1]]
    return cell if isinstance(cell, (int, float)) else None


def _fits(value: Any, shape: Shape) -> bool:
    return value is not None and shape_of(value) == shape


def _stacked(values: list[Any], shape: Shape) -> Array:
    """Values of many members as one array, the members last."""
    array = np.array([flat(v) for v in values] if shape else values, dtype=float)
    return np.ascontiguousarray(array.reshape((len(values), *shape)).transpose((*range(1, len(shape) + 1), 0)))
