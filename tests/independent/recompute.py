"""The asks, recomputed at a point by complex steps and circles; one entry an ask."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .counts import COUNTS
from .implicit import H, derivative, mixed, symmetric
from .operations import NOT_ANALYTIC, OPERATIONS, Array, CannotCheck, array
from .reader import (
    Env,
    Lines,
    calls_in,
    evaluate,
    free_names,
    index_names,
    names_in,
    parse,
    read_lines,
    run,
)

Real = NDArray[np.float64]
Json = dict[str, Any]
DRAWS = ((-2.0, 2.0), (0.2, 2.0), (0.1, 0.9)) * 3


@dataclass(frozen=True)
class Own:
    """An operation or function that a problem defines: `double(x) = 2 * x; vjp x: 2 * v`."""

    name: str
    parameters: tuple[str, ...]
    forward: ast.expr
    rules: Mapping[str, ast.expr]
    surrogate: bool
    others: Env
    text: str

    def __call__(self, *args: Any) -> Array:
        """The value; of a surrogate it moves as the rules say, else as the value does."""
        given = dict(zip(self.parameters, map(array, args), strict=True))
        if not self.surrogate:
            return array(evaluate(self.forward, {**self.others, **given}))
        real = {name: array(value.real) for name, value in given.items()}
        y = array(evaluate(self.forward, {**self.others, **real}))
        if not any(np.any(value.imag) for value in given.values()):
            return y
        flat = np.eye(y.size).reshape(y.size, *y.shape)
        moves = [self.back(unit, y, real, given) for unit in flat]
        whole = self.back(sum(k * unit for k, unit in enumerate(flat, 1)), y, real, given)
        if abs(whole - sum(k * move for k, move in enumerate(moves, 1))) > 1e-9 * max(1e-300, *map(abs, moves)):
            raise CannotCheck(f"the rule of {self.name} is not linear in v")
        return array(y + 1j * np.reshape(moves, y.shape))

    def back(self, v: Any, y: Array, real: Env, given: Env) -> float:
        """How v * y moves when the arguments move along their imaginary parts, by the rules."""
        env = {**self.others, **real, "y": y, "v": array(v)}
        rules = {name: array(evaluate(rule, env)) for name, rule in self.rules.items()}
        if wrong := [name for name, rule in rules.items() if rule.shape != given[name].shape]:
            raise CannotCheck(f"the rule of {self.name} for {wrong} has another shape")
        return float(sum(np.sum(rule.real * given[name].imag) for name, rule in rules.items()))


def read_own(text: str, others: Env) -> Own:
    """A definition as an exam writes it."""
    head, *rest = [part.strip() for part in text.split(";")]
    left, _, forward = head.partition("=")
    told = re.fullmatch(r"(\w+)\((\w+(?:, \w+)*)\)", left.strip())
    rules = [re.fullmatch(r"vjp (\w+): (.+)", part) for part in rest if part != "surrogate"]
    if not told or not all(rules):
        raise CannotCheck(f"unreadable definition {text!r}")
    parameters = tuple(told[2].split(", "))
    found = {rule[1]: parse(rule[2], "eval").body for rule in rules if rule}
    if found and set(found) != set(parameters):
        raise CannotCheck(f"{told[1]} has rules for {sorted(found)}")
    return Own(told[1], parameters, parse(forward, "eval").body, found, "surrogate" in rest, others, text)


def functions_of(problem: Json) -> dict[str, Own]:
    """What a problem defines and this program does not know."""
    found: dict[str, Own] = {}
    for name, text in (problem.get("definitions") or {}).items():
        own = read_own(text, found)
        if own.name != name:
            raise CannotCheck(f"the definition of {name} defines {own.name}")
        if name not in OPERATIONS:
            found[name] = own
        elif own.rules:
            raise CannotCheck(f"{name} is known and has rules of its own")
    return found


@dataclass(frozen=True)
class Clip:
    """Where what comes back is clipped: the line that goes in, the line that comes out, and the bounds."""

    inner: str
    outer: str
    bounds: tuple[ast.expr, ast.expr]


def cut(lines: Lines) -> tuple[Lines, tuple[Clip, ...]]:
    """Every clip_grad(x, lo, hi) as two lines, x and what it hands on, between which nothing moves."""
    out: Lines = {}
    clips: list[Clip] = []

    class Cutter(ast.NodeTransformer):
        def visit_Lambda(self, node: ast.Lambda) -> ast.Lambda:
            return node

        def visit_Call(self, node: ast.Call) -> ast.expr:
            self.generic_visit(node)
            match node:
                case ast.Call(func=ast.Name(id="clip_grad"), args=[x, low, high], keywords=[]):
                    clip = Clip(f"clip{len(clips)}__in", f"clip{len(clips)}__out", (low, high))
                    clips.append(clip)
                    out[clip.inner] = x
                    out[clip.outer] = parse(f"stop_gradient({clip.inner})", "eval").body
                    return ast.Name(clip.outer, ast.Load())
            return node

    for name, line in lines.items():
        out[name] = Cutter().visit(parse(ast.unparse(line), "eval").body)
    return out, tuple(clips)


@dataclass(frozen=True)
class Point:
    """A mapping with values for its given names, and for the cotangents that questions name."""

    lines: Lines
    inputs: Env
    functions: Env = field(default_factory=dict)
    clips: tuple[Clip, ...] = ()

    def run(self, bumps: Env | None = None) -> dict[str, Array]:
        return run(self.lines, self.inputs, bumps, self.functions)

    def values(self) -> dict[str, Array]:
        return self.run()

    def value(self, name: str) -> Real:
        """A quantity of the mapping, or a given."""
        env = self.values()
        if name not in env:
            raise CannotCheck(f"{name} is neither given nor assigned")
        return np.asarray(env[name].real)

    def moved(self, of: str, directions: Env, distance: complex) -> Array:
        """`of` where the named quantities have all moved along their directions."""
        return self.run({name: distance * direction for name, direction in directions.items()})[of]

    def slope(self, of: str, directions: Env) -> Real:
        """The derivative of `of` when the named quantities all move along their directions."""
        return np.asarray(self.moved(of, directions, 1j * H).imag / H)

    def straight(self, of: str, wrt: str) -> Real:
        """The matrix m x k of derivatives, m the size of `of`, k the size of `wrt`; nothing passes a clip."""
        rows, x = self.value(of).size, self.value(wrt)
        columns = [self.slope(of, {wrt: unit.reshape(x.shape)}).ravel() for unit in np.eye(x.size)]
        return np.stack(columns, axis=1) if columns else np.zeros((rows, 0))

    def pull(self, of: str, wrt: str, v: Real) -> Real:
        """v times the Jacobian, flat; what comes back to a clip is clipped there."""
        sent: dict[str, Real] = {}
        for clip in reversed(self.clips):
            back = self.collected(of, clip.outer, v, sent)
            low, high = (array(evaluate(bound, self.values())).real for bound in clip.bounds)
            shape = self.value(clip.outer).shape
            sent[clip.inner] = np.clip(back.reshape(shape), low, high).ravel()
        return self.collected(of, wrt, v, sent)

    def collected(self, of: str, wrt: str, v: Real, sent: Mapping[str, Real]) -> Real:
        """What comes back to `wrt` from `of` and from the clips that have sent something on."""
        total = np.ravel(v) @ self.straight(of, wrt)
        for name, share in sent.items():
            total = total + share @ self.straight(name, wrt)
        return np.asarray(total)

    def jacobian(self, of: str, wrt: str) -> Real:
        """The matrix m x k of total derivatives."""
        if not self.clips:
            return self.straight(of, wrt)
        return np.stack([self.pull(of, wrt, unit) for unit in np.eye(self.value(of).size)])

    def gradient(self, of: str, wrt: str) -> Real:
        """d of / d wrt where one of them is a scalar, in the shape of the other."""
        y, x = self.value(of).shape, self.value(wrt).shape
        if y != () and x != ():
            raise CannotCheck(f"d{of}/d{wrt} has no scalar side: {y} by {x}")
        return self.jacobian(of, wrt).reshape(x if y == () else y)

    def smooth(self) -> None:
        """Raise CannotCheck where derivatives of higher order are not those of the values."""
        odd = {name for name, own in self.functions.items() if getattr(own, "surrogate", False)}
        if found := calls_in(self.lines) & (NOT_ANALYTIC | odd):
            raise CannotCheck(f"a second derivative through {sorted(found)}")

    def second(self, of: str, wrt: str, one: Real, other: Real) -> float:
        """The second derivative of a scalar by two directions of `wrt`."""
        self.smooth()
        if self.value(of).shape != ():
            raise CannotCheck(f"a second derivative of {of} of shape {self.value(of).shape}")
        return float(mixed(lambda direction, z: self.moved(of, {wrt: direction}, z), one, other))


def numbers(value: Any) -> Real:
    """A JSON number, fraction text or nested lists of them as an array; anything else is refused."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | list):
        raise CannotCheck(f"{value!r} is not a number")
    if isinstance(value, str):
        return np.asarray(float(Fraction(value)))
    if isinstance(value, list):
        return np.asarray([numbers(entry) for entry in value], dtype=float)
    return np.asarray(value, dtype=float)


