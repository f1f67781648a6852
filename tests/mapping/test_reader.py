"""What is read and what is refused: every refusal is a LanguageError that points into the text, and soon."""

import string
import time
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from t1gen.errors import LanguageError
from t1gen.mapping.evaluate import evaluate
from t1gen.mapping.ops import ALIASES, OPS
from t1gen.mapping.ops.definitions import DEFINITIONS
from t1gen.mapping.reader import GENERATORS, expression, read
from t1gen.mapping.syntax import number

GIVENS = {"x": (3,), "A": (2, 3), "s": (), "t": (5,)}
VALUES = {n: np.random.default_rng(1).uniform(0.5, 2, (*shape, 1)) for n, shape in GIVENS.items()}
x, A, s, t = (VALUES[n][..., 0] for n in "xAst")


def value(text):
    program = read(f"y = {text}", GIVENS)
    return evaluate(program, VALUES)["y"][..., 0]


def refusal(text, givens=GIVENS):
    started = time.monotonic()
    with pytest.raises(LanguageError) as caught:
        read(text, givens)
    assert time.monotonic() - started < 2
    assert len(str(caught.value)) < 30_000
    return str(caught.value)


GOOD = {
    "x ^ 2": x**2,
    "x ** 2 ** 2": x**4,
    "-x ** 2": -(x**2),
    "x − 1": x - 1,
    "2 · x × s": 2 * x * s,
    "σ(x)": 1 / (1 + np.exp(-x)),
    "np.exp(x)": np.exp(x),
    "numpy.exp(x)": np.exp(x),
    "np.linalg.norm(x)": np.linalg.norm(x),
    "x.sum()": x.sum(),
    "A.sum(axis=0)": A.sum(axis=0),
    "A.sum(0)": A.sum(axis=0),
    "A.sum(axis=-1, keepdims=True)": A.sum(axis=-1, keepdims=True),
    "sum(A, axis=(0, 1))": A.sum(),
    "np.sum(A, 1)": A.sum(1),
    "A.T": A.T,
    "x.T": x,
    "A.T.T @ x": A @ x,
    "A.dot(x)": A @ x,
    "np.dot(A, x)": A @ x,
    "A[1]": A[1],
    "A[-1, 1:]": A[-1, 1:],
    "A[:, ::2]": A[:, ::2],
    "t[::-1]": t[::-1],
    "t[3:0:-2]": t[3:0:-2],
    "t[-2:]": t[-2:],
    "x[:, None] * x": x[:, None] * x,
    "x[None]": x[None],
    "A[None, 1, :, None]": A[None, 1, :, None],
    "x / x.shape[0]": x / 3,
    "s * A.shape[-1]": s * 3,
    "reshape(A, (A.shape[1], -1))": A.reshape(3, -1),
    "A.reshape(3, 2)": A.reshape(3, 2),
    "A.reshape((3, 2))": A.reshape(3, 2),
    "A.reshape(-1)": A.reshape(-1),
    "[1, -2.5, 3e-1] * x": [1, -2.5, 0.3] * x,
    "[[1, 2, 3], [4, 5, 6]] @ x": np.array([[1, 2, 3], [4, 5, 6]]) @ x,
    "pi * s": np.pi * s,
    "1_000 * s": 1000 * s,
    ".5 + 5. + 1E2 + 1.e-2": 105.51,
    "+x": x,
    "--x": x,
    "(x > s) * x": (x > s) * x,
    "where(x >= s, x, 0)": np.where(x >= s, x, 0),
    "x == x": np.ones(3),
    "x != x": np.zeros(3),
    "maximum(x, s)": np.maximum(x, s),
    "max(A, axis=1)": A.max(axis=1),
    "max(A, 0)": A.max(axis=0),
    "concatenate((x, t))": np.concatenate((x, t)),
    "concatenate([x, x], 0)": np.concatenate((x, x)),
    "concatenate((A, A), axis=1)": np.concatenate((A, A), axis=1),
    "leaky_relu(-x, 0.5)": -x / 2,
    "leaky_relu(-x, slope=2)": -2 * x,
    "power(x, 2)": x**2,
    "add(x, s)": x + s,
    "(x\n  + s)": x + s,
    "x  # a comment": x,
    "x \x0c + 3.5": x + 3.5,
}


