"""Sweeps: names of edges and sums, conventions at kinks, matrix form, and slopes of random programs."""

import re

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from mapping_cases import (
    OPS,
    adjoint,
    batch,
    central,
    is_smooth,
    on_grid,
    plain_call,
    program_of,
    sweep_error,
    swept,
    weights_for,
)

from t1gen.mapping import notation
from t1gen.mapping.evaluate import evaluate
from t1gen.mapping.sweep import backward


def gradients(text, weights=None, **values):
    """The adjoint of every given, for a cotangent of ones."""
    givens = batch(**values)
    program = program_of(text, **{n: a.shape[:-1] for n, a in givens.items()})
    out = program.output
    tape, sweep = swept(program, out)
    seed = np.ones(program.shape(out)) if weights is None else np.asarray(weights, dtype=float)
    found = evaluate(tape, {**givens, "v": seed[..., None]})
    return {n: adjoint(found, sweep, n, s) for n, s in program.givens.items()}


def written(text, **shapes):
    """The named steps that a sweep from the output appends, as text."""
    program = program_of(text, **shapes)
    tape, sweep = swept(program, program.output)
    return [notation.line(tape, s.name) for s in tape if s.name not in program and s.name.startswith("dL_")], sweep


# names


def test_a_chain_has_one_edge_a_quantity():
    lines, sweep = written("z = w * x\nL = sigmoid(z)", w=(), x=())
    assert lines == ["dL_dz = v * (L * (1 - L))", "dL_dw = dL_dz * x", "dL_dx = dL_dz * w"]
    assert not sweep.sums


def test_a_product_with_itself_has_two_edges_and_a_sum():
    lines, sweep = written("L = x * x", x=())
    assert lines == ["dL_dx_1 = v * x", "dL_dx_2 = v * x", "dL_dx = dL_dx_1 + dL_dx_2"]
    assert sweep.sums == {"x": ["dL_dx_1", "dL_dx_2"]}
    assert [e.position for e in sweep.edges] == [0, 1]


def test_fan_out_of_an_intermediate_is_summed_before_it_goes_on():
    lines, sweep = written("z = 3 * x\na = z ** 2\nb = sin(z)\nL = a * b", x=())
    names = [line.partition(" = ")[0] for line in lines]
    assert {"dL_dz_1", "dL_dz_2", "dL_dz", "dL_dx"} <= set(names)
    assert names.index("dL_dz") > max(names.index("dL_dz_1"), names.index("dL_dz_2"))
    assert sweep.adjoints["z"] == "dL_dz"


def test_three_uses_make_three_edges_and_one_sum_step():
    program = program_of("L = x * x * x", x=())
    tape, sweep = swept(program, "L")
    assert sweep.sums["x"] == ["dL_dx_1", "dL_dx_2", "dL_dx_3"]
    assert [s.name for s in tape if s.role == "sum"] == ["dL_dx"]


def test_a_second_sweep_has_its_prefix():
    program = program_of("y = x ** 2", x=(2,))
    tape, _ = swept(program, "y")
    again = backward(tape, "y", "v", prefix="s2_")
    assert again.adjoints["x"] == "s2_dy_dx"


def test_a_taken_name_is_not_taken_again():
    program = program_of("dL_dx = 2 * x\nL = dL_dx * x", x=())
    tape, sweep = swept(program, "L")
    assert sweep.adjoints["x"] not in program
    assert evaluate(tape, batch(x=3, v=1))[sweep.adjoints["x"]] == pytest.approx(12)


def test_every_edge_says_where_it_came_from():
    program = program_of("z = w @ x\nL = -log(sigmoid(z))", w=(2,), x=(2,))
    tape, sweep = swept(program, "L")
    for edge in sweep.edges:
        assert program[edge.child].args[edge.position] == edge.parent
        assert edge.cotangent == sweep.adjoints[edge.child]
        assert tape.shape(edge.result) == tape.shape(edge.parent)


