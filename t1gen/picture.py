"""The picture of a computational graph: inputs, operations, edges that carry names."""

from functools import lru_cache
from typing import Any

from t1gen.documents import blocks
from t1gen.documents.blocks import Math
from t1gen.mapping.notation import latex_name
from t1gen.mapping.ops import OPS
from t1gen.mapping.program import Program, Shape, Step

SYMBOLS = {"add": "+", "sub": "-", "mul": r"\times", "div": r"\div", "neg": "-", "matmul": r"@", "sigmoid": r"\sigma",
           "exp": r"\exp", "log": r"\log", "transpose": r"\top", "sum": r"\Sigma", "sqrt": r"\sqrt{\;}",
           "abs": r"\lvert\cdot\rvert", "norm": r"\lVert\cdot\rVert", "copy": "="}  # fmt: skip


def graph(program: Program) -> blocks.Graph:
    """The computational graph: inputs, operations, edges carrying names; one picture a structure."""
    return _graph(tuple((s.name, s.op, s.args, s.statics, s.shape) for s in program))


@lru_cache(maxsize=512)
def _graph(steps: tuple[tuple[str, str, tuple[str, ...], Any, Shape], ...]) -> blocks.Graph:
    program = Program({n: Step(n, op, args, statics, shape) for n, op, args, statics, shape in steps})
    used = {a for s in program for a in s.args if not _folded(program, s, a)}
    drawn = [s for s in program if s.op in OPS or s.name in used]
    ids = {s.name: i for i, s in enumerate(drawn)}
    nodes = [blocks.Node(ids[s.name], _label(program, s), _node_kind(s)) for s in drawn]
    edges = [blocks.Edge(ids[a], ids[s.name], _carried(program[a]))
             for s in drawn for a in s.args if a in ids and not _folded(program, s, a)]  # fmt: skip
    for i, s in enumerate(d for d in drawn if d.op in OPS and not program.uses(d.name)):
        nodes.append(blocks.Node(len(drawn) + i, Math(latex_name(s.name), s.name), "output"))
        edges.append(blocks.Edge(ids[s.name], len(drawn) + i, None))
    return blocks.Graph(tuple(nodes), tuple(edges))


def _folded(program: Program, step: Step, argument: str) -> bool:
    """A literal exponent is part of its node."""
    return step.op == "pow" and program[argument].op == "const" and argument == step.args[1]


def _node_kind(step: Step) -> str:
    return "input" if step.op in ("given", "const") else "operation"


def _label(program: Program, step: Step) -> Math:
    if step.op in ("given", "const"):
        return Math(latex_name(step.name) if step.op == "given" else step.name, step.name)
    if step.op == "pow" and program[step.args[1]].op == "const":
        return Math(rf"(\cdot)^{{{step.args[1]}}}", f"**{step.args[1]}")
    if step.op in SYMBOLS:
        return Math(SYMBOLS[step.op], (OPS[step.op].infix or (step.op, 0))[0])
    return Math(rf"\mathrm{{{step.op.replace('_', ' ')}}}", step.op)


def _carried(step: Step) -> Math | None:
    return None if step.unnamed or step.op in ("given", "const") else Math(latex_name(step.name), step.name)
