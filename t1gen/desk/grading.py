"""Submissions marked, many at a time, and their reports and pages written; what is up to date is left as it is."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from t1gen import __version__, files
from t1gen.desk import classroom, decisions, pages
from t1gen.desk.classroom import Classroom, Handed, Refused
from t1gen.desk.ledger import Book, digest, digest_of, digest_of_test
from t1gen.errors import FileError, T1genError, fitting
from t1gen.files import Entry, Key, ProblemReport, Report, Seat, Submission
from t1gen.marking import keys
from t1gen.marking.mark import PROVISIONAL, Marked, is_open, mark_all
from t1gen.marking.rulings import NONE, RULE, Rulings, person, plain

T = TypeVar("T")

TOGETHER = 2_000
"""Submissions that are read, marked and written at a time."""


@dataclass(frozen=True)
class Task:
    """One submission: where it, its key and its report lie, what persons decided, and in a class whose it is."""

    submission: Path
    key: Path
    report: Path
    rulings: Rulings = NONE
    seat: Seat | None = None


@dataclass(frozen=True)
class Order:
    """How to mark: the formats of pages, a class's book, and whether changed keys count (nothing is written then)."""

    pages: tuple[str, ...] = ()
    book: Book | None = None
    regrade: bool = False


@dataclass(frozen=True)
class Graded:
    """A marked submission; `before` is the report that lay there.

    `state` is marked, kept (it was up to date) or standing (its key has changed since, or is no longer what it was:
    `problem`). What a standing report does not have is told by `pending`: answers (others are handed in now), or void
    or decision with the question.
    """

    task: Task
    report: Report
    entry: Entry
    state: str
    before: Report | None = None
    pending: Sequence[tuple[str, str]] = ()
    problem: T1genError | None = None

    @property
    def who(self) -> str:
        """How the student is told: by the seat in a class."""
        return self.task.seat.id if self.task.seat else self.report.student or self.report.variant

    @property
    def notices(self) -> Sequence[str]:
        """What was ignored in the submission."""
        return self.entry.notices

    def waits(self, problem: ProblemReport, number: str, question: str) -> bool:
        """Whether a person must still look at an answer: by what persons decided, be it in the report yet or not."""
        told, rulings = self.report.questions[question], self.task.rulings
        if told.verdict not in PROVISIONAL or rulings.void(problem.id, number, question):
            return False
        return is_open(told) and not rulings.on(self.report.variant, question, told.given)[0]

    @property
    def waiting(self) -> list[str]:
        """The questions that a person must still look at."""
        problems = self.report.problems.items()
        return [name for number, p in problems for name in p.questions if self.waits(p, number, name)]

    @property
    def marked_by(self) -> list[str]:
        """Who marked answers in the submission itself."""
        rulings, variant = self.task.rulings, self.report.variant
        told = ((name, q) for name, q in self.report.questions.items() if q.decided_by != RULE and not q.void)
        made = ((q, rulings.on(variant, name, q.given)[0]) for name, q in told)
        return [q.decided_by for q, one in made if not one or (person(one.by), one.note) != (q.decided_by, q.note)]


# which submissions


def tasks(paths: Sequence[Path], key: Path | None, out: Path | None) -> Iterator[Task | Refused]:
    """What to do for submissions that are named one by one."""
    together, rooms = Counter(p.parent for p in paths), dict[Path, tuple[Classroom, Rulings]]()
    for path in paths:
        yield _tried(path, None, _task, path, key, out or (path.parent if together[path.parent] > 1 else None), rooms)


def ruled_by(path: Path, key: Path | None) -> Path:
    """The decisions.json that holds for a submission: its class's, else one beside it."""
    return ((_around(path) if key is None else None) or path.parent) / "decisions.json"


def _around(path: Path) -> Path | None:
    """The class that a submission lies in, as CLASS/students/ID/submission.json."""
    place = path.parent.parent.parent
    return place if (place / "manifest.json").is_file() else None


