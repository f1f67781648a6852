"""Points, lines and boxes in the plane; x to the right, y down, in centimetres."""

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


class Curve(NamedTuple):
    """A cubic Bezier piece from where the last one ended."""

    first: Point
    second: Point
    end: Point


def between(a: Point, b: Point, share: float) -> Point:
    """The point that lies `share` of the way from a to b."""
    return Point(a.x + (b.x - a.x) * share, a.y + (b.y - a.y) * share)


def straight(a: Point, b: Point) -> Curve:
    """The line from a to b."""
    return Curve(between(a, b, 1 / 3), between(a, b, 2 / 3), b)


def level(a: Point, b: Point) -> Curve:
    """From a to b, level at both ends; two such pieces between the same columns cross at most once."""
    middle = (a.x + b.x) / 2
    return Curve(Point(middle, a.y), Point(middle, b.y), b)
