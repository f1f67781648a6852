"""table: rows and columns of numbers, every cell that is not printed compared on its own."""

from dataclasses import dataclass
from typing import Any

from t1gen.answers.number import within
from t1gen.answers.reading.characters import Source
from t1gen.answers.reading.entries import Entries, lists_of
from t1gen.answers.record import Kind, Reading, Unreadable, Verdict, judged, said, shared

BLANK = ("", "null", "None", "-", "_", "?")


def read(given: Any, question: Any) -> Reading:
    """Nested lists, row by row; a cell that is printed or left empty is None.

    A cell that cannot be read stays as its text and is wrong, so that it costs this cell only; a note says why.
    """
    shape, notes = (len(question.rows), len(question.parts)), list[str]()
    rows = lists_of(given, lambda found: found == shape, notes)
    if len(rows) != shape[0] or any(not isinstance(r, list) or len(r) != shape[1] for r in rows):
        raise Unreadable(said("table", rows=shape[0], columns=shape[1]))
    cells = Cells(Entries(getattr(question, "accept", ""), notes), question.cells)
    value = [[cells.read(cell, (i, k)) for k, cell in enumerate(row)] for i, row in enumerate(rows)]
    return Reading(value, tuple(dict.fromkeys(notes)))


@dataclass(frozen=True)
class Cells:
    """Reads the cells of a table; `printed` are those that the sheet shows, null where one is to be filled in."""

    entries: Entries
    printed: Any

    def read(self, cell: Any, at: tuple[int, int]) -> float | str | None:
        """A number, None for an empty cell, or the text of what cannot be read."""
        text = cell.text if isinstance(cell, Source) else cell
        if self.printed[at[0]][at[1]] is not None or text is None or (isinstance(text, str) and text.strip() in BLANK):
            return None
        try:
            return self.entries.number(cell)
        except Unreadable as error:
            self.entries.notes.append(said("cell", row=at[0] + 1, cell=at[1] + 1, reason=error.message))
            return str(text)[:60]


def compare(value: Any, question: Any, answer: Any, reference: Any) -> Verdict:
    right, off = 0, []
    for i, row in enumerate(question.cells):
        for k, shown in enumerate(row):
            if shown is not None:
                continue
            mine = value[i][k]
            if isinstance(mine, float) and within(mine, answer.value[i][k], answer.tolerance[i][k]):
                right += 1
            else:
                off.append(f"{question.rows[i]} {question.columns[k]}")
    cells = f"{', '.join(off[:6])}{' ...' if len(off) > 6 else ''}"
    return shared(right, right + len(off), judged("cells", entries=cells))


KIND = Kind("table", read, compare)
