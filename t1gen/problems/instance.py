"""Drawing instances: every student's own stream, whole blocks of candidates judged at once."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

from t1gen.asks.literals import literal
from t1gen.banks import Given, Problem
from t1gen.errors import BankError, ProofError, T1genError, fitting
from t1gen.mapping.nested import flat, shape_of
from t1gen.mapping.ops.fold import Array
from t1gen.mapping.program import Shape
from t1gen.problems import expression_graph, network
from t1gen.problems.built import Built
from t1gen.problems.draws import Stream, key, support
from t1gen.problems.judge import Judge
from t1gen.problems.layers import build_chain, build_layer
from t1gen.problems.listing import Printed, printed
from t1gen.problems.structure import Drawn, Structure, derive

TRIES, BLOCK, SAMPLE, ENOUGH = 10_000, 8, 160, 8
"""Draws before a problem gives up, candidates judged at once for one student, instances looked at to calibrate, and how
many of them should be fair."""

BUILDERS: Mapping[str, Callable[[dict[str, Any], Stream], Built]] = {
    "expression": expression_graph.build, "layer": build_layer, "chain": build_chain, "network": network.build,
}  # fmt: skip


@dataclass(frozen=True)
class Instance:
    """One student's numbers for one problem: rationals in nested tuples, and the structure they belong to.

    `key` is what else is drawn for this student with: options, a listing's changed line.
    """

    structure: Structure
    judge: Judge
    givens: dict[str, Any]
    key: bytes

    @cached_property
    def listing(self) -> Printed | None:
        """The problem's listing for this student."""
        if self.structure.problem.listing is None:
            return None
        return printed(self.structure, self.judge.places, self.givens, Stream(self.key + b"listing"))