def _task(
    path: Path, key: Path | None, out: Path | None, rooms: dict[Path, tuple[Classroom, Rulings]]
) -> Task:  # fmt: skip
    """`rooms` has the classes that were opened for earlier paths."""
    around = _around(path) if key is None else None
    if around:
        if around not in rooms:
            room = classroom.opened(around)
            rooms[around] = room, _ruled(room)
        room, ruled = rooms[around]
        return _seated(room, Handed(path, room.seat(path)), out, ruled)
    found = key or path.parent / "key.json"
    if not found.is_file():
        files.read_submission(path)
        raise FileError(f"no key is beside it ({found}); name one with --key", where=str(path))
    place = path.parent / "decisions.json"
    ruled = Rulings(decisions.read(place, files.read(found, Key).exam)) if place.exists() else NONE
    return Task(path, found, out / f"report-{_slug(path, found)}.json" if out else path.parent / "report.json", ruled)


def _slug(path: Path, key: Path) -> str:
    """A name for a report among others: the student's id or the variant code."""
    submission, _ = files.read_submission(path)
    name, variant = submission.student, submission.variant
    if not name:
        about = files.read(key, Key)
        name, variant = about.student.id, about.variant
    return re.sub(r"[^\w.@+-]+", "-", name)[:64].strip(".-") or re.sub(r"[^\w-]+", "", variant)[:20] or "nobody"


def _ruled(room: Classroom) -> Rulings:
    """What persons decided on a class."""
    return Rulings(decisions.read(room.decisions, room.manifest.exam))


def class_tasks(folder: Path, room: Classroom, out: Path | None) -> list[Task | Refused]:
    """What to do for every submission in a folder."""
    ruled, found = _ruled(room), classroom.handed_in(folder, room)
    work = [one if isinstance(one, Refused) else _seated(room, one, out, ruled) for one in found]
    reports = {one.report for one in work if isinstance(one, Task)}
    return [one for one in work if isinstance(one, Task) or one.path not in reports]


def _seated(room: Classroom, handed: Handed, out: Path | None, ruled: Rulings) -> Task:
    seat, own = handed.seat, handed.path.name == "submission.json" and out is None
    name = "report.json" if own else f"report-{seat.id}.json"
    return Task(handed.path, room.key(seat), (out or handed.path.parent) / name, ruled, seat)


# marking


def grade(work: Sequence[Task], order: Order) -> Iterator[Graded | Refused]:
    """Mark submissions and, unless it is a regrade, write reports and pages; what stops one stops no other."""
    for start in range(0, len(work), TOGETHER):
        yield from _some(work[start : start + TOGETHER], order)
        if order.book and not order.regrade:
            order.book.save()


@dataclass(frozen=True)
class _Read:
    """A submission and its key, read to be marked."""

    task: Task
    submission: Submission
    key: Key
    entry: Entry
    before: Report | None


def _some(work: Sequence[Task], order: Order) -> Iterator[Graded | Refused]:
    read = [_tried(task.submission, task.seat, _read, task, order) for task in work]
    todo = [r for r in read if isinstance(r, _Read)]
    marked = iter(mark_all(((r.submission, r.key) for r in todo), (r.task.rulings for r in todo)))
    for one in read:
        if isinstance(one, Refused):
            yield one
        elif isinstance(one, Graded):
            yield _tried(one.task.submission, one.task.seat, _paged, one, order)
        else:
            yield _tried(one.task.submission, one.task.seat, _marked, one, next(marked), order)


def _tried(path: Path, seat: Seat | None, work: Callable[..., T], *more: Any) -> T | Refused:
    """What the work on a submission gives, or the error that a user can mend, told from its file."""
    try:
        with fitting(str(path), FileError):
            return work(*more)
    except T1genError as error:
        return Refused(path, error, seat)


def _read(task: Task, order: Order) -> _Read | Graded:
    """What is to be marked, or the report that stands without it."""
    submission, notices = files.read_submission(task.submission)
    before, known = _report_at(task.report), order.book.entry(task.report) if order.book else None
    entry = _entry(task, known) if order.book else NOWHERE
    if known and before and not order.regrade:
        if (known.key, known.t1gen) != (entry.key, entry.t1gen):
            return _standing(task, submission, before, known)
        if (known.submission, known.decisions) == (entry.submission, entry.decisions):
            return Graded(task, before, known, "kept", before)
    try:
        key = _key(task)
        test = digest_of_test(key) if order.book else ""
        if known and known.test != test:
            raise FileError("is the key of another test than the one that was marked before; generate it from the bank "
                            "and secret as they were", where=str(task.key))  # fmt: skip
    except FileError as error:
        if not (known and before):
            raise
        return replace(_standing(task, submission, before, known), problem=error)
    return _Read(task, submission, key, msgspec.structs.replace(entry, test=test, notices=notices), before)


