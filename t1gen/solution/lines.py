"""The lines of a solution, planned once for all students with one structure: names, rules, what is said of them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from math import prod

import numpy as np

from t1gen.documents.blocks import Math
from t1gen.mapping.ops import OPS
from t1gen.mapping.ops.structural import numpy_index
from t1gen.mapping.program import INTERNAL, Program, Shape, Step
from t1gen.mapping.sweep import Edge
from t1gen.problems.issued import Issued
from t1gen.solution.chain import call, over
from t1gen.solution.implicit import Implicit, is_implicit
from t1gen.solution.names import is_one, leaves, names_of, unit
from t1gen.solution.written import Labels, fits, rule

Said = tuple[str, tuple[tuple[str, str], ...]]
"""A sentence of the wording, `solution:`, and what is put into it."""

PRIMED = {"sigmoid": r"\sigma'", "tanh": r"\tanh'"}
FUNCTIONS = (*PRIMED, "relu", "softplus")
"""Functions whose local derivative is a step of its own."""


@dataclass(frozen=True)
class Line:
    """`left = call = rule = numbers = result`: a step of the tape as a person writes it; `inner` lines come before it.

    `needs` are the named steps it is written with. Numbers are put in where it `fits`; without a rule it is a value
    alone.
    """

    step: str
    left: Math
    rule: Math | None
    call: Math | None = None
    said: tuple[Said, ...] = ()
    needs: tuple[str, ...] = ()
    labels: tuple[tuple[str, Math], ...] = ()
    fits: bool = False
    shapes: Math | None = None
    inner: tuple["Line", ...] = ()


@lru_cache(maxsize=256)
def plan_of(issued: Issued) -> "Plan":
    return Plan(issued)


class Plan:
    """The lines of a tape, by step."""

    def __init__(self, issued: Issued) -> None:
        self.tape, self.called = issued.tapes[0], names_of(issued)
        self.program = self.tape.program
        self.edges = {e.result: e for e in (*self.tape.edges, *self.tape.passes) if e.result != e.cotangent}
        self.above = Above(self.program, self.tape.edges)
        self.updates = {new for new, *_ in self.tape.updates}
        known = set(self.tape.mapping.steps)
        self.again = {n for runs in self.tape.descents.values() for run in runs[1:] for n in run.values()} - known
        self.tangents = {n for moving in self.tape.moving.values() for n in moving.values()}
        self.implicit = Implicit(self.tape, self.called)
        self.lines: dict[str, Line] = {}

    def is_line(self, name: str) -> bool:
        step = self.program[name]
        return step.op in OPS and not step.unnamed and not INTERNAL.search(name)

    def line(self, name: str) -> Line:
        if name not in self.lines:
            self.lines[name] = self._line(self.program[name])
        return self.lines[name]

    def _line(self, step: Step) -> Line:
        left = self.called(step.name)
        if is_implicit(self.program, step):
            return self._implicit(step, left)
        inner = tuple(self._locals(step))
        own = self._call(step)
        if [i.left.plain for i in inner] == [left.plain]:
            own, words, inner = inner[0].call, inner[0].said, ()
        else:
            words = tuple(self._said(step))
        labels = {i.step: i.left for i in inner}
        used = dict.fromkeys(leaves(self.program, step))
        needs = tuple(n for n in used if self.program[n].op not in ("given", "const"))
        return Line(
            step.name, left, rule(self.program, step.name, self.called, labels), own, words,
            needs, tuple(labels.items()), fits(self.program, step.name, labels), _shapes(self.program, step), inner,
        )  # fmt: skip

    def _implicit(self, step: Step, left: Math) -> Line:
        """A value found by iteration, or what goes back through the equation that it solves."""
        found = None if step.role == "value" else self.implicit.parts(step)
        if found is None:
            return Line(step.name, left, None, said=(("implicit", ()),))
        (slope, called), solved = found.slope, found.solved
        is_formula = self.implicit.is_formula(slope)
        first = self._over(slope, called, found.labels) if is_formula else Line(slope, called, None)
        said = ("implicit_back", (("slope", called.latex), ("solved", solved[1].latex if solved else "")))
        inner = (replace(first, said=(said,)), *([self._over(*solved, found.labels)] if solved else []))
        return replace(self._over(step.name, left, found.labels), inner=inner, needs=found.needs)

    def _over(self, name: str, left: Math, labels: Labels) -> Line:
        """A line that is written with the labels of others."""
        others = {n: label for n, label in labels.items() if n != name}
        right, small = rule(self.program, name, self.called, others), fits(self.program, name, others)
        return Line(name, left, right, labels=tuple(others.items()), fits=small)

    # local derivatives

    def _locals(self, step: Step) -> Iterator[Line]:
        """The local derivatives in a line that have a name of their own."""
        owners = {e.local: e for e in self.edges.values() if e.local}
        through = self.edges.get(step.name)
        for name in _tree(self.program, step):
            node = self.program[name]
            if node.role != "local" or node.op in ("const", "given"):
                continue
            edge = owners.get(name) or through
            if edge and edge.child in self.program and (label := self._label(edge, name)):
                left, call = label
                said = (_about(self.program, self.program[edge.child], edge.position),)
                right, small = rule(self.program, name, self.called, {}), fits(self.program, name, ())
                yield Line(name, left, right, call, said, fits=small)

    def _label(self, edge: Edge, local: str) -> tuple[Math, Math | None] | None:
        """What a local derivative is called, and what else it is: `dp/dq`, sigma'(q)."""
        child, parent = self.program[edge.child], edge.parent
        op = OPS[child.op]
        primed = None
        if op.arity == 1 and (child.op in FUNCTIONS or op.custom):
            written = self.program[parent].unnamed
            inside = rule(self.program, parent, self.called, {}) if written else self.called(parent)
            head = PRIMED.get(child.op, rf"\operatorname{{{child.op.replace('_', chr(92) + '_')}}}'")
            primed = Math(f"{head}({inside.latex})", f"{child.op}'({inside.plain})")
        numbers = not child.shape and not self.program.shape(parent)
        if numbers and not child.unnamed and not self.program[parent].unnamed and child.args.count(parent) == 1:
            return over(self.called(child.name), self.called(parent)), primed
        return (primed, None) if primed else None

    # VJP functions

    def _call(self, step: Step) -> Math | None:
        """`vjp_z(v, x)` of what comes back through one line, where there are vectors."""
        edge = self.edges.get(step.name)
        if edge is None or step.name in self.tangents or self.program[edge.parent].unnamed:
            return None
        line = self.above(edge.child)
        adjoint = self._adjoint(step.name, line)
        if not adjoint or (not self.program.shape(line) and not step.shape):
            return None
        return call(self.called(line), adjoint, self.called(edge.parent))

    def _adjoint(self, name: str, line: str) -> Math | None:
        """What came back to the line through which a step sends back."""
        if not line:
            return None
        for tape in (self.tape, *self.tape.apart):
            for sweep in tape.sweeps.values():
                if line in sweep.adjoints and any(e.result == name for e in sweep.edges):
                    return self.v(sweep.adjoints[line])
        return None

    def shares(self, of: str, wrt: str) -> list[Math]:
        """What the line of `of` itself sends back to a quantity that others use too."""
        for sweep in self.tape.sweeps.values():
            if sweep.output == of and wrt in sweep.sums and is_one(self.program, sweep.seed):
                return [self.called(e.result) for e in sweep.edges if e.parent == wrt and self.above(e.child) == of]
        return []

    def v(self, name: str) -> Math:
        """A cotangent: its name, a unit vector, or its numbers."""
        step = self.program[name]
        if step.op != "const":
            return self.called(name)
        row = unit(self.program, name)
        return Math(f"e_{{{row}}}", f"e{row}") if row else rule(self.program, name, self.called, {})

    # words

    def _said(self, step: Step) -> Iterator[Said]:
        if step.name in self.updates:
            yield ("ascent" if step.op == "add" else "descent"), ()
        elif step.name in self.tangents:
            yield "tangent", ()
        elif step.role == "value":
            yield ("again" if step.name in self.again else "forward"), ()
        elif step.role == "sum" and "_d" in step.name:
            yield "fan_out", ()
        else:
            yield from self._rules(step)
        yield from _moves(self.program, step)

    def _rules(self, step: Step) -> Iterator[Said]:
        """The rules of the operations that a line goes back through."""
        edge, found = self.edges.get(step.name), list[Said]()
        while edge:
            child = self.program[edge.child]
            found.append(_about(self.program, child, edge.position))
            through = [e for e in self.tape.edges if e.parent == child.name] if child.unnamed else []
            users = {(e.child, e.position): e for e in through}
            edge = next(iter(users.values())) if len(users) == 1 else None
        quiet = [f for f in found if f[0] not in ("addition", "copy")]
        yield from quiet or found[:1]


