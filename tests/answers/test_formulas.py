"""When a formula is right: by its values at random points, where both it and the right one are defined."""

import time
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from t1gen.answers.comparing.points import ENOUGH, POINTS, effort, points
from t1gen.answers.expression import Names, compare, formula_values
from t1gen.answers.record import Verdict
from t1gen.mapping.evaluate import evaluate
from t1gen.mapping.program import Program
from t1gen.mapping.reader import read


def judged(text: str, right: str, mapping: Program, shape: list[int], **sizes: int) -> Verdict:
    names = {s.name: s.shape for s in mapping if not s.unnamed and s.op != "const"}
    question = SimpleNamespace(names=names, sizes=sizes, shape=shape)
    return compare(text, question, SimpleNamespace(value=right), mapping)


SQUARE = read("y = x @ X", {"x": (2,), "X": (2, 2), "v": (2,)})
WIDE = read("y = W @ x", {"W": (2, 3), "x": (3,), "v": (2,)})
MATRICES = read("Y = A @ B", {"A": (2, 2), "B": (2, 2), "V": (2, 2)})
HALVES = read("y = log(x ** 2) / 2", {"x": (3,), "v": (3,)})
LOG = read("y = log(x)", {"x": (6,), "v": (6,)})
SOFT = read("y = log(1 + exp(x))", {"x": (3,), "v": (3,)})
SURE = read("y = sum(softmax(x))", {"x": (3,)})
GATHERED = read("y = x[i]", {"x": (4,), "i": (2,), "v": (2,)})
MEAN = read("y = mean(x)", {"x": (4,), "v": ()})

