"""The formats: how each writes a run of text, and where its templates are. A new format is one entry."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import tylax

from t1gen.documents import escape
from t1gen.documents.blocks import Math

_LONG = 50
_NUMBERS = re.compile(r"(.*=)?\s*([\[(][-+0-9.,/\s()\[\]]*[\])])\s*")


@lru_cache(maxsize=16384)
def typst_math(latex: str) -> str:
    """`latex` in typst's spelling, without the dollar signs."""
    converted: str = tylax.latex_to_typst(f"${latex}$")
    return converted.strip().strip("$").strip()


def is_rigid(latex: str) -> bool:
    """Whether an engine finds no place in the formula to break the line."""
    return r"\begin{" in latex or r"\left" in latex


def _tex_math(math: Math) -> str:
    return rf"\fit{{{math.latex}}}" if is_rigid(math.latex) else f"${math.latex}$"


def _markdown_math(math: Math) -> str:
    r"""`\|` would end a table's cell."""
    return math.latex.strip().replace(r"\|", r"\Vert ")


def _typst_formula(math: Math) -> str:
    return f"$ {typst_math(math.latex)} $"


def _typst_inline(math: Math) -> str:
    """In the line; a long list of numbers becomes a formula a number: typst breaks no line in brackets."""
    found = _NUMBERS.fullmatch(math.latex) if len(math.latex) > _LONG else None
    if not found:
        return f"${typst_math(math.latex)}$"
    before = f"${typst_math(found[1])}$ " if found[1] else ""
    return before + " ".join(f"${_unpaired(number)}$" for number in re.findall(r"\S+?,|\S+", found[2]))


def _unpaired(number: str) -> str:
    return re.sub(r"[()\[\]]", r"\\\g<0>", number)


@dataclass(frozen=True)
class Format:
    """One format: its folder of templates, and how it writes each kind of run.

    `verbatim` writes a line of a listing, `formula` a formula on a line of its own.
    """

    folder: str
    plain: Callable[[str], str]
    math: Callable[[Math], str]
    code: Callable[[str], str]
    strong: Callable[[str], str]
    verbatim: Callable[[str], str]
    formula: Callable[[Math], str]


FORMATS = {
    "tex": Format(
        folder="latex",
        plain=escape.tex,
        math=_tex_math,
        code=lambda text: rf"\texttt{{{escape.tex(text)}}}",
        strong=lambda text: rf"\textbf{{{escape.tex(text)}}}",
        verbatim=escape.tex_code,
        formula=lambda math: math.latex,
    ),
    "typ": Format(
        folder="typst",
        plain=lambda text: f"#{escape.typst(text)};",
        math=_typst_inline,
        code=lambda text: f"#raw({escape.typst(text)});",
        strong=lambda text: f"#strong({escape.typst(text)});",
        verbatim=escape.typst,
        formula=_typst_formula,
    ),
    "md": Format(
        folder="markdown",
        plain=escape.markdown,
        math=lambda math: f"${_markdown_math(math)}$",
        code=escape.markdown_code,
        strong=lambda text: f"**{escape.markdown(text.strip())}**",
        verbatim=escape.clean,
        formula=_markdown_math,
    ),
    "txt": Format(
        folder="terminal",
        plain=escape.clean,
        math=lambda math: escape.clean(math.plain),
        code=escape.clean,
        strong=escape.clean,
        verbatim=escape.clean,
        formula=lambda math: escape.clean(math.plain),
    ),
}
