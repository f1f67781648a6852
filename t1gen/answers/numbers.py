"""Numbers as students write them: 0.5, .5, 1/2, -3/4, 5e-1, 0,5 with a decimal comma, sigmoid(-1)."""

import re
from math import isfinite
from typing import Any

from t1gen.answers.record import Unreadable
from t1gen.errors import LanguageError
from t1gen.mapping.evaluate import evaluate
from t1gen.mapping.program import Program
from t1gen.mapping.reader import expression

LONGEST = 200
SPACES = re.compile(r"[\s\u00a0\u2009\u202f]+")
DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?")
COMMA = re.compile(r"[+-]?\d*,\d+")


def read_number(given: Any) -> float:
    """A JSON number or a text as a float; raises Unreadable with the reason."""
    if isinstance(given, bool) or not isinstance(given, (int, float, str)):
        raise Unreadable(f"{_kind(given)} is not a number")
    value = _from_text(given) if isinstance(given, str) else _finite(given, str(given)[:40])
    return value + 0.0


def _from_text(text: str) -> float:
    if len(text) > LONGEST:
        raise Unreadable(f"the answer has {len(text)} characters; at most {LONGEST} are read")
    plain = SPACES.sub("", text).replace("−", "-")
    if COMMA.fullmatch(plain):
        plain = plain.replace(",", ".")
    if DECIMAL.fullmatch(plain):
        return _finite(float(plain), text)
    return _finite(_constant(text), text)


def _constant(text: str) -> float:
    """A constant expression of the language, such as 1/4 or sigmoid(-1)."""
    program = Program()
    try:
        name = expression(program, text.strip(), scope={})
    except LanguageError as error:
        raise Unreadable(f"'{text[:60]}' is not a number: {error.message.splitlines()[0]}") from None
    if program.shape(name) != ():
        raise Unreadable(f"'{text[:60]}' is not one number but an array of shape {program.shape(name)}")
    return float(evaluate(program, {})[name][0])


def _finite(value: float, text: Any) -> float:
    try:
        number = float(value)
    except OverflowError:
        number = float("inf")
    if not isfinite(number):
        raise Unreadable(f"'{str(text)[:60]}' is not a finite number")
    return number


def _kind(given: Any) -> str:
    kinds = {bool: "true or false", dict: "an object", list: "a list", type(None): "nothing"}
    return kinds.get(type(given), type(given).__name__)
