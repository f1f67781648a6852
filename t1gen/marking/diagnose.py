"""Naming mistakes: which other rule of the table gives what a student wrote, from true or own earlier values."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from t1gen.mapping.evaluate import Values, evaluate
from t1gen.mapping.ops.fold import Array
from t1gen.mapping.rounding import half_unit, rounding, tolerances
from t1gen.marking.chart import Moving, Passed
from t1gen.marking.cohort import all_entries, any_entry
from t1gen.marking.follow import VISIBLE, Follower

EXACT, ROUNDED, CLOSE = 1.05, 1.2, 0.003
"""How near what is written must be to a mistake's value: in half units of the last digit, to the value itself and to
the one worked out with rounded intermediates; else within its own tolerance, and this share of 1 + its size: more might
be chance."""

SIMPLE, NEARLY, LARGE = 12, 0.005, 1e6
"""The largest whole number in a simple factor, how near a factor must be to it, and below what any factor is."""


@dataclass(frozen=True)
class Named:
    """A mistake that explains an answer: its rule, the step where it was made, and the values of the tape there."""

    rule: str
    at: str = ""
    values: Values | None = None
    column: int = 0
    factor: float | None = None


class Diagnoser:
    """Names the mistakes of a cohort's wrong answers."""

    def __init__(self, follower: Follower) -> None:
        self.follower, self.cohort, self.chart = follower, follower.cohort, follower.chart

    def named(self, item: int, members: list[int]) -> dict[int, list[Named]]:
        """For members whose answer to an item is wrong, the mistakes that give it, in the order of the table."""
        found: dict[int, list[Named]] = {}
        members = [m for m in members if self.follower.trusted[item][m]]
        for passed, own, group in self._patterns(item, members):
            self._between(item, passed, own, group, found)
        left = [m for m in members if m not in found]
        if left:
            self._anywhere(item, left, found)
        for m in members:
            if m not in found:
                found[m] = self._of_array(item, m)
        return {m: names for m, names in found.items() if names}

    def _patterns(self, item: int, members: list[int]) -> list[tuple[Passed, tuple[int, ...], list[int]]]:
        """Members with the same own answers to go on from: none of the wrong ones, or all of them."""
        groups: dict[tuple[Passed, tuple[int, ...]], list[int]] = {}
        for m in members:
            blank = frozenset(j for j in self.chart.above[item] if not self.follower.usable[j][m])
            for passed in dict.fromkeys((frozenset[int](), blank)):
                sources = self.chart.sources(self.chart.plain, item, passed)
                different = tuple(j for j in sources if self.follower.differs[j][m])
                for own in dict.fromkeys(((), different)):
                    groups.setdefault((passed, own), []).append(m)
        return [(passed, own, group) for (passed, own), group in groups.items()]

    def _between(self, item: int, passed: Passed, own: tuple[int, ...], group: list[int],
                 found: dict[int, list[Named]]) -> None:  # fmt: skip
        members = np.array(group)
        trial = self.follower.trial(self.chart.plain, item, passed, own, members)
        after = rounding(self.cohort.decimals)
        rounded = evaluate(self.chart.held(self.chart.plain, item, passed), trial.givens, after=after)
        sources = {self.chart.items[j].steps[-1] for j in self.chart.sources(self.chart.plain, item, passed)}
        for wrong in self.chart.wrongs(item, passed):
            exact = wrong.evaluate(trial.givens, trial.values)
            written = wrong.evaluate(trial.givens, rounded, after)
            seen = self._moves(item, wrong, exact[wrong.answer], trial.expected, trial.tolerance)
            for m, at in zip(group, self._matches(item, members, exact, written, wrong, sources) & seen, strict=True):
                if at:
                    _add(found, m, Named(wrong.mistake.rule, self._where(wrong), trial.values, group.index(m)))

    def _anywhere(self, item: int, group: list[int], found: dict[int, list[Named]]) -> None:
        """Mistakes anywhere above, which move no answer above that is right."""
        members = np.array(group)
        givens, after = self.cohort.givens(members), rounding(self.cohort.decimals)
        base = {n: self.follower.everyone(n, members) for n in self.follower.truth}
        rounded = evaluate(self.chart.everything, givens, after=after)
        right = base[self.chart.items[item].steps[-1]]
        for wrong in self.chart.wrongs(item, None):
            exact = wrong.evaluate(givens, base)
            written = wrong.evaluate(givens, rounded, after)
            seen = self._moves(item, wrong, exact[wrong.answer], right, self.cohort.tolerance[item][..., members])
            match = self._matches(item, members, exact, written, wrong, set()) & seen
            for j in self.chart.above[item] if match.any() else ():
                name = self.chart.items[j].steps[-1]
                if name in exact and name in wrong.moved:
                    apart = np.abs(exact[name] - base[name]) > VISIBLE * self.cohort.tolerance[j][..., members]
                    match &= ~(any_entry(apart) & self.cohort.whole[j][members])
            for at in np.flatnonzero(match):
                _add(found, group[at], Named(wrong.mistake.rule, self._where(wrong), base, int(at)))

    def _moves(self, item: int, wrong: Moving, value: Array, right: Array, tolerance: Array) -> Array:
        """Where a mistake moves the answer far enough to be told from rounding."""
        if wrong.answer != self.chart.items[item].steps[-1]:
            return np.ones(right.shape[-1], dtype=bool)
        return any_entry(np.abs(value - right) > VISIBLE * tolerance)

    def _matches(self, item: int, members: Array, exact: Values, written: Values, wrong: Moving,
                 sources: set[str]) -> Array:  # fmt: skip
        """Where what was written is what the mistake gives."""
        shape, half = wrong.program.shape(wrong.answer), half_unit(self.cohort.decimals)
        own, value = self.cohort.written(item, members, shape), exact[wrong.answer]
        off = np.abs(own - value)
        near = (off <= EXACT * half) | (np.abs(own - written[wrong.answer]) <= ROUNDED * half)
        most = np.where(np.isfinite(value), CLOSE * (1 + np.abs(value)), 0.0)
        perhaps = all_entries(near | (off <= most)) & ~all_entries(near)
        if perhaps.any():
            some = np.flatnonzero(perhaps)
            givens = {n: exact[n][..., some] if exact[n].shape[-1] > 1 else exact[n] for n in wrong.program.givens}
            allowed = tolerances(wrong.program, [wrong.answer], givens, self.cohort.decimals, sources)
            near[..., perhaps] |= off[..., perhaps] <= np.minimum(allowed[wrong.answer], most[..., perhaps])
        return all_entries(np.broadcast_to(near, own.shape))

    def _where(self, wrong: Moving) -> str:
        """The line in which the mistake was made: the first step told otherwise, or the line that this stands in."""
        told = (n for n in wrong.mistake.steps if n in wrong.program and wrong.program[n].op != "given")
        at = next(told, "")
        program = self.chart.issued.tapes[-1].program
        while at and program[at].unnamed:
            at = next((s.name for s in program if at in s.args), "")
        return at

    def _of_array(self, item: int, m: int) -> list[Named]:
        """What is wrong with a whole array: transposed, in the other layout, right up to one factor."""
        key, tolerance = self.cohort.key[item][..., m], self.cohort.tolerance[item][..., m]
        if key.ndim == 2:
            turned = self.cohort.written(item, np.array([m]), key.shape[::-1])[..., 0]
            if (np.abs(turned - key.T) <= tolerance.T).all():
                return [Named("transposed")]
        if not self.follower.usable[item][m]:
            return []
        own = self.cohort.own[item][..., m]
        if key.ndim >= 2 and (np.abs(own - key.reshape(key.shape[::-1]).T) <= tolerance).all():
            return [Named("other-layout")]
        return _factor(own, key, tolerance, half_unit(self.cohort.decimals))


