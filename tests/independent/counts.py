"""Whole numbers about a mapping: shapes, entries, parameters, passes and scalar multiplications."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from itertools import pairwise
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .operations import CannotCheck
from .reader import Env, Lines, call_name, evaluate, names_in

Values = Mapping[str, NDArray[np.float64]]
Json = dict[str, Any]
FREE = {"reshape", "sum", "diag", "concatenate", "broadcast_to", "put", "sum_to", "tile", "transpose"}
ONE_EACH = {
    "exp", "log", "sqrt", "sin", "cos", "tanh", "sigmoid", "softplus", "relu", "abs", "square", "arcsin", "arctan",
    "expm1", "log1p", "erf",
}  # fmt: skip


def shape_of(values: Values, name: str) -> tuple[int, ...]:
    if name not in values:
        raise CannotCheck(f"{name} is neither given nor assigned")
    return values[name].shape


def sides(values: Values, question: Json) -> tuple[int, int]:
    """m and k: the sizes of `of` and of `wrt`."""
    return prod(shape_of(values, question["of"])), prod(shape_of(values, question["wrt"]))


def shape(lines: Lines, values: Values, functions: Env, question: Json) -> Any:
    match question["about"]:
        case "value":
            return shape_of(values, question["of"])
        case "jacobian":
            return sides(values, question)
        case "axes":
            return shape_of(values, question["of"]) + shape_of(values, question["wrt"])
    raise CannotCheck(f"a shape about {question['about']!r}")


def entries(lines: Lines, values: Values, functions: Env, question: Json) -> int:
    return prod(shape(lines, values, functions, question))


def parameters(lines: Lines, values: Values, functions: Env, question: Json) -> int:
    if not question["moves"]:
        raise CannotCheck("no parameters are named")
    return sum(prod(shape_of(values, name)) for name in question["moves"])


def passes(lines: Lines, values: Values, functions: Env, question: Json) -> int:
    m, k = sides(values, question)
    if question["mode"] not in ("forward-mode", "reverse-mode"):
        raise CannotCheck(f"passes of {question['mode']!r}")
    return k if question["mode"] == "forward-mode" else m


def depends(lines: Lines, name: str, wrt: str) -> bool:
    """Whether a quantity reads another, directly or not."""
    return name == wrt or (name in lines and any(depends(lines, other, wrt) for other in names_in(lines[name])))


def chain(lines: Lines, of: str, wrt: str) -> list[str]:
    """The lines from wrt to of, where there is one path only."""
    found = [of]
    while found[0] != wrt:
        before = [name for name in names_in(lines[found[0]]) if depends(lines, name, wrt)] if found[0] in lines else []
        if len(before) != 1:
            raise CannotCheck(f"from {wrt} to {of} there is no single chain: {found[0]} reads {sorted(before)}")
        found.insert(0, before[0])
    return found


def multiplications(lines: Lines, values: Values, functions: Env, question: Json) -> int:
    """Along the chain: dense Jacobians from one end, or the VJP function of every line."""
    links = chain(lines, question["of"], question["wrt"])
    sizes = [prod(shape_of(values, name)) for name in links]
    about, mode = question.get("about"), question["mode"]
    if about not in (None, "", "vjp"):
        raise CannotCheck(f"multiplications about {about!r}")
    match mode, about:
        case "vjp", _:
            one = sum(vjp_cost(lines[after], before, values, functions) for before, after in pairwise(links))
            return one if about == "vjp" else sizes[-1] * one
        case "reverse-mode", "vjp":
            return sum(n * m for n, m in pairwise(sizes))
        case "reverse-mode", _:
            return dense(sizes[::-1])
        case "forward-mode", _ if about != "vjp":
            return dense(sizes)
    raise CannotCheck(f"multiplications of {mode!r} about {about!r}")


def dense(sizes: list[int]) -> int:
    """Multiplying matrices of these sizes from the first: a product of a x b and b x c takes a b c."""
    return sum(sizes[0] * b * c for b, c in pairwise(sizes[1:]))


def vjp_cost(node: ast.expr, name: str, values: Values, functions: Env) -> int:
    """m k n for every product and the size for every elementwise operation on the way to the name."""

    def size(part: ast.expr) -> int:
        return prod(value_shape(part))

    def value_shape(part: ast.expr) -> tuple[int, ...]:
        return np.shape(evaluate(part, {**functions, **values}))

    def inside(*parts: ast.expr) -> int:
        """The cost further in; a name that several operands hold has several ways back."""
        held = [part for part in parts if name in names_in(part)]
        if len(held) > 1:
            raise CannotCheck(f"{name} is on both sides of an operation in {ast.unparse(node)}")
        return vjp_cost(held[0], name, values, functions) if held else 0

    match node:
        case ast.Name():
            return 0
        case ast.BinOp(left=left, op=ast.MatMult(), right=right):
            b = value_shape(right)
            return prod(value_shape(left)) * (b[1] if len(b) == 2 else 1) + inside(left, right)
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub(), right=right):
            return inside(left, right)
        case ast.BinOp(left=left, op=ast.Mult() | ast.Div() | ast.Pow(), right=right):
            return size(node) + inside(left, right)
        case ast.UnaryOp(operand=operand):
            return size(node) + inside(operand)
        case ast.Attribute(value=part, attr="T") | ast.Subscript(value=part):
            return inside(part)
        case ast.Call(args=args) if call_name(node) in FREE:
            return inside(*args)
        case ast.Call(args=[part]) if call_name(node) in ONE_EACH:
            return size(node) + inside(part)
    raise CannotCheck(f"the multiplications of the VJP of {ast.unparse(node)}")


def cheaper(lines: Lines, values: Values, functions: Env, question: Json) -> str:
    """Which end to multiply from."""
    asked = {**question, "about": None}
    forward, reverse = (
        multiplications(lines, values, functions, {**asked, "mode": mode}) for mode in ("forward-mode", "reverse-mode")
    )
    return "equal" if forward == reverse else "reverse-mode" if reverse < forward else "forward-mode"


COUNTS: dict[str, Callable[[Lines, Values, Env, Json], Any]] = {
    "shape": shape,
    "entries": entries,
    "parameters": parameters,
    "passes": passes,
    "multiplications": multiplications,
}
