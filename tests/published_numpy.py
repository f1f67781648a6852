"""A small evaluator of published formulas, with numpy and nothing of t1gen: what the calculator is held against."""

import ast
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Array = Any


def softmax(x: Array) -> Array:
    e = np.exp(x - np.max(x, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


FUNCTIONS: dict[str, Callable[..., Array]] = {
    **{
        n: getattr(np, n)
        for n in (
            "exp",
            "log",
            "sin",
            "cos",
            "tanh",
            "sqrt",
            "sign",
            "abs",
            "maximum",
            "where",
            "outer",
            "diag",
            "sum",
            "mean",
            "trace",
        )
    },
    "inv": np.linalg.inv,
    "det": np.linalg.det,
    "logabsdet": lambda x: np.linalg.slogdet(x)[1],
    "relu": lambda x: np.maximum(x, 0),
    "elu": lambda x: np.where(x > 0, x, np.exp(x) - 1),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "logsumexp": lambda x: np.log(np.sum(np.exp(x))),
    "softmax": softmax,
}

BINARY: dict[type, Callable[[Array, Array], Array]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.Pow: np.power,
    ast.MatMult: np.matmul,
    ast.Gt: np.greater,
    ast.LtE: np.less_equal,
}


def value(text: str, names: Mapping[str, Array]) -> Array:
    """The value of a formula over named arrays."""
    return _value(ast.parse(text, mode="eval").body, names)


def forward(mapping: str, inputs: Mapping[str, Array]) -> dict[str, Array]:
    """Inputs and all quantities of a straight-line program."""
    names: dict[str, Array] = dict(inputs)
    for line in ast.parse(mapping).body:
        assert isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name)
        names[line.targets[0].id] = _value(line.value, names)
    return names


def _value(node: ast.AST, names: Mapping[str, Array]) -> Array:
    match node:
        case ast.Constant():
            return float(node.value) if type(node.value) is int else node.value  # type: ignore[arg-type]
        case ast.Name():
            return np.pi if node.id == "pi" else names[node.id]
        case ast.UnaryOp(op=ast.USub()):
            return -_value(node.operand, names)
        case ast.BinOp():
            return BINARY[type(node.op)](_value(node.left, names), _value(node.right, names))
        case ast.Compare():
            return BINARY[type(node.ops[0])](_value(node.left, names), _value(node.comparators[0], names))
        case ast.Attribute():
            return getattr(_value(node.value, names), node.attr)
        case ast.Subscript(slice=ast.Constant()):
            return _value(node.value, names)[node.slice.value]
        case ast.Call(func=ast.Name()):
            options = {k.arg: k.value.value for k in node.keywords if k.arg and isinstance(k.value, ast.Constant)}
            return FUNCTIONS[node.func.id](*(_value(a, names) for a in node.args), **_whole(options))
    raise AssertionError(f"this evaluator does not know {ast.dump(node)}")


def _whole(options: dict[str, Any]) -> dict[str, Any]:
    return {n: v if isinstance(v, bool) else int(v) for n, v in options.items()}
