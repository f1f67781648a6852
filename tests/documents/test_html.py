"""HTML: well formed, complete, and nothing that a person typed is markup."""

from dataclasses import replace
from pathlib import Path

import html5lib
import pytest
from document_sample import HOSTILE, document, m, t

from t1gen.banks import available, load
from t1gen.documents import mathml
from t1gen.documents.blocks import Facts, Form, Formulas, Listing, Math, Options, Paragraph, Table, Verdict
from t1gen.documents.folding import folded
from t1gen.documents.formats import FORMATS, SIGNS
from t1gen.documents.render import render
from t1gen.exam import Maker, Plan
from t1gen.files import Student
from t1gen.sheets import key_sheet, worksheet

STRICT = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)


def parsed(text: str):
    """The tree of a page; an unclosed or misplaced element is an error."""
    return STRICT.parse(text)


@pytest.mark.parametrize("kind", ["worksheet", "key", "feedback"])
def test_every_block_is_well_formed(kind):
    tree = parsed(render(document(kind), "html"))
    assert tree.get("lang") and tree.find(".//title").text
    assert [h.tag for h in tree.iter() if h.tag in ("h1", "h2", "h3")][:2] == ["h1", "h2"]


ANSWERED = (
    Options((("a", t(HOSTILE)), ("b", t(m("x"))))),
    Options((("a", t("first")),), right=("a",)),
    Options((("a", t("first")),), boxes=False),
    Form((t("quantity"), t("value")), ((t(m("z")), None), (t(m("p")), t("0.5")))),
    Facts(
        (
            (t("Your answer"), (Listing((HOSTILE, "")), Paragraph(t(HOSTILE)), Table((t("a"),), ((t(m("z")),),)))),
            (t("Expected"), (Formulas((m("z = 1"),)),)),
            (t("Verdict"), tuple(Paragraph((Verdict(kind, f"{HOSTILE} {kind}"),)) for kind in SIGNS)),
        )
    ),
)


TOLD = 13.4
"""How wide the second column of facts is, in centimetres."""


@pytest.mark.parametrize("format", FORMATS)
def test_what_is_told_of_answers_is_there_in_every_format(format):
    text = render(replace(document("feedback"), blocks=ANSWERED), format)
    assert all(kind in text for kind in SIGNS)
    code = folded((HOSTILE,), TOLD).lines if format in ("tex", "typ") else (HOSTILE,)
    assert "Feedback" in text and all(FORMATS[format].verbatim(line) in text for line in code)
    if format == "html":
        tree = parsed(text)
        assert not list(tree.iter("script"))
        shown = ["".join(part.itertext()) for part in tree.iter("span") if "verdict" in part.get("class", "")]
        assert shown == [f"{sign} {HOSTILE} {kind}" for kind, sign in SIGNS.items()]


def test_what_a_person_typed_is_text():
    text = render(document(name=HOSTILE), "html")
    tree = parsed(text)
    assert HOSTILE.split()[0] in "".join(tree.itertext())
    assert not list(tree.iter("script")) and "<script" not in text


def test_a_page_loads_nothing_and_runs_nothing():
    text = render(document("key"), "html")
    assert not any(word in text for word in ("src=", "<link", "@import", "url(", "onload", "javascript:"))


@pytest.mark.parametrize("bank", sorted(available()))
def test_the_sheets_of_every_bank_are_well_formed_with_their_mathematics(bank):
    """No formula falls back to its plain spelling, and none has an error in it."""
    [(exam, key)] = Maker(Plan(load(bank), "html", "html")).tests([Student("ada", HOSTILE)])
    for sheet in (worksheet(exam), key_sheet(key)):
        tree = parsed(render(sheet, "html"))
        assert list(tree.iter("{http://www.w3.org/1998/Math/MathML}math")) or list(tree.iter("math"))
        assert not list(tree.iter("merror"))
        assert HOSTILE.split()[0] in "".join(tree.itertext())


def test_every_format_has_its_templates():
    root = Path(__file__).parents[2] / "templates"
    for name, format in FORMATS.items():
        assert (root / format.folder / f"document.{name}").is_file()


def shown(latex: str, plain: str = "plain") -> str:
    return mathml.inline(Math(latex, plain))


@pytest.mark.parametrize(
    ("latex", "within"),
    [
        ("-1", "<mo>\u2212</mo><mn>1</mn>"),
        ("(2, -1)", '<mo>,</mo><mo form="prefix">\u2212</mo><mn>1</mn>'),
        (r"\operatorname{hard\_step}(x)", "<mtext>hard_step</mtext>"),
        (r"\log p", '<mi>log</mi><mspace width="0.167em" /><mi>p</mi>'),
        (r"\mathbf{1}", '<mn style="font-weight: bold">1</mn>'),
        (r"\mathit{out}", '<mtext style="font-style: italic">out</mtext>'),
        (r"\left(x\right)", '<mo stretchy="false" form="prefix">(</mo>'),
        (r"\left(\frac{a}{b}\right)", '<mo stretchy="true" form="prefix">(</mo>'),
        (r"\begin{bmatrix} 1 & 2 \end{bmatrix}", '<mo form="prefix" stretchy="true">[</mo><mtable>'),
        (r"\lvert x \rvert", '<mo stretchy="false" form="prefix">|</mo>'),
        (r"v^{\!\top}", "<mo>\u22a4</mo>"),
        (r"e^{-0.75} = 0.472", "<mn>0.75</mn>"),
        (r"\frac{a}{2} + x_{12}", "<mn>12</mn>"),
    ],
)
def test_mathematics_reads_as_in_latex(latex, within):
    assert within in shown(latex)


@pytest.mark.parametrize("latex", [r"\unknown{x}", "{", r"\left(x"])
def test_mathematics_that_cannot_be_read_is_told_plainly(latex):
    assert shown(latex, "<b> & x") == "<code>&lt;b&gt; &amp; x</code>"


@pytest.mark.parametrize("latex", [r"\href{javascript:alert(1)}{x}", r"\style{position:fixed}{x}", r"\color{red}{x}"])
def test_mathematics_brings_no_links_or_styles(latex):
    assert not any(word in shown(latex) for word in ("href", "style=", "color", "javascript"))


def test_text_in_mathematics_is_text():
    assert shown(r"\text{<script>alert(1)</script>}").count("<script") == 0
    assert shown("a < b") == "<math><mrow><mi>a</mi><mo>&lt;</mo><mi>b</mi></mrow></math>"


def test_long_formulas_may_break_at_their_signs():
    long = "y = " + " + ".join(rf"\frac{{a_{{{i}}}}}{{b}}" for i in range(40))
    assert len(mathml.pieces(long)) == 41
    assert len(mathml.pieces("(" + ", ".join(f"-{i}.125" for i in range(40)) + ")")) == 40
    assert mathml.pieces("z = 1") == ("z = 1",)


@pytest.mark.parametrize("numbers", [("0.5", "12"), ("3", "3"), ("970001", "2"), ("1e", "5.1e-06")])
def test_formulas_that_differ_in_their_numbers_keep_them(numbers):
    for number in numbers:
        shown_text = "".join(html5lib.parseFragment(shown(f"z = {number} + 1")).itertext())
        assert shown_text == f"z={number}+1".replace("-", "\u2212")


def test_a_style_sheet_is_not_left_by_a_variant():
    text = render(replace(document(), variant='</style><script>"\\'), "html")
    assert text.count("</style>") == 1 and not list(parsed(text).iter("script"))
