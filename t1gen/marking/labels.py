"""Givens that are labels: they are 1 or -1, or 0 or 1, or one-hot, and a formula may be right for such values alone.

The problem tells its labels; none is what a question of it differentiates by. Right is a formula that has the right
values for all labels of the form, not for the issued one alone: where y = 1 was issued, a formula without y is wrong,
as it is for y = -1. Ones alone may be of two forms.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from t1gen.answers.comparing.points import POINTS, indices
from t1gen.mapping.nested import flat, shape_of
from t1gen.mapping.ops.fold import Array
from t1gen.mapping.program import Shape
from t1gen.problems.issued import mapping_of
from t1gen.records import Problem, Question

VALUES = {"signs": (1.0, -1.0), "binary": (0.0, 1.0), "ternary": (-1.0, 0.0, 1.0)}
"""The forms that labels have, and the entries of each; the rows of one-hot labels have one entry of 1, the others 0."""


@dataclass(frozen=True)
class Label:
    """A given and the forms that its issued value has."""

    name: str
    shape: Shape
    forms: tuple[str, ...]


def labels(problem: Problem, question: Question) -> tuple[Label, ...]:
    """The labels of an issued problem that a formula may use."""
    mapping = mapping_of(problem)
    names = {*problem.labels} & {*question.names} - _moved(problem) - {n for n, _ in indices(mapping)}
    return tuple(
        Label(n, shape_of(v), forms)
        for n, v in problem.given.items()
        if n in names and (forms := _forms(np.asarray(v, dtype=float)))
    )


def _moved(problem: Problem) -> set[str]:
    """The names that a question differentiates by, moves, or takes as a cotangent, direction or rate."""
    out = set[str]()
    for q in problem.questions:
        told = (q.wrt, q.cotangent, q.rate, q.h, *q.moves, *q.tangent, *q.tangent.values())
        out.update(n for n in told if isinstance(n, str))
    return out


def _forms(value: Array) -> tuple[str, ...]:
    entries = set(flat(value.tolist()))
    if not entries <= {1, 0, -1}:
        return ()
    if entries == {1}:
        return ("signs", "binary")
    if -1 in entries:
        return ("ternary",) if 0 in entries else ("signs",)
    one_hot = value.ndim and value.shape[-1] > 1 and (value.sum(axis=-1) == 1).all()
    return ("one-hot",) if one_hot else ("binary",)


def readings(found: tuple[Label, ...]) -> list[dict[str, Array]]:
    """For every form that the labels may have, values of them, (*shape, some); the first has signs where both fit."""
    kinds = max((len(label.forms) for label in found), default=0)
    return [_drawn({label.name: (label.shape, label.forms[min(k, len(label.forms) - 1)]) for label in found})
            for k in range(kinds)]  # fmt: skip


def _drawn(told: Mapping[str, tuple[Shape, str]]) -> dict[str, Array]:
    stream = np.random.RandomState(40260)
    return {name: _some(stream, shape, form) for name, (shape, form) in told.items()}


def _some(stream: np.random.RandomState, shape: Shape, form: str) -> Array:
    """As many values of a label as there are points."""
    if form != "one-hot":
        return np.asarray(stream.choice(VALUES[form], size=(*shape, POINTS)))
    places = stream.randint(shape[-1], size=(*shape[:-1], POINTS))
    return np.moveaxis(np.eye(shape[-1])[places], -1, -2)
