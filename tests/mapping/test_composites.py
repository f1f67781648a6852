"""Definitions written in the language: each against NumPy alone, central differences and sympy, and what it refuses.

A definition without a row in the table below fails; a row is (call, shapes of the arrays, the same in NumPy).
"""

import math

import numpy as np
import pytest
from mapping_cases import batch, central, is_smooth, program_of, sweep_error, swept, weights_for

from t1gen.errors import LanguageError
from t1gen.mapping import notation, proof
from t1gen.mapping.evaluate import evaluate
from t1gen.mapping.ops.definitions import DEFINITIONS, STACK
from t1gen.mapping.reader import GENERATORS, read


def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def erf(x):
    return np.vectorize(math.erf)(x)


def standardised(x, axis):
    return (x - x.mean(axis=axis, keepdims=True)) / np.sqrt(x.var(axis=axis, keepdims=True) + 1e-5)


def windows(x, size, stride):
    """Every window of a matrix, by loops."""
    rows = range(0, x.shape[0] - size[0] + 1, stride[0])
    columns = range(0, x.shape[1] - size[1] + 1, stride[1])
    return [[x[i : i + size[0], j : j + size[1]] for j in columns] for i in rows]


def pooled(x, how, size=(2, 2), stride=None):
    return np.array([[how(w) for w in row] for row in windows(x, size, stride or size)])


def conv2d(x, W, stride=(1, 1)):
    return np.array([[(w * W).sum() for w in row] for row in windows(x, W.shape, stride)])


def conv1d(x, w, stride=1):
    return np.correlate(x, w, "valid")[::stride]


def huber(p, t):
    a = np.abs(p - t)
    return np.where(a <= 1, a**2 / 2, a - 0.5).mean()


