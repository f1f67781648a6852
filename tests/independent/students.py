"""Simulated students, who know an exam's problems and the words alone: honest ones, and ones who go wrong.

    python -m tests.independent.students N [--folder FOLDER] [--only honest,mistakes,slips,unrelated,gaming]

Every student works on a tape (tape.py): rounds each intermediate to the asked digits, or multiplies everything first.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.random import Generator

from .recompute import Json, numbers
from .students_mistakes import NAMES, Candidate, Scene, candidates
from .tape import Pass, Real, Work, is_numeric

COPIED = {
    "shape, entries, parameters, passes, multiplications": "counts: no rounding, no tape",
    "choose, cheaper, wrong-line, order": "choices",
    "expression, graph": "no numbers",
}
"""What no student computes: the key's answer is copied. Everything that is answered in numbers is computed."""

METHODS = ("output", "input", "expanded", "mixed", "written", "locals", "once")
"""How an honest student works. output, input, expanded: each operation's first, second, third listed rule for d, every
intermediate rounded; mixed: a rule drawn for each operation; written: rounds only what is asked and goes on with that;
locals: an asked local derivative is a factor of the chain rule as written; once: rounds the answers alone."""

Answers = dict[str, Any]
KeyAnswers = Mapping[str, Json]
_works: dict[str, Work] = {}


def work_of(problem: Json, *, in_turn: bool = False, by_locals: bool = False) -> Work:
    """The tape of a problem; problems that differ in values alone share one."""
    told = [{name: part for name, part in q.items() if name not in ("text", "points")} for q in problem["questions"]]
    given = problem.get("given") or {}
    sizes = {name: np.shape(numbers(value)) for name, value in given.items() if not isinstance(value, dict | None)}
    key = json.dumps([problem["mapping"], problem.get("definitions"), told, sizes, in_turn, by_locals], sort_keys=True)
    if key not in _works:
        if len(_works) > 3000:
            _works.clear()
        _works[key] = Work(problem, in_turn=in_turn, by_locals=by_locals)
    return _works[key]


def decimals_of(problem: Json) -> int:
    return max((int(question["decimals"]) for question in numeric(problem)), default=3)


def numeric(problem: Json) -> list[Json]:
    """The questions that are computed."""
    return [question for question in problem["questions"] if is_numeric(question)]


def tolerance_of(answer: Json) -> Real:
    return numbers(answer["tolerance"])


def right(given: Any, answer: Json, times: float = 1.0) -> bool:
    """Whether a value is within so many tolerances of the key's."""
    value = numbers(answer["value"])
    if given is None or np.shape(given) != value.shape:
        return False
    room = times * tolerance_of(answer) + 1e-11 * np.maximum(1, np.abs(value))
    return bool(np.all(np.abs(np.asarray(given) - value) <= room))


def drawn_rules(work: Work, method: str, rng: Generator) -> dict[str, int]:
    """Which listed rule each operation's d is computed by."""
    several = {step.op: len(step.rules) for step in work.tape.steps if step.role == "d" and len(step.rules) > 1}
    if method == "mixed":
        return {op: int(rng.integers(count)) for op, count in several.items()}
    place = {"input": 1, "expanded": 2}.get(method, 0)
    return {op: min(place, count - 1) for op, count in several.items()}


def written_steps(work: Work) -> set[int]:
    """The steps that answer a question, or are part of an answer."""
    found, todo = set(), list(work.answers.values())
    while todo:
        at = todo.pop()
        found.add(at)
        if work.tape.steps[at].role == "pack":
            todo += work.tape.steps[at].parents
    return found


def honest_pass(problem: Json, method: str, rng: Generator) -> Pass:
    """An evaluation as an honest student makes it."""
    work = work_of(problem, by_locals=method == "locals")
    digits = None if method == "once" else decimals_of(problem)
    rounded = written_steps(work) if method == "written" else None
    return Pass(work, problem["given"], digits, drawn_rules(work, method, rng), rounded=rounded)


