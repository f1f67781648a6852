"""Estimated heights beside those that typst measures: hardly lower, and not much higher."""

import json
from typing import Any

import pytest
import typst

from t1gen import data, files
from t1gen.banks import load
from t1gen.documents.blocks import Math, Plain, Problem, Strong, Text
from t1gen.documents.render import render
from t1gen.documents.size import needed, on_pages
from t1gen.exam import Maker, Plan
from t1gen.setting import USUAL
from t1gen.sheets import worksheet

ABOVE = 0.77  # between problems
NEED = "#let need(high, above)"
MARK = "context [#metadata(here().position().y) <at>]"


def heights(bank: str) -> list[tuple[float, float]]:
    """What each problem but the first needs by the estimate, and how high typst makes it on a page without end."""
    [(exam, _)] = Maker(Plan(load(bank), "secret", "sizes")).tests([files.Student("ada", "")])
    document = worksheet(exam)
    source = render(document, "typ").replace('paper: "a4"', f"width: 21cm, height: {30 * 60}cm")
    marked = source.replace(NEED, f"{NEED} = {{ v(above); {MARK} }}\n#let unused(high, above)") + f"\n#{MARK}\n"
    found: Any = typst.query(
        marked.encode(), "<at>", field="value", ignore_system_fonts=True,
        font_paths=[str(data.folder("templates") / "fonts")],
    )  # fmt: skip
    places = [float(place.removesuffix("pt")) / 72 * 2.54 for place in json.loads(found)]
    problems = [block for block in document.blocks if isinstance(block, Problem)]
    high = [after - at - ABOVE for at, after in zip(places, places[1:], strict=False)]
    assert len(high) == len(problems)
    return [(needed(problem, USUAL), real) for problem, real in zip(problems[1:], high[1:], strict=True)]


@pytest.mark.parametrize("bank", ["t1", "modes", "networks", "descent", "custom_backward"])
def test_a_problem_is_about_as_high_as_estimated(bank: str) -> None:
    whole = [(guess, real) for guess, real in heights(bank) if real < 0.85 * USUAL.height]
    assert len(whole) > 4
    assert all(0.97 * real < guess < 1.25 * real + 0.5 for guess, real in whole), whole


def test_rows_of_a_table_fit_a_page_and_no_part_ends_in_a_title() -> None:
    title: tuple[Text, ...] = ((Strong("1"),), (Strong("Title"),))
    low: tuple[Text, ...] = ((Plain("1a"),), (Plain("2"),))
    high: tuple[Text, ...] = ((Plain("1b"),), (Math(r"\begin{bmatrix} 1 \\ 2 \\ 3 \\ 4 \end{bmatrix}", "m"),))
    parts = on_pages((title, low, high) * 20, USUAL)
    assert [row for part in parts for row in part] == [title, low, high] * 20
    assert len(parts) > 2 and all(part[-1] != title for part in parts)
    assert on_pages((title,), USUAL) == [(title,)] and on_pages((), USUAL) == []
    assert len(on_pages((low,) * 20, USUAL)) == 1
