"""Numbers as students write them: 0.5, .5, 1/2, -3/4, 5e-1, 5·10^-1, 0,5, 50%, sigmoid(-1)."""

import ast
import re
from math import isfinite
from typing import Any

from t1gen.answers.reading.characters import Source, source
from t1gen.answers.reading.formula import Formula
from t1gen.answers.reading.parts import Scope, Spelled
from t1gen.answers.record import Unreadable, said
from t1gen.errors import LanguageError
from t1gen.mapping.evaluate import evaluate
from t1gen.mapping.program import Program
from t1gen.mapping.reader import expression
from t1gen.mapping.syntax import parse

LONGEST = 200
CALLS, OPERATORS = 2, 1
"""What a closed number may hold beyond a sign, a fraction of whole numbers and a power of ten."""

PLAIN = re.compile(r"[+-]?(?:[0-9]{1,20}(?:\.[0-9]{0,20})?|\.[0-9]{1,20})(?:[eE][+-]?[0-9]{1,3})?")
DIGITS = r"(?:[0-9]{1,3}(?: [0-9]{3})+|[0-9]+)"
DECIMAL = re.compile(
    rf"(?P<sign>[+-]?)\s*(?P<whole>{DIGITS})?(?:(?P<point>[.,])(?P<rest>[0-9]*))?"
    r"(?:[eE](?P<exponent>[+-]?[0-9]+)|(?P<times>\s*(?:[*·x]|\\cdot|\\times)\s*)?10\s*(?:\^|\*\*)\s*[({]?\s*"
    r"(?P<power>[+-]?\s*[0-9]+)\s*[)}]?)?(?P<percent>\s*\\?%)?"
)
FRACTION = re.compile(r"([+-]?)\s*([0-9]{1,20})\s*/\s*([0-9]{1,20})")
THOUSANDS = re.compile(r"[+-]?\s*[1-9][0-9]{0,2},[0-9]{3}")
SPACED = re.compile(r"[0-9]\s+[eE]\s*[+-]?[0-9]")
LEADING = re.compile(r"\s*[=≈]\s*")


def number_of(given: Any, accept: str, notes: list[str]) -> float:
    """A JSON number or a text as a float; notes on what may surprise are added. Raises Unreadable with the reason.

    `accept` is decimal, closed (also where empty) or any.
    """
    kind = type(given)
    if kind is float or kind is int:
        return finite(given)
    if kind is not str:
        raise Unreadable(said("no_number", kind=kind.__name__))
    if PLAIN.fullmatch(given) and isfinite(number := float(given)):
        return number + 0.0
    if len(given) > LONGEST:
        raise Unreadable(said("too_long", n=len(given), most=LONGEST))
    return number_in(source(given), accept, notes)


def number_in(text: Source, accept: str, notes: list[str]) -> float:
    """The number that a cleaned text is."""
    leading = LEADING.match(text.text)
    text = text.part(leading.end() if leading else 0, len(text.text))
    decimal = DECIMAL.fullmatch(text.text)
    if decimal and _is_decimal(decimal):
        return _decimal(decimal, text, notes)
    if accept == "decimal":
        raise _no_decimal(text)
    fraction = FRACTION.fullmatch(text.text)
    if fraction and int(fraction[3]):
        return finite(float(f"{fraction[1]}{fraction[2]}") / float(fraction[3]), text)
    return _constant(text, accept, notes)


def _is_decimal(found: re.Match[str]) -> bool:
    """Digits, a power of ten, or both with a sign between them: 510^3 is no 5 * 10^3."""
    return bool(found["whole"] or found["rest"]) is bool(found["times"] or not found["power"])


def _decimal(found: re.Match[str], text: Source, notes: list[str]) -> float:
    """A decimal with its power of ten or percent."""
    whole, rest = (found["whole"] or "").replace(" ", ""), found["rest"] or ""
    if not whole and not rest:
        whole = "1"
    power = re.sub(r"\s", "", found["exponent"] or found["power"] or "0")
    value = finite(float(f"{found['sign']}{whole}.{rest}e{power}"), text) / (100 if found["percent"] else 1)
    if THOUSANDS.fullmatch(text.text) or " " in (found["whole"] or "") or found["percent"]:
        notes.append(said("read_as", text=text.text, value=f"{value:.12g}", comma=found["point"] == ","))
    return value


