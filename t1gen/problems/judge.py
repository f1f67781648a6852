"""Which instances are fair: away from kinks, well conditioned, and hiding no listed mistake.

Values are compared after rounding to 8 significant digits, so that every machine accepts the same instances.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from t1gen.mapping.evaluate import Values, evaluate
from t1gen.mapping.ops import OPS
from t1gen.mapping.ops.fold import AXES, Array
from t1gen.mapping.program import Program
from t1gen.mapping.reader import expression
from t1gen.mapping.rounding import half_unit, tolerances, widest
from t1gen.problems.conditions import Conditions, eight, read_conditions
from t1gen.problems.misconceptions import every
from t1gen.problems.structure import Structure
from t1gen.problems.wrong import Bench, Wrong

GUARD, VISIBLE = 50, 2.0
"""Half units below which nothing is divided by; how many tolerances a mistake must move an answer."""


class Place(Wrong):
    """A misconception applied at one place."""

    @property
    def rule(self) -> str:
        return self.mistake.rule

    @property
    def at(self) -> str:
        return self.mistake.at


@dataclass
class Judge:
    """Accepts or rejects instances of one structure; `passes` lists the values where a hidden mistake is let pass."""

    structure: Structure
    passes: dict[int, list[tuple[str, tuple[int, ...], float]]] = field(default_factory=dict)
    hidden: set[int] = field(default_factory=set)

    @cached_property
    def program(self) -> Program:
        return self.structure.judged()

    @cached_property
    def answers(self) -> list[str]:
        return [self.structure.results[0][i] for i in self.structure.numeric]

    @cached_property
    def requirements(self) -> Conditions:
        problem = self.structure.problem
        return read_conditions(self.structure.mapping, problem.require, "require", problem.id)

    @cached_property
    def told(self) -> dict[int, list[Conditions]]:
        """For every question whose options tell when they are right, the conditions of each."""
        mapping, place = self.structure.mapping, self.structure.problem.id
        return {
            k: [read_conditions(mapping, when_of(option), "when", place) for option in asked.options["options"]]
            for k, asked in enumerate(self.structure.asked)
            if "options" in asked.options
        }

    def right(self, k: int, givens: Mapping[str, Array]) -> Array:
        """Which options of question k are right in which instances: options x batch."""
        batch = next((a.shape[-1] for a in givens.values()), 1)
        rows = [[h for _, h in c.holds(givens)] or [np.zeros(batch, dtype=bool)] for c in self.told[k]]
        return np.array([np.logical_and.reduce(r) for r in rows])

    @cached_property
    def branches(self) -> tuple[Program, list[tuple[str, str]]]:
        """The program with every discriminant of a branch in the mapping: (name, operation)."""
        program = self.program.copy()
        rows = []
        for step in self.structure.mapping:
            if step.name in self.program:
                for text in OPS[step.op].kinks if step.op in OPS else ():
                    rows.append((_append(program, step.name, text), step.op))
        return program, rows

    @cached_property
    def guarded(self) -> tuple[Program, list[tuple[str, str]]]:
        """What is divided by, or whose logarithm is taken: (name, operation)."""
        program = self.program.copy()
        rows = []
        for step in self.program:
            for text in OPS[step.op].guards if step.op in OPS else ():
                rows.append((_append(program, step.name, text), step.op))
        return program, [(n, op) for n, op in rows if program[n].op != "const"]

    @cached_property
    def places(self) -> list[Place]:
        """Every misconception that changes an answer at random inputs of this structure, each change once a rule."""
        structure, out = self.structure, dict[tuple[str, bytes], Place]()
        if not self.answers:
            return []
        quantities = tuple(a.quantity for a in structure.asked)
        numeric = tuple(r if i in structure.numeric else "" for i, r in enumerate(structure.results[0]))
        bench = Bench(structure.tapes[0], quantities, numeric)
        points, base = self._at_random
        for mistake in every(bench):
            program = bench.told(mistake, self.answers) if mistake.steps else None
            if program is None:
                continue
            place = Place(mistake, program, frozenset(program.descendants(mistake.steps)))
            wrong = place.evaluate(points, base)
            if _changed(base, wrong, self.answers):
                out.setdefault((mistake.rule, _print(wrong, self.answers)), place)
        return list(out.values())

    def reasons(self, givens: Mapping[str, Array], check_mistakes: bool = True) -> list[str]:
        """For each instance the first reason against it, empty where it is fair."""
        batch = next((a.shape[-1] for a in givens.values()), 1)
        out = np.full(batch, "", dtype=object)
        for text, holds in self.requirements.holds(givens):
            _tell(out, ~holds, f"require: {text}")
        for k in self.told:
            count = self.right(k, givens).sum(axis=0)
            several = self.structure.asked[k].options.get("several")
            _tell(out, count < 1 if several else count != 1, "not one option is right")
        left = np.flatnonzero(out == "")
        if len(left) and self.answers:
            some = {n: a[..., left] for n, a in givens.items()}
            found = np.full(len(left), "", dtype=object)
            self._judge(some, found, check_mistakes)
            out[left] = found
        return [str(r) for r in out]

    def _judge(self, givens: Mapping[str, Array], out: Array, check_mistakes: bool) -> None:
        values = evaluate(self.program, givens)
        for name in self.answers:
            _tell(out, ~_all(np.isfinite(values[name])), "an answer is not finite")
        decimals = self.structure.problem.decimals
        half = half_unit(decimals)
        program, guards = self.guarded
        guard_values = evaluate(program, givens, start=values)
        for name, op in guards:
            _tell(out, ~_all(eight(np.abs(guard_values[name])) >= GUARD * half), f"{op} near its singularity")
        allowed = self.tolerance(givens)
        branching, branches = self.branches
        branch_values = evaluate(branching, givens, start=values)
        for name, op in branches:
            distance = eight(np.abs(branch_values[name]))
            _tell(out, ~_all(distance > eight(allowed[name])), f"{op} near its kink")
        for name in self.answers:
            tight = eight(allowed[name]) <= eight(widest(eight(values[name]), decimals))
            _tell(out, ~_all(tight), "a tolerance would be too wide")
            _tell(out, self._trivial(name, values[name], givens), "an answer is zero or copied")
        if check_mistakes:
            for place, hides in self.hides(givens, values, allowed):
                _tell(out, hides, f"hides {place.rule}")

    def tolerance(self, givens: Mapping[str, Array]) -> Values:
        """The widest tolerance of every answer over the equal rules, and of every discriminant."""
        decimals = self.structure.problem.decimals
        program, rows = self.branches
        widest = tolerances(program, [*self.answers, *(n for n, _ in rows)], givens, decimals)
        for t in range(1, len(self.structure.tapes)):
            names = [self.structure.results[t][i] for i in self.structure.numeric]
            other = tolerances(self.structure.judged(t), names, givens, decimals)
            for mine, theirs in zip(self.answers, names, strict=True):
                widest[mine] = np.maximum(widest[mine], other[theirs])
        return widest

    def _trivial(self, name: str, value: Array, givens: Mapping[str, Array]) -> Array:
        """Where a whole answer is zero or a copied input, though the structure does not force it to be such."""
        bad = np.zeros(value.shape[-1], dtype=bool)
        if self.forced(name):
            return bad
        bad |= _all(eight(value) == 0)
        for array in givens.values():
            if array.shape == value.shape:
                bad |= _all(eight(value) == eight(array))
        return bad

    def forced(self, answer: str) -> bool:
        """Whether an answer is the same, or some given, at all random inputs too."""
        points, values = self._at_random
        value = values[answer]
        same = [v for v in points.values() if v.shape == value.shape] + [value[..., :1]]
        return any(np.allclose(value, other, atol=1e-9) for other in same)

    def always_zero(self) -> bool:
        """Whether some answer is zero at all random inputs."""
        return any(np.allclose(self._at_random[1][name], 0, atol=1e-9) for name in self.answers)

    @cached_property
    def _at_random(self) -> tuple[dict[str, Array], Values]:
        """Random inputs, and every value there."""
        points = _random_points(self.structure.mapping, self.program)
        return points, evaluate(self.program, points)

    def hides(self, givens: Mapping[str, Array], values: Values, allowed: Values) -> list[tuple[Place, Array]]:
        """For every place, where its mistake would go unseen and is not let pass."""
        out = []
        for i, place in enumerate(self.places):
            if i in self.hidden:
                continue
            seen = self.visible(place, givens, values, allowed)
            for name, entry, value in self.passes.get(i, ()):
                seen = seen | (givens[name][entry] == value)
            out.append((place, ~seen))
        return out

    def visible(self, place: Place, givens: Mapping[str, Array], values: Values, allowed: Values) -> Array:
        """Where the mistake moves an entry of an answer by more than twice its tolerance."""
        wrong, after = place.evaluate(givens, values), place.moved
        seen = np.zeros(next(iter(givens.values())).shape[-1], dtype=bool)
        for name in self.answers:
            if name in after:
                moved = eight(np.abs(wrong[name] - values[name])) > VISIBLE * eight(allowed[name])
                seen |= moved.reshape(-1, moved.shape[-1]).any(axis=0)
        return seen

    def calibrate(self, givens: Mapping[str, Array]) -> int:
        """Learn from a sample where a mistake must be let pass: where else an input would have one value left.

        Gives how many of the sample are fair.
        """
        fair = [i for i, reason in enumerate(self.reasons(givens, check_mistakes=False)) if not reason]
        if not fair or not self.places:
            return len(fair)
        self.hidden.clear()
        self.passes.clear()
        some = {n: a[..., fair] for n, a in givens.items()}
        values = evaluate(self.program, some)
        allowed = self.tolerance(some)
        for i, place in enumerate(self.places):
            seen = self.visible(place, some, values, allowed)
            if not seen.any():
                self.hidden.add(i)
                continue
            for name, array in some.items():
                for entry in np.ndindex(array.shape[:-1]):
                    drawn, left = set(array[entry].tolist()), set(array[entry][seen].tolist())
                    if len(left) == 1 and len(drawn) > 1:
                        self.passes.setdefault(i, []).extend((name, entry, v) for v in sorted(drawn - left))
        return len(fair)


def when_of(option: Mapping[str, Any]) -> list[str]:
    """The conditions of an option, one or a list."""
    when = option.get("when", [])
    return [str(w) for w in when] if isinstance(when, list) else [str(when)]


def _append(program: Program, name: str, text: str) -> str:
    """Append a kink's or guard's text for a step; gives the name of its value."""
    step = program[name]
    op = OPS[step.op]
    shapes = tuple(program.shape(a) for a in step.args)
    statics = op.bind(0, shapes, **dict(step.statics)) if op.bind else {}
    scope = dict(zip(AXES, step.args, strict=False)) | {"y": name}
    return expression(program, text, scope, statics=statics, role="inner", fold=True)


def _random_points(mapping: Program, program: Program) -> dict[str, Array]:
    """Eight seeded points of no special values, for every given of mapping and program."""
    rng = np.random.RandomState(20260101)
    shapes = {**mapping.givens, **program.givens}
    return {n: rng.uniform(0.4, 1.9, (*s, 8)) * rng.choice([-1.0, 1.0], (*s, 8)) for n, s in sorted(shapes.items())}


def _changed(base: Values, wrong: Values, answers: list[str]) -> bool:
    for name in answers:
        with np.errstate(invalid="ignore"):
            if (np.abs(wrong[name] - base[name]) > 1e-6 * (1 + np.abs(base[name]))).any():
                return True
    return False


def _print(values: Values, answers: list[str]) -> bytes:
    """The answers to 8 digits, as bytes."""
    return b"".join(np.ascontiguousarray(eight(values[name]) + 0.0).tobytes() for name in answers)


def _tell(out: Array, bad: Array, reason: str) -> None:
    out[(out == "") & bad] = reason


def _all(holds: Array) -> Array:
    return np.asarray(holds.reshape(-1, holds.shape[-1]).all(axis=0))


def describe(judge: Judge) -> list[str]:
    """What this structure hides or lets pass, in words for `check`."""
    rows = [f"{p.rule} at {p.at} is hidden by every draw" for i, p in enumerate(judge.places) if i in judge.hidden]
    for i, found in judge.passes.items():
        place: Any = judge.places[i]
        at = ", ".join(f"{n}{list(e) if e else ''} = {v:g}" for n, e, v in found)
        rows.append(f"{place.rule} at {place.at} is let pass where {at}")
    return rows
