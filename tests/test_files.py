"""What is written can be read, what cannot be read says where and why, and nothing is half written."""

import errno
import json
import os
import stat
import threading
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from t1gen import files
from t1gen.errors import FileError
from t1gen.files import (
    BankRef,
    Exam,
    Key,
    KeyAnswer,
    Manifest,
    Mark,
    Option,
    Problem,
    Question,
    QuestionReport,
    Report,
    Seat,
    Secret,
    Student,
    Submission,
)

QUESTION = Question(
    id="1a", text="Compute z.", ask="forward", of="z", kind="number", shape=[], points=1, decimals=3
)
STEP = Question(
    id="1h",
    text="One step.",
    ask="step",
    of="L",
    moves=["w"],
    rate=0.5,
    steps=1,
    wrt="w",
    kind="array",
    shape=[2],
    points=1,
    decimals=3,
)
PROBLEM = Problem(
    id="neuron-step",
    number=1,
    title="One neuron, one step",
    text="…",
    competence="backpropagation",
    points=8,
    given={"w": [-1, 1], "x": [2, 1], "y": -1, "alpha": 0.5},
    mapping=["z = w @ x", "q = y * z"],
    questions=[QUESTION, STEP],
)
EXAM = Exam(
    exam="t1-2026",
    variant="K7QF-93XD",
    student=Student(id="ada", name="Ada L."),
    bank=BankRef(id="t1", sha256="0" * 64),
    title="Test T1",
    language="en",
    minutes=60,
    points=24,
    problems=[PROBLEM],
)
KEY = Key(
    exam="t1-2026",
    variant="K7QF-93XD",
    student=Student(id="ada", name="Ada L."),
    program=["z = w @ x"],
    answers={"1a": KeyAnswer(value=-1, exact="-1", tolerance=0.0005, points=1)},
)
SUBMISSION = Submission(
    exam="t1-2026",
    variant="K7QF-93XD",
    student="ada",
    answers={"1a": -1, "1b": "1/4", "1g": [0.5, "-0.25"], "2a": None},
    marks={"4": Mark(points=2, by="ta1", note="arrow missing")},
)
REPORT = Report(
    exam="t1-2026",
    variant="K7QF-93XD",
    student="ada",
    points=4.5,
    of=6,
    provisional=False,
    questions={"1a": QuestionReport(points=1, of=1, verdict="correct", given="-1", read_as=-1, expected=-1)},
)
MANIFEST = Manifest(
    exam="t1-2026",
    bank=BankRef(id="t1", sha256="0" * 64),
    students=[Seat(id="ada", name="Ada L.", variant="K7QF-93XD")],
)
SECRET = Secret(exam="t1-2026", secret="abc")
RECORDS = [EXAM, KEY, SUBMISSION, REPORT, MANIFEST, SECRET]
NAMES = ["exam", "key", "submission", "report", "manifest", "secret"]


def put(folder: Path, data: bytes | str | dict[str, Any], name: str = "some.json") -> Path:
    path = folder / name
    if isinstance(data, dict):
        data = json.dumps(data)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def changed(record: Any, **fields: Any) -> dict[str, Any]:
    """The file of `record` as a dict, some of its fields replaced."""
    file: dict[str, Any] = json.loads(files.encode(record))
    return file | fields


def refused(path: Path, kind: Any = Exam) -> str:
    with pytest.raises(FileError) as caught:
        files.read(path, kind)
    assert str(caught.value).startswith(f"{path}: ")
    return str(caught.value).removeprefix(f"{path}: ")


# Records and their JSON.


@pytest.mark.parametrize("record", RECORDS, ids=NAMES)
def test_what_is_written_is_read_again(tmp_path: Path, record: Any) -> None:
    path = tmp_path / "file.json"
    files.write(path, files.encode(record))
    assert files.read(path, type(record)) == record
    assert files.encode(files.read(path, type(record))) == path.read_bytes()


