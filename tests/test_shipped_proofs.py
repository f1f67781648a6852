"""The wheel ships the proofs of its banks, so that the first `generate` imports no sympy.

Renew them with T1GEN_RENEW=1 after a rule or a bank has changed; the tests then prove everything anew.
"""

import json
import os
from functools import cache
from importlib.metadata import version

import pytest

from t1gen import banks
from t1gen.mapping import proof
from t1gen.problems.instance import Source

FIXED = {name: p for name, p in banks.written().items() if not p.builder}


@cache
def sweeps_of(name):
    """(forward, wrt, output) of every sweep that a problem of fixed structure asks for."""
    banks.declare_own(banks.load(name.partition(":")[0]))
    structure, _ = Source(FIXED[name]).structure()
    tape = structure.tapes[0]
    return [(*proof.what_is_proved(tape.program, output, wrt), output) for output, wrt in tape.proofs.items()]


def keys_of(name, sympy):
    return {proof.record_key(forward, output, wrt, sympy) for forward, wrt, output in sweeps_of(name)}


def test_every_sweep_of_the_banks_is_shipped_as_proved():
    shipped = json.loads(proof.SHIPPED.read_text()) if proof.SHIPPED.exists() else {"sympy": "", "proofs": []}
    if os.environ.get("T1GEN_RENEW"):
        keys = set().union(*(keys_of(name, version("sympy")) for name in FIXED))
        shipped = {"sympy": version("sympy"), "proofs": sorted(keys)}
        proof.SHIPPED.write_text(json.dumps(shipped, indent=1) + "\n")
    keys = set().union(*(keys_of(name, shipped["sympy"]) for name in FIXED))
    assert keys, "no bank asks for a derivative"
    assert keys == set(shipped["proofs"]), "renew them with T1GEN_RENEW=1"


@pytest.mark.parametrize("name", FIXED)
def test_a_shipped_proof_holds_when_proved_anew(name):
    for forward, wrt, output in sweeps_of(name):
        proof.disprove(proof.shrunk(forward), output, wrt)
