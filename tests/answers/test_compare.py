"""When an answer is right: tolerances and their edges, formulas by their values, graphs by their structure."""

import time
from typing import Any

import pytest

from t1gen.answers import KINDS
from t1gen.answers.record import Unreadable
from t1gen.files import KeyAnswer, Question
from t1gen.mapping.reader import read

NUMBERS: list[tuple[str, Any, Any, Any, str]] = [
    # kind, value, tolerance, submitted, verdict
    ("number", 1.0, 0.0005, 1.0, "correct"),
    ("number", 1.0, 0.0005, 1.0005, "correct"),
    ("number", 1.0, 0.0005, 0.9995, "correct"),
    ("number", 1.0, 0.0005, 1.00051, "wrong"),
    ("number", 1.0, 0.0005, 0.99949, "wrong"),
    ("number", 0.268941421, 0.0005, "0.269", "correct"),
    ("number", 0.268941421, 0.0005, "0.27", "wrong"),
    ("number", 0.268941421, 0.0005, "0.26894142137", "correct"),
    ("number", 0.0625, 0.0005, "1/16", "correct"),
    ("number", 0.0625, 0.0005, "0.0630", "correct"),
    ("number", 0, 0.0005, "-0", "correct"),
    ("number", 0, 0.0005, "0.0005", "correct"),
    ("number", 0, 0.0005, "0.001", "wrong"),
    ("number", -1e6, 0.5, "-1000000.5", "correct"),
    ("number", 1.0, 0.0005, -1.0, "wrong"),
    ("array", [1, 2], [0.0005, 0.5], [1.0005, 2.5], "correct"),
    ("array", [1, 2], [0.0005, 0.5], [1.0006, 2.5], "wrong"),
    ("array", [1, 2], [0.0005, 0.5], [1, 2.6], "wrong"),
    ("array", [1, 2], [0.0005, 0.5], [2, 1], "wrong"),
    ("array", [1, 2], [0.0005, 0.0005], [[1], [2]], "correct"),
    ("array", [1, 2], [0.0005, 0.0005], [[1, 0], [0, 2]], "wrong"),
    ("array", [1, 2], [0.0005, 0.0005], [1, 2, 0], "wrong"),
    ("array", [1, 2], [0.0005, 0.0005], [1], "wrong"),
    ("array", [[1, 2], [3, 4]], [[0.1, 0.1], [0.1, 0.1]], [[1, 2], [3, 4]], "correct"),
    ("array", [[1, 2], [3, 4]], [[0.1, 0.1], [0.1, 0.1]], [[1, 3], [2, 4]], "wrong"),
    ("array", [[1, 2], [3, 4]], [[0.1, 0.1], [0.1, 0.1]], [1, 2, 3, 4], "wrong"),
]


def shape_of(value: Any) -> list[int]:
    return [len(value), *shape_of(value[0])] if isinstance(value, list) else []


def judged(kind: str, submitted: Any, asked: Question, answer: KeyAnswer, reference: Any = None) -> str:
    value = KINDS[kind].read(submitted, asked).value
    return KINDS[kind].compare(value, asked, answer, reference).verdict


@pytest.mark.parametrize(("kind", "value", "tolerance", "submitted", "verdict"), NUMBERS)
def test_numbers_are_right_within_their_tolerance(
    kind: str, value: Any, tolerance: Any, submitted: Any, verdict: str
) -> None:
    asked = Question(id="1a", text="", ask="forward", kind=kind, shape=shape_of(value), points=1)
    assert judged(kind, submitted, asked, KeyAnswer(value=value, tolerance=tolerance, points=1)) == verdict


def test_wrong_entries_are_named_from_one() -> None:
    asked = Question(id="1a", text="", ask="forward", kind="array", shape=[2, 2], points=1)
    answer = KeyAnswer(value=[[1, 2], [3, 4]], tolerance=[[0.1] * 2] * 2, points=1)
    assert "[2, 1]" in KINDS["array"].compare([[1.0, 2.0], [0.0, 4.0]], asked, answer, None).reason


# formulas

