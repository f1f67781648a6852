"""The page that a student gets back says why every point was given or not, whatever was handed in."""

import sys
from functools import cache
from pathlib import Path
from typing import Any

import html5lib
import pytest
from msgspec.structs import replace

from t1gen.banks import load
from t1gen.documents.blocks import Facts, Form, Listing, Options, Paragraph, Problem, Question, Table
from t1gen.documents.render import render, spoken
from t1gen.errors import FileError
from t1gen.exam import Maker, Plan
from t1gen.feedback_page import feedback_page
from t1gen.files import Decisions, Key, Mark, Report, Student, Submission, Void
from t1gen.marking.mark import mark

sys.path.append(str(Path(__file__).parent / "marking"))
from marked import Sheet, sheet  # noqa: E402

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


# One problem each: the rows of one answer.

NEURON = sheet("z = w @ x; q = y * z; p = sigmoid(q); L = -log(p)", "[z, q, p, L, dL/dq, dL/dz, dL/dw]",
               {"w": [0.5, 1], "x": [2, 1], "y": -1})  # fmt: skip
LAYER = sheet("h = W @ x; s = sum(h)", "[h, ds/dW]", {"W": [[1, 2], [3, -1]], "x": [1, 2]})
TABLE = sheet("z = w * x; p = sigmoid(z); L = -log(p)", "[table: {rows: [z, p], show: [z.value]}]", {"w": 0.5, "x": 3})
GRAPH = sheet("z = x * y; f = z + x", "[graph: f]", {"x": 2, "y": 3})
FORMULA = sheet("y = W @ x", "[{vjp: {of: y, wrt: x, with: v, kind: expression}}]",
                {"W": [[1, 2], [3, -1]], "x": [1, 2], "v": [1, 2]})  # fmt: skip


def rows(made: Sheet, *answers: Any, question: str = "1a", **marks: Mark) -> dict[str, str]:
    """The rows of a question, each with its whole text."""
    document = feedback_page(made.report(*answers, **marks), made.key)
    asked = [q for p in document.blocks if isinstance(p, Problem) for q in p.blocks if isinstance(q, Question)]
    [facts] = [b for q in asked if q.label == question for b in q.blocks if isinstance(b, Facts)]
    return {spoken(name): " | ".join(map(told, parts)) for name, parts in facts.rows}


def told(block: Any) -> str:
    match block:
        case Paragraph(text):
            return spoken(text)
        case Listing(lines):
            return "\n".join(lines)
        case Options(lines):
            return "; ".join(f"{name} {spoken(text)}" for name, text in lines)
        case Table(header, cells) | Form(header, cells):
            return "\n".join(", ".join("" if c is None else spoken(c) for c in row) for row in (header, *cells))
    raise TypeError(block)


def test_a_number_in_another_spelling_is_shown_as_read() -> None:
    assert rows(NEURON, "4/2", *[...] * 6)["Read as"] == "2"
    assert rows(NEURON, "2,0", *[...] * 6)["Your answer"] == "2,0"
    assert "Read as" not in rows(NEURON, "2", *[...] * 6) and "Read as" not in rows(NEURON, 2, *[...] * 6)


def test_the_rows_of_every_verdict() -> None:
    right = rows(NEURON, *[...] * 7)
    assert right == {"Your answer": "2", "Expected": "2  \u00b1 0.0005", "Verdict": "correct"}
    assert rows(NEURON, 9, *[...] * 6)["Verdict"] == "wrong"
    assert rows(NEURON, None, *[...] * 6) == {"Expected": "2  \u00b1 0.0005", "Verdict": "left blank"}
    unread = rows(NEURON, "two(", *[...] * 6)
    assert unread["Verdict"] == "could not be read" and "two" in unread["Why"]
    half = rows(LAYER, [5, 7], ...)
    assert half["Verdict"] == "partly right" and half["Why"] == "Wrong entries: [2]."


def test_the_rows_of_follow_through() -> None:
    own = rows(NEURON, 3, -3, *[...] * 5, question="1b")
    assert own["Verdict"] == "right from your own values"
    assert own["Expected from your own values"] == "-3, from your 1a = 3" and "Why" not in own


def test_the_rows_of_a_review() -> None:
    made = sheet("z = w @ x; q = y * z; p = sigmoid(q); L = -log(p)", "[p, L]", {"w": [0.5, 1], "x": [2, 1], "y": -1})
    review = rows(made, 3, -1.099, question="1b")
    assert review["Verdict"] == "a person must still look" and "no possible value" in review["Why"]


def test_a_named_mistake_stands_with_its_right_line() -> None:
    why = rows(NEURON, *[...] * 5, -0.881, ..., question="1f")["Why"]
    assert "A minus sign was lost" in why and "dL_dq * y" in why and "is not within" not in why


