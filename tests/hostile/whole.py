"""Hostile files: what is handed in instead of a submission, or round right answers, by name."""

import gzip
import io
import json
import os
import socket
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent / "files"


@dataclass(frozen=True)
class Right:
    """A right submission, and the files of its test."""

    exam: str
    variant: str
    student: str
    answers: dict[str, Any]
    folder: Path

    def fields(self, **changes: Any) -> dict[str, Any]:
        own = {"exam": self.exam, "variant": self.variant, "student": self.student, "answers": self.answers}
        return {"format": "t1gen/submission@1", **own, **changes}

    def file(self, **changes: Any) -> bytes:
        return json.dumps(self.fields(**changes)).encode()

    def beside(self, **answers: Any) -> bytes:
        return self.file(answers={**self.answers, **answers})

    def raw(self, name: str, value: bytes) -> bytes:
        """The file with a field of any text: the last one, after right answers."""
        return self.file()[:-1] + b', "%s": %s}' % (name.encode(), value)

    def within(self, field: str, inside: bytes) -> bytes:
        """The file with something before all else in one of its objects."""
        return self.file(marks={}).replace(b'"%s": {' % field.encode(), b'"%s": {%s' % (field.encode(), inside), 1)

    def of(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()


Make = Callable[[Right], bytes]

BLANKS = b"".join(b"[" for _ in range(10**5))
ESCAPES = "\x1b[31m\x1b]0;owned\x07\x9b2J\u202e\u200b\r\b"
ODD_IDS = {
    "empty": "",
    "spaces": "   ",
    "controls": "\x00\x01\x07",
    "escapes": ESCAPES,
    "parents": "../../../../etc/passwd",
    "root": "/etc/passwd",
    "windows": "C:\\con",
    "million": "i" * 900_000,
    "wide": "🙂" * 50_000,
    "marks": "a" + "\u0301" * 90_000,
    "format": "{0.__class__}",
    "percent": "%s%s%n",
    "null": "null",
    "proto": "__proto__",
    "class": "__class__",
    "rich": "[bold]1a[/]",
    "half": "\ud83d",
    "right to left": "\u202e1a",
    "html": "<b>",
    "line breaks": "a\nb\nc" * 900,
    "quotes": "'\"`",
    "backslash": "\\",
    "path": "$.answers[...]",
    "near": "11a",
    "look-alike": "1а",
    "full width": "１ａ",
    "dots": "..",
    "nul": "1a\x00.json",
}


def many(count: int, value: str = "0") -> bytes:
    return ", ".join(f'"u{i}": {value}' for i in range(count)).encode() + b", "


def deep(name: str, depth: int = 10**5) -> Make:
    return lambda right: right.raw(name, b"[" * depth + b"]" * depth)


def deep_objects(name: str, depth: int = 10**5) -> Make:
    return lambda right: right.raw(name, b'{"a":' * depth + b"1" + b"}" * depth)


def const(data: bytes) -> Make:
    return lambda _: data


def changed(**fields: Any) -> Make:
    return lambda right: right.file(**fields)


def zipped(right: Right) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("submission.json", right.file())
        archive.writestr("word/document.xml", b" " * 10**6)
    return buffer.getvalue()


def bomb(_: Right) -> bytes:
    return gzip.compress(b"[" * 2**26)


REFUSED: dict[str, Make] = {
    # nothing, and not JSON
    "empty": const(b""),
    "space": const(b" " * 900_000),
    "line breaks": const(b"\n" * 900_000),
    "nuls": const(b"\0" * 4096),
    "0xff": const(b"\xff" * 4096),
    "only a mark": const(b"\xef\xbb\xbf"),
    "two marks": lambda r: b"\xef\xbb\xbf" * 2 + r.file(),
    "brackets": const(b"[" * 10**5),
    "closed brackets": const(b"[" * 10**5 + b"]" * 10**5),
    "round brackets": const(b"(" * 10**6),
    "objects": const(b'{"a":' * 10**5),
    "closed objects": const(b'{"a":' * 10**5 + b"1" + b"}" * 10**5),
    "quotes": const(b'"' * 10**6),
    "escaped quotes": const(b'"' + b'\\"' * 500_000),
    "escapes cut": const(b'"' + b'\\"' * 500_000 + b"\\"),
    "commas": const(b"," * 10**6),
    "colons": const(b":" * 10**6),
    "minus": const(b"-" * 10**6),
    "digits": const(b"9" * 10**6),
    "NaN alone": const(b"NaN"),
    "NaNs": const(b"[" + b"NaN," * 200_000 + b"1]"),
    "infinities": const(b"Infinity" * 120_000),
    "a string": const(b'"submission"'),
    "a number": const(b"7"),
    "null": const(b"null"),
    "true": const(b"true"),
    "array": const(b"[]"),
    "array of submissions": lambda r: b"[" + r.file() + b"]",
    "two submissions": lambda r: r.file() + r.file(),
    "JSON lines": lambda r: r.file() + b"\n" + r.file() + b"\n",
    "cut": lambda r: r.file()[:-40],
    "cut in a text": lambda r: r.file()[:30],
    "comments": lambda r: b"// mine\n" + r.file(),
    "block comment": lambda r: b"/* mine */" + r.file(),
    "hash": lambda r: b"# mine\n" + r.file(),
    "trailing comma": lambda r: r.file()[:-1] + b",}",
    "trailing text": lambda r: r.file() + b" done",
    "BOM inside": lambda r: r.file() + b"\xef\xbb\xbf",
    "single quotes": lambda r: r.file().replace(b'"', b"'"),
    "Python": lambda r: repr(r.fields()).encode(),
    "unquoted": const(b"{format: 1}"),
    "JSON5": const(b"{format: 't1gen/submission@1', answers: {}, }"),
    "hex": lambda r: r.raw("x", b"0x1F"),
    "plus": lambda r: r.raw("x", b"+1"),
    "leading zero": lambda r: r.raw("x", b"007"),
    "bare point": lambda r: r.raw("x", b".5"),
    "nan": lambda r: r.raw("x", b"nan"),
    "undefined": lambda r: r.raw("x", b"undefined"),
    "None": lambda r: r.raw("x", b"None"),
    "raw tab": lambda r: r.raw("x", b'"a\tb"'),
    "raw nul": lambda r: r.raw("x", b'"a\0b"'),
    "raw line break": lambda r: r.raw("x", b'"a\nb"'),
    "bad escape": lambda r: r.raw("x", b'"\\x41"'),
    "cut escape": lambda r: r.raw("x", b'"\\u12"'),
    "capital U": lambda r: r.raw("x", b'"\\U0001F600"'),
    "nul at the end": lambda r: r.file() + b"\0" * 900,
    "CSV": const(b"question,answer\n1a,7\n"),
    "TSV": const(b"1a\t7\n"),
    "YAML": const(b"format: t1gen/submission@1\nanswers:\n  1a: 7\n"),
    "YAML tag": const(b"!!python/object/apply:os.system [true]"),
    "TOML": const(b'format = "t1gen/submission@1"\n[answers]\n1a = 7\n'),
    "XML": const(b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "&b;&b;">]><a>&b;</a>'),
    "HTML": const(b"<!doctype html><title>404</title>"),
    "notebook": const(b'{"cells": [], "metadata": {}, "nbformat": 4}'),
    "pickle": const(b"\x80\x04cos\nsystem\n(S'true'\ntR."),
    # encodings
    "latin-1": lambda r: json.dumps(r.fields(name="Jörg"), ensure_ascii=False).encode("latin-1"),
    "windows-1252": lambda r: json.dumps(r.fields(name="“½”"), ensure_ascii=False).encode("cp1252"),
    **{
        f"{code}": lambda r, code=code: r.file().decode().encode(code)
        for code in ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "utf-7", "cp037")  # type: ignore[misc]
        if code != "utf-7"
    },
    "surrogates in UTF-8": lambda r: r.raw("x", b'"\xed\xa0\xbd"'),
    "overlong": lambda r: r.raw("x", b'"\xc0\xaf"'),
    "cut UTF-8": lambda r: r.raw("x", b'"\xf0\x9f"'),
    "beyond Unicode": lambda r: r.raw("x", b'"\xf4\x90\x80\x80"'),
    "shift-jis": lambda r: r.raw("x", '"答え"'.encode("shift-jis")),
    # other formats
    "gzip": lambda r: gzip.compress(r.file()),
    "gzip bomb": bomb,
    "zlib": lambda r: zlib.compress(r.file()),
    "zip": zipped,
    "docx": zipped,
    "png": const(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(40)),
    "jpeg": const(b"\xff\xd8\xff\xe0\0\x10JFIF" + bytes(40)),
    "elf": const(b"\x7fELF\x02\x01\x01" + bytes(60)),
    "pdf": const(b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n"),
    "sqlite": const(b"SQLite format 3\0" + bytes(90)),
    "tar": const(b"submission.json" + bytes(500)),
    "random": const(bytes(range(256)) * 99),
    # other files of ours, other formats, other versions
    "exam": lambda r: r.of("exam.json"),
    "key": lambda r: r.of("key.json"),
    "schema": const(b'{"$schema": "https://json-schema.org/draft/2020-12/schema"}'),
    "report": const(b'{"format": "t1gen/report@1", "exam": "e"}'),
    "manifest": const(b'{"format": "t1gen/manifest@1"}'),
    "secret": const(b'{"format": "t1gen/secret@1"}'),
    "version 2": changed(format="t1gen/submission@2"),
    "version 999": changed(format="t1gen/submission@" + "9" * 900_000),
    "no format": changed(format=None),
    "format of escapes": changed(format=ESCAPES * 9),
    "format is a number": changed(format=1),
    "format is a list": changed(format=["t1gen/submission@1"]),
    "format is deep": lambda r: r.file().replace(b'"t1gen/submission@1"', b"[" * 10**5 + b"]" * 10**5),
    "long format": changed(format="x" * 900_000),
    "format in capitals": changed(format="T1GEN/SUBMISSION@1"),
    "format with a space": changed(format="t1gen/submission@1 "),
    # somebody else's
    "other exam": changed(exam="other"),
    "other variant": changed(variant="AAAA-AAAA"),
    "other student": changed(student="eve"),
    "escapes as student": changed(student=ESCAPES),
    "parents as student": changed(student="../../keys/ada"),
    "parents as exam": changed(exam="../../x"),
    "parents as variant": changed(variant="../x"),
    "dots as student": changed(student=".."),
    "nul as student": changed(student="ada\0.."),
    "long student": changed(student="a" * 900_000),
    "long exam": changed(exam="e" * 81),
    "long variant": changed(variant="V" * 900_000),
    "wide student": changed(student="🙂" * 80),
    "student is a number": changed(student=7),
    "student is an object": changed(student={"id": "ada"}),
    "exam is a list": changed(exam=[]),
    "variant is null": changed(variant=None),
    "variant is true": changed(variant=True),
    # answers that are none
    "no answers": lambda r: json.dumps({k: v for k, v in r.fields().items() if k != "answers"}).encode(),
    "answers is null": changed(answers=None),
    "answers is a list": lambda r: r.file(answers=list(r.answers.values())),
    "answers is a text": changed(answers="1a"),
    "answers is a number": changed(answers=7),
    "answers is true": changed(answers=True),
    "answers misspelt": lambda r: r.file().replace(b'"answers"', b'"anwsers"'),
    "answers in capitals": lambda r: r.file().replace(b'"answers"', b'"Answers"'),
    "2001 answers": lambda r: r.within("answers", many(2001)),
    "60,000 answers": lambda r: r.within("answers", many(60_000)),
    "60,000 nulls": lambda r: r.within("answers", many(50_000, "null")),
    # marks that are none
    "marks is null": changed(marks=None),
    "marks is a list": changed(marks=[1]),
    "marks is a number": changed(marks=1e9),
    "mark is a number": changed(marks={"1a": 7}),
    "mark is a list": changed(marks={"1a": [7]}),
    "mark is deep": lambda r: r.raw("marks", b'{"1a": ' + b"[" * 10**5 + b"]" * 10**5 + b"}"),
    "mark without points": changed(marks={"1a": {}}),
    "points NaN": changed(marks={"1a": {"points": float("nan")}}),
    "points Infinity": changed(marks={"1a": {"points": float("inf")}}),
    "points -Infinity": changed(marks={"1a": {"points": -float("inf")}}),
    "points 1e999": lambda r: r.raw("marks", b'{"1a": {"points": 1e999}}'),
    "points -1": changed(marks={"1a": {"points": -1}}),
    "points -1e-300": changed(marks={"1a": {"points": -1e-300}}),
    "points text": changed(marks={"1a": {"points": "9"}}),
    "points nan text": changed(marks={"1a": {"points": "nan"}}),
    "points true": changed(marks={"1a": {"points": True}}),
    "points null": changed(marks={"1a": {"points": None}}),
    "points list": changed(marks={"1a": {"points": [9]}}),
    "points object": changed(marks={"1a": {"points": {"points": 9}}}),
    "points 5000 digits": lambda r: r.raw("marks", b'{"1a": {"points": ' + b"9" * 5000 + b"}}"),
    "points million digits": lambda r: r.raw("marks", b'{"1a": {"points": ' + b"9" * 900_000 + b"}}"),
    "points twice": lambda r: r.raw("marks", b'{"1a": {"points": 0, "points": 99}}'),
    "by is a number": changed(marks={"1a": {"points": 1, "by": 7}}),
    "note is a list": changed(marks={"1a": {"points": 1, "note": []}}),
    "long note": changed(marks={"1a": {"points": 1, "note": "n" * 900_000}}),
    "2001 marks": lambda r: r.raw("marks", b"{" + many(2001, '{"points": 1}')[:-2] + b"}"),
    "40,000 marks": lambda r: r.raw("marks", b"{" + many(35_000, '{"points": 1}')[:-2] + b"}"),
    "40,000 marks and a bad one": lambda r: r.raw("marks", b"{" + many(35_000, '{"points": 1}') + b'"x": 7}'),
    "bad mark and 1e999": lambda r: r.within("answers", b'"x": 1e999, ').replace(b'"marks": {', b'"marks": {"1a": 7'),
    "bad mark of escapes": lambda r: r.file(marks={ESCAPES * 99: 7}),
    "bad mark of a million": lambda r: r.file(marks={"m" * 900_000: {"points": -1}}),
    # there twice
    **{
        f"{name} twice": lambda r, name=name: r.raw(
            name, json.dumps(r.fields(marks={})[name]).encode() + b', "%s": {}' % name.encode() * (name == "marks")
        )  # type: ignore[misc]
        for name in ("format", "exam", "variant", "student", "answers", "marks")
    },
    "answers taken back": lambda r: r.raw("answers", b"{}"),
    "unknown field twice": lambda r: r.raw("x", b'1, "x": 2'),
    "name of escapes twice": lambda r: r.raw("\\u001b[31m", b'1, "\\u001b[31m": 2'),
    # deep
    "deep unknown field": deep("x"),
    "deep marks": deep("marks"),
    "deep unknown objects": deep_objects("x"),
    "deep answer": lambda r: r.within("answers", b'"x": ' + b"[" * 10**5 + b"]" * 10**5 + b", "),
    "deep answer objects": lambda r: r.within("answers", b'"x": ' + b'{"a":' * 10**5 + b"1" + b"}" * 10**5 + b", "),
    "deep and cut": lambda r: r.file()[:-2] + b', "x": ' + b"[" * 10**5,
    # large
    "one byte too many": lambda r: r.file() + b" " * (2**20 + 1 - len(r.file())),
    "16 MB": lambda r: r.file() + b" " * 2**24,
    "100 MB": const(b" " * 100_000_000),
}
"""Each of these is refused with a message."""

KEPT: dict[str, Make] = {
    "as it is": lambda r: r.file(),
    "a mark in front": lambda r: b"\xef\xbb\xbf" + r.file(),
    "carriage returns": lambda r: json.dumps(r.fields(), indent=1).replace("\n", "\r\n").encode(),
    "only answers": lambda r: json.dumps({"answers": r.answers, "format": "t1gen/submission@1"}).encode(),
    "spaces around": lambda r: b"\n\t " + r.file() + b" " * 900_000,
    "just small enough": lambda r: r.file() + b" " * (2**20 - len(r.file())),
    "escaped ids": lambda r: r.file().replace(b'"1a"', b'"\\u0031\\u0061"'),
    "ids in capitals": lambda r: r.file(answers={k.upper(): v for k, v in r.answers.items()}),
    "ids with spaces": lambda r: r.file(answers={f" {k[:-1]} {k[-1]}\t": v for k, v in r.answers.items()}),
    "ids with zero width": lambda r: r.file(answers={f"\ufeff{k}\u200b": v for k, v in r.answers.items()}),
    "ids of escapes": lambda r: r.file(answers={f"\x07{k}\x00": v for k, v in r.answers.items()}),
    "numbers as texts": lambda r: r.file(
        answers={k: json.dumps(v) if not isinstance(v, str) else v for k, v in r.answers.items()}
    ),
    "student in capitals": lambda r: r.file(student=r.student.upper()),
    "student of zero width": lambda r: r.file(student=f"\u200b{r.student}\u200b"),
    "no variant": changed(variant=""),
    "no student": changed(student=""),
    "no exam": changed(exam="   "),
    "answer twice, first right": lambda r: r.raw("x", b"1").replace(
        b'"answers": {', b'"answers": {"1a": %s, ' % json.dumps(r.answers["1a"]).encode(), 1
    ),
    "answer twice, blank first": lambda r: r.within("answers", b'"1a": null, "1b": "", "2a": [], '),
    "unknown ids": lambda r: r.beside(**{"99z": 1, "": 2, "zz": None}),
    "1900 unknown ids": lambda r: r.within("answers", many(1900)),
    "1900 unknown nests": lambda r: r.within("answers", many(1900, "[[[[[]]]]]")),
    "1900 long ids": lambda r: r.beside(**{"i" * 400 + str(i): 1 for i in range(1900)}),
    "one id 1900 times": lambda r: r.within("answers", b'"u": 1, ' * 1900),
    "1900 near ids": lambda r: r.within("answers", b"".join(b'"%da": 0, ' % i for i in range(100, 2000))),
    "unknown fields": lambda r: r.file(tool={"a": [1]}, correct=True, points=24, report={}, verdict="correct"),
    "60,000 unknown fields": lambda r: r.file()[:-1] + b", " + many(60_000)[:-2] + b"}",
    "long unknown field": lambda r: r.file(**{"f" * 900_000: 1}),
    "unknown field of escapes": lambda r: r.file(**{ESCAPES * 99: 1}),
    "unknown NaN": lambda r: r.raw("x", b"NaN"),
    "unknown 1e999": lambda r: r.raw("x", b"1e999"),
    "unknown 900 deep": deep("x", 500),
    "unknown long digits": lambda r: r.raw("x", b"9" * 900_000),
    "NaN in a text": lambda r: r.file(x='NaN "Infinity" \\'),
    "unknown fields near": lambda r: r.file(Exam=1, answer={}, mark=1, studnet="eve"),
    "no marks": changed(marks={}),
    "unknown marks": lambda r: r.file(marks={"zz": {"points": 99}, "../1a": {"points": 99}}),
    "1900 unknown marks": lambda r: r.raw("marks", b"{" + many(1900, '{"points": 1}')[:-2] + b"}"),
    "marks of escapes": lambda r: r.file(marks={"zz": {"points": 1, "by": ESCAPES, "note": ESCAPES * 9}}),
    "marks with unknown fields": lambda r: r.file(marks={"zz": {"points": 1, **{f"f{i}": i for i in range(1900)}}}),
    "1900 marks with unknown fields": lambda r: r.raw(
        "marks", b"{" + many(1900, '{"points": 1, "nota": 1, "x": 2}')[:-2] + b"}"
    ),
    "huge mark": lambda r: r.file(marks={"1b": {"points": 1e308}}),
    "mark of 300 digits": lambda r: r.raw("marks", b'{"1b": {"points": ' + b"9" * 300 + b"}}"),
    "mark of escapes": lambda r: r.file(marks={"1b": {"points": 99, "by": ESCAPES, "note": ESCAPES}}),
    "mark twice": lambda r: r.raw("marks", b'{"1b": {"points": 99}, "1b": {"points": 0}}'),
    "unknown ids of another exam": lambda r: r.beside(**{f"{i}{c}": 1 for i in range(11, 60) for c in "abcdef"}),
    **{f"id {name}": lambda r, odd=odd: r.beside(**{odd: 7}) for name, odd in ODD_IDS.items()},  # type: ignore[misc]
    **{
        f"mark's id {name}": lambda r, odd=odd: r.file(marks={odd: {"points": 99}})
        for name, odd in ODD_IDS.items()
        if name not in ("right to left", "nul", "full width")
    },  # type: ignore[misc]
}
"""Round right answers: each of these earns full points."""


# what stands in the place of a file


def link(target: str) -> Callable[[Path], None]:
    return lambda path: path.symlink_to(target)


def to_a_pipe(path: Path) -> None:
    os.mkfifo(path.with_name("pipe"))
    path.symlink_to("pipe")


def listening(path: Path) -> None:
    """A socket whose name is short enough wherever the folder is."""
    here = os.getcwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(here)


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(100_000_000)


def unreadable(path: Path) -> None:
    path.write_bytes(b"{}")
    path.chmod(0)


PLACES: dict[str, Callable[[Path], None]] = {
    "nothing": lambda path: None,
    "folder": lambda path: path.mkdir(),
    "pipe": lambda path: os.mkfifo(path),
    "socket": listening,
    "link to a pipe": to_a_pipe,
    "link to itself": link("submission.json"),
    "dangling link": link("nowhere.json"),
    "link to a folder": link("."),
    "link to /": link("/"),
    "link to /etc/passwd": link("/etc/passwd"),
    "link to /dev/zero": link("/dev/zero"),
    "link to /dev/null": link("/dev/null"),
    "link to /dev/urandom": link("/dev/urandom"),
    "link to /dev/tty": link("/dev/tty"),
    "link to /dev/stdin": link("/dev/stdin"),
    "link to /proc/self/mem": link("/proc/self/mem"),
    "link to /proc/self/environ": link("/proc/self/environ"),
    "link to the key": link("key.json"),
    "link to the exam": link("exam.json"),
    "sparse": sparse,
    "unreadable": unreadable,
}
"""Each of these is refused with a message."""

for found in sorted(HERE.iterdir()):
    (KEPT if found.name.startswith("right-") else REFUSED)[f"files/{found.name}"] = const(found.read_bytes())