ROWS: list[tuple[Program, str, list[int], str, str, str]] = [
    # mapping, right formula, shape, submitted, verdict and diagnoses, what the reason says
    (SQUARE, "X @ v", [2], "v @ X.T", "correct", ""),
    (SQUARE, "X @ v", [2], "v @ X", "wrong", "other values"),
    (SQUARE, "X @ v", [2], "X.T @ v", "wrong", "other values"),
    (SQUARE, "X @ v", [2], "sum(X * v, axis=1)", "correct", ""),
    (SQUARE, "X @ v", [2], "sum(X * v, axis=0)", "wrong", ""),
    (SQUARE, "X @ v", [2], "-X @ v", "wrong factor -1", "the formula is -1 times the right one"),
    (SQUARE, "X @ v", [2], "X @ v / 2", "wrong factor 1/2", "1/2 times"),
    (SQUARE, "X @ v", [2], "2 * v @ X.T", "wrong factor 2", ""),
    (SQUARE, "X @ v", [2], "X @ v * 0.2718", "wrong factor", "a constant times"),
    (SQUARE, "X @ v", [2], "X @ v + 1", "wrong", "other values"),
    (SQUARE, "X @ v", [2], "0 * v", "wrong", "other values"),
    (SQUARE, "outer(x, v)", [2, 2], "outer(v, x)", "wrong transposed", "the transpose of the right one"),
    (SQUARE, "outer(x, v)", [2, 2], "-outer(v, x)", "wrong transposed factor -1", "-1 times the transpose"),
    (SQUARE, "outer(x, v)", [2, 2], "v[:, None] * x", "wrong transposed", ""),
    (WIDE, "outer(v, x)", [2, 3], "outer(x, v)", "wrong transposed", "has shape (3, 2), asked was (2, 3)"),
    (WIDE, "outer(v, x)", [2, 3], "2 * outer(x, v)", "wrong transposed factor 2", "has shape (3, 2)"),
    (WIDE, "outer(v, x)", [2, 3], "outer(x, y)", "wrong", "has shape (3, 2), asked was (2, 3)"),
    (WIDE, "outer(v, x)", [2, 3], "v @ x.T", "correct", "columns"),
    (MATRICES, "V @ B.T", [2, 2], "(B @ V.T).T", "correct", ""),
    (MATRICES, "V @ B.T", [2, 2], "B @ V.T", "wrong transposed", ""),
    (MATRICES, "V @ B.T", [2, 2], "B.T @ V", "wrong", "other values"),
    (MATRICES, "V @ B.T", [2, 2], "V @ B", "wrong", "other values"),
    (MATRICES, "V @ B.T", [2, 2], "V * B.T", "wrong", "other values"),
    (MEAN, "v / 4 * ones(4)", [4], "v / N * ones(N)", "correct", ""),
    (MEAN, "v / 4 * ones(4)", [4], "v * ones(N)", "wrong factor 4", "4 times"),
    (GATHERED, "scatter(v, i, shape=(4,))", [4], "one_hot(i, 4).T @ v", "correct", ""),
    (GATHERED, "scatter(v, i, shape=(4,))", [4], "x", "wrong", ""),
    (SQUARE, "X @ v", [2], "X @ v * 12 / 11", "wrong factor 12/11", "the formula is 12/11 times the right one"),
    (SQUARE, "X @ v", [2], "X @ v * 12 / 13", "wrong factor", "the formula is a constant times the right one"),
    (SQUARE, "X @ v", [2], "X @ v * 999", "wrong factor 999", ""),
    (SQUARE, "X @ v", [2], "X @ v / 999", "wrong factor", ""),
    (SQUARE, "X @ v", [2], "X @ v * 1001", "wrong", "other values"),
    (SQUARE, "X @ v", [2], "X @ v / 1001", "wrong", "other values"),
    # shapes: a vector may be a row or a column, any other shape is the asked one
    (SQUARE, "X @ v", [2], "(X @ v)[None, :]", "correct", ""),
    (SQUARE, "X @ v", [2], "2 * (X @ v)[None, :]", "wrong factor 2", ""),
    (SQUARE, "X @ v", [2], "(X @ v)[:, None]", "correct", ""),
    (SQUARE, "X @ v", [2], "X", "wrong", "the formula has shape (2, 2), asked was (2,)"),
    (SQUARE, "v[None, :]", [1, 2], "v", "correct", "one-axis names were read as columns"),
    (WIDE, "outer(v, x)", [2, 3], "v", "wrong", "the formula has shape (2,), asked was (2, 3)"),
    (WIDE, "outer(v, x)", [2, 3], "outer(x, v)", "wrong transposed",
     "asked was (2, 3); the formula is the transpose of the right one"),
    (WIDE, "outer(v, x)", [2, 3], "2 * outer(x, v)", "wrong transposed factor 2",
     "the formula is 2 times the transpose of the right one"),
    # what is too large
    (SOFT, "v * sigmoid(x)", [3], "sum(ones((300, 300)) @ ones((300, 300))) * v", "review",
     "the formula could not be compared: it takes too many operations"),
    (SOFT, "v * sigmoid(x)", [3], "v * exp(500 * x) * exp(-500 * x) * sigmoid(x)", "review", "rounding alone"),
    (SOFT, "v * sigmoid(x)", [3], "v * sigmoid(x) + 1e-12", "correct", ""),
    (LOG, "v / x", [6], "v / x + 0 * log(x[0] - 2.5)", "review", "undefined at some points"),
    (LOG, "v / x", [6], "v / x + log(x[0] - 2.5)", "wrong", "other values"),
    # where it is defined
    (HALVES, "log(x ** 2) / 2", [3], "log(abs(x))", "correct", ""),
    (HALVES, "log(x ** 2) / 2", [3], "log(x)", "review", "undefined at some points where the right one is defined"),
    (HALVES, "log(x ** 2) / 2", [3], "log(-x)", "review", "undefined at some points"),
    (HALVES, "log(x ** 2) / 2", [3], "2 * log(x)", "wrong factor 2", ""),
    (HALVES, "log(x ** 2) / 2", [3], "log(-x ** 2)", "review", "undefined wherever it was tried"),
    (LOG, "v / x", [6], "v / abs(x)", "correct", ""),
    (LOG, "v / x", [6], "v * exp(-log(x))", "correct", ""),
    (LOG, "v / x", [6], "v * exp(-log(x - 9))", "review", "undefined wherever it was tried"),
    # rounding
    (SOFT, "v * sigmoid(x)", [3], "v * exp(x) / (1 + exp(x))", "correct", ""),
    (SOFT, "v * sigmoid(x)", [3], "v * (1 - 1 / (1 + exp(x)))", "correct", ""),
    (SOFT, "v * sigmoid(x)", [3], "v * exp(50 * x) * exp(-49 * x) / (1 + exp(x))", "correct", ""),
    (SOFT, "v * sigmoid(x)", [3], "v * exp(200 * x) * exp(-200 * x) * sigmoid(x)", "correct", ""),
    (SOFT, "v * sigmoid(x)", [3], "v * ((x + 1e6) - 1e6) / x * sigmoid(x)", "correct", ""),
    (SOFT, "v * sigmoid(x)", [3], "v * ((x + 1e12) - 1e12) / x * sigmoid(x)", "review", "rounding alone"),
    (SOFT, "v * sigmoid(x)", [3], "v * sigmoid(x) * 1.0001 + ((x + 1e6) - 1e6) - x", "wrong factor", "a constant"),
    (SOFT, "v * sigmoid(x)", [3], "v * sigmoid(x) + 1e-7", "wrong", "other values"),
    (SURE, "0 * x", [3], "softmax(x) * (sum(softmax(x)) - 1) * 10", "correct", ""),
    (SURE, "0 * x", [3], "1e-9 * x", "wrong", "other values"),
]  # fmt: skip


