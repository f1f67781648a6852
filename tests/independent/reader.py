"""A small reader of mapping lines: whitelisted ast nodes, evaluated over complex arrays.

A problem's own operations and functions stand in an env under their names, as what can be called.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .implicit import IMPLICIT, implicit
from .operations import OPERATIONS, Array, CannotCheck, array, index

Env = Mapping[str, Any]
Lines = dict[str, ast.expr]
SIGNS: dict[type, str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**", ast.MatMult: "@",
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip
STATIC = {"axis", "keepdims", "shape"}
MAX_TEXT = 20_000


def read_lines(text: str) -> Lines:
    """Assignments, one a line or `;`, as {name: expression} in order."""
    lines: Lines = {}
    for statement in parse(text, "exec").body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name not in lines:
                lines[name] = value
            case _:
                raise CannotCheck(f"not a first assignment to a name: {ast.unparse(statement)}")
    if not lines:
        raise CannotCheck("no assignment in the mapping")
    return lines


def parse(text: Any, mode: str) -> Any:
    """The syntax tree of a text, or CannotCheck."""
    if not isinstance(text, str) or len(text) > MAX_TEXT:
        raise CannotCheck(f"not a text of at most {MAX_TEXT} characters")
    try:
        return ast.parse(text.strip(), mode=mode)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise CannotCheck(f"unreadable text {text!r}: {error}") from error


def evaluate_text(text: str, env: Env) -> Array:
    """The value of one expression."""
    return array(evaluate(parse(text, "eval").body, env))


def run(lines: Lines, inputs: Env, bumps: Env | None = None, functions: Env | None = None) -> dict[str, Array]:
    """Every name's value; a bump is added to its name when that is given or assigned."""
    bumps, functions = bumps or {}, functions or {}
    env: dict[str, Any] = dict(functions)
    found: dict[str, Array] = {name: array(value) + bumps.get(name, 0) for name, value in inputs.items()}
    env |= found
    with np.errstate(all="ignore"):
        for name, expression in lines.items():
            if name in inputs or name in functions:
                raise CannotCheck(f"the given {name} is assigned again")
            env[name] = found[name] = array(evaluate(expression, env)) + bumps.get(name, 0)
    return found


def evaluate(node: ast.expr, env: Env) -> Any:
    """The value of a node: an array, or a static argument (tuple, slice, None, bool, ...)."""
    for kind, reading in READINGS.items():
        if isinstance(node, kind):
            return reading(node, env)
    raise CannotCheck(f"not in the language: {ast.unparse(node)}")


def apply(name: str, *args: Any, **statics: Any) -> Any:
    """One operation."""
    if name not in OPERATIONS:
        raise CannotCheck(f"unknown operation {name}")
    return OPERATIONS[name](*args, **statics)


def read_constant(node: ast.Constant, env: Env) -> Any:
    if node.value is None or node.value is Ellipsis or isinstance(node.value, bool | str):
        return node.value
    if isinstance(node.value, int | float):
        return array(node.value)
    raise CannotCheck(f"constant {node.value!r}")


def read_name(node: ast.Name, env: Env) -> Any:
    if node.id in env:
        return env[node.id]
    if node.id == "pi":
        return array(np.pi)
    raise CannotCheck(f"the name {node.id} has no value here")


def read_unary(node: ast.UnaryOp, env: Env) -> Any:
    if isinstance(node.op, ast.USub):
        return apply("neg", evaluate(node.operand, env))
    raise CannotCheck(f"not in the language: {ast.unparse(node)}")


def read_binary(node: ast.BinOp, env: Env) -> Any:
    if type(node.op) not in SIGNS:
        raise CannotCheck(f"not in the language: {ast.unparse(node)}")
    return apply(SIGNS[type(node.op)], array(evaluate(node.left, env)), array(evaluate(node.right, env)))


def read_comparison(node: ast.Compare, env: Env) -> Any:
    if len(node.ops) != 1 or type(node.ops[0]) not in SIGNS:
        raise CannotCheck(f"not in the language: {ast.unparse(node)}")
    sides = [array(evaluate(side, env)) for side in (node.left, node.comparators[0])]
    return apply(SIGNS[type(node.ops[0])], *sides)


