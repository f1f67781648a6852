"""A key that cannot be right marks nothing, and says where; every key of ours can."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from t1gen import files
from t1gen.banks import available, load
from t1gen.cli import main
from t1gen.errors import FileError
from t1gen.exam import Maker, Plan, blank_submission
from t1gen.files import Key, Student
from t1gen.marking.keys import check


@cache
def made() -> tuple[files.Exam, Key]:
    [both] = Maker(Plan(load("t1"), "keys", "t1-keys")).tests([Student("ada", "Ada")])
    return both


@cache
def first(kind: str) -> str:
    return next(q.id for p in made()[0].problems for q in p.questions if q.kind == kind)


def changed(kind: str, **fields: Any) -> Key:
    """The key with the answer to its first question of a kind changed."""
    key = json.loads(files.encode(made()[1]))
    key["answers"][first(kind)] |= fields
    return msgspec.json.decode(json.dumps(key), type=Key)


@pytest.mark.parametrize("bank", available())
def test_every_key_of_ours_can_be_marked_by(bank: str) -> None:
    loaded = load(bank)
    for problem in loaded.problems:
        [(_, key)] = Maker(Plan(loaded.alone(problem), "1", "e")).tests([Student("", "")])
        check(key)
        check(msgspec.json.decode(files.encode(key), type=Key))


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("number", {"points": -1}, "points: points are a number from 0 to"),
    ("number", {"points": 10**400}, "points: points are a number from 0 to"),
    ("number", {"tolerance": -0.1}, "tolerance: a tolerance is at least 0"),
    ("number", {"tolerance": [0.1]}, "tolerance: a tolerance is at least 0 and has the shape"),
    ("number", {"tolerance": 10**400}, "tolerance: a tolerance is"),
    ("number", {"value": [1]}, "value: the answer to a question of kind number is a number"),
    ("number", {"value": "1"}, "value: the answer to a question of kind number is a number"),
    ("number", {"value": None}, "value: the answer to a question of kind number is a number"),
    ("number", {"value": 10**400}, "value: the answer to a question of kind number is a number"),
    ("number", {"credit": {"sign-lost": 7}}, "credit.sign-lost: a share of the points is"),
    ("number", {"credit": {"sign-lots": 0.5}}, "credit: the mistake 'sign-lots' is unknown; did you mean 'sign-lost'"),
    ("number", {"follow_through": 2}, "follow_through: a share of the points is"),
    ("array", {"value": 1, "tolerance": None}, "value: the answer to a question of kind array is numbers in nested"),
    ("array", {"value": [[1], [2, 3]], "tolerance": None}, "value: the answer to a question of kind array is numbers"),
    ("array", {"value": [1] * 77, "tolerance": None}, "value: has the shape [77], but the question asks for"),
    ("array", {"tolerance": 0.1}, "tolerance: a tolerance is"),
    ("graph", {"value": 1}, "value: the answer to a question of kind graph is a text"),
]


@pytest.mark.parametrize(("kind", "fields", "words"), WRONG)
def test_an_answer_that_cannot_be_right_is_told(kind: str, fields: dict[str, Any], words: str) -> None:
    with pytest.raises(FileError) as error:
        check(changed(kind, **fields))
    assert str(error.value).startswith(f'$.answers["{first(kind)}"].{words}')


@pytest.mark.parametrize(("kind", "value"), [("choice", 3), ("choice", ["a"]), ("order", "a"), ("order", [1])])
def test_choices_and_orders_are_of_ids(kind: str, value: Any) -> None:
    key = made()[1]
    assert key.sheet is not None
    name = first("number")
    problem = next(p for p in key.sheet.problems for q in p.questions if q.id == name)
    questions = [msgspec.structs.replace(q, kind=kind) if q.id == name else q for q in problem.questions]
    sheet = msgspec.structs.replace(key.sheet, problems=[msgspec.structs.replace(problem, questions=questions)])
    answers = {**key.answers, name: msgspec.structs.replace(key.answers[name], value=value, tolerance=None)}
    with pytest.raises(FileError, match=f"of kind {kind} is of ids"):
        check(msgspec.structs.replace(key, sheet=sheet, answers=answers))


def test_a_submission_is_refused_by_a_wrong_key(tmp_path: Path) -> None:
    key = changed("number", points=-1)
    (tmp_path / "key.json").write_bytes(files.encode(key))
    (tmp_path / "submission.json").write_bytes(files.encode(blank_submission(made()[0])))
    done = CliRunner().invoke(main, ["grade", str(tmp_path / "submission.json")])
    assert done.exit_code == 2 and 'key.json: $.answers["' in done.stderr and "points are a number" in done.stderr
