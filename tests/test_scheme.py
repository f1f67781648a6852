"""How keys say that answers are marked, and the short key."""

import re
import subprocess
from io import BytesIO
from pathlib import Path

import pytest
from msgspec import UNSET
from pypdf import PdfReader

from t1gen import files
from t1gen.banks import load
from t1gen.documents import blocks
from t1gen.documents.blocks import Answer, Math, Plain, Question, Scheme, Table, Text
from t1gen.documents.engines import pdf
from t1gen.documents.render import render
from t1gen.exam import Maker, Plan
from t1gen.feedback_page import feedback_page
from t1gen.marking.common import Common
from t1gen.marking.mark import mark
from t1gen.records import KeyAnswer
from t1gen.scheme import scheme
from t1gen.sheets import key_sheet, worksheet


def made(bank: str = "t1", seed: str = "keys") -> files.Key:
    return Maker(Plan(load(bank), seed, seed)).tests([files.Student("ada", "Ada")])[0][1]


def words(text: Text) -> str:
    return "".join(run.plain if isinstance(run, Math) else run.text for run in text)


def questions(document: blocks.Document) -> dict[str, Question]:
    return {q.label: q for p in document.blocks if isinstance(p, blocks.Problem)
            for q in p.blocks if isinstance(q, Question)}  # fmt: skip


def array(**more: object) -> tuple[files.Question, KeyAnswer]:
    question = files.Question(id="1a", text="", ask="gradient", kind="array", shape=[3], points=1.5, decimals=3,
                              entries=str(more.pop("entries", "")))  # fmt: skip
    answer = KeyAnswer(value=more.pop("value", [1.0, 2.0, 3.0]), exact=None, tolerance=[0.1, 0.1, 0.1], points=1.5,
                       follow_through=more.pop("follow_through", UNSET), credit=more.pop("credit", UNSET))  # type: ignore[arg-type]  # fmt: skip
    return question, answer


def points_of(question: files.Question, answer: KeyAnswer) -> str:
    found = scheme("en", question, answer, [])
    return words(found[0].points) if found and isinstance(found[0], Scheme) else ""


def test_what_the_entries_of_an_array_earn() -> None:
    assert points_of(*array()) == "Each of the 3 entries earns 0.5."
    assert points_of(*array(value=[1.0, 0.0, 3.0])) == (
        "Each of the 2 entries that are not 0 earns 0.75; a wrong 0 takes as much away."
    )
    assert points_of(*array(entries="all")) == "All entries must be right."


def test_follow_through_and_credit_that_a_bank_changes() -> None:
    half = points_of(*array(entries="all", follow_through=0.5))
    assert half == "All entries must be right. What is right from own earlier answers earns 0.75."
    nothing = points_of(*array(entries="all", follow_through=0))
    assert nothing.endswith("From own earlier answers nothing is earned.")
    credit = points_of(*array(entries="all", credit={"sign-lost": 0.5}))
    assert credit.endswith("0.75 for this mistake: A minus sign was lost.")


def test_mistakes_with_their_values() -> None:
    question, answer = array()
    told = [Common([1.0, -2.0, 3.0], ("sign-lost", "ascent"))]
    [found] = scheme("en", question, answer, told)
    assert isinstance(found, Scheme)
    [(value, said)] = found.rows
    assert words(value) == "[1, -2, 3]"
    assert words(said) == "A minus sign was lost. Or: The step goes the other way."


def test_values_of_the_same_mistakes_stand_in_one_line() -> None:
    question, answer = array()
    told = [Common([1.0, 2.0], ("ascent",)), Common([3.0, 4.0], ("sign-lost",)), Common([5.0, 6.0], ("ascent",))]
    [found] = scheme("en", question, answer, told)
    assert isinstance(found, Scheme)
    assert [words(value) for value, _ in found.rows] == ["[1, 2] or [5, 6]", "[3, 4]"]
    assert words(found.rows[0][1]) == "The step goes the other way."


