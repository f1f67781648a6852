"""expression: a formula in the mapping language, compared with the reference at seeded points."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from t1gen.answers.comparing.agreement import Sampled, decided, diagnosed
from t1gen.answers.comparing.points import affordable, points
from t1gen.answers.reading.parts import Scope, Spelled
from t1gen.answers.reading.spelling import spelled, text_of
from t1gen.answers.record import Kind, Reading, Unreadable, Verdict, judged, said
from t1gen.errors import LanguageError, T1genError
from t1gen.mapping.evaluate import evaluate
from t1gen.mapping.nested import squeezed
from t1gen.mapping.ops.fold import Array
from t1gen.mapping.program import Program, Shape, Step
from t1gen.mapping.reader import expression
from t1gen.wording import recognised


def read(given: Any, question: Any) -> Reading:
    """A formula over the names that the question allows, as text of the language."""
    names, shape = Names.of(question), tuple(question.shape)
    text = text_of(given, "formula")
    found = spelled(text, names.scope)
    if not found.doubtful:
        _checked(found, names, shape)
        return Reading(found.text, found.notes)
    other = spelled(text, names.scope, dots=True)
    one, two = (_checked(f, names, shape, strictly=False) for f in (found, other))
    chosen = other if two and not one else found
    _checked(chosen, names, shape)
    told = [said("dot", text=found.text, other=other.text)] if one and two and not chosen.notes else []
    return Reading(chosen.text, (*chosen.notes, *told), other.text if one and two else None)


def _checked(found: Spelled, names: "Names", shape: Shape, *, strictly: bool = True) -> bool:
    """Whether a formula has the asked shape. Raises Unreadable where its shapes do not fit together, if `strictly`."""
    try:
        program, out, columns = _program(found.text, names, shape)
    except Unreadable as error:
        if strictly:
            raise found.refused(error.message) from None
        return False
    return _fits(program.shape(out), shape, columns)


@dataclass(frozen=True)
class Names:
    """What a formula may use: names of known shapes, and names for whole numbers."""

    shapes: Mapping[str, Shape]
    sizes: Mapping[str, int]

    @classmethod
    def of(cls, question: Any) -> "Names":
        return cls({n: tuple(s) for n, s in question.names.items()}, dict(question.sizes))

    @property
    def scope(self) -> Scope:
        return Scope(self.shapes, self.sizes)

    @property
    def columns(self) -> "Names":
        return Names({n: (*s, 1) if len(s) == 1 else s for n, s in self.shapes.items()}, self.sizes)


def _program(text: str, names: Names, shape: Shape) -> tuple[Program, str, bool]:
    """The formula's program; one-axis names are columns where NumPy's reading fails or has not the asked shape."""
    try:
        program, out = _read(text, names)
        if _fits(program.shape(out), shape, False):
            return program, out, False
    except LanguageError as error:
        first: LanguageError | None = error
    else:
        first = None
    try:
        columns, result = _read(text, names.columns)
        if first is not None or _fits(columns.shape(result), shape, True):
            return columns, result, True
    except LanguageError:
        pass
    if first is not None:
        raise Unreadable(recognised(first.message)) from None
    return program, out, False


def _read(text: str, names: Names) -> tuple[Program, str]:
    program = Program({n: Step(n, "given", shape=s) for n, s in names.shapes.items()})
    return program, expression(program, text, scope={n: n for n in names.shapes}, statics=names.sizes)


def _fits(found: Shape, asked: Shape, columns: bool) -> bool:
    """A vector may also be a row or a column, `tile(v, 1, 4)`; anything may where names were read as columns."""
    return squeezed(found) == squeezed(asked) if columns or len(asked) == 1 else found == asked


@dataclass(frozen=True)
class Formula:
    """A formula as a program, and where its value stands; `columns` tells that one-axis names were read as columns."""

    program: Program
    out: str
    columns: bool

    @classmethod
    def of(cls, text: str, names: Names, shape: Shape) -> "Formula":
        return cls(*_program(text, names, shape))

    @property
    def shape(self) -> Shape:
        return self.program.shape(self.out)

    def at(self, points: Mapping[str, Array]) -> Sampled:
        """Its values at points."""
        batch = next((a.shape[-1] for a in points.values()), 1)
        givens = {n: points[n].reshape((*s, batch)) for n, s in self.program.givens.items()}
        return Sampled(self.program, self.out, evaluate(self.program, givens, batch=batch))


def formula_values(text: str, names: Names, shape: Shape, at: Mapping[str, Array]) -> Array | None:
    """The values of a formula at points, (*shape, batch); None where it has none of this shape, or is too large."""
    try:
        formula = Formula.of(text, names, shape)
        if not _fits(formula.shape, shape, formula.columns) or not affordable(formula.program, Program()):
            return None
        found = formula.at(at).result
        return found.reshape((*shape, found.shape[-1]))
    except T1genError:
        return None


def compare(value: str, question: Any, answer: Any, reference: Any, held: Mapping[str, Array] | None = None) -> Verdict:
    """Equal values at random points, carried through the mapping, which is the reference; `held` as points has it."""
    names, shape = Names.of(question), tuple(question.shape)
    mine, right = Formula.of(value, names, shape), Formula.of(answer.value, names, shape)
    if not affordable(mine.program, reference):
        return Verdict("review", judged("formula_large"))
    if not _fits(mine.shape, shape, mine.columns):
        return _misshapen(mine, right, names, reference)
    for start in (0, 1):
        at = points(reference, names.shapes, start, held)
        wanted = right.at(at)
        found = _shaped(mine.at(at), wanted.result.shape)
        outcome = decided(found, wanted)
        if outcome != "undefined":
            break
    if outcome == "wrong":
        diagnoses, told = diagnosed(found.result, wanted.result)
        return Verdict("wrong", told or judged("formula_wrong"), diagnoses=diagnoses)
    if outcome == "correct":
        return Verdict("correct", judged("formula_columns") if mine.columns else "")
    return Verdict("review", judged(f"formula_{outcome}"))


def _misshapen(mine: Formula, right: Formula, names: Names, reference: Program) -> Verdict:
    """Wrong by its shape; it may be the right one transposed."""
    reason = judged("formula_shape", found=str(mine.shape), asked=str(right.shape))
    if mine.shape != right.shape[::-1]:
        return Verdict("wrong", reason)
    at = points(reference, names.shapes)
    diagnoses, told = diagnosed(mine.at(at).result, right.at(at).result)
    return Verdict("wrong", judged("several", parts=[reason, told]) if told else reason, diagnoses=diagnoses)


def _shaped(formula: Sampled, shape: Shape) -> Sampled:
    """The same with its result in a shape that differs in axes of length 1 alone."""
    return replace(formula, values={**formula.values, formula.out: formula.result.reshape(shape)})


KIND = Kind("expression", read, compare)
