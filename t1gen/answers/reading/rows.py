"""The text of an array as nested lists of entries: JSON, NumPy, Matlab, LaTeX, rows on lines."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from t1gen.answers.reading.characters import Source
from t1gen.answers.record import Unreadable, said
from t1gen.mapping.program import Shape

LONGEST, DEPTH, ENTRIES = 8_000, 8, 2_000
"""Characters, levels and entries of an array in one text that are read."""

PAIRS = {"[": "]", "(": ")", "{": "}"}
WRAPPED = re.compile(r"(?:[A-Za-z_]\w*\.)*(?:as)?(?:array|[Tt]ensor|[Mm]atrix|[Vv]ector)\s*\(")
OPTIONS = re.compile(r"(?:,\s*\w+\s*=\s*[^,=]*)*,?\s*")
"""What NumPy and PyTorch print behind the numbers: dtype=float32."""

LATEX = re.compile(
    r"(?:\\left\s*[\[(.]\s*)?\\begin\s*\{[bpvBV]?(?:matrix|array)\*?\}(?:\s*\{[clr|]*\})?(?P<inner>.*)"
    r"\\end\s*\{[bpvBV]?(?:matrix|array)\*?\}(?:\s*\\right\s*[\]).])?",
    re.DOTALL,
)
TRANSPOSED = re.compile(r"(?<=[\])}])\s*(?:'|\.T\b|\^\s*(?:T\b|⊤|\{\s*(?:T|\\top|⊤)\s*\}|\\top))\s*$")
DECIMAL = re.compile(r"[+-]?(?:[0-9]*,[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+)")
SPACED = re.compile(r"[0-9]\s+[+-]?[0-9]")


@dataclass(frozen=True)
class Layout:
    """How separators are read: commas as decimal commas, line breaks as space, nothing behind a comma as an entry."""

    decimal: bool = False
    wrapped: bool = False
    blanks: bool = False


def nested(text: Source, fits: Callable[[Shape], bool], notes: list[str]) -> Any:
    """Nested lists of the pieces of text between separators; one piece where there are none.

    A comma separates. Where `;`, line breaks or spaces separate too and commas stand within numbers, it may be a
    decimal comma: then the reading whose shape `fits` is taken. Raises Unreadable, with both readings in doubt.
    """
    text, turned = _unwrapped(text)
    layouts = [Layout(), *_others(text.text)]
    found = [(layout, _read(text, layout)) for layout in layouts]
    read = [(layout, lists) for layout, lists in found if not isinstance(lists, Unreadable)]
    if len(read) > 1:
        read = [r for r in read if _admissible(*r)] or read[:1]
    if not read:
        raise found[0][1]
    layout, lists = _chosen(text, [r for i, r in enumerate(read) if not _told(r, read[:i])], fits)
    if layout.decimal:
        told = [piece.replace(",", ".") for piece in pieces(lists)]
        notes.append(said("decimal_commas", numbers=told[:3], more=len(told) > 3))
    return _turned(text, lists) if turned else lists


Read = tuple[Layout, Any]


def _admissible(layout: Layout, lists: Any) -> bool:
    """Whether each piece may be one number: in decimal commas, or without two numbers side by side."""
    if isinstance(lists, list):
        return all(_admissible(layout, entry) for entry in lists)
    return bool(DECIMAL.fullmatch(lists.text) if layout.decimal else not SPACED.search(lists.text))


def _told(one: Read, before: list[Read]) -> bool:
    return any(shown(one[1]) == shown(other) for _, other in before)


def _chosen(text: Source, read: list[Read], fits: Callable[[Shape], bool]) -> Read:
    """The one reading there is, or the one that fits; lines are rows where no reading fits."""
    fitting = [r for r in read if fits(shape_of(r[1]))] or read
    if len({tuple(pieces(lists)) for _, lists in fitting}) == 1 or not any(layout.decimal for layout, _ in fitting):
        return fitting[0]
    if not re.search(r"[;\n]|\\\\", text.text):
        return fitting[0]
    raise Unreadable(said("two_arrays", arrays=[shown(lists) for _, lists in fitting[:2]]))


def _others(text: str) -> list[Layout]:
    """The other ways in which separators of this text may be meant."""
    comma = re.search(r"(?<![0-9\s]),[0-9]|[0-9],[0-9]", text) and not re.search(r"[0-9],\s|\s,[0-9]", text)
    lines = "\n" in text.strip()
    out = [Layout(decimal=True)] if comma else []
    if re.search(r",\s*(?:[\])}]|\Z)", text):
        out.append(Layout(blanks=True))
    return [*out, *([Layout(wrapped=True)] if lines else []), *([Layout(True, True)] if comma and lines else [])]


def _unwrapped(text: Source) -> tuple[Source, bool]:
    """Without array(...), LaTeX's matrix and dollar signs around; and whether it is transposed."""
    text = text.part(0, len(text.text))
    while len(text.text) > 1 and text.text[0] == text.text[-1] == "$":
        text = text.part(1, len(text.text) - 1)
    if turned := TRANSPOSED.search(text.text):
        text = text.part(0, turned.start())
    wrapped, found = WRAPPED.match(text.text), LATEX.fullmatch(text.text)
    if found:
        text = text.part(*found.span("inner"))
    elif wrapped and text.text.endswith(")"):
        end = max(text.text.rfind(c, 0, -1) for c in "])}") + 1
        end = end if end and OPTIONS.fullmatch(text.text, end, len(text.text) - 1) else len(text.text) - 1
        text = text.part(wrapped.end(), end)
    return text, bool(turned)


