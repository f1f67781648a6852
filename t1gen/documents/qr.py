"""QR codes: which squares are dark, for formats to draw."""

from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby


@dataclass(frozen=True)
class Code:
    """A square of `size` modules, and its dark ones as (column, row, how many to the right)."""

    size: int
    runs: tuple[tuple[int, int, int], ...]


@lru_cache(maxsize=4096)
def qr(text: str) -> Code:
    """The QR code that says `text`, which a seventh of it being unreadable does not hurt (level M)."""
    import segno

    matrix = segno.make(text, error="m", micro=False, boost_error=False).matrix
    return Code(len(matrix), tuple(run for row, modules in enumerate(matrix) for run in _runs(row, modules)))


def _runs(row: int, modules: bytearray) -> list[tuple[int, int, int]]:
    out, column = [], 0
    for dark, group in groupby(modules):
        length = len(list(group))
        if dark:
            out.append((column, row, length))
        column += length
    return out


def svg(code: Code) -> str:
    """The code as an SVG picture, a unit a module."""
    path = "".join(f"M{x} {y}h{n}v1h-{n}z" for x, y, n in code.runs)
    return (f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {code.size} {code.size}' "
            f"shape-rendering='crispEdges'><path d='{path}'/></svg>")  # fmt: skip
