"""+ - * / ** and what compares: elementwise, on any kind of number."""

import operator
from typing import Any

import numpy as np

from t1gen.mapping.ops.fold import Array
from t1gen.mapping.ops.record import Op, elementwise_shape


def _compare(test: Any) -> Any:
    """1 where it holds, 0 elsewhere, in the kind of number that came in."""

    def forward(a: Array, b: Array) -> Array:
        return np.asarray(np.where(test(a, b), 1, 0), dtype=a.dtype)

    return forward


def _comparison(symbol: str, name: str, test: Any, latex: str) -> Op:
    return Op(
        name=name, arity=2, infer=elementwise_shape, forward=_compare(test), local=(None, None), exact=True,
        kinks=("A - B",), infix=(symbol, 1), latex=rf"\mathbf{{1}}[{{A}} {latex} {{B}}]",
    )  # fmt: skip


def _power(a: Array, b: Array) -> Array:
    """Integer powers by multiplication where the exponent is one small integer, so that bits do not depend on libm."""
    exponent = b.flat[0] if b.size else 0
    if a.dtype == float and (b == exponent).all() and exponent in (2, 3):
        return np.asarray(a * a if exponent == 2 else a * a * a)
    return np.asarray(np.power(a, b))


OPERATIONS = (
    Op(name="add", arity=2, infer=elementwise_shape, forward=operator.add, local=("1", "1"), exact=True,
       structural=True, infix=("+", 3)),
    Op(name="sub", arity=2, infer=elementwise_shape, forward=operator.sub, local=("1", "-1"), exact=True,
       structural=True, infix=("-", 3)),
    Op(name="mul", arity=2, infer=elementwise_shape, forward=operator.mul, local=("B", "A"), exact=True,
       structural=True, infix=("*", 4)),
    Op(name="div", arity=2, infer=elementwise_shape, forward=operator.truediv, local=("1 / B", "-A / B ** 2"),
       equal=(("1 / B", "-y / B"),), exact=True, structural=True, guards=("B",), infix=("/", 4),
       latex=r"\frac{{A}}{{B}}", domain=((-2, 2), (0.3, 2))),
    Op(name="neg", infer=elementwise_shape, forward=operator.neg, local=("-1",), exact=True, structural=True,
       infix=("-", 5), latex="-<A>", passes=True),
    Op(name="pow", arity=2, infer=elementwise_shape, forward=_power, local=("B * A ** (B - 1)", "y * log(A)"),
       exact=True, structural=True, infix=("**", 6), domain=((0.3, 2), (-2, 2))),
    Op(name="copy", infer=elementwise_shape, forward=lambda x: x, local=("1",), exact=True, structural=True,
       passes=True, latex="{A}"),
    _comparison("<", "less", np.less, "<"),
    _comparison("<=", "less_equal", np.less_equal, r"\le"),
    _comparison(">", "greater", np.greater, ">"),
    _comparison(">=", "greater_equal", np.greater_equal, r"\ge"),
    _comparison("==", "equal", np.equal, "="),
    _comparison("!=", "not_equal", np.not_equal, r"\ne"),
)  # fmt: skip
