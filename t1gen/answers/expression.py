"""expression: a formula in the mapping language, compared with the reference at seeded points."""

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from t1gen.answers.record import Kind, Unreadable, Verdict
from t1gen.asks.tape import Tape
from t1gen.errors import LanguageError
from t1gen.mapping.evaluate import evaluate
from t1gen.mapping.nested import squeezed
from t1gen.mapping.ops.fold import Array
from t1gen.mapping.program import Program, Shape, Step
from t1gen.mapping.reader import expression

POINTS, ENOUGH, CLOSE = 40, 5, 1e-8


def read(given: Any, question: Any) -> str:
    """The text of a formula over the names that the question allows."""
    if not isinstance(given, str):
        raise Unreadable("a formula is wanted, as text")
    _program(given, Names.of(question), tuple(question.shape))
    return given


@dataclass(frozen=True)
class Names:
    """What a formula may use: names of known shapes, and names for whole numbers."""

    shapes: Mapping[str, Shape]
    sizes: Mapping[str, int]

    @classmethod
    def of(cls, question: Any) -> "Names":
        return cls({n: tuple(s) for n, s in question.names.items()}, dict(question.sizes))

    @property
    def columns(self) -> "Names":
        return Names({n: (*s, 1) if len(s) == 1 else s for n, s in self.shapes.items()}, self.sizes)


def _program(text: str, names: Names, shape: Shape) -> tuple[Program, str, bool]:
    """The formula's program; one-axis names are columns where NumPy's reading fails or has not the asked shape."""
    try:
        program, out = _read(text, names)
        if _fits(program.shape(out), shape, False):
            return program, out, False
    except LanguageError as error:
        first: LanguageError | None = error
    else:
        first = None
    try:
        columns, result = _read(text, names.columns)
        if first is not None or _fits(columns.shape(result), shape, True):
            return columns, result, True
    except LanguageError:
        pass
    if first is not None:
        raise Unreadable(first.message) from None
    return program, out, False


def _read(text: str, names: Names) -> tuple[Program, str]:
    program = Program({n: Step(n, "given", shape=s) for n, s in names.shapes.items()})
    return program, expression(program, text, scope={n: n for n in names.shapes}, statics=names.sizes)


def _fits(found: Shape, asked: Shape, columns: bool) -> bool:
    """A vector may also be a row or a column, `tile(v, 1, 4)`; anything may where names were read as columns."""
    return squeezed(found) == squeezed(asked) if columns or len(asked) == 1 else found == asked


def compare(value: str, question: Any, answer: Any, reference: Any) -> Verdict:
    """The points are random givens and cotangents, carried through the mapping, which is the reference."""
    names, shape = Names.of(question), tuple(question.shape)
    program, out, columns = _program(value, names, shape)
    if not _fits(program.shape(out), shape, columns):
        return Verdict("wrong", f"the formula has shape {program.shape(out)}, asked was {shape}")
    right, right_out, _ = _program(answer.value, names, shape)
    points = _points(reference, names.shapes)
    wanted = evaluate(right, points)[right_out]
    found = evaluate(program, {n: a.reshape((*program.shape(n), -1)) for n, a in points.items()})[out]
    verdict = _decided(found.reshape(wanted.shape), wanted)
    note = "one-axis names were read as columns" if columns else ""
    return Verdict(verdict, note if verdict == "correct" else _REASONS[verdict])


_REASONS = {
    "wrong": "the formula has other values than the right one",
    "review": "the formula could not be compared: it is undefined wherever it was tried",
}


def _decided(found: Array, wanted: Array) -> str:
    """correct or wrong at the points where the right formula is defined, review where there are too few."""
    axes = tuple(range(wanted.ndim - 1))
    usable = np.isfinite(wanted).all(axis=axes)
    if (usable & np.isfinite(found).all(axis=axes)).sum() < ENOUGH:
        return "review"
    with np.errstate(invalid="ignore"):
        close = (np.abs(found - wanted) <= CLOSE * np.maximum(1, np.abs(wanted))).all(axis=axes)
    return "correct" if close[usable].all() else "wrong"


def _points(mapping: Program, names: Mapping[str, Shape]) -> dict[str, Array]:
    """Seeded values of every name: givens and cotangents drawn, the mapping's own quantities computed from them."""
    stream = random.Random("t1gen expression points")
    givens = {}
    for name, shape in {**names, **mapping.givens}.items():
        if name not in mapping or mapping[name].op == "given":
            size = int(np.prod(shape)) * POINTS
            drawn = np.array([stream.uniform(0.2, 2) * stream.choice((-1, 1)) for _ in range(size)])
            givens[name] = drawn.reshape((*shape, POINTS))
            if POINTS > 1:
                givens[name][..., POINTS // 2 :] = np.abs(givens[name][..., POINTS // 2 :])
    tape = Tape(mapping)
    adjoints = {n: _adjoint(tape, n) for n in names if n not in mapping}
    values = evaluate(tape.program, {n: givens[n] for n in mapping.givens})
    found = {n: values[a] for n, a in adjoints.items() if a}
    return {n: found[n] if n in found else values[n] if n in values else givens[n] for n in names}


def _adjoint(tape: Tape, name: str) -> str:
    """The step that a name such as dL_dz stands for; empty where it is a name of its own, a cotangent."""
    partial = re.fullmatch(r"d(\w+)_d(\w+)", name)
    if not partial or any(n not in tape.mapping for n in partial.groups()) or tape.mapping.shape(partial[1]) != ():
        return ""
    return tape.gradient(partial[1], partial[2])


KIND = Kind("expression", read, compare)
