"""What is read of a submission at the limits that docs/limits.md tells, and what is said beyond them."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from t1gen import files
from t1gen.answers.comparing import points
from t1gen.answers.reading import entries, numbers, parts, rows, spelling, tokens
from t1gen.errors import FileError
from t1gen.files import Mark, Submission
from t1gen.mapping import syntax

DOCS = (Path(__file__).parents[2] / "docs" / "limits.md").read_text(encoding="utf-8")


def read(folder: Path, answers: str = "{}", more: str = "") -> tuple[Submission, list[str]]:
    path = folder / "submission.json"
    path.write_text(f'{{"format": "t1gen/submission@1", "answers": {answers}{more}}}', encoding="utf-8")
    return files.read_submission(path)


def refused(folder: Path, answers: str = "{}", more: str = "") -> str:
    with pytest.raises(FileError) as caught:
        read(folder, answers, more)
    return str(caught.value).removeprefix(f"{folder / 'submission.json'}: ")


def many(count: int, value: str) -> str:
    return "{" + ", ".join(f'"q{i}": {value}' for i in range(count)) + "}"


@pytest.mark.parametrize(
    ("answers", "counts", "notices"),
    [
        ('{"1a": 1, "1a": 2}', 1, 1),
        ('{"1a": null, "1a": 2}', 2, 1),
        ('{"1a": "", "1a": [null, ""], "1a": 3, "1a": 4}', 3, 1),
        ('{"1a": 1, "1a": null}', 1, 1),
        ('{"1a": 1, "\\u0031a": 2}', 1, 1),
        ('{"1a\\u200b": 1, "\\u00001a": 2}', 1, 1),
        ('{"1a": null, "1a": null}', None, 1),
        ('{"1a": 7}', 7, 0),
    ],
)
def test_of_an_answer_that_is_there_twice_the_first_counts(
    tmp_path: Path, answers: str, counts: Any, notices: int
) -> None:
    submission, told = read(tmp_path, answers)
    assert submission.answers == {"1a": counts}
    assert told == ["question '1a' is answered twice; the first answer counts"] * notices


def test_of_a_mark_that_is_there_twice_the_first_counts(tmp_path: Path) -> None:
    submission, told = read(tmp_path, more=', "marks": {"1a": {"points": 0}, "1a": {"points": 9}}')
    assert submission.marks == {"1a": Mark(points=0)}
    assert told == ["question '1a' is marked twice; the first mark counts"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (', "answers": {"1a": 1}', "$: 'answers' is there twice"),
        (', "student": "a", "student": "b"', "$: 'student' is there twice"),
        (', "x": 1, "x": 1', "$: 'x' is there twice"),
        (', "marks": {"1a": {"points": 1, "points": 2}}', "$.marks[\"1a\"]: 'points' is there twice"),
        (', "marks": {"1a": {"points": -1}}', '$.marks["1a"].points: a mark is a finite number of at least 0'),
        (', "marks": {"1a": {"points": -0.001}}', '$.marks["1a"].points: a mark is a finite number of at least 0'),
        (', "marks": {"1a": {"points": NaN}}', '$.marks["1a"].points: a mark is a finite number of at least 0'),
        (', "marks": {"1a": {"points": 1e999}}', '$.marks["1a"].points: Number out of range'),
        (', "marks": {"1a": []}', '$.marks["1a"]: Expected `object`, got `array`'),
        (', "marks": {"\\u001b[31m1a": 1}', '$.marks["[31m1a"]: Expected `object`, got `int`'),
        (', "student": "' + "a" * 81 + '"', "$.student: has 81 characters; at most 80 are read"),
        (
            ', "marks": {"1a": {"points": 1, "by": "' + "a" * 4001 + '"}}',
            '$.marks["1a"].by: has 4,001 characters; at most 4,000 are read',
        ),
        (', "marks": ' + many(2001, '{"points": 1}'), "$.marks: has 2,001 marks; at most 2,000 are read"),
        (', "x": ' + "[" * 10**5 + "]" * 10**5, "is nested too deeply"),
    ],
)
def test_what_is_refused_says_where_and_what(tmp_path: Path, text: str, message: str) -> None:
    assert refused(tmp_path, more=text) == message


def test_as_many_answers_and_bytes_as_are_said(tmp_path: Path) -> None:
    assert len(read(tmp_path, many(2000, "1"))[0].answers) == 2000
    assert refused(tmp_path, many(2001, "1")) == "$.answers: has 2,001 answers; at most 2,000 are read"
    read(tmp_path, more=" " * (2**20 - 60))
    assert refused(tmp_path, more=" " * 2**20) == "is larger than 1 MB"


@pytest.mark.parametrize(
    "text", ["NaN", "-Infinity", "[1, NaN]", "1e999", "9" * 5000, "[" * 61 + "]" * 61, "[" + "0, " * 40_000 + "0]"]
)
def test_what_no_answer_means_stays_text_and_costs_no_other(tmp_path: Path, text: str) -> None:
    found = read(tmp_path, f'{{"1a": {text}, "1b": 2}}')[0].answers
    assert found["1b"] == 2 and str(found["1a"]).replace("'", "").replace('"', "") == text


def test_nan_in_a_text_stays(tmp_path: Path) -> None:
    assert read(tmp_path, '{"1a": NaN, "1b": "NaN \\" NaN"}')[0].answers == {"1a": "NaN", "1b": 'NaN " NaN'}


def test_names_and_notes_do_nothing_to_a_terminal(tmp_path: Path) -> None:
    mark = '{"points": 1, "by": "\\u009bT\\u0007", "note": "a\\r\\nb"}'
    more = f', "student": " \\u001b[31mada\\u202e ", "marks": {{"1a": {mark}}}, "\\u001b]0;x": 1'
    submission, notices = read(tmp_path, '{"\\u001b[2J": 1}', more)
    assert submission == Submission(
        student="[31mada", answers={"[2J": 1}, marks={"1a": Mark(points=1, by="T", note="a \nb")}
    )
    assert notices == ["]0;x: unknown field, ignored"]


def test_notices_are_few(tmp_path: Path) -> None:
    fields = "".join(f', "f{i}": 1' for i in range(500))
    notices = read(
        tmp_path, "{" + '"a": 1, ' * 3 + ", ".join(f'"q{i}": 1, "q{i}": 2' for i in range(30)) + "}", fields
    )[1]
    assert len(notices) == 2 * (files.TOLD + 1)
    assert "and 480 more unknown fields, ignored" in notices and "and 11 more are answered twice" in notices


def test_the_page_tells_the_limits_that_hold() -> None:
    told = {int(n.replace(",", "")) for n in re.findall(r"[0-9][0-9,]*", DOCS.split("\n- ")[0])}
    held = {
        files.SUBMISSION // 2**20,
        files.LARGEST // 2**20,
        files.ANSWERS,
        files.ID,
        files.WORDS,
        files.DEEPEST,
        files.LONGEST,
        files.TOLD,
        numbers.LONGEST,
        spelling.LONGEST,
        spelling.LINES,
        rows.LONGEST,
        rows.ENTRIES,
        rows.DEPTH,
        entries.ENTRIES,
        tokens.TOKENS,
        parts.MADE,
        points.LARGEST,
        syntax.DIGITS,
    }
    assert held <= told


def test_json_of_python_is_read(tmp_path: Path) -> None:
    answers = {"1a": float("nan"), "1b": [1, float("inf")], "1c": "é"}
    assert read(tmp_path, json.dumps(answers))[0].answers == {"1a": "NaN", "1b": [1, "Infinity"], "1c": "é"}
