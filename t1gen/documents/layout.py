"""Where everything in the picture of a graph goes, for TikZ and typst alike: in centimetres, y down."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

from t1gen.documents.blocks import Edge, Graph, Math, Node
from t1gen.documents.geometry import (
    Box,
    Curve,
    Point,
    between,
    distance,
    edge_of,
    rounded,
    segments,
    towards,
)
from t1gen.documents.layers import Cell, Layers, layers

ROW = 1.35
ROW_BELOW = 1.9  # room for labels above and below
HEIGHT = 0.72
GLYPH = 0.2
LINE = 0.42
PADDING = 0.34
SMALL = 0.86  # the size of labels on edges
GAP = 1.1
BEND = 0.45
HEAD = 0.2


@dataclass(frozen=True)
class Shape:
    """A node: its kind and label in a box with corners of the given radius."""

    kind: str
    label: Math
    box: Box
    radius: float

    @property
    def middle(self) -> Point:
        return Point(self.box.x, self.box.y)

    @property
    def is_circle(self) -> bool:
        return self.box.width <= 2 * self.radius + 1e-9


@dataclass(frozen=True)
class Arrow:
    """An edge: where it starts, its pieces, and the three corners of its head."""

    start: Point
    curves: tuple[Curve, ...]
    head: tuple[Point, Point, Point]


@dataclass(frozen=True)
class Tag:
    """A label beside an arrow, centred in its box; `below` where it stands below the line."""

    label: Math
    box: Box
    below: bool


@dataclass(frozen=True)
class Layout:
    """A drawn graph; everything lies within (0, 0) and (width, height)."""

    width: float
    height: float
    shapes: tuple[Shape, ...]
    arrows: tuple[Arrow, ...]
    tags: tuple[Tag, ...]


@lru_cache(maxsize=1024)
def layout(graph: Graph) -> Layout:
    """The picture of `graph`, inputs left, output right.

    Raises EngineError where the edges form a circle.
    """
    cells = layers(tuple(n.id for n in graph.nodes), tuple((e.source, e.target) for e in graph.edges))
    grid = _grid(graph, cells)
    shapes = {node.id: _shape(node, cells.cells[node.id], grid) for node in graph.nodes}
    lines = _lines(graph, cells, grid, shapes)
    tags = _tags(graph.edges, lines, [shape.box for shape in shapes.values()])
    return _moved(list(shapes.values()), [_arrow(line) for line in lines], tags)


# Sizes

_FONTS = r"\\(?:operatorname|mathrm|mathit|mathbf|mathsf|text|texttt|boldsymbol)\*?"
_WORDS = re.compile(_FONTS + r"|[{}_^\s&]|\\[,;:!]")
_NAMED = re.compile(r"\\(log|exp|sin|cos|tan|tanh|max|min|ln|arg|det|sinh|cosh)(?![a-zA-Z])")
_COMMAND = re.compile(r"\\[a-zA-Z]+|\\.")
_FRACTION = re.compile(r"\\[dt]?frac\{((?:[^{}]|\{[^{}]*\})*)\}\{((?:[^{}]|\{[^{}]*\})*)\}")


@lru_cache(maxsize=16384)
def width(latex: str) -> float:
    """About how wide a formula is."""
    flat = _FRACTION.sub(lambda m: max(m[1], m[2], key=len), latex)
    return GLYPH * len(_COMMAND.sub("x", _NAMED.sub(r"\1", _WORDS.sub("", flat))))


@lru_cache(maxsize=16384)
def height(latex: str) -> float:
    """About how high a formula is: of one line, or with fractions or matrix rows."""
    if r"\begin{" in latex:
        return LINE * (1 + latex.count(r"\\"))
    return 0.75 if "frac{" in latex else LINE


# Columns


@dataclass(frozen=True)
class Grid:
    """Middles and widths of the columns, and how far apart the rows are."""

    middles: tuple[float, ...]
    widths: tuple[float, ...]
    row: float

    def at(self, cell: Cell, side: int = 0) -> Point:
        """The middle of a cell, or of its left (-1) or right (1) side."""
        column, row = cell
        return Point(self.middles[column] + side * self.widths[column] / 2, row * self.row)

    def beside(self, box: Box, side: int) -> list[Point]:
        """The side of the column level with `box`, where the box does not reach it."""
        column = self.middles.index(box.x)
        x = box.x + side * self.widths[column] / 2
        return [Point(x, box.y)] if abs(x - box.x) > box.width / 2 + HEAD else []


def _size(node: Node) -> tuple[float, float]:
    high = max(HEIGHT, height(node.label.latex) + 0.2)
    return max(high, width(node.label.latex) + PADDING), high


def _grid(graph: Graph, cells: Layers) -> Grid:
    """Each column as wide as its widest node, with room between them for the labels on the edges there."""
    count = 1 + max((column for column, _ in cells.cells.values()), default=0)
    widths, gaps = [HEIGHT] * count, [GAP] * count
    for node in graph.nodes:
        column = cells.cells[node.id][0]
        widths[column] = max(widths[column], _size(node)[0])
    parallel = Counter((edge.source, edge.target) for edge in graph.edges)
    for edge in graph.edges:
        gap = cells.cells[edge.target][0] - 1
        room = 0.75 if parallel[edge.source, edge.target] == 1 else 1.3
        gaps[gap] = max(gaps[gap], room + _label_width(edge))
    starts = list(accumulate([0.0, *(w + g for w, g in zip(widths, gaps, strict=True))]))
    middles = tuple(start + w / 2 for start, w in zip(starts, widths, strict=False))
    return Grid(middles, tuple(widths), ROW_BELOW if any(edge.below for edge in graph.edges) else ROW)


def _label_width(edge: Edge) -> float:
    return max((SMALL * width(label.latex) for label in (edge.label, edge.below) if label), default=0.0)


def _shape(node: Node, cell: Cell, grid: Grid) -> Shape:
    middle = grid.at(cell)
    wide, high = _size(node)
    if node.kind == "input":
        wide = grid.widths[cell[0]]
    is_boxed = node.kind != "operation"
    return Shape(node.kind, node.label, Box(*middle, wide, high), 0.08 if is_boxed else high / 2)


# Lines


@dataclass(frozen=True)
class Line:
    """The corners of an edge, and which of its pieces lie between columns, where labels go."""

    points: tuple[Point, ...]
    gaps: tuple[tuple[Point, Point], ...]


def _lines(graph: Graph, cells: Layers, grid: Grid, shapes: dict[int, Shape]) -> list[Line]:
    total = Counter((edge.source, edge.target) for edge in graph.edges)
    drawn: Counter[tuple[int, int]] = Counter()
    lines = []
    for edge in graph.edges:
        pair = edge.source, edge.target
        apart = 0.95 if edge.label or edge.below else 0.5
        aside = (drawn[pair] - (total[pair] - 1) / 2) * apart
        drawn[pair] += 1
        via = _via(cells.routes[pair], grid)
        line = _line(shapes[edge.source], shapes[edge.target], via, aside)
        if aside == 0 and _meets(line, [shape.box for node, shape in shapes.items() if node not in pair]):
            line = _detour(shapes[edge.source], shapes[edge.target], via, grid)
        lines.append(line)
    return lines


def _via(route: tuple[Cell, ...], grid: Grid) -> list[Point]:
    """Straight through the columns on the way, so that only the gaps are crossed aslant."""
    return [grid.at(cell, side) for cell in route for side in (-1, 1)]


def _line(source: Shape, target: Shape, via: list[Point], aside: float) -> Line:
    """From the edge of `source` to that of `target`; parallel edges run `aside` of the middle."""
    ends = source.middle, target.middle
    is_bow = aside != 0 and not via
    if is_bow:
        via = [between(*ends, 0.36), between(*ends, 0.64)]
    return _through(source, target, [Point(x, y + aside) for x, y in via], first_gap=int(is_bow))


def _meets(line: Line, boxes: list[Box]) -> bool:
    pieces = segments(list(line.points))
    return any(box.crossed_by(*piece) for box in boxes for piece in pieces)


def _detour(source: Shape, target: Shape, via: list[Point], grid: Grid) -> Line:
    """Level out of a wide column and into the next, past wide neighbours of a narrow node."""
    leave = grid.beside(source.box, 1)
    return _through(source, target, [*leave, *via, *grid.beside(target.box, -1)], first_gap=len(leave))


def _through(source: Shape, target: Shape, via: list[Point], *, first_gap: int) -> Line:
    """The line through `via`; from the piece `first_gap` on every other piece lies between two columns."""
    start = edge_of(source.box, [*via, target.middle][0], source.is_circle)
    end = edge_of(target.box, [source.middle, *via][-1], target.is_circle)
    points = [start, *via, end]
    return Line(tuple(points), tuple(segments(points)[first_gap::2]))


def _arrow(line: Line) -> Arrow:
    tip = line.points[-1]
    foot = towards(tip, line.points[-2], HEAD)
    across = Point((tip.y - foot.y) * 0.36, (foot.x - tip.x) * 0.36)
    corners = Point(foot.x + across.x, foot.y + across.y), Point(foot.x - across.x, foot.y - across.y)
    return Arrow(line.points[0], rounded([*line.points[:-1], foot], BEND), (tip, *corners))


# Labels

_SHARES = (0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8)


def _tags(edges: tuple[Edge, ...], lines: list[Line], boxes: list[Box]) -> list[Tag]:
    """Labels one after the other, each at the place on its edge where it meets the least."""
    placed: list[Tag] = []
    pieces = [segments(list(line.points)) for line in lines]
    for i, (edge, line) in enumerate(zip(edges, lines, strict=True)):
        if not (edge.label or edge.below):
            continue
        taken = boxes + [tag.box for tag in placed]
        others = [piece for j, found in enumerate(pieces) if j != i for piece in found]
        clash = _Clash(taken, others)
        placed += _best(_candidates(edge, line), clash)
    return placed


def _best(candidates: Iterator[list[Tag]], clash: "_Clash") -> list[Tag]:
    """The candidate that meets the least: the first that meets nothing, where there is one."""
    counted = []
    for number, tags in enumerate(candidates):
        count = clash.count(tags)
        if not count:
            return tags
        counted.append((count, number, tags))
    return min(counted)[2]


@dataclass(frozen=True)
class _Clash:
    """How much a place for labels meets what is there already."""

    taken: list[Box]
    lines: list[tuple[Point, Point]]

    def count(self, tags: list[Tag]) -> int:
        return sum(
            3 * sum(tag.box.overlaps(box) for box in self.taken) + sum(tag.box.crossed_by(*line) for line in self.lines)
            for tag in tags
        )


def _candidates(edge: Edge, line: Line) -> Iterator[list[Tag]]:
    gaps = sorted(line.gaps, key=lambda gap: -round(distance(*gap), 3))
    for share in _SHARES:
        for a, b in gaps:
            yield [_tag(label, a, b, share, side) for label, side in ((edge.label, -1), (edge.below, 1)) if label]


def _tag(label: Math, a: Point, b: Point, share: float, side: int) -> Tag:
    """The label off the line from a to b, just far enough that its box does not touch it."""
    wide, high = SMALL * width(label.latex), SMALL * height(label.latex)
    long = distance(a, b) or 1.0
    across = Point(-(b.y - a.y) / long, (b.x - a.x) / long)
    off = side * ((wide * abs(across.x) + high * abs(across.y)) / 2 + 0.05)
    at = between(a, b, share)
    return Tag(label, Box(at.x + across.x * off, at.y + across.y * off, wide, high), side > 0)


# The whole


def _moved(shapes: list[Shape], arrows: list[Arrow], tags: list[Tag]) -> Layout:
    """Everything moved so that the picture begins at (0, 0)."""
    boxes = [shape.box for shape in shapes] + [tag.box for tag in tags]
    points = [curve.end for arrow in arrows for curve in arrow.curves]
    xs = [b.x + s * b.width / 2 for b in boxes for s in (-1, 1)] + [p.x for p in points]
    ys = [b.y + s * b.height / 2 for b in boxes for s in (-1, 1)] + [p.y for p in points]
    left, top = min(xs, default=0.0) - 0.05, min(ys, default=0.0) - 0.05

    def point(p: Point) -> Point:
        return Point(p.x - left, p.y - top)

    def box(b: Box) -> Box:
        return Box(b.x - left, b.y - top, b.width, b.height)

    return Layout(
        max(xs, default=0.0) - left + 0.05,
        max(ys, default=0.0) - top + 0.05,
        tuple(Shape(s.kind, s.label, box(s.box), s.radius) for s in shapes),
        tuple(
            Arrow(
                point(a.start),
                tuple(Curve(*map(point, c)) for c in a.curves),
                (point(a.head[0]), point(a.head[1]), point(a.head[2])),
            )
            for a in arrows
        ),
        tuple(Tag(t.label, box(t.box), t.below) for t in tags),
    )
