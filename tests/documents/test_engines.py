import os
import re
import shutil
import subprocess
import unicodedata
from dataclasses import replace

import pytest
from document_sample import HOSTILE, document

from t1gen.documents.engines import ENGINES, _warn_of, engine_format, pdf
from t1gen.documents.render import render
from t1gen.errors import EngineError, LettersWarning


def needs(program: str):
    """Skipped where `program` is missing; in CI it must be there."""
    return pytest.mark.skipif(not shutil.which(program) and not os.environ.get("CI"), reason=f"no {program}")


HERE = [
    "typst",
    pytest.param("pdflatex", marks=needs("pdflatex")),
    pytest.param("lualatex", marks=needs("lualatex")),
]


def printed(sheet, engine: str) -> bytes:
    return pdf(render(sheet, engine_format(engine)), engine)


def read(data: bytes) -> str:
    """The text of a PDF."""
    done = subprocess.run(["pdftotext", "-raw", "-", "-"], input=data, capture_output=True, check=True)
    return solid(done.stdout.decode())


def solid(text: str) -> str:
    """`text` composed and without spaces, for lines break anywhere."""
    return re.sub(r"\s", "", unicodedata.normalize("NFC", text))


@pytest.mark.parametrize("kind", ["worksheet", "key"])
@pytest.mark.parametrize("engine", HERE)
def test_every_block_prints_and_twice_the_same(engine, kind):
    sheet = document(kind)
    data = printed(sheet, engine)
    assert data.startswith(b"%PDF")
    assert printed(sheet, engine) == data


@needs("pdftotext")
@pytest.mark.parametrize(
    "name", [HOSTILE, "Žofie Ďábelská ŁÓDŹ Nguyễn", "=1. ?` << >> --- '' ``", '#read("x") $(1)$ *b* //']
)
@pytest.mark.parametrize("engine", HERE)
def test_a_name_prints_as_itself(engine, name):
    assert solid(name) in read(printed(document(name=name), engine))


@needs("pdftotext")
@pytest.mark.parametrize("engine", HERE)
def test_variant_and_page_total_are_on_every_page(engine):
    text = read(printed(document(), engine))
    total = int(re.search(r"Page1of(\d)", text)[1])
    assert total > 1
    assert all(f"Page{page}of{total}" in text for page in range(1, total + 1))
    assert text.count("K7QF-93XD") == total + 1, "at the foot of every page, and below the QR code"


@pytest.mark.filterwarnings("ignore::t1gen.errors.LettersWarning")
@pytest.mark.parametrize("engine", HERE)
def test_signs_without_a_glyph_harm_nothing(engine):
    assert printed(document(name="αβΩ Ольга 王小明 🎉 x² ½ € “q” …"), engine)


@pytest.mark.parametrize("engine", HERE)
def test_letters_that_no_font_has_are_told(engine):
    _warn_of.cache_clear()
    with pytest.warns(LettersWarning, match="no font here has 𓀀; look at the PDFs"):
        assert printed(document(name="𓀀"), engine)


@needs("pdftotext")
@needs("pdflatex")
@pytest.mark.filterwarnings("ignore::t1gen.errors.LettersWarning")
def test_pdflatex_prints_a_question_mark_for_what_it_lacks():
    assert "α?????." in read(printed(document(name="αОльга."), "pdflatex"))


@needs("pdflatex")
@pytest.mark.parametrize("kind", ["worksheet", "key"])
def test_no_box_is_overfull_by_a_centimetre(kind, tmp_path):
    (tmp_path / "sheet.tex").write_text(render(document(kind), "tex"), encoding="utf-8")
    subprocess.run(
        ["pdflatex", "-interaction=batchmode", "sheet.tex"], cwd=tmp_path, check=True, capture_output=True
    )
    log = (tmp_path / "sheet.log").read_text(encoding="utf-8", errors="replace")
    assert not [over for over in re.findall(r"Overfull \\[hv]box \(([\d.]+)pt", log) if float(over) > 28.4]


def test_missing_engine_offers_typst(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(EngineError, match="lualatex is not installed.*--engine typst needs nothing"):
        pdf("", "lualatex")


def test_unknown_engine_is_named():
    with pytest.raises(EngineError, match="engine 'typest' is unknown.*did you mean 'typst'"):
        engine_format("typest")
    assert [engine_format(engine) for engine in ENGINES] == ["typ", "tex", "tex", "tex"]


def test_typst_error_is_an_engine_error():
    with pytest.raises(EngineError, match="unknown variable: nothing"):
        pdf("#nothing", "typst")


def test_typst_error_shows_the_line():
    with pytest.raises(EngineError, match=r":2:\d(.|\n)*#nothing"):
        pdf('"a"\n#nothing', "typst")


@needs("pdftotext")
def test_typst_source_prints_as_it_stands():
    assert read(pdf('a "b" \\# #"c\\"\\\\"', "typst")) == 'a“b”#c"\\'


def test_styles_of_a_whole_typst_sheet_are_the_same_for_every_sheet():
    one, other = (render(replace(document(), variant=variant), "typ") for variant in ("K7QF-93XD", "AAAA-0000"))
    styles = one.partition("// What differs from sheet to sheet")
    assert styles[1] and other.startswith(styles[0])


def test_typst_reads_no_file():
    with pytest.raises(EngineError):
        pdf('#read("/etc/passwd")', "typst")


@needs("pdflatex")
def test_tex_error_tells_the_first_error_and_its_line():
    with pytest.raises(EngineError, match=r"pdflatex: ! Undefined control sequence\. l\.2 .*nothing"):
        pdf("\\documentclass{article}\\begin{document}\n\\nothing\n\\end{document}", "pdflatex")


@pytest.mark.parametrize(("engine", "line"), [
    pytest.param("pdflatex", r"\usepackage{tgheros-gone}", marks=needs("pdflatex")),
    pytest.param("lualatex", r"\usepackage{fontspec}\setmainfont{texgyreheros-gone.otf}", marks=needs("lualatex")),
])  # fmt: skip
def test_fonts_that_are_missing_are_told_with_their_package(engine, line):
    with pytest.raises(EngineError, match="install the TeX Gyre fonts .*tex-gyre.*--engine typst"):
        pdf(f"\\documentclass{{article}}{line}\\begin{{document}}x\\end{{document}}", engine)


@needs("pdflatex")
def test_tex_reads_no_file_outside_and_runs_nothing():
    for body in (
        r"\input{/etc/passwd}",
        r"\immediate\write18{touch /tmp/t1gen-was-here}\input{made-by-shell}",
    ):
        with pytest.raises(EngineError):
            pdf(rf"\documentclass{{article}}\begin{{document}}{body}\end{{document}}", "pdflatex")
