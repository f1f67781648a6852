"""Tests of one problem each, made in memory and marked: what the tests of marking share."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml
from msgspec.structs import replace

from t1gen.banks import Bank, Given, Problem
from t1gen.exam import Maker, Plan
from t1gen.files import Key, KeyAnswer, Mark, QuestionReport, Report, Student, Submission
from t1gen.marking.mark import mark

ADA = Student("ada", "Ada L.")
Fixed = Mapping[str, Any]
"""Given values by name."""


@dataclass(frozen=True)
class Sheet:
    """One test with its key; answers are told in the order of the questions, `...` for the key's own."""

    key: Key

    @property
    def ids(self) -> list[str]:
        return list(self.key.answers)

    @property
    def values(self) -> list[Any]:
        return [a.value for a in self.key.answers.values()]

    def submission(self, *answers: Any, **marks: Mark) -> Submission:
        told = {i: self.key.answers[i].value if a is ... else a for i, a in zip(self.ids, answers, strict=True)}
        return Submission(exam=self.key.exam, variant=self.key.variant, student=self.key.student.id, answers=told,
                          marks={i.removeprefix("_"): m for i, m in marks.items()})  # fmt: skip

    def report(self, *answers: Any, **marks: Mark) -> Report:
        return mark(self.submission(*answers, **marks), self.key)[0]

    def marked(self, *answers: Any) -> list[QuestionReport]:
        return list(self.report(*answers).questions.values())

    def last(self, *answers: Any) -> QuestionReport:
        """The last question's report."""
        return self.marked(*answers)[-1]

    def verdicts(self, *answers: Any) -> str:
        return " ".join(q.verdict for q in self.marked(*answers))

    def changed(self, name: str, **more: Any) -> "Sheet":
        """The same test with an answer of the key changed by hand."""
        answers: dict[str, KeyAnswer] = dict(self.key.answers)
        return Sheet(replace(self.key, answers=answers | {name: replace(answers[name], **more)}))


def problem(mapping: str, asks: str, given: Fixed, **more: Any) -> Problem:
    """A problem of fixed values, one point a question; asks are YAML."""
    asked = tuple(yaml.safe_load(asks))
    fields: dict[str, Any] = {"id": "made", "title": "Made", "competence": "vjp", "points": len(asked), "minutes": 9}
    return Problem(mapping=mapping.replace("; ", "\n"), ask=asked,
                   given={n: Given(value=v, shape=_shape(v)) for n, v in given.items()}, **fields | more)  # fmt: skip


def _shape(value: Any) -> tuple[int, ...]:
    return (len(value), *_shape(value[0])) if isinstance(value, list) else ()


def bank(*problems: Problem) -> Bank:
    return Bank(id="made", title="Made", minutes=9, problems=problems)


def sheet(mapping: str, asks: str, given: Fixed, **more: Any) -> Sheet:
    """The test of one problem; made once."""
    return _sheet(mapping, asks, repr(dict(given)), repr(more))


@cache
def _sheet(mapping: str, asks: str, given: str, more: str) -> Sheet:
    import ast

    made = problem(mapping, asks, ast.literal_eval(given), **ast.literal_eval(more))
    [(_, key)] = Maker(Plan(bank(made), "s", "e")).tests([ADA])
    return Sheet(key)
