"""Every listed mistake is named where a student makes it: at one place or everywhere, from true or from own values."""

from typing import Any

import numpy as np
import pytest
import yaml
from marked import Sheet, sheet

from t1gen.data import folder
from t1gen.files import QuestionReport
from t1gen.mistakes import MISTAKES, RULES
from t1gen.problems.misconceptions import MISCONCEPTIONS

WORDING = yaml.safe_load((folder("templates") / "text" / "en" / "wording.yaml").read_text(encoding="utf-8"))


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def written(value: Any) -> Any:
    """A value as a student writes it: 3 decimals."""
    return np.round(value, 3).tolist()


CHAIN = sheet("a = sin(x); b = exp(a); f = b ** 3", "[df/dx]", {"x": 0.7})
STEPS = sheet("a = sin(x); b = exp(a); f = b ** 3", "[df/db, df/da, df/dx]", {"x": 0.7})
A = np.sin(0.7)
B = np.exp(A)

FAN = sheet("a = x * y; f = a * sin(a + x)", "[df/da, df/dx]", {"x": 2, "y": 3})

NEURON = sheet("z = w @ x; q = y * z; p = sigmoid(q); L = -log(p)", "[q, p, L, dL/dq, dL/dz, dL/dw]",
               {"w": [0.5, 1], "x": [2, 1], "y": -1})  # fmt: skip
P = sigmoid(-2)

SAMPLES = np.array([[1, 2], [-1, 1], [2, -1]])
LABELS = np.array([1, -1, 1])
Q = LABELS * (SAMPLES @ [0.5, 1])
DZ = LABELS * sigmoid(-Q) / 3
MEAN = sheet("z = X @ w; q = y * z; p = sigmoid(q); L = mean(log(p))", "[L, dL/dz, dL/dw]",
             {"X": SAMPLES.tolist(), "w": [0.5, 1], "y": LABELS.tolist()})  # fmt: skip
Z = SAMPLES @ [0.5, 1]
SUM = sheet("z = X @ w; L = sum(z ** 2)", "[L, dL/dz, dL/dw]", {"X": SAMPLES.tolist(), "w": [0.5, 1]})

W, X = np.array([[1, 2], [3, -1]]), np.array([1, 2])
V = 2 * W @ X
LAYER = sheet("y = W @ x; L = sum(y ** 2)", "[y, dL/dy, dL/dx, dL/dW]", {"W": W.tolist(), "x": X.tolist()})
C, G = np.array([[1, 2, 0], [3, -1, 1]]), np.array([[1, -1], [2, 3]])
GRAM = sheet("Y = X @ X.T", "['vjp of Y wrt X with v=[[1, -1], [2, 3]]']", {"X": C.tolist()})
R = np.array([2.0, -1, 3, -2])
U = np.array([1.0, 2, -3, -1])
RELU = sheet("y = relu(x)", "['vjp of y wrt x with v=v']", {"x": R.tolist(), "v": U.tolist()})
BIAS = sheet("Y = X + b; L = sum(Y ** 2)", "[dL/dY, dL/db]", {"X": C.tolist(), "b": [1, 2, 3]})
S = np.exp([1, 2, 0]) / np.exp([1, 2, 0]).sum()
T = np.array([1.0, -2, 3])
SOFT = sheet("p = softmax(z); L = t @ p", "[dL/dz]", {"z": [1, 2, 0], "t": T.tolist()})
LOGS = sheet("L = log(x) * c", "[L, dL/dx]", {"x": 3, "c": 5})

WV, XV = np.array([2.0, -1]), np.array([1.0, 3])
DESCENT = sheet("L = (w @ x) ** 2", "['w after 1 step on L wrt w, alpha=0.1']", {"w": WV.tolist(), "x": XV.tolist()})
TWICE = sheet("L = (w @ x) ** 2", "['w after 2 steps on L wrt w, alpha=0.1']", {"w": WV.tolist(), "x": XV.tolist()})
GRAD = 2 * (WV @ XV) * XV
UV = np.array([1.0, 2])
PAIR = sheet("L = (u @ x) * (w @ x)", "['w after 1 step on L wrt (u, w), alpha=0.1']",
             {"u": UV.tolist(), "w": WV.tolist(), "x": XV.tolist()})  # fmt: skip
