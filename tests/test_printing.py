"""What a teacher asks of paper: settings from the bank, the roster and the command line, one PDF for the copy shop."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from pypdf import PdfReader

from t1gen import files
from t1gen.cli import main
from t1gen.documents.engines import engine_format, pdf
from t1gen.documents.render import render
from t1gen.sheets import worksheet
from t1gen.wording import use

BANK = """
id: own
title: Own test
course: {en: Deep Learning & more, cs: Hluboké učení}
author: A. Uthor
date: 1 December 2026
aids: one handwritten sheet
calculator: false
formulas: true
setting: [letter, two-columns]
minutes: 5
problems:
  - id: square
    title: Square
    competence: backpropagation
    points: 1
    minutes: 5
    given: {x: {draw: "integers(2, 9)"}, w: {shape: [2], draw: "integers(1, 3)"}}
    mapping: y = x * w
    ask: [{forward: [y]}, {shape: y}]
"""


def needs(program: str) -> pytest.MarkDecorator:
    """Skipped where `program` is missing; in CI it must be there."""
    return pytest.mark.skipif(not shutil.which(program) and not os.environ.get("CI"), reason=f"no {program}")


@pytest.fixture(autouse=True)
def own_wording() -> Iterator[None]:
    """Other tests of this process see t1gen's wording."""
    yield
    use(None)


def t1gen(*arguments: object, code: int = 0) -> Result:
    done = CliRunner().invoke(main, list(map(str, arguments)))
    assert done.exit_code == code, done.output
    return done


@pytest.fixture
def bank(tmp_path: Path) -> Path:
    path = tmp_path / "own.yaml"
    path.write_text(BANK, encoding="utf-8")
    return path


def read(path: Path) -> str:
    done = subprocess.run(["pdftotext", "-raw", path, "-"], capture_output=True, text=True, check=True)
    return " ".join(done.stdout.split())


def sizes(pdf: bytes) -> set[tuple[float, ...]]:
    return {tuple(map(float, page.mediabox[2:])) for page in PdfReader(BytesIO(pdf)).pages}


def test_a_bank_says_what_stands_on_its_sheets(bank: Path, tmp_path: Path) -> None:
    t1gen("generate", bank, "--seed", 1, "--out", tmp_path / "o")
    exam = json.loads((tmp_path / "o" / "exam.json").read_text())
    assert exam["course"] == "Deep Learning & more" and exam["author"] == "A. Uthor"
    assert exam["aids"] == "no calculator, one handwritten sheet" and exam["attached"] == ["values", "formulas"]
    assert exam["setting"] == ["letter", "two-columns"]
    pdf = (tmp_path / "o" / "worksheet.pdf").read_bytes()
    assert sizes(pdf) == {(612, 792)}
    about = PdfReader(BytesIO(pdf))
    assert about.metadata is not None
    assert (about.metadata.title, about.metadata.author) == ("Own test", "A. Uthor")
    assert about.trailer["/Root"]["/Lang"] == "en" and about.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert "pdfuaid:part" in str(about.trailer["/Root"]["/Metadata"].get_data())
    assert [item["/Title"] for item in about.outline] == ["1. Square", "Values of functions", "Formulas"]
    if shutil.which("pdftotext"):
        text = read(tmp_path / "o" / "worksheet.pdf")
        for words in ("Deep Learning & more", "1 December 2026", "no calculator, one handwritten sheet", "Signature"):
            assert words in text
        assert f"Variant {exam['variant']}" in text


def test_the_command_line_stands_above_the_bank(bank: Path, tmp_path: Path) -> None:
    told = ("--course", "Other", "--date", "2 May", "--calculator", "--no-formulas", "--setting", "a4,one-column,large")
    t1gen("generate", bank, "--seed", 1, "--out", tmp_path / "o", "--format", "json", *told)
    exam = json.loads((tmp_path / "o" / "exam.json").read_text())
    assert (exam["course"], exam["date"], exam["aids"]) == ("Other", "2 May", "a calculator, one handwritten sheet")
    assert exam["setting"] == ["large"] and "attached" not in exam


def test_a_setting_can_be_told_word_by_word(bank: Path, tmp_path: Path) -> None:
    words = ("--setting", "a4", "--setting", "large,one-column", "--setting", "working")
    said = t1gen("generate", bank, "--seed", 1, "--out", tmp_path / "o", "--format", "json", *words).output
    assert "Own test: 1 problem, 1 point, variant" in said
    assert json.loads((tmp_path / "o" / "exam.json").read_text())["setting"] == ["large", "working"]
    t1gen("render", tmp_path / "o" / "exam.json", "--setting", "letter", "--setting", "normal")
    assert sizes((tmp_path / "o" / "worksheet.pdf").read_bytes()) == {(612, 792)}
    both = t1gen("generate", bank, "--seed", 1, "--setting", "letter", "--setting", "a4", code=2)
    assert "'letter' and 'a4' exclude each other" in both.output


