"""What stands above the rule: voided questions, marks in a submission, what a person decided on an answer."""

import json
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from t1gen.files import Decision, Decisions, Key, Mark, Number, Report, Void, numbers, rounded

RULE = "rule"
"""Who decided where nobody did."""


def plain(id: str) -> str:
    """An id as it is compared: without regard to case and spaces."""
    return "".join(id.split()).lower()


def named(problem: str, number: object, question: str) -> str:
    """A question by its problem's name, whatever number that has in a student's test: neuron-step:a for 5a."""
    part = question.removeprefix(str(number))
    return (f"{problem}:{part}" if part else problem) if problem else question


def answer(given: Any) -> str:
    """An answer as it is compared: numbers as files hold them, so that 1 and 1.0 are the same."""
    return json.dumps(numbers(given), sort_keys=True, default=str)


def person(by: str) -> str:
    """Who decided, as it is told."""
    return by if by.strip() and by != RULE else "a person"


class Rulings:
    """The decisions on a class, found by paper and question."""

    def __init__(self, decisions: Decisions | None) -> None:
        self.voided = {plain(name): void for name, void in (decisions.voided.items() if decisions else ())}
        self.marks_count = not (decisions and decisions.ignore_marks)
        self.by_variant: dict[str, dict[str, list[Decision]]] = {}
        for one in decisions.answers if decisions else ():
            self.by_variant.setdefault(plain(one.variant), {}).setdefault(plain(one.question), []).append(one)

    def void(self, problem: str, number: object, question: str) -> Void | None:
        """How a question was taken back, by its problem's name or its number; of both, the later one."""
        names = dict.fromkeys((plain(question), plain(named(problem, number, question))))
        return max((self.voided[n] for n in names if n in self.voided), key=lambda void: void.at, default=None)

    def relevant(self, variant: str) -> tuple[Any, ...]:
        """All that decides on the paper with this variant."""
        return self.marks_count, self.voided, self.by_variant.get(plain(variant), {})

    def on(self, variant: str, question: str, given: Any) -> tuple[Decision | None, list[Decision]]:
        """The decision on this very answer, and those on other answers to the question."""
        found = self.by_variant.get(plain(variant), {}).get(plain(question), [])
        same = [one for one in found if answer(one.given) == answer(given)]
        return (same[-1] if same else None), [one for one in found if one not in same]

    def decided(self, key: Key, given: Mapping[str, Any]) -> tuple[dict[str, Mark], list[str]]:
        """What persons decided on a paper's answers; of one that has changed since there is only a notice.

        Where the points of a question have changed, a decision keeps its share of them.
        """
        marks, notices, ids = dict[str, Mark](), list[str](), {plain(id): id for id in key.answers}
        for name, all_of_it in self.by_variant.get(plain(key.variant), {}).items():
            if name not in ids:
                notices += [f"{person(one.by)} decided on question '{one.question}', which is unknown"
                            for one in all_of_it]  # fmt: skip
                continue
            one, others = self.on(key.variant, name, given.get(ids[name]))
            if one:
                marks[ids[name]] = Mark(scaled(one, key.answers[ids[name]].points), one.by, one.note)
            elif others:
                notices.append(f"{person(others[-1].by)} decided on another answer to {ids[name]}, "
                               "so that does not count")  # fmt: skip
        return marks, notices

    def waiting(self, report: Report, marks: Mapping[str, Mark]) -> Iterator[tuple[str, str]]:
        """What a report does not have of what persons decided: void or decision, and the question.

        `marks` are those of the submission.
        """
        own = {plain(name): mark for name, mark in marks.items()} if self.marks_count else {}
        for number, problem in report.problems.items():
            for name in problem.questions:
                told, void = report.questions[name], self.void(problem.id, number, name)
                made, _ = self.on(report.variant, name, told.given)
                who = void or own.get(plain(name)) or made
                by, note = (person(who.by), who.note) if who else (RULE, "")
                same = (told.void, told.decided_by, told.note) == (void.how if void else "", by, note)
                if same and made and who is made:
                    same = told.points == scaled(made, told.of)
                if not same:
                    yield "void" if void or told.void else "decision", name


NONE = Rulings(None)
"""Where nobody has decided anything."""


def scaled(decision: Decision, of: float) -> Number:
    """The points of a decision out of what the question is worth now."""
    points, before = Fraction(str(decision.points)), Fraction(str(decision.of))
    return rounded(float(points / before * Fraction(str(of)) if before else points))
