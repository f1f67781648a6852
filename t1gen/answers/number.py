"""number: one number, compared within its tolerance."""

from typing import Any

from t1gen.answers.reading.numbers import number_of
from t1gen.answers.record import Kind, Reading, Verdict, judged

SLACK = 1 + 1e-9
"""A number on the very edge of its tolerance is inside, whatever binary fractions do to it."""


def within(value: float, expected: float, tolerance: float) -> bool:
    return abs(value - expected) <= tolerance * SLACK


def read(given: Any, question: Any) -> Reading:
    """One float; see docs/answers.md for what is read."""
    notes: list[str] = []
    value = number_of(given, getattr(question, "accept", ""), notes)
    return Reading(value, tuple(notes))


def compare(value: float, question: Any, answer: Any, reference: Any) -> Verdict:
    if within(value, answer.value, answer.tolerance):
        return Verdict("correct")
    return Verdict(
        "wrong", judged("far", value=f"{value:g}", tolerance=f"{answer.tolerance:.2g}", expected=f"{answer.value:g}")
    )


KIND = Kind("number", read, compare)
