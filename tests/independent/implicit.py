"""Derivatives of any order from values on circles, and what is found by iteration: fixed points and minima."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .operations import Array, Undefined, array

Real = NDArray[np.float64]
Body = Callable[..., Array]  # body(u, along=0)
H = 1e-30
RADII = (0.8, 0.4, 0.2, 0.1, 0.05, 0.02, 0.01, 0.004)
HALF = 16
AGREE = 1e-9
ROUNDS = 20_000


def derivative(along: Callable[[complex], Array], order: int) -> Real:
    """The order-th derivative at 0 of a function that is analytic nearby; two circles must agree on it."""
    before: Real | None = None
    for radius in RADII:
        here = on_circle(along, order, radius)
        if before is not None and np.all(np.abs(here - before) <= AGREE * np.maximum(1, np.abs(here))):
            return before
        before = here
    raise Undefined(f"no derivative of order {order}: the function is not analytic nearby")


def on_circle(along: Callable[[complex], Array], order: int, radius: float) -> Real:
    """Cauchy's formula, by the upper half of a circle; the lower one is its mirror image."""
    corners = radius * np.exp(1j * np.pi * np.arange(HALF + 1) / HALF)
    weights = np.where((corners == corners[0]) | (corners == corners[-1]), 0.5, 1.0) / HALF
    total = sum(weight * (along(corner) * corner**-order).real for weight, corner in zip(weights, corners, strict=True))
    return np.asarray(total * float(np.prod(np.arange(1, order + 1))))


def mixed(value: Callable[[Real, complex], Array], one: Real, other: Real) -> Real:
    """The second derivative by two directions of value(direction, distance)."""
    both, apart = (derivative(lambda z, d=d: value(d, z), 2) for d in (one + other, one - other))
    return (both - apart) / 4


def units(u: Real) -> list[Real]:
    """Every direction of a vector or scalar."""
    return [unit.reshape(u.shape) for unit in np.eye(u.size)]


def slopes(body: Body, u: Real) -> Real:
    """The Jacobian of the body as a matrix."""
    return np.stack([body(u + 1j * H * unit).imag.ravel() / H for unit in units(u)], axis=1)


def fixed_point(body: Body, start: Real) -> tuple[Real, Real]:
    """u with u = body(u), and 1 - slope: u moves by its inverse times how the body moves."""
    u, ended = np.asarray(start), False
    for _ in range(ROUNDS):
        before, u = u, body(u).real
        ended = bool(np.all(np.abs(u - before) <= 1e-14 * np.maximum(1, np.abs(u))))
        if ended or not np.all(np.isfinite(u)):
            break
    if not ended:
        raise Undefined("the iteration does not end")
    matrix = np.eye(u.size) - slopes(body, u)
    return u + np.linalg.solve(matrix, (body(u).real - u).ravel()).reshape(u.shape), matrix


def body_moves(body: Body, u: Real) -> Real:
    """How the body moves when what it reads does."""
    return np.asarray(body(u, 1j * H).imag.ravel() / H)


def argmin(body: Body, start: Real) -> tuple[Real, Real]:
    """The u where the body's gradient is zero, and the Hessian there."""
    u = np.asarray(start)
    for _ in range(100):
        before, hessian = u, hessian_of(body, u)
        u = u - np.linalg.solve(hessian, slopes(body, u).ravel()).reshape(u.shape)
        if np.all(np.abs(u - before) <= 1e-14 * np.maximum(1, np.abs(u))):
            break
    else:
        raise Undefined("Newton's method does not end")
    if np.any(np.linalg.eigvalsh(hessian) <= 0):
        raise Undefined("what Newton's method finds is no minimum")
    return u, hessian


def hessian_of(body: Body, u: Real) -> Real:
    def moved(direction: Real, z: complex) -> Array:
        return body(u + z * direction)

    return symmetric(lambda a, b: float(mixed(moved, a, b)), units(u))


def symmetric(entry: Callable[[Any, Any], float], parts: Sequence[Any]) -> Real:
    """A symmetric matrix from its lower half."""
    lower = {(i, j): entry(a, b) for i, a in enumerate(parts) for j, b in enumerate(parts[: i + 1])}
    size = range(len(parts))
    return np.array([[lower[max(i, j), min(i, j)] for j in size] for i in size])


def slope_moves(body: Body, u: Real) -> Real:
    """How minus the body's gradient moves when what it reads does."""

    def moved(direction: Real, z: complex) -> Array:
        """The last entry of the direction is for what the body reads."""
        return body(u + z * direction[:-1].reshape(u.shape), z * direction[-1])

    whole = np.eye(u.size + 1)
    return -np.array([float(mixed(moved, unit, whole[-1])) for unit in whole[:-1]])


IMPLICIT = {"fixed_point": (fixed_point, body_moves), "argmin": (argmin, slope_moves)}
"""How a value is found, with the matrix that moves it; and how its equation moves."""

_found: dict[Any, tuple[Real, Real]] = {}


def implicit(name: str, body: Body, start: Real, size: float, known: Any) -> Array:
    """The value, moved by `size` times the matrix^-1 times how its equation moves; `known` tells what it depends on."""
    find, move = IMPLICIT[name]
    if known not in _found:
        if len(_found) > 1000:
            _found.clear()
        _found[known] = find(body, start)
    u, matrix = _found[known]
    if size == 0:
        return array(u)
    return array(u + 1j * size * np.linalg.solve(matrix, move(body, u)).reshape(u.shape))
