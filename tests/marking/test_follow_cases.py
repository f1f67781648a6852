"""Follow-through from slips of every size: what follows, what a person decides, and what is simply wrong."""

from typing import Any

import pytest
from marked import Sheet, sheet
from test_follow_through import KINK, LARGEST, LAYER, NEURON, SOFTMAX, TWO

from t1gen.marking.mark import mark, mark_all
from t1gen.marking.numeric import judge

TABLE = sheet("z = w * x; p = sigmoid(z); q = p * p; L = -log(q)", "[table: {rows: [z, p, q], show: [z.value]}, dL/dw]",
              {"w": 0.5, "x": 3})  # fmt: skip
"""[[_, -0.365], [0.818, -2.446], [0.668, -1.496]], -1.095"""
DISTANCE = sheet("d = x - y; n = sqrt(d @ d); L = 10 / n", "[d, n, L, dn/dd, dL/dd]", {"x": [4, 5], "y": [1, 1]})
"""[3, 4], 5, 2, [0.6, 0.8], [-0.24, -0.32]"""
ZERO = sheet("a = x - y; b = a * x; c = b + 1; f = c * a", "[a, b, c, f]", {"x": 3, "y": 3})
"""0, 0, 1, 0"""
STEP = sheet("z = w * x - 1; s = sign(z); L = s * x + z", "[z, s, L]", {"w": 2, "x": 3})
"""5, 1, 8"""
EXP = sheet("a = exp(x); b = a * y; L = log(b)", "[a, b, L, da/dx, db/dx]", {"x": 1, "y": 2})
"""2.718, 5.437, 1.693, 2.718, 5.437"""
RATIO = sheet("a = x / y; b = a - 1; c = b / a", "[a, b, c, dc/da, dc/dx]", {"x": 3, "y": 2})
"""1.5, 0.5, 0.333, 0.444, 0.222"""
SQUARES = sheet("h = W @ x; a = tanh(h); s = sum(a * u); L = s ** 2", "[h, a, local ds/da, dL/ds, dL/da, dL/dh]",
                {"W": [[0.5, 0.2], [0.3, -0.4]], "x": [1, 2], "u": [2, -1]})  # fmt: skip
"""[0.9, -0.5], [0.716, -0.462], [2, -1], 3.789, [7.579, -3.789], [3.690, -2.980]"""
WHOLE = sheet("a = x + 1; b = y * x; f = a * b", "[a, b, f]", {"x": 7, "y": 3}, decimals=0)
"""8, 21, 168"""

SIGMOID = sheet("z = w * x; p = sigmoid(z); L = p ** 2", "[z, p, dL/dp, dL/dz, dL/dw]", {"w": 0.5, "x": 3})
"""1.5, 0.818, 1.635, 0.244, 0.732"""
TENTH = sheet("a = x / y; b = a * x", "[a, b]", {"x": 7, "y": 3}, decimals=1)
"""2.3, 16.3"""
EIGHTH = sheet("a = x / y", "[a]", {"x": 1, "y": 8})

UNIT = sheet("a = x - y; b = a * z; c = b + a", "[a, b, c]", {"x": 3, "y": 2, "z": 5})
"""1, 5, 6"""
POWER = sheet("a = x - y; b = exp(a); c = b * y", "[a, b, c]", {"x": 3, "y": 2})
"""1, 2.718, 5.437"""
CURVE = sheet("z = w * x; p = sigmoid(z); q = p * x", "[z, p, q]", {"w": 1, "x": 2})
"""2, 0.881, 1.762"""
CURVES = sheet("z = w * x; p = sigmoid(z); L = sum(p)", "[z, p, dL/dz]", {"w": 0.5, "x": [3, 2, 4]})
"""[1.5, 1, 2], [0.818, 0.731, 0.881], [0.149, 0.197, 0.105]"""
SQUARE = sheet("z = w * x; L = z * z", "[z, local dL/dz, dL/dw]", {"w": 0.5, "x": 3})
"""1.5, 3, 9"""
SOFTPLUS = sheet("z = w * x; L = log(1 + exp(z))", "[local dL/dz, dL/dw]", {"w": 0.5, "x": 3})
"""0.818, 2.453"""

