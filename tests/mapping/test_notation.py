"""Lines as LaTeX: parentheses stand where a reader would else take them for something else."""

import pytest

from t1gen.documents.formats import typst_math
from t1gen.mapping.notation import latex
from t1gen.mapping.reader import read

GIVENS = {"a": (), "b": (), "x": (2,), "z": (2,), "W": (2, 2), "dL_dx": (2,)}


@pytest.mark.parametrize(("right", "wanted"), [
    ("(a / b)**2", r"\left(\frac{a}{b}\right)^{2}"),
    ("(1 / 3)**a", r"\left(\frac{1}{3}\right)^{a}"),
    ("a**(1 / 3)", r"a^{\frac{1}{3}}"),
    ("a**2 / b", r"\frac{a^{2}}{b}"),
    ("(a**2)**b", r"\left(a^{2}\right)^{b}"),
    ("a / b * b", r"\frac{a}{b} \cdot b"),
    ("-(a / b)", r"-\frac{a}{b}"),
    ("log(a / b)", r"\log \frac{a}{b}"),
    ("(W / 2).T", r"\left(\frac{W}{2}\right)^{\top}"),
    ("inv(W / 2)", r"\left(\frac{W}{2}\right)^{-1}"),
    ("(x / 2) @ z", r"\left(\frac{x}{2}\right)^{\top}\,z"),
    ("(W / a) @ x", r"\frac{W}{a}\,x"),
    ("outer(x / 2, z / 3)", r"\frac{x}{2}\,\left(\frac{z}{3}\right)^{\top}"),
    ("(x / z)[0]", r"\left(\frac{x}{z}\right)_{0}"),
    ("x[0]**2", "x_{0}^{2}"),
    ("dL_dx**2", r"\left(\frac{\partial L}{\partial x}\right)^{2}"),
    ("dL_dx @ z", r"\left(\frac{\partial L}{\partial x}\right)^{\top}\,z"),
])  # fmt: skip
def test_a_line_says_what_it_computes(right: str, wanted: str) -> None:
    assert latex(read(f"q = {right}", GIVENS), "q") == wanted


@pytest.mark.parametrize("behind", [r"\frac{3}{4}", "3", "(z)", r"\left(a + b\right)", "!", "_1", "^2", r"\sum_i x_i",
                                    r"\log x", r"\cdot z", r"\,z", r"\|x\|^2", "x", "[1]", "'", "/ 2"])  # fmt: skip
def test_what_stands_behind_a_fraction_is_not_in_its_denominator(behind: str) -> None:
    assert typst_math(rf"\frac{{x}}{{y}}{behind}").startswith("frac(x, y)")


def test_signs_that_part_arguments_in_typst_print_as_they_are() -> None:
    assert typst_math(r"\frac{a, b; c}{2}") == r"frac(a \, b \; c, 2)"
    assert typst_math(r"\operatorname{row\_sum}(a)").startswith('op("row_sum")')
    assert typst_math(r"a\_b") == r"a \_ b"
    assert typst_math(r"\bigl( a \bigr)") == "(a)"
