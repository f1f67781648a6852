"""A tape of its own: a mapping as elementary steps, swept backwards and forwards, evaluated as a student does it.

A step is evaluated from the values of its parents and is rounded unless it is exact. What a sweep appends are steps
too: the local derivatives d, the ends of edges and the sums of edges. `site` is the place in the mapping, the same in
every copy of it (descent steps, differences) and in every sweep.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .implicit import IMPLICIT
from .operations import OPERATIONS, CannotCheck, array, index, integers, log, power, sigmoid, sign, sum_to
from .reader import SIGNS, Lines, call_arguments, call_name, evaluate, names_in
from .recompute import Json, Own, functions_of, lines_of, numbers

Real = NDArray[np.float64]
Run = Callable[..., Any]
Rules = tuple[Run, ...]
H = 1e-30

ONE: Rules = (lambda y, *args: np.ones(()),)
MINUS: Rules = (lambda y, *args: -np.ones(()),)
NOTHING: Rules = ()


def side(a: Any, b: Any) -> Real:
    """The slope of the maximum of a and b by a: 1, 0, or a half at a tie."""
    return (sign(a - b) + 1) / 2


SLOPES: dict[str, tuple[Rules, ...]] = {
    "+": (ONE, ONE),
    "-": (ONE, MINUS),
    "*": ((lambda y, a, b: b,), (lambda y, a, b: a,)),
    "/": ((lambda y, a, b: 1 / b,), (lambda y, a, b: -a / b**2, lambda y, a, b: -y / b)),
    "**": ((lambda y, a, b: b * power(a, b - 1),), (lambda y, a, b: y * log(a),)),
    "neg": (MINUS,),
    "exp": ((lambda y, a: y, lambda y, a: np.exp(a)),),
    "log": ((lambda y, a: 1 / a,),),
    "sqrt": ((lambda y, a: 1 / (2 * y), lambda y, a: 0.5 / np.sqrt(a)),),
    "square": ((lambda y, a: 2 * a,),),
    "sin": ((lambda y, a: np.cos(a),),),
    "cos": ((lambda y, a: -np.sin(a),),),
    "arcsin": ((lambda y, a: 1 / np.sqrt(1 - a**2), lambda y, a: 1 / np.cos(y)),),
    "arctan": ((lambda y, a: 1 / (1 + a**2),),),
    "log1p": ((lambda y, a: 1 / (1 + a), lambda y, a: np.exp(-y)),),
    "expm1": ((lambda y, a: np.exp(a), lambda y, a: y + 1),),
    "erf": ((lambda y, a: 2 / np.sqrt(np.pi) * np.exp(-(a**2)),),),
    "tanh": ((lambda y, a: 1 - y**2, lambda y, a: 1 - np.tanh(a) ** 2),),
    "sigmoid": (
        (
            lambda y, a: y * (1 - y),
            lambda y, a: sigmoid(a) * (1 - sigmoid(a)),
            lambda y, a: np.exp(-a) / (1 + np.exp(-a)) ** 2,
        ),
    ),
    "softplus": ((lambda y, a: sigmoid(a), lambda y, a: 1 - np.exp(-y)),),
    "relu": ((lambda y, a: np.where(sign(a) > 0, 1.0, 0.0),),),
    "abs": ((lambda y, a: sign(a),),),
    "maximum": ((lambda y, a, b: side(a, b),), (lambda y, a, b: side(b, a),)),
    "minimum": ((lambda y, a, b: side(b, a),), (lambda y, a, b: side(a, b),)),
    **dict.fromkeys(("floor", "round", "sign", "step", "stop_gradient", "argsort"), (NOTHING,)),
    **dict.fromkeys(("<", "<=", ">", ">=", "==", "!=", "argmax", "one_hot"), (NOTHING, NOTHING)),
}
"""The local derivatives of elementwise operations, by parent, each with its equal rules: functions of y and parents."""

EXACT = {"+", "-", "*", "neg", "relu", "abs"}
"""Whose d is a constant or a copy of another value: nothing to round."""

MOVES = {"T", "transpose", "reshape", "broadcast_to", "index", "gather", "diag", "concatenate", "put", "stack", "tile"}
"""What only moves entries: nothing to round."""

MATMUL: dict[tuple[int, int], tuple[Run, Run]] = {
    (2, 2): (lambda v, a, b: v @ b.T, lambda v, a, b: a.T @ v),
    (2, 1): (lambda v, a, b: np.multiply.outer(v, b), lambda v, a, b: a.T @ v),
    (1, 2): (lambda v, a, b: b @ v, lambda v, a, b: np.multiply.outer(a, v)),
    (1, 1): (lambda v, a, b: v * b, lambda v, a, b: v * a),
}
"""What a product sends back to its two operands, by their ranks."""


def matmul_back(position: int, v: Any, a: Any, b: Any, y: Any) -> Any:
    return MATMUL[np.ndim(a), np.ndim(b)][position](v, a, b)


def kept(v: Any, a: Any, axis: Any = None, keepdims: Any = False) -> Any:
    """v with the summed axes of `a` put back, of length 1."""
    whole = range(np.ndim(a)) if axis is None else np.atleast_1d(integers(axis)) % np.ndim(a)
    return np.reshape(v, [1 if k in set(whole) else n for k, n in enumerate(np.shape(a))])


def count(a: Any, axis: Any = None) -> int:
    """How many entries a sum takes together."""
    if axis is None:
        return int(np.size(a))
    return int(np.prod([np.shape(a)[k] for k in np.atleast_1d(integers(axis))]))


def sum_back(v: Any, a: Any, y: Any, axis: Any = None, keepdims: Any = False) -> Any:
    return np.broadcast_to(kept(v, a, axis), np.shape(a))


def mean_back(v: Any, a: Any, y: Any, axis: Any = None, keepdims: Any = False) -> Any:
    return np.broadcast_to(kept(v / count(a, axis), a, axis), np.shape(a))


def softmax_back(v: Any, a: Any, y: Any) -> Any:
    return y * (v - np.sum(v * y, axis=-1, keepdims=True))


def logsumexp_back(v: Any, a: Any, y: Any, axis: Any = None, keepdims: Any = False) -> Any:
    return kept(v, a, axis) * np.exp(a - kept(y, a, axis))


def norm_back(v: Any, a: Any, y: Any, axis: Any = None, keepdims: Any = False) -> Any:
    size = kept(y, a, axis)
    return kept(v, a, axis) * np.where(size.real > 0, a / np.where(size.real > 0, size, 1), 0)


def transpose_back(v: Any, a: Any, y: Any) -> Any:
    return np.transpose(v)


def reshape_back(v: Any, a: Any, *rest: Any) -> Any:
    return np.reshape(v, np.shape(a))


def index_back(v: Any, a: Any, y: Any, at: Any) -> Any:
    out = np.zeros(np.shape(a), dtype=np.result_type(v, float))
    np.add.at(out, at, v)
    return out


def gather_back(v: Any, a: Any, *rest: Any) -> Any:
    return index_back(v, a, None, index(rest[:-1]))


def cumsum_back(v: Any, a: Any, y: Any, axis: Any = None) -> Any:
    at = 0 if axis is None else integers(axis)
    return np.flip(np.cumsum(np.flip(v, at), at), at)


def where_back(position: int, v: Any, c: Any, a: Any, b: Any, y: Any) -> Any:
    sides = (v, 0) if position == 1 else (0, v)
    return sum_to(np.where(np.real(c) != 0, *sides) + 0 * v, np.shape(a if position == 1 else b))


BACK: dict[str, Callable[[int], Run | None]] = {
    "@": lambda position: partial(matmul_back, position),
    "sum": lambda position: sum_back,
    "mean": lambda position: mean_back,
    "softmax": lambda position: softmax_back,
    "logsumexp": lambda position: logsumexp_back,
    "norm": lambda position: norm_back,
    "T": lambda position: transpose_back,
    "index": lambda position: index_back,
    "gather": lambda position: None if position else gather_back,
    "cumsum": lambda position: cumsum_back,
    "reshape": lambda position: reshape_back if position == 0 else None,
    "where": lambda position: partial(where_back, position) if position else None,
}
"""What other operations send back: functions of v, the parents and y; what is not here goes by complex steps."""


def stepped_back(run: Run, position: int, v: Any, *args: Any) -> Any:
    """v times the Jacobian of one operation by one parent, by complex steps."""
    x = np.asarray(args[position])
    if np.iscomplexobj(v) or any(np.iscomplexobj(arg) for arg in args):
        raise CannotCheck("a complex step within a complex step")
    out = np.zeros(x.size)
    for k in range(x.size):
        bump = np.zeros(x.size, dtype=complex)
        bump[k] = 1j * H
        moved = run(*args[:position], x + bump.reshape(x.shape), *args[position + 1 :])
        out[k] = np.sum(v * np.imag(moved)) / H
    return out.reshape(x.shape)


def stepped_slope(rule: Run, position: int, y: Any, *args: Any) -> Any:
    """The slope of an elementwise function by one argument."""
    moved = [arg + 1j * H if k == position else arg for k, arg in enumerate(args)]
    return np.imag(rule(*moved)) / H


def pushed(run: Run, position: int, t: Any, *args: Any) -> Any:
    """How one operation moves when one parent moves along t."""
    moved = [arg + 1j * H * t if k == position else arg for k, arg in enumerate(args)]
    return np.imag(run(*moved)) / H


def edge_run(v: Any, d: Any, parent: Any) -> Any:
    """v * d, summed or spread to the parent's shape."""
    return spread(v * d, parent)


