"""The answers that a person must look at, identical ones together."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from t1gen.desk.decisions import now
from t1gen.desk.grading import Graded
from t1gen.files import Decision, Number, QuestionReport, Report
from t1gen.marking.mark import is_open
from t1gen.marking.rulings import plain


@dataclass(frozen=True)
class Case:
    """One student's answer to one question."""

    report: Report
    question: str

    @property
    def told(self) -> QuestionReport:
        return self.report.questions[self.question]

    def decision(self, points: Number, by: str, note: str) -> Decision:
        """What a person decides on it now."""
        told = self.told
        return Decision(variant=self.report.variant, question=self.question, given=told.given, points=points,
                        of=told.of, by=by, note=note, at=now())  # fmt: skip


@dataclass(frozen=True)
class Group:
    """Cases with the same answer to the same question of the same problem, told the same verdict and reasons."""

    problem: str
    cases: tuple[Case, ...]

    @property
    def first(self) -> QuestionReport:
        return self.cases[0].told

    def apart(self) -> list["Group"]:
        """Each case alone."""
        return [Group(self.problem, (case,)) for case in self.cases]


def groups(graded: Iterable[Graded], decided: Sequence[Decision] | None = None) -> list[Group]:
    """What waits for a person, in the order of a test, the most frequent answer first; or what was `decided`."""
    kept = None if decided is None else {(plain(d.variant), plain(d.question)) for d in decided}
    found: dict[tuple[str, int, str], list[Case]] = {}
    first: dict[str, int] = {}
    for one in graded:
        for number, (problem, place, case) in _cases(one.report, kept):
            found.setdefault((problem, place, _same(case.told)), []).append(case)
            first[problem] = min(number, first.get(problem, number))
    order = sorted(found, key=lambda name: (first[name[0]], *name[:2], -len(found[name]), name[2]))
    return [Group(name[0], tuple(found[name])) for name in order]


def _cases(report: Report, kept: set[tuple[str, str]] | None) -> Iterable[tuple[int, tuple[str, int, Case]]]:
    """The cases of a report: the place of their problem in the test; problem, place in it, case."""
    for number, (name, problem) in enumerate(report.problems.items()):
        for place, question in enumerate(problem.questions):
            told = report.questions[question]
            wanted = is_open(told) if kept is None else (plain(report.variant), plain(question)) in kept
            if wanted and not told.void:
                yield number, (problem.id or name, place, Case(report, question))


def _same(told: QuestionReport) -> str:
    """What makes two answers the same; of one that could be read the right one too, which numbers differ in."""
    expected = [] if told.verdict == "unreadable" else [told.expected, told.expected_from_own]
    return json.dumps([told.verdict, told.given, told.decided_by, told.note, *expected], sort_keys=True, default=str)


def expected(group: Group) -> Sequence[tuple[object, int]]:
    """What is expected of the students of a group, and of how many."""
    counts: dict[str, tuple[object, int]] = {}
    for case in group.cases:
        name = json.dumps(case.told.expected, default=str)
        value, count = counts.get(name, (case.told.expected, 0))
        counts[name] = (value, count + 1)
    return sorted(counts.values(), key=lambda item: -item[1])