@pytest.mark.parametrize(("mapping", "right", "shape", "submitted", "verdict", "told"), ROWS)
def test_a_formula_is_right_where_its_values_are(
    mapping: Program, right: str, shape: list[int], submitted: str, verdict: str, told: str
) -> None:
    found = judged(submitted, right, mapping, shape, N=4)
    assert " ".join((found.verdict, *found.diagnoses)) == verdict, found.reason
    assert told in found.reason


EXACT: list[tuple[Program, str, list[int], str, str]] = [
    # mapping, right formula, shape, submitted, the whole reason
    (SQUARE, "X @ v", [2], "X @ v", ""),
    (SQUARE, "X @ v", [2], "v @ X", "the formula has other values than the right one"),
    (SQUARE, "X @ v", [2], "2 * X @ v", "the formula is 2 times the right one"),
    (SQUARE, "X @ v", [2], "X @ v * 0.2718", "the formula is a constant times the right one"),
    (SQUARE, "outer(x, v)", [2, 2], "outer(v, x)", "the formula is the transpose of the right one"),
    (SQUARE, "outer(x, v)", [2, 2], "-outer(v, x)", "the formula is -1 times the transpose of the right one"),
    (SQUARE, "v[None, :]", [1, 2], "v", "one-axis names were read as columns"),
    (WIDE, "outer(v, x)", [2, 3], "W.T", "the formula has shape (3, 2), asked was (2, 3)"),
    (LOG, "v / x", [6], "v * exp(-log(x - 9))",
     "the formula could not be compared: it is undefined wherever it was tried"),
    (SOFT, "v * sigmoid(x)", [3], "v * ((x + 1e12) - 1e12) / x * sigmoid(x)",
     "the formula could not be compared: rounding alone moves its values too far"),
    (SOFT, "v * sigmoid(x)", [3], "sum(ones((300, 300)) @ ones((300, 300))) * v",
     "the formula could not be compared: it takes too many operations"),
    (HALVES, "log(x ** 2) / 2", [3], "log(x)",
     "the formula has the right values, but is undefined at some points where the right one is defined"),
]  # fmt: skip


@pytest.mark.parametrize(("mapping", "right", "shape", "submitted", "reason"), EXACT)
def test_the_whole_reason_is_told(mapping: Program, right: str, shape: list[int], submitted: str, reason: str) -> None:
    assert judged(submitted, right, mapping, shape).reason == reason


def test_the_right_formula_is_right_of_itself() -> None:
    for mapping, right, shape, *_ in ROWS:
        assert judged(right, right, mapping, shape).verdict == "correct"


