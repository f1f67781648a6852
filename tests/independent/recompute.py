"""The asks, recomputed at a point by complex steps; one entry an ask."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .operations import Array, CannotCheck, array
from .reader import Env, Lines, free_names, index_names, read_lines, run

Real = NDArray[np.float64]
Json = dict[str, Any]
H = 1e-30
DRAWS = ((-2.0, 2.0), (0.2, 2.0), (0.1, 0.9)) * 3


@dataclass(frozen=True)
class Point:
    """A mapping with values for its given names, and for the cotangents that questions name."""

    lines: Lines
    inputs: Env

    def values(self) -> dict[str, Array]:
        return run(self.lines, self.inputs)

    def value(self, name: str) -> Real:
        """A quantity of the mapping, or a given."""
        env = self.values()
        if name not in env:
            raise CannotCheck(f"{name} is neither given nor assigned")
        return np.asarray(env[name].real)

    def slope(self, of: str, directions: Env) -> Real:
        """The derivative of `of` when the named quantities all move along their directions."""
        bumps = {name: 1j * H * direction for name, direction in directions.items()}
        return np.asarray(run(self.lines, self.inputs, bumps)[of].imag / H)

    def jacobian(self, of: str, wrt: str) -> Real:
        """The matrix m x k of total derivatives, m the size of `of`, k the size of `wrt`."""
        rows, x = self.value(of).size, self.value(wrt)
        columns = [self.slope(of, {wrt: unit.reshape(x.shape)}).ravel() for unit in np.eye(x.size)]
        return np.stack(columns, axis=1) if columns else np.zeros((rows, 0))

    def gradient(self, of: str, wrt: str) -> Real:
        """d of / d wrt where one of them is a scalar, in the shape of the other."""
        y, x = self.value(of).shape, self.value(wrt).shape
        if y != () and x != ():
            raise CannotCheck(f"d{of}/d{wrt} has no scalar side: {y} by {x}")
        return self.jacobian(of, wrt).reshape(x if y == () else y)


def numbers(value: Any) -> Real:
    """A JSON number, fraction text or nested lists of them as an array; anything else is refused."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | list):
        raise CannotCheck(f"{value!r} is not a number")
    if isinstance(value, str):
        return np.asarray(float(Fraction(value)))
    if isinstance(value, list):
        return np.asarray([numbers(entry) for entry in value], dtype=float)
    return np.asarray(value, dtype=float)


def vector(point: Point, stated: Any, shape: tuple[int, ...]) -> Real:
    """A (co)tangent: a name, numbers, or one number that fills the shape."""
    named = isinstance(stated, str) and stated.isidentifier()
    value = point.value(stated) if named else numbers(stated)
    if value.shape not in ((), shape):
        raise CannotCheck(f"a (co)tangent of shape {value.shape} for {shape}")
    return np.broadcast_to(value, shape)


def forward(point: Point, question: Json) -> Real:
    return point.value(question["of"])


def gradient(point: Point, question: Json) -> Real:
    return point.gradient(question["of"], question["wrt"])


def vjp(point: Point, question: Json) -> Real:
    of, wrt = question["of"], question["wrt"]
    v = vector(point, question["cotangent"], point.value(of).shape)
    return (v.ravel() @ point.jacobian(of, wrt)).reshape(point.value(wrt).shape)


def jvp(point: Point, question: Json) -> Real:
    tangent = question["tangent"].items()
    return point.slope(question["of"], {x: vector(point, t, point.value(x).shape) for x, t in tangent})


def jacobian(point: Point, question: Json) -> Real:
    return point.jacobian(question["of"], question["wrt"])


def step(point: Point, question: Json) -> Real:
    """Descent steps in which all of `moves` move together; then the name `wrt` is read."""
    rate, of, moves = vector(point, question["rate"], ()), question["of"], question["moves"]
    if point.value(of).shape != () or not set(moves) <= set(point.inputs):
        raise CannotCheck(f"a step on {of} of shape {point.value(of).shape} that moves {moves}")
    along = rate if question.get("ascent", False) else -rate
    for _ in range(question["steps"]):
        moved = {name: array(point.inputs[name]) + along * point.gradient(of, name) for name in moves}
        point = replace(point, inputs={**point.inputs, **moved})
    return point.value(question["wrt"])


ASKS: dict[str, Callable[[Point, Json], Real]] = {
    "forward": forward,
    "gradient": gradient,
    "vjp": vjp,
    "jvp": jvp,
    "jacobian": jacobian,
    "step": step,
}


def recompute(point: Point, question: Json) -> Real:
    """The answer to a question at a point."""
    if question["ask"] not in ASKS:
        raise CannotCheck(f"unknown ask {question['ask']!r}")
    with np.errstate(all="ignore"):
        return ASKS[question["ask"]](point, question)


def lines_of(problem: Json) -> Lines:
    return read_lines("\n".join(problem["mapping"]))


def valued(given: Json) -> dict[str, Real]:
    """The given names that come with values, not only a shape."""
    return {name: numbers(value) for name, value in given.items() if not isinstance(value, dict | None)}


def stated_point(problem: Json) -> Point:
    """The problem's own values."""
    return Point(lines_of(problem), valued(problem.get("given") or {}))


def shapes(problem: Json, lines: Lines) -> dict[str, tuple[int, ...]]:
    """Shapes of the given names, and of what only questions name (cotangents)."""
    found: dict[str, tuple[int, ...]] = {}
    for question in problem["questions"]:
        for name, shape in (question.get("names") or {}).items():
            if name not in lines and found.setdefault(name, tuple(shape)) != tuple(shape):
                raise CannotCheck(f"two shapes for {name}")
    for name, value in (problem.get("given") or {}).items():
        if isinstance(value, dict):
            found[name] = tuple(value["shape"])
        elif value is not None:
            found[name] = numbers(value).shape
    if missing := free_names(lines) - set(found):
        raise CannotCheck(f"no shape for {sorted(missing)}")
    return found


def random_points(problem: Json) -> Iterator[Point]:
    """Points with random values of any sign, positive, inside (0, 1), and near the stated ones."""
    rng, lines, stated = np.random.default_rng(8128), lines_of(problem), valued(problem.get("given") or {})
    fixed = {name: stated[name] for name in index_names(lines) if name in stated}
    known = shapes(problem, lines)
    for low, high in DRAWS:
        yield Point(lines, {x: rng.uniform(low, high, shape) for x, shape in known.items()} | fixed)
    for _ in range(3):
        near = {x: value * rng.uniform(0.9, 1.1, value.shape) for x, value in stated.items()}
        others = {x: rng.uniform(0.1, 0.9, shape) for x, shape in known.items() if x not in near}
        yield Point(lines, near | others | fixed)
