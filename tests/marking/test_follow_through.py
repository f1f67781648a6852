"""What is right given a student's own earlier answers earns its marks, unless that made it easier or impossible."""

import math
from typing import Any

import pytest
from marked import Sheet, sheet

from t1gen.banks import available, load
from t1gen.exam import Maker, Plan
from t1gen.files import QuestionReport, Student
from t1gen.marking.chart import Chart, chart_of

NEURON = sheet("z = w @ x; q = y * z; p = sigmoid(q); L = -log(p)", "[z, q, p, L, dL/dq, dL/dz, dL/dw]",
               {"w": [0.5, 1], "x": [2, 1], "y": -1})  # fmt: skip
"""2, -2, 0.119, 2.127, -0.881, 0.881, [1.762, 0.881]"""
TWO = sheet("a = x + 1; b = y * x; f = a * b", "[a, b, f]", {"x": 3, "y": 0.5})
"""4, 1.5, 6"""
FACTORS = sheet("a = x + 1; b = y * x; f = a * b", "[a, b, df/da]", {"x": 3, "y": 0.5})
"""4, 1.5, 1.5"""
LAYER = sheet("h = W @ x; y = h * u; s = sum(y)", "[h, y, s]", {"W": [[1, 2], [3, -1]], "x": [1, 2], "u": [1, 2]})
"""[5, 1], [5, 2], 7"""
WIDE = sheet("h = W @ x; y = h * u", "[h, y]", {"W": [[1, 2], [3, -1], [2, 1]], "x": [1, 2], "u": [1, 2, 2]})
"""[5, 1, 4], [5, 2, 8]"""
SQUARED = sheet("z = w * x; p = sigmoid(z); L = p ** 2", "[local dp/dz, dL/dp, dL/dz, dL/dw]", {"w": 0.5, "x": 3})
"""0.149, 1.635, 0.244, 0.732"""
TABLE = sheet("z = w * x; p = sigmoid(z); L = -log(p)", "[table: {rows: [z, p], show: [z.value]}, dL/dw]",
              {"w": 0.5, "x": 3})  # fmt: skip
"""[[_, -0.182], [0.818, -1.223]], -0.547"""
LOCALS = sheet("h = x + 1; s = c @ h; L = s ** 2", "[local ds/dh, dL/ds, dL/dh]", {"x": [1, 3], "c": [3, -2]})
"""[3, -2], -4, [-12, 8]"""
SHARED = sheet("p = z * a; L = sum(p ** 3)", "[dL/dp, local dp/dz, dL/dz]", {"z": 0.5, "a": [1, 2, -1]})
"""[0.75, 3, 0.75], [1, 2, -1], 6"""
LOG = sheet("a = x - y; L = log(a)", "[a, L, dL/dx]", {"x": 5, "y": 2})
"""3, 1.099, 0.333"""