@pytest.mark.parametrize(("record", "name"), list(zip(RECORDS, NAMES, strict=True)), ids=NAMES)
def test_each_file_begins_with_its_format(record: Any, name: str) -> None:
    assert next(iter(json.loads(files.encode(record)).items())) == ("format", f"t1gen/{name}@1")


def test_an_exam_has_the_fields_of_the_design_in_their_order() -> None:
    exam = json.loads(files.encode(EXAM))
    assert " ".join(exam) == "format exam variant student bank title language minutes points problems"
    problem = exam["problems"][0]
    assert " ".join(problem) == "id number title text competence points given mapping questions"
    number, step = problem["questions"]
    assert " ".join(number) == "id text ask of kind shape points decimals"
    assert " ".join(step) == "id text ask of moves rate steps wrt kind shape points decimals"


def test_a_key_has_the_fields_of_the_design_in_their_order() -> None:
    key = json.loads(files.encode(KEY))
    assert " ".join(key) == "format exam variant student program answers"
    assert " ".join(key["answers"]["1a"]) == "value exact tolerance points"


def test_every_optional_field_is_written_when_it_says_something() -> None:
    full = {
        "cotangent": "v",
        "tangent": {"x": [1]},
        "ascent": True,
        "names": {"v": [2]},
        "nodes": ["+"],
        "options": [Option("a", "A")],
        "rows": ["r"],
        "columns": ["c"],
        "cells": [[None]],
    }
    question = Question(id="1", text="", ask="vjp", kind="array", points=1, **full)  # type: ignore[arg-type]
    assert set(msgspec.to_builtins(question)) == {"id", "text", "ask", "kind", "points", *full}
    bare = Question(id="1", text="", ask="graph", kind="graph", points=1)
    assert set(msgspec.to_builtins(bare)) == {"id", "text", "ask", "kind", "points"}


def test_a_report_writes_all_its_fields() -> None:
    question = json.loads(files.encode(REPORT))["questions"]["1a"]
    assert " ".join(question) == (
        "points of verdict given read_as expected tolerance expected_from_own own_used diagnoses reasons"
        " decided_by note void feedback"
    )


def test_the_student_of_an_exam_is_an_object_even_when_nobody() -> None:
    nobody = msgspec.structs.replace(EXAM, student=Student(id="", name=""))
    assert json.loads(files.encode(nobody))["student"] == {"id": "", "name": ""}


def test_an_empty_submission_shows_what_to_fill_in_and_no_marks() -> None:
    written = json.loads(files.encode(Submission(answers={"1a": None})))
    assert written == {
        "format": "t1gen/submission@1",
        "exam": "",
        "variant": "",
        "student": "",
        "answers": {"1a": None},
    }


def test_records_are_frozen() -> None:
    with pytest.raises(AttributeError):
        EXAM.points = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (-1.0, "-1"),
        (-0.0, "0"),
        (0.1 + 0.2, "0.3"),
        (1 / 3, "0.333333333333"),
        (-2e-13 / 3, "-6.66666666667e-14"),
        (123456789012.4, "123456789012"),
        (1e14, "100000000000000"),
        (1e300, "1e+300"),
        (7, "7"),
        (12345678901234567890, "12345678901234567890"),
    ],
)
def test_numbers_have_twelve_significant_digits(number: float, text: str) -> None:
    assert json.dumps(files.rounded(number)) == text


@settings(deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_rounding_twice_is_rounding_once(x: float) -> None:
    once = files.rounded(x)
    assert files.rounded(once) == once and type(files.rounded(once)) is type(once)
    assert once == pytest.approx(x, rel=6e-12, abs=0)
    assert json.dumps(once) != "-0.0"


def test_arrays_are_written_as_nested_lists() -> None:
    nested = {"w": np.array([[1.0, 0.5]]), "n": np.float64(2), "k": np.int64(3), "t": (1.0, "1/3", None)}
    assert files.numbers(nested) == {"w": [[1, 0.5]], "n": 2, "k": 3, "t": [1, "1/3", None]}
    key = msgspec.structs.replace(KEY, answers={"1a": KeyAnswer(value=np.eye(2), points=np.float64(0.5))})
    assert json.loads(files.encode(key))["answers"]["1a"]["value"] == [[1, 0], [0, 1]]


def test_truth_values_stay() -> None:
    assert files.numbers([True, False]) == [True, False]


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), "\udcff"])
def test_what_json_cannot_hold_is_refused(bad: Any) -> None:
    with pytest.raises(FileError, match="cannot be written as JSON"):
        files.encode(Submission(answers={"1a": bad}))


