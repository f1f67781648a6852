"""Texts and numbers as runs and blocks: Markdown with mathematics, formulas for a terminal, rounded numbers."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from t1gen.documents import blocks
from t1gen.documents.blocks import Code, Math, Plain, Run, Strong, Text
from t1gen.mapping.notation import latex_numbers
from t1gen.wording import in_latex, in_plain, signs

RULE = re.compile(r"\|[\s|:-]*")
MARKUP = re.compile(r"\$([^$]+)\$|`([^`]+)`|\*\*([^*]+)\*\*")


# text


def runs(markdown: str, language: str) -> Text:
    """Markdown with `$math$`, code and bold as runs."""
    return _runs(markdown, language)


@lru_cache(maxsize=4096)
def _runs(markdown: str, language: str) -> Text:
    out: list[Run] = []
    end = 0
    for match in MARKUP.finditer(markdown):
        if match.start() > end:
            out.append(Plain(markdown[end : match.start()]))
        math, code, bold = match.groups()
        out.append(Math(math, readable(math, language)) if math else Code(code) if code else Strong(bold))
        end = match.end()
    if end < len(markdown):
        out.append(Plain(markdown[end:]))
    return tuple(out)


SIGNS = {
    r"\times": "x", r"\cdot": "*", r"\odot": "*", r"\top": "T", r"\partial ": "d", r"\ne ": "!= ", r"\neq": "!=",
    r"\leq": "<=", r"\geq": ">=", r"\le ": "<= ", r"\ge ": ">= ", r"\to": "->", r"\quad": " ", r"\%": "%",
}  # fmt: skip
"""LaTeX signs as a terminal shows them."""

INSIDE = r"((?:[^{}]|\{[^{}]*\})*)"
GROUP = r"\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}"
"""What stands in braces, up to three deep."""


def readable(formula: str, language: str) -> str:
    """LaTeX of names, fractions and matrices as a terminal shows it: dL/dw, (a)/(b), [[1, 2], [3, 4]], alpha, h_1."""
    between = f"{signs(language).separator} "
    plain = re.sub(r"\\begin\{bmatrix\}(.*?)\\end\{bmatrix\}", lambda m: _rows(m[1], between), formula)
    plain = re.sub(rf"\\frac\{{\\partial {INSIDE}\}}\{{\\partial {INSIDE}\}}", r"d\1/d\2", plain)
    plain = re.sub(rf"\\frac{GROUP}{GROUP}", r"(\1)/(\2)", plain)
    plain = re.sub(r"\\(?:left|right|!|;)", "", plain).replace(r"\,", " ")
    for sign, shown in SIGNS.items():
        plain = plain.replace(sign, shown)
    return re.sub(r"\\(?:math\w+|operatorname|text)?", "", plain).replace("{", "").replace("}", "")


def _rows(inside: str, between: str) -> str:
    rows = (between.join(cell.strip() for cell in row.split("&")) for row in inside.split(r"\\"))
    return f"[{between.join(f'[{row}]' for row in rows)}]"


def paragraphs(text: str, language: str) -> list[blocks.Block]:
    """Markdown as paragraphs and tables: parts between blank lines, one whose lines begin with | is a table."""
    return [_paragraph(part.strip(), language) for part in re.split(r"\n\s*\n", text) if part.strip()]


def _paragraph(part: str, language: str) -> blocks.Block:
    lines = [line.strip() for line in part.split("\n")]
    if len(lines) < 2 or not all(line.startswith("|") for line in lines):
        return blocks.Paragraph(runs(" ".join(lines), language))
    cells = [line.strip("|").split("|") for line in lines if not RULE.fullmatch(line)]
    width = len(cells[0])
    header, *rows = [tuple(runs(c.strip(), language) for c in [*row, *[""] * width][:width]) for row in cells]
    return blocks.Table(header, tuple(rows))


# numbers


def number(value: float, decimals: int, language: str) -> str:
    """A number as sheets print it: rounded, no trailing zeros, no -0."""
    return in_plain(_digits(value, decimals), language)


@lru_cache(maxsize=65536)
def _digits(value: float, decimals: int) -> str:
    shown = f"{value:.{decimals}f}".rstrip("0").rstrip(".") if decimals else f"{value:.0f}"
    return "0" if shown in ("-0", "") else shown


def value_math(value: Any, decimals: int, language: str) -> Math:
    """A number, vector or matrix."""
    latex = latex_numbers(value, lambda v: _digits(v, decimals))
    return Math(in_latex(latex, language), plain_value(value, decimals, language))


def plain_value(value: Any, decimals: int, language: str) -> str:
    return plain_list(value, lambda v: _digits(v, decimals), language)


def plain_list(value: Any, show: Callable[[Any], str], language: str) -> str:
    """Nested numbers as a terminal shows them; `show` writes one with a decimal point."""
    if isinstance(value, (list, tuple)):
        between = f"{signs(language).separator} "
        return f"[{between.join(plain_list(v, show, language) for v in value)}]"
    return in_plain(show(value), language)
