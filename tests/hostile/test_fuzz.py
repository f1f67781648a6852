"""Whatever is made up: no answer touches another, no exception escapes, and nothing is earned by being unreadable.

T1GEN_FUZZ says how many examples each property is tried on.
"""

import os
import unicodedata
from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from t1gen import files
from t1gen.banks import load
from t1gen.errors import T1genError
from t1gen.exam import Maker, Plan
from t1gen.files import Key, Mark, Report, Student, Submission
from t1gen.marking.mark import mark

from .pieces import SCALARS, TEXTS, UNSEEN, VALUES, near

Answers = Mapping[str, Any]

EXAMPLES = int(os.environ.get("T1GEN_FUZZ", "150"))


@cache
def key() -> Key:
    [(_, made)] = Maker(Plan(load("t1"), "hostile", "t1-hostile")).tests([Student("ada", "Ada L.")])
    return made


@cache
def right() -> dict[str, Any]:
    return {name: answer.value for name, answer in key().answers.items()}


@cache
def problems() -> list[list[str]]:
    """The questions of each problem."""
    sheet = key().sheet
    assert sheet is not None
    return [[q.id for q in problem.questions] for problem in sheet.problems]


def marked(answers: Answers, marks: Mapping[str, Mark] | None = None) -> Report:
    report, _ = mark(Submission(answers=answers, marks=marks or {}), key())
    assert report.points <= report.of and all(0 <= q.points <= q.of for q in report.questions.values())
    return report


IDS = st.deferred(lambda: st.sampled_from(list(right())))


@st.composite
def one_answer(draw: st.DrawFn) -> tuple[str, Any]:
    """Something for one question, made up or nearly right."""
    name = draw(IDS)
    return name, draw(st.one_of(VALUES, TEXTS, near(right()[name])))


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(one_answer())
def test_any_answer_leaves_the_others_right(answer: tuple[str, Any]) -> None:
    name, value = answer
    for other, found in marked({**right(), name: value}).questions.items():
        assert other == name or (found.verdict, found.points) == ("correct", found.of), other


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_problems_do_not_touch_each_other(data: st.DataObject) -> None:
    one, other = data.draw(st.permutations(range(len(problems()))))[:2]
    here = {n: data.draw(st.one_of(VALUES, near(right()[n]))) for n in problems()[one]}
    there = {n: data.draw(st.one_of(SCALARS, near(right()[n]), st.just(right()[n]))) for n in problems()[other]}
    alone, both = marked(there).questions, marked({**here, **there}).questions
    for name in problems()[other]:
        assert repr(alone[name]) == repr(both[name])


MARKS = st.builds(Mark, points=st.one_of(st.integers(0, 9), st.floats(0, 1e300)), by=st.text(max_size=9), note=TEXTS)
ODD_IDS = st.one_of(IDS, st.text(max_size=6), IDS.map(str.upper), IDS.map(lambda i: f" {i}\u200b"))


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(ODD_IDS, VALUES, max_size=8), st.dictionaries(ODD_IDS, MARKS, max_size=4))
def test_no_exception_escapes(answers: Answers, marks: Mapping[str, Mark]) -> None:
    report = marked(answers, marks)
    if "nan" not in repr(answers) and "inf" not in repr(answers):
        try:
            files.encode(report)
        except files.FileError as error:
            assert "surrogates" in str(error)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.builds(
        Submission,
        exam=st.text(max_size=9),
        variant=st.text(max_size=9),
        student=st.text(max_size=9),
        answers=st.dictionaries(ODD_IDS, SCALARS, max_size=2),
    )
)
def test_any_submission_is_marked_or_refused(submission: Submission) -> None:
    try:
        mark(submission, key())
    except T1genError as error:
        assert "this submission is for" in str(error)


def plain(text: str) -> str:
    """Without control, bidirectional and zero-width characters; what is a space or line break to Python stays one."""
    seen = (" " if c.isspace() and c != "\n" else c for c in text)
    return "".join(c for c in seen if c == "\n" or unicodedata.category(c) not in ("Cc", "Cf"))


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_what_cannot_be_seen_earns_nothing(data: st.DataObject) -> None:
    name = data.draw(IDS)
    text = data.draw(st.one_of(TEXTS, near(right()[name])))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text)))
        text = text[:at] + data.draw(st.sampled_from(UNSEEN)) + text[at:]
    assert marked({name: text}).points <= marked({name: plain(text)}).points


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(IDS, TEXTS)
def test_a_text_without_numbers_and_names_earns_nothing(name: str, text: str) -> None:
    assume(not any(c.isalnum() or unicodedata.category(c)[0] == "N" for c in text))
    assert marked({name: text}).points == 0


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(one_answer())
def test_what_earns_points_was_read_and_is_right(answer: tuple[str, Any]) -> None:
    """Points for numbers are for entries within their tolerance, or (half) for one digit fewer."""
    name, value = answer
    found = marked({name: value}).questions[name]
    if found.points == 0:
        return
    assert found.verdict in ("correct", "partial", "follow-through") and found.read_as is not None
    if isinstance(found.expected, str):
        return
    rows = zip(*map(flat, (found.read_as, found.expected, found.tolerance)), strict=True)
    near_enough = [abs(mine - wanted) <= max(10 * tolerance, 0.01) for mine, wanted, tolerance in rows]
    assert sum(near_enough) / len(near_enough) >= found.points / found.of - 1e-9


def flat(value: Any) -> list[float]:
    return [x for part in value for x in flat(part)] if isinstance(value, list) else [value]


@pytest.mark.parametrize(
    "points", [float("nan"), float("inf"), -float("inf"), -1, -1e300, 10**400, 10**5000, 1e308], ids=range(8)
)
def test_a_mark_that_is_no_number_stops_nothing(points: Any) -> None:
    """Files with such marks are refused; a program may still hand one over."""
    try:
        report = marked(right(), {"1a": Mark(points=points)})
    except T1genError:
        return
    assert 0 <= report.questions["1a"].points <= report.questions["1a"].of
