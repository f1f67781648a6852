"""Seeded points at which formulas and graphs are compared, and when two values agree there.

A point is a value of every name; arrays have the points as their last axis. No entry is special: none is a whole
number, and no two are equal.
"""

import re
from collections.abc import Mapping
from math import isqrt, prod

import numpy as np

from t1gen.asks.tape import Tape
from t1gen.mapping.evaluate import Values, evaluate
from t1gen.mapping.ops import OPS
from t1gen.mapping.ops.fold import Array
from t1gen.mapping.program import Program, Shape, Step

POINTS, ENOUGH, ROUNDS, MORE = 40, 5, 8, 400
"""Points that are wanted; that decide; how often more are drawn where something is undefined, and how many."""

EFFORT, LARGEST = 4_000_000, 100_000
"""Entries computed: of a mapping at all points drawn; of an answer at one point (or four times what the mapping is)."""

CLOSE, SMALL = 1e-8, 1e-3
"""How near values are that agree: relative to the entry, or to this part of its largest value."""

RANGES = np.array([(0.05, 0.95), (0.2, 2), (-2, -0.2), (1, 6), (-0.4, -0.02)])


def points(
    reference: Program, names: Mapping[str, Shape], start: int = 0, held: Mapping[str, Array] | None = None
) -> Values:
    """Values (*shape, batch) of all givens of a mapping and of `names`, the same whenever asked for.

    Givens and cotangents are drawn; what the mapping computes, adjoints such as dL_dz too, is computed from them.
    Points where a step of the mapping is not finite are drawn again; after ROUNDS rounds there may be fewer, or none.
    `start` is the first round: from 1 on every name has a range of its own. `held` are givens that have some values
    alone, (*shape, some), which the points take in turn: labels, say, whose square is 1.
    """
    tape = Tape(reference)
    adjoints = {n: _adjoint(tape, n) for n in names if n not in reference}
    shapes = {n: tuple(s) for n, s in {**names, **reference.givens}.items()}
    free = {n: shapes[n] for n in sorted(shapes) if n not in reference or reference[n].op == "given"}
    found, wanted = list[Values](), _count(tape.program, POINTS)
    for number in range(start, start + ROUNDS):
        count = _count(tape.program, MORE) if number else wanted
        drawn = _drawn(free, number, count) | _indices(reference, number, count)
        drawn |= {n: a[..., np.arange(count) % a.shape[-1]] for n, a in (held or {}).items() if n in drawn}
        values = evaluate(tape.program, {n: drawn[n] for n in reference.givens}, batch=count)
        here = {n: values[adjoints.get(n) or n] if adjoints.get(n) or n in values else drawn[n] for n in shapes}
        fine = finite(*values.values())
        found.append({n: a[..., fine] for n, a in here.items()})
        if sum(next(iter(part.values())).shape[-1] for part in found if part) >= wanted:
            break
    return {n: np.concatenate([part[n] for part in found], axis=-1)[..., :wanted] for n in shapes}


