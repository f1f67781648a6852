"""Every ask against NumPy and central differences, its phrases, and what it refuses."""

from fractions import Fraction

import numpy as np
import pytest

from t1gen.asks import ASKS, Quantity, Tape, read_phrase
from t1gen.asks.graph import edges
from t1gen.asks.literals import literal
from t1gen.errors import LanguageError
from t1gen.mapping.evaluate import Override, evaluate
from t1gen.mapping.reader import read

NEURON = "z = w @ x\nq = y * z\np = sigmoid(q)\nL = -log(p)"
LAYER = "h = tanh(W @ x + b)\nL = sum(h ** 2) * c"


def batch(**values):
    return {n: np.asarray(v, dtype=float)[..., None] for n, v in values.items()}


NEURON_VALUES = batch(w=[-1, 1], x=[2, 1], y=-1, alpha=0.5, v=2)
LAYER_VALUES = batch(W=[[0.5, -1, 0.2], [0.1, 0.3, -0.7]], x=[1, -0.5, 2], b=[0.1, -0.2], c=1.5, alpha=0.1, v=[1, -2])


def mapping(text, values):
    return read(text, {n: a.shape[:-1] for n, a in values.items()})


def answer(text, phrase, values, tape=None):
    """The value that a phrase asks for, one instance."""
    program = mapping(text, values)
    quantity = read_phrase(phrase, program)
    tape = tape or Tape(program)
    name = ASKS[quantity.ask].reference(tape, quantity)
    found = evaluate(tape.pruned([name]), values)[name][..., 0]
    assert found.shape == tape.program.shape(name)
    return found


def jacobian(text, of, wrt, values, size=1e-6):
    """Central differences: the matrix m x k of `of` by any quantity of the mapping."""
    program = mapping(text, values)
    shape = program.shape(wrt)
    count = int(np.prod(shape))
    moves = np.eye(count).reshape((*shape, count)) * size
    shift = Override(wrt, shift=np.concatenate([moves, -moves], axis=-1))
    wide = {n: np.repeat(a, 2 * count, axis=-1) for n, a in values.items()}
    found = evaluate(program, wide, [shift])[of].reshape((-1, 2 * count))
    return (found[:, :count] - found[:, count:]) / (2 * size)


def refusal(text, phrase, values):
    with pytest.raises(LanguageError) as caught:
        answer(text, phrase, values)
    return str(caught.value)


# forward


@pytest.mark.parametrize(("of", "wanted"), [("z", -1), ("q", 1), ("w", [-1, 1]), ("p", 1 / (1 + np.exp(-1)))])
def test_forward(of, wanted):
    assert answer(NEURON, of, NEURON_VALUES) == pytest.approx(np.asarray(wanted))


# gradient


@pytest.mark.parametrize("wrt", ["p", "q", "z", "w", "x", "y"])
def test_gradient_of_a_scalar_has_the_shape_of_what_it_is_by(wrt):
    found = answer(NEURON, f"dL/d{wrt}", NEURON_VALUES)
    assert found.ravel() == pytest.approx(jacobian(NEURON, "L", wrt, NEURON_VALUES)[0], abs=1e-8)
    assert found.shape == mapping(NEURON, NEURON_VALUES).shape(wrt)


@pytest.mark.parametrize("wrt", ["W", "b", "x", "c", "h"])
def test_gradient_by_a_matrix_or_an_intermediate(wrt):
    found = answer(LAYER, f"dL/d{wrt}", LAYER_VALUES)
    assert found.ravel() == pytest.approx(jacobian(LAYER, "L", wrt, LAYER_VALUES)[0], abs=1e-8)


@pytest.mark.parametrize("shape", [(3,), (1,), (2, 3)])
def test_gradient_of_an_array_by_a_scalar_has_the_shape_of_the_array(shape):
    values = batch(t=0.7, a=np.arange(1.0, 1 + np.prod(shape)).reshape(shape))
    found = answer("y = sin(t * a)", "dy/dt", values)
    assert found == pytest.approx(np.cos(0.7 * values["a"][..., 0]) * values["a"][..., 0])


