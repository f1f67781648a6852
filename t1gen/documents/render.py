"""A document through its format's templates to text. Layout is in `templates/`; here are only the filters."""

import re
import textwrap
from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from pathlib import Path
from traceback import extract_tb
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, TemplateError, TemplateSyntaxError

from t1gen.data import folder
from t1gen.documents import escape
from t1gen.documents.blocks import (
    Block,
    Code,
    Document,
    Formulas,
    Graph,
    Listing,
    Math,
    Paragraph,
    Plain,
    Run,
    Strong,
    Table,
    Text,
    Verdict,
)
from t1gen.documents.folding import folded
from t1gen.documents.formats import FORMATS, Format, fit, is_rigid
from t1gen.documents.lettering import width
from t1gen.documents.qr import path, qr
from t1gen.documents.rows import pictures
from t1gen.documents.size import beginning, beside, is_high, is_tall, is_title, lead, needed, on_pages, opens
from t1gen.documents.telling import arrows, columns, told
from t1gen.errors import MISFITS, EngineError, near

# Delimiters that leave braces free for LaTeX and typst; the same in every format.
_SYNTAX: dict[str, Any] = {
    "block_start_string": "<%",
    "block_end_string": "%>",
    "variable_start_string": "<<",
    "variable_end_string": ">>",
    "comment_start_string": "<#",
    "comment_end_string": "#>",
    "trim_blocks": True,
    "lstrip_blocks": True,
    "keep_trailing_newline": True,
    "autoescape": False,
    "undefined": StrictUndefined,
}
_SHORT = 90
_NARROW, _WIDE = 7.0, 10.0  # centimetres; a question has about 14, and a width is a guess
_PIXELS = 96 / 2.54
_BAR = re.compile(r"\\?\|")
_GAPS = re.compile(r"\n{3,}")


def render(document: Document, format: str, templates: Path | None = None) -> str:
    """`document` in the format `tex`, `typ`, `md`, `html` or `txt`.

    `templates` is a folder whose `latex/`, `typst/`, ... come before t1gen's own, file by file.
    Raises EngineError where the format is unknown or a template is broken.
    """
    if format not in FORMATS:
        allowed = ", ".join(FORMATS)
        raise EngineError(f"format '{format}' is unknown; allowed are {allowed}{near(format, FORMATS)}")
    try:
        text = _main_template(format, templates).render(document=document)
    except (TemplateError, *MISFITS) as error:
        where = _place(error) or f"templates for {format}"
        raise EngineError(f"{type(error).__name__}: {error}", where=where) from error
    return _GAPS.sub("\n\n", text).strip() + "\n"


def _place(error: Exception) -> str:
    """The template and the line that an error comes from, where they are known."""
    if isinstance(error, TemplateSyntaxError):
        return f"{error.filename or error.name}, line {error.lineno}"
    frames = extract_tb(error.__traceback__)
    lines = [frame for frame in frames if Path(frame.filename).suffix.lstrip(".") in (*FORMATS, "css")]
    return f"{lines[-1].filename}, line {lines[-1].lineno}" if lines else ""


class _Loader(FileSystemLoader):
    """Tells which template is no text."""

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        try:
            return super().get_source(environment, template)
        except UnicodeDecodeError as error:
            path = next(path for place in self.searchpath if (path := Path(place, template)).is_file())
            raise EngineError(f"not UTF-8: byte {error.start + 1} cannot be read", where=str(path)) from error


@cache
def _main_template(format: str, templates: Path | None) -> Template:
    own = FORMATS[format].folder
    roots = ([templates] if templates else []) + [folder("templates")]
    environment = Environment(loader=_Loader([root / own for root in roots]), **_SYNTAX)
    environment.filters.update(_filters(FORMATS[format]))
    return environment.get_template(f"document.{format}")


def _filters(format: Format) -> dict[str, Any]:
    @lru_cache(maxsize=16384)
    def text(runs: Text) -> str:
        return "".join(_run(format, run) for run in runs)

    return {
        "text": text,
        "plain": format.plain,
        "math": format.math,
        "formula": format.formula,
        "verbatim": format.verbatim,
        "spoken": spoken,
        "kind": lambda block: type(block).__name__,
        "pictures": pictures,
        "lead": lead,
        "staying": staying,
        "is_high": is_high,
        "is_tall": is_tall,
        "needed": needed,
        "opens": opens,
        "beginning": beginning,
        "beside": beside,
        "qr": qr,
        "path": path,
        "line_kind": line_kind,
        "cm": lambda number: f"{number:.3f}",
        "spot": _spot,
        "spots": lambda points: f"({', '.join(map(_spot, points))},)",
        "px": px,
        "point": lambda point: f"{px(point.x)} {px(point.y)}",
        "fit": fit,
        "folded": folded,
        "css": escape.css,
        "arrows": arrows,
        "wrap": wrap,
        "told": told,
        "in_table": in_table,
        "is_title": is_title,
        "on_pages": on_pages,
        "columns": lambda table: columns([[text(cell) for cell in row] for row in _rows(table)]),
        "form_columns": lambda form: columns(
            [["____" if cell is None else text(cell) for cell in row] for row in (form.header, *form.rows)]
        ),
    }


def _spot(numbers: Iterable[float]) -> str:
    """Where a point or a box is, in centimetres."""
    return f"({', '.join([f'{number:.3f}' for number in numbers])})"


def _run(format: Format, run: Run) -> str:
    match run:
        case Plain(text):
            return format.plain(text)
        case Math():
            return format.math(run)
        case Code(text):
            return format.code(text)
        case Strong(text):
            return format.strong(text)
        case Verdict():
            return format.verdict(run)


def staying(blocks: tuple[Block, ...]) -> list[tuple[Block, bool]]:
    """Each block, and whether it is a sentence that tells of the next, so that no page breaks between them."""
    shown = Formulas, Graph, Listing, Table
    pairs = zip(blocks, (*blocks[1:], None), strict=False)
    return [(block, isinstance(block, Paragraph) and isinstance(after, shown)) for block, after in pairs]


def line_kind(math: Math) -> str:
    """What a formula needs at the margin: `plain` is short, `flowing` may break, `fitted` shrinks."""
    rigid = is_rigid(math.latex)
    if len(math.latex) <= _SHORT or width(math.latex) <= (_NARROW if rigid else _WIDE):
        return "plain"
    return "fitted" if rigid else "flowing"


def px(length: float) -> str:
    """Centimetres as the pixels of a browser."""
    return f"{length * _PIXELS:.1f}"


def in_table(markdown: str) -> str:
    """`markdown` for a cell of a table, which a bare `|` would end."""
    return _BAR.sub(r"\\|", markdown)


def _rows(table: Table) -> list[tuple[Text, ...]]:
    return [row for row in (table.header, *table.rows) if row]


def spoken(runs: Text) -> str:
    """`runs` as bare text, for a file's metadata."""
    return "".join(run.plain if isinstance(run, Math) else run.text for run in runs)


def wrap(text: str, indent: int = 0, width: int = 96) -> str:
    """`text` broken into lines of at most `width`, every line but the first indented."""
    return textwrap.fill(text, width, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False)