D = np.array([1.0, -2])
TURN = {"W": W.tolist(), "x": X.tolist()}
FORWARD = sheet("y = W @ x; f = y ** 2", "['jvp of f with dx=[1, -2]']", TURN)
BACKWARD = sheet("y = W @ x; f = y ** 2", "['vjp of f wrt x with v=[1, -2]']", TURN)
JACOBIAN = sheet("y = W @ x; f = y ** 2", "[jacobian of f wrt x]", TURN)

ROWS: list[tuple[str, Sheet, int, dict[int, Any], str]] = [
    # rule, sheet, place of the question, what is answered by place (the others are blank), right line
    ("upstream-forgotten", CHAIN, 0, {0: np.cos(0.7)}, "df_dx = df_da * cos(x) = 20.723 * cos(0.7) = 15.85"),
    ("upstream-forgotten", CHAIN, 0, {0: B * np.cos(0.7)}, "df_da = df_db * b"),
    ("upstream-forgotten", STEPS, 1, {1: B}, "df_da = df_db * b = 10.881 * 1.9045 = 20.723"),
    ("upstream-forgotten", STEPS, 1, {0: 5, 1: B}, "df_da = df_db * b = 10.881 * 1.9045"),
    ("local-forgotten", CHAIN, 0, {0: 3 * B**2 * np.cos(0.7)}, "df_da = df_db * b"),
    ("local-forgotten", CHAIN, 0, {0: 3 * B**3}, "df_dx = df_da * cos(x)"),
    ("local-forgotten", CHAIN, 0, {0: 1}, "df_db = 3 * b**2"),
    ("local-forgotten", STEPS, 2, {0: 5, 1: 9.5, 2: 9.5}, "df_dx = df_da * cos(x) = 9.5 * cos(0.7) = 7.266"),
    ("fan-out-overwritten", FAN, 0, {0: np.sin(8)}, "df_da = df_da_1 + df_da_2 = 0.98936 + -0.873 = 0.11636"),
    ("fan-out-overwritten", FAN, 0, {0: 6 * np.cos(8)}, "df_da = df_da_1 + df_da_2"),
    ("fan-out-overwritten", FAN, 1, {1: 6 * np.cos(8)}, "df_dx = df_dx_1 + df_dx_2"),
    ("fan-out-overwritten", FAN, 1, {0: 0.989, 1: 0.989 * 3}, "df_dx = df_dx_1 + df_dx_2"),
    ("fan-out-overwritten", FAN, 1, {1: 3 * 6 * np.cos(8)}, "df_da = df_da_1 + df_da_2"),
    ("sign-lost", NEURON, 0, {0: 2}, "q = y * z = -1 * 2 = -2"),
    ("sign-lost", NEURON, 2, {2: np.log(P)}, ""),
    ("sign-lost", NEURON, 3, {3: 1 - P}, ""),
    ("sign-lost", NEURON, 4, {4: P - 1}, "dL_dz = dL_dq * y"),
    ("sign-lost", NEURON, 4, {3: -0.5, 4: -0.5}, "dL_dz = dL_dq * y = -0.5 * -1 = 0.5"),
    ("one-sample", MEAN, 0, {0: np.log(sigmoid(Q))[0]}, "L = mean(log(p))"),
    ("one-sample", MEAN, 0, {0: np.log(sigmoid(Q))[-1]}, "L = mean(log(p))"),
    ("one-sample", MEAN, 1, {1: 3 * DZ * [1, 0, 0]}, ""),
    ("one-sample", MEAN, 2, {2: 3 * DZ[0] * SAMPLES[0]}, ""),
    ("mean-for-sum", SUM, 0, {0: (Z**2).mean()}, "L = sum(z**2) = sum([2.5, 0.5, 0]**2) = 6.5"),
    ("mean-for-sum", SUM, 1, {1: 2 * Z / 3}, ""),
    ("sum-for-mean", MEAN, 0, {0: np.log(sigmoid(Q)).sum()}, "L = mean(log(p))"),
    ("sum-for-mean", MEAN, 2, {2: 3 * DZ @ SAMPLES}, ""),
    ("factor-swapped", NEURON, 5, {5: (1 - P) * np.array([0.5, 1])}, "dL_dw = dL_dz * x = 0.8808 * [2, 1]"),
    ("factor-swapped", NEURON, 5, {4: 0.5, 5: [0.25, 0.5]}, "dL_dw = dL_dz * x = 0.5 * [2, 1] = [1, 0.5]"),
    ("square-two-forgotten", SUM, 1, {1: Z}, "dL_dz = 2 * z"),
    ("square-two-forgotten", SUM, 2, {2: Z @ SAMPLES}, "dL_dz = 2 * z"),
    ("weights-transposed", LAYER, 0, {0: W.T @ X}, "y = W @ x = [[1, 2], [3, -1]] @ [1, 2] = [5, 1]"),
    ("weights-transposed", LAYER, 2, {0: W @ X, 1: V, 2: W @ V}, "dL_dx = W.T @ dL_dy"),
    ("weights-transposed", LAYER, 2, {2: 2 * W.T @ (W.T @ X)}, ""),
    ("operands-swapped", LAYER, 2, {0: W @ X, 1: V, 2: np.outer(V, X)}, ""),
    ("operands-swapped", LAYER, 3, {0: W @ X, 1: V, 3: W.T @ V}, ""),
    ("operands-swapped", LAYER, 3, {1: [1, 3], 3: W.T @ [1, 3]}, ""),
    ("product-reversed", LAYER, 3, {0: W @ X, 1: V, 3: np.outer(X, V)}, "dL_dW = outer(dL_dy, x)"),
    ("v-plus-vT", GRAM, 0, {0: G + G.T}, ""),
    ("sigmoid-at-output", NEURON, 3, {0: -2, 1: P, 3: -1 / P * sigmoid(P) * (1 - sigmoid(P))}, "dL_dq = "),
    ("sigmoid-at-sigmoid", NEURON, 3, {3: -1 / P * sigmoid(sigmoid(P)) * (1 - sigmoid(sigmoid(P)))}, "dL_dq = "),
    ("sigmoid-of-input", NEURON, 3, {3: -1 / P * -2 * 3}, "dL_dq = dL_dp * (p * (1 - p))"),
    ("relu-mask-flipped", RELU, 0, {0: U * (R < 0)}, ""),
    ("relu-mask-on-gradient", RELU, 0, {0: U * (U > 0)}, ""),
    ("broadcast-sum-forgotten", BIAS, 1, {0: 2 * (C + [1, 2, 3]), 1: 2 * (C + [1, 2, 3])}, ""),
    ("broadcast-sum-forgotten", BIAS, 1, {1: 2 * (C + [1, 2, 3])}, ""),
    ("softmax-diagonal", SOFT, 0, {0: T * S * (1 - S)}, "dL_dz = "),
    ("log-base-10", LOGS, 0, {0: 5 * np.log10(3)}, ""),
    ("log-base-10", LOGS, 1, {1: 5 / (3 * np.log(10))}, ""),
    ("ascent", DESCENT, 0, {0: WV + 0.1 * GRAD}, ""),
    ("ascent", TWICE, 0, {0: WV * 0 + (lambda a: a + 0.2 * (a @ XV) * XV)(WV + 0.1 * GRAD)}, ""),
    ("rate-forgotten", DESCENT, 0, {0: WV - GRAD}, ""),
    ("rate-twice", DESCENT, 0, {0: WV - 0.01 * GRAD}, ""),
    ("other-gradient", DESCENT, 0, {0: WV - 0.1 * 2 * (WV @ XV) * WV}, ""),
    ("one-after-other", PAIR, 0, {0: WV - 0.1 * ((UV - 0.1 * (WV @ XV) * XV) @ XV) * XV}, ""),
    ("vjp-for-jvp", FORWARD, 0, {0: W.T @ (V * D)}, ""),
    ("jvp-for-vjp", BACKWARD, 0, {0: V * (W @ D)}, ""),
    ("jacobian-transposed", JACOBIAN, 0, {0: (V[:, None] * W).T}, ""),
]  # fmt: skip


