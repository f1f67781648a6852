"""fixed_point and argmin: a value found by iteration, with the implicit gradient.

Where x = g(x, theta), x is written as  s + (1 - dg/dx)^-1 (g(s, theta) - s)  with s the value found, held constant as
the inverse is: the value is s, and its derivative by theta is (1 - dg/dx)^-1 dg/dtheta, the implicit gradient.
Likewise argmin is a root of the gradient F of its objective: s - H^-1 F(s, theta), H the Hessian.
"""

import ast
from collections.abc import Callable
from fractions import Fraction
from math import prod
from typing import TYPE_CHECKING

from t1gen.errors import LanguageError
from t1gen.mapping.nested import full
from t1gen.mapping.program import Program, Step
from t1gen.mapping.tangent import held, take_over

if TYPE_CHECKING:
    from t1gen.mapping.reader import Writer

LARGEST = 12
"""The largest vector that is found by iteration."""

Build = Callable[["Writer", str], str]
"""Writes the body of the lambda for the name that stands for its argument."""


def fixed_point(writer: "Writer", body: Build, start: str) -> str:
    """x with x = body(x), from `start`; its gradient is the implicit one."""
    found = _iterated(writer, body, start)
    residual = writer.emit("sub", (body(writer, found), found))
    slope = _jacobian(writer, body, found)
    return writer.emit("add", (found, _divided(writer, residual, _one_minus(writer, slope))))


def argmin(writer: "Writer", body: Build, start: str) -> str:
    """The w that minimises body(w), by Newton's method from `start`; its gradient is the implicit one."""

    def gradient(inner: "Writer", at: str) -> str:
        return _adjoint(inner, body, at)

    def newton(inner: "Writer", at: str) -> str:
        return inner.emit("sub", (at, _divided(inner, gradient(inner, at), _jacobian(inner, gradient, at))))

    found = _iterated(writer, newton, start)
    step = _divided(writer, gradient(writer, found), _jacobian(writer, gradient, found))
    return writer.emit("sub", (found, step))


def _divided(writer: "Writer", residual: str, matrix: str) -> str:
    """matrix^-1 @ residual, the matrix held constant."""
    fixed = writer.emit("stop_gradient", (matrix,))
    if writer.program.shape(matrix) == ():
        return writer.emit("div", (residual, fixed))
    return writer.emit("matmul", (writer.emit("inv", (fixed,)), residual))


def _one_minus(writer: "Writer", slope: str) -> str:
    shape = writer.program.shape(slope)
    eye = (
        tuple(tuple(Fraction(int(i == j)) for j in range(shape[0])) for i in range(shape[0])) if shape else Fraction(1)
    )
    return writer.emit("sub", (writer.const(eye, shape), slope))


def _adjoint(writer: "Writer", body: Build, at: str, row: int | None = None) -> str:
    """The gradient of the body, or of one entry of it, at a quantity."""
    from t1gen.mapping.sweep import backward

    shape = writer.program.shape(at)
    scratch = held(writer.program, [at])
    inner = type(writer)(scratch, scope=writer.scope, statics=writer.statics, fold=True, role="inner")
    value = body(inner, at)
    if row is None and scratch.shape(value) != ():
        raise LanguageError(f"argmin takes an objective that is a scalar, not of shape {scratch.shape(value)}")
    unit = tuple(Fraction(int(i == row)) for i in range(shape[0])) if shape and row is not None else Fraction(1)
    seed = inner.const(unit, shape if row is not None else ())
    adjoint = backward(scratch, value, seed).adjoints.get(at) or inner.const(full(Fraction(0), shape), shape)
    if scratch.shape(adjoint) != shape:
        adjoint = inner.emit("broadcast_to", (adjoint,), shape=shape)
    take_over(writer.program, scratch, adjoint)
    return adjoint


def _jacobian(writer: "Writer", body: Build, at: str) -> str:
    """The square Jacobian of the body at a quantity; a scalar where that is one."""
    shape = writer.program.shape(at)
    if shape == ():
        return _adjoint(writer, body, at, 0)
    rows = [_adjoint(writer, body, at, i) for i in range(shape[0])]
    flat = [writer.emit("reshape", (r,), shape=(1, shape[0])) for r in rows]
    return writer.emit("concatenate", tuple(flat), axis=0) if len(flat) > 1 else flat[0]


def _iterated(writer: "Writer", body: Build, start: str) -> str:
    """The value that repeating the body ends at, as one step whose gradient is zero."""
    program = writer.program
    shape = program.shape(start)
    if len(shape) > 1 or prod(shape) > LARGEST:
        raise LanguageError(f"fixed_point and argmin find a scalar or a vector of at most {LARGEST}, not shape {shape}")
    scratch = program.copy()
    here = scratch.add(Step(scratch.fresh("_at"), "given", shape=shape, role="given"))
    result = body(type(writer)(scratch, scope=writer.scope, statics=writer.statics, fold=True, role="inner"), here)
    if scratch.shape(result) != shape:
        raise LanguageError(f"the body has shape {scratch.shape(result)}, its argument {shape}; they must be the same")
    moving = scratch.descendants([here]) & scratch.ancestors([result])
    used = [n for s in scratch if s.name in moving for n in s.args if n not in moving]
    taken = [n for n in dict.fromkeys(used) if scratch[n].op != "const"]
    for name in taken:
        take_over(program, scratch, name)
    inside = Program({s.name: s for s in scratch if s.name in moving or (s.op == "const" and s.name in used)})
    steps = tuple(inside.steps.values())
    return writer.emit("iterate", (start, *taken), body=(here, result, tuple(taken), steps))


def read_call(writer: "Writer", name: str, node: ast.Call) -> str:
    """fixed_point(lambda u: ..., start) or argmin(lambda w: ..., start)."""
    function = node.args[0] if node.args else None
    if len(node.args) != 2 or node.keywords or not isinstance(function, ast.Lambda) or len(function.args.args) != 1:
        raise LanguageError(f"{name} takes a lambda of one name and a start: {name}(lambda u: cos(u), 0.5)")
    argument = function.args.args[0].arg

    def body(inner: "Writer", at: str) -> str:
        known = (
            writer.scope
            if writer.scope is not None
            else {s.name: s.name for s in writer.program if s.name.isidentifier()}
        )
        bound = type(inner)(
            inner.program, scope={**known, argument: at}, statics=writer.statics, fold=True, role=inner.role
        )
        return bound.value(function.body)

    start = writer.value(node.args[1])
    return (fixed_point if name == "fixed_point" else argmin)(writer, body, start)


def refuse_second(program: Program, of: str, wrt: str) -> None:
    """Raise LanguageError where `of` depends on `wrt` through a value found by iteration.

    Its derivative is written with that value held constant, so that only the first is right.
    """
    between = program.ancestors([of]) & program.descendants([wrt])
    if any(program[name].op == "iterate" for name in between):
        raise LanguageError("second derivatives through fixed_point or argmin are not derived")
