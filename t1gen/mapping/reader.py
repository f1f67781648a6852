"""Text -> program: the one reader of mappings, rules, constraints and answers.

Only whitelisted `ast` nodes are read; nothing is ever evaluated as Python. Errors point into the text.
"""

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import prod
from typing import Any

from t1gen.errors import LanguageError, near
from t1gen.mapping.ops import ALIASES, OPS, Op
from t1gen.mapping.ops.definitions import DEFINITIONS, STACK, Definition
from t1gen.mapping.program import INTERNAL, Program, Shape, Step, number_text
from t1gen.mapping.syntax import LARGEST, parse, pointed

SIZE, RANK = 100_000, 16
"""Bounds of an array: entries and axes."""

BINARY = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div", ast.Pow: "pow", ast.MatMult: "matmul"}
COMPARE = {ast.Lt: "less", ast.LtE: "less_equal", ast.Gt: "greater", ast.GtE: "greater_equal", ast.Eq: "equal",
           ast.NotEq: "not_equal"}  # fmt: skip
RESERVED = frozenset({*OPS, *ALIASES, "pi", "s_"})


def read(text: str, givens: Mapping[str, Shape], *, lambdas: bool = False) -> Program:
    """The program of a mapping: one assignment a line (or `;`) over named, shaped givens.

    `lambdas` lets fixed_point and argmin be read: for mappings of a bank or the command line, never for answers.
    Raises LanguageError with line and column.
    """
    return extend(inputs(givens), text, lambdas=lambdas)


def inputs(givens: Mapping[str, Shape]) -> Program:
    """A program of named, shaped givens and nothing else."""
    program = Program()
    for name, shape in givens.items():
        _check_name(name, program, "given")
        program.add(Step(name, "given", shape=tuple(shape), role="given"))
    return program


def extend(program: Program, text: str, *, lambdas: bool = False) -> Program:
    """Append the assignments of `text` to `program`; each name once."""
    tree = parse(text, "exec")
    if not tree.body:
        raise LanguageError("the mapping is empty; write at least one assignment such as z = w @ x")
    for line in tree.body:
        if not (isinstance(line, ast.Assign) and len(line.targets) == 1 and isinstance(line.targets[0], ast.Name)):
            raise pointed(LanguageError("only assignments such as z = w @ x are read"), text, line)
        name = line.targets[0].id
        try:
            _check_name(name, program, "name")
        except LanguageError as error:
            raise pointed(error, text, line) from None
        Writer(program, text=text, lambdas=lambdas).assign(name, line.value)
    return program


def expression(program: Program, text: str, scope: Mapping[str, str] | None = None, **more: Any) -> str:
    """Append one expression to `program` and return the name that holds its value.

    `scope` maps the names that the text may use to names of the program (default: all of them by their own name).
    """
    tree = parse(text, "eval")
    return Writer(program, text=text.strip(), scope=scope, **more).value(tree.body)


def _check_name(name: str, program: Program, what: str) -> None:
    if name in RESERVED:
        raise LanguageError(f"the {what} '{name}' is taken by the language; choose another")
    if not name.isidentifier() or not name.isascii() or name.startswith("_"):
        raise LanguageError(f"the {what} '{name}' is not a name: letters, digits and _, a letter first")
    if INTERNAL.search(name):
        raise LanguageError(f"the {what} '{name}' is one of a derivative of an unnamed quantity; choose another")
    if name in program:
        raise LanguageError(f"the name '{name}' is assigned twice")


