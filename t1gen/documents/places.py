"""How far down each item of each column stands: near what it is linked to, in order, and with room for its labels."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

SWEEPS = 16
STILL = 0.05
ROUNDS = 2
STRAIGHT = 8.0
NEAR = 0.35
FAR = 1e9


@dataclass(frozen=True)
class Extent:
    """The room that an item needs above and below its line."""

    up: float
    down: float


@dataclass(frozen=True)
class Link:
    """Item `a` of a column and item `b` of the next, which should be level; `port` is where b is met, off its line."""

    a: int
    b: int
    port: float
    weight: float


Lines = list[list[float]]


def places(columns: Sequence[Sequence[Extent]], links: Sequence[Sequence[Link]], margin: float) -> Lines:
    """The lines of all items (at least one a column).

    The items of a column keep their order, and `margin` between what they need. A link of weight `STRAIGHT` or more is
    level where that is possible.
    """
    below = [[0.0, *accumulate(a.down + b.up + margin for a, b in pairwise(column))] for column in columns]
    lines = [[y - offsets[-1] / 2 for y in offsets] for offsets in below]
    wanted = _Wanted(links, len(columns))
    for _ in range(SWEEPS):
        before = [list(column) for column in lines]
        for order in (range(len(columns)), reversed(range(len(columns)))):
            for c in order:
                lines[c] = _fitted(wanted.of(c, lines), below[c])
        if all(abs(y - old) < STILL for a, b in zip(lines, before, strict=True) for y, old in zip(a, b, strict=True)):
            break
    for _ in range(ROUNDS):
        _straighten(lines, below, links)
        for order in (range(len(columns)), reversed(range(len(columns)))):
            for c in order:
                _snap(lines[c], wanted.heaviest(c, lines), below[c])
    return lines


class _Wanted:
    def __init__(self, links: Sequence[Sequence[Link]], count: int) -> None:
        self.before = [links[c - 1] if c else [] for c in range(count)]
        self.after = [links[c] if c < count - 1 else [] for c in range(count)]

    def _pulls(self, c: int, lines: Lines) -> Iterable[tuple[int, float, float]]:
        for link in self.before[c]:
            yield link.b, lines[c - 1][link.a] - link.port, link.weight
        for link in self.after[c]:
            yield link.a, lines[c + 1][link.b] + link.port, link.weight

    def of(self, c: int, lines: Lines) -> list[tuple[float, float]]:
        """Where each item would be level with what it is linked to, and how much that matters."""
        total, weights = [0.0] * len(lines[c]), [0.0] * len(lines[c])
        for link in self.before[c]:
            total[link.b] += link.weight * (lines[c - 1][link.a] - link.port)
            weights[link.b] += link.weight
        for link in self.after[c]:
            total[link.a] += link.weight * (lines[c + 1][link.b] + link.port)
            weights[link.a] += link.weight
        return [(t / w, w) if w else (y, 0.01) for t, w, y in zip(total, weights, lines[c], strict=True)]

    def heaviest(self, c: int, lines: Lines) -> list[float]:
        """Where each item would be level with the one that it is linked to the most, the nearest of such."""
        best: dict[int, tuple[float, float, float]] = {}
        for i, y, weight in self._pulls(c, lines):
            pull = (-weight, abs(y - lines[c][i]), y)
            best[i] = min(best.get(i, pull), pull)
        return [best[i][2] if i in best else y for i, y in enumerate(lines[c])]


def _fitted(wanted: list[tuple[float, float]], offsets: list[float]) -> list[float]:
    """The lines nearest to the wanted ones that keep their distances (pool adjacent violators)."""
    if len(wanted) == 1:
        return [wanted[0][0]]
    pools: list[tuple[float, float, int]] = []
    for (y, weight), offset in zip(wanted, offsets, strict=True):
        mean, total, count = y - offset, weight, 1
        while pools and pools[-1][0] > mean:
            before, w, n = pools.pop()
            mean, total, count = (mean * total + before * w) / (total + w), total + w, count + n
        pools.append((mean, total, count))
    level = [mean for mean, _, count in pools for _ in range(count)]
    return [y + offset for y, offset in zip(level, offsets, strict=True)]


def _snap(lines: list[float], wanted: list[float], offsets: list[float]) -> None:
    """Move items exactly to where they are wanted, where that is near and their neighbours leave room for it."""
    for i, y in enumerate(wanted):
        low, high = _free(lines, offsets, i)
        if abs(y - lines[i]) < NEAR and low <= y <= high:
            lines[i] = y


def _free(lines: list[float], offsets: list[float], i: int) -> tuple[float, float]:
    """How far an item may move up and down between its neighbours."""
    low = lines[i - 1] + offsets[i] - offsets[i - 1] if i else -FAR
    high = lines[i + 1] - offsets[i + 1] + offsets[i] if i < len(lines) - 1 else FAR
    return low, high


# Long lines


def _straighten(lines: Lines, offsets: list[list[float]], links: Sequence[Sequence[Link]]) -> None:
    """Make long lines level, from the outermost to those in the middle."""
    runs = _runs(links)
    middle = sum(map(sum, lines)) / max(1, sum(map(len, lines)))
    runs.sort(key=lambda run: (-abs(sum(lines[c][i] for c, i in run) / len(run) - middle), run))
    for run in runs:
        _level(run, lines, offsets)


def _runs(links: Sequence[Sequence[Link]]) -> list[list[tuple[int, int]]]:
    """Items of neighbouring columns that one long line goes through."""
    runs: list[list[tuple[int, int]]] = []
    open_: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for c, gap in enumerate(links):
        for link in gap:
            if link.weight >= STRAIGHT:
                run = open_.get((c, link.a)) or [(c, link.a)]
                if len(run) == 1:
                    runs.append(run)
                run.append((c + 1, link.b))
                open_[c + 1, link.b] = run
    return runs


def _level(run: list[tuple[int, int]], lines: Lines, offsets: list[list[float]]) -> None:
    """Put a run on one height, or else its parts: as long ones as possible from the left."""
    while run:
        low, high, count = -FAR, FAR, 0
        for c, i in run:
            least, most = _free(lines[c], offsets[c], i)
            if max(low, least) > min(high, most):
                break
            low, high, count = max(low, least), min(high, most), count + 1
        ys = sorted(lines[c][i] for c, i in run[:count])
        y = min(max(ys[len(ys) // 2], low), high) if ys else 0.0
        for c, i in run[:count]:
            lines[c][i] = y
        run = run[max(1, count) :]
