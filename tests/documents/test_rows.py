import subprocess
from re import findall

import pytest
from document_sample import chain, m, neuron, t
from random_graphs import COUNT, random_graph
from test_engines import HERE, needs, printed
from test_layout import check_clear, dressed

from t1gen.documents.blocks import Document, Edge, Graph, Node
from t1gen.documents.layout import layout
from t1gen.documents.rows import ROOM, SMALLEST, TALLEST, _Parts, pictures

NARROW = 13.7
"""The line of a question."""


@pytest.mark.parametrize("seed", range(0, COUNT, 8))
def test_no_text_is_under_7_points_and_nothing_beyond_the_line(seed):
    for graph in (random_graph(seed), dressed(random_graph(seed), seed)):
        for room in (ROOM, NARROW):
            rows = pictures(graph, room)
            assert {row.scale for row in rows} == {rows[0].scale} and SMALLEST <= rows[0].scale <= 1
            assert all(row.width * row.scale <= room + 1e-9 and row.height * row.scale <= TALLEST for row in rows)
            assert 9.5 * rows[0].scale >= 7


def test_what_fits_is_one_picture():
    graph = Graph((Node(0, m("x"), "input"), Node(1, m("y"), "output")), (Edge(0, 1, m("a")),))
    assert pictures(graph) == (layout(graph),)
    assert [row.scale for row in pictures(graph, size=18 / 11)] == [18 / 11]
    assert len(pictures(neuron())) == 1 and 0.74 < pictures(neuron())[0].scale < 1


def test_large_print_stays_large():
    rows = pictures(chain(12), size=18 / 11)
    assert len(rows) > len(pictures(chain(12))) and rows[0].scale >= SMALLEST * 18 / 11


def parts(graph: Graph, *ends: int) -> list[Graph]:
    return list(_Parts(graph).of(list(ends)))


def test_every_edge_is_in_one_row_or_goes_through_a_pair_of_stubs():
    for seed in range(0, COUNT, 20):
        graph = random_graph(seed)
        count = len(layout(graph).shapes) and 1 + max(_Parts(graph).ranks.values())
        rows = parts(graph, count // 3, 2 * count // 3, count - 1)
        for row in rows:
            check_clear(row)
        stubs = [{node.id: node.label.plain for node in row.nodes if node.kind == "stub"} for row in rows]
        inner = [(e.source, e.target) for row, own in zip(rows, stubs, strict=True) for e in row.edges
                 if e.source not in own and e.target not in own]  # fmt: skip
        arriving = [(own[e.source], e.target) for row, own in zip(rows, stubs, strict=True) for e in row.edges
                    if e.source in own]  # fmt: skip
        leaving = {own[e.target]: e.source for row, own in zip(rows, stubs, strict=True) for e in row.edges
                   if e.target in own}  # fmt: skip
        found = inner + [(leaving[name], target) for name, target in arriving]
        assert sorted(found) == sorted((e.source, e.target) for e in graph.edges)


def test_a_stub_carries_only_what_is_not_said_before():
    """a (value 2) is used in its row and in the next: there its use has a gradient, and no second value."""
    nodes = (Node(0, m("x"), "input"), Node(1, m("f"), "operation", m("9")), Node(2, m("g"), "operation"),
             Node(3, m("h"), "operation"))  # fmt: skip
    edges = (Edge(0, 1), Edge(1, 2, m("a"), m("4"), m("2")), Edge(1, 3, m("a"), m("5"), m("2")), Edge(2, 3, m("b")))
    first, second = parts(Graph(nodes, edges), 2, 3)
    assert {tag.label.latex for tag in layout(first).tags} == {"a = 2", "9", "4", "b"}
    assert [tag.label.latex for tag in layout(second).tags] == ["5"]
    assert sorted(node.label.latex for node in second.nodes if node.kind == "stub") == ["a", "b"]


def test_what_has_no_name_goes_on_by_a_number():
    graph = chain(4)
    plain = Graph(graph.nodes, tuple(Edge(e.source, e.target) for e in graph.edges))
    assert [n.label.plain for row in parts(plain, 2, 4) for n in row.nodes if n.kind == "stub"] == ["-> 1", "-> 1"]


def test_a_shape_is_no_name():
    """Two values of one shape go on to the next row: which is which must be told."""
    nodes = (Node(0, m("x"), "input"), Node(1, m("f"), "operation"), Node(2, m("g"), "operation"),
             Node(3, m("h"), "operation"))  # fmt: skip
    shape = m(r"\mathbb{R}^{2}")
    shaped = Graph(nodes, (Edge(0, 1), Edge(0, 2), Edge(1, 3, shape), Edge(2, 3, shape)))
    stubs = [[n.label.plain for n in row.nodes if n.kind == "stub"] for row in parts(shaped, 1, 2)]
    assert stubs == [["-> 1", "-> 2"], ["-> 1", "-> 2"]]


def test_inputs_stand_in_the_row_that_uses_them():
    kinds = {"x": "input", "f": "operation", "w": "input", "g": "output"}
    nodes = tuple(Node(i, m(name), kind) for i, (name, kind) in enumerate(kinds.items()))
    first, second = parts(Graph(nodes, (Edge(0, 1), Edge(1, 3, m("a")), Edge(2, 3))), 1, 2)
    assert [node.id for node in first.nodes if node.kind == "input"] == [0]
    assert 2 in {node.id for node in second.nodes}


@needs("pdftotext")
@pytest.mark.parametrize("engine", HERE)
def test_forty_steps_lie_within_the_page(engine):
    graph = next(g for g in map(random_graph, range(COUNT)) if sum(n.kind == "operation" for n in g.nodes) == 40)
    sheet = Document("worksheet", t("Forty steps"), "en", "AAAA-BBBB", (), (graph, dressed(graph, 1)), {})
    command = ["pdftotext", "-bbox", "-", "-"]
    told = subprocess.run(command, input=printed(sheet, engine), capture_output=True, check=True).stdout.decode()
    width, height = map(float, findall(r'<page width="([\d.]+)" height="([\d.]+)"', told)[0])
    sides = findall(r'xMin="([-\d.]+)" yMin="([-\d.]+)" xMax="([-\d.]+)" yMax="([-\d.]+)"', told)
    boxes = [tuple(map(float, side)) for side in sides]
    assert len(boxes) > 100
    assert all(left > 50 and right < width - 50 for left, _, right, _ in boxes)
    assert all(top > 40 and bottom < height - 20 for _, top, _, bottom in boxes)