@dataclass
class Writer:
    """Writes syntax nodes into a program as steps of one operation each.

    `statics` are the static names of a rule; `fold` computes operations between scalar literals (in rules and sweeps,
    never in a mapping, whose graph is what was written); `role` is that of the steps written.
    """

    program: Program
    text: str = ""
    scope: Mapping[str, str] | None = None
    statics: Mapping[str, Any] = field(default_factory=dict)
    fold: bool = False
    role: str = "value"
    lambdas: bool = False

    def assign(self, name: str, node: ast.expr) -> str:
        """Write `name = node`; a bare name or number becomes a copy."""
        before = set(self.program.steps)
        value = self.value(node)
        if value in before or self.program[value].op == "const":
            return self.emit("copy", (value,), name=name)
        return self.program.rename(value, name, self.role)

    def value(self, node: ast.expr) -> str:
        """The name that holds the value of a node; errors point at the node."""
        try:
            method: Callable[[Any], str] | None = getattr(self, f"_{type(node).__name__}", None)
            if method is None:
                raise LanguageError(f"{_kind(node)} is not part of the language")
            return method(node)
        except LanguageError as error:
            if error.message.startswith("line ") or not self.text:
                raise
            raise pointed(error, self.text, node) from None

    def const(self, value: Any, shape: Shape = ()) -> str:
        """The name of a literal: a rational, pi, or nested tuples of rationals."""
        name = _literal(value)
        if name not in self.program:
            self.program.add(Step(name, "const", statics=(("value", value),), shape=shape, role="const"))
        return name

    def emit(self, op_name: str, args: tuple[str, ...], name: str = "", **statics: Any) -> str:
        """Append one step, its shape inferred; trivial helpers vanish."""
        op = OPS[op_name]
        shapes = tuple(self.program.shape(a) for a in args)
        try:
            shape, normal = op.infer(*shapes, **statics)
        except TypeError:
            options = f" and {', '.join(op.statics)}" if op.statics else ""
            raise LanguageError(f"{op_name} was not given what it takes: arrays{options}") from None
        if len(shape) > RANK:
            raise LanguageError(f"an array of {len(shape)} axes is too deep; at most {RANK}")
        if prod(shape) > SIZE:
            raise LanguageError(f"an array of shape {shape} is too large; at most {SIZE} entries")
        simple = self._simplified(op_name, args, shape, statics) if self.fold and not name else None
        if simple is not None:
            return simple
        name = name or self.program.fresh()
        return self.program.add(Step(name, op_name, args, tuple(sorted(normal.items())), shape, self.role))

    # what rules and sweeps simplify

    def _literal_value(self, name: str) -> Any:
        """The number that a step is, or that a sweep has filled it with."""
        step = self.program[name]
        if step.op == "broadcast_to" and step.unnamed and step.role != "value":
            return self._literal_value(step.args[0])
        return step.static("value") if step.op == "const" and step.shape == () else None

    def _simplified(self, op: str, args: tuple[str, ...], shape: Shape, statics: Mapping[str, Any]) -> str | None:
        """What this step is without writing it: helpers that do nothing, products with 1, literal arithmetic."""
        if op in ("reshape", "broadcast_to", "sum_to", "copy") and self.program.shape(args[0]) == shape:
            return args[0]
        if op == "transpose" and len(shape) < 2:
            return args[0]
        if op == "transpose" and _is_swapped(self.program[args[0]]) and statics.get("axes") is None:
            return self.program[args[0]].args[0]
        values = [self._literal_value(a) for a in args]
        if shape == () and all(isinstance(v, Fraction) for v in values) and op in _LITERAL:
            result = _LITERAL[op](*values)
            small = result is not None and abs(result) <= LARGEST and result.denominator <= LARGEST
            return self.const(result) if small else None
        if op == "neg":
            step = self.program[args[0]]
            if step.op != "neg" or step.role != "inner":
                return None
            if not self.program.uses(step.name):
                del self.program.steps[step.name]
            return step.args[0]
        return self._unit(op, args, values, shape)

    def _unit(self, op: str, args: tuple[str, ...], values: list[Any], shape: Shape) -> str | None:
        if op not in ("mul", "div", "pow", "add", "sub"):
            return None
        for this, other in ((0, 1), (1, 0)):
            neutral = values[other] == (0 if op in ("add", "sub") else 1)
            if neutral and (op in ("mul", "add") or other == 1) and self.program.shape(args[this]) == shape:
                return args[this]
            if op == "mul" and values[other] == -1 and self.program.shape(args[this]) == shape:
                return self.emit("neg", (args[this],))
        return None

    # one method a kind of node

    def _Constant(self, node: ast.Constant) -> str:
        return self.const(_rational(node))

    def _Name(self, node: ast.Name) -> str:
        if node.id in self.statics:
            return self.const(Fraction(self.statics[node.id]))
        if self.scope is not None and node.id in self.scope:
            return self.scope[node.id]
        if self.scope is None and node.id in self.program:
            return node.id
        if node.id == "pi":
            return self.const("pi")
        known = self.scope if self.scope is not None else [s.name for s in self.program if s.name.isidentifier()]
        hint = near(node.id, known) or ("; it is a function: write " + node.id + "(...)" if node.id in RESERVED else "")
        names = ", ".join(n for n in known if not n.startswith("_"))
        raise LanguageError(f"the name '{node.id}' is unknown{hint} (known: {names or 'none'})")

    def _UnaryOp(self, node: ast.UnaryOp) -> str:
        if isinstance(node.op, ast.UAdd):
            return self.value(node.operand)
        if not isinstance(node.op, ast.USub):
            raise LanguageError(f"{_kind(node.op)} is not part of the language")
        if isinstance(node.operand, ast.Constant):
            value = self._literal_value(self.value(node.operand))
            return self.const(-value)
        return self.emit("neg", (self.value(node.operand),))

    def _BinOp(self, node: ast.BinOp) -> str:
        if isinstance(node.op, ast.FloorDiv):
            return self._defined(DEFINITIONS["floor_divide"], [node.left, node.right], [])
        op = BINARY.get(type(node.op))
        if op is None:
            raise LanguageError(f"{_kind(node.op)} is not part of the language")
        left, right = self.value(node.left), self.value(node.right)
        return self.emit(op, (left, right))

    def _Compare(self, node: ast.Compare) -> str:
        op = COMPARE.get(type(node.ops[0]))
        if len(node.ops) != 1 or op is None:
            raise LanguageError("only one comparison at a time is read")
        return self.emit(op, (self.value(node.left), self.value(node.comparators[0])))

    def _List(self, node: ast.List) -> str:
        if not _is_literal(node):
            return self._stacked([self.value(e) for e in node.elts], 0)
        value = _array(node)
        shape = _array_shape(value)
        if len(shape) > RANK:
            raise LanguageError(f"an array of {len(shape)} axes is too deep; at most {RANK}")
        return self.const(value, shape)

    def _Attribute(self, node: ast.Attribute) -> str:
        if node.attr != "T":
            raise LanguageError(f"the attribute '.{node.attr}' is not part of the language; .T and .shape are")
        return self.emit("transpose", (self.value(node.value),))

    def _Subscript(self, node: ast.Subscript) -> str:
        if _is_shape(node.value):
            return self.const(Fraction(self.static(node)))
        array = self.value(node.value)
        if self._is_index(node.slice):
            return self.emit("index", (array,), index=self.index(node.slice))
        entries = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        return self.emit("gather", (array, *(self.value(e) for e in entries)))

    def _is_index(self, node: ast.expr) -> bool:
        """Whether an index is known while reading; one by arrays of the mapping is not."""
        if isinstance(node, ast.Tuple):
            return all(map(self._is_index, node.elts))
        if isinstance(node, ast.Name):
            return node.id in self.statics
        return isinstance(node, (ast.Slice, ast.Constant, ast.UnaryOp, ast.List)) or (
            isinstance(node, ast.Subscript) and _is_shape(node.value)
        )

    def _Call(self, node: ast.Call) -> str:
        name = _called(node)
        if name in GENERATORS:
            return self._generated(name, node)
        if name == "stack":
            return self._stack(node)
        if name in IMPLICIT and self.lambdas:
            from t1gen.mapping.implicit import read_call

            return read_call(self, name, node)
        if name in DEFINITIONS:
            return self._defined(DEFINITIONS[name], self._arguments(node), node.keywords)
        op, arrays = self._callee(node)
        for keyword in node.keywords:
            if keyword.arg not in op.statics:
                allowed = ", ".join(op.statics) or "none"
                raise LanguageError(f"{op.name} has no option '{keyword.arg}'; allowed: {allowed}")
        count = len(arrays) if op.arity < 0 else op.arity
        if not arrays or len(arrays) < count or (len(arrays) > count + len(op.statics)):
            raise LanguageError(f"{op.name} takes {count} arrays, not {len(arrays)}")
        statics = {n: self.static(a) for n, a in zip(op.statics, arrays[count:], strict=False)}
        statics.update({k.arg: self.static(k.value) for k in node.keywords if k.arg})
        return self.emit(op.name, tuple(self.value(a) for a in arrays[:count]), **statics)

    # what is written out: definitions and arrays of constants

    def _arguments(self, node: ast.Call) -> list[ast.expr]:
        """The arguments of a call; of a method call, its object first."""
        if isinstance(node.func, ast.Attribute) and _dotted(node.func.value) not in MODULES:
            return [node.func.value, *node.args]
        return list(node.args)

    def _defined(self, what: Definition, arguments: list[ast.expr], keywords: list[ast.keyword]) -> str:
        """The value of a composite: its body written out over its arguments."""
        names = (*what.parameters, *what.statics)
        count = len(what.parameters)
        if len(what.statics) == 1 and len(arguments) > count + 1:  # tile(x, 2, 3) is tile(x, (2, 3))
            arguments = [*arguments[:count], ast.Tuple(arguments[count:], ast.Load())]
        told = dict(zip(names, arguments, strict=False)) | {str(k.arg): k.value for k in keywords}
        missing = [p for p in what.parameters if p not in told and p not in what.defaults]
        if missing or len(arguments) > len(names) or set(told) - set(names):
            raise LanguageError(f"{what.name} takes {', '.join(names)}")
        given = {p: self.value(told[p]) for p in what.parameters if p in told}
        scope = given | {p: self.const(Fraction(t)) for p, t in what.defaults.items() if p not in given}
        statics = {n: self.static(told[n]) if n in told else v for n, v in what.statics.items()}
        return self._written_out(what, {p: scope[p] for p in what.parameters}, statics)

    def _written_out(self, what: Definition, scope: dict[str, str], statics: dict[str, Any]) -> str:
        try:
            text, more = what.text(tuple(self.program.shape(n) for n in scope.values()), statics)
            inner = Writer(self.program, scope=scope, statics={**statics, **more}, fold=True, role=self.role)
            *lines, last = parse(text, "exec").body
            for line in lines:
                scope[line.targets[0].id] = inner.value(line.value)
            return inner.value(last.value)
        except LanguageError as error:
            raise LanguageError(f"{what.name}: {error.message.splitlines()[0]}") from None
        except TypeError:
            raise LanguageError(f"{what.name} was not given what it takes: {', '.join(what.parameters)}") from None

    def _stack(self, node: ast.Call) -> str:
        if not node.args or not isinstance(node.args[0], (ast.Tuple, ast.List)) or not node.args[0].elts:
            raise LanguageError("stack takes a tuple of arrays")
        axis = {str(k.arg): self.static(k.value) for k in node.keywords}.get("axis", 0)
        arrays = [self.value(e) for e in node.args[0].elts]
        return self._stacked(arrays, self.static(node.args[1]) if len(node.args) > 1 else axis)

    def _stacked(self, arrays: list[str], axis: Any) -> str:
        if len({self.program.shape(a) for a in arrays}) != 1:
            raise LanguageError(f"stack takes arrays of one shape, not {[self.program.shape(a) for a in arrays]}")
        return self._written_out(STACK, {f"x{i}": a for i, a in enumerate(arrays)}, {"axis": axis})

    def _generated(self, name: str, node: ast.Call) -> str:
        """An array of constants: ones(shape), zeros(shape), eye(n), arange(n)."""
        if len(node.args) != 1 or node.keywords:
            raise LanguageError(f"{name} takes one argument, the shape or size")
        size = self.static(node.args[0])
        shape = size if isinstance(size, tuple) else (size,)
        if not shape or not all(type(n) is int and n >= 1 for n in shape) or prod(shape) > SIZE:
            raise LanguageError(f"{name}: {size} is not a shape of at most {SIZE} entries")
        if name in ("eye", "arange") and (len(shape) != 1 or shape[0] ** (1 + (name == "eye")) > SIZE):
            raise LanguageError(f"{name} takes one whole number, for at most {SIZE} entries")
        value = GENERATORS[name](shape)
        return self.const(value, _array_shape(value))

    def _callee(self, node: ast.Call) -> tuple[Op, list[ast.expr]]:
        arrays = list(node.args)
        if isinstance(node.func, ast.Attribute):
            name = node.func.attr
            if _dotted(node.func.value) not in MODULES:
                arrays = [node.func.value, *arrays]
        elif isinstance(node.func, ast.Name):
            name = node.func.id
        else:
            raise LanguageError("only named operations can be called")
        op = OPS.get(ALIASES.get(name, name))
        if name in IMPLICIT:
            raise LanguageError(f"{name} is read in mappings of a bank or the command line only, not within another")
        if op is None:
            raise LanguageError(
                f"operation '{name}' is unknown{near(name, {*RESERVED, *DEFINITIONS, *GENERATORS, *IMPLICIT})}"
            )
        if name in ("max", "min") and len(arrays) > 1 and not _is_axis(arrays[1]):
            raise LanguageError(f"{name}(a, b) is {name}imum(a, b); {name}(a, axis=...) reduces one array")
        if op.arity < 0 and len(arrays) >= 1 and isinstance(arrays[0], (ast.Tuple, ast.List)):
            inner = list(arrays[0].elts)
            if len(arrays) > 1 + bool(op.statics) or not inner:
                raise LanguageError(
                    f"{op.name} takes one tuple of arrays and {', '.join(op.statics) or 'nothing more'}"
                )
            if len(arrays) > 1:
                node.keywords.append(ast.keyword(op.statics[0], arrays[1]))
            arrays = inner
        if name == "einsum" and arrays and isinstance(arrays[0], ast.Constant):
            node.keywords.append(ast.keyword("subscripts", arrays.pop(0)))
        if name == "reshape" and len(arrays) > 2:
            arrays = [arrays[0], ast.Tuple(arrays[1:], ast.Load())]
        return op, arrays

    # static values: axes, shapes, indices

    def static(self, node: ast.expr) -> Any:
        """An axis, shape, truth value or index, known while reading."""
        if isinstance(node, ast.Constant) and (node.value is None or isinstance(node.value, (bool, int))):
            return node.value
        if isinstance(node, ast.Constant) and isinstance(node.value, (Fraction, str)):
            return node.value
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            value = self.static(node.operand)
            if isinstance(value, (int, Fraction)):
                return -value
        if isinstance(node, (ast.Tuple, ast.List)):
            return tuple(self.static(e) for e in node.elts)
        if isinstance(node, ast.Name) and node.id in self.statics:
            return self.statics[node.id]
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id == "s_":
            return self.index(node.slice)
        if isinstance(node, ast.Subscript) and _is_shape(node.value):
            shape, axis = self.static(node.value), self.static(node.slice)
            if not isinstance(axis, int) or not -len(shape) <= axis < len(shape):
                raise LanguageError(f"axis {axis} does not exist in shape {shape}")
            return shape[axis]
        if isinstance(node, ast.Attribute) and _is_shape(node):
            return self.program.shape(self.value(node.value))
        raise LanguageError(f"{_kind(node)} cannot stand here: a whole number, tuple, None, True or False is wanted")

    def index(self, node: ast.expr) -> Any:
        """An index as hashable entries; see ops/structural.py."""
        if isinstance(node, ast.Name) and node.id in self.statics:
            return self.statics[node.id]
        entries = node.elts if isinstance(node, ast.Tuple) else [node]
        return tuple(self._entry(e) for e in entries)

    def _entry(self, node: ast.expr) -> tuple[Any, ...]:
        if isinstance(node, ast.Slice):
            parts = [None if p is None else self.static(p) for p in (node.lower, node.upper, node.step)]
            if parts[2] == 0:
                raise LanguageError("a slice's step cannot be 0")
            return ("slice", *parts)
        value = self.static(node)
        if isinstance(node, ast.List):
            return ("array", value)
        if value is None:
            return ("new",)
        if isinstance(value, bool) or not isinstance(value, int):
            raise LanguageError("an index is a whole number, a slice or None")
        return ("at", value)