def test_gradient_by_itself_is_one():
    assert answer(NEURON, "dL/dL", NEURON_VALUES) == 1
    assert answer(NEURON, "dy/dy", NEURON_VALUES) == 1


def test_gradient_of_what_does_not_depend_is_zero():
    assert answer("a = 2 * y\nL = w @ w", "dL/dy", NEURON_VALUES) == 0
    assert answer("a = 2 * y\nL = a ** 2", "dL/dw", NEURON_VALUES).tolist() == [0, 0]
    assert answer("L = sum(step(w)) * y", "dL/dw", NEURON_VALUES).tolist() == [0, 0]


def test_gradient_of_an_array_by_an_array_offers_jacobian_and_vjp():
    told = refusal(LAYER, "dh/dx", LAYER_VALUES)
    assert "(2,) and (3,)" in told and "'jacobian of h wrt x'" in told and "'vjp of h wrt x with v=...'" in told


# vjp


@pytest.mark.parametrize("wrt", ["W", "x", "b"])
@pytest.mark.parametrize(
    ("told", "v"), [("[1, -0.5]", [1, -0.5]), ("2", [2, 2]), ("v", [1, -2]), ("-0.25", [-0.25] * 2)]
)
def test_vjp(wrt, told, v):
    found = answer(LAYER, f"vjp of h wrt {wrt} with v={told}", LAYER_VALUES)
    assert found.ravel() == pytest.approx(np.asarray(v) @ jacobian(LAYER, "h", wrt, LAYER_VALUES), abs=1e-8)
    assert found.shape == mapping(LAYER, LAYER_VALUES).shape(wrt)


def test_vjp_of_a_matrix():
    values = batch(A=[[1, 2], [3, 4]], B=[[0, 1], [1, 1]])
    found = answer("C = A @ B", "vjp of C wrt A with v=[[1, 0], [0, 2]]", values)
    assert found.tolist() == (np.diag([1, 2]) @ values["B"][..., 0].T).tolist()


def test_a_cotangent_may_be_an_intermediate_of_the_mapping():
    found = answer("u = 3 * v\nh = W @ x", "vjp of h wrt x with v=u", LAYER_VALUES)
    assert found == pytest.approx(3 * LAYER_VALUES["v"][..., 0] @ LAYER_VALUES["W"][..., 0])


@pytest.mark.parametrize(
    ("phrase", "told"),
    [
        ("vjp of h wrt x with v=[1, 2, 3]", "the numbers have shape (3,), not (2,)"),
        ("vjp of h wrt x with v=[[1], [2]]", "the numbers have shape (2, 1), not (2,)"),
        ("vjp of h wrt x with v=x", "the cotangent x has shape (3,), not (2,)"),
        ("vjp of h wrt x with v=x + 1", "the name 'x' is unknown"),
        ("vjp of h wrt x with v=sin(1)", "neither numbers nor a name"),
        ("vjp of h wrt x with v=pi * 1", "neither numbers nor a name"),
        ("vjp of h wrt x with v=[1, 2", "cannot be read"),
        ("vjp of hh wrt x with v=1", "the mapping has no 'hh'; did you mean 'h'?"),
        ("vjp of h wrt q with v=1", "the mapping has no 'q'"),
    ],
)
def test_vjp_refuses(phrase, told):
    assert told in refusal(LAYER, phrase, LAYER_VALUES)


# jacobian


@pytest.mark.parametrize(
    ("of", "wrt"), [("h", "x"), ("h", "W"), ("h", "b"), ("L", "W"), ("L", "c"), ("L", "h"), ("h", "c")]
)
def test_jacobian_is_a_matrix_of_sizes(of, wrt):
    found = answer(LAYER, f"jacobian of {of} wrt {wrt}", LAYER_VALUES)
    assert found == pytest.approx(jacobian(LAYER, of, wrt, LAYER_VALUES), abs=1e-8)
    assert found.ndim == 2


