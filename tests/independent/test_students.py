"""Simulated students sit every bank: right work is right, planted mistakes are named, a slip costs itself alone.

T1GEN_STUDENTS says how many submissions of each kind are tried (2000 by hand); T1GEN_STUDENTS_FOLDER keeps
the generated classes.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from .recompute import numbers
from .students import METHODS, honest, numeric, right, work_of
from .students_class import KINDS, Figures, Paper, class_size, papers
from .students_mistakes import NAMES
from .tape import SLOPES, Pass, matmul_back, stepped_back, stepped_slope

COUNT = int(os.environ.get("T1GEN_STUDENTS", "10"))
NOWHERE = {"vjp-for-jvp"}
"""Rules for which no shipped bank has a place."""

INPUTS = {"arcsin": (0.3,), "maximum": (0.3, 0.7), "minimum": (0.3, 0.7), "**": (1.3, 0.7)}


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> tuple[Paper, ...]:
    """Every problem of a class of every bank."""
    kept = os.environ.get("T1GEN_STUDENTS_FOLDER")
    return papers(class_size(COUNT), Path(kept) if kept else tmp_path_factory.mktemp("classes"))


@cache
def figured(kind: str, taken: tuple[Paper, ...]) -> Figures:
    return KINDS[kind](taken, COUNT, np.random.default_rng(7))


@pytest.fixture
def figures(request: pytest.FixtureRequest, taken: tuple[Paper, ...]) -> Figures:
    return figured(request.param, taken)


def few(tried: int, share: float) -> float:
    """How many of so many may fail; one where few are tried."""
    return max(1.0, share * tried)


@pytest.mark.parametrize("op", [op for op, rules in SLOPES.items() if all(rules)])
def test_every_listed_rule_is_the_derivative(op: str) -> None:
    """Of each elementwise operation, against complex steps of the operation itself."""
    from .operations import OPERATIONS

    args = [np.asarray(x) for x in INPUTS.get(op, (0.6, 1.4))[: len(SLOPES[op])]]
    y = OPERATIONS[op](*args)
    for position, rules in enumerate(SLOPES[op]):
        right_slope = stepped_slope(OPERATIONS[op], position, y, *args)
        assert [float(np.real(rule(y, *args))) for rule in rules] == pytest.approx([float(right_slope)] * len(rules))


@pytest.mark.parametrize(("a", "b"), [((2, 3), (3, 4)), ((2, 3), (3,)), ((3,), (3, 2)), ((3,), (3,))])
def test_what_a_product_sends_back_is_its_derivative(a: Any, b: Any) -> None:
    rng = np.random.default_rng(1)
    one, other = rng.normal(size=a), rng.normal(size=b)
    v = rng.normal(size=np.shape(one @ other))
    for position in (0, 1):
        own = matmul_back(position, v, one, other, None)
        np.testing.assert_allclose(own, stepped_back(np.matmul, position, v, one, other))


def test_everything_that_is_answered_in_numbers_is_computed(taken: tuple[Paper, ...]) -> None:
    assert not {f"{paper} {work_of(paper.problem).unread}" for paper in taken if work_of(paper.problem).unread}


def test_a_tape_without_rounding_agrees_with_every_key(taken: tuple[Paper, ...]) -> None:
    for paper in taken:
        work = work_of(paper.problem)
        found = Pass(work, paper.problem["given"]).values(work.answers.values())
        for name, at in work.answers.items():
            value = numbers(paper.answers[name]["value"])
            np.testing.assert_allclose(found[at], value, rtol=1e-9, atol=1e-9, err_msg=f"{paper} {name}")


@pytest.mark.parametrize("method", METHODS)
def test_honest_answers_lie_within_the_tolerance(taken: tuple[Paper, ...], method: str) -> None:
    rng = np.random.default_rng(3)
    wrong = [
        f"{paper} {question['id']} {given[question['id']]} {paper.answers[question['id']]}"
        for paper in taken
        if (given := honest(paper.problem, paper.answers, method, rng))
        for question in numeric(paper.problem)
        if not right(given[question["id"]], paper.answers[question["id"]])
    ]
    assert not wrong, "\n".join(wrong[:20])


@pytest.mark.parametrize("figures", ["honest"], indirect=True)
def test_honest_students_are_right(figures: Figures) -> None:
    assert figures.total("correct") == figures.total("tried") > 0, shown(figures)


@pytest.mark.parametrize("figures", ["mistakes"], indirect=True)
def test_what_a_mistake_changes_is_never_right(figures: Figures) -> None:
    assert figures.total("tried") and not figures.total("correct"), shown(figures)


@pytest.mark.parametrize("figures", ["mistakes"], indirect=True)
@pytest.mark.parametrize("rule", [rule for rule in NAMES if rule not in NOWHERE])
def test_a_mistake_is_named(figures: Figures, rule: str) -> None:
    """By the rule's name, or by that of a rule that leads to the same answer here."""
    counts = figures.counts[rule]
    assert counts["tried"]
    told = "\n".join(figures.examples[f"{rule} not named"])
    assert counts["tried"] - counts["named"] - counts["alike"] <= few(counts["tried"], 0.02), f"{counts}\n{told}"


@pytest.mark.parametrize("figures", ["unrelated"], indirect=True)
def test_an_unrelated_error_is_given_no_name(figures: Figures) -> None:
    assert figures.total("tried") and not figures.total("correct")
    assert figures.total("named") <= few(figures.total("tried"), 0.01), shown(figures)


@pytest.mark.parametrize("figures", ["slips"], indirect=True)
def test_a_slip_costs_its_own_question_alone(figures: Figures) -> None:
    assert figures.total("tried") and not figures.total("lost") and not figures.total("free"), shown(figures)
    assert figures.total("review") <= few(figures.total("tried"), 0.02), shown(figures)


@pytest.mark.parametrize("figures", ["gaming"], indirect=True)
def test_gaming_earns_nothing(figures: Figures) -> None:
    assert figures.total("tried") and not figures.total("earned"), shown(figures)


def shown(figures: Figures) -> str:
    return "\n".join(figures.show())
