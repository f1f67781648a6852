"""How a line of a solution is broken: `name = rule = numbers = result` on one line, or a part a line."""

import re
from functools import lru_cache

from t1gen.documents.blocks import Math
from t1gen.documents.lettering import width
from t1gen.solution.lines import Line
from t1gen.solution.written import Put
from t1gen.wording import in_latex

WIDE = 13.0
"""Centimetres of a line."""

NUMBERS, RULE, SHAPES = 15.0, 18.0, 2.0
"""The widest numbers and rule that are written at all, and how much room is left beside shapes."""

_MATRIX = re.compile(r"\\begin\{bmatrix\}(.*?)\\end\{bmatrix\}")


def laid_out(line: Line, put: Put | None) -> list[Math]:
    """The formulas of a line, with numbers where they are put in."""
    is_short = line.rule is not None and (put is None or wide(line.rule.latex) <= RULE)
    parts = [p for p in (line.call, line.rule if is_short else None) if p]
    if put is not None:
        if is_short and line.fits:
            numbers = put.into(line.step, dict(line.labels))
            parts += [numbers] if wide(numbers.latex) <= NUMBERS else []
        parts = [*(Math(in_latex(p.latex, put.language), p.plain) for p in parts), put.of(line.step)]
    chain = [line.left]
    for part in parts:
        if part.latex not in (chain[-1].latex, *(c.latex for c in chain[1:])):
            chain.append(part)
    return _broken(chain, line.shapes)


def _broken(parts: list[Math], shapes: Math | None) -> list[Math]:
    """Equal parts on as few lines as hold them."""
    rows, row = list[list[Math]](), [parts[0]]
    for part in parts[1:]:
        if _width([*row, part]) > WIDE and not (len(row) == 1 and not rows):
            rows.append(row)
            row = []
        row.append(part)
    rows.append(row)
    out = [_joined(r, first=i == 0) for i, r in enumerate(rows)]
    if shapes is None:
        return out
    last, added = out[-1], Math(rf"\qquad {shapes.latex}", f"   {shapes.plain}")
    if wide(last.latex) + wide(added.latex) > WIDE - SHAPES:
        return [*out, Math(added.latex, f"   {shapes.plain}")]
    return [*out[:-1], Math(f"{last.latex} {added.latex}", f"{last.plain} {added.plain}")]


def _width(row: list[Math]) -> float:
    return sum(wide(p.latex) + 0.6 for p in row)


def _joined(row: list[Math], first: bool) -> Math:
    latex, plain = " = ".join(p.latex for p in row), " = ".join(p.plain for p in row)
    return Math(latex, plain) if first else Math(rf"\quad = {latex}", f"    = {plain}")


@lru_cache(maxsize=16384)
def wide(latex: str) -> float:
    """About how wide a formula is, a matrix as wide as its columns."""
    return width(_MATRIX.sub(_columns, latex))


def _columns(found: re.Match[str]) -> str:
    rows = [[cell.strip() for cell in row.split("&")] for row in found[1].split(r"\\")]
    cells = [max(row[k] for row in rows if k < len(row)) for k in range(max(map(len, rows)))]
    longest = [max((row[k] for row in rows if k < len(row)), key=len) for k in range(len(cells))]
    return "[" + "xx".join("0" * len(c) for c in longest) + "]"
