"""Rules and sweeps proved against sympy, and derivatives derived where an operation gives no rule.

The reference is sympy's own differentiation of the composed expression, built from the forwards alone, and compared in
40 digits at three seeded rational points. What was proved is remembered by structure, rules and sympy's version, so a
warm run imports no sympy.
"""

import hashlib
import json
import os
import random
import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from fractions import Fraction
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from t1gen.errors import LanguageError, ProofError
from t1gen.mapping.evaluate import Numbers, Values, evaluate_in
from t1gen.mapping.ops import OPS, Op
from t1gen.mapping.ops.definitions import DEFINITIONS
from t1gen.mapping.program import Program, Shape, Step
from t1gen.mapping.sweep import backward

DIGITS, POINTS, CLOSE, SECONDS = 40, 3, 1e-25, 20.0
"""Digits of the comparison, how many points, the largest difference, and the time one structure may take."""

MANY = 20
"""A quantity of more entries is proved along one seeded direction, not entry by entry."""

COMPARISONS = frozenset({"less", "less_equal", "greater", "greater_equal", "equal", "not_equal"})

SHIPPED = Path(__file__).with_name("proofs.json")


def prove(program: Program, output: str, wrt: Iterable[str]) -> None:
    """Prove that the sweep from `output` gives its gradient with respect to each of `wrt`, or raise ProofError.

    Dimensions that no index, reshape or literal depends on are shrunk to 2 or 3 first. Remembered proofs are believed.
    """
    forward, wanted = what_is_proved(program, output, wrt)
    key = record_key(forward, output, wanted)
    if key not in _shipped() and not _remembered(key):
        disprove(shrunk(forward), output, wanted)
        _remember(key)


def what_is_proved(program: Program, output: str, wrt: Iterable[str]) -> tuple[Program, list[str]]:
    """The part of a program that a proof is about, and the names it is derived by."""
    forward = program.pruned([output])
    return forward, sorted(w for w in set(wrt) if w in forward)


def record_key(program: Program, output: str, wrt: list[str], sympy_version: str = "") -> str:
    """What a proof is remembered by: structure, what was differentiated, the rules, sympy's version."""
    order = list(program.steps)
    parts = [program.structure(), str(order.index(output)), str(sorted(order.index(w) for w in wrt)),
             _rules(program), sympy_version or _installed()]  # fmt: skip
    return hashlib.sha256("|".join(parts).encode()).hexdigest()


@cache
def _installed() -> str:
    """The version of the installed sympy, which takes longer to look up than the rest of a key."""
    return version("sympy")


def _rules(program: Program) -> str:
    """The texts that a proof rests on: the rules of its operations, and of all that those rules use."""
    found: set[str] = set()
    todo = {s.op for s in program if s.op in OPS} | BASIC
    while todo:
        name = todo.pop()
        found.add(name)
        todo |= _used(name) - found
    return hashlib.sha256("\n".join(_rule_text(OPS[n]) for n in sorted(found)).encode()).hexdigest()


BASIC = frozenset(n for n, op in OPS.items() if op.infix) | {
    "transpose", "index", "reshape", "copy", "sum_to", "broadcast_to", "put", "concatenate",
}  # fmt: skip
"""Operations that a rule may use without their name in it, and that sweeps write."""


@cache
def _used(name: str) -> frozenset[str]:
    """The operations that a rule's texts name, composites of them included."""
    words = set(re.findall(r"[a-z_]\w*", _rule_text(OPS[name])))
    bodies = [str(DEFINITIONS[w].body) for w in words if w in DEFINITIONS]
    return frozenset((words | set(re.findall(r"[a-z_]\w*", " ".join(bodies)))) & set(OPS))


def _rule_text(op: Op) -> str:
    vjp = op.vjp(3) if callable(op.vjp) else op.vjp
    return repr((op.name, op.local, vjp, op.equal, op.definition if isinstance(op.definition, str) else ""))


# where proofs are remembered


def cache_folder() -> Path:
    """The user's cache folder; T1GEN_CACHE moves it."""
    told = os.environ.get("T1GEN_CACHE")
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(told) if told else Path(base) / "t1gen"


@cache
def _shipped() -> frozenset[str]:
    """The proofs that come with t1gen: those of its banks, by the sympy that proved them."""
    return frozenset(json.loads(SHIPPED.read_text())["proofs"]) if SHIPPED.exists() else frozenset()


def _remembered(key: str) -> bool:
    try:
        return (cache_folder() / "proofs" / key).is_file()
    except OSError:
        return False


def _remember(key: str) -> None:
    """Write a proof record; a cache that cannot be written is no error."""
    try:
        folder = cache_folder() / "proofs"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / key).touch()
    except OSError:
        pass


