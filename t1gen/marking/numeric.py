"""Verdicts on answers in numbers: the cohort's arrays turned into what each student is told."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
from msgspec import UNSET

from t1gen.answers import KINDS
from t1gen.mapping.nested import shape_of
from t1gen.mapping.ops.fold import Array
from t1gen.marking.chart import Chart, chart_of
from t1gen.marking.cohort import Cohort, Member
from t1gen.marking.diagnose import Diagnoser, Named
from t1gen.marking.feedback import Best, tell
from t1gen.marking.follow import Followed, Follower
from t1gen.records import KeyAnswer, Problem, Question
from t1gen.wording import ENGLISH, say

NUMERIC = ("number", "array", "table")
HALF = Fraction(1, 2)


@dataclass
class Answered:
    """How an answer was read (and might be as well) and judged; `share` is that of the points.

    Notes and reasons may still be sentences of the wording; in the report they are in the `language` of the test.
    """

    value: Any = None
    other: Any = None
    notes: list[str] = field(default_factory=list)
    verdict: str = ""
    share: Fraction = Fraction(0)
    reasons: list[str] = field(default_factory=list)
    diagnoses: list[str] = field(default_factory=list)
    expected_from_own: Any = None
    own_used: dict[str, Any] = field(default_factory=dict)
    feedback: str = ""
    language: str = ENGLISH

    def review(self, reason: str) -> None:
        self.verdict, self.share, self.value, self.reasons = "review", Fraction(0), None, [reason]


Row = tuple[Question, KeyAnswer, Answered]


def judge(papers: Sequence[tuple[Problem, list[Row]]]) -> None:
    """Judge what was read of many students' answers to one problem."""
    numeric = [k for k, (q, _, _) in enumerate(papers[0][1]) if q.kind in NUMERIC]
    loose = [k for k in numeric if not _placed(papers[0][0], k)]
    for _, rows in papers:
        for k in loose:
            _alone(*rows[k])
    chart = chart_of(papers[0][0])
    if not chart.items:
        return
    decimals = next(q.decimals for q, _, _ in papers[0][1] if q.kind in NUMERIC and q.decimals is not None)
    members = [
        Member(problem, tuple(f.value if q.kind in NUMERIC else None for q, _, f in rows), tuple(k for _, k, _ in rows))
        for problem, rows in papers
    ]
    with np.errstate(all="ignore"):
        Judging(chart, Cohort(chart, members, decimals), [rows for _, rows in papers]).run()


def _placed(problem: Problem, k: int) -> bool:
    return any(item.question == k for item in chart_of(problem).items)


def _alone(question: Question, key: KeyAnswer, found: Answered) -> None:
    """An answer in numbers that stands on no tape, such as a shape."""
    if found.value is not None:
        verdict = KINDS[question.kind].compare(found.value, question, key, None)
        found.verdict, found.share = verdict.verdict, Fraction(int(verdict.verdict == "correct"))
        found.reasons = [verdict.reason] if verdict.reason else []


