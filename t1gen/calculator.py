"""solve: any mapping, any ask, with the steps: a calculator that teaches."""

import ast
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

from t1gen import files
from t1gen.asks import ASKS, Quantity, Tape, read_phrase
from t1gen.asks.graph import edges
from t1gen.errors import FileError, LanguageError, T1genError
from t1gen.mapping.evaluate import Values, evaluate, exact, texts
from t1gen.mapping.nested import flat, shape_of
from t1gen.mapping.notation import line
from t1gen.mapping.ops.fold import Array
from t1gen.mapping.program import Program, Shape
from t1gen.mapping.reader import Writer, read
from t1gen.mapping.syntax import number, parse

ENTRIES = 100_000
READS = ("step", "shape", "entries", "passes", "multiplications")
"""Asks for which no dependence is no zero gradient."""


@dataclass(frozen=True)
class Given:
    """The inputs of a mapping by name: rationals in nested tuples, or a shape alone where no value is needed."""

    values: Mapping[str, Any]
    unknown: Mapping[str, Shape] = field(default_factory=dict)

    @property
    def shapes(self) -> dict[str, Shape]:
        return {n: shape_of(v) for n, v in self.values.items()} | dict(self.unknown)


def read_given(text: str) -> Given:
    """Inputs from assignments (`w=[-1,1]; y=-1`), a JSON object, or `@file.json`."""
    text = text.strip()
    if text.startswith("@"):
        text = files.read_text(text[1:]).strip()
    if not text:
        return Given({})
    told = _from_json(text) if text.startswith("{") else _from_assignments(text)
    unknown = {n: v.shape for n, v in told.items() if isinstance(v, _Shape)}
    values = {n: v for n, v in told.items() if n not in unknown}
    for name, value in values.items():
        _check_size(name, value)
    return Given(values, unknown)


@dataclass(frozen=True)
class _Shape:
    """A given of which only the shape is known."""

    shape: Shape


def _check_size(name: str, value: Any) -> None:
    try:
        _array(value, float)
    except OverflowError:
        raise LanguageError(f"--given: {name} holds a number over 1e308, which machine floats do not") from None


def _from_json(text: str) -> dict[str, Any]:
    try:
        data = json.loads(text, parse_float=_decimal, parse_int=_decimal, parse_constant=_no_constant)
    except (json.JSONDecodeError, RecursionError) as error:
        raise FileError(f"--given is not JSON: {error}") from None
    return {str(n): _shaped(v, str(n)) if isinstance(v, dict) else _nested(v, str(n)) for n, v in data.items()}


def _shaped(value: dict[str, Any], name: str) -> _Shape:
    """{"shape": [3, 4]}"""
    sizes = value.get("shape")
    if set(value) != {"shape"} or not isinstance(sizes, list) or not all(_is_size(n) for n in sizes):
        raise LanguageError(f'--given: {name} is an object; only {{"shape": [3, 4]}} is read')
    return _Shape(tuple(int(n) for n in sizes))


def _is_size(n: Any) -> bool:
    return isinstance(n, Fraction) and n.denominator == 1 and 1 <= n <= ENTRIES


def _decimal(text: str) -> Fraction:
    """A number of JSON, its size bounded as in the language."""
    return -number(text[1:]) if text.startswith("-") else number(text)


def _no_constant(name: str) -> Any:
    raise FileError(f"--given holds {name}; only finite numbers are read")


def _nested(value: Any, name: str) -> Any:
    """Nested lists as nested tuples of rationals of one shape."""
    if isinstance(value, list):
        parts = tuple(_nested(v, name) for v in value)
        if not parts or len({shape_of(p) for p in parts}) != 1:
            raise LanguageError(f"--given: {name} has rows of different lengths, or is empty")
        return parts
    if not isinstance(value, Fraction):
        raise LanguageError(f"--given: {name} holds {json.dumps(value, default=str)[:40]}, which is not a number")
    return value


def _from_assignments(text: str) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for node in parse(text, "exec").body:
        target = node.targets[0] if hasattr(node, "targets") and len(node.targets) == 1 else None
        name = getattr(target, "id", None)
        if name is None:
            raise LanguageError("--given is a list of assignments such as w=[-1,1]; x=[2,1]; y=-1")
        if name in out:
            raise LanguageError(f"--given: the name '{name}' is given twice")
        out[name] = _constant(node.value, name)
    return out


def _constant(node: ast.expr, name: str) -> Any:
    program = Program()
    step = program[Writer(program).value(node)]
    if step.op != "const" or not isinstance(step.static("value"), (tuple, Fraction)):
        raise LanguageError(f"--given: {name} is not a number or an array of numbers")
    return step.static("value")


