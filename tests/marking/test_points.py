"""What a test earns: exact shares, rounded down to quarters a problem at a time, and what a person decides."""

from typing import Any

import msgspec
import pytest
from marked import ADA, Fixed, Sheet, bank, problem, sheet

from t1gen import files
from t1gen.exam import Maker, Plan
from t1gen.files import Mark

GIVEN: Fixed = {"x": [1, 2, 3], "u": [2, 3, 4]}
THREE = sheet("y = x + u; z = x * u; w = x - u", "[y, z, w]", {"x": [1, 2, 3], "u": [2, 4, 6]})
"""[3, 6, 9], [2, 8, 18], [-1, -2, -3]"""
TWO_PROBLEMS = Sheet(Maker(Plan(bank(
    problem("y = x + u; z = x * u", "[y, z]", GIVEN, id="one"),
    problem("y = x + u; z = x * u", "[y, z]", GIVEN, id="two"),
), "s", "e")).tests([ADA])[0][1])  # fmt: skip
"""[3, 5, 7], [2, 6, 12], twice"""


@pytest.mark.parametrize(
    ("answers", "shares", "points"),
    [
        ([[3, 9, 9], [2, 9, 9], [9, 9, -3]], [2, 1, 1], 1.25),
        ([[3, 0, 0], [2, 1, 1], [-1, 5, 5]], [1, 1, 1], 1),
        ([[3, 6, 0], [2, 8, 1], [-1, -2, 5]], [2, 2, 2], 2),
        ([[3, 6, 0], [2, 1, 1], None], [2, 1, 0], 1),
        ([[3, 6, 0], None, None], [2, 0, 0], 0.5),
        ([[3, 1, 0], None, None], [1, 0, 0], 0.25),
        ([..., [2, 8, 1], None], [3, 2, 0], 1.5),
        ([..., ..., ...], [3, 3, 3], 3),
        ([None, None, None], [0, 0, 0], 0),
    ],
)
def test_shares_add_up_exactly_and_their_sum_is_rounded_down(
    answers: list[Any], shares: list[int], points: float
) -> None:
    report = THREE.report(*answers)
    assert [q.points for q in report.questions.values()] == [pytest.approx(n / 3) for n in shares]
    assert (report.problems["1"].points, report.problems["1"].of) == (points, 3)
    assert (report.points, report.of) == (points, 3)


def test_problems_are_rounded_each_and_added() -> None:
    answers = [[3, 5, 0], None, [3, 5, 0], None]
    report = TWO_PROBLEMS.report(*answers)
    assert {n: p.points for n, p in report.problems.items()} == {"1": 0.5, "2": 0.5}
    assert (report.points, report.of) == (1, 4)


def test_the_total_is_the_sum_of_the_problems() -> None:
    for answers in ([..., [2, 6, 0], [3, 0, 0], None], [..., ..., ..., ...], [None] * 4):
        report = TWO_PROBLEMS.report(*answers)
        assert report.points == sum(p.points for p in report.problems.values())
        assert report.of == sum(p.of for p in report.problems.values()) == 4


@pytest.mark.parametrize(
    ("told", "points", "total"),
    [(Mark(points=0.5), 0.5, 2.5), (Mark(points=9), 1, 3), (Mark(points=-1), 0, 2), (Mark(points=0.25, by="ta"), 0.25,
                                                                                      2.25)],
)  # fmt: skip
def test_a_persons_mark_counts_for_the_question(told: Mark, points: float, total: float) -> None:
    report = THREE.report("?", ..., ..., _1a=told)
    first = report.questions["1a"]
    assert (first.points, first.verdict, first.decided_by) == (points, "unreadable", told.by or "a person")
    assert (report.points, report.problems["1"].points, report.provisional) == (total, total, False)


def test_a_persons_mark_adds_to_exact_shares() -> None:
    """A third, and what a person gives for the rest."""
    report = THREE.report([3, 0, 0], [2, 1, 1], None, _1c=Mark(points=0.5, note="half right"))
    assert report.points == 1 and report.questions["1c"].reasons == ["half right"]


def test_what_a_person_must_decide_makes_the_total_provisional_until_it_is_decided() -> None:
    made = sheet("a = x + 1; b = y * x; f = a * b", "[a, b, f]", {"x": 3, "y": 0.5})
    report = made.report(0, ..., 0)
    assert (report.questions["1c"].verdict, report.provisional, report.points) == ("review", True, 1)
    decided = made.report(0, ..., 0, _1c=Mark(points=1, by="ta"))
    assert (decided.questions["1c"].verdict, decided.provisional, decided.points) == ("review", False, 2)


def test_the_report_holds_the_problems_and_can_be_read_again() -> None:
    report = TWO_PROBLEMS.report(..., ..., [3, 0, 0], None)
    assert list(report.problems) == ["1", "2"]
    again = msgspec.json.decode(files.encode(report), type=files.Report)
    assert (again.points, again.problems["2"].points) == (2.25, 0.25)


