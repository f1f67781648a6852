from itertools import combinations
from random import Random

import pytest
from document_sample import chain, m, neuron, square

from t1gen.documents.blocks import Edge, Graph, Node
from t1gen.documents.geometry import Box, Point, edge_of, rounded
from t1gen.documents.layout import layout
from t1gen.errors import EngineError

GRAPHS = [neuron(), square(), chain(9), Graph((Node(3, m("x"), "input"),), ()), Graph((), ())]


@pytest.mark.parametrize("graph", GRAPHS)
def test_no_two_nodes_overlap(graph):
    boxes = [shape.box for shape in layout(graph).shapes]
    assert len(boxes) == len(graph.nodes)
    assert not [pair for pair in combinations(boxes, 2) if pair[0].overlaps(pair[1])]


@pytest.mark.parametrize("graph", GRAPHS)
def test_edges_go_from_left_to_right(graph):
    drawn = layout(graph)
    at = {node.id: shape.box.x for node, shape in zip(graph.nodes, drawn.shapes, strict=True)}
    assert all(at[edge.source] < at[edge.target] for edge in graph.edges)
    assert all(arrow.start.x < arrow.head[0].x for arrow in drawn.arrows)
    assert len(drawn.arrows) == len(graph.edges)


@pytest.mark.parametrize("graph", GRAPHS)
def test_everything_lies_within_the_picture(graph):
    drawn = layout(graph)
    boxes = [item.box for item in (*drawn.shapes, *drawn.tags)]
    assert all(b.x - b.width / 2 >= 0 and b.x + b.width / 2 <= drawn.width for b in boxes)
    assert all(b.y - b.height / 2 >= 0 and b.y + b.height / 2 <= drawn.height for b in boxes)


@pytest.mark.parametrize("graph", GRAPHS)
def test_no_edge_runs_through_a_node(graph):
    drawn = layout(graph)
    for edge, arrow in zip(graph.edges, drawn.arrows, strict=True):
        others = [
            shape.box
            for node, shape in zip(graph.nodes, drawn.shapes, strict=True)
            if node.id not in (edge.source, edge.target)
        ]
        points = [arrow.start, *(curve.end for curve in arrow.curves)]
        assert not [
            box for box in others for a, b in zip(points, points[1:], strict=False) if box.crossed_by(a, b)
        ]


@pytest.mark.parametrize("graph", GRAPHS)
def test_labels_keep_off_nodes_and_each_other(graph):
    drawn = layout(graph)
    tags = [tag.box for tag in drawn.tags]
    assert not [1 for tag in tags for shape in drawn.shapes if tag.overlaps(shape.box)]
    assert not [pair for pair in combinations(tags, 2) if pair[0].overlaps(pair[1])]


def test_labels_stand_above_and_below():
    drawn = layout(
        Graph((Node(0, m("x"), "input"), Node(1, m("y"), "output")), (Edge(0, 1, m("a"), m("b")),))
    )
    above, below = drawn.tags
    assert above.box.y < drawn.arrows[0].start.y < below.box.y
    assert (above.below, below.below) == (False, True)


def test_parallel_edges_are_apart():
    first, second = layout(square()).arrows[:2]
    middle = [arrow.curves[len(arrow.curves) // 2].end for arrow in (first, second)]
    assert abs(middle[0].y - middle[1].y) > 0.3


@pytest.mark.parametrize("edges", [((0, 0),), ((0, 1), (1, 0)), ((0, 7),)])
def test_circles_and_strangers_are_refused(edges):
    nodes = (Node(0, m("a"), "input"), Node(1, m("b"), "output"))
    with pytest.raises(EngineError, match="node"):
        layout(Graph(nodes, tuple(Edge(s, e) for s, e in edges)))


def test_geometry():
    box = Box(0, 0, 2, 1)
    assert edge_of(box, Point(4, 0), round_=False) == (1, 0)
    assert edge_of(Box(0, 0, 2, 2), Point(0, 3), round_=True) == (0, 1)
    assert box.crossed_by(Point(-3, 0), Point(3, 0.1))
    assert not box.crossed_by(Point(-3, 1), Point(3, 1))
    assert [curve.end for curve in rounded([Point(0, 0), Point(3, 0)], 1)] == [(3, 0)]


@pytest.mark.parametrize("seed", range(60))
def test_random_graphs_are_drawn_whole(seed):
    """Several parts, long edges and parallel ones: dummies of one part once passed for nodes of another."""
    random = Random(seed)
    count = random.randint(2, 16)
    pairs = [(random.randrange(j), j) for j in range(2, count) for _ in range(random.randint(1, 2))]
    nodes = tuple(
        Node(i, m(random.choice(["x", r"\operatorname{logsumexp}"])), "operation") for i in range(count)
    )
    graph = Graph(nodes, tuple(Edge(s, e, m("z_1")) for s, e in pairs))
    test_no_two_nodes_overlap(graph)
    test_edges_go_from_left_to_right(graph)
    test_everything_lies_within_the_picture(graph)
