"""fixed_point and argmin: what they find, their implicit gradients, and what is refused."""

import json

import numpy as np
import pytest
from mapping_cases import batch, central, program_of, sweep_error, swept, weights_for

from t1gen.calculator import Calculation, read_given
from t1gen.errors import LanguageError
from t1gen.mapping import proof
from t1gen.mapping.evaluate import evaluate
from t1gen.mapping.reader import expression, read


def implicit(text, **values):
    givens = batch(**values)
    return read(text, {n: a.shape[:-1] for n, a in givens.items()}, lambdas=True), givens


def solved(text, phrase, **given):
    return Calculation.of(text, read_given(json.dumps(given))).answer(phrase)


X = [[1.0, 2.0], [0.5, -1.0], [2.0, 0.3]]
ROWS = [
    ("u = fixed_point(lambda u: cos(u), 0.5)", {"a": 1.0}, 0.7390851332151607),
    ("u = fixed_point(lambda u: cos(a * u), 0.5)", {"a": 1.0}, 0.7390851332151607),
    ("u = fixed_point(lambda u: (u + a / u) / 2, a)", {"a": 2.0}, 2**0.5),
    ("u = fixed_point(lambda u: W @ u + b, b)", {"W": [[0.2, 0.1], [-0.3, 0.4]], "b": [1.0, 2.0]},
     np.linalg.solve(np.eye(2) - [[0.2, 0.1], [-0.3, 0.4]], [1.0, 2.0])),
    ("u = fixed_point(lambda u: tanh(W @ u + b), 0 * b)", {"W": [[0.2, 0.1], [-0.3, 0.4]], "b": [1.0, 2.0]}, None),
    ("h = 3 * a\nu = fixed_point(lambda u: h / (1 + u), 1)", {"a": 2.0}, 2.0),
    ("w = argmin(lambda w: (w - 3) ** 2 + a * w ** 2, 0)", {"a": 2.0}, 1.0),
    ("w = argmin(lambda w: exp(w) - a * w, 0)", {"a": 3.0}, np.log(3)),
    ("w = argmin(lambda w: sum((X @ w - y) ** 2) + r * sum(w ** 2), [0, 0])", {"X": X, "y": [1.0, 2.0, 3.0], "r": 0.5},
     np.linalg.solve(np.transpose(X) @ X + 0.5 * np.eye(2), np.transpose(X) @ [1.0, 2.0, 3.0])),
    ("w = argmin(lambda w: sum(log(1 + exp(-y * (X @ w)))) + r * w @ w, [0, 0])",
     {"X": X, "y": [1.0, -1.0, 1.0], "r": 0.1}, None),
]  # fmt: skip
each_row = pytest.mark.parametrize(("text", "values", "wanted"), ROWS, ids=[r[0].split("= ", 1)[1] for r in ROWS])


@pytest.mark.parametrize(("text", "values", "wanted"), [r for r in ROWS if r[2] is not None])
def test_the_value_is_known(text, values, wanted):
    program, givens = implicit(text, **values)
    assert evaluate(program, givens)[program.output][..., 0] == pytest.approx(np.asarray(wanted), rel=1e-12)


@each_row
def test_the_implicit_gradient_is_the_slope(text, values, wanted):
    program, givens = implicit(text, **values)
    out = program.output
    assert sweep_error(program, out, givens, weights_for(program.shape(out))) < 1e-7
    proof.disprove(program, out, [n for n in values if n in program.pruned([out])])


def test_ridge_by_its_formula():
    X, y, r = np.array(ROWS[-2][1]["X"]), np.array([1.0, 2.0, 3.0]), 0.5
    inverse = np.linalg.inv(X.T @ X + r * np.eye(2))
    text = ROWS[-2][0] + "\nL = sum(w)"
    found = solved(text, "dL/dr", X=X.tolist(), y=y.tolist(), r=r)["value"]
    assert found == pytest.approx(-(inverse @ inverse @ X.T @ y).sum(), rel=1e-11)
    found = solved(text, "jacobian of w wrt y", X=X.tolist(), y=y.tolist(), r=r)["value"]
    assert np.array(found) == pytest.approx(inverse @ X.T, rel=1e-11)


def test_it_may_stand_in_the_middle_of_a_mapping():
    program, givens = implicit("b = a ** 2\nu = fixed_point(lambda u: cos(b * u), 0.5)\nL = u ** 2 + a", a=0.9)
    assert sweep_error(program, "L", givens, np.array(1.0)) < 1e-8