def _turned(text: Source, lists: Any) -> Any:
    """A row as a column and a column as a row."""
    shape = shape_of(lists)
    if len(shape) == 1:
        return [[entry] for entry in lists]
    if len(shape) == 2 and 1 in shape:
        return [entry for row in lists for entry in row] if shape[1] == 1 else [[entry] for entry in lists[0]]
    raise text.refused(len(text.text), said("transposed"))


def pieces(lists: Any) -> list[str]:
    """The texts of all pieces, in order."""
    return [p for entry in lists for p in pieces(entry)] if isinstance(lists, list) else [lists.text]


def shown(lists: Any) -> str:
    """Nested pieces as they could be written without doubt."""
    text = f"[{', '.join(shown(e) for e in lists)}]" if isinstance(lists, list) else lists.text.replace(",", ".")
    return text if len(text) <= 120 else f"{text[:117]}..."


def shape_of(lists: Any) -> Shape:
    """The shape of nested lists; raises Unreadable where rows have different lengths."""
    if not isinstance(lists, list):
        return ()
    shapes = [shape_of(entry) for entry in lists]
    if not shapes:
        raise Unreadable(said("empty"))
    other = next((i for i, shape in enumerate(shapes) if shape != shapes[0]), None)
    if other is not None:
        raise _uneven(lists, other)
    return (len(lists), *shapes[0])


def _uneven(lists: list[Any], other: int) -> Unreadable:
    """The rows differ; in a text, where the first does that is not like the one before it."""
    first = lists[other]
    while isinstance(first, list) and first:
        first = first[0]
    if isinstance(first, Source):
        return first.refused(0, said("uneven"))
    return Unreadable(said("uneven"))


# one layout


def _read(text: Source, layout: Layout) -> Any:
    """Nested pieces by one layout, or why there are none."""
    try:
        lists = _Reader(text, layout).whole()
        shape_of(lists)
        return lists
    except Unreadable as error:
        return error


