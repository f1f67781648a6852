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

    def points(self, start: Point, count: int) -> list[Point]:
        """Points on the piece that begins at `start`, its end among them."""
        found = []
        for k in range(1, count + 1):
            t, u = k / count, 1 - k / count
            shares = u**3, 3 * u * u * t, 3 * u * t * t, t**3
            corners = start, *self
            found.append(Point(sum(s * p.x for s, p in zip(shares, corners, strict=True)),
                               sum(s * p.y for s, p in zip(shares, corners, strict=True))))  # fmt: skip
        return found


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
