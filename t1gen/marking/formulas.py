"""Formulas that have not the right values: right for every label, or those of a listed mistake.

A mistake is made on the tape and evaluated at the points where formulas are compared, labels taking their own values
there. That depends on the structure and the labels alone, and is done once for a class.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np

from t1gen.answers.comparing.points import ENOUGH, equal, points
from t1gen.answers.expression import Names, compare, formula_values
from t1gen.answers.record import Verdict, judged
from t1gen.mapping.evaluate import Values, evaluate
from t1gen.mapping.ops.fold import Array
from t1gen.mapping.program import Program, Shape
from t1gen.marking.labels import Label, labels, readings
from t1gen.marking.numeric import Answered, lent
from t1gen.problems.issued import Issued, issued, mapping_of
from t1gen.problems.misconceptions import every
from t1gen.problems.wrong import Bench, Mistake
from t1gen.records import KeyAnswer, Problem, Question
from t1gen.wording import in_words, say

BENCHES = 64
"""Structures whose mistakes are kept."""


def reconsider(problem: Problem, question: Question, key: KeyAnswer, found: Answered) -> None:
    """Look again at a formula that is wrong where labels are any numbers, and say which mistake it is."""
    again = on_labels(problem, question, key, found.value)
    if again is not None:
        found.verdict, found.reasons, found.diagnoses = again.verdict, [again.reason], []
        found.share = Fraction(int(again.verdict == "correct"))
        return
    rules = named(problem, question, key, found.value)
    found.diagnoses = [*rules, *(d for d in found.diagnoses if not (rules and d.startswith("factor")))]
    found.reasons += [say(found.language, "mistake", rule, factor="") for rule in rules[:1]]
    found.reasons.append(say(found.language, "feedback", "right", line=key.value))
    found.feedback = " ".join(map(_sentence, in_words([*found.notes, *found.reasons], found.language)))
    found.share = lent(key, rules)
    found.verdict = "partial" if found.share else "wrong"


def _sentence(reason: str) -> str:
    return reason if reason.endswith(".") else f"{reason[:1].upper()}{reason[1:]}."


# labels


def on_labels(problem: Problem, question: Question, key: KeyAnswer, text: str) -> Verdict | None:
    """The verdict on a formula that is right for all labels of the form that is given; None where it is not.

    Where the labels that are given have two forms, and it is right for one of them, a person must decide.
    """
    found, mapping = labels(problem, question), mapping_of(problem)
    held = readings(found)
    right = [
        h for h in held
        if compare(text, question, key, mapping, h).verdict == "correct" and _varied(question, key, mapping, h)
    ]  # fmt: skip
    if not right:
        return None
    names = ", ".join(label.name for label in found)
    if len(right) < len(held):
        return Verdict("review", judged("labels_doubt", names=names))
    return Verdict("correct", judged("labels", names=names))


def _varied(question: Question, key: KeyAnswer, mapping: Program, held: Values) -> bool:
    """Whether what is right has enough values at the points; where it is one of two, a number might agree with it."""
    names = Names.of(question)
    right = formula_values(key.value, names, tuple(question.shape or ()), points(mapping, names.shapes, held=held))
    return right is not None and np.unique(right.reshape(-1, right.shape[-1]), axis=1).shape[1] >= ENOUGH


# mistakes


@dataclass(frozen=True)
class Slip:
    """What a rule of the table gives at the points, in a shape of its own perhaps."""

    rule: str
    shape: Shape
    values: Array


@dataclass(frozen=True)
class Sheet:
    """The points at which the formulas of a question are looked at: what is right there, and what mistakes give."""

    points: Values
    right: Array
    slips: tuple[Slip, ...]


def named(problem: Problem, question: Question, key: KeyAnswer, text: str) -> list[str]:
    """The rules that give the very values of a formula, in the order of the table.

    None where the key says otherwise than the tape: it was changed by hand.
    """
    k, names = problem.questions.index(question), Names.of(question)
    sheet = _sheet(issued(problem), k, tuple(names.shapes.items()), labels(problem, question))
    right = formula_values(key.value, names, sheet.right.shape[:-1], sheet.points)
    if right is None or not equal(right, sheet.right):
        return []
    shapes = {slip.shape for slip in sheet.slips}
    mine = {s: formula_values(text, names, s, sheet.points) for s in shapes}
    fits = (s.rule for s in sheet.slips if (own := mine[s.shape]) is not None and equal(own, s.values))
    return list(dict.fromkeys(fits))


@lru_cache(maxsize=BENCHES)
def _bench(structure: Issued) -> tuple[Bench, tuple[Mistake, ...]]:
    """All mistakes that can be made on the way to the answers of a problem."""
    bench = Bench(structure.tapes[-1], structure.quantities, structure.results[-1])
    return bench, tuple(every(bench))


@lru_cache(maxsize=BENCHES)
def _sheet(structure: Issued, k: int, names: tuple[tuple[str, Shape], ...], found: tuple[Label, ...]) -> Sheet:
    tape, result = structure.tapes[-1], structure.results[-1][k]
    program = tape.program.pruned([result])
    held = next(iter(readings(found)), {}) | _rates(structure, k)
    at = points(tape.mapping, program.givens | dict(names), held=held)
    right = _value(program, result, at)
    return Sheet(at, right, tuple(_slips(structure, k, at, right)))


def _rates(structure: Issued, k: int) -> dict[str, Array]:
    """A number that the mapping does not use is the rate of a descent, which the tape has as a literal."""
    mapping, rate = structure.tapes[-1].mapping, structure.quantities[k].rate
    unused = [n for n, shape in mapping.givens.items() if shape == () and not mapping.uses(n)]
    return {} if rate is None else {n: np.array([float(rate)]) for n in unused}


def _slips(structure: Issued, k: int, at: Values, right: Array) -> Iterator[Slip]:
    """The mistakes that move an answer, and do not make it zero."""
    (bench, mistakes), own = _bench(structure), structure.results[-1][k]
    for mistake in mistakes:
        answer = mistake.answers.get(own, own)
        program = bench.told(mistake, [answer])
        if program is None:
            continue
        values = _value(program, answer, at)
        if values.any() and not (values.shape == right.shape and equal(values, right)):
            yield Slip(mistake.rule, program.shape(answer), values)


def _value(program: Program, name: str, at: Values) -> Array:
    """A quantity at all points."""
    batch = next(iter(at.values())).shape[-1]
    value = evaluate(program, {n: at[n] for n in program.givens}, batch=batch)[name]
    return value if value.shape[-1] == batch else value.repeat(batch, axis=-1)
