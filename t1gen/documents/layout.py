"""Where everything in the picture of a graph goes, for TikZ, typst and SVG alike: in centimetres, y down.

From left to right, every column of nodes is followed by a column for the labels on the lines that leave them, by a
gap in which lines change their heights, and, where several edges leave a node and each carries a label, by a column
for these labels and another gap. Lines are level in columns, so that no label and no node is in a line's way; in a
gap they all bend in the same manner, so that two of them meet only where their order changes.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from math import sqrt

from t1gen.documents.blocks import Edge, Graph, Math, Node
from t1gen.documents.geometry import Box, Curve, Point, level, straight
from t1gen.documents.layers import Layers, layers
from t1gen.documents.lettering import breadth, height
from t1gen.documents.ordering import Item
from t1gen.documents.places import STRAIGHT, Extent, Link, places

SMALL = 0.86  # the size of labels on edges
HEIGHT = 0.72  # of a node
PADDING = 0.34
MARGIN = 0.3  # between what stands in a column
LINE_ROOM = 0.1
OFF = 0.06  # between a line and its label
STUB = 0.22  # the line that leaves a node without a label
GAP, STEEP, WIDEST = 0.55, 0.2, 1.7
HEAD, HALF = 0.2, 0.072
PORT = 0.2
NOTHING = 1e-6
AROUND = 0.05
BEFORE = 0.12


@dataclass(frozen=True)
class Shape:
    """A node: its kind and label in a box with corners of the given radius."""

    kind: str
    label: Math
    box: Box
    radius: float


@dataclass(frozen=True)
class Arrow:
    """An edge: where it starts, its pieces, and the three corners of its head.

    The first `shared` pieces are drawn with another edge from the same node.
    """

    start: Point
    curves: tuple[Curve, ...]
    head: tuple[Point, Point, Point]
    shared: int = 0

    @property
    def own_start(self) -> Point:
        return self.curves[self.shared - 1].end if self.shared else self.start

    @property
    def own_curves(self) -> tuple[Curve, ...]:
        return self.curves[self.shared :]


@dataclass(frozen=True)
class Tag:
    """A label beside an arrow, centred in its box, or a box to fill in; `below` where it stands below the line."""

    label: Math | None
    box: Box
    below: bool


@dataclass(frozen=True)
class Layout:
    """A drawn graph; everything lies within (0, 0) and (width, height), and is printed `scale` times as large.

    `dots` are where lines part.
    """

    width: float
    height: float
    shapes: tuple[Shape, ...]
    arrows: tuple[Arrow, ...]
    tags: tuple[Tag, ...]
    dots: tuple[Point, ...] = ()
    scale: float = 1.0


def layout(graph: Graph) -> Layout:
    """The picture of `graph`, inputs left, output right.

    Raises EngineError where the edges form a circle.
    """
    return sketch(graph).drawn()


@lru_cache(maxsize=1024)
def sketch(graph: Graph) -> "_Drawing":
    """The picture of `graph` before its lines are drawn: how large it is, and where its nodes are."""
    pairs = tuple((e.source, e.target) for e in graph.edges)
    return _Drawing(_Plan(graph, layers(tuple(n.id for n in graph.nodes), pairs)))


# What edges carry


@dataclass(frozen=True)
class _Mark:
    """A label, or a box to fill in."""

    label: Math | None
    width: float
    height: float


@dataclass(frozen=True)
class _Carried:
    """What stands above and below a line, each from left to right."""

    above: tuple[_Mark, ...] = ()
    below: tuple[_Mark, ...] = ()

    @property
    def width(self) -> float:
        return max(_row_width(self.above), _row_width(self.below))

    @property
    def extent(self) -> Extent:
        up, down = (max((mark.height for mark in marks), default=0.0) for marks in (self.above, self.below))
        return Extent(up + OFF if up else LINE_ROOM, down + OFF if down else LINE_ROOM)


def _row_width(marks: tuple[_Mark, ...]) -> float:
    return sum(mark.width for mark in marks) + OFF * max(0, len(marks) - 1)


def _text(label: Math | None) -> tuple[_Mark, ...]:
    return (_Mark(label, SMALL * breadth(label.latex), SMALL * height(label.latex)),) if label else ()


def _box(blank: tuple[int, ...] | None) -> tuple[_Mark, ...]:
    """Room for up to 4 numbers."""
    if blank is None:
        return ()
    rows, columns = (1, 1, *blank)[-2:]
    return (_Mark(None, max(1.7, 1.1 * columns), max(0.7, 0.62 * rows)),)


def _trunk(node: Node, edges: list[Edge]) -> _Carried:
    """What the line that all edges of a node share carries."""
    if not edges:
        return _Carried()
    first = edges[0]
    if node.kind == "stub":
        return _Carried((), _text(first.below) + _box(first.blank) if len(edges) == 1 else ())
    below = node.below or (first.below if len(edges) == 1 else None)
    if any(edge.above != first.above for edge in edges):
        return _Carried((), _text(below))
    return _Carried(_text(first.above) + _box(first.blank), _text(below) + _box(first.blank))


def _branch(edge: Edge, edges: list[Edge]) -> _Carried:
    """What an edge carries by itself."""
    if len(edges) == 1:
        return _Carried()
    own = any(other.above != edge.above for other in edges)
    return _Carried((_text(edge.above) + _box(edge.blank)) if own else (), _text(edge.below) + _box(edge.blank))


# The plan: columns, and what is linked


def _size(node: Node, arriving: int) -> tuple[float, float]:
    spread = PORT * (arriving - 1) / 0.7 if arriving > 3 else 0.0
    high = max(HEIGHT, height(node.label.latex) + 0.2, spread)
    return max(min(high, HEIGHT) if spread else high, breadth(node.label.latex) + PADDING), high


@dataclass
class _Plan:
    """Heights of all lines. A slot is an edge (or a passing line) in the column of labels before a column of nodes."""

    graph: Graph
    layers: Layers
    sizes: dict[int, tuple[float, float]] = field(init=False)
    trunks: dict[int, _Carried] = field(init=False)
    branches: list[_Carried] = field(init=False)
    ways: list[tuple[Item, ...]] = field(init=False)
    ports: list[float] = field(init=False)
    slots: dict[tuple[int, Item], float] = field(init=False)
    lines: dict[Item, float] = field(init=False)
    height: float = field(init=False)

    def __post_init__(self) -> None:
        graph = self.graph
        leaving: dict[int, list[Edge]] = defaultdict(list)
        arriving: dict[int, list[int]] = defaultdict(list)
        for number, edge in enumerate(graph.edges):
            leaving[edge.source].append(edge)
            arriving[edge.target].append(number)
        self.sizes = {node.id: _size(node, len(arriving[node.id])) for node in graph.nodes}
        self._level_inputs()
        self.trunks = {node.id: _trunk(node, leaving[node.id]) for node in graph.nodes}
        self.branches = [_branch(edge, leaving[edge.source]) for edge in graph.edges]
        self.ways = [self.layers.way(edge.source, edge.target) for edge in graph.edges]
        self.above = {item: i for column in self.layers.columns for i, item in enumerate(column)}
        self.ports = [0.0] * len(graph.edges)
        self.to: dict[int, list[tuple[Item, int]]] = {}
        for node, numbers in arriving.items():
            edges = self.sorted(numbers)
            self.to[node] = [(self.ways[e][-2], e) for e in edges]
            for number, port in zip(edges, _ports(len(numbers), self.sizes[node][1]), strict=True):
                self.ports[number] = port
        self._place()

    def _level_inputs(self) -> None:
        """Inputs of a column are equally wide."""
        for column in self.layers.columns:
            inputs = [n.id for n in self.graph.nodes if n.kind == "input" and (n.id, self.layers.ranks[n.id]) in column]
            wide = max((self.sizes[n][0] for n in inputs), default=0.0)
            self.sizes |= {n: (wide, self.sizes[n][1]) for n in inputs}

    def sorted(self, edges: Iterable[int]) -> list[int]:
        """Edges by where they come from, top to bottom."""
        return sorted(edges, key=lambda e: (self.above[self.ways[e][-2]], e))

    def has_slots(self, column: int) -> bool:
        """Whether labels of single edges stand before a column of nodes."""
        return any(self.branches[e].width for e, way in enumerate(self.ways) if way[-1][1] == column)

    def arriving(self, item: Item) -> list[tuple[Item, int]]:
        """What comes to an item, top to bottom: from which item of the column before, as which edge (-1: passing)."""
        if not self.layers.is_node(item):
            return [((item[0], item[1] - 1), -1)]
        return self.to.get(item[0], [])

    def _extent(self, item: Item) -> Extent:
        if not self.layers.is_node(item):
            return _Carried().extent
        half, carried = self.sizes[item[0]][1] / 2, self.trunks[item[0]].extent
        return Extent(max(half, carried.up), max(half, carried.down))

    def _place(self) -> None:
        columns: list[list[Extent]] = []
        links: list[list[Link]] = []
        names: list[list[Item | tuple[int, Item]]] = []
        for c, column in enumerate(self.layers.columns):
            came = [(self.above[a], i, e, item) for i, item in enumerate(column) for a, e in self.arriving(item)]
            if c and self.has_slots(c):
                links.append([Link(a, s, 0.0, self._weight(e)) for s, (a, _, e, _) in enumerate(came)])
                columns.append([self.branches[e].extent if e >= 0 else _Carried().extent for _, _, e, _ in came])
                names.append([(e, item) for _, _, e, item in came])
                links.append([Link(s, i, self._port(e), self._weight(e) + 2) for s, (_, i, e, _) in enumerate(came)])
            elif c:
                links.append([Link(a, i, self._port(e), self._weight(e)) for a, i, e, _ in came])
            columns.append([self._extent(item) for item in column])
            names.append(list(column))
        found = places(columns, links, MARGIN)
        flat = {name: y for some, ys in zip(names, found, strict=True) for name, y in zip(some, ys, strict=True)}
        above = [y - e.up for some, ys in zip(columns, found, strict=True) for e, y in zip(some, ys, strict=True)]
        below = [y + e.down for some, ys in zip(columns, found, strict=True) for e, y in zip(some, ys, strict=True)]
        top = min(above, default=0.0) - AROUND
        self.height = max(below, default=0.0) + AROUND - top
        flat = {name: y - top for name, y in flat.items()}
        self.lines = {i: flat[i] for i in self.above}
        self.slots = {name: y for name, y in flat.items() if isinstance(name[1], tuple)}

    def _port(self, edge: int) -> float:
        return self.ports[edge] if edge >= 0 else 0.0

    def _weight(self, edge: int) -> float:
        """Long lines are to be straight."""
        return STRAIGHT if edge < 0 else 2.0 if len(self.ways[edge]) > 2 else 1.0


def _ports(count: int, high: float) -> list[float]:
    """Where arrows meet a node, off its middle."""
    step = min(0.24, 0.7 * high / max(1, count - 1))
    return [step * (i - (count - 1) / 2) for i in range(count)]


# The drawing


class _Drawing:
    """Everything in its place; `x` tells the sides of every part of the picture."""

    def __init__(self, plan: _Plan) -> None:
        self.plan = plan
        self.columns = [self._column(c) for c in range(len(plan.layers.columns))]
        x = AROUND - HEAD
        for c, column in enumerate(self.columns):
            x = column.begin(x, self._rise(c, first=True), self._rise(c, first=False), is_first=not c)
        last = self.columns[-1:]
        self.width = AROUND + max((c.leave if c.trunks else c.middle + c.nodes / 2 for c in last), default=AROUND)

    def _column(self, c: int) -> "_Column":
        plan = self.plan
        here = [node for node, at in plan.layers.columns[c] if plan.layers.ranks[node] == at]
        slots = [plan.branches[e].width for e, way in enumerate(plan.ways) if way[-1][1] == c]
        return _Column(
            slots=max(slots, default=0.0),
            nodes=max((plan.sizes[node][0] for node in here), default=0.0),
            trunks=max((plan.trunks[node].width for node in here), default=0.0),
        )

    def _rise(self, c: int, *, first: bool) -> float:
        """The most that a line goes up or down in the first or second gap before a column."""
        plan, most = self.plan, 0.0
        for item in plan.layers.columns[c] if c else ():
            for source, edge in plan.arriving(item):
                end = plan.lines[item] + (plan.ports[edge] if edge >= 0 else 0.0)
                slot = plan.slots.get((edge, item), end)
                most = max(most, abs(slot - plan.lines[source]) if first else abs(end - slot))
        return most

    @property
    def height(self) -> float:
        return self.plan.height

    def shapes(self) -> tuple[Shape, ...]:
        return tuple(self._shape(node) for node in self.plan.graph.nodes)

    def drawn(self) -> Layout:
        shapes = self.shapes()
        arrows = self._arrows({node.id: shape for node, shape in zip(self.plan.graph.nodes, shapes, strict=True)})
        tags, dots = tuple(self._tags()), tuple(self._dots(arrows))
        return Layout(self.width, self.plan.height, shapes, tuple(arrows), tags, dots)

    def _shape(self, node: Node) -> Shape:
        c = self.plan.layers.ranks[node.id]
        wide, high = self.plan.sizes[node.id]
        box = Box(self.columns[c].middle, self.plan.lines[node.id, c], wide, high)
        return Shape(node.kind, node.label, box, min(wide, high) / 2 if node.kind == "operation" else 0.08)

    def _arrows(self, shapes: dict[int, Shape]) -> list[Arrow]:
        seen: set[tuple[Point, Curve]] = set()
        arrows = []
        for number, edge in enumerate(self.plan.graph.edges):
            arrow = self._arrow(number, shapes[edge.source], shapes[edge.target])
            starts = [arrow.start, *(curve.end for curve in arrow.curves)]
            pieces = list(zip(starts, arrow.curves, strict=False))
            shared = next((i for i, piece in enumerate(pieces) if piece not in seen), len(pieces))
            seen.update(pieces)
            arrows.append(Arrow(arrow.start, arrow.curves, arrow.head, shared))
        return arrows

    def _arrow(self, number: int, source: Shape, target: Shape) -> Arrow:
        plan, way = self.plan, self.plan.ways[number]
        start = Point(source.box.x + source.box.width / 2, source.box.y)
        y = target.box.y + plan.ports[number]
        tip = Point(_left(target, plan.ports[number]), y)
        foot = Point(tip.x - HEAD, y)
        points = [start]
        for before, item in zip(way, way[1:], strict=False):
            last = item == way[-1]
            column, end = self.columns[item[1]], y if last else plan.lines[item]
            points.append(Point(self.columns[before[1]].leave, plan.lines[before]))
            slot = plan.slots.get((number if last else -1, item))
            if slot is not None:
                points += [Point(column.slot_left, slot), Point(column.slot_right, slot)]
            points.append(Point(column.arrive, end))
        points.append(foot)
        curves = tuple(_piece(a, b) for a, b in zip(points, points[1:], strict=False) if b.x - a.x > NOTHING)
        return Arrow(start, curves, (tip, Point(foot.x, y + HALF), Point(foot.x, y - HALF)))

    def _tags(self) -> Iterator[Tag]:
        plan = self.plan
        for node in plan.graph.nodes:
            c = plan.layers.ranks[node.id]
            yield from _written(plan.trunks[node.id], self.columns[c].label, plan.lines[node.id, c])
        for number, way in enumerate(plan.ways):
            column = self.columns[way[-1][1]]
            if plan.branches[number].width:
                middle = (column.slot_left + column.slot_right) / 2
                yield from _written(plan.branches[number], middle, plan.slots[number, way[-1]])

    def _dots(self, arrows: list[Arrow]) -> Iterator[Point]:
        """Where a line parts: where the pieces that an edge draws begin on another edge's line."""
        return iter(dict.fromkeys(arrow.own_start for arrow in arrows if arrow.shared))


