"""A document with every kind of block, and names that try to be markup."""

from t1gen.documents.blocks import (
    Answer,
    Appendix,
    Blank,
    Block,
    Code,
    Document,
    Edge,
    Formulas,
    Graph,
    Listing,
    Math,
    Node,
    Paragraph,
    Plain,
    Problem,
    Question,
    Scores,
    Strong,
    Table,
    Text,
    Working,
)

HOSTILE = (
    r"R&D_50% #1 {\input{/etc/passwd}} <script> $x$ @foo `a` ~^ -- ,, [x] 'q' " + '"d" | \\end{document}'
)
MATRIX = Math(r"\begin{bmatrix}1&-2&0\\0&3&1\end{bmatrix}", "[[1, -2, 0], [0, 3, 1]]")
WIDE = Math(r"\begin{bmatrix}" + "&".join(f"-{i}.25" for i in range(26)) + r"\end{bmatrix}", "wide")
SUM = Math("y = " + " + ".join(rf"\frac{{a_{{{i}}}}}{{b_{{{i}}}}}" for i in range(40)), "y = sum(a / b)")
LIST = Math("(" + ", ".join(f"-{i}.125" for i in range(40)) + ")", "(list)")


def m(latex: str, plain: str = "") -> Math:
    return Math(latex, plain or latex)


def t(*runs: str | Math | Code | Strong) -> Text:
    return tuple(Plain(run) if isinstance(run, str) else run for run in runs)


def neuron() -> Graph:
    """Two products, two sums, a sigmoid and a logarithm."""
    inputs = ["w_1", "x_1", "w_2", "x_2", "b"]
    operations = [r"\times", r"\times", "+", "+", r"\sigma", r"-\log"]
    nodes = [Node(i, m(name), "input") for i, name in enumerate(inputs)]
    nodes += [Node(i, m(name), "operation") for i, name in enumerate(operations, 5)]
    arrows = [
        (0, 5, "w_1"),
        (1, 5, "x_1"),
        (2, 6, "w_2"),
        (3, 6, "x_2"),
        (5, 7, "a"),
        (6, 7, "c"),
        (7, 8, "s"),
        (4, 8, "b"),
        (8, 9, "z"),
        (9, 10, "p"),
        (10, 11, "L"),
    ]
    return Graph(
        (*nodes, Node(11, m("L"), "output")), tuple(Edge(s, e, m(name), m("-0.269")) for s, e, name in arrows)
    )


def square() -> Graph:
    """x * x + x, an edge past all of it, and a node by itself."""
    nodes = (
        Node(0, m("x"), "input"),
        Node(1, m(r"\times"), "operation"),
        Node(2, m("+"), "operation"),
        Node(3, m(r"\operatorname{softmax}"), "operation"),
        Node(4, m("f"), "output"),
        Node(5, m("c"), "input"),
    )
    edges = (
        Edge(0, 1, m("x"), m("3")),
        Edge(0, 1, m("x"), m("3")),
        Edge(1, 2, m("q")),
        Edge(0, 2, m("x")),
        Edge(2, 3, m("r"), m(r"\frac{\partial L}{\partial r}")),
        Edge(3, 4),
        Edge(0, 4, m("x")),
    )
    return Graph(nodes, edges)


def chain(length: int) -> Graph:
    nodes = [Node(i, m(r"\tanh"), "operation") for i in range(1, length)]
    return Graph(
        (Node(0, m("x"), "input"), *nodes, Node(length, m("L"), "output")),
        tuple(Edge(i, i + 1, m(f"h_{{{i}}}")) for i in range(length)),
    )


def _question(label: str, asked: str, room: Block) -> Question:
    return Question(label, "1 point", (Paragraph(t(asked)), room))


BLANKS = (
    Blank("number", (), t(m("z ="))),
    Blank("array", (2,), t(m(r"\frac{\partial L}{\partial w} ="))),
    Blank("array", (2, 3), t(m("J ="))),
    Blank("array", (12, 30), t(m("J ="))),
    Blank("array", (2, 3, 4)),
    Blank("array", (0,)),
    Blank("expression", (3,), t(m(r"\bar{w} ="))),
)
ANSWERS = (
    Answer(t(m("z=-1"))),
    Answer(t(LIST)),
    Answer(t(MATRIX)),
    Answer(t(WIDE)),
    Answer(t(SUM)),
    Answer(t()),
    Answer(t(Code("v @ X.T"), " or ", Strong("nothing"))),
)


def document(kind: str = "worksheet", name: str = "Žofie Šťastná") -> Document:
    """A sheet of two problems; `kind` is worksheet or key."""
    rooms: tuple[Block, ...] = ANSWERS if kind == "key" else BLANKS
    first = Problem(
        1,
        t("One neuron, one step"),
        "(8 points)",
        (
            Paragraph(t("Let ", m(r"\alpha=0.5"), " and ", Code("x @ W.T"), " be ", Strong("given"), ".")),
            Formulas((m(r"z = w^{\top} x", "z = w @ x"), m(r"p = \frac{1}{1+e^{-q}}", "p = sigmoid(q)"))),
            *(
                _question(f"1{letter}", f"Compute part {letter}.", room)
                for letter, room in zip("abcdefg", rooms, strict=True)
            ),
        ),
    )
    second = Problem(
        2,
        t("Draw ", m("f(x)=x^2+x")),
        "(4 points)",
        (
            Listing(("def f(x):", r"    y = x * x  # 100% {sure} $5 \n", "    return y -- x")),
            Formulas((WIDE, SUM)),
            Table(t2("Step", "Value"), (t2("first", "a|b & c"), (t("second"), t(MATRIX)))),
            Table((), (t2(*map(str, range(100, 140))),)),
            _question("2a", "Draw it.", neuron() if kind == "key" else Blank("graph")),
            Question("2b", "1 point", (Paragraph(t("Read it.")), Working(3.5), square())),
            _question("2c", "Read the long one.", chain(14)),
        ),
    )
    fields = ((t("Name"), t(name)), (t("Date"), ()), (t("Student id"), t("ada")))
    values = Appendix(t("Values"), (Table(t2("x", "y"), (t2("1", "2"),)), Paragraph(t("Between rows."))))
    blocks: tuple[Block, ...] = (Paragraph(t("Logarithms are natural.")), first, second, values)
    return Document(kind, t("Test T1"), "en", "K7QF-93XD", fields, blocks, {"page": "Page", "of": "of"},
                    course=t("Deep Learning"), author="A. Uthor", code="t1gen t1 K7QF-93XD", scores=SCORES)  # fmt: skip


SCORES = Scores(("Problem", "Points", "Earned"), (("1", "8"), ("2", "4"), ("Sum", "12")))


def t2(*cells: str) -> tuple[Text, ...]:
    return tuple(t(cell) for cell in cells)