@settings(deadline=None)
@given(st.fractions(-9, 9, max_denominator=9).filter(lambda k: k not in (0, 1)), st.booleans())
def test_a_factor_is_named(factor: Any, turned: bool) -> None:
    text = "outer(v, x).T" if turned else "outer(v, x)"
    found = judged(f"{factor.numerator} * {text} / {factor.denominator}", "outer(v, x)", WIDE, [2, 3])
    assert found.verdict == "wrong"
    assert found.diagnoses == ("transposed",) * turned + (f"factor {factor}",)


@pytest.mark.parametrize(
    "bomb",
    [
        "v" + "**9" * 50,
        "exp(" * 50 + "v" + ")" * 50,
        "sum(einsum('a,b->', ones(9999), ones(9999))) * v",
        "sum(ones((300, 300)) @ ones((300, 300))) * v",
        " + ".join(["outer(v, v) @ v"] * 60),
        "sum(outer(ones(300), ones(300))) * v",
        "v * x[v]",
    ],
)
def test_no_formula_takes_long(bomb: str) -> None:
    start = time.perf_counter()
    try:
        assert judged(bomb, "v * sigmoid(x)", SOFT, [3]).verdict in ("wrong", "review")
    except Exception as error:
        assert type(error).__name__ == "LanguageError"
    assert time.perf_counter() - start < 2


# the points themselves


def test_points_are_the_same_whenever_asked_for_and_not_special() -> None:
    first, again = (points(WIDE, {"W": (2, 3), "v": (2,)}) for _ in range(2))
    assert set(first) == {"W", "x", "v"}
    assert all((first[n] == again[n]).all() for n in first)
    entries = np.concatenate([a.ravel() for a in first.values()])
    assert len(set(entries)) == len(entries) and not np.isin(entries, range(-9, 10)).any()
    assert first["W"].shape == (2, 3, POINTS)


def test_points_are_of_common_sizes_and_half_of_them_positive() -> None:
    """Sizes from 0.2 to 2; on later rounds other ranges too, for what is defined elsewhere alone."""
    mapping = read("y = x", {"x": (50,)})
    first, later = points(mapping, {})["x"], points(mapping, {}, start=1)["x"]
    assert 0.2 <= np.abs(first).min() < 0.21 and 1.99 < np.abs(first).max() <= 2
    assert 0.4 < (first[:, : POINTS // 2] < 0).mean() < 0.6 and (first[:, POINTS // 2 :] > 0).all()
    assert (later > 5).any() and (later < -1.9).any() and np.abs(later).min() < 0.1


@pytest.mark.parametrize(
    ("text", "givens", "places"),
    [
        ("y = x[i]", {"x": (3,), "i": (5,)}, 3),
        ("y = one_hot(i, 4) @ x", {"x": (4,), "i": (2,)}, 4),
        ("y = scatter(x, i, shape=(4,))", {"x": (2,), "i": (2,)}, 4),
    ],
)
def test_an_index_is_drawn_from_all_of_its_places(text: str, givens: dict[str, Any], places: int) -> None:
    assert sorted(set(points(read(text, givens), {})["i"].ravel())) == list(range(places))


def test_only_an_adjoint_of_a_number_of_the_mapping_is_computed() -> None:
    """dL_dz is; dz_dx, dq_dz and dL_dq are names of cotangents like any other."""
    mapping = read("z = W @ x\nL = sum(z)", {"W": (2, 3), "x": (3,)})
    at = points(mapping, {"dL_dz": (2,), "dz_dx": (2, 3), "dq_dz": (2,), "dL_dq": ()})
    assert (at["dL_dz"] == 1).all()
    assert all(len(set(at[n].ravel())) == at[n].size for n in ("dz_dx", "dq_dz", "dL_dq"))


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ("y = A * A", 120), ("y = A @ B", 240), ("y = sum(A)", 120), ("y = outer(x, x)", 90),
        ("y = einsum('ik,kj->ij', A, B)", 240), ("y = einsum('ik,ik->i', A, A)", 120),
    ],
)  # fmt: skip
def test_effort_counts_products_before_they_are_summed(text: str, entries: int) -> None:
    shapes: dict[str, Any] = {"A": (2, 30), "B": (30, 2), "x": (9,)}
    givens = {n: s for n, s in shapes.items() if n in text.partition("=")[2]}
    assert effort(read(text, givens)) == entries


