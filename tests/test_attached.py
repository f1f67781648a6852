"""Sheets after the problems: every number and every rule on them is right."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from t1gen.attached import RULES, _rule, attached
from t1gen.banks import load
from t1gen.documents.blocks import Appendix, Math, Table
from t1gen.exam import Heading, Maker, Plan
from t1gen.files import Exam, Student
from t1gen.mapping.evaluate import evaluate
from t1gen.mapping.ops.fold import Array
from t1gen.mapping.program import Step
from t1gen.mapping.reader import read
from t1gen.problems.issued import givens_of, issued


def exam(**heading: bool) -> Exam:
    plan = Plan(load("t1"), "attached", "attached", heading=Heading(**heading))  # type: ignore[arg-type]
    return Maker(plan).tests([Student("ada", "Ada")])[0][0]


def tables(exam: Exam) -> list[list[list[float]]]:
    """The numbers of every table of the values, row by row."""
    [sheet] = attached(exam)
    assert isinstance(sheet, Appendix)
    found = [block for block in sheet.blocks if isinstance(block, Table)]
    return [[[float(run.plain) for [run] in row if isinstance(run, Math)] for row in block.rows] for block in found]


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def test_values_are_rounded_to_four_decimals() -> None:
    sheet = exam(calculator=False)
    assert sheet.attached == ("values",) and sheet.aids == "no calculator"
    exponentials, logarithms = tables(sheet)
    seen = set()
    for row in exponentials:
        for x, *values in (row[at : at + 4] for at in range(0, len(row), 4)):
            seen.add(round(10 * x))
            assert values == [round(float(f(x)), 4) for f in (np.exp, lambda x: np.exp(-x), sigmoid)]
    assert seen == set(range(1, 61))
    for digit, (one, *values) in enumerate(logarithms, 1):
        assert one == digit and values == [round(math.log(one + tenth / 10), 4) for tenth in range(10)]


def by_table(sheet: Exam) -> Callable[[Step, Array], Array]:
    """What a student does who has nothing but the tables: the functions' values are read from them."""
    exponentials, logarithms = tables(sheet)
    rows = sorted(row[at : at + 4] for row in exponentials for at in range(0, len(row), 4))
    x, up, down, probability = (np.array(column) for column in zip([0, 1, 1, 0.5], *rows, strict=True))
    logs = np.array([value for row in logarithms for value in row[1:]] + [2.3026])

    def sigma(at: Array) -> Array:
        there = np.interp(np.abs(at), x, probability)
        return np.where(at < 0, 1 - there, there)

    def log(at: Array) -> Array:
        power = np.floor(np.log10(at))
        return np.interp(at / 10**power, np.arange(10, 101) / 10, logs) + 2.3026 * power

    read_off: dict[str, Callable[[Array], Array]] = {
        "exp": lambda y: np.where(y > 1, np.interp(np.log(y), x, up), np.interp(-np.log(y), x, down)),
        "log": lambda y: log(np.exp(y)),
        "sigmoid": lambda y: sigma(np.log(y / (1 - y))),
        "tanh": lambda y: 2 * sigma(2 * np.arctanh(y)) - 1,
    }
    return lambda step, value: read_off.get(step.op, lambda y: y)(value)


def test_what_is_worked_out_by_the_tables_is_right() -> None:
    """The values of functions alone are read off; t1 keeps arguments within what the tables have."""
    sheet = exam(calculator=False)
    plan = Plan(load("t1"), "attached", "attached", heading=Heading(calculator=False))
    asked = 0
    for _, key in Maker(plan).tests([Student(f"s{i}", "") for i in range(12)]):
        for problem in key.sheet.problems if key.sheet else ():
            found, tape = issued(problem).results[0], issued(problem).tapes[0]
            if not {"exp", "log", "sigmoid", "tanh"} & {step.op for step in tape.mapping}:
                continue
            values = evaluate(tape.pruned([name for name in found if name]), givens_of(problem), after=by_table(sheet))
            for question, name in zip(problem.questions, found, strict=True):
                answer = key.answers[question.id]
                if name and answer.tolerance is not None:
                    off = np.abs(values[name][..., 0] - np.array(answer.value, dtype=float))
                    assert (off <= np.array(answer.tolerance, dtype=float)).all(), (question.text, off)
                    asked += 1
    assert asked > 100


def test_nothing_is_attached_unless_it_is_asked_for() -> None:
    assert exam().attached == exam(calculator=True).attached == ()
    assert exam(calculator=True).aids == "a calculator"
    assert exam(calculator=False, formulas=True).attached == ("values", "formulas")
    assert not attached(replace(exam(), attached=[]))


@pytest.mark.parametrize(("right", "givens"), RULES, ids=[right for right, _ in RULES])
def test_what_a_formula_sends_back_is_the_gradient(right: str, givens: dict[str, tuple[int, ...]]) -> None:
    """The plain spelling of every cell, evaluated, against central differences of <v, y>."""
    rng = np.random.default_rng(1)
    values = {name: rng.uniform(0.5, 2, (*shape, 1)) for name, shape in givens.items()}
    mapping = read(f"y = {right}", givens)
    v = rng.uniform(-1, 1, (*mapping.shape("y"), 1))
    _, sent = _rule(right, tuple(givens.items()))
    cells = dict(run.plain.split(": ") for run in sent if isinstance(run, Math))
    assert set(cells) == set(givens)
    y = evaluate(mapping, values)["y"]
    for name, written in cells.items():
        scope = {**givens, "v": mapping.shape("y"), "y": mapping.shape("y")}
        adjoint = evaluate(read(f"g = {written}", scope), {**values, "v": v, "y": y})["g"]
        for at in np.ndindex(*givens[name]):
            moved = [dict(values), dict(values)]
            for sign, one in zip((1, -1), moved, strict=True):
                one[name] = values[name].copy()
                one[name][at] += sign * 1e-6
            up, down = (evaluate(mapping, one)["y"] for one in moved)
            own = np.broadcast_to(adjoint, values[name].shape)[at]
            assert own == pytest.approx(np.sum(v * (up - down)) / 2e-6, abs=1e-6)


def test_no_formula_tells_the_size_of_an_example() -> None:
    """A row holds for arguments of every size."""
    [size] = [run for run in _rule("sum(x)", (("x", (3,)),))[1] if isinstance(run, Math)]
    assert (size.latex, size.plain) == (r"x\colon\; v\,\mathbf{1}", "x: broadcast_to(v, x.shape)")
    for right, givens in RULES:
        said = [run.plain for cell in _rule(right, tuple(givens.items())) for run in cell if isinstance(run, Math)]
        assert not any("3" in text or "4" in text for text in said)