def spread(product: Any, parent: Any) -> Any:
    """A value of the child's shape as one of the parent's: what was broadcast is summed."""
    return product if np.shape(product) == np.shape(parent) else sum_to(np.asarray(product), np.shape(parent))


def added(*edges: Any) -> Any:
    return sum(edges[1:], edges[0])


def packed(shape: tuple[int, ...], *parts: Any) -> Any:
    """Rows or cells as one array."""
    return np.reshape(np.concatenate([np.ravel(part) for part in parts]), shape)


@dataclass(frozen=True)
class Step:
    """One operation of a tape."""

    op: str
    parents: tuple[int, ...]
    run: Run
    role: str = "value"
    site: Any = None
    position: int = 0
    child: int = -1
    exact: bool = False
    rules: Rules = ()
    told: Any = None


@dataclass
class Tape:
    """Steps in order; parents stand before their children."""

    lines: Lines
    functions: Mapping[str, Own] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    constants: set[int] = field(default_factory=set)
    slopes: dict[tuple[int, int], int] = field(default_factory=dict)
    sweeps: dict[Any, dict[int, int]] = field(default_factory=dict)
    locals: dict[int, dict[int, int]] = field(default_factory=dict)
    insides: dict[int, int] = field(default_factory=dict)
    firsts: set[int] = field(default_factory=set)
    sites: int = 0
    givens: dict[str, int] = field(default_factory=dict)

    def add(self, step: Step) -> int:
        self.steps.append(step)
        return len(self.steps) - 1

    def given(self, name: str) -> int:
        if name not in self.givens:
            self.givens[name] = self.add(Step("given", (), np.zeros, "given", name, exact=True, told=name))
        return self.givens[name]

    def constant(self, value: Any) -> int:
        """A constant; a part of the mapping that depends on no given is one."""
        here = np.asarray(np.real(array(value)), dtype=float)
        made = self.add(Step("constant", (), lambda: here, "constant", exact=True, told=here))
        self.constants.add(made)
        return made

    def forward(self, inputs: Mapping[str, int]) -> dict[str, int]:
        """A copy of the mapping at these inputs: the step of every name."""
        env, self.sites = dict(inputs), 0
        for name, line in self.lines.items():
            env[name] = self.read(line, env)
        return env

    def read(self, node: ast.expr, env: Mapping[str, int]) -> int:
        """The step of an expression."""
        if not names_in(node) & env.keys():
            return self.constant(evaluate(node, self.functions))
        match node:
            case ast.Name(id=name):
                return env[name]
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return self.operation("neg", [self.read(operand, env)])
            case ast.BinOp(op=sign_, left=left, right=right):
                return self.operation(SIGNS[type(sign_)], [self.read(left, env), self.read(right, env)])
            case ast.Compare(ops=[sign_], left=left, comparators=[right]):
                return self.operation(SIGNS[type(sign_)], [self.read(left, env), self.read(right, env)])
            case ast.Attribute(attr="T", value=value):
                return self.operation("T", [self.read(value, env)])
            case ast.Subscript(value=value, slice=at):
                return self.indexed(self.read(value, env), at, env)
            case ast.Call():
                return self.call(node, env)
            case ast.List(elts=parts):
                return self.operation("stack", [self.read(p, env) for p in parts], lambda *xs: np.stack(xs))
        raise CannotCheck(f"not in the language: {ast.unparse(node)}")

    def indexed(self, value: int, at: ast.expr, env: Mapping[str, int]) -> int:
        """An entry, slice or gather."""
        if not names_in(at) & env.keys():
            where = index(evaluate(at, {}))
            return self.operation("index", [value], lambda x: np.asarray(x)[where], {"at": where})
        parts = list(at.elts) if isinstance(at, ast.Tuple) else [at]
        places = [self.read(part, env) for part in parts]
        return self.operation("gather", [value, *places], lambda x, *ks: np.asarray(x)[index(ks)])

    def call(self, node: ast.Call, env: Mapping[str, int]) -> int:
        name = call_name(node)
        if name in IMPLICIT:
            return self.implicit(node, env)
        parents: list[int] = []
        places = [self.argument(part, env, parents) for part in call_arguments(node)]
        statics = {str(word.arg): evaluate(word.value, {}) for word in node.keywords}
        body = self.functions.get(name) or OPERATIONS.get(name)
        if name == "clip_grad":
            low, high = (self.steps[parents[k]].told for k in (1, 2))
            return self.operation("clip_grad", parents[:1], lambda x: x, {"low": low, "high": high})
        if body is None:
            raise CannotCheck(f"unknown operation {name}")
        return self.operation(name, parents, lambda *xs: body(*(filled(p, xs) for p in places), **statics), statics)

    def argument(self, node: ast.expr, env: Mapping[str, int], parents: list[int]) -> Any:
        """Where an argument comes from: a place among the parents, several of them, or a static value."""
        if isinstance(node, ast.Tuple) and names_in(node) & env.keys():
            return tuple(self.argument(part, env, parents) for part in node.elts)
        if not names_in(node) & env.keys():
            value = evaluate(node, self.functions)
            if not isinstance(value, np.ndarray | np.generic):
                return Static(value)
            parents.append(self.constant(value))
        else:
            parents.append(self.read(node, env))
        return len(parents) - 1

    def implicit(self, node: ast.Call, env: Mapping[str, int]) -> int:
        """A fixed point or minimum, as one operation of all that its body reads."""
        names = sorted(names_in(node) & env.keys())

        def run(*values: Any) -> Any:
            return evaluate(node, {**self.functions, **dict(zip(names, map(array, values), strict=True))})

        return self.operation(call_name(node), [env[name] for name in names], run)

    def operation(self, op: str, parents: list[int], run: Run | None = None, statics: Any = None) -> int:
        """A step of the mapping; of constants alone it is a constant."""
        body = run or OPERATIONS[op]
        site, self.sites = self.sites, self.sites + 1
        made = self.add(Step(op, tuple(parents), body, site=site, exact=op in MOVES, told=statics or {}))
        if set(parents) <= self.constants:
            self.constants.add(made)
            self.steps[made] = Step(op, tuple(parents), body, "constant", site, exact=True)
        return made

    def slope(self, child: int, position: int) -> int:
        """The step of d of a child by one parent."""
        if (child, position) not in self.slopes:
            step = self.steps[child]
            if step.role == "d":
                rules: Rules = tuple(partial(second_slope, rule, position) for rule in step.rules)
            else:
                rules = tuple(partial(ordered, rule) for rule in SLOPES[step.op][position])
            exact = step.op in EXACT and step.role == "value"
            self.slopes[child, position] = self.add(
                Step(step.op, (child, *step.parents), rules[0], "d", step.site, position, child, exact, rules)
            )
        return self.slopes[child, position]

    def is_elementwise(self, step: Step) -> bool:
        return step.role == "d" or (step.role == "value" and step.op in SLOPES)

    def has_edge(self, child: int, position: int) -> bool:
        """Whether something goes back along this use."""
        step = self.steps[child]
        if step.role in ("given", "constant", "update", "seed") or step.parents[position] in self.constants:
            return False
        if step.role == "d" and step.op in EXACT:
            return step.op == "*" and position == 2 - step.position
        if step.role == "value" and step.op in SLOPES:
            return bool(SLOPES[step.op][position])
        if step.op in BACK and step.role == "value":
            return BACK[step.op](position) is not None
        return not (step.role == "edge" and step.told == "elementwise" and position == 2)

    def edge(self, child: int, position: int, v: int) -> int:
        """What a child sends back to one parent."""
        step = self.steps[child]
        parent = step.parents[position]
        place: Json = {"role": "edge", "site": step.site if step.role == "value" else None, "position": position}
        if self.is_elementwise(step):
            d = self.slope(child, position)
            return self.add(Step(step.op, (v, d, parent), edge_run, child=child, told="elementwise", **place))
        back = self.back(step, position)
        exact = step.role == "value" and step.op in MOVES - {"broadcast_to", "tile"}
        told = "own" if step.op in self.functions else "whole"
        return self.add(Step(step.op, (v, *step.parents, child), back, child=child, exact=exact, told=told, **place))

    def back(self, step: Step, position: int) -> Run:
        """What a step that is not elementwise sends back, of v, its parents and itself."""
        if step.role == "sum":
            return lambda v, *rest: v
        own = self.functions.get(step.op)
        if own is not None and own.rules:
            return partial(own_back, own, position)
        if step.op == "clip_grad":
            low, high = step.told["low"], step.told["high"]
            return lambda v, x, y: np.clip(v, low, high)
        found = BACK[step.op](position) if step.op in BACK and step.role == "value" else None
        statics = step.told if isinstance(step.told, dict) else {}
        if found is not None:
            return partial(found, **statics) if statics else found
        run = step.run
        return lambda v, *args: stepped_back(run, position, v, *args[:-1])

    def sweep(self, out: int, seed: int, inside: Collection[int] | None = None) -> dict[int, int]:
        """The adjoint step of every step that `out` depends on; `inside`: the only steps gone through."""
        key = (out, seed, None if inside is None else tuple(sorted(inside)))
        if key in self.sweeps:
            return self.sweeps[key]
        edges: dict[int, list[int]] = {out: []}
        adjoints: dict[int, int] = {}
        for child in range(out, -1, -1):
            if child not in edges:
                continue
            adjoints[child] = v = seed if child == out else self.sum(edges[child], child)
            if inside is not None and child not in inside:
                continue
            for position, parent in enumerate(self.steps[child].parents):
                if self.has_edge(child, position) and not (inside is None and self.by_local(child, parent)):
                    edges.setdefault(parent, []).append(self.edge(child, position, v))
                    self.firsts |= {edges[parent][-1]} if child == out else set()
            for parent, d in self.locals.get(child, {}).items() if inside is None else ():
                edges.setdefault(parent, []).append(self.add(Step("local", (v, d), lambda v, d: v * d, "edge")))
        self.sweeps[key] = adjoints
        return adjoints

    def by_local(self, child: int, parent: int) -> bool:
        """Whether this use lies on the line of an asked local derivative, which is used in its place."""
        return parent in self.locals.get(self.insides.get(child, -1), {})

    def sum(self, edges: list[int], of: int, role: str = "sum") -> int:
        if len(edges) == 1:
            return edges[0]
        return self.add(Step("sum", tuple(edges), added, role, self.steps[of].site, child=of))

    def push(self, out: int, moved: Mapping[int, int]) -> int | None:
        """The tangent step of `out` where these steps move along those; None where it does not move."""
        tangents = dict(moved)
        for child in sorted(self.ancestors([out])):
            step = self.steps[child]
            if child in tangents or not step.parents:
                continue
            uses = [k for k, parent in enumerate(step.parents) if parent in tangents and self.has_edge(child, k)]
            ends = [self.pushed(child, k, tangents[step.parents[k]]) for k in uses]
            if ends:
                tangents[child] = self.sum(ends, child, "tangent")
        return tangents.get(out)

    def pushed(self, child: int, position: int, t: int) -> int:
        step = self.steps[child]
        place: Json = {"role": "push", "site": step.site, "position": position, "child": child}
        if self.is_elementwise(step):
            d = self.slope(child, position)
            return self.add(Step(step.op, (t, d, child), lambda t, d, y: t * d + np.zeros(np.shape(y)), **place))
        run = partial(pushed, step.run, position)
        return self.add(Step(step.op, (t, *step.parents), run, exact=step.op in MOVES, **place))

    def ancestors(self, outs: Iterable[int]) -> set[int]:
        """All steps that these are computed from, and they."""
        found: set[int] = set()
        todo = list(outs)
        while todo:
            if (step := todo.pop()) not in found:
                found.add(step)
                todo += self.steps[step].parents
        return found


