"""The wheel ships the proofs of its banks, so that the first `generate` imports no sympy.

Renew them with T1GEN_RENEW=1 after a rule or a bank has changed; the test then proves everything anew.
"""

import json
import os
from importlib.metadata import version

from t1gen import banks
from t1gen.mapping import proof
from t1gen.problems.instance import Source


def bank_sweeps():
    for name in banks.available():
        for problem in banks.load(name).problems:
            if not problem.builder:
                structure, _ = Source(problem).structure()
                for output, wrt in structure.tapes[0].proofs.items():
                    yield proof.what_is_proved(structure.tapes[0].program, output, wrt) + (output,)


def test_every_sweep_of_the_banks_is_shipped_as_proved():
    shipped = json.loads(proof.SHIPPED.read_text()) if proof.SHIPPED.exists() else {"sympy": "", "proofs": []}
    if os.environ.get("T1GEN_RENEW"):
        keys = set()
        for forward, wrt, output in bank_sweeps():
            proof.disprove(proof.shrunk(forward), output, wrt)
            keys.add(proof.record_key(forward, output, wrt))
        shipped = {"sympy": version("sympy"), "proofs": sorted(keys)}
        proof.SHIPPED.write_text(json.dumps(shipped, indent=1) + "\n")
    keys = {proof.record_key(f, output, wrt, shipped["sympy"]) for f, wrt, output in bank_sweeps()}
    assert keys, "no bank asks for a derivative"
    assert keys == set(shipped["proofs"]), "renew them with T1GEN_RENEW=1"


def test_the_shipped_proofs_hold_when_proved_anew():
    for forward, wrt, output in bank_sweeps():
        proof.disprove(proof.shrunk(forward), output, wrt)
