"""bank + secret + students -> exams and keys: a pure function; nobody's test depends on who else sits it."""

import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
from msgspec import UNSET
from msgspec.structs import replace

from t1gen import files
from t1gen.asks.graph import drawn
from t1gen.asks.table import printed as shown_cells
from t1gen.banks import Bank, Problem, declare_own, marked_by, told
from t1gen.errors import BankError
from t1gen.mapping.custom import forward_of, printed
from t1gen.mapping.evaluate import evaluate, exact, texts
from t1gen.mapping.nested import flat
from t1gen.mapping.notation import elementary, latex_numbers, latex_rational, line
from t1gen.mapping.ops.fold import Array
from t1gen.mapping.program import Shape
from t1gen.problems.draws import Stream, support
from t1gen.problems.draws import key as keyed
from t1gen.problems.instance import Instance, Source, rationals
from t1gen.problems.shown import ASKED as SHOWN
from t1gen.problems.shown import filled, shown, value
from t1gen.problems.structure import Structure
from t1gen.roster import Seated
from t1gen.setting import USUAL
from t1gen.wording import in_latex, say

FORMAT = "2"
"""The version of what a secret means; changing how instances are drawn changes it."""

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


@dataclass(frozen=True)
class Plan:
    """What a set of tests is drawn from, and what else stands on its sheets.

    `language` is that of all tests, where it is not the bank's own.
    """

    bank: Bank
    secret: str
    exam: str
    attempt: int = 0
    language: str = ""
    heading: "Heading" = field(default_factory=lambda: Heading())

    def language_of(self, student: files.Student) -> str:
        """The roster's language for this student, else the class's, else the bank's."""
        told = student.language if isinstance(student, Seated) else ""
        return told or self.language or self.bank.language


@dataclass(frozen=True)
class Heading:
    """What is said of a test beside its problems, where it is not as the bank says."""

    course: str | None = None
    date: str | None = None
    calculator: bool | None = None
    formulas: bool | None = None
    setting: tuple[str, ...] = ()

    def told(self, bank: Bank, language: str, student: files.Student) -> dict[str, Any]:
        """The fields of an exam; the student's own setting stands above the test's, and that above the bank's."""
        calculator = bank.calculator if self.calculator is None else self.calculator
        formulas = bank.formulas if self.formulas is None else self.formulas
        aids = [told(bank.aids, language)] if told(bank.aids, language) else []
        if calculator is not None:
            aids.insert(0, say(language, "aids", "calculator" if calculator else "no-calculator"))
        own = student.setting if isinstance(student, Seated) else ()
        return {
            "course": told(bank.course, language) if self.course is None else self.course,
            "author": bank.author,
            "date": told(bank.date, language) if self.date is None else self.date,
            "aids": ", ".join(aids),
            "setting": USUAL.with_words(bank.setting).with_words(self.setting).with_words(own).words,
            "attached": (*(("values",) if calculator is False else ()), *(("formulas",) if formulas else ())),
        }


@dataclass(frozen=True)
class Part:
    """One problem of one student's test, with its answers."""

    problem: Problem
    instance: Instance
    answers: list[dict[str, Any]]


