"""What a class earned: a line for every student, the mean of every question."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from t1gen.desk.classroom import Classroom, Refused
from t1gen.desk.decisions import TOLD
from t1gen.desk.grading import Graded
from t1gen.exchange.gradebook import Row
from t1gen.files import QuestionReport, Report, amount
from t1gen.marking.rulings import RULE, named


def status(graded: Graded) -> str:
    """final, provisional (a person must look), blank (nothing answered), standing (made with another key)."""
    report = graded.report
    if graded.state == "standing":
        return "standing"
    if report.provisional:
        return "provisional"
    nothing = all(q.verdict == "blank" and (q.void or q.decided_by == RULE) for q in report.questions.values())
    return "blank" if nothing else "final"


def rows(room: Classroom, results: Iterable[Graded | Refused], *, part: bool = False) -> list[Row]:
    """Every student of the class in the manifest's order; whose submission could not be marked has no points.

    Of a part of the class only those whose submissions are in it.
    """
    found: dict[str, Row] = {}
    for one in results:
        if isinstance(one, Graded) and one.task.seat:
            found[one.task.seat.id] = Row(one.task.seat, status(one), one.report, note(one))
        elif isinstance(one, Refused) and one.seat:
            found.setdefault(one.seat.id, Row(one.seat, "refused", None, str(one.error)))
    return [found.get(seat.id, Row(seat, "missing")) for seat in room.manifest.students if seat.id in found or not part]


def note(graded: Graded) -> str:
    """What a teacher should know beside the points."""
    questions = graded.report.questions.items()
    told = [f"{name} by {q.decided_by}" for name, q in questions if q.decided_by != RULE and not q.void]
    void = [f"{name} ({TOLD[q.void]})" for name, q in questions if q.void]
    later = [f"{WAITS[what]}{' on ' if name else ''}{name}" for what, name in graded.pending]
    problem = [str(graded.problem)] if graded.problem else []
    parts = [("to decide: ", graded.waiting), ("decided: ", told), ("taken back: ", void),
             ("waits for --regrade: ", later), ("", [*problem, *graded.notices])]  # fmt: skip
    return "; ".join(f"{word}{', '.join(names)}" for word, names in parts if names)


WAITS = {"answers": "other answers", "void": "void", "decision": "decision"}
"""What a standing report does not have yet."""


def standing(results: Iterable[Graded]) -> str:
    """What all standing reports do not have yet: `1 void, 2 decisions and other answers of 1 student`; or nothing.

    A void is counted once, whomever it is on.
    """
    found = [(one, what, name) for one in results if one.state == "standing" for what, name in one.pending]
    voids = {_question(one.report, name) for one, what, name in found if what == "void"}
    decisions, anew = (sum(what == kind for _, what, _ in found) for kind in ("decision", "answers"))
    told = [(len(voids), counted(len(voids), "void")), (decisions, counted(decisions, "decision")),
            (anew, f"other answers of {counted(anew, 'student')}")]  # fmt: skip
    return " and ".join(words for count, words in told if count)


def counted(count: int, what: str) -> str:
    """`1 answer`, `2 answers`."""
    return f"{count} {what}{'' if count == 1 else 's'}"


def _question(report: Report, question: str) -> str:
    found = ((n, p.id) for n, p in report.problems.items() if question in p.questions)
    return next((named(problem, number, question) for number, problem in found), question)


def marked_by(results: Iterable[Graded]) -> list[str]:
    """Who wrote marks into submissions, each with the number of submissions."""
    found = Counter(by for one in results for by in dict.fromkeys(one.marked_by))
    return [f"'{by}' in {counted(count, 'submission')}" for by, count in found.most_common(5)]


def line(graded: Graded) -> str:
    """`ada   14.25 of 24   provisional: to decide: 2b`."""
    more = note(graded)
    return f"{graded.who}   {total(graded.report)}   {status(graded)}{': ' if more else ''}{more}"


def total(report: Report) -> str:
    return f"{amount(report.points)} of {amount(report.of)}"


@dataclass(frozen=True)
class Mean:
    """A question of a problem under all its numbers: mean, maximum, and counts of verdicts; and how many are void.

    Answers whose question is taken back are in no mean.
    """

    question: str
    problem: str
    points: float
    of: float
    verdicts: dict[str, int]
    void: int


def means(reports: Sequence[Report]) -> list[Mean]:
    """The mean of every question of every problem: of a pool, a problem has other numbers for other students."""
    found: dict[tuple[str, int], list[tuple[str, QuestionReport]]] = {}
    for report in reports:
        for number, problem in report.problems.items():
            for place, name in enumerate(problem.questions):
                found.setdefault((problem.id or number, place), []).append((name, report.questions[name]))
    return [_mean(problem, got) for (problem, _), got in sorted(found.items(), key=_first)]


def _first(item: tuple[tuple[str, int], list[tuple[str, QuestionReport]]]) -> tuple[int, str, int]:
    """Problems by the lowest number that they have in any test."""
    (problem, place), got = item
    return min(_number(name) for name, _ in got), problem, place


def _number(question: str) -> int:
    digits = re.match(r"[0-9]{1,9}", question)
    return int(digits[0]) if digits else 0


def _mean(problem: str, got: list[tuple[str, QuestionReport]]) -> Mean:
    names = sorted({name for name, _ in got}, key=lambda name: (_number(name), name))
    counts = [q for _, q in got if not q.void]
    points, of = (fmean(getattr(q, name) for q in counts) if counts else 0.0 for name in ("points", "of"))
    verdicts = Counter(q.verdict for q in counts)
    return Mean("/".join(names), problem, points, of, dict(verdicts.most_common()), len(got) - len(counts))


# one paper


def cells(report: Report) -> list[tuple[str, str, str, str, str]]:
    """The rows of the printed table: question, given, expected, points, verdict."""
    return [
        (name, short(q.given), short(q.expected), f"{q.points:g}/{q.of:g}", _verdict(q))
        for name, q in report.questions.items()
    ]


def _verdict(q: QuestionReport) -> str:
    reasons = [r for r in q.reasons if r and r != q.note]
    reason = f": {reasons[0].splitlines()[0]}" if reasons else ""
    if q.decided_by == RULE:
        return f"{q.verdict}{reason}"
    what = {"full": "taken back, points for all", "drop": "taken back, not counted"}.get(q.void, "decided")
    return f"{what} by {q.decided_by}{f': {q.note}' if q.note else ''} ({q.verdict})"


def short(value: object, digits: int = 5) -> str:
    """An answer on one line, cut where it is long."""
    if value is None:
        return ""
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(short(v, digits) for v in value[:40])}{', ...' if len(value) > 40 else ''}]"
    return f"{value:.{digits}g}" if isinstance(value, float) else str(value).replace("\n", "; ")[:200]
