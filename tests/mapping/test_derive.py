"""Derivatives that no entry states: sympy's, written into the language."""

from dataclasses import replace

import numpy as np
import pytest
from mapping_cases import AXES, CASES, OPS, cases_of, sweep_error, swept, weights_for

from t1gen.asks import ASKS, Tape, read_phrase
from t1gen.errors import LanguageError
from t1gen.mapping import derive, notation, proof
from t1gen.mapping.evaluate import evaluate
from t1gen.mapping.ops.record import Op, elementwise_shape
from t1gen.mapping.program import Program, Step
from t1gen.mapping.reader import Writer, read
from t1gen.mapping.syntax import parse


@pytest.fixture(autouse=True)
def forgotten():
    derive._derived.cache_clear()
    yield
    derive._derived.cache_clear()


ELEMENTWISE = [op for op in OPS.values() if op.local and not op.frozen and not op.statics and not op.bind]
each_elementwise = pytest.mark.parametrize("op", ELEMENTWISE, ids=lambda op: op.name)


def local_values(op, texts, givens):
    """The value of one local derivative a parent, at one point each."""
    for text in texts:
        program = Program({n: Step(n, "given") for n in AXES[: op.arity]})
        name = program.add(Step("y", op.name, tuple(AXES[: op.arity])))
        writer = Writer(program, text, scope={n: n for n in (*AXES[: op.arity], name)})
        result = writer.value(parse(text or "0", "eval").body)
        yield np.broadcast_to(evaluate(program, givens)[result], (1,))[0]


@each_elementwise
def test_the_derived_rule_is_the_stated_one(op):
    case = cases_of(op)[0]
    for seed in range(5):
        givens = {n: a.reshape(-1)[:1] for n, a in case.smooth_values(seed).items()}
        ours = list(local_values(op, derive.derived(op), givens))
        assert ours == pytest.approx(list(local_values(op, op.local, givens)), rel=1e-12, abs=1e-12)


@each_elementwise
def test_an_operation_without_its_rule_works_end_to_end(op, monkeypatch):
    stated = derive.derived(op)
    assert len(stated) == op.arity
    monkeypatch.setitem(OPS, op.name, replace(op, local=None, equal=()))
    for case in [c for c in CASES if c.op == op.name][:3]:
        program, givens = case.program, case.smooth_values(3)
        assert sweep_error(program, "y", givens, weights_for(program.shape("y"))) < 1e-6
        proof.disprove(program, "y", [n for n, _ in case.shapes])
        tape, sweep = swept(program, "y")
        assert all(notation.line(tape, name) for name in sweep.adjoints.values() if tape[name].op in OPS)


def test_a_new_operation_needs_only_its_forward(monkeypatch):
    def forward(x):
        return np.asarray(x * np.tanh(np.log1p(np.exp(x))))

    mish = Op(name="mish", infer=elementwise_shape, forward=forward, definition="A * tanh(log(1 + exp(A)))")
    monkeypatch.setitem(OPS, "mish", mish)
    program = read("y = mish(W @ x)\nL = sum(y ** 2)", {"W": (2, 3), "x": (3,)})
    givens = {"W": np.arange(6.0).reshape(2, 3, 1) / 5, "x": np.array([[0.5], [-1], [0.25]])}
    assert sweep_error(program, "L", givens, np.array(1.0)) < 1e-7
    tape = Tape(program)
    ASKS["gradient"].reference(tape, read_phrase("dL/dW", program))
    proof.disprove(program, "L", ["W", "x"])


def test_what_the_language_has_no_word_for_is_said_to_need_its_rule():
    import sympy

    x = sympy.Symbol("A", real=True)
    with pytest.raises(LanguageError, match="holds besselj, which the language has no word for; state the rule"):
        derive.written(sympy.besselj(0, x))


def test_branches_are_written_as_where():
    import sympy

    x = sympy.Symbol("A", real=True)
    text = derive.written(sympy.Piecewise((x**2, x > 1), (-x, x < sympy.Rational(-1, 2)), (0, True)))
    assert text == "where((A > 1), (A ** 2), where((A < (-1 / 2)), ((-1) * A), 0))"