@pytest.mark.parametrize("text", GOOD)
def test_it_means_what_numpy_means(text):
    assert np.allclose(value(text), GOOD[text], rtol=1e-14)
    assert np.shape(value(text)) == np.shape(GOOD[text])


BAD = [
    ("y = tahn(x)", "line 1, column 5: operation 'tahn' is unknown; did you mean 'tanh'?\n    y = tahn(x)\n        ^"),
    ("y = x\nz = y + qq", "line 2, column 9: the name 'qq' is unknown"),
    ("y = x\nz = y + qq", "\n    z = y + qq\n            ^"),
    ("alpha = s\nz = alhpa * s", "did you mean 'alpha'?"),
    ("y = x ^ q", "line 1, column 9: "),
    (
        "y = σ(x) ^ 2 · q",
        "column 16: the name 'q' is unknown (known: x, A, s, t)\n    y = σ(x) ^ 2 · q\n                   ^",
    ),
    ("y = max(x, s)", "max(a, b) is maximum(a, b)"),
    ("y = x.min(s)", "min(a, b) is minimum(a, b)"),
    ("y = max(x, 0.5)", "maximum(a, b)"),
    ("y = x; y = s", "line 1, column 8: the name 'y' is assigned twice"),
    ("x = s", "the name 'x' is assigned twice"),
    ("exp = s", "the name 'exp' is taken by the language"),
    ("pi = s", "taken by the language"),
    ("dot = s", "taken by the language"),
    ("w_d_1 = s", "the name 'w_d_1' is one of a derivative of an unnamed quantity"),
    ("_y = s", "a letter first"),
    ("é = s", "is not a name"),
    ("y = exp", "it is a function: write exp(...)"),
    ("y = A @ A", "shapes (2, 3) @ (2, 3) do not fit"),
    ("y = s @ x", "shapes () @ (3,) do not fit"),
    ("y = x + t", "shapes (3,) and (5,) do not fit together"),
    ("y = A[2]", "index outside shape (2, 3)"),
    ("y = x[0, 0]", "too many indices for shape (3,)"),
    ("y = x[1:1]", "the index selects nothing from shape (3,)"),
    ("y = x[::0]", "a slice's step cannot be 0"),
    ("y = x[True]", "an index is a whole number, a slice or None"),
    ("y = x[0.5]", "an index is a whole number, a slice or None"),
    ("y = x[...]", "cannot stand here"),
    ("y = x[-None]", "cannot stand here"),
    ("y = sum(x, axis=-None)", "cannot stand here"),
    ("y = sum(A, axis=2)", "axis 2 does not exist in shape (2, 3)"),
    ("y = sum(A, axes=1)", "sum has no option 'axes'; allowed: axis, keepdims"),
    ("y = x.shape[1]", "axis 1 does not exist in shape (3,)"),
    ("y = x.shape[None]", "does not exist in shape (3,)"),
    ("y = x.shape", "'.shape'"),
    ("y = exp(x, 2)", "exp takes 1 arrays, not 2"),
    ("y = matmul(x)", "matmul takes 2 arrays, not 1"),
    ("y = exp()", "exp takes 1 arrays, not 0"),
    ("y = concatenate(())", "concatenate takes"),
    ("y = concatenate()", "concatenate takes"),
    ("y = concatenate((x, A))", "(3,) and (2, 3) cannot be joined"),
    ("y = reshape(A, 4)", "shape (2, 3) cannot be reshaped to (4,)"),
    ("y = reshape(A, (1.5, 4))", "is not a shape"),
    ("y = reshape(A, (-1, -1))", "cannot be reshaped"),
    ("y = broadcast_to(s, (-3,))", "is not a shape"),
    ("y = broadcast_to(s, (2.5,))", "is not a shape"),
    ("y = broadcast_to(s, (10000, 10000))", "too large; at most 100000 entries"),
    ("y = put(s, s_[0], (100000000000000000000,))", ""),
    ("y = put(s, s_[0], (-1,))", "is not a shape"),
    ("y = put(x, s_[0], (3,))", "does not fit the index"),
    ("y = x[" + "None, " * 40 + "]", "too deep; at most 16"),
    ("y = reshape(s, (" + "1, " * 70 + "))", "too deep; at most 16"),
    ("y = " + "[" * 50 + "1" + "]" * 50, "too deep; at most 16"),
    ("y = leaky_relu(x, None)", "not a number"),
    ("y = trace(x)", "trace: a matrix is wanted, not shape (3,)"),
    ("y = outer(A, x)", "outer takes two vectors, not shapes (2, 3) and (3,)"),
    ("y = softmax(s)", "softmax needs at least one axis"),
    ("y = [1, [2]]", "equal lengths"),
    ("y = []", "at least one entry"),
    ("y = [x, s]", "stack takes arrays of one shape, not [(3,), ()]"),
    ("y = 0x10", "is not a decimal"),
    ("y = 0b1 + x", "is not a decimal"),
    ("y = 1e301", "too long"),
    ("y = s + 1" + "0" * 41, "column 9: the number 1"),
    ("y = 1" + "0" * 5000, ""),
    ("y = 1j", "is not a number"),
    ("y = True", "is not a number"),
    ("y = 'x'", "is not a number"),
    ("y = 1 < x < 2", "one comparison at a time"),
    ("y = x is s", "one comparison at a time"),
    ("y = x and s", "is not part of the language"),
    ("y = not x", "is not part of the language"),
    ("y = x % 2", "is not part of the language"),
    ("y = x if s else x", "is not part of the language"),
    ("y = lambda x: x", "is not part of the language"),
    ("y = (z := x)", "is not part of the language"),
    ("y = [i for i in x]", "is not part of the language"),
    ("y = {x}", "is not part of the language"),
    ("y = (x, s)", "is not part of the language"),
    ("y = f'{x}{1.5}'", "is not part of the language"),
    ("y = exp(*x)", "is not part of the language"),
    ("y = sum(**x)", "has no option"),
    ("y = x.__class__", "'.__class__' is not part of the language"),
    ("y = ().__class__.__bases__[0].__subclasses__()", "'__subclasses__' is unknown"),
    ("y = __import__('os').system('true')", "is unknown"),
    ("y = eval('1')", "is unknown"),
    ("y = exp(x)(x)", "only named operations can be called"),
    ("y = (lambda: x)()", "only named operations can be called"),
    ("y += x", "only assignments"),
    ("y = z = x", "only assignments"),
    ("y, z = x", "only assignments"),
    ("y: int = 1", "only assignments"),
    ("x[0] = 1", "only assignments"),
    ("import os", "only assignments"),
    ("def f(): pass", "only assignments"),
    ("while 1: y = x", "only assignments"),
    ("x @ x", "only assignments"),
    ("y = x @", "line 1, column 8: cannot be read: invalid syntax\n    y = x @\n"),
    ("y = (x", "cannot be read"),
    ("  y = x", "cannot be read: unexpected indent"),
    ("", "the mapping is empty"),
    ("# nothing", "the mapping is empty"),
    ("y = x\0", "NUL"),
    ("y = " + "(" * 10**4 + "x" + ")" * 10**4, "characters"),
    ("y = " + "(" * 10**5 + "x", "characters"),
    ("y = " + "(" * 9000 + "x", "nested over"),
    ("y = " + "-" * 19_000 + "x", ""),
    ("y = " + "x ** " * 3900 + "x", ""),
    ("y = " + "x + " * 900 + "x", "nested over"),
    ("y = x" + ".T" * 9000, ""),
    ("y = x" + "[0]" * 6000, ""),
    ("y = " + "lambda: " * 2000 + "x", ""),
    ("y = x and " + "-" * 170 + "x", "is not part of the language"),
    ("y = [" + "1, " * 4000 + "]", "more than 4000 parts"),
    ("y = x\n" * 600, "the name 'y' is assigned twice"),
    ("y = '\ud800'", "cannot be read"),
]


