"""About how much room blocks take, for formats that cannot measure cheaply before they break pages."""

from functools import singledispatch

from t1gen.documents.blocks import (
    Answer,
    Blank,
    Block,
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
    Table,
    Text,
)
from t1gen.documents.layout import height, layout

TALL = 15.0
_LINE = 0.6


def is_tall(blocks: tuple[Block, ...]) -> bool:
    """Whether blocks may take over half a page, so that a page may break within."""
    return sum(map(room, blocks)) > TALL


@singledispatch
def room(block: Block) -> float:
    """About how high a block is, in centimetres."""
    raise TypeError(f"no size for {type(block).__name__}")


@room.register
def _(block: Paragraph | Answer) -> float:
    return 0.4 + _lines(block.text)


@room.register
def _(block: Formulas) -> float:
    return 0.4 + sum(_LINE + height(line.latex) * max(1, len(line.latex) // 200) for line in block.lines)


@room.register
def _(block: Listing) -> float:
    return 1 + _LINE * len(block.lines)


@room.register
def _(block: Table) -> float:
    return 1 + sum(max(map(_lines, row), default=_LINE) for row in block.rows)


@room.register
def _(block: Options) -> float:
    return 0.4 + sum(0.15 + _lines(text) for _, text in block.lines)


@room.register
def _(block: Form) -> float:
    return 1 + 0.85 * (len(block.rows) + 1)


@room.register
def _(block: Facts) -> float:
    return 0.4 + sum(max(_LINE, sum(map(room, told))) for _, told in block.rows)


@room.register
def _(block: Graph) -> float:
    return 0.8 + layout(block).height


@room.register
def _(block: Blank) -> float:
    return 7.0 if block.kind == "graph" else 1.0 + (0.85 * min(block.shape[0], 8) if block.shape else 0)


@room.register
def _(block: Question | Problem) -> float:
    return 0.4 + sum(map(room, block.blocks))


def _lines(text: Text) -> float:
    letters = sum(len(run.plain if isinstance(run, Math) else run.text) for run in text)
    high = max((height(run.latex) for run in text if isinstance(run, Math)), default=_LINE)
    return max(_LINE, high) * (1 + letters // 80)
