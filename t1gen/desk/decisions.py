"""decisions.json: what persons decided on answers and questions, changed one decision at a time."""

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from msgspec.structs import replace

from t1gen import files
from t1gen.errors import FileError, fitting, near
from t1gen.files import Decision, Decisions, Key, Report, Void
from t1gen.marking.rulings import answer, named, person, plain

How = Literal["full", "drop", "none"]
"""Points for all, out of the maximum, or in force again."""

TOLD: dict[str, str] = {"full": "points for all", "drop": "out of the maximum", "none": "counts again"}

MOST = 1_000_000
"""The most points that a question is worth."""

Names = Mapping[str, Counter[str]]
"""Every name of a question (its number, or its problem's name), and the questions that it means, by problem's name."""


def read(place: Path, exam: str) -> Decisions:
    """The decisions at `place` on an exam; none where there is no file.

    Raises FileError where it is another exam's, points cannot be, or something is decided twice.
    """
    if not place.exists():
        return Decisions(exam=exam)
    found = files.read(place, Decisions)
    if plain(found.exam) != plain(exam):
        raise FileError(f"holds decisions on exam '{found.exam}', not '{exam}'", where=str(place))
    try:
        with fitting("", FileError):
            _check(found)
    except FileError as error:
        raise error.inside(str(place)) from None
    return found


def _check(decisions: Decisions) -> None:
    """What a slip of an editor makes of the file: better told than guessed at."""
    places = dict[tuple[str, str, str], int]()
    for n, one in enumerate(decisions.answers):
        if not 0 <= one.of <= MOST:
            raise FileError(f"{_shown(one.of)} is no number of points, 0 to {MOST:,}", where=f"$.answers[{n}].of")
        if not 0 <= one.points <= one.of:
            raise FileError(f"{_shown(one.points)} is not within 0 to {one.of:g}", where=f"$.answers[{n}].points")
        if places.setdefault(_place(one), n) != n:
            raise FileError(f"is on the same answer as $.answers[{places[_place(one)]}]", where=f"$.answers[{n}]")
    names = dict[str, str]()
    for name in decisions.voided:
        if names.setdefault(plain(name), name) != name:
            raise FileError(f"'{name}' is there as '{names[plain(name)]}' too", where="$.voided")


def _shown(number: files.Number) -> str:
    return f"{number:g}" if -1e300 < number < 1e300 else "a number that large"


def write(place: Path, decisions: Decisions) -> None:
    files.write(place, files.encode(decisions), force=True)


# questions that are taken back


def void(
    decisions: Decisions, question: str, names: Names, made: Void | None
) -> tuple[Decisions, Void | None]:  # fmt: skip
    """`decisions` with a question taken back, or in force again where `made` is None; and what that replaces.

    Whatever name an earlier one has, it is kept by its problem's, so that nothing is decided twice.
    """
    voided = dict[str, Void]()
    for name, old in sorted(decisions.voided.items(), key=lambda item: item[1].at):
        voided |= dict.fromkeys(names.get(plain(name), (name,)), old)
    before = voided.pop(question, None)
    return replace(decisions, voided={**voided, question: made} if made else voided), before


def names(keys: Iterable[Key]) -> Names:
    """The names of the questions in these keys, and in how many tests each means what."""
    found = dict[str, Counter[str]]()
    for key in keys:
        for p in key.sheet.problems if key.sheet else ():
            for q in p.questions:
                name = named(p.id, p.number, q.id)
                for one in {plain(q.id), plain(name)}:
                    found.setdefault(one, Counter())[name] += 1
    return found


def known(question: str, names: Names) -> str:
    """A question, by its number or its problem's name, as `void` wants it.

    Raises FileError where no test has it, or a number is of different questions in different tests.
    """
    found = names.get(plain(question))
    if not found:
        spelled = [*names, *(name for told in names.values() for name in told)]
        raise FileError(f"there is no question '{question}' in this exam{near(question, spelled)}")
    if len(found) > 1:
        each = ", ".join(f"{name} (in {count} of the tests)" for name, count in found.most_common(12))
        raise FileError(f"{question} is {len(found)} different questions: {each}; name one of them")
    return next(iter(found))


def told(made: Void | None) -> str:
    """`points for all, by Ann`."""
    return f"{TOLD[made.how]}, by {person(made.by)}" if made else TOLD["none"]


def in_report(report: Report) -> Iterator[str]:
    """Every name of the questions of a report, as `names` has them."""
    for number, problem in report.problems.items():
        for question in problem.questions:
            yield from (plain(question), plain(named(problem.id, number, question)))


def astray(decisions: Decisions, variants: Container[str], names: Container[str]) -> Iterator[str]:
    """What is decided on variants and questions that are not among these."""
    for one in decisions.answers:
        if plain(one.variant) not in variants:
            yield f"{person(one.by)} decided on {one.question} of variant '{one.variant}', which nobody has"
    for name in decisions.voided:
        if plain(name) not in names:
            yield f"question '{name}' is taken back, and no test has it"


def asked(text: str) -> tuple[str, How]:
    """`2a=full` or `neuron-step:a=drop` as question and how. Raises FileError where it is neither."""
    question, sign, how = (part.strip() for part in text.partition("="))
    if not question or not sign:
        raise FileError(f"'{text}' names no question and how it is taken back; write 2a=full or 2a=drop")
    allowed: dict[str, How] = {"full": "full", "drop": "drop", "none": "none"}
    if how not in allowed:
        raise FileError(f"'{how}' is no way to take {question} back, only {', '.join(allowed)}{near(how, allowed)}")
    return question, allowed[how]


# answers that are decided on


def decide(decisions: Decisions, made: Iterable[Decision]) -> Decisions:
    """`decisions` with these, each in the place of an earlier one on the same answer."""
    found = {_place(d): d for d in decisions.answers}
    found.update({_place(d): d for d in made})
    return replace(decisions, answers=list(found.values()))


def forget(decisions: Decisions, undone: Iterable[Decision]) -> Decisions:
    """`decisions` without these."""
    gone = {_place(d) for d in undone}
    return replace(decisions, answers=[d for d in decisions.answers if _place(d) not in gone])


def _place(decision: Decision) -> tuple[str, str, str]:
    return plain(decision.variant), plain(decision.question), answer(decision.given)


def now() -> str:
    """The time in UTC, as decisions hold it: 2026-11-25T09:30:00Z."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
