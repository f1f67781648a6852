"""What a bank adds to the language: functions written out, operations with a rule of their own."""

import numpy as np
import pytest

from t1gen import banks, files
from t1gen.errors import LanguageError, ProofError
from t1gen.exam import Maker, Plan
from t1gen.mapping import custom
from t1gen.mapping.ops import OPS
from t1gen.mapping.ops.definitions import DEFINITIONS
from t1gen.mapping.proof import disprove
from t1gen.mapping.reader import read
from t1gen.marking.mark import mark
from t1gen.output import Order, handed_out, kept

BANK = """
id: own
title: A bank of its own
minutes: 20
functions: ["gated(x) = x * sigmoid(x)"]
operations:
  - {name: doubled, forward: 2 * x, vjp: {x: 2 * v}}
  - {name: gram, forward: x @ x.T, vjp: {x: (v + v.T) @ x}}
  - {name: hard, forward: step(x), vjp: {x: v * sigmoid(x) * (1 - sigmoid(x))}, surrogate: true}
problems:
  - id: layers
    title: Layers of our own
    competence: backpropagation
    points: 4
    minutes: 5
    given:
      x: {shape: [2], draw: nonzero(-3, 3)}
      w: {shape: [2], draw: nonzero(-3, 3)}
      X: {shape: [2, 3], draw: nonzero(-3, 3)}
      v: {shape: [2, 2], draw: nonzero(-3, 3)}
    mapping: |
      d = doubled(x)
      z = w @ d + sum(hard(d) * d)
      G = gram(X)
    ask:
      - gradient: {of: z, wrt: [x, w]}
      - vjp: {of: G, wrt: X, with: v}
      - jvp: {of: z, tangent: {x: [1, 0]}}
      - decision: z
      - shape: {of: G, wrt: X}
"""


@pytest.fixture(autouse=True)
def forget():
    """Take the operations of a test out of the language again."""
    before = dict(OPS), dict(DEFINITIONS), dict(custom._declared)
    yield
    for table, old in zip((OPS, DEFINITIONS, custom._declared), before, strict=True):
        table.clear()
        table.update(old)


@pytest.fixture
def made(tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text(BANK)
    plan = Plan(banks.load(str(path)), "seed", "own")
    return Maker(plan).tests([files.Student("", "")])[0], Order(plan, ("tex", "typ", "md"), "typst")


def test_a_bank_with_its_own_operations_is_generated_printed_and_marked(made):
    (exam, key), order = made
    answers = {q: a.value for q, a in key.answers.items()}
    submission = files.Submission(exam=exam.exam, variant=exam.variant, student="", answers=answers)
    assert mark(submission, key)[0].points == 4
    assert exam.problems[0].definitions["gram"] == "gram(x) = x @ x.T", "the rule would give the answer away"
    assert key.sheet.problems[0].definitions["gram"] == "gram(x) = x @ x.T; vjp x: (v + v.T) @ x"
    assert b"gram(x) = x @ x.T" in handed_out(exam, order)["worksheet.md"]
    assert kept(key, order)["key.tex"]


def test_the_rule_of_a_bank_is_what_the_key_follows(made):
    (exam, key), _ = made
    given = {n: np.array(v, dtype=float) for n, v in exam.problems[0].given.items()}
    np.testing.assert_allclose(key.answers["1c"].value, (given["v"] + given["v"].T) @ given["X"])
    d = 2 * given["x"]
    slope = 1 / (1 + np.exp(-d))
    wanted = 2 * (given["w"] + (d > 0) + d * slope * (1 - slope))
    np.testing.assert_allclose(key.answers["1a"].value, wanted, rtol=1e-10)


def test_another_process_reads_the_operation_from_the_exam(made):
    (exam, key), _ = made
    for table in (OPS, custom._declared):
        for name in ("doubled", "gram", "hard"):
            table.pop(name, None)
    submission = files.Submission(exam="", variant="", student="", answers={"1d": key.answers["1d"].value})
    assert mark(submission, key)[0].questions["1d"].verdict == "correct"


def test_a_wrong_rule_is_refused_unless_it_is_a_surrogate():
    custom.declare(custom.read_custom("tripled(x) = 3 * x; vjp x: 2 * v"))
    with pytest.raises(ProofError):
        disprove(read("y = tripled(x)", {"x": (3,)}), "y", ["x"])
    custom.declare(custom.read_custom("passed(x) = 3 * x; vjp x: v; surrogate"))
    disprove(read("y = passed(x)", {"x": (3,)}), "y", ["x"])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("sigmoid(x) = x", "already"),
        ("own x = 2", "is no function"),
        ("own(v) = 2 * v", "may not be called v or y"),
        ("own(x) = 2 *", "cannot be read"),
        ("own(a, b) = a * b; vjp a: v * b", "has rules for a"),
        ("own(x) = x; rule x: v", "is no rule"),
    ],
)
def test_what_cannot_be_declared_says_why(text, says):
    with pytest.raises(LanguageError, match=says):
        custom.declare(custom.read_custom(text))


def test_one_name_has_one_meaning():
    custom.declare(custom.read_custom("mine(x) = 2 * x"))
    custom.declare(custom.read_custom("mine(x) = 2 * x"))
    with pytest.raises(LanguageError, match="two meanings"):
        custom.declare(custom.read_custom("mine(x) = 3 * x"))


def test_what_numpy_lacks_is_told_with_its_options_put_in():
    program = read("p = softmax(x); s = sum(relu(x)) + logsumexp(x) + norm(x) + sum(exp(x))", {"x": (3,)})
    assert custom.printed(program) == {
        "softmax": "softmax(x) = exp(x) / sum(exp(x), axis=-1, keepdims=True)",
        "relu": "relu(x) = where(x > 0, x, 0)",
        "logsumexp": "logsumexp(x) = log(sum(exp(x)))",
    }


def test_a_rule_is_mathematics_where_numbers_can_stand_for_its_names():
    step = custom.read_custom("hard(x) = step(x); vjp x: v * sigmoid(x) * (1 - sigmoid(x)); surrogate")
    product = custom.read_custom("product(A, x) = A @ x; vjp A: outer(v, x); vjp x: A.T @ v")
    assert isinstance(step, custom.Custom) and isinstance(product, custom.Custom)
    assert custom.rule_of(step, "x") == r"$v \cdot \sigma(x) \cdot \left(1 - \sigma(x)\right)$"
    assert custom.rule_of(product, "A") == "`outer(v, x)`"