def _no_decimal(text: Source) -> Unreadable:
    """What is written stops being a decimal number somewhere."""
    start = re.match(r"[+-]?\s*(?:[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+)?", text.text)
    return text.refused(start.end() if start else 0, said("decimal"))


def _constant(text: Source, accept: str, notes: list[str]) -> float:
    """A constant expression of the language, such as sigmoid(-1) or exp(-2)/3."""
    _check_written(text)
    formula = Formula(text, Scope())
    spelled = Spelled.of(formula.read(), text, formula.notes, False)
    program = Program()
    try:
        if accept != "any":
            _check_closed(parse(spelled.text, "eval").body, text)
        name = expression(program, spelled.text, scope={})
    except LanguageError as error:
        raise spelled.refused(error.message) from None
    if program.shape(name) != ():
        raise text.refused(0, said("one_number", shape=str(program.shape(name))))
    notes += spelled.notes
    return finite(float(evaluate(program, {})[name][0]), text)


def _check_written(text: Source) -> None:
    """Refuse what is often meant as a number and is none, with the reason."""
    found = re.match(r"(?:[+-]?\s*(?:nan|inf|infinity)\b|∞|true\b|false\b)", text.text, re.IGNORECASE)
    if not text.text or found:
        raise text.refused(0, said("is_no_number", text=found[0]) if found else said("number_missing"))
    if spaced := SPACED.search(text.text):
        shown = spaced[0].split()
        joined, apart = "".join(shown), f"{shown[0]} * e{''.join(shown[1:]).lstrip('eE')}"
        raise text.refused(spaced.start(), said("two_readings", one=joined, other=apart))
    for pattern, key in _REASONS:
        if wrong := pattern.search(text.text):
            raise text.refused(wrong.start(1), said(key))


_REASONS = (
    (re.compile(r"^[^(\[]*[0-9][0-9., ]*(;|,\s|\n)"), "second_number"),
    (re.compile(r"^[+-]?\s*[0-9]*,[0-9]+(,)"), "second_comma"),
    (re.compile(r"^[+-]?\s*[0-9]*[.,][0-9]+([.,])[0-9]"), "second_point"),
    (re.compile(r"^\s*[\w()]+\s*(=)(?!=)"), "named_number"),
    (re.compile(r"^[+-]?[0-9]+(')[0-9]"), "marked_number"),
    (re.compile(r"^\s*[+-]\s*([+-])"), "second_sign"),
)


def _check_closed(node: ast.expr, text: Source) -> None:
    """Refuse the sum that is to be computed where its result is wanted."""
    calls, operators = _counted(node, text)
    if calls > CALLS or operators > OPERATORS:
        raise text.refused(0, said("computed"))


def _counted(node: ast.expr, text: Source) -> tuple[int, int]:
    """How many calls and operators an expression holds beyond signs, fractions of whole numbers, powers of ten."""
    if isinstance(node, ast.UnaryOp):
        return _counted(node.operand, text)
    if isinstance(node, (ast.Constant, ast.Name)) or _is_fraction(node) or _is_power_of_ten(node):
        return 0, 0
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) == 1 and not node.keywords:
        calls, operators = _counted(node.args[0], text)
        return calls + 1, operators
    if not isinstance(node, ast.BinOp) or isinstance(node.op, ast.MatMult):
        raise text.refused(0, said("computed"))
    scaled = isinstance(node.op, ast.Mult) and _is_power_of_ten(node.right)
    left, right = _counted(node.left, text), _counted(node.right, text)
    return left[0] + right[0], left[1] + right[1] + (not scaled)


def _is_fraction(node: ast.expr) -> bool:
    quotient = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)
    return quotient and _is_whole(node.left) and _is_whole(node.right)  # type: ignore[attr-defined]


def _is_power_of_ten(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow) and isinstance(node.left, ast.Constant)
        and node.left.value == 10 and _is_whole(node.right)
    )  # fmt: skip


def _is_whole(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp):
        return _is_whole(node.operand)
    return isinstance(node, ast.Constant) and isinstance(node.value, int)


def finite(value: float, text: Source | None = None) -> float:
    """A float, no -0.0. Raises Unreadable, at the start of `text`, where it is infinite or no number."""
    try:
        number = float(value) + 0.0
    except OverflowError:
        number = float("inf")
    if not isfinite(number):
        raise text.refused(0, said("not_finite")) if text else Unreadable(said("not_finite"))
    return number
