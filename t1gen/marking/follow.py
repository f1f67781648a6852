"""Follow-through: what is right given a student's own earlier answers.

The sources of an answer are held at what the student wrote, and the tape goes on from there.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from t1gen.mapping.evaluate import Values, evaluate
from t1gen.mapping.ops.fold import Array
from t1gen.mapping.rounding import UNITS, half_unit, tolerances, widest
from t1gen.marking.chart import Passed
from t1gen.marking.cohort import Cohort, all_entries, any_entry

MOST, FAR, VISIBLE, EQUAL, WIDER, TINY, OFF = 16, 1000.0, 2.0, 1e-7, 10.0, 4.0, 3.0
"""Subsets of own answers that are tried; how many times the reference is impossible; how many tolerances a mistake must
move an answer to be seen; how near two values are the same; how many true tolerances one from own values may be,
below how many of its own a value is as good as 0, and how many times the true value (and 1) no slip is."""

NUDGE, JUMP, SIDE = 1e-7, 1000.0, 0.005
"""A step to either side of a kink; how many steps a value must move there to jump; the tolerance beside a jump, as a
share of the value."""

BOUNDED = {"sigmoid": (0.0, 1.0), "softmax": (0.0, 1.0), "exp": (0.0, np.inf)}
"""Operations whose values have bounds: probabilities, and what is positive."""

EASIER, IMPOSSIBLE, HUGE = "easier", "impossible", "huge"


@dataclass
class Trial:
    """An answer worked out from own earlier answers of some members: what it should be, and how far off is right."""

    tape: int
    item: int
    passed: Passed
    own: tuple[int, ...]
    members: Array
    givens: Values
    values: Values
    expected: Array
    tolerance: Array


@dataclass(frozen=True)
class Followed:
    """What one member's answer is worth by follow-through; `refused` says why a person must decide."""

    own: tuple[int, ...]
    expected: Array
    right: Array
    coarse: Array
    refused: str = ""


