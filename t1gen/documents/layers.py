"""Which column and which row each node of a graph gets, and through which rows its long edges run.

The work is fast_sugiyama's (Sugiyama's layered layout: few crossings, long edges through dummy nodes).
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import Any

import fast_sugiyama

from t1gen.errors import EngineError

Pair = tuple[int, int]
Cell = tuple[int, float]  # column from the left, row from the top


@dataclass(frozen=True)
class Layers:
    """`cells` of the nodes, and `routes`: the cells between the two ends of an edge."""

    cells: dict[int, Cell]
    routes: dict[Pair, tuple[Cell, ...]]


@lru_cache(maxsize=1024)
def layers(nodes: tuple[int, ...], pairs: tuple[Pair, ...]) -> Layers:
    """Columns and rows of `nodes`; parts that do not hang together come below one another.

    Raises EngineError where the edges form a circle, or name a node that is not there.
    """
    _check(nodes, pairs)
    parts = [_part(_sugiyama(part, pairs)) for part in _parts(pairs)]
    met = {node for part in parts for node in part.cells}
    parts += [Layers({node: (0, 0.0)}, {}) for node in nodes if node not in met]
    parts.sort(key=lambda part: min(part.cells))
    return _stack(parts)


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


@dataclass(frozen=True)
class _Found:
    """A connected part as fast_sugiyama lays it out: its numbers index `numbers`, beyond it are dummies."""

    positions: dict[int, tuple[float, float]]
    steps: list[Pair]
    numbers: tuple[int, ...]

    def is_node(self, number: int) -> bool:
        return number < len(self.numbers)


def _parts(pairs: tuple[Pair, ...]) -> list[set[int]]:
    """The nodes of each part that hangs together by edges."""
    parts: list[set[int]] = []
    for pair in pairs:
        touched = [part for part in parts if part & set(pair)]
        parts = [part for part in parts if part not in touched] + [set(pair).union(*touched)]
    return parts


def _sugiyama(nodes: set[int], pairs: tuple[Pair, ...]) -> _Found:
    """One connected part at a time, numbered from 0: only then are the dummies' numbers its own."""
    numbers = tuple(sorted(nodes))
    index = {node: i for i, node in enumerate(numbers)}
    edges = sorted({(index[source], index[target]) for source, target in pairs if source in nodes})
    parts: Any = fast_sugiyama.from_edges(
        edges, dummy_vertices=True, vertex_spacing=1, minimum_length=1, ranking_type="minimize"
    )
    positions, _, _, steps = parts[0]
    return _Found(dict(positions), list(steps), numbers)


def _part(found: _Found) -> Layers:
    last = max(y for _, y in found.positions.values())
    cells = _upright({i: (round(last - y), x) for i, (x, y) in found.positions.items()}, len(found.numbers))
    after = defaultdict(list)
    for source, target in found.steps:
        after[source].append(target)
    routes = [
        _route(start, step, after, found) for start in sorted(after) if found.is_node(start) for step in after[start]
    ]
    name = found.numbers
    return Layers(
        {name[i]: cells[i] for i in sorted(cells) if found.is_node(i)},
        {(name[s], name[t]): tuple(cells[dummy] for dummy in way) for s, way, t in routes},
    )


def _route(start: int, step: int, after: dict[int, list[int]], found: _Found) -> tuple[int, list[int], int]:
    way = []
    while not found.is_node(step):
        way.append(step)
        step = after[step][0]
    return start, way, step


def _upright(cells: dict[int, Cell], count: int) -> dict[int, Cell]:
    """`cells` turned upside down where that brings earlier nodes further up."""
    nodes = [(i, *cells[i]) for i in sorted(cells) if i < count]
    neighbours = ((a, b) for a, b in combinations(nodes, 2) if a[1] == b[1])
    order = sum(1 if later[2] > earlier[2] else -1 for earlier, later in neighbours)
    sign = -1 if order < 0 else 1
    top = min(sign * row for _, row in cells.values())
    return {i: (column, sign * row - top) for i, (column, row) in cells.items()}


def _stack(parts: Iterable[Layers]) -> Layers:
    cells: dict[int, Cell] = {}
    routes: dict[Pair, tuple[Cell, ...]] = {}
    down = 0.0
    for part in parts:
        cells |= {node: (column, row + down) for node, (column, row) in part.cells.items()}
        routes |= {pair: tuple((c, row + down) for c, row in way) for pair, way in part.routes.items()}
        down = 1 + max(row for _, row in [*cells.values(), *(c for way in routes.values() for c in way)])
    return Layers(cells, routes)
