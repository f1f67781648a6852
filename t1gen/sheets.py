"""Exams and keys as documents: the words, formulas, graphs, blanks and worked steps of a printed sheet."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from t1gen import files, scheme
from t1gen.attached import attached
from t1gen.documents import blocks
from t1gen.documents.blocks import Code, Math, Plain, Run, Strong, Text
from t1gen.errors import FileError, fitting
from t1gen.mapping.custom import Custom, forward_of, read_custom, rule_of
from t1gen.mapping.nested import flat, shape_of
from t1gen.mapping.notation import latex, latex_name, text
from t1gen.mapping.program import Program, Step
from t1gen.markdown import paragraphs, runs, value_math
from t1gen.marking.common import Book, Told
from t1gen.picture import empty, graph, worked_graph
from t1gen.problems.issued import mapping_of
from t1gen.setting import USUAL, Setting
from t1gen.solution import Solver
from t1gen.wording import in_latex, in_plain, say, signs, words

WHOLE = ("shape", "entries", "parameters", "passes", "multiplications", "decision")
"""Asks that are answered by whole numbers, which nobody rounds."""


def worksheet(exam: files.Exam) -> blocks.Document:
    """What a student receives. Raises FileError where the exam's parts do not fit together."""
    with fitting(exam.exam, FileError):
        return _document(exam, "worksheet", tuple(_problem(exam, p, None) for p in exam.problems))


def key_sheet(key: files.Key, short: bool = False, book: Book | None = None) -> blocks.Document:
    """The answers with worked steps and how they are marked; `short`: the answers alone. The key must hold its sheet.

    `book` has the wrong values of this key and others, which are found faster for many at once.
    """
    assert key.sheet is not None
    with fitting(key.exam, FileError):
        if short or USUAL.with_words(key.sheet.setting).key == "short-key":
            return _document(key.sheet, "key", (_in_short(key.sheet, key),))
        book = book or Book([key])
        problems = tuple(_problem(key.sheet, p, key, book.of(p)) for p in key.sheet.problems)
        return _document(key.sheet, "key", problems, (*scheme.general(key.sheet), _unrounded(key.sheet)))


def _unrounded(exam: files.Exam) -> blocks.Paragraph:
    return blocks.Paragraph(runs(say(exam.language, "solution", "rounded"), exam.language))


def _document(
    exam: files.Exam, kind: str, problems: tuple[blocks.Block, ...], notes: tuple[blocks.Block, ...] = ()
) -> blocks.Document:
    say_words = words(exam.language)
    decimals = usual_decimals(exam)
    note = [] if decimals is None else [_rounding(exam.language, decimals)]
    setting = USUAL.with_words(exam.setting)
    is_key = kind == "key"
    return blocks.Document(
        kind, (Plain(exam.title),), exam.language, exam.variant, tuple(_fields(exam, kind)),
        (*note, *notes, *problems, *([] if is_key else attached(exam))), say_words,
        setting=replace(USUAL, paper=setting.paper, key=setting.key, breaks="flowing") if is_key else setting,
        course=(Plain(exam.course),) if exam.course else (), author=exam.author,
        code="" if is_key else f"t1gen {exam.exam} {exam.variant}", scores=None if is_key else _scores(exam),
    )  # fmt: skip


def _fields(exam: files.Exam, kind: str) -> Iterator[tuple[Text, Text]]:
    """The title block: what is known, and what a student writes."""
    say_words, student = words(exam.language), exam.student
    told = {"name": f"{student.name} ({student.id})" if student.name not in ("", student.id) else student.id}
    told["date"] = exam.date
    if exam.minutes is not None:
        told["minutes"] = say(exam.language, "units", "minutes", n=_amount(exam.minutes, exam.language))
    told["total"] = _amount(exam.points, exam.language)
    if kind == "worksheet":
        told |= {"aids": exam.aids} if exam.aids else {}
        told["signature"] = ""
    for name, value in told.items():
        if value or kind == "worksheet":
            yield (Plain(say_words[name]),), (Plain(value),) if value else ()


def _scores(exam: files.Exam) -> blocks.Scores:
    """The points table that is filled in by whoever marks."""
    say_words = words(exam.language)
    columns = [(str(p.number), _amount(p.points, exam.language)) for p in exam.problems]
    names = say_words["problem"], say_words["points"].capitalize(), say_words["earned"]
    return blocks.Scores(names, (*columns, (say_words["sum"], _amount(exam.points, exam.language))))


