"""table: rows and columns of numbers, every cell that is not printed compared on its own."""

from typing import Any

from t1gen.answers.array import lists_of
from t1gen.answers.number import within
from t1gen.answers.numbers import read_number
from t1gen.answers.record import Kind, Unreadable, Verdict, shared


def read(given: Any, question: Any) -> Any:
    """Nested lists, row by row; a cell that is printed or left empty is None."""
    rows = lists_of(given)
    shape = len(question.rows), len(question.parts)
    if not isinstance(rows, list) or len(rows) != shape[0] or any(
        not isinstance(r, list) or len(r) != shape[1] for r in rows
    ):  # fmt: skip
        raise Unreadable(f"a table of {shape[0]} rows and {shape[1]} columns is wanted, as [[1, 2], [3, 4]]")
    return [
        [None if shown is not None or cell is None or cell == "" else _cell(cell) for cell, shown in
         zip(row, cells, strict=True)]
        for row, cells in zip(rows, question.cells, strict=True)
    ]  # fmt: skip


def _cell(cell: Any) -> float | str:
    """A number; what cannot be read stays as its text and is wrong, so that it costs this cell only."""
    try:
        return read_number(cell)
    except Unreadable:
        return str(cell)[:60]


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
    return shared(right, right + len(off), f"wrong cells: {', '.join(off[:6])}{' ...' if len(off) > 6 else ''}")


KIND = Kind("table", read, compare)