def test_what_the_mapping_computes_is_computed_at_its_points() -> None:
    mapping = read("z = w @ x\nL = z ** 2", {"w": (3,), "x": (3,)})
    at = points(mapping, {"z": (), "dL_dz": (), "dL_dw": (3,), "v": ()})
    assert np.allclose(at["z"], (at["w"] * at["x"]).sum(axis=0))
    assert np.allclose(at["dL_dz"], 2 * at["z"]) and np.allclose(at["dL_dw"], 2 * at["z"] * at["x"])


@pytest.mark.parametrize(
    ("text", "givens"),
    [
        ("y = sum(log(x)) + sum(sqrt(u))", {"x": (5,), "u": (5,)}),
        ("y = sum(arcsin(x)) * log(u) * sqrt(t - 2)", {"x": (4,), "u": (), "t": ()}),
        ("y = sum(t * log(p) + (1 - t) * log(1 - p))", {"p": (4,), "t": (4,)}),
        ("y = log(x - 3)", {"x": (3,)}),
        ("y = x[i] * 2", {"x": (4, 2), "i": (3,)}),
    ],
)
def test_points_lie_where_the_mapping_is_defined(text: str, givens: dict[str, Any]) -> None:
    mapping = read(text, givens)
    at = points(mapping, {})
    assert at["x" if "x" in at else "p"].shape[-1] >= ENOUGH
    assert all(np.isfinite(a).all() for a in evaluate(mapping, at).values())


def test_a_mapping_that_is_defined_nowhere_decides_nothing() -> None:
    mapping = read("y = log(-x ** 2)", {"x": (), "v": ()})
    assert points(mapping, {})["x"].shape == (0,)
    assert judged("v", "v / x", mapping, []).verdict == "review"


def test_givens_may_be_held() -> None:
    """A label's square is 1, which a formula may use where only such labels are drawn."""
    mapping = read("L = (1 - y * z) ** 2 / 2", {"y": (), "z": ()})
    question = SimpleNamespace(names={"y": (), "z": ()}, sizes={}, shape=[])
    right = SimpleNamespace(value="-y * (1 - y * z)")
    for text, alone, held in (("z - y", "wrong", "correct"), ("y - z", "wrong", "wrong")):
        assert compare(text, question, right, mapping).verdict == alone
        assert compare(text, question, right, mapping, {"y": np.array([-1.0])}).verdict == held


def test_the_values_of_a_formula_are_those_at_the_points() -> None:
    names = Names({"v": (2,), "x": (3,), "W": (2, 3)}, {"N": 3})
    at = points(WIDE, names.shapes)
    found = formula_values("v @ x.T / N", names, (2, 3), at)
    assert found is not None and np.allclose(found, at["v"][:, None] * at["x"] / 3)
    assert formula_values("v @ W", names, (3,), at) is not None
    for text in ("v @ W", "v @", "v * q", "sum(ones((300, 300)) @ ones((300, 300))) * W"):
        assert formula_values(text, names, (2, 3), at) is None


def test_givens_may_be_held_at_several_values() -> None:
    """The points take them in turn, so that a formula has to be right at all of them."""
    mapping = read("L = (1 - y * z) ** 2 / 2", {"y": (), "z": ()})
    question = SimpleNamespace(names={"y": (), "z": ()}, sizes={}, shape=[])
    right = SimpleNamespace(value="-y * (1 - y * z)")
    both = {"y": np.array([-1.0, 1.0])}
    for text, verdict in (("z - y", "correct"), ("z + 1", "wrong"), ("z - 1", "wrong"), ("z - y ** 3", "correct")):
        assert compare(text, question, right, mapping, both).verdict == verdict
    assert set(points(mapping, {}, held=both)["y"].tolist()) == {-1, 1}