def test_a_constant_exponent_gets_no_adjoint():
    tape, _ = swept(program_of("L = x ** 3", x=()), "L")
    assert not [s for s in tape if s.op == "log"]


def test_what_does_not_depend_is_not_reached():
    tape, sweep = swept(program_of("a = 2 * y\nL = x ** 2", x=(), y=()), "L")
    assert "y" not in sweep.adjoints and "a" not in sweep.adjoints


def test_a_product_of_matrices_stays_a_product_of_matrices():
    program = program_of("y = A @ B", A=(8, 8), B=(8, 8))
    tape, sweep = swept(program, "y")
    assert len(tape.steps) - len(program.steps) <= 5
    assert notation.text(tape, sweep.adjoints["A"]) == "v @ B.T"
    assert notation.text(tape, sweep.adjoints["B"]) == "A.T @ v"


# conventions


@pytest.mark.parametrize(
    ("text", "x", "wanted"),
    [
        ("L = relu(x)", 0, 0),
        ("L = relu(x)", 2, 1),
        ("L = abs(x)", 0, 0),
        ("L = step(x)", 0, 0),
        ("L = sign(x)", 1, 0),
        ("L = leaky_relu(x)", 0, 0.01),
        ("L = leaky_relu(x, 0.5)", -1, 0.5),
        ("L = max(x)", [2, 5, 5, 1], [0, 0.5, 0.5, 0]),
        ("L = min(x)", [1, 1, 1], [1 / 3] * 3),
        ("L = max(x, axis=1)", [[1, 1], [0, 3]], [[0.5, 0.5], [0, 1]]),
        ("L = maximum(x, 0)", [-1, 0, 1], [0, 0.5, 1]),
        ("L = minimum(x, x)", 3, 1),
        ("L = norm(x)", [0, 0], [0, 0]),
        ("L = norm(x)", [3, 4], [0.6, 0.8]),
        ("L = norm(x, axis=1)", [[0, 0], [0, 2]], [[0, 0], [0, 1]]),
        ("L = norm(x)", -2, -1),
        ("L = where(x > 0, x ** 2, -x)", [-1, 0, 3], [-1, -1, 6]),
        ("L = (x > 1) * x", [0, 1, 2], [0, 0, 1]),
        ("L = sum(concatenate((x, x)) * [1, 2, 3, 4])", [5, 6], [4, 6]),
        ("L = concatenate((x, x[:, 0:1]), axis=1)", [[1, 2]], [[2, 1]]),
        ("L = x + x", 1, 2),
        ("L = x - x", 1, 0),
        ("L = x / x", 2, 0),
        ("L = x @ x", [1, 2], [2, 4]),
        ("L = 3", 1, 0),
        ("L = x", 1, 1),
        ("L = x[0] + x[-1] + x[0]", [1, 2, 3], [2, 0, 1]),
    ],
)
def test_conventions(text, x, wanted):
    found = gradients(text, x=x)["x"]
    assert np.isfinite(found).all()
    assert found == pytest.approx(np.asarray(wanted, dtype=float))


def test_where_sends_nothing_through_the_branch_not_taken():
    found = gradients("L = where(x > 0, log(x), 0)", x=[2.0, -1.0])["x"]
    assert found[0] == 0.5 and not found[1] > 0


@pytest.mark.parametrize(
    "text",
    [
        "c = x > y\nz = where(c, x * y, x - y)\nL = sum(z * x)",
        "z = x * y\nc = z > 1\nL = sum(where(c, z, z ** 2)) + sum(c * z)",
        "z = concatenate((x, y, x))\nL = sum(z ** 2) + max(y)",
        "z = x @ y\nL = z * z / (1 + z)",
        "A = outer(x, y)\nB = A @ A.T\nL = trace(B) + sum(diag(B) * x)",
        "m = mean(x)\nd = x - m\ns = sqrt(mean(d ** 2))\nL = sum(d / s * y)",
        "p = softmax(x * y)\nL = -sum(y * log(p))",
        "A = x[:, None] + y\nL = norm(A[::-1, 1:]) + logsumexp(A) + sum(max(A, axis=1))",
    ],
)
def test_fan_out_against_central_differences(text):
    givens = batch(x=[0.3, 1.7, -0.9], y=[1.1, 0.4, 0.8])
    program = program_of(text, x=(3,), y=(3,))
    assert is_smooth(program, givens)
    assert sweep_error(program, "L", givens, np.array(1.3)) < 1e-7


