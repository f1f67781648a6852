"""The answers that a person must look at, identical ones together."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from t1gen.desk.decisions import now
from t1gen.desk.grading import Graded
from t1gen.files import Decision, Number, QuestionReport, Report
from t1gen.marking.rulings import answer


@dataclass(frozen=True)
class Case:
    """One student's answer to one question, what was decided on it, and on other answers to that question."""

    report: Report
    question: str
    decided: Decision | None = None
    overtaken: tuple[Decision, ...] = ()

    @property
    def told(self) -> QuestionReport:
        return self.report.questions[self.question]

    @property
    def undone(self) -> list[Decision]:
        """What is forgotten where a person undoes it: the decision on this answer, or else those on others."""
        return [self.decided] if self.decided else list(self.overtaken)

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


def groups(graded: Iterable[Graded], *, decided: bool = False) -> list[Group]:
    """What waits for a person, in the order of a test, the most frequent answer first; or what was `decided`."""
    found: dict[tuple[str, int, str], list[Case]] = {}
    first: dict[str, int] = {}
    for one in graded:
        for number, (problem, place, case) in _cases(one, decided):
            found.setdefault((problem, place, _same(case)), []).append(case)
            first[problem] = min(number, first.get(problem, number))
    order = sorted(found, key=lambda name: (first[name[0]], *name[:2], -len(found[name]), name[2]))
    return [Group(name[0], tuple(found[name])) for name in order]


def _cases(graded: Graded, decided: bool) -> Iterable[tuple[int, tuple[str, int, Case]]]:
    """The cases of a report: the place of their problem in the test; problem, place in it, case."""
    report, rulings = graded.report, graded.task.rulings
    for number, (name, problem) in enumerate(report.problems.items()):
        for place, question in enumerate(problem.questions):
            made, others = rulings.on(report.variant, question, report.questions[question].given)
            if decided:
                wanted = bool(made or others) and not rulings.void(problem.id, name, question)
            else:
                wanted = graded.waits(problem, name, question)
            if wanted:
                yield number, (problem.id or name, place, Case(report, question, made, tuple(others)))


def _same(case: Case) -> str:
    """What makes two answers the same; of one that could be read the right one too, which numbers differ in."""
    told = case.told
    expected = [] if told.verdict == "unreadable" else [told.expected, told.expected_from_own]
    decided = [[d.points, d.by, d.note, answer(d.given)] for d in (*case.undone, *case.overtaken)]
    more = [told.decided_by, told.note, decided]
    return json.dumps([told.verdict, told.given, *more, *expected], sort_keys=True, default=str)


def expected(group: Group) -> Sequence[tuple[object, int]]:
    """What is expected of the students of a group, and of how many."""
    counts: dict[str, tuple[object, int]] = {}
    for case in group.cases:
        name = json.dumps(case.told.expected, default=str)
        value, count = counts.get(name, (case.told.expected, 0))
        counts[name] = (value, count + 1)
    return sorted(counts.values(), key=lambda item: -item[1])
