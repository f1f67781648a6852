"""Statements, orders, tables and listings that were tampered with: a verdict or a message, never a traceback."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from t1gen import files
from t1gen.cli import main

BANK = """\
id: kinds
title: Kinds
minutes: 20
problems:
  - id: one
    title: One
    competence: backpropagation
    points: 4
    minutes: 9
    few: a test
    given: {w: {draw: "nonzero(-3, 3)"}, x: {draw: "nonzero(-3, 3)"}}
    mapping: |
      z = w * x
      p = sigmoid(z)
      L = -log(p)
    ask:
      - table: {rows: [z, p], show: [z.value]}
      - order: {wrt: w}
      - choose: {text: Which?, right: [a, b, c, d, e, f], wrong: [g, h, i, j, k, l, m, n, o, q], show: [2, 2]}
      - cheaper: {wrt: w}
"""


def t1gen(*arguments: object) -> Result:
    return CliRunner().invoke(main, list(map(str, arguments)))


@pytest.fixture
def made(tmp_path: Path) -> Path:
    (tmp_path / "kinds.yaml").write_text(BANK, encoding="utf-8")
    done = t1gen("generate", tmp_path / "kinds.yaml", "--seed", 1, "--format", "json", "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    return tmp_path / "out"


def changed(path: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    data = json.loads(path.read_text(encoding="utf-8"))
    change(data)
    path.write_text(json.dumps(data), encoding="utf-8")


def questions(data: dict[str, Any]) -> Any:
    return data.get("sheet", data)["problems"][0]["questions"]


def quiet(done: Result) -> bool:
    return done.exception is None or isinstance(done.exception, SystemExit)


CHANGES: list[Callable[[dict[str, Any]], Any]] = [
    lambda d: questions(d)[0].pop("cells"),
    lambda d: questions(d)[0].update(cells=[[None]]),
    lambda d: questions(d)[0].update(cells=[["x", None], [None, None]]),
    lambda d: questions(d)[0].update(rows=["q", "r"]),
    lambda d: questions(d)[0].update(rows=[]),
    lambda d: questions(d)[0].update(parts=["vlaue", "gradient"]),
    lambda d: questions(d)[0].update(columns=[]),
    lambda d: questions(d)[1].pop("options"),
    lambda d: questions(d)[1].update(options=[{"id": "a", "text": "import os"}] * 3),
    lambda d: questions(d)[1].update(mode="sideways"),
    lambda d: questions(d)[2].update(options=[]),
    lambda d: questions(d)[2].update(options=[{"id": "", "text": ""}]),
    lambda d: questions(d)[2].update(kind="order"),
    lambda d: questions(d)[3].update(of="nothing"),
    lambda d: questions(d)[3].update(ask="foo"),
    lambda d: questions(d)[0].update(decimals=-5),
    lambda d: d.get("sheet", d)["problems"][0].update(listing="\x00\n{{ 7 * 7 }}\\input{x}#eval"),
    lambda d: d.get("sheet", d)["problems"][0].update(shows="nothing"),
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_tampered_sheet_is_printed_or_refused(made: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    for name in ("exam.json", "key.json"):
        changed(made / name, change)
        done = t1gen("render", made / name, "--format", "md,tex,typ", "--out", made / "printed")
        assert quiet(done) and done.exit_code in (0, 2), repr(done.exception)


@pytest.mark.parametrize(
    "change",
    [
        *CHANGES,
        lambda d: d["answers"]["1b"].update(value=["a"]),
        lambda d: d["answers"]["1b"].update(value=[["a"], 5]),
        lambda d: d["answers"]["1a"].update(value=[[1]]),
        lambda d: d["answers"]["1a"].update(tolerance=None),
        lambda d: d["answers"]["1c"].update(value=[]),
        lambda d: d["answers"]["1d"].update(value=None),
        lambda d: d["answers"]["1d"].update(because="$\\frac{"),
    ],
)
def test_a_tampered_key_marks_the_rest(made: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    key = files.read(made / "key.json", files.Key)
    changed(made / "submission.json", lambda d: d.update(answers={i: a.value for i, a in key.answers.items()}))
    changed(made / "key.json", change)
    done = t1gen("grade", made / "submission.json")
    assert quiet(done) and done.exit_code in (0, 1, 2), repr(done.exception)


def deep(depth: int) -> Any:
    value: Any = "x"
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "answer",
    [deep(30), deep(900), [[deep(61)]], "[" * 5000, {"a": 1}, [{"a": [1]}], "a" * 10**6, ["a"] * 10**5,
     [[0] * 9] * 9, True],
    ids=range(10),
)
def test_a_hostile_answer_earns_nothing_and_stops_nobody(made: Path, answer: Any) -> None:
    key = files.read(made / "key.json", files.Key)
    for hit in ("1a", "1b", "1c", "1d"):
        answers = {i: a.value for i, a in key.answers.items()} | {hit: answer}
        changed(made / "submission.json", lambda d, answers=answers: d.update(answers=answers))
        done = t1gen("grade", made / "submission.json")
        assert quiet(done) and len(done.output) < 5000, repr(done.exception)
        report = files.read(made / "report.json", files.Report)
        assert report.questions[hit].points == 0
        assert report.points == report.of - report.questions[hit].of