def test_a_key_tells_mistakes_and_a_feedback_page_does_not() -> None:
    key = made()
    schemes = [b for q in questions(key_sheet(key)).values() for b in q.blocks if isinstance(b, Scheme)]
    assert any(s.rows for s in schemes) and any(s.points for s in schemes)
    report, _ = mark(files.Submission(exam=key.exam, variant=key.variant, answers={}), key)
    page = feedback_page(report, key)
    assert not any(isinstance(b, Scheme) for q in questions(page).values() for b in q.blocks)


def test_a_worksheet_tells_nothing_of_it() -> None:
    key = made()
    assert key.sheet is not None
    document = worksheet(key.sheet)
    assert not any(isinstance(b, Scheme | Answer) for q in questions(document).values() for b in q.blocks)
    assert "mistakes" not in render(document, "txt")


@pytest.mark.parametrize("bank", ["t1", "concepts", "modes", "backprop"])
def test_a_short_key_has_every_answer_once(bank: str) -> None:
    key = made(bank)
    document = key_sheet(key, short=True)
    [table] = [b for b in document.blocks if isinstance(b, Table)]
    rows = [row for row in table.rows if words(row[0]) in key.answers]
    assert [words(row[0]) for row in rows] == list(key.answers)
    assert all(words(row[1]) and words(row[2]) for row in rows)
    assert key.sheet is not None and len(table.rows) == len(rows) + len(key.sheet.problems)
    assert not any(isinstance(b, Question | Scheme | blocks.Problem) for b in document.blocks)


@pytest.mark.parametrize("engine", ["typst", "pdflatex"])
def test_a_short_key_of_the_standard_test_has_at_most_two_pages(engine: str, tmp_path: Path) -> None:
    for seed in "123":
        source = render(key_sheet(made(seed=seed), short=True), "typ" if engine == "typst" else "tex")
        (tmp_path / "key.pdf").write_bytes(pdf(source, engine))
        told = subprocess.run(["pdfinfo", tmp_path / "key.pdf"], capture_output=True, text=True, check=True).stdout
        pages = re.search(r"Pages:\s+(\d+)", told)
        assert pages and int(pages[1]) <= 2


SAMPLE = Scheme((Plain("Each entry earns 0.5."),), (Plain("Common mistakes:"),),
                (((Math("(1,\\; 2)", "[1, 2]"),), (Plain("a sign_was & lost"),)),))  # fmt: skip


@pytest.mark.parametrize("format", ["tex", "typ", "md", "html", "txt"])
def test_every_format_writes_a_scheme(format: str) -> None:
    document = blocks.Document("key", (Plain("T"),), "en", "V", (), (Question("1a", "", (SAMPLE,)),), made_words())
    text = render(document, format)
    assert "Each entry earns 0.5." in text and "Common mistakes:" in text
    assert "lost" in text and "1" in text


@pytest.mark.parametrize("engine", ["typst", "pdflatex"])
def test_no_page_ends_within_a_scheme(engine: str) -> None:
    rows = tuple(((Plain(f"no{k}"),), (Plain(f"a mistake {k}"),)) for k in "12345")
    one = Scheme((Plain("Each entry earns 0.5."),), (Plain("What they give:"),), rows)
    problem = blocks.Problem(1, (Plain("P"),), "", (Question("1a", "", (one,) * 20),))
    document = blocks.Document("key", (Plain("T"),), "en", "V", (), (problem,), made_words())
    data = pdf(render(document, "typ" if engine == "typst" else "tex"), engine)
    pages = [page.extract_text() for page in PdfReader(BytesIO(data)).pages]
    assert len(pages) > 2
    for page in pages:
        counts = {page.count(part) for part in ("Each entry", "What they", "mistake 1", "mistake 5")}
        assert len(counts) == 1, page


def made_words() -> dict[str, str]:
    return key_sheet(made()).words