@dataclass(frozen=True)
class Above:
    """Finds the line of the mapping that a step is part of."""

    program: Program
    edges: list[Edge]

    def __call__(self, name: str) -> str:
        """The name of the line; empty where an unnamed step is used by several."""
        while self.program[name].unnamed:
            users = {e.child for e in self.edges if e.parent == name}
            if len(users) != 1:
                return ""
            name = users.pop()
        return name


def _tree(program: Program, step: Step) -> Iterator[str]:
    """The unnamed steps of a line, from its result."""
    todo = list(step.args)
    while todo:
        name = todo.pop(0)
        if program[name].unnamed:
            yield name
            todo += program[name].args


KINDS = {
    "mul": "product", "add": "addition", "copy": "copy", "sub": "subtraction", "neg": "negation", "div": "quotient",
    "pow": "power", "square": "power", "exp": "exp", "log": "log", "sigmoid": "sigmoid", "tanh": "tanh", "relu": "relu",
    "sum": "sum", "mean": "mean", "max": "largest", "min": "largest", "maximum": "branch", "minimum": "branch",
    "where": "branch", "softmax": "softmax", "logsumexp": "logsumexp", "norm": "norm", "diag": "diag",
    "transpose": "moved", "reshape": "moved", "concatenate": "moved", "index": "index", "outer": "outer",
}  # fmt: skip
"""The sentence about what an operation sends back."""

