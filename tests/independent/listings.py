"""Runs the code that a problem prints, and compares what it computes, line by line and as a whole.

NumPy runs as it is; PyTorch on arrays that are as strict about their arguments, `autograd.grad` by complex steps. Only
whitelisted syntax and names of the two libraries are run.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np

from .operations import OPERATIONS, CannotCheck, array
from .reader import Lines, evaluate_text, names_in, parse, walk
from .recompute import Json, Point, Real, adjoint, at, numbers, recompute, stated_point, stepped

GAP = "____"
NEAR = 1e-9
MOST = 1000
SYNTAX = (
    ast.Module, ast.Import, ast.alias, ast.FunctionDef, ast.arguments, ast.arg, ast.Return, ast.Assign, ast.Expr,
    ast.For, ast.With, ast.withitem, ast.ClassDef, ast.BinOp, ast.UnaryOp, ast.Compare, ast.Call, ast.keyword,
    ast.Attribute, ast.Name, ast.Constant, ast.Tuple, ast.List, ast.Subscript, ast.Slice, ast.GeneratorExp,
    ast.comprehension, ast.operator, ast.unaryop, ast.cmpop, ast.expr_context,
)  # fmt: skip
ATTRIBUTES = {
    *OPERATIONS, "array", "tensor", "linalg", "shape", "ndim", "add", "at", "pi", "s_", "autograd", "grad", "no_grad",
    "Function", "save_for_backward", "saved_tensors", "detach", "requires_grad_", "power", "negative", "newaxis",
}  # fmt: skip
BUILTINS = {"range": range, "tuple": tuple, "enumerate": enumerate, "len": len}


@dataclass
class Listing:
    """A problem's listing, with the right values of what it assigns."""

    problem: Json
    answers: Json
    point: Point = field(init=False)
    body: list[ast.stmt] = field(init=False)
    texts: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.point = stated_point(self.problem)
        self.texts = self.problem["listing"].split("\n")
        tree = parse(self.problem["listing"], "exec")
        for node in ast.walk(tree):
            refuse(node)
        self.body = tree.body

    @property
    def is_torch(self) -> bool:
        return self.texts[0] == "import torch"

    @property
    def questions(self) -> list[Json]:
        return list(self.problem["questions"])

    @property
    def steps(self) -> list[Json]:
        return [question for question in self.questions if question["ask"] == "step"]

    @property
    def is_wrong(self) -> bool:
        return any(question["ask"] == "wrong-line" for question in self.questions)

    def space(self) -> dict[str, Any]:
        """What code runs in: the library and the functions that the listing defines."""
        space: dict[str, Any] = {"__builtins__": BUILTINS, "np": np, "torch": torch()}
        for statement in self.body:
            if isinstance(statement, ast.FunctionDef):
                do(statement, space)
        return space

    def statements(self, body: list[ast.stmt] | None = None) -> Iterator[ast.stmt]:
        """The simple statements in the order of one iteration."""
        for statement in self.body if body is None else body:
            if isinstance(statement, ast.For | ast.With):
                yield from self.statements(statement.body)
            elif not isinstance(statement, ast.Import | ast.FunctionDef):
                yield statement

    # the whole

    def play(self) -> tuple[list[tuple[list[str], list[Any]]], list[dict[str, Any]]]:
        """What is printed, as names and values, and the values after every iteration."""
        space, prints, rounds = self.space(), [], []

        def perform(body: list[ast.stmt]) -> None:
            for statement in body:
                match statement:
                    case ast.Import() | ast.FunctionDef():
                        pass
                    case ast.For(iter=ast.Call(func=ast.Name(id="range"), args=[ast.Constant(value=int(count))])):
                        for _ in range(min(count, MOST)):
                            perform(statement.body)
                            rounds.append(dict(space))
                    case ast.With():
                        perform(statement.body)
                    case ast.Expr(value=ast.Call(func=ast.Name(id="print"), args=args)):
                        names = [ast.unparse(arg).removesuffix(".detach()") for arg in args]
                        prints.append((names, [value_of(arg, space) for arg in args]))
                    case ast.For():
                        raise CannotCheck(f"the loop over {ast.unparse(statement.iter)}")
                    case _:
                        self.perform(statement, space)

        perform(self.body)
        return prints, rounds or [dict(space)]

    def perform(self, statement: ast.stmt, space: dict[str, Any]) -> None:
        """One statement, as it runs; a blank is filled from the key, a torch gradient by complex steps."""
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Name(id=gap)) if gap == GAP:
                space[name] = self.filled(name, space)
            case ast.Assign(targets=[ast.Tuple(elts=left)], value=ast.Call(func=function, args=args)) if (
                ast.unparse(function) == "torch.autograd.grad"
            ):
                of, moves = read_grad(args)
                here = at(self.problem, {name: numbers_of(space[name]) for name in self.point.inputs if name in space})
                for target, name in zip(left, moves, strict=True):
                    if not getattr(space[name], "needs_grad", False):
                        raise CannotCheck(f"{name} does not require its gradient")
                    space[ast.unparse(target)] = Tensor.of(here.gradient(of, name))
            case _:
                do(statement, space)

    def filled(self, name: str, space: dict[str, Any]) -> Any:
        """The right side that was left out, from the answer to the question that asks for it."""
        known = {*self.point.inputs, *self.point.lines}
        pair = adjoint(name, known)
        for question in self.questions:
            asked = (question.get("of"), question.get("wrt")) if question["ask"] == "gradient" else None
            forward = question["ask"] == "forward" and question.get("of") == name
            if question["kind"] == "expression" and (forward or (pair is not None and asked == pair)):
                env = {key: array(np.asarray(space[key], dtype=float)) for key in question["names"] if key in space}
                return np.asarray(evaluate_text(self.answers[question["id"]]["value"], env).real)
        raise CannotCheck(f"no question asks for the right side of {name}")

    def outcome(self) -> Iterator[tuple[str, str]]:
        """(question id or "", finding) for what is printed and what the iterations give."""
        prints, rounds = self.play()
        if not prints:
            yield "", "nothing is printed"
        looped = any(isinstance(statement, ast.For) for statement in self.body)
        if looped and len(prints) not in (1, len(rounds)):
            yield "", f"{len(prints)} prints in {len(rounds)} iterations"
        for number, (names, values) in enumerate(prints):
            after = rounds[number if len(prints) == len(rounds) else -1]
            yield from (("", f"{n} is printed as another value") for n, v in zip(names, values, strict=True)
                        if not same(v, numbers_of(after[n])))  # fmt: skip
        if not self.steps:
            yield from self.forward(prints)
            return
        asked = {question["wrt"] for question in self.steps} & set(self.steps[0]["moves"])
        if any(asked - set(names) for names, _ in prints):
            yield "", f"{sorted(asked)} are not all printed"
        for question in self.steps:
            name, count = question["wrt"], question["steps"]
            if count > len(rounds):
                yield question["id"], f"{count} steps are asked, the loop has {len(rounds)}"
            elif name in question["moves"] and not same(self.told(question), numbers_of(rounds[count - 1][name])):
                found = numbers_of(rounds[count - 1][name]).tolist()
                yield question["id"], f"the listing gives {name} = {found} after {count} steps"
        if max(question["steps"] for question in self.steps) != len(rounds):
            yield "", f"the loop has {len(rounds)} iterations"

    def forward(self, prints: list[tuple[list[str], list[Any]]]) -> Iterator[tuple[str, str]]:
        """A program without steps prints the mapping's output."""
        if [names for names, _ in prints] != [list(self.point.lines)[-1:]]:
            yield "", f"{[names for names, _ in prints]} are printed"
        for names, values in prints:
            for name, value in zip(names, values, strict=True):
                if not same(value, self.point.value(name)):
                    yield "", f"{name} is printed as {np.asarray(value).tolist()}, right is {self.point.value(name)}"
                for question in self.questions:
                    asked = question["ask"] == "forward" and question["of"] == name and question["kind"] != "expression"
                    if asked and not same(self.told(question), value):
                        yield question["id"], f"the listing prints {name} = {np.asarray(value).tolist()}"

    def told(self, question: Json) -> Real:
        return numbers(self.answers[question["id"]]["value"])

    # line by line

    def wrong_lines(self) -> list[int]:
        """The lines that do not give the right value from right values."""
        right, wrong, seen = self.right_values(), [], set()
        edges = {name: values for name, values in self.uses().items() if len(values) > 1}
        pending: dict[str, list[tuple[int, str, Any]]] = {}
        for statement in self.statements():
            for name, value in self.assigned(statement, right):
                if (use := self.use_of(name)) is not None and use in edges:
                    pending.setdefault(use, []).append((statement.lineno, name, value))
                    right[name] = value
                elif use is not None:
                    raise CannotCheck(f"{name}: {use} is used once")
                elif not same(value, self.expected(name, statement, seen, right)):
                    wrong.append(statement.lineno)
                seen.add(name)
            for use, found in list(pending.items()):
                if len(found) == len(edges[use]):
                    wrong += self.wrong_uses(pending.pop(use), edges[use], right)
        if pending:
            raise CannotCheck(f"not every use of {sorted(pending)} comes back")
        return wrong

    def assigned(self, statement: ast.stmt, right: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        """What a line assigns when it reads right values."""
        match statement:
            case ast.Assign(targets=[ast.Name()], value=ast.Name(id=gap)) if gap == GAP:
                return
            case ast.Assign(targets=[ast.Name(id=name)]):
                space = {**self.space(), **right}
                do(statement, space)
                yield name, space[name]
            case ast.Assign(targets=[ast.Tuple(elts=left)], value=ast.Call(func=function, args=args)):
                of, moves = read_grad(args)
                names = [ast.unparse(target) for target in left]
                if ast.unparse(function) != "torch.autograd.grad" or names != [f"d{of}_d{m}" for m in moves]:
                    raise CannotCheck(f"the line {ast.unparse(statement)}")
            case ast.Expr(value=ast.Call(func=ast.Name(id="print") | ast.Attribute(attr="requires_grad_"))):
                return
            case _:
                raise CannotCheck(f"the line {ast.unparse(statement)}")

    def right_values(self) -> dict[str, Any]:
        """Values of the mapping and all its adjoints, as the listing's library has them."""
        values = {name: np.asarray(value.real) for name, value in self.point.values().items()}
        last = self.steps[0]["of"] if self.steps else None
        if last is not None:
            values |= {f"d{last}_d{name}": self.point.gradient(last, name) for name in list(values)}
        return {name: self.kept(value) for name, value in values.items()}

    def kept(self, value: Real) -> Any:
        return Tensor.of(value) if self.is_torch else value[()]

    def expected(self, name: str, statement: ast.stmt, seen: set[str], right: dict[str, Any]) -> Any:
        """The right value of an assigned name; a given that is assigned again is updated."""
        if name in self.point.inputs and name in seen:
            if not self.steps:
                raise CannotCheck(f"{name} is assigned again")
            return np.asarray(stepped(self.point, self.steps[0]).value(name))
        if name not in right:
            raise CannotCheck(f"what {name} should be")
        return right[name]

    def use_of(self, name: str) -> str | None:
        """The quantity of whose uses `dL_dx_2` is one."""
        match = re.fullmatch(r"(\w+)_\d+", name)
        known = {*self.point.inputs, *self.point.lines}
        if not match or adjoint(name, known) or name in known:
            return None
        pair = adjoint(match[1], known)
        return pair[1] if pair else None

    def uses(self) -> dict[str, list[Real]]:
        """What comes back to every quantity from each of its uses, if there is a loss."""
        return shares(self.point, self.steps[0]["of"]) if self.steps else {}

    def wrong_uses(self, found: list[tuple[int, str, Any]], shares: list[Real], right: dict[str, Any]) -> list[int]:
        """The lines whose value is the share of no use; then the sum shall read the right one."""
        left, odd = list(shares), []
        for line, name, value in found:
            place = next((k for k, share in enumerate(left) if same(value, share)), None)
            if place is None:
                odd.append((line, name))
            else:
                left.pop(place)
        for (_, name), share in zip(odd, left, strict=True):
            right[name] = self.kept(share)
        return [line for line, _ in odd]

    # torch.autograd.Function

    def layer(self) -> Iterator[str]:
        """A class whose forward gives the output, and whose backward, if printed, the VJPs of every input."""
        of = list(self.point.lines)[-1]
        for statement in self.body:
            if not isinstance(statement, ast.ClassDef):
                continue
            for method in (part for part in statement.body if isinstance(part, ast.FunctionDef)):
                yield from self.method(method, of)

    def method(self, method: ast.FunctionDef, of: str) -> Iterator[str]:
        names = [argument.arg for argument in method.args.args][1:]
        space = {**self.space(), **{name: Tensor.of(value) for name, value in self.point.inputs.items()}}
        saved: list[str] = []
        for statement in method.body:
            match statement:
                case ast.Expr(value=ast.Call(func=function, args=args)) if (
                    ast.unparse(function) == "ctx.save_for_backward"
                ):
                    saved = [ast.unparse(arg) for arg in args]
                    if not set(saved) <= {*self.point.inputs, *self.point.lines}:
                        yield f"{method.name} saves {saved}"
                case ast.Assign(targets=[ast.Tuple(elts=left)], value=value) if (
                    ast.unparse(value) == "ctx.saved_tensors"
                ):
                    saved = [ast.unparse(target) for target in left]
                case ast.Return(value=ast.Name(id=gap)) if gap == GAP:
                    pass
                case ast.Return(value=value) if method.name == "forward":
                    if set(names) - set(self.point.inputs):
                        yield f"forward takes {names}"
                    if not same(value_of(value, space), self.point.value(of)):
                        yield "forward returns another value"
                case ast.Return(value=value) if method.name == "backward":
                    parts = value.elts if isinstance(value, ast.Tuple) else [value]
                    for name, part in zip(saved, parts, strict=True):
                        asked = {"ask": "vjp", "of": of, "wrt": name, "cotangent": names[0]}
                        if not same(value_of(part, space), recompute(self.point, asked)):
                            yield f"backward returns another value for {name}"
                case _:
                    do(statement, space)


def shares(point: Point, of: str) -> dict[str, list[Real]]:
    """What comes back from `of` to each quantity, use by use, in the order of the text."""
    found: dict[str, list[Real]] = {}
    for name in [*point.inputs, *point.lines]:
        count = sum(isinstance(node, ast.Name) and node.id == name for node in walk(point.lines))
        parts = [share(point, of, name, place) for place in range(count)]
        found[name] = [part for part in parts if part is not None]
    return found


def share(point: Point, of: str, name: str, place: int) -> Real | None:
    """What comes back from `of` through one use of a name; None where that use does not lead to it."""
    alone, lines, passed = f"{name}__alone", {}, 0
    for target, line in point.lines.items():
        if alone not in lines and name in names_in(line):
            lines[alone] = parse(name, "eval").body
        fresh = parse(ast.unparse(line), "eval").body
        nodes = sorted((n for n in ast.walk(fresh) if isinstance(n, ast.Name) and n.id == name),
                       key=lambda n: (n.lineno, n.col_offset))  # fmt: skip
        for node in nodes:
            if passed == place:
                node.id = alone
            passed += 1
        lines[target] = fresh
    if of not in lines or alone not in names_above(lines, of):
        return None
    return Point(lines, point.inputs, point.functions).gradient(of, alone)


def names_above(lines: Lines, name: str) -> set[str]:
    """All that a quantity reads, directly or not."""
    direct = names_in(lines[name]) if name in lines else set()
    return direct | {other for part in direct for other in names_above(lines, part)}


def refuse(node: ast.AST) -> None:
    """Raise CannotCheck at what is not on the whitelists."""
    if not isinstance(node, SYNTAX):
        raise CannotCheck(f"not in a listing: {type(node).__name__}")
    if isinstance(node, ast.Attribute) and node.attr not in ATTRIBUTES:
        raise CannotCheck(f"not in a listing: .{node.attr}")
    if isinstance(node, ast.alias) and (node.name, node.asname) not in (("numpy", "np"), ("torch", None)):
        raise CannotCheck(f"not in a listing: import {node.name}")
    if isinstance(node, ast.Name) and node.id.startswith("__") and node.id != GAP:
        raise CannotCheck(f"not in a listing: {node.id}")


def read_grad(args: list[ast.expr]) -> tuple[str, list[str]]:
    """`L, [w, b]` of torch.autograd.grad."""
    match args:
        case [ast.Name(id=of), ast.List(elts=names)]:
            return of, [ast.unparse(name) for name in names]
    raise CannotCheck("the arguments of torch.autograd.grad")


def do(statement: ast.stmt, space: dict[str, Any]) -> None:
    """Run a whitelisted statement."""
    code = compile(ast.Module([statement], []), "listing", "exec")
    with np.errstate(all="ignore"):
        exec(code, space)


def value_of(node: ast.expr | None, space: dict[str, Any]) -> Any:
    """The value of a whitelisted expression."""
    assert node is not None
    inner = dict(space)
    do(ast.fix_missing_locations(ast.Assign([ast.Name("value__", ast.Store())], node, lineno=1)), inner)
    return inner["value__"]


def numbers_of(value: Any) -> Real:
    return np.asarray(value, dtype=float)


def same(value: Any, own: Any) -> bool:
    """Equal in shape and up to rounding."""
    a, b = numbers_of(value), numbers_of(own)
    return a.shape == b.shape and bool(np.all(np.abs(a - b) <= NEAR * np.maximum(1, np.abs(b))))


# torch


class Tensor(np.ndarray):
    """An array that stays one, also without axes."""

    needs_grad = False

    @staticmethod
    def of(value: Any) -> Tensor:
        return np.asarray(value, dtype=float).view(Tensor)

    def __array_wrap__(self, out: Any, context: Any = None, return_scalar: bool = False) -> Tensor:
        return np.asarray(out).view(Tensor)

    def detach(self) -> Tensor:
        return self.view()

    def requires_grad_(self) -> Tensor:
        self.needs_grad = True
        return self


def torch() -> SimpleNamespace:
    """The functions of PyTorch that listings use, as strict about tensors and the names of their options."""

    def tensor(value: Any, requires_grad: bool = False) -> Tensor:
        found = Tensor.of(value)
        found.needs_grad = requires_grad
        return found

    def strict(function: Callable[..., Any], count: int) -> Callable[..., Tensor]:
        """The first `count` arguments must be tensors; dim and keepdim are axis and keepdims."""

        def call(*args: Any, **options: Any) -> Tensor:
            if not all(isinstance(arg, Tensor) for arg in args[:count]) or not set(options) <= {"dim", "keepdim"}:
                raise CannotCheck("torch takes tensors, with dim and keepdim")
            words = {{"dim": "axis", "keepdim": "keepdims"}[name]: value for name, value in options.items()}
            return Tensor.of(function(*map(array_or_plain, args), **words))

        return call

    def array_or_plain(arg: Any) -> Any:
        return np.asarray(arg) if isinstance(arg, Tensor) else arg

    def own(name: str) -> Callable[..., Any]:
        return lambda *args, **options: OPERATIONS[name](*map(array, args), **options).real

    def whole(function: Callable[..., Any]) -> Callable[..., Any]:
        """torch.max of an axis gives a pair, so only that of all entries is a value."""

        def call(x: Any, **options: Any) -> Any:
            if options:
                raise CannotCheck("torch.max along a dim returns values and indices")
            return function(x)

        return call

    def soft(name: str) -> Callable[..., Any]:
        """softmax and logsumexp want their dim."""

        def call(x: Any, axis: int, keepdims: bool = False) -> Any:
            moved = np.moveaxis(x, axis, -1)
            if name == "softmax":
                return np.moveaxis(own("softmax")(moved), -1, axis)
            return own("logsumexp")(x, axis=axis, keepdims=keepdims)

        return call

    def concatenate(parts: Any, dim: int = 0) -> Tensor:
        if not all(isinstance(part, Tensor) for part in parts):
            raise CannotCheck("torch.concatenate takes tensors")
        return Tensor.of(np.concatenate([np.asarray(part) for part in parts], axis=dim))

    one: dict[str, Callable[..., Any]] = {
        name: getattr(np, name)
        for name in ("exp", "log", "sqrt", "sin", "cos", "tanh", "arcsin", "arctan", "expm1", "log1p", "abs", "sign",
                     "floor", "round", "sum", "mean", "cumsum", "diag", "reshape", "broadcast_to", "clip")
    } | {name: own(name) for name in ("sigmoid", "relu", "erf")}  # fmt: skip
    one |= {"softmax": soft("softmax"), "logsumexp": soft("logsumexp"), "max": whole(np.max), "min": whole(np.min)}
    two = {name: getattr(np, name) for name in ("maximum", "minimum", "outer")}
    functions = {name: strict(function, 1) for name, function in one.items()}
    functions |= {name: strict(function, 2) for name, function in two.items()}
    functions["where"] = strict(np.where, 1)
    linalg = SimpleNamespace(norm=strict(np.linalg.norm, 1), inv=strict(np.linalg.inv, 1), det=strict(np.linalg.det, 1))
    return SimpleNamespace(tensor=tensor, concatenate=concatenate, linalg=linalg, pi=np.pi, **functions)


def check_listing(problem: Json, answers: Json) -> Iterator[tuple[str, str]]:
    """(question id or "", finding) for a problem's listing."""
    listing = Listing(problem, answers)
    if any(isinstance(statement, ast.ClassDef) for statement in listing.body):
        yield from (("", finding) for finding in listing.layer())
        return
    wrong = listing.wrong_lines()
    if not listing.is_wrong:
        yield from (("", f"line {line} is wrong: {listing.texts[line - 1].strip()}") for line in wrong)
        yield from listing.outcome()