def _add(found: dict[int, list[Named]], member: int, one: Named) -> None:
    names = found.setdefault(member, [])
    if one.rule not in (n.rule for n in names):
        names.append(one)


def _factor(own: Array, key: Array, tolerance: Array, half: float) -> list[Named]:
    """The one factor by which a whole array is off: any where three entries tell it, a simple one where two do."""
    big = np.abs(key) > tolerance
    if big.sum() < 2 or (np.abs(own[~big]) > tolerance[~big]).any():
        return []
    factor = float((own[big] / key[big])[np.argmax(np.abs(key[big]))])
    if not abs(factor) < LARGE:
        return []
    simple = float(Fraction(factor).limit_denominator(SIMPLE))
    if abs(simple - factor) <= NEARLY * abs(factor) and abs(simple) <= SIMPLE:
        factor = simple
    slack = tolerance * max(1.0, abs(factor)) + half
    alike = (np.abs(own - factor * key) <= slack).all() and abs(factor) > 0.05
    telling = (np.abs(own) > 4 * slack) & (np.abs(key) > 4 * slack)
    enough = len(np.unique(np.round(np.abs(key[telling]), 6))) >= 3 or (telling.sum() >= 2 and factor == simple)
    return [Named("factor", factor=factor)] if alike and enough else []