ROWS: list[tuple[str, Sheet, list[Any], str, Any, dict[str, Any]]] = [
    # what, sheet, answers, verdicts, expected from own and own values used of the last question
    ("a direct source", NEURON, [3, -3, ..., ..., ..., ..., ...], "wrong follow-through" + 5 * " correct", None, {}),
    ("several steps", NEURON, [3, -3, 0.047, 3.058, -0.953, 0.953, [1.906, 0.953]], "wrong" + 6 * " follow-through",
     [1.906, 0.953], {"1f": 0.953}),
    ("a slip on the way back", NEURON, [..., ..., ..., ..., ..., 0.5, [1, 0.5]],
     5 * "correct " + "wrong follow-through", [1, 0.5], {"1f": 0.5}),
    ("right from the true value", NEURON, [3, -2, 0.119, 2.127, -0.881, 0.881, ...], "wrong" + 6 * " correct", None,
     {}),
    ("both are own", TWO, [5, 2.5, 12.5], "wrong wrong follow-through", 12.5, {"1a": 5, "1b": 2.5}),
    ("one is own", TWO, [5, 2.5, 7.5], "wrong wrong follow-through", 7.5, {"1a": 5}),
    ("the other is own", TWO, [5, 2.5, 10], "wrong wrong follow-through", 10, {"1b": 2.5}),
    ("neither gives it", TWO, [5, 2.5, 11], "wrong wrong wrong", None, {}),
    ("a blank one is true", TWO, [None, 2.5, 10], "blank wrong follow-through", 10, {"1b": 2.5}),
    ("an unreadable one is true", TWO, ["five", 2.5, 10], "unreadable wrong follow-through", 10, {"1b": 2.5}),
    ("one of another shape is true", TWO, [[5, 6], 2.5, 10], "wrong wrong follow-through", 10, {"1b": 2.5}),
    ("a blank one is looked through", NEURON, [3, None, 0.047, None, None, None, None],
     "wrong blank follow-through blank blank blank blank", None, {}),
    ("blank ones are looked through", NEURON, [3, None, None, 3.049, None, None, [1.905, 0.953]],
     "wrong blank blank follow-through blank blank follow-through", [1.905148, 0.952574], {"1a": 3}),
    ("unreadable ones are looked through", NEURON, [3, "?", "p", 3.049, None, "?", [1.905, 0.953]],
     "wrong unreadable unreadable follow-through blank unreadable follow-through", [1.905148, 0.952574], {"1a": 3}),
    ("a right but rounded own value", FACTORS, [..., 2.5, 2.5], "correct wrong follow-through", 2.5, {"1b": 2.5}),
    ("an array", LAYER, [[5, 2], [5, 4], 9], "partial follow-through follow-through", 9, {"1b": [5, 4]}),
    ("most of an array", WIDE, [[6, 3, 2], [6, 6, 5]], "wrong partial", [6, 6, 4], {"1a": [6, 3, 2]}),
    ("half of an array", LAYER, [[6, 2], [6, 5], 11], "wrong wrong follow-through", 11, {"1b": [6, 5]}),
    ("a local derivative that is asked", SQUARED, [0.2, ..., 0.327, 0.981],
     "wrong correct follow-through follow-through", 0.981, {"1c": 0.327}),
    ("both factors of an edge", SQUARED, [0.2, 2, 0.4, 1.2], "wrong wrong follow-through follow-through", 1.2,
     {"1c": 0.4}),
    ("local derivatives in an array", LOCALS, [[2, 5], ..., [-8, -20]], "wrong correct follow-through", [-8, -20],
     {"1a": [2, 5]}),
    ("local derivatives that are summed", SHARED, [..., [1, 3, -1], 9], "correct partial follow-through", 9,
     {"1b": [1, 3, -1]}),
    ("a cell of a table", TABLE, [[[None, -0.2], [..., ...]], -0.6], "partial follow-through", -0.6,
     {"1a z.gradient": -0.2}),
    ("a value that no logarithm takes", LOG, [-3, 1.099, -0.333], "wrong correct follow-through", -1 / 3, {"1a": -3}),
]  # fmt: skip


@pytest.mark.parametrize(("what", "made", "answers", "verdicts", "expected", "used"), ROWS, ids=[r[0] for r in ROWS])
def test_own_earlier_answers_are_followed(
    what: str, made: Sheet, answers: list[Any], verdicts: str, expected: Any, used: dict[str, Any]
) -> None:
    told = [_filled(a, v) for a, v in zip(answers, made.values, strict=True)]
    found = made.marked(*told)
    assert " ".join(q.verdict for q in found) == verdicts
    assert found[-1].expected_from_own == (None if expected is None else pytest.approx(expected, abs=1e-4))
    assert found[-1].own_used == used


def _filled(answer: Any, value: Any) -> Any:
    """The key's cells where an answer is a table with `...` in it."""
    if isinstance(answer, list) and isinstance(value, list):
        return [_filled(a, v) for a, v in zip(answer, value, strict=False)] + answer[len(value) :]
    return value if answer is ... else answer


@pytest.mark.parametrize("row", ROWS, ids=[r[0] for r in ROWS])
def test_what_follows_earns_its_points(row: Any) -> None:
    _, made, answers, _, _, _ = row
    for q in made.marked(*[_filled(a, v) for a, v in zip(answers, made.values, strict=True)]):
        assert {"correct": q.points == q.of, "follow-through": q.points == q.of, "partial": 0 < q.points < q.of}.get(
            q.verdict, q.points == 0
        )
        assert (q.expected_from_own is None) == (q.own_used == {})
        assert (q.verdict == "follow-through") <= bool(q.own_used)


def test_every_verdict_that_follows_says_from_what() -> None:
    found = TWO.last(5, 2.5, 12.5)
    assert found.feedback == "Right from your own 1a = 5, 1b = 2.5: 12.5 is expected from there."
    assert found.reasons == [found.feedback]