# shrinking


def shrunk(program: Program) -> Program:
    """The same program over smaller shapes: free dimensions become 2 or 3, equal ones stay equal."""
    sizes = sorted({n for s in program for n in s.shape if n > 3} - _pinned(program))
    smaller = {n: 2 + i % 2 for i, n in enumerate(sizes)}
    try:
        return _resized(program, smaller) if smaller else program
    except LanguageError:
        return program


def _pinned(program: Program) -> set[int]:
    """Sizes that an index, a reshape or a literal array depends on."""
    sizes: set[int] = set()
    for step in program:
        if (step.op == "const" and step.shape) or (step.op in OPS and OPS[step.op].pins):
            sizes.update(step.shape, *(program.shape(a) for a in step.args))
    return sizes


def _resized(program: Program, sizes: Mapping[int, int]) -> Program:
    """Infer every shape again from givens whose sizes are replaced."""
    small = Program()
    for step in program:
        if step.op in ("given", "const"):
            small.add(replace(step, shape=tuple(sizes.get(n, n) for n in step.shape)))
            continue
        shapes = [small.shape(a) for a in step.args]
        statics = {k: v for k, v in step.statics if k in OPS[step.op].statics}
        shape, normal = OPS[step.op].infer(*shapes, **statics)
        small.add(replace(step, shape=shape, statics=tuple(sorted(normal.items()))))
    return small


# the comparison


def disprove(program: Program, output: str, wrt: list[str], equal: int = 0) -> None:
    """Raise ProofError where a sweep over `program` differs from sympy's derivative; no difference is the proof."""
    import mpmath

    started = time.monotonic()
    program = _without_surrogates(program)
    seed = Step("_seed", "given", shape=program.shape(output), role="given")
    tape = program.copy()
    tape.add(seed)
    sweep = backward(tape, output, "_seed", equal=equal)
    givens = {**program.givens, "_seed": seed.shape}
    leaves = list(givens.items())
    fixed = has_declared_constants(program)
    reference = None if fixed else _references(program, output, wrt, leaves)
    _within_time(started, output)
    with mpmath.workdps(DIGITS):
        for point, values in _points(leaves, tape):
            if reference is None or fixed:
                reference = _references(_fixed(program, values), output, wrt, leaves)
            for name in wrt:
                found = values[sweep.adjoints[name]] if name in sweep.adjoints else np.zeros((1,))
                found = np.broadcast_to(found, (*program.shape(name), 1))
                _compare(name, output, _told_along(found), reference(name, point))
            _within_time(started, output)


def _without_surrogates(program: Program) -> Program:
    """Operations whose gradient is another by design are taken for copies: the rest is what is proved."""
    plain = {n: replace(s, op="copy", statics=()) if flag(s, "surrogate") else s for n, s in program.steps.items()}
    return Program(plain)


def flag(step: Step, name: str) -> bool:
    """Whether a step's operation has one of the flags of Op."""
    return step.op in OPS and bool(getattr(OPS[step.op], name))


def index_givens(program: Program) -> dict[str, int]:
    """Givens that are used as indices, with the sizes they index: whole numbers, never differentiated."""
    found: dict[str, int] = {}
    for step in program:
        if flag(step, "selects") and not flag(step, "frozen"):
            sizes = step.static("shape") if step.op == "scatter" else program.shape(step.args[0])
            for name, size in zip(step.args[1:], sizes, strict=False):
                if program[name].op == "given":
                    found[name] = min(size, found.get(name, size))
        if step.op == "one_hot" and program[step.args[0]].op == "given":
            found[step.args[0]] = min(step.static("n"), found.get(step.args[0], step.static("n")))
    return found


def has_declared_constants(program: Program) -> bool:
    """Whether something is held constant though it depends on inputs, or an input is an index."""
    return bool(index_givens(program)) or any(flag(s, "frozen") for s in program)


def _fixed(program: Program, values: Values) -> Program:
    """The program with declared constants and indices at the values they have at one point."""
    held = {*index_givens(program), *(s.name for s in program if flag(s, "frozen"))}
    return Program({n: _constant(s, values[n]) if n in held else s for n, s in program.steps.items()})


def _constant(step: Step, value: Any) -> Step:
    from mpmath.libmp import to_rational

    def told(number: Any) -> Any:
        if isinstance(number, np.ndarray) and number.ndim:
            return tuple(told(part) for part in number)
        number = number.item() if isinstance(number, np.ndarray) else number
        return Fraction(*map(int, to_rational(number._mpf_))) if hasattr(number, "_mpf_") else Fraction(number)

    whole = np.broadcast_to(value, (*step.shape, 1))[..., 0]
    return Step(step.name, "const", statics=(("value", told(whole)),), shape=step.shape)