def test_short_lists_are_on_one_line_and_the_text_is_plain_utf8() -> None:
    data = files.encode(EXAM).decode()
    assert '      "given": {"w": [-1, 1], "x": [2, 1], "y": -1, "alpha": 0.5},\n' in data
    assert '      "text": "…",\n' in data
    assert data.endswith("}\n") and max(map(len, data.splitlines())) <= files.WIDTH + 20


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@settings(deadline=None)
@given(st.dictionaries(st.text(), json_values))
def test_pretty_json_is_the_same_json(value: dict[str, Any]) -> None:
    assert json.loads(files.encode(value)) == value
    assert files.encode(value) == files.encode(json.loads(files.encode(value)))


# Reading.


def test_a_byte_order_mark_is_ignored(tmp_path: Path) -> None:
    assert files.read(put(tmp_path, b"\xef\xbb\xbf" + files.encode(EXAM)), Exam) == EXAM


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "line 1, column 1: this is not JSON: Expecting value"),
        (b"[]", "$: Expected `object`, got `array`"),
        (b'{"a": 1,\n "b" 2}', "line 2, column 6: this is not JSON: Expecting ':' delimiter"),
        (b'{"format": NaN}', "this is not JSON: NaN is not a number"),
        (b'{"format": -Infinity}', "this is not JSON: -Infinity is not a number"),
        (b'{"format": "\\x"}', "line 1, column 13: this is not JSON: Invalid \\escape"),
        ("{\n\"é\": 'a'}".encode(), "line 2, column 6: this is not JSON: Expecting value"),
        ('{"title":\n "Prüfung"}'.encode("latin-1"), "line 2: this is not UTF-8; save the file as UTF-8"),
        ("{}".encode("utf-16"), "line 1: this is not UTF-8"),
        (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "is nested too deeply"),
        (b"[" * 100_000, "$: Expected `object`, got `array`"),
        (b"{}", 'says no format; expected "format": "t1gen/exam@1"'),
        (b'{"format": 3}', 'has the format 3, not "t1gen/exam@1"'),
        (b'{"format": "t2gen/exam@1"}', 'has the format "t2gen/exam@1", not "t1gen/exam@1"'),
        (b'{"format": "t1gen/exams@1"}', 'has the format "t1gen/exams@1", not "t1gen/exam@1"'),
        (b'{"format": "t1gen/key@1"}', "is a key, not an exam"),
        (b'{"format": "t1gen/key@7"}', "is a key, not an exam"),
        (
            b'{"format": "t1gen/exam@2"}',
            "has the format t1gen/exam@2; this version of t1gen reads t1gen/exam@1",
        ),
    ],
)
def test_what_is_no_exam_says_so(tmp_path: Path, data: bytes, message: str) -> None:
    assert refused(put(tmp_path, data)).startswith(message)


def test_an_exam_is_not_a_submission(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="is an exam, not a submission"):
        files.read_submission(put(tmp_path, files.encode(EXAM)))


def with_question(**fields: Any) -> dict[str, Any]:
    exam = changed(EXAM)
    exam["problems"][0]["questions"][1] |= fields
    return exam