EASIER, IMPOSSIBLE = "easier than it was", "no possible value"
CASES: list[tuple[str, Sheet, list[Any], str, list[float], dict[int, str]]] = [
    # what, sheet, answers, verdicts, points, what some feedback says
    ("the other sign of a vector", DISTANCE, [[-3, -4], 5, 2, [-0.6, -0.8], [0.2, 0.3]],
     "wrong correct correct follow-through wrong", [0, 1, 1, 1, 0],
     {3: "Right from your own 1a = [-3, -4]: [-0.6, -0.8] is expected"}),
    ("a right value that contradicts the slip", RATIO, [-1.5, -2.5, 1, -0.444, -0.222],
     "wrong follow-through wrong follow-through follow-through", [0, 1, 0, 1, 1], {}),
    ("next to nothing, copied", NEURON, [None, None, 0.119, 2.129, -0.002, 0.002, [0.04, 0.02]],
     "blank blank correct correct wrong review wrong", [0, 0, 1, 1, 0, 0, 0], {5: EASIER}),
    ("next to nothing, twice", NEURON, [..., ..., ..., ..., 0.001, -0.001, [-0.002, -0.001]],
     "correct correct correct correct wrong review review", [1, 1, 1, 1, 0, 0, 0], {5: EASIER, 6: EASIER}),
    ("next to nothing in an array", SQUARES,
     [None, [0.004, 0.004], [2, -1], 0.008, [0.016, -0.008], [0.016, -0.008]],
     "blank wrong correct review follow-through review", [0, 0, 1, 0, 1, 0], {3: EASIER, 5: EASIER}),
    ("a one is no zero", NEURON, [-1, 1, 0.731, 0.313, -0.269, 0.269, [0.538, 0.269]],
     "wrong" + 6 * " follow-through", [0, 1, 1, 1, 1, 1, 1], {1: "Right from your own 1a = -1: 1 is expected"}),
    ("a copy of a given", ZERO, [0, 2, 3, 0], "correct wrong review correct", [1, 0, 0, 1], {2: EASIER}),
    ("what a mistake gives as well", EXP, [2, 6, 1.793, 2, 4], "wrong wrong wrong follow-through review",
     [0, 0, 0, 1, 0], {4: EASIER}),
    ("the very bound of what is possible", EXP, [0, 0, "?", 0, 0], "wrong review unreadable review review", [0] * 5,
     {1: EASIER, 3: EASIER, 4: EASIER}),
    ("the very bound of a probability", TABLE, [[[None, 0], [1, 0], [1, 0]], 0], "review review", [0, 0],
     {0: "Right from your own 1a p.value = 1, 1a q.gradient = 0, which makes", 1: "your own 1a z.gradient = 0, which"}),
    ("beyond what is possible", TABLE, [[[None, ...], [1.2, -1.667], [1.44, -0.694]], ...], "review correct", [0.4, 1],
     {0: IMPOSSIBLE}),
    ("the cells of a table", TABLE, [[[None, -0.2439], [0.8176, -1.6352], [1, -1]], -0.7317], "review follow-through",
     [0.6, 1], {0: EASIER, 1: "Right from your own 1a z.gradient = -0.2439: -0.7317 is expected"}),
    ("the cells of a table, coarsely", TABLE, [[[None, -0.07], [0.82, -0.44], [0.67, -1.49]], -0.21],
     "partial follow-through", [0.4, 1], {0: "Partly right from your own 1a p.gradient = -0.44"}),
    ("nothing, and what follows from nothing", LARGEST, [[0, 0, 0], [0, -5, 0]], "wrong wrong", [0, 0], {}),
    ("one side of a kink, and a little more", KINK, [0, 0.005], "wrong wrong", [0, 0], {}),
    ("a step is no kink", STEP, [1, None, 10], "wrong blank wrong", [0, 0, 0], {2: "10 is not within 0.0005 of 8"}),
    ("too small by far in one place", NEURON, [0.002, -0.002, 0.5, 0.693, "?", -0.5, [-1, -0.5]],
     "wrong review follow-through follow-through unreadable wrong follow-through", [0, 0, 1, 1, 0, 0, 1],
     {5: "Right is dL_dp = -(1 / p) = -(1 / 0.5) = -2."}),
    ("one digit fewer, and the sign", NEURON, [None, -2, 0.12, 21.27, -0.88, 0.88, [-1.76, -0.88]],
     "blank correct partial wrong correct correct wrong", [0, 1, 0.5, 0, 1, 1, 0],
     {2: "Rounded too coarsely: 3 decimals are asked, which gives 0.119.", 6: "This is the right answer times -1."}),
    ("one digit fewer of an array", SOFTMAX, [[0.244, 0.665, 0.09], ..., [0, 0, 0]], "partial correct wrong",
     [0.8333, 1, 0], {0: "Rounded too coarsely: 3 decimals are asked, which gives [0.245, 0.665, 0.09]."}),
    ("whole numbers are no rounding of others", WHOLE, [None, 20, 60.5], "blank wrong wrong", [0, 0, 0], {}),
    ("tens are no rounding of whole numbers", WHOLE, [10, ..., "?"], "wrong correct unreadable", [0, 1, 0], {}),
    ("the very edge of a tolerance", WHOLE, [8.5, 21.5, 712.725], "correct correct wrong", [1, 1, 0], {}),
    ("an equal rule from another z than p is of", SIGMOID, [3, ..., ..., 0.074, 0.222],
     "wrong correct correct wrong follow-through", [0, 1, 1, 0, 1], {}),
    ("an equal rule from the z that p is of", SIGMOID, [3, 0.953, ..., 0.073, 0.219],
     "wrong follow-through correct follow-through follow-through", [0, 1, 1, 1, 1],
     {3: "Right from your own 1b = 0.953: 0.07324 is expected"}),
    ("an equal rule from a z and what comes from above", SIGMOID, [3, ..., 1.7, 0.0768, ...],
     "wrong correct wrong follow-through correct", [0, 1, 0, 1, 1],
     {3: "Right from your own 1a = 3, 1c = 1.7: 0.0768"}),
    ("zeros and ones", LAYER, [..., [1, 0], 1], "correct wrong review", [1, 0, 0], {2: EASIER}),
    ("one digit fewer than one", TENTH, [2, 14], "partial follow-through", [0.5, 1],
     {0: "Rounded too coarsely: 1 decimals are asked, which gives 2.3."}),
    ("half of a digit, up", EIGHTH, [0.13], "partial", [0.5], {0: "Rounded too coarsely"}),
    ("half of a digit, down", EIGHTH, [0.12], "partial", [0.5], {0: "Rounded too coarsely"}),
    ("nothing, where the true value is a copy of a given", UNIT, [0, 0, ...], "wrong review correct", [0, 0, 1],
     {1: EASIER}),
    ("a one from nothing", POWER, [0, 1, ...], "wrong review correct", [0, 0, 1], {1: EASIER}),
    ("next to nothing from what is no oddity", CURVE, [-7, 0.001, 0.002], "wrong follow-through follow-through",
     [0, 1, 1], {1: "Right from your own 1a = -7: 0.00091105 is expected"}),
    ("an equal rule, where the usual one fits in most places", CURVES,
     [[3, 0.405, -2], [0.5, 0.6, 0.119], [0.045, 0.24, 0.105]], "wrong partial follow-through", [0, 0.6667, 1],
     {2: "Right from your own 1a = [3, 0.405, -2]: [0.045177, 0.24002, 0.10499]"}),
    ("a local derivative by two edges", SQUARE, [2, 4, 12], "wrong follow-through follow-through", [0, 1, 1], {}),
    ("a local derivative of a long line", SOFTPLUS, [0.9, 2.7], "wrong follow-through", [0, 1],
     {1: "Right from your own 1a = 0.9: 2.7 is expected"}),
    ("a blank one is no number", TWO, [None, None, 6], "blank blank correct", [0, 0, 1], {}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("what", "made", "answers", "verdicts", "points", "told"), CASES, ids=[case[0] for case in CASES]
)
def test_a_slip_is_followed_as_it_should_be(
    what: str, made: Sheet, answers: list[Any], verdicts: str, points: list[float], told: dict[int, str]
) -> None:
    found = made.marked(*_filled(answers, made.values))
    assert " ".join(q.verdict for q in found) == verdicts
    assert [q.points for q in found] == [pytest.approx(p, abs=1e-4) for p in points]
    for at, text in told.items():
        assert text in found[at].feedback


def _filled(answer: Any, value: Any) -> Any:
    """The key's values where an answer is `...`, in tables too."""
    if isinstance(answer, list) and isinstance(value, list) and len(answer) == len(value):
        return [_filled(a, v) for a, v in zip(answer, value, strict=True)]
    return value if answer is ... else answer


def _off(value: Any) -> Any:
    """Another answer of the same shape."""
    return [_off(v) for v in value] if isinstance(value, list) else value + 0.31


def test_sets_of_own_answers_are_tried_from_the_smallest_on() -> None:
    """Of six: each alone, the first nine pairs, and all."""
    lines = "; ".join(f"a{i} = x{i} + 1" for i in range(6))
    made = sheet(f"{lines}; f = {' + '.join(f'a{i}' for i in range(6))}", "[a0, a1, a2, a3, a4, a5, f]",
                 {f"x{i}": 2**i for i in range(6)})  # fmt: skip
    slips = [100 * 2**i for i in range(6)]
    own = [v + slip for v, slip in zip(made.values, slips, strict=False)]
    follows = {
        used: made.last(*own, made.values[-1] + sum(slips[i] for i in used)).verdict == "follow-through"
        for used in ((5,), (0, 1), (1, 5), (2, 3), (4, 5), (0, 1, 2), (0, 1, 2, 3, 4, 5))
    }
    assert [used for used, one in follows.items() if one] == [(5,), (0, 1), (1, 5), (0, 1, 2, 3, 4, 5)]


def test_a_class_that_slips_differently_is_marked_as_each_alone() -> None:
    """Nobody's own values are taken for somebody else's, nor what follows from them."""
    told = [(made, _filled(answers, made.values)) for _, made, answers, *_ in CASES]
    told += [(made, [*answers[:-1], _off(made.values[-1])]) for made, answers in told]
    pairs = [(made.submission(*answers), made.key) for made, answers in told]
    for (submission, key), marked in zip(pairs, mark_all(pairs), strict=True):
        assert isinstance(marked, tuple) and marked[0] == mark(submission, key)[0]


@pytest.mark.parametrize("x", [3, [3, 1]])
def test_a_class_with_numbers_of_their_own_is_marked_as_each_alone(x: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody goes on from the numbers of everybody else, with all answers, without the first, or the second."""
    judged: list[int] = []
    monkeypatch.setattr("t1gen.marking.mark.judge", lambda papers: judged.append(len(papers)) or judge(papers))
    made = [sheet("z = w * x - 3; p = sigmoid(z); L = sum(p + abs(z))", "[z, p, dL/dz, dL/dw]", {"w": w, "x": x})
            for w in (0.5, 2, 0, -1, 2500)]  # fmt: skip
    pairs = []
    for mine in made:
        for other in made:
            first, second, *rest = other.values
            for answers in ((first, second, *rest), (None, second, *rest), (first, None, *rest)):
                pairs.append((mine.submission(*answers), mine.key))
    reports = [mark(submission, key)[0] for submission, key in pairs]
    judged.clear()
    assert [marked[0] for marked in mark_all(pairs) if isinstance(marked, tuple)] == reports
    assert judged == [len(pairs)], "all in one evaluation"
    verdicts = {q.verdict for report in reports for q in report.questions.values()}
    assert verdicts >= {"correct", "follow-through", "review", "wrong", "blank"}