@dataclass
class Maker:
    """Makes tests from a plan; what is derived for one student serves all."""

    plan: Plan
    sources: dict[str, Source] = field(default_factory=dict)

    def __post_init__(self) -> None:
        declare_own(self.plan.bank)
        self.sources = {p.id: Source(p, bank=self.plan.bank.path) for p in self.plan.bank.problems}

    def tests(self, students: Sequence[files.Student]) -> list[tuple[files.Exam, files.Key]]:
        """Every student's exam and key, in the order given."""
        picks = [self.picked(s) for s in students]
        parts: list[dict[str, Part]] = [{} for _ in students]
        for name, source in self.sources.items():
            who = [i for i, names in enumerate(picks) if name in names]
            for i, part in zip(who, self._parts(source, [students[i] for i in who]), strict=True):
                parts[i][name] = part
        return [self._test(s, [parts[i][n] for n in picks[i]]) for i, s in enumerate(students)]

    def picked(self, student: files.Student) -> list[str]:
        """The problems of a student's test in order, drawn for every slot by its own keyed stream."""
        out: list[str] = []
        for slot in self.plan.bank.places:
            stream = Stream(self._key("slot " + " ".join(slot.pool), student))
            out += stream.sample(slot.pool, slot.pick) if len(slot.pool) > 1 else slot.pool
        return out

    def prove(self) -> None:
        """Derive and prove what all students share, so that processes find it remembered."""
        for source in self.sources.values():
            if not source.problem.builder:
                source.structure()

    def _parts(self, source: Source, students: Sequence[files.Student]) -> list[Part]:
        if not students:
            return []
        with source.placed():
            return self._drawn(source, students)

    def _drawn(self, source: Source, students: Sequence[files.Student]) -> list[Part]:
        instances = source.draw([self._key(source.problem.id, s) for s in students])
        groups: dict[int, list[int]] = {}
        for i, instance in enumerate(instances):
            groups.setdefault(id(instance.structure), []).append(i)
        out: list[Part | None] = [None] * len(instances)
        for members in groups.values():
            answers = solved([instances[i] for i in members])
            for i, found in zip(members, answers, strict=True):
                out[i] = Part(source.problem, instances[i], found)
        return [p for p in out if p is not None]

    def _key(self, purpose: str, student: files.Student) -> bytes:
        plan = self.plan
        return keyed(plan.secret, plan.bank.id, plan.exam, student.id, FORMAT, str(plan.attempt), purpose)

    def _test(self, student: files.Student, parts: list[Part]) -> tuple[files.Exam, files.Key]:
        bank, plan, language = self.plan.bank, self.plan, self.plan.language_of(student)
        heading = plan.heading.told(bank, language, student)
        student = files.Student(student.id, student.name)
        variant = _code(self._key("variant", student))
        problems = []
        for number, part in enumerate(parts, 1):
            with self.sources[part.problem.id].placed():
                problems.append(_problem(language, number, part))
        sheet = files.Exam(
            exam=plan.exam, variant=variant, student=student, bank=files.BankRef(bank.id, bank.sha256),
            title=told(bank.title, language), language=language, minutes=_plain(bank.minutes),
            points=_plain(sum(Fraction(p.points) for p in problems)), problems=problems,
            **heading,
        )  # fmt: skip
        answers = {
            q.id: files.KeyAnswer(
                points=q.points, because=_because(language, part, k), **_marking(part, k), **answer
            )
            for problem, part in zip(problems, parts, strict=True)
            for k, (q, answer) in enumerate(zip(problem.questions, part.answers, strict=True))
        }
        program = [text for p in parts for text in _steps(p.problem, p.instance)]
        key = files.Key(exam=plan.exam, variant=variant, student=student, program=program, answers=answers,
                        sheet=sheet)  # fmt: skip
        return handed(sheet), key


def handed(sheet: files.Exam) -> files.Exam:
    """A key's sheet as the student gets it.

    Without the mapping of a problem that is told in words alone, and without the rules of a bank's operations.
    """
    return replace(sheet, problems=[
        replace(p, mapping=[] if p.shows == "text" else p.mapping, definitions={n: forward_of(t) for n, t in
                p.definitions.items()}) for p in sheet.problems
    ])  # fmt: skip


def new_secret() -> str:
    """128 random bits."""
    return secrets.token_hex(16)


def _code(digest: bytes) -> str:
    letters = "".join(ALPHABET[b % 32] for b in digest[:8])
    return f"{letters[:4]}-{letters[4:]}"


# answers


def solved(instances: Sequence[Instance]) -> list[list[dict[str, Any]]]:
    """The answers of instances of one structure: value, exact and tolerance of every question."""
    structure, judge = instances[0].structure, instances[0].judge
    shapes = structure.mapping.givens
    given = rationals([i.givens for i in instances], shapes)
    floats = {n: a.astype(float) for n, a in given.items()}
    names = structure.results[0]
    program = judge.program
    values = evaluate(program, floats)
    widest = judge.tolerance(floats) if judge.answers else {}
    known = exact(program, given) if judge.answers else {}
    found = values, known, widest
    return [
        [_answer(instance, k, name, i, found) for k, name in enumerate(names)] for i, instance in enumerate(instances)
    ]


def _answer(instance: Instance, k: int, name: str, i: int, found: tuple[Any, Any, Any]) -> dict[str, Any]:
    """The answer to question k; `i` is the instance's place in the batch of `found`."""
    asked = instance.structure.asked[k]
    if not asked.numeric:
        return {"value": _worded(instance, k), "exact": None, "tolerance": None}
    values, known, widest = found
    shape = asked.shape
    if not np.isfinite(_at(values[name], shape, i)).all():
        what = f"{asked.quantity.ask} of {asked.quantity.of}"
        raise BankError(f"{what} is no finite number for the values given", where=instance.structure.problem.id)
    exactly = texts(_at(known[name], shape, i))
    return {
        "value": files.numbers(_sharpened(_at(values[name], shape, i).tolist(), exactly)),
        "exact": exactly,
        "tolerance": files.numbers(_at(widest[name], shape, i).tolist()),
    }


def _sharpened(value: Any, exactly: Any) -> Any:
    """Floats where nothing better is known, else the rationals: 0, not 3e-16."""
    if isinstance(value, list):
        return [_sharpened(v, e) for v, e in zip(value, exactly, strict=True)]
    return value if exactly is None else float(Fraction(exactly))


