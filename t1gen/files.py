"""The files that t1gen reads and writes: good errors, and atomic writing. Their fields are in records.py."""

import json
import os
import re
import stat
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, get_args, get_type_hints

import msgspec
from msgspec import DecodeError, Raw, Struct, ValidationError, field

from t1gen.errors import FileError, near
from t1gen.records import KINDS as KINDS
from t1gen.records import VALUE_SCHEMA
from t1gen.records import BankRef as BankRef
from t1gen.records import Exam as Exam
from t1gen.records import Key as Key
from t1gen.records import KeyAnswer as KeyAnswer
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

LARGEST = 16 * 2**20
WIDTH = 110
DEEPEST = 60
"""Lists within lists that an answer may have; deeper ones stay the text that they are."""

K = TypeVar("K", bound=Struct)

_SURROGATES = re.compile(
    rb"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[dD][89a-fA-F][0-9a-fA-F]{2}"
)
"""In JSON: an escaped backslash, a whole surrogate pair, or half of one, whichever comes first."""


# Writing: numbers, text, files.


def rounded(x: Number) -> Number:
    """`x` as files hold it: 12 significant digits, no -0, whole numbers as int."""
    if isinstance(x, int):
        return int(x)
    short = float(f"{x:.12g}")
    return int(short) if short.is_integer() and abs(short) < 1e15 else short


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
        return (_pretty(numbers(msgspec.to_builtins(record, enc_hook=numbers)), "") + "\n").encode()
    except ValueError as error:
        raise FileError(f"this cannot be written as JSON: {error}") from None


_JSON = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


def _pretty(value: Any, indent: str) -> str:
    """A value on one line where it fits there and stands inside another, else one part a line."""
    if not value or not isinstance(value, dict | list):
        return _JSON(value)
    inner = indent + "  "
    if isinstance(value, dict):
        items = [f"{_JSON(name)}: {_pretty(x, inner)}" for name, x in value.items()]
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
    return Path(os.path.realpath(path)).with_name(f".t1gen-{os.urandom(6).hex()}.tmp")


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
    """A submission, and a notice for each field in it that is unknown and therefore ignored.

    An answer that no number can hold (1e999) is kept as its text. Raises FileError as `read` does.
    """
    with _inside(path):
        data = _json(Path(path))
        _expect(data, Submission)
        with _readable(data, Submission):
            raw = msgspec.json.decode(data, type=_Unread)
            answers = {name: _answer(answer) for name, answer in raw.answers.items()}
            return _submission(raw, answers), _unknown(data)


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
    return bool(notices or submission.marks or not _blank(list(submission.answers.values())))


def _blank(answer: Any) -> bool:
    return all(map(_blank, answer)) if isinstance(answer, list) else answer is None or answer == ""


@contextmanager
def _inside(path: str | Path) -> Iterator[None]:
    try:
        yield
    except FileError as error:
        raise error.inside(str(path)) from None


def _text(path: Path) -> bytes:
    """What is in a regular file, as UTF-8 without a mark. No other is opened: a pipe would wait for ever."""
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            raise FileError("is a folder, not a file" if stat.S_ISDIR(mode) else "is not a regular file")
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise FileError(f"cannot be read: {error.strerror or error}") from None
    if len(data) > LARGEST:
        raise FileError(f"is larger than {LARGEST // 2**20} MB")
    return _utf8(data)


def _utf8(data: bytes) -> bytes:
    try:
        data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise FileError(f"line {line}: this is not UTF-8; save the file as UTF-8") from None
    return data.removeprefix(b"\xef\xbb\xbf")


def _json(path: Path) -> bytes:
    r"""`_text`, where half a surrogate pair (`\ud83d` of a cut emoji) is the replacement character."""
    return _SURROGATES.sub(lambda found: rb"\ufffd" if len(found[0]) == 6 else found[0], _text(path))


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
        raise FileError(f"has the format {json.dumps(tag)}, not {json.dumps(wanted)}")
    if KINDS[other[1]] is not kind:
        raise FileError(f"is {_a(other[1])}, not {_a(kind.__name__.lower())}")
    raise FileError(f"has the format {tag}; this version of t1gen reads {wanted}")


def _a(name: str) -> str:
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


class _Unread(Struct):
    """A submission before its answers are read, so that one of them cannot stop the others."""

    answers: Mapping[str, Raw]
    exam: str = ""
    variant: str = ""
    student: str = ""
    marks: Mapping[str, Mark] = field(default_factory=dict)


def _submission(raw: _Unread, answers: Mapping[str, Any]) -> Submission:
    return Submission(exam=raw.exam, variant=raw.variant, student=raw.student, answers=answers, marks=raw.marks)


def _answer(raw: Raw) -> Any:
    try:
        return bytes(raw).decode() if _too_deep(bytes(raw)) else msgspec.json.decode(raw)
    except DecodeError:
        return bytes(raw).decode()


def _too_deep(raw: bytes) -> bool:
    """Whether an answer has so many lists within lists that none means it (brackets in texts count too)."""
    depth = deepest = 0
    for sign in re.findall(rb"[\[\]{}]", raw):
        depth += 1 if sign in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest > DEEPEST


def _unknown(data: bytes) -> list[str]:
    fields = msgspec.json.decode(data, type=dict[str, Raw])
    marks = msgspec.json.decode(fields.get("marks", b"{}"), type=dict[str, dict[str, Raw]])
    found = _ignored(fields, "", ("format", *Submission.__struct_fields__))
    for id, mark in marks.items():
        found += _ignored(mark, f"marks.{id}.", Mark.__struct_fields__)
    return found


def _ignored(names: Iterable[str], place: str, known: Sequence[str]) -> list[str]:
    return [f"{place}{name}: unknown field, ignored{near(name, known)}" for name in names if name not in known]


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
        what = f"unknown field '{unknown[1]}'{near(unknown[1], _fields_at(kind, path))}"
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
    document = here = msgspec.json.decode(data)
    for name, index in re.findall(r"\.(\w+)|\[(\d+)\]", outer):
        here = here[name or int(index)]
    for key, value in list(here.items()):
        here.clear()
        here[key] = value
        if _complaint(document, kind) == message:
            return f"{outer}[{json.dumps(key, ensure_ascii=False)}]{inner}"
    return path


def _complaint(document: Any, kind: type[Struct]) -> str:
    try:
        msgspec.convert(document, kind)
    except ValidationError as error:
        return str(error)
    return ""