def test_adjoints_of_intermediates_are_slopes_too():
    program = program_of("z = w @ x\nq = z ** 2\nL = exp(-q) + z", w=(2,), x=(2,))
    givens = batch(w=[0.5, -0.2], x=[1.0, 0.7], v=1.0)
    tape, sweep = swept(program, "L")
    values = evaluate(tape, givens)
    for name in ("z", "q"):
        wanted = central(program, "L", name, {n: givens[n] for n in "wx"}, 1.0)
        assert values[sweep.adjoints[name]][..., 0] == pytest.approx(wanted, abs=1e-8)


# random programs

HONEST = [op for op in OPS.values() if not (op.examples or op.frozen or op.surrogate or op.custom)]
UNARY = [op for op in HONEST if op.arity == 1 and not op.infix]
BINARY = [op for op in HONEST if op.arity == 2]
VECTORS = [
    "sum(A)",
    "mean(A)",
    "max(A)",
    "min(A)",
    "norm(A)",
    "logsumexp(A)",
    "softmax(A)",
    "A[::-1]",
    "A[1]",
    "A @ B",
    "concatenate((A[1:], B[0:1]))",
    "where(A > B, A * B, A - B)",
    "outer(A, B) @ A",
    "sum(outer(A, B), axis=0)",
]


def within(name, domain):
    """The name, or a smooth image of it inside the domain of an operation that is not defined everywhere."""
    low, high = domain
    return name if low < 0 else f"({low} + {high - low} * sigmoid({name}))"


@st.composite
def texts(draw):
    """A random program over scalars and vectors, built as text."""
    scalars, vectors, lines = ["a", "b"], ["p", "q"], []
    for n in range(draw(st.integers(2, 6))):
        name = f"z{n}"
        kind = draw(st.sampled_from(["unary", "binary", "binary", "vector"]))
        if kind == "vector":
            text = draw(st.sampled_from(VECTORS))
            A, B = draw(st.sampled_from(vectors)), draw(st.sampled_from(vectors))
            args = [A, B]
        else:
            op = draw(st.sampled_from(UNARY if kind == "unary" else BINARY))
            names = [draw(st.sampled_from(scalars + vectors)) for _ in range(op.arity)]
            domains = op.domain or ((-2, 2),) * op.arity
            text, args = plain_call(op), [within(n, d) for n, d in zip(names, domains, strict=True)]
        told = dict(zip("AB", args, strict=False))
        text = re.sub(r"\b[AB]\b", lambda letter, told=told: told[letter[0]], text)
        lines.append(f"{name} = {text}")
        shape = program_of("\n".join(lines), a=(), b=(), p=(3,), q=(3,)).shape(name)
        (scalars if shape == () else vectors).append(name)
    return "\n".join([*lines, f"L = sum({lines[-1].split()[0]}) + 0.1 * sum({lines[0].split()[0]} ** 2)"])


@settings(max_examples=200, deadline=None, derandomize=True)
@given(text=texts(), whole=st.lists(st.integers(0, 1000), min_size=8, max_size=8))
def test_random_programs_against_central_differences(text, whole):
    program = program_of(text, a=(), b=(), p=(3,), q=(3,))
    x = on_grid(whole, (-2, 2))
    givens = batch(a=x[0], b=x[1], p=x[2:5], q=x[5:8])
    assume(is_smooth(program, givens, margin=1e-3))
    steep = central(program, "L", "p", givens, 1.0)
    assume(np.abs(steep).max() < 1e4)
    assert sweep_error(program, "L", givens, weights_for((), 1)) < 1e-4