_LITERAL: dict[str, Callable[..., Fraction | None]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b if b else None,
    "neg": lambda a: -a,
    "pow": lambda a, b: a ** int(b) if b.denominator == 1 and abs(b) < 20 and (a or b >= 0) else None,
}


IMPLICIT = ("fixed_point", "argmin")
MODULES = ("np", "numpy", "np.linalg", "numpy.linalg", "torch", "jnp", "F")
"""Prefixes that a call may have: np.exp is exp."""


def _is_swapped(step: Step) -> bool:
    """Whether a step is the transpose of a matrix, so that transposing it again gives that matrix back."""
    return step.op == "transpose" and step.static("axes") == (1, 0)


def _filled(value: int) -> Callable[[Shape], Any]:
    def make(shape: Shape) -> Any:
        return (make(shape[1:]) if len(shape) > 1 else Fraction(value),) * shape[0]

    return make


GENERATORS: dict[str, Callable[[Shape], Any]] = {
    "ones": _filled(1),
    "zeros": _filled(0),
    "eye": lambda s: tuple(tuple(Fraction(int(i == j)) for j in range(s[0])) for i in range(s[0])),
    "arange": lambda s: tuple(Fraction(i) for i in range(s[0])),
}


def _called(node: ast.Call) -> str:
    """The name of what is called, by its usual name."""
    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
    return ALIASES.get(name, name)


