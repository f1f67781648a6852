"""decisions.json: what persons decided on answers and questions, changed one decision at a time."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from msgspec.structs import replace

from t1gen import files
from t1gen.errors import FileError, near
from t1gen.files import Decision, Decisions, Key, Void
from t1gen.marking.rulings import named, plain

How = Literal["full", "drop", "none"]
"""Points for all, out of the maximum, or in force again."""


def read(place: Path, exam: str) -> Decisions:
    """The decisions at `place` on an exam; none where there is no file. Raises FileError where it is another exam's."""
    if not place.exists():
        return Decisions(exam=exam)
    found = files.read(place, Decisions)
    if plain(found.exam) != plain(exam):
        raise FileError(f"holds decisions on exam '{found.exam}', not '{exam}'", where=str(place))
    return found


def write(place: Path, decisions: Decisions) -> None:
    files.write(place, files.encode(decisions), force=True)


def void(decisions: Decisions, question: str, how: How, *, by: str, note: str) -> Decisions:
    """`decisions` with a question taken back, or in force again."""
    voided = {name: v for name, v in decisions.voided.items() if plain(name) != plain(question)}
    if how != "none":
        voided[question] = Void(how=how, by=by, note=note, at=now())
    return replace(decisions, voided=voided)


def decide(decisions: Decisions, made: Iterable[Decision]) -> Decisions:
    """`decisions` with these, each in the place of an earlier one on the same answer."""
    found = {_place(d): d for d in decisions.answers}
    found.update({_place(d): d for d in made})
    return replace(decisions, answers=list(found.values()))


def forget(decisions: Decisions, undone: Iterable[tuple[str, str]]) -> Decisions:
    """`decisions` without those on these answers (variant and question)."""
    gone = {(plain(variant), plain(question)) for variant, question in undone}
    return replace(decisions, answers=[d for d in decisions.answers if _place(d) not in gone])


def _place(decision: Decision) -> tuple[str, str]:
    return plain(decision.variant), plain(decision.question)


def now() -> str:
    """The time in UTC, as decisions hold it: 2026-11-25T09:30:00Z."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def asked(text: str) -> tuple[str, How]:
    """`2a=full` or `neuron-step:a=drop` as question and how. Raises FileError where it is neither."""
    question, sign, how = (part.strip() for part in text.partition("="))
    if not question or not sign:
        raise FileError(f"'{text}' names no question and how it is taken back; write 2a=full or 2a=drop")
    allowed: dict[str, How] = {"full": "full", "drop": "drop", "none": "none"}
    if how not in allowed:
        raise FileError(f"'{how}' is no way to take {question} back, only {', '.join(allowed)}{near(how, allowed)}")
    return question, allowed[how]


def known(question: str, keys: Sequence[Key]) -> str:
    """A question, by its number or its problem's name, as these keys spell it. Raises FileError where none has it."""
    names = {
        plain(name): name
        for key in keys for p in (key.sheet.problems if key.sheet else ()) for q in p.questions
        for name in (q.id, named(p, q.id))
    }  # fmt: skip
    found = names.get(plain(question))
    if found is None:
        raise FileError(f"there is no question '{question}' in this exam{near(question, names.values())}")
    return found