def test_the_cells_of_a_table_follow_each_other() -> None:
    table = TABLE.marked([[None, -0.2], [0.8, -1.25]], -0.6)[0]
    assert table.verdict == "partial" and table.points == pytest.approx(2 / 3)
    assert table.own_used == {"1a p.value": 0.8, "1a p.gradient": -1.25}
    assert "Wrong cells: p.value." in table.feedback


def test_own_values_are_used_though_they_are_rounded() -> None:
    """What is right is taken as it was written, beside what is wrong."""
    made = sheet("a = exp(x); b = y * x; f = a * b", "[a, b, f]", {"x": 3, "y": 0.5})
    found = made.last(20.086, 2.5, 50.215)
    assert (found.verdict, found.expected_from_own) == ("follow-through", pytest.approx(20.086 * 2.5))
    assert found.own_used == {"1b": 2.5}


def test_what_follows_is_tolerant_of_rounding_on_the_way() -> None:
    made = sheet("z = w * x; p = sigmoid(z); L = 20 * p ** 2", "[z, L]", {"w": 0.5, "x": 3})
    assert made.last(1, 10.688).verdict == "follow-through", "20 * sigmoid(1) ** 2"
    assert made.last(1, 10.687).verdict == "follow-through", "20 * 0.731 ** 2"
    assert made.last(1, 10.74).verdict == "wrong"


def test_at_most_sixteen_sets_of_own_answers_are_tried_and_all_of_them_is_one() -> None:
    lines = "; ".join(f"a{i} = x{i} + 1" for i in range(6))
    made = sheet(f"{lines}; f = {' + '.join(f'a{i}' for i in range(6))}", "[a0, a1, a2, a3, a4, a5, f]",
                 {f"x{i}": 2**i for i in range(6)})  # fmt: skip
    own = [v + 100 for v in made.values[:6]]
    assert made.last(*own, sum(own)).verdict == "follow-through"
    assert made.last(*own, sum(made.values[:6]) + 100).verdict == "follow-through"


# guards


def easier(q: QuestionReport) -> bool:
    return q.verdict == "review" and q.points == 0 and "easier" in q.reasons[0]


@pytest.mark.parametrize(
    ("made", "answers"),
    [
        (TWO, [0, ..., 0]),
        (TWO, [1, ..., 1.5]),
        (NEURON, [0, 0, ..., ..., ..., ..., ...]),
        (LAYER, [[0, 0], [0, 0], ...]),
        (LAYER, [[6, 3], [6, 6], ...]),
        (sheet("a = x + 1; b = y * x; f = a * b", "[a, b, df/da, df/db]", {"x": 3, "y": 0.5}), [1.5, ..., ..., 1.5]),
    ],
    ids=["zero", "a copy", "zero at once", "zeros", "one number everywhere", "factor-swapped gives the same"],
)
def test_own_values_that_make_it_easier_go_to_a_person(made: Sheet, answers: list[Any]) -> None:
    report = made.report(*answers)
    assert any(easier(q) for q in report.questions.values()), report
    assert report.provisional


@pytest.mark.parametrize(
    ("made", "answers", "word"),
    [
        (NEURON, [..., ..., 1.2, -0.182, 0.2, ..., ...], "no possible value"),
        (NEURON, [..., ..., -0.5, ..., -1.5, ..., ...], "no possible value"),
        (NEURON, [5000, -5000, ..., ..., ..., ..., ...], "far too large"),
        (TWO, [..., 2000, 8000], "far too large"),
        (TWO, [-5000, ..., -7500], "far too large"),
    ],
)
def test_impossible_own_values_go_to_a_person(made: Sheet, answers: list[Any], word: str) -> None:
    found = [q for q in made.marked(*answers) if q.verdict == "review"]
    assert found and all(q.points == 0 and word in q.feedback and q.own_used for q in found)


@pytest.mark.parametrize("answers", [[..., 1499, 5996], [3999, ..., 5998.5], [-3, ..., -4.5]])
def test_large_own_values_are_followed_up_to_a_thousand_times(answers: list[Any]) -> None:
    assert TWO.last(*answers).verdict == "follow-through"


