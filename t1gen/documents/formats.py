"""The formats: how each writes a run of text, and where its templates are. A new format is one entry."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import cycle

import tylax

from t1gen.documents import escape, mathml
from t1gen.documents.blocks import Math, Verdict
from t1gen.documents.lettering import breadth
from t1gen.errors import EngineError

_LONG = 50
_COLUMNS = 10  # that amsmath expects of a matrix
_WHOLE = 4.5  # centimetres; fits into a column of large print
_BREAKS = re.compile(r"[=<>+,;-]|\\(?:in|cdot|times|odot|to|leq?|geq?|neq?|approx)\b")
_ACCENT = re.compile(r"(bar\.v(?:\.double)?)\(")
_UNBROKEN = re.compile(r"\S{50}")
_PAGE = 60  # letters of a formula
_NUMBERS = re.compile(r"(.*=)?\s*([\[(](?:[-+0-9.,;/\s()\[\]]|\{,\}|\\;)*[\])])\s*")
_DECIMAL = re.compile(r"(?<=\d)\{,\}(?=\d)")
_DIGITS = re.compile(r"[0-9]+")
_PLAIN = re.compile(r"-?[0-9]+(?:\.[0-9]+)?|[a-zA-Z]")  # is the same in typst
_COMMA = "\u201a"  # stands for a decimal comma, which typst would take for one that separates
_SIZE = re.compile(r"\\[bB]igg?[lrm]?(?![a-zA-Z])")  # typst sizes brackets itself
_SIGN = re.compile(r"\\.|[,;]", re.DOTALL)
_SIGNS = {",": "\uf8fe", ";": "\uf8fd", r"\_": "\uf8fc"}  # what stands for signs that mean something in typst
_MARKED = re.compile('"[^"]*"|[\uf8fc-\uf8fe]')
_TEXT = re.compile(r"\\text\{([^{}$\\]*)\}")
_HASH, _ASIDE = "\uf8ff", 0xE000  # stand for a #, and for the first of the texts
_OWN = re.compile("[\ue000-\uf8ff]")
_HARMLESS = re.compile(r"#(?:[a-z]+\[|[a-z]+\([a-z0-9.:,% -]*\)|none\b)")  # is in what tylax writes


@lru_cache(maxsize=16384)
def typst_math(latex: str) -> str:
    """`latex` in typst's spelling, without the dollar signs. A bar is no accent on what follows in parentheses.

    Raises EngineError where typst would run something.
    """
    if _PLAIN.fullmatch(latex):
        return latex
    texts: list[str] = []

    def set_aside(found: re.Match[str]) -> str:
        texts.append(found[1])
        return chr(_ASIDE + len(texts) - 1)

    formula = _TEXT.sub(set_aside, _OWN.sub("", latex)).replace(r"\#", "#").replace("#", _HASH)
    converted = _with_numbers(formula)
    if "#" in _HARMLESS.sub("", converted):
        raise EngineError(f"the formula ${latex}$ holds what typst would run, or cannot print; write it otherwise")
    converted = converted.replace(_HASH, r"\u{23}")
    return _OWN.sub(lambda found: escape.typst(texts[ord(found[0]) - _ASIDE]), converted)


def _with_numbers(latex: str) -> str:
    """A formula by the pattern of all that differ from it in their numbers."""
    numbers = iter(_DIGITS.findall(latex))
    places = cycle("123456789")
    pattern = _with_places(_DIGITS.sub(lambda found: len(found[0]) * next(places), latex))
    return _DIGITS.sub(lambda _: next(numbers), pattern) if pattern else _converted(latex)


@lru_cache(maxsize=16384)
def _with_places(latex: str) -> str:
    """A formula of many students, whose numbers tell their places; empty where they do not keep their order."""
    converted = _converted(latex)
    keeps = _DIGITS.findall(converted) == _DIGITS.findall(latex) and r"\sqrt[" not in latex
    return converted if keeps else ""


def _converted(latex: str) -> str:
    """By tylax, whose a/b would take what follows into its denominator; no comma or semicolon separates arguments."""
    marked = _SIGN.sub(lambda found: _SIGNS.get(found[0], found[0]), _DECIMAL.sub(_COMMA, _SIZE.sub("", latex)))
    converted: str = tylax.latex_to_typst(f"${marked}$", options=tylax.L2TOptions(frac_to_slash=False))
    converted = _MARKED.sub(lambda found: _signs(found[0]), converted)
    return _typst_commas(_ACCENT.sub(r"\1 (", converted).strip().strip("$").strip())


def _signs(text: str) -> str:
    """A sign as itself, with a bar unless it stands in quotes."""
    bar = "" if text.startswith('"') else "\\"
    for sign, mark in _SIGNS.items():
        text = text.replace(mark, bar + sign[-1])
    return text


def is_rigid(latex: str) -> bool:
    """Whether an engine finds no place in the formula to break the line."""
    return r"\begin{" in latex or r"\left" in latex


def _is_whole(latex: str) -> bool:
    """Whether a formula that could be broken is so short that it must not be."""
    return bool(_BREAKS.search(latex, 1)) and breadth(latex) <= _WHOLE


def _tex_math(math: Math) -> str:
    latex = _tex_formula(math)
    if is_rigid(latex):
        return rf"\fit{{{latex}}}"
    return rf"\whole{{{latex}}}" if _is_whole(latex) else f"${_tied(latex)}$"


def _tied(latex: str) -> str:
    r"""A list of numbers is not parted from its name: `x =\nobreak (1, 2)`."""
    found = _NUMBERS.fullmatch(latex)
    return rf"{found[1]}\nobreak {found[2]}" if found and found[1] else latex


def _tex_formula(math: Math) -> str:
    r"""The formula, # as \#; a matrix of many columns says so, for LaTeX is slow where it expects them everywhere."""
    columns = 1 + max(row.count("&") for row in math.latex.split(r"\\"))
    latex = re.sub(r"(?<!\\)#", r"\#", math.latex)
    return latex if columns <= _COLUMNS else rf"\columns{{{columns}}}{latex}"