def _worded(instance: Instance, k: int) -> Any:
    """An answer that is no number: a formula, a graph's lines, ids of options."""
    asked = instance.structure.asked[k]
    if asked.kind == "expression":
        return asked.formula
    if asked.kind == "graph":
        program = drawn(instance.structure.mapping, asked.quantity.of)
        return "\n".join(line(program, n) for n in program.named)
    return value(shown(instance, k, "en"), asked.kind)


def _at(array: Array, shape: Shape, i: int) -> Array:
    """One instance of a batch; what does not depend on the instance has a batch of one."""
    return np.broadcast_to(array, (*shape, array.shape[-1]))[..., i if array.shape[-1] > 1 else 0]


# the exam's words


def _problem(language: str, number: int, part: Part) -> files.Problem:
    problem, instance = part.problem, part.instance
    structure = instance.structure
    questions = [_question(language, part, number, k) for k in range(len(structure.asked))]
    text = filled(told(problem.text, language).strip(), instance, language)
    return files.Problem(
        id=problem.id, number=number, title=told(problem.title, language), competence=problem.competence,
        text=text or (say(language, "problem", problem.shows) if structure.mapping.named else ""),
        points=_plain(sum(Fraction(q.points) for q in questions)),
        given={n: _json(v) for n, v in instance.givens.items()}, definitions=printed(structure.mapping),
        listing=instance.listing.text if instance.listing else "",
        shows=problem.shows if structure.mapping.named and problem.shows != "mapping" else "",
        labels=_labels(part), given_as="shapes" if problem.given_as == "shapes" else "", picture=problem.picture,
        mapping=_lines(structure), questions=questions,
    )  # fmt: skip


LABELS = {Fraction(-1), Fraction(0), Fraction(1)}


def _labels(part: Part) -> list[str]:
    """The givens that are 1, -1 or 0 for every student: by their draw, or their fixed value."""
    told = part.problem.given
    return [n for n, v in part.instance.givens.items() if n in told and LABELS.issuperset(
            support(told[n].draw) if told[n].draw else flat(v))]  # fmt: skip


def _lines(structure: Structure) -> list[str]:
    """The mapping as plain assignments, everything inlined; a line with a lambda stays as it was written."""
    written = re.split(r"[\n;]", structure.problem.mapping)
    lambdas = {text.partition("=")[0].strip(): text.strip() for text in written if "lambda" in text}
    return [lambdas.get(n) or line(structure.mapping, n) for n in structure.mapping.named]


def _question(language: str, part: Part, number: int, k: int) -> files.Question:
    structure, givens = part.instance.structure, part.instance.givens
    asked = structure.asked[k]
    q = asked.quantity
    rate = givens.get(q.rate, q.rate) if isinstance(q.rate, str) else q.rate
    step = {"rate": _json(rate), "steps": q.steps, "ascent": q.ascent} if q.ask == "step" else {}
    mapping = structure.mapping
    return files.Question(
        id=f"{number}{_letter(k)}", text=_text(language, part.instance, k, rate), ask=q.ask, of=q.of or None,
        wrt=q.wrt or None, moves=list(q.moves), cotangent=_json(q.cotangent),
        tangent={n: _json(v) for n, v in q.tangent}, order=q.order if q.ask == "derivative" else None,
        mode=q.mode or None, about=q.about or None, h=_json(givens.get(q.h, q.h) if isinstance(q.h, str) else q.h),
        kind=asked.kind, shape=list(asked.shape) if asked.kind in ("number", "array", "expression") else None,
        names={n: list(s) for n, s in asked.names.items()}, sizes=asked.options.get("sizes", {}),
        nodes=_operations(drawn(mapping, q.of)) if asked.kind == "graph" else (), points=_plain(asked.points),
        decimals=part.problem.decimals if asked.numeric else None, accept=_accept(part, k), entries=_entries(part, k),
        **step, **_table(language, part, k),
        **_options(language, part, k),
    )  # fmt: skip


def _marking(part: Part, k: int) -> dict[str, Any]:
    """The shares that follow-through and listed mistakes earn, where they are not all and nothing."""
    options = part.instance.structure.asked[k].options
    share, credit = (marked_by(part.problem, options, name) for name in ("follow_through", "credit"))
    return {"follow_through": UNSET if share == 1 else share, "credit": credit or UNSET}


def _accept(part: Part, k: int) -> str:
    """How a number may be written, where that is not as usual."""
    asked = part.instance.structure.asked[k]
    accept = str(marked_by(part.problem, asked.options, "accept"))
    return accept if asked.numeric and accept != "closed" else ""


def _entries(part: Part, k: int) -> str:
    """Whether the entries of an array count all together, where they do."""
    asked = part.instance.structure.asked[k]
    return "all" if asked.numeric and marked_by(part.problem, asked.options, "entries") == "all" else ""