def test_a_persons_decision_stands_above_the_rule() -> None:
    found = rows(NEURON, 9, *[...] * 6, _1a=Mark(points=0.5, by="Ann", note="arrow missing"))
    assert found["Verdict"] == "decided by Ann: arrow missing" and found["By rule"] == "wrong"
    assert found.get("Why", "").count("arrow missing") == 0


def test_a_table_is_told_cell_by_cell() -> None:
    found = rows(TABLE, [[None, "-1/2"], ["0,818", "?"]])
    z, p = found["Your answer, cell by cell"].split("\n")[1:]
    assert z.split(", ") == ["z", "", "1.5", "-1/2 = -0.5", "-0.182"] and p.startswith("p, 0,818 = 0.818, 0.818, ?")
    assert "Expected" not in found and "Wrong cells" in found["Why"]


def test_a_graph_is_told_line_by_line_and_a_formula_as_it_was_read() -> None:
    found = rows(GRAPH, "z = x*y\nf = z - x")
    assert found["Your answer"] == "z = x*y\nf = z - x" and found["Expected"] == "z = x * y\nf = z + x"
    formula = rows(FORMULA, "v^T W")
    assert formula["Your answer"] == "v^T W" and formula["Read as"] == "v.T @ W" and formula["Verdict"] == "correct"


def test_options_are_told_with_their_texts() -> None:
    [(_, made)] = Maker(Plan(load("concepts"), "page", "page")).tests([Student("ada", "Ada")])
    question = next(q for p in made.sheet.problems for q in p.questions if q.kind == "choice" and not q.several)
    right = made.answers[question.id].value
    right = right if isinstance(right, str) else right[0]
    wrong = next(o for o in question.options if o.id != right)
    found = rows(Sheet(made), *[wrong.id if i == question.id else ... for i in made.answers], question=question.id)
    assert found["Your answer"].startswith(f"{wrong.id} ") and found["Expected"].startswith(f"{right} ")


def test_a_long_answer_is_cut_and_its_length_told() -> None:
    found = rows(NEURON, "x" * 10_000, *[...] * 6)
    assert "x" * 400 in found["Your answer"] and "x" * 401 not in found["Your answer"]
    assert "the first 400 of 10,000 characters" in found["Your answer"]


def test_a_rounded_sum_says_how_it_came_about() -> None:
    made = sheet("h = W @ x", "[h]", {"W": [[1, 2], [3, -1], [1, 1]], "x": [1, 2]})
    text = flat(render(feedback_page(made.report([5, 1, 9]), made.key), "txt"))
    assert "the sum 0.667, rounded down to quarters" in text and "0.5 of 1 point" in text


TAMPERED: list[dict[str, Any]] = [
    {"given": given} for given in ([[[[[[[[[[[]]]]]]]]]]], {"a": [None]}, "\x00\u202e", [[1], [1, 2]], 10**40, -0.0)
] + [
    {"read_as": [[1], "a"]}, {"read_as": {"a": 1}}, {"expected": None}, {"expected": ["<b>", [1]]}, {"tolerance": "x"},
    {"expected_from_own": {"a": 1}, "own_used": {"<b>\u202e": [[[]]]}}, {"reasons": ["<b>\n" * 2000] * 100},
    {"feedback": "<script>" * 9000, "reasons": []}, {"decided_by": "<b>" * 900, "note": "\n\x1b" * 900},
    {"points": 1e9}, {"points": -3, "of": 0},
]  # fmt: skip


@pytest.mark.parametrize("change", TAMPERED, ids=lambda c: repr(c)[:30])
@pytest.mark.parametrize("made", [NEURON, LAYER, TABLE, GRAPH, FORMULA], ids=lambda made: made.key.variant)
def test_a_tampered_report_is_shown_as_it_is(made: Sheet, change: dict[str, Any]) -> None:
    found = made.report(*[...] * len(made.ids))
    changed = {name: replace(q, **change) for name, q in found.questions.items()}
    for format in FORMATS:
        text = render(feedback_page(replace(found, questions=changed), made.key), format)
        assert len(text) < 700_000 and not set("\x00\x1b\u202e") & set(text)
        assert format != "html" or not list(html5lib.parse(text, namespaceHTMLElements=False).iter("script"))


@pytest.mark.parametrize("change", [{"verdict": "perfect"}, {"void": "half"}, {"points": float("nan")}, {"points": "x"},
                                    {"reasons": [1]}])  # fmt: skip
def test_a_report_that_cannot_be_told_is_an_error(change: dict[str, Any]) -> None:
    found = NEURON.report(*[...] * 7)
    changed = {name: replace(q, **change) for name, q in found.questions.items()}
    with pytest.raises(FileError):
        feedback_page(replace(found, questions=changed), NEURON.key)


def test_a_report_with_other_questions_is_an_error() -> None:
    found = NEURON.report(*[...] * 7)
    for questions in ({}, dict(found.questions) | {"9z": found.questions["1a"]}):
        with pytest.raises(FileError):
            feedback_page(replace(found, questions=questions), NEURON.key)
