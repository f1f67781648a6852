"""Wording: every text in every language, plural forms, which language a test is in, and what is missing."""

import ast
import json
import os
import pickle
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from jinja2 import Environment, meta
from test_banks import TWO, bank
from test_cli import CLASSIC, refused, t1gen

from t1gen import files, roster, wording
from t1gen.banks import available, lacking, load
from t1gen.data import folder
from t1gen.documents.blocks import Code, Graph, Listing, Math, Plain, Strong
from t1gen.documents.engines import engine_format, pdf
from t1gen.documents.formats import FORMATS
from t1gen.documents.render import render
from t1gen.exam import Maker, Plan
from t1gen.feedback_page import feedback_page
from t1gen.files import Student
from t1gen.markdown import number, plain_value, value_math
from t1gen.marking.mark import mark, mark_all
from t1gen.sheets import key_sheet, worksheet

TEXTS = {
    language: yaml.safe_load((folder("templates") / "text" / language / "wording.yaml").read_text(encoding="utf-8"))
    for language in wording.languages()
}


# texts


def test_there_is_english_and_czech() -> None:
    assert wording.languages() == ["cs", "en"]


@pytest.mark.parametrize("language", wording.languages())
def test_every_text_is_in_every_language(language: str) -> None:
    assert sorted(wording.keys(language)) == sorted(wording.keys("en")) and wording.lacking(language) == []
    assert [k for k in wording.keys(language) if TEXTS["en"][k[0]][k[1]] and not TEXTS[language][k[0]][k[1]]] == []


def placeholders(text: str) -> set[str]:
    """The values that a text is told; StrictUndefined lets no other stand in it."""
    plain = Environment()
    plain.filters.update(dict.fromkeys(("math", "latex", "number", "plural"), str))
    return meta.find_undeclared_variables(plain.parse(text))


TEXT_KEYS = [k for k in wording.keys("en") if isinstance(TEXTS["en"][k[0]][k[1]], str)]


@pytest.mark.parametrize(("group", "key"), TEXT_KEYS, ids=[".".join(k) for k in TEXT_KEYS])
def test_a_text_says_the_same_values_in_every_language(group: str, key: str) -> None:
    """Of what the mapping language says, a value may be English: another language may leave it out."""
    told = {language: placeholders(texts[group][key]) for language, texts in TEXTS.items()}
    assert all(names <= told["en"] for names in told.values()), told
    assert group == "language" or all(names == told["en"] for names in told.values()), told


def test_a_missing_text_is_said_in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = wording._texts
    gone = ("table", "numbers", "document")
    partly = {name: {k: v for k, v in whole(name).items() if name == "en" or k not in gone} for name in ("en", "cs")}
    monkeypatch.setattr(wording, "_texts", partly.__getitem__)
    remembered = wording._template, wording._remembered, wording.signs
    for cached in remembered:
        cached.cache_clear()
    try:
        assert wording.say("cs", "table", "quantity") == "quantity"
        assert wording.say("cs", "verdict", "wrong") == "chybně"
        assert wording.words("cs")["page"] == "Page" and wording.signs("cs") == (".", ",", ",")
        assert "table: quantity" in wording.lacking("cs") and wording.lacking("en") == []
    finally:
        for cached in remembered:
            cached.cache_clear()


# reasons


def test_a_reason_is_told_in_any_language() -> None:
    inner = wording.Said("reading", "second_sign")
    outer = wording.Said("reading", "at", place=wording.Said("reading", "column", column=4), reason=inner)
    both = wording.Said("comparing", "several", parts=[inner, inner])
    assert outer == "column 4: a second sign; one is enough" == wording.in_words(outer, "en")
    assert wording.in_words(outer, "cs") == "znak 4: druhé znaménko; stačí jedno"
    assert wording.in_words([both, "x"], "cs") == ["druhé znaménko; stačí jedno; druhé znaménko; stačí jedno", "x"]
    again = pickle.loads(pickle.dumps(outer))
    assert again == outer and wording.in_words(again, "cs") == wording.in_words(outer, "cs")