@dataclass
class Source:
    """A problem as a source of instances; structures are derived once and shared by all students."""

    problem: Problem
    derived: dict[str, tuple[Structure, Judge]] = field(default_factory=dict)
    rejected: Counter[str] = field(default_factory=Counter)
    bank: str = ""

    def draw(self, keys: Sequence[bytes]) -> list[Instance]:
        """One fair instance for every key; raises BankError that names the worst constraint after 10,000 draws."""
        with self.placed():
            return [self._built(k) for k in keys] if self.problem.builder else self._drawn(keys)

    @contextmanager
    def placed(self) -> Iterator[None]:
        """Errors tell the bank's file and the problem."""
        try:
            with fitting(self.problem.id, BankError):
                yield
        except T1genError as error:
            for place in (self.problem.id, self.bank):
                if place and place not in error.where.split(": "):
                    error.inside(place)
            raise

    # problems with a mapping of their own

    def structure(self) -> tuple[Structure, Judge]:
        with self.placed():
            return self._derive(Built(self.problem.given, self.problem.mapping))

    def _derive(self, built: Built) -> tuple[Structure, Judge]:
        shapes = shapes_of(built.given)
        name = repr((built.mapping, shapes))
        if name not in self.derived:
            structure = derive(self.problem, Drawn(built.mapping, shapes, built.groups))
            judge = Judge(structure)
            self.derived[name] = structure, judge
            if judge.answers and any(g.draw for g in built.given.values()):
                self._calibrate(judge, built.given, shapes)
        return self.derived[name]

    def _calibrate(self, judge: Judge, given: Mapping[str, Given], shapes: dict[str, Shape]) -> None:
        """Let the judge learn from a sample, a larger one where few instances are fair."""
        for size in (SAMPLE, 10 * SAMPLE):
            some = [self._candidate(given, key("calibration", str(i))) for i in range(size)]
            if judge.calibrate(_batch(some, shapes)) >= ENOUGH:
                return

    def _candidate(self, given: Mapping[str, Given], stream_key: bytes) -> dict[str, Any]:
        stream = Stream(stream_key)
        return {n: self._value(g, stream) for n, g in given.items()}

    def _value(self, given: Given, stream: Stream) -> Any:
        if not given.draw:
            return _fixed(given.value)
        values = support(given.draw)
        return nested([stream.choice(values) for _ in range(prod(given.shape))], given.shape)

    def _drawn(self, keys: Sequence[bytes]) -> list[Instance]:
        structure, judge = self.structure()
        given, shapes = self.problem.given, structure.mapping.givens
        found: list[Instance | None] = [None] * len(keys)
        if not any(g.draw for g in given.values()):
            fixed = self._candidate(given, b"")
            return [Instance(structure, judge, fixed, k) for k in keys]
        start = 0
        while missing := [i for i, f in enumerate(found) if f is None]:
            if start >= TRIES:
                raise self._hopeless()
            size = BLOCK if len(missing) < 50 else 2
            rows = [(i, c) for i in missing for c in range(start, start + size)]
            drawn = [self._candidate(given, keys[i] + c.to_bytes(4, "big")) for i, c in rows]
            reasons = judge.reasons(_batch(drawn, shapes))
            for (i, _), givens, reason in zip(rows, drawn, reasons, strict=True):
                if found[i] is None and not reason:
                    found[i] = Instance(structure, judge, givens, keys[i])
                elif found[i] is None:
                    self.rejected[reason] += 1
            start += size
        return [f for f in found if f is not None]

    # problems with a builder

    def _built(self, student_key: bytes) -> Instance:
        name = self.problem.builder.get("name")
        build = BUILDERS.get(str(name))
        if build is None:
            raise BankError(f"builder '{name}' is unknown (allowed: {', '.join(BUILDERS)})")
        for candidate in range(TRIES):
            stream_key = student_key + candidate.to_bytes(4, "big")
            made = build(self.problem.builder, Stream(stream_key))
            built = Built({**made.given, **self.problem.given}, made.mapping, made.groups)
            try:
                structure, judge = self._derive(built)
            except ProofError as error:
                self.rejected[error.message] += 1
                continue
            if judge.always_zero():
                self.rejected["an answer is always zero"] += 1
                continue
            givens = self._candidate(built.given, stream_key + b"givens")
            reason = judge.reasons(_batch([givens], structure.mapping.givens))[0]
            if not reason:
                return Instance(structure, judge, givens, student_key)
            self.rejected[reason] += 1
        raise self._hopeless()

    def _hopeless(self) -> BankError:
        reason, count = self.rejected.most_common(1)[0]
        return BankError(f"no fair instance in {TRIES} draws; most were rejected for '{reason}' ({count} times)")


def shapes_of(given: Mapping[str, Given]) -> dict[str, Shape]:
    """The shape of every given, of fixed ones that of their value."""
    return {n: g.shape if g.draw else shape_of(_fixed(g.value)) for n, g in given.items()}


def _fixed(value: Any) -> Any:
    """A value of a bank as nested tuples of rationals, decimals as they are written."""
    if isinstance(value, list):
        return tuple(_fixed(v) for v in value)
    found = None if isinstance(value, bool) else literal(value)
    if found is None or isinstance(found, str):
        raise BankError(f"the value {value!r} is not a number")
    return found


def nested(flat: list[Any], shape: Shape) -> Any:
    """Flat values as nested tuples of a shape."""
    if not shape:
        return flat[0]
    size = len(flat) // shape[0] if shape[0] else 0
    return tuple(nested(flat[i * size : (i + 1) * size], shape[1:]) for i in range(shape[0]))


def rationals(instances: Sequence[dict[str, Any]], shapes: dict[str, Shape]) -> dict[str, Array]:
    """The givens of many instances as object arrays of Fractions, the batch last."""
    out = {}
    for name, shape in shapes.items():
        array = np.empty((len(instances), prod(shape)), dtype=object)
        for i, givens in enumerate(instances):
            array[i, :] = flat(givens[name])
        out[name] = np.ascontiguousarray(array.T).reshape((*shape, len(instances)))
    return out


def _batch(instances: Sequence[dict[str, Any]], shapes: dict[str, Shape]) -> dict[str, Array]:
    return {n: a.astype(float) for n, a in rationals(instances, shapes).items()}
