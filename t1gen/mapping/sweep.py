"""Backpropagation as a program transformation: adjoint steps appended to a program, from rules that are text.

A sweep goes from an output and a seed back to everything the output depends on. Each use of a quantity sends back one
edge (elementary steps whose last is the edge's adjoint); a quantity with several uses gets a sum of its edges.
"""

import ast
from collections.abc import Collection
from dataclasses import dataclass, field

from t1gen.mapping.derive import derived
from t1gen.mapping.ops import OPS
from t1gen.mapping.ops.fold import AXES
from t1gen.mapping.program import Program, Step
from t1gen.mapping.reader import Writer
from t1gen.mapping.syntax import parse


@dataclass(frozen=True)
class Edge:
    """What one use sends back: `result` is the adjoint of `parent` through `child`, from `cotangent` and `local`.

    `local` is empty where the rule has no local derivative of its own (a product of matrices, say).
    """

    child: str
    parent: str
    position: int
    cotangent: str
    local: str
    result: str


@dataclass
class Sweep:
    """One backward pass: the adjoint of every quantity it reached, and the edges that made them."""

    output: str
    seed: str
    adjoints: dict[str, str] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)
    sums: dict[str, list[str]] = field(default_factory=dict)


def backward(
    program: Program, output: str, seed: str, *, prefix: str = "", equal: int = 0, stop: Collection[str] = (),
    fold: bool = True,
) -> Sweep:  # fmt: skip
    """Append the backward pass of `output` from the cotangent `seed` to `program`.

    `seed` names a quantity of the program of the output's shape. `equal` > 0 takes each operation's equal rule of that
    number where it has one; nothing goes back beyond the quantities in `stop`; without `fold`, every edge is a step of
    its own, products with 1 too. Steps of named quantities are called `dL_dz`, their edges `dL_dz_1`, `dL_dz_2`.
    """
    sweep = Sweep(output, seed)
    reached = program.ancestors([output])
    forward = [step for step in program if step.name in reached]
    arrived: dict[str, list[str]] = {output: [seed]}
    uses = _uses(program, forward, stop)
    for step in reversed(forward):
        if step.name not in arrived or step.op == "const":
            continue
        adjoint = _collect(program, sweep, step, arrived[step.name], prefix, fold)
        sweep.adjoints[step.name] = adjoint
        if step.name in stop:
            continue
        for position, text in enumerate(rules(program, step, equal)):
            parent = step.args[position]
            if text is None or program[parent].op == "const":
                continue
            name = _edge_name(program, f"{prefix}d{output}_d{parent}", parent, uses[parent])
            edge = send_back(program, step, position, adjoint, text, name, fold)
            sweep.edges.append(edge)
            arrived.setdefault(parent, []).append(edge.result)
    return sweep


def _uses(program: Program, forward: list[Step], stop: Collection[str]) -> dict[str, int]:
    """How many edges will come back to each quantity that any edge reaches."""
    count = {forward[-1].name: 0}
    for step in reversed(forward):
        if step.name in count and step.name not in stop:
            for parent, text in zip(step.args, rules(program, step, 0), strict=True):
                if text is not None:
                    count[parent] = count.get(parent, 0) + 1
    return count


def _edge_name(program: Program, name: str, parent: str, uses: int) -> str:
    if program[parent].unnamed and uses == 1:
        return ""
    return program.fresh(name) if uses == 1 else program.fresh(f"{name}_")


def _collect(program: Program, sweep: Sweep, step: Step, arrived: list[str], prefix: str, fold: bool) -> str:
    """The adjoint of a quantity: its only edge, or the sum of its edges as one chain of additions."""
    if len(arrived) == 1:
        return arrived[0]
    writer = Writer(program, role="inner", fold=fold)
    total = arrived[0]
    for edge in arrived[1:]:
        total = writer.emit("add", (total, edge), name=program.fresh())
    name = program.fresh(f"{prefix}d{sweep.output}_d{step.name}")
    sweep.sums[step.name] = arrived
    return program.rename(total, name, "sum")


def rules(program: Program, step: Step, equal: int) -> tuple[str | None, ...]:
    """The rule of every parent; a local derivative that is zero everywhere counts as none."""
    if step.op in ("given", "const"):
        return ()
    op = OPS[step.op]
    if op.local is None and op.vjp is None:
        return derived(op)
    if op.local is not None:
        local = op.equal[min(equal, len(op.equal)) - 1] if equal and op.equal else op.local
        return tuple(None if text == "0" else text for text in local)
    return op.rules(tuple(len(program.shape(a)) for a in step.args))


def send_back(
    program: Program, step: Step, position: int, v: str, text: str, name: str, fold: bool = True
) -> Edge:
    """Append what `step` sends back to one of its arguments by the rule `text`."""
    op = OPS[step.op]
    parent = step.args[position]
    shapes = tuple(program.shape(a) for a in step.args)
    scope = dict(zip(AXES, step.args, strict=False)) | {"y": step.name, "v": v}
    statics = {f"shape_{letter}": shape for letter, shape in zip(AXES, shapes, strict=False)}
    if op.bind is not None:
        statics |= op.bind(position, shapes, **dict(step.statics))
    if op.arity < 0:
        statics["shape_A"] = shapes[position]
    before = set(program.steps)
    writer = Writer(program, text, scope=scope, statics=statics, fold=fold, role="inner")
    local, own = "", _factor(text) if op.custom else ""
    if op.vjp is None or own:
        local = _local(program, writer, own or text)
        result = writer.emit("mul", (v, local))
    else:
        result = writer.value(parse(text, "eval").body)
    if program.shape(result) != program.shape(parent):
        helper = "sum_to" if len(program.shape(result)) >= len(shapes[position]) else "broadcast_to"
        if program[result].op == "const" and program.shape(result) == ():
            helper = "broadcast_to"
        result = writer.emit(helper, (result,), shape=program.shape(parent))
    return Edge(step.name, parent, position, v, local, _own(program, result, name, before))


def _factor(text: str) -> str:
    """What a rule multiplies v by, where it is such a product: `v * y * (1 - y)`; a student rounds it."""
    node, factors = ast.parse(text, mode="eval").body, list[ast.expr]()
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        factors, node = [node.right, *factors], node.left
    factors = [node, *factors]
    plain = [isinstance(f, ast.Name) and f.id == "v" for f in factors]
    inside = [any(isinstance(n, ast.Name) and n.id == "v" for n in ast.walk(f)) for f in factors]
    if sum(inside) != 1 or plain != inside or len(factors) < 2:
        return ""
    return " * ".join(f"({ast.unparse(f)})" for f, is_v in zip(factors, plain, strict=True) if not is_v)


def _local(program: Program, writer: Writer, text: str) -> str:
    """The local derivative, a step of its own unless it is a name or a literal."""
    before = set(program.steps)
    local = writer.value(parse(text, "eval").body)
    if local not in before and program[local].op != "const":
        return program.rename(local, local, "local")
    return local


def _own(program: Program, result: str, name: str, before: set[str]) -> str:
    """Make the edge's adjoint a step of its own called `name`; an edge of an unnamed quantity may be any step."""
    if result not in before and program[result].role == "inner":
        return program.rename(result, name or result, "edge")
    return Writer(program, role="edge").emit("copy", (result,), name=name) if name else result
