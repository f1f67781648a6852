"""What a class earned: a line for every student, the mean of every question."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from t1gen.desk.classroom import Classroom, Refused
from t1gen.desk.grading import Graded
from t1gen.exchange.gradebook import Row
from t1gen.files import QuestionReport, Report, amount
from t1gen.marking.mark import is_open


def status(graded: Graded) -> str:
    """final, provisional (a person must look), blank (nothing answered), standing (made with another key)."""
    report = graded.report
    if graded.state == "standing":
        return "standing"
    if report.provisional:
        return "provisional"
    return "blank" if all(q.verdict == "blank" for q in report.questions.values()) else "final"


def rows(room: Classroom, results: Iterable[Graded | Refused]) -> list[Row]:
    """Every student of the class in the manifest's order; whose submission could not be marked has no points."""
    found: dict[str, Row] = {}
    for one in results:
        if isinstance(one, Graded) and one.task.seat:
            found[one.task.seat.id] = Row(one.task.seat, status(one), one.report, note(one))
        elif isinstance(one, Refused) and one.seat:
            found.setdefault(one.seat.id, Row(one.seat, "refused", None, str(one.error)))
    return [found.get(seat.id, Row(seat, "missing")) for seat in room.manifest.students]


def note(graded: Graded) -> str:
    """What a teacher should know beside the points."""
    questions = graded.report.questions.items()
    waiting = [name for name, q in questions if is_open(q)]
    told = [f"{name} by {q.decided_by}" for name, q in questions if q.decided_by != "rule" and not q.void]
    parts = [("to decide: ", waiting), ("decided: ", told), ("", list(graded.notices))]
    return "; ".join(f"{word}{', '.join(names)}" for word, names in parts if names)


def line(graded: Graded) -> str:
    """`ada   14.25 of 24   provisional: to decide: 2b`."""
    more = note(graded)
    return f"{graded.who}   {total(graded.report)}   {status(graded)}{': ' if more else ''}{more}"


def total(report: Report) -> str:
    return f"{amount(report.points)} of {amount(report.of)}"


@dataclass(frozen=True)
class Mean:
    """A question of a problem under all its numbers: how many had it, mean, maximum, and counts of verdicts."""

    question: str
    problem: str
    count: int
    points: float
    of: float
    verdicts: dict[str, int]


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
    reports = [q for _, q in got]
    verdicts = Counter(q.verdict for q in reports)
    return Mean("/".join(names), problem, len(got), fmean(q.points for q in reports), fmean(q.of for q in reports),
                dict(verdicts.most_common()))  # fmt: skip


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
    if q.decided_by == "rule":
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
