"""Lines of code too long for the page: in smaller letters as far as they can be read, then over several lines."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

SMALLEST, DEEPER = 0.8, 6
_LETTER, _PADDING = 0.185, 0.47  # centimetres of normal print
_START = re.compile(r"( *\d+  )? *")


@dataclass(frozen=True)
class Folded:
    """`lines` as they are printed, in letters `share` as large as usual."""

    share: float
    lines: tuple[str, ...]


@lru_cache(maxsize=1024)
def folded(lines: tuple[str, ...], width: float) -> Folded:
    """`lines` within `width` centimetres of normal print."""
    most = max(8.0, (width - _PADDING) / _LETTER)
    share = min(1.0, max(SMALLEST, most / max([1, *map(len, lines)])))
    return Folded(share, tuple(part for line in lines for part in _parts(line, int(most / share + 1e-6))))


def _parts(line: str, most: int) -> Iterator[str]:
    """A line of code as lines of at most `most` letters: it goes on deeper than all that it contains can begin."""
    start = _START.match(line)
    done, depth = len(start[0]) if start else 0, 0
    indent = min(done + DEEPER, most // 2)
    while len(line) > most:
        at, depth = _break(line, min(done, most // 2), most, depth)
        yield line[:at].rstrip()
        line, done = " " * indent + line[at:].lstrip(), indent
    yield line


def _break(line: str, done: int, most: int, depth: int) -> tuple[int, int]:
    """Where a line breaks best, and in how many brackets: in some, for that is still Python, else at a space."""
    best = (0, 0, 0)
    for at, sign in enumerate(line[:most], 1):
        depth += (sign in "([{") - (sign in ")]}")
        if at > done and (sign == " " or (depth > 0 and sign in "([{")):
            best = max(best, (1 + (depth > 0) + (depth > 0 and sign == " "), at, depth))
    return best[1:] if best[1] else (most, depth)