def read_attribute(node: ast.Attribute, env: Env) -> Any:
    value = array(evaluate(node.value, env))
    if node.attr == "T":
        return apply("T", value)
    if node.attr == "shape":
        return value.shape
    raise CannotCheck(f"unknown attribute .{node.attr}")


def read_subscript(node: ast.Subscript, env: Env) -> Any:
    if any(isinstance(part, ast.Compare) for part in ast.walk(node.slice)):
        raise CannotCheck("a mask as an index")
    at = index(evaluate(node.slice, env))
    if isinstance(node.value, ast.Name) and node.value.id == "s_":
        return at
    value = evaluate(node.value, env)
    return value[at] if isinstance(value, tuple) else array(value)[at]


def read_slice(node: ast.Slice, env: Env) -> slice:
    parts = (node.lower, node.upper, node.step)
    return slice(*(None if part is None else evaluate(part, env) for part in parts))


def read_call(node: ast.Call, env: Env) -> Any:
    name = call_name(node)
    if name in IMPLICIT:
        return read_implicit(node, env)
    if name == "stop_gradient":
        env = still(env)
    args = [evaluate(arg, env) for arg in call_arguments(node)]
    if any(keyword.arg is None for keyword in node.keywords):
        raise CannotCheck("** in a call")
    statics = {str(keyword.arg): evaluate(keyword.value, env) for keyword in node.keywords}
    if callable(own := env.get(name)):
        return own(*args, **statics)
    return apply(name, *args, **statics)


def still(env: Env) -> Env:
    """The env without what moves in it: a value may exist where its derivative does not."""
    return {name: value if callable(value) else array(array(value).real) for name, value in env.items()}


def read_implicit(node: ast.Call, env: Env) -> Array:
    """fixed_point(lambda u: ..., start) and argmin: the value, moved as its equation says."""
    match node:
        case ast.Call(args=[ast.Lambda(args=ast.arguments(args=[bound]), body=inside), start], keywords=[]):
            used = {name: array(env[name]) for name in sorted(names_in(inside, {bound.arg})) if name in env}
        case _:
            raise CannotCheck(f"not in the language: {ast.unparse(node)}")
    size = max((np.max(np.abs(value.imag), initial=0.0) for value in used.values()), default=0.0)

    def body(u: Array, along: complex = 0) -> Array:
        """The body at u, with all that it reads moved along its imaginary part."""
        moved = {name: value.real + along * value.imag / (size or 1.0) for name, value in used.items()}
        return array(evaluate(inside, {**env, **moved, bound.arg: u}))

    first = np.asarray(array(evaluate(start, env)).real)
    told: list[Any] = [(name, value.shape, value.real.tobytes()) for name, value in used.items()]
    told += [env[name].text for name in sorted(calls_in({"": inside})) if callable(env.get(name))]
    known = (ast.unparse(node), first.shape, first.tobytes(), *told)
    return implicit(call_name(node), body, first, float(size), known)


def call_name(node: ast.Call) -> str:
    """The operation of `f(x)` or `x.f()`."""
    match node.func:
        case ast.Name(id=name) | ast.Attribute(attr=name) if name.isidentifier():
            return name
    raise CannotCheck(f"not a call by name: {ast.unparse(node)}")


def call_arguments(node: ast.Call) -> list[ast.expr]:
    """The positional arguments, the object of a method first."""
    return [node.func.value, *node.args] if isinstance(node.func, ast.Attribute) else list(node.args)


def read_tuple(node: ast.Tuple, env: Env) -> tuple[Any, ...]:
    return tuple(evaluate(entry, env) for entry in node.elts)


def read_list(node: ast.List, env: Env) -> Any:
    """Numbers, or arrays of one shape, as an array; other arrays as a tuple."""
    entries = tuple(evaluate(entry, env) for entry in node.elts)
    return np.stack(entries) if len({np.shape(entry) for entry in entries}) == 1 else entries


READINGS: dict[type, Callable[[Any, Env], Any]] = {
    ast.Constant: read_constant,
    ast.Name: read_name,
    ast.UnaryOp: read_unary,
    ast.BinOp: read_binary,
    ast.Compare: read_comparison,
    ast.Attribute: read_attribute,
    ast.Subscript: read_subscript,
    ast.Slice: read_slice,
    ast.Call: read_call,
    ast.Tuple: read_tuple,
    ast.List: read_list,
}


