"""What is read at a bound is read; one more is refused, and the reason says what is allowed."""

from typing import Any

import pytest
from test_reading import question

from t1gen.answers import KINDS, Unreadable

NAMES = {"v": [3], "W": [2, 3], "A": [3, 3]}
NUMBER, DECIMAL = question("number"), question("number", accept="decimal")
VECTOR, SHAPE = question("array", shape=[2]), question("array", ask="shape")
LONG, DEEP = question("array", shape=[10_000]), question("array", shape=[1] * 7)
FORMULA = question("expression", shape=[3], names=NAMES, sizes={})
GRAPH, CHOICE = question("graph"), question("choice", "ab", several=True)
TABLE = question("table", rows=["z"], columns="v", parts="v", cells=[[None]])


def line(count: int) -> str:
    return "\n".join(f"a{i} = x" for i in range(count))


def deep(levels: int) -> Any:
    return [deep(levels - 1)] if levels else 1


BOUNDS: list[tuple[Any, Any, Any, str]] = [
    # question, at the bound, over it, the reason
    (NUMBER, "1".rjust(200), "1".rjust(201), "the answer has 201 characters; at most 200 are read"),
    (NUMBER, 1e308, 10**309, "this is not a finite number"),
    (VECTOR, "1, 2".ljust(8000), "1, 2".ljust(8001), "the answer has 8001 characters; at most 8000 are read"),
    (FORMULA, "v".ljust(4000), "v".ljust(4001), "the answer has 4001 characters; at most 4000 are read"),
    (GRAPH, "z = x".ljust(4000), "z = x".ljust(4001), "the answer has 4001 characters; at most 4000 are read"),
    (SHAPE, "3".ljust(200), "3".ljust(201), "the answer has 201 characters; at most 200 are read"),
    (CHOICE, "a".ljust(400), "a".ljust(401), "the answer has 401 characters; at most 400 are read"),
    (CHOICE, ["a"] * 50, ["a"] * 51, "ids of options are wanted, such as b or a, c"),
    (GRAPH, line(200), line(201), "the graph has 201 lines; at most 200 are read"),
    (LONG, [1] * 10_000, [1] * 10_001, "the array is too large: at most 10000 entries and 8 levels are read"),
    (LONG, "1 " * 2_000, "1 " * 2_001, "the array is too large: at most 2000 entries of a text are read"),
    (DEEP, deep(8), deep(9), "the array is too large: at most 10000 entries and 8 levels are read"),
    (DEEP, "[" * 8 + "1" + "]" * 8, "[" * 9 + "1" + "]" * 9, "column 10: at most 8 levels of brackets are read"),
    (VECTOR, f"{'(' * 59}1{')' * 59} 2", f"{'(' * 61}1{')' * 61} 2",
     "column 61: at most 8 levels of brackets are read"),
    (LONG, ["exp(1)"] * 333, ["exp(1)"] * 334, "entry [334]: too many entries are not plain decimals"),
    (GRAPH, "z=" + "+".join("v" * 750), "z=" + "+".join("v" * 751),
     "column 1503: this is too long: at most 1500 signs and names are read"),
    (FORMULA, "(" * 59 + "v" + ")" * 59, "(" * 60 + "v" + ")" * 60, "column 61: this is nested over 60 deep"),
    (FORMULA, "v" + "^2" * 59, "v" + "^2" * 60, "column 121: this is nested over 60 deep"),
    (FORMULA, "-" * 12 + "v", "-" * 13 + "v", "column 13: '-' cannot stand here; too many signs"),
    (GRAPH, f"z = 0.{'1' * 39}e-100 v", f"z = 0.{'1' * 40}e-100 v",
     "column 5: this number is too long; at most 40 digits are read"),
    (FORMULA, "sum(eye(50)) v", "sum(eye(51)) v", "column 5: this makes an array too large for an answer"),
    (FORMULA, "sum(ones(2500)) v", "sum(ones(2501)) v", "column 5: this makes an array too large for an answer"),
    (FORMULA, "sum(ones(1000)) sum(zeros(1500)) v", "sum(ones(1000)) sum(zeros(1501)) v",
     "column 21: this makes an array too large for an answer"),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "fits", "over", "reason"), BOUNDS, ids=range(len(BOUNDS)))
def test_a_bound_is_where_the_reason_says(asked: Any, fits: Any, over: Any, reason: str) -> None:
    KINDS[asked.kind].read(fits, asked)
    with pytest.raises(Unreadable) as refused:
        KINDS[asked.kind].read(over, asked)
    assert refused.value.message == reason


@pytest.mark.parametrize("piece", ["v^2", "v^{2}", "(v)", "exp(v)", "|v|", "-v", "√v", "v[0]", "\\frac{v}{2}", "v^T v"])
def test_what_stands_side_by_side_is_not_nested(piece: str) -> None:
    """A hundred brackets, powers or calls in a row are no deeper than one."""
    KINDS["expression"].read(" + ".join([piece] * 100), FORMULA)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("v \\frac{1}{2}", "v * (1 / 2)"),
        ("|v| \\frac{1}{2} v", "abs(v) * (1 / 2) * v"),
        ("W^T W v v^T v", "outer(W.T @ W @ v, v) @ v"),
        ("W^T (W v v^T) v", "W.T @ outer(W @ v, v) @ v"),
    ],
)
def test_factors_side_by_side_are_multiplied_by_their_shapes(text: str, read: str) -> None:
    assert KINDS["expression"].read(text, FORMULA).value == read