@pytest.mark.parametrize(("text", "told"), BAD, ids=[repr(text[:40]) + str(i) for i, (text, _) in enumerate(BAD)])
def test_it_is_refused_and_told_why(text, told):
    assert told in refusal(text)


@pytest.mark.parametrize("name", sorted({*OPS, *ALIASES, "pi", "s_"}))
def test_no_given_may_have_a_name_of_the_language(name):
    assert "is taken by the language" in refusal("y = 1", {name: ()})


@pytest.mark.parametrize("name", ["a b", "1a", "", "_a", "é", "a.b", "__class__"])
def test_no_given_may_have_another_kind_of_name(name):
    assert "is not a name" in refusal("y = 1", {name: ()})


def test_lines_after_a_form_feed_are_counted_as_python_counts():
    assert refusal("y = x # \x0b\x0c\u2028\nz = 1.5 + q").startswith("line 2, column 11: ")


def test_a_pointer_in_an_expression_is_into_what_is_shown():
    with pytest.raises(LanguageError) as caught:
        expression(read("y = x", GIVENS), "   y + qq")
    assert str(caught.value).endswith("\n    y + qq\n        ^")


def test_a_long_line_is_not_repeated():
    assert "\n" not in refusal("y = " + "x + " * 60 + "q")


def test_decimals_are_read_as_written():
    assert number("0.1") == Fraction(1, 10)
    assert read("y = 0.1 * s", {"s": ()})["0.1"].static("value") == Fraction(1, 10)


