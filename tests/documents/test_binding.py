"""One PDF for the copy shop: everything in order, every test on a sheet of its own, twice the same."""

from io import BytesIO

from pypdf import PdfReader

from t1gen.documents.binding import bound
from t1gen.documents.engines import pdf

ABOUT = '#set document(title: "Ťest", author: "A. Uthor")\n#set text(lang: "cs")\n'


def pages(*texts: str) -> bytes:
    return pdf("#pagebreak()".join(f'#set document(title: "x")\n{text}' for text in texts), "typst")


def test_every_part_begins_on_the_front_of_a_sheet() -> None:
    parts = [("Ada", pages("a1", "a2", "a3")), ("Bob", pages("b1", "b2")), ("Žofie <&>", pages("c1"))]
    whole = PdfReader(BytesIO(bound(parts)))
    assert [page.extract_text().strip() for page in whole.pages] == ["a1", "a2", "a3", "", "b1", "b2", "c1", ""]
    assert [item["/Title"] for item in whole.outline] == ["Ada", "Bob", "Žofie <&>"]
    assert [whole.get_destination_page_number(item) for item in whole.outline] == [0, 4, 6]
    assert {tuple(page.mediabox) for page in whole.pages} == {tuple(whole.pages[0].mediabox)}


def test_twice_the_same_bytes() -> None:
    parts = [("Ada", pages("a")), ("Bob", pages("b"))]
    assert bound(parts) == bound(parts)


def test_title_author_and_language_are_those_of_the_first() -> None:
    whole = PdfReader(BytesIO(bound([("Ada", pdf(f"{ABOUT}a", "typst")), ("Bob", pages("b"))])))
    assert whole.metadata is not None and (whole.metadata.title, whole.metadata.author) == ("Ťest", "A. Uthor")
    assert whole.root_object["/Lang"] == "cs"
    nameless = PdfReader(BytesIO(bound([("Bob", pages("b"))])))
    assert nameless.metadata is not None and (nameless.metadata.title, nameless.metadata.author) == ("x", None)
