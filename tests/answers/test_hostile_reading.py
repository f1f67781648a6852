"""Whatever is handed in is read or refused in a moment, and what is read is what was written."""

import time
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_reading import ROWS, asked, question

from t1gen.answers import KINDS, Reading, Unreadable
from t1gen.answers.reading.characters import source
from t1gen.answers.reading.parts import Scope
from t1gen.answers.reading.spelling import spelled
from t1gen.errors import LanguageError
from t1gen.mapping.program import Program, Step
from t1gen.mapping.reader import expression

NAMES = {"v": [3], "x": [3], "u": [2], "W": [2, 3], "A": [3, 3], "a": [], "dL_dz": [3]}
QUESTIONS = [
    question("number"),
    question("number", accept="any"),
    question("number", accept="decimal"),
    question("array", shape=[2]),
    question("array", shape=[2, 2], strict_shape=True),
    question("array", ask="shape"),
    question("expression", shape=[3], names=NAMES, sizes={"N": 3}),
    question("expression", shape=[2, 3], names=NAMES),
    question("graph"),
    question("choice", "abcd"),
    question("choice", "abcd", several=True),
    question("order", "abcd"),
    question("table", rows=["z", "L"], columns="vg", parts="vg", cells=[[None, None], [None, 1]]),
]

HOSTILE = [
    "(" * 10**5 + ")" * 10**5, "[" * 10**5 + "]" * 10**5, "[" * 1000 + "1" + "]" * 1000, "1" * 10**6, " " * 10**6,
    "9" * 199, "9" * 4000, "9" + "^9" * 90, "9**9**9**9", "(9^99)^99", "(" * 50 + "9" + "^9)" * 50, "1e" * 99,
    "1e+" + "9" * 190, "2" + "^-" * 90 + "1", "-" * 3999 + "v", "-" * 199 + "1", "__import__('os').system('x')",
    "(lambda: 1)()", "(v := 1)", "f'{v}'", "[v for v in v]", "v.__class__.__bases__", "v if v else v", "1\0", "\0",
    "\u202e1\u202c", "1\u200b2", "1\ud800", "\udfff", "square(" * 40 + "0.1" + ")" * 40, "eye(3000)", "sum(eye(99))",
    "+".join(["ones(9999)"] * 300), "+".join("v" * 1900), " ".join("A" * 1900), "(v)" * 600, "(v+v)" * 600,
    "(v+" * 50 + "v" + ") (v+v)" * 50, "|" * 3000, "|v" * 1500, "v" + "^T" * 1900, "v" + "'" * 3900, "\\frac" * 700,
    "\\frac{1}{" * 55 + "1" + "}" * 55, "," * 7999, ";" * 7999, "\n" * 7999, "1\n" * 3999, "1," * 3999, "1,5;" * 1999,
    "[1]," * 1999, "array(" + ",a=" * 2600 + ")", "])}" * 2600 + "'", "\\\\" * 3999, " ".join(["sigmoid(-1)"] * 600),
    "+".join(["convolve(tile(v,99),tile(v,99))"] * 100), "tile(" * 50 + "v" + ",9)" * 50, "²" * 3999, "½" * 3999,
    "\n".join(f"a{i} = a{i + 1} + x" for i in range(190)), "a = x;" * 600, "∂L/∂z" * 600, "d/" * 1900,
    "e^" * 1900 + "1",
    "v" + "[0]" * 1300, "v[" * 1900, "{" * 3999, "einsum('" + "i" * 30 + "->',v)", "<".join("v" * 1900), "= " * 1900,
    "sum(matrix_power(eye(50),20))", "1x" * 99, "x" + "_{1}" * 900, "\\text{" * 700, "$" * 3999, "#" * 3999,
]  # fmt: skip
HANG = 1.0
"""Seconds that mean that something hangs; each of these takes below 0.05."""


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_text_hangs_or_breaks_the_reader(text: str) -> None:
    for one in QUESTIONS:
        start = time.perf_counter()
        try:
            assert isinstance(KINDS[one.kind].read(text, one), Reading)
        except Unreadable as error:
            assert 0 < len(error.message) < 400
        assert time.perf_counter() - start < HANG


def outcome(answer: Any, one: Any) -> str:
    """What is read, or why it is refused, as text."""
    try:
        return repr(KINDS[one.kind].read(answer, one).value)
    except Unreadable as error:
        assert error.message
        return f"refused: {error.message}"


