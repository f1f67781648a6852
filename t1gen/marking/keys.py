"""What a key must hold before anything is marked by it: points, values and tolerances that can be."""

from collections.abc import Iterator
from typing import Any

from msgspec import UNSET

from t1gen.errors import FileError, near
from t1gen.files import Key, KeyAnswer, Question
from t1gen.mistakes import MISTAKES

MOST, LARGEST = 1_000_000, 1e300
"""The most points that a question is worth; the largest number of a key."""

TEXTS = ("expression", "graph")
NUMBERS = {"number": "a number", "array": "numbers in nested lists of one length each", "table": "rows of numbers"}


def check(key: Key) -> None:
    """Raise FileError for the first answer that cannot be right: `$.answers["1a"].points: -1 is not within ...`."""
    for problem in key.sheet.problems if key.sheet else ():
        for question in problem.questions:
            found = key.answers.get(question.id)
            for field, what in _wrong(question, found) if found else ():
                raise FileError(what, where=f'$.answers["{question.id[:40]}"].{field}')


def _wrong(question: Question, found: KeyAnswer) -> Iterator[tuple[str, str]]:
    if not 0 <= found.points <= MOST:
        yield "points", f"points are a number from 0 to {MOST:,}"
    yield from _wrong_value(question, found)
    credit = {} if found.credit is UNSET else found.credit
    for name in credit:
        if name not in MISTAKES:
            yield "credit", f"the mistake '{name[:40]}' is unknown{near(name[:40], MISTAKES)}"
    shares = {**{f"credit.{name}": share for name, share in credit.items()}, "follow_through": found.follow_through}
    for field, share in shares.items():
        if not (share is UNSET or 0 <= share <= 1):
            yield field, "a share of the points is a number from 0 to 1"


def _wrong_value(question: Question, found: KeyAnswer) -> Iterator[tuple[str, str]]:
    value, tolerance, kind = found.value, found.tolerance, question.kind
    if kind in TEXTS and not isinstance(value, str):
        yield "value", f"the answer to a question of kind {kind} is a text"
    one, several = kind == "choice", kind == "order" or question.several
    if (one or kind == "order") and not _ids(value, one=one, several=several):
        yield "value", f"the answer to a question of kind {kind} is of ids of its options"
    if kind not in NUMBERS:
        return
    shape, asked = _shape(value), list(question.shape or ())
    rank = {"number": (0,), "table": (2,)}.get(kind, tuple(range(1, 33)))
    if shape is None or len(shape) not in rank:
        yield "value", f"the answer to a question of kind {kind} is {NUMBERS[kind]}"
    elif kind == "array" and question.ask != "shape" and min(asked, default=0) > 0 and shape != asked:
        yield "value", f"has the shape {shape}, but the question asks for {asked}"
    if tolerance is not None and (_shape(tolerance) != shape or _least(tolerance) < 0):
        yield "tolerance", "a tolerance is at least 0 and has the shape of the value"


def _ids(value: Any, *, one: bool, several: bool) -> bool:
    if isinstance(value, list):
        return several and bool(value) and all(isinstance(id, str) for id in value)
    return one and isinstance(value, str)


def _shape(value: Any) -> list[int] | None:
    """The sizes of nested lists of numbers, None where there are none such."""
    if isinstance(value, list):
        inner = [_shape(one) for one in value]
        same = inner and inner[0] is not None and all(one == inner[0] for one in inner)
        return [len(value), *(inner[0] or ())] if same else None
    fits = isinstance(value, int | float) and not isinstance(value, bool) and -LARGEST < value < LARGEST
    return [] if fits else None


def _least(value: Any) -> float:
    return min(map(_least, value)) if isinstance(value, list) else float(value)
