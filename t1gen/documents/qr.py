"""QR codes: which squares are dark, for formats to draw."""

from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby


@dataclass(frozen=True)
class Code:
    """A square of `size` modules, and its dark ones as (column, row, how many to the right)."""

    size: int
    runs: tuple[tuple[int, int, int], ...]


MASK = 3
"""The pattern that is laid over every code: looking for the best of eight takes longer than all the rest."""


@lru_cache(maxsize=4096)
def qr(text: str) -> Code:
    """The QR code that says `text`, which a seventh of it being unreadable does not hurt (level M)."""
    import segno

    matrix = segno.make(text, error="m", micro=False, boost_error=False, mask=MASK).matrix
    return Code(len(matrix), tuple(run for row, modules in enumerate(matrix) for run in _runs(row, modules)))


def _runs(row: int, modules: bytearray) -> list[tuple[int, int, int]]:
    out, column = [], 0
    for dark, group in groupby(modules):
        length = len(list(group))
        if dark:
            out.append((column, row, length))
        column += length
    return out


def path(code: Code) -> str:
    """The dark modules as an SVG path, a unit a module."""
    return "".join(f"M{x} {y}h{n}v1h-{n}z" for x, y, n in code.runs)
