"""The picture of a computational graph: inputs, operations, and edges that carry names, values and gradients."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from t1gen import files
from t1gen.documents import blocks
from t1gen.documents.blocks import Math, Plain, Text
from t1gen.mapping.evaluate import Values, evaluate
from t1gen.mapping.notation import elementary, latex_name
from t1gen.mapping.ops import OPS
from t1gen.mapping.program import Program, Shape, Step
from t1gen.mapping.sweep import Sweep
from t1gen.markdown import runs, value_math
from t1gen.problems.issued import Issued, givens_of
from t1gen.wording import ENGLISH, in_latex, say

SYMBOLS = {"add": "+", "sub": "-", "mul": r"\times", "div": r"\div", "neg": "-", "matmul": r"@", "sigmoid": r"\sigma",
           "exp": r"\exp", "log": r"\log", "transpose": r"\top", "sum": r"\Sigma", "sqrt": r"\sqrt{\;}",
           "abs": r"\lvert\cdot\rvert", "norm": r"\lVert\cdot\rVert", "copy": "=",
           "less": "<", "less_equal": r"\le", "greater": ">", "greater_equal": r"\ge",
           "not_equal": r"\ne"}  # fmt: skip
ON_EDGE = 4
"""The most entries of an array whose value stands on its edge."""
WIDEST, MOST = 12, 64
"""The most columns and entries of an array in the table below."""


@dataclass(frozen=True)
class Numbers:
    """What stands on edges: values, and the gradients of whole quantities and of their single uses (child, position).

    Gradients are named by the steps of the program that they are; `output` is what they are gradients of.
    """

    language: str
    decimals: int
    values: Values
    output: str = ""
    gradients: Mapping[str, str] = field(default_factory=dict)
    uses: Mapping[tuple[str, int], str] = field(default_factory=dict)

    def shown(self, name: str, shape: Shape) -> Math:
        """The value of a step as one of the shape."""
        value = np.broadcast_to(self.values[name][..., 0], shape).tolist()
        return value_math(value, self.decimals, self.language)


@dataclass(frozen=True)
class Use:
    """An edge: the step of number `source` is argument `position` of that of number `target` (-1: it is the output)."""

    source: int
    target: int
    position: int


@dataclass(frozen=True)
class Skeleton:
    """The nodes of a picture as steps (an output is that of the step again), and the edges between them."""

    steps: tuple[Step, ...]
    kinds: tuple[str, ...]
    labels: tuple[Math, ...]
    uses: tuple[Use, ...]


def graph(program: Program, language: str = ENGLISH, *, shapes: bool = True) -> blocks.Graph:
    """The computational graph with names, and the shapes of what is no number; one picture a structure."""
    return _named(_steps(program), shapes, language)


def empty(program: Program, language: str = ENGLISH) -> blocks.Graph:
    """The computational graph with names, and boxes for the values above edges and the gradients below."""
    return _empty(_steps(program), language)


def valued(program: Program, numbers: Numbers) -> blocks.Graph:
    """The computational graph with the values above edges, and below them the gradients, where there are any."""
    bones = _skeleton(_steps(program))
    count = Counter(use.source for use in bones.uses)
    nodes, below = [], {}
    for i, step in enumerate(bones.steps):
        boxed = _label(bones, i, not _is_small(step.shape), numbers.language)
        below[i] = _gradient(numbers, step)
        nodes.append(blocks.Node(i, boxed, bones.kinds[i], below[i] if count[i] > 1 else None))
    edges = []
    for use in bones.uses:
        step, child = bones.steps[use.source], bones.steps[use.target]
        small, label = _is_small(step.shape), None
        if use.position >= 0:
            label = _carried(step, shapes=not small)
        part = numbers.uses.get((child.name, use.position), "") if use.position >= 0 else ""
        branch = numbers.shown(part, step.shape) if part and small else None
        edges.append(blocks.Edge(
            use.source, use.target, label, branch if count[use.source] > 1 else below[use.source],
            numbers.shown(step.name, step.shape) if small and step.op != "const" else None,
        ))  # fmt: skip
    return blocks.Graph(tuple(nodes), tuple(edges))


def table(program: Program, numbers: Numbers) -> list[blocks.Block]:
    """What is too large for its edge: shape and value of a quantity, and of its gradient; none where all are small."""
    drawn = {s.name: s for s in _skeleton(_steps(program)).steps}
    large = [s for s in drawn.values() if not s.unnamed and s.op != "const" and not _is_small(s.shape)]
    rows = [row for s in large if s.shape[-1] <= WIDEST and prod(s.shape) <= MOST for row in _rows(numbers, s)]
    header = tuple(_plain(numbers.language, word) for word in ("quantity", "shape", "value"))
    return [blocks.Table(header, tuple(rows))] if rows else []


def worked_graph(language: str, problem: files.Problem, solved: Issued, values: Values) -> list[blocks.Block]:
    """The picture of a problem's mapping with values and gradients, and a table of what is too large for an edge.

    Names only where the givens have no values. `values` are those of the problem's steps that are known already.
    """
    tape = solved.tapes[0]
    program = tape.mapping
    if problem.given_as or not set(program.givens) <= set(problem.given):
        return [graph(program, language)]
    sweep = _sweep(list(tape.sweeps.values()), program)
    gradients = sweep.adjoints if sweep else {}
    uses = {(edge.child, edge.position): edge.result for edge in sweep.edges} if sweep else {}
    wanted = {s.name for s in program} | set(gradients.values()) | set(uses.values())
    if not wanted <= set(values):
        values = evaluate(tape.pruned(wanted), givens_of(problem), start=values)
    decimals = next((q.decimals for q in problem.questions if q.decimals is not None), 3)
    numbers = Numbers(language, decimals, values, sweep.output if sweep else "", gradients, uses)
    picture = valued(program, numbers)
    parts = any(node.below for node in picture.nodes)
    word = "values" if sweep is None else "cotangents" if program.shape(sweep.output) else "gradients"
    told = say(language, "picture", word, of=numbers.output, parts=parts)
    return [blocks.Paragraph(runs(told, language)), picture, *table(program, numbers)]


def _sweep(sweeps: list[Sweep], mapping: Program) -> Sweep | None:
    """The backward pass of a problem: that of a scalar of the mapping, or the only one there is."""
    own = [sweep for sweep in sweeps if sweep.output in mapping]
    scalar = [sweep for sweep in own if mapping.shape(sweep.output) == () and sweep.seed == "1"]
    return scalar[0] if scalar else own[0] if len(own) == 1 else None


# What is drawn

StepKey = tuple[str, str, tuple[str, ...], Any, Shape]


def _steps(program: Program) -> tuple[StepKey, ...]:
    return tuple((s.name, s.op, s.args, s.statics, s.shape) for s in program)


@lru_cache(maxsize=512)
def _named(steps: tuple[StepKey, ...], shapes: bool, language: str) -> blocks.Graph:
    bones = _skeleton(steps)
    return blocks.Graph(
        tuple(blocks.Node(i, _label(bones, i, shapes, language), kind) for i, kind in enumerate(bones.kinds)),
        tuple(blocks.Edge(u.source, u.target, _carried(bones.steps[u.source], shapes)) for u in bones.uses
              if u.position >= 0) + tuple(blocks.Edge(u.source, u.target) for u in bones.uses if u.position < 0),
    )  # fmt: skip


@lru_cache(maxsize=512)
def _empty(steps: tuple[StepKey, ...], language: str) -> blocks.Graph:
    bones, plain = _skeleton(steps), _named(steps, True, language)
    edges = []
    for edge in plain.edges:
        step = bones.steps[edge.source]
        is_filled = step.op != "const" and _is_small(step.shape)
        edges.append(replace(edge, blank=step.shape if is_filled else None))
    return blocks.Graph(plain.nodes, tuple(edges))


@lru_cache(maxsize=512)
def _skeleton(steps: tuple[StepKey, ...]) -> Skeleton:
    """A literal stands before each of its uses; a literal exponent is part of its node."""
    program = Program({n: Step(n, op, args, statics, shape) for n, op, args, statics, shape in steps})
    nodes = list[tuple[Step, str, Math]]()
    uses: list[Use] = []
    ids: dict[str, int] = {}
    for step in program:
        if step.op == "const" or (step.op == "given" and not program.uses(step.name)):
            continue
        sources: list[tuple[int, int]] = []
        for position, name in enumerate(step.args):
            if program[name].op == "const" and not _folded(program, step, name):
                ids[name] = len(nodes)
                nodes.append((program[name], "input", Math(_literal(name), name)))
            if not _folded(program, step, name):
                sources.append((ids[name], position))
        ids[step.name] = len(nodes)
        nodes.append((step, "input" if step.op == "given" else "operation", _node_label(program, step)))
        uses += [Use(source, ids[step.name], position) for source, position in sources]
    for step in program:
        if step.op in OPS and not program.uses(step.name):
            uses.append(Use(ids[step.name], len(nodes), -1))
            nodes.append((step, "output", Math(latex_name(step.name), step.name)))
    return Skeleton(tuple(n[0] for n in nodes), tuple(n[1] for n in nodes), tuple(n[2] for n in nodes), tuple(uses))


def _folded(program: Program, step: Step, argument: str) -> bool:
    return step.op == "pow" and program[argument].op == "const" and argument == step.args[1]


def _node_label(program: Program, step: Step) -> Math:
    if step.op == "given":
        return Math(latex_name(step.name), step.name)
    if step.op == "pow" and program[step.args[1]].op == "const":
        return Math(rf"(\cdot)^{{{step.args[1]}}}", f"**{step.args[1]}")
    if step.op == "index" and (at := re.search(r"\[[-\d, ]+\]$", elementary(step, program))):
        return Math(at[0], at[0])
    if step.op in SYMBOLS:
        return Math(SYMBOLS[step.op], (OPS[step.op].infix or (step.op, 0))[0])
    return Math(rf"\{'text' if '_' in step.op else 'mathrm'}{{{step.op.replace('_', ' ')}}}", step.op)


def _literal(name: str) -> str:
    return r"\pi" if name == "pi" else name


# What it carries


def _is_small(shape: Shape) -> bool:
    return prod(shape) <= ON_EDGE


def _label(bones: Skeleton, i: int, shapes: bool, language: str) -> Math:
    """What stands in a node; an input's and an output's shape beside the name."""
    step, label = bones.steps[i], Math(in_latex(bones.labels[i].latex, language), bones.labels[i].plain)
    return label if bones.kinds[i] == "operation" or step.op == "const" or not shapes else _shaped(label, step.shape)


def _carried(step: Step, shapes: bool) -> Math | None:
    """The name of what an operation gives, and its shape; an input's stands in its node."""
    if step.op in ("given", "const"):
        return None
    if step.unnamed:
        return _space(step.shape) if shapes and step.shape else None
    label = Math(latex_name(step.name), step.name)
    return _shaped(label, step.shape) if shapes else label