def ordered(rule: Run, y: Any, *args: Any) -> Any:
    return rule(y, *args)


def second_slope(rule: Run, position: int, d: Any, *args: Any) -> Any:
    """The slope of a local derivative by one of what it is computed from."""
    return stepped_slope(rule, position, d, *args)


@dataclass(frozen=True)
class Static:
    """An argument that is no array."""

    value: Any


def filled(place: Any, values: Sequence[Any]) -> Any:
    """An argument with its values put in."""
    if isinstance(place, Static):
        return place.value
    if isinstance(place, tuple):
        return tuple(filled(part, values) for part in place)
    return values[place]


def own_back(own: Own, position: int, v: Any, *args: Any) -> Any:
    """What a problem's own operation sends back, by its rule."""
    *parents, y = map(array, args)
    env = {**own.others, **dict(zip(own.parameters, parents, strict=True)), "y": y, "v": array(v)}
    return array(evaluate(own.rules[own.parameters[position]], env)).real


NUMERIC = {
    "forward", "gradient", "vjp", "jvp", "jacobian", "hessian", "hvp", "derivative", "local", "difference", "decision",
    "table", "step",
}  # fmt: skip
"""The asks whose answers are computed on a tape."""


def is_numeric(question: Json) -> bool:
    return question["ask"] in NUMERIC and question["kind"] in ("number", "array", "table")


