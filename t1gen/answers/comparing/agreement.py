"""Whether the values of a formula are those of the right one; where they are not, whether they nearly are."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from t1gen.answers.comparing.points import ENOUGH, agreeing, everywhere, finite, scale
from t1gen.answers.record import judged
from t1gen.mapping.evaluate import Values, evaluate
from t1gen.mapping.ops import OPS
from t1gen.mapping.ops.fold import Array
from t1gen.mapping.program import Program

SHAKE, ROUNDING, UNSURE = 1e-10, 2e-15, 1e-7
"""Each step is moved by this part of itself to see what rounding does to a formula; what rounding is taken to be, some
times that of a float; the part of a value by which it may be off before it decides nothing."""

MOST = 0.9
"""The part of the points that a right formula leaves to decide; others may hide where they are wrong: 0 * exp(1e9)."""

SIMPLE = 12
"""The largest denominator of a factor that is named."""


@dataclass(frozen=True)
class Sampled:
    """A formula at points: the program, its result, and every step's values there."""

    program: Program
    out: str
    values: Values

    @property
    def result(self) -> Array:
        return self.values[self.out]


def decided(mine: Sampled, right: Sampled) -> str:
    """correct or wrong; domain where it agrees but is undefined at some points; undefined or unstable where too few
    points decide."""
    found, wanted = mine.result, right.result
    usable = finite(wanted) & ~_overflowed(mine)
    decisive, both = finite(wanted), usable & finite(found)
    if both.sum() < ENOUGH:
        return "undefined"
    if not agreeing(found, wanted)[both].all():
        own = _rounding(right).reshape(found.shape)
        error = _rounding(mine) + own
        decisive &= everywhere(own <= UNSURE * scale(wanted))
        both &= everywhere(error <= UNSURE * scale(wanted))
        if both.sum() < ENOUGH:
            return "unstable"
        if not agreeing(found, wanted, error)[both].all():
            return "wrong"
    if (usable & ~finite(found)).any():
        return "domain"
    return "correct" if both.sum() >= MOST * decisive.sum() else "unstable"


def _overflowed(formula: Sampled) -> Array:
    """Where a number grew too large on the way: the formula is defined there, the float is not."""
    values, out = formula.values, np.zeros(formula.result.shape[-1], dtype=bool)
    for step in formula.program:
        if step.args and not OPS[step.op].guards:
            found = values[step.name]
            out |= ~everywhere(~np.isinf(found)) & finite(*(values[a] for a in step.args))
    return out


def _rounding(formula: Sampled) -> Array:
    """About how far rounding puts the result off: each step is moved a little, and the result is seen to move."""
    moved = [np.abs(_shaken(formula, seed) - formula.result) for seed in (1, 2)]
    with np.errstate(invalid="ignore"):
        return np.asarray(np.maximum(*moved) * (ROUNDING / SHAKE))


def _shaken(formula: Sampled, seed: int) -> Array:
    stream, values = np.random.RandomState(seed), dict[str, Array]()
    with np.errstate(all="ignore"):
        for step in formula.program:
            start = {a: values[a] for a in step.args}
            if step.op not in ("given", "const"):
                exact = evaluate(Program({step.name: step}), {}, start=start)[step.name]
                values[step.name] = exact * (1 + SHAKE * stream.uniform(-1, 1, exact.shape))
            else:
                values[step.name] = formula.values[step.name]
    return values[formula.out]


# what a wrong formula nearly is


def diagnosed(found: Array, wanted: Array) -> tuple[tuple[str, ...], str]:
    """Names of what is wrong, and the same in words: `transposed`, `factor -1`, `factor` where it is no simple one."""
    for turned in (False, True):
        target = np.swapaxes(wanted, 0, 1) if turned and wanted.ndim == 3 else wanted
        if turned > (wanted.ndim == 3) or target.shape != found.shape:
            continue
        factor = _factor(found, target)
        if factor is not None:
            name = _simple(factor)
            names = ("transposed",) * turned + (f"factor {name}".strip(),) * (factor != 1)
            scaled = factor != 1
            return names, judged("nearly", factor=name if scaled else "", scaled=scaled, turned=turned)
    return (), ""


def _factor(found: Array, wanted: Array) -> float | None:
    """The one number that the wanted values are multiplied with; exactly 1 where they agree."""
    both = finite(found, wanted)
    found, wanted = found[..., both], wanted[..., both]
    if both.sum() < ENOUGH or not np.abs(wanted).max(initial=0):
        return None
    if agreeing(found, wanted).all():
        return 1.0
    at = np.abs(wanted) > 0.5 * np.abs(wanted).max()
    factor = float(np.median(found[at] / wanted[at]))
    return factor if 1e-3 < abs(factor) < 1e3 and agreeing(found, factor * wanted).all() else None


def _simple(factor: float) -> str:
    near = Fraction(factor).limit_denominator(SIMPLE)
    return str(near) if abs(float(near) - factor) < 1e-9 * abs(factor) else ""