def test_numbers_do_not_depend_on_how_a_sheet_is_set(bank: Path, tmp_path: Path) -> None:
    for name, told in (("a", ()), ("b", ("--setting", "large,no-blanks,a4", "--calculator", "--date", "x"))):
        t1gen("generate", bank, "--seed", 1, "--out", tmp_path / name, "--format", "json", *told)
    one, other = (json.loads((tmp_path / name / "key.json").read_text()) for name in "ab")
    assert (one["variant"], one["answers"], one["program"]) == (other["variant"], other["answers"], other["program"])


def test_a_student_has_a_setting_of_their_own_in_the_roster(bank: Path, tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text("id,name,setting\nada,Ada,\nbob,Bob,large readable\n", encoding="utf-8")
    told = ("--seed", 1, "--students", tmp_path / "r.csv", "--out", tmp_path / "o", "--combined")
    said = t1gen("generate", bank, *told).output
    assert "\n2 tests in " in f"\n{said}" and all(f"{tmp_path / 'o' / n}s.pdf" in said for n in ("worksheet", "key"))
    ada, bob = (json.loads((tmp_path / "o" / "students" / n / "exam.json").read_text()) for n in ("ada", "bob"))
    assert ada["setting"] == ["letter", "two-columns"]
    assert bob["setting"] == ["letter", "large", "readable", "two-columns"]
    assert bob["student"] == {"id": "bob", "name": "Bob"}
    whole = PdfReader(tmp_path / "o" / "worksheets.pdf")
    assert [item["/Title"] for item in whole.outline] == ["Ada (ada)", "Bob (bob)"]
    assert all(whole.get_destination_page_number(item) % 2 == 0 for item in whole.outline)
    assert whole.metadata is not None and (whole.metadata.title, whole.metadata.author) == ("Own test", "A. Uthor")
    assert whole.root_object["/Lang"] == "en"
    assert len(whole.pages) % 2 == 0 and len(PdfReader(tmp_path / "o" / "keys.pdf").pages) % 2 == 0


def test_a_roster_with_a_word_that_is_no_setting(bank: Path, tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text("id,setting\nada,larg\n", encoding="utf-8")
    done = t1gen("generate", bank, "--students", tmp_path / "r.csv", "--out", tmp_path / "o", code=2)
    assert "line 2" in done.output and "did you mean 'large'" in done.output
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize("old, new, message", [
    ("[letter, two-columns]", "[letter, a4]", "setting: 'letter' and 'a4' exclude each other"),
    ("[letter, two-columns]", "lettr", "did you mean 'letter'"),
    ("calculator: false", "calculator: maybe", "bool"),
])  # fmt: skip
def test_a_bank_that_is_set_wrong(bank: Path, old: str, new: str, message: str) -> None:
    bank.write_text(BANK.replace(old, new), encoding="utf-8")
    assert message in t1gen("generate", bank, "--seed", 1, code=2).output


def test_render_sets_a_test_otherwise(bank: Path, tmp_path: Path) -> None:
    t1gen("generate", bank, "--seed", 1, "--out", tmp_path / "o", "--format", "json")
    t1gen("render", tmp_path / "o" / "exam.json", "--setting", "a4,no-blanks,working", "--out", tmp_path / "p")
    assert {tuple(map(round, size)) for size in sizes((tmp_path / "p" / "worksheet.pdf").read_bytes())} == {(595, 842)}
    t1gen("render", tmp_path / "o" / "exam.json", "--setting", "no-blanks", "--format", "md", "--out", tmp_path / "p")
    assert "\\_\\_\\_\\_" not in (tmp_path / "p" / "worksheet.md").read_text().partition("## 1")[2]


def test_templates_are_exported_and_come_first(bank: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    t1gen("templates", "export", mine)
    assert [path.name for path in mine.rglob(".*")] == []
    document = mine / "markdown" / "document.md"
    document.write_text(document.read_text() + "\nSet by << document.author >>.\n", encoding="utf-8")
    for other in ("latex", "typst", "html", "terminal", "text"):
        shutil.rmtree(mine / other)
    out = ("--out", tmp_path / "o", "--format", "md,typ")
    t1gen("generate", bank, "--seed", 1, *out)
    plain = {p.name: p.read_bytes() for p in (tmp_path / "o").iterdir()}
    t1gen("generate", bank, "--seed", 1, *out, "--templates", mine, "--force")
    own = {p.name: p.read_bytes() for p in (tmp_path / "o").iterdir()}
    assert own["worksheet.md"] == plain["worksheet.md"] + b"\nSet by A. Uthor.\n"
    assert own["worksheet.typ"] == plain["worksheet.typ"]


def test_exporting_overwrites_nothing_that_was_changed(tmp_path: Path) -> None:
    t1gen("templates", "export", tmp_path / "m")
    (tmp_path / "m" / "typst" / "style.typ").write_text("mine", encoding="utf-8")
    assert "style.typ" in t1gen("templates", "export", tmp_path / "m", code=2).output
    t1gen("templates", "export", tmp_path / "m", "--force")
    assert (tmp_path / "m" / "typst" / "style.typ").read_text() != "mine"


@pytest.mark.parametrize(("content", "message"), [
    (b"\n<% if %>", ", line 2: TemplateSyntaxError"), (b"\n\n<< nope >>", ", line 3: UndefinedError: 'nope'"),
    (b"\n<< 1 / 0 >>", ", line 2: ZeroDivisionError"), (b"<% include 'gone.typ' %>", ", line 1: TemplateNotFound"),
    (b"\xff\xfe", ": not UTF-8: byte 1"),
])  # fmt: skip
@pytest.mark.parametrize("name", ["document.typ", "blocks.typ"])
def test_a_broken_template_is_told_with_its_line(
    bank: Path, tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    (tmp_path / "m" / "typst").mkdir(parents=True)
    (tmp_path / "m" / "typst" / name).write_bytes(content)
    out = tmp_path / "o"
    done = t1gen("generate", bank, "--seed", 1, "--templates", tmp_path / "m", "--out", out, code=2)
    assert f"t1gen: {tmp_path / 'm' / 'typst' / name}{message}" in done.output and not out.exists()


def test_wording_of_ones_own_comes_first(bank: Path, tmp_path: Path) -> None:
    place = tmp_path / "mine" / "text"
    for language, text in (("en", "document: {signature: Your hand}\nask:"), ("de", "document: {name: Vorname}")):
        (place / language).mkdir(parents=True)
        (place / language / "wording.yaml").write_text(text, encoding="utf-8")
    told = ("--seed", 1, "--format", "md", "--templates", tmp_path / "mine", "--out", tmp_path / "o", "--force")
    t1gen("generate", bank, *told)
    text = (tmp_path / "o" / "worksheet.md").read_text()
    assert "Your hand: " in text and "Name: " in text
    done = t1gen("generate", bank, *told, "--language", "de")
    assert "Vorname: " in (tmp_path / "o" / "worksheet.md").read_text() and "in English" in done.output
    t1gen("generate", bank, "--seed", 1, "--format", "md", "--out", tmp_path / "o", "--force")
    assert "Signature: " in (tmp_path / "o" / "worksheet.md").read_text()


@pytest.mark.parametrize(("text", "message"), [
    ("document: [", "not YAML"), ("document: {name: 2024-51-01}", "not YAML"), ("[]", "groups of texts are wanted"),
    ("document: {name: [1]}", "document: name: a text is wanted, not [1]"),
    ("document: {name: }", "document: name: a text is wanted, not None"),
    ("units: {points: '{{ n'}", "units: points: unexpected end of template"),
    ("units: {points: '{{ m }}'}", "units: points: 'm' is undefined"),
    ("units: {points: '{{ 1 / 0 }}'}", "units: points: division by zero"),
    ("ask: {forward: '{{ q.of|mth }}'}", "ask: forward: No filter named 'mth'"),
    ("ask: {forward: '{{ q.to }}'}", "has no attribute 'to'"),
    ("numbers: {plural: abc}", "numbers: plural: pairs of a first and a last number are wanted"),
    ("numbers: {plural: [[1, x]]}", "numbers: plural: pairs of a first and a last number are wanted"),
    ("numbers: {decimal: 5}", "numbers: decimal: a text is wanted, not 5"),
    ("numbers: {separator: ''}", "numbers: separator: a sign is wanted"),
])  # fmt: skip
def test_wording_that_is_broken_is_told_from_its_file(bank: Path, tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "mine" / "text" / "en" / "wording.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    told = ("--seed", 1, "--format", "md", "--templates", tmp_path / "mine", "--out", tmp_path / "o")
    done = t1gen("generate", bank, *told, code=2)
    assert done.output.startswith(f"t1gen: {path}: ") and message in done.output and not (tmp_path / "o").exists()


def test_wording_that_nobody_says_is_told_once(bank: Path, tmp_path: Path) -> None:
    path = tmp_path / "mine" / "text" / "en" / "wording.yaml"
    path.parent.mkdir(parents=True)
    path.write_text("document: {nmae: Alias, page: Leaf}\naks: {forward: x}\nask: {7: x}", encoding="utf-8")
    told = ("--format", "json", "--templates", tmp_path / "mine", "--out", tmp_path / "o")
    (tmp_path / "r.csv").write_text("id\n" + "".join(f"s{i}\n" for i in range(30)), encoding="utf-8")
    said = t1gen("generate", bank, "--students", tmp_path / "r.csv", "--jobs", 2, *told).stderr
    warnings = [line for line in said.splitlines() if "warning" in line]
    assert warnings == [f"t1gen: warning: t1gen has no such text: {path}: {what}" for what in (
        "document: nmae; did you mean 'name'?", "aks; did you mean 'ask'?", "ask: 7")]  # fmt: skip


def test_a_key_of_nobody_has_no_line_for_a_name(bank: Path, tmp_path: Path) -> None:
    t1gen("generate", bank, "--seed", 1, "--out", tmp_path / "o", "--format", "md")
    worksheet, key = ((tmp_path / "o" / name).read_text() for name in ("worksheet.md", "key.md"))
    assert "Name" in worksheet and "Name" not in key


ENGINES = pytest.mark.parametrize("engine", ["typst", pytest.param("pdflatex", marks=needs("pdflatex"))])


def printed(engine: str, folder: Path, *told: object) -> bytes:
    """The worksheet of a test that the command generates, by an engine."""
    t1gen("generate", *told, "--out", folder, "--format", "json")
    return pdf(render(worksheet(files.read(folder / "exam.json", files.Exam)), engine_format(engine)), engine)


@ENGINES
def test_what_fits_below_the_title_block_stands_there(engine: str, tmp_path: Path) -> None:
    first, second, *_ = PdfReader(BytesIO(printed(engine, tmp_path / "o", "modes", "--seed", 11))).pages
    assert "1e" in first.extract_text() and "2a" in second.extract_text()


@ENGINES
def test_a_problem_begins_with_its_first_question(engine: str, tmp_path: Path) -> None:
    data = printed(engine, tmp_path / "o", "t1", "--seed", 42, "--setting", "working")
    pages = [page.extract_text() for page in PdfReader(BytesIO(data)).pages]
    heads = [(number, page) for page in pages for number in re.findall(r"^(\d+)\. [A-Z]", page, re.MULTILINE)]
    assert [int(number) for number, _ in heads] == list(range(1, 11))
    assert all(re.search(rf"\b{number}a\b", page) for number, page in heads)


LONG = "Midterm examination: computational graphs, vector-Jacobian products and reverse-mode automatic differentiation"


@needs("pdftotext")
@ENGINES
@pytest.mark.parametrize("setting", ["normal", "readable", "large"])
def test_a_footer_has_the_whole_variant_and_page_whatever_the_title(
    bank: Path, tmp_path: Path, engine: str, setting: str
) -> None:
    bank.write_text(BANK.replace("Own test", f"'{LONG}'"), encoding="utf-8")
    data = printed(engine, tmp_path / "o", bank, "--seed", 1, "--setting", f"one-column,{setting}")
    done = subprocess.run(["pdftotext", "-f", "2", "-l", "2", "-layout", "-", "-"],
                          input=data, capture_output=True, check=True)  # fmt: skip
    footer = [line for line in done.stdout.decode().splitlines() if line.strip()][-1].split()
    variant = json.loads((tmp_path / "o" / "exam.json").read_text())["variant"]
    assert footer[:2] == ["Variant", variant] and footer[-4:-2] == ["Page", "2"] and footer[-2] == "of"
    cut = " ".join(footer[2:-4]).rstrip(" .\u2026")
    assert LONG.startswith(cut) and bool(cut) == (setting != "large")


def test_room_to_work_in_is_told_from_the_answer(bank: Path, tmp_path: Path) -> None:
    """The answer has its word only beside such room; every language has its own."""
    for name, told in (("en", ("working",)), ("cs", ("working",)), ("none", ("no-working",))):
        language = "cs" if name == "cs" else "en"
        t1gen("generate", bank, "--seed", 1, "--out", tmp_path / name, "--format", "typ,tex,html,md", "--language",
              language, "--setting", *told)  # fmt: skip
    for end in ("typ", "tex", "html"):
        en, cs, none = ((tmp_path / n / f"worksheet.{end}").read_text() for n in ("en", "cs", "none"))
        assert en.count("Answer:") == 2 and cs.count("Odpověď:") == 2 and "Answer:" not in none
        assert "Working" in en and "Postup" in cs and "Working" not in none