def test_jacobian_of_matrices_is_row_major():
    values = batch(A=np.arange(6.0).reshape(2, 3), B=np.arange(6.0).reshape(3, 2) - 2)
    found = answer("C = A @ B", "jacobian of C wrt A", values)
    assert found.shape == (4, 6)
    assert found == pytest.approx(np.kron(np.eye(2), values["B"][..., 0].T))


def test_a_jacobian_too_large_is_refused():
    values = batch(A=np.ones((9, 9)))
    assert "has 6561 entries; at most 4096" in refusal("C = A @ A", "jacobian of C wrt A", values)


# step


def descent(text, values, of, moves, rate, steps, ascent=False):
    """Gradient descent by central differences, all moves together."""
    values = dict(values)
    for _ in range(steps):
        slopes = {m: jacobian(text, of, m, values).reshape(values[m].shape) for m in moves}
        values |= {m: values[m] + (rate if ascent else -rate) * slopes[m] for m in moves}
    return {n: a[..., 0] for n, a in evaluate(mapping(text, values), values).items()}


@pytest.mark.parametrize(
    ("phrase", "moves", "rate", "steps", "ascent"),
    [
        ("W after 1 step on L wrt W, alpha=0.1", ["W"], 0.1, 1, False),
        ("W after 3 steps on L wrt (W, b), alpha=0.1", ["W", "b"], 0.1, 3, False),
        ("b after 3 steps on L wrt (W, b), alpha=0.1", ["W", "b"], 0.1, 3, False),
        ("L after 2 steps on L wrt (W,b,x), alpha = 0.05", ["W", "b", "x"], 0.05, 2, False),
        ("h after 2 steps on L wrt W, alpha=alpha", ["W"], 0.1, 2, False),
        ("x after 2 steps on L wrt W, alpha=0.1", ["W"], 0.1, 2, False),
        ("W after 2 steps on L wrt W, alpha=0.1, ascent", ["W"], 0.1, 2, True),
        ("L after 1 steps on L wrt (W), alpha=1, ascent", ["W"], 1, 1, True),
    ],
)
def test_step(phrase, moves, rate, steps, ascent):
    name = phrase.split()[0]
    wanted = descent(LAYER, LAYER_VALUES, "L", moves, rate, steps, ascent)[name]
    assert answer(LAYER, phrase, LAYER_VALUES) == pytest.approx(wanted, abs=1e-7)


def test_a_move_that_changes_nothing_stays():
    assert answer(NEURON, "alpha after 2 steps on L wrt (w, alpha), alpha=0.5", NEURON_VALUES) == 0.5


@pytest.mark.parametrize(
    ("phrase", "told"),
    [
        ("W after 1 step on h wrt W, alpha=0.1", "needs a scalar to descend on; h has shape (2,)"),
        ("W after 0 steps on L wrt W, alpha=0.1", "1 to 50 steps are taken, not 0"),
        ("W after 51 steps on L wrt W, alpha=0.1", "1 to 50 steps"),
        ("W after 1 step on L wrt h, alpha=0.1", "'h' is computed by the mapping; only given names can be moved"),
        ("W after 1 step on L wrt W, alpha=alhpa", "the mapping has no 'alhpa'; did you mean 'alpha'?"),
        ("Q after 1 step on L wrt W, alpha=0.1", "the mapping has no 'Q'"),
        ("W after 1 step on L wrt W, alpha=x", "shape (3,)"),
    ],
)
def test_step_refuses(phrase, told):
    assert told in refusal(LAYER, phrase, LAYER_VALUES)


def test_a_rate_of_several_numbers_is_refused():
    tape = Tape(mapping(LAYER, LAYER_VALUES))
    with pytest.raises(LanguageError, match="rate"):
        ASKS["step"].reference(tape, Quantity("step", of="L", wrt="c", moves=("c",), rate=(Fraction(1), Fraction(2))))


# graph