PIECES = [
    "v", "W", "x", "A", "a", "u", "1", "2.5", ".5", "0,5", "+", "-", "*", "/", "@", "^", "**", "(", ")", "[", "]",
    "{", "}", ",", " ", "\n", ";", "|", "'", "T", ".T", "⊤", "·", "∘", "⊗", "√", "exp", "σ", "sigmoid(", "\\frac",
    "{1}", "sum(", "axis=0", "e", "π", "½", "²", "ᵀ", "=", ">", "1[", "dL/dz", "\\", "$", "&", "array(", "%", "None",
    ":", "s_", "if", "\0", "٣", "é", "10^",
]  # fmt: skip
TEXTS = st.one_of(st.text(max_size=40), st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8), lambda v: st.lists(v, max_size=3)
)


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_any_text_is_read_or_refused(text: str) -> None:
    for one in QUESTIONS:
        outcome(text, one)


@settings(max_examples=200, deadline=None)
@given(VALUES | st.dictionaries(st.text(max_size=3), VALUES, max_size=2))
def test_any_value_of_json_is_read_or_refused(value: Any) -> None:
    for one in QUESTIONS:
        outcome(value, one)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from([r for r in ROWS if isinstance(r[1]["given"], str)]), st.data())
def test_what_cannot_be_seen_changes_nothing(case: tuple[Any, Any], data: st.DataObject) -> None:
    topic, row = case
    at = data.draw(st.integers(0, len(row["given"])))
    hidden = data.draw(st.sampled_from("\0\x07\u200b\u200d\u202e\u2066\ufeff\u00ad\ud800"))
    text = row["given"][:at] + hidden + row["given"][at:]
    plain, other = outcome(row["given"], asked(topic, row)), outcome(text, asked(topic, row))
    assert plain == other or (plain.startswith("refused") and other.startswith("refused"))


@settings(max_examples=300, deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_number_is_read_as_itself(value: float) -> None:
    for text in (value, repr(value), repr(value).replace(".", ","), f" {value!r} ", repr(value).replace("-", "\u2212")):
        assert KINDS["number"].read(text, question("number")).value == value


@st.composite
def formulas(draw: st.DrawFn, depth: int = 3) -> str:
    """A formula in the language, as NumPy would spell it."""
    if depth == 0:
        return draw(st.sampled_from(["v", "A", "a", "2", "0.5", "1e-3", "N", "pi", "v[::-1]", "A[0, :]"]))
    inner = formulas(depth - 1)
    left, right = draw(inner), draw(inner)
    return draw(st.sampled_from([
        left, f"({left})", f"-{left}", f"-({left})", f"({left}).T", f"{left} + {right}", f"{left} - {right}",
        f"{left} * {right}", f"{left} / {right}", f"{left} @ {right}", f"{left} ** -({right})", f"({left}) ** 2",
        f"({left}) > {right}", f"exp({left})", f"sum({left}, axis=0, keepdims=True)", f"outer({left}, {right})",
    ]))  # fmt: skip


def structure(text: str) -> str | None:
    """The structure of a formula and its constants; None where shapes do not fit."""
    names = {n: tuple(s) for n, s in NAMES.items()}
    program = Program({n: Step(n, "given", shape=s) for n, s in names.items()})
    try:
        expression(program, text, scope={n: n for n in names}, statics={"N": 3})
    except LanguageError:
        return None
    return program.structure() + str([s.static("value") for s in program if s.op == "const"])


@settings(max_examples=400, deadline=None)
@given(formulas())
def test_a_formula_of_the_language_keeps_its_structure(text: str) -> None:
    before = structure(text)
    if before is not None:
        read = spelled(source(text), Scope({n: tuple(s) for n, s in NAMES.items()}, {"N": 3})).text
        assert structure(read) == before


@pytest.mark.parametrize(
    "text",
    [
        "square(" * 40 + "0.1" + ")" * 40, "eye(3000)", "maxpool2d(ones((300, 300)), 100, 1)",
        "conv2d(ones((80, 80)), ones((40, 40)))", "convolve(ones(3000), ones(3000))",
    ],
)  # fmt: skip
def test_the_language_bounds_what_it_folds_and_makes(text: str) -> None:
    start = time.perf_counter()
    with suppress(LanguageError):
        expression(Program(), text)
    assert time.perf_counter() - start < HANG
