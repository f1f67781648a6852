"""Proofs: what is wrong is caught, what was proved is remembered and believed, and large shapes are shrunk."""

import os
import subprocess
import sys
import time
from dataclasses import replace
from fractions import Fraction

import pytest
from mapping_cases import program_of

from t1gen.asks.tape import Quantity
from t1gen.errors import ProofError
from t1gen.mapping import proof
from t1gen.mapping.ops import OPS
from t1gen.mapping.proof import disprove, prove, record_key, shrunk
from t1gen.mapping.reference import answer as recompute

NEURON = "z = w @ x\np = sigmoid(z)\nL = -log(p)"


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("T1GEN_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def neuron(n=2):
    return program_of(NEURON, w=(n,), x=(n,))


def broken(name, monkeypatch, **rules):
    monkeypatch.setitem(OPS, name, replace(OPS[name], **rules))


def test_right_rules_are_proved(cache):
    prove(neuron(), "L", ["w", "x", "z", "p"])
    assert len(list((cache / "proofs").iterdir())) == 1


def test_a_wrong_rule_is_caught_and_not_remembered(cache, monkeypatch):
    broken("sigmoid", monkeypatch, local=("y * (1 + y)",))
    with pytest.raises(ProofError, match=r"dL/dw, sympy gives"):
        prove(neuron(), "L", ["w"])
    assert not list(cache.glob("proofs/*"))


def test_a_proof_by_other_rules_is_not_believed(cache, monkeypatch):
    prove(neuron(), "L", ["w"])
    broken("sigmoid", monkeypatch, local=("y * (1 + y)",))
    with pytest.raises(ProofError):
        prove(neuron(), "L", ["w"])


def test_what_was_proved_is_not_proved_again(cache, monkeypatch):
    prove(neuron(), "L", ["w", "x"])
    monkeypatch.setattr(proof, "disprove", lambda *_: pytest.fail("proved twice"))
    renamed = program_of("a = m @ n\nb = sigmoid(a)\nC = -log(b)", m=(2,), n=(2,))
    prove(renamed, "C", ["m", "n"])


@pytest.mark.parametrize("change", ["output", "wrt", "sympy"])
def test_the_record_depends_on_what_was_proved(change):
    program = neuron()
    others = {"output": ("p", ["w"], ""), "wrt": ("L", ["x"], ""), "sympy": ("L", ["w"], "0.1")}
    assert record_key(program, "L", ["w"]) != record_key(program, *others[change])


def test_a_warm_run_imports_no_sympy(cache):
    code = (
        "import sys; from t1gen.mapping.reader import read; from t1gen.mapping.proof import prove\n"
        f"prove(read({NEURON!r}, {{'w': (2,), 'x': (2,)}}), 'L', ['w', 'x'])\n"
        "print('sympy' in sys.modules, 'mpmath' in sys.modules)"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"T1GEN_CACHE": str(cache)},
            capture_output=True,
            text=True,
            timeout=60,
        )
        for _ in range(2)
    ]
    assert [r.stderr for r in runs] == ["", ""]
    assert runs[1].stdout.strip() == "False False"


@pytest.mark.parametrize("place", ["file", "proofs-is-a-file", "nowhere"])
def test_an_unwritable_cache_is_no_error(tmp_path, monkeypatch, place):
    blocked = tmp_path / "cache"
    if place == "file":
        blocked.write_text("")
    elif place == "proofs-is-a-file":
        blocked.mkdir()
        (blocked / "proofs").write_text("")
    else:
        blocked = tmp_path / ("long" * 100)
    monkeypatch.setenv("T1GEN_CACHE", str(blocked))
    prove(neuron(), "L", ["w"])