def test_a_guard_is_silent_where_the_true_value_is_as_easy() -> None:
    """The sum of one's own array is no easier where the array holds one number; a zero that is true is no zero."""
    assert LAYER.last([6, 3], [6, 6], 12).verdict == "follow-through"
    made = sheet("a = x - y; b = a * x; f = b + a * a", "[a, b, f]", {"x": 3, "y": 3})
    assert made.last(2, ..., 4).verdict == "follow-through"


def test_nothing_is_followed_where_the_answer_is_not_right_from_there() -> None:
    assert NEURON.verdicts(0, 5, ..., ..., ..., ..., ...).split()[:2] == ["wrong", "wrong"]


# kinks and jumps

KINK = sheet("z = w * x - 1; L = abs(z) * 3", "[z, dL/dz]", {"w": 2, "x": 3})
TIE = sheet("a = 2 * x; b = x + 2; m = maximum(a, b) * 3; L = m * x", "[a, b, dL/da]", {"x": 3})
LARGEST = sheet("h = x + 1; m = max(h); L = m * 5", "[h, dL/dh]", {"x": [1, 2, 0]})


@pytest.mark.parametrize(
    ("made", "answers"),
    [
        (KINK, [0, 3]),
        (KINK, [0, -3]),
        (TIE, [5, 5, 9]),
        (TIE, [5, 5, 4.5]),
        (LARGEST, [[3, 3, 1], [5, 0, 0]]),
        (LARGEST, [[3, 3, 1], [0, 5, 0]]),
        (LARGEST, [[3, 3, 1], [2.5, 2.5, 0]]),
        (LARGEST, [[3, 3, 3], [0, 0, 5]]),
    ],
)
def test_on_a_kink_either_side_is_right_and_so_is_the_printed_convention(made: Sheet, answers: list[Any]) -> None:
    assert made.last(*answers).verdict in ("correct", "follow-through", "review"), made.last(*answers).feedback


@pytest.mark.parametrize(
    ("made", "answers"), [(KINK, [0, 2]), (KINK, [0, -1]), (TIE, [5, 5, 7]), (LARGEST, [[3, 3, 1], [4, 1, 0]])]
)
def test_on_a_kink_nothing_between_the_sides_is_right(made: Sheet, answers: list[Any]) -> None:
    found = made.last(*answers)
    assert (found.verdict, found.points) == ("wrong", 0), found.feedback


STEEP = sheet("z = w * x; p = sigmoid(z); L = -log(p)", "[z, L]", {"w": 2, "x": 1})
"""2, 0.127; at z = -8 the probability is 0 in three decimals, whose logarithm rounding moves without end."""


@pytest.mark.parametrize(("z", "answer"), [(-8, -5), (-8, 0.5), (-8, 7), (-8, 1000), (-7.2, 8.2), (-7.2, 6.4)])
def test_a_tolerance_from_own_values_has_bounds(z: float, answer: float) -> None:
    assert STEEP.last(z, answer).verdict in ("wrong", "review"), STEEP.last(z, answer).feedback


@pytest.mark.parametrize("z", [-5, -7.2, -8, -24])
def test_what_is_exactly_right_from_own_values_is_never_wrong(z: float) -> None:
    assert STEEP.last(z, round(math.log(1 + math.exp(-z)), 3)).verdict in ("follow-through", "review")


SOFTMAX = sheet("p = softmax(z); L = -sum(t * log(p))", "[p, L, dL/dz]", {"z": [1, 2, 0], "t": [0, 1, 0]})
"""[0.245, 0.665, 0.090], 0.408, [0.245, -0.335, 0.090]"""


@pytest.mark.parametrize("p", [0, 0.0003, None])
def test_a_probability_that_is_rounded_to_nothing_takes_nothing_away(p: float | None) -> None:
    """From z = 8 all that follows is right; that p is 0 in the asked digits is no reason against it."""
    found = NEURON.marked(8, -8, p, 8, -1, 1, [2, 1])
    assert [q.verdict for q in found[3:]] == [q.verdict for q in NEURON.marked(8, -8, None, 8, -1, 1, [2, 1])[3:]]


def test_a_probability_of_zero_that_the_label_does_not_ask_for_is_no_reason_either() -> None:
    found = SOFTMAX.marked([0, 0.999, 0.001], 0.001, [0, -0.001, 0.001])
    assert all(q.verdict in ("follow-through", "review") for q in found[1:]), [q.feedback for q in found]


