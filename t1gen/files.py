"""The files that t1gen reads and writes: good errors, and atomic writing. Their fields are in records.py."""

import json
import os
import re
import stat
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from math import isfinite
from pathlib import Path
from typing import Any, TypeVar, get_args, get_type_hints

import msgspec
from msgspec import DecodeError, Raw, Struct, ValidationError, field

from t1gen.errors import FileError, near
from t1gen.records import KINDS as KINDS
from t1gen.records import VALUE_SCHEMA
from t1gen.records import BankRef as BankRef
from t1gen.records import Decision as Decision
from t1gen.records import Decisions as Decisions
from t1gen.records import Entry as Entry
from t1gen.records import Exam as Exam
from t1gen.records import Key as Key
from t1gen.records import KeyAnswer as KeyAnswer
from t1gen.records import Ledger as Ledger
from t1gen.records import Manifest as Manifest
from t1gen.records import Mark as Mark
from t1gen.records import Number as Number
from t1gen.records import Option as Option
from t1gen.records import Problem as Problem
from t1gen.records import ProblemReport as ProblemReport
from t1gen.records import Question as Question
from t1gen.records import QuestionReport as QuestionReport
from t1gen.records import Report as Report
from t1gen.records import Seat as Seat
from t1gen.records import Secret as Secret
from t1gen.records import Student as Student
from t1gen.records import Submission as Submission
from t1gen.records import Value as Value
from t1gen.records import Void as Void

LARGEST, SUBMISSION = 16 * 2**20, 2**20
"""The most bytes of a file, and of a submission."""

WIDTH = 110
DEEPEST, LONGEST = 60, 100_000
"""Lists within lists that an answer may have, and the bytes of its lists; others stay the text that they are."""

ANSWERS, TOLD = 2_000, 20
"""The most answers of a submission, and as many marks; the most notices of a kind."""

NAME, ID, WORDS = 40, 80, 4_000
"""The most characters of a name that is shown; of an exam's, variant's or student's id; of who marked or a note."""

K = TypeVar("K", bound=Struct)

_SURROGATES = re.compile(
    rb"(?:\\\\)+|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)
"""In JSON: escaped backslashes, a whole surrogate pair, or half of one, whichever comes first."""

_NO_NUMBERS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|NaN|-?Infinity', re.DOTALL)
"""In JSON: a text, or what Python writes where there is no number, whichever comes first."""


# Writing: numbers, text, files.


def rounded(x: Number) -> Number:
    """`x` as files hold it: 12 significant digits, no -0, whole numbers as int."""
    if isinstance(x, int):
        return int(x)
    short = float(f"{x:.12g}")
    return int(short) if short.is_integer() and abs(short) < 1e15 else short


def amount(points: Number) -> str:
    """Points as they are told, with four decimals at most: 24, 0.25, 0.6667."""
    return str(rounded(round(points, 4)))


def numbers(nested: Any) -> Any:
    """`nested` (numbers, texts, lists, dicts, arrays) as plain data, every number `rounded`."""
    if isinstance(nested, Mapping):
        return {name: numbers(value) for name, value in nested.items()}
    if isinstance(nested, list | tuple):
        return [numbers(value) for value in nested]
    if isinstance(nested, int | float) and not isinstance(nested, bool):
        return rounded(nested)
    return numbers(nested.tolist()) if hasattr(nested, "tolist") else nested


def encode(record: Struct | Mapping[str, Any]) -> bytes:
    """`record` as indented UTF-8 JSON, numbers `rounded`; what fits on a line is on one line.

    Raises FileError where a number is not finite or a text cannot be UTF-8.
    """
    try:
        return (_pretty(msgspec.to_builtins(record, enc_hook=numbers), "") + "\n").encode()
    except ValueError as error:
        raise FileError(f"this cannot be written as JSON: {error}") from None


_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False)


def _flat(value: Any) -> str:
    """A value that has no parts; numbers quickly, as there are many."""
    if type(value) is float and isfinite(value):
        return repr(rounded(value))
    return _ENCODER.encode(value)


def _pretty(value: Any, indent: str) -> str:
    """A value on one line where it fits there and stands inside another, else one part a line."""
    if not value or not isinstance(value, dict | list | tuple):
        return _flat(value)
    inner = indent + "  "
    if isinstance(value, dict):
        items = [f"{_flat(name)}: {_pretty(x, inner)}" for name, x in value.items()]
    else:
        items = [_pretty(x, inner) for x in value]
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    flat = f"{opening}{', '.join(items)}{closing}"
    if indent and len(indent) + len(flat) <= WIDTH and "\n" not in flat:
        return flat
    return f"{opening}\n{inner}" + f",\n{inner}".join(items) + f"\n{indent}{closing}"


