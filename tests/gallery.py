"""`python -m tests.gallery` draws the pictures of docs/gallery anew: what teachers, students and markers see.

Needs pdflatex and pdftoppm. Look at every picture before you commit it: nothing clipped, no blank too small for its
answer, no heading alone at the end of a page.
"""

import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import typst

from t1gen.banks import load
from t1gen.documents.engines import engine_format, pdf
from t1gen.documents.render import render
from t1gen.exam import Heading, Maker, Plan
from t1gen.files import Student
from t1gen.sheets import key_sheet, worksheet

GALLERY = Path(__file__).parents[1] / "docs" / "gallery"


@dataclass(frozen=True)
class Picture:
    """A few pages of one sheet side by side."""

    name: str
    about: str
    sheet: str = "worksheet"
    language: str = "en"
    engine: str = "typst"
    setting: tuple[str, ...] = ()
    pages: tuple[int, ...] = (1, 2)
    attached: bool = False
    bank: str = "t1"


PICTURES = (
    Picture("worksheet", "The standard test: A4, typst", pages=(1, 2, 6)),
    Picture("worksheet-cs", "The same test in Czech: A4, pdflatex", language="cs", engine="pdflatex", pages=(1, 2, 6)),
    Picture("worksheet-letter", "US letter, pdflatex", engine="pdflatex", setting=("letter",), pages=(1, 4, 5)),
    Picture("worksheet-cs-letter", "US letter in Czech, typst", language="cs", setting=("letter",), pages=(1, 4, 5)),
    Picture("large", "Large print (18 pt), typst", setting=("large",), pages=(1, 2, 3)),
    Picture("large-cs", "Large print in Czech on letter, pdflatex", language="cs", engine="pdflatex",
            setting=("large", "letter"), pages=(1, 2, 3)),
    Picture("readable", "For readers with dyslexia: sans serif, wide lines", setting=("readable",), pages=(1, 2)),
    Picture("two-columns", "Two columns", setting=("two-columns",), pages=(1, 2)),
    Picture("working", "Room to work in", setting=("working", "flowing"), pages=(1, 3)),
    Picture("attached", "Values of functions and formulas, where no calculator is allowed", pages=(-2, -1),
            attached=True),
    Picture("key", "The long key: worked steps, marking scheme, common mistakes", sheet="key", pages=(1, 2, -3)),
    Picture("key-cs", "The long key in Czech, pdflatex", sheet="key", language="cs", engine="pdflatex",
            pages=(1, 2, -3)),
    Picture("key-short", "The short key", sheet="key", setting=("short-key",), pages=(1,)),
    Picture("networks", "Backpropagation through networks, the key", sheet="key", bank="networks", pages=(1, 2)),
)  # fmt: skip


def main() -> None:
    """All pictures, or those that are named."""
    for picture in PICTURES:
        if len(sys.argv) == 1 or picture.name in sys.argv[1:]:
            draw(picture)
            print(f"{picture.name}.png")
    lines = [f"## {p.about}\n\n![{p.about}]({p.name}.png)\n" for p in PICTURES]
    text = "# Gallery\n\nPages as they are printed, drawn by `python -m tests.gallery`.\n\n" + "\n".join(lines)
    (GALLERY / "README.md").write_text(text, encoding="utf-8")


def draw(picture: Picture) -> None:
    heading = Heading(course="Deep Learning, winter 2026", setting=picture.setting,
                      calculator=not picture.attached, formulas=picture.attached)  # fmt: skip
    plan = Plan(load(picture.bank), "gallery", "t1-2026", language=picture.language, heading=heading)
    [(exam, key)] = Maker(plan).tests([Student("ada", "Ada Lovelace")])
    document = worksheet(exam) if picture.sheet == "worksheet" else key_sheet(key)
    data = pdf(render(document, engine_format(picture.engine)), picture.engine)
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        (place / "sheet.pdf").write_bytes(data)
        subprocess.run(["pdftoppm", "-r", "75", "-png", "sheet.pdf", "page"], cwd=place, check=True)
        pages = sorted(place.glob("page-*.png"))
        chosen = [pages[n - 1 if n > 0 else n].name for n in picture.pages if n <= len(pages)]
        images = ", ".join(f'box(stroke: 0.4pt + luma(160), image("{n}", height: 20cm))' for n in chosen)
        source = f"#set page(width: auto, height: auto, margin: 4mm)\n#stack(dir: ltr, spacing: 4mm, {images})"
        (place / "all.typ").write_text(source, encoding="utf-8")
        typst.compile(place / "all.typ", output=GALLERY / f"{picture.name}.png", format="png", ppi=84)


if __name__ == "__main__":
    main()
