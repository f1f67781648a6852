"""array: a vector or matrix of numbers, every entry compared within its tolerance."""

import ast
import re
from collections.abc import Iterator
from typing import Any

from t1gen.answers.number import within
from t1gen.answers.numbers import read_number
from t1gen.answers.record import Kind, Unreadable, Verdict
from t1gen.errors import LanguageError
from t1gen.mapping.nested import flat, squeezed
from t1gen.mapping.program import Shape
from t1gen.mapping.syntax import parse

ENTRIES, DEPTH = 10_000, 8


def read(given: Any, question: Any) -> Any:
    """Nested lists of floats in the asked shape; n, n x 1 and 1 x n count as the same."""
    if question.ask == "shape":
        return _sizes(given)
    nested = lists_of(given)
    if not isinstance(nested, list):
        raise Unreadable("an array is wanted: nested lists such as [[1, 2], [3, 4]]")
    numbers = _numbers(nested, DEPTH)
    found, asked = _shape(numbers), tuple(question.shape)
    if found != asked and squeezed(found) == squeezed(asked):
        return _shaped(iter(flat(numbers)), asked)
    return numbers


def _sizes(given: Any) -> list[float]:
    """A shape: a list of whole numbers, or a text such as 3x12, (3, 12) or ()."""
    if isinstance(given, str):
        if not re.fullmatch(r"[\s\d()\[\],xX×*]*", given) or len(given) > 200:
            raise Unreadable(f"'{given[:60]}' is not a shape; write 3x12 or (3, 12)")
        given = [int(n) for n in re.findall(r"\d{1,9}", given)]
    return [read_number(n) for n in (given if isinstance(given, list) else [given])]


def lists_of(given: Any) -> Any:
    """What was handed in as nested lists, from their text too."""
    return _text_to_lists(given) if isinstance(given, str) else given


def _text_to_lists(text: str) -> Any:
    try:
        tree = parse(text.replace(";", "],[") if text.count("[") == 1 else text, "eval").body
    except LanguageError as error:
        raise Unreadable(f"the array cannot be read: {error.message.splitlines()[0]}") from None
    return _lists(tree)


def _lists(node: ast.expr) -> Any:
    return [_lists(e) for e in node.elts] if isinstance(node, (ast.List, ast.Tuple)) else ast.unparse(_plain(node))


def _plain(node: ast.expr) -> ast.expr:
    """Rationals of the reader back as their decimal text, for the number reader."""
    for part in ast.walk(node):
        if isinstance(part, ast.Constant) and not isinstance(part.value, (int, bool, str)) and part.value is not None:
            part.value = float(part.value)  # type: ignore[arg-type]
    return node


def _numbers(nested: list[Any], depth: int) -> list[Any]:
    if depth == 0 or len(nested) > ENTRIES:
        raise Unreadable(f"the array is too large: at most {ENTRIES} entries and {DEPTH} levels are read")
    return [_numbers(v, depth - 1) if isinstance(v, list) else read_number(v) for v in nested]


def _shape(nested: Any) -> Shape:
    if not isinstance(nested, list):
        return ()
    shapes = {_shape(v) for v in nested}
    if len(shapes) != 1:
        raise Unreadable("the rows of the array have different lengths" if shapes else "the array is empty")
    return (len(nested), *shapes.pop())


def _shaped(values: Iterator[float], shape: Shape) -> Any:
    return [_shaped(values, shape[1:]) for _ in range(shape[0])] if shape else next(values)


def compare(value: Any, question: Any, answer: Any, reference: Any) -> Verdict:
    found, asked = _shape(value), tuple(question.shape)
    if found != asked:
        return Verdict("wrong", f"the answer has shape {found}, asked was {asked}")
    rows = zip(_indices(asked), flat(value), flat(answer.value), flat(answer.tolerance), strict=True)
    off = [at for at, mine, right, tolerance in rows if not within(mine, right, tolerance)]
    if not off:
        return Verdict("correct")
    return Verdict(
        "wrong", f"wrong entries: {', '.join(str(list(i)) for i in off[:6])}{' ...' if len(off) > 6 else ''}"
    )


def _indices(shape: Shape) -> list[tuple[int, ...]]:
    """Every index of a shape, counted from 1, in row-major order."""
    out: list[tuple[int, ...]] = [()]
    for n in shape:
        out = [(*i, k + 1) for i in out for k in range(n)]
    return out


KIND = Kind("array", read, compare)