def _count(program: Program, most: int) -> int:
    return max(ENOUGH + 3, min(most, EFFORT // effort(program)))


def _drawn(shapes: Mapping[str, Shape], number: int, count: int) -> Values:
    """Round 0: sizes from 0.2 to 2, all positive in half of the points; later every name has a range of its own."""
    stream = np.random.RandomState(20260 + number)
    out = {}
    for name, shape in shapes.items():
        low, high = RANGES[np.ones(count, int) if number == 0 else stream.randint(len(RANGES), size=count)].T
        drawn = low + (high - low) * stream.uniform(size=(*shape, count))
        signs = stream.choice((-1.0, 1.0), size=(*shape, count))
        out[name] = np.where(np.arange(count) < count // 2, signs, 1.0) * drawn if number == 0 else drawn
    return out


def _indices(mapping: Program, number: int, count: int) -> Values:
    """Whole numbers for the givens that are used as indices alone."""
    stream = np.random.RandomState(30260 + number)
    return {
        name: stream.randint(size, size=(*mapping.shape(name), count)).astype(float) for name, size in indices(mapping)
    }


def indices(mapping: Program) -> list[tuple[str, int]]:
    """The givens that are used as indices, with how many places they choose from."""
    return [(n, size) for step in mapping for n, size in _indexed(mapping, step) if mapping[n].op == "given"]


def _indexed(mapping: Program, step: Step) -> list[tuple[str, int]]:
    """The arguments of a step that are indices, with how many places they choose from."""
    if step.op == "one_hot":
        return [(step.args[0], step.static("n"))]
    if step.op in ("gather", "scatter"):
        sizes = mapping.shape(step.args[0]) if step.op == "gather" else step.static("shape")
        return list(zip(step.args[1:], sizes, strict=False))
    return []


def _adjoint(tape: Tape, name: str) -> str:
    """The step that a name such as dL_dz stands for; empty where it is a name of its own, a cotangent."""
    partial = re.fullmatch(r"d(\w+)_d(\w+)", name)
    if not partial or any(n not in tape.mapping for n in partial.groups()) or tape.mapping.shape(partial[1]) != ():
        return ""
    return tape.gradient(partial[1], partial[2])


# how much work a program is


def effort(program: Program) -> int:
    """Entries that a program computes at one point, those of products before they are summed too."""
    return sum(_entries(program, step) for step in program) or 1


def _entries(program: Program, step: Step) -> int:
    sizes = [prod(step.shape), *(prod(program.shape(a)) for a in step.args)]
    if "subscripts" in dict(step.statics):
        operands = step.static("subscripts").partition("->")[0].split(",")
        axes = [(c, n) for a, p in zip(step.args, operands, strict=True) for c, n in
                zip(p, program.shape(a), strict=True)]  # fmt: skip
        return prod(dict(axes).values())
    if len(step.args) == 2 and step.op in OPS and OPS[step.op].local is None:
        return max(isqrt(prod(sizes)), *sizes)
    return max(sizes)


def affordable(program: Program, reference: Program) -> bool:
    """Whether an answer is small enough to be computed at all points."""
    return effort(program) <= max(LARGEST, 4 * effort(reference))


# when values agree


def finite(*arrays: Array) -> Array:
    """At which points all entries are finite."""
    return np.asarray(np.logical_and.reduce([everywhere(np.isfinite(a)) for a in arrays]))


def scale(wanted: Array) -> Array:
    """The size that a difference is held against: the entry's, or a part of its largest over the points."""
    known = np.where(np.isfinite(wanted), np.abs(wanted), 0)
    largest = known.max(axis=-1, keepdims=True, initial=0)
    return np.asarray(np.maximum(known, np.maximum(SMALL * largest, 1e-6)))


def agreeing(found: Array, wanted: Array, allowed: Array | float = 0.0) -> Array:
    """At which points two values of one shape agree; `allowed` is added to what may differ."""
    with np.errstate(invalid="ignore", over="ignore"):
        close = np.abs(found - wanted) <= CLOSE * scale(wanted) + allowed
    return everywhere(close)


def everywhere(holds: Array) -> Array:
    """At which points something holds for all entries."""
    return np.asarray(holds.all(axis=tuple(range(holds.ndim - 1))))


def equal(found: Array, wanted: Array) -> bool:
    """Whether two values of one shape agree wherever both are defined, at enough points."""
    return bool(alike(found[None], wanted)[0])


def alike(stack: Array, wanted: Array) -> Array:
    """Which of a stack of values (k, *shape, batch) are equal to one."""
    entries = tuple(range(1, wanted.ndim))
    both = np.isfinite(stack).all(axis=entries) & finite(wanted)
    with np.errstate(invalid="ignore", over="ignore"):
        close = (np.abs(stack - wanted) <= CLOSE * scale(wanted)).all(axis=entries)
    return np.asarray((both.sum(axis=1) >= ENOUGH) & (close | ~both).all(axis=1))
