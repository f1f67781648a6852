"""A class: who sat which variant, and whose submissions lie in a folder."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from t1gen import files
from t1gen.errors import FileError, T1genError, near
from t1gen.marking.rulings import plain
from t1gen.roster import unfit

OURS = ("exam", "key", "report", "manifest", "decisions", "ledger", "secret")
"""Kinds of file that may lie beside submissions under their own names."""


@dataclass(frozen=True)
class Handed:
    """A submission and the seat that its variant belongs to."""

    path: Path
    seat: files.Seat


@dataclass(frozen=True)
class Refused:
    """A file that could not be marked, and why; `seat` where it is known whose it would be."""

    path: Path
    error: T1genError
    seat: files.Seat | None = None


@dataclass(frozen=True)
class Classroom:
    """The folder of a class as `generate --students` writes it, and its manifest."""

    place: Path
    manifest: files.Manifest

    def key(self, seat: files.Seat) -> Path:
        return self.place / "keys" / seat.id / "key.json"

    def is_part(self, folder: Path) -> bool:
        """Whether a folder of submissions is one of several: students/ID, uploads/group-1."""
        return self.place.resolve() in folder.resolve().parents[1:]

    @property
    def decisions(self) -> Path:
        return self.place / "decisions.json"

    @cached_property
    def by_variant(self) -> dict[str, files.Seat]:
        return {plain(s.variant): s for s in self.manifest.students}

    @cached_property
    def by_id(self) -> dict[str, files.Seat]:
        return {plain(s.id): s for s in self.manifest.students}

    def seat(self, path: Path) -> files.Seat:
        """Whose submission lies at `path`, by its variant; where it says none, by its student, then by its folder."""
        submission, _ = files.read_submission(path)
        folder = self.by_id.get(plain(path.parent.name))
        if submission.variant.strip():
            seat = self.by_variant.get(plain(submission.variant))
            if seat is None:
                close = near(submission.variant, [s.variant for s in self.manifest.students])
                raise FileError(f"variant '{submission.variant[:40]}' is not in the manifest{close}", where=str(path))
        else:
            seat = self.by_id.get(plain(submission.student)) or folder
            if seat is None:
                raise FileError("says neither variant nor student, so its key is not known", where=str(path))
        if folder not in (None, seat):
            raise FileError(f"lies in the folder of '{path.parent.name}' and is the test of '{seat.id}'",
                            where=str(path))  # fmt: skip
        return seat


def opened(place: Path) -> Classroom:
    """The class of a manifest, named itself or by its folder. Raises FileError where there is none or it is unfit."""
    path = place if place.is_file() else place / "manifest.json"
    manifest = files.read(path, files.Manifest)
    for seat in manifest.students:
        if problem := unfit(seat.id):
            raise FileError(problem, where=str(path))
    return Classroom(path.parent, manifest)


def above(folder: Path) -> Classroom:
    """The class that a folder of submissions belongs to: it, or one of the two folders around it, has the manifest.

    Raises FileError where none has, or several: one of them may be an upload.
    """
    around = {place.resolve(): Path(os.path.normpath(place)) for place in (folder, folder / "..", folder / ".." / "..")}
    found = [place for place in around.values() if (place / "manifest.json").is_file()]
    if len(found) > 1:
        raise FileError(f"there is a manifest.json in {found[0]} and in {found[1]}; name the class's with --manifest",
                        where=str(folder))  # fmt: skip
    if not found:
        raise FileError("no manifest.json is here or in the two folders above; name it with --manifest",
                        where=str(folder))  # fmt: skip
    return opened(found[0])


def handed_in(folder: Path, classroom: Classroom) -> list[Handed | Refused]:
    """Every submission in a folder; in that of the class itself, those in students/. What is none is refused."""
    own = folder.resolve() == classroom.place.resolve() and (folder / "students").is_dir()
    found = [_handed(path, classroom) for path in _candidates(folder / "students" if own else folder)]
    found += _strays(folder) if own else ()
    places: dict[str, list[str]] = {}
    for one in found:
        if isinstance(one, Handed):
            places.setdefault(one.seat.id, []).append(str(one.path))
    return [_alone(one, places) for one in found]


def _alone(one: Handed | Refused, places: dict[str, list[str]]) -> Handed | Refused:
    """Of two submissions with one variant neither counts: which one should is not ours to guess."""
    if isinstance(one, Refused) or len(places[one.seat.id]) == 1:
        return one
    others = ", ".join([p for p in places[one.seat.id] if p != str(one.path)][:3])
    what = f"variant {one.seat.variant} of '{one.seat.id}' is handed in by {others} too; take all but one away"
    return Refused(one.path, FileError(what, where=str(one.path)), one.seat)


def _strays(folder: Path) -> Iterator[Refused]:
    """Submissions beside the manifest, where none is read."""
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() == ".json" and files.kind_of(path) == "submission":
            yield Refused(path, FileError("lies beside students/, so it is not read; put it in there", where=str(path)))


def _handed(path: Path | OSError, classroom: Classroom) -> Handed | Refused:
    if isinstance(path, OSError):
        place = Path(os.fsdecode(path.filename))
        error = FileError(f"cannot be read: {path.strerror or path}", where=str(place))
        return Refused(place, error, classroom.by_id.get(plain(place.name)))
    try:
        if os.path.islink(path):
            raise FileError("is a link; only files are read from a folder", where=str(path))
        return Handed(path, classroom.seat(path))
    except T1genError as error:
        ids = classroom.by_id
        return Refused(path, error, ids.get(plain(path.name)) or ids.get(plain(path.parent.name)))


def _candidates(root: Path) -> Iterator[Path | OSError]:
    """What is named as JSON, in order, but our own other files under their own names; links are not followed.

    Folders that are links, and the errors of those that cannot be read, are among them: nobody is passed over.
    """
    unread: list[OSError] = []
    for place, folders, names in os.walk(root, onerror=unread.append):
        odd = [name for name in folders if name.lower().endswith(".json") or os.path.islink(os.path.join(place, name))]
        folders[:] = sorted(name for name in folders if name not in odd and not name.startswith("."))
        for name in sorted([*names, *odd]):
            path = Path(place) / name
            if (name in odd or name.lower().endswith(".json")) and not name.startswith(".") and not _is_ours(path):
                yield path
    yield from unread


def _is_ours(path: Path) -> bool:
    kind = next((k for k in OURS if path.name == f"{k}.json" or path.name.startswith(f"{k}-")), None)
    return kind is not None and not os.path.islink(path) and files.kind_of(path) == kind
