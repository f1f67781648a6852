"""Programs as NumPy and PyTorch code: the walk of the notation spelled otherwise, and functions that lack there."""

import ast
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from t1gen.errors import LanguageError
from t1gen.mapping.custom import declared
from t1gen.mapping.notation import ATOM, Writer, options, stopper
from t1gen.mapping.ops import OPS, Op
from t1gen.mapping.ops.fold import AXES
from t1gen.mapping.program import Program, Step, number_text

_TORCH = frozenset((
    "abs", "arcsin", "arctan", "broadcast_to", "clip", "concatenate", "cos", "cumsum", "diag", "einsum", "erf", "exp",
    "expm1", "floor", "log", "log1p", "logsumexp", "max", "maximum", "mean", "min", "minimum", "outer", "relu",
    "reshape", "round", "sigmoid", "sign", "sin", "softmax", "sqrt", "sum", "tanh", "where",
))  # fmt: skip
_ELSEWHERE = {"norm": "linalg.norm", "inv": "linalg.inv", "det": "linalg.det"}

HELPERS = {
    "put": """\
def put(v, index, shape):
    out = np.zeros(shape)
    np.add.at(out, index, v)
    return out""",
    "sum_to": """\
def sum_to(v, shape):
    v = np.sum(v, axis=tuple(range(np.ndim(v) - len(shape))))
    return np.sum(v, axis=tuple(i for i, n in enumerate(shape) if n < v.shape[i]), keepdims=True).reshape(shape)""",
}
"""What sweeps need and NumPy has in no function of its own."""


@dataclass(frozen=True)
class Dialect:
    """How a library spells the language: its import, how an array is made, which functions it has."""

    name: str
    head: str
    prefix: str
    array: str
    has: Callable[[str], bool]
    axis: tuple[str, str]


DIALECTS = {
    "numpy": Dialect("NumPy", "import numpy as np", "np", "np.array", lambda n: hasattr(np, n), ("axis", "keepdims")),
    "torch": Dialect("PyTorch", "import torch", "torch", "torch.tensor", _TORCH.__contains__, ("dim", "keepdim")),
}


@dataclass
class Code:
    """Writes a program's steps as code; `helpers` collects the functions that it must define first."""

    program: Program
    dialect: Dialect
    helpers: dict[str, str] = field(default_factory=dict)

    def line(self, name: str) -> str:
        return f"{name} = {self.right(name)}"

    def right(self, name: str, stop: Collection[str] | None = None) -> str:
        """The right-hand side of a step; stops at the named quantities, or at those in `stop` and the givens."""
        return _Writer(self.program, stopper(self.program, stop), self).right(self.program[name])[0]

    def literal(self, value: Any) -> str:
        """Numbers as they stand in code; nested tuples as an array of floats."""
        if isinstance(value, tuple):
            return f"{self.dialect.array}({_floats(value)})"
        return f"{self.dialect.prefix}.pi" if value == "pi" else number_text(value)

    def tensor(self, value: Any, option: str) -> str:
        """Numbers as an array of floats, a single one too, made with an option."""
        return f"{self.dialect.array}({_floats(value)}, {option})"

    def function(self, op: Op) -> str:
        """What an operation is called; one that the library lacks is defined from its definition."""
        if op.name in _ELSEWHERE:
            return f"{self.dialect.prefix}.{_ELSEWHERE[op.name]}"
        if self.dialect.has(op.name):
            return f"{self.dialect.prefix}.{op.name}"
        if op.name not in self.helpers:
            self.helpers[op.name] = self._defined(op)
        return op.name

    def _defined(self, op: Op) -> str:
        if op.name in HELPERS and self.dialect.prefix == "np":
            return HELPERS[op.name]
        if not isinstance(op.definition, str):
            raise LanguageError(f"{op.name} has no spelling in {self.dialect.name}, so no listing can be printed")
        own = declared(op.name)
        names = own.parameters if own else tuple("xabcdefg"[: op.arity])
        arguments = [*names, *(f"{s}=-1" if s == "axis" else s for s in op.statics)]
        tree = ast.parse(op.definition, mode="eval")
        letters = dict(zip(AXES, names, strict=False))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in OPS:
                node.func.id = self.function(OPS[node.func.id])
            elif isinstance(node, ast.keyword):
                node.arg = dict(zip(("axis", "keepdims"), self.dialect.axis, strict=True)).get(str(node.arg), node.arg)
            elif isinstance(node, ast.Name) and node.id in letters:
                node.id = letters[node.id]
        return f"def {op.name}({', '.join(arguments)}):\n    return {ast.unparse(tree)}"


@dataclass(frozen=True)
class _Writer(Writer):
    """The walk of the notation, literals and calls spelled as code."""

    code: Code

    def leaf(self, name: str) -> tuple[str, int]:
        step = self.program[name]
        if step.op != "const":
            return super().leaf(name)
        value = step.static("value")
        plain = isinstance(value, tuple) or value == "pi"
        return self.code.literal(value), ATOM if plain else super().leaf(name)[1]

    def call(self, step: Step, args: list[str]) -> tuple[str, int]:
        axis, keepdims = self.code.dialect.axis
        more = [o.replace("axis=", f"{axis}=").replace("keepdims=", f"{keepdims}=") for o in options(step)]
        if step.op == "softmax" and not more:
            more = [f"{axis}=-1"] if self.code.dialect.has("softmax") else []
        more = [f"np.{o}" if o.startswith("s_[") else o for o in more]
        return f"{self.code.function(OPS[step.op])}({', '.join(args + more)})", ATOM

    def _concatenate(self, step: Step, args: list[tuple[str, int]]) -> tuple[str, int]:
        axis = step.static("axis")
        told = f", {self.code.dialect.axis[0]}={axis}" if axis else ""
        return f"{self.code.dialect.prefix}.concatenate(({', '.join(a for a, _ in args)}){told})", ATOM

    def _transpose(self, step: Step, args: list[tuple[str, int]]) -> tuple[str, int]:
        text, level = super()._transpose(step, args)
        return (text if level != ATOM else f"{self.code.dialect.prefix}.{text}"), level

    def _einsum(self, step: Step, args: list[tuple[str, int]]) -> tuple[str, int]:
        return f"{self.code.dialect.prefix}.{super()._einsum(step, args)[0]}", ATOM

    def _iterate(self, step: Step, args: list[tuple[str, int]]) -> tuple[str, int]:
        raise LanguageError("a fixed point is an iteration, which no listing prints")


def _floats(value: Any) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_floats, value))}]"
    return repr(float(value))
