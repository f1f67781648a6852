"""The command grade: arguments in, messages out."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from t1gen.desk.classroom import Classroom, Refused
    from t1gen.desk.decisions import Names
    from t1gen.desk.grading import Graded, Order, Task
    from t1gen.desk.ledger import Book
    from t1gen.exchange.gradebook import Row
    from t1gen.files import Key

FILE = click.Path(path_type=Path)


@dataclass(frozen=True)
class Place:
    """Where a class and the submissions to mark are, as it was said on the command line."""

    folder: Path
    manifest: Path | None
    out: Path | None

    def room(self) -> Classroom:
        from t1gen.desk import classroom

        return classroom.opened(self.manifest) if self.manifest else classroom.above(self.folder)

    def book(self, room: Classroom) -> Book:
        from t1gen.desk import ledger

        return ledger.opened((self.out or room.place) / "ledger.json", room.manifest.exam)

    def command(self, name: str, *more: str) -> str:
        """What to type to do something else with the same submissions."""
        import shlex

        from t1gen.files import one_line

        manifest = ["--manifest", str(self.manifest)] if self.manifest else []
        out = ["--out", str(self.out)] if self.out else []
        return one_line(shlex.join(["t1gen", name, str(self.folder), *manifest, *out, *more]))


@dataclass(frozen=True)
class Asked:
    """What a run of grade was asked for, beside the submissions."""

    key: Path | None
    out: Path | None
    manifest: Path | None
    gradebook: Path | None
    pages: tuple[str, ...]
    regrade: bool
    yes: bool
    voids: tuple[str, ...]
    by: str
    reason: str
    marks: bool | None


@click.command()
@click.argument("submissions", nargs=-1, required=True, type=FILE)
@click.option("--key", type=FILE, help="The key; default: that of the class, or key.json beside the submission.")
@click.option("--out", type=FILE, help="A folder for reports and pages; default: beside each submission.")
@click.option("--feedback", default="", help="Pages for the student beside the report, of html, md, pdf, tex, typ.")
@click.option("--gradebook", type=FILE, help="Of a folder: the CSV to write, a line for every student of the class.")
@click.option("--manifest", type=FILE, help="The class that a folder belongs to; default: that in or above the folder.")
@click.option("--regrade", is_flag=True, help="Mark by keys that have changed since; shows who changes, then asks.")
@click.option("--yes", is_flag=True, help="Write what a regrade changes without asking.")
@click.option("--void", "voids", multiple=True, metavar="QUESTION=full|drop|none",
              help="Take a question back: points for all, or out of the maximum; none undoes it.")  # fmt: skip
@click.option("--by", default="", help="Who takes it back; default: the login name.")
@click.option("--reason", default="", help="Why it is taken back.")
@click.option("--marks/--ignore-marks", default=None,
              help="Whether marks inside submissions are a person's (default) or the students' own.")  # fmt: skip
def grade(submissions: tuple[Path, ...], feedback: str, voids: tuple[str, ...], **told: Any) -> None:
    """Mark submissions, or the folder of a class, and write a report for each.

    \b
    Examples:  t1gen grade t1-42/submission.json --feedback html
               t1gen grade t1-2026 --gradebook gradebook.csv
               t1gen grade t1-2026 --void neuron-step:a=full --by 'A. Smith' --reason 'misprint'
    """
    asked = Asked(pages=_pages(feedback), voids=voids, **told)
    folders = [path for path in submissions if path.is_dir()]
    if folders and len(submissions) > 1:
        raise click.UsageError(f"one folder is marked at a time, alone: '{folders[0]}'")
    if folders:
        raise SystemExit(_class(folders[0], asked))
    if asked.gradebook or asked.manifest:
        raise click.UsageError("--gradebook and --manifest belong to a folder of submissions; name that instead")
    raise SystemExit(_papers(submissions, asked))


def _pages(text: str) -> tuple[str, ...]:
    if not text:
        return ()
    from t1gen.desk.pages import FORMATS
    from t1gen.output import formats

    return formats(text, FORMATS)


# papers named one by one


def _papers(paths: Sequence[Path], asked: Asked) -> int:
    from t1gen.desk import grading
    from t1gen.desk.classroom import Refused
    from t1gen.desk.decisions import names

    for place, one in _beside(paths, asked.key).items() if asked.voids or asked.marks is not None else ():
        _decide(place, one[0].exam, names(one), asked)
    work = list(grading.tasks(paths, asked.key, asked.out))
    order = grading.Order(pages=asked.pages, regrade=asked.regrade)
    graded = iter(grading.grade([w for w in work if isinstance(w, grading.Task)], order))
    results = [w if isinstance(w, Refused) else next(graded) for w in work]
    if asked.regrade:
        results = _regraded(results, order, asked)
    codes = []
    for result in results:
        if isinstance(result, Refused):
            _error(result)
            codes.append(2)
            continue
        _say_report(result, full=len(paths) == 1)
        codes.append(1 if result.notices or result.report.provisional else 0)
    return max(codes, default=1)


def _beside(paths: Sequence[Path], key: Path | None) -> dict[Path, list[Key]]:
    """The keys of submissions by the decisions.json that holds for them."""
    from t1gen import files
    from t1gen.desk.grading import Task, ruled_by, tasks

    found: dict[Path, list[Key]] = {}
    for path, task in zip(paths, tasks(paths, key, None), strict=True):
        if isinstance(task, Task):
            found.setdefault(ruled_by(path, key), []).append(files.read(task.key, files.Key))
    return found


def _say_report(result: Graded, full: bool) -> None:
    from rich.console import Console
    from rich.table import Table

    from t1gen.desk.tally import cells, total
    from t1gen.files import one_line

    report = result.report
    for notice in result.notices:
        click.echo(f"note: {one_line(notice)}", err=True)
    if full:
        table = Table(box=None, header_style="bold", pad_edge=False)
        for title in ("question", "given", "expected", "points", "verdict"):
            table.add_column(title, justify="right" if title == "points" else "left", overflow="fold", max_width=46)
        for row in cells(report):
            table.add_row(*map(one_line, row))
        Console(highlight=False, markup=False).print(table)
    state = " (provisional: a person must look at some answers)" if report.provisional else ""
    click.echo(one_line(f"{result.who}: {total(report)} points{state}   report: {result.task.report}"))


# a class


def _class(folder: Path, asked: Asked) -> int:
    from t1gen.desk import decisions, grading
    from t1gen.desk.folders import held, sweep
    from t1gen.exchange.gradebook import check_place

    if asked.key:
        raise click.UsageError("--key belongs to a single submission; a class has its keys in keys/")
    if asked.gradebook:
        check_place(asked.gradebook)
    place = Place(folder, asked.manifest, asked.out)
    room = place.room()
    with held(room.place):
        for each in (room.place, folder, *([asked.out] if asked.out and asked.out.is_dir() else [])):
            sweep(each)
        if asked.gradebook:
            sweep(asked.gradebook.parent, asked.gradebook.name)
        if asked.voids or asked.marks is not None:
            names = decisions.names(_keys(room) if asked.voids else ())
            _decide(room.decisions, room.manifest.exam, names, asked)
        work = grading.class_tasks(folder, room, asked.out)
        order = grading.Order(pages=asked.pages, book=place.book(room), regrade=asked.regrade)
        results = marked(work, order)
        if asked.regrade:
            results = _regraded(results, order, asked)
        return _finish(room, results, asked, place)


def _keys(room: Classroom) -> Iterator[Key]:
    """The keys of a class that can be read; of another one it is told where it is needed."""
    from t1gen import files
    from t1gen.errors import FileError

    for seat in room.manifest.students:
        with suppress(FileError):
            yield files.read(room.key(seat), files.Key)


def marked(work: Sequence[Task | Refused], order: Order) -> list[Graded | Refused]:
    """The results in the order of the work, with a bar where a person is watching."""
    from t1gen.desk.classroom import Refused
    from t1gen.desk.grading import grade as graded

    tasks = [w for w in work if not isinstance(w, Refused)]
    with click.progressbar(graded(tasks, order), length=len(tasks), label="Marking", file=sys.stderr) as bar:
        found = iter(list(bar))
    return [w if isinstance(w, Refused) else next(found) for w in work]


def _finish(room: Classroom, results: Sequence[Graded | Refused], asked: Asked, place: Place) -> int:
    """Say what became of everybody, and write the gradebook."""
    from t1gen import files
    from t1gen.desk import tally
    from t1gen.desk.classroom import Refused
    from t1gen.exchange.gradebook import gradebook

    graded = [r for r in results if not isinstance(r, Refused)]
    refused = [r for r in results if isinstance(r, Refused)]
    part = room.is_part(place.folder)
    rows = tally.rows(room, results, part=part)
    if not asked.regrade:
        _say_changed(graded)
    for one in graded:
        click.echo(files.one_line(tally.line(one)))
    if not part:
        _say_left(room, place, rows, graded)
    _say_means(graded)
    if asked.gradebook:
        files.write(asked.gradebook, gradebook(rows), force=True)
        click.echo(f"gradebook: {asked.gradebook}")
    _say_class(room, rows, graded, part)
    _say_open(graded, asked, place)
    astray = _astray(room, graded)
    for told in astray:
        click.echo(files.one_line(f"note: {room.decisions}: {told}"), err=True)
    _say_refused(refused, graded)
    open_ = any(tally.status(g) in ("provisional", "standing") or g.notices for g in graded)
    return int(bool(refused or astray or open_))


def _say_refused(refused: Sequence[Refused], graded: Sequence[Graded]) -> None:
    from t1gen.files import one_line

    if refused:
        click.echo(f"{len(refused)} could not be marked:", err=True)
    for no in refused:
        _error(no)
    stand = [one for one in graded if one.problem]
    if stand:
        click.echo(f"{len(stand)} could not be marked anew, so what was marked before stands:", err=True)
    for one in stand:
        click.echo(one_line(f"t1gen: {one.problem}"), err=True)


def _astray(room: Classroom, graded: Sequence[Graded]) -> list[str]:
    """What is decided on questions and tests that nobody has."""
    from t1gen.desk import decisions

    kept = decisions.read(room.decisions, room.manifest.exam)
    if not kept.voided and not kept.answers:
        return []
    names = {name for one in graded for name in decisions.in_report(one.report)}
    found = list(decisions.astray(kept, room.by_variant, names))
    names |= set(decisions.names(_keys(room)) if found else ())
    return list(decisions.astray(kept, room.by_variant, names)) if found else []


def _say_left(room: Classroom, place: Place, rows: Sequence[Row], graded: Sequence[Graded]) -> None:
    """Whose report is of what was handed in before, and is now missing or refused."""
    from t1gen.desk.grading import left_behind
    from t1gen.desk.tally import total
    from t1gen.files import one_line

    states = {row.seat.id: row.status for row in rows if row.report is None}
    for seat, path, report in left_behind(place.book(room), room, [one.task for one in graded]):
        if state := states.get(seat.id):
            told = f"{seat.id}: {total(report)} -> {state}; {path} is on what was handed in before"
            click.echo(one_line(told))


def _say_changed(graded: Sequence[Graded]) -> None:
    """Whose marks a decision or another submission changed since the last run."""
    from t1gen.desk.changes import changes
    from t1gen.files import one_line

    for one in graded:
        for change in changes(one.before, one.report) if one.before and one.state == "marked" else ():
            click.echo(one_line(f"{one.who}: {change}"))


def _say_means(graded: Sequence[Graded]) -> None:
    from t1gen.desk.tally import means

    found = means([g.report for g in graded])
    if found:
        click.secho("Question means", bold=True)
    wide = max((len(m.question) for m in found), default=0)
    width = max((len(m.problem) for m in found), default=0)
    for mean in found:
        part = f"{100 * mean.points / mean.of:3.0f} %" if mean.of else "  - "
        counts = ", ".join(f"{count} {verdict}" for verdict, count in mean.verdicts.items())
        told = " ".join([*([counts] if counts else []), *([f"({mean.void} void)"] if mean.void else [])])
        points = f"{mean.points:.2f} of {mean.of:g}"
        click.echo(f"  {mean.question:<{wide}}  {mean.problem:<{width}}  {points}  {part}   {told}")


def _say_class(room: Classroom, rows: Sequence[Row], graded: Sequence[Graded], part: bool) -> None:
    from statistics import fmean

    counts = {state: sum(r.status == state for r in rows) for state in dict.fromkeys(r.status for r in rows)}
    told = ", ".join(f"{n} {state}" for state, n in counts.items())
    mean = f"; mean {fmean(g.report.points for g in graded):.2f}" if graded else ""
    everybody = len(room.manifest.students)
    who = f"a part of the class, {len(rows)} of {everybody} students" if part else f"{len(rows)} students"
    click.echo(f"{room.manifest.exam}: {who}: {told}{mean}")


def _say_open(graded: Sequence[Graded], asked: Asked, place: Place) -> None:
    """What is left to do, and what a teacher may not expect."""
    from t1gen.desk import tally
    from t1gen.files import one_line

    if kept := sum(g.state == "kept" for g in graded):
        were, are = ("was", "is") if kept == 1 else ("were", "are")
        click.echo(f"  {kept} {were} marked before and {are} up to date")
    if standing := sum(g.state == "standing" and not g.problem for g in graded):
        were, keys, stand = ("was", "another key", "stands") if standing == 1 else ("were", "other keys", "stand")
        click.echo(f"  {standing} {were} marked with {keys} or another t1gen and {stand}; --regrade shows what changes")
    if pending := tally.standing(graded):
        click.echo(f"  waiting for --regrade, and not counted yet: {pending}")
    if waiting := sum(bool(g.waiting) for g in graded):
        click.echo(f"  {waiting} {'waits' if waiting == 1 else 'wait'} for a person: {place.command('review')}")
    if asked.marks is None and (by := tally.marked_by(graded)):
        told = f"marks by {', '.join(by)} count as a person's; where students wrote them, --ignore-marks"
        click.echo(one_line(f"  {told}"))


def _regraded(results: list[Graded | Refused], order: Order, asked: Asked) -> list[Graded | Refused]:
    """Show whom new keys change and by how much; write only what a person wants."""
    from t1gen.desk.changes import changes
    from t1gen.desk.classroom import Refused
    from t1gen.desk.grading import write
    from t1gen.desk.tally import total
    from t1gen.files import amount, one_line

    more = 0.0
    changed = 0
    anew = [one for one in results if not isinstance(one, Refused) and one.state == "marked"]
    for one in anew:
        found = changes(one.before, one.report) if one.before else []
        if not one.before or not found:
            continue
        changed, more = changed + 1, more + one.report.points - one.before.points
        parts = "; ".join(map(str, found))
        click.echo(one_line(f"{one.who}: {total(one.before)} -> {total(one.report)}: {parts}"))
    sign = "+" if more >= 0 else ""
    click.echo(f"{changed} of {len(anew)} change, together by {sign}{amount(more)} points")
    if changed and not asked.yes and not _agreed("Write these reports?"):
        click.echo("Nothing was written (--yes writes without asking).")
        raise SystemExit(1)
    written = [one if isinstance(one, Refused) or one.state == "standing" else write(one, order) for one in results]
    if order.book:
        order.book.save()
    return written


def _agreed(question: str) -> bool:
    try:
        return click.confirm(question, default=False)
    except click.Abort:
        click.echo("")
        return False


def _error(refused: Refused) -> None:
    from t1gen.files import one_line

    click.echo(one_line(f"t1gen: {refused.error}"), err=True)


def _decide(place: Path, exam: str, names: Names, asked: Asked) -> None:
    """Write down which questions are taken back, and whether marks in submissions count."""
    from msgspec.structs import replace

    from t1gen.desk import decisions
    from t1gen.errors import FileError
    from t1gen.files import Void

    found = decisions.read(place, exam)
    done, said = list[str](), list[str]()
    for text in asked.voids:
        question, how = decisions.asked(text)
        name = decisions.known(question, names)
        if name in done:
            raise FileError(f"{name} is taken back twice in one command; say it once")
        made = None if how == "none" else Void(how=how, by=who(asked.by), note=asked.reason, at=decisions.now())
        found, before = decisions.void(found, name, names, made)
        done.append(name)
        spelled = name if question == name else f"{question}, {name}"
        said.append(f"{spelled}: {decisions.told(made)}{f' (before: {decisions.told(before)})' if before else ''}")
    if asked.marks is not None:
        found = replace(found, ignore_marks=not asked.marks)
    decisions.write(place, found)
    for line in said:
        click.echo(line)


def who(by: str) -> str:
    import getpass

    if by.strip():
        return by.strip()
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "a person"