@pytest.mark.parametrize(
    ("data", "kind", "message"),
    [
        (changed(EXAM, points="8"), Exam, "$.points: Expected `int | float`, got `str`"),
        (changed(EXAM, points=True), Exam, "$.points: Expected `int | float`, got `bool`"),
        (changed(EXAM, titel="T"), Exam, "$: unknown field 'titel'; did you mean 'title'?"),
        (changed(EXAM, xyzzy="T"), Exam, "$: unknown field 'xyzzy'"),
        (changed(EXAM, student="ada"), Exam, "$.student: Expected `object`, got `str`"),
        (with_question(of=1), Exam, "$.problems[0].questions[1].of: Expected `str | null`, got `int`"),
        (
            with_question(decimls=3),
            Exam,
            "$.problems[0].questions[1]: unknown field 'decimls'; did you mean 'decimals'?",
        ),
        (
            with_question(names={"a": [], "b": [2, "x"]}),
            Exam,
            '$.problems[0].questions[1].names["b"][1]: Expect',
        ),
        (
            changed(KEY, answers={"1a": {"value": 1, "points": 1}, "1b": {"value": 1}}),
            Key,
            '$.answers["1b"]: Object missing required field `points`',
        ),
        (
            changed(KEY, answers={"1a": {"value": 1, "points": 1, "tolerence": 1}}),
            Key,
            "$.answers[\"1a\"]: unknown field 'tolerence'; did you mean 'tolerance'?",
        ),
        (changed(REPORT, questions={"é": []}), Report, '$.questions["é"]: Expected `object`, got `array`'),
    ],
)
def test_what_does_not_fit_is_named_with_its_path(
    tmp_path: Path, data: dict[str, Any], kind: Any, message: str
) -> None:
    assert refused(put(tmp_path, data), kind).startswith(message)


def test_a_missing_field_is_named(tmp_path: Path) -> None:
    exam = changed(EXAM)
    del exam["title"]
    assert refused(put(tmp_path, exam)) == "$: Object missing required field `title`"


def test_a_missing_file_a_folder_and_a_pipe_are_refused(tmp_path: Path) -> None:
    assert refused(tmp_path / "none.json") == "cannot be read: No such file or directory"
    assert refused(tmp_path) == "is a folder, not a file"
    os.mkfifo(tmp_path / "pipe.json")
    assert refused(tmp_path / "pipe.json") == "is not a regular file"
    assert refused(Path("/dev/zero")) == "is not a regular file"


def test_a_file_below_a_file_cannot_be_read(tmp_path: Path) -> None:
    assert refused(put(tmp_path, "") / "exam.json") == "cannot be read: Not a directory"


def test_an_unreadable_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    path = put(tmp_path, files.encode(EXAM))
    monkeypatch.setattr(Path, "open", forbidden)
    assert refused(path) == "cannot be read: Permission denied"