def vector(point: Point, stated: Any, shape: tuple[int, ...]) -> Real:
    """A (co)tangent: a name, numbers, or one number that fills the shape."""
    named = isinstance(stated, str) and stated.isidentifier()
    value = point.value(stated) if named else numbers(stated)
    if value.shape not in ((), shape):
        raise CannotCheck(f"a (co)tangent of shape {value.shape} for {shape}")
    return np.broadcast_to(value, shape)


def forward(point: Point, question: Json) -> Real:
    return point.value(question["of"])


def gradient(point: Point, question: Json) -> Real:
    return point.gradient(question["of"], question["wrt"])


def vjp(point: Point, question: Json) -> Real:
    of, wrt = question["of"], question["wrt"]
    v = vector(point, question["cotangent"], point.value(of).shape)
    return point.pull(of, wrt, v).reshape(point.value(wrt).shape)


def jvp(point: Point, question: Json) -> Real:
    if point.clips:
        raise CannotCheck("a Jacobian-vector product through clip_grad")
    tangent = question["tangent"].items()
    return point.slope(question["of"], {x: vector(point, t, point.value(x).shape) for x, t in tangent})


def jacobian(point: Point, question: Json) -> Real:
    return point.jacobian(question["of"], question["wrt"])


def hessian(point: Point, question: Json) -> Real:
    """The matrix k x k of second derivatives."""
    of, wrt = question["of"], question["wrt"]
    x = point.value(wrt)
    units = np.eye(x.size).reshape(x.size, *x.shape)
    return symmetric(lambda a, b: point.second(of, wrt, a, b), list(units))