LAYER = read("y = sigmoid(x)", {"x": (3,), "v": (3,)})
LINEAR = read("y = W @ x", {"W": (2, 3), "x": (3,), "v": (2,)})
FORMULAS: list[tuple[Any, str, list[int], str, str]] = [
    # mapping, right formula, shape, submitted, verdict
    (LAYER, "v * (y * (1 - y))", [3], "v * y * (1 - y)", "correct"),
    (LAYER, "v * (y * (1 - y))", [3], "(1-y)*y*v", "correct"),
    (LAYER, "v * (y * (1 - y))", [3], "v*(y - y**2)", "correct"),
    (LAYER, "v * (y * (1 - y))", [3], "v*(y - y^2)", "correct"),
    (LAYER, "v * (y * (1 - y))", [3], "v ⊙ y ⊙ (1 − y)", "correct"),
    (LAYER, "v * (y * (1 - y))", [3], "v*sigmoid(x)*(1-sigmoid(x))", "correct"),
    (LAYER, "v * (y * (1 - y))", [3], "v*σ(x)*(1-σ(x))", "correct"),
    (LAYER, "v * (y * (1 - y))", [3], "v * exp(-x) / (1 + exp(-x))**2", "correct"),
    (LAYER, "v * (y * (1 - y))", [3], "v / (2 + exp(x) + exp(-x))", "correct"),
    (LAYER, "v * (y * (1 - y))", [3], "diag(y * (1 - y)) @ v", "correct"),
    (LAYER, "v * (y * (1 - y))", [3], "v @ diag(y * (1 - y))", "correct"),
    (LAYER, "v * (y * (1 - y))", [3], "np.diag(y * (1 - y)) @ v", "correct"),
    (LAYER, "v * (y * (1 - y))", [3], "y * (1 - y)", "wrong"),
    (LAYER, "v * (y * (1 - y))", [3], "v * y", "wrong"),
    (LAYER, "v * (y * (1 - y))", [3], "v", "wrong"),
    (LAYER, "v * (y * (1 - y))", [3], "-v * y * (1 - y)", "wrong"),
    (LAYER, "v * (y * (1 - y))", [3], "v * x * (1 - x)", "wrong"),
    (LAYER, "v * (y * (1 - y))", [3], "v * y * (1 - y) * 1.0001", "wrong"),
    (LAYER, "v * (y * (1 - y))", [3], "v @ (y * (1 - y))", "wrong"),
    (LAYER, "v * (y * (1 - y))", [3], "0", "wrong"),
    (LAYER, "v * (y * (1 - y))", [3], "log(-exp(x)) * v", "review"),
    (LAYER, "v * (y * (1 - y))", [3], "v / (x - x)", "review"),
    (LAYER, "v * (y * (1 - y))", [3], "v * 9**9**9", "review"),
    (LINEAR, "outer(v, x)", [2, 3], "outer(v, x)", "correct"),
    (LINEAR, "outer(v, x)", [2, 3], "np.outer(v, x)", "correct"),
    (LINEAR, "outer(v, x)", [2, 3], "v @ x.T", "correct"),
    (LINEAR, "outer(v, x)", [2, 3], "v * x.T", "correct"),
    (LINEAR, "outer(v, x)", [2, 3], "v[:, None] * x[None, :]", "correct"),
    (LINEAR, "outer(v, x)", [2, 3], "v[:, None] @ x[None, :]", "correct"),
    (LINEAR, "outer(v, x)", [2, 3], "v[:, None] * x", "correct"),
    (LINEAR, "outer(v, x)", [2, 3], "(x @ v.T).T", "correct"),
    (LINEAR, "outer(v, x)", [2, 3], "outer(x, v).T", "correct"),
    (LINEAR, "outer(v, x)", [2, 3], "outer(x, v)", "wrong"),
    (LINEAR, "outer(v, x)", [2, 3], "x @ v.T", "wrong"),
    (LINEAR, "outer(v, x)", [2, 3], "outer(y, x)", "wrong"),
    (LINEAR, "outer(v, x)", [2, 3], "W", "wrong"),
    (LINEAR, "outer(v, x)", [2, 3], "x", "wrong"),
    (LINEAR, "W.T @ v", [3], "W.T @ v", "correct"),
    (LINEAR, "W.T @ v", [3], "v @ W", "correct"),
    (LINEAR, "W.T @ v", [3], "v.T @ W", "correct"),
    (LINEAR, "W.T @ v", [3], "(v.T @ W).T", "correct"),
    (LINEAR, "W.T @ v", [3], "sum(W * v[:, None], axis=0)", "correct"),
    (LINEAR, "W.T @ v", [3], "W.T @ y", "wrong"),
    (LINEAR, "W.T @ v", [3], "x", "wrong"),
    (LINEAR, "W.T @ v", [3], "sum(W, axis=0)", "wrong"),
]


def formula_question(mapping: Any, shape: list[int]) -> Question:
    names = {s.name: list(s.shape) for s in mapping if not s.unnamed and s.op != "const"}
    return Question(id="1a", text="", ask="vjp", kind="expression", shape=shape, names=names, points=1)


@pytest.mark.parametrize(("mapping", "right", "shape", "submitted", "verdict"), FORMULAS)
def test_formulas_are_compared_by_their_values(
    mapping: Any, right: str, shape: list[int], submitted: str, verdict: str
) -> None:
    asked = formula_question(mapping, shape)
    assert judged("expression", submitted, asked, KeyAnswer(value=right, points=1), mapping) == verdict


