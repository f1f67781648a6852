"""What a builder makes, and how its options are read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from t1gen.banks import Given
from t1gen.errors import BankError, near
from t1gen.problems.draws import Stream

DRAW = "nonzero(-3, 3)"


@dataclass(frozen=True)
class Built:
    """Givens with their draws, a mapping over them, and groups of names that asks may use."""

    given: Mapping[str, Given]
    mapping: str
    groups: Mapping[str, list[str]] = field(default_factory=dict)


def check_names(options: Mapping[str, Any], allowed: Sequence[str]) -> None:
    for name in options:
        if name not in ("name", *allowed):
            known = ", ".join(("name", *allowed))
            raise BankError(f"builder option '{name}' is unknown{near(name, allowed)} (allowed: {known})")


def whole(options: Mapping[str, Any], name: str, default: int, bounds: tuple[int, int]) -> int:
    """A whole number within bounds, both ends in."""
    value = options.get(name, default)
    if type(value) is not int or not bounds[0] <= value <= bounds[1]:
        raise BankError(f"builder option '{name}' is a whole number from {bounds[0]} to {bounds[1]}, not {value}")
    return value


def some(options: Mapping[str, Any], name: str, allowed: Sequence[str]) -> list[str]:
    """A name or a list of names, of those allowed (default: all)."""
    value = options.get(name, list(allowed))
    told = [value] if isinstance(value, str) else value
    if not isinstance(told, list) or not told:
        raise BankError(f"builder option '{name}' is a list of some of {', '.join(allowed)}")
    for one in told:
        if one not in allowed:
            known = ", ".join(allowed)
            raise BankError(f"builder {name} '{one}' is unknown{near(str(one), allowed)} (allowed: {known})")
    return list(told)


def size(told: Any, stream: Stream) -> int:
    """A number, or one drawn between two, both ends in."""
    ends = told if isinstance(told, list) else [told, told]
    if len(ends) != 2 or any(type(n) is not int for n in ends) or not 1 <= ends[0] <= ends[1] <= 12:
        raise BankError(f"a builder's size is a whole number from 1 to 12 or [low, high], not {told}")
    return int(ends[0]) + stream.below(ends[1] - ends[0] + 1)


def draw(options: Mapping[str, Any], default: str = DRAW) -> str:
    value = options.get("draw", default)
    if not isinstance(value, str):
        raise BankError(f"builder option 'draw' is a draw such as {DRAW}, not {value}")
    return value
