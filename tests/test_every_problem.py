"""Every problem of every bank: it generates, prints in both engines, and its filled key earns full marks.

T1GEN_SEEDS says how many seeds: 2 in CI, one of which is printed, in one way, and every second short key; 5 or more by
hand before a release, all of which are printed, in every way.
"""

import os
import re
import shutil
import subprocess
import unicodedata
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any

import pytest
from msgspec.structs import replace

from t1gen import files
from t1gen.banks import load, told, written
from t1gen.documents.blocks import (
    Answer,
    Appendix,
    Code,
    Document,
    Facts,
    Form,
    Listing,
    Math,
    Options,
    Paragraph,
    Plain,
    Problem,
    Question,
    Strong,
    Table,
)
from t1gen.documents.engines import pdf, tex_pdf
from t1gen.documents.render import render
from t1gen.exam import Maker, Plan
from t1gen.formulas import fault
from t1gen.lecture import ITEMS, ROWS, coverage
from t1gen.marking.mark import mark
from t1gen.sheets import key_sheet, worksheet

SEEDS = int(os.environ.get("T1GEN_SEEDS", "2"))
PROBLEMS = written()
ALL_WAYS = SEEDS >= 5
TOGETHER, MANY = 12 if not ALL_WAYS else max(1, 36 // SEEDS), 20
DOCUMENTS = [pytest.param(list(PROBLEMS)[i : i + TOGETHER], id=list(PROBLEMS)[i])
             for i in range(0, len(PROBLEMS), TOGETHER)]  # fmt: skip
"""What is printed together; a document has at most MANY problems."""


@cache
def drawn(name: str, language: str = "en") -> list[tuple[files.Exam, files.Key]]:
    """SEEDS tests of one problem alone."""
    bank, _, problem = name.partition(":")
    maker = Maker(Plan(load(bank).alone(PROBLEMS[name]), "every", "every", language=language))
    return maker.tests([files.Student(f"s{i}", "") for i in range(SEEDS)])


def together(tests: list[tuple[files.Exam, files.Key]]) -> tuple[files.Exam, files.Key]:
    """Tests of one problem each as one test: one document to print."""
    problems, answers = [], {}
    for number, (_, key) in enumerate(tests, 1):
        assert key.sheet is not None
        [one] = key.sheet.problems
        ids = {q.id: f"{number}{q.id.lstrip('1')}" for q in one.questions}
        questions = [replace(q, id=ids[q.id]) for q in one.questions]
        problems.append(replace(one, number=number, questions=questions))
        answers |= {ids[i]: a for i, a in key.answers.items()}
    exam, key = tests[0]
    sheet = replace(exam, problems=problems)
    return sheet, replace(key, answers=answers, sheet=sheet)


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_filled_key_earns_full_marks(name: str) -> None:
    for exam, key in drawn(name):
        answers: dict[str, Any] = {i: a.value for i, a in key.answers.items()}
        report, notices = mark(files.Submission(exam=exam.exam, variant=exam.variant, answers=answers), key)
        wrong = {i: (q.verdict, q.reasons) for i, q in report.questions.items() if q.verdict != "correct"}
        assert not notices and not wrong
        assert report.points == report.of == pytest.approx(PROBLEMS[name].points)


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_problem_says_what_it_is(name: str) -> None:
    problem = PROBLEMS[name]
    for language in ("en", "cs"):
        assert told(problem.title, language)
    for exam, key in drawn(name):
        [one] = exam.problems
        assert one.title and all(q.text for q in one.questions)
        assert set(key.answers) == {q.id for q in one.questions}


PRINTS = [(language, setting) for language in ("en", "cs") for setting in ((), ("large",))]
"""How documents are printed: each in one of these ways, every document in all of them from 5 seeds on."""

ROOM = 2.0
"""Points by which a box may be too wide."""

MARGIN, HIGH, FOOT = 57 - 3, 12, 30
"""Where the margins of a page begin, less what a letter may hang over or a sign stands higher; where its foot ends."""


def ways() -> Iterator[Any]:
    for k, names in enumerate(DOCUMENTS):
        for language, setting in PRINTS if ALL_WAYS else [PRINTS[k % len(PRINTS)]]:
            yield pytest.param(names.values[0], language, setting, id="-".join([str(names.id), language, *setting]))


@pytest.mark.filterwarnings("error::t1gen.errors.LettersWarning")
@pytest.mark.parametrize(("names", "language", "setting"), list(ways()))
def test_all_print_alike_in_both_engines(names: list[str], language: str, setting: tuple[str, ...]) -> None:
    """Without errors and without what is too wide; every word is in both engines' PDFs, in the same order."""
    assert shutil.which("pdftotext"), "poppler-utils is needed"
    tests = [test for name in names for test in drawn(name, language)[: None if ALL_WAYS else 1]]
    for start in range(0, len(tests), MANY):
        exam, key = together(tests[start : start + MANY])
        exam, key = (replace(exam, setting=setting), replace(key, sheet=replace(exam, setting=setting)))
        short = [key_sheet(key, short=True)] if ALL_WAYS or not setting else []
        for document in (worksheet(exam), key_sheet(key), *short):
            words = list(text_of(document))
            for latex in formulas_of(document):
                assert not fault(f"${latex}$") and not AMBIGUOUS.search(latex), latex
            data, log = tex_pdf(render(document, "tex"), "pdflatex", runs=1)
            wide = [line for line in log.splitlines() if over(line) > ROOM]
            assert not wide, wide[:5]
            for made in (data, pdf(render(document, "typ"), "typst")):
                in_order(words, printed(made))
                within_margins(made)


def over(line: str) -> float:
    """How many points too wide the box is that a line of a TeX log tells of."""
    found = re.match(r"Overfull \\hbox \(([\d.]+)pt too wide", line)
    return float(found[1]) if found else 0.0


def text_of(part: Any) -> Iterator[str]:
    """The words of a document in the order of its blocks; no mathematics, for engines spell that as they like."""
    match part:
        case Plain(text) | Strong(text) | Code(text):
            yield from map(solid, text.split())
        case Document():
            yield from text_of((part.course, part.title, part.blocks))
        case Question() | Problem() | Appendix():
            head = part.label if isinstance(part, Question) else part.title
            yield from text_of((Plain(head) if isinstance(head, str) else head, part.blocks))
        case Paragraph() | Answer():
            yield from text_of(part.text)
        case Options():
            yield from text_of([(Plain(name), text) for name, text in part.lines])
        case Listing():
            yield from text_of([Code(line) for line in part.lines])
        case Table() | Form():
            yield from text_of((part.header, part.rows))
        case Facts():
            yield from text_of(part.rows)
        case tuple() | list():
            for one in part:
                yield from text_of(one)


AMBIGUOUS = re.compile(r"\\frac(\{([^{}]|\{([^{}]|\{[^{}]*\})*\})*\}){2}(\^(?!\{\()|_)")
"""A power or an index behind a fraction, which looks like one of the numerator; how often a path is told does not."""


def formulas_of(part: Any) -> Iterator[str]:
    match part:
        case Math(latex):
            yield latex
        case tuple():
            for one in part:
                yield from formulas_of(one)
        case _ if is_dataclass(part):
            yield from formulas_of(tuple(getattr(part, field.name) for field in fields(part)))


def solid(text: str) -> str:
    """Letters and signs without spaces, without hyphens that a line may end in, quotes straight."""
    plain = unicodedata.normalize("NFKC", text).translate(str.maketrans("‘’“”„", "''\"\"\""))
    return re.sub(r"[\s\u00ad\u2010-\u2014-]", "", plain)


def printed(data: bytes) -> str:
    done = subprocess.run(["pdftotext", "-raw", "-", "-"], input=data, capture_output=True, check=True)
    return solid(done.stdout.decode())


def in_order(words: list[str], text: str) -> None:
    """Every word is in the text after the one before."""
    at = 0
    for i, word in enumerate(words):
        found = text.find(word, at)
        assert found >= 0, f"{word!r} after {words[max(0, i - 8):i]} is not in {text[at:at + 300]!r}"
        at = found + len(word)


def within_margins(data: bytes) -> None:
    """No word of a page begins or ends in its margins, but for its foot."""
    done = subprocess.run(["pdftotext", "-bbox", "-", "-"], input=data, capture_output=True, check=True)
    for page in re.split(r"<page ", done.stdout.decode())[1:]:
        width, height = (float(n) for n in re.findall(r'"([\d.]+)"', page)[:2])
        for box, word in re.findall(r'<word ([^>]*)>([^<]*)<', page):
            left, top, right, bottom = (float(n) for n in re.findall(r'"([-\d.]+)"', box))
            assert left >= MARGIN and right <= width - MARGIN, (word, left, right)
            assert top >= MARGIN - HIGH and bottom <= height - FOOT, (word, top, bottom)


# what the rows of the lecture need


def asks_of(name: str) -> set[str]:
    """The asks of a problem with how they are answered: `vjp`, `vjp:expression`, `step:3`, `shape:axes`."""
    found = set()
    for exam, key in drawn(name):
        for problem in key.sheet.problems if key.sheet else exam.problems:
            for q in problem.questions:
                found |= {q.ask, f"{q.ask}:{q.kind}", f"{q.ask}:{q.about}", f"{q.ask}:{q.mode}:{q.about or ''}"}
                if q.ask == "step":
                    found.add("step:one" if q.steps == 1 else "step:many")
            code = PROBLEMS[name].listing
            if code:
                found.add(f"listing:{code.code}")
    return found


NEEDS: dict[str, list[set[str]]] = {
    "1": [{"forward", "decision"}],
    "2": [{"forward"}, {"table"}],
    "3": [{"forward", "graph"}],
    "4": [{"local"}],
    "5": [{"gradient:expression"}, {"local:expression"}],
    "6": [{"gradient"}],
    "7a": [{"step:one"}],
    "7b": [{"step:many"}],
    "8a": [{"step", "listing:numpy"}],
    "8b": [{"wrong-line", "listing:numpy"}],
    "8c": [{"gradient:expression", "listing:numpy"}],
    "8d": [{"step", "listing:torch"}],
    "9": [{"shape:jacobian", "gradient:expression"}],
    "10a": [{"vjp:expression"}],
    "10b": [{"vjp:array"}],
    "10c": [{"multiplications:reverse-mode:vjp", "multiplications:vjp:vjp"}],
    "11": [{"vjp:expression"}, {"vjp:array"}],
    "12a": [{"gradient"}, {"vjp"}],
    "12b": [{"order"}],
    "13": [{"shape:jacobian"}],
    "14": [{"vjp:expression", "listing:torch"}],
    "15": [{"vjp", "forward"}, {"gradient", "forward"}],
    "16": [{"choose"}],
    "17": [{"vjp:expression"}],
    "18a": [{"gradient"}],
    "18b": [{"gradient"}],
    "18c": [{"gradient"}],
    "19a": [{"forward"}, {"gradient"}],
    "19b": [{"parameters"}],
    "19c": [{"forward", "gradient:expression"}, {"forward"}],
    "20a": [{"shape:jacobian"}],
    "20b": [{"gradient:expression"}, {"gradient:array"}],
    "20c": [{"gradient:array"}],
    "21a": [{"vjp:expression"}, {"vjp:array"}],
    "21b": [{"jacobian"}],
    "22a": [{"shape:axes"}],
    "22b": [{"entries"}],
    "22c": [{"vjp"}],
    "23a": [{"jacobian", "vjp"}],
    "23b": [{"vjp"}],
    "24": [{"jacobian", "vjp"}],
    "25a": [{"passes"}],
    "25b": [{"multiplications"}],
    "25c": [{"cheaper"}],
    "26a": [{"jvp:array"}, {"jvp:number"}],
    "26b": [{"jvp:expression"}],
    "27a": [{"choose"}],
    "27b": [{"difference"}],
    "28": [{"choose"}],
    "29a": [{"graph"}],
    "29b": [{"graph", "listing:numpy"}],
    "29c": [{"graph"}],
}
"""For every row or item, the sets of asks one of which a problem that covers it has."""

COVERED = [(name, item) for name, p in PROBLEMS.items() for item in p.covers]


def test_every_row_and_item_is_covered() -> None:
    rows = coverage({name: p.covers for name, p in PROBLEMS.items()})
    assert not [row for row in ROWS if not rows[row]]
    items = {item for _, item in COVERED}
    assert not [item for item in ITEMS if item not in items]
    assert len(PROBLEMS) >= 60 and set(NEEDS) >= items


@pytest.mark.parametrize(("name", "item"), COVERED, ids=[f"{i}-{n}" for n, i in COVERED])
def test_a_problem_asks_what_its_row_needs(name: str, item: str) -> None:
    found = asks_of(name)
    assert any(needed <= found for needed in NEEDS[item]), f"{name} covers {item} and asks {sorted(found)}"
    if item == "29c":
        assert PROBLEMS[name].shows == "text"
