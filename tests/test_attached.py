"""Sheets after the problems: every number and every rule on them is right."""

import math

import numpy as np
import pytest
from msgspec.structs import replace

from t1gen.attached import RULES, _rule, attached
from t1gen.banks import load
from t1gen.documents.blocks import Appendix, Math, Table
from t1gen.exam import Heading, Maker, Plan
from t1gen.files import Exam, Student
from t1gen.mapping.evaluate import evaluate
from t1gen.mapping.reader import read


def exam(**heading: bool) -> Exam:
    plan = Plan(load("t1"), "attached", "attached", heading=Heading(**heading))  # type: ignore[arg-type]
    return Maker(plan).tests([Student("ada", "Ada")])[0][0]


def table(exam: Exam) -> Table:
    [sheet] = attached(exam)
    assert isinstance(sheet, Appendix)
    return next(block for block in sheet.blocks if isinstance(block, Table))


def test_values_are_rounded_to_four_decimals() -> None:
    sheet = exam(calculator=False)
    assert sheet.attached == ("values",) and sheet.aids == "no calculator"
    found = table(sheet)
    functions = (math.exp, lambda x: math.exp(-x), lambda x: 1 / (1 + math.exp(-x)), math.log)
    seen = set()
    for row in found.rows:
        cells = [run.plain for [run] in row if isinstance(run, Math)]
        for at in range(0, len(cells), 5):
            x, *values = map(float, cells[at : at + 5])
            seen.add(round(10 * x))
            assert values == [round(f(x), 4) for f in functions]
    assert seen == set(range(1, 41))


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
