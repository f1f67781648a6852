"""HTML: well formed, complete, and nothing that a person typed is markup."""

from pathlib import Path

import html5lib
import pytest
from document_sample import HOSTILE, document

from t1gen.banks import available, load
from t1gen.documents.formats import FORMATS
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
