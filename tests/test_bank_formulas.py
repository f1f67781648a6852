"""Formulas in a bank's texts: what an engine would refuse is told when the bank is read."""

import re
import warnings
from pathlib import Path

import pytest

from t1gen.banks import load
from t1gen.data import folder
from t1gen.documents.blocks import Document, Math, Paragraph, Plain
from t1gen.documents.engines import engine_format, pdf
from t1gen.documents.render import render
from t1gen.errors import BankError, LettersWarning
from t1gen.formulas import CLOSING, ENVIRONMENTS, ONE, OPENING, OPERATORS, SIZES, SYMBOLS, TEXTS, TWO, fault

BANK = r"""
id: own
title: Own
minutes: 5
problems:
  - id: square
    title: {{en: Square, cs: Čtverec}}
    text: {{en: "Look.", cs: '{text}'}}
    competence: backpropagation
    points: 1
    minutes: 5
    given: {{x: {{draw: "integers(2, 9)"}}}}
    mapping: y = x * x
    ask: [{{forward: [y]}}]
"""


@pytest.mark.parametrize(("formula", "wrong"), [
    (r"\begin{align} a &= b \end{align}", r"\begin{align} cannot stand in a line; did you mean 'aligned'?"),
    (r"\end{document}", r"\end{document} closes what was not opened"),
    (r"\unknowncmd", r"\unknowncmd is unknown"),
    (r"\input{x}", r"\input is unknown"),
    (r"\norm{x}", r"\norm is unknown"),
    (r"\lfoor x", r"\lfoor is unknown; did you mean '\lfloor'?"),
    (r"\frac{1}", r"\frac wants 2 arguments"),
    (r"\sqrt", r"\sqrt wants an argument"),
    (r"x^\frac12", r"\frac behind ^ wants braces around it"),
    (r"\text{a_b}", r"_ cannot stand in \text"),
    (r"\mathbb{ab}", r"\mathbb wants a capital letter"),
    (r"\left x \right)", r"\left wants a bracket or a bar behind it, not x"),
    (r"\bigl", r"\bigl wants a bracket or a bar behind it, not the end"),
    (r"a \\ b", r"\\ stands outside of a matrix"),
    ('a "b', "quotes stand in no formula"),
    (r"\frac{1}{", "{ is not closed"),
    (r"\left( x", r"\left is not closed"),
    (r"\begin{cases} 1", "cases is not closed"),
    ("a & b", "& stands outside of a matrix"),
    ("50%", r"% is written \%"),
    ("x_", "nothing follows _"),
    ("x^2^3", "^ stands twice behind the same sign"),
    ("x_1^2_3", "_ stands twice behind the same sign"),
    ("x^2'", "a prime stands before ^"),
])  # fmt: skip
def test_a_formula_that_cannot_be_printed(formula: str, wrong: str, tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    text = f"Look at $x$ and ${formula}$.".replace("'", "''")
    path.write_text(BANK.format(text=text), encoding="utf-8")
    with pytest.raises(BankError) as error:
        load(str(path))
    assert str(error.value).startswith(f"{path}: square: text: the formula ${formula}$ cannot be printed: {wrong}")


PRINTED = [
    r"\left\{ \frac{a_1^2}{b_{1}^{2}} \right\} \{ \% \& \# \_ \|x\| {a'}^2 \binom{n}{k}",
    r"\left.\frac{\partial L}{\partial w}\right|_{w = 1}^{\!\top} v \in \mathbb{R}^{2 \times 3}",
    r"\frac{a, b}{2} \mathbf{a; b} \frac{1}{n}\sum_i x_i \frac{W}{a}\,x \frac12\log x \frac{1}{m}\|x\|^2 \frac ab!",
    r"\sum\limits_{i = 1}^n \lim\limits_{x \to 0} x''^2 \sqrt[3]{x} \operatorname{row\_sum}(a, b) \text{if a\_b}",
    r"\bigl( \Big\| x \Bigr\| \bigr) \left\lfloor a \right\rfloor_{\substack{a \\ b}} x^{\mathbb R}",
    *(rf"\begin{{{name}}}{'{ll}' * (name == 'array')} a & b \\x & d \end{{{name}}}" for name in ENVIRONMENTS),
]  # fmt: skip


@pytest.mark.parametrize("formula", PRINTED)
def test_a_formula_that_can_be_printed(formula: str) -> None:
    assert not fault(f"Look at ${formula}$ and `$#$`.")


PAIRS = [*zip(OPENING, CLOSING, strict=True), ("[", ")"), (".", r"\|"), (r"\{", ".")]


@pytest.mark.parametrize("formulas", [
    PRINTED, sorted(SYMBOLS), [rf"{command}{{x_1}}" for command in ONE if command != r"\mathbb"],
    [rf"{command}{{x_1}}{{\alpha + 1}}^2" for command in TWO], [rf"{command}{{if so}}" for command in TEXTS],
    [rf"{size}{a} x {size}{b}" for size in SIZES for a, b in PAIRS],
    [rf"\left{a} \frac{{a}}{{b}} \right{b}_1" for a, b in PAIRS],
    [rf"{operator}\limits_i^n x" for operator in OPERATORS],
], ids=["printed", "symbols", "one", "two", "texts", "sizes", "delimiters", "operators"])  # fmt: skip
def test_every_command_that_is_known_prints_in_every_engine(formulas: list[str]) -> None:
    assert not any(map(fault, (f"${formula}$" for formula in formulas)))
    assert all_print(formulas)


def all_print(formulas: list[str]) -> bool:
    """No engine refuses one, none lacks a sign, and no command is left over in HTML."""
    paragraphs = tuple(Paragraph((Math(formula, "formula"),)) for formula in formulas)
    document = Document("key", (Plain("T"),), "en", "v", (), paragraphs)
    with warnings.catch_warnings():
        warnings.simplefilter("error", LettersWarning)
        made = [pdf(render(document, engine_format(engine)), engine) for engine in ("typst", "pdflatex", "lualatex")]
    left = re.findall(r"\\[a-zA-Z]+", re.sub(r"<annotation.*?</annotation>", "", render(document, "html")))
    return all(made) and not left


def test_a_title_is_no_formula(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(BANK.replace("en: Square", 'en: "Is it 5$ or #2 and 6$"').format(text="Look."), encoding="utf-8")
    assert load(str(path)).problems


def test_every_bank_of_t1gen_is_read() -> None:
    for path in folder("problem_banks").glob("*.yaml"):
        assert load(path.stem).problems