def test_edges_skip_unnamed_steps_and_literals():
    program = mapping(NEURON, {n: NEURON_VALUES[n] for n in "wxy"})
    assert edges(program) == [["p", "L"], ["q", "p"], ["w", "z"], ["x", "z"], ["y", "q"], ["z", "q"]]
    assert edges(read("a = x * x + 2\nb = sin(a * x)", {"x": ()})) == [["a", "b"], ["x", "a"], ["x", "b"]]


@pytest.mark.parametrize("phrase", ["edges", "graph", "  edges "])
def test_graph_is_asked_by_its_words(phrase):
    program = mapping(NEURON, NEURON_VALUES)
    assert read_phrase(phrase, program).ask == "graph"
    assert ASKS["graph"].reference(Tape(program), read_phrase(phrase, program)) == ""


# one tape


def test_asks_share_one_tape_and_its_sweep():
    program = mapping(LAYER, LAYER_VALUES)
    tape = Tape(program)
    phrases = [
        "dL/dW",
        "dL/db",
        "h",
        "vjp of h wrt x with v=[1, 2]",
        "jacobian of h wrt x",
        "b after 1 step on L wrt (W, b), alpha=0.1",
    ]
    for phrase in phrases:
        shared = answer(LAYER, phrase, LAYER_VALUES, tape)
        assert shared == pytest.approx(answer(LAYER, phrase, LAYER_VALUES))
    assert tape.program["dL_dW"].role == "edge"
    assert program.structure() == mapping(LAYER, LAYER_VALUES).structure()


@pytest.mark.parametrize("equal", [1, 2])
def test_equal_rules_give_equal_answers(equal):
    program = mapping(NEURON, NEURON_VALUES)
    for wrt in ("w", "q", "y"):
        ours = answer(NEURON, f"dL/d{wrt}", NEURON_VALUES, Tape(program, equal=equal))
        assert ours == pytest.approx(answer(NEURON, f"dL/d{wrt}", NEURON_VALUES), rel=1e-12)


def test_declared_asks_are_the_phrases():
    program = mapping(LAYER, LAYER_VALUES)
    rows = [
        ("forward", {"of": ["h", "L"]}, ["h", "L"]),
        ("forward", {}, ["L"]),
        ("gradient", {"wrt": ["W", "b"]}, ["dL/dW", "dL/db"]),
        ("gradient", {"of": "L", "wrt": "h"}, ["dL/dh"]),
        ("vjp", {"of": "h", "wrt": "x", "with": [1, -0.5]}, ["vjp of h wrt x with v=[1,-0.5]"]),
        ("vjp", {"of": "h", "wrt": "x"}, ["vjp of h wrt x with v=v"]),
        ("jacobian", {"of": "h", "wrt": ["x"]}, ["jacobian of h wrt x"]),
        ("step", {"wrt": "W", "rate": "alpha"}, ["W after 1 step on L wrt W, alpha=alpha"]),
        (
            "step",
            {"wrt": ["h"], "moves": ["W", "b"], "rate": 0.1, "steps": 2, "ascent": True},
            ["h after 2 steps on L wrt (W, b), alpha=0.1, ascent"],
        ),
        ("graph", {}, ["edges"]),
        ("jvp", {"of": ["h", "L"], "tangent": {"x": [1, 0, 2], "c": 1}},
         ["jvp of h with dx=[1,0,2], dc=1", "jvp of L with dx=[1,0,2], dc=1"]),
        ("hessian", {"wrt": ["b"]}, ["hessian of L wrt b"]),
        ("hvp", {"wrt": "x", "with": [1, 0, 2]}, ["hvp of L wrt x with u=[1,0,2]"]),
        ("derivative", {"wrt": "c", "order": 3}, ["derivative of order 3 of L wrt c"]),
        ("local", {"wrt": ["h", "c"]}, ["local dL/dh", "local dL/dc"]),
        ("shape", {"of": "h"}, ["shape of h"]),
        ("shape", {"of": "h", "wrt": ["W"]}, ["shape of jacobian of h wrt W"]),
        ("entries", {"of": "h"}, ["entries of h"]),
        ("entries", {"of": "h", "wrt": "x"}, ["entries of jacobian of h wrt x"]),
        ("parameters", {"wrt": ["W", "b"]}, ["parameter count of (W, b)"]),
        ("passes", {"of": "h", "wrt": "x"}, ["reverse-mode passes for jacobian of h wrt x"]),
        ("multiplications", {"wrt": "x", "mode": "vjp"}, ["vjp multiplications for jacobian of L wrt x"]),
        ("decision", {"of": "c"}, ["decision of c"]),
        ("shape", {"of": "h", "wrt": "W", "axes": True}, ["shape of full jacobian of h wrt W"]),
        ("multiplications", {"of": "h", "wrt": "x", "about": "vjp"},
         ["reverse-mode multiplications for vjp of h wrt x"]),
        ("difference", {"wrt": "c", "h": 0.5}, ["central difference of L wrt c with h=0.5"]),
    ]  # fmt: skip
    for ask, options, phrases in rows:
        assert ASKS[ask].declare(options, program) == [read_phrase(p, program) for p in phrases], ask
    assert {ask for ask, *_ in rows} == set(ASKS) - {"choose", "wrong-line", "cheaper", "order", "table"}, "no phrase"