def hvp(point: Point, question: Json) -> Real:
    of, wrt = question["of"], question["wrt"]
    x = point.value(wrt)
    u = vector(point, question["cotangent"], x.shape)
    units = np.eye(x.size).reshape(x.size, *x.shape)
    return np.array([point.second(of, wrt, unit, u) for unit in units]).reshape(x.shape)


def high(point: Point, question: Json) -> Real:
    """The derivative of some order of a scalar by a scalar."""
    of, wrt = question["of"], question["wrt"]
    if point.value(wrt).shape != () or point.value(of).size != 1:
        raise CannotCheck(f"the derivative of order {question['order']} of {of} by {wrt}")
    if question["order"] == 1:
        return point.gradient(of, wrt)
    point.smooth()
    return derivative(lambda z: point.moved(of, {wrt: np.ones(())}, z), question["order"])


def local(point: Point, question: Json) -> Real:
    """The derivative along one edge: the line of `of` alone, all else that it reads held fixed."""
    of, wrt = question["of"], question["wrt"]
    if of not in point.lines or wrt not in names_in(point.lines[of]):
        raise CannotCheck(f"there is no edge from {wrt} to {of}")
    env = point.values()
    alone = Point({of: point.lines[of]}, {name: env[name] for name in names_in(point.lines[of])}, point.functions)
    return alone.gradient(of, wrt)


def difference(point: Point, question: Json) -> Real:
    """(f(x + h) - f(x - h)) / 2h."""
    of, wrt, h = question["of"], question["wrt"], vector(point, question["h"], ())
    if point.value(wrt).shape != ():
        raise CannotCheck(f"a difference moves {wrt} of shape {point.value(wrt).shape}")
    up, down = (point.run({wrt: side * h})[of].real for side in (1, -1))
    return np.asarray((up - down) / (2 * h))


def decision(point: Point, question: Json) -> Real:
    return np.where(point.value(question["of"]) > 0, 1.0, -1.0)


def table(point: Point, question: Json) -> Real:
    """Rows of scalars, columns of their values and of the gradients of `of` by them."""
    of, parts = question["of"], {"value": point.value, "gradient": lambda name: point.gradient(of, name)}
    if not set(question["parts"]) <= set(parts):
        raise CannotCheck(f"the columns {question['parts']}")
    cells = [[parts[part](name) for part in question["parts"]] for name in question["rows"]]
    if any(np.shape(cell) != () for row in cells for cell in row):
        raise CannotCheck("a table of what is no scalar")
    return np.array(cells, dtype=float)


