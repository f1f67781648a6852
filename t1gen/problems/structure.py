"""A declared problem with its mapping derived once: tapes, results, and what the asks are worth."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

from t1gen.answers import KINDS
from t1gen.asks import ASKS, Quantity, Tape, read_phrase
from t1gen.banks import Problem
from t1gen.errors import BankError, T1genError, near
from t1gen.mapping.notation import latex_name, text
from t1gen.mapping.ops import OPS
from t1gen.mapping.program import Program, Shape
from t1gen.mapping.reader import inputs, read
from t1gen.mapping.syntax import parse


@dataclass(frozen=True)
class Asked:
    """One question: the quantity, how it is answered, its shape and its points; `options` as the bank has them."""

    quantity: Quantity
    kind: str
    shape: Shape
    points: Fraction
    names: Mapping[str, Shape] = field(default_factory=dict)
    formula: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def numeric(self) -> bool:
        return self.kind in ("number", "array", "table")


@dataclass(frozen=True)
class Structure:
    """Everything about a problem that does not depend on the numbers of an instance.

    `tapes[0]` is the reference; the others take equal rules. `results[t][q]` names the answer of question q on tape t.
    """

    problem: Problem
    mapping: Program
    asked: tuple[Asked, ...]
    tapes: tuple[Tape, ...]
    results: tuple[tuple[str, ...], ...]

    @property
    def numeric(self) -> list[int]:
        """The questions whose answers are numbers."""
        return [i for i, a in enumerate(self.asked) if a.numeric]

    def program(self, tape: int = 0) -> Program:
        """The tape, pruned to what the answers need."""
        results = [r for r in self.results[tape] if r]
        return self.tapes[tape].pruned(results or self.mapping.named[-1:])

    def judged(self, tape: int = 0) -> Program:
        """The tape, pruned to what answers in numbers need; a formula may have a cotangent that has no value."""
        results = [self.results[tape][i] for i in self.numeric]
        return self.tapes[tape].pruned(results or self.mapping.named[-1:])


BASIC = ("points", "kind", "names", "sizes", "formula", "text", "because", "entries", "accept", "follow_through",
         "credit")  # fmt: skip


@dataclass(frozen=True)
class Drawn:
    """What a mapping is over: its text, the shapes of its givens, and groups of names that asks may use."""

    mapping: str
    shapes: Mapping[str, Shape]
    groups: Mapping[str, list[str]] = field(default_factory=dict)


def derive(problem: Problem, drawn: Drawn) -> Structure:
    """Read the mapping, append what every ask needs, and prove it; errors name the problem."""
    try:
        program = read(drawn.mapping, drawn.shapes, lambdas=True) if drawn.mapping.strip() else inputs(drawn.shapes)
        _check_looks(program)
        asks = (_grouped(entry, drawn.groups) for entry in problem.ask)
        entries = [one for entry in asks for one in _entries(entry, program)]
        tapes, results = [], []
        for equal in range(1 + max((len(OPS[s.op].equal) for s in program if s.op in OPS), default=0)):
            tape = Tape(program, equal=equal)
            results.append(tuple(ASKS[q.ask].reference(tape, q) for q, _ in entries))
            tapes.append(tape)
        tapes[0].prove()
        asked = _asked(problem, entries, tapes[0], results[0])
        return Structure(problem, program, asked, tuple(tapes), tuple(results))
    except T1genError as error:
        raise error.inside(problem.id) from None


def _check_looks(program: Program) -> None:
    """No two names are printed alike, as x1 and x_1 would be."""
    looks: dict[str, str] = {}
    for name in (*program.givens, *program.named):
        other = looks.setdefault(latex_name(name), name)
        if other != name:
            raise BankError(f"the names '{other}' and '{name}' look alike where they are printed; choose another")


def _grouped(value: Any, groups: Mapping[str, list[str]]) -> Any:
    """An entry of `ask:` with the names that `$inputs` and other groups stand for."""
    if isinstance(value, dict):
        return {k: _grouped(v, groups) for k, v in value.items()}
    if isinstance(value, list):
        parts = [_grouped(v, groups) for v in value]
        return [n for v, p in zip(value, parts, strict=True) for n in (p if _is_group(v) and groups else [p])]
    if not _is_group(value) or not groups:
        return value
    if value[1:] not in groups:
        known = [f"${g}" for g in groups]
        raise BankError(f"there is no group '{value}'{near(value, known)} (allowed: {', '.join(known)})")
    return groups[value[1:]]


def _is_group(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("$") and value[1:].isidentifier()


def _entries(entry: Mapping[str, Any] | str, mapping: Program) -> list[tuple[Quantity, Mapping[str, Any]]]:
    """One entry of `ask:`, a phrase or an ask with its options, as quantities with their options."""
    if isinstance(entry, str):
        return [(read_phrase(entry, mapping), {})]
    if len(entry) != 1:
        raise BankError(f"an entry of 'ask' has one ask, not {', '.join(map(str, entry))}")
    ((name, value),) = entry.items()
    ask = ASKS.get(str(name))
    if ask is None:
        raise BankError(f"ask '{name}' is unknown{near(str(name), ASKS)} (allowed: {', '.join(ASKS)})")
    if isinstance(value, Mapping):
        options = dict(value)
    else:
        options = {} if value is None else {"wrt" if "wrt" in ask.options else "of": value}
    for option in options:
        if option not in (*ask.options, *BASIC):
            allowed = (*ask.options, *BASIC)
            raise BankError(
                f"ask '{name}' has no option '{option}'{near(str(option), allowed)} (allowed: {', '.join(allowed)})"
            )
    try:
        quantities = ask.declare(options, mapping)
    except (TypeError, ValueError, ArithmeticError) as error:
        raise BankError(f"an option of ask '{name}' cannot be read: {error}") from None
    if not quantities:
        raise BankError(f"ask '{name}' names nothing; say what it is of or with respect to")
    return [(q, options) for q in quantities]


def _asked(problem: Problem, entries: list[Any], tape: Tape, results: tuple[str, ...]) -> tuple[Asked, ...]:
    points = shared_points(Fraction(problem.points).limit_denominator(100), [o.get("points") for _, o in entries])
    out = []
    for (quantity, options), result, worth in zip(entries, results, points, strict=True):
        kinds = ASKS[quantity.ask].kinds
        shape = tape.program.shape(result) if result else ()
        kind = str(options.get("kind", kinds[0]))
        if kind not in kinds:
            raise BankError(
                f"ask '{quantity.ask}' is answered as {' or '.join(kinds)}, not '{kind}'{near(kind, kinds)}"
            )
        if kind in ("array", "number"):
            kind = "array" if shape else "number"
        if result and kind != "expression":
            _check_known(tape, result)
        if kind == "expression" and "sizes" in options:
            _check_sizes(options["sizes"])
        names = _names(tape, quantity, _with_lines(problem, tape, result, options)) if kind == "expression" else {}
        formula = _formula(tape, result, names, options) if kind == "expression" else ""
        out.append(Asked(quantity, kind, shape, worth, names, formula, options))
    return tuple(out)


def _check_known(tape: Tape, result: str) -> None:
    """Every value that an answer in numbers needs is given."""
    for name in tape.pruned([result]).givens:
        if name not in tape.mapping:
            raise BankError(f"'{name}' is not given, and the answer in numbers needs it")


def _formula(tape: Tape, result: str, names: Mapping[str, Shape], options: Mapping[str, Any]) -> str:
    """The right answer as the tape writes it, or as the bank does where that has the same value."""
    own, derived = str(options.get("formula", "")), text(tape.program, result, set(names))
    _check_formula(own or derived, names, tape)
    if own:
        every = {s.name: list(s.shape) for s in tape.program if s.name.isidentifier() and not s.unnamed}
        question = SimpleNamespace(names=every, sizes=options.get("sizes", {}), shape=tape.program.shape(result))
        verdict = KINDS["expression"].compare(own, question, SimpleNamespace(value=derived), tape.mapping)
        if verdict.verdict != "correct":
            raise BankError(f"the formula {own} has another value than {derived}: {verdict.reason}")
    return own or derived


def _check_formula(formula: str, names: Mapping[str, Shape], tape: Tape) -> None:
    """The right answer is written with the names that the question allows."""
    used = {n.id for n in ast.walk(parse(formula, "eval")) if isinstance(n, ast.Name)} if formula else set()
    for name in sorted(used - set(names)):
        if name in tape.program:
            raise BankError(f"the right formula is {formula}, and '{name}' does not stand in 'names'")


def _with_lines(problem: Problem, tape: Tape, result: str, options: Mapping[str, Any]) -> Mapping[str, Any]:
    """In a listing the gap may be filled with every line above it; in a function, with what its backward has."""
    if problem.listing is None or "names" in options:
        return options
    inputs_ = [n for n in tape.mapping.givens if n in tape.program.ancestors([result, tape.mapping.output])]
    if problem.listing.form == "function":
        return {**options, "names": [n for n in tape.program.givens if n in inputs_ or n not in tape.mapping]}
    above = tape.program.ancestors([result]) - {result}
    lines = [s.name for s in tape.program if s.name in above and s.role in ("edge", "sum") and not s.unnamed]
    return {**options, "names": [*inputs_, *(n for n in tape.mapping.named), *lines]}


def _check_sizes(sizes: Any) -> None:
    if not isinstance(sizes, Mapping) or not all(
        str(n).isidentifier() and type(s) is int and s > 0 for n, s in sizes.items()
    ):
        raise BankError("'sizes' gives names to whole numbers, such as {N: 4}")


def _names(tape: Tape, quantity: Quantity, options: Mapping[str, Any]) -> dict[str, Shape]:
    """What an expression may use: the cotangent, the givens and the named quantities, or what the bank says.

    A bank may also name adjoints of the tape, such as dL_dz.
    """
    seed = [n for n in (quantity.cotangent, *(v for _, v in quantity.tangent)) if isinstance(n, str)]
    known = list(dict.fromkeys([*seed, *tape.mapping.givens, *tape.mapping.named]))
    adjoints = [s.name for s in tape.program if s.role in ("edge", "sum") and not s.unnamed and s.name not in known]
    wanted = [str(n) for n in options.get("names", known)]
    for name in wanted:
        if name not in known and name not in adjoints:
            allowed = [*known, *adjoints]
            raise BankError(f"'{name}' may not stand in 'names'{near(name, allowed)} (allowed: {', '.join(allowed)})")
    return {n: tape.program.shape(n) for n in wanted}


def shared_points(total: Fraction, told: list[Any]) -> list[Fraction]:
    """`total` split equally over the asks that tell no points, in quarters, the sum kept; earlier asks get more."""
    for t in told:
        if t is not None and not (type(t) in (int, float) and 0 < t < 1000):
            raise BankError(f"an ask's points are a positive number, not {t}")
    fixed = sum((Fraction(str(t)) for t in told if t is not None), Fraction(0))
    free = sum(t is None for t in told)
    quarters = (total - fixed) * 4
    if quarters < free or (not free and quarters) or quarters.denominator != 1:
        raise BankError(f"{total} points cannot be split over these asks in quarters of a point")
    low, extra = divmod(int(quarters), free) if free else (0, 0)
    out = []
    for t in told:
        if t is None:
            out.append(Fraction(low + (extra > 0), 4))
            extra -= 1
        else:
            out.append(Fraction(str(t)))
    return out
