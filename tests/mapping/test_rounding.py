"""Tolerances: what nobody rounds explains nothing, a hand-computed example, and honest students stay within."""

from math import exp, log

import numpy as np
import pytest
from mapping_cases import batch, program_of

from t1gen.mapping.evaluate import Override, evaluate
from t1gen.mapping.ops import OPS
from t1gen.mapping.reader import Writer
from t1gen.mapping.rounding import half_unit, held, rounded_steps, tolerances
from t1gen.mapping.sweep import backward


def with_gradients(text, **shapes):
    """The tape of a mapping and its gradients, and the names of the answers."""
    tape = program_of(text, **shapes)
    output = tape.output
    sweep = backward(tape, output, Writer(tape).const(1))
    return tape, list(dict.fromkeys([output, *(sweep.adjoints[n] for n in shapes if n in sweep.adjoints)]))


def test_an_exactly_held_chain_has_half_a_unit():
    tape, names = with_gradients("z = w @ x\nq = z * z\nL = q + 3 * z", w=(2,), x=(2,))
    found = tolerances(tape, names, batch(w=[1, -2], x=[3, 4]), 3)
    assert all(found[n] == pytest.approx(0.0005) for n in names)


def test_values_with_few_digits_are_held_too():
    program = program_of("z = w * x\nL = z * 2", w=(), x=())
    assert tolerances(program, ["L"], batch(w=0.5, x=0.25), 3)["L"] == pytest.approx(0.0005)
    assert tolerances(program, ["L"], batch(w=0.5, x=0.25), 2)["L"] == pytest.approx(0.005 + 0.01)


def test_a_hand_computed_example():
    program = program_of("z = w @ x\np = sigmoid(z)\nL = -log(p)", w=(2,), x=(2,))
    found = tolerances(program, ["z", "p", "L"], batch(w=[1, -1], x=[2, 1]), 3)
    p = 1 / (1 + exp(-1))
    h = 0.0005
    assert found["z"] == pytest.approx(h)
    assert found["p"] == pytest.approx(h)
    through_p = max(abs(log(p + h) - log(p)), abs(log(p - h) - log(p)))
    through_log = h
    assert found["L"] == pytest.approx(h + through_p + through_log, rel=1e-9)


def test_a_wrong_digit_is_outside():
    program = program_of("p = sigmoid(z)\nL = -log(p)", z=())
    wide = tolerances(program, ["L"], batch(z=1.0), 3)["L"]
    assert wide < 0.005


def test_what_moves_entries_only_is_not_rounded_again():
    program = program_of("a = sigmoid(x)\nb = a[::-1]\nc = reshape(b, (3, 1))\nL = -c", x=(3,))
    assert rounded_steps(program) == ["a"]


def test_every_instance_has_its_own_tolerance():
    program = program_of("p = sigmoid(z)\nL = p ** 2", z=())
    together = tolerances(program, ["L"], {"z": np.array([0.0, 1.0, 3.0])}, 2)["L"]
    alone = [tolerances(program, ["L"], batch(z=z), 2)["L"][0] for z in (0.0, 1.0, 3.0)]
    assert together.tolist() == alone


def test_many_columns_are_cut_without_a_trace(monkeypatch):
    program = program_of("p = sigmoid(A @ x)\nL = p @ p", A=(3, 2), x=(2,))
    stream = np.random.default_rng(0)
    givens = {"A": stream.uniform(-2, 2, (3, 2, 50)), "x": stream.uniform(-2, 2, (2, 50))}
    whole = tolerances(program, ["p", "L"], givens, 2)
    monkeypatch.setattr("t1gen.mapping.rounding.COLUMNS", 40)
    cut = tolerances(program, ["p", "L"], givens, 2)
    assert all(np.array_equal(whole[n], cut[n]) for n in whole)


def test_a_result_without_givens_has_a_tolerance_for_each_instance():
    tape, names = with_gradients("L = 2 * x", x=())
    found = tolerances(tape, names, {"x": np.arange(3.0)}, 2)
    assert all(np.broadcast_to(found[n], (3,)) == pytest.approx(0.005) for n in names)


