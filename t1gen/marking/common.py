"""What the listed mistakes give each student: wrong values that a person may find on paper, by marking's rules."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from t1gen.mapping.evaluate import Values, evaluate
from t1gen.mapping.nested import squeezed
from t1gen.mapping.ops.fold import Array
from t1gen.mapping.program import Program
from t1gen.marking.chart import Chart, Item, Moving, chart_of
from t1gen.marking.cohort import Cohort, Member
from t1gen.marking.follow import VISIBLE
from t1gen.problems.issued import key_of
from t1gen.records import Key, Problem

MOST, TRIED, CELLS, LARGE = 5, 12, 6, 1e6
"""The most wrong values of a question, mistakes tried for them, wrong values of a table, and the largest one."""

PROBES = 4
"""Random points at which mistakes are compared."""

NUMERIC = ("number", "array", "table")


@dataclass(frozen=True)
class Common:
    """A wrong value, rounded as asked, and the mistakes that give it; of a table, in which cell."""

    value: Any
    rules: tuple[str, ...]
    cell: tuple[int, int] | None = None


Told = dict[int, list[Common]]
"""Wrong values by the number of a problem's question, counted from 0."""


class Book:
    """The wrong values of many keys, found for all students with one structure at once."""

    def __init__(self, keys: Sequence[Key]) -> None:
        self.keys = [k for k in keys if k.sheet is not None]
        self.told: dict[int, Told] | None = None

    def of(self, problem: Problem) -> Told:
        """Those of one of the keys' problems."""
        if self.told is None:
            self.told = self._all()
        return self.told[id(problem)]

    def _all(self) -> dict[int, Told]:
        groups: dict[Any, list[tuple[Problem, Key]]] = {}
        for key in self.keys:
            for problem in key.sheet.problems if key.sheet else ():
                cells = tuple(repr(q.cells) if q.kind == "table" else "" for q in problem.questions)
                alike = key_of(problem), cells, tuple((q.kind, q.decimals) for q in problem.questions)
                groups.setdefault(alike, []).append((problem, key))
        return {id(p): told for group in groups.values() for (p, _), told in zip(group, _common(group), strict=True)}


def _common(group: Sequence[tuple[Problem, Key]]) -> list[Told]:
    """For every student of one structure, the wrong values of each question."""
    chart = chart_of(group[0][0])
    if not chart.items:
        return [{} for _ in group]
    members = [Member(p, (None,) * len(p.questions), tuple(k.answers[q.id] for q in p.questions)) for p, k in group]
    decimals = next(q.decimals for q in group[0][0].questions if q.decimals is not None and q.kind in NUMERIC)
    with np.errstate(all="ignore"):
        cohort = Cohort(chart, members, decimals)
        truth, givens = cohort.truth(), cohort.givens(np.arange(len(group)))
        found = [_of_item(cohort, i, truth, givens) for i in range(len(chart.items))]
    return [_by_question(chart, [rows[m] for rows in found]) for m in range(len(group))]


def _by_question(chart: Chart, found: Sequence[list[Common]]) -> Told:
    """The values of one student; the cells of a table take turns."""
    out: Told = {}
    for item, values in zip(chart.items, found, strict=True):
        if item.cell is None:
            out[item.question] = values[:MOST]
    for k in dict.fromkeys(i.question for i in chart.items if i.cell is not None):
        cells = [v for i, v in zip(chart.items, found, strict=True) if i.question == k]
        out[k] = _varied([v[n] for n in range(MOST) for v in cells if n < len(v)])
    return out


def _varied(values: list[Common]) -> list[Common]:
    """Some of a table's wrong values: of every mistake one first."""
    seen, first, rest = set[tuple[str, ...]](), list[Common](), list[Common]()
    for one in values:
        (rest if one.rules in seen else first).append(one)
        seen.add(one.rules)
    return [*first, *rest][:CELLS]


def _of_item(cohort: Cohort, i: int, truth: Values, givens: Values) -> list[list[Common]]:
    """The wrong values of an item for every student, each once, the likeliest mistakes first."""
    item = cohort.chart.items[i]
    out: list[dict[bytes, tuple[Any, list[str]]]] = [{} for _ in cohort.members]
    for wrong in _tried(cohort.chart, i):
        value = wrong.evaluate(givens, truth)[wrong.answer]
        value = np.broadcast_to(value, (*value.shape[:-1], len(out)))
        rounded = np.round(value, cohort.decimals) + 0.0
        for m in np.flatnonzero(_seen(cohort, i, item, value)):
            own = np.array(rounded[..., m])
            place = repr(own.shape).encode() + own.tobytes()
            out[m].setdefault(place, (own.tolist(), []))[1].append(wrong.mistake.rule)
    return [[Common(v, tuple(dict.fromkeys(rules)), item.cell) for v, rules in found.values()] for found in out]


def _seen(cohort: Cohort, i: int, item: Item, value: Array) -> Array:
    """Where a wrong value is a number that marking tells from the right one."""
    flat = value.reshape(-1, value.shape[-1])
    fine = np.isfinite(flat).all(axis=0) & (np.abs(flat) < LARGE).all(axis=0)
    if squeezed(value.shape[:-1]) != squeezed(item.shape):
        return np.asarray(fine)
    key, tolerance = (a.reshape(value.shape) for a in (cohort.key[i], cohort.tolerance[i]))
    apart = np.abs(value - key) > VISIBLE * tolerance
    return np.asarray(fine & apart.reshape(-1, apart.shape[-1]).any(axis=0))


def _tried(chart: Chart, i: int) -> list[Moving]:
    """The mistakes between an item and its sources that give different values: of every rule one first."""
    if i not in chart.tried and _is_iterated(chart.held(chart.plain, i)):
        chart.tried[i] = []
    if i not in chart.tried:
        distinct = _distinct(chart, [w for w in chart.wrongs(i, frozenset()) if w.program[w.answer].op != "given"])
        first = {w.mistake.rule: k for k, w in reversed(list(enumerate(distinct)))}.values()
        rest = (k for k in range(len(distinct)) if k not in first)
        chart.tried[i] = [distinct[k] for k in [*sorted(first), *rest][:TRIED]]
    return chart.tried[i]


def _is_iterated(program: Program) -> bool:
    """Whether a value is found by iteration, or through the derivative of such a one: nobody makes mistakes inside."""
    linear = (s for s in program if s.op in ("inv", "div"))
    return any(s.op == "iterate" for s in program) or any(program[s.args[-1]].op == "stop_gradient" for s in linear)


def _distinct(chart: Chart, wrongs: Iterable[Moving]) -> list[Moving]:
    """Those of one rule that differ at random values; all where nothing is known of some value."""
    stream = np.random.RandomState(72026)
    points = {n: stream.uniform(0.4, 1.9, (*s, PROBES)) * stream.choice([-1.0, 1.0], (*s, PROBES))
              for n, s in sorted(chart.bench.program.givens.items())}  # fmt: skip
    base = evaluate(chart.everything, points)
    found: dict[tuple[str, bytes], Moving] = {}
    for wrong in wrongs:
        value = wrong.evaluate(points, base)[wrong.answer]
        shown = np.array([f"{v:.7g}" for v in value.ravel()])
        found.setdefault((wrong.mistake.rule, repr(value.shape).encode() + shown.tobytes()), wrong)
    return list(found.values())