@dataclass
class Calculation:
    """A mapping with its inputs; asks are answered one by one."""

    mapping: Program
    given: Given

    @classmethod
    def of(cls, mapping: str, given: Given) -> "Calculation":
        if sum(prod(s) for s in given.shapes.values()) > ENTRIES:
            raise LanguageError(f"--given holds over {ENTRIES} numbers")
        return cls(read(mapping, given.shapes, lambdas=True), given)

    def givens(self, kind: type = float) -> dict[str, Array]:
        return {n: _array(v, kind) for n, v in self.given.values.items()}

    @cached_property
    def forward(self) -> Values:
        """Every value that can be computed from what is given."""
        unknown = self.mapping.descendants(self.given.unknown)
        known = Program({s.name: s for s in self.mapping if s.name not in unknown})
        return evaluate(known, self.givens())

    def tape(self, quantity: Quantity) -> tuple[Tape, str]:
        """The tape of a quantity, still to be proved, and the name of its answer."""
        tape = Tape(self.mapping)
        return tape, ASKS[quantity.ask].reference(tape, quantity)

    def answer(self, phrase: str) -> dict[str, Any]:
        """{"value", "shape", "exact"} of an ask phrase, or {"error"}."""
        try:
            quantity = read_phrase(phrase, self.mapping)
            if quantity.ask == "graph":
                pairs = edges(self.mapping)
                return {"value": pairs, "shape": [len(pairs), 2], "exact": None}
            tape, result = self.tape(quantity)
            if quantity.wrt and quantity.ask not in READS and quantity.of in self.forward:
                _finite(self.forward[quantity.of][..., 0], f"{quantity.of} has no derivative: its value")
            answer = self._numbers(tape.pruned([result]), result)
            tape.prove()  # last, for it may take long, and what has no value needs no proof
            reached = quantity.of in tape.mapping.descendants([quantity.wrt]) if quantity.wrt else True
            note = {"note": f"{quantity.of} does not depend on {quantity.wrt}, so this is zero"}
            return answer if reached or quantity.ask in READS else answer | note
        except T1genError as error:
            return {"error": str(error)}

    def _numbers(self, program: Program, result: str) -> dict[str, Any]:
        missing = [n for n in program.givens if n not in self.given.values]
        if missing:
            what = "has a shape only; this ask needs its value" if missing[0] in self.given.unknown else "is not given"
            raise LanguageError(f"'{missing[0]}' {what}; add it to --given or write numbers")
        used = {n: a for n, a in self.givens().items() if n in program.givens}
        value = evaluate(program, used)[result][..., 0]
        _finite(value, "the value")
        known = exact(program, {n: a for n, a in self.givens(object).items() if n in used})[result][..., 0]
        return {"value": (value + 0.0).tolist(), "shape": list(value.shape), "exact": texts(known)}


def _finite(value: Array, what: str) -> None:
    if not np.isfinite(value).all():
        raise LanguageError(f"{what} is not finite: {value.tolist()}")


def _array(value: Any, kind: type) -> Array:
    array = np.empty(prod(shape_of(value)), dtype=object)
    array[:] = flat(value)
    return array.reshape((*shape_of(value), 1)).astype(kind)


@dataclass(frozen=True)
class Row:
    """One line of what `solve` prints: the step as text and its value."""

    text: str
    value: str


def forward_rows(calculation: Calculation) -> list[Row]:
    values = calculation.forward
    named = calculation.mapping.named
    return [Row(line(calculation.mapping, n), shown(values[n][..., 0]) if n in values else "") for n in named]


def backward_rows(calculation: Calculation, phrase: str) -> list[Row]:
    """Every named step that leads from the mapping to an answer, and the answer."""
    quantity = read_phrase(phrase, calculation.mapping)
    tape, result = calculation.tape(quantity)
    tape.prove()
    program = tape.pruned([result])
    values = evaluate(program, {n: a for n, a in calculation.givens().items() if n in program.givens})
    return [Row(line(program, name), shown(values[name][..., 0])) for name in tape.lines([result])]


def shown(value: Any, digits: int = 6) -> str:
    """A value for people: 6 significant digits."""
    array = np.asarray(value)
    if array.shape:
        return f"[{', '.join(shown(v, digits) for v in array)}]"
    return f"{float(array) + 0.0:.{digits}g}"


def graph_rows(mapping: Program) -> list[str]:
    """The graph as lines: what flows into each named quantity."""
    into: dict[str, list[str]] = {}
    for source, target in edges(mapping):
        into.setdefault(target, []).append(source)
    return [f"{', '.join(sources)} -> {target}" for target, sources in into.items()]


def phrases(mapping: Program, wrt: Sequence[str]) -> list[str]:
    """The asks that --wrt stands for: gradients of the output, or Jacobians where it is no scalar."""
    output = mapping.output
    scalar = mapping.shape(output) == ()
    return [f"d{output}/d{w}" if scalar else f"jacobian of {output} wrt {w}" for w in wrt]
