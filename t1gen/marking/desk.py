"""Where submissions, keys and reports lie: finding a key, writing a report, showing it."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from t1gen import files
from t1gen.errors import FileError
from t1gen.marking.mark import mark


@dataclass(frozen=True)
class Graded:
    """A marked submission: its report, where that was written, and what was ignored."""

    report: files.Report
    place: Path
    notices: list[str]


def grade(submission_path: Path, key_path: Path | None, out: Path | None) -> Graded:
    """Mark one submission and write its report; an older report of ours is replaced."""
    submission, notices = files.read_submission(submission_path)
    place = key_path or find_key(submission_path, submission)
    key = files.read(place, files.Key)
    try:
        report, more = mark(submission, key)
    except FileError as error:
        raise error.inside(str(submission_path)) from None
    target = out / f"report-{_slug(report)}.json" if out else submission_path.parent / "report.json"
    files.write(target, files.encode(report), force=files.kind_of(target) == "report")
    return Graded(report, target, [*notices, *more])


def find_key(path: Path, submission: files.Submission) -> Path:
    """key.json beside the submission, or in keys/ID/ of the class that it lies in."""
    beside = path.parent / "key.json"
    of_class = path.parent.parent.parent / "keys"
    places = [beside, of_class / path.parent.name / "key.json"]
    if submission.student and Path(submission.student).name == submission.student:
        places.append(of_class / submission.student / "key.json")
    for place in places:
        if place.is_file():
            return place
    raise FileError(f"no key is beside it ({' or '.join(map(str, places[:2]))}); name one with --key", where=str(path))


def _slug(report: files.Report) -> str:
    return re.sub(r"[^\w.@+-]+", "-", report.student)[:64].strip(".-") or report.variant


def cells(report: files.Report) -> list[tuple[str, str, str, str, str]]:
    """The rows of the printed table: question, given, expected, points, verdict."""
    rows = []
    for name, q in report.questions.items():
        reason = f": {q.reasons[0].splitlines()[0]}" if q.reasons else ""
        points = f"{q.points:g}/{q.of:g}"
        rows.append((name, _short(q.given), _short(q.expected), points, f"{q.verdict}{reason}"))
    return rows


def _short(value: Any, digits: int = 5) -> str:
    if value is None:
        return ""
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_short(v, digits) for v in value[:40])}{', ...' if len(value) > 40 else ''}]"
    return f"{value:.{digits}g}" if isinstance(value, float) else str(value).replace("\n", "; ")[:200]
