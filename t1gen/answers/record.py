"""What an answer kind is: reading what was handed in, and comparing it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from t1gen.errors import T1genError, nearest
from t1gen.wording import Said


class Unreadable(T1genError):
    """An answer that cannot be read; the reason is for the student."""


def said(key: str, /, **values: Any) -> Said:
    """A reason why something cannot be read, or a note on how it was."""
    return Said("reading", key, **values)


def judged(key: str, /, **values: Any) -> Said:
    """A reason for a verdict."""
    return Said("comparing", key, **values)


def meant(name: str, allowed: Iterable[str]) -> str:
    """`; did you mean 'tanh'?` where one of `allowed` is near."""
    found = nearest(name, allowed)
    return said("near", name=found) if found else ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What an answer was read as, and notes for the student where that may surprise.

    `other` is how it can be read as well; it counts where that is right.
    """

    value: Any
    notes: tuple[str, ...] = ()
    other: Any = None


@dataclass(frozen=True)
class Verdict:
    """correct, partial, wrong or review, and why; a partial answer earns its `share` of the points.

    `diagnoses` name what is wrong in a way that a listed mistake explains.
    """

    verdict: str
    reason: str = ""
    share: Fraction = Fraction(0)
    diagnoses: tuple[str, ...] = ()


def shared(right: int, of: int, reason: str) -> Verdict:
    """The verdict of an answer of which so many parts are right."""
    if right >= of:
        return Verdict("correct")
    return Verdict("partial", reason, Fraction(right, of)) if right > 0 else Verdict("wrong", reason)


@dataclass(frozen=True)
class Kind:
    """One way of answering: `read(given, question)` gives a Reading or raises Unreadable; `compare(value, question,
    answer, reference)` gives a Verdict, where `reference` is the mapping of the problem."""

    name: str
    read: Callable[[Any, Any], Reading]
    compare: Callable[[Any, Any, Any, Any], Verdict]
