"""Text -> syntax tree, bounded: length, depth, parts and digits are counted before anything is built from them."""

import ast
import re
import warnings
from fractions import Fraction
from itertools import accumulate
from typing import Any

from t1gen.errors import LanguageError

LENGTH, NODES, DEPTH, DIGITS, EXPONENT = 20_000, 4_000, 60, 40, 300
"""Bounds: characters, syntax nodes, nesting, digits of a literal, decimal exponent."""

LARGEST = Fraction(10**EXPONENT)

SPELLING = str.maketrans({"−": "-", "·": "*", "⋅": "*", "×": "*", "∘": "*", "⊙": "*", "σ": "sigmoid", "\u00a0": " "})


def parse(text: str, mode: str) -> Any:
    """The checked syntax tree of a text; raises LanguageError that points into it."""
    if len(text) > LENGTH:
        raise LanguageError(f"the text has {len(text)} characters; at most {LENGTH} are read")
    if "\0" in text or _nesting(text) > DEPTH:
        raise LanguageError(f"the text holds a NUL or brackets nested over {DEPTH} deep")
    text = _spelled(text)
    if mode == "eval":
        text = text.strip()
    try:
        with warnings.catch_warnings(action="ignore"):
            tree = ast.parse(text, mode=mode)
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise _syntax(error, text) from None
    if sum(1 for _ in ast.walk(tree)) > NODES:
        raise LanguageError(f"the text has more than {NODES} parts")
    if _depth(tree) > 3 * DEPTH:
        raise LanguageError(f"the text is nested over {3 * DEPTH} deep")
    _make_rational(tree, text)
    return tree


def _make_rational(tree: ast.AST, text: str) -> None:
    """Turn the decimals of a syntax tree into the rationals that were written; refuse numbers that are too long."""
    lines = _lines(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            line = lines[node.lineno - 1].encode()
            try:
                value = number(line[node.col_offset : node.end_col_offset].decode())
            except LanguageError as error:
                raise pointed(error, text, node) from None
            node.value = int(value) if type(node.value) is int else value  # type: ignore[assignment]


def _lines(text: str) -> list[str]:
    """The lines that `ast` counts; str.splitlines ends a line at a form feed too."""
    return re.split(r"\r\n|\r|\n", text)


def _spelled(text: str) -> str:
    return text.translate(SPELLING).replace("^", "**")


def _nesting(text: str) -> int:
    depth = deepest = 0
    for char in text:
        depth += (char in "([{") - (char in ")]}")
        deepest = max(deepest, depth)
    return deepest


def _depth(tree: ast.AST) -> int:
    level, nodes = 0, [tree]
    while nodes:
        level, nodes = level + 1, [child for node in nodes for child in ast.iter_child_nodes(node)]
    return level


def _syntax(error: BaseException, text: str) -> LanguageError:
    if not isinstance(error, SyntaxError):
        return LanguageError("the text cannot be read")
    lines = _lines(text)
    line = lines[error.lineno - 1] if error.lineno and error.lineno <= len(lines) else text
    column = error.offset or 1
    pointer = f"\n    {line}\n    {' ' * (column - 1)}^" if len(line) <= 200 else ""
    return LanguageError(f"line {error.lineno}, column {column}: cannot be read: {error.msg}{pointer}")


def pointed(error: LanguageError, text: str, node: ast.AST) -> LanguageError:
    """The same error with line, column and a pointer into the text."""
    lineno, offset = getattr(node, "lineno", 1), getattr(node, "col_offset", 0)
    lines = _lines(text)
    line = lines[min(lineno, len(lines)) - 1]
    ends = accumulate(len(_spelled(char).encode()) for char in line)
    column = next((i for i, end in enumerate(ends) if end > offset), len(line))
    pointer = f"\n    {line}\n    {' ' * column}^" if len(line) <= 200 else ""
    return LanguageError(f"line {lineno}, column {column + 1}: {error.message}{pointer}")


def number(text: str) -> Fraction:
    """A decimal literal as a rational, its size bounded before it is built."""
    if not re.fullmatch(r"[0-9_]*\.?[0-9_]*(e[-+]?[0-9_]+)?", text, re.IGNORECASE | re.ASCII):
        raise LanguageError(f"the number {text[:50]} is not a decimal")
    mantissa, _, exponent = text.lower().replace("_", "").partition("e")
    if len(mantissa) > DIGITS or len(exponent) > 5 or abs(int(exponent or 0)) > EXPONENT:
        raise LanguageError(f"the number {text[:50]} is too long; at most {DIGITS} digits and exponents to {EXPONENT}")
    value = Fraction(f"{mantissa}e{exponent}" if exponent else mantissa)
    if value > LARGEST:
        raise LanguageError(f"the number {text[:50]} is too large; at most 1e{EXPONENT} is read")
    return value