def told(value: Any, decimals: int) -> Any:
    """A value as it is written down; None for what could not be computed."""
    if value is None or not np.all(np.isfinite(value)):
        return None
    return (np.round(np.asarray(value), decimals) + 0.0).tolist()


def written(problem: Json, key_answers: KeyAnswers, done: Pass, steps: Mapping[str, int] | None = None) -> Answers:
    """What a student hands in after such an evaluation."""
    steps = {**done.work.answers, **(steps or {})}
    done.values(steps.values())
    return {
        question["id"]: told(done.found[steps[question["id"]]], question["decimals"])
        if question["id"] in steps
        else key_answers[question["id"]]["value"]
        for question in problem["questions"]
    }


def honest(problem: Json, key_answers: KeyAnswers, method: str, rng: Generator) -> Answers:
    """The answers of a student who works rightly, by one of METHODS."""
    return written(problem, key_answers, honest_pass(problem, method, rng))


@dataclass(frozen=True)
class Scenery:
    """A problem as it is: its tape, the exact values on it, and the key's answers."""

    problem: Json
    key_answers: KeyAnswers
    scene: Scene

    def exact(self, candidate: Candidate) -> dict[str, Any]:
        """The exact answers of one who makes this mistake."""
        work = candidate.work
        done = Pass(work, self.problem["given"], changes=candidate.changes)
        if work is self.scene.work:
            done.found = dict(self.kept(candidate))
        steps = {**work.answers, **candidate.answers}
        done.values([*steps.values(), *candidate.extra])
        return {name: self.coarsened(candidate, name, done.found[at]) for name, at in steps.items()}

    def kept(self, candidate: Candidate) -> Iterator[tuple[int, Any]]:
        """The values that the mistake does not reach."""
        reached: set[int] = set()
        for at in sorted(self.scene.values):
            parents = self.scene.work.tape.steps[at].parents
            if at in candidate.changes or not reached.isdisjoint(parents):
                reached.add(at)
            else:
                yield at, self.scene.values[at]

    def coarsened(self, candidate: Candidate, name: str, value: Any) -> Any:
        if name not in candidate.coarse or value is None:
            return value
        digits = next(int(q["decimals"]) for q in self.problem["questions"] if q["id"] == name)
        return np.round(value, digits - 1) + 0.0

    def changed(self, exact: Mapping[str, Any]) -> list[str]:
        """The questions whose exact answer moves by more than two tolerances, or has another shape, as computed."""
        return [
            question["id"]
            for question in sorted(numeric(self.problem), key=self.place)
            if (value := exact[question["id"]]) is not None
            and np.all(np.isfinite(value))
            and not right(laid(value, question), self.key_answers[question["id"]], 2.0)
        ]

    def place(self, question: Json) -> int:
        """Where on the tape a question is answered first: a table at the first of its cells."""
        steps, at = self.scene.work.tape.steps, self.scene.work.answers.get(question["id"], 0)
        while steps[at].role == "pack":
            at = min(steps[at].parents)
        return at

    def candidates(self, rule: str) -> list[Candidate]:
        return candidates(rule, self.problem, self.scene, lambda: work_of(self.problem, in_turn=True))


def laid(value: Any, question: Json) -> Any:
    """A row or column may be written for a vector, and for each other; that alone is no change."""
    shape = question.get("shape")
    alike = shape is not None and [n for n in np.shape(value) if n != 1] == [n for n in shape if n != 1]
    return np.reshape(value, shape) if alike else value


def scenery(problem: Json, key_answers: KeyAnswers) -> Scenery:
    work = work_of(problem)
    values = Pass(work, problem["given"]).values(work.answers.values())
    return Scenery(problem, key_answers, Scene(work, dict(values)))


@dataclass(frozen=True)
class Mistaken:
    """What a student hands in who makes one mistake; `changed`: the questions that it changes, in order."""

    answers: Answers
    changed: list[str]
    rule: str
    where: str
    exact: Mapping[str, Any] = field(repr=False)
    once: bool = False

    def followed(self) -> list[str]:
        return self.changed[1:]


