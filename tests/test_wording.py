"""Wording: every text in every language, plural forms, which language a test is in, and what is missing."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from jinja2 import Environment, meta
from test_banks import TWO, bank
from test_cli import CLASSIC, refused, t1gen

from t1gen import files, roster, wording
from t1gen.banks import available, lacking, load
from t1gen.data import folder
from t1gen.documents.blocks import Code, Graph, Listing, Math, Plain, Strong
from t1gen.exam import Maker, Plan
from t1gen.files import Student
from t1gen.markdown import number, plain_value, value_math
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
    plain.filters.update(dict.fromkeys(("math", "latex", "plural"), str))
    return meta.find_undeclared_variables(plain.parse(text))


TEXT_KEYS = [k for k in wording.keys("en") if isinstance(TEXTS["en"][k[0]][k[1]], str)]


@pytest.mark.parametrize(("group", "key"), TEXT_KEYS, ids=[".".join(k) for k in TEXT_KEYS])
def test_a_text_says_the_same_values_in_every_language(group: str, key: str) -> None:
    told = {language: placeholders(texts[group][key]) for language, texts in TEXTS.items()}
    assert all(names == told["en"] for names in told.values()), told


def test_a_missing_text_is_said_in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = wording._texts
    gone = ("table", "numbers", "document")
    partly = {name: {k: v for k, v in whole(name).items() if name == "en" or k not in gone} for name in ("en", "cs")}
    monkeypatch.setattr(wording, "_texts", partly.__getitem__)
    wording._template.cache_clear()
    wording.signs.cache_clear()
    try:
        assert wording.say("cs", "table", "quantity") == "quantity"
        assert wording.say("cs", "verdict", "wrong") == "chybně"
        assert wording.words("cs")["page"] == "Page" and wording.signs("cs") == (".", ",")
        assert "table: quantity" in wording.lacking("cs") and wording.lacking("en") == []
    finally:
        wording._template.cache_clear()
        wording.signs.cache_clear()


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
    assert [number(0.5, 3, language) for language in ("en", "cs")] == ["0.5", "0,5"]
    assert plain_value([[0.5, -1], [2, 3]], 3, "cs") == "[[0,5; -1]; [2; 3]]"
    assert plain_value([0.5, -1], 3, "en") == "[0.5, -1]"
    assert value_math([0.5, -1], 3, "en").latex == r"(0.5,\; -1)"
    assert value_math([0.5, -1], 3, "cs").latex == r"(0{,}5;\; -1)"
    assert value_math([[0.5], [2]], 3, "cs").latex == r"\begin{bmatrix} 0{,}5 \\ 2 \end{bmatrix}"
    assert wording.in_latex(r"W_{0,1} + 2.5 \cdot x_{1,\,2}", "cs") == r"W_{0,1} + 2{,}5 \cdot x_{1,\,2}"


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
    assert "language 'ne' is unknown" in refused("show", "t1", "--language", "ne")
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
