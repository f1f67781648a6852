from typing import Any

import numpy as np
import pytest

from t1gen import files
from t1gen.documents.blocks import Graph, Paragraph, Table
from t1gen.mapping.reader import read
from t1gen.picture import empty, graph, worked_graph
from t1gen.problems.issued import issued
from t1gen.sheets import told_first
from t1gen.solution import Solver, values_of


def question(**told: Any) -> files.Question:
    kind = told.pop("kind", "array")
    return files.Question(id="1a", text="", kind=kind, points=1, decimals=3, **told)


def problem(given: dict[str, Any], mapping: list[str], *questions: files.Question, **told: Any) -> files.Problem:
    return files.Problem(id="p", number=1, title="p", points=1, given=given, mapping=mapping, questions=list(questions),
                         competence="backpropagation", **told)  # fmt: skip


def neuron(**told: Any) -> files.Problem:
    """The lecture's neuron: w = (-1, 1), x = (2, 1), p = 0.27, and the gradient of -log p."""
    given = {"w": [-1, 1], "x": [2, 1], "alpha": 0.5}
    asked = question(ask="gradient", of="L", wrt="w", shape=[2])
    return problem(given, ["z = w @ x", "p = sigmoid(z)", "L = -log(p)"], asked, **told)


def worked(one: files.Problem) -> list[Any]:
    solved = issued(one)
    found = worked_graph("en", one, solved, values_of(one, solved))
    return found[1:] if isinstance(found[0], Paragraph) else found


def on_edges(picture: Graph) -> list[tuple[str, str, str, str]]:
    """From where, name, value and gradient of every edge."""
    labels = {node.id: node.label.plain for node in picture.nodes}
    texts = [[part.plain if part else "" for part in (e.label, e.value, e.below)] for e in picture.edges]
    return [(labels[e.source], *told) for e, told in zip(picture.edges, texts, strict=True)]  # type: ignore[misc]


def test_names_and_shapes():
    program = read("h = W @ x; y = tanh(h); s = sum(y ** 2)", {"W": (3, 4), "x": (4,)})
    named = graph(program)
    assert [(node.label.plain, node.kind) for node in named.nodes] == [
        ("W ∈ R^(3 x 4)", "input"), ("x ∈ R^4", "input"), ("@", "operation"), ("tanh", "operation"),
        ("**2", "operation"),
        ("sum", "operation"), ("s", "output")]  # fmt: skip
    assert [edge.label.plain if edge.label else None for edge in named.edges] == [
        None, None, "h ∈ R^3", "y ∈ R^3", "R^3", None]  # fmt: skip
    plain = graph(program, shapes=False)
    assert [node.label.plain for node in plain.nodes][:2] == ["W", "x"]
    assert [edge.label.plain if edge.label else None for edge in plain.edges][2:] == ["h", "y", None, None]


def test_operations_that_are_words_or_signs_and_literals_in_a_language():
    picture = graph(read("a = where(x <= 0.5, stop_gradient(x), 0.5 * x)", {"x": ()}), "cs")
    labels = [node.label.latex for node in picture.nodes]
    assert labels == ["x", "0{,}5", r"\le", r"\text{stop gradient}", "0{,}5", r"\times", r"\mathrm{where}", "a"]


def test_a_literal_stands_before_each_of_its_uses():
    picture = graph(read("a = 2 * x; b = 2 * a", {"x": ()}))
    assert [node.label.plain for node in picture.nodes] == ["x", "2", "*", "2", "*", "b"]


def test_boxes_to_fill_in():
    picture = empty(read("h = W @ x; s = 2 * sum(h)", {"W": (3, 4), "x": (4,)}))
    labels = {node.id: node.label.plain for node in picture.nodes}
    assert [(labels[edge.source], edge.blank) for edge in picture.edges] == [
        ("W ∈ R^(3 x 4)", None), ("x ∈ R^4", (4,)), ("@", (3,)), ("2", None), ("sum", ()), ("*", ())]  # fmt: skip


def test_the_lectures_neuron():
    [picture] = worked(neuron())
    assert on_edges(picture) == [
        ("w", "", "[-1, 1]", "[-1.462, -0.731]"), ("x", "", "[2, 1]", "[0.731, -0.731]"), ("@", "z", "-1", "-0.731"),
        ("sigmoid", "p", "0.269", "-3.718"), ("log", "", "-1.313", "-1"), ("-", "", "1.313", "1")]  # fmt: skip


def test_what_is_used_twice_has_a_gradient_for_each_use_and_their_sum():
    """L = (w x)^2 + w: dL/dw = 2 w x^2 + 1."""
    asked = question(ask="gradient", of="L", wrt="w", kind="number")
    one = problem({"w": 3, "x": 2}, ["a = w * x", "L = a * a + w"], asked)
    [picture] = worked(one)
    assert [(n.label.plain, n.below.plain) for n in picture.nodes if n.below] == [("w", "25"), ("*", "12")]
    assert sorted(on_edges(picture)) == sorted([
        ("w", "", "3", "24"), ("x", "", "2", "36"), ("*", "a", "6", "6"), ("*", "a", "6", "6"), ("*", "", "36", "1"),
        ("w", "", "3", "1"), ("+", "", "39", "1")])  # fmt: skip