def test_a_wrong_rule_is_caught_along_one_direction_too(monkeypatch):
    program = program_of("y = relu(W @ x)\nL = sum(y ** 2)", W=(5, 6), x=(6,))
    disprove(program, "L", ["W", "x", "y"])
    broken("relu", monkeypatch, local=("step(A) * (1 + 0.001 * (A > 1))",))
    with pytest.raises(ProofError, match="dL/dW, sympy gives"):
        disprove(program, "L", ["W"])


def test_what_nothing_depends_on_is_proved_zero():
    disprove(program_of("L = x ** 2 + 0 * step(y)", x=(), y=()), "L", ["x", "y"])


def test_slow_proofs_are_refused_by_name(monkeypatch):
    monkeypatch.setattr(proof, "SECONDS", 0.0)
    with pytest.raises(ProofError, match="derivative of L was not proved within"):
        disprove(neuron(), "L", ["w"])


def test_no_real_point_is_an_error():
    with pytest.raises(ProofError, match="no real point"):
        disprove(program_of("L = log(-x ** 2)", x=()), "L", ["x"])


def test_rows_of_zeros_have_a_mean():
    disprove(program_of("z = put(x, s_[0], (2, 3))\nL = mean(z, axis=1)", x=(3,)), "L", ["x"])


# shrinking


def test_equal_sizes_stay_equal_and_others_apart():
    small = shrunk(program_of("h = A @ x\nL = B @ h + y", A=(8, 5), x=(5,), B=(6, 8), y=(6,)))
    assert small.shape("A") == (small.shape("h")[0], small.shape("x")[0])
    assert small.shape("B") == (small.shape("L")[0], small.shape("h")[0])
    assert max(n for s in small for n in s.shape) <= 3


def test_small_sizes_are_kept():
    program = program_of("L = A @ x", A=(2, 3), x=(3,))
    assert shrunk(program).givens == program.givens


@pytest.mark.parametrize(
    "text",
    [
        "L = x[4] * x",
        "L = reshape(x, (2, 4)) * 2",
        "L = x * [1, 2, 3, 4, 5, 6, 7, 8]",
        "L = concatenate((x, x))",
        "L = broadcast_to(x, (2, 8))",
        "z = x[::2]\nL = sum(z) * x",
    ],
)
def test_pinned_sizes_are_kept(text):
    assert shrunk(program_of(text, x=(8,))).shape("x") == (8,)


def test_pinned_sizes_are_kept_beside_free_ones():
    small = shrunk(program_of("h = A @ x\nL = h[5] + sum(x)", A=(7, 9), x=(9,)))
    assert small.shape("A")[0] == 7 and small.shape("x")[0] <= 3


def test_a_large_product_is_proved_soon(cache):
    program = program_of("y = A @ B\nL = sum(y * y)", A=(8, 8), B=(8, 8))
    started = time.monotonic()
    prove(program, "L", ["A", "B"])
    disprove(shrunk(program_of("y = A @ B", A=(8, 8), B=(8, 8))), "y", ["A", "B"])
    assert time.monotonic() - started < 5


# recomputed by sympy


@pytest.mark.parametrize(
    ("quantity", "wanted"),
    [
        (Quantity("forward", of="z"), [11]),
        (Quantity("gradient", of="L", wrt="w"), [66, 88]),
        (Quantity("vjp", of="L", wrt="x", cotangent=Fraction(2)), [44, 88]),
        (Quantity("jacobian", of="L", wrt="w"), [66, 88]),
        (Quantity("step", of="L", wrt="w", moves=("w",), rate=Fraction(1, 22)), [-2, -2]),
        (Quantity("step", of="L", wrt="w", moves=("w",), rate=Fraction(1, 22), ascent=True), [4, 6]),
    ],
)
def test_answers_recomputed_by_sympy(quantity, wanted):
    mapping = program_of("z = w @ x\nL = z ** 2", w=(2,), x=(2,))
    givens = {"w": (Fraction(1), Fraction(2)), "x": (Fraction(3), Fraction(4))}
    assert [float(e) for e in recompute(mapping, quantity, givens, 15)] == pytest.approx(wanted)
