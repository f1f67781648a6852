"""How far honest rounding can move a result: each intermediate moved by half a unit of the last asked digit."""

from collections.abc import Collection, Mapping

import numpy as np

from t1gen.mapping.evaluate import Override, Values, evaluate
from t1gen.mapping.ops import OPS
from t1gen.mapping.ops.fold import Array
from t1gen.mapping.program import ROUNDED, Program

COLUMNS = 20_000
"""The most columns that are evaluated at once."""


def half_unit(decimals: int) -> float:
    return 0.5 * 10.0**-decimals


def held(values: Array, decimals: int) -> Array:
    """Where the asked digits hold a value exactly, so that nobody rounds it."""
    scaled = values * 10.0**decimals
    return np.abs(scaled - np.round(scaled)) < 1e-6


def rounded_steps(program: Program) -> list[str]:
    """The steps whose value a student writes down: what moves entries or signs only is none."""
    return [s.name for s in program if s.role in ROUNDED and s.op in OPS and not OPS[s.op].passes]


def tolerances(program: Program, results: Collection[str], givens: Mapping[str, Array], decimals: int) -> Values:
    """How far each entry of each result may be off: half a unit, and what each rounded intermediate explains.

    Shapes are those of the results, the batch last. The larger change of the two directions counts for each entry of
    each intermediate; changes add up. What is not finite counts as infinite.
    """
    with np.errstate(all="ignore"):
        return _tolerances(program, list(dict.fromkeys(results)), givens, decimals)


def _tolerances(program: Program, wanted: list[str], givens: Mapping[str, Array], decimals: int) -> Values:
    program = program.pruned(wanted)
    batch = next((np.shape(a)[-1] for a in givens.values()), 1)
    used = {n: np.asarray(givens[n]) for n in program.givens}
    moves = [(n, i) for n in rounded_steps(program) for i in np.ndindex(*program.shape(n))]
    size = max(1, COLUMNS // (2 * len(moves) + 1))
    parts = [
        _some(
            program, wanted, {n: a[..., k : k + size] for n, a in used.items()}, moves, decimals, min(size, batch - k)
        )
        for k in range(0, batch, size)
    ]
    return {r: np.concatenate([p[r] for p in parts], axis=-1) for r in wanted}


def _some(
    program: Program, results: list[str], givens: Mapping[str, Array], moves: list[tuple[str, tuple[int, ...]]],
    decimals: int, batch: int,
) -> Values:  # fmt: skip
    base = evaluate(program, givens, batch=batch)
    columns = 2 * len(moves)
    half = half_unit(decimals)
    shifts: dict[str, Array] = {}
    own: dict[str, list[int]] = {}
    for m, (name, entry) in enumerate(moves):
        shift = shifts.setdefault(name, np.zeros((*program.shape(name), columns, batch)))
        step = np.where(held(base[name][entry], decimals), 0.0, half)
        shift[(*entry, 2 * m)], shift[(*entry, 2 * m + 1)] = step, -step
        own.setdefault(name, []).append(m)
    overrides = [Override(n, shift=s.reshape((*s.shape[:-2], -1))) for n, s in shifts.items()]
    tiled = {n: np.tile(a, columns) for n, a in givens.items()}
    moved = evaluate(program, tiled, overrides, batch=columns * batch) if moves else {}
    return {r: half + _changes(r, base[r], moved, columns, own.get(r, [])) for r in results}


def _changes(result: str, base: Array, moved: Values, columns: int, own: list[int]) -> Array:
    """The sum over moves of the larger change, the result's own rounding left out."""
    if not columns:
        return np.zeros_like(base)
    batch = base.shape[-1]
    new: Array = np.broadcast_to(moved[result], (*base.shape[:-1], columns * batch))
    new = new.reshape((*base.shape[:-1], columns // 2, 2, batch))
    change = np.abs(new - base[..., None, None, :]).max(axis=-2)
    change[..., own, :] = 0.0
    return np.asarray(np.where(np.isfinite(change), change, np.inf).sum(axis=-2))