def _within_time(started: float, output: str) -> None:
    if time.monotonic() - started > SECONDS:
        raise ProofError(f"the derivative of {output} was not proved within {SECONDS:.0f} s; use a smaller mapping")


def _told_along(found: Any) -> list[Any]:
    """The entries of a gradient, or its product with the direction where it has many."""
    if found.size <= MANY:
        return list(found.ravel())
    return [(found * _direction(found.shape, _mpmath())).sum()]


def _compare(name: str, output: str, found: Iterable[Any], wanted: Iterable[Any]) -> None:
    for ours, theirs in zip(found, wanted, strict=True):
        if not abs(ours - theirs) <= CLOSE * max(1, abs(theirs)):
            raise ProofError(f"the sweep gives {ours} for an entry of d{output}/d{name}, sympy gives {theirs}")


def _references(program: Program, output: str, wrt: list[str], leaves: list[tuple[str, Shape]]) -> Callable[..., Any]:
    """A function of (name, point): sympy's gradient of <seed, output> with respect to a quantity, in mpmath numbers.

    An intermediate quantity is differentiated by adding a zero to it where it is computed; one of many entries along
    one seeded direction. Comparisons are symbols, since they are constant between kinks: the point says which.
    """
    import sympy

    added = {w: Step(f"_plus_{w}", "given", shape=program.shape(w)) for w in wrt if program[w].op != "given"}
    raised = shifted(program, added)
    extended = leaves + [(s.name, s.shape) for s in added.values()]
    symbols = symbols_of(sympy, extended)
    own = {w: added[w].name if w in added else w for w in wrt}
    along = {w: sympy.Symbol(f"_along_{w}", real=True) for w in wrt if symbols[own[w]].size > MANY}
    moved = symbols | {own[w]: symbols[own[w]] + _direction(symbols[own[w]].shape, _sympy()) * t
                       for w, t in along.items()}  # fmt: skip
    cuts: list[Any] = []
    values = evaluate_in(_deciding(_sympy(), lambda *_: _cut(sympy, cuts)), raised, moved)
    scalar = sympy.Add(*(a * b for a, b in zip(symbols["_seed"].ravel(), values[output].ravel(), strict=True)))
    arguments = [*(s for name, _ in extended for s in symbols[name].ravel()), *along.values(), *cuts]
    by = {w: [along[w]] if w in along else list(symbols[own[w]].ravel()) for w in wrt}
    functions = {w: sympy.lambdify(arguments, [sympy.diff(scalar, s) for s in by[w]], "mpmath", cse=True) for w in wrt}
    zeros = sum(int(np.prod(s.shape)) for s in added.values())

    def at(name: str, point: list[Any]) -> Any:
        full = [*point, *([point[0] * 0] * zeros)]
        told: list[Any] = []
        decisions = _deciding(_mpmath(), lambda decide, a, b: _kept(told, decide(a, b)))
        evaluate_in(decisions, raised, _arranged(extended, full))
        return functions[name](*full, *([point[0] * 0] * len(along)), *told)

    return at


def _direction(shape: tuple[int, ...], numbers: Numbers) -> Any:
    """A seeded direction, for a quantity of too many entries to be differentiated by each."""
    stream = random.Random("direction")
    array = np.empty(int(np.prod(shape)), dtype=object)
    array[:] = [numbers.make(Fraction(stream.randint(1, 996), 457)) for _ in range(array.size)]
    return array.reshape(shape)


def _deciding(numbers: Numbers, decide: Callable[..., Any]) -> Numbers:
    """The same numbers with another function for every comparison: decide(comparison, a, b)."""

    def function(op: Op) -> Callable[..., Any] | None:
        plain = numbers.function(op)
        return partial(decide, plain) if op.name in COMPARISONS else plain

    return Numbers(numbers.make, function)


def _cut(sympy: Any, cuts: list[Any]) -> Any:
    """A new symbol for one comparison."""
    return _kept(cuts, sympy.Symbol(f"_cut_{len(cuts)}", real=True))


def _kept(into: list[Any], value: Any) -> Any:
    into.append(value)
    return value


def shifted(program: Program, added: Mapping[str, Step]) -> Program:
    """The program with `_plus_z` added to each of these intermediates."""
    out = Program({s.name: s for s in added.values()})
    for step in program:
        if step.name in added:
            raw = "_raw_" + step.name
            out.add(replace(step, name=raw))
            out.add(Step(step.name, "add", (raw, f"_plus_{step.name}"), (), step.shape))
        else:
            out.add(step)
    return out