def mistaken(problem: Json, key_answers: KeyAnswers, rule: str, rng: Generator) -> Mistaken | None:
    """One rule at a drawn place or everywhere, all else right from the wrong value; None where it changes nothing."""
    if not numeric(problem):
        return None
    here = scenery(problem, key_answers)
    found = here.candidates(rule)
    everywhere = [candidate for candidate in found if candidate.where.endswith("everywhere")]
    order = [found[k] for k in rng.permutation(len(found))]
    if everywhere and rng.random() < 0.5:
        order = [*everywhere, *order]
    for candidate in order:
        exact = here.exact(candidate)
        if changed := here.changed(exact):
            return handed_in(here, candidate, exact, rng, changed)
    return None


def handed_in(
    here: Scenery, candidate: Candidate, exact: Mapping[str, Any], rng: Generator, changed: list[str]
) -> Mistaken:
    """The answers of one who makes this mistake, rounding each intermediate or multiplying first."""
    problem, work = here.problem, candidate.work
    at_once = bool(rng.random() < 0.3)
    rules = {} if at_once else drawn_rules(work, "mixed", rng)
    done = Pass(work, problem["given"], None if at_once else decimals_of(problem), rules, changes=candidate.changes)
    done.values(candidate.extra)
    answers = written(problem, here.key_answers, done, candidate.answers)
    for name in candidate.coarse:
        answers[name] = np.asarray(exact[name]).tolist()
    return Mistaken(answers, changed, candidate.rule, candidate.where, exact, at_once)


def alike(problem: Json, key_answers: KeyAnswers, done: Mistaken) -> set[str]:
    """The other rules that lead to the same exact first changed answer somewhere in this problem."""
    here, first = scenery(problem, key_answers), done.changed[0]
    return {rule for rule in NAMES if rule != done.rule and reaches(here, rule, first, done.exact[first])}


def reaches(here: Scenery, rule: str, name: str, value: Any) -> bool:
    return any(same(here.exact(candidate).get(name), value) for candidate in here.candidates(rule))


def same(one: Any, other: Any) -> bool:
    if one is None or np.shape(one) != np.shape(other):
        return False
    return bool(np.all(np.abs(one - other) <= 1e-9 * np.maximum(1, np.abs(other))))


def unrelated_value(question: Json, answer: Json, rng: Generator, value: Any = None) -> Any:
    """The right value (or `value`) with an error that comes from nothing, in one entry or in all."""
    right_value = numbers(answer["value"]) if value is None else np.asarray(value, dtype=float)
    tolerance, open_ = tolerance_of(answer), open_entries(question, right_value.shape)
    entries = np.argwhere(open_)
    chosen = np.zeros(right_value.shape, dtype=bool)
    chosen[tuple(entries[rng.integers(len(entries))])] = True
    wrong_in = open_ if rng.random() < 0.5 else chosen
    reach = 2 * (1 + np.abs(right_value))
    error = rng.uniform(-reach, reach)
    while np.any((np.abs(error) < 20 * tolerance) & wrong_in):
        error = np.where(np.abs(error) < 20 * tolerance, rng.uniform(-reach, reach), error)
    return np.round(right_value + np.where(wrong_in, error, 0), question["decimals"]) + 0.0


def open_entries(question: Json, shape: tuple[int, ...]) -> Any:
    """Where a student writes: in a table, the cells that are not filled in."""
    if question["kind"] != "table":
        return np.ones(shape, dtype=bool)
    return np.array([[cell is None for cell in row] for row in question["cells"]])


@dataclass(frozen=True)
class Slipped:
    """One wrong answer, and right work from it: the answers, the question, and those that follow from it."""

    answers: Answers
    slip: str
    following: list[str]


def slipped(problem: Json, key_answers: KeyAnswers, rng: Generator) -> Slipped | None:
    """One unrelated error in an answer that others are computed from; None where there is no such answer."""
    questions = [question for question in numeric(problem) if question["ask"] != "decision"]
    method = "locals" if any(question["ask"] == "local" for question in questions) else "mixed"
    plain = honest_pass(problem, method, rng)
    before = written(problem, key_answers, plain)
    for k in rng.permutation(len(questions)):
        for _ in range(10):
            if (found := slip_at(problem, key_answers, (plain, before), questions[k], rng)) is not None:
                return found
    return None


