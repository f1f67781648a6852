"""One submission against its key: a verdict and points for every question."""

from collections.abc import Mapping
from fractions import Fraction
from math import floor
from typing import Any

from t1gen.answers import KINDS, Unreadable, Verdict
from t1gen.errors import MISFITS, FileError, T1genError, near
from t1gen.files import Key, KeyAnswer, Mark, Question, QuestionReport, Report, Submission, rounded
from t1gen.mapping.program import Program
from t1gen.problems.issued import mapping_of

PROVISIONAL = ("unreadable", "review")
"""Verdicts that a person must still look at."""


def mark(submission: Submission, key: Key) -> tuple[Report, list[str]]:
    """The report of a submission, and notices of what was ignored in it.

    Raises FileError where the submission is for another exam, variant or student, or the key holds no sheet.
    """
    check_belongs(submission, key)
    given, notices = _matched(submission.answers, key)
    marks, more = _matched(submission.marks, key)
    if key.sheet is None:
        raise FileError("the key holds no sheet, so its questions are not known")
    unanswered = [q.id for p in key.sheet.problems for q in p.questions if q.id not in key.answers]
    if unanswered:
        raise FileError(f"the key has no answer to question {unanswered[0]}")
    questions = {
        q.id: _question(q, given.get(q.id), key.answers[q.id], mapping_of(p), marks.get(q.id))
        for p in key.sheet.problems
        for q in p.questions
    }
    total = sum(Fraction(str(q.points)) for q in questions.values())
    of = sum(Fraction(str(a.points)) for a in key.answers.values())
    report = Report(
        exam=key.exam, variant=key.variant, student=submission.student or key.student.id, points=rounded(float(total)),
        of=rounded(float(of)), provisional=any(q.verdict in PROVISIONAL and q.decided_by == "rule" for q in
        questions.values()), questions=questions,
    )  # fmt: skip
    return report, notices + more


def check_belongs(submission: Submission, key: Key) -> None:
    """Raise FileError unless the submission is for this key; what it leaves empty is believed."""
    pairs = (("exam", submission.exam, key.exam), ("variant", submission.variant, key.variant),
             ("student", submission.student, key.student.id))  # fmt: skip
    for what, mine, theirs in pairs:
        if mine and mine.strip().lower() != theirs.strip().lower():
            raise FileError(f"this submission is for {what} '{mine}', the key for {what} '{theirs}'")


def _matched(told: Mapping[str, Any], key: Key) -> tuple[dict[str, Any], list[str]]:
    """Answers by the key's ids, which match without regard to case and spaces; unknown ids are noticed."""
    ids = {_plain(i): i for i in key.answers}
    out, notices = {}, []
    for name, value in told.items():
        found = ids.get(_plain(name))
        if found is None:
            notices.append(f"question '{name[:40]}' is unknown and was ignored{near(name, key.answers)}")
        elif found in out:
            notices.append(f"question '{found}' is answered twice; the first answer counts")
        else:
            out[found] = value
    return out, notices


def _plain(text: str) -> str:
    return "".join(text.split()).lower()


def is_blank(given: Any) -> bool:
    """A missing key, null, an empty text, or an array of nothing but these."""
    todo = [given]
    while todo:
        part = todo.pop()
        if isinstance(part, list):
            todo += part
        elif part is not None and not (isinstance(part, str) and not part.strip()):
            return False
    return True


def quarters(points: Fraction) -> float:
    """Rounded down to quarters of a point."""
    return rounded(float(Fraction(floor(points * 4), 4)))


def _question(question: Question, given: Any, answer: KeyAnswer, mapping: Program, told: Mark | None) -> QuestionReport:
    read_as, verdict = _judged(question, given, answer, mapping)
    points = answer.points if verdict.verdict == "correct" else quarters(verdict.share * Fraction(str(answer.points)))
    reasons = [verdict.reason] if verdict.reason else []
    decided_by = "rule"
    if told is not None:
        points, decided_by = min(max(told.points, 0), answer.points), told.by or "a person"
        reasons = [*reasons, told.note] if told.note else reasons
    return QuestionReport(
        points=points, of=answer.points, verdict=verdict.verdict, given=given, read_as=read_as, expected=answer.value,
        tolerance=answer.tolerance, reasons=reasons, decided_by=decided_by, feedback=verdict.reason,
    )  # fmt: skip


def _judged(question: Question, given: Any, answer: KeyAnswer, mapping: Program) -> tuple[Any, Verdict]:
    """How the answer was read, and the verdict; whatever goes wrong, the other answers are still marked."""
    if is_blank(given) and not (question.ask == "shape" and given == []):
        return None, Verdict("blank")
    kind = KINDS.get(question.kind)
    if kind is None:
        return None, Verdict("review", f"answers of kind '{question.kind}' are not marked by this version")
    try:
        value = kind.read(given, question)
        return value, kind.compare(value, question, answer, mapping)
    except Unreadable as error:
        return None, Verdict("unreadable", error.message)
    except (T1genError, MemoryError, *MISFITS) as error:
        return None, Verdict("review", f"the marker could not decide: {error}")
