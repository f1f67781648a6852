"""Problems read back from an exam or a key: their mapping, and the tapes on which their answers stand."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from t1gen.asks import ASKS, Quantity, Tape
from t1gen.asks.literals import literal
from t1gen.errors import FileError
from t1gen.mapping.custom import declare_all
from t1gen.mapping.nested import flat, shape_of
from t1gen.mapping.ops import OPS
from t1gen.mapping.program import Program, Shape
from t1gen.mapping.reader import inputs, read
from t1gen.records import Problem, Question

Key = tuple[tuple[str, ...], tuple[tuple[str, Shape], ...], tuple[Quantity, ...], tuple[tuple[str, str], ...]]


@dataclass(frozen=True, eq=False)
class Issued:
    """What all students with one structure share: the tapes of a problem, and where each question's answer stands.

    `tapes[0]` is the reference, the next ones take equal rules, and the last has every edge as a step of its own, for
    mistakes; `results[t][k]` is the step of question k on tape t, empty where the answer is no number.
    """

    quantities: tuple[Quantity, ...]
    tapes: tuple[Tape, ...]
    results: tuple[tuple[str, ...], ...]


def mapping_of(problem: Problem) -> Program:
    """The mapping of an issued problem, its bank's own operations declared; read once for all with the same text."""
    declare_all(problem.definitions)
    return _read("\n".join(problem.mapping), _shapes(problem))


def key_of(problem: Problem) -> Key:
    """What tells whether two issued problems have one structure."""
    quantities = tuple(quantity(q) for q in problem.questions)
    return tuple(problem.mapping), _shapes(problem), quantities, tuple(problem.definitions.items())


def issued(problem: Problem) -> Issued:
    """The tapes of a problem's questions, derived once for all with the same structure."""
    declare_all(problem.definitions)
    return _issued(key_of(problem))


@lru_cache(maxsize=1024)
def _issued(key: Key) -> Issued:
    lines, shapes, quantities, _ = key
    mapping = _read("\n".join(lines), shapes)
    rules = 1 + max((len(OPS[s.op].equal) for s in mapping if s.op in OPS), default=0)
    tapes = (*(Tape(mapping, equal=t) for t in range(rules)), Tape(mapping, fold=False))
    results = tuple(tuple(ASKS[q.ask].reference(t, q) for q in quantities) for t in tapes)
    return Issued(quantities, tapes, results)


def quantity(question: Question) -> Quantity:
    """What a question of a file asks for."""
    cotangent = question.cotangent
    return Quantity(
        question.ask, of=question.of or "", wrt=question.wrt or "",
        cotangent=None if cotangent is None else literal(cotangent), moves=tuple(question.moves),
        rate=None if question.rate is None else literal(question.rate), steps=question.steps or 1,
        ascent=question.ascent, tangent=tuple((n, literal(v)) for n, v in question.tangent.items()),
        order=question.order or 1, mode=question.mode or "", about=question.about or "",
        rows=tuple(question.rows), parts=tuple(question.parts), h=None if question.h is None else literal(question.h),
    )  # fmt: skip


def givens_of(problem: Problem) -> Mapping[str, Any]:
    """The given values as arrays, the batch of one last."""
    return {n: np.asarray(v, dtype=float)[..., None] for n, v in problem.given.items()}


def _shapes(problem: Problem) -> tuple[tuple[str, Shape], ...]:
    for name, value in problem.given.items():
        if not all(isinstance(v, (int, float)) for v in flat(value)):
            raise FileError(f"the given '{name}' is no array of numbers", where=problem.id)
    return tuple((n, shape_of(v)) for n, v in problem.given.items())


@lru_cache(maxsize=1024)
def _read(mapping: str, shapes: tuple[tuple[str, Shape], ...]) -> Program:
    return read(mapping, dict(shapes), lambdas=True) if mapping.strip() else inputs(dict(shapes))
