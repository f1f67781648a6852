"""Elementwise functions: each is its local derivative, once at the output and once at the input where both are used."""

import math
from fractions import Fraction
from typing import Any

import numpy as np

from t1gen.errors import LanguageError
from t1gen.mapping.ops.fold import Array
from t1gen.mapping.ops.record import Op, elementwise_shape
from t1gen.mapping.program import Shape


def _sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)) without overflow: exp of -|x| alone."""
    small = np.exp(-np.abs(x))
    return np.asarray(np.where(x >= 0, 1.0, small) / (1.0 + small))


_erf_of = np.frompyfunc(math.erf, 1, 1)


def _erf(x: Array) -> Array:
    return np.asarray(_erf_of(x), dtype=float)


def _bounded(x: Shape, lo: Any, hi: Any) -> tuple[Shape, dict[str, Any]]:
    if any(isinstance(b, bool) or not isinstance(b, (int, Fraction)) for b in (lo, hi)):
        raise LanguageError("clip_grad takes two numbers, the lowest and the highest gradient that is sent back")
    return x, {"lo": Fraction(lo), "hi": Fraction(hi)}


def _softplus(x: Array) -> Array:
    return np.asarray(np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(x))))


def _function(name: str, local: str, forward: Any = None, **more: Any) -> Op:
    more.setdefault("infer", elementwise_shape)
    return Op(name=name, forward=forward or getattr(np, name), local=(local,), **more)


OPERATIONS = (
    _function("exp", "y", equal=(("exp(A)",),)),
    _function("log", "1 / A", guards=("A",), latex=r"\log <A>", domain=((0.3, 3),)),
    _function("sqrt", "1 / (2 * y)", equal=(("0.5 * A ** (-0.5)",),), guards=("A",), latex=r"\sqrt{{A}}",
              domain=((0.3, 3),)),
    _function("sin", "cos(A)", latex=r"\sin <A>"),
    _function("cos", "-sin(A)", latex=r"\cos <A>"),
    _function("arcsin", "1 / sqrt(1 - A ** 2)", equal=(("1 / cos(y)",),), primitive="asin", domain=((-0.9, 0.9),),
              guards=("1 - A ** 2",)),
    _function("arctan", "1 / (1 + A ** 2)", primitive="atan"),
    _function("log1p", "1 / (1 + A)", equal=(("exp(-y)",),), definition="log(1 + A)", guards=("1 + A",),
              domain=((-0.6, 2),)),
    _function("expm1", "exp(A)", equal=(("y + 1",),), definition="exp(A) - 1"),
    _function("erf", "2 / sqrt(pi) * exp(-A ** 2)", _erf),
    _function("floor", "0", frozen=True, kinks=("A - round(A)",)),
    _function("round", "0", np.round, frozen=True, primitive="nint", kinks=("A - floor(A) - 0.5",)),
    _function("stop_gradient", "0", lambda x: x, frozen=True, exact=True, structural=True),
    Op(name="clip_grad", infer=_bounded, forward=lambda x, lo, hi: x, statics=("lo", "hi"), vjp=("clip(v, lo, hi)",),
       bind=lambda parent, shapes, lo, hi: {"lo": lo, "hi": hi}, structural=True, exact=True, surrogate=True,
       examples=(("clip_grad(A, -0.5, 0.5)", {"A": (3,)}),)),
    _function("tanh", "1 - y ** 2", equal=(("1 - tanh(A) ** 2",),), latex=r"\tanh <A>"),
    _function("sigmoid", "y * (1 - y)", _sigmoid,
              equal=(("sigmoid(A) * (1 - sigmoid(A))",), ("exp(-A) / (1 + exp(-A)) ** 2",)),
              definition="1 / (1 + exp(-A))", latex=r"\sigma({A})"),
    _function("softplus", "sigmoid(A)", _softplus, equal=(("1 - exp(-y)",),), definition="log(1 + exp(A))"),
    _function("relu", "step(A)", lambda x: np.maximum(x, 0 * x), equal=(("step(y)",),), exact=True,
              definition="where(A > 0, A, 0)", kinks=("A",)),
    _function("step", "0", lambda x: np.asarray(np.where(x > 0, 1, 0), dtype=x.dtype), exact=True,
              definition="where(A > 0, 1, 0)", kinks=("A",)),
    _function("sign", "0", lambda x: np.asarray(np.where(x > 0, 1, np.where(x < 0, -1, 0)), dtype=x.dtype), exact=True,
              definition="where(A > 0, 1, where(A < 0, -1, 0))", kinks=("A",), latex=r"\operatorname{sign}({A})"),
    _function("abs", "sign(A)", lambda x: np.where(x < 0, -x, x), exact=True, definition="where(A > 0, A, -A)",
              kinks=("A",), latex=r"\lvert {A} \rvert"),
    Op(name="maximum", arity=2, infer=elementwise_shape, forward=lambda a, b: np.where(a < b, b, a),
       local=("(A > B) + (A == B) / 2", "(B > A) + (A == B) / 2"), exact=True, definition="where(A > B, A, B)",
       kinks=("A - B",), latex=r"\max({A},\; {B})"),
    Op(name="minimum", arity=2, infer=elementwise_shape, forward=lambda a, b: np.where(b < a, b, a),
       local=("(A < B) + (A == B) / 2", "(B < A) + (A == B) / 2"), exact=True, definition="where(A < B, A, B)",
       kinks=("A - B",), latex=r"\min({A},\; {B})"),
    Op(name="where", arity=3, infer=elementwise_shape, forward=lambda c, a, b: np.where(c != 0, a, b),
       vjp=(None, "where(A, v, 0)", "where(A, 0, v)"), exact=True, latex=r"\operatorname{where}({A},\; {B},\; {C})",
       examples=(("where(A > 0, B, C)", {"A": (2, 3), "B": (3,), "C": ()}),
                 ("where(A > B, A, B)", {"A": (3,), "B": (3,)}))),
)  # fmt: skip
