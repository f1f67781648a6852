"""About how much room blocks take, for formats that cannot measure cheaply before they break pages."""

import math
from dataclasses import dataclass, replace
from functools import singledispatch
from itertools import accumulate

from t1gen.documents.blocks import (
    Answer,
    Appendix,
    Blank,
    Block,
    Code,
    Facts,
    Form,
    Formulas,
    Graph,
    Listing,
    Math,
    Options,
    Paragraph,
    Problem,
    Question,
    Run,
    Scheme,
    Scores,
    Strong,
    Table,
    Text,
    Working,
)
from t1gen.documents.folding import folded
from t1gen.documents.layout import Layout
from t1gen.documents.lettering import breadth, height
from t1gen.documents.rows import pictures
from t1gen.setting import Setting

_LINE = 0.5
_LETTER, _TYPED = 0.178, 0.2
_BOX = 1.2  # what stands before an option
_BESIDE = 3.5  # a question's label and points
_INDENT = 0.6
_HEAD = 0.4  # a problem's title
_APART = 0.25  # rows of a table
_BEGINNING = 0.25  # of a page, at most


@dataclass(frozen=True)
class Frame:
    """How wide the text is, in centimetres of normal print."""

    width: float
    beside: float = _BESIDE

    def inside(self) -> "Frame":
        """The text of a question."""
        return replace(self, width=self.width - self.beside)

    def lines(self, text: Text) -> float:
        """About how high a paragraph is."""
        high = max((_inline(run.latex) for run in text if isinstance(run, Math)), default=0.0)
        return max(_LINE, high) + _LINE * int(self.long(text) / self.width)

    def long(self, text: Text) -> float:
        """About how long a paragraph is on one line."""
        return sum(map(_long, text))


def _long(run: Run) -> float:
    match run:
        case Math(latex):
            return breadth(latex)
        case Code(code):
            return _TYPED * len(code)
        case _:
            return _LETTER * len(run.text)


def _inline(latex: str) -> float:
    """How high a formula is in a line of text, where fractions are small."""
    return 0.56 if "frac{" in latex and r"\begin{" not in latex and r"\left" not in latex else height(latex)


def is_tall(blocks: tuple[Block, ...], setting: Setting, asked: bool) -> bool:
    """Whether blocks take so much of a page that a page may break within; those `asked` stand in a question."""
    most, frame = setting.kept * setting.height, _frame(setting)
    return _high(blocks, setting, frame.inside() if asked else frame, most) > most


def is_high(rows: tuple[Layout, ...], setting: Setting) -> bool:
    """Whether a picture is so high that a page may break between its rows."""
    return sum(row.height * row.scale for row in rows) > 0.5 * setting.height


def beginning(blocks: tuple[Block, ...], setting: Setting) -> float:
    """How much room a question must find where it begins, if pages may break within: its words and what follows."""
    words = next((i for i, block in enumerate(blocks) if not isinstance(block, Paragraph)), len(blocks))
    most = _BEGINNING * setting.height
    return min(most, _high(blocks[: words + 1], setting, _frame(setting).inside(), most))


def needed(problem: Problem, setting: Setting) -> float:
    """How much room a problem must find on the page on which it begins, in centimetres.

    All of it, so that it stays on one page; its opening where it is longer than that, or problems may break. The first
    problem may, for else a page would have a title block alone.
    """
    most = 0.95 if setting.columns == "one-column" else 0.6  # of a column beside a title block, or not
    if setting.breaks == "whole" and problem.number > 1:
        whole = _whole(problem.blocks, setting, setting.height)
        if whole < most * setting.height:
            return whole
    told, _ = lead(problem.blocks)
    if is_tall(told, setting, asked=False):
        return _BEGINNING * setting.height
    return _opening(problem.blocks, setting) if opens(problem.blocks, setting) else _whole(told, setting, math.inf)


def opens(blocks: tuple[Block, ...], setting: Setting) -> bool:
    """Whether no page breaks before the first question: what stands before it may break, or fits a page with it."""
    told, _ = lead(blocks)
    return is_tall(told, setting, asked=False) or _opening(blocks, setting) < 0.95 * setting.height


def lead(blocks: tuple[Block, ...]) -> tuple[tuple[Block, ...], tuple[Block, ...]]:
    """`blocks` before the first question, and the rest."""
    first = next((i for i, block in enumerate(blocks) if isinstance(block, Question)), len(blocks))
    return blocks[:first], blocks[first:]


def _opening(blocks: tuple[Block, ...], setting: Setting) -> float:
    """How high a problem is as far as the first question, or the beginning of one that may break."""
    told, asked = lead(blocks)
    match asked:
        case [Question(blocks=inside), *_] if is_tall(inside, setting, asked=True):
            return _whole(told, setting, math.inf) + beginning(inside, setting)
        case _:
            return _whole((*told, *asked[:1]), setting, math.inf)


def _whole(blocks: tuple[Block, ...], setting: Setting, most: float) -> float:
    """How high a problem is, its title included."""
    return _HEAD * setting.zoom + _high(blocks, setting, _frame(setting), most)


