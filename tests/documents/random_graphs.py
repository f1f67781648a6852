"""Random computational graphs, and what Graphviz makes of them."""

import json
import shutil
import subprocess
from random import Random

from document_sample import m

from t1gen.documents.blocks import Edge, Graph, Node

COUNT = 200
OPERATIONS = [(r"\times", 2), ("+", 2), ("-", 2), (r"\sigma", 1), (r"\exp", 1), (r"\mathrm{relu}", 1), ("@", 2),
              (r"\mathrm{softmax}", 1)]  # fmt: skip

Points = list[tuple[float, float]]


def random_graph(seed: int) -> Graph:
    """10 to 40 operations on 2 to 8 inputs; at least a third of the nodes are used several times."""
    random = Random(seed)
    steps, inputs = random.randint(10, 40), random.randint(2, 8)
    labels = [(f"w_{{{i}}}", 0) for i in range(inputs)] + [random.choice(OPERATIONS) for _ in range(steps)]
    near = random.choice([3, 6, 12])
    pairs: list[tuple[int, int]] = []
    unused = list(range(inputs))
    for target in range(inputs, inputs + steps):
        for _ in range(labels[target][1]):
            source = random.choice(unused) if unused and random.random() < 0.5 else _source(random, target, near)
            pairs.append((source, target))
            unused = [n for n in unused if n != source]
        unused.append(target)
    output = inputs + steps
    pairs += [(n, output) for n in unused]
    several = [n for n in range(output) if sum(s == n for s, _ in pairs) > 1]
    once = [n for n in range(output - 1) if n not in several]
    for n in random.sample(once, max(0, -(-(output + 1) // 3) - len(several))):
        pairs.append((n, random.randrange(max(inputs, n + 1), output)))
    nodes = [Node(i, m(label), "operation" if arity else "input") for i, (label, arity) in enumerate(labels)]
    nodes.append(Node(output, m("L"), "output"))
    return Graph(tuple(nodes), tuple(Edge(s, t, m(f"z_{{{s}}}") if s >= inputs else None) for s, t in sorted(pairs)))


def _source(random: Random, target: int, near: int) -> int:
    return random.randrange(target) if random.random() < 0.25 else random.randrange(max(0, target - near), target)


def fan_outs(graph: Graph) -> float:
    """The share of nodes that are used several times."""
    uses = [sum(edge.source == node.id for edge in graph.edges) for node in graph.nodes]
    return sum(n > 1 for n in uses) / len(uses)


# crossings


def crossings(ends: list[tuple[int, int]], curves: list[Points]) -> int:
    """Proper crossings of the curves of two edges that share no end, each as often as they cross."""
    boxes = [(min(x for x, _ in c), max(x for x, _ in c), min(y for _, y in c), max(y for _, y in c)) for c in curves]
    total = 0
    for i in range(len(curves)):
        for j in range(i):
            a, b = boxes[i], boxes[j]
            if set(ends[i]) & set(ends[j]) or a[0] > b[1] or b[0] > a[1] or a[2] > b[3] or b[2] > a[3]:
                continue
            total += _crossed(curves[i], curves[j])
    return total


def _crossed(first: Points, second: Points) -> int:
    total = 0
    for a, b in zip(first, first[1:], strict=False):
        low, high = min(a[0], b[0]), max(a[0], b[0])
        for c, d in zip(second, second[1:], strict=False):
            if max(c[0], d[0]) < low or min(c[0], d[0]) > high:
                continue
            total += _side(a, b, c) * _side(a, b, d) < 0 and _side(c, d, a) * _side(c, d, b) < 0
    return total


def _side(a: tuple[float, float], b: tuple[float, float], p: tuple[float, float]) -> int:
    turn = (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0])
    return (turn > 1e-9) - (turn < -1e-9)


def bezier(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float], d: tuple[float, float]) -> Points:
    """Points on a cubic piece, its end among them."""
    out = []
    for k in range(1, 13):
        t = k / 12
        u = 1 - t
        w = (u**3, 3 * u * u * t, 3 * u * t * t, t**3)
        out.append((sum(f * p[0] for f, p in zip(w, (a, b, c, d), strict=True)),
                    sum(f * p[1] for f, p in zip(w, (a, b, c, d), strict=True))))  # fmt: skip
    return out


# dot


def dot() -> str | None:
    return shutil.which("dot")


def dot_curves(graphs: list[Graph]) -> list[list[Points]]:
    """The splines that dot draws for the edges of each graph, in their order."""
    text = "\n".join(
        "digraph { rankdir=LR; node [shape=circle, width=0.3, fixedsize=true, label=\"\"];\n"
        + "".join(f"{node.id};" for node in graph.nodes)
        + "".join(f"{e.source} -> {e.target} [arrowhead=none, comment={i}];" for i, e in enumerate(graph.edges))
        + "}"
        for graph in graphs
    )
    made = subprocess.run(["dot", "-Tjson"], input=text, capture_output=True, text=True, check=True).stdout
    decoder, at, out = json.JSONDecoder(), 0, []
    while at < len(made.rstrip()):
        drawn, at = decoder.raw_decode(made, at)
        at += len(made[at:]) - len(made[at:].lstrip())
        by_number = {int(edge["comment"]): edge["pos"] for edge in drawn["edges"]}
        out.append([_spline(by_number[i]) for i in range(len(by_number))])
    return out


def _spline(pos: str) -> Points:
    points = [(float(x), float(y)) for x, y in (p.split(",") for p in pos.split() if p[0] not in "es")]
    curve = points[:1]
    for a, b, c, d in zip(points[::3], points[1::3], points[2::3], points[3::3], strict=False):
        curve += bezier(a, b, c, d)
    return curve
