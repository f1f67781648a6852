"""jvp, hessian, hvp, higher derivatives and local edges: over random programs and every operation's examples."""

import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).parents[1] / "mapping"))
from mapping_cases import CASES, batch, central, weights_for  # noqa: E402
from test_sweep import texts  # noqa: E402

from hypothesis import assume, given, settings  # noqa: E402  isort: skip
from hypothesis import strategies as st  # noqa: E402  isort: skip
from mapping_cases import is_smooth, on_grid  # noqa: E402  isort: skip
from t1gen.asks import ASKS, Quantity, Tape, read_phrase  # noqa: E402  isort: skip
from t1gen.errors import LanguageError  # noqa: E402  isort: skip
from t1gen.mapping import proof  # noqa: E402  isort: skip
from t1gen.mapping.evaluate import evaluate  # noqa: E402  isort: skip
from t1gen.mapping.reader import read  # noqa: E402  isort: skip

POLYNOMIAL = "z = x ** 2 * w\nL = sum(z) * sum(w ** 3) + x @ w"
VALUES = batch(x=[1, -2], w=[3, 0.5], t=0.7, u=[1, 2])


def value_of(program, quantity, values):
    tape = Tape(program)
    name = ASKS[quantity.ask].reference(tape, quantity)
    used = tape.pruned([name])
    return evaluate(used, {n: values[n] for n in used.givens})[name][..., 0]


def answer(text, phrase, values):
    program = read(text, {n: a.shape[:-1] for n, a in values.items()})
    return value_of(program, read_phrase(phrase, program), values)


def refusal(text, phrase, values=VALUES):
    with pytest.raises(LanguageError) as caught:
        answer(text, phrase, values)
    return str(caught.value)


def pushed(program, values, directions):
    """The tangent of the output when the givens move in these directions, all together."""
    pairs = tuple((n, f"t_{n}") for n in directions)
    given_too = values | {f"t_{n}": d[..., None] for n, d in directions.items()}
    found = value_of(program, Quantity("jvp", of=program.output, tangent=pairs), given_too)
    return np.broadcast_to(found, program.shape(program.output))


def pulled(program, values, v):
    """The VJP of the output by every given."""
    return {
        n: value_of(program, Quantity("vjp", of=program.output, wrt=n, cotangent="v"), values | {"v": v[..., None]})
        for n in program.givens
    }