PRODUCTS: dict[tuple[tuple[int, ...], int], str] = {
    ((2, 1), 0): "matrix", ((2, 1), 1): "vector", ((1, 1), 0): "dot", ((1, 1), 1): "dot",
}  # fmt: skip
"""The sentence about the product of these ranks, for each factor."""


def _about(program: Program, step: Step, position: int) -> Said:
    op = OPS[step.op]
    if step.op == "pow" and position:
        return "exponent", ()
    if step.op == "matmul":
        ranks = tuple(len(program.shape(a)) for a in step.args)
        return PRODUCTS.get((ranks, position), "matrices"), ()
    if op.custom:
        return ("surrogate" if op.surrogate else "own"), (("function", step.op),)
    if step.op in KINDS:
        return KINDS[step.op], ()
    if op.local is not None and op.arity == 1:
        return "function", (("function", step.op),)
    return "operation", (("function", step.op),)


def _moves(program: Program, step: Step) -> Iterator[Said]:
    """What a line moves or adds up: entries put at positions, shares of a quantity used for many entries."""
    todo = [step]
    while todo:
        part = todo.pop()
        todo += [program[a] for a in part.args if program[a].unnamed]
        if part.op == "put":
            places = np.arange(prod(part.shape)).reshape(part.shape)[numpy_index(part.static("index"))].ravel()
            at = ", ".join(map(str, places)) if len(part.shape) == 1 else ""
            many, again = len(places) != 1, len(set(places.tolist())) < len(places)
            yield "put", (("at", at), ("many", "yes" if many else ""), ("again", "yes" if again else ""))
        elif part.op == "sum_to":
            yield "sum_to", ()


def _shapes(program: Program, step: Step) -> Math | None:
    """`(3 x 2)(2 x 1) -> (3 x 1)`: the sizes of a line's first product of matrices that has the shape of its result.

    A row among columns is written as a column in mathematics, W^T x for x @ W.
    """
    for name in (step.name, *_tree(program, step)):
        part = program[name]
        if part.op in ("matmul", "outer") and part.shape == step.shape:
            shapes = [program.shape(a) for a in part.args]
            if all(len(s) == 1 for s in shapes) and part.op == "matmul":
                continue
            left, right = _as_row(shapes[0], part.op == "outer"), _as_column(shapes[1], part.op == "outer")
            sizes = written = [left, right, (left[0], right[1])]
            if len(shapes[0]) == 1 and part.op == "matmul" and name != step.name and not _is_left(program, step, name):
                written = [right[::-1], left[::-1], sizes[2][::-1]]
            return Math(rf"{_sized(written[0])}\,{_sized(written[1])} \to {_sized(written[2])}",
                        f"{_plain(sizes[0])} {_plain(sizes[1])} -> {_plain(sizes[2])}")  # fmt: skip
    return None


def _is_left(program: Program, step: Step, name: str) -> bool:
    """Whether a part of a line is the left factor of a product."""
    parts = (step, *(program[n] for n in _tree(program, step)))
    return any(part.op == "matmul" and part.args[0] == name for part in parts)


def _as_row(shape: Shape, outer: bool) -> Shape:
    return shape if len(shape) == 2 else (shape[0], 1) if outer else (1, shape[0])


def _as_column(shape: Shape, outer: bool) -> Shape:
    return shape if len(shape) == 2 else (1, shape[0]) if outer else (shape[0], 1)


def _sized(shape: Shape) -> str:
    return rf"({shape[0]} \times {shape[1]})"


def _plain(shape: Shape) -> str:
    return f"({shape[0]} x {shape[1]})"
