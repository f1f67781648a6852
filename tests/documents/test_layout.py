import os
from bisect import bisect
from dataclasses import replace
from random import Random

import pytest
from document_sample import chain, m, neuron, square
from random_graphs import COUNT, crossings, dot, dot_curves, fan_outs, random_graph

from t1gen.documents.blocks import Edge, Graph, Node
from t1gen.documents.geometry import Box, Curve, Point, level
from t1gen.documents.layout import layout
from t1gen.documents.lettering import breadth, height
from t1gen.errors import EngineError

GRAPHS = [neuron(), square(), chain(9), Graph((Node(3, m("x"), "input"),), ()), Graph((), ())]
SHAPED = [r"h_{12} \in \mathbb{R}^{3 \times 4}", r"\mathbb{R}^{2}"]
VALUES = ["-0.269", r"(1,\; -2.125,\; 0.5)", r"\begin{bmatrix} 1.25 & -2 \\ 0 & 0.333 \end{bmatrix}", None]
BELOW = [*VALUES, r"\frac{\partial L}{\partial W}"]


def dressed(graph: Graph, seed: int) -> Graph:
    """Names with values, or shapes, and gradients on the edges, in all mixtures."""
    random = Random(seed)

    def drawn(texts):
        text = random.choice(texts)
        return m(text) if text else None

    carried = {
        node.id: (drawn(["z", None]), drawn(VALUES)) if random.random() < 0.7 else (drawn(SHAPED), None)
        for node in graph.nodes
    }
    edges = [Edge(e.source, e.target, carried[e.source][0], drawn(BELOW), carried[e.source][1]) for e in graph.edges]
    return Graph(tuple(replace(node, below=drawn(BELOW)) for node in graph.nodes), tuple(edges))


def blank(graph: Graph, seed: int) -> Graph:
    """Boxes to fill in on the edges."""
    shapes = [(), (3,), (2, 2), None]
    return Graph(graph.nodes, tuple(replace(e, blank=shapes[(e.source + seed) % 4]) for e in graph.edges))


def line(arrow) -> list[Point]:
    """Points on an edge, from its start to its head."""
    points = [arrow.start]
    for curve in arrow.curves:
        points += on_curve(points[-1], curve, 8)
    return [*points, arrow.head[0]]


def on_curve(start: Point, curve: Curve, count: int) -> list[Point]:
    """Points on a Bezier piece, its end among them."""
    found = []
    for k in range(1, count + 1):
        t, u = k / count, 1 - k / count
        shares = u**3, 3 * u * u * t, 3 * u * t * t, t**3
        corners = start, *curve
        found.append(Point(sum(s * p.x for s, p in zip(shares, corners, strict=True)),
                           sum(s * p.y for s, p in zip(shares, corners, strict=True))))  # fmt: skip
    return found


def overlap(one: Box, other: Box) -> bool:
    """Whether the insides of two boxes meet."""
    wide, high = one.width + other.width, one.height + other.height
    return abs(one.x - other.x) * 2 < wide and abs(one.y - other.y) * 2 < high


def crosses(box: Box, a: Point, b: Point) -> bool:
    """Whether the line from a to b goes through a box (Liang and Barsky's clipping)."""
    enter, leave = 0.0, 1.0
    for start, change, middle, size in (
        (a.x, b.x - a.x, box.x, box.width),
        (a.y, b.y - a.y, box.y, box.height),
    ):
        low, high = middle - size / 2 - start, middle + size / 2 - start
        if change == 0:
            if low > 0 or high < 0:
                return False
            continue
        first, last = sorted((low / change, high / change))
        enter, leave = max(enter, first), min(leave, last)
    return enter < leave


def meets(box: Box, points: list[Point]) -> bool:
    near = points[max(0, bisect(points, (box.x - box.width / 2,)) - 1) : bisect(points, (box.x + box.width / 2,)) + 1]
    return any(crosses(box, a, b) for a, b in zip(near, near[1:], strict=False))


def overlapping(boxes: list[Box]) -> list[tuple[Box, Box]]:
    found, open_ = [], []
    for box in sorted(boxes, key=lambda b: b.x - b.width / 2):
        open_ = [other for other in open_ if other.x + other.width / 2 > box.x - box.width / 2]
        found += [(other, box) for other in open_ if overlap(other, box)]
        open_.append(box)
    return found


def check_clear(graph: Graph) -> None:
    """Nothing stands on anything else or outside: no node, no label, no edge on a label or a node not its own."""
    drawn = layout(graph)
    assert len(drawn.shapes) == len(graph.nodes) and len(drawn.arrows) == len(graph.edges)
    assert not overlapping([item.box for item in (*drawn.shapes, *drawn.tags)])
    shapes = dict(zip((node.id for node in graph.nodes), drawn.shapes, strict=True))
    for edge, arrow in zip(graph.edges, drawn.arrows, strict=True):
        points, ends = line(arrow), (edge.source, edge.target)
        assert all(a.x < b.x for a, b in zip(points, points[1:], strict=False))
        assert not [1 for tag in drawn.tags if meets(tag.box, points)]
        assert not [n for n, shape in shapes.items() if n not in ends and meets(shape.box, points)]
        assert shapes[edge.source].box.x < shapes[edge.target].box.x
    boxes = [item.box for item in (*drawn.shapes, *drawn.tags)]
    assert all(b.x - b.width / 2 >= 0 and b.x + b.width / 2 <= drawn.width for b in boxes)
    assert all(b.y - b.height / 2 >= 0 and b.y + b.height / 2 <= drawn.height for b in boxes)
    points = [p for arrow in drawn.arrows for p in line(arrow)]
    assert all(0 <= p.x <= drawn.width and 0 <= p.y <= drawn.height for p in points)


