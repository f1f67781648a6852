"""Where submissions, keys and reports lie: finding a key, writing a report, showing it."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from t1gen import files
from t1gen.errors import FileError, T1genError, fitting
from t1gen.marking.mark import Marked, mark_all

T = TypeVar("T")


@dataclass(frozen=True)
class Graded:
    """A marked submission: its report, where that was written, and what was ignored."""

    report: files.Report
    place: Path
    notices: list[str]


TOGETHER = 2_000
"""Submissions that are read, marked and written at a time."""


def grade(paths: Sequence[Path], key_path: Path | None, out: Path | None) -> Iterator[Graded | T1genError]:
    """Mark submissions, many at a time, and write a report for each; older reports of ours are replaced.

    Gives what became of each in order: what stops one stops no other.
    """
    for start in range(0, len(paths), TOGETHER):
        some = paths[start : start + TOGETHER]
        read = [_tried(_pair, path, key_path) for path in some]
        pairs = [r for r in read if not isinstance(r, T1genError)]
        marked = iter(mark_all((submission, key) for submission, key, _ in pairs))
        for path, one in zip(some, read, strict=True):
            if isinstance(one, T1genError):
                yield one
            else:
                yield _tried(_written, path, out, one[2], next(marked))


def _tried(work: Callable[..., T], path: Path, *more: Any) -> T | T1genError:
    """What the work on a file gives, or the error that a user can mend, told from the file."""
    try:
        with fitting(str(path), FileError):
            return work(path, *more)
    except T1genError as error:
        return error


def _pair(path: Path, key_path: Path | None) -> tuple[files.Submission, files.Key, list[str]]:
    submission, notices = files.read_submission(path)
    return submission, files.read(key_path or find_key(path, submission), files.Key), notices


def _written(path: Path, out: Path | None, notices: list[str], found: Marked) -> Graded:
    if isinstance(found, FileError):
        raise found.inside(str(path))
    report, more = found
    target = out / f"report-{_slug(report)}.json" if out else path.parent / "report.json"
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