def usual_decimals(exam: files.Exam) -> int | None:
    """What most questions are rounded to; None where nothing is rounded."""
    counts = Counter(_decimals(p) for p in exam.problems)
    del counts[None]
    return counts.most_common(1)[0][0] if counts else None


def _decimals(problem: files.Problem) -> int | None:
    """What the numbers of a problem are rounded to."""
    return next((q.decimals for q in problem.questions if q.decimals is not None and q.ask not in WHOLE), None)


def _rounding(language: str, decimals: int) -> blocks.Paragraph:
    return blocks.Paragraph(runs(say(language, "document", "rounding", decimals=decimals), language))


def _amount(points: float, language: str) -> str:
    return in_plain(f"{float(points):g}", language)


def _points(exam: files.Exam, points: float) -> str:
    return say(exam.language, "units", "points", n=_amount(points, exam.language))


def _problem(
    exam: files.Exam, problem: files.Problem, key: files.Key | None, told: Told | None = None
) -> blocks.Problem:
    solver = None if key is None else Solver(exam.language, problem)
    inside = told_first(exam.language, problem, solver)
    own = _decimals(problem)
    if own not in (None, usual_decimals(exam)):
        inside.append(_rounding(exam.language, own or 0))
    if key is None or solver is None:
        bodies = [_asked(exam.language, q, USUAL.with_words(exam.setting)) for q in problem.questions]
    else:
        bodies = _solved(solver, key, told or {})
    for question, body in zip(problem.questions, bodies, strict=True):
        asked: tuple[blocks.Block, ...] = (*paragraphs(question.text, exam.language), *body)
        inside.append(blocks.Question(question.id, _points(exam, question.points), asked))
    return blocks.Problem(problem.number, (Plain(problem.title),), _points(exam, problem.points), tuple(inside))


def _counts(step: Step) -> bool:
    """Whether a step is written with positions: x[1], x[::2], but not x[:, None]."""
    if step.op != "index":
        return step.op == "gather"
    return any(part is not None for entry in step.static("index") for part in entry[1:])


def told_first(language: str, problem: files.Problem, solver: Solver | None = None) -> list[blocks.Block]:
    """What stands before the questions: the text, the givens, and the mapping as the problem shows it.

    A key has a `solver` of the problem, and so the values.
    """
    program = mapping_of(problem)
    inside: list[blocks.Block] = list(paragraphs(problem.text, language))
    shows_mapping = problem.mapping and not problem.shows
    if problem.mapping or problem.shows == "text":
        inside += _given(problem, language)
    if shows_mapping:
        inside += _mapping(language, program, problem.mapping)
        if any(map(_counts, program)):
            inside.append(blocks.Paragraph(runs(say(language, "document", "positions"), language)))
        inside += [_where(language, t, in_key=solver is not None) for t in problem.definitions.values()]
    if problem.listing:
        inside.append(blocks.Listing(_code_lines(problem)))
    if _is_drawn(problem, in_key=solver is not None):
        inside += _picture(language, problem, solver)
    return inside


def _is_drawn(problem: files.Problem, in_key: bool) -> bool:
    """Whether the picture stands there: not where it is an answer, nor where an iteration stands in it."""
    if not problem.mapping or any("lambda" in t for t in problem.mapping) or problem.picture == "none":
        return False
    if problem.picture:
        return True
    is_told = not problem.shows and not problem.listing and not any(q.kind == "graph" for q in problem.questions)
    return problem.competence == "backpropagation" and (in_key or is_told)


def _picture(language: str, problem: files.Problem, solver: Solver | None) -> list[blocks.Block]:
    """Names alone, boxes to fill in, or, in a key, values and gradients; no shapes where questions ask for such."""
    if solver:
        return worked_graph(language, problem, solver.issued, solver.values)
    if problem.picture == "empty":
        return [empty(mapping_of(problem), language)]
    shapes = not any(q.ask in WHOLE or q.kind == "choice" for q in problem.questions)
    return [graph(mapping_of(problem), language, shapes=shapes)]


def _code_lines(problem: files.Problem) -> tuple[str, ...]:
    """A listing, its lines numbered where a question asks for one."""
    lines = problem.listing.split("\n")
    if not any(q.ask == "wrong-line" for q in problem.questions):
        return tuple(lines)
    return tuple(f"{i:>{len(str(len(lines)))}}  {text}" for i, text in enumerate(lines, 1))


