"""The page that a student gets back says why every point was given or not, whatever was handed in."""

from functools import cache
from pathlib import Path
from typing import Any

import html5lib
import pytest
from msgspec.structs import replace

from t1gen.banks import load
from t1gen.documents.render import render
from t1gen.errors import FileError
from t1gen.exam import Maker, Plan
from t1gen.feedback_page import feedback_page
from t1gen.files import Decisions, Key, Mark, Report, Student, Submission, Void
from t1gen.marking.mark import mark

FORMATS = ("html", "md", "txt", "typ", "tex")
NAME = r"R&D_50% #1 {\input{/etc/passwd}} <script>alert(1)</script>"


@cache
def key() -> Key:
    bank = load(str(Path(__file__).parent / "classic.yaml"))
    return Maker(Plan(bank, "page", "page")).tests([Student("ada", NAME)])[0][1]


def report(answers: dict[str, Any], marks: dict[str, Mark] | None = None, decisions: Decisions | None = None) -> Report:
    right = {name: answer.value for name, answer in key().answers.items()}
    handed = Submission(exam="page", variant=key().variant, student="ada", answers=right | answers, marks=marks or {})
    return mark(handed, key(), decisions)[0]


def page(found: Report, format: str = "txt") -> str:
    return render(feedback_page(found, key()), format)


def flat(text: str) -> str:
    return " ".join(text.split())


def part(found: Report, question: str) -> str:
    """What the page says of one question."""
    names = list(found.questions)
    following = names[names.index(question) + 1] if question != names[-1] else ""
    text = page(found)
    start = text.rindex(f"\n{question} ") if f"\n{question} " in text else text.rindex(question)
    end = text.find(f"\n{following} ", start + 1) if following else -1
    return flat(text[start : end if end > 0 else len(text)])


def neuron() -> dict[str, Any]:
    """The answers to neuron-step by what is asked."""
    [found] = [p for p in key().sheet.problems if p.id == "neuron-step"] if key().sheet else []
    return {q.id: key().answers[q.id].value for q in found.questions}


def test_the_sums_are_those_of_the_report() -> None:
    found = report({"7a": "dunno"})
    text = flat(page(found))
    assert f"{found.points:g} of {found.of:g}" in text and key().variant in text
    assert "Provisional" in text and "1 answer" in text


def test_every_question_and_verdict_is_there() -> None:
    found = report({"7a": "dunno", "7b": None, "7c": 99, "4a": "(outer(v, x)) / 0"})
    text = flat(page(found))
    for said in ("correct", "wrong", "left blank", "could not be read", "a person must still look"):
        assert said in text, said
    for name in found.questions:
        assert name in text


def test_a_named_mistake_is_told_with_the_right_line() -> None:
    answers = neuron()
    [minus] = [n for n in answers if n == "7f"]
    found = report({minus: -answers[minus]})
    assert found.questions[minus].diagnoses
    for reason in found.questions[minus].reasons[-1:]:
        assert flat(reason)[:60] in part(found, minus)


def test_follow_through_tells_what_was_expected_from_which_own_value() -> None:
    found = report({"7a": neuron()["7a"] + 1})
    followed = [n for n, q in found.questions.items() if q.own_used]
    fresh = [n for n, q in found.questions.items() if n.startswith("7") and q.verdict == "wrong"]
    assert followed or fresh
    for name in followed:
        assert "from your" in part(found, name)


def test_a_persons_decision_and_a_voided_question_are_told_with_name_and_reason() -> None:
    voided = Decisions(exam="page", voided={"7b": Void(how="full", by="Bob", note="misprint"),
                                            "7c": Void(how="drop", by="Cy", note="ambiguous")})  # fmt: skip
    found = report({"7a": "dunno", "7b": 0}, {"7a": Mark(points=0.25, by="Ann", note="arrow missing")}, voided)
    assert "Ann" in part(found, "7a") and "arrow missing" in part(found, "7a")
    assert "Bob" in part(found, "7b") and "misprint" in part(found, "7b")
    assert "Cy" in part(found, "7c") and "ambiguous" in part(found, "7c")
    assert "0.25 of" in part(found, "7a") and "0 of 0" in part(found, "7c")


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize(
    "given",
    [NAME, "x" * 10_000, "\n" * 500, "\u202e1\x1b[2J\0", [[[[[[1]]]]]], {"a": 1}, True, [None, "a", 1], "$x$ `a` **b**",
     "#eval(1)", r"\input{x}", "<img src=x>", "{{ 7 * 7 }}", [1.5] * 1000, 1e300],
    ids=lambda v: repr(v)[:20],
)  # fmt: skip
def test_whatever_was_handed_in_is_shown_and_bounded(given: Any, format: str) -> None:
    found = report(dict.fromkeys(key().answers, given))
    text = page(found, format)
    assert len(text) < 400_000 and "\x1b" not in text and "\u202e" not in text and "\0" not in text
    if format == "html":
        tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)
        assert not list(tree.iter("script")) and not list(tree.iter("img"))
        assert NAME.split()[0] in "".join(tree.itertext())


def test_the_same_report_gives_the_same_page() -> None:
    assert all(page(report({"7a": 3}), format) == page(report({"7a": 3}), format) for format in FORMATS)


def test_a_report_of_another_test_is_refused() -> None:
    with pytest.raises(FileError, match="for variant"):
        feedback_page(replace(report({}), variant="AAAA-AAAA"), key())
    with pytest.raises(FileError, match="no sheet"):
        feedback_page(report({}), replace(key(), sheet=None))