def _because(language: str, part: Part, k: int) -> Any:
    """Why an answer is right, in the bank's words, where it says so."""
    instance = part.instance
    asked = instance.structure.asked[k]
    if asked.quantity.ask in SHOWN:
        return shown(instance, k, language).because or UNSET
    told_ = asked.options.get("because")
    return filled(told(told_, language), instance, language) if told_ else UNSET


def _table(language: str, part: Part, k: int) -> dict[str, Any]:
    """The rows, headings and printed cells of a table."""
    asked = part.instance.structure.asked[k]
    q = asked.quantity
    if asked.kind != "table":
        return {}
    answer = part.answers[k]["value"]
    shows = shown_cells(asked.options, q)
    pairs = zip(answer, shows, strict=True)
    cells = [[v if s else None for v, s in zip(row, printed_, strict=True)] for row, printed_ in pairs]
    columns = [say(language, "table", part_, of=q.of) for part_ in q.parts]
    return {"rows": list(q.rows), "columns": columns, "parts": list(q.parts), "cells": cells}


def _options(language: str, part: Part, k: int) -> dict[str, Any]:
    if part.instance.structure.asked[k].quantity.ask not in SHOWN:
        return {}
    made = shown(part.instance, k, language)
    return {"options": [files.Option(i, text) for i, text in made.options], "several": made.several}


def _letter(k: int) -> str:
    return chr(97 + k) if k < 26 else _letter(k // 26 - 1) + chr(97 + k % 26)


def _operations(mapping: Any) -> list[str]:
    return sorted({s.op for s in mapping if s.op not in ("given", "const", "copy")})


def _text(language: str, instance: Instance, k: int, rate: Any) -> str:
    """The question in words, the bank's own or the default ones, and how a formula is written."""
    asked, mapping, givens = instance.structure.asked[k], instance.structure.mapping, instance.givens
    q = asked.quantity
    own = filled(told(asked.options["text"], language), instance, language) if "text" in asked.options else ""
    cotangent = q.cotangent if isinstance(q.cotangent, str) or q.cotangent is None else _latex(q.cotangent, language)
    if isinstance(q.cotangent, Fraction) and mapping.shape(q.wrt if q.ask == "hvp" else q.of):
        cotangent = rf"{cotangent}\,\mathbf{{1}}" if q.cotangent != 1 else r"\mathbf{1}"
    rows, columns = (asked.shape[0], asked.shape[1]) if q.ask in ("jacobian", "hessian") else (0, 0)
    tangent = [(n, v if isinstance(v, str) else _latex(v, language)) for n, v in q.tangent]
    step = givens.get(q.h, q.h) if isinstance(q.h, str) else q.h
    h = None if step is None else _latex(step, language)
    text = own or say(language, "ask", q.ask, q=q, cotangent=cotangent, rows=rows, columns=columns, tangent=tangent,
                      h=h, rate=None if rate is None else _latex(rate, language)).strip()  # fmt: skip
    if asked.kind == "expression":
        names = [(n, "x".join(map(str, s)) or say(language, "shape", "scalar")) for n, s in asked.names.items()]
        text += say(language, "kind", "expression", names=names, sizes=asked.options.get("sizes", {}))
    if asked.kind == "choice" and asked.options.get("several", asked.options.get("show", [1])[0] != 1):
        text += say(language, "kind", "several")
    return text


def _latex(value: Any, language: str) -> str:
    return in_latex(latex_numbers(value, latex_rational), language)


def _steps(problem: Problem, instance: Instance) -> list[str]:
    """The program of a key: the givens as literals, then every step."""
    program = instance.structure.program()
    givens = [f"{n} = {_literal(v)}" for n, v in instance.givens.items()]
    return [f"# {problem.id}", *givens, *(elementary(s, program) for s in program if s.op not in ("given", "const"))]


def _literal(value: Any) -> str:
    return f"[{', '.join(map(_literal, value))}]" if isinstance(value, tuple) else str(_plain(value))


def _json(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_json(v) for v in value]
    return _plain(value) if isinstance(value, Fraction) else value


def _plain(value: Any) -> Any:
    return files.rounded(float(value))


def blank_submission(exam: files.Exam) -> files.Submission:
    """A submission with every answer still blank."""
    answers: dict[str, Any] = {q.id: None for p in exam.problems for q in p.questions}
    return files.Submission(exam=exam.exam, variant=exam.variant, student=exam.student.id, answers=answers)


def manifest(plan: Plan, exams: Iterable[files.Exam]) -> files.Manifest:
    """Who got which variant."""
    rows = [files.Seat(id=e.student.id, name=e.student.name, variant=e.variant, attempt=plan.attempt) for e in exams]
    return files.Manifest(exam=plan.exam, bank=files.BankRef(plan.bank.id, plan.bank.sha256), students=rows)
