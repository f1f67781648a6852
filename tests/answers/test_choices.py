"""Choices, orders and tables: what is read, what is right, what a part of it earns."""

from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import pytest

from t1gen.answers import KINDS, Reading, Unreadable, Verdict

OPTIONS = [SimpleNamespace(id=i, text=i) for i in "abcd"]
ONE = SimpleNamespace(options=OPTIONS, several=False)
SEVERAL = SimpleNamespace(options=OPTIONS, several=True)


def judged(kind: str, given: Any, question: Any, **answer: Any) -> Verdict:
    read = KINDS[kind].read(given, question).value
    return KINDS[kind].compare(read, question, SimpleNamespace(**answer), None)


# choice

CHOICES: list[tuple[Any, Any, Any, str]] = [
    # given, question, right, verdict
    ("b", ONE, "b", "correct"),
    ("B", ONE, "b", "correct"),
    (" (b) ", ONE, "b", "correct"),
    ("b)", ONE, "b", "correct"),
    (["b"], ONE, "b", "correct"),
    ("a", ONE, "b", "wrong"),
    ("b", SEVERAL, ["b", "d"], "partial"),
    ("b, d", SEVERAL, ["b", "d"], "correct"),
    ("d b", SEVERAL, ["b", "d"], "correct"),
    (["d", "b"], SEVERAL, ["b", "d"], "correct"),
    ("b d d", SEVERAL, ["b", "d"], "correct"),
    ("a, b, d", SEVERAL, ["b", "d"], "partial"),
    ("a, b", SEVERAL, ["b", "d"], "wrong"),
    ("a b c d", SEVERAL, ["b", "d"], "wrong"),
    ("c", SEVERAL, ["b", "d"], "wrong"),
]


@pytest.mark.parametrize(("given", "question", "right", "verdict"), CHOICES)
def test_a_choice_is_judged(given: Any, question: Any, right: Any, verdict: str) -> None:
    assert judged("choice", given, question, value=right).verdict == verdict


def test_ticking_everything_earns_nothing_and_half_earns_half() -> None:
    assert judged("choice", "b", SEVERAL, value=["b", "d"]).share == Fraction(1, 2)
    assert judged("choice", "a b d", SEVERAL, value=["b", "d"]).share == Fraction(1, 2)
    assert judged("choice", "a b c d", SEVERAL, value=["b", "d"]).share == 0


@pytest.mark.parametrize("right", ["a", "ab", "abc"])
def test_to_name_all_earns_nothing_however_many_are_right(right: str) -> None:
    found = judged("choice", "a b c d", SEVERAL, value=list(right))
    assert (found.verdict, found.share) == ("wrong", 0)


def test_a_wrong_option_takes_away_what_a_right_one_earns_or_more() -> None:
    assert judged("choice", "a b", SEVERAL, value=["a"]).share == 0
    assert judged("choice", "a b d", SEVERAL, value=["a", "b"]).share == Fraction(1, 2)
    assert judged("choice", "a b d", SEVERAL, value=["a", "b", "c"]).share == 0
    assert judged("choice", "a b", SEVERAL, value=["a", "b", "c"]).share == Fraction(2, 3)


@pytest.mark.parametrize(
    "given", ["", "e", "ab", "a, b", 1.5, True, None, {}, [["a"]], "x" * 1000, ["a"] * 60, "a; drop", "1"]
)
def test_what_is_no_choice_is_refused(given: Any) -> None:
    with pytest.raises(Unreadable):
        KINDS["choice"].read(given, ONE)


def test_a_line_is_chosen_by_its_number() -> None:
    lines = SimpleNamespace(options=[SimpleNamespace(id=str(i), text="") for i in (12, 13)], several=False)
    assert KINDS["choice"].read(13, lines) == KINDS["choice"].read("13", lines) == Reading(["13"])


# order

LINES = {"a": "`p = sigmoid(z)`", "b": "`z = w * x`", "c": "`q = exp(x)`", "d": "`L = p * q`"}
ORDER = SimpleNamespace(options=[SimpleNamespace(id=i, text=t) for i, t in LINES.items()])
CHAIN = SimpleNamespace(
    options=[SimpleNamespace(id=i, text=f"`v = vjp_{n}(v, x)`") for i, n in zip("abc", "LZY", strict=True)]
)


@pytest.mark.parametrize(
    ("given", "verdict"),
    [
        ("b a c d", "correct"),
        ("c, b, a, d", "correct"),
        ("bcad", "correct"),
        (["B", "C", "A", "D"], "correct"),
        ("a b c d", "wrong"),
        ("b a d c", "wrong"),
        ("d c b a", "wrong"),
    ],
)
def test_an_order_is_right_where_every_line_has_what_it_reads(given: Any, verdict: str) -> None:
    assert judged("order", given, ORDER, value=["b", "a", "c", "d"]).verdict == verdict


def test_lines_that_pass_v_on_have_one_order() -> None:
    assert judged("order", "abc", CHAIN, value=["a", "b", "c"]).verdict == "correct"
    assert judged("order", "acb", CHAIN, value=["a", "b", "c"]).verdict == "wrong"


@pytest.mark.parametrize("given", ["a b c", "a b c c", "a b c d d", "a b c e", "", None, 5, {}])
def test_what_is_no_order_is_refused(given: Any) -> None:
    with pytest.raises(Unreadable):
        KINDS["order"].read(given, ORDER)


# table

TABLE = SimpleNamespace(
    rows=["z", "L"], columns=["value", "dL"], parts=["value", "gradient"], cells=[[None, None], [None, 1]]
)
KEY = {"value": [[2, -0.5], [3, 1]], "tolerance": [[0.01, 0.01], [0.01, 0.01]]}


@pytest.mark.parametrize(
    ("given", "verdict", "share"),
    [
        ([[2, -0.5], [3, 1]], "correct", 1),
        ([[2, "-1/2"], ["3.0", None]], "correct", 1),
        ("[[2, -0.5], [3, 99]]", "correct", 1),
        ([[2, 0.5], [3, None]], "partial", Fraction(2, 3)),
        ([[None, None], [3, 1]], "partial", Fraction(1, 3)),
        ([["x", {}], [3, 1]], "partial", Fraction(1, 3)),
        ([[0, 0], [0, 1]], "wrong", 0),
    ],
)
def test_a_table_is_judged_cell_by_cell(given: Any, verdict: str, share: Any) -> None:
    found = judged("table", given, TABLE, **KEY)
    assert found.verdict == verdict and (verdict == "correct" or found.share == share)


@pytest.mark.parametrize("given", [5, "x", [1, 2], [[1, 2]], [[1], [2]], [[1, 2, 3], [1, 2, 3]], [], "[[1, 2]"])
def test_what_is_no_table_of_this_size_is_refused(given: Any) -> None:
    with pytest.raises(Unreadable):
        KINDS["table"].read(given, TABLE)