def symbols_of(sympy: Any, leaves: list[tuple[str, Shape]]) -> Values:
    """Real symbols for every entry of every leaf, the batch of one last."""
    out = {}
    for name, shape in leaves:
        array = np.empty((*shape, 1), dtype=object)
        for i in range(array.size):
            array.flat[i] = sympy.Symbol(f"{name}_{i}", real=True)
        out[name] = array
    return out


def _arranged(leaves: list[tuple[str, Shape]], point: list[Any]) -> Values:
    """The flat numbers of a point, back in their shapes."""
    out, start = {}, 0
    for name, shape in leaves:
        size = int(np.prod(shape))
        array = np.empty(size, dtype=object)
        array[:] = point[start : start + size]
        out[name], start = array.reshape((*shape, 1)), start + size
    return out


def _points(leaves: list[tuple[str, Shape]], tape: Program) -> Iterable[tuple[list[Any], Values]]:
    """Seeded rational points at which every value is real and finite, and those values; at most 240 tries."""
    whole = index_givens(tape)
    found = 0
    for attempt in range(240):
        stream = random.Random(f"proof {attempt}")
        low, scale = ((-2, 457), (Fraction(1, 5), 457), (Fraction(-1, 2), 1103))[attempt % 3]
        point = [
            _mpf(stream.randrange(whole[name]) if name in whole else low + Fraction(stream.randint(1, 996), scale))
            for name, shape in leaves
            for _ in range(int(np.prod(shape)))
        ]
        values = evaluate_in(_mpmath(), tape, _arranged(leaves, point))
        if _finite(values):
            found += 1
            yield point, values
        if found == POINTS:
            return
    raise ProofError("no real point was found at which the mapping is defined")


def _finite(values: Values) -> bool:
    import mpmath

    return all(isinstance(v, (mpmath.mpf, int)) and mpmath.isfinite(v) for a in values.values() for v in a.ravel())


# the two kinds of number


@cache
def _sympy() -> Numbers:
    import sympy

    def one_if(relation: Any) -> Any:
        return lambda a, b: sympy.Piecewise((1, relation(a, b)), (0, True))

    table = {
        "where": lambda c, a, b: sympy.Piecewise((a, _condition(sympy, c)), (b, True)),
        "less": one_if(sympy.Lt), "less_equal": one_if(sympy.Le), "greater": one_if(sympy.Gt),
        "greater_equal": one_if(sympy.Ge), "equal": one_if(sympy.Eq), "not_equal": one_if(sympy.Ne),
        "pow": lambda a, b: a**b,
    }  # fmt: skip
    return Numbers(lambda v: sympy.pi if isinstance(v, float) else sympy.Rational(v), _lookup(table, sympy))


def sympy_numbers() -> tuple[Numbers, Any]:
    """sympy as a kind of number, and sympy itself."""
    import sympy

    return _sympy(), sympy


def _condition(sympy: Any, c: Any) -> Any:
    """The condition of a comparison's 1-or-0, or that c is not zero."""
    if isinstance(c, sympy.Piecewise) and len(c.args) == 2 and c.args[0].expr == 1 and c.args[1].expr == 0:
        return c.args[0].cond
    return sympy.Ne(c, 0)


@cache
def _mpmath() -> Numbers:
    import mpmath

    table = {
        "where": lambda c, a, b: a if c != 0 else b,
        "less": lambda a, b: mpmath.mpf(a < b), "less_equal": lambda a, b: mpmath.mpf(a <= b),
        "greater": lambda a, b: mpmath.mpf(a > b), "greater_equal": lambda a, b: mpmath.mpf(a >= b),
        "equal": lambda a, b: mpmath.mpf(a == b), "not_equal": lambda a, b: mpmath.mpf(a != b),
        "pow": lambda a, b: _quiet(lambda: a**b), "div": lambda a, b: _quiet(lambda: a / b),
    }  # fmt: skip
    return Numbers(_mpf, _lookup(table, mpmath))


def _mpf(value: Any) -> Any:
    import mpmath

    if isinstance(value, float):
        return +mpmath.pi
    return mpmath.mpf(Fraction(value).numerator) / Fraction(value).denominator


def _quiet(compute: Callable[[], Any]) -> Any:
    import mpmath

    try:
        return compute()
    except ZeroDivisionError:
        return mpmath.nan


def _lookup(table: Mapping[str, Any], module: Any) -> Callable[[Op], Any]:
    """What an operation is in these numbers: from the table, else the module's function where it has no definition."""

    def function(op: Op) -> Any:
        if op.name in table:
            return table[op.name]
        return getattr(module, op.primitive or op.name) if op.definition is None and not op.structural else None

    return function
