"""Wrong values that keys tell: marking knows each for the mistake that the key names, and none is right."""

from collections.abc import Iterator
from typing import Any

import pytest

from t1gen import files
from t1gen.banks import load, written
from t1gen.exam import Maker, Plan
from t1gen.mapping.nested import shape_of
from t1gen.marking.common import CELLS, MOST, Book, Common
from t1gen.marking.mark import mark_all

PROBLEMS = written()


def keys(name: str, count: int) -> list[files.Key]:
    bank = load(name.partition(":")[0])
    maker = Maker(Plan(bank.alone(PROBLEMS[name]), "common", "common"))
    return [key for _, key in maker.tests([files.Student(f"s{i}", "") for i in range(count)])]


def told(key: files.Key, book: Book) -> Iterator[tuple[files.Question, Common]]:
    assert key.sheet is not None
    for problem in key.sheet.problems:
        for k, values in book.of(problem).items():
            for one in values:
                yield problem.questions[k], one


def answered(key: files.Key, question: files.Question, one: Common) -> files.Submission:
    """All right but this answer."""
    answers: dict[str, Any] = {i: a.value for i, a in key.answers.items()}
    if one.cell is None:
        answers[question.id] = one.value
    else:
        rows = [list(row) for row in answers[question.id]]
        rows[one.cell[0]][one.cell[1]] = one.value
        answers[question.id] = rows
    return files.Submission(exam=key.exam, variant=key.variant, answers=answers)


@pytest.mark.parametrize("name", PROBLEMS)
def test_marking_finds_the_mistake_that_the_key_names(name: str) -> None:
    made = keys(name, 2)
    book = Book(made)
    for key in made:
        rows = list(told(key, book))
        marked = mark_all([(answered(key, q, one), key) for q, one in rows])
        for (question, one), found in zip(rows, marked, strict=True):
            assert isinstance(found, tuple)
            report = found[0].questions[question.id]
            assert report.verdict != "correct", (question.id, one)
            if not report.own_used and shape_of(one.value) == tuple(question.shape or ()):
                like = any(a.startswith("sigmoid-at-") and b.startswith("sigmoid-at-")
                           for a in one.rules for b in report.diagnoses)  # fmt: skip
                assert set(report.diagnoses) & set(one.rules) or like, (question.id, one, report)


@pytest.mark.parametrize("name", PROBLEMS)
def test_values_are_told_once_and_are_few(name: str) -> None:
    for key in keys(name, 2):
        book = Book([key])
        assert key.sheet is not None
        for problem in key.sheet.problems:
            for k, values in book.of(problem).items():
                question = problem.questions[k]
                assert len(values) <= (CELLS if question.kind == "table" else MOST)
                places = [(one.cell, repr(one.value)) for one in values]
                assert len(places) == len(set(places))
                assert all(one.rules and len(set(one.rules)) == len(one.rules) for one in values)


def test_many_keys_at_once_tell_what_each_alone_tells() -> None:
    made = keys("backprop:neuron-step", 5)
    book = Book(made)
    for key in made:
        assert list(told(key, book)) == list(told(key, Book([key])))


def test_the_values_of_a_neuron() -> None:
    [key] = keys("backprop:neuron-step", 1)
    found = {(q.id, rule): one.value for q, one in told(key, Book([key])) for rule in one.rules}
    assert key.sheet is not None
    [problem] = key.sheet.problems
    given = problem.given
    gradient, rate = key.answers["1e"].value, given["alpha"]
    assert found["1f", "ascent"] == [round(w + rate * g, 3) for w, g in zip(given["w"], gradient, strict=True)]
    assert found["1f", "rate-forgotten"] == [round(w - g, 3) for w, g in zip(given["w"], gradient, strict=True)]
    assert found["1e", "upstream-forgotten"] == given["x"]
