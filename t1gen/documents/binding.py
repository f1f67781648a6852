"""Many PDFs as one for the copy shop."""

from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pypdf import PdfReader, PdfWriter


def bound(parts: Sequence[tuple[str, bytes]]) -> bytes:
    """The PDFs one after the other, each with its name as a bookmark and beginning on the front of a sheet.

    A blank page follows one with an odd number of pages, so that printing on both sides mixes no two of them. Title,
    author and language are those of the first.
    """
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter()
    _name_as(writer, PdfReader(BytesIO(parts[0][1])))
    for name, pdf in parts:
        reader = PdfReader(BytesIO(pdf))
        first = len(writer.pages)
        writer.append(reader, import_outline=False)
        writer.add_outline_item(title=name, page_number=first)
        if len(reader.pages) % 2:
            writer.add_blank_page()
    writer.compress_identical_objects()
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def _name_as(writer: "PdfWriter", first: "PdfReader") -> None:
    """Give what is written the title, the author and the language of a PDF."""
    from pypdf.generic import NameObject, TextStringObject

    about = first.metadata
    told = {"/Title": about and about.title, "/Author": about and about.author}
    writer.add_metadata({name: text for name, text in told.items() if text})
    if language := first.root_object.get("/Lang"):
        writer.root_object[NameObject("/Lang")] = TextStringObject(language)