def walk(lines: Lines) -> Iterator[ast.AST]:
    """Every node of every line."""
    return (node for line in lines.values() for node in ast.walk(line))


def names_in(node: ast.AST, bound: Collection[str] = ()) -> set[str]:
    """The quantities that an expression reads; not what it calls, nor the arguments of its lambdas."""
    match node:
        case ast.Name(id=name):
            return {name} - {"pi", "s_", *bound}
        case ast.Lambda():
            return names_in(node.body, {*bound, *(argument.arg for argument in node.args.args)})
        case ast.Call(func=ast.Name()):
            parts: Iterable[ast.AST] = [*node.args, *node.keywords]
        case _:
            parts = ast.iter_child_nodes(node)
    return {name for part in parts for name in names_in(part, bound)}


def calls_in(lines: Lines) -> set[str]:
    """The operations and functions that are called by name."""
    return {call_name(node) for node in walk(lines) if isinstance(node, ast.Call)}


def index_names(lines: Lines) -> set[str]:
    """Names that stand as an index: their values are places, not quantities."""
    slices = [node.slice for node in walk(lines) if isinstance(node, ast.Subscript)]
    parts = [part for whole in slices for part in (whole.elts if isinstance(whole, ast.Tuple) else [whole])]
    return {part.id for part in parts if isinstance(part, ast.Name)}


def free_names(lines: Lines) -> set[str]:
    """Names that a mapping uses and does not assign."""
    return {name for line in lines.values() for name in names_in(line)} - set(lines)


@dataclass
class Graph:
    """Operations with their operands, each use an edge; constants and static arguments are left out."""

    lines: Lines
    nodes: list[tuple[str, tuple[int, ...]]] = field(default_factory=list)
    named: dict[str, int | None] = field(default_factory=dict)

    def add(self, label: str, parts: list[ast.expr]) -> int | None:
        """A node for an operation, or None where all its operands are constant."""
        children = tuple(child for child in map(self.visit, parts) if child is not None)
        if not children:
            return None
        self.nodes.append((label, children))
        return len(self.nodes) - 1

    def name(self, name: str) -> int | None:
        """The node that a name stands for; the same one at every use."""
        if name not in self.named:
            if name in self.lines:
                self.named[name] = self.visit(self.lines[name])
            else:
                self.nodes.append((f"given {name}", ()))
                self.named[name] = len(self.nodes) - 1
        return self.named[name]

    def visit(self, node: ast.expr) -> int | None:
        match node:
            case ast.Constant() | ast.Name(id="pi" | "s_") | ast.Attribute(attr="shape"):
                return None
            case ast.Name(id=name):
                return self.name(name)
            case ast.UnaryOp():
                return self.add("neg", [node.operand])
            case ast.BinOp():
                return self.add(SIGNS[type(node.op)], [node.left, node.right])
            case ast.Compare():
                return self.add(SIGNS[type(node.ops[0])], [node.left, *node.comparators])
            case ast.Attribute():
                return self.add("T", [node.value])
            case ast.Subscript():
                return self.add("index", [node.value])
            case ast.Call():
                parts = [*call_arguments(node), *(k.value for k in node.keywords if k.arg not in STATIC)]
                return self.add(call_name(node), flat(parts))
        raise CannotCheck(f"not in the language: {ast.unparse(node)}")

    def canonical(self, forms: dict[Any, int]) -> Counter[tuple[int, int]]:
        """The number of nodes of each (expression, fan-out); `forms` numbers expressions across graphs."""
        uses = Counter(child for _, children in self.nodes for child in children)
        own: list[int] = []
        for label, children in self.nodes:
            parts = [own[child] for child in children]
            ordered = sorted(parts) if label in ("+", "*", "maximum", "minimum") else parts
            own.append(forms.setdefault((label, *ordered), len(forms)))
        return Counter((form, uses[node]) for node, form in enumerate(own))


def flat(parts: list[ast.expr]) -> list[ast.expr]:
    """Arguments with tuples opened."""
    opened = (part.elts if isinstance(part, ast.Tuple | ast.List) else [part] for part in parts)
    return [entry for entries in opened for entry in entries]


def graph_of(lines: Lines, names: list[str]) -> Graph:
    """The graph that leads to these names."""
    graph = Graph(lines)
    for name in names:
        graph.name(name)
    return graph