@dataclass
class _Column:
    """The sides of a column of nodes, the labels before it and after it; widths in, sides out."""

    slots: float
    nodes: float
    trunks: float
    slot_left: float = 0.0
    slot_right: float = 0.0
    arrive: float = 0.0
    middle: float = 0.0
    label: float = 0.0
    leave: float = 0.0

    def begin(self, x: float, first: float, second: float, *, is_first: bool) -> float:
        """Set the sides, after the gaps in which lines rise so far. Gives where the column ends."""
        x += 0.0 if is_first else _gap(first)
        self.slot_left, self.slot_right = x, x + self.slots
        self.arrive = self.slot_right + (_gap(second) if self.slots else 0.0)
        left = self.arrive + HEAD
        self.middle = left + self.nodes / 2
        right = left + self.nodes
        self.label = right + BEFORE + self.trunks / 2
        self.leave = right + (self.trunks + 2 * BEFORE if self.trunks else STUB)
        return self.leave


def _gap(rise: float) -> float:
    return min(WIDEST, GAP + STEEP * rise)


def _left(shape: Shape, port: float) -> float:
    """Where a level line at `port` off the middle meets the left side of a shape."""
    box, corner = shape.box, max(0.0, abs(port) - (shape.box.height / 2 - shape.radius))
    return box.x - box.width / 2 + shape.radius - sqrt(max(0.0, shape.radius**2 - corner**2))


def _piece(a: Point, b: Point) -> Curve:
    return straight(a, b) if a.y == b.y else level(a, b)


def _written(carried: _Carried, x: float, y: float) -> Iterator[Tag]:
    for marks, side in ((carried.above, -1), (carried.below, 1)):
        left = x - _row_width(marks) / 2
        high = max((mark.height for mark in marks), default=0.0)
        for mark in marks:
            box = Box(left + mark.width / 2, y + side * (OFF + high / 2), mark.width, mark.height)
            yield Tag(mark.label, box, side > 0)
            left += mark.width + OFF
