r"""Formulas of a bank's texts, `$\frac{a}{b}$`: what not every engine can print is told when the bank is read."""

import re
from collections.abc import Iterator
from functools import lru_cache

from t1gen.errors import near

ENVIRONMENTS = ("matrix", "bmatrix", "pmatrix", "vmatrix", "Bmatrix", "Vmatrix", "smallmatrix", "array", "cases",
                "aligned", "split")  # fmt: skip
"""What `\\begin` may open within a line."""

_FORMULA = re.compile(r"\$([^$]+)\$|`[^`]+`")
_TOKEN = re.compile(r"\\(begin|end)\s*\{([^{}]*)\}|\\left(?![a-zA-Z])|\\right(?![a-zA-Z])|\\.|[{}&#%]", re.DOTALL)
_BARE = re.compile(r"(?<!\\)[_^]\s*(?=$|[}&])")
_TWICE = re.compile(r"(?<!\\)([_^])\s*(?:\{[^{}]*\}|\\[a-zA-Z]+|[^{}\\\s])\s*\1")
_CLOSES = {"}": "{", r"\right": r"\left"}


def fault(text: str) -> str:
    """What is wrong with the first formula of a text that cannot be printed; empty where all can be."""
    for found in _FORMULA.finditer(text):
        if wrong := found[1] and next(_faults(found[1]), ""):
            return f"the formula ${found[1]}$ cannot be printed: {wrong}"
    return ""


def _faults(latex: str) -> Iterator[str]:
    opened: list[str] = []
    for token in _TOKEN.finditer(latex):
        sign, kind, name = token[0], token[1], token[2]
        if kind == "begin" and name not in ENVIRONMENTS:
            allowed = ", ".join(ENVIRONMENTS)
            yield f"{sign} cannot stand in a line{near(name, ENVIRONMENTS)} (allowed: {allowed})"
        if kind == "begin" or sign in _CLOSES.values():
            opened.append(name or sign)
        elif (kind == "end" or sign in _CLOSES) and (opened or [""]).pop() != (name or _CLOSES.get(sign)):
            yield f"{sign} closes what was not opened"
        elif sign == "&" and not set(opened) & set(ENVIRONMENTS):
            yield "& stands outside of a matrix"
        elif sign in ("#", "%"):
            yield rf"{sign} is written \{sign}"
    if opened:
        yield f"{opened[-1]} is not closed"
    if bare := _BARE.search(latex):
        yield f"nothing follows {bare[0]}"
    if twice := _TWICE.search(latex):
        yield f"{twice[0]} has {twice[1]} twice"
    yield from (f"{name} is unknown" for name in re.findall(r"\\[a-zA-Z]+", latex) if not _is_known(name))


@lru_cache(maxsize=1024)
def _is_known(command: str) -> bool:
    """Whether the converter to typst knows a command: a strict one leaves out what it does not."""
    import tylax

    strict = tylax.L2TOptions(non_strict=False)
    alone = f"${command}$"
    return command == r"\binom" or tylax.latex_to_typst(alone) == tylax.latex_to_typst(alone, options=strict)
