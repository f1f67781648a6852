"""Lines as LaTeX: parentheses stand where a reader would else take them for something else."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from t1gen.answers.expression import Formula, Names
from t1gen.answers.reading.spelling import spelled, text_of
from t1gen.documents.formats import typst_math
from t1gen.errors import LanguageError
from t1gen.mapping.evaluate import evaluate
from t1gen.mapping.notation import latex, latex_name
from t1gen.mapping.reader import read
from t1gen.solution.written import Put

GIVENS = {"a": (), "b": (), "x": (2,), "z": (2,), "W": (2, 2), "V": (2, 2), "dL_dx": (2,)}


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
    ("W**2", r"W^{\odot 2}"),
    ("inv(W) @ W**(-1)", r"W^{-1}\,W^{\odot -1}"),
    ("exp(W)", r"\exp\left(W\right)"),
    ("a * log(b) * a", r"\left(a \cdot \log b\right) \cdot a"),
    ("-log(a) * b", r"\left(-\log a\right) \cdot b"),
    ("sin(a * b) * b", r"\sin \left(a \cdot b\right) \cdot b"),
    ("max(W, axis=1)", r"\max_{\mathrm{axis}\,1}\left(W\right)"),
    ("min(W)", r"\min\left(W\right)"),
    ("mean(W, axis=1, keepdims=True)", r"\operatorname{mean}_{\mathrm{axis}\,1,\,\mathrm{keepdims}}\left(W\right)"),
    ("sum(x, keepdims=True)", r"\operatorname{sum}\left(x\right)"),
    ("x @ W", r"x^{\top}\,W"),
    ("x @ W @ V @ z", r"x^{\top}\,W\,V\,z"),
    ("x @ W + z", r"W^{\top}\,x + z"),
    ("z * (x @ W.T)", r"z \odot W\,x"),
    ("outer(x @ W, z)", r"\left(W^{\top}\,x\right)\,z^{\top}"),
    ("z @ (x @ W)", r"z^{\top}\,\left(W^{\top}\,x\right)"),
    ("dL_dx**2", r"\left(\frac{\partial L}{\partial x}\right)^{2}"),
    ("dL_dx @ z", r"\left(\frac{\partial L}{\partial x}\right)^{\top}\,z"),
])  # fmt: skip
def test_a_line_says_what_it_computes(right: str, wanted: str) -> None:
    assert latex(read(f"q = {right}", GIVENS), "q") == wanted


@pytest.mark.parametrize(("name", "wanted"), [
    ("dL_dw", r"\frac{\partial L}{\partial w}"),
    ("dL_dw_down", r"\frac{\partial L}{\partial w_{\mathit{down}}}"),
    ("ddL_dx_dx", r"\frac{\partial}{\partial x}\frac{\partial L}{\partial x}"),
    ("dddf_da_db_da", r"\frac{\partial}{\partial a}\frac{\partial}{\partial b}\frac{\partial f}{\partial a}"),
    ("ddW_dx", r"\frac{\partial \mathit{dW}}{\partial x}"),
    ("s2_dL_dw", r"\frac{\partial L}{\partial w}"),
    ("delta", r"\delta"),
    ("d_x", "d_{x}"),
])  # fmt: skip
def test_a_name_of_a_derivative(name: str, wanted: str) -> None:
    assert latex_name(name) == wanted


def test_a_row_among_columns_is_a_column_of_numbers_too() -> None:
    values = {"x": [1, 2], "z": [3, 4], "W": [[1, 2], [3, 4]]}
    program = read("q = x @ W + z", {name: GIVENS[name] for name in values})
    given = {name: np.array(value, dtype=float)[..., None] for name, value in values.items()}
    line = Put(program, evaluate(program, given, batch=1), 3, "en").into("q", {}).latex
    assert line == (r"\begin{bmatrix} 1 & 3 \\ 2 & 4 \end{bmatrix}\,\begin{bmatrix} 1 \\ 2 \end{bmatrix} + "
                    r"(3,\; 4)")  # fmt: skip


def lines(depth: int) -> tuple[st.SearchStrategy[str], ...]:
    """Right-hand sides that are numbers, vectors and matrices."""
    scalars, vectors, matrices = st.sampled_from(["a", "b", "2", "0.5"]), st.sampled_from("xz"), st.sampled_from("WV")
    if not depth:
        return scalars, vectors, matrices
    s, v, m = lines(depth - 1)
    called, two = "{}({})".format, "({} {} {})".format
    return scalars | st.one_of(
        st.builds(two, s, st.sampled_from("+-*/"), s), st.builds(two, v, st.just("@"), v),
        st.builds("sum({})".format, v),
        st.builds("({})**{}".format, s, st.sampled_from(["2", "(-1)", "(1/2)", "a"])),
        st.builds(called, st.sampled_from(["-", "exp", "log", "sqrt", "sigmoid", "tanh", "sin", "relu"]), s),
    ), vectors | st.one_of(
        st.builds(two, v, st.sampled_from("+-*/"), v), st.builds(two, v, st.sampled_from("*/"), s),
        st.builds(two, m, st.just("@"), v), st.builds(two, v, st.just("@"), m),
        st.builds(called, st.sampled_from(["-", "exp", "tanh", "softmax"]), v),
    ), matrices | st.one_of(
        st.builds(two, m, st.sampled_from("+-*@"), m), st.builds(two, m, st.just("/"), s),
        st.builds("({}).T".format, m), st.builds("inv({})".format, m), st.builds("outer({}, {})".format, v, v),
    )  # fmt: skip


@settings(max_examples=200)
@given(st.one_of(lines(3)))
def test_a_line_in_latex_is_read_as_what_it_says(right: str) -> None:
    """By the reader of students' answers: operands, powers and transposes stand where a reader expects them."""
    try:
        program = read(f"q = {right}", GIVENS)
    except LanguageError:
        assume(False)
    stream = np.random.default_rng(1)
    points = {name: stream.uniform(0.5, 1.5, (*shape, 3)) for name, shape in GIVENS.items()}
    names, shape = Names(GIVENS, {}), program.shape("q")
    found = Formula.of(spelled(text_of(latex(program, "q"), "formula"), names.scope).text, names, shape)
    with np.errstate(all="ignore"):
        wanted = evaluate(program, points, batch=3)["q"]
        got = evaluate(found.program, points, batch=3)[found.out]
    assert got.shape == wanted.shape
    np.testing.assert_allclose(got, wanted, rtol=1e-6)


@pytest.mark.parametrize("behind", [r"\frac{3}{4}", "3", "(z)", r"\left(a + b\right)", "!", "_1", "^2", r"\sum_i x_i",
                                    r"\log x", r"\cdot z", r"\,z", r"\|x\|^2", "x", "[1]", "'", "/ 2"])  # fmt: skip
def test_what_stands_behind_a_fraction_is_not_in_its_denominator(behind: str) -> None:
    assert typst_math(rf"\frac{{x}}{{y}}{behind}").startswith("frac(x, y)")


def test_signs_that_part_arguments_in_typst_print_as_they_are() -> None:
    assert typst_math(r"\frac{a, b; c}{2}") == r"frac(a \, b \; c, 2)"
    assert typst_math(r"\operatorname{row\_sum}(a)").startswith('op("row_sum")')
    assert typst_math(r"a\_b") == r"a \_ b"
    assert typst_math(r"\bigl( a \bigr)") == "(a)"
