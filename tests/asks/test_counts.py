"""Whole numbers about a mapping: shapes, entries, parameters, passes, multiplications by hand; decisions."""

import numpy as np
import pytest

from t1gen.asks import ASKS, Tape, read_phrase
from t1gen.asks.graph import edges
from t1gen.errors import LanguageError
from t1gen.mapping.evaluate import evaluate
from t1gen.mapping.reader import read

SHAPES = {"x": (4,), "W1": (3, 4), "b": (3,), "W2": (2, 3), "s": (), "A": (2, 5)}
CHAIN = "h = W1 @ x\na = tanh(h)\ny = W2 @ a\nL = sum(y)"


def answer(phrase, text=CHAIN, **values):
    program = read(text, SHAPES)
    quantity = read_phrase(phrase, program)
    tape = Tape(program)
    name = ASKS[quantity.ask].reference(tape, quantity)
    used = tape.pruned([name])
    givens = {n: np.asarray(values[n], dtype=float)[..., None] for n in used.givens}
    return evaluate(used, givens)[name][..., 0].tolist()


@pytest.mark.parametrize(
    ("phrase", "wanted"),
    [
        ("shape of W1", [3, 4]),
        ("shape of y", [2]),
        ("shape of L", []),
        ("shape of jacobian of y wrt x", [2, 4]),
        ("shape of jacobian of y wrt W1", [2, 12]),
        ("shape of jacobian of L wrt x", [1, 4]),
        ("shape of jacobian of L wrt s", [1, 1]),
        ("entries of W1", 12),
        ("entries of L", 1),
        ("entries of jacobian of y wrt W1", 24),
        ("parameter count of (W1, b, W2)", 21),
        ("parameter count of ( W1 , s )", 13),
        ("parameter count of W2", 6),
        ("parameter count of s", 1),
        ("forward-mode passes for jacobian of y wrt x", 4),
        ("reverse-mode passes for jacobian of y wrt x", 2),
        ("forward-mode passes for jacobian of L wrt W1", 12),
        ("reverse-mode passes for jacobian of L wrt W1", 1),
        # sizes 4 -> 3 -> 3 -> 2: (2x3 @ 3x3) @ 3x4 from the output, 2x3 @ (3x3 @ 3x4) from the input
        ("reverse-mode multiplications for jacobian of y wrt x", 2 * 3 * 3 + 2 * 3 * 4),
        ("forward-mode multiplications for jacobian of y wrt x", 3 * 3 * 4 + 2 * 3 * 4),
        # two rows, each: v @ W2, times d, times W1
        ("vjp multiplications for jacobian of y wrt x", 2 * (6 + 3 + 12)),
        ("vjp multiplications for jacobian of y wrt h", 2 * (6 + 3)),
        ("reverse-mode multiplications for jacobian of y wrt a", 0),
        # one VJP: v times the dense Jacobians, or the VJP functions
        ("reverse-mode multiplications for vjp of y wrt x", 2 * 3 + 3 * 3 + 3 * 4),
        ("vjp multiplications for vjp of y wrt x", 6 + 3 + 12),
        ("reverse-mode multiplications for vjp of a wrt h", 3 * 3),
        ("vjp multiplications for vjp of a wrt h", 3),
        # adding and changing a sign multiply nothing
        ("shape of full jacobian of W1 wrt W1", [3, 4, 3, 4]),
        ("shape of full jacobian of L wrt W1", [3, 4]),
        ("entries of full jacobian of h wrt W1", 36),
    ],
)
def test_counts(phrase, wanted):
    assert answer(phrase) == wanted


@pytest.mark.parametrize(("line", "wanted"), [("-h + b", 0), ("b - h", 0), ("1 - (tanh(h) + b)", 3), ("b * h - b", 3)])
def test_adding_and_changing_a_sign_multiply_nothing(line, wanted):
    assert answer("vjp multiplications for vjp of q wrt h", f"h = W1 @ x\nq = {line}") == wanted


@pytest.mark.parametrize(
    ("phrase", "told"),
    [
        ("shape of yy", "the mapping has no 'yy'; did you mean 'y'?"),
        ("shape of jacobian of y wrt W3", "the mapping has no 'W3'"),
        ("entries of jacobian of yy wrt x", "did you mean 'y'?"),
        ("parameter count of (W1, bb)", "the mapping has no 'bb'; did you mean 'b'?"),
        ("reverse-mode passes for jacobian of y wrt xx", "did you mean 'x'?"),
        ("sideways-mode passes for jacobian of y wrt x", "is not understood"),
        ("vjp multiplications for jacobian of y wrt s", "from s to y there is not one chain of lines"),
        ("decision of q", "the mapping has no 'q'"),
    ],
)
def test_it_is_refused_and_told_why(phrase, told):
    with pytest.raises(LanguageError) as caught:
        answer(phrase)
    assert told in str(caught.value)


def test_multiplications_need_one_chain():
    with pytest.raises(LanguageError, match="not one chain"):
        answer("vjp multiplications for jacobian of y wrt x", "a = sin(x)\nc = cos(x)\ny = a * c")


def test_a_mode_that_is_none_is_refused():
    program = read(CHAIN, SHAPES)
    for ask in ("passes", "multiplications"):
        [quantity] = ASKS[ask].declare({"of": "y", "wrt": "x", "mode": "sideways"}, program)
        with pytest.raises(LanguageError, match="mode 'sideways' is unknown"):
            ASKS[ask].reference(Tape(program), quantity)


@pytest.mark.parametrize(("s", "wanted"), [(0.3, 1), (-2, -1), (0, -1)])
def test_decision(s, wanted):
    assert answer("decision of z", "z = 2 * s", s=s) == wanted
    assert answer("decision of z", "z = s * [1, -1]", s=s) == [wanted, -1 if s >= 0 else 1]


def test_edges_are_pairs_of_names():
    program = read(CHAIN, SHAPES)
    assert read_phrase("edges", program).ask == "graph"
    assert edges(program) == sorted([["W1", "h"], ["x", "h"], ["h", "a"], ["W2", "y"], ["a", "y"], ["y", "L"]])