def step(point: Point, question: Json) -> Real:
    """Descent steps in which all of `moves` move together; then the name `wrt` is read."""
    for _ in range(question["steps"]):
        point = stepped(point, question)
    return point.value(question["wrt"])


def stepped(point: Point, question: Json) -> Point:
    """The point after one step."""
    rate, of, moves = vector(point, question["rate"], ()), question["of"], question["moves"]
    if point.value(of).shape != () or not set(moves) <= set(point.inputs):
        raise CannotCheck(f"a step on {of} of shape {point.value(of).shape} that moves {moves}")
    along = rate if question.get("ascent", False) else -rate
    moved = {name: array(point.inputs[name]) + along * point.gradient(of, name) for name in moves}
    return replace(point, inputs={**point.inputs, **moved})


ASKS: dict[str, Callable[[Point, Json], Real]] = {
    "forward": forward,
    "gradient": gradient,
    "vjp": vjp,
    "jvp": jvp,
    "jacobian": jacobian,
    "hessian": hessian,
    "hvp": hvp,
    "derivative": high,
    "local": local,
    "difference": difference,
    "decision": decision,
    "table": table,
    "step": step,
}


def recompute(point: Point, question: Json) -> Real:
    """The answer to a question at a point."""
    ask = question["ask"]
    with np.errstate(all="ignore"):
        if ask in COUNTS:
            values = {name: np.asarray(value.real) for name, value in point.values().items()}
            return np.asarray(COUNTS[ask](point.lines, values, point.functions, question), dtype=float)
        if ask not in ASKS:
            raise CannotCheck(f"unknown ask {ask!r}")
        return ASKS[ask](point, question)


def lines_of(problem: Json) -> Lines:
    return read_lines("\n".join(problem["mapping"])) if problem["mapping"] else {}


def valued(given: Json) -> dict[str, Real]:
    """The given names that come with values, not only a shape."""
    return {name: numbers(value) for name, value in given.items() if not isinstance(value, dict | None)}


def at(problem: Json, inputs: Env) -> Point:
    """The problem's mapping at these values."""
    lines, clips = cut(lines_of(problem))
    return Point(lines, inputs, functions_of(problem), clips)


def stated_point(problem: Json) -> Point:
    """The problem's own values."""
    return at(problem, valued(problem.get("given") or {}))


def adjoint(name: str, known: set[str]) -> tuple[str, str] | None:
    """(L, z) of dL_dz where both are known names."""
    places = [match.start() for match in re.finditer("_d", name)]
    pairs = [(name[1:place], name[place + 2 :]) for place in places if name.startswith("d")]
    return next((pair for pair in pairs if set(pair) <= known), None)


def known_names(problem: Json) -> set[str]:
    """Given names, those of the mapping, and those that the mapping uses."""
    lines = lines_of(problem)
    return {*(problem.get("given") or {}), *lines, *free_names(lines)}


def shapes(problem: Json, lines: Lines) -> dict[str, tuple[int, ...]]:
    """Shapes of the given names, and of what only questions name (cotangents)."""
    found: dict[str, tuple[int, ...]] = {}
    known = known_names(problem)
    for question in problem["questions"]:
        for name, shape in (question.get("names") or {}).items():
            if name in lines or (name not in known and adjoint(name, known)):
                continue
            if found.setdefault(name, tuple(shape)) != tuple(shape):
                raise CannotCheck(f"two shapes for {name}")
    for name, value in (problem.get("given") or {}).items():
        if isinstance(value, dict):
            found[name] = tuple(value["shape"])
        elif value is not None:
            found[name] = numbers(value).shape
    if missing := free_names(lines) - set(found):
        raise CannotCheck(f"no shape for {sorted(missing)}")
    return found


def random_points(problem: Json) -> Iterator[Point]:
    """Points with random values of any sign, positive, inside (0, 1), and near the stated ones."""
    rng, lines, stated = np.random.default_rng(8128), lines_of(problem), valued(problem.get("given") or {})
    fixed = {name: stated[name] for name in index_names(lines) if name in stated}
    known = shapes(problem, lines)
    for low, high in DRAWS:
        yield at(problem, {x: rng.uniform(low, high, shape) for x, shape in known.items()} | fixed)
    for _ in range(3):
        near = {x: value * rng.uniform(0.9, 1.1, value.shape) for x, value in stated.items()}
        others = {x: rng.uniform(0.1, 0.9, shape) for x, shape in known.items() if x not in near}
        yield at(problem, near | others | fixed)