def beside(blocks: tuple[Block, ...], setting: Setting) -> bool:
    """Whether a question is one short line and a low blank, which then stand side by side."""
    return not setting.is_narrow and _is_pair(blocks, _frame(setting).inside())


def _is_pair(blocks: tuple[Block, ...], frame: Frame) -> bool:
    match blocks:
        case (Paragraph(text), Blank("number" | "array", shape)) if len(shape) < 2:
            wide = 4.0 if not shape else 1.2 + 1.7 * shape[0]
            return frame.long(text) + wide < 0.9 * frame.width
        case _:
            return False


def _frame(setting: Setting) -> Frame:
    return Frame(setting.line / setting.zoom, _INDENT if setting.is_narrow else _BESIDE)


def _high(blocks: tuple[Block, ...], setting: Setting, frame: Frame, most: float) -> float:
    """About how high blocks are; once they are higher than `most` no more are looked at."""
    stretch = setting.zoom * (1.08 if setting.spacing > 1.3 else 1)
    high = 0.0
    for block in blocks:
        high += stretch * room(block, frame)
        if high > most:
            break
    return high


def is_title(row: tuple[Text, ...]) -> bool:
    """Whether a row of a table is the title of those below it: all in bold."""
    return all(isinstance(run, Strong) for text in row for run in text)


def on_pages(rows: tuple[tuple[Text, ...], ...], setting: Setting) -> list[tuple[tuple[Text, ...], ...]]:
    """The rows of a table that stand together, on a page or what a title block leaves of one; the last is no title."""
    most, frame, out = 0.7 * setting.height / setting.zoom, _frame(setting), []
    while rows:
        heights = accumulate(_APART + max(map(frame.lines, row)) for row in rows)
        count = max(1, sum(high <= most for high in heights))
        if count < len(rows):
            count = next((n for n in range(count, 0, -1) if not is_title(rows[n - 1])), count)
        out.append(rows[:count])
        rows = rows[count:]
    return out


@singledispatch
def room(block: Block, frame: Frame) -> float:
    """About how high a block is, in centimetres of normal print."""
    raise TypeError(f"no size for {type(block).__name__}")


@room.register
def _(block: Paragraph | Answer, frame: Frame) -> float:
    return (0.5 if isinstance(block, Answer) else 0.17) + frame.lines(block.text)


@room.register
def _(block: Formulas, frame: Frame) -> float:
    return 0.15 + sum(0.27 + height(line.latex) * max(1, len(line.latex) // 200) for line in block.lines)


@room.register
def _(block: Listing, frame: Frame) -> float:
    code = folded(block.lines, frame.width)
    return 0.55 + 0.43 * code.share * len(code.lines)


@room.register
def _(block: Table, frame: Frame) -> float:
    return 1 + sum(0.2 + max(map(frame.lines, row), default=_LINE) for row in block.rows)


@room.register
def _(block: Options, frame: Frame) -> float:
    frame = replace(frame, width=frame.width - _BOX)
    return 0.15 + sum(0.13 + frame.lines(text) for _, text in block.lines)


@room.register
def _(block: Form, frame: Frame) -> float:
    return 1 + 0.85 * (len(block.rows) + 1)


@room.register
def _(block: Scores, frame: Frame) -> float:
    return 2.6


@room.register
def _(block: Working, frame: Frame) -> float:
    return 0.4 + block.height


@room.register
def _(block: Scheme, frame: Frame) -> float:
    rows = ((*value, *words) for value, words in block.rows)
    return 0.4 + 0.85 * sum(frame.lines(text) for text in (block.points, block.title, *rows) if text)


@room.register
def _(block: Facts, frame: Frame) -> float:
    return 0.4 + sum(max(_LINE, sum(room(part, frame) for part in told)) for _, told in block.rows)


@room.register
def _(block: Graph, frame: Frame) -> float:
    return sum(0.5 + drawn.height * drawn.scale for drawn in pictures(block, frame.width))


@room.register
def _(block: Blank, frame: Frame) -> float:
    if block.kind == "graph":
        return 6.7
    if block.kind == "expression":
        return 2.27
    if not _has_cells(block.shape):
        return 3.0
    return 0.55 + 0.85 * block.shape[0] if len(block.shape) == 2 else 1.27


def _has_cells(shape: tuple[int, ...]) -> bool:
    """Whether there is a box for each number of an answer, not one for all."""
    return len(shape) < 3 and all(0 < n <= 8 for n in shape)


@room.register
def _(block: Question, frame: Frame) -> float:
    if _is_pair(block.blocks, frame.inside()) and frame.beside == _BESIDE:
        return 1.45
    points = 0.0 if frame.beside == _BESIDE else 0.65
    return 0.2 + points + sum(room(part, frame.inside()) for part in block.blocks)


@room.register
def _(block: Problem | Appendix, frame: Frame) -> float:
    return 1.2 + sum(room(part, frame) for part in block.blocks)