def _standing(task: Task, submission: Submission, before: Report, known: Entry) -> Graded:
    """The report as it was, and what it does not have of what is handed in and decided now."""
    anew = [("answers", "")] if known.submission != digest_of(task.submission) else []
    return Graded(task, before, known, "standing", before, [*anew, *task.rulings.waiting(before, submission.marks)])


NOWHERE = Entry(report="", submission="", key="", test="", decisions="", t1gen=__version__)
"""What is entered nowhere: a paper that is in no class."""


def _entry(task: Task, known: Entry | None) -> Entry:
    """What a report would be made from now."""
    told = task.rulings.relevant(task.seat.variant if task.seat else "")
    return msgspec.structs.replace(
        NOWHERE, submission=digest_of(task.submission), key=digest_of(task.key),
        decisions=digest(msgspec.json.encode(told)), pages=known.pages if known else {},
    )  # fmt: skip


def _key(task: Task) -> Key:
    key = files.read(task.key, Key)
    if task.seat and key.variant != task.seat.variant:
        raise FileError(f"is the key of variant '{key.variant}', not '{task.seat.variant}'", where=str(task.key))
    try:
        keys.check(key)
    except FileError as error:
        raise error.inside(str(task.key)) from None
    return key


def left_behind(book: Book, room: Classroom, tasks: Iterable[Task]) -> Iterator[tuple[Seat, Path, Report]]:
    """Reports of ours on what was handed in before, and is now missing or refused."""
    for path in book.others(task.report for task in tasks):
        report = _report_at(path)
        seat = room.by_variant.get(plain(report.variant)) if report else None
        if report and seat:
            yield seat, path, report


def _report_at(path: Path) -> Report | None:
    try:
        return files.read(path, Report)
    except FileError:
        return None


def _paged(graded: Graded, order: Order) -> Graded:
    """A report that is up to date, with the pages that it has not yet."""
    if graded.state == "standing":
        return graded
    place, made = graded.task.report, graded.entry.pages
    missing = [f for f in order.pages if made.get(f) != digest_of(pages.place(place, f))]
    return _with_pages(graded, _key(graded.task), missing, order) if missing else graded


def _marked(read: _Read, found: Marked, order: Order) -> Graded:
    if isinstance(found, FileError):
        raise found.inside(str(read.task.submission))
    report, notices = found
    entry = msgspec.structs.replace(read.entry, notices=[*read.entry.notices, *notices])
    graded = Graded(read.task, report, entry, "marked", read.before)
    return graded if order.regrade else _written(graded, read.key, order)


def write(graded: Graded, order: Order) -> Graded | Refused:
    """Write a report that was marked for showing first."""
    task = graded.task
    return _tried(task.submission, task.seat, lambda: _written(graded, _key(task), order))


def _written(graded: Graded, key: Key, order: Order) -> Graded:
    """The pages first, so that where the report is new, they are too; those that lie there are kept true."""
    place, data = _no_link(graded.task.report), files.encode(graded.report)
    graded = _with_pages(graded, key, list(dict.fromkeys([*order.pages, *pages.there(place)])), order)
    files.write(place, data, force=order.book is not None or graded.before is not None)
    return _entered(graded, order, report=digest(data))


def _with_pages(graded: Graded, key: Key, formats: Sequence[str], order: Order) -> Graded:
    made = pages.made(graded.report, key, formats) if formats else {}
    for format, data in made.items():
        files.write(_no_link(pages.place(graded.task.report, format)), data, force=True)
    return _entered(graded, order, pages={**graded.entry.pages, **{f: digest(data) for f, data in made.items()}})


def _no_link(path: Path) -> Path:
    """A place beside a submission, where a link may be the student's, and lead to a file that is not."""
    if path.is_symlink():
        raise FileError("is a link, so nothing is written there", where=str(path))
    return path


def _entered(graded: Graded, order: Order, **found: str | Mapping[str, str]) -> Graded:
    entry = msgspec.structs.replace(graded.entry, **found)
    if order.book and entry.report:
        order.book.enter(graded.task.report, entry)
    return replace(graded, entry=entry)