def test_what_is_not_finite_counts_as_infinite():
    program = program_of("z = x / 3\nL = log(z - 0.3334)", x=())
    assert np.isinf(tolerances(program, ["L"], batch(x=1.0004), 2)["L"]).all()


def test_held():
    assert held(np.array([0.25, 1 / 3, 1e6, -0.001]), 3).tolist() == [True, False, True, True]
    assert held(np.array([0.25]), 1).tolist() == [False]


# simulated students

INSTANCES = 200

MAPPINGS = [
    ("z = w @ x\nq = y * z\np = sigmoid(q)\nL = -log(p)", {"w": (2,), "x": (2,), "y": ()}, 3),
    ("z = w @ x\np = sigmoid(z)\nL = -log(p)", {"w": (3,), "x": (3,)}, 2),
    ("h = tanh(A @ x)\nz = w @ h\nL = (z - y) ** 2 / 2", {"A": (2, 2), "x": (2,), "w": (2,), "y": ()}, 3),
    ("p = softmax(A @ x)\nL = -log(p[0])", {"A": (3, 2), "x": (2,)}, 3),
    ("a = x * y\nb = exp(-a / 4)\nc = a + b\nL = c * b", {"x": (), "y": ()}, 2),
    ("d = x - mean(x)\ns = sqrt(mean(d ** 2) + 0.1)\nL = sum(d / s * w)", {"x": (3,), "w": (3,)}, 3),
    ("h = sin(x) * y\nL = norm(h + 2)", {"x": (2,), "y": (2,)}, 3),
    ("L = x * x * sin(x) + cos(x) / (2 + x ** 2)", {"x": ()}, 3),
]


@pytest.mark.parametrize(("text", "shapes", "decimals"), MAPPINGS)
@pytest.mark.parametrize("equal", [0, 1])
def test_an_honest_student_stays_within(text, shapes, decimals, equal):
    """Every value written down is rounded to the digits before the next is computed from it."""
    tape = program_of(text, **shapes)
    output = tape.output
    sweep = backward(tape, output, Writer(tape).const(1), equal=equal)
    names = list(dict.fromkeys([output, *(sweep.adjoints[n] for n in shapes)]))
    tape = tape.pruned(names)
    stream = np.random.default_rng(len(text))
    givens = {n: stream.integers(-20, 21, (*s, INSTANCES)) / 10 for n, s in shapes.items()}
    allowed = tolerances(tape, names, givens, decimals)
    exact, own = evaluate(tape, givens), honest(tape, givens, decimals)
    fair = well_posed(tape, exact, decimals)
    assert fair.sum() > INSTANCES / 4
    for name in names:
        off = np.abs(np.round(own[name], decimals) - exact[name])[..., fair]
        assert (off <= allowed[name][..., fair] * SECOND_ORDER + 1e-9).all(), name


SECOND_ORDER = 1.02
"""Moving two values at once may differ a little from moving each alone."""


def well_posed(tape, values, decimals):
    """Which instances a bank would issue: what is divided by, or whose logarithm is taken, is 50 half units or more."""
    fine = np.ones(INSTANCES, dtype=bool)
    for step in tape:
        for text in OPS[step.op].guards if step.op in OPS else ():
            guard = values[step.name if text == "y" else step.args["AB".index(text)]]
            fine &= (np.abs(guard) >= 50 * half_unit(decimals)).reshape((-1, guard.shape[-1])).all(axis=0)
    return fine


def honest(tape, givens, decimals):
    """All values where what a student writes down is rounded, step by step."""
    values = {}
    for step in tape:
        done = tape.pruned([step.name])
        values = values | {
            step.name: evaluate(done, givens, start={n: v for n, v in values.items() if n in done})[step.name]
        }
        if step.name in rounded_steps(tape):
            values[step.name] = np.round(values[step.name], decimals)
    return values


def test_overrides_with_rounded_values_are_the_same_student():
    tape = program_of("p = sigmoid(z)\nq = p ** 2\nL = -log(q)", z=())
    givens = {"z": np.linspace(-2, 2, 9)}
    own = honest(tape, givens, 2)
    told = [Override(n, values=own[n]) for n in rounded_steps(tape)]
    assert np.array_equal(evaluate(tape, givens, told)["L"], own["L"])
    assert half_unit(2) == 0.005