# what a bank may say, and a key that was changed


@pytest.mark.parametrize(("share", "verdict"), [(1, "follow-through"), (0.5, "follow-through"), (0, "wrong")])
def test_a_bank_tells_what_following_through_earns(share: float, verdict: str) -> None:
    made = sheet("a = x + 1; b = y * x; f = a * b", "[a, b, f]", {"x": 3, "y": 0.5}, follow_through=share)
    found = made.last(5, 2.5, 12.5)
    assert (found.verdict, found.points) == (verdict, share)
    assert (found.expected_from_own is None) == (share == 0)
    assert made.verdicts(..., ..., ...) == "correct correct correct"


def test_an_ask_may_say_otherwise_than_its_problem() -> None:
    asks = "[forward: [a, b], forward: {of: f, follow_through: 0.5}]"
    made = sheet("a = x + 1; b = y * x; f = a * b", asks, {"x": 3, "y": 0.5}, points=3)
    assert made.last(5, 2.5, 12.5).points == 0.5


def test_a_share_counts_for_what_is_partly_right_from_own_values() -> None:
    made = sheet("h = W @ x; y = h * u", "[h, y]", {"W": [[1, 2], [3, -1], [2, 1]], "x": [1, 2], "u": [1, 2, 2]},
                 follow_through=0.5)  # fmt: skip
    assert made.last([6, 3, 2], [6, 6, 4]).points == 0.5
    assert made.last([6, 3, 2], [6, 6, 5]).points == pytest.approx(1 / 3)


def test_a_key_changed_by_hand_stands_for_itself() -> None:
    made = TWO.changed("1c", value=7)
    assert made.verdicts(..., ..., 7) == "correct correct correct"
    assert made.verdicts(..., ..., 6) == "correct correct wrong"
    found = made.last(5, 2.5, 12.5)
    assert (found.verdict, found.own_used, found.diagnoses) == ("wrong", {}, [])
    assert made.last(7, 2.5, 7).verdict == "correct"


# sources


TWICE = sheet(
    "z = w * x; q = y * z; p = sigmoid(q); L = -log(p)",
    "[z, q, p, dL/dq, {table: {rows: [z, p], show: [z.value, z.gradient, p.gradient]}}]",
    {"w": 1, "x": -2, "y": -1},
)


@pytest.mark.parametrize("cell", [None, ..., "0.125", 0.047, "dunno"])
def test_a_quantity_that_is_asked_twice_may_be_taken_from_either_answer(cell: Any) -> None:
    """What stands in the table's cell of p takes nothing from who went on from the p of question 1c."""
    table = cell if cell is ... else [[None, None], [cell, None]]
    found = TWICE.marked(..., ..., 0.047, -0.953, table)[3]
    assert (found.verdict, found.points) == ("follow-through", found.of)


@pytest.mark.parametrize(("value", "verdict"), [(-0.875, "follow-through"), (-0.119, "correct"), (-0.5, "wrong")])
def test_a_quantity_that_is_right_once_may_be_taken_from_the_table(value: float, verdict: str) -> None:
    assert TWICE.marked(..., ..., ..., value, [[None, None], [0.125, None]])[3].verdict == verdict


def charts(name: str) -> list[Chart]:
    [(_, key)] = Maker(Plan(load(name), "cycle", "e")).tests([Student("ada", "")])
    assert key.sheet
    return [chart_of(p) for p in key.sheet.problems if p.mapping]


@pytest.mark.parametrize("name", sorted(available()))
def test_no_answer_is_worked_out_from_itself(name: str) -> None:
    for chart in charts(name):
        assert_no_cycle(chart)


@pytest.mark.parametrize("made", [NEURON, TWO, SQUARED, LOCALS, TABLE, LARGEST])
def test_no_item_is_above_itself(made: Sheet) -> None:
    assert made.key.sheet
    assert_no_cycle(chart_of(made.key.sheet.problems[0]))


def assert_no_cycle(chart: Chart) -> None:
    for tape in range(len(chart.issued.tapes)):
        sources = [set(chart.sources(tape, i)) for i in range(len(chart.items))]
        left = set(range(len(sources)))
        while free := {i for i in left if not sources[i] & left}:
            left -= free
        assert not left, [chart.items[i] for i in left]
