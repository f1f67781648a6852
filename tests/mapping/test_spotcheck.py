"""Sweeps and tangents checked in floats at their true shapes."""

from dataclasses import replace

import pytest

from t1gen.asks import ASKS as KNOWN
from t1gen.asks import Tape, read_phrase
from t1gen.errors import ProofError
from t1gen.mapping import spotcheck
from t1gen.mapping.ops import OPS
from t1gen.mapping.reader import read

NETWORK = "a = W @ x; h = sigmoid(a); s = u @ relu(h * 3 - 1.5); L = log(1 + exp(-s)) + norm(W)"
SHAPES = {"W": (5, 7), "x": (7,), "u": (5,)}


def tape_of(phrase, text=NETWORK, shapes=SHAPES):
    tape = Tape(read(text, shapes))
    quantity = read_phrase(phrase, tape.mapping)
    KNOWN[quantity.ask].reference(tape, quantity)
    return tape


@pytest.mark.parametrize("name", ["W", "x", "u", "a", "h", "s"])
def test_right_sweeps_agree_with_differences(name):
    spotcheck.central_differences(read(NETWORK, SHAPES), "L", [name])


@pytest.mark.parametrize("op", ["matmul", "sigmoid", "relu", "norm", "log", "exp", "mul"])
def test_a_broken_rule_is_seen(monkeypatch, op):
    entry = OPS[op]
    if entry.local:
        broken = replace(entry, local=tuple(f"({t}) * 1.5" for t in entry.local))
    elif isinstance(entry.vjp, dict):
        broken = replace(entry, vjp={k: tuple(f"({t}) * 1.5" for t in v) for k, v in entry.vjp.items()})
    else:
        broken = replace(entry, vjp=tuple(f"({t}) * 1.5" for t in entry.vjp))
    monkeypatch.setitem(OPS, op, broken)
    with pytest.raises(ProofError, match="differences"):
        spotcheck.central_differences(read(NETWORK, SHAPES), "L", ["W", "x", "u"])


@pytest.mark.parametrize("phrase", ["jvp of L with dW=1, dx=2", "jvp of a with dx=1", "jvp of h with dW=0.5"])
def test_right_tangents_are_transposes(phrase):
    tape = tape_of(phrase)
    assert tape.tangents
    tape.prove()


def test_a_wrong_tangent_is_seen():
    tape = tape_of("jvp of h with dx=1")
    (output, seeds, found), = tape.tangents
    wrong = tape.writer.emit("mul", (found, tape.number(2)))
    with pytest.raises(ProofError):
        spotcheck.transposed(tape.program, output, seeds, wrong)


def test_declared_exceptions_pass():
    spotcheck.central_differences(read("y = stop_gradient(x) * x", {"x": (4,)}), "y", ["x"])
