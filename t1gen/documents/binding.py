"""Many PDFs as one for the copy shop."""

from collections.abc import Sequence
from io import BytesIO


def bound(parts: Sequence[tuple[str, bytes]]) -> bytes:
    """The PDFs one after the other, each with its name as a bookmark and beginning on the front of a sheet.

    A blank page follows one with an odd number of pages, so that printing on both sides mixes no two of them.
    """
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter()
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