def _markdown_math(math: Math) -> str:
    r"""`\|` would end a table's cell."""
    return math.latex.strip().replace(r"\|", r"\Vert ")


def _spoken(plain: str, formula: str) -> str:
    """A formula, and what a screen reader says in its place."""
    return f"#m({escape.typst(plain)}, ${formula}$);"


def _typst_formula(math: Math) -> str:
    return _spoken(math.plain, f" {typst_math(math.latex)} ")


def _typst_inline(math: Math) -> str:
    """In the line; a long list of numbers becomes a formula a number: typst breaks no line in brackets."""
    if _is_whole(math.latex):
        return f"#whole[{_spoken(math.plain, typst_math(math.latex))}];"
    found = _NUMBERS.fullmatch(math.latex) if len(math.latex) > _LONG else None
    if not found:
        return _spoken(math.plain, typst_math(math.latex))
    before = f'{_spoken(math.plain.partition("=")[0], typst_math(found[1]))}~' if found[1] else ""
    numbers = re.findall(r"\S+?[,;]|\S+", _DECIMAL.sub(_COMMA, found[2]).replace(r"\;", ""))
    return before + " ".join(_spoken(number.replace(_COMMA, ","), _unpaired(number)) for number in numbers)


def _unpaired(number: str) -> str:
    return _typst_commas(re.sub(r"[()\[\]]", r"\\\g<0>", number))


def _typst_commas(text: str) -> str:
    return re.sub(rf"\s*{_COMMA}\s*", 'class("normal", ",")', text)


SIGNS = {"correct": "✓", "follow-through": "✓", "partial": "◐", "wrong": "✗", "blank": "○", "unreadable": "?",
         "review": "…", "person": "✎", "void": "–"}  # fmt: skip
"""What stands before a verdict in words, so that no colour is needed."""


def _signed(verdict: Verdict, escaped: str) -> str:
    return f"{SIGNS[verdict.kind]} {escaped}"


def _tex_verdict(verdict: Verdict) -> str:
    return rf"\verdict{{{verdict.kind}}}{{{escape.tex(verdict.text)}}}"


def _typst_verdict(verdict: Verdict) -> str:
    return f"#verdict({escape.typst(SIGNS[verdict.kind])}, {escape.typst(verdict.text)});"


def _html_math(math: Math) -> str:
    shown = mathml.inline(math)
    return f'<span class="wide"{fit(math)}>{shown}</span>' if is_rigid(math.latex) else shown


def _html_verdict(verdict: Verdict) -> str:
    sign = f'<span aria-hidden="true">{SIGNS[verdict.kind]}</span>'
    return f'<span class="verdict {verdict.kind}">{sign} {escape.html(verdict.text)}</span>'


def fit(math: Math) -> str:
    """How much smaller a formula must be so that a printed page is wide enough for it."""
    share = _PAGE / max(1, mathml.letters(math.latex))
    return f' style="--fit: {share:.2f}"' if share < 1 else ""


def _parts(text: str) -> list[str]:
    """Code cut where a line may break: within words too long for any line."""
    return re.findall(r"\S{1,30}\s*|\s+", escape.clean(text)) if _UNBROKEN.search(text) else [text]


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
    verdict: Callable[[Verdict], str]


FORMATS = {
    "tex": Format(
        folder="latex",
        plain=escape.tex,
        math=_tex_math,
        code=lambda text: "\\allowbreak{}".join(rf"\texttt{{{escape.tex(part)}}}" for part in _parts(text)),
        strong=lambda text: rf"\textbf{{{escape.tex(text)}}}",
        verbatim=escape.tex_code,
        formula=_tex_formula,
        verdict=_tex_verdict,
    ),
    "typ": Format(
        folder="typst",
        plain=lambda text: f"#{escape.typst(text)};",
        math=_typst_inline,
        code=lambda text: "#sym.zws;".join(f"#raw({escape.typst(part)});" for part in _parts(text)),
        strong=lambda text: f"#strong({escape.typst(text)});",
        verbatim=escape.typst,
        formula=_typst_formula,
        verdict=_typst_verdict,
    ),
    "md": Format(
        folder="markdown",
        plain=escape.markdown,
        math=lambda math: f"${_markdown_math(math)}$",
        code=escape.markdown_code,
        strong=lambda text: f"**{escape.markdown(text.strip())}**",
        verbatim=escape.clean,
        formula=_markdown_math,
        verdict=lambda verdict: f"**{_signed(verdict, escape.markdown(verdict.text))}**",
    ),
    "html": Format(
        folder="html",
        plain=escape.html,
        math=_html_math,
        code=lambda text: f"<code>{escape.html(text)}</code>",
        strong=lambda text: f"<strong>{escape.html(text)}</strong>",
        verbatim=escape.html,
        formula=mathml.displayed,
        verdict=_html_verdict,
    ),
    "txt": Format(
        folder="terminal",
        plain=escape.clean,
        math=lambda math: escape.clean(math.plain),
        code=escape.clean,
        strong=escape.clean,
        verbatim=escape.clean,
        formula=lambda math: escape.clean(math.plain),
        verdict=lambda verdict: _signed(verdict, escape.clean(verdict.text)),
    ),
}