class Follower:
    """Follow-through of a cohort."""

    def __init__(self, cohort: Cohort, truth: Values, trusted: list[Array]) -> None:
        self.cohort, self.chart, self.truth, self.trusted = cohort, cohort.chart, truth, trusted
        self.usable = cohort.fits
        self.earned: set[tuple[int, int]] = set()
        self.differs = [u & ~(w & t) for u, w, t in zip(self.usable, cohort.whole, trusted, strict=True)]

    def followed(self, item: int, members: list[int]) -> dict[int, Followed]:
        """For members whose answer to an item is wrong: the best that follow-through finds."""
        found: dict[int, Followed] = {}
        wrong = [m for m in members if self.usable[item][m] and self.trusted[item][m]]
        for tape in range(self.chart.plain):
            left = [m for m in wrong if m not in found or not found[m].right.all()]
            for group, passed, own in self.patterns(tape, item, left):
                self._try(tape, item, passed, own, group, found)
        self.earned |= {(item, m) for m, one in found.items() if one.right.all() and not one.refused}
        return found

    def patterns(self, tape: int, item: int, members: list[int]) -> Iterator[tuple[Array, Passed, tuple[int, ...]]]:
        """Members with one pattern of wrong and missing sources, and every set of own answers to be put in.

        A source that is blank may be looked through, and one that was rounded to nothing: its logarithm is known still.
        """
        groups: dict[tuple[tuple[int, ...], Passed], list[int]] = defaultdict(list)
        above = self.chart.above[item]
        for m in members:
            blank = frozenset(j for j in above if not self.usable[j][m])
            nothing = frozenset(j for j in above if self.differs[j][m] and (self.cohort.own[j][..., m] == 0).any())
            for passed in dict.fromkeys((frozenset[int](), blank, blank | nothing)):
                sources = self.chart.sources(tape, item, passed)
                groups[tuple(j for j in sources if self.differs[j][m]), passed].append(m)
        for (different, passed), group in groups.items():
            sets = [s for n in range(1, len(different) + 1) for s in combinations(different, n)]
            for own in sets[:MOST - 1] + [different] * (len(sets) >= MOST):
                yield np.array(group), passed, own

    def trial(self, tape: int, item: int, passed: Passed, own: tuple[int, ...], members: Array) -> Trial:
        """Work an item out from own answers (all that are right, and those in `own`), else from the true ones."""
        trial = self._worked(tape, item, passed, own, members, np.zeros(len(members), dtype=bool))
        lost = ~all_entries(np.isfinite(trial.expected))
        return self._worked(tape, item, passed, own, members, lost) if lost.any() else trial

    def _worked(self, tape: int, item: int, passed: Passed, own: tuple[int, ...], members: Array,
                lost: Array) -> Trial:  # fmt: skip
        """A trial; where the written values are `lost`, a probability of 0.000 has no log, so that right answers count
        as they are and a written 0 as nearly 0."""
        steps, decimals = [x.steps[tape] for x in self.chart.items], self.cohort.decimals
        givens, sources = self.cohort.givens(members), self.chart.sources(tape, item, passed)
        for j in sorted(sources, key=lambda j: j in own):
            use = self.usable[j][members] & ((self.cohort.whole[j][members] & ~lost) | (j in own))
            written = self.cohort.own[j][..., members]
            written = np.where(lost & (written == 0), NUDGE, written)
            givens[steps[j]] = np.where(use, written, givens.get(steps[j], self._true(j, members)))
        program = self.chart.held(tape, item, passed)
        values = evaluate(program, givens)
        expected = np.broadcast_to(values[steps[item]], (*self.chart.items[item].shape, len(members)))
        allowed = tolerances(program, [steps[item]], givens, decimals, {steps[j] for j in sources})[steps[item]]
        most = np.maximum(widest(expected, decimals), WIDER * self.cohort.tolerance[item][..., members])
        allowed = np.fmin(allowed, most)
        return Trial(tape, item, passed, own, members, givens, values, expected, allowed)

    def _true(self, item: int, members: Array) -> Array:
        return self.everyone(self.chart.items[item].steps[-1], members)

    def _try(self, tape: int, item: int, passed: Passed, own: tuple[int, ...], members: Array,
             found: dict[int, Followed]) -> None:  # fmt: skip
        if tape:
            members = members[self._consistent(tape, item, passed, own, members)]
        if not len(members):
            return
        trial = self.trial(tape, item, passed, own, members)
        right = self._right(trial)
        coarse = self.cohort.rounded_coarsely(item, trial.expected, members) & ~right
        before = _halves(self.cohort.right[item][..., members], self.cohort.coarse[item][..., members])
        count = _halves(right, coarse)
        known = all_entries(np.isfinite(trial.expected))
        most = (count > trial.expected[..., 0].size) | all_entries(right | coarse)
        gains = known & (count > before) & most
        if not gains.any():
            return
        refused = self._refusals(trial, right)
        for at in np.flatnonzero(gains):
            m = int(members[at])
            one = Followed(own, trial.expected[..., at], right[..., at], coarse[..., at], str(refused[at]))
            old = found.get(m)
            if old is None or _worth(one) > _worth(old):
                found[m] = one

    def _consistent(self, tape: int, item: int, passed: Passed, own: tuple[int, ...], members: Array) -> Array:
        """Where no source that is right contradicts the own answers which it would come from.

        An equal rule takes z where p = sigmoid(z) is at hand: nobody does who has written another p.
        """
        fine = np.ones(len(members), dtype=bool)
        for k in self.chart.sources(tape, item, passed):
            below = tuple(j for j in own if j in self.chart.above[k])
            if not below or k in own:
                continue
            near = tuple(j for j in below if j in self.chart.sources(0, k))
            follows = np.zeros(len(members), dtype=bool)
            if near:
                follows = all_entries(self._right(self.trial(0, k, frozenset(), near, members)))
            fine &= ~self.cohort.whole[k][members] | follows
        return fine

    def _right(self, trial: Trial) -> Array:
        """Right entries; where an own value stands on a kink, what is right on either side or by convention."""
        right = self.cohort.within(trial.item, trial.expected, trial.tolerance, trial.members)
        if not self.chart.has_kinks(trial.tape, trial.item, trial.passed):
            return right
        steps = [self.chart.items[j].steps[trial.tape] for j in trial.own]
        program, name = self.chart.held(trial.tape, trial.item, trial.passed), self.chart.items[trial.item].steps
        sides = []
        for sign in (1, -1):
            moved = {n: a + sign * _ramp(a) if n in steps else a for n, a in trial.givens.items()}
            sides.append(np.broadcast_to(evaluate(program, moved)[name[trial.tape]], trial.expected.shape))
        jumps = np.abs(sides[0] - sides[1]) > JUMP * NUDGE * (1 + np.abs(sides[0]))
        near = [
            self.cohort.within(trial.item, value, np.minimum(trial.tolerance, self._near(value)), trial.members)
            for value in (*sides, trial.expected)
        ]
        return np.asarray(np.where(jumps, np.logical_or.reduce(near), right))

    def _near(self, value: Array) -> Array:
        """How far off is right beside a jump, where moving an intermediate says nothing."""
        return np.asarray(np.maximum(half_unit(self.cohort.decimals), SIDE * np.abs(value)))

    # guards

    def _refusals(self, trial: Trial, right: Array) -> Array:
        """For each member why own answers are not followed, empty where they are."""
        out = np.full(len(trial.members), "", dtype=object)
        for j in trial.own:
            own, true = self.cohort.own[j][..., trial.members], self._true(j, trial.members)
            low, high = BOUNDED.get(self._operation(j), (-np.inf, np.inf))
            out[any_entry((own < low) | (own > high))] = IMPOSSIBLE
            out[any_entry(np.abs(own) > FAR * np.maximum(1.0, np.abs(true)))] = HUGE
        out[(out == "") & self._easier(trial, right)] = EASIER
        return out

    def _operation(self, item: int) -> str:
        return self.chart.issued.tapes[-1].program[self.chart.items[item].steps[-1]].op

    def _easier(self, trial: Trial, right: Array) -> Array:
        """Where the own values make the answer zero, a copy, or what a mistake gives, and the true ones do not."""
        members, expected, item = trial.members, trial.expected, trial.item
        written, true = self.cohort.own[item][..., members], self._true(item, members)
        sources = self.chart.sources(trial.tape, item, trial.passed)
        copies = [(self.cohort.own[j][..., members], self._true(j, members)) for j in sources]
        copies += [(given, given) for given in self.cohort.givens(members).values()]
        half, limit = half_unit(self.cohort.decimals), self.cohort.tolerance[item][..., members]
        odd = np.logical_or.reduce([self._odd(j, members) for j in trial.own])
        nothing = (np.abs(expected) <= TINY * trial.tolerance) | (np.abs(written) <= half)
        here = _same(expected, 0.0) | (odd & nothing)
        there = np.abs(true) <= TINY * limit
        easy = all_entries(here) & ~all_entries(there)
        for own, right_one in copies:
            if own.shape == expected.shape:
                here = here | _same(expected, own) | (odd & (np.abs(written - own) <= half))
                there = there | _same(true, right_one)
        easy |= (all_entries(here) & ~all_entries(there)) | (_constant(expected) & ~_constant(true))
        units = [self.cohort.own[j][..., members] for j in trial.own]
        easy |= np.logical_and.reduce([_units(u) for u in (written, *units)]) & ~_units(true)
        return (easy | self._coincides(trial)) & any_entry(right)

    def _odd(self, item: int, members: Array) -> Array:
        """Where an own value is what no slip gives: a few units of the last digit, or far off, and not worked out."""
        own, true = self.cohort.own[item][..., members], self._true(item, members)
        tiny = all_entries(np.abs(own) <= 2 * UNITS * half_unit(self.cohort.decimals))
        far = any_entry(np.abs(own) > OFF * np.abs(true) + OFF)
        worked = np.array([(item, int(m)) in self.earned for m in members], dtype=bool)
        return np.asarray((tiny | far) & ~worked)

    def _coincides(self, trial: Trial) -> Array:
        """Where a mistake on the way to the item gives the very same from the own values, and not from the true."""
        easy = np.zeros(len(trial.members), dtype=bool)
        plain = self.trial(self.chart.plain, trial.item, trial.passed, trial.own, trial.members)
        name = self.chart.items[trial.item].steps[-1]
        true = {n: self.everyone(n, trial.members) for n in self.truth}
        allowed = self.cohort.tolerance[trial.item][..., trial.members]
        for wrong in self.chart.wrongs(trial.item, trial.passed):
            if wrong.answer != name:
                continue
            here = wrong.evaluate(plain.givens, plain.values)[name]
            same = all_entries(_same(here, plain.expected))
            if not (same & ~easy).any():
                continue
            there = wrong.evaluate(true, true)[name]
            easy |= same & any_entry(np.abs(there - true[name]) > VISIBLE * allowed)
        return easy

    def everyone(self, name: str, members: Array) -> Array:
        """The true value of a step for some members."""
        value = self.truth[name]
        return np.broadcast_to(value, (*value.shape[:-1], len(self.cohort.members)))[..., members]


def _halves(right: Array, coarse: Array) -> Array:
    """For each member, how many halves of entries are earned."""
    return np.asarray((2 * right + (coarse & ~right)).reshape(-1, right.shape[-1]).sum(axis=0))


def _ramp(array: Array) -> Array:
    """A small step for every entry, another one for each, so that ties are broken too."""
    count = np.arange(1, array[..., 0].size + 1).reshape((*array.shape[:-1], 1))
    return np.asarray(NUDGE * count)


def _same(value: Array, other: Array | float, slack: float = EQUAL) -> Array:
    """Entries that are the same number."""
    return np.asarray(np.abs(value - other) <= slack * (1 + np.abs(other)))


def _units(value: Array) -> Array:
    """For each member, whether there is nothing but zeros and ones."""
    return all_entries(np.isin(value, (0.0, 1.0)))


def _constant(value: Array) -> Array:
    """For each member, whether an array holds one number everywhere."""
    flat = value.reshape(-1, value.shape[-1])
    return np.asarray((np.ptp(flat, axis=0) <= EQUAL) & (len(flat) > 1))


def _worth(one: Followed) -> tuple[float, int]:
    return float(one.right.sum() + 0.5 * one.coarse.sum()), one.refused == ""
