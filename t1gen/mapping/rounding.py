"""How far honest rounding can move a result: each intermediate moved by half a unit of the last asked digit."""

from collections.abc import Callable, Collection, Mapping
from fractions import Fraction

import numpy as np

from t1gen.mapping.evaluate import Override, Values, evaluate
from t1gen.mapping.ops import OPS
from t1gen.mapping.ops.fold import Array
from t1gen.mapping.program import ROUNDED, Program, Step

COLUMNS = 20_000
"""The most columns that are evaluated at once."""


def half_unit(decimals: int) -> float:
    return 0.5 * 10.0**-decimals


SHARE, SMALL, UNITS = 0.05, 0.1, 5
"""The largest tolerance: a share of the entry, and so many units of the last digit where that is small."""


def widest(values: Array, decimals: int) -> Array:
    """The largest tolerance that leaves a question sharp."""
    size = np.abs(values)
    return np.asarray(np.where(size >= SMALL, SHARE * size, UNITS * 2 * half_unit(decimals)))


def held(values: Array, decimals: int) -> Array:
    """Where the asked digits hold a value exactly, so that nobody rounds it."""
    scaled = values * 10.0**decimals
    return np.abs(scaled - np.round(scaled)) < 1e-6


def is_rounded(step: Step) -> bool:
    """Whether a student writes down the value of a step: what moves entries or signs only is not rounded again.

    A literal with no end, such as the 1/3 that a mean of three sends back, is rounded too.
    """
    if step.op == "const":
        return _endless(step.static("value"))
    return step.role in ROUNDED and step.op in OPS and not OPS[step.op].passes


def _endless(value: object) -> bool:
    if not isinstance(value, Fraction):
        return False
    rest = value.denominator
    for factor in (2, 5):
        while rest % factor == 0:
            rest //= factor
    return rest > 1


def rounded_steps(program: Program) -> list[str]:
    """The steps whose value a student rounds."""
    return [s.name for s in program if is_rounded(s)]


def rounding(decimals: int) -> Callable[[Step, Array], Array]:
    """What a student does who rounds every intermediate, for `evaluate`."""
    return lambda step, value: np.round(value, decimals) if is_rounded(step) else value


def tolerances(
    program: Program, results: Collection[str], givens: Mapping[str, Array], decimals: int,
    written: Collection[str] = (),
) -> Values:  # fmt: skip
    """How far each entry of each result may be off: half a unit, and what each rounded intermediate explains.

    The givens in `written` are themselves rounded values, whatever their digits.

    Shapes are those of the results, the batch last. The larger change of the two directions counts for each entry of
    each intermediate; changes add up. What is not finite counts as infinite.
    """
    with np.errstate(all="ignore"):
        return _tolerances(program, list(dict.fromkeys(results)), givens, decimals, written)


def _tolerances(
    program: Program, wanted: list[str], givens: Mapping[str, Array], decimals: int, written: Collection[str]
) -> Values:
    program = program.pruned(wanted)
    batch = next((np.shape(a)[-1] for a in givens.values()), 1)
    used = {n: np.asarray(givens[n]) for n in program.givens}
    names = [*rounded_steps(program), *(n for n in used if n in written)]
    moves = [(n, i) for n in names for i in np.ndindex(*program.shape(n))]
    size = max(1, COLUMNS // (2 * len(moves) + 1))
    parts = [
        _some(
            program, wanted, {n: a[..., k : k + size] for n, a in used.items()}, moves, decimals, written,
            min(size, batch - k),
        )
        for k in range(0, batch, size)
    ]
    return {r: np.concatenate([p[r] for p in parts], axis=-1) for r in wanted}


def _some(
    program: Program, results: list[str], givens: Mapping[str, Array], moves: list[tuple[str, tuple[int, ...]]],
    decimals: int, written: Collection[str], batch: int,
) -> Values:  # fmt: skip
    base = evaluate(program, givens, batch=batch)
    columns = 2 * len(moves)
    half = half_unit(decimals)
    shifts: dict[str, Array] = {}
    own: dict[str, list[int]] = {}
    for m, (name, entry) in enumerate(moves):
        shift = shifts.setdefault(name, np.zeros((*program.shape(name), columns, batch)))
        step = half if name in written else np.where(held(base[name][entry], decimals), 0.0, half)
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