@pytest.mark.parametrize(
    ("english", "czech"),
    [
        ("shapes (2,) and (3,) do not fit together", "tvary (2,) a (3,) k sobě nepasují"),
        ("operation 'tahn' is unknown; did you mean 'tanh'?",
         "operace 'tahn' není známa; neměli jste na mysli 'tanh'?"),
        ("trace: a square matrix is wanted, not shape (2, 3)",
         "trace: má zde být čtvercová matice, ne pole tvaru (2, 3)"),
        ("einsum: 'ij' does not fit 2 operands; write for example 'ij,jk->ik'",
         "einsum: 'ij' neodpovídá počtu operandů 2; napište například 'ij,jk->ik'"),
        ("the name 'q' is unknown (known: none)", "jméno 'q' není známo (žádné známo není)"),
        ("line 2, column 3: only one comparison at a time is read\n    x < y\n    ^",
         "řádek 2, znak 3: čte se jen jedno porovnání najednou\n    x < y\n    ^"),
        ("what nobody says", "what nobody says"),
    ],
)  # fmt: skip
def test_what_the_language_says_is_recognised(english: str, czech: str) -> None:
    found = wording.recognised(english)
    assert found == english and wording.in_words(found, "cs") == czech


def messages(path: Path) -> Iterator[str]:
    """What the errors of a module say, with x for what is put in."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "LanguageError":
            [text] = node.args
            parts = text.values if isinstance(text, ast.JoinedStr) else [text]
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in parts)


MAPPING = Path(wording.__file__).parent / "mapping"
AUTHORS = {"code.py", "custom.py", "derive.py", "implicit.py", "iterating.py", "tangent.py"}
"""What these refuse stands in a bank or on the command line, never in an answer."""
SAID_BY_LANGUAGE = [(path.name, text) for path in sorted(MAPPING.rglob("*.py")) if path.name not in AUTHORS
                    for text in messages(path)]  # fmt: skip


@pytest.mark.parametrize(("module", "text"), SAID_BY_LANGUAGE, ids=range(len(SAID_BY_LANGUAGE)))
def test_all_that_the_language_says_has_its_wording(module: str, text: str) -> None:
    found = wording.recognised(text)
    assert isinstance(found, wording.Said) and found == text
    assert wording.in_words(found, "cs") != text or text == "x: x"
    assert found.key != "within" or text == "x: x", "only the name of an operation and a reason is of this form"


# no wording in Python

PACKAGE = Path(wording.__file__).parent
STUDENTS = ("answers", "marking", "documents", "sheets.py", "solution", "scheme.py", "attached.py", "feedback_page.py",
            "picture.py", "markdown.py", "exam.py", "problems/shown.py", "desk/pages.py")  # fmt: skip
"""Where the texts that a student reads are made."""

ERRORS = {"FileError", "EngineError", "BankError", "LanguageError", "TypeError", "ValueError"}
"""Errors that the command line tells, in English; `Unreadable`, which a student reads, is none of them."""
PATTERNS = {"compile", "sub", "match", "fullmatch", "search", "findall", "finditer", "split"}

ALLOWED = {
    "marking/mark.py": ("question '", " more unknown questions", "marks in the submission"),  # notices for the teacher
    "marking/rulings.py": (" decided on another answer", " decided on question '"),  # notices for the teacher
    "marking/keys.py": ("",),  # what is wrong with a key is for the teacher
    "documents/engines.py": ("failed without a message", "; install the TeX Gyre", "no font here"),  # for the teacher
    "documents/render.py": ("templates for ",),  # where an error of the command line is
    "documents/formats.py": ("<span ",),
    "documents/mathml.py": ("font-weight: bold", "font-style: italic"),
}
"""Strings of several words that no student reads."""


def strings(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """The texts in a module that are no docstrings, no patterns and in no error of the command line."""
    passed = set[int]()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            passed.add(id(node.value))
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in ERRORS | PATTERNS:
            passed.update(map(id, ast.walk(node)))
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr) and id(node) not in passed:
            passed.update(map(id, node.values))
            yield node.lineno, "".join(str(p.value) if isinstance(p, ast.Constant) else "" for p in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in passed:
            yield node.lineno, node.value


def worded(tree: ast.AST) -> list[tuple[int, str]]:
    """The texts with two words side by side."""
    return [(line, text) for line, text in strings(tree) if re.search(r"[A-Za-z]{2,}[,;:]? [A-Za-z]{2,}", text)]


def test_wording_in_python_is_found() -> None:
    source = """
