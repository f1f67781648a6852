"""What became of marks: who changes from one report to the next, where, and by how much."""

from collections.abc import Iterator
from dataclasses import dataclass

from t1gen.desk.decisions import TOLD
from t1gen.files import QuestionReport, Report, amount
from t1gen.marking.rulings import RULE


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
        if old is None or new is None or _differ(old, new):
            yield Change(name, old, new)


def _differ(old: QuestionReport, new: QuestionReport) -> bool:
    """Where a question is or was taken back, only points count: who loses and gains nothing is not told."""
    if (old.points, old.of) != (new.points, new.of):
        return True
    told, now = ((q.verdict, q.decided_by, q.note) for q in (old, new))
    return told != now and not (old.void or new.void)


def _earned(question: QuestionReport | None) -> str:
    return "none" if question is None else f"{amount(question.points)} of {amount(question.of)}"


def _why(before: QuestionReport | None, after: QuestionReport | None) -> str:
    if after is None or before is None:
        return ""
    if after.void != before.void:
        told = TOLD[after.void or "none"]
        return f" ({told}, by {after.decided_by})" if after.void else f" ({told})"
    if after.decided_by != RULE:
        return f" (decided by {after.decided_by})"
    return f" ({before.verdict} -> {after.verdict})" if after.verdict != before.verdict else f" ({after.verdict})"