def named(made: Sheet, at: int, told: dict[int, Any]) -> QuestionReport:
    """What is said on a question where only some are answered."""
    return made.marked(*[written(told[k]) if k in told else None for k in range(len(made.ids))])[at]


@pytest.mark.parametrize(("rule", "made", "at", "told", "line"), ROWS)
def test_a_mistake_is_named(rule: str, made: Sheet, at: int, told: dict[int, Any], line: str) -> None:
    found = named(made, at, told)
    assert rule in found.diagnoses, (found.diagnoses, found.feedback, found.expected)
    assert found.verdict in ("wrong", "partial") and found.points < found.of
    assert WORDING["mistake"][found.diagnoses[0]] in found.feedback
    assert f"Right is {line}" in found.feedback or not line, found.feedback


def test_every_rule_has_a_row_here() -> None:
    assert sorted({row[0] for row in ROWS}) == sorted(RULES)


def test_the_table_of_rules_is_the_list_of_names() -> None:
    assert tuple(m.name for m in MISCONCEPTIONS) == RULES
    assert len(set(MISTAKES)) == len(MISTAKES)


def test_every_mistake_has_its_wording() -> None:
    assert list(WORDING["mistake"]) == list(MISTAKES)
    assert all(text.strip().endswith((".", "}}")) for text in WORDING["mistake"].values())