def _kind(node: ast.AST) -> str:
    return f"'{ast.unparse(node)[:40]}'" if isinstance(node, ast.expr) else type(node).__name__


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def _is_shape(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "shape"


def _is_axis(node: ast.expr) -> bool:
    return isinstance(node, (ast.Constant, ast.UnaryOp, ast.Tuple)) and not (
        isinstance(node, ast.Constant) and isinstance(node.value, Fraction)
    )


def _rational(node: ast.Constant) -> Fraction:
    value: Any = node.value
    if isinstance(value, bool) or not isinstance(value, (int, Fraction)):
        raise LanguageError(f"{_kind(node)} is not a number")
    return Fraction(value)


def _array(node: ast.expr) -> Any:
    """A literal array as nested tuples of rationals."""
    if isinstance(node, (ast.List, ast.Tuple)):
        return tuple(_array(e) for e in node.elts)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        value = _array(node.operand)
        return -value if isinstance(node.op, ast.USub) else value
    if isinstance(node, ast.Constant):
        return _rational(node)
    raise LanguageError("a literal array holds numbers only")


def _is_literal(node: ast.expr) -> bool:
    """Whether a list holds numbers alone; what is neither a number nor an expression is for `_array` to refuse."""
    return not any(isinstance(part, (ast.Name, ast.Call, ast.BinOp, ast.Subscript)) for part in ast.walk(node))


def _array_shape(value: Any) -> Shape:
    if not isinstance(value, tuple):
        return ()
    shapes = {_array_shape(v) for v in value}
    if len(shapes) != 1:
        raise LanguageError("the rows of a literal array must have equal lengths, at least one entry")
    return (len(value), *shapes.pop())


def _literal(value: Any) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_literal, value))}]"
    return value if isinstance(value, str) else number_text(value)
