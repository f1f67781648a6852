"""About how much room a formula takes, in centimetres at 11 points, for pictures that place it without an engine."""

import re
from functools import lru_cache

EM = 0.387
LINE = 0.42
ROW = 0.54
HIGH = 0.75

_FONT = re.compile(r"\\(?:operatorname|mathrm|mathit|mathbf|mathsf|mathbb|text|texttt|boldsymbol)\*?(?![a-zA-Z])")
_NAMED = re.compile(r"\\(log|exp|sin|cos|tan|tanh|max|min|ln|arg|det|sinh|cosh)(?![a-zA-Z])")
_FRACTION = re.compile(r"\\[dt]?frac\{((?:[^{}]|\{[^{}]*\})*)\}\{((?:[^{}]|\{[^{}]*\})*)\}")
_MATRIX = re.compile(r"\\begin\{bmatrix\}(.*?)\\end\{bmatrix\}", re.DOTALL)
_SCRIPT = re.compile(r"[_^](\{(?:[^{}]|\{[^{}]*\})*\}|\\[a-zA-Z]+|.)")
_TOKEN = re.compile(r"\\[a-zA-Z]+|\\.|[^{}&\s_^]")
_SPACES = {r"\,": 0.17, r"\;": 0.28, r"\:": 0.22, r"\!": -0.17, r"\ ": 0.33, r"\quad": 1.0, r"\left": 0.0,
           r"\right": 0.0}  # fmt: skip
_SIGNS = {r"\times", r"\div", r"\cdot", r"\in", r"\odot", r"\to", r"\rightarrow", r"\leftarrow", "+", "-", "="}
_NARROW = dict.fromkeys(".:;'|!", 0.28) | dict.fromkeys("()[]", 0.39) | {",": 0.45, "/": 0.5}


@lru_cache(maxsize=16384)
def breadth(latex: str) -> float:
    """How wide a formula is, rather too much than too little."""
    return EM * _ems(latex)


@lru_cache(maxsize=16384)
def height(latex: str) -> float:
    """How high a formula is: of one line, or with fractions or matrix rows."""
    if r"\begin{" in latex:
        return ROW * (1 + latex.count(r"\\"))
    return HIGH if "frac{" in latex else LINE


def _ems(latex: str) -> float:
    total = 0.0
    for matrix in _MATRIX.findall(latex):
        rows = [[_ems(cell) for cell in row.split("&")] for row in matrix.split(r"\\")]
        columns = list(zip(*rows, strict=True)) if len({len(row) for row in rows}) == 1 else [tuple(map(sum, rows))]
        total += sum(map(max, columns)) + 0.9 * (len(columns) - 1) + 1.2
    flat = _FRACTION.sub(lambda m: max(m[1], m[2], key=_ems), _MATRIX.sub("", latex))
    flat = _NAMED.sub(r"\1", _FONT.sub("", flat))
    for script in _SCRIPT.findall(flat):
        total += 0.75 * _ems(script)
    return total + sum(map(_letter, _TOKEN.findall(_SCRIPT.sub("", flat))))


def _letter(token: str) -> float:
    if token in _SPACES:
        return _SPACES[token]
    if token in _SIGNS:
        return 1.2
    if token in _NARROW:
        return _NARROW[token]
    return 0.92 if token in "mwMW" else 0.76 if token.isupper() else 0.76 if token.startswith("\\") else 0.54


# Whether a line must break

GLYPH = 0.2
_WORDS = re.compile(r"\\(?:operatorname|mathrm|mathit|mathbf|mathsf|text|texttt|boldsymbol)\*?|[{}_^\s&]|\\[,;:!]")
_COMMAND = re.compile(r"\\[a-zA-Z]+|\\.")


@lru_cache(maxsize=16384)
def width(latex: str) -> float:
    """How wide a formula is at a glance: a letter is a letter."""
    flat = _FRACTION.sub(lambda m: max(m[1], m[2], key=len), latex)
    return GLYPH * len(_COMMAND.sub("x", _NAMED.sub(r"\1", _WORDS.sub("", flat))))