class _Reader:
    """Splits a text at separators that stand in no bracket, and reads the brackets between them in the same way."""

    def __init__(self, text: Source, layout: Layout) -> None:
        self.source, self.text, self.layout = text, text.text, layout
        self.ends = _matching(text)
        self.count = 0

    def whole(self) -> Any:
        lists = self.inside(0, len(self.text), 0)
        return lists[0] if len(lists) == 1 and isinstance(lists[0], list) else lists

    def inside(self, start: int, end: int, depth: int) -> list[Any]:
        """What stands between two places: a list of pieces, or of rows where there is more than one."""
        if depth > DEPTH:
            raise self.source.refused(start, said("levels", most=DEPTH))
        rows = [self._row(*row, depth) for row in self._rows(start, end)]
        rows = [row for row in rows if row]
        if all(len(row) == 1 and isinstance(row[0], list) for row in rows):
            return [row[0] for row in rows]
        return rows[0] if len(rows) == 1 else rows

    def _rows(self, start: int, end: int) -> list[tuple[int, int]]:
        """Pieces between ; and line breaks. A break beside a comma or between lists in brackets is space."""
        cuts = []
        for at in self._outside(start, end):
            if self.text[at] == ";" or self.text.startswith("\\\\", at):
                cuts.append((at, at + 1 + (self.text[at] == "\\")))
            elif self.text[at] == "\n" and not self.layout.wrapped and not self._continued(start, at):
                cuts.append((at, at + 1))
        return list(zip([start, *(after for _, after in cuts)], [*(at for at, _ in cuts), end], strict=True))

    def _continued(self, start: int, at: int) -> bool:
        """Whether a row goes on after a line break: it ends in a comma behind a bracket."""
        before = self.text[max(start, at - 40) : at].rstrip()
        return before.endswith(("],", "),", "},", "&"))

    def _outside(self, start: int, end: int) -> "list[int]":
        """The places outside of all brackets that are in this piece."""
        out, at = [], start
        while at < end:
            out.append(at)
            at = max(at, self.ends.get(at, at)) + 1
        return out

    def _row(self, start: int, end: int, depth: int) -> list[Any]:
        """The pieces of one row: between commas or &; where there are none, between spaces."""
        commas = [at for at in self._outside(start, end) if self.text[at] in ",&" and not self._decimal(at)]
        if not commas:
            return [self._entry(*piece, depth) for piece in self._spaced(start, end)]
        pieces = list(zip([start, *(c + 1 for c in commas)], [*commas, end], strict=True))
        if not self.layout.blanks and not self.text[slice(*pieces[-1])].strip():
            pieces.pop()
        return [self._entry(*piece, depth) for piece in pieces]

    def _decimal(self, at: int) -> bool:
        beside = self.text[max(0, at - 1) : at] + self.text[at + 1 : at + 2]
        return self.layout.decimal and self.text[at] == "," and not set(beside) & set("[](){}")

    def _spaced(self, start: int, end: int) -> list[tuple[int, int]]:
        """Pieces between spaces that no operation spans: `1 -2` are two, `1 - 2` and `2 * 3` are one."""
        pieces: list[tuple[int, int]] = []
        last, seen = "", start
        for at in self._outside(start, end):
            char = self.text[at]
            if char.isspace():
                continue
            ends = max(at, self.ends.get(at, at)) + 1
            gap = self.text[seen:at]
            glued = not gap or self._glued(last, char, self.text[ends : ends + 1])
            lists = char in "[{" and pieces and self.text[pieces[-1][0]] in "[{"
            if pieces and glued and not lists:
                pieces[-1] = (pieces[-1][0], ends)
            else:
                pieces.append((at, ends))
            seen, last = ends, self.text[ends - 1]
        return pieces

    def _glued(self, last: str, char: str, following: str) -> bool:
        """Whether an operation stands at a space: behind it or before it."""
        if char in "+-" and not following.isspace():
            return last in "*/^·"
        return last in "+-*/^·" or char in "*/^·+-"

    def _entry(self, start: int, end: int, depth: int) -> Any:
        """A list where the whole piece is in brackets, else a piece of text."""
        piece = self.source.part(start, end)
        start += len(self.text[start:end]) - len(self.text[start:end].lstrip())
        end = start + len(piece.text)
        if start in self.ends and self.ends[start] == end - 1 and self._is_list(start, end):
            return self.inside(start + 1, end - 1, depth + 1)
        self.count += 1
        if self.count > ENTRIES:
            raise Unreadable(said("entries_many", most=ENTRIES))
        return self.source.part(start + 1, end - 1) if len(piece.text) > 1 and piece.text[0] in "\"'" else piece

    def _is_list(self, start: int, end: int) -> bool:
        """Square brackets and braces hold a list, round ones only where something in them is separated."""
        if self.text[start] != "(":
            return True
        if any(self.text[at] in ",;\n&" for at in self._outside(start + 1, end - 1)):
            return True
        return len(self._spaced(start + 1, end - 1)) > 1 or not self.text[start + 1 : end - 1].strip()


def _matching(text: Source) -> dict[int, int]:
    """For each opening bracket the place of its closing one. Raises Unreadable where one is missing."""
    ends, opened = dict[int, int](), list[int]()
    for at, char in enumerate(text.text):
        if char in PAIRS:
            opened.append(at)
            if len(opened) > 60:
                raise text.refused(at, said("levels", most=DEPTH))
        elif char in "])}":
            if not opened or PAIRS[text.text[opened[-1]]] != char:
                raise text.refused(at, said("closes_nothing", sign=char))
            ends[opened.pop()] = at
    if opened:
        raise text.refused(opened[-1], said("not_closed", sign=text.text[opened[-1]]))
    return ends
