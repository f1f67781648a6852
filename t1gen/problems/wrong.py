"""A tape with mistakes in it: a mistake is another program, in which some steps are told otherwise."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from t1gen.asks import Quantity, Tape
from t1gen.errors import LanguageError
from t1gen.mapping.evaluate import Values, evaluate
from t1gen.mapping.ops import OPS
from t1gen.mapping.ops.fold import AXES, Array
from t1gen.mapping.program import Program, Shape, Step
from t1gen.mapping.reader import Writer, expression
from t1gen.mapping.sweep import Edge, rules, send_back
from t1gen.mapping.tangent import given


@dataclass(frozen=True)
class Change:
    """What a rule does at one place: steps told otherwise, or answers of another shape: (answer, what is answered).

    `at` is the step of the mapping or the update where it happens, `side` forward or backward, `variant` tells apart
    ways of doing it that nobody mixes (the first sample, the last one).
    """

    at: str
    steps: Mapping[str, Step] = field(default_factory=dict)
    answers: Mapping[str, str] = field(default_factory=dict)
    side: str = "backward"
    variant: str = ""


@dataclass(frozen=True)
class Mistake:
    """A rule applied at one place or everywhere: what it tells otherwise, and the first step where it does."""

    rule: str
    at: str
    steps: Mapping[str, Step]
    answers: Mapping[str, str]


@dataclass(frozen=True)
class Wrong:
    """A mistake made: the program that has it, and the steps that it moves."""

    mistake: Mistake
    program: Program
    moved: frozenset[str]

    def evaluate(
        self, givens: Mapping[str, Array], values: Values, after: Callable[[Step, Array], Array] | None = None
    ) -> Values:
        """The values with the mistake; what it does not move is taken from the right ones."""
        start = {n: v for n, v in values.items() if n not in self.moved}
        return evaluate(self.program, givens, start=start, after=after)


@dataclass
class Scratch(Program):
    """A program for very many steps without names: they are counted, not searched for."""

    count: int = 0

    def fresh(self, base: str = "_") -> str:
        if base != "_":
            return super().fresh(base)
        self.count += 1
        return f"_m{self.count}"


@dataclass
class Bench:
    """A tape, and a copy of its program to which what mistakes compute is appended.

    `results` are the answers of the questions, empty where they are no numbers, `more` other answers (of tables);
    `links` are steps in another form of the same value.
    """

    tape: Tape
    quantities: tuple[Quantity, ...]
    results: tuple[str, ...]
    more: frozenset[str] = frozenset()
    links: Mapping[str, Step] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.program = Scratch(dict(self.tape.program.steps))
        self.answers = {r for r in self.results if r} | self.more
        needed = self.program.ancestors(self.answers)
        self.steps = [s for s in self.tape.program if s.name in needed and s.op in OPS]
        self.edges = [e for e in self.tape.edges if e.result in needed and e.child in self.program]
        self.passes = {e.result: e for e in self.tape.passes if e.result in needed and self._is_product(e)}

    def _is_product(self, edge: Edge) -> bool:
        """Whether a tangent goes through an edge as a product with a local derivative, a step of its own."""
        own = edge.result != edge.cotangent and self.program[edge.result].role in ("edge", "inner", "sum")
        return own and OPS[self.program[edge.child].op].local is not None

    @property
    def values(self) -> list[Step]:
        """The steps of the mapping, of every iterate too."""
        return [s for s in self.steps if s.role == "value"]

    def uses(self) -> Iterator[tuple[Step, int, list[Edge]]]:
        """Every use of a quantity by a step, with its edges in all sweeps."""
        found: dict[tuple[str, int], list[Edge]] = {}
        for edge in (*self.edges, *self.passes.values()):
            found.setdefault((edge.child, edge.position), []).append(edge)
        for (child, position), edges in found.items():
            yield self.program[child], position, edges

    def rule(self, step: Step, position: int) -> str:
        """The text of the right rule of an edge."""
        return rules(self.program, step, self.tape.equal)[position] or "0"

    # what a mistake computes

    def sent_back(self, edge: Edge, text: str, v: str = "") -> str:
        """What an edge would send back by another rule."""
        step, v = self.program[edge.child], v or edge.cotangent
        if edge.result not in self.passes:
            return send_back(self.program, step, edge.position, v, text, "", self.tape.fold).result
        local = self.value(step, text, v=v, y=step.name)
        if local not in self.tape.program and self.program[local].op != "const":
            local = self.program.rename(local, local, "local")
        made = self.emit("mul", v, local)
        return made if self.program.shape(made) == step.shape else self.emit("broadcast_to", made, shape=step.shape)

    def value(self, step: Step, text: str, **more: str) -> str:
        """What a step would be by another text over its arguments A, B, ..."""
        scope = dict(zip(AXES, step.args, strict=False)) | more
        return expression(self.program, text, scope, role="inner", fold=True)

    def emit(self, op: str, *args: str, **statics: Any) -> str:
        return Writer(self.program, role="inner").emit(op, args, **statics)

    def again(self, step: Step) -> str:
        """The same step under another name, to compute with."""
        return self.program.add(replace(step, name=self.program.fresh(), role="inner"))

    def filled(self, value: int, shape: Shape) -> str:
        one = Writer(self.program).const(Fraction(value))
        return self.emit("broadcast_to", one, shape=shape) if shape else one

    # changes

    def backward(self, edges: list[Edge], make: Callable[[Edge], str | None], variant: str = "") -> Iterator[Change]:
        """The edges of one use sent back otherwise; where the shapes differ, the answers that they are."""
        steps, answers = dict[str, Step](), dict[str, str]()
        for edge in edges:
            with_shapes = self._made(edge, make)
            if with_shapes is None or self.program[edge.result].role not in ("edge", "local", "inner", "sum"):
                continue
            if self.program.shape(with_shapes) == self.program.shape(edge.result):
                steps[edge.result] = self.copied(edge.result, with_shapes)
            else:
                answers |= self.carried(edge.result, with_shapes)
        if steps or answers:
            yield Change(edges[0].child, steps, answers, variant=variant)

    def _made(self, edge: Edge, make: Callable[[Edge], str | None]) -> str | None:
        try:
            return make(edge)
        except LanguageError:
            return None

    def forward(self, step: Step, make: Callable[[], str], variant: str = "") -> Iterator[Change]:
        """A step of the mapping computed otherwise; where the shape differs, the answers that it leads to."""
        try:
            made = make()
        except LanguageError:
            return
        if self.program.shape(made) == step.shape:
            yield Change(step.name, {step.name: self.copied(step.name, made)}, side="forward", variant=variant)
        else:
            yield Change(step.name, answers=self.carried(step.name, made), side="forward", variant=variant)

    def answered(self, result: str, made: str) -> Iterator[Change]:
        """An answer that is another quantity, of another shape perhaps."""
        if not result or self.program[result].op in ("given", "const"):
            return
        if self.program.shape(made) == self.program.shape(result):
            yield Change(result, {result: self.copied(result, made)})
        else:
            yield Change(result, answers={result: made})

    def copied(self, name: str, made: str) -> Step:
        """A step told to be what was made: its last operation, where that was appended for it, else a copy."""
        step, other = self.program[name], self.program[made]
        if made not in self.tape.program and other.op not in ("const", "given"):
            return replace(other, name=name, role=step.role)
        return Step(name, "copy", (made,), (), step.shape, step.role)

    def carried(self, name: str, made: str) -> dict[str, str]:
        """The answers that follow from a step of another shape, where the operations on the way allow it."""
        new, after = {name: made}, self.tape.program.descendants([name])
        for step in self.steps:
            if step.name in after and step.name != name and any(a in new for a in step.args):
                try:
                    new[step.name] = self.emit(step.op, *(new.get(a, a) for a in step.args), **dict(step.statics))
                except (LanguageError, TypeError):
                    continue
        return {n: m for n, m in new.items() if n in self.answers and self.program.shape(m) != self.program.shape(n)}

    def told(self, mistake: Mistake, wanted: Collection[str], held: Collection[str] = ()) -> Program | None:
        """The program of some quantities with a mistake in it, from those that are `held`.

        None where it would need its own result.
        """
        return rewired(self.program, {**self.links, **mistake.steps}, wanted, held)


def rewired(
    program: Program, steps: Mapping[str, Step], wanted: Collection[str], held: Collection[str] = ()
) -> Program | None:
    """What leads to some quantities where some steps are told otherwise and those that are `held` are given.

    None where a step would need its own result.
    """
    out, open_, todo = Program(), set[str](), list(wanted)
    while todo:
        name = todo[-1]
        step = given(program[name]) if name in held else steps.get(name) or program[name]
        missing = [a for a in step.args if a not in out]
        if name in out or not missing:
            out.steps.setdefault(name, step)
            todo.pop()
        elif name in open_:
            return None
        else:
            open_.add(name)
            todo += missing
    return out


def mistakes(bench: Bench, rule: str, changes: list[Change]) -> Iterator[Mistake]:
    """A rule at each place (forward, backward, both) and everywhere, each set of changes once."""
    seen = set()
    for group in _groups(changes):
        steps = {n: s for c in group for n, s in c.steps.items()}
        answers = {n: s for c in group for n, s in c.answers.items()}
        key = frozenset((n, s.op, s.args) for n, s in steps.items()), frozenset(answers.items())
        if key not in seen:
            seen.add(key)
            yield Mistake(rule, group[0].at, steps, answers)


def _groups(changes: list[Change]) -> Iterator[list[Change]]:
    for change in changes:
        yield [change]
    for variant in dict.fromkeys(c.variant for c in changes):
        some = [c for c in changes if c.variant == variant]
        for at in dict.fromkeys(c.at for c in some):
            yield [c for c in some if c.at == at]
        for side in ("forward", "backward"):
            if any(c.side == side for c in some):
                yield [c for c in some if c.side == side]
        yield some