def schema(kind: str) -> bytes:
    """The JSON Schema of a kind of file, `exam` to `secret`. Raises FileError for another kind."""
    if kind not in KINDS:
        raise FileError(f"there is no kind '{kind}', only {', '.join(KINDS)}{near(kind, KINDS)}")
    made = msgspec.json.schema(KINDS[kind])
    made["$defs"]["Value"] = VALUE_SCHEMA
    return encode({"$schema": "https://json-schema.org/draft/2020-12/schema", **made})


def write(path: str | Path, data: bytes, *, force: bool = False, protect: bool = False, secret: bool = False) -> str:
    """Put `data` at `path`, whole or not at all; "written", or "same" where it was there already.

    Folders are made as needed. Raises FileError where other content is there, unless `force`; with `protect`
    even then. A `secret` file can be read by its owner only.
    """
    place = Path(path)
    protected, private = [place] if protect else [], [place] if secret else []
    return write_all({place: data}, force=force, protected=protected, secret=private)[place]


def write_all(
    files: Mapping[Path, bytes],
    *,
    force: bool = False,
    protected: Container[Path] = (),
    secret: Container[Path] = (),
) -> dict[Path, str]:
    """`write` several files: none is put in place before conflicts are ruled out and all is on disk."""
    for path, data in files.items():
        _refuse_conflict(path, data, force=force, protect=path in protected)
    new = [path for path, data in files.items() if not _holds(path, data)]
    staged: dict[Path, Path] = {}
    try:
        for path in new:
            staged[path] = _beside(path)
            _stage(staged[path], files[path], path, 0o600 if path in secret else 0o666)
        for path in new:
            with _told(path, "written"):
                os.replace(staged[path], os.path.realpath(path))
    finally:
        for temporary in staged.values():
            with suppress(OSError):
                temporary.unlink()
    return {path: "written" if path in staged else "same" for path in files}


def _refuse_conflict(path: Path, data: bytes, *, force: bool, protect: bool) -> None:
    if _holds(path, data) or not path.exists():
        return
    if protect:
        raise FileError("exists and holds answers, so it stays; use another --out", where=str(path))
    if not force:
        raise FileError("exists with other content; use --force or another --out", where=str(path))


def _holds(path: Path, data: bytes) -> bool:
    """Is there a file at `path` with exactly this content? Raises FileError where no file could be."""
    with _told(path, "written"):
        if not path.exists():
            return False
        if not path.is_file():
            raise FileError("exists and is not a file, so no file can be written there", where=str(path))
        return path.stat().st_size == len(data) and path.read_bytes() == data


def _beside(path: Path) -> Path:
    """A new name in the folder that `path` is in, so that moving it to `path` is one step."""
    place = Path(os.path.realpath(path))
    return place.with_name(f".t1gen-{place.name[:40]}-{os.urandom(6).hex()}.tmp")


def _stage(temporary: Path, data: bytes, path: Path, mode: int) -> None:
    with _told(path.parent, "made a folder"):
        temporary.parent.mkdir(parents=True, exist_ok=True)
    with _told(path, "written"), open(temporary, "xb", opener=partial(os.open, mode=mode)) as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def _told(path: Path, done: str) -> Iterator[None]:
    """Say what the system refused: `out/exam.json: cannot be written: No space left on device`."""
    try:
        yield
    except OSError as error:
        raise FileError(f"cannot be {done}: {error.strerror or error}", where=str(path)) from None


# Reading.


def read(path: str | Path, kind: type[K]) -> K:
    """The record of this kind in the file at `path`; a submission is read by `read_submission`.

    Raises FileError for a file that is missing, larger than 16 MB, not UTF-8, not JSON, of another kind or
    version, or that does not fit its format: `exam.json: $.problems[0].points: Expected int, got str`.
    """
    with _inside(path):
        data = _json(Path(path))
        _expect(data, kind)
        with _readable(data, kind):
            return msgspec.json.decode(data, type=kind)


