"""Pictures too wide for the line: smaller as far as that can be read, then in rows.

An edge from one row to another ends in a stub that carries its name, and goes on from one like it.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from t1gen.documents.blocks import Edge, Graph, Math, Node
from t1gen.documents.layers import layers
from t1gen.documents.layout import Layout, layout, sketch

ROOM = 17.0  # the width of a line
TALLEST = 21.0
STUBS = 1.2  # about what they add to a row
UNEVEN = 4.0  # how many lines fewer are worth a row that is full
TRIES, CLOSER = 12, 0.88
SMALLEST = 0.74  # labels of 9.5 points are 7 points high then


def pictures(graph: Graph, room: float = ROOM, size: float = 1.0) -> tuple[Layout, ...]:
    """The picture of `graph` on lines `room` centimetres wide, in as many rows as it needs.

    `size` is that of the text around it, over 11 points. No text is smaller than 7 points times `size`.
    """
    return _pictures(graph, room, size)


@lru_cache(maxsize=1024)
def _pictures(graph: Graph, room: float, size: float) -> tuple[Layout, ...]:
    share = _share([graph], room, size)
    if share >= SMALLEST * size:
        return (replace(layout(graph), scale=share),)
    parts, rows = _Parts(graph), [graph]
    for attempt in range(TRIES):
        rows = list(parts.of(parts.ends(room / SMALLEST / size * CLOSER**attempt)))
        share = _share(rows, room, size)
        if share >= SMALLEST * size:
            break
    return tuple(replace(layout(row), scale=share) for row in rows)


def _share(rows: list[Graph], room: float, size: float) -> float:
    """How large pictures can be, up to `size`."""
    drawn = map(sketch, rows)
    shares = [min(room / part.width, TALLEST / part.height) for part in drawn if part.width and part.height]
    return min([size, *shares])


class _Parts:
    """A graph in rows: columns of its whole picture, their left and right sides, and how many lines pass after each."""

    def __init__(self, graph: Graph) -> None:
        self.graph, shapes = graph, sketch(graph).shapes()
        pairs = tuple((e.source, e.target) for e in graph.edges)
        self.ranks = layers(tuple(n.id for n in graph.nodes), pairs).ranks
        self.sides: list[tuple[float, float]] = []
        for column in range(1 + max(self.ranks.values())):
            here = zip(graph.nodes, shapes, strict=True)
            boxes = [shape.box for node, shape in here if self.ranks[node.id] == column]
            left, right = min(b.x - b.width / 2 for b in boxes), max(b.x + b.width / 2 for b in boxes)
            self.sides.append((left, right))
        inputs = {node.id: min(self.ranks[t] for s, t in pairs if s == node.id) - 1 for node in graph.nodes
                  if node.kind == "input" and any(s == node.id for s, _ in pairs)}  # fmt: skip
        lines = {(s, c) for s, t in pairs for c in range(inputs.get(s, self.ranks[s] - 1) + 1, self.ranks[t])}
        self.passing = Counter(column for _, column in lines)
        self.leaving: dict[int, list[Edge]] = {node.id: [] for node in graph.nodes}
        for edge in graph.edges:
            self.leaving[edge.source].append(edge)

    def _width(self, first: int, last: int) -> float:
        """About how wide a row of these columns is, with its stubs."""
        left = self.sides[first][0] - (STUBS if first else 0.0)
        is_last = last == len(self.sides) - 1
        return (self.sides[last][1] if is_last else self.sides[last + 1][0] + STUBS) - left

    def ends(self, limit: float) -> list[int]:
        """The last column of each of as few rows as are about within `limit`: few lines cut, and rather even rows."""
        best: dict[int, tuple[float, float, list[int]]] = {-1: (0.0, 0.0, [])}
        for _ in self.sides:
            found: dict[int, tuple[float, float, list[int]]] = {}
            for end, (over, cost, ends) in best.items():
                for last in range(end + 1, len(self.sides)):
                    width = self._width(end + 1, last)
                    lines = self.passing[last] if last < len(self.sides) - 1 else 0
                    cost_now = cost + lines + UNEVEN * (width / limit) ** 2
                    way = over + max(0.0, width - limit), cost_now, [*ends, last]
                    found[last] = min(found.get(last, way), way)
            best = found
            over, _, ends = best.get(len(self.sides) - 1, (1.0, 0.0, []))
            if not over and len(ends) > 1:
                return ends
        return list(range(len(self.sides)))

    def of(self, ends: list[int]) -> Iterator[Graph]:
        """The graph of each row, stubs among its nodes."""
        row = {node: next(r for r, end in enumerate(ends) if rank <= end) for node, rank in self.ranks.items()}
        for node in self.graph.nodes:
            if node.kind == "input" and self.leaving[node.id]:
                row[node.id] = min(row[edge.target] for edge in self.leaving[node.id])
        stubs = _stubs(self.graph, row)
        for number in range(len(ends)):
            nodes = [node for node in self.graph.nodes if row[node.id] == number]
            edges = [edge for edge in self.graph.edges if row[edge.source] == row[edge.target] == number]
            free = 1 + max(row)
            for source, label in stubs.items():
                away = [edge for edge in self.leaving[source] if row[edge.target] != row[source]]
                is_shared = len(self.leaving[source]) > 1
                if row[source] == number:
                    edges.append(replace(away[0], target=free, below=None if is_shared else away[0].below))
                else:
                    away = [edge for edge in away if row[edge.target] == number]
                    edges += [_continued(edge, free, is_shared) for edge in away]
                if away:
                    nodes.append(Node(free, label, "stub"))
                    free += 1
            if nodes:
                yield Graph(tuple(nodes), tuple(edges))


def _continued(edge: Edge, stub: int, is_shared: bool) -> Edge:
    """An edge from a stub: only what it does not share with the line that ends in the other stub."""
    return Edge(stub, edge.target, None, edge.below if is_shared else None, None, edge.blank if is_shared else None)


def _stubs(graph: Graph, row: dict[int, int]) -> dict[int, Math]:
    """The nodes whose edges leave their row; their stubs are called like what they carry, else by a number.

    A shape is no name: several may have the same.
    """
    found: dict[int, Math] = {}
    nodes, number = {node.id: node for node in graph.nodes}, 0
    for edge in graph.edges:
        if row[edge.source] != row[edge.target] and edge.source not in found:
            node = nodes[edge.source]
            own = edge.label or (node.label if node.kind == "input" else None)
            if own is None or own.latex.startswith(r"\mathbb{R}"):
                number += 1
                own = Math(rf"\rightarrow {number}", f"-> {number}")
            found[edge.source] = own
    return found
