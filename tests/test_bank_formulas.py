"""Formulas in a bank's texts: what an engine would refuse is told when the bank is read."""

from pathlib import Path

import pytest

from t1gen.banks import load
from t1gen.data import folder
from t1gen.documents.blocks import Document, Math, Paragraph
from t1gen.documents.engines import pdf
from t1gen.documents.render import render
from t1gen.errors import BankError
from t1gen.formulas import ENVIRONMENTS, fault

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
    (r"\frac{1}{", "{ is not closed"),
    (r"\left( x", r"\left is not closed"),
    (r"\begin{cases} 1", "cases is not closed"),
    ("a & b", "& stands outside of a matrix"),
    ("50%", r"% is written \%"),
    ("x_", "nothing follows _"),
    ("x^2^3", "^2^ has ^ twice"),
])  # fmt: skip
def test_a_formula_that_cannot_be_printed(formula: str, wrong: str, tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(BANK.format(text=f"Look at $x$ and ${formula}$."), encoding="utf-8")
    with pytest.raises(BankError) as error:
        load(str(path))
    assert str(error.value).startswith(f"{path}: square: text: the formula ${formula}$ cannot be printed: {wrong}")


@pytest.mark.parametrize("formula", [
    r"\left\{ \frac{a_1^2}{b_{1}^{2}} \right\} \{ \% \& \# \_ \|x\| {a'}^2 \binom{n}{k}",
    r"\left.\frac{\partial L}{\partial w}\right|_{w = 1}^{\!\top} v \in \mathbb{R}^{2 \times 3}",
    *(rf"\begin{{{name}}} a & b \\ c & d \end{{{name}}}" for name in ENVIRONMENTS if name != "array"),
])  # fmt: skip
def test_a_formula_that_can_be_printed(formula: str) -> None:
    assert not fault(f"Look at ${formula}$ and `$#$`.")
    text = (Math(formula, "formula"),)
    assert pdf(render(Document("key", text, "en", "v", (), (Paragraph(text),)), "typ"), "typst")


def test_every_bank_of_t1gen_is_read() -> None:
    for path in folder("problem_banks").glob("*.yaml"):
        assert load(path.stem).problems