def read_submission(path: str | Path) -> tuple[Submission, list[str]]:
    """A submission, and notices: fields that are unknown and therefore ignored, questions that are there twice.

    Of an answer that is there twice the first one that is not blank counts. One that no number can hold (1e999, NaN)
    is kept as its text. Names are `printable`. Raises FileError as `read` does, from 1 MB on, and where there are too
    many answers or marks, an id is too long, a field is there twice, or a mark is no finite number of at least 0.
    """
    with _inside(path):
        data = _quoted(_json(Path(path), SUBMISSION))
        _expect(data, Submission)
        with _readable(data, Submission):
            raw = msgspec.json.decode(data, type=_Unread)
            fields = _once(data, "$")
            answers, twice = _first(_pairs(fields["answers"], "answers"), _answer)
            marks, more = _first(_pairs(fields.get("marks", _EMPTY), "marks"), _mark)
            notices = [*_unknown(fields), *_doubled(twice, "answered", "answer"), *_doubled(more, "marked", "mark")]
            return _submission(raw, answers, marks), notices


def read_text(path: str | Path) -> str:
    """The text of the UTF-8 file at `path`, without a byte order mark. Raises FileError as `read` does."""
    with _inside(path):
        return _text(Path(path)).decode()


def kind_of(path: str | Path) -> str | None:
    """Which of `KINDS` the file at `path` says it is; None for no file, any other, or a later version."""
    try:
        tag = _tag(_json(Path(path)))
    except FileError:
        return None
    return next((name for name, kind in KINDS.items() if _tag_of(kind) == tag), None)


def is_filled(path: str | Path) -> bool:
    """Is there something at `path` that a person may have written: anything but an empty submission?"""
    if not os.path.exists(path):
        return False
    try:
        submission, notices = read_submission(path)
    except FileError:
        return True
    return bool(notices or submission.marks or not is_blank(list(submission.answers.values())))


def is_blank(answer: Any) -> bool:
    """Nothing, an empty text, or an array of nothing but these."""
    todo = [answer]
    while todo:
        part = todo.pop()
        if isinstance(part, list):
            todo += part
        elif part is not None and not (isinstance(part, str) and not part.strip()):
            return False
    return True


@contextmanager
def _inside(path: str | Path) -> Iterator[None]:
    try:
        yield
    except FileError as error:
        raise error.inside(str(path)) from None


def _text(path: Path, largest: int = LARGEST) -> bytes:
    """What is in a regular file, as UTF-8 without a mark. No other is opened: a pipe would wait for ever."""
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            raise FileError("is a folder, not a file" if stat.S_ISDIR(mode) else "is not a regular file")
        with path.open("rb") as file:
            data = file.read(largest + 1)
    except OSError as error:
        raise FileError(f"cannot be read: {error.strerror or error}") from None
    except ValueError as error:
        raise FileError(f"cannot be read: {error}") from None
    if len(data) > largest:
        raise FileError(f"is larger than {largest // 2**20} MB")
    return _utf8(data)


def _utf8(data: bytes) -> bytes:
    try:
        data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise FileError(f"line {line}: this is not UTF-8; save the file as UTF-8") from None
    return data.removeprefix(b"\xef\xbb\xbf")


def _json(path: Path, largest: int = LARGEST) -> bytes:
    r"""`_text`, where half a surrogate pair (`\ud83d` of a cut emoji) is the replacement character."""
    data = _text(path, largest)
    if rb"\ud" not in data and rb"\uD" not in data:  # the search below takes a hundred times as long
        return data
    return _SURROGATES.sub(lambda found: rb"\ufffd" if found[1] else found[0], data)


def _quoted(data: bytes) -> bytes:
    """JSON as Python writes it, with NaN and Infinity as texts: one answer that is no number loses no other."""
    if b"NaN" not in data and b"Infinity" not in data:
        return data
    return _NO_NUMBERS.sub(lambda found: found[0] if found[0][:1] == b'"' else b'"%s"' % found[0], data)


def printable(text: str) -> str:
    """A text without control, bidirectional and zero-width characters: it does nothing to a terminal."""
    kept = (c if c.isprintable() or c == "\n" else " " if c.isspace() else "" for c in text)
    return text if text.isprintable() else "".join(kept)


def one_line(text: str) -> str:
    """A text that came with a file, as it is told in a line of ours: `printable`, and no line of its own."""
    return printable(" ".join(text.splitlines()))


class _Tagged(Struct):
    format: Any = None


def _tag(data: bytes) -> Any:
    with _readable(data, _Tagged):
        return msgspec.json.decode(data, type=_Tagged).format


def _tag_of(kind: type[Struct]) -> str:
    return str(kind.__struct_config__.tag)


