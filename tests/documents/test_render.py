import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from document_sample import HOSTILE, document
from hypothesis import given
from hypothesis import strategies as st

from t1gen.documents import escape
from t1gen.documents.blocks import Block, Listing, Math, Paragraph, Plain, Strong, Text
from t1gen.documents.formats import FORMATS, _converted, typst_math
from t1gen.documents.render import render
from t1gen.errors import EngineError

KINDS = ["worksheet", "key"]


def words(text: Text) -> list[str]:
    return [run.text for run in text if isinstance(run, Plain | Strong)]


def written(block: Block) -> list[str]:
    """Every piece of plain text in a block."""
    match block:
        case Paragraph(text):
            return words(text)
        case Listing(lines):
            return list(lines)
        case _:
            inner = getattr(block, "blocks", ())
            heads = [
                getattr(block, name)
                for name in ("label", "points")
                if isinstance(getattr(block, name, 0), str)
            ]
            return heads + [text for child in inner for text in written(child)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("format", FORMATS)
def test_every_format_holds_all_text(format, kind):
    sheet = document(kind)
    text = render(sheet, format)
    markup = FORMATS[format]
    for block in sheet.blocks:
        for piece in written(block):
            spellings = (markup.plain(piece), markup.plain(piece).strip(), markup.verbatim(piece))
            assert any(spelling in text for spelling in spellings), piece


@pytest.mark.parametrize("format", FORMATS)
def test_rendering_twice_gives_the_same_text(format):
    assert render(document(), format) == render(document(), format)


def test_another_hash_seed_gives_the_same_text():
    script = (
        "from document_sample import document; from t1gen.documents.render import render\n"
        "import hashlib; print(hashlib.sha256(''.join(render(document(k), f) for k in ('key', 'worksheet') "
        "for f in ('tex', 'typ', 'md', 'txt')).encode()).hexdigest())"
    )
    here = Path(__file__).parent
    paths = f"{here}{os.pathsep}{here.parents[1]}"
    found = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": paths},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in "012"
    }
    assert len(found) == 1


def test_unknown_format_is_named():
    with pytest.raises(EngineError, match="format 'tx' is unknown"):
        render(document(), "tx")


def test_own_templates_come_first(tmp_path):
    (tmp_path / "terminal").mkdir()
    (tmp_path / "terminal" / "document.txt").write_text("<< document.variant >>!", encoding="utf-8")
    assert render(document(), "txt", tmp_path) == "K7QF-93XD!\n"
    assert render(document(), "md", tmp_path) == render(document(), "md")


def test_broken_template_is_an_engine_error(tmp_path):
    (tmp_path / "terminal").mkdir()
    (tmp_path / "terminal" / "document.txt").write_text("<< document.nothing >>", encoding="utf-8")
    with pytest.raises(EngineError, match="nothing"):
        render(document(), "txt", tmp_path)


def test_control_characters_are_dropped():
    name = "a\x1b[31mb\x00c\u202ed\ne\ud800"
    assert escape.clean(name) == "a[31mbcd e"
    assert "\x1b" not in render(document(name=name), "txt")


def test_words_default_and_are_taken_from_the_document():
    sheet = replace(document("key"), words={"key": "Řešení", "page": "Strana"})
    assert "Řešení" in render(sheet, "md")
    assert "Strana" in render(sheet, "typ")
    assert "Key" in render(document("key"), "tex")


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a_b", r"a\_b"),
        ("1. x", r"1\. x"),
        ("- x", r"\- x"),
        ("x-1.5", "x-1.5"),
        ("<b>", r"\<b\>"),
        ("# a", r"\# a"),
    ],
)
def test_markdown_escapes(text, written):
    assert escape.markdown(text) == written


def test_markdown_code_outfences_backticks():
    assert escape.markdown_code("a``b`") == "``` a``b` ```"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a--b", r"a-\nolig{}-b"),
        ("50%", r"50\%"),
        ("ễ", r"\~{ê}"),
        ("ș", "ș"),
        ("\\", r"\textbackslash{}"),
    ],
)
def test_tex_escapes(text, written):
    assert escape.tex(text) == written