@dataclass
class Work:
    """A problem's tape, with the step whose value answers each question."""

    problem: Json
    in_turn: bool = False
    tape: Tape = field(init=False)
    base: dict[str, int] = field(init=False)
    answers: dict[str, int] = field(default_factory=dict)
    unread: dict[str, str] = field(default_factory=dict)
    sizes: dict[str, tuple[int, ...]] = field(init=False)
    iterates: dict[Any, dict[str, int]] = field(default_factory=dict)
    one: int = field(init=False)
    by_locals: bool = False
    updates: list[tuple[int, dict[str, int], str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tape = Tape(lines_of(self.problem), functions_of(self.problem))
        given = self.problem.get("given") or {}
        inputs = {name: self.tape.given(name) for name, value in given.items() if not isinstance(value, dict | None)}
        self.base = self.tape.forward(inputs)
        self.one = self.tape.constant(1.0)
        self.sizes = self.shapes()
        questions = sorted(self.problem["questions"], key=lambda question: question["ask"] != "local")
        for question in questions if self.by_locals else self.problem["questions"]:
            if is_numeric(question):
                try:
                    self.answers[question["id"]] = ASKS[question["ask"]](self, question)
                except CannotCheck as error:
                    self.unread[question["id"]] = str(error)

    def shapes(self) -> dict[str, tuple[int, ...]]:
        values = Pass(self, self.problem.get("given") or {}).values(self.base.values())
        return {name: np.shape(values[step]) for name, step in self.base.items()}

    def seed(self, value: Any, shape: tuple[int, ...]) -> int:
        """A cotangent or tangent: a given's name, numbers, or one number that fills the shape."""
        if isinstance(value, str) and value in self.base and self.sizes[value] == shape:
            return self.base[value]
        if shape == () and not isinstance(value, str) and numbers(value) == 1:
            return self.one
        if isinstance(value, str) and value in self.base:
            return self.tape.add(
                Step("fill", (self.base[value],), lambda x: np.broadcast_to(x, shape), "seed", exact=True)
            )
        return self.tape.constant(np.broadcast_to(numbers(value), shape))

    def gradient(self, env: Mapping[str, int], of: str, wrt: str) -> int:
        """The adjoint of `wrt`, or zeros."""
        return self.adjoint(env[of], self.one, env[wrt], self.sizes[wrt])

    def adjoint(self, out: int, seed: int, wrt: int, shape: tuple[int, ...]) -> int:
        found = self.tape.sweep(out, seed).get(wrt)
        return self.tape.constant(np.zeros(shape)) if found is None else found

    def rows(self, of: str, wrt: str) -> list[int]:
        """One sweep a row of the Jacobian."""
        shape = self.sizes[of]
        if shape == ():
            return [self.gradient(self.base, of, wrt)]
        key = ("units", of)
        if key not in self.iterates:
            units = np.eye(int(np.prod(shape)))
            self.iterates[key] = {str(k): self.tape.constant(unit.reshape(shape)) for k, unit in enumerate(units)}
        seeds = self.iterates[key].values()
        return [self.adjoint(self.base[of], seed, self.base[wrt], self.sizes[wrt]) for seed in seeds]

    def pack(self, parts: list[int], shape: tuple[int, ...]) -> int:
        return self.tape.add(Step("pack", tuple(parts), partial(packed, shape), "pack", exact=True))

    def size(self, name: str) -> int:
        return int(np.prod(self.sizes[name]))


def forward(work: Work, question: Json) -> int:
    return work.base[question["of"]]


def gradient(work: Work, question: Json) -> int:
    of, wrt = question["of"], question["wrt"]
    if work.sizes[of] == ():
        return work.gradient(work.base, of, wrt)
    if work.sizes[wrt] != ():
        raise CannotCheck(f"d{of}/d{wrt} has no scalar side")
    return work.pack(work.rows(of, wrt), work.sizes[of])


def vjp(work: Work, question: Json) -> int:
    of, wrt = question["of"], question["wrt"]
    seed = work.seed(question["cotangent"], work.sizes[of])
    return work.adjoint(work.base[of], seed, work.base[wrt], work.sizes[wrt])


def jvp(work: Work, question: Json) -> int:
    moved = {work.base[name]: work.seed(value, work.sizes[name]) for name, value in question["tangent"].items()}
    found = work.tape.push(work.base[question["of"]], moved)
    return work.tape.constant(np.zeros(work.sizes[question["of"]])) if found is None else found


def jacobian(work: Work, question: Json) -> int:
    of, wrt = question["of"], question["wrt"]
    return work.pack(work.rows(of, wrt), (work.size(of), work.size(wrt)))


def hessian(work: Work, question: Json) -> int:
    """A sweep from every entry of the gradient."""
    of, wrt = question["of"], question["wrt"]
    first, shape, k = work.gradient(work.base, of, wrt), work.sizes[wrt], work.size(wrt)
    seeds = [work.tape.constant(unit.reshape(shape)) for unit in np.eye(k)]
    rows = [work.adjoint(first, seed, work.base[wrt], shape) for seed in seeds]
    return work.pack(rows, (k, k))


def hvp(work: Work, question: Json) -> int:
    of, wrt = question["of"], question["wrt"]
    first, shape = work.gradient(work.base, of, wrt), work.sizes[wrt]
    return work.adjoint(first, work.seed(question["cotangent"], shape), work.base[wrt], shape)


def high(work: Work, question: Json) -> int:
    out = work.base[question["of"]]
    if question["order"] > 2:
        raise CannotCheck("a derivative of order 3")
    for _ in range(question["order"]):
        out = work.adjoint(out, work.one, work.base[question["wrt"]], ())
    return out


def local(work: Work, question: Json) -> int:
    """The sweep that goes through the line of `of` alone."""
    of, wrt = question["of"], question["wrt"]
    out, stops = work.base[of], {step for name, step in work.base.items() if name != of}
    inside = work.tape.ancestors([out]) - stops
    if work.sizes[of] == ():
        found = work.tape.sweep(out, work.one, inside).get(work.base[wrt])
        if found is None:
            raise CannotCheck(f"there is no edge from {wrt} to {of}")
        if work.by_locals:
            work.tape.insides |= dict.fromkeys(inside, out)
            work.tape.locals.setdefault(out, {})[work.base[wrt]] = found
        return found
    units = [work.tape.constant(unit.reshape(work.sizes[of])) for unit in np.eye(work.size(of))]
    if work.sizes[wrt] != ():
        raise CannotCheck(f"d{of}/d{wrt} has no scalar side")
    return work.pack([work.tape.sweep(out, u, inside)[work.base[wrt]] for u in units], work.sizes[of])


def difference(work: Work, question: Json) -> int:
    """(f(x + h) - f(x - h)) / 2h on two copies of the mapping."""
    tape, of, wrt = work.tape, question["of"], question["wrt"]
    inputs = {name: work.base[name] for name in tape.givens}
    h = work.seed(question["h"], ())
    ends = []
    for op in ("+", "-"):
        moved = tape.add(Step(op, (inputs[wrt], h), OPERATIONS[op], "update", "h"))
        ends.append(tape.forward({**inputs, wrt: moved})[of])
    apart = tape.add(Step("-", tuple(ends), OPERATIONS["-"], "update", "h"))
    return tape.add(Step("/", (apart, h), lambda a, h: a / (2 * h), "update", "h"))


def decision(work: Work, question: Json) -> int:
    z = work.base[question["of"]]
    return work.tape.add(
        Step("decision", (z,), lambda z: np.where(np.real(z) > 0, 1.0, -1.0), "decision", exact=True)
    )


def table(work: Work, question: Json) -> int:
    of, parts = question["of"], question["parts"]
    reading = {"value": lambda name: work.base[name], "gradient": lambda name: work.gradient(work.base, of, name)}
    cells = [reading[part](name) for name in question["rows"] for part in parts]
    return work.pack(cells, (len(question["rows"]), len(parts)))


def step(work: Work, question: Json) -> int:
    return iterate(work, question, question["steps"])[question["wrt"]]


def iterate(work: Work, question: Json, steps: int) -> dict[str, int]:
    """The mapping after some descent steps in which all of `moves` move together (or in turn)."""
    if steps == 0:
        return work.base
    of, moves, uphill = question["of"], question["moves"], question.get("ascent", False)
    key = (of, tuple(moves), str(question["rate"]), uphill, steps)
    if key in work.iterates:
        return work.iterates[key]
    env = iterate(work, question, steps - 1)
    rate = work.seed(question["rate"], ())
    inputs = {name: env[name] for name in work.tape.givens}
    for name in moves:
        slope = work.gradient(env, of, name)
        inputs[name] = updated(work, env[name], (rate, slope), (of, name, uphill))
        work.updates.append((work.tape.steps[inputs[name]].parents[1], env, of, name))
        if work.in_turn:
            env = work.tape.forward(inputs)
    work.iterates[key] = work.tape.forward(inputs)
    return work.iterates[key]


def updated(work: Work, w: int, scaled: tuple[int, int], told: tuple[str, str, bool]) -> int:
    """w moved against (or along) rate times gradient."""
    product = work.tape.add(Step("scale", scaled, lambda rate, g: rate * g, "update", told[1], told=told))
    sign_ = OPERATIONS["+" if told[2] else "-"]
    return work.tape.add(Step("move", (w, product), sign_, "update", told[1], told=told))


ASKS: dict[str, Callable[[Work, Json], int]] = {
    "forward": forward,
    "gradient": gradient,
    "vjp": vjp,
    "jvp": jvp,
    "jacobian": jacobian,
    "hessian": hessian,
    "hvp": hvp,
    "derivative": high,
    "local": local,
    "difference": difference,
    "decision": decision,
    "table": table,
    "step": step,
}

Change = Callable[["Pass", Step], Any]


@dataclass
class Pass:
    """One evaluation of a tape: how it is rounded, which rules are used, what is written and what is done wrongly."""

    work: Work
    given: Json
    decimals: int | None = None
    rules: Mapping[str, int] = field(default_factory=dict)
    written: Mapping[int, Any] = field(default_factory=dict)
    changes: Mapping[int, Change] = field(default_factory=dict)
    rounded: Collection[int] | None = None
    found: dict[int, Any] = field(default_factory=dict)

    def values(self, outs: Iterable[int]) -> dict[int, Any]:
        """The values of these steps and of all they need; None for what cannot be computed."""
        with np.errstate(all="ignore"):
            for at in sorted(self.work.tape.ancestors(outs) - self.found.keys()):
                self.found[at] = self.value(at)
        return self.found

    def value(self, at: int) -> Any:
        step = self.work.tape.steps[at]
        if step.role == "given":
            return numbers(self.given[step.told])
        if at in self.written:
            return self.written[at]
        try:
            change = self.changes.get(at)
            value = np.asarray(self.run(step) if change is None else change(self, step))
        except (ValueError, IndexError, TypeError, ZeroDivisionError, np.linalg.LinAlgError, CannotCheck):
            return None
        value = np.asarray(value.real if np.iscomplexobj(value) else value, dtype=float)
        if self.decimals is None or step.exact or (self.rounded is not None and at not in self.rounded):
            return value
        return np.round(value, self.decimals) + 0.0

    def run(self, step: Step) -> Any:
        """The right value of a step from what it is computed from."""
        return self.rule(step)(*self.of(step))

    def of(self, step: Step) -> list[Any]:
        """The values that a step is computed from."""
        values = [self.found[parent] for parent in step.parents]
        if any(value is None for value in values):
            raise ValueError("what comes before could not be computed")
        return values

    def rule(self, step: Step) -> Run:
        if step.role != "d":
            return step.run
        return step.rules[min(self.rules.get(step.op, 0), len(step.rules) - 1)]

