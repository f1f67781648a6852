"""What became of marks: who changes from one report to the next, where, and by how much."""

from collections.abc import Iterator
from dataclasses import dataclass

from t1gen.files import QuestionReport, Report, amount


@dataclass(frozen=True)
class Change:
    """One question that earns or is worth otherwise than before; None where it is in one of the reports alone."""

    question: str
    before: QuestionReport | None
    after: QuestionReport | None

    def __str__(self) -> str:
        return f"{self.question} {_earned(self.before)} -> {_earned(self.after)}{_why(self.before, self.after)}"


def changes(before: Report, after: Report) -> list[Change]:
    """The questions whose points, maximum, verdict or decision differ."""
    return list(_changes(before, after))


def _changes(before: Report, after: Report) -> Iterator[Change]:
    for name in dict.fromkeys([*before.questions, *after.questions]):
        old, new = before.questions.get(name), after.questions.get(name)
        if _told(old) != _told(new):
            yield Change(name, old, new)


def _told(question: QuestionReport | None) -> tuple[object, ...]:
    if question is None:
        return ()
    return question.points, question.of, question.verdict, question.decided_by, question.note, question.void


def _earned(question: QuestionReport | None) -> str:
    return "none" if question is None else f"{amount(question.points)} of {amount(question.of)}"


def _why(before: QuestionReport | None, after: QuestionReport | None) -> str:
    if after is None or before is None:
        return ""
    if after.void != before.void:
        told = {"full": "points for all", "drop": "out of the maximum", "": "counts again"}[after.void]
        return f" ({told}, by {after.decided_by})" if after.void else f" ({told})"
    if after.decided_by != before.decided_by and after.decided_by != "rule":
        return f" (decided by {after.decided_by})"
    return f" ({before.verdict} -> {after.verdict})" if after.verdict != before.verdict else f" ({after.verdict})"