def test_the_start_has_no_gradient():
    program, givens = implicit("u = fixed_point(lambda u: (u + a / u) / 2, s)", a=2.0, s=1.0)
    tape, sweep = swept(program, "u")
    assert "s" not in sweep.adjoints or evaluate(tape, givens | batch(v=1.0))[sweep.adjoints["s"]] == 0
    assert central(program, "u", "s", givens, 1.0) == pytest.approx(0, abs=1e-9)


def test_every_instance_ends_on_its_own():
    program, _ = implicit("u = fixed_point(lambda u: (u + a / u) / 2, 1)", a=2.0)
    a = np.array([2.0, 9.0, 1e6, -1.0])
    together = evaluate(program, {"a": a})["u"]
    assert together[:3] == pytest.approx(np.sqrt(a[:3]), rel=1e-14) and np.isnan(together[3])
    alone = [evaluate(program, {"a": a[i : i + 1]})["u"][0] for i in range(4)]
    assert np.array(alone).tobytes() == together.tobytes()


# what is refused


@pytest.mark.parametrize(
    "text",
    [
        "u = fixed_point(lambda u: 2 * u + a, 1)",
        "u = fixed_point(lambda u: -u + a, 0)",
        "u = fixed_point(lambda u: u ** 2 + a, 3)",
        "u = argmin(lambda w: -exp(-w) * a, 0)",
        "u = argmin(lambda w: a * w, 0)",
    ],
)
def test_what_does_not_converge_is_an_error_of_the_ask(text):
    calculation = Calculation.of(text + "\nz = 2 * a", read_given(json.dumps({"a": 1})))
    found = calculation.answer("u")
    assert set(found) == {"error"} and "not finite" in found["error"]
    assert calculation.answer("z")["value"] == 2
    assert "u has no derivative: its value is not finite" in calculation.answer("du/da")["error"]


@pytest.mark.parametrize(
    "phrase", ["hessian of u wrt a", "hvp of u wrt a with u=1", "derivative of order 2 of u wrt a"]
)
@pytest.mark.parametrize(
    "text", ["u = fixed_point(lambda u: (u + a / u) / 2, 1)", "u = argmin(lambda w: exp(w) - a * w, 0)"]
)
def test_second_derivatives_through_what_is_found_are_refused(text, phrase):
    found = solved(text, phrase, a=2)
    assert "second derivatives through fixed_point or argmin are not derived" in found["error"]
    assert solved(text + "\nL = b ** 3 + u", "derivative of order 2 of L wrt b", a=2, b=2)["value"] == 12
    assert solved(text, "derivative of order 1 of u wrt a", a=2)["value"] == pytest.approx(
        2**-1.5 if "fixed" in text else 0.5
    )


def test_one_within_another_is_refused():
    text = "w = argmin(lambda w: (w - fixed_point(lambda u: cos(w * u), 0.5)) ** 2, 0)"
    with pytest.raises(LanguageError, match="not within another"):
        read(text, {}, lambdas=True)


@pytest.mark.parametrize("name", ["fixed_point", "argmin"])
def test_lambda_is_read_in_mappings_that_allow_it_only(name):
    text = f"{name}(lambda u: cos(u), 0.5)"
    read(f"y = {text}", {}, lambdas=True)
    with pytest.raises(LanguageError):
        read(f"y = {text}", {})
    with pytest.raises(LanguageError):
        expression(program_of("y = x", x=()), text)
    with pytest.raises(LanguageError):
        read(f"y = exp({text[text.index('lambda') : -6]})", {}, lambdas=True)


@pytest.mark.parametrize(
    ("call", "told"),
    [
        ("fixed_point(cos, 0.5)", "takes a lambda of one name and a start"),
        ("fixed_point(lambda u, w: u, 0.5)", "takes a lambda of one name"),
        ("fixed_point(lambda: 1, 0.5)", "takes a lambda of one name"),
        ("fixed_point(lambda u: u)", "takes a lambda of one name"),
        ("fixed_point(lambda u: u, start=1)", "takes a lambda of one name"),
        ("fixed_point()", "takes a lambda of one name"),
        ("fixed_point(lambda u: q * u, 1)", "the name 'q' is unknown"),
        ("fixed_point(lambda u: x * u, 1)", "the body has shape (3,), its argument ()"),
        ("fixed_point(lambda u: u @ A, A)", "a scalar or a vector"),
        ("fixed_point(lambda u: u / 2, ones(13))", "a vector of at most 12"),
        ("argmin(lambda w: w * x, x)", "an objective that is a scalar"),
        ("fixed_point(lambda u: (lambda t: t), 1)", "is not part of the language"),
    ],
)
def test_it_is_refused_and_told_why(call, told):
    with pytest.raises(LanguageError) as caught:
        read(f"y = {call}", {"x": (3,), "A": (2, 2)}, lambdas=True)
    assert told in str(caught.value)
