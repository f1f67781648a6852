"""The command review: arguments in, questions and messages out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from t1gen.cli_marking import FILE, Place, marked, who

if TYPE_CHECKING:
    from t1gen.desk.classroom import Classroom
    from t1gen.desk.grading import Graded
    from t1gen.desk.review import Case, Group
    from t1gen.files import Decision


@click.command()
@click.argument("folder", type=FILE)
@click.option("--by", default="", help="Your name; asked for where it is not given.")
@click.option("--manifest", type=FILE, help="The class that the folder belongs to; default: that in or above it.")
@click.option("--out", type=FILE, help="The folder of the reports, where grade was told one.")
@click.option("--list", "only_list", is_flag=True, help="List what waits, and ask nothing.")
@click.option("--decided", is_flag=True, help="Go through what was decided, to change or undo it.")
def review(folder: Path, by: str, manifest: Path | None, out: Path | None, only_list: bool, decided: bool) -> None:
    """Decide on the answers of a class that no rule can: identical ones together, each with name and reason.

    Decisions are kept in decisions.json beside the manifest, and hold through regrades.

    \b
    Example:  t1gen review t1-2026
    """
    from t1gen.desk import grading, review
    from t1gen.desk.folders import held
    from t1gen.desk.tally import standing

    place = Place(folder, manifest, out)
    room = place.room()
    with held(room.place):
        order = grading.Order(book=place.book(room))

        def reports() -> tuple[list[Graded], int]:
            """The reports of all that can be marked, and how many cannot."""
            results = marked(grading.class_tasks(folder, room, out), order)
            graded = [r for r in results if isinstance(r, grading.Graded)]
            return graded, len(results) - len(graded)

        graded, refused = reports()
        if refused:
            click.echo(f"{refused} could not be marked: {place.command('grade')} says why", err=True)
        found = review.groups(graded, decided=decided)
        if not found:
            click.echo("Nothing was decided yet." if decided else "Nothing waits for a person.")
            return
        if only_list:
            for number, group in enumerate(found, 1):
                _say_group(room, group, number, len(found))
            raise SystemExit(1)
        count, left = _walk(room, found, by, decided)
        _say_decided(room, count, None if decided else left)
        if count and (pending := standing(reports()[0])):
            click.echo(f"Waiting for a regrade, and not counted yet: {pending}: {place.command('grade', '--regrade')}")
        click.echo(f"The gradebook: {place.command('grade', '--gradebook', 'gradebook.csv')}")
        raise SystemExit(1 if left and not decided else 0)


def _say_decided(room: Classroom, count: int, left: int | None) -> None:
    """How many answers were decided, and where more wait how many are left."""
    from t1gen.desk.tally import counted

    done = f"{counted(count, 'answer')} decided and kept in {room.decisions}" if count else "Nothing was decided"
    click.echo(f"{done}." if left is None else f"{done}; {left} left.")


def _walk(room: Classroom, found: Sequence[Group], by: str, decided: bool) -> tuple[int, int]:
    """Ask about group by group, each decision written at once; how many answers were decided and are left."""
    from t1gen.desk import decisions

    name = by.strip() or click.prompt("Your name", default=who(""))
    todo, done, reason = list(found), 0, ""
    total = sum(len(g.cases) for g in found)
    number = 0
    while todo:
        group = todo.pop(0)
        number += 1
        _say_group(room, group, number, number + len(todo))
        try:
            told = _points(group, undo=decided)
            if told == "each":
                todo = [*group.apart(), *todo]
                continue
            if told == "later":
                continue
            kept = decisions.read(room.decisions, room.manifest.exam)
            if told == "undo":
                kept = decisions.forget(kept, [one for case in group.cases for one in case.undone])
            else:
                reason = click.prompt("reason", default=reason or None)
                kept = decisions.decide(kept, _made(group, float(told), name, reason))
        except (click.Abort, EOFError):
            click.echo("")
            break
        decisions.write(room.decisions, kept)
        done += len(group.cases)
    return done, total - done


def _made(group: Group, points: float, by: str, reason: str) -> list[Decision]:
    from t1gen.files import rounded

    return [case.decision(rounded(points), by, reason) for case in group.cases]


def _points(group: Group, undo: bool) -> str:
    """Points as a person types them, or each, later, undo; q stops."""
    of = group.first.of
    several = len(group.cases) > 1
    hint = f"points, 0 to {of:g}" + (f" for all {len(group.cases)}, e: one by one" if several else "")
    hint += ", -: undo" if undo else ""
    while True:
        text = click.prompt(f"{hint}, Enter: later, q: stop", default="", show_default=False).strip().lower()
        if text in ("", "q", "quit"):
            if text:
                raise click.Abort
            return "later"
        if text == "e" and several:
            return "each"
        if text == "-" and undo:
            return "undo"
        points = _amount(text)
        if points is not None and 0 <= points <= of:
            return str(points)
        click.echo(f"'{text[:40]}' is none of these; points may be 0 to {of:g}, such as 0.5 or 1/2")


def _amount(text: str) -> float | None:
    """Points such as 0.5, 0,5 or 1/2; None where a text is no such number, or a large one."""
    import re
    from fractions import Fraction

    plain = text.replace(",", ".").replace(" ", "")
    if not re.fullmatch(r"[0-9]{1,6}(/0*[1-9][0-9]{0,5})?|[0-9]{0,6}\.[0-9]{1,12}", plain):
        return None
    return float(Fraction(plain))


def _say_group(room: Classroom, group: Group, number: int, of: int) -> None:
    from t1gen.desk import review
    from t1gen.desk.tally import counted, short
    from t1gen.files import one_line

    first, cases = group.first, group.cases
    students = ", ".join(c.report.student or c.report.variant for c in cases[:6])
    more = f" and {len(cases) - 6} more" if len(cases) > 6 else ""
    several = counted(len(cases), "answer" if len(cases) == 1 else "identical answer")
    title = f"[{number}/{of}] {cases[0].question} of {group.problem}: {several}: {students}{more}"
    click.secho(one_line(title), bold=True)
    expected = [f"{short(value)}{f' ({count} of them)' if count < len(cases) else ''}"
                for value, count in review.expected(group)]  # fmt: skip
    reasons = " ".join(r for r in first.reasons if r and r != first.note)
    lines = [
        ("question", _question(room, group)),
        ("given", short(first.given)),
        ("why", f"{first.verdict}{': ' if reasons else ''}{reasons}"),
        ("expected", ", ".join(expected[:4]) + (f" and {len(expected) - 4} others" if len(expected) > 4 else "")),
        ("from own", short(first.expected_from_own)),
        *_decided(cases[0]),
    ]
    for name, text in lines:
        if text:
            click.echo(one_line(f"  {name:<9} {text}"))


def _decided(case: Case) -> Iterator[tuple[str, str]]:
    """What was decided on an answer, what counts instead, and what was decided on other answers in its place."""
    from t1gen.desk.tally import short
    from t1gen.files import amount
    from t1gen.marking.rulings import RULE, person

    told, one = case.told, case.decided
    if one:
        yield "decided", _ruled(one)
    if told.decided_by != RULE and not (one and (person(one.by), one.note) == (told.decided_by, told.note)):
        note = f": {told.note}" if told.note else ""
        yield "in report", f"{amount(told.points)} of {amount(told.of)} by {told.decided_by}{note}"
    for other in case.overtaken:
        yield "before", f"{_ruled(other)} (on {short(other.given) or 'no answer'})"


def _ruled(one: Decision) -> str:
    from t1gen.files import amount
    from t1gen.marking.rulings import person

    return f"{amount(one.points)} of {amount(one.of)} by {person(one.by)}{f': {one.note}' if one.note else ''}"


def _question(room: Classroom, group: Group) -> str:
    """The wording of a question, from the key of the first who has it; nothing where that cannot be read."""
    from t1gen import files
    from t1gen.documents.render import spoken
    from t1gen.errors import FileError
    from t1gen.markdown import runs
    from t1gen.marking.rulings import plain

    seat = room.by_variant.get(plain(group.cases[0].report.variant))
    try:
        key = files.read(room.key(seat), files.Key) if seat else None
    except FileError:
        key = None
    if key is None or key.sheet is None:
        return ""
    texts = {q.id: q.text for p in key.sheet.problems for q in p.questions}
    return " ".join(spoken(runs(texts.get(group.cases[0].question, ""), key.sheet.language)).split())[:300]
