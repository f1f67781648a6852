"""Text that is never markup: how each format writes what a person typed.

Control characters are dropped (a terminal would obey them), line ends become spaces, accents are composed
(NFC).
What pdflatex has no glyph for is printed as `?` by templates/latex, not here: the other engines have more.
"""

import html as _html
import re
import unicodedata
from functools import lru_cache

_CATEGORIES_DROPPED = {"Cc", "Cf", "Cs", "Co", "Cn"}

_TEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "_": r"\_",
    "%": r"\%",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "`": r"\textasciigrave{}",
    "'": r"\textquotesingle{}",
    '"': r"\textquotedbl{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "[": "{[}",
    "]": "{]}",
    "\0": r"\nolig{}",
}
_TEX_SPECIAL = re.compile("[" + re.escape("".join(_TEX)) + "]")
_TEX_LIGATURE = re.compile(r"([-,<>'`])(?=\1)")
# Accents that pdflatex sets on letters of which its fonts have no composed form, as in Vietnamese.
_TEX_ACCENTS = dict(
    zip(
        "\u0300\u0301\u0302\u0303\u0304\u0306\u0307\u0308\u030a\u030c\u0323\u0331",
        "`'^~=u.\"rvdb",
        strict=True,
    )
)
_TEX_COMPOSED = re.compile("[\u0180-\u024f\u1e00-\u1eff]")
_MARKDOWN_SPECIAL = re.compile(r"[\\`*_{}\[\]<>#|$~&@^!\"]")
_MARKDOWN_START = re.compile(r"^(\s*\d+(?=[.)])|\s*(?=[-+=]))")


@lru_cache(maxsize=4096)
def clean(text: str) -> str:
    """`text` on one line, without control characters, composed."""
    spaced = re.sub(r"[\t\r\n\v\f\u0085\u2028\u2029]+", " ", text)
    kept = "".join(c for c in spaced if unicodedata.category(c) not in _CATEGORIES_DROPPED)
    return unicodedata.normalize("NFC", kept)


def tex(text: str) -> str:
    """`text` for LaTeX, in text mode."""
    apart = _TEX_LIGATURE.sub("\\1\0", clean(text))
    return _TEX_COMPOSED.sub(_accented, _TEX_SPECIAL.sub(lambda m: _TEX[m[0]], apart))


def _accented(match: re.Match[str]) -> str:
    parts = unicodedata.normalize("NFD", match[0])
    letter, marks = parts[0], parts[1:]
    if not marks or any(mark not in _TEX_ACCENTS for mark in marks):
        return match[0]
    base = unicodedata.normalize("NFC", letter + marks[:-1])
    # A second mark goes onto the composed letter: dots and hooks below come last.
    return rf"\{_TEX_ACCENTS[marks[-1]]}{{{_TEX_COMPOSED.sub(_accented, base)}}}"


def tex_code(text: str) -> str:
    """`text` for LaTeX, every space kept."""
    return tex(text).replace(" ", r"\ ")


def typst(text: str) -> str:
    """`text` as a typst string literal: nothing in a string is markup."""
    escaped = clean(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def html(text: str) -> str:
    """`text` for HTML, between tags or in a quoted attribute."""
    return _html.escape(clean(text))


def css(text: str) -> str:
    """`text` for a string in a style sheet, which no `</style>` ends."""
    return re.sub(r"[^\w .-]", lambda m: f"\\{ord(m[0]):x} ", clean(text))


def markdown(text: str) -> str:
    """`text` for CommonMark with `$` maths."""
    return _MARKDOWN_START.sub(r"\1\\", _MARKDOWN_SPECIAL.sub(r"\\\g<0>", clean(text)))


def markdown_code(text: str) -> str:
    """`text` as a CommonMark code span, fenced by more backticks than it holds."""
    kept = clean(text)
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", kept)), default=0))
    pad = " " if kept.startswith("`") or kept.endswith("`") else ""
    return f"{fence}{pad}{kept}{pad}{fence}"