def _asked(language: str, question: files.Question, setting: Setting) -> list[blocks.Block]:
    """Room to work in and for an answer; where answers go onto other paper, only what must be read."""
    working = [blocks.Working(WORKING[question.kind])] if setting.working == "working" else []
    label: Text = (Plain(f"{words(language)['answer']}:"),) if working else ()
    if question.kind == "table":
        return [*working, form(language, question, question.cells)]
    if question.kind in ("choice", "order"):
        boxes = question.kind == "choice" and setting.blanks == "blanks"
        told: list[blocks.Block] = [blocks.Options(options(language, question, ()).lines, boxes=boxes), *working]
    else:
        told = list(working)
    if setting.blanks == "no-blanks" or question.kind == "choice":
        return told
    if question.kind == "order":
        return [*told, blocks.Blank("order", (len(question.options),), label)]
    if question.ask == "shape":
        return [*told, blocks.Blank("number", (), label)]
    return [*told, blocks.Blank(question.kind, tuple(question.shape or ()), label)]


WORKING = {"number": 2.5, "array": 3.5, "expression": 3.5, "graph": 2.0, "choice": 1.5, "order": 1.5, "table": 3.5}
"""Centimetres of room to work in, by kind of answer."""


def options(language: str, question: files.Question, right: Sequence[str]) -> blocks.Options:
    return blocks.Options(tuple((o.id, runs(o.text, language)) for o in question.options), tuple(right))


def form(language: str, question: files.Question, cells: Any) -> blocks.Form:
    """A table with the cells that are known; None is left empty."""
    decimals = question.decimals if question.decimals is not None else 3
    header = [(Plain(say(language, "table", "quantity")),), *(runs(c, language) for c in question.columns)]
    rows = [((Math(latex_name(name), name),), *(None if c is None else (value_math(c, decimals, language),)
            for c in row)) for name, row in zip(question.rows, cells, strict=True)]  # fmt: skip
    return blocks.Form(tuple(header), tuple(rows))


def reasons(language: str, answer: files.KeyAnswer) -> list[blocks.Block]:
    """Why an answer is right, where the bank says so."""
    return paragraphs(answer.because, language) if isinstance(answer.because, str) else []


def _solved(solver: Solver, key: files.Key, told: Told) -> list[list[blocks.Block]]:
    """The worked steps, the answer and the marking of every question."""
    out, language = [], solver.language
    for k, (question, body) in enumerate(zip(solver.problem.questions, solver.worked(), strict=True)):
        answer = key.answers[question.id]
        marked = scheme.scheme(language, question, answer, told.get(k, []))
        out.append([*body, *_answered(language, question, answer), *reasons(language, answer), *marked])
    return out


def _in_short(exam: files.Exam, key: files.Key) -> blocks.Table:
    """The answers of a test as one table: question, answer, points; a row in bold for each problem."""
    header = tuple((Plain(say(exam.language, "marking", name)),) for name in ("question", "answer", "points"))
    rows: list[tuple[Text, ...]] = []
    for problem in exam.problems:
        worth = Strong(_amount(problem.points, exam.language))
        rows.append(((Strong(f"{problem.number}"),), (Strong(problem.title),), (worth,)))
        for q in problem.questions:
            points = Plain(_amount(q.points, exam.language))
            rows.append(((Plain(q.id),), _brief(exam.language, q, key.answers[q.id]), (points,)))
    return blocks.Table(header, tuple(rows))


def _brief(language: str, question: files.Question, answer: files.KeyAnswer) -> Text:
    """An answer in one cell."""
    if question.kind == "choice":
        return (Strong(", ".join(answer.value if isinstance(answer.value, list) else [answer.value])),)
    if question.kind != "table":
        return _answer(language, question, answer)
    out: list[Run] = []
    decimals = question.decimals if question.decimals is not None else 3
    for name, row, given in zip(question.rows, answer.value, question.cells, strict=True):
        cells = [c for c, known in zip(row, given, strict=True) if known is None]
        out += [Plain("; " if out else ""), Math(latex_name(name), name), Plain(": ")]
        out += [run for c in cells for run in (Plain(", "), value_math(c, decimals, language))][1:]
    return tuple(out)


