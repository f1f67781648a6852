"""Points, lines and boxes in the plane; x to the right, y down, in centimetres."""

from collections.abc import Iterator
from itertools import pairwise
from math import hypot
from typing import NamedTuple


class Point(NamedTuple):
    x: float
    y: float


class Box(NamedTuple):
    """A rectangle by its centre."""

    x: float
    y: float
    width: float
    height: float

    def overlaps(self, other: "Box") -> bool:
        """Whether the insides meet."""
        return (
            abs(self.x - other.x) * 2 < self.width + other.width
            and abs(self.y - other.y) * 2 < self.height + other.height
        )

    def crossed_by(self, a: Point, b: Point) -> bool:
        """Whether the line from a to b goes through (Liang and Barsky's clipping)."""
        enter, leave = 0.0, 1.0
        for start, change, middle, size in (
            (a.x, b.x - a.x, self.x, self.width),
            (a.y, b.y - a.y, self.y, self.height),
        ):
            low, high = middle - size / 2 - start, middle + size / 2 - start
            if change == 0:
                if low > 0 or high < 0:
                    return False
                continue
            first, last = sorted((low / change, high / change))
            enter, leave = max(enter, first), min(leave, last)
        return enter < leave


class Curve(NamedTuple):
    """A cubic Bezier piece from where the last one ended."""

    first: Point
    second: Point
    end: Point


def between(a: Point, b: Point, share: float) -> Point:
    """The point that lies `share` of the way from a to b."""
    return Point(a.x + (b.x - a.x) * share, a.y + (b.y - a.y) * share)


def distance(a: Point, b: Point) -> float:
    """How far a is from b."""
    return hypot(b.x - a.x, b.y - a.y)


def towards(a: Point, b: Point, length: float) -> Point:
    """The point `length` from a on the way to b; a itself where they coincide."""
    whole = distance(a, b)
    return between(a, b, length / whole) if whole else a


def edge_of(box: Box, target: Point, round_: bool) -> Point:
    """Where a line from the middle of `box` to `target` leaves it; `round_` boxes are circles."""
    middle = Point(box.x, box.y)
    if round_:
        return towards(middle, target, box.width / 2)
    dx, dy = abs(target.x - box.x), abs(target.y - box.y)
    shares = [half / change for half, change in ((box.width / 2, dx), (box.height / 2, dy)) if change]
    return between(middle, target, min(shares, default=0.0))


def rounded(points: list[Point], radius: float) -> tuple[Curve, ...]:
    """The line through `points` with its corners rounded."""
    return tuple(_pieces(points, radius))


def _pieces(points: list[Point], radius: float) -> Iterator[Curve]:
    last = points[0]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        room = min(radius, distance(before, corner) / 2, distance(corner, after) / 2)
        start, end = towards(corner, before, room), towards(corner, after, room)
        yield _straight(last, start)
        yield Curve(between(start, corner, 2 / 3), between(end, corner, 2 / 3), end)
        last = end
    yield _straight(last, points[-1])


def _straight(a: Point, b: Point) -> Curve:
    return Curve(between(a, b, 1 / 3), between(a, b, 2 / 3), b)


def segments(points: list[Point]) -> list[tuple[Point, Point]]:
    """The straight pieces of a line."""
    return list(pairwise(points))