def _shaped(label: Math, shape: Shape) -> Math:
    if not shape:
        return label
    space = _space(shape)
    return Math(rf"{label.latex} \in {space.latex}", f"{label.plain} \u2208 {space.plain}")


def _space(shape: Shape) -> Math:
    told = _told(shape) if len(shape) == 1 else f"({_told(shape)})"
    return Math(rf"\mathbb{{R}}^{{{_sizes(shape)}}}", f"R^{told}")


def _sizes(shape: Shape) -> str:
    return r" \times ".join(map(str, shape))


def _told(shape: Shape) -> str:
    return " x ".join(map(str, shape))


def _gradient(numbers: Numbers, step: Step) -> Math | None:
    """The gradient of a quantity, or its name where it stands in the table."""
    if step.name not in numbers.gradients or step.op == "const":
        return None
    if _is_small(step.shape):
        return numbers.shown(numbers.gradients[step.name], step.shape)
    name = f"d{numbers.output}_d{step.name}"
    return None if step.unnamed else Math(latex_name(name), name)


def _rows(numbers: Numbers, step: Step) -> list[tuple[Text, ...]]:
    sizes = (Math(_sizes(step.shape), _told(step.shape)),)
    rows: list[tuple[Text, ...]] = [
        ((Math(latex_name(step.name), step.name),), sizes, (numbers.shown(step.name, step.shape),))
    ]
    below = _gradient(numbers, step)
    if below:
        rows.append(((below,), sizes, (numbers.shown(numbers.gradients[step.name], step.shape),)))
    return rows


def _plain(language: str, word: str) -> Text:
    return (Plain(say(language, "table", word)),)
