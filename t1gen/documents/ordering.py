"""The order within the columns of a layered graph: as few crossings as a search by moving single items finds.

Barycentre sweeps, then sifting (Matuszewski, Schoenfeld and Molitor 1999): each item to its best place between both
neighbouring columns; from several starts, the same ones every time.
"""

from collections.abc import Iterable
from functools import partial
from random import Random
from typing import Any

import numpy as np

Item = tuple[int, int]
Columns = tuple[tuple[Item, ...], ...]
Links = tuple[tuple[tuple[Item, Item, int], ...], ...]

STARTS = 6
KICKS = 200
PASSES = 12
SWEEPS = 4

Array = np.ndarray[Any, Any]
Order = list[list[int]]
Column = tuple[int, ...]


def ordered(columns: Columns, links: Links) -> Columns:
    """`columns` in a better order; `links` from column to column count as often as their weight says."""
    search = _Search(columns, links)
    best, least = search.from_start(0)
    for start in range(1, STARTS):
        if least:
            best, least = min((best, least), search.from_start(start), key=lambda found: found[1])
    for kick in range(KICKS):
        if least:
            best, least = search.from_kick(best, least, kick)
    return tuple(tuple(column[i] for i in order) for column, order in zip(columns, best, strict=True))


class _Search:
    """Columns as numbers: `weights[c][i, j]` is the weight between item i of column c and item j of the next.

    A search comes back to the same columns again and again: what was counted is remembered.
    """

    def __init__(self, columns: Columns, links: Links) -> None:
        index = [{item: i for i, item in enumerate(column)} for column in columns]
        self.sizes = [len(column) for column in columns]
        self.weights = [np.zeros((len(a), len(b)), dtype=int) for a, b in zip(columns, columns[1:], strict=False)]
        for c, gap in enumerate(links):
            for a, b, weight in gap:
                self.weights[c][index[c][a], index[c + 1][b]] = weight
        self.counted: dict[tuple[int, Column, Column], int] = {}
        self.gains: dict[tuple[int, Column, Column], list[list[int]]] = {}

    def from_start(self, start: int) -> tuple[Order, int]:
        """The best order that sifting finds from the given one, or from that of a random start."""
        order = [list(range(n)) for n in self.sizes]
        if start:
            random = Random(start)
            for column in order:
                random.shuffle(column)
            self.barycentre(order)
        crossings = sum(map(partial(self.crossings, order), range(len(self.weights))))
        return order, crossings - self.sifted(order, range(len(order)))

    def from_kick(self, order: Order, crossings: int, kick: int) -> tuple[Order, int]:
        """An order at least as good, from one in which some items of neighbouring columns stand elsewhere."""
        random = Random(kick)
        moved = [list(column) for column in order]
        first = random.randrange(len(moved))
        places = range(first, min(len(moved), first + random.randint(1, 4)))
        for column in (moved[c] for c in places for _ in range(random.randint(1, 2))):
            column.insert(random.randrange(len(column)), column.pop(random.randrange(len(column))))
        gaps = range(max(0, first - 1), min(len(self.weights), places[-1] + 1))
        found = crossings + sum(self.crossings(moved, c) - self.crossings(order, c) for c in gaps)
        found -= self.sifted(moved, places)
        return (moved, found) if found <= crossings else (order, crossings)

    def sifted(self, order: Order, columns: Iterable[int]) -> int:
        """Sift these columns, and those beside what has changed, until nothing changes. Gives the gain."""
        todo, gained = set(columns), 0
        for number in range(PASSES):
            changed = set()
            for c in sorted(todo, reverse=number % 2 == 1):
                before = list(order[c])
                gained += self.sift(order, c, late=number // 2 % 2 == 1)
                if order[c] != before:
                    changed |= {c - 1, c, c + 1}
            todo = changed & set(range(len(order)))
            if not todo:
                break
        return gained

    def crossings(self, order: Order, gap: int) -> int:
        key = gap, tuple(order[gap]), tuple(order[gap + 1])
        if key not in self.counted:
            placed = self.weights[gap][order[gap]][:, order[gap + 1]]
            self.counted[key] = int(np.triu(_met(placed), 1).sum())
        return self.counted[key]

    def barycentre(self, order: Order) -> None:
        count = len(order)
        for _ in range(SWEEPS):
            for c in range(1, count):
                self._by_mean(order, c, self.weights[c - 1].T[:, order[c - 1]])
            for c in reversed(range(count - 1)):
                self._by_mean(order, c, self.weights[c][:, order[c + 1]])

    def _by_mean(self, order: Order, c: int, beside: Array) -> None:
        total = beside.sum(axis=1)
        means = beside @ np.arange(beside.shape[1]) / np.maximum(total, 1)
        place = {i: at for at, i in enumerate(order[c])}
        scale = beside.shape[1] / max(1, len(order[c]))
        order[c].sort(key=lambda i: (means[i] if total[i] else place[i] * scale, place[i]))

    def sift(self, order: Order, c: int, *, late: bool) -> int:
        """Each item of a column to its best place, the last of equally good ones where `late`. Gives the gain."""
        left, right = order[c - 1] if c else [], order[c + 1] if c < len(order) - 1 else []
        key = c, tuple(left), tuple(right)
        if key not in self.gains:
            met = np.zeros((self.sizes[c], self.sizes[c]), dtype=int)
            if left:
                met += _met(self.weights[c - 1].T[:, left])
            if right:
                met += _met(self.weights[c][:, right])
            self.gains[key] = (met - met.T).tolist()
        gain = self.gains[key]
        return sum(_move(order[c], i, gain[i], late) for i in list(order[c]))


def _met(weights: Array) -> Array:
    """How often links of two items cross, the first item standing before the second."""
    found: Array = weights @ (np.cumsum(weights, axis=1) - weights).T
    return found


def _move(order: list[int], item: int, gain: list[int], late: bool) -> int:
    """`item` to where it crosses the least; `gain[j]` is what it costs to stand before j and not behind it.

    Gives how many crossings less there are.
    """
    at = order.index(item)
    rest = order[:at] + order[at + 1 :]
    cost, costs = 0, [0]
    for j in rest:
        cost -= gain[j]
        costs.append(cost)
    least = min(costs)
    if costs[at] == least and not late:
        return 0
    places = [k for k, c in enumerate(costs) if c == least]
    rest.insert(places[-1] if late else places[0], item)
    order[:] = rest
    return costs[at] - least