@pytest.mark.parametrize("graph", GRAPHS)
def test_everything_has_its_own_room(graph):
    check_clear(graph)


@pytest.mark.parametrize("seed", range(0, COUNT, 1 if os.environ.get("T1GEN_THOROUGH") else 4))
def test_random_graphs_are_clear(seed):
    graph = random_graph(seed)
    assert 10 <= sum(node.kind == "operation" for node in graph.nodes) <= 40 and fan_outs(graph) >= 1 / 3
    for carried in (graph, dressed(graph, seed), blank(graph, seed)):
        check_clear(carried)


@pytest.mark.skipif(not dot() and not os.environ.get("CI"), reason="no dot")
def test_crossings_are_as_few_as_dots():
    """Of the drawn lines of edges that share no end; a line that several edges share counts once for each."""
    graphs = [random_graph(seed) for seed in range(COUNT)]
    ends = [[(edge.source, edge.target) for edge in graph.edges] for graph in graphs]
    theirs = sum(map(crossings, ends, dot_curves(graphs)))
    ours = sum(map(crossings, ends, ([line(arrow) for arrow in layout(graph).arrows] for graph in graphs)))
    assert theirs >= 500
    assert ours <= 1.1 * theirs


def test_labels_stand_above_and_below():
    drawn = layout(Graph((Node(0, m("x"), "input"), Node(1, m("y"), "output")), (Edge(0, 1, m("a"), m("b")),)))
    above, below = drawn.tags
    assert above.box.y < drawn.arrows[0].start.y < below.box.y
    assert (above.below, below.below) == (False, True)


def test_a_value_stands_beside_its_name():
    drawn = layout(Graph((Node(0, m("x"), "input"), Node(1, m("y"), "output")), (Edge(0, 1, m("a"), None, m("-1")),)))
    assert [tag.label for tag in drawn.tags] == [m("a = -1")]


def test_boxes_to_fill_in_stand_above_and_below():
    drawn = layout(Graph((Node(0, m("x"), "input"), Node(1, m("y"), "output")), (Edge(0, 1, m("a"), blank=(2,)),)))
    assert [(tag.label, tag.below) for tag in drawn.tags] == [(m("a"), False), (None, False), (None, True)]
    assert all(tag.box.width > 2 for tag in drawn.tags if tag.label is None)


def shared() -> Graph:
    """w goes to two operations; each use has its gradient."""
    nodes = (Node(0, m("w"), "input", m("5")), Node(1, m("a"), "operation"), Node(2, m("b"), "operation"))
    return Graph(nodes, (Edge(0, 1, m("w"), m("2")), Edge(0, 2, m("w"), m("3")), Edge(1, 2, m("a"))))


def test_a_fan_out_leaves_as_one_line_that_parts():
    drawn = layout(shared())
    first, second, _ = drawn.arrows
    assert first.start == second.start and first.own_start == first.start and second.shared == 1
    assert drawn.dots == (second.own_start,)
    assert sorted((tag.label.latex, tag.below) for tag in drawn.tags) == [
        ("2", True), ("3", True), ("5", True), ("a", False), ("w", False)]  # fmt: skip


def test_what_differs_stands_on_each_edge():
    graph = shared()
    edges = (replace(graph.edges[0], label=m("w_1")), *graph.edges[1:])
    assert {"w_1", "w"} <= {tag.label.latex for tag in layout(Graph(graph.nodes, edges)).tags}


def test_parallel_edges_are_apart():
    first, second = layout(square()).arrows[:2]
    assert abs(first.head[0].y - second.head[0].y) > 0.2


@pytest.mark.parametrize("edges", [((0, 0),), ((0, 1), (1, 0)), ((0, 7),)])
def test_circles_and_strangers_are_refused(edges):
    nodes = (Node(0, m("a"), "input"), Node(1, m("b"), "output"))
    with pytest.raises(EngineError, match="node"):
        layout(Graph(nodes, tuple(Edge(s, e) for s, e in edges)))


def test_geometry():
    box = Box(0, 0, 2, 1)
    assert crosses(box, Point(-3, 0), Point(3, 0.1))
    assert not crosses(box, Point(-3, 1), Point(3, 1))
    assert level(Point(0, 0), Point(2, 1)) == Curve(Point(1, 0), Point(1, 1), Point(2, 1))
    assert on_curve(Point(0, 0), level(Point(0, 0), Point(2, 1)), 2) == [(1, 0.5), (2, 1)]


def test_lettering():
    assert breadth("z") < breadth("-1.25") < breadth(r"(1,\; -2.125,\; 0.5)")
    assert breadth(r"\mathrm{relu}") == breadth("relu")
    assert breadth(r"\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}") > 2 * breadth("1")
    assert height("z") < height(r"\frac{a}{b}") < height(r"\begin{bmatrix} 1 \\ 3 \end{bmatrix}")


@pytest.mark.parametrize("seed", range(60))
def test_several_parts_are_drawn_whole(seed):
    """Several parts, long edges and parallel ones: dummies of one part once passed for nodes of another."""
    random = Random(seed)
    count = random.randint(2, 16)
    pairs = [(random.randrange(j), j) for j in range(2, count) for _ in range(random.randint(1, 2))]
    nodes = tuple(Node(i, m(random.choice(["x", r"\operatorname{logsumexp}"])), "operation") for i in range(count))
    graph = Graph(nodes, tuple(Edge(s, e, m("z_1")) for s, e in pairs))
    check_clear(graph)
