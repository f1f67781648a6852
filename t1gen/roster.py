"""Who sits a test: a roster read from CSV, or one student named on the command line."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from unicodedata import category, normalize

from t1gen.errors import FileError, near, near_code
from t1gen.files import Student, read_text
from t1gen.setting import USUAL, SettingError, split

COLUMNS = ("id", "name", "language", "setting")
LONGEST = 64
_DELIMITERS = ",;\t"
_SIGNS = "._-@+"
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE)

class Seated(Student, frozen=True, forbid_unknown_fields=True):
    """A student of a roster that says in which language the test is wanted, or how its sheets are set."""

    language: str = ""
    setting: tuple[str, ...] = ()


Row = tuple[int, list[str]]
"""The line on which a row of the roster ends, and its cells."""


def read(path: str | Path, languages: Sequence[str] = ()) -> list[Student]:
    """The students of a roster, in its order: a CSV file whose header names columns id, name, language and setting.


    Commas, semicolons or tabs, any order of columns, others ignored; an empty name is the id, an empty language that
    of the class; those that tell another are `Seated`. Raises FileError, with the line, where a row cannot be read, an
    id is empty, unfit or there twice, or a language is none of `languages`.
    """
    text = read_text(path)
    try:
        return [_placed(s, line, languages) for s, line in _students(list(_rows(text)))]
    except FileError as error:
        raise error.inside(str(path)) from None


def student(text: str) -> Student:
    """The student that `--student ID[=NAME]` names. Raises FileError where the id or name is unfit."""
    id, _, name = text.partition("=")
    return _student(id, name, "--student")


def _placed(student: Student, line: int, languages: Sequence[str]) -> Student:
    told = student.language if isinstance(student, Seated) else ""
    if languages and told and told not in languages:
        what = f"language '{told[:40]}' is unknown{near_code(told, languages)} (allowed: {', '.join(languages)})"
        raise FileError(what, where=f"line {line}")
    return student


def _students(rows: Sequence[Row]) -> list[tuple[Student, int]]:
    """Every student with the line."""
    if len(rows) < 2:
        raise FileError("has no students; expected a header with id and name, then one student a line")
    columns = _columns(rows[0])
    found: dict[str, int] = {}
    students = []
    for line, cells in rows[1:]:
        students.append((_seated(line, cells, columns), line))
        _refuse_twice(students[-1][0].id, line, found)
    return students


def _refuse_twice(id: str, line: int, found: dict[str, int]) -> None:
    """File systems and people take `Ada` and `ada` for the same."""
    earlier = found.setdefault(id.casefold(), line)
    if earlier != line:
        raise FileError(f"id '{id}' is on line {earlier} already", where=f"line {line}")


def _rows(text: str) -> Iterator[Row]:
    """The rows that hold anything, split at whichever delimiter finds an id in the header."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, cells
    except csv.Error as error:
        raise FileError(f"this is not CSV: {error}", where=f"line {reader.line_num}") from None


def _delimiter(text: str) -> str:
    header = next((line for line in text.splitlines() if line.strip(f" \t{_DELIMITERS}")), "")
    return next((mark for mark in _DELIMITERS if "id" in _titles(header.split(mark))), ",")


def _titles(cells: Sequence[str]) -> list[str]:
    return [cell.strip().strip('"').strip().casefold() for cell in cells]


def _columns(header: Row) -> dict[str, int]:
    """Where ids and, if it has columns for them, names and languages are; `end` is how many columns there are."""
    line, cells = header
    titles = _titles(cells)
    for wanted in COLUMNS:
        if titles.count(wanted) > 1:
            raise FileError(f"the header has {titles.count(wanted)} columns '{wanted}'", where=f"line {line}")
    if "id" not in titles:
        known = ", ".join(f"'{title}'" for title in titles)
        raise FileError(f"the header has no column 'id', only {known}{near('id', titles)}", where=f"line {line}")
    return {title: titles.index(title) for title in COLUMNS if title in titles} | {"end": len(titles)}


def _seated(line: int, cells: Sequence[str], columns: dict[str, int]) -> Student:
    if any(cell.strip() for cell in cells[columns["end"] :]):
        what = f"{len(cells)} cells, but the header has {columns['end']}; put a name with a comma into quotes"
        raise FileError(what, where=f"line {line}")
    id, name, language, setting = (_cell(cells, columns.get(title)) for title in COLUMNS)
    one, told, words = _student(id, name, f"line {line}"), language.strip().lower(), split(setting.casefold())
    try:
        USUAL.with_words(words)
    except SettingError as error:
        raise FileError(error.message, where=f"line {line}") from None
    return Seated(one.id, one.name, told, words) if told or words else one


def _cell(cells: Sequence[str], column: int | None) -> str:
    return "" if column is None or column >= len(cells) else cells[column]


def _student(id: str, name: str, where: str) -> Student:
    id, name = normalize("NFC", id.strip()), normalize("NFC", " ".join(name.split()))
    problem = unfit(id) or _unprintable(name)
    if problem:
        raise FileError(problem, where=where)
    return Student(id=id, name=name or id)


def unfit(id: str) -> str:
    """Why `id` cannot name a folder on every system, or an empty text where it can."""
    odd = next((c for c in id if c not in _SIGNS and category(c)[0] not in "LM" and category(c) != "Nd"), "")
    reasons = {
        "the id is empty": not id,
        f"id {id[:20]!r}… has {len(id)} characters; at most {LONGEST} are allowed": len(id) > LONGEST,
        f"id {id!r} has {odd!r}; allowed are letters, digits and {' '.join(_SIGNS)}": bool(odd),
        f"id {id!r} starts or ends with a dot, so it cannot name a folder": id != id.strip("."),
        f"id {id!r} is a name that Windows keeps for itself": bool(_RESERVED.fullmatch(id)),
    }
    return next((reason for reason, holds in reasons.items() if holds), "")


def _unprintable(name: str) -> str:
    odd = next((c for c in name if category(c) in ("Cc", "Cs")), "")
    return f"name {name!r} has the character {odd!r}, which cannot be printed" if odd else ""