def slip_at(
    problem: Json, key_answers: KeyAnswers, honest_work: tuple[Pass, Answers], question: Json, rng: Generator
) -> Slipped | None:
    """The slip in one question; None where nothing follows from it, or the work cannot go on."""
    (plain, before), name = honest_work, question["id"]
    if before[name] is None:
        return None
    wrong = unrelated_value(question, key_answers[name], rng, before[name])
    at = plain.work.answers[name]
    if not possible(plain.work.tape.steps[at].op, wrong):
        return None
    put = overrides(plain.work, at, wrong, open_entries(question, wrong.shape))
    done = Pass(plain.work, problem["given"], plain.decimals, plain.rules, written=put, rounded=plain.rounded)
    after = {**written(problem, key_answers, done), name: wrong.tolist()}
    ids = [other["id"] for other in numeric(problem) if other["id"] != name]
    following = [other for other in ids if after[other] != before[other]]
    if not following or any(after[other] is None for other in ids):
        return None
    return Slipped(after, name, following)


def possible(op: str, value: Real) -> bool:
    """Whether an operation can give this: a probability is one, an exponential is positive."""
    if op in ("sigmoid", "softmax"):
        return bool(np.all((value > 0) & (value < 1)))
    return op != "exp" or bool(np.all(value > 0))


def overrides(work: Work, at: int, value: Real, open_: Any) -> dict[int, Real]:
    """The steps that a written answer stands for; a table's filled cells and constants stay."""
    step = work.tape.steps[at]
    if step.role != "pack":
        return {} if at in work.tape.constants or not np.any(open_) else {at: value}
    flat, free, found, start = value.ravel(), np.ravel(open_), dict[int, Real](), 0
    shapes = [np.shape(work_value) for work_value in parent_shapes(work, step.parents)]
    for parent, shape in zip(step.parents, shapes, strict=True):
        size = int(np.prod(shape))
        part = slice(start, start + size)
        found |= overrides(work, parent, flat[part].reshape(shape), free[part])
        start += size
    return found


def parent_shapes(work: Work, parents: tuple[int, ...]) -> list[Any]:
    """Values of some steps at the values that the tape was made with, for their shapes."""
    found = Pass(work, work.problem["given"]).values(parents)
    return [found[parent] for parent in parents]


def unrelated(problem: Json, key_answers: KeyAnswers, rng: Generator) -> tuple[Answers, str] | None:
    """Honest answers but for one that is wrong for no reason, and which; nothing follows from it."""
    questions = numeric(problem)
    if not questions:
        return None
    question = questions[rng.integers(len(questions))]
    answers = honest(problem, key_answers, "mixed", rng)
    answers[question["id"]] = unrelated_value(question, key_answers[question["id"]], rng).tolist()
    return answers, question["id"]


def identity(shape: tuple[int, ...]) -> Real:
    return np.eye(*shape) if len(shape) == 2 else np.ones(shape)


FILLINGS: dict[str, Callable[[tuple[int, ...]], Any]] = {
    "zeros": np.zeros,
    "ones": np.ones,
    "identities": identity,
    "huge": partial(np.full, fill_value=1e9),
    "wrong shapes": lambda shape: np.zeros((*shape, 2)),
}


def gaming(problem: Json, key_answers: KeyAnswers, rng: Generator) -> Answers:
    """All numbers replaced by one filling that costs no work."""
    filling = FILLINGS[list(FILLINGS)[rng.integers(len(FILLINGS))]]
    answers = {name: answer["value"] for name, answer in key_answers.items()}
    for question in numeric(problem):
        answers[question["id"]] = filling(numbers(key_answers[question["id"]]["value"]).shape).tolist()
    return answers


if __name__ == "__main__":
    import sys

    from .students_class import main

    sys.exit(main(sys.argv[1:]))
