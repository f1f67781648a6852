"""ledger.json: which reports t1gen wrote and from what, so that a run goes on where another was stopped.

A report that lies in a student's folder may be the student's own work; only one that the ledger has is believed.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from t1gen import files
from t1gen.errors import FileError
from t1gen.files import Entry, Key, Ledger


@dataclass
class Book:
    """The ledger of a class while it is marked."""

    place: Path
    exam: str
    entries: dict[str, Entry] = field(default_factory=dict)

    def entry(self, report: Path) -> Entry | None:
        """What is known of the report at this place, where it is still the one that was written."""
        found = self.entries.get(self._name(report))
        return found if found and found.report == digest_of(report) else None

    def others(self, reports: Iterable[Path]) -> list[Path]:
        """Where other reports lie that are still those that were written; names that are no UTF-8 lead nowhere."""
        names = self.entries.keys() - {self._name(report) for report in reports}
        return [path for path in (self.place.parent / name for name in sorted(names)) if self.entry(path)]

    def enter(self, report: Path, entry: Entry) -> None:
        self.entries[self._name(report)] = entry

    def save(self) -> None:
        ledger = Ledger(exam=self.exam, reports=dict(sorted(self.entries.items())))
        files.write(self.place, files.encode(ledger), force=True)

    def _name(self, report: Path) -> str:
        """Its place as seen from the ledger; bytes that are no UTF-8, as an upload may have in its name, escaped."""
        place = Path(os.path.relpath(report, self.place.parent)).as_posix()
        return os.fsencode(place).decode("utf-8", "backslashreplace")


def opened(place: Path, exam: str) -> Book:
    """The book at `place`; empty where there is none. Raises FileError where it is another exam's."""
    if not place.exists():
        return Book(place, exam)
    found = files.read(place, Ledger)
    if found.exam != exam:
        raise FileError(f"is the ledger of exam '{found.exam}', not '{exam}'", where=str(place))
    return Book(place, exam, dict(found.reports))


def digest(data: bytes) -> str:
    return sha256(data).hexdigest()


def digest_of(path: Path) -> str:
    """The SHA-256 of what is at `path`; empty where no file can be read there."""
    try:
        return digest(files.read_text(path).encode())
    except FileError:
        return ""


def digest_of_test(key: Key) -> str:
    """The SHA-256 of what was asked: numbers, mappings, questions; not of wording, points or how answers are read."""
    asked: list[Any] = []
    for p in key.sheet.problems if key.sheet else ():
        bare = [replace(q, text="", points=0, accept="", entries="", decimals=None, columns=()) for q in p.questions]
        asked.append([p.id, p.given, p.mapping, p.definitions, p.listing, bare])
    return digest(msgspec.json.encode(asked))