def test_an_answer_that_no_mistake_gives_has_no_name() -> None:
    assert named(CHAIN, 0, {0: 4.321}).diagnoses == []
    assert named(LAYER, 3, {3: [[1, 2], [3, 5]]}).diagnoses == []


def test_a_mistake_is_not_named_where_right_answers_speak_against_it() -> None:
    """The rest of a mistake that was made above a right answer."""
    found = named(STEPS, 2, {0: 3 * B**2, 1: 3 * B**3, 2: 3 * B**2 * np.cos(0.7)})
    assert "local-forgotten" not in found.diagnoses


def test_a_mistake_is_named_once() -> None:
    for rule, made, at, told, _ in ROWS:
        found = named(made, at, told).diagnoses
        assert len(found) == len(set(found)), rule


# what is wrong with an answer as a whole

MATRIX = sheet("Y = X + B", "[Y]", {"X": [[1, 2, 4], [3, -1, 2]], "B": [[1, 1, 0], [2, 2, 5]]})
"""[[2, 3, 4], [5, 1, 7]]"""
SQUARE = sheet("Y = X + B", "[Y]", {"X": [[1, 2], [3, -1]], "B": [[1, 1], [2, 2]]})
"""[[2, 3], [5, 1]]"""
FINE = sheet("y = exp(x)", "[y]", {"x": [1, 2, 3]})
"""[2.718, 7.389, 20.086]"""


@pytest.mark.parametrize(
    ("rule", "made", "given", "says"),
    [
        ("transposed", SQUARE, [[2, 5], [3, 1]], "transposed"),
        ("transposed", MATRIX, [[2, 5], [3, 1], [4, 7]], "transposed"),
        ("other-layout", MATRIX, [[2, 4, 1], [3, 5, 7]], "another order"),
        ("factor", MATRIX, [[4, 6, 8], [10, 2, 14]], "times 2."),
        ("factor", MATRIX, [[-2, -3, -4], [-5, -1, -7]], "times -1."),
        ("factor", FINE, [1.359, 3.695, 10.043], "times 0.5."),
        ("coarse", FINE, [2.72, 7.39, 20.09], "Rounded too coarsely: 3 decimals are asked, which gives [2.718, 7.389"),
    ],
)
def test_what_is_wrong_with_the_whole_is_named(rule: str, made: Sheet, given: Any, says: str) -> None:
    found = made.last(given)
    assert list(found.diagnoses) == [rule] and says in found.feedback, found.feedback