def test_what_is_large_stands_in_a_table():
    given = {"W": [[1, 2, 0], [0, 1, 1]], "x": [1, 0, -1]}
    asked = question(ask="gradient", of="L", wrt="W", shape=[2, 3])
    picture, table = worked(problem(given, ["h = W @ x", "L = sum(h ** 2)"], asked))
    assert on_edges(picture)[:2] == [("W ∈ R^(2 x 3)", "", "", "dL_dW"), ("x", "", "[1, 0, -1]", "[2, 2, -2]")]
    assert isinstance(table, Table)
    assert [[cell[0].plain for cell in row] for row in table.rows] == [
        ["W", "2 x 3", "[[1, 2, 0], [0, 1, 1]]"], ["dL_dW", "2 x 3", "[[2, 0, -2], [-2, 0, 2]]"]]  # fmt: skip


@pytest.mark.parametrize("steps", [1, 3])
def test_gradients_of_a_descent_are_those_of_its_first_step(steps):
    asked = question(ask="step", of="L", wrt="w", moves=["w"], rate=0.5, steps=steps, shape=[2])
    one = neuron()
    [picture] = worked(problem(dict(one.given), list(one.mapping), asked))
    assert on_edges(picture)[0] == ("w", "", "[-1, 1]", "[-1.462, -0.731]")


def test_values_alone_where_no_gradient_is_asked():
    one = neuron()
    asked = question(ask="forward", of="L", kind="number")
    [picture] = worked(problem(dict(one.given), list(one.mapping), asked))
    assert [told[3] for told in on_edges(picture)] == [""] * 6
    assert on_edges(picture)[3][2] == "0.269"


def test_names_alone_where_givens_have_no_values():
    assert on_edges(worked(neuron(given_as="shapes"))[0])[0] == ("w ∈ R^2", "", "", "")


def test_every_gradient_is_that_of_differences():
    """A random network: the gradient on each input's line against central differences."""
    rng = np.random.default_rng(1)
    given = {"W": rng.integers(-2, 3, (2, 2)).tolist(), "x": [0.5, -1.5], "u": [1, 2]}
    lines = ["h = tanh(W @ x)", "g = h * h + x", "L = exp(u @ g)"]
    one = problem(given, lines, question(ask="gradient", of="L", wrt="x", shape=[2]))
    solved = issued(one)
    shown = {node.label.plain: node.below for node in worked(one)[0].nodes}
    sweep = next(iter(solved.tapes[0].sweeps.values()))
    assert set(sweep.adjoints) >= {"W", "x", "u"} and shown["x"] is not None

    def loss(x):
        h = np.tanh(np.array(given["W"]) @ x)
        return float(np.exp(np.array(given["u"]) @ (h * h + x)))

    x, e = np.array(given["x"]), 1e-6
    slope = [(loss(x + e * d) - loss(x - e * d)) / (2 * e) for d in np.eye(2)]
    assert [float(v) for v in shown["x"].plain.strip("[]").split(",")] == pytest.approx(slope, abs=2e-3)


def kinds(one: files.Problem, *, in_key: bool) -> list[str]:
    """What the graphs before the questions carry: names, boxes, or values."""
    told = told_first("en", one, Solver("en", one) if in_key else None)
    graphs = [block for block in told if isinstance(block, Graph)]
    boxed = [any(edge.blank is not None for edge in g.edges) for g in graphs]
    valued = [any(edge.value for edge in g.edges) for g in graphs]
    return ["values" if v else "boxes" if b else "names" for v, b in zip(valued, boxed, strict=True)]


def test_what_is_printed_before_the_questions():
    assert kinds(neuron(), in_key=False) == ["names"]
    assert kinds(neuron(picture="empty"), in_key=False) == ["boxes"]
    assert kinds(neuron(picture="none"), in_key=False) == kinds(neuron(picture="none"), in_key=True) == []
    assert kinds(neuron(), in_key=True) == kinds(neuron(picture="empty"), in_key=True) == ["values"]
    assert kinds(neuron(listing="z = w @ x"), in_key=False) == []
    assert kinds(neuron(listing="z = w @ x", picture="plain"), in_key=False) == ["names"]


def test_a_picture_tells_no_shape_that_is_asked_for():
    one = neuron()
    asked = question(ask="shape", of="w", kind="number")
    [picture] = [b for b in told_first("en", problem(dict(one.given), list(one.mapping), asked))
                 if isinstance(b, Graph)]  # fmt: skip
    assert not [node for node in picture.nodes if "in" in node.label.latex]