@dataclass
class Judging:
    """One problem of a cohort on its way to verdicts."""

    chart: Chart
    cohort: Cohort
    rows: list[list[Row]]

    def run(self) -> None:
        """Right answers first; the tape is evaluated only where some are not."""
        wrong = self._settle()
        if not any(wrong):
            return
        truth = self.cohort.truth()
        self.follower = Follower(self.cohort, truth, self.cohort.trusted(truth))
        self.diagnoser = Diagnoser(self.follower)
        followed, named = [], []
        for i, members in enumerate(wrong):
            follows = [m for m in members if self._follows(i, m)]
            followed.append(self.follower.followed(i, follows) if follows else {})
            done = {m for m, f in followed[i].items() if f.right.all()}
            coarse = {m for m in members if (self.cohort.right[i] | self.cohort.coarse[i])[..., m].all()}
            left = [m for m in members if m not in done and m not in coarse]
            named.append(self.diagnoser.named(i, left) if left else {})
        for m in sorted({m for members in wrong for m in members}):
            self._tell(m, [f.get(m) for f in followed], [n.get(m, []) for n in named])

    def _follows(self, item: int, m: int) -> bool:
        share = self.rows[m][self.chart.items[item].question][1].follow_through
        return share is UNSET or share > 0

    def _settle(self) -> list[list[int]]:
        """Give the verdict of all questions that are right; for every item, the members who answered it otherwise."""
        questions: dict[int, list[int]] = {}
        for i, item in enumerate(self.chart.items):
            questions.setdefault(item.question, []).append(i)
        self.questions = questions
        wrong: list[list[int]] = [[] for _ in self.chart.items]
        for k, items in questions.items():
            right = np.logical_and.reduce([self.cohort.whole[i] for i in items])
            for m, whole in enumerate(right.tolist()):
                found = self.rows[m][k][2]
                if whole:
                    found.verdict, found.share = "correct", Fraction(1)
                elif found.value is not None:
                    off = [i for i in items if self.cohort.answered[i][m] and not self.cohort.whole[i][m]]
                    for i in off or items[:1]:
                        wrong[i].append(m)
        return wrong

    def _tell(self, m: int, followed: list[Followed | None], named: list[list[Named]]) -> None:
        for k, items in self.questions.items():
            question, key, found = self.rows[m][k]
            if found.value is None or found.verdict:
                continue
            self._verdict(m, question, key, found, items, followed, named)

    def _verdict(self, m: int, question: Question, key: KeyAnswer, found: Answered, items: list[int],
                 followed: list[Followed | None], named: list[list[Named]]) -> None:  # fmt: skip
        together = question.entries == "all" or question.ask == "shape"
        share = Fraction(1) if key.follow_through is UNSET else Fraction(str(key.follow_through))
        best = [self._best(i, m, followed[i], together) for i in items]
        if self._one_number(m, items):
            best = [(None, Fraction(0), False) for _ in items]
        refused = [f.refused for f, _, _ in best if f and f.refused]
        names = [n for i in items for n in named[i]]
        worths = [self._kept(i, m, one, share, together) for i, one in zip(items, best, strict=True)]
        worth = min(worths) if together else sum(worths) / Fraction(len(worths))
        coarse = any(c for _, _, c in best)
        found.diagnoses = list(dict.fromkeys(n.rule for n in names)) or ["coarse"] * coarse
        found.share = max(worth, lent(key, found.diagnoses))
        if refused:
            found.verdict = "review"
        else:
            whole = all(w == 1 for _, w, _ in best) and any(f for f, _, _ in best)
            found.verdict = "follow-through" if whole else "partial" if found.share > 0 else "wrong"
        for f in [f for f, _, _ in best if f]:
            found.own_used |= {self.name(j, found.language): self.cohort.own[j][..., m].tolist() for j in f.own}
        if any(f for f, _, _ in best):
            found.expected_from_own = self._expected(key, items, best)
        tell(self, m, question, key, found, items, best, names, refused)

    def _one_number(self, m: int, items: list[int]) -> bool:
        """Whether a table is filled with one number where the right one has several."""
        own = [float(self.cohort.own[i][..., m]) for i in items if self.follower.usable[i][m]] if len(items) > 2 else []
        return len(own) > 2 and len(set(own)) == 1 and len({float(self.cohort.key[i][..., m]) for i in items}) > 1

    def _kept(self, i: int, m: int, one: Best, share: Fraction, together: bool) -> Fraction:
        """What an item earns: what is right anyway, and of what follow-through adds the share that the bank leaves."""
        followed, worth, _ = one
        if followed is None:
            return worth
        plain = self._best(i, m, None, together)[1]
        return plain if followed.refused else plain + share * (worth - plain)

    def _best(self, i: int, m: int, followed: Followed | None, together: bool) -> Best:
        """What an item is worth by itself or by follow-through, and whether it is rounded too coarsely."""
        if not self.cohort.fits[i][m]:
            return None, Fraction(0), False
        own = self.cohort.own[i][..., m]
        right, coarse = self.cohort.right[i][..., m], self.cohort.coarse[i][..., m]
        plain = _share(self.cohort.key[i][..., m], own, right, coarse, together or self._copied(i, m))
        if followed is None:
            return None, plain, bool(coarse.any() and plain > 0)
        other = _share(followed.expected, own, followed.right, followed.coarse, together)
        if other <= plain:
            return None, plain, bool(coarse.any() and plain > 0)
        return followed, other, bool(followed.coarse.any())

    def _copied(self, i: int, m: int) -> bool:
        """Whether an array is a copy of an earlier answer or a given, which is worth nothing by its parts."""
        own = self.cohort.own[i][..., m]
        others = [self.cohort.own[j][..., m] for j in self.chart.above[i]]
        others += [np.asarray(v, dtype=float) for v in self.cohort.members[m].problem.given.values()]
        return own.size > 1 and any(o.shape == own.shape and np.array_equal(o, own) for o in others)

    def _expected(self, key: KeyAnswer, items: list[int], best: list[Any]) -> Any:
        if self.chart.items[items[0]].cell is None:
            return best[0][0].expected.tolist()
        cells: list[list[Any]] = [[None] * len(row) for row in key.value]
        for i, (f, _, _) in zip(items, best, strict=True):
            row, column = self.chart.items[i].cell or (0, 0)
            cells[row][column] = float(f.expected) if f else None
        return cells

    def name(self, item: int, language: str) -> str:
        """How an item is told: its question, and the cell of a table."""
        place = self.chart.items[item]
        question = self.rows[0][place.question][0]
        if place.cell is None:
            return question.id
        return f"{question.id} {question.rows[place.cell[0]]}.{say(language, 'part', question.parts[place.cell[1]])}"


def lent(key: KeyAnswer, rules: Iterable[str]) -> Fraction:
    """The share of the points that the bank gives for an answer with one of these mistakes."""
    credit = {} if key.credit is UNSET else key.credit
    return max((Fraction(str(credit.get(rule, 0))) for rule in rules), default=Fraction(0))


def _share(expected: Array, own: Array, right: Array, coarse: Array, together: bool) -> Fraction:
    """The share of an array's entries that are right, half for coarse ones.

    What needs no work earns nothing by its parts: zeros, one number written everywhere, nothing but zeros and ones.
    """
    if shape_of(own.tolist()) != expected.shape:
        return Fraction(0)
    if right.all():
        return Fraction(1)
    if together:
        return HALF if (right | coarse).all() else Fraction(0)
    plain = np.isin(own, (0, 1)).all() and not np.isin(expected, (0, 1)).all()
    if own.size > 1 and (plain or (np.ptp(own) == 0 and np.ptp(expected) > 1e-9)):
        return Fraction(0)
    zeros = expected == 0
    counted = Fraction(int((right & ~zeros).sum())) + HALF * int((coarse & ~zeros).sum())
    missed = int((zeros & ~right).sum())
    of = int((~zeros).sum())
    return max(Fraction(0), (counted - missed) / of) if of else Fraction(0)
