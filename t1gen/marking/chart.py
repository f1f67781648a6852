"""Where the answers of a problem stand on its tapes, and what each is worked out from: the same for a whole class."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from t1gen.asks import Tape
from t1gen.mapping.ops import OPS
from t1gen.mapping.program import Program, Shape, Step
from t1gen.problems.issued import Issued, issued
from t1gen.problems.misconceptions import every
from t1gen.problems.wrong import Bench, Mistake, Wrong, rewired
from t1gen.records import Problem

Passed = frozenset[int]
"""Items that are looked through where sources are sought: those without an answer."""


@dataclass(frozen=True)
class Item:
    """One answer in numbers: a whole question, or one cell of a table; `steps` says where it stands on each tape."""

    question: int
    shape: Shape
    cell: tuple[int, int] | None
    steps: tuple[str, ...]


@dataclass(frozen=True)
class Moving(Wrong):
    """A mistake that moves an item, and what is answered (of another shape perhaps)."""

    answer: str


@dataclass
class Chart:
    """The items of a problem, their sources, and the mistakes that move them.

    `tried` keeps those whose values are told in keys.
    """

    issued: Issued
    items: tuple[Item, ...]

    def __post_init__(self) -> None:
        self._sources: dict[tuple[int, int, Passed], tuple[int, ...]] = {}
        self._held: dict[tuple[int, int, Passed], Program] = {}
        self._wrongs: dict[tuple[int, Passed | None], list[Moving]] = {}
        self.tried: dict[int, list[Moving]] = {}

    @cached_property
    def links(self) -> list[dict[str, Step]]:
        """On each tape, the edges that go through a local derivative which is asked, as products with that answer."""
        local = [i for i in self.items if self.issued.quantities[i.question].ask == "local"]
        return [
            {n: s for item in local for n, s in self._linked(tape, item, item.steps[t])}
            for t, tape in enumerate(self.issued.tapes)
        ]

    def _linked(self, tape: Tape, item: Item, step: str) -> Iterator[tuple[str, Step]]:
        asked, program = self.issued.quantities[item.question], tape.program
        if program[step].op in ("given", "const"):
            return
        line = _line(program, asked.of)
        for sweep in tape.sweeps.values():
            found = [e for e in sweep.edges if e.parent == asked.wrt and e.child in line]
            v = sweep.adjoints.get(asked.of, "")
            if len(found) == 1 and v:
                edge = found[0].result
                back = program.shape(edge)
                is_summed = back == () and len(item.shape) == 1 and program.shape(v) == item.shape
                if program[edge].role == "edge" and (back == item.shape or is_summed):
                    yield edge, Step(edge, "matmul" if is_summed else "mul", (v, step), (), back, "edge")

    def sources(self, tape: int, item: int, passed: Passed = frozenset()) -> tuple[int, ...]:
        """The nearest asked items above an item on a tape, those that are `passed` looked through.

        A quantity that is asked twice, by itself and in a table, has two.
        """
        key = (tape, item, passed)
        if key not in self._sources:
            program, own = self.issued.tapes[tape].program, self.items[item].steps[tape]
            stops: dict[str, list[int]] = {}
            for i, x in enumerate(self.items):
                name = x.steps[tape]
                if i not in passed and name != own and program[name].op not in ("given", "const"):
                    stops.setdefault(name, []).append(i)
            found, todo, seen = set(), list(self._args(tape, own)), set[str]()
            while todo:
                name = todo.pop()
                if name in stops:
                    found.update(stops[name])
                elif name not in seen:
                    seen.add(name)
                    todo += self._args(tape, name)
            self._sources[key] = tuple(sorted(found))
        return self._sources[key]

    def _args(self, tape: int, name: str) -> tuple[str, ...]:
        return (self.links[tape].get(name) or self.issued.tapes[tape].program[name]).args

    def held(self, tape: int, item: int, passed: Passed = frozenset()) -> Program:
        """What leads from its sources to an item."""
        key = (tape, item, passed)
        if key not in self._held:
            names = {self.items[i].steps[tape] for i in self.sources(tape, item, passed)}
            program, own = self.issued.tapes[tape].program, self.items[item].steps[tape]
            self._held[key] = rewired(program, self.links[tape], [own], names) or program.pruned([own])
        return self._held[key]

    def has_kinks(self, tape: int, item: int, passed: Passed) -> bool:
        return any(s.op in OPS and (OPS[s.op].kinks or OPS[s.op].selects) for s in self.held(tape, item, passed))

    @property
    def plain(self) -> int:
        """The tape that mistakes are made on."""
        return len(self.issued.tapes) - 1

    @cached_property
    def bench(self) -> Bench:
        numeric = {item.question for item in self.items if item.cell is None}
        results = tuple(r if k in numeric else "" for k, r in enumerate(self.issued.results[-1]))
        cells = frozenset(item.steps[-1] for item in self.items if item.cell is not None)
        return Bench(self.issued.tapes[-1], self.issued.quantities, results, cells, self.links[-1])

    @cached_property
    def everything(self) -> Program:
        """All that leads to the items, on the tape that mistakes are made on."""
        return self.issued.tapes[-1].pruned([x.steps[-1] for x in self.items])

    @cached_property
    def mistakes(self) -> list[Mistake]:
        return every(self.bench)

    def wrongs(self, item: int, passed: Passed | None) -> list[Moving]:
        """The mistakes between an item and its sources; with None, those anywhere above it. Each change once a rule."""
        key = (item, passed)
        if key not in self._wrongs:
            sources = () if passed is None else self.sources(self.plain, item, passed)
            own, stops = self.items[item].steps[-1], {self.items[i].steps[-1] for i in sources}
            between = self._reached(own, stops) - stops
            found: dict[tuple[str, str, frozenset[str]], Moving] = {}
            for mistake in self.mistakes:
                if between.isdisjoint(mistake.steps) and own not in mistake.answers:
                    continue  # all that it changes lies elsewhere
                wrong = self._wrong(mistake, own, stops)
                if wrong:
                    touched = frozenset(f"{n}={wrong.program[n].args}" for n in mistake.steps if n in wrong.program)
                    found.setdefault((mistake.rule, wrong.answer, touched), wrong)
            self._wrongs[key] = list(found.values())
        return self._wrongs[key]

    def _wrong(self, mistake: Mistake, own: str, stops: set[str]) -> Moving | None:
        answer = mistake.answers.get(own, own)
        program = self.bench.told(mistake, [answer], stops)
        if program is None:
            return None
        changed = {n for n in mistake.steps if n in program and n not in stops}
        if not changed and answer == own:
            return None
        return Moving(mistake, program, frozenset(program.descendants(changed)), answer)

    @cached_property
    def above(self) -> list[frozenset[int]]:
        """For every item, all others that it depends on."""
        everything = [self._reached(x.steps[-1]) for x in self.items]
        return [
            frozenset(j for j, x in enumerate(self.items) if j != i and x.steps[-1] in everything[i])
            for i in range(len(self.items))
        ]

    def _reached(self, name: str, stops: Collection[str] = ()) -> set[str]:
        """A step and all that leads to it, where nothing leads to the `stops`."""
        seen, todo = set[str](), [name]
        while todo:
            one = todo.pop()
            if one not in seen:
                seen.add(one)
                todo += self._args(-1, one) if one not in stops else ()
        return seen


def _line(program: Program, name: str) -> set[str]:
    """The steps of one line of the mapping: a name and the unnamed steps that lead to it."""
    out, todo = {name}, list(program[name].args)
    while todo:
        step = program[todo.pop()]
        if step.unnamed and step.name not in out:
            out.add(step.name)
            todo += step.args
    return {n for n in out if program[n].op in OPS}


def chart_of(problem: Problem) -> Chart:
    """The chart of an issued problem, made once for all with the same structure."""
    kinds = tuple(q.kind for q in problem.questions)
    return _chart(issued(problem), kinds, tuple(_cells(q.cells) for q in problem.questions))


def _cells(cells: Any) -> tuple[tuple[int, int], ...]:
    """The cells of a table that are to be filled in."""
    return tuple((i, k) for i, row in enumerate(cells or ()) for k, shown in enumerate(row) if shown is None)


@lru_cache(maxsize=1024)
def _chart(structure: Issued, kinds: tuple[str, ...], cells: tuple[tuple[tuple[int, int], ...], ...]) -> Chart:
    items = []
    for k, kind in enumerate(kinds):
        results = tuple(r[k] for r in structure.results)
        if kind in ("number", "array") and results[0]:
            items.append(Item(k, structure.tapes[0].program.shape(results[0]), None, results))
        elif kind == "table":
            q = structure.quantities[k]
            for i, j in cells[k]:
                name = q.rows[i]
                steps = tuple(name if q.parts[j] == "value" else t.gradient(q.of, name) for t in structure.tapes)
                items.append(Item(k, (), (i, j), steps))
    return Chart(structure, tuple(items))