def test_typst_text_is_a_string_literal():
    assert escape.typst('a"#\\') == '"a\\"#\\\\"'


def test_terminal_prints_a_name_as_it_is():
    assert HOSTILE in render(document(name=HOSTILE), "txt")


def test_bars_around_a_list_are_no_accent_in_typst() -> None:
    assert typst_math(r"\lvert (-1,\; 2) \rvert").startswith("bar.v (")


@pytest.mark.parametrize("latex", [r"\text{#(7*7)}", r"\text{a#b}", r"\text{#read(\"x\")}", r"\#(7*7)", r"\mathrm{#x}",
                                   r"\text{a $#x$ b}", r"\texttt{a`#(7*7)`}", r"\color{*/ #(7*7) /*}"])  # fmt: skip
def test_nothing_in_a_formula_is_code_in_typst(latex: str) -> None:
    """Every # is one that prints, and no other stands there but in a text's quotes."""
    assert "#" not in re.sub(r'"[^"]*"|#text\[', "", typst_math(latex))


@pytest.mark.parametrize("latex", [r"\href{x}{y}", r"\includegraphics{x}", r"\hspace{read(1)}",
                                   r"\textcolor{eval(1)}{x}"])  # fmt: skip
def test_what_typst_would_run_is_refused(latex: str) -> None:
    with pytest.raises(EngineError, match="write it otherwise"):
        typst_math(latex)


def test_a_text_in_a_formula_prints_as_it_is() -> None:
    assert typst_math(r"1 \text{ if } x > 0") == '1 " if " x > 0'
    assert typst_math(r"\text{a_1 \"*b*\"}") != typst_math(r"\text{a_1 *b*}") == '"a_1 *b*"'


NUMBERS = st.from_regex(r"[0-9]{1,3}([.][0-9]{1,2}|[{],[}][0-9]{1,2})?", fullmatch=True)
PARTS = ("{}", "-{}", r"x_{{{}}}^{{{}}}", r"x^{{{}}}_{{{}}}", r"\frac{{{}}}{{{}}}", r"\frac{}{}", r"\sqrt[{}]{{{}}}",
         r"\overset{{{}}}{{{}}}", r"({},\; {})", r"\begin{{bmatrix}} {} & {} \\ {} & {} \end{{bmatrix}}",
         r"\mathbf{{{}}}", r"{} \cdot 10^{{{}}}", r"\mathbb{{R}}^{{{} \times {}}}")  # fmt: skip


@given(st.lists(st.tuples(st.sampled_from(PARTS), st.tuples(*[NUMBERS] * 4)), min_size=1, max_size=8))
def test_a_formula_with_other_numbers_is_converted_like_the_first(parts: list[tuple[str, tuple[str, ...]]]) -> None:
    latex = "x = " + " + ".join(part.format(*numbers) for part, numbers in parts)
    assert typst_math(latex) == _converted(latex)


@pytest.mark.parametrize(("latex", "tex", "typ"), [
    (r"t = (-1,\; -1,\; -1)", r"\whole{t = (-1,\; -1,\; -1)}", "#whole[#m("),
    (r"\log(x z) = \log x + \log z", r"\whole{\log(x z) = \log x + \log z}", "#whole[#m("),
    ("-1", "$-1$", "#m("),
    ("w = (" + r",\; ".join(["1.25"] * 12) + ")", r"$w =\nobreak (1.25,\; 1.25", '#m("w", $w =$);~#m('),
])  # fmt: skip
def test_a_short_formula_is_not_broken(latex: str, tex: str, typ: str) -> None:
    """Nor is a list of numbers parted from its name."""
    math = Math(latex, latex.partition(" =")[0])
    assert FORMATS["tex"].math(math).startswith(tex)
    assert FORMATS["typ"].math(math).startswith(typ)
