"""Which listed mistake a wrong formula is, and that labels may be 1 or -1, or one-hot, where nothing else may be."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from t1gen.answers.comparing.points import points
from t1gen.asks import ASKS, Tape, read_phrase
from t1gen.files import BankRef, Exam, Key, KeyAnswer, Problem, Question, QuestionReport, Student, Submission
from t1gen.mapping.nested import flat, shape_of
from t1gen.mapping.notation import text
from t1gen.mapping.program import Program
from t1gen.mapping.reader import read
from t1gen.marking.formulas import named
from t1gen.marking.labels import labels, readings
from t1gen.marking.mark import mark

ADA = Student("ada", "Ada")


def shaped(*shape: int) -> Any:
    """Numbers of a shape, none of them 0, 1 or -1."""
    return (2 + np.arange(np.prod(shape)).reshape(shape)).tolist()


def plain(value: Any) -> Any:
    """Fractions of a literal as numbers."""
    return float(value) if isinstance(value, Fraction) else value


def asked(phrase: str, mapping: Program, given: dict[str, Any], names: tuple[str, ...]) -> tuple[Question, str]:
    """A question that is answered by a formula, and the right one as the tape writes it."""
    quantity, tape = read_phrase(phrase, mapping), Tape(mapping)
    result = ASKS[quantity.ask].reference(tape, quantity)
    allowed = names or tuple(s.name for s in tape.program if s.op == "given" or s.name in mapping.named)
    question = Question(
        id="1a", text="", ask=quantity.ask, of=quantity.of, wrt=quantity.wrt, moves=quantity.moves,
        cotangent=plain(quantity.cotangent), rate=given.get(str(quantity.rate)), steps=quantity.steps,
        tangent=dict(quantity.tangent), kind="expression", shape=tape.program.shape(result), points=1,
        names={n: tape.program.shape(n) for n in allowed},
    )  # fmt: skip
    return question, text(tape.program, result, set(allowed))


def problem_of(lines: str, given: dict[str, Any], phrase: str, names: tuple[str, ...] = ()) -> tuple[Problem, str]:
    question, right = asked(phrase, read(lines, {n: shape_of(v) for n, v in given.items()}), given, names)
    mapping, labels = lines.split("\n"), [n for n, v in given.items() if {*flat(v)} <= {0, 1, -1}]
    made = Problem(
        id="p", number=1, title="", points=1, given=given, mapping=mapping, questions=[question], labels=labels
    )
    return made, right


def marked(problem: Problem, answer: KeyAnswer, given: str) -> QuestionReport:
    exam = Exam(exam="e", variant="V", student=ADA, bank=BankRef("b", ""), title="", language="en", points=1,
                problems=[problem])  # fmt: skip
    key = Key(exam="e", variant="V", student=ADA, program=[], answers={"1a": answer}, sheet=exam)
    return mark(Submission(exam="e", variant="V", student="ada", answers={"1a": given}), key)[0].questions["1a"]


Mapping = tuple[str, dict[str, Any]]

LAYER: Mapping = ("z = W @ x\ny = sigmoid(z)", {"W": shaped(2, 3), "x": shaped(3)})
SQUARE: Mapping = ("y = W @ x", {"W": shaped(2, 2), "x": shaped(2)})
WIDE: Mapping = ("y = W @ x", {"W": shaped(2, 3), "x": shaped(3)})
GRAM: Mapping = ("y = X @ X.T", {"X": shaped(2, 3)})
MATRICES: Mapping = ("Y = A @ B", {"A": shaped(2, 2), "B": shaped(2, 2)})
PRODUCT: Mapping = ("f = a * b", {"a": 3, "b": 5})
FAN: Mapping = ("a = x * y\nf = a * sin(a + x)", {"x": 2, "y": 3})
NEURON: Mapping = ("z = w @ x\nq = y * z\np = sigmoid(q)\nL = -log(p)", {"w": shaped(2), "x": shaped(2), "y": -1})
POSITIVE: Mapping = (NEURON[0], NEURON[1] | {"y": 1})
MEAN: Mapping = ("m = mean(x)", {"x": shaped(4)})
SUM: Mapping = ("s = sum(x)", {"x": shaped(4)})
SQUARES: Mapping = ("f = sum(x ** 2)", {"x": shaped(3)})
BIAS: Mapping = ("Y = X + b", {"X": shaped(2, 3), "b": shaped(3)})
RELU: Mapping = ("y = relu(x)", {"x": shaped(3)})
SOFT: Mapping = ("p = softmax(x)", {"x": shaped(3)})
LOG: Mapping = ("L = -sum(log(x))", {"x": shaped(3)})
STEP: Mapping = ("L = (w @ x) ** 2", {"w": shaped(2), "x": shaped(2), "alpha": 0.25})
TWO: Mapping = ("L = (u @ x) * (w @ x)", {"u": shaped(2), "w": shaped(2), "x": shaped(2), "alpha": 0.25})
TURN: Mapping = ("y = A @ x\nz = y ** 2", {"A": shaped(2, 2), "x": shaped(2)})
DATA: Mapping = ("L = (x * w) ** 2", {"x": 1, "w": 3})
MARGIN: Mapping = ("q = y * z\nL = (1 - q) ** 2 / 2", {"y": -1, "z": 3})
ENTROPY: Mapping = ("p = softmax(z)\nL = -sum(t * log(p))", {"z": shaped(3), "t": [0, 1, 0]})
BINARY: Mapping = ("p = sigmoid(z)\nL = -(t * log(p) + (1 - t) * log(1 - p))", {"z": 3, "t": 0})
MASKED: Mapping = ("y = m * x\nL = sum(y * y)", {"m": [1, 1, 0, 0], "x": shaped(4)})
CORNER: Mapping = ("z = 1 * x\nh = tanh(z)", {"x": -1})
GATHER: Mapping = ("y = x[i]", {"x": shaped(3), "i": [0, 1]})

VJP = "vjp of y wrt x with v=v"
GRADIENT_STEP = "w after 1 step on L wrt w, alpha=alpha"
ROWS: list[tuple[Mapping, str, str, str]] = [
    # mapping, ask, submitted, diagnoses
    (LAYER, "vjp of y wrt z with v=v", "v", "local-forgotten"),
    (LAYER, "vjp of y wrt z with v=v", "y * (1 - y)", "upstream-forgotten"),
    (LAYER, "vjp of y wrt z with v=v", "v * sigmoid(y) * (1 - sigmoid(y))", "sigmoid-at-output"),
    (LAYER, "vjp of y wrt z with v=v", "v σ(σ(y)) (1 - σ(σ(y)))", "sigmoid-at-sigmoid"),
    (LAYER, "vjp of y wrt z with v=v", "v * z * (1 - z)", "sigmoid-of-input"),
    (LAYER, "vjp of y wrt W with v=v", "outer(v, x)", "local-forgotten"),
    (LAYER, "vjp of y wrt W with v=v", "outer(y * (1 - y), x)", "upstream-forgotten"),
    (LAYER, VJP, "W.T @ v", "local-forgotten"),
    (LAYER, "vjp of y wrt W with v=v", "outer(x, v * y * (1 - y))", "product-reversed transposed"),
    (SQUARE, VJP, "W @ v", "weights-transposed product-reversed jvp-for-vjp"),
    (SQUARE, VJP, "v @ W.T", "weights-transposed product-reversed jvp-for-vjp"),
    (SQUARE, VJP, "outer(v, x)", "operands-swapped"),
    (WIDE, VJP, "outer(v, x)", "operands-swapped"),
    (WIDE, "vjp of y wrt W with v=v", "W.T @ v", "operands-swapped"),
    (WIDE, "vjp of y wrt W with v=v", "x @ v.T", "product-reversed transposed"),
    (MATRICES, "vjp of Y wrt A with v=v", "B.T @ v", "product-reversed"),
    (MATRICES, "vjp of Y wrt B with v=v", "v @ A.T", "product-reversed"),
    (MATRICES, "vjp of Y wrt B with v=v", "A @ v", "weights-transposed jvp-for-vjp"),
    (MATRICES, "vjp of Y wrt B with v=v", "v @ B.T", "operands-swapped"),
    (GRAM, "vjp of y wrt X with v=v", "v + v.T", "v-plus-vT"),
    (GRAM, "vjp of y wrt X with v=v", "v @ X", "fan-out-overwritten"),
    (PRODUCT, "df/da", "a", "factor-swapped"),
    (FAN, "df/da", "sin(a + x)", "fan-out-overwritten"),
    (FAN, "df/da", "a * cos(a + x)", "fan-out-overwritten"),
    (NEURON, "dL/dq", "1 - p", "sign-lost upstream-forgotten"),
    (NEURON, "dL/dz", "-(1 - p)", "sign-lost local-forgotten"),
    (POSITIVE, "dL/dz", "-(1 - p)", "sign-lost local-forgotten"),
    (POSITIVE, "dL/dw", "-(1 - p) * x", "sign-lost local-forgotten"),
    (NEURON, "dL/dw", "y * x", "upstream-forgotten"),
    (NEURON, "dL/dp", "-1 / (p * log(10))", "log-base-10"),
    (MEAN, "vjp of m wrt x with v=v", "v * ones(4)", "sum-for-mean"),
    (MEAN, "vjp of m wrt x with v=v", "v * [1, 0, 0, 0]", "one-sample"),
    (MEAN, "vjp of m wrt x with v=v", "v * [0, 0, 0, 1]", "one-sample"),
    (SUM, "vjp of s wrt x with v=v", "v / 4 * ones(4)", "mean-for-sum"),
    (SQUARES, "df/dx", "x", "square-two-forgotten"),
    (BIAS, "vjp of Y wrt b with v=v", "v", "broadcast-sum-forgotten"),
    (RELU, VJP, "v * (x < 0)", "relu-mask-flipped"),
    (RELU, VJP, "v * (v > 0)", "relu-mask-on-gradient"),
    (SOFT, "vjp of p wrt x with v=v", "v * p * (1 - p)", "softmax-diagonal"),
    (LOG, "dL/dx", "-1 / (x * log(10))", "log-base-10"),
    (STEP, GRADIENT_STEP, "w + alpha * 2 * (w @ x) * x", "ascent"),
    (STEP, GRADIENT_STEP, "w - 2 * (w @ x) * x", "rate-forgotten"),
    (STEP, GRADIENT_STEP, "w - alpha**2 * 2 * (w @ x) * x", "rate-twice"),
    (STEP, GRADIENT_STEP, "w - alpha * (w @ x) * x", "square-two-forgotten"),
    (STEP, GRADIENT_STEP, "w - alpha * 2 * (w @ x) * w", "factor-swapped other-gradient"),
    (TWO, "w after 1 step on L wrt (u, w), alpha=alpha", "w - alpha * ((u - alpha * (w @ x) * x) @ x) * x",
     "one-after-other"),
    (TURN, "vjp of z wrt x with v=v", "2 * A @ (v * y)", "weights-transposed product-reversed"),
    (TURN, "vjp of z wrt x with v=v", "2 * y * (A @ v)", "jvp-for-vjp"),
    (TURN, "jvp of z with dx=u", "2 * A.T @ (y * u)", "vjp-for-jvp"),
    (TURN, "jvp of z with dx=u", "2 * (A @ u)", ""),
    (WIDE, "jacobian of y wrt x", "W.T", "jacobian-transposed transposed"),
    (TURN, "jacobian of y wrt x", "A.T", "weights-transposed product-reversed jacobian-transposed transposed"),
    # nothing may be named
    (LAYER, "vjp of y wrt z with v=v", "2 * v * y * (1 - y)", "factor 2"),
    (LAYER, "vjp of y wrt z with v=v", "0 * v", ""),
    (LAYER, "vjp of y wrt z with v=v", "v * y", ""),
    (LAYER, "vjp of y wrt z with v=v", "v + 1", ""),
    (SQUARE, VJP, "v", ""),
    (WIDE, VJP, "x", ""),
    (RELU, VJP, "v * x", ""),
    (NEURON, "dL/dq", "p", ""),
    (NEURON, "dL/dw", "y + x", ""),
    (NEURON, "dL/dw", "(1 - p) * y", ""),
]  # fmt: skip


@pytest.mark.parametrize(("mapping", "phrase", "submitted", "diagnoses"), ROWS)
def test_a_mistake_in_a_formula_is_named(mapping: Mapping, phrase: str, submitted: str, diagnoses: str) -> None:
    problem, right = problem_of(*mapping, phrase)
    found = marked(problem, KeyAnswer(value=right, points=1), submitted)
    assert (found.verdict, " ".join(found.diagnoses)) == ("wrong", diagnoses), found.reasons
    assert found.reasons[-1] == f"Right is {right}."
    assert marked(problem, KeyAnswer(value=right, points=1), right).verdict == "correct"


def test_the_feedback_is_in_sentences() -> None:
    problem, right = problem_of(*LAYER, "vjp of y wrt z with v=v")
    found = marked(problem, KeyAnswer(value=right, points=1), "v")
    assert found.feedback == (
        "The formula has other values than the right one. The local derivative was left out: what comes back from "
        "above was passed on as it is. Right is v * (y * (1 - y))."
    )


def test_a_factor_is_told_where_no_rule_is_named() -> None:
    problem, right = problem_of(*MEAN, "vjp of m wrt x with v=v")
    key = KeyAnswer(value=right, points=1)
    assert marked(problem, key, "v * ones(4)").diagnoses == ["sum-for-mean"]
    assert marked(problem, key, "v * ones(4) / 3").diagnoses == ["factor 4/3"]


@pytest.mark.parametrize(
    ("submitted", "verdict", "points"),
    [("v", "partial", 0.5), ("y * (1 - y)", "partial", 0.25), ("v * z * (1 - z)", "wrong", 0), ("v * y", "wrong", 0)],
)
def test_a_bank_may_give_part_of_the_points_for_a_mistake(submitted: str, verdict: str, points: float) -> None:
    problem, right = problem_of(*LAYER, "vjp of y wrt z with v=v")
    key = KeyAnswer(value=right, points=1, credit={"local-forgotten": 0.5, "upstream-forgotten": 0.25})
    found = marked(problem, key, submitted)
    assert (found.verdict, found.points) == (verdict, points)


def test_a_key_that_was_changed_by_hand_stands_for_itself() -> None:
    problem, _ = problem_of(*LAYER, "vjp of y wrt z with v=v")
    key = KeyAnswer(value="2 * v * y * (1 - y)", points=1)
    assert marked(problem, key, "v").diagnoses == []
    assert marked(problem, key, "2 * v * y * (1 - y)").verdict == "correct"


def test_names_are_those_of_the_question() -> None:
    """An adjoint in place of what leads to it: mistakes are named all the same."""
    problem, right = problem_of(*NEURON, "dL/dw", ("x", "y", "dL_dq"))
    assert right == "dL_dq * y * x"
    key = KeyAnswer(value=right, points=1)
    for text_, rules in (("dL_dq * x", ["sign-lost", "local-forgotten"]), ("y * x", ["upstream-forgotten"])):
        assert named(problem, problem.questions[0], key, text_) == rules


# labels


LABELS: list[tuple[Mapping, str, str, str]] = [
    # mapping, ask, submitted, verdict: what is right for all labels of the form is right
    (MARGIN, "dL/dz", "-y * (1 - q)", "correct"),
    (MARGIN, "dL/dz", "z - y", "correct"),
    (MARGIN, "dL/dz", "z - 1 / y", "correct"),
    (MARGIN, "dL/dz", "1 + z", "wrong"),
    (MARGIN, "dL/dz", "1 - q", "wrong"),
    (MARGIN, "dL/dz", "-(1 - q)", "wrong"),
    (MARGIN, "dL/dq", "q - y * y", "correct"),
    (NEURON, "dL/dz", "sigmoid(z) - (1 + y) / 2", "correct"),
    (NEURON, "dL/dz", "sigmoid(z)", "wrong"),
    (POSITIVE, "dL/dz", "sigmoid(z) - 1", "wrong"),
    (POSITIVE, "dL/dz", "sigmoid(z) - (1 + y) / 2", "review"),
    (ENTROPY, "dL/dz", "p - t", "correct"),
    (ENTROPY, "dL/dz", "p - [0, 1, 0]", "wrong"),
    (ENTROPY, "dL/dz", "t - p", "wrong"),
    (ENTROPY, "dL/dp", "-t / p", "correct"),
    (ENTROPY, "dL/dp", "-t / sum(t * p)", "correct"),
    (ENTROPY, "dL/dp", "-1 / p", "wrong"),
    (BINARY, "dL/dp", "1 / (1 - p - t)", "correct"),
    (BINARY, "dL/dp", "1 / (1 - p)", "wrong"),
    (BINARY, "dL/dz", "p", "wrong"),
    (MASKED, "dL/dx", "2 * y", "correct"),
    (MASKED, "dL/dx", "2 * x * m", "correct"),
    (MASKED, "dL/dx", "2 * x", "wrong"),
    (DATA, "dL/dw", "2 * w", "review"),
    (DATA, "dL/dw", "2 * x * w", "review"),
    (DATA, "dL/dw", "2 * x", "wrong"),
    (DATA, "dL/dx", "2 * w * w", "wrong"),
    (CORNER, "local dh/dz", "1 - h**2 + 0 * x", "correct"),
    (CORNER, "local dh/dz", "0.41997434161402614 + 0 * x", "wrong"),
    (GATHER, "vjp of y wrt x with v=v", "scatter(v * i, i, shape=(3,))", "wrong"),
]  # fmt: skip


@pytest.mark.parametrize(("mapping", "phrase", "submitted", "verdict"), LABELS)
def test_a_formula_may_use_what_labels_are(mapping: Mapping, phrase: str, submitted: str, verdict: str) -> None:
    problem, right = problem_of(*mapping, phrase)
    found = marked(problem, KeyAnswer(value=right, points=1), submitted)
    assert found.verdict == verdict, found.reasons
    assert found.points == (verdict == "correct")


def test_it_is_said_that_a_formula_is_right_for_labels_alone() -> None:
    problem, right = problem_of(*MARGIN, "dL/dz")
    told = marked(problem, KeyAnswer(value=right, points=1), "z - y").reasons
    assert told == ["right for the given labels only (y), not for other numbers"]


def test_labels_are_known_by_their_values_and_by_not_being_moved() -> None:
    given = {"a": [1, -1], "b": 0, "c": [[0, 1], [1, 0]], "d": [0, 1, -1], "e": 1, "f": [1, 2], "g": [1, -1], "v": 1}
    problem, _ = problem_of("y = g * v + a * b * e + d[0] * f + c @ f", given, "vjp of y wrt g with v=[1, 2]")
    found = {label.name: label.forms for label in labels(problem, problem.questions[0])}
    assert found == {"a": ("signs",), "b": ("binary",), "c": ("one-hot",), "d": ("ternary",), "v": ("signs", "binary"),
                     "e": ("signs", "binary")}  # fmt: skip


def test_the_points_have_every_value_of_a_label() -> None:
    problem, _ = problem_of(*MARGIN, "dL/dz")
    [held] = readings(labels(problem, problem.questions[0]))
    at = points(read(MARGIN[0], {"y": (), "z": ()}), {"y": ()}, held=held)
    assert set(at["y"][:8].tolist()) == {1, -1} and len(set(at["z"].tolist())) == len(at["z"])
    problem, _ = problem_of(*ENTROPY, "dL/dz")
    [held] = readings(labels(problem, problem.questions[0]))
    assert (held["t"].sum(axis=0) == 1).all() and held["t"].any(axis=1).all()