# arrays


@pytest.mark.parametrize(
    ("given", "share"),
    [
        ([3, 5, 7], 3), ([3, 5, 0], 2), ([0, 5, 7], 2), ([3, 4, 6], 1), ([5, 3, 8], 0), ([3, 3, 3], 0), ([5, 5, 5], 0),
        ([0, 0, 0], 0), ([1, 1, 1], 0), ([1, 0, 1], 0), ([[3], [5], [7]], 3), ([3, 5], 0), ([3, 5, 7, 9], 0), (3, 0),
    ],
)  # fmt: skip
def test_every_entry_of_an_array_earns_its_share(given: Any, share: int) -> None:
    found = TWO_PROBLEMS.marked(given, None, None, None)[0]
    assert found.points == pytest.approx(share / 3), found.feedback
    assert found.verdict in {0: ("wrong", "unreadable"), 3: ("correct",)}.get(share, ("partial",))


SPARSE = sheet("D = diag(x)", "[D]", {"x": [2, 3]})
"""[[2, 0], [0, 3]]"""


@pytest.mark.parametrize(
    ("given", "share"),
    [
        ([[2, 0], [0, 3]], 1), ([[2, 0], [0, 5]], 1 / 2), ([[2, 0], [0, 0]], 1 / 2), ([[0, 0], [0, 0]], 0),
        ([[5, 0], [0, 5]], 0), ([[2, 7], [0, 3]], 1 / 2), ([[2, 7], [7, 3]], 0), ([[2, 2], [2, 2]], 0),
        ([[1, 0], [0, 1]], 0), ([[3, 0], [0, 2]], 0),
    ],
)  # fmt: skip
def test_zeros_by_themselves_earn_nothing(given: Any, share: float) -> None:
    found = SPARSE.last(given)
    assert found.points == pytest.approx(share), found.feedback


@pytest.mark.parametrize("where", ["problem", "ask"])
def test_entries_may_count_all_together(where: str) -> None:
    more, asks = ({"entries": "all"}, "[y]") if where == "problem" else ({}, "[forward: {of: y, entries: all}]")
    made = sheet("y = x + u", asks, GIVEN, **more)
    assert made.last(...).points == 1
    for given in ([3, 5, 0], [3, 5, 8], [0, 5, 7], [0, 0, 0]):
        assert (made.last(given).verdict, made.last(given).points) == ("wrong", 0)


@pytest.mark.parametrize("given", [[[2, 0], [0, 5]], [[2, 0], [0, 0]], [[2, 7], [0, 3]], [[0, 0], [0, 3]]])
def test_half_of_the_entries_is_nothing_where_they_count_all_together(given: Any) -> None:
    found = sheet("D = diag(x)", "[D]", {"x": [2, 3]}, entries="all").last(given)
    assert (found.verdict, found.points) == ("wrong", 0)


def test_a_coarse_array_is_half_where_entries_count_all_together() -> None:
    made = sheet("y = exp(x)", "[y]", {"x": [1, 2]}, entries="all")
    assert [made.last(v).points for v in ([2.718, 7.389], [2.72, 7.39], [2.72, 7.389], [2.72, 7])] == [1, 0.5, 0.5, 0]


@pytest.mark.parametrize(
    ("given", "points"),
    [([2, 3], 1), ("2x3", 1), ("(2, 3)", 1), ([2, 2], 0), ([3, 2], 0), ([2, 4], 0), ([4, 3], 0), ([2], 0),
     ([2, 3, 1], 0)],
)  # fmt: skip
def test_a_shape_is_one_answer(given: Any, points: int) -> None:
    made = sheet("z = A @ x", "[shape of jacobian of z wrt x]", {"A": [[1, 2, 0], [3, -1, 1]], "x": [1, 2, 3]})
    assert made.last(given).points == points


def test_no_zero_has_a_sign() -> None:
    made = sheet("z = w * x; q = -z * y", "[z, q]", {"w": 2, "x": 3, "y": 5})
    assert b"-0" not in files.encode(made.report(0, 0))


SCALAR = sheet("s = sum(x)", "[s]", GIVEN)
"""6"""


@pytest.mark.parametrize("given", [[6, 7], [1, 2, 3], [[6, 7]], ["6", "1/2"]])
def test_an_array_where_a_number_is_asked_is_wrong(given: Any) -> None:
    found = SCALAR.last(given)
    assert (found.verdict, found.points) == ("wrong", 0) and "asked was ()" in found.feedback


@pytest.mark.parametrize("given", ["6, 7", "1 2", "0, 5", "1,234,567", "1.234,5", [6], "[6]", ["six"]])
def test_what_may_be_a_number_is_never_wrong_because_it_cannot_be_read(given: Any) -> None:
    """docs/answers.md: whatever is refused is never marked wrong."""
    assert SCALAR.last(given).verdict == "unreadable", SCALAR.last(given).feedback