def _answered(language: str, question: files.Question, answer: files.KeyAnswer) -> list[blocks.Block]:
    if question.kind == "choice":
        return [options(language, question, answer.value if isinstance(answer.value, list) else [answer.value])]
    if question.kind == "table":
        return [form(language, question, answer.value)]
    if question.kind == "order":
        texts = {o.id: o.text.strip("`") for o in question.options}
        lines = tuple(f"{i}  {texts[i]}" for i in answer.value)
        return [blocks.Listing(lines), blocks.Answer(_answer(language, question, answer))]
    return [blocks.Answer(_answer(language, question, answer))]


def _where(language: str, definition: str, in_key: bool) -> blocks.Paragraph:
    """What NumPy lacks, said once: where sigmoid(x) = 1 / (1 + exp(-x)); in a key the VJP of a bank's own, too."""
    told: Text = (Plain(words(language)["where"] + " "), Code(forward_of(definition)))
    custom = read_custom(definition)
    if not in_key or not isinstance(custom, Custom):
        return blocks.Paragraph(told)
    rules = [say(language, "solution", "rule", wrt=p, rule=in_latex(rule_of(custom, p), language),
                 many=len(custom.parameters) > 1) for p in custom.parameters]  # fmt: skip
    return blocks.Paragraph((*told, *runs("; " + "; ".join(rules), language)))


def _given(problem: files.Problem, language: str) -> list[blocks.Block]:
    """The givens that no listing shows, in one line: w = (1, 2), X = a matrix."""
    out: list[Run] = []
    listed = {line.partition(" = ")[0] for line in problem.listing.split("\n")}
    for name, value in problem.given.items():
        if name in listed:
            continue
        shown = _shape_math(name, value, language) if problem.given_as else _value_math(name, value, language)
        out += [Plain(f"{signs(language).separator} " if out else ""), shown]
    return [blocks.Paragraph(tuple(out[1:]))] if out else []


def _value_math(name: str, value: Any, language: str) -> Math:
    shown = value_math(value, 6, language)
    return Math(f"{latex_name(name)} = {shown.latex}", f"{name} = {shown.plain}")


def _shape_math(name: str, value: Any, language: str) -> Math:
    """A given of which only the shape matters: W in R^(3 x 4)."""
    shape = shape_of(value)
    sizes = r" \times ".join(map(str, shape))
    power = f"^{{{sizes}}}" if shape else ""
    plain = " x ".join(map(str, shape)) or say(language, "shape", "number")
    return Math(rf"{latex_name(name)} \in \mathbb{{R}}{power}", f"{name}: {plain}")


@lru_cache(maxsize=512)
def _formula(name: str, right: str, plain: str) -> Math:
    return Math(f"{latex_name(name)} = {right}", f"{name} = {plain}")


def _mapping(language: str, program: Program, lines: Sequence[str]) -> list[blocks.Block]:
    """The mapping as formulas; a line with a lambda as code."""
    code = [t for t in lines if "lambda" in t]
    told = [n for n, t in zip(program.named, lines, strict=True) if t not in code]
    formulas = [_formula(n, in_latex(latex(program, n), language), text(program, n)) for n in told]
    listing: list[blocks.Block] = [blocks.Listing(tuple(code))] if code else []
    return listing + ([blocks.Formulas(tuple(formulas))] if formulas else [])


def _answer(language: str, question: files.Question, answer: files.KeyAnswer) -> Text:
    if question.kind == "order":
        return (Strong(", ".join(answer.value)),)
    if question.kind == "graph":
        return tuple(Code(part) for row in str(answer.value).split("\n") for part in (row, "; "))[:-1]
    if question.kind == "expression":
        return (Code(str(answer.value)),)
    decimals = question.decimals if question.decimals is not None else 3
    shown = value_math(answer.value, decimals, language)
    if question.ask in WHOLE:
        return (shown,)
    return (shown, *tolerance(answer.tolerance, language))


def tolerance(value: Any, language: str) -> Text:
    """The widest of the tolerances of an answer: ± 0.0012."""
    widest = f"{max(map(float, flat(value)), default=0.0):.2g}"
    digits, _, power = widest.partition("e")
    latex = in_latex(rf"{digits} \cdot 10^{{{int(power)}}}" if power else widest, language)
    return Plain("  \u00b1 "), Math(latex, in_plain(widest, language))
