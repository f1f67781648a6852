"""Derivatives of any order from values on circles, and what is found by iteration: fixed points and minima."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .operations import Array, Undefined, array

Real = NDArray[np.float64]
Body = Callable[..., Array]  # body(u, along=0)
H = 1e-30
RADII = (0.8, 0.4, 0.2, 0.1, 0.05, 0.02, 0.01, 0.004)
CORNERS = 32
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
    """Cauchy's formula; a circle that leaves the domain has nan."""
    corners = radius * np.exp(2j * np.pi * np.arange(CORNERS) / CORNERS)
    total = sum(along(corner) * corner**-order for corner in corners)
    return np.asarray((np.asarray(total) / CORNERS).real * float(np.prod(np.arange(1, order + 1))))


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


def fixed_point(body: Body, start: Real, size: float) -> Array:
    """u with u = body(u); it moves by (1 - slope)^-1 of how the body moves."""
    u = np.asarray(start)
    for _ in range(ROUNDS):
        before, u = u, body(u).real
        if not np.all(np.isfinite(u)):
            break
        if np.all(np.abs(u - before) <= 1e-14 * np.maximum(1, np.abs(u))):
            break
    else:
        raise Undefined("the iteration does not end")
    if not np.all(np.isfinite(u)):
        raise Undefined("the iteration does not end")
    matrix = np.eye(u.size) - slopes(body, u)
    u = u + np.linalg.solve(matrix, (body(u).real - u).ravel()).reshape(u.shape)
    moves = body(u, 1j * H).imag.ravel() / H if size else np.zeros(u.size)
    return array(u + 1j * size * np.linalg.solve(matrix, moves).reshape(u.shape))


def argmin(body: Body, start: Real, size: float) -> Array:
    """The u where the body's gradient is zero; it moves by -H^-1 of how that gradient moves."""
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

    def moved(direction: Real, z: complex) -> Array:
        """The body where u and what it reads move; the last entry of the direction is for what it reads."""
        return body(u + z * direction[:-1].reshape(u.shape), z * direction[-1])

    whole = np.eye(u.size + 1)
    moves = [mixed(moved, unit, whole[-1]) for unit in whole[:-1]] if size else np.zeros(u.size)
    return array(u - 1j * size * np.linalg.solve(hessian, np.asarray(moves)).reshape(u.shape))


def hessian_of(body: Body, u: Real) -> Real:
    def moved(direction: Real, z: complex) -> Array:
        return body(u + z * direction)

    return np.array([[float(mixed(moved, a, b)) for b in units(u)] for a in units(u)])


IMPLICIT: dict[str, Callable[[Body, Real, float], Any]] = {"fixed_point": fixed_point, "argmin": argmin}