def f(x):
    \"\"\"No words of a sheet.\"\"\"
    if x: raise FileError(f"no file {x} is there")
    pattern = re.compile("so many words")
    raise Unreadable(f"this {x} closes nothing")
"""
    assert worded(ast.parse(source)) == [(6, "this  closes nothing")]
    assert worded(ast.parse('Unreadable("an array is wanted")')) == [(1, "an array is wanted")]
    assert worded(ast.parse('FileError("an array is wanted")')) == []


def test_no_wording_for_students_stands_in_python() -> None:
    places = [PACKAGE / where for where in STUDENTS]
    paths = [path for place in places for path in ([place] if place.suffix else place.rglob("*.py"))]
    found = []
    for path in sorted(paths):
        name = path.relative_to(PACKAGE).as_posix()
        for line, text in worded(ast.parse(path.read_text(encoding="utf-8"))):
            if not text.startswith(ALLOWED.get(name, ("\0",))):
                found.append(f"{name}:{line}: {text}")
    assert len(paths) > 40 and found == []


# numbers


@pytest.mark.parametrize(
    ("language", "n", "word"),
    [
        ("en", 1, "point"), ("en", "1", "point"), ("en", 0, "points"), ("en", 2, "points"), ("en", "0.5", "points"),
        ("cs", 1, "bod"), ("cs", "1", "bod"), ("cs", 2, "body"), ("cs", 3, "body"), ("cs", "4", "body"),
        ("cs", 5, "bodů"), ("cs", 0, "bodů"), ("cs", 11, "bodů"), ("cs", 21, "bodů"), ("cs", 22, "bodů"),
        ("cs", "0,5", "bodu"), ("cs", "1,25", "bodu"), ("cs", 2.5, "bodu"), ("cs", 2.0, "body"),
    ],
)  # fmt: skip
def test_plural_forms(language: str, n: str | float, word: str) -> None:
    forms = {"en": ("point", "points"), "cs": ("bod", "body", "bodů", "bodu")}[language]
    assert wording.plural(language, n, *forms) == word


def test_points_and_decimals_are_inflected() -> None:
    said = [wording.say("cs", "units", "points", n=n) for n in ("1", "2", "5", "0,5")]
    assert said == ["1 bod", "2 body", "5 bodů", "0,5 bodu"]
    assert wording.say("cs", "page", "result", points="1", of="1") == "1 z 1 bodu"
    assert wording.say("cs", "page", "result", points="1", of="2") == "1 z 2 bodů"
    assert "3 desetinná místa." in wording.say("cs", "document", "rounding", decimals=3)
    assert "5 desetinných míst." in wording.say("cs", "document", "rounding", decimals=5)


def test_numbers_have_the_signs_of_the_language() -> None:
    assert [wording.grouped(12345, language) for language in ("en", "cs")] == ["12,345", "12\u00a0345"]
    assert [number(0.5, 3, language) for language in ("en", "cs")] == ["0.5", "0,5"]
    assert plain_value([[0.5, -1], [2, 3]], 3, "cs") == "[[0,5; -1]; [2; 3]]"
    assert plain_value([0.5, -1], 3, "en") == "[0.5, -1]"
    assert value_math([0.5, -1], 3, "en").latex == r"(0.5,\; -1)"
    assert value_math([0.5, -1], 3, "cs").latex == r"(0{,}5;\; -1)"
    assert value_math([[0.5], [2]], 3, "cs").latex == r"\begin{bmatrix} 0{,}5 \\ 2 \end{bmatrix}"
    assert wording.in_latex(r"W_{0,1} + 2.5 \cdot x_{1,\,2}", "cs") == r"W_{0,1} + 2{,}5 \cdot x_{1,\,2}"


@pytest.mark.parametrize(
    ("format", "found"),
    [("tex", r"\whole{(0{,}5;\; -1)}"), ("typ", '$(0class("normal", ",")5 \\; thick - 1)$'), ("md", r"$(0{,}5;\; -1)$"),
     ("html", "<mn>0,5</mn>"), ("txt", "[0,5; -1]")],
)  # fmt: skip
def test_every_format_writes_a_decimal_comma(format: str, found: str) -> None:
    assert found in FORMATS[format].math(value_math([0.5, -1], 3, "cs"))


def test_long_lists_break_in_typst() -> None:
    shown = FORMATS["typ"].math(value_math([k + 0.5 for k in range(20)], 3, "cs"))
    assert shown.startswith(r'#m("(0,5;", $\(0class("normal", ",")5;$); #m("1,5;", $1class')
    assert shown.endswith(r'#m("19,5)", $19class("normal", ",")5\)$);')


@pytest.mark.parametrize("engine", ["typst", "pdflatex", "lualatex"])
def test_a_czech_page_reads_alike_in_every_engine(engine: str, tmp_path: Path) -> None:
    if engine != "typst" and shutil.which(engine) is None and not os.environ.get("CI"):
        pytest.skip(f"no {engine}")
    [(exam, key)] = Maker(Plan(load("backprop"), "1", "cs", language="cs")).tests([Student("", "Žaneta Říhová")])
    document = key_sheet(key)
    (tmp_path / "key.pdf").write_bytes(pdf(render(document, engine_format(engine)), engine))
    text = subprocess.run(["pdftotext", "-layout", tmp_path / "key.pdf", "-"], capture_output=True, text=True).stdout
    assert re.search(r"\d,\d", text) and not re.search(r"\d ,|\d\.\d", text), "commas, and no room in numbers"
    assert "Žaneta Říhová" in text and "Zpětný průchod v maticovém tvaru" in text


# which language


def made(tmp_path: Path, *arguments: object) -> Path:
    out = tmp_path / "out"
    done = t1gen("generate", CLASSIC, "--seed", 5, "--exam", "t1-5", "--format", "json,md", "--out", out, *arguments)
    assert done.exit_code == 0, done.output
    return out


def test_a_test_is_in_the_language_asked_for(tmp_path: Path) -> None:
    out = made(tmp_path, "--language", "cs")
    exam = files.read(out / "exam.json", files.Exam)
    assert exam.language == "cs" and "Spočtěte" in (out / "worksheet.md").read_text(encoding="utf-8")
    assert files.read(out / "key.json", files.Key).sheet.language == "cs"  # type: ignore[union-attr]


def numbers_of(exam: files.Exam, key: files.Key) -> object:
    """All of a test that is no words."""
    problems = [(p.id, p.given, p.mapping, [(q.id, q.ask, q.of, q.points, [o.id for o in q.options])
                                            for q in p.questions]) for p in exam.problems]  # fmt: skip
    answers = {i: (a.value, a.exact, a.tolerance) for i, a in key.answers.items()}
    return exam.variant, problems, key.program, answers


@pytest.mark.parametrize("name", available())
def test_a_student_gets_the_same_numbers_in_every_language(name: str) -> None:
    ada, made = Student("ada", "Ada"), {}
    for language in wording.languages():
        [(exam, key)] = Maker(Plan(load(name), "s", "e", language=language)).tests([ada])
        assert exam.language == language and exam.student == ada
        made[language] = json.dumps(numbers_of(exam, key), default=repr)
    assert made["cs"] == made["en"]


def test_a_roster_mixes_languages(tmp_path: Path) -> None:
    path = tmp_path / "roster.csv"
    path.write_text("id,name,language\nada,Ada,cs\nbob,Bob,\ncyd,Cyd,EN\n", encoding="utf-8")
    out = made(tmp_path, "--students", path, "--language", "cs")
    exams = {i: files.read(out / "students" / i / "exam.json", files.Exam) for i in ("ada", "bob", "cyd")}
    assert {i: e.language for i, e in exams.items()} == {"ada": "cs", "bob": "cs", "cyd": "en"}
    assert exams["cyd"].problems[0].text != exams["ada"].problems[0].text
    assert exams["ada"].student == Student("ada", "Ada")
    assert roster.read(path)[1] == Student("bob", "Bob")


def test_an_unknown_language_is_told(tmp_path: Path) -> None:
    assert "language 'cz' is unknown; did you mean 'cs'? (allowed: cs, en)" in refused("generate", "--language", "cz")
    for far in ("ne", "de", ""):
        assert f"language '{far}' is unknown (allowed: cs, en)" in refused("show", "t1", "--language", far)
    path = tmp_path / "roster.csv"
    path.write_text("id,language\nada,cs\nbob,cz\n", encoding="utf-8")
    said = refused("generate", "--students", path, "--out", tmp_path / "out")
    assert "line 3: language 'cz' is unknown; did you mean 'cs'? (allowed: cs, en)" in said
    own = bank(tmp_path, TWO.replace("title: {en: Mine", "language: cz\ntitle: {en: Mine"))
    assert "language 'cz' is unknown" in refused("show", own)


# what is missing


def test_texts_that_a_bank_has_not_are_told_once(tmp_path: Path) -> None:
    texts = TWO.replace("title: {en: One, cs: Jedna}", "title: {en: One}")
    path = bank(tmp_path, texts)
    assert lacking(load(str(path)), "cs") == ["mine: one: title"] and lacking(load(str(path)), "en") == []
    done = t1gen("show", path, "--language", "cs")
    assert done.exit_code == 0 and "One" in done.stdout
    assert done.stderr.count("warning") == 1 and "mine: one: title (cs)" in done.stderr
    assert "warning" not in t1gen("show", path, "--language", "en").stderr


@pytest.mark.parametrize("name", available())
@pytest.mark.parametrize("language", wording.languages())
def test_shipped_banks_have_every_text(name: str, language: str) -> None:
    assert lacking(load(name), language) == []


# Czech sheets


def told(part: Any) -> Iterator[str]:
    """The words of a document: no code, no mathematics."""
    if isinstance(part, Plain | Strong):
        yield part.text
    elif isinstance(part, str):
        yield part
    elif isinstance(part, Listing | Math | Code | Graph):
        return
    elif isinstance(part, Mapping):
        yield from part.values()
    elif isinstance(part, Iterable):
        for one in part:
            yield from told(one)
    elif is_dataclass(part):
        for place in fields(part):
            if place.name not in ("kind", "language", "variant", "shape", "setting", "code"):
                yield from told(getattr(part, place.name))


def czech(name: str, seed: str) -> set[str]:
    """The words of a worksheet and its key."""
    [(exam, key)] = Maker(Plan(load(name), seed, "cs", language="cs")).tests([Student("", "")])
    text = " ".join([*told(worksheet(exam)), *told(key_sheet(key))])
    return set(re.findall(r"[^\W\d_]+", text.lower()))


SHEETS = [*(("t1", str(seed)) for seed in range(10)), *((name, "1") for name in available() if name != "t1")]

WORDS = """the of and is are was this that with from for at not which how what where when write compute round each one
two three number numbers value values answer key page points point time name date given right wrong left line lines row
rows column columns step steps layer loss weights input output sum mean every only then than there here has have it into
out over under shape entries product mapping graph"""
ENGLISH = frozenset(WORDS.split())
"""Words that no Czech sheet has."""

NAMES = {"published": {"and", "for", "from", "into", "of", "point", "sum", "the"}}
"""English words in the titles of books and courses that a bank names."""


@pytest.mark.parametrize(("name", "seed"), SHEETS)
def test_a_czech_sheet_holds_no_english(name: str, seed: str) -> None:
    assert not czech(name, seed) & ENGLISH - NAMES.get(name, set())


# Czech marking


def page(report: files.Report, key: files.Key) -> str:
    return render(feedback_page(report, key), "txt")


@pytest.fixture(scope="module")
def czech_key() -> files.Key:
    return Maker(Plan(load("t1"), "3", "cs", language="cs")).tests([Student("ada", "Ada")])[0][1]


def answered(key: files.Key, answers: Mapping[str, Any]) -> files.Report:
    submission = files.Submission(exam=key.exam, variant=key.variant, student="ada", answers=dict(answers))
    return mark(submission, key)[0]


def test_an_answer_on_a_czech_sheet_has_commas_and_semicolons(czech_key: files.Key) -> None:
    sheet = czech_key.sheet
    assert sheet is not None
    vectors = {q.id: czech_key.answers[q.id].value for p in sheet.problems for q in p.questions if q.kind == "array"}
    assert any(isinstance(v[0], list) for v in vectors.values())
    written = {i: plain_value(v, 3, "cs").replace("[", "(").replace("]", ")") for i, v in vectors.items()}
    report = answered(czech_key, written)
    assert {i: report.questions[i].verdict for i in vectors} == dict.fromkeys(vectors, "correct"), written


def test_reasons_and_pages_of_a_czech_test_are_czech(czech_key: files.Key) -> None:
    sheet = czech_key.sheet
    assert sheet is not None
    wrong = {"number": "x + 1,5,3", "array": "[1; 2; 0,5; 9]", "expression": "tahn(v) ** (", "graph": "a + b"}
    kinds = {q.id: q.kind for p in sheet.problems for q in p.questions}
    report = answered(czech_key, {i: wrong[k] for i, k in kinds.items()})
    told = [reason for q in report.questions.values() for reason in q.reasons]
    assert len(told) >= len(kinds) - 2
    shown = " ".join(told) + page(report, czech_key)
    words = set(re.findall(r"[^\W\d_]+", shown.lower()))
    assert not words & ENGLISH - {"sum", "mean", "norm", "import", "print", "as", "where", "for", "shape"}


def test_a_class_of_several_languages_is_marked_at_once(czech_key: files.Key) -> None:
    [(_, english)] = Maker(Plan(load("t1"), "3", "cs")).tests([Student("ada", "Ada")])
    assert english.sheet is not None and english.sheet.language == "en"
    odd = msgspec.structs.replace(english, sheet=msgspec.structs.replace(english.sheet, language="xx"))
    numbers = [q.id for p in english.sheet.problems for q in p.questions if q.kind == "number"]
    handed = files.Submission(exam="cs", variant=english.variant, student="ada", answers=dict.fromkeys(numbers, 77.5))
    marked = [m for m in mark_all([(handed, key) for key in (czech_key, english, odd)]) if isinstance(m, tuple)]
    czech, *others = [report.questions[numbers[0]].reasons[0] for report, _ in marked]
    assert czech.startswith("77,5 není v toleranci ") and len(marked) == 3
    assert all(said.startswith("77.5 is not within ") for said in others)
    assert [r.points for r, _ in marked] == [marked[0][0].points] * 3


def test_reasons_of_an_english_test_are_english() -> None:
    [(_, key)] = Maker(Plan(load("t1"), "3", "en")).tests([Student("ada", "Ada")])
    assert key.sheet is not None
    numbers = [q.id for p in key.sheet.problems for q in p.questions if q.kind == "number"]
    report = answered(key, dict.fromkeys(numbers, "1,5,3"))
    assert {report.questions[i].reasons[0] for i in numbers} == {
        "column 4: a second comma; a comma is a decimal comma, and one number is wanted"
    }
