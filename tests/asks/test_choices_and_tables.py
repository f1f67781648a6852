"""Asks whose answers are picked, ordered or filled in: what is right, computed from the mapping."""

import numpy as np
import pytest

from t1gen.asks import ASKS, Quantity, Tape
from t1gen.asks.choices import cheaper, ordered
from t1gen.errors import LanguageError
from t1gen.mapping.evaluate import evaluate
from t1gen.mapping.reader import read

CHAIN = "y = W @ x\nz = tanh(y)\nL = sum(z)"


def declared(ask, options, text, **shapes):
    program = read(text, shapes)
    [quantity] = ASKS[ask].declare(options, program)
    return program, quantity


def value(ask, options, text, **givens):
    program, quantity = declared(ask, options, text, **{n: np.shape(v) for n, v in givens.items()})
    tape = Tape(program)
    name = ASKS[ask].reference(tape, quantity)
    return evaluate(tape.pruned([name]), {n: np.asarray(v, float)[..., None] for n, v in givens.items()})[name][..., 0]


# table


def test_a_table_holds_values_and_gradients():
    found = value("table", {"rows": ["w", "z", "L"]}, "z = w * x\nL = z ** 2 + w", w=3.0, x=2.0)
    assert found.tolist() == [[3, 2 * 6 * 2 + 1], [6, 12], [39, 1]]
    options = {"rows": ["z"], "columns": ["gradient"]}
    assert value("table", options, "z = w * x\nL = z ** 2", w=3.0, x=2.0).tolist() == [[12]]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"rows": ["W"]}, "holds scalars"),
        ({"rows": ["q"]}, "has no 'q'"),
        ({"rows": ["L"], "columns": ["vlaue"]}, "did you mean 'value'"),
    ],
)
def test_a_table_that_cannot_be_is_refused(options, says):
    program = read(CHAIN, {"W": (2, 3), "x": (3,)})
    with pytest.raises(LanguageError, match=says):
        for quantity in ASKS["table"].declare(options, program):
            ASKS["table"].reference(Tape(program), quantity)


# difference


@pytest.mark.parametrize(("h", "wanted"), [(0.5, 12.25), ("h", 12.01), (1, 13)])
def test_a_central_difference_of_a_cube(h, wanted):
    found = value("difference", {"wrt": "x", "h": h}, "u = x ** 2\nf = u * x + 0 * h", x=2.0, h=0.1)
    assert found == pytest.approx(wanted)


def test_a_difference_of_what_does_not_depend_is_zero():
    assert value("difference", {"of": "u", "wrt": "x", "h": 1}, "u = a ** 2\nf = u * x", a=3.0, x=2.0) == 0


@pytest.mark.parametrize(
    ("wrt", "h", "says"),
    [("v", 1, "moves one number"), ("x", 0, "is not 0"), ("x", "k", "no 'k'"), ("f", 1, "is computed")],
)
def test_a_difference_that_cannot_be_is_refused(wrt, h, says):
    program, quantity = declared("difference", {"wrt": wrt, "h": h}, "f = sum(v) * x", x=(), v=(2,))
    with pytest.raises(LanguageError, match=says):
        ASKS["difference"].reference(Tape(program), quantity)


# cheaper


@pytest.mark.parametrize(
    ("shapes", "right"),
    [
        ({"W": (2, 5), "x": (5,), "V": (3, 2)}, "reverse-mode"),
        ({"W": (5, 2), "x": (2,), "V": (4, 5)}, "forward-mode"),
        ({"W": (4, 3), "x": (3,), "V": (3, 4)}, "equal"),
    ],
)
def test_the_cheaper_mode_is_counted(shapes, right):
    program = read("y = W @ x\nz = tanh(y)\nq = V @ z", shapes)
    found = cheaper(program, Quantity("cheaper", of="q", wrt="x"))
    assert [name for name, holds in found.items() if holds] == [right]


# order


def test_the_reverse_algorithm_of_a_chain():
    program, quantity = declared("order", {"wrt": "x"}, CHAIN, W=(2, 3), x=(3,))
    assert ordered(program, quantity) == ["v = vjp_L(1, z)", "v = vjp_z(v, y)", "v = vjp_y(v, x)"]
    program, quantity = declared("order", {"of": "z", "wrt": "x", "forward": True}, CHAIN, W=(2, 3), x=(3,))
    assert ordered(program, quantity) == ["y = W @ x", "z = tanh(y)", "v = vjp_z(v, y)", "v = vjp_y(v, x)"]


def test_the_adjoint_lines_of_a_graph():
    text = "z = w * x\nL = z ** 2 + z"
    program, quantity = declared("order", {"wrt": "w", "style": "adjoint", "forward": True}, text, w=(), x=())
    assert ordered(program, quantity) == [
        "z = w * x", "L = z**2 + z", "dL_dz_1 = 1", "dL_dz_2 = 2 * z", "dL_dz = dL_dz_1 + dL_dz_2", "dL_dw = dL_dz * x",
    ]  # fmt: skip


def test_an_order_that_cannot_be_is_refused():
    with pytest.raises(LanguageError, match="did you mean 'adjoint'"):
        declared("order", {"wrt": "x", "style": "adjiont"}, CHAIN, W=(2, 3), x=(3,))
    program, quantity = declared("order", {"wrt": "w"}, "a = w ** 2\nb = exp(w)\nL = a * b", w=())
    with pytest.raises(LanguageError, match="not one chain"):
        ASKS["order"].reference(Tape(program), quantity)
