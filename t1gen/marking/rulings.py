"""What stands above the rule: voided questions, marks in a submission, what a person decided on an answer."""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from t1gen.files import Decision, Decisions, Key, Mark, Problem, Void, rounded


def plain(id: str) -> str:
    """An id as it is compared: without regard to case and spaces."""
    return "".join(id.split()).lower()


def named(problem: Problem, question: str) -> str:
    """A question by its problem's name, whatever number that has in a student's test: neuron-step:a for 5a."""
    part = question.removeprefix(str(problem.number))
    return f"{problem.id}:{part}" if part else problem.id


class Rulings:
    """The decisions on a class, found by paper and question."""

    def __init__(self, decisions: Decisions | None) -> None:
        self.voided = {plain(name): void for name, void in (decisions.voided.items() if decisions else ())}
        self.marks_count = not (decisions and decisions.ignore_marks)
        self.by_variant: dict[str, dict[str, Decision]] = {}
        for one in decisions.answers if decisions else ():
            self.by_variant.setdefault(plain(one.variant), {})[plain(one.question)] = one

    def void(self, problem: Problem, question: str) -> Void | None:
        """How a question was taken back, by its number or by its problem's name."""
        return self.voided.get(plain(question)) or self.voided.get(plain(named(problem, question)))

    def relevant(self, variant: str) -> tuple[Any, ...]:
        """All that decides on the paper with this variant."""
        return self.marks_count, self.voided, self.by_variant.get(plain(variant), {})

    def decided(self, key: Key, given: Mapping[str, Any]) -> tuple[dict[str, Mark], list[str]]:
        """What persons decided on a paper's answers; of one that has changed since there is only a notice.

        Where the points of a question have changed, a decision keeps its share of them.
        """
        marks, notices = dict[str, Mark](), list[str]()
        for question, one in self._on(key):
            if one.given != given.get(question):
                notices.append(f"{one.by} decided on another answer to {question}, so that does not count")
            else:
                marks[question] = Mark(_scaled(one, key.answers[question].points), one.by, one.note)
        return marks, notices

    def _on(self, key: Key) -> Iterator[tuple[str, Decision]]:
        found = self.by_variant.get(plain(key.variant))
        if found:
            yield from ((id, found[plain(id)]) for id in key.answers if plain(id) in found)


NONE = Rulings(None)
"""Where nobody has decided anything."""


def _scaled(decision: Decision, of: float) -> float:
    points, before = Fraction(str(decision.points)), Fraction(str(decision.of))
    return rounded(float(points / before * Fraction(str(of)) if before else points))