def test_a_huge_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "huge.json"
    with path.open("wb") as file:
        file.truncate(files.LARGEST + 1)
    assert refused(path) == "is larger than 16 MB"


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_stop_the_reader(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = put(tmp_path_factory.mktemp("any"), data)
    for read in (lambda: files.read(path, Exam), lambda: files.read_submission(path)):
        with pytest.raises(FileError):
            read()


@settings(deadline=None)
@given(st.data())
def test_no_changed_exam_stops_the_reader(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Any value in any place of an exam: it is read, or refused with a path."""
    exam = changed(EXAM)
    place: Any = exam
    while True:
        name = data.draw(st.sampled_from(list(place) if isinstance(place, dict) else range(len(place))))
        if not isinstance(place[name], dict | list) or not place[name] or data.draw(st.booleans()):
            break
        place = place[name]
    place[name] = data.draw(json_values)
    path = put(tmp_path_factory.mktemp("any"), exam)
    try:
        files.read(path, Exam)
    except FileError as error:
        assert str(error).startswith(f"{path}: ")


# Submissions.


def test_a_submission_needs_only_its_answers(tmp_path: Path) -> None:
    path = put(tmp_path, {"format": "t1gen/submission@1", "answers": {"1a": -1}})
    assert files.read_submission(path) == (Submission(answers={"1a": -1}), [])


def test_a_whole_submission_is_read_as_written(tmp_path: Path) -> None:
    assert files.read_submission(put(tmp_path, files.encode(SUBMISSION))) == (SUBMISSION, [])


def test_unknown_fields_of_a_submission_are_told_and_ignored(tmp_path: Path) -> None:
    marks = {"4": {"points": 2, "nota": "arrow", "zzz": 1}}
    path = put(tmp_path, changed(SUBMISSION, varient="X", tool={"a": [1]}, marks=marks))
    submission, notices = files.read_submission(path)
    assert submission == msgspec.structs.replace(SUBMISSION, marks={"4": Mark(points=2)})
    assert notices == [
        "varient: unknown field, ignored; did you mean 'variant'?",
        "tool: unknown field, ignored",
        "marks.4.nota: unknown field, ignored; did you mean 'note'?",
        "marks.4.zzz: unknown field, ignored",
    ]


def test_misspelt_answers_are_never_taken_for_blanks(tmp_path: Path) -> None:
    path = put(tmp_path, {"format": "t1gen/submission@1", "anwsers": {"1a": 1}})
    with pytest.raises(FileError, match="missing required field `answers`"):
        files.read_submission(path)


@pytest.mark.parametrize("text", ["1e999", "[1, -1e999]", "9" * 5000])
def test_an_answer_that_no_number_holds_stays_text_and_stops_no_other(tmp_path: Path, text: str) -> None:
    path = put(tmp_path, f'{{"format": "t1gen/submission@1", "answers": {{"1a": {text}, "1b": 2}}}}')
    assert files.read_submission(path)[0].answers == {"1a": text, "1b": 2}


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (r"\ud83d", "\ufffd"),
        (r"a\uDE00\ud83d\ude00b", "a\ufffd😀b"),
        (r"\\ud83d", r"\ud83d"),
        (r"\\\ud83d\n", "\\\ufffd\n"),
        (r"\ud83d\ud83d\ude00", "\ufffd😀"),
    ],
)
def test_half_an_emoji_stops_nothing(tmp_path: Path, text: str, read: str) -> None:
    path = put(tmp_path, f'{{"format": "t1gen/submission@1", "answers": {{"1a": "{text}", "1b": 2}}}}')
    assert files.read_submission(path)[0].answers == {"1a": read, "1b": 2}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"answers": [1]}, r"\$\.answers: Expected `object`, got `array`"),
        ({"student": {"id": "ada"}}, r"\$\.student: Expected `str`, got `object`"),
        ({"marks": {"4": {"points": "2"}}}, r'\$\.marks\["4"\]\.points: Expected `int \| float`, got `str`'),
        ({"marks": {"4": {"by": "ta1"}}}, r'\$\.marks\["4"\]: Object missing required field `points`'),
    ],
)
def test_a_submission_that_cannot_be_read_says_where(
    tmp_path: Path, fields: dict[str, Any], message: str
) -> None:
    with pytest.raises(FileError, match=message):
        files.read_submission(put(tmp_path, changed(SUBMISSION, **fields)))


@pytest.mark.parametrize(
    ("answers", "fields", "filled"),
    [
        ({}, {}, False),
        ({"1a": None, "1b": "", "1c": [None, ["", None]]}, {}, False),
        ({"1a": 0}, {}, True),
        ({"1a": [None, 0]}, {}, True),
        ({"1a": None}, {"marks": {"1a": {"points": 1}}}, True),
        ({"1a": None}, {"remark": "mine"}, True),
    ],
)
def test_a_submission_is_filled_when_a_person_wrote_into_it(
    tmp_path: Path, answers: dict[str, Any], fields: dict[str, Any], filled: bool
) -> None:
    assert files.is_filled(put(tmp_path, changed(Submission(answers=answers), **fields))) is filled


def test_what_is_no_submission_counts_as_filled_and_no_file_does_not(tmp_path: Path) -> None:
    assert files.is_filled(put(tmp_path, '{"answers": {"1a": 1'))
    assert files.is_filled(tmp_path)
    assert not files.is_filled(tmp_path / "none.json")


@pytest.mark.parametrize(("record", "name"), list(zip(RECORDS, NAMES, strict=True)), ids=NAMES)
def test_a_file_says_its_kind(tmp_path: Path, record: Any, name: str) -> None:
    assert files.kind_of(put(tmp_path, files.encode(record))) == name


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{}", b'{"format": "t1gen/exam@2"}', b'{"format": [1]}', b"\xff"]
)
def test_other_files_have_no_kind(tmp_path: Path, data: bytes) -> None:
    assert files.kind_of(put(tmp_path, data)) is None
    assert files.kind_of(tmp_path / "none.json") is None


# Writing.


def left(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_writing_makes_folders_and_says_what_it_did(tmp_path: Path) -> None:
    path = tmp_path / "students" / "ada" / "exam.json"
    assert files.write(path, b"one") == "written"
    assert files.write(str(path), b"one") == "same"
    assert path.read_bytes() == b"one"
    assert left(path.parent) == ["exam.json"]


def test_other_content_is_kept_unless_forced(tmp_path: Path) -> None:
    path = put(tmp_path, "one")
    with pytest.raises(FileError) as caught:
        files.write(path, b"two")
    assert str(caught.value) == f"{path}: exists with other content; use --force or another --out"
    assert path.read_bytes() == b"one"
    assert files.write(path, b"two", force=True) == "written"
    assert path.read_bytes() == b"two"


def test_a_protected_file_is_kept_even_when_forced(tmp_path: Path) -> None:
    path = put(tmp_path, "answers")
    with pytest.raises(FileError, match="holds answers, so it stays"):
        files.write(path, b"blank", force=True, protect=True)
    assert files.write(path, b"answers", protect=True) == "same"
    assert files.write(tmp_path / "new.json", b"blank", protect=True) == "written"


def test_only_the_owner_reads_a_secret(tmp_path: Path) -> None:
    path = put(tmp_path, "old")
    path.chmod(0o644)
    files.write(path, b"new", force=True, secret=True)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_other_files_have_the_usual_mode(tmp_path: Path) -> None:
    (tmp_path / "usual").touch()
    files.write(tmp_path / "exam.json", b"x")
    assert (tmp_path / "exam.json").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_a_link_is_written_through(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "link.json").symlink_to(tmp_path / "there" / "real.json")
    files.write(tmp_path / "link.json", b"x")
    assert (tmp_path / "there" / "real.json").read_bytes() == b"x"
    assert (tmp_path / "link.json").is_symlink()


@pytest.mark.parametrize("place", ["taken", "taken/exam.json", "file/exam.json", "x" * 300])
def test_where_no_file_can_be_is_said(tmp_path: Path, place: str) -> None:
    put(tmp_path, "", "file")
    if place.startswith("taken"):
        (tmp_path / place).mkdir(parents=True)
    with pytest.raises(FileError, match="exists and is not a file|cannot be "):
        files.write(tmp_path / place, b"x", force=True)


def test_a_pipe_is_not_written_to(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FileError, match="is not a file"):
        files.write(tmp_path / "pipe", b"x", force=True)


def test_a_conflict_stops_the_run_before_anything_is_written(tmp_path: Path) -> None:
    old = put(tmp_path, "old", "b.json")
    with pytest.raises(FileError, match=r"b\.json: exists with other content"):
        files.write_all({tmp_path / "a.json": b"a", old: b"b", tmp_path / "deep" / "c.json": b"c"})
    assert left(tmp_path) == ["b.json"]


def test_many_files_are_written_and_told_apart(tmp_path: Path) -> None:
    old, same = put(tmp_path, "old", "old"), put(tmp_path, "same", "same")
    secret = tmp_path / "secret"
    told = files.write_all({old: b"new", same: b"same", secret: b"s"}, force=True, secret={secret})
    assert told == {old: "written", same: "same", secret: "written"}
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    with pytest.raises(FileError, match="holds answers"):
        files.write_all({same: b"other", old: b"x"}, force=True, protected={old})
    assert same.read_bytes() == b"same"


def test_a_full_disk_leaves_everything_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []

    def full(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")

    old = put(tmp_path, "old", "a.json")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FileError, match=r"b\.json: cannot be written: No space left on device"):
        files.write_all({old: b"new", tmp_path / "b.json": b"b"}, force=True)
    assert old.read_bytes() == b"old" and left(tmp_path) == ["a.json"]


def test_a_refused_replacement_leaves_no_temporary_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(FileError, match="cannot be written: Read-only file system"):
        files.write(tmp_path / "a.json", b"a")
    assert left(tmp_path) == []


def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    path, sizes, done = tmp_path / "a.json", set(), threading.Event()
    files.write(path, b"a" * 100_000)

    def watch() -> None:
        while not done.is_set():
            sizes.add(len(set(path.read_bytes())) * len(path.read_bytes()))

    watcher = threading.Thread(target=watch)
    watcher.start()
    for letter in b"bcdefghijk" * 5:
        files.write(path, bytes([letter]) * 100_000, force=True)
    done.set()
    watcher.join()
    assert sizes == {100_000}


def test_two_runs_at_once_both_leave_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    texts = [bytes([letter]) * 50_000 for letter in b"abcdefgh"]
    runs = [threading.Thread(target=files.write, args=(path, text), kwargs={"force": True}) for text in texts]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert path.read_bytes() in texts and left(tmp_path) == ["a.json"]


# Schemas.


TYPES: dict[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": int | float,
    "boolean": bool,
    "null": type(None),
}


def fits(value: Any, rule: dict[str, Any], whole: dict[str, Any]) -> bool:
    """Does `value` fit a JSON Schema? Only the words that msgspec and t1gen write; a new one fails here."""
    if "$ref" in rule:
        return fits(value, whole["$defs"][rule["$ref"].removeprefix("#/$defs/")], whole)
    if "anyOf" in rule:
        return any(fits(value, one, whole) for one in rule["anyOf"])
    if "enum" in rule:
        return value in rule["enum"]
    wanted = [rule["type"]] if isinstance(rule["type"], str) else rule["type"]
    if not any(isinstance(value, TYPES[name]) for name in wanted):
        return False
    if isinstance(value, bool):
        return "boolean" in wanted
    if isinstance(value, list):
        return all(fits(item, rule["items"], whole) for item in value) if rule.get("items") else True
    return not isinstance(value, dict) or fits_object(value, rule, whole)


def fits_object(value: dict[str, Any], rule: dict[str, Any], whole: dict[str, Any]) -> bool:
    known, others = rule.get("properties", {}), rule.get("additionalProperties", True)
    if not set(rule.get("required", [])) <= set(value) or (others is False and not set(value) <= set(known)):
        return False
    rules = {name: known.get(name, others) for name in value}
    return all(rule in (True, {}) or fits(value[name], rule, whole) for name, rule in rules.items())


@pytest.mark.parametrize(("record", "name"), list(zip(RECORDS, NAMES, strict=True)), ids=NAMES)
def test_each_file_fits_its_schema_and_no_other(record: Any, name: str) -> None:
    written = json.loads(files.encode(record))
    for other in NAMES:
        schema = json.loads(files.schema(other))
        assert fits(written, schema, schema) == (other == name)


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_refers_only_to_what_it_has(name: str) -> None:
    text = files.schema(name).decode()
    defined = json.loads(text)["$defs"]
    assert {part.split('"')[0] for part in text.split("#/$defs/")[1:]} <= set(defined)
    assert files.schema(name) == files.schema(name)


@pytest.mark.parametrize("bad", [True, {"a": 1}, [[True]], [{"a": 1}]])
def test_a_value_is_a_number_a_text_null_or_nested_lists(bad: Any) -> None:
    schema = json.loads(files.schema("key"))
    key = changed(KEY)
    for good in (1, 0.5, "v @ X.T", None, [[1, "1/3"], [None, []]]):
        key["answers"]["1a"]["value"] = good
        assert fits(key, schema, schema)
    assert not fits(bad, {"$ref": "#/$defs/Value"}, schema)


def test_an_unknown_kind_of_schema_names_the_known_ones() -> None:
    with pytest.raises(FileError, match="no kind 'exams', only exam, key, .*; did you mean 'exam'?"):
        files.schema("exams")
