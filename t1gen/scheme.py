"""How a person marks a paper by the key: what the parts of an answer are worth, and what common mistakes give."""

from collections.abc import Iterator
from functools import lru_cache
from itertools import chain

from msgspec import UNSET

from t1gen import files
from t1gen.documents import blocks
from t1gen.documents.blocks import Math, Plain, Run, Text
from t1gen.files import amount
from t1gen.mapping.nested import flat
from t1gen.mapping.notation import latex_name
from t1gen.markdown import number, runs, value_math
from t1gen.marking.common import Common
from t1gen.wording import in_plain, say

NUMERIC = ("number", "array", "table")


def general(exam: files.Exam) -> list[blocks.Block]:
    """What holds for all answers of a key, said once."""
    if not any(q.kind in NUMERIC for p in exam.problems for q in p.questions):
        return []
    return [blocks.Paragraph(runs(say(exam.language, "marking", "general"), exam.language))]


def scheme(language: str, question: files.Question, answer: files.KeyAnswer, told: list[Common]) -> list[blocks.Block]:
    """What is particular to a question; nothing where there is nothing to say."""
    points = " ".join(_points(language, question, answer))
    title = _said(language, "mistakes")
    rows = tuple((_values(language, question, some), _words(language, rules)) for rules, some in _alike(told).items())
    return [blocks.Scheme(runs(points, language), title, rows)] if points or rows else []


def _points(language: str, question: files.Question, answer: files.KeyAnswer) -> Iterator[str]:
    """What the parts earn, where the whole is not all there is."""
    if question.kind == "array" and question.ask != "shape":
        entries = [v for v in flat(answer.value) if v != 0]
        if question.entries == "all":
            yield say(language, "marking", "together")
        elif len(entries) > 1:
            each = number(float(answer.points) / len(entries), 3, language)
            zeros = len(flat(answer.value)) - len(entries)
            yield say(language, "marking", "entries", each=each, n=len(entries), zeros=zeros)
    elif question.kind == "table":
        cells = sum(c is None for row in question.cells or () for c in row)
        each = number(float(answer.points) / max(cells, 1), 3, language)
        yield say(language, "marking", "cells", each=each, n=cells)
    elif question.kind in ("graph", "order", "expression") or question.several:
        yield say(language, "marking", "several" if question.kind == "choice" else question.kind)
    if answer.follow_through is not UNSET and question.kind in NUMERIC:
        share = float(answer.follow_through)
        points = _amount(share * float(answer.points), language)
        yield say(language, "marking", "follow", points=points, nothing=share == 0)
    for rule, share in answer.credit.items() if answer.credit is not UNSET else ():
        points = _amount(float(share) * float(answer.points), language)
        yield say(language, "marking", "credit", points=points, mistake=say(language, "mistake", rule, factor=""))


def _amount(points: float, language: str) -> str:
    return in_plain(amount(points), language)


def _alike(told: list[Common]) -> dict[tuple[str, ...], list[Common]]:
    """Wrong values by the mistakes that give them, the likeliest first."""
    out: dict[tuple[str, ...], list[Common]] = {}
    for one in told:
        out.setdefault(one.rules, []).append(one)
    return out


def _values(language: str, question: files.Question, some: list[Common]) -> Text:
    between = Plain(f" {say(language, 'marking', 'another')} ")
    first, *more = (_value(language, question, one) for one in some)
    return tuple(chain(first, *((between, *value) for value in more)))


def _value(language: str, question: files.Question, one: Common) -> Text:
    decimals = question.decimals if question.decimals is not None else 3
    shown = value_math(one.value, decimals, language)
    if one.cell is None:
        return (shown,)
    row, column = one.cell
    name: list[Run] = [Math(latex_name(question.rows[row]), question.rows[row]), Plain(", ")]
    return (*name, *runs(question.columns[column], language), Plain(": "), shown)


@lru_cache(maxsize=4096)
def _words(language: str, rules: tuple[str, ...]) -> Text:
    told = [say(language, "mistake", rule, factor="") for rule in rules]
    return runs(f" {say(language, 'marking', 'or')} ".join(told), language)


@lru_cache(maxsize=256)
def _said(language: str, name: str) -> Text:
    return runs(say(language, "marking", name), language)