# phrases


@pytest.mark.parametrize(
    ("odd", "plain"),
    [
        ("  dL / dw ", "dL/dw"),
        ("dL/\n dw", "dL/dw"),
        ("\tz\n", "z"),
        ("vjp  of z\twrt w   with v = 2", "vjp of z wrt w with v=2"),
        (" jacobian of  p wrt x", "jacobian of p wrt x"),
        (
            "w  after 2 steps  on L wrt ( w , y ) , alpha = 0.1 , ascent",
            "w after 2 steps on L wrt (w, y), alpha=0.1, ascent",
        ),
        ("w after 1 steps on L wrt w,alpha=0.1,ascent", "w after 1 step on L wrt w, alpha=0.1, ascent"),
    ],
)
def test_whitespace_does_not_matter(odd, plain):
    program = mapping(NEURON, NEURON_VALUES)
    assert read_phrase(odd, program) == read_phrase(plain, program)


@pytest.mark.parametrize(
    "phrase", ["", "dL", "what is L?", "dL/d", "vjp of L", "w after steps", "jacobian", "L wrt w", "d/dx"]
)
def test_what_is_no_phrase_is_told_what_is(phrase):
    program = mapping(NEURON, NEURON_VALUES)
    with pytest.raises(LanguageError):
        quantity = read_phrase(phrase, program)
        ASKS[quantity.ask].reference(Tape(program), quantity)


@pytest.mark.parametrize(
    ("phrase", "told"),
    [
        ("dL/dW", "; did you mean 'w'?"),
        ("Q", "; did you mean 'q'?"),
        ("alhpa", "; did you mean 'alpha'?"),
        ("zzz", "(it has w, x, y, alpha, v, z, q, p, L)"),
        ("dL/d_1", ""),
    ],
)
def test_unknown_names_are_told_near_ones(phrase, told):
    assert told in refusal(NEURON, phrase, NEURON_VALUES)


# literals


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (2, Fraction(2)),
        ("-0.1", Fraction(-1, 10)),
        (0.1, Fraction(1, 10)),
        (1e-05, Fraction(1, 100000)),
        ("v", "v"),
        ([1, -2.5], (Fraction(1), Fraction(-5, 2))),
        ([[1], [2]], ((Fraction(1),), (Fraction(2),))),
        (" [1] ", (Fraction(1),)),
        ("1 / 3", Fraction(1, 3)),
    ],
)
def test_literals(value, wanted):
    assert literal(value) == wanted


@pytest.mark.parametrize("value", ["", "1 +", "sin(1)", "[1, [2]]", "__import__('os')", "[x]", "1e999"])
def test_what_is_no_literal_is_refused(value):
    with pytest.raises(LanguageError):
        literal(value)
