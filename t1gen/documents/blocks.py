"""What a document is made of: every format is fed these same blocks.

Text is a tuple of runs, so that a student's name can never be read as markup: `Plain` is escaped by each
format, `Math` is LaTeX (converted for typst and HTML) with its NumPy spelling beside it for plain terminals,
`Code` is monospaced, `Strong` is bold, `Verdict` is a sign with words.
"""

from dataclasses import dataclass, field

from t1gen.setting import USUAL, Setting


@dataclass(frozen=True)
class Plain:
    text: str


@dataclass(frozen=True)
class Math:
    latex: str
    plain: str


@dataclass(frozen=True)
class Code:
    text: str


@dataclass(frozen=True)
class Strong:
    text: str


@dataclass(frozen=True)
class Verdict:
    """How an answer was marked, in words; its `kind` (a verdict of reports, person or void) gives the sign."""

    kind: str
    text: str


Run = Plain | Math | Code | Strong | Verdict
Text = tuple[Run, ...]


@dataclass(frozen=True)
class Paragraph:
    text: Text


@dataclass(frozen=True)
class Formulas:
    """Displayed mathematics, one formula a line."""

    lines: tuple[Math, ...]


@dataclass(frozen=True)
class Listing:
    """Code, line by line."""

    lines: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    header: tuple[Text, ...]
    rows: tuple[tuple[Text, ...], ...]


@dataclass(frozen=True)
class Node:
    """A node of a graph picture; `kind` is input, operation, output or stub (where an edge goes on in another row).

    `below` stands below the line that all its edges share, where it has several: its whole gradient.
    """

    id: int
    label: Math
    kind: str
    below: Math | None = None


@dataclass(frozen=True)
class Edge:
    """An arrow from node to node that carries a variable: its name (or None), its value, and, below, its gradient.

    `blank` is the shape of what is to be filled in: a box beside the name, and one below.
    """

    source: int
    target: int
    label: Math | None = None
    below: Math | None = None
    value: Math | None = None
    blank: tuple[int, ...] | None = None

    @property
    def above(self) -> Math | None:
        """z = -1: the name and the value."""
        if self.label is None or self.value is None:
            return self.label or self.value
        return Math(f"{self.label.latex} = {self.value.latex}", f"{self.label.plain} = {self.value.plain}")


@dataclass(frozen=True)
class Graph:
    """A computational graph, drawn left to right."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


@dataclass(frozen=True)
class Blank:
    """Room for an answer: `kind` is number, array, expression, graph or order; `shape` that of the answer.

    `label` stands before it, with its own sign: `z =`.
    """

    kind: str
    shape: tuple[int, ...] = ()
    label: Text = ()


@dataclass(frozen=True)
class Options:
    """What can be picked or ordered: (id, text) a line; to pick, each has a box, and ids in `right` are ticked."""

    lines: tuple[tuple[str, Text], ...]
    right: tuple[str, ...] = ()
    boxes: bool = True


@dataclass(frozen=True)
class Form:
    """A table to fill in: a cell of None is room for a number."""

    header: tuple[Text, ...]
    rows: tuple[tuple[Text | None, ...], ...]


@dataclass(frozen=True)
class Scores:
    """The points of every problem and their sum, with room for what was earned: a column each of name and points.

    `names` are what the rows say of themselves: problem, points, earned.
    """

    names: tuple[str, str, str]
    columns: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Working:
    """Room to work in, `height` centimetres of it."""

    height: float


@dataclass(frozen=True)
class Appendix:
    """A sheet after the problems, on a page of its own."""

    title: Text
    blocks: tuple["Block", ...]


@dataclass(frozen=True)
class Facts:
    """What is to be said of an answer: a name and blocks a row."""

    rows: tuple[tuple[Text, tuple["Block", ...]], ...]


@dataclass(frozen=True)
class Answer:
    """The right answer, in a key."""

    text: Text


@dataclass(frozen=True)
class Scheme:
    """How an answer is marked, in a key: what its parts are worth, and under `title` wrong values, each with words."""

    points: Text
    title: Text
    rows: tuple[tuple[Text, Text], ...]


@dataclass(frozen=True)
class Question:
    """One question: its label (1a), points as printed, and blocks."""

    label: str
    points: str
    blocks: tuple["Block", ...]


@dataclass(frozen=True)
class Problem:
    """One problem: number, title, points as printed, and blocks (questions among them)."""

    number: int
    title: Text
    points: str
    blocks: tuple["Block", ...]


Block = (
    Paragraph | Formulas | Listing | Table | Graph | Blank | Options | Form | Scores | Working | Facts | Answer | Scheme
    | Question | Problem | Appendix
)  # fmt: skip


@dataclass(frozen=True)
class Document:
    """A whole sheet.

    `kind` is worksheet, key or feedback; `fields` are (label, value) of the title block, a worksheet's empty values are
    lines to write on; `variant` stands on every page; `words` are the fixed words a layout needs (page, of,
    variant, key), from templates/text/<language>/; `code` is what the QR code in the title block says.
    """

    kind: str
    title: Text
    language: str
    variant: str
    fields: tuple[tuple[Text, Text], ...]
    blocks: tuple[Block, ...]
    words: dict[str, str] = field(default_factory=dict)
    setting: Setting = USUAL
    course: Text = ()
    author: str = ""
    code: str = ""
    scores: Scores | None = None
