"""Sweeps checked in floats at their true shapes: proofs shrink dimensions, so central differences look at the rest.

Every check is at a batch of seeded points; a kink between two of a difference's points spoils some, so most must agree.
"""

from collections.abc import Iterable, Mapping

import numpy as np

from t1gen.errors import ProofError
from t1gen.mapping.evaluate import Override, Values, evaluate
from t1gen.mapping.ops.fold import Array
from t1gen.mapping.program import Program, Step
from t1gen.mapping.proof import flag, has_declared_constants
from t1gen.mapping.sweep import Sweep, backward

POINTS, STEP, CLOSE, MOST = 16, 1e-5, 1e-4, 0.6


def central_differences(program: Program, output: str, wrt: Iterable[str]) -> None:
    """Raise ProofError where the sweep from `output` differs from central differences; declared exceptions pass."""
    forward = program.pruned([output])
    if _exempt(forward):
        return
    tape, sweep = _swept(forward, output)
    givens = _points(tape)
    values = evaluate(tape, givens)
    for name in wrt:
        if name in forward:
            direction = _random(name, forward, POINTS)
            moved = [evaluate(forward, givens, [Override(name, shift=s * direction)])[output] for s in (STEP, -STEP)]
            with np.errstate(all="ignore"):
                slope = (moved[0] - moved[1]) / (2 * STEP)
            found = _dot(values["_v"], slope)
            _agree(f"d{output}/d{name}", _along(sweep, values, name, direction), found)


def transposed(program: Program, output: str, tangents: Mapping[str, str], found: str) -> None:
    """Raise ProofError where a tangent is not the transpose of the sweep: <v, J t> must be <J^T v, t>."""
    if _exempt(program.pruned([found])):
        return
    tape, sweep = _swept(program.pruned([found, output, *tangents, *tangents.values()]), output)
    values = evaluate(tape, _points(tape))
    back = sum(_along(sweep, values, n, values[t]) for n, t in tangents.items())
    _agree(f"the tangent of {output}", np.asarray(back), _dot(values["_v"], values[found]))


def _exempt(program: Program) -> bool:
    return has_declared_constants(program) or any(flag(s, "surrogate") for s in program)


def _swept(program: Program, output: str) -> tuple[Program, Sweep]:
    tape = program.copy()
    tape.add(Step("_v", "given", shape=program.shape(output), role="given"))
    return tape, backward(tape, output, "_v")


def _points(program: Program) -> dict[str, Array]:
    """Half the points of both signs, half positive, so that roots and logarithms are met too."""
    givens = {n: _random(n, program, POINTS) for n in program.givens}
    for array in givens.values():
        array[..., POINTS // 2 :] = np.abs(array[..., POINTS // 2 :])
    return givens


def _random(name: str, program: Program, count: int) -> Array:
    seed = sum(ord(c) * 31**i for i, c in enumerate(name)) % 2**32
    rng = np.random.RandomState(seed)
    shape = (*program.shape(name), count)
    return np.asarray(rng.uniform(0.3, 1.5, shape) * rng.choice([-1.0, 1.0], shape))


def _dot(a: Array, b: Array) -> Array:
    with np.errstate(all="ignore"):
        product = np.broadcast_to(a * b, np.broadcast_shapes(a.shape, b.shape))
        return np.asarray(product.reshape((-1, product.shape[-1])).sum(axis=0))


def _along(sweep: Sweep, values: Values, name: str, direction: Array) -> Array:
    """What the sweep says of a change in this direction."""
    adjoint = sweep.adjoints.get(name)
    return _dot(values[adjoint], direction) if adjoint else np.zeros(POINTS)


def _agree(what: str, ours: Array, theirs: Array) -> None:
    with np.errstate(all="ignore"):
        usable = np.isfinite(ours) & np.isfinite(theirs) & (np.abs(theirs) < 1e6)
        close = np.abs(ours - theirs) <= CLOSE * (1 + np.abs(theirs))
    if usable.any() and close[usable].mean() < MOST:
        raise ProofError(f"{what} does not agree with differences at the true shapes")