def _expect(data: bytes, kind: type[Struct]) -> None:
    """Raise FileError unless `data` says that it is of this kind, naming what it is instead."""
    tag, wanted = _tag(data), _tag_of(kind)
    if tag == wanted:
        return
    if tag is None:
        raise FileError(f'says no format; expected "format": "{wanted}"')
    other = re.fullmatch(r"t1gen/(\w+)@\d+", str(tag))
    if not other or other[1] not in KINDS:
        raise FileError(f"has the format {_shown(json.dumps(tag))}, not {json.dumps(wanted)}")
    if KINDS[other[1]] is not kind:
        raise FileError(f"is {_a(other[1])}, not {_a(kind.__name__.lower())}")
    raise FileError(f"has the format {_shown(tag)}; this version of t1gen reads {wanted}")


def _a(name: str) -> str:
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


class _Unread(Struct):
    """A submission before its answers are read, so that one of them cannot stop the others."""

    answers: Mapping[str, Raw]
    exam: str = ""
    variant: str = ""
    student: str = ""
    marks: Mapping[str, Raw] = field(default_factory=dict)


def _submission(raw: _Unread, answers: Mapping[str, Any], marks: Mapping[str, Mark]) -> Submission:
    exam, variant, student = (_id(name, getattr(raw, name)) for name in ("exam", "variant", "student"))
    return Submission(exam=exam, variant=variant, student=student, answers=answers, marks=marks)


def _id(name: str, text: str) -> str:
    """The id of an exam, variant or student, short and on `one_line`."""
    return one_line(_short(text, ID, f"$.{name}")).strip()


def _short(text: str, most: int, where: str) -> str:
    if len(text) > most:
        raise FileError(f"has {len(text):,} characters; at most {most:,} are read", where=where)
    return text


_EMPTY = Raw(b"{}")


class _Name(str):
    """A name in an object of JSON. No two are equal, so that one that is there twice is found twice."""

    __slots__ = ()
    __eq__ = object.__eq__
    __hash__ = object.__hash__


def _pairs(data: bytes | Raw, what: str = "") -> list[tuple[str, Raw]]:
    """The names and values of an object in their order; at most ANSWERS where it is said what they are."""
    found = msgspec.json.decode(data, type=dict[_Name, Raw], dec_hook=lambda kind, value: kind(value))
    if what and len(found) > ANSWERS:
        raise FileError(f"has {len(found):,} {what}; at most {ANSWERS:,} are read", where=f"$.{what}")
    return [(str(name), value) for name, value in found.items()]


def _once(data: bytes | Raw, where: str) -> dict[str, Raw]:
    """An object in which no name is there twice."""
    pairs = _pairs(data)
    found = dict(pairs)
    if len(found) < len(pairs):
        name = next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
        raise FileError(f"'{_shown(name)}' is there twice", where=where)
    return found


def _first(pairs: Iterable[tuple[str, Raw]], read: Callable[[str, Raw], Any]) -> tuple[dict[str, Any], list[str]]:
    """Values by names on `one_line`, of several the first that is not blank; and the names that are there twice."""
    found, twice = dict[str, Any](), dict[str, None]()
    for name, raw in pairs:
        name, value = one_line(name if len(name) <= ID else f"{name[:ID]}…"), read(name, raw)
        if name in found:
            twice[name] = None
        if name not in found or is_blank(found[name]):
            found[name] = value
    return found, list(twice)


def _doubled(twice: Sequence[str], done: str, what: str) -> list[str]:
    """Notices of questions that are answered, or marked, twice."""
    told = [f"question '{_shown(name)}' is {done} twice; the first {what} counts" for name in twice[:TOLD]]
    return [*told, f"and {len(twice) - TOLD:,} more are {done} twice"] if len(twice) > TOLD else told


def _shown(name: str) -> str:
    """A name that came with a file, as it is told."""
    return one_line(name if len(name) <= NAME else f"{name[:NAME]}…")


_NO_MARK = "a mark is a finite number of at least 0"
_NO_NUMBER = re.compile(rb'"(NaN|-?Infinity)"')


def _mark(id: str, raw: Raw) -> Mark:
    """What a person decided. Raises FileError where its points are no finite number of at least 0."""
    where = f"$.marks[{json.dumps(_shown(id), ensure_ascii=False)}]"
    try:
        mark = msgspec.json.decode(raw, type=Mark)
    except DecodeError as error:
        what, _, path = str(error).partition(" - at `$")
        what = _NO_MARK if path.startswith(".points") and _NO_NUMBER.search(raw) else what
        raise FileError(what, where=f"{where}{path.rstrip('`')}") from None
    _once(raw, where)
    if not 0 <= mark.points < float("inf"):
        raise FileError(_NO_MARK, where=f"{where}.points")
    by, note = (_short(getattr(mark, name), WORDS, f"{where}.{name}") for name in ("by", "note"))
    return Mark(points=mark.points, by=one_line(by), note=printable(note))


