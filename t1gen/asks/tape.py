"""A tape: a mapping and the sweeps that its questions need, in one program."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import count
from typing import Any

from t1gen.errors import LanguageError, near
from t1gen.mapping import proof, spotcheck
from t1gen.mapping.nested import full, shape_of
from t1gen.mapping.notation import latex_name
from t1gen.mapping.program import Program, Shape, Step
from t1gen.mapping.reader import Writer
from t1gen.mapping.sweep import Edge, Sweep, backward
from t1gen.mapping.tangent import forward, held, take_over


@dataclass(frozen=True)
class Quantity:
    """What a question asks of a mapping: the fields that a question has in an exam.

    `tangent` pairs names with directions; `order` is that of a derivative; `about` says whose shape or entries are
    counted (a value, its jacobian, the jacobian's axes, a vjp), `mode` in which mode passes or multiplications are.
    `cotangent` and `rate` are a literal (nested tuples of Fractions) or a name; `moves` the names that a descent moves;
    `rows` and `parts` those of a table; `h` the step of a difference.
    """

    ask: str
    of: str = ""
    wrt: str = ""
    cotangent: Any = None
    moves: tuple[str, ...] = ()
    rate: Any = None
    steps: int = 1
    ascent: bool = False
    tangent: tuple[tuple[str, Any], ...] = ()
    order: int = 1
    mode: str = ""
    about: str = ""
    rows: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    h: Any = None


@dataclass
class Tape:
    """A program that starts as a mapping; asks append what they need, and share sweeps.

    `equal` takes each operation's equal rule of that number; without `fold` every edge is a step of its own. `proofs`
    collects what has to be proved, outputs and what they are derived by; `tangents` what forward mode has appended, to
    be held against it, `passes` what each argument's tangent adds, and `moving` the tangents of each set of directions.
    `descents` holds the names that the mapping's quantities have after each step; `updates` the steps: (new, old,
    change, gradient). `apart` are the tapes on which a single edge was derived.
    """

    program: Program
    equal: int = 0
    fold: bool = True
    sweeps: dict[tuple[str, str], Sweep] = field(default_factory=dict)
    proofs: dict[str, set[str]] = field(default_factory=dict)
    descents: dict[Any, list[dict[str, str]]] = field(default_factory=dict)
    tangents: list[tuple[str, dict[str, str], str]] = field(default_factory=list)
    moving: dict[tuple[tuple[str, Any], ...], dict[str, str]] = field(default_factory=dict)
    updates: list[tuple[str, str, str, str]] = field(default_factory=list)
    apart: list["Tape"] = field(default_factory=list)
    passes: list[Edge] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.program = self.program.copy()
        self.mapping = self.program.copy()

    def check(self, name: str) -> str:
        """`name`, or an error that names what the mapping has."""
        if name not in self.mapping or self.mapping[name].op == "const" or name.startswith("_"):
            known = [s.name for s in self.mapping if s.name.isidentifier() and not s.unnamed and s.op != "const"]
            raise LanguageError(f"the mapping has no '{name}'{near(name, known)} (it has {', '.join(known)})")
        return name

    @property
    def writer(self) -> Writer:
        return Writer(self.program, fold=True)

    def seed(self, value: Any, shape: Shape) -> str:
        """The name of a cotangent: a name of the program or literal numbers, one number filling the shape."""
        if isinstance(value, str):
            if value not in self.program:
                self.program.add(Step(value, "given", shape=shape, role="given"))
            if self.program.shape(value) != shape:
                raise LanguageError(f"the cotangent {value} has shape {self.program.shape(value)}, not {shape}")
            return value
        array = filled(value, shape)
        return self.writer.const(array, shape)

    def adjoint(self, output: str, wrt: str, seed: str, *, prove: bool = True, stop: Collection[str] = ()) -> str:
        """The name of the adjoint of `wrt` in the sweep from `output`; zeros where nothing depends on it.

        A new sweep goes back to the quantities in `stop` and no further.
        """
        key = (output, seed)
        if key not in self.sweeps:
            again = sum(1 for old, _ in self.sweeps if old == output)
            prefix = f"s{again + 1}_" if again else ""
            self.sweeps[key] = backward(self.program, output, seed, prefix=prefix, equal=self.equal, stop=stop,
                                        fold=self.fold)  # fmt: skip
        if prove:
            self.proofs.setdefault(output, set()).add(wrt)
        adjoint = self.sweeps[key].adjoints.get(wrt)
        shape = self.program.shape(wrt)
        if adjoint is not None and self.program.shape(adjoint) == shape:
            return adjoint
        zero = self.writer.const(Fraction(0)) if adjoint is None else adjoint
        return self.writer.emit("broadcast_to", (zero,), shape=shape) if shape else zero

    def gradient(self, output: str, wrt: str, *, prove: bool = True, stop: Collection[str] = ()) -> str:
        """The adjoint of `wrt` for a scalar output and the seed 1."""
        return self.adjoint(output, wrt, self.writer.const(Fraction(1)), prove=prove, stop=stop)

    def tangent(self, output: str, directions: tuple[tuple[str, Any], ...]) -> str:
        """The name of the tangent of `output` when these quantities move in these directions."""
        shape = self.program.shape(output)
        seeds = {n: self.seed(v, self.program.shape(self.check(n))) for n, v in directions}
        for name in seeds:
            self.proofs.setdefault(output, set()).add(name)
        found = forward(self.program, output, self.moving.setdefault(directions, dict(seeds)), self.passes)
        if found:
            self.tangents.append((output, seeds, found))
        return found or self.writer.const(filled(Fraction(0), shape), shape)

    def alone(self, names: Collection[str]) -> "Tape":
        """A tape on which these quantities are given: what leads to them is not differentiated."""
        self.apart.append(Tape(held(self.program, names), equal=self.equal, fold=self.fold))
        return self.apart[-1]

    @property
    def edges(self) -> list[Edge]:
        """The edges of all sweeps."""
        own = [e for sweep in self.sweeps.values() for e in sweep.edges]
        return own + [e for tape in self.apart for e in tape.edges]

    def take_over(self, other: "Tape", name: str) -> str:
        """Bring a quantity of another tape over this program into it."""
        take_over(self.program, other.program, name)
        return name

    def number(self, value: int) -> str:
        """A whole number as a literal."""
        return self.writer.const(Fraction(value))

    def vector(self, values: Collection[int]) -> str:
        """Whole numbers as a literal vector."""
        return self.writer.const(tuple(Fraction(v) for v in values), (len(values),))

    def descend(self, quantity: Quantity) -> dict[str, str]:
        """Unroll descent steps; gives the name of every quantity of the mapping after the last one."""
        key = (quantity.of, quantity.moves, quantity.rate, quantity.ascent)
        iterates = self.descents.setdefault(key, [{s.name: s.name for s in self.mapping}])
        while len(iterates) <= quantity.steps:
            iterates.append(self.iterate(quantity, iterates[-1], len(iterates)))
        return iterates[quantity.steps]

    def iterate(self, quantity: Quantity, now: dict[str, str], number: int) -> dict[str, str]:
        """One step: all names move together, then everything that depends on them is computed again."""
        rate = quantity.rate if isinstance(quantity.rate, str) else self.writer.const(quantity.rate)
        first = number == 1
        here = [now[n] for n in self.mapping.givens]
        output = now[quantity.of]
        gradients = {w: self.gradient(output, now[w], prove=first, stop=here) for w in quantity.moves}
        new = dict(now)
        for w, gradient in gradients.items():
            change = Writer(self.program).emit("mul", (rate, gradient))
            name = self.iterated(w, number)
            new[w] = Writer(self.program).emit("add" if quantity.ascent else "sub", (now[w], change), name=name)
            self.updates.append((new[w], now[w], change, gradient))
        moved = self.mapping.descendants(quantity.moves)
        for step in self.mapping:
            if step.name in moved and step.name not in quantity.moves:
                name = self.program.fresh() if step.unnamed else self.iterated(step.name, number)
                args = tuple(new[a] for a in step.args)
                new[step.name] = self.program.add(replace(step, name=name, args=args))
        return new

    def iterated(self, name: str, number: int) -> str:
        """A name for a quantity after so many steps, which looks like no other: `w_1`, or `w_1_2` beside a given w1."""
        shown = {latex_name(step.name) for step in self.program if not step.unnamed}
        names = (f"{name}_{number}{f'_{k}' if k > 1 else ''}" for k in count(1))
        return next(n for n in names if n not in self.program and latex_name(n) not in shown)

    def prove(self) -> None:
        """Prove every sweep that was asked for; the steps of a descent are proved on the first.

        sympy proves structures at small sizes, differences look at the true ones.
        """
        for output, wrt in self.proofs.items():
            proof.prove(self.program, output, wrt)
            spotcheck.central_differences(self.program, output, wrt)
        for tape in self.apart:
            tape.prove()
        for output, seeds, found in self.tangents:
            spotcheck.transposed(self.program, output, seeds, found)

    def lines(self, results: Collection[str]) -> list[str]:
        """The named steps beyond the mapping that lead to some results, in order."""
        needed = self.program.ancestors(results)
        return [s.name for s in self.program if s.name in needed and s.name not in self.mapping and not s.unnamed
                and s.op not in ("const", "given")]  # fmt: skip

    def pruned(self, results: Collection[str]) -> Program:
        return self.program.pruned(results)


def filled(value: Any, shape: Shape) -> Any:
    """Nested tuples of a shape; one number stands for the shape filled with it."""
    if not isinstance(value, tuple):
        return full(value, shape)
    found = shape_of(value)
    if found != shape:
        raise LanguageError(f"the numbers have shape {found}, not {shape}")
    return value
