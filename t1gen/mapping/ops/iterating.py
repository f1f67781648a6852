"""Repeating a body until nothing changes: what fixed_point and argmin find, its gradient declared zero."""

from typing import Any

import numpy as np

from t1gen.errors import LanguageError
from t1gen.mapping.ops.fold import Array
from t1gen.mapping.ops.record import Op
from t1gen.mapping.program import Program, Shape, Step

ROUNDS, CLOSE = 500, 1e-15
"""Rounds before an iteration is given up, and the relative change at which it ends."""


def _infer(*shapes: Shape, body: Any) -> tuple[Shape, dict[str, Any]]:
    if not isinstance(body, tuple) or len(body) != 4 or not all(isinstance(s, Step) for s in body[3]):
        raise LanguageError("iterate is not written by itself: fixed_point and argmin find what repeats")
    return shapes[0], {"body": body}


def _iterate(*arrays: Array, body: Any) -> Array:
    """Repeat until an instance changes no more; each on its own, so that no batch changes another's bits."""
    from t1gen.mapping.evaluate import evaluate

    here, result, taken, steps = body
    start = np.asarray(arrays[0]).astype(float)
    shapes = {n: a.astype(float) for n, a in zip(taken, arrays[1:], strict=True)}
    givens = [Step(n, "given", shape=a.shape[:-1]) for n, a in shapes.items()]
    program = Program({s.name: s for s in (*givens, *steps)})
    now, done = start, np.zeros(start.shape[-1], dtype=bool)
    for _ in range(ROUNDS):
        new = np.where(done, now, evaluate(program, {**shapes, here: now})[result])
        gap = np.abs(new - now).reshape(-1, now.shape[-1]).max(axis=0)
        size = np.abs(new).reshape(-1, now.shape[-1]).max(axis=0)
        now, done = new, done | (gap <= CLOSE * (1 + size)) | ~np.isfinite(gap)
        if done.all():
            break
    now = np.where(done, now, np.nan)
    kind = type(np.asarray(arrays[0]).flat[0])
    if arrays[0].dtype != object:
        return now
    with np.errstate(invalid="ignore"):
        return np.asarray(np.frompyfunc(kind, 1, 1)(now), dtype=object)


def _none(parents: int) -> tuple[None, ...]:
    return (None,) * parents


OPERATIONS = (
    Op(name="iterate", arity=-1, infer=_infer, forward=_iterate, statics=("body",), vjp=_none, frozen=True,
       structural=True, selects=True,
       examples=(("fixed_point(lambda u: cos(A * u) / 2, 0.5)", {"A": ()}),
                 ("fixed_point(lambda u: tanh(A @ u) / 4 + B, B)", {"A": (2, 2), "B": (2,)}),
                 ("argmin(lambda w: (w - A) ** 2 + exp(w * B), 0)", {"A": (), "B": ()}))),
)  # fmt: skip