@pytest.mark.parametrize(
    ("given", "verdict", "points", "diagnoses"),
    [
        ([2.718, 7.389, 20.086], "correct", 1, []),
        ([2.72, 7.39, 20.09], "partial", 0.5, ["coarse"]),
        ([2.72, 7.389, 20.086], "partial", pytest.approx(5 / 6), ["coarse"]),
        ([2.7, 7.4, 20.1], "wrong", 0, []),
        ([2.71, 7.38, 20.08], "wrong", 0, []),
        ([2.721, 7.391, 20.091], "wrong", 0, []),
    ],
)
def test_coarse_is_half(given: Any, verdict: str, points: float, diagnoses: list[str]) -> None:
    found = FINE.last(given)
    assert (found.verdict, found.points, list(found.diagnoses)) == (verdict, points, diagnoses), found.feedback


def test_a_number_that_is_coarse_is_half() -> None:
    found = NEURON.marked(..., 0.12, ..., ..., ..., ...)[1]
    assert (found.verdict, found.points, found.diagnoses) == ("partial", 0.5, ["coarse"])
    assert sheet("y = x / 8", "[y]", {"x": 0.02}).last(0).verdict == "wrong", "0 is never a coarse answer"


def test_coarse_from_own_values_is_half_too() -> None:
    found = NEURON.marked(-3, 0.05, ..., ..., ..., ...)[1]
    assert (found.verdict, found.points, found.own_used) == ("partial", 0.5, {"1a": -3})


# credit


@pytest.mark.parametrize(
    ("given", "verdict", "points"),
    [(np.cos(0.7), "partial", 0.25), (3 * B**3, "partial", 0.5), (1.457, "partial", 0.5), (5, "wrong", 0)],
)
def test_a_bank_gives_credit_for_a_mistake(given: float, verdict: str, points: float) -> None:
    """1.457 is b * cos(x), which two mistakes explain: the larger share counts."""
    made = sheet("a = sin(x); b = exp(a); f = b ** 3", "[df/dx]", {"x": 0.7},
                 credit={"upstream-forgotten": 0.25, "local-forgotten": 0.5})  # fmt: skip
    found = made.last(written(given))
    assert (found.verdict, found.points) == (verdict, points), found.diagnoses


def test_credit_never_lowers_what_the_entries_earn() -> None:
    made = sheet("Y = X + B", "[Y]", {"X": [[1, 2], [3, -1]], "B": [[1, 1], [2, 2]]}, credit={"transposed": 0.25})
    assert made.last([[2, 5], [3, 1]]).points == 0.5
    made = sheet("Y = X + B", "[Y]", {"X": [[1, 2], [3, -1]], "B": [[1, 1], [2, 2]]}, credit={"transposed": 0.75})
    assert made.last([[2, 5], [3, 1]]).points == 0.75


def test_credit_is_for_the_answer_where_the_mistake_was_made() -> None:
    made = sheet("a = sin(x); b = exp(a); f = b ** 3", "[df/db, df/da, df/dx]", {"x": 0.7},
                 credit={"upstream-forgotten": 0.5})  # fmt: skip
    found = made.marked(..., written(B), written(B * np.cos(0.7)))
    assert [q.verdict for q in found] == ["correct", "partial", "follow-through"]
    assert [q.points for q in found] == [1, 0.5, 1]


@pytest.mark.parametrize(
    ("rule", "mapping", "fixed", "given"),
    [
        ("transposed", "Y = X + B", {"X": [[1, 2], [3, -1]], "B": [[1, 1], [2, 2]]}, [[2, 5], [3, 1]]),
        ("other-layout", "Y = X.T", {"X": [[2, 5], [3, 1], [4, 7]]}, [[2, 4, 1], [3, 5, 7]]),
        ("factor", "Y = X.T", {"X": [[2, 5], [3, 1], [4, 7]]}, [[-2, -3, -4], [-5, -1, -7]]),
        ("coarse", "Y = exp(x)", {"x": [1, 2, 3]}, [2.72, 7.39, 20.09]),
    ],
)
def test_credit_may_be_given_for_what_is_wrong_with_the_whole(
    rule: str, mapping: str, fixed: dict[str, Any], given: Any
) -> None:
    found = sheet(mapping, "[Y]", fixed, credit={rule: 0.875}).last(given)
    assert (found.verdict, found.points) == ("partial", 0.875), found.diagnoses