def test_reading_vectors_as_columns_is_told() -> None:
    asked = formula_question(LINEAR, [2, 3])
    verdict = KINDS["expression"].compare("v @ x.T", asked, KeyAnswer(value="outer(v, x)", points=1), LINEAR)
    assert verdict.verdict == "correct" and "columns" in verdict.reason


@pytest.mark.parametrize("bomb", ["v" + "**9" * 50, "exp(" * 50 + "v" + ")" * 50, " + ".join(["v"] * 150)])
def test_no_formula_takes_long(bomb: str) -> None:
    asked, start = formula_question(LAYER, [3]), time.perf_counter()
    assert judged("expression", bomb, asked, KeyAnswer(value="v", points=1), LAYER) in ("wrong", "review")
    assert time.perf_counter() - start < 3


# graphs

SHARED = read("a = x * y\nb = a + x\nf = a * sin(b)", {"x": (), "y": ()})
POWER = read("f = x ** 2 - y", {"x": (), "y": ()})
REPEATED = read("f = sin(x * y) + x * y", {"x": (), "y": ()})
GRAPHS: list[tuple[Any, str, str]] = [
    # mapping, submitted, verdict
    (SHARED, "a = x * y\nb = a + x\nf = a * sin(b)", "correct"),
    (SHARED, "a = x * y; b = a + x; f = a * sin(b)", "correct"),
    (SHARED, "f1 = y * x\nf2 = x + f1\nf3 = sin(f2)\nout = f3 * f1", "correct"),
    (SHARED, "p = x * y\nf = p * sin(p + x)", "correct"),
    (SHARED, "p = x * y\nq = p\nf = q * sin(p + x)", "correct"),
    (SHARED, "f = (x * y) * sin(x * y + x)", "partial"),
    (SHARED, "a = x * y\nc = x * y\nf = a * sin(c + x)", "partial"),
    (SHARED, "a = x * y\nb = a + y\nf = a * sin(b)", "partial"),
    (SHARED, "a = x * y\nb = a + x\nf = a * cos(b)", "partial"),
    (SHARED, "a = x * y\nb = a + x", "partial"),
    (SHARED, "a = x * y\nb = a + x\nf = a * sin(b)\ng = x - y", "partial"),
    (SHARED, "a = x + y\nb = a * x\nf = a + sin(b)", "partial"),
    (POWER, "s = x ** 2\nf = s - y", "correct"),
    (POWER, "s = x^2\nf = s - y", "correct"),
    (POWER, "s = x * x\nf = s - y", "partial"),
    (POWER, "s = square(x)\nf = s - y", "correct"),
    (POWER, "s = x ** 2\nn = -y\nf = s + n", "partial"),
    (POWER, "s = x ** 2\nf = y - s", "partial"),
    (POWER, "s = x ** 3\nf = s - y", "partial"),
    (REPEATED, "f = sin(x * y) + x * y", "correct"),
    (REPEATED, "p = x * y\nf = sin(p) + p", "correct"),
    (REPEATED, "p = x * y\nq = y * x\nf = q + sin(p)", "correct"),
    (REPEATED, "f = sin(x * y) + x + y", "partial"),
    (SHARED, "nonsense", "unreadable"),
    (SHARED, "a = x * q", "unreadable"),
    (SHARED, "a = tahn(x)", "unreadable"),
    (SHARED, "x = y", "unreadable"),
    (SHARED, "a = x * y\na = a + x", "unreadable"),
    (SHARED, "f = [x for x in y]", "unreadable"),
    (SHARED, "f = " + "(" * 10_000, "unreadable"),
    (SHARED, "f = lambda: x", "unreadable"),
    (SHARED, "z" * 30_000, "unreadable"),
]


@pytest.mark.parametrize(("mapping", "submitted", "verdict"), GRAPHS)
def test_graphs_are_compared_by_their_structure(mapping: Any, submitted: str, verdict: str) -> None:
    asked = Question(id="1a", text="", ask="graph", kind="graph", points=1)
    try:
        found = judged("graph", submitted, asked, KeyAnswer(value="", points=1), mapping)
    except Unreadable:
        found = "unreadable"
    assert found == verdict


@pytest.mark.parametrize("text", ["\n".join(f"a{i + 1} = a{i} + a{i}" for i in range(1, 40)), "a9 = x" + " + x" * 150])
def test_no_graph_takes_long(text: str) -> None:
    """A chain of doublings is a small graph whose written-out expression is astronomically large."""
    start = time.perf_counter()
    asked = Question(id="1a", text="", ask="graph", kind="graph", points=1)
    submitted = "a1 = x * y\n" + text
    assert judged("graph", submitted, asked, KeyAnswer(value="", points=1), SHARED) in ("wrong", "partial", "review")
    assert time.perf_counter() - start < 3