def check_duality(program, values, seed, slope=True):
    directions = {n: weights_for(s, seed + k) for k, (n, s) in enumerate(program.givens.items())}
    v = weights_for(program.shape(program.output), seed + 99)
    jvp, vjp = pushed(program, values, directions), pulled(program, values, v)
    left, right = (v * jvp).sum(), sum((vjp[n] * d).sum() for n, d in directions.items())
    assert left == pytest.approx(right, rel=1e-9, abs=1e-9)
    if slope:
        slopes = {n: central(program, program.output, n, values, v) for n in directions}
        assert left == pytest.approx(sum((slopes[n] * d).sum() for n, d in directions.items()), rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("case", [c for c in CASES if c.op != "clip_grad"], ids=str)
def test_jvp_and_vjp_of_every_operation_are_transposes(case):
    check_duality(case.program, case.smooth_values(8), 3, slope=not case.declared)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(text=texts(), whole=st.lists(st.integers(0, 1000), min_size=8, max_size=8))
def test_jvp_and_vjp_of_random_programs_are_transposes(text, whole):
    program = read(text, {"a": (), "b": (), "p": (3,), "q": (3,)})
    x = on_grid(whole, (-2, 2))
    values = batch(a=x[0], b=x[1], p=x[2:5], q=x[5:8])
    assume(is_smooth(program, values, margin=1e-2))
    assume(np.abs(central(program, "L", "p", values, 1.0)).max() < 1e3)
    check_duality(program, values, 1)


def test_jvp_by_hand():
    assert answer("y = x * w", "jvp of y with dx=[1, 0], dw=[0, 2]", VALUES).tolist() == [3, -4]
    assert answer("y = x * w", "jvp of y with dx=1", VALUES).tolist() == [3, 0.5]
    assert answer("y = x * w", "jvp of y with dx=u", VALUES).tolist() == [3, 1]
    assert answer("y = x * w", "jvp of y with dt=1", VALUES).tolist() == [0, 0]
    assert answer("y = t ** 2", "jvp of y with dt=0.5", VALUES) == pytest.approx(0.7)
    assert answer("z = 2 * x\ny = z * w", "jvp of y with dz=[1, 1]", VALUES).tolist() == [3, 0.5]


@pytest.mark.parametrize(
    ("phrase", "told"),
    [
        ("jvp of L with dx=[1, 2, 3]", "the numbers have shape (3,), not (2,)"),
        ("jvp of LL with dx=1", "the mapping has no 'LL'; did you mean 'L'?"),
        ("jvp of L with dxx=1", "the mapping has no 'xx'; did you mean 'x'?"),
        ("jvp of L with dx=w + 1", "unknown"),
        ("jvp of L", "is not understood"),
        ("jvp of L with x=1", "is not understood"),
        ("hessian of z wrt x", "a hessian needs a scalar; z has shape (2,)"),
        ("hessian of L wrt xx", "the mapping has no 'xx'; did you mean 'x'?"),
        ("hvp of z wrt x with u=1", "a hvp needs a scalar"),
        ("hvp of L wrt x with u=[1]", "the numbers have shape (1,), not (2,)"),
        ("derivative of order 2 of L wrt x", "ask for the hessian"),
        ("derivative of order 7 of L wrt t", "orders from 1 to 6 are derived, not 7"),
        ("derivative of order 0 of L wrt t", "orders from 1 to 6"),
        ("derivative of order 2 of L wrt tt", "did you mean 't'?"),
        ("local dL/dq", "the mapping has no 'q'"),
        ("local dL/dt", "there is no edge from t to L; edges come from w, x, z"),
        ("local dz/dx", "'jacobian of z wrt x'"),
    ],
)
def test_it_is_refused_and_told_why(phrase, told):
    assert told in refusal(POLYNOMIAL, phrase)


def test_a_jvp_through_a_clipped_gradient_has_no_meaning():
    assert "clip_grad is told by what it sends back alone" in refusal("y = clip_grad(x, -1, 1)", "jvp of y with dx=1")


def test_a_declared_jvp_needs_its_tangent():
    with pytest.raises(LanguageError, match="a jvp needs tangent"):
        ASKS["jvp"].declare({}, read("y = x", {"x": ()}))


# second derivatives


def hessian_by_differences(text, wrt, values, size=1e-5):
    program = read(text, {n: a.shape[:-1] for n, a in values.items()})
    count = values[wrt].size
    rows = []
    for i in range(count):
        step = np.zeros(count)
        step[i] = size
        up, down = ({**values, wrt: values[wrt] + k * step.reshape(values[wrt].shape)} for k in (1, -1))
        slopes = [value_of(program, Quantity("gradient", of="L", wrt=wrt), v).ravel() for v in (up, down)]
        rows.append((slopes[0] - slopes[1]) / (2 * size))
    return np.array(rows)


TWICE = [
    (POLYNOMIAL, "x", VALUES),
    (POLYNOMIAL, "w", VALUES),
    ("L = logsumexp(A @ x)", "x", batch(x=[0.3, -0.2, 0.5], A=[[1, 2, 0.5], [-1, 0.3, 0.2]])),
    ("L = logsumexp(A @ x)", "A", batch(x=[0.3, -0.2, 0.5], A=[[1, 2, 0.5], [-1, 0.3, 0.2]])),
    ("L = logabsdet(A)", "A", batch(A=[[2, 0.5], [0.3, 1.5]])),
    ("L = sum(layer_norm(x) * [1, 2, 3]) ** 2", "x", batch(x=[0.3, -0.2, 0.9])),
    ("L = cross_entropy(x, [0, 1, 0])", "x", batch(x=[0.3, -0.2, 0.9])),
    ("L = sum(gelu(x)) * norm(x)", "x", batch(x=[0.3, -0.2, 0.9])),
    ("L = sum(sort(x) ** [1, 2, 3])", "x", batch(x=[0.3, 1.2, 0.9])),
    ("L = sum(attention(x, x, x))", "x", batch(x=[[0.3, 1.2], [0.9, -0.4]])),
]


@pytest.mark.parametrize(("text", "wrt", "values"), TWICE, ids=[f"{t.splitlines()[-1]} by {w}" for t, w, _ in TWICE])
def test_hessian_and_hvp(text, wrt, values):
    found = answer(text, f"hessian of L wrt {wrt}", values)
    count = values[wrt].size
    assert found.shape == (count, count)
    assert found == pytest.approx(found.T, rel=1e-9, abs=1e-12)
    assert found == pytest.approx(hessian_by_differences(text, wrt, values), rel=1e-5, abs=1e-6)
    u = weights_for(values[wrt].shape[:-1], 4).round(3)
    hvp = answer(text, f"hvp of L wrt {wrt} with u={u.tolist()}", values)
    assert hvp.shape == u.shape and hvp.ravel() == pytest.approx(found @ u.ravel(), rel=1e-9)


def test_the_hessian_of_a_scalar_is_one_by_one():
    assert answer("L = t ** 3", "hessian of L wrt t", VALUES) == pytest.approx(np.array([[4.2]]))
    assert answer("L = 2 * t", "hessian of L wrt t", VALUES).tolist() == [[0]]


def test_a_second_derivative_is_proved():
    tape = Tape(read("L = sum(exp(x) * x)", {"x": (2,)}))
    ASKS["hessian"].reference(tape, Quantity("hessian", of="L", wrt="x"))
    assert len(tape.proofs) == 2
    for output, wrt in tape.proofs.items():
        proof.disprove(*proof.what_is_proved(tape.program, output, wrt)[:1], output, sorted(wrt))


@pytest.mark.parametrize(
    ("text", "order", "wanted"),
    [
        ("L = t ** 5", 1, 5 * 0.7**4),
        ("L = t ** 5", 3, 60 * 0.7**2),
        ("L = t ** 5", 6, 0),
        ("L = sin(t)", 4, np.sin(0.7)),
        ("L = exp(2 * t)", 5, 32 * np.exp(1.4)),
        ("L = log(t)", 3, 2 / 0.7**3),
        ("L = tanh(t)", 2, -2 * np.tanh(0.7) * (1 - np.tanh(0.7) ** 2)),
        ("L = 3 * t", 2, 0),
    ],
)
def test_derivatives_of_order_k(text, order, wanted):
    assert answer(text, f"derivative of order {order} of L wrt t", VALUES) == pytest.approx(wanted, rel=1e-12)


# one edge


def test_local_is_one_edge_and_the_gradient_all_paths():
    text = "a = 2 * t\nL = a * t"
    assert answer(text, "local dL/dt", VALUES) == pytest.approx(1.4)
    assert answer(text, "dL/dt", VALUES) == pytest.approx(2.8)
    assert answer(text, "local dL/da", VALUES) == answer(text, "dL/da", VALUES) == 0.7
    assert answer(text, "local da/dt", VALUES) == 2


def test_local_counts_every_use_within_its_line():
    assert answer("L = t * t + sin(t)", "local dL/dt", VALUES) == pytest.approx(1.4 + np.cos(0.7))


# k steps


def test_steps_share_their_iterates():
    program = read("L = sum(w ** 2)", {"w": (2,)})
    tape = Tape(program)
    third = ASKS["step"].reference(tape, read_phrase("w after 3 steps on L wrt w, alpha=0.1", program))
    before = len(tape.program.steps)
    first = ASKS["step"].reference(tape, read_phrase("w after 1 step on L wrt w, alpha=0.1", program))
    second = ASKS["step"].reference(tape, read_phrase("w after 2 steps on L wrt w, alpha=0.1", program))
    assert (first, second, third) == ("w_1", "w_2", "w_3")
    assert len(tape.program.steps) == before
    assert evaluate(tape.program, batch(w=[1, 2]))["w_3"][..., 0] == pytest.approx([0.512, 1.024])
    ASKS["step"].reference(tape, Quantity("step", of="L", wrt="w", moves=("w",), rate=Fraction(1, 2), steps=1))
    assert len(tape.program.steps) > before
