"""array: a vector or matrix of numbers, every entry compared within its tolerance."""

from collections.abc import Iterator
from typing import Any

from t1gen.answers.number import within
from t1gen.answers.reading.entries import Entries, lists_of, sizes
from t1gen.answers.reading.rows import shape_of
from t1gen.answers.record import Kind, Reading, Verdict, judged
from t1gen.mapping.nested import flat, squeezed
from t1gen.mapping.program import Shape


def read(given: Any, question: Any) -> Reading:
    """Nested lists of floats; n, n x 1 and 1 x n count as the same unless the question has a `strict_shape`."""
    if question.ask == "shape":
        return Reading(sizes(given))
    asked, strict = tuple(question.shape), getattr(question, "strict_shape", False)
    notes: list[str] = []

    def fits(found: Shape) -> bool:
        return found == asked if strict else squeezed(found) == squeezed(asked)

    entries = Entries(getattr(question, "accept", ""), notes)
    numbers = entries.each(lists_of(given, fits, notes), entries.number)
    found = shape_of(numbers)
    if found != asked and fits(found):
        numbers = _shaped(iter(flat(numbers)), asked)
    return Reading(numbers, tuple(dict.fromkeys(notes)))


def _shaped(values: Iterator[float], shape: Shape) -> Any:
    return [_shaped(values, shape[1:]) for _ in range(shape[0])] if shape else next(values)


def compare(value: Any, question: Any, answer: Any, reference: Any) -> Verdict:
    found, asked = shape_of(value), tuple(question.shape)
    if found != asked:
        return Verdict("wrong", judged("shape", found=str(found), asked=str(asked)))
    rows = zip(_indices(asked), flat(value), flat(answer.value), flat(answer.tolerance), strict=True)
    off = [at for at, mine, right, tolerance in rows if not within(mine, right, tolerance)]
    if not off:
        return Verdict("correct")
    entries = f"{', '.join(str(list(i)) for i in off[:6])}{' ...' if len(off) > 6 else ''}"
    return Verdict("wrong", judged("entries", entries=entries))


def _indices(shape: Shape) -> list[tuple[int, ...]]:
    """Every index of a shape, counted from 1, in row-major order."""
    out: list[tuple[int, ...]] = [()]
    for n in shape:
        out = [(*i, k + 1) for i in out for k in range(n)]
    return out


KIND = Kind("array", read, compare)