def _answer(id: str, raw: Raw) -> Any:
    data = bytes(raw)
    try:
        return data.decode() if data[:1] in b"[{" and _too_large(data) else msgspec.json.decode(data)
    except DecodeError:
        return data.decode()


def _too_large(data: bytes) -> bool:
    """Whether lists are so long, or so many within lists, that none means it (brackets in texts count too)."""
    depth = deepest = 0
    for sign in re.findall(rb"[\[\]{}]", data[: LONGEST + 1]):
        depth += 1 if sign in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest > DEEPEST or len(data) > LONGEST


def _unknown(fields: Mapping[str, Raw]) -> list[str]:
    """Notices of the fields of a submission and of its marks that are not known."""
    found = [("", name, (*_Tagged.__struct_fields__, *Submission.__struct_fields__)) for name in fields]
    for id, mark in _pairs(fields.get("marks", _EMPTY)):
        found += [(f"marks.{_shown(id)}.", name, Mark.__struct_fields__) for name, _ in _pairs(mark)]
    odd = [one for one in found if one[1] not in one[2]]
    told = [f"{at}{_shown(name)}: unknown field, ignored{near(name[:ID], known)}" for at, name, known in odd[:TOLD]]
    return [*told, f"and {len(odd) - TOLD:,} more unknown fields, ignored"] if len(odd) > TOLD else told


# Errors in JSON: where, what, what is allowed.


@contextmanager
def _readable(data: bytes, kind: type[Struct]) -> Iterator[None]:
    """Tell what msgspec found wrong with `data`, with its line or its path."""
    try:
        yield
    except RecursionError:
        raise FileError("is nested too deeply") from None
    except ValidationError as error:
        raise FileError(_misfit(data, kind, str(error))) from None
    except DecodeError as error:
        raise FileError(_malformed(data, str(error))) from None


def _malformed(data: bytes, message: str) -> str:
    """Where `data` stops being JSON: the standard library counts lines, msgspec only bytes."""
    try:
        json.loads(data, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        return f"line {error.lineno}, column {error.colno}: this is not JSON: {error.msg}"
    except (ValueError, RecursionError) as error:
        return f"this is not JSON: {error}"
    return f"this is not JSON: {message}"


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is not a number")


def _misfit(data: bytes, kind: type[Struct], message: str) -> str:
    """`$.answers["1a"].points: Expected ...`: the path first, keys named, a near match for unknown fields."""
    what, _, path = message.partition(" - at `")
    path = path.rstrip("`") or "$"
    unknown = re.fullmatch(r"Object contains unknown field `(.*)`", what, re.DOTALL)
    if unknown:
        what = f"unknown field '{_shown(unknown[1])}'{near(unknown[1][:ID], _fields_at(kind, path))}"
    return f"{_named(data, kind, path, message)}: {what}"


def _fields_at(kind: type[Struct], path: str) -> tuple[str, ...]:
    """The fields of the record that a path like `$.problems[0].questions[1]` leads to."""
    here: Any = kind
    for name, _ in re.findall(r"\.(\w+)|(\[)", path):
        here = get_type_hints(here)[name] if name else get_args(here)[-1]
    return tuple(field.encode_name for field in msgspec.structs.fields(here))


def _named(data: bytes, kind: type[Struct], path: str, message: str) -> str:
    """`path` with its first `[...]`, msgspec's word for any key, replaced by the key that gives `message`."""
    outer, unnamed, inner = path.partition("[...]")
    if not unnamed:
        return path
    try:
        document = here = msgspec.json.decode(data)
    except (DecodeError, RecursionError):
        return path
    for name, index in re.findall(r"\.(\w+)|\[(\d+)\]", outer):
        here = here[name or int(index)]
    for key, value in list(here.items())[:ANSWERS]:
        here.clear()
        here[key] = value
        if _complaint(document, kind) == message:
            return f"{outer}[{json.dumps(_shown(key), ensure_ascii=False)}]{inner}"
    return path


def _complaint(document: Any, kind: type[Struct]) -> str:
    try:
        msgspec.convert(document, kind)
    except ValidationError as error:
        return str(error)
    return ""
