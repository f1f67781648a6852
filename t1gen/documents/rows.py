"""Pictures too wide for the line: smaller as far as that can be read, then in rows.

An edge from one row to another ends in a stub that carries its name, and goes on from one like it.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from t1gen.documents.blocks import Edge, Graph, Math, Node
from t1gen.documents.layers import layers
from t1gen.documents.layout import Layout, layout

ROOM = 17.0  # the width of a line
TALLEST = 21.0
SMALLEST = 0.74  # labels of 9.5 points are 7 points high then


@lru_cache(maxsize=1024)
def pictures(graph: Graph, room: float = ROOM, size: float = 1.0) -> tuple[Layout, ...]:
    """The picture of `graph` on lines `room` centimetres wide, in as many rows as it needs.

    `size` is that of the text around it, over 11 points. No text is smaller than 7 points times `size`.
    """
    whole = layout(graph)
    share = _share([whole], room, size)
    if share >= SMALLEST * size:
        return (replace(whole, scale=share),)
    ranks = layers(tuple(n.id for n in graph.nodes), tuple((e.source, e.target) for e in graph.edges)).ranks
    count = 1 + max(ranks.values())
    rows = 2
    while rows < count:
        drawn = [layout(part) for part in _parts(graph, ranks, _ends(whole, graph, ranks, rows))]
        share = _share(drawn, room, size)
        if share >= SMALLEST * size:
            return tuple(replace(part, scale=share) for part in drawn)
        rows += 1
    return (replace(whole, scale=share),)


def _share(drawn: list[Layout], room: float, size: float) -> float:
    """How large pictures can be, up to `size`."""
    shares = [min(room / part.width, TALLEST / part.height) for part in drawn if part.width and part.height]
    return min([size, *shares])


def _ends(whole: Layout, graph: Graph, ranks: dict[int, int], rows: int) -> list[int]:
    """The last column of each of so many rows: about equally wide, and where few lines pass."""
    at = {node.id: shape.box.x for node, shape in zip(graph.nodes, whole.shapes, strict=True)}
    middles: dict[int, float] = {}
    for node, rank in ranks.items():
        middles[rank] = at[node]
    lines = {(edge.source, c) for edge in graph.edges for c in range(ranks[edge.source], ranks[edge.target])}
    passing = Counter(c for _, c in lines)
    columns, ends = sorted(middles), list[int]()
    for row in range(1, rows):
        target = whole.width * row / rows
        free = [c for c in columns[:-1] if not ends or c > ends[-1]]
        if free:
            ends.append(min(free, key=lambda c: (abs(_right(middles, c) - target) + 0.4 * passing[c], c)))
    return [*ends, columns[-1]]


def _right(middles: dict[int, float], column: int) -> float:
    return (middles[column] + middles.get(column + 1, middles[column])) / 2


def _parts(graph: Graph, ranks: dict[int, int], ends: list[int]) -> Iterator[Graph]:
    row = {node.id: next(r for r, end in enumerate(ends) if ranks[node.id] <= end) for node in graph.nodes}
    leaving: dict[int, list[Edge]] = {node.id: [] for node in graph.nodes}
    for edge in graph.edges:
        leaving[edge.source].append(edge)
    stubs = _stubs(graph, row)
    for number in range(len(ends)):
        nodes = [node for node in graph.nodes if row[node.id] == number]
        edges = [edge for edge in graph.edges if row[edge.source] == row[edge.target] == number]
        free = 1 + max(row)
        for source, label in stubs.items():
            away = [edge for edge in leaving[source] if row[edge.target] != row[source]]
            is_shared = len(leaving[source]) > 1
            if row[source] == number:
                edges.append(replace(away[0], target=free, below=None if is_shared else away[0].below))
            else:
                away = [edge for edge in away if row[edge.target] == number]
                edges += [_continued(edge, free, is_shared) for edge in away]
            if away:
                nodes.append(Node(free, label, "stub"))
                free += 1
        yield Graph(tuple(nodes), tuple(edges))


def _continued(edge: Edge, stub: int, is_shared: bool) -> Edge:
    """An edge from a stub: only what it does not share with the line that ends in the other stub."""
    return Edge(stub, edge.target, None, edge.below if is_shared else None, None, edge.blank if is_shared else None)


def _stubs(graph: Graph, row: dict[int, int]) -> dict[int, Math]:
    """The nodes whose edges leave their row; their stubs are called like what they carry, else by a number."""
    found: dict[int, Math] = {}
    nodes = {node.id: node for node in graph.nodes}
    for edge in graph.edges:
        if row[edge.source] != row[edge.target] and edge.source not in found:
            node = nodes[edge.source]
            number = str(1 + len(found))
            own = edge.label or (node.label if node.kind == "input" else None)
            found[edge.source] = own or Math(rf"\rightarrow {number}", f"-> {number}")
    return found
