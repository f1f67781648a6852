"""The entries of arrays and tables from nested lists or one text, and shapes."""

import re
from collections.abc import Callable
from typing import Any

from t1gen.answers.reading.characters import Source, cleaned, source
from t1gen.answers.reading.numbers import PLAIN, finite, number_in, number_of
from t1gen.answers.reading.rows import DEPTH, LONGEST, nested
from t1gen.answers.record import Unreadable, said
from t1gen.mapping.program import Shape

ENTRIES = 10_000
"""The most entries of nested lists."""

COMPUTED = 2_000
"""The most characters of the entries of an array that are not plain decimals."""

BRACKETS = {"(": ")", "[": "]", "{": "}"}


def lists_of(given: Any, fits: Callable[[Shape], bool], notes: list[str]) -> list[Any]:
    """What was handed in as nested lists, from its text too: of JSON's values, or of pieces of text."""
    if isinstance(given, str):
        if len(given) > LONGEST:
            raise Unreadable(said("too_long", n=len(given), most=LONGEST))
        lists = nested(source(given), fits, notes)
        bare = lists[0].text if len(lists) == 1 and isinstance(lists[0], Source) else ""
        if not bare or bare != cleaned(given).strip() or fits((1,)):
            return lists  # type: ignore[no-any-return]
    if isinstance(given, (int, float)) and not isinstance(given, bool) and fits((1,)):
        return [given]
    if not isinstance(given, list):
        raise Unreadable(said("array"))
    if _too_large(given):
        raise Unreadable(said("array_large", entries=ENTRIES, depth=DEPTH))
    return given


def _too_large(given: list[Any]) -> bool:
    """Whether nested lists hold too much, counted level by level."""
    level: list[Any] = given
    for _ in range(DEPTH):
        if len(level) > ENTRIES:
            return True
        level = [entry for part in level if isinstance(part, list) for entry in part]
        if not level:
            return False
    return True


class Entries:
    """Reads the entries of an array one by one; only so many may be more than plain numbers."""

    def __init__(self, accept: str, notes: list[str]) -> None:
        self.accept, self.notes, self.left = accept, notes, COMPUTED

    def number(self, entry: Any) -> float:
        """A JSON value, or a piece of a text, as a float."""
        text = entry.text if isinstance(entry, Source) else entry
        if isinstance(text, str):
            if PLAIN.fullmatch(text):
                return finite(float(text), entry if isinstance(entry, Source) else None)
            self.left -= len(text)
            if self.left < 0:
                raise Unreadable(said("not_plain"))
        if isinstance(entry, Source):
            return number_in(entry, self.accept, self.notes)
        return number_of(entry, self.accept, self.notes)

    def each(self, nested: list[Any], read: Callable[[Any], Any], at: tuple[int, ...] = ()) -> list[Any]:
        """Every entry read; an error of one in JSON's lists says which."""
        out: list[Any] = []
        for i, entry in enumerate(nested, 1):
            if isinstance(entry, list):
                out.append(self.each(entry, read, (*at, i)))
                continue
            try:
                out.append(read(entry))
            except Unreadable as error:
                if isinstance(entry, Source):
                    raise
                raise Unreadable(said("entry", at=str([*at, i]), reason=error.message)) from None
        return out


SEPARATED = re.compile(r"\s*(?:[xX*·,;]|\\times\b|by\b|\s)\s*")
SIZE = re.compile(r"[0-9]{1,9}(?:\.0*)?")
AROUND = re.compile(
    r"\s*(?:(?:torch\.)?(?:Size|shape|tuple|list)|\$|(?:R|ℝ|\\mathbb\s*\{?R\}?)\s*\^)?\s*([\[({]*)\s*(.*?)\s*[,;]?\s*([\])}]*)\s*\$?\s*",
    re.DOTALL,
)


def sizes(given: Any) -> list[float]:
    """A shape: a list of whole numbers, or a text such as 3x12, (3, 12), 3 by 12, () or scalar."""
    if isinstance(given, str):
        if len(given) > 200:
            raise Unreadable(said("too_long", n=len(given), most=200))
        return _sizes(source(given))
    out = [number_of(n, "decimal", []) for n in (given if isinstance(given, list) else [given])[:17]]
    if any(n < 0 or n != int(n) for n in out) or len(out) > 16:
        raise Unreadable(said("shape_numbers"))
    return out


def _sizes(text: Source) -> list[float]:
    found = AROUND.fullmatch(text.text)
    if found is None or len(found[1]) > 2 or "".join(BRACKETS[c] for c in reversed(found[1])) != found[3]:
        raise text.refused(0, said("no_shape"))
    at, end = found.span(2)
    if found[2].lower() in ("scalar", "number") or (found[1] and at == end):
        return []
    out: list[float] = []
    while True:
        size = SIZE.match(text.text, at, end)
        if size is None:
            raise text.refused(at, said("no_shape"))
        out.append(float(size[0]))
        if size.end() == end:
            return out
        between = SEPARATED.match(text.text, size.end(), end)
        if between is None:
            raise text.refused(size.end(), said("no_shape"))
        at = between.end()
