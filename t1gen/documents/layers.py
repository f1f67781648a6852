"""Which column each node of a graph gets, and what runs through the columns, from top to bottom.

The columns and the first order are fast_sugiyama's (Sugiyama's layered layout); `ordering` goes on from there. All
edges from one node share one line until they must part: a line takes one place in every column that it passes.
"""

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import fast_sugiyama

from t1gen.documents.ordering import Columns, Item, Links, ordered
from t1gen.errors import EngineError

Pair = tuple[int, int]


@dataclass(frozen=True)
class Layers:
    """`columns` of items from top to bottom; an item (node, column) beyond the node's own column is its line there."""

    columns: Columns
    ranks: dict[int, int]

    def is_node(self, item: Item) -> bool:
        return self.ranks[item[0]] == item[1]

    def way(self, source: int, target: int) -> tuple[Item, ...]:
        """The items on an edge, its two ends among them."""
        line = [(source, column) for column in range(self.ranks[source], self.ranks[target])]
        return (*line, (target, self.ranks[target]))


@lru_cache(maxsize=1024)
def layers(nodes: tuple[int, ...], pairs: tuple[Pair, ...]) -> Layers:
    """Columns of `nodes`; parts that do not hang together come below one another.

    Raises EngineError where the edges form a circle, or name a node that is not there.
    """
    _check(nodes, pairs)
    parts = sorted([*_parts(pairs), *({node} for node in nodes if all(node not in pair for pair in pairs))], key=min)
    ranks: dict[int, int] = {}
    columns: list[list[Item]] = []
    for part in parts:
        found, rows = _sugiyama(part, pairs)
        ranks |= found
        for column, items in enumerate(_ordered(found, rows, [p for p in pairs if p[0] in part])):
            columns += [[]] * (column >= len(columns))
            columns[column] = [*columns[column], *items]
    return Layers(tuple(map(tuple, columns)), ranks)


def _check(nodes: tuple[int, ...], pairs: tuple[Pair, ...]) -> None:
    """fast_sugiyama ends the whole process on a circle, so it must not see one."""
    strangers = {end for pair in pairs for end in pair} - set(nodes)
    if strangers:
        raise EngineError(f"an edge names node {min(strangers)}, which is not in the graph")
    waiting = {node: {s for s, t in pairs if t == node} for node in nodes}
    while waiting:
        free = {node for node, sources in waiting.items() if not sources}
        if not free:
            raise EngineError(f"the graph has a circle through node {min(waiting)}")
        waiting = {node: sources - free for node, sources in waiting.items() if node not in free}


def _parts(pairs: tuple[Pair, ...]) -> list[set[int]]:
    """The nodes of each part that hangs together by edges."""
    parts: list[set[int]] = []
    for pair in pairs:
        touched = [part for part in parts if part & set(pair)]
        parts = [part for part in parts if part not in touched] + [set(pair).union(*touched)]
    return parts


def _sugiyama(nodes: set[int], pairs: tuple[Pair, ...]) -> tuple[dict[int, int], dict[int, float]]:
    """Column and row of the nodes of one connected part, numbered from 0 as the library wants it."""
    numbers = sorted(nodes)
    index = {node: i for i, node in enumerate(numbers)}
    edges = sorted({(index[source], index[target]) for source, target in pairs if source in nodes})
    if not edges:
        return dict.fromkeys(numbers, 0), dict.fromkeys(numbers, 0.0)
    parts: Any = fast_sugiyama.from_edges(
        edges, dummy_vertices=True, vertex_spacing=1, minimum_length=1, ranking_type="minimize"
    )
    positions = dict(parts[0][0])
    first = max(y for _, y in positions.values())
    return (
        {node: round(first - positions[i][1]) for i, node in enumerate(numbers)},
        {node: positions[i][0] for i, node in enumerate(numbers)},
    )


def _ordered(ranks: dict[int, int], rows: dict[int, float], pairs: list[Pair]) -> Columns:
    columns: list[list[Item]] = [[] for _ in range(1 + max(ranks.values()))]
    heights = {(node, rank): rows[node] for node, rank in ranks.items()}
    last = {source: max(ranks[t] for s, t in pairs if s == source) for source, _ in pairs}
    for source, end in last.items():
        targets = [t for s, t in pairs if s == source]
        middle = sum(rows[t] for t in targets) / len(targets)
        for column in range(ranks[source] + 1, end):
            share = (column - ranks[source]) / (end - ranks[source])
            heights[source, column] = rows[source] + (middle - rows[source]) * share
    for item in sorted(heights, key=lambda i: (heights[i], i)):
        columns[item[1]].append(item)
    return _upright(ordered(tuple(map(tuple, columns)), _links(ranks, pairs)), ranks)


def _links(ranks: dict[int, int], pairs: list[Pair]) -> Links:
    """Between each column and the next: from item to item, and how many edges run there."""
    links: list[Counter[tuple[Item, Item]]] = [Counter() for _ in range(max(ranks.values()))]
    for source, target in pairs:
        way = [(source, c) for c in range(ranks[source], ranks[target])] + [(target, ranks[target])]
        for a, b in zip(way, way[1:], strict=False):
            links[a[1]][a, b] += 1
    return tuple(tuple((a, b, n) for (a, b), n in sorted(gap.items())) for gap in links)


def _upright(columns: Columns, ranks: dict[int, int]) -> Columns:
    """`columns` turned upside down where that brings earlier nodes further up."""
    order = 0
    for column in columns:
        nodes = [node for node, at in column if ranks[node] == at]
        order += sum(1 if a < b else -1 for i, a in enumerate(nodes) for b in nodes[i + 1 :])
    return tuple(column[::-1] for column in columns) if order < 0 else columns