def test_equal_graphs_have_equal_structure():
    one, two = (
        read("z = w @ x\nL = -log(z)", {"w": (3,), "x": (3,)}),
        read("b = v @ a; c = -log(b)", {"v": (3,), "a": (3,)}),
    )
    assert one.structure() == two.structure()
    assert read("L = 2 * a", {"a": ()}).structure() == read("L = 3 * a", {"a": ()}).structure()
    assert read("L = 2 * a", {"a": ()}).structure() != read("L = a * 2", {"a": ()}).structure()


WORDS = [
    "x",
    "A",
    "s",
    "q",
    "y",
    "1",
    "2.5",
    "1e3",
    "None",
    "True",
    ".T",
    ".shape",
    "[0]",
    "[:, None]",
    "[::-1]",
    "[-None]",
    "(",
    ")",
    "[",
    "]",
    "+",
    "-",
    "*",
    "/",
    "@",
    "**",
    "<",
    "==",
    ",",
    " ",
    "\n",
    ";",
    "=",
    "axis=0",
    "keepdims=True",
    ":",
    ".",
    "s_[0]",
    "(2, 3)",
    "shape=",
    "'",
    "#",
    "\\",
    "np.",
    "lambda x:",
    "for",
    "in",
    "if",
    "^",
    "σ",
    "−",
    "0x",
    "_",
    "e5",
    "\x0c",
    "\u2028",
    "\r",
    "\t",
    *OPS,
]


def only_language_errors(text, mode):
    try:
        if mode == "read":
            read(text, GIVENS)
        else:
            expression(read("y = x", GIVENS), text)
    except LanguageError as error:
        assert str(error)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(text=st.text(max_size=40) | st.text(string.printable, max_size=40))
@example("y = 1\x0c.5")
@example("y = \ud800")
def test_random_text_raises_nothing_else(text):
    only_language_errors(text, "read")
    only_language_errors(text, "expression")


@settings(max_examples=1500, deadline=None, derandomize=True)
@given(words=st.lists(st.sampled_from(WORDS), max_size=9))
def test_random_words_raise_nothing_else(words):
    only_language_errors("y = " + "".join(words), "read")
    only_language_errors("".join(words), "expression")


STATICS = [
    "None",
    "-1",
    "0",
    "1",
    "(0,)",
    "(3, 2)",
    "-None",
    "2.5",
    "(1.5, 4)",
    "s_[0]",
    "s_[::2]",
    "x",
    "(None, 6)",
    "((1,), 2)",
    "True",
    "x.shape",
    "x.shape[0]",
    "10 ** 30",
    "99999999999999999999",
    "(-3,)",
    "'a'",
    "()",
    "[1]",
    "1e300",
]


@settings(max_examples=1500, deadline=None, derandomize=True)
@given(
    op=st.sampled_from(sorted({*OPS, *DEFINITIONS, *GENERATORS, "stack", "fixed_point"})),
    arrays=st.lists(st.sampled_from([*GIVENS, "(x, x)", "()", "2", "[1, 2]"]), max_size=3),
    statics=st.lists(st.sampled_from(STATICS), max_size=2),
    named=st.booleans(),
)
def test_random_calls_raise_nothing_else(op, arrays, statics, named):
    names = getattr({**OPS, **DEFINITIONS}.get(op), "statics", ()) if named else ()
    told = [f"{n}={v}" for n, v in zip(names, statics, strict=False)] or ([] if named else statics)
    text = f"y = {op}({', '.join([*arrays, *told])})"
    try:
        program = read(text, GIVENS)
    except LanguageError:
        return
    try:
        value = evaluate(program, VALUES)["y"]
    except LanguageError as error:
        assert "an index is outside shape" in str(error)
    else:
        assert value.shape[:-1] == program.shape("y")