V, M, N = (4,), (2, 3), (3, 3)
TABLE = {
    "tan": [("tan(A)", {"A": V}, np.tan), ("tan(A)", {"A": ()}, np.tan)],
    "sinh": [("sinh(A)", {"A": M}, np.sinh)],
    "cosh": [("cosh(A)", {"A": M}, np.cosh)],
    "log2": [("log2(A)", {"A": V}, np.log2)],
    "log10": [("log10(A)", {"A": V}, np.log10)],
    "reciprocal": [("reciprocal(A)", {"A": V}, np.reciprocal)],
    "clip": [("clip(A, 0.7, 1.3)", {"A": V}, lambda a: a.clip(0.7, 1.3)), ("clip(A, B, 2)", {"A": M, "B": (3,)},
             lambda a, b: np.clip(a, b, 2))],
    "floor_divide": [("3 * A // B", {"A": V, "B": V}, lambda a, b: 3 * a // b),
                     ("floor_divide(A, 0.37)", {"A": ()}, lambda a: a // 0.37)],
    "gelu": [("gelu(A - 1)", {"A": V}, lambda a: (a - 1) * (1 + erf((a - 1) / 2**0.5)) / 2)],
    "elu": [("elu(A - 1)", {"A": V}, lambda a: np.where(a > 1, a - 1, np.expm1(a - 1))),
            ("elu(A - 1, 0.5)", {"A": V}, lambda a: np.where(a > 1, a - 1, np.expm1(a - 1) / 2))],
    "silu": [("silu(A)", {"A": V}, lambda a: a / (1 + np.exp(-a))),
             ("swish(A)", {"A": ()}, lambda a: a / (1 + np.exp(-a)))],
    "softsign": [("softsign(A - 1)", {"A": V}, lambda a: (a - 1) / (1 + abs(a - 1)))],
    "var": [("var(A)", {"A": M}, np.var), ("var(A, axis=1)", {"A": M}, lambda a: a.var(axis=1)),
            ("A.var(0, keepdims=True)", {"A": M}, lambda a: a.var(0, keepdims=True))],
    "std": [("std(A)", {"A": V}, np.std), ("std(A, axis=0)", {"A": N}, lambda a: a.std(axis=0))],
    "prod": [("prod(A)", {"A": V}, np.prod), ("prod(A)", {"A": M}, np.prod), ("prod(A)", {"A": ()}, np.prod)],
    "flatten": [("flatten(A)", {"A": M}, np.ravel), ("A.flatten()", {"A": M}, np.ravel)],
    "frobenius": [("frobenius(A)", {"A": M}, np.linalg.norm)],
    "l2": [("l2(A)", {"A": V}, np.linalg.norm)],
    "l1": [("l1(A - 1)", {"A": V}, lambda a: np.linalg.norm(a - 1, 1))],
    "max_norm": [("max_norm(-A)", {"A": V}, lambda a: np.linalg.norm(-a, np.inf))],
    "median": [("median(A)", {"A": V}, np.median), ("median(A)", {"A": N}, np.median)],
    "sort": [("sort(A)", {"A": V}, np.sort)],
    "tile": [("tile(A, 2)", {"A": V}, lambda a: np.tile(a, 2)),
             ("tile(A, (2, 3))", {"A": M}, lambda a: np.tile(a, (2, 3))),
             ("tile(A, 3)", {"A": M}, lambda a: np.tile(a, 3)),
             ("tile(A, (2, 1))", {"A": V}, lambda a: np.tile(a, (2, 1)))],
    "kron": [("kron(A, B)", {"A": M, "B": (2, 2)}, np.kron)],
    "square": [("square(x)", {"x": M}, np.square)],
    "leaky_relu": [("leaky_relu(x)", {"x": M}, lambda x: np.maximum(x, 0.01 * x)),
                   ("leaky_relu(x, 0.5)", {"x": V}, lambda x: np.maximum(x, 0.5 * x))],
    "trace": [("trace(A)", {"A": (3, 3)}, np.trace)],
    "matrix_power": [(f"matrix_power(A, {n})", {"A": N}, lambda a, n=n: np.linalg.matrix_power(a, n)) for n in (1, 3)],
    "solve": [("solve(A + 3 * eye(3), B)", {"A": N, "B": (3,)}, lambda a, b: np.linalg.solve(a + 3 * np.eye(3), b)),
              ("solve(A + 3 * eye(3), B)", {"A": N, "B": (3, 2)}, lambda a, b: np.linalg.solve(a + 3 * np.eye(3), b))],
    "hinge": [("hinge(A, [1, -1, 1, -1])", {"A": V}, lambda a: np.maximum(0, 1 - a * [1, -1, 1, -1]).mean())],
    "huber": [("huber(2 * A, B)", {"A": V, "B": V}, lambda a, b: huber(2 * a, b))],
    "mse": [("mse(A, B)", {"A": M, "B": M}, lambda a, b: ((a - b) ** 2).mean())],
    "cross_entropy": [("cross_entropy(A, [0, 1, 0, 0])", {"A": V}, lambda a: -np.log(softmax(a)[1])),
                      ("cross_entropy(A, B)", {"A": M, "B": M}, lambda a, b: -(b * np.log(softmax(a))).sum(1).mean())],
    "bce": [("bce(A / 3, [0, 1, 1, 0])", {"A": V},
             lambda a: -np.log(np.where(np.array([0, 1, 1, 0]) == 1, a / 3, 1 - a / 3)).mean())],
    "kl": [("kl(A, B)", {"A": V, "B": V}, lambda a, b: (a * (np.log(a) - np.log(b))).sum())],
    "layer_norm": [("layer_norm(A)", {"A": M}, lambda a: standardised(a, -1)),
                   ("layer_norm(A, B, C)", {"A": M, "B": (3,), "C": (3,)},
                    lambda a, b, c: b * standardised(a, -1) + c)],
    "batch_norm": [("batch_norm(A)", {"A": N}, lambda a: standardised(a, 0)),
                   ("batch_norm(A, gamma=B)", {"A": N, "B": (3,)}, lambda a, b: b * standardised(a, 0))],
    "dropout": [("dropout(A, [1, 0, 0, 1])", {"A": V}, lambda a: 2 * a * [1, 0, 0, 1]),
                ("dropout(A, [1, 0, 0, 1], 0.2)", {"A": V}, lambda a: a * [1, 0, 0, 1] / 0.8)],
    "attention": [("attention(A, B, C)", {"A": M, "B": (4, 3), "C": (4, 2)},
                   lambda a, b, c: softmax(a @ b.T / np.sqrt(3)) @ c)],
    "conv1d": [("conv1d(A, B)", {"A": (6,), "B": (3,)}, conv1d),
               ("conv1d(A, B, stride=2)", {"A": (6,), "B": (3,)}, lambda a, b: conv1d(a, b, 2)),
               ("conv1d(A, B, mode='same')", {"A": (6,), "B": (3,)}, lambda a, b: np.correlate(a, b, "same"))],
    "conv2d": [("conv2d(A, B)", {"A": (4, 5), "B": (2, 3)}, conv2d),
               ("conv2d(A, B, stride=2)", {"A": (5, 5), "B": (2, 2)}, lambda a, b: conv2d(a, b, (2, 2))),
               ("conv2d(A, B, mode='same')", {"A": (4, 4), "B": (3, 3)}, lambda a, b: conv2d(np.pad(a, 1), b))],
    "convolve": [(f"convolve(A, B, '{m}')", {"A": (n,), "B": (k,)}, lambda a, b, m=m: np.convolve(a, b, m))
                 for m in ("full", "same", "valid") for n, k in ((5, 2), (5, 3), (2, 4), (3, 3), (4, 1))]
                + [("convolve(A, B)", {"A": (4,), "B": (2,)}, np.convolve)],
    "maxpool2d": [("maxpool2d(A, 2)", {"A": (4, 4)}, lambda a: pooled(a, np.max)),
                  ("maxpool2d(A)", {"A": (5, 4)}, lambda a: pooled(a, np.max)),
                  ("maxpool2d(A, 2, stride=1)", {"A": N}, lambda a: pooled(a, np.max, stride=(1, 1)))],
    "avgpool2d": [("avgpool2d(A, 2)", {"A": (4, 4)}, lambda a: pooled(a, np.mean)),
                  ("avgpool2d(A, (1, 2))", {"A": (2, 4)}, lambda a: pooled(a, np.mean, (1, 2)))],
    "straight_through": [("straight_through(round(A), A)", {"A": V}, np.round)],
    "with_grad": [("with_grad(sign(A), A, 1 - tanh(A) ** 2)", {"A": V}, np.sign)],
    "grad_reverse": [("grad_reverse(A)", {"A": V}, np.asarray), ("grad_reverse(A, 0.3)", {"A": V}, np.asarray)],
    "euler": [("euler(A, cos(A), 0.1)", {"A": V}, lambda a: a + 0.1 * np.cos(a))],
    "stack": [("stack((A, B))", {"A": V, "B": V}, lambda a, b: np.stack((a, b))),
              ("stack((A, B, A), axis=1)", {"A": M, "B": M}, lambda a, b: np.stack((a, b, a), axis=1)),
              ("stack([A, B], -1)", {"A": (), "B": ()}, lambda a, b: np.stack((a, b), -1))],
    "ones": [("A * ones((2, 3))", {"A": ()}, lambda a: a * np.ones((2, 3))), ("A * ones(4)", {"A": V}, np.asarray)],
    "zeros": [("A + zeros((2, 3))", {"A": (3,)}, lambda a: a + np.zeros((2, 3)))],
    "eye": [("A * eye(3)", {"A": N}, lambda a: a * np.eye(3))],
    "arange": [("A * arange(A.shape[0])", {"A": V}, lambda a: a * np.arange(4)),
               ("A[arange(2), [2, 0]]", {"A": M}, lambda a: a[np.arange(2), [2, 0]])],
}  # fmt: skip
DECLARED = {"straight_through", "with_grad", "grad_reverse"}
"""Whose gradient is another than the slope by design: each has its own test below."""

ROWS = [(name, *row) for name, rows in TABLE.items() for row in rows]
each_row = pytest.mark.parametrize(("name", "call", "shapes", "numpys"), ROWS, ids=[f"{r[0]}: {r[1]}" for r in ROWS])
each_true_row = pytest.mark.parametrize(
    ("call", "shapes"), [r[1:3] for r in ROWS if r[0] not in DECLARED], ids=[r[1] for r in ROWS if r[0] not in DECLARED]
)


def values(shapes, seed=0):
    """Random values between 0.2 and 2.2, away from kinks and ties of the call that is tested."""
    stream = np.random.default_rng(seed)
    return {n: stream.uniform(0.2, 2.2, (*s, 1)) for n, s in shapes.items()}


def smooth(program, shapes):
    found = (values(shapes, seed) for seed in range(200))
    return next(v for v in found if is_smooth(program, v, margin=1e-3))


def test_every_definition_has_a_row():
    assert {*DEFINITIONS, STACK.name, *GENERATORS} == set(TABLE)


@each_row
def test_the_value_is_numpys(name, call, shapes, numpys):
    for seed in (1, 2):
        givens = values(shapes, seed)
        wanted = numpys(*(a[..., 0] for a in givens.values()))
        found = evaluate(read(f"y = {call}", shapes), givens)["y"][..., 0]
        assert np.shape(found) == np.shape(wanted)
        assert np.allclose(found, wanted, rtol=1e-12, atol=1e-12)


@each_true_row
def test_the_sweep_is_the_slope(call, shapes):
    program = read(f"y = {call}", shapes)
    assert sweep_error(program, "y", smooth(program, shapes), weights_for(program.shape("y"))) < 1e-6


@each_row
def test_sympy_agrees(name, call, shapes, numpys):
    program = read(f"y = {call}", shapes)
    proof.disprove(program, "y", list(shapes))


@each_row
def test_what_is_written_out_reads_back(name, call, shapes, numpys):
    program = read(f"y = {call}", shapes)
    again = read(f"y = {notation.text(program, 'y')}", shapes)
    givens = values(shapes)
    assert np.array_equal(evaluate(again, givens)["y"], evaluate(program, givens)["y"])


@pytest.mark.parametrize("name", [*DEFINITIONS, "stack"])
def test_bad_arguments_are_refused(name):
    shapes = {"A": (2, 3), "x": (3,), "s": ()}
    parameters = DEFINITIONS[name].parameters if name in DEFINITIONS else ("x",)
    for arguments in ("", "A, A, A, A, A, A, A", "A, foo=1", "*A", "x, **s", ", ".join(["q"] * len(parameters))):
        with pytest.raises(LanguageError):
            read(f"y = {name}({arguments})", shapes)


@pytest.mark.parametrize(
    ("call", "told"),
    [
        ("conv2d(x, A)", "conv2d: a matrix is wanted, not shape (3,)"),
        ("conv2d(A, A, mode='full')", "mode 'full' is unknown (allowed: valid, same)"),
        ("conv2d(A, A, stride=0)", "is not a positive whole number"),
        ("conv2d(A, ones((3, 3)))", "does not fit 2 entries"),
        ("conv1d(A, x)", "conv1d takes two vectors"),
        ("convolve(x, x, 'circular')", "allowed: full, same, valid"),
        ("maxpool2d(A, 3)", "a window of 3 with stride 3 does not fit 2 entries"),
        ("maxpool2d(A, 1.5)", "is not a positive whole number"),
        ("avgpool2d(x)", "a matrix is wanted"),
        ("kron(x, A)", "a matrix is wanted"),
        ("matrix_power(A @ A.T, 0)", "takes n from 1 to 20"),
        ("matrix_power(A, 2)", "do not fit"),
        ("matrix_power(A, x)", "cannot stand here"),
        ("attention(x, x, x)", "a matrix is wanted"),
        ("sort(A)", "argsort takes a vector"),
        ("var(A, axis=2)", "axis 2 does not exist"),
        ("solve(A, x)", "a square matrix is wanted"),
        ("mse(A, [1, 2])", "do not fit together"),
        ("stack((A, x))", "arrays of one shape"),
        ("stack(A)", "stack takes a tuple of arrays"),
        ("tile(x, 0)", ""),
        ("tile(x, -1)", ""),
        ("tile(x, 'a')", ""),
        ("tile(x, 10 ** 6)", ""),
        ("tile(x, 99999999999)", ""),
        ("stack((x, x), axis=5)", ""),
        ("stack((x, x), axis='a')", ""),
        ("ones(0)", "is not a shape"),
        ("ones(-1)", "is not a shape"),
        ("ones((1000, 1000))", "is not a shape of at most"),
        ("eye((2, 2))", "takes one whole number"),
        ("arange(2.5)", "is not a shape"),
        ("zeros(())", "is not a shape"),
        ("zeros()", "takes one argument"),
        ("floor_divide(A)", "takes a, b"),
        ("geul(x)", "did you mean 'gelu'?"),
        ("softsing(x)", "did you mean 'softsign'?"),
        ("x // A[0:1, 0:2]", "do not fit together"),
    ],
)
def test_it_is_refused_and_told_why(call, told):
    with pytest.raises(LanguageError) as caught:
        read(f"y = {call}", {"A": (2, 3), "x": (3,)})
    assert told in str(caught.value)


# gradients that are declared


def gradient(text, name="x", weights=None, **given):
    """The adjoint of one given, for a cotangent of ones unless weights are told."""
    givens = batch(**given)
    program = program_of(text, **{n: a.shape[:-1] for n, a in givens.items()})
    tape, sweep = swept(program, program.output)
    v = np.ones(program.shape(program.output)) if weights is None else np.asarray(weights, dtype=float)
    found = evaluate(tape, {**givens, "v": v[..., None]})
    shape = program.shape(name)
    return np.broadcast_to(found[sweep.adjoints[name]][..., 0] if name in sweep.adjoints else 0.0, shape).tolist()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("y = stop_gradient(x) * x", [0.3, -1.2, 2.0]),
        ("y = stop_gradient(x)", [0, 0, 0]),
        ("y = straight_through(step(x), x)", [1, 1, 1]),
        ("y = straight_through(round(x), 2 * x)", [2, 2, 2]),
        ("y = with_grad(step(x), x, 5)", [5, 5, 5]),
        ("y = with_grad(step(x), x, x ** 2)", [0.09, 1.44, 4.0]),
        ("y = clip_grad(4 * x, -1, 0.5)", [2, 2, 2]),
        ("y = clip_grad(x, -1, 1) * [3, 0.25, -7]", [1, 0.25, -1]),
        ("y = grad_reverse(2 * x)", [-2, -2, -2]),
        ("y = grad_reverse(x, 0.1)", [-0.1, -0.1, -0.1]),
        ("y = floor(x)", [0, 0, 0]),
        ("y = round(x) * x", [0, -1, 2]),
        ("y = x // 0.7", [0, 0, 0]),
        ("y = argmax(x) * x", [2, 2, 2]),
        ("y = one_hot(argmax(x), 3) * x", [0, 0, 1]),
        ("y = argsort(x)", [0, 0, 0]),
        ("y = sort(x) * [1, 2, 3]", [2, 1, 3]),
        ("y = median(x)", [1, 0, 0]),
        ("y = x[[0, 0, 2, 0]] * [1, 10, 100, 1000]", [1011, 0, 100]),
        ("i = argmax(x); y = x[i] * 4", [0, 0, 4]),
        ("i = argsort(x); y = x[i][0]", [0, 1, 0]),
    ],
)
def test_declared_gradients(text, wanted):
    assert gradient(text, x=[0.3, -1.2, 2.0]) == pytest.approx(wanted)


def test_repeated_indices_add_what_comes_back():
    text = "y = S[i]"
    found = gradient(text, "S", [[1, 2], [3, 4], [5, 6]], S=[[0, 0], [0, 0], [0, 0]], i=[2, 0, 2])
    assert found == [[3, 4], [0, 0], [6, 8]]
    assert gradient(text, "i", S=[[1, 2], [3, 4]], i=[1, 1]) == [0, 0]


def test_max_pooling_takes_the_first_of_equals():
    assert gradient("y = maxpool2d(x, 2)", x=[[1, 1], [1, 1]]) == [[1, 0], [0, 0]]
    assert gradient("y = sum(max(x, axis=1))", x=[[1, 1], [1, 1]]) == [[0.5, 0.5], [0.5, 0.5]]


def test_a_mask_lets_nothing_through_where_it_is_zero():
    assert gradient("y = dropout(x, m, 0.75)", x=[1, 2], m=[1, 0]) == [4, 0]


def test_unrolled_euler_steps_are_an_ordinary_mapping():
    text = "a = euler(x, -k * x, 0.1)\nb = euler(a, -k * a, 0.1)\nL = b ** 2"
    givens = batch(x=1.5, k=0.7)
    program = program_of(text, x=(), k=())
    assert evaluate(program, givens)["b"] == pytest.approx(1.5 * (1 - 0.07) ** 2)
    assert sweep_error(program, "L", givens, np.array(1.0)) < 1e-8
    assert central(program, "L", "k", givens, 1.0) == pytest.approx(gradient(text, "k", x=1.5, k=0.7), abs=1e-8)
