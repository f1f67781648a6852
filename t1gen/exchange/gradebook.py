"""A gradebook as CSV: a line for every student of a class, with the points of every problem and question."""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from t1gen.errors import FileError
from t1gen.files import Number, Report, Seat, printable

RUN = ("=", "+", "-", "@", "\t", "\r")
"""What makes a spreadsheet run a field."""


@dataclass(frozen=True)
class Row:
    """A student, the report where there is one, and what is to be known beside it."""

    seat: Seat
    status: str
    report: Report | None = None
    note: str = ""


def check_place(path: Path) -> None:
    """Raise FileError unless a gradebook may be written there: into a CSV that is new, empty or one of ours."""
    if path.suffix.lower() != ".csv":
        raise FileError("is no name for a gradebook; it is a CSV, so name a file that ends in .csv", where=str(path))
    try:
        if not path.exists():
            return
        data = path.read_bytes()[:200] if path.is_file() else b"no file"
    except OSError as error:
        raise FileError(f"cannot be read: {error.strerror or error}", where=str(path)) from None
    if data and not _OURS.match(data):
        raise FileError("exists and is no gradebook of t1gen, so it stays; name another file", where=str(path))


HEAD = ("id", "name", "variant", "status", "points", "of")
_OURS = re.compile(rb"(\xef\xbb\xbf)?" + b'[,;\t]'.join(b'"?%s"?' % name.encode() for name in HEAD[:4]))
"""How a gradebook starts, saved by a spreadsheet or not."""


def gradebook(rows: Sequence[Row]) -> bytes:
    """The CSV, UTF-8 with the mark that spreadsheets want; text that one would run has an apostrophe before it."""
    reports = [row.report for row in rows if row.report]
    problems = _ordered(name for report in reports for name in report.problems)
    questions = _ordered(name for report in reports for name in report.questions)
    text = io.StringIO(newline="")
    sheet = csv.writer(text, lineterminator="\r\n")
    sheet.writerow([*HEAD, *(f"problem {name}" for name in problems), *map(neutral, questions), "note"])
    for row in rows:
        seat, report = row.seat, row.report
        total = [report.points, report.of] if report else ["", ""]
        by_problem = _points(report.problems if report else {}, problems)
        by_question = _points(report.questions if report else {}, questions)
        about = map(neutral, (seat.id, seat.name, seat.variant, row.status))
        sheet.writerow([*about, *total, *by_problem, *by_question, neutral(row.note)])
    return text.getvalue().encode("utf-8-sig")


def neutral(text: str) -> str:
    """A text that no spreadsheet runs, on one line and `printable`."""
    flat = printable(" ".join(text.splitlines()))
    return f"'{flat}" if flat.lstrip(" ").startswith(RUN) else flat


def _points(parts: Mapping[str, object], names: Iterable[str]) -> list[Number | str]:
    return [getattr(parts.get(name), "points", "") for name in names]


def _ordered(names: Iterable[str]) -> list[str]:
    """Each once, numbers in them by size: 2a, 10a."""
    return sorted(dict.fromkeys(names), key=_natural)


def _natural(name: str) -> list[tuple[int, str]]:
    return [(int(part or 0), word) for part, word in re.findall(r"(\d*)(\D*)", name[:80])]
