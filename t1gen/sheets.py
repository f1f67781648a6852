"""Exams and keys as documents: the words, formulas, graphs, blanks and worked steps of a printed sheet."""

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from t1gen import files
from t1gen.asks import ASKS, Quantity, Tape
from t1gen.asks.graph import drawn
from t1gen.asks.literals import literal
from t1gen.documents import blocks
from t1gen.documents.blocks import Code, Math, Plain, Run, Strong, Text
from t1gen.mapping.custom import forward_of
from t1gen.mapping.evaluate import Values, evaluate
from t1gen.mapping.nested import flat, shape_of
from t1gen.mapping.notation import latex, latex_name, latex_numbers, line, text
from t1gen.mapping.ops import OPS
from t1gen.mapping.ops.structural import numpy_index
from t1gen.mapping.program import Program, Shape, Step
from t1gen.problems.issued import mapping_of
from t1gen.wording import say, words

WHOLE = ("shape", "entries", "parameters", "passes", "multiplications", "decision")
"""Asks that are answered by whole numbers, which nobody rounds."""
RULE = re.compile(r"\|[\s|:-]*")
MARKUP = re.compile(r"\$([^$]+)\$|`([^`]+)`|\*\*([^*]+)\*\*")


# text


@lru_cache(maxsize=4096)
def runs(markdown: str) -> Text:
    """Markdown with `$math$`, code and bold as runs."""
    out: list[Run] = []
    end = 0
    for match in MARKUP.finditer(markdown):
        if match.start() > end:
            out.append(Plain(markdown[end : match.start()]))
        math, code, bold = match.groups()
        out.append(Math(math, readable(math)) if math else Code(code) if code else Strong(bold))
        end = match.end()
    if end < len(markdown):
        out.append(Plain(markdown[end:]))
    return tuple(out)


SIGNS = {
    r"\times": "x", r"\cdot": "*", r"\odot": "*", r"\top": "T", r"\partial ": "d", r"\ne ": "!= ", r"\neq": "!=",
    r"\leq": "<=", r"\geq": ">=", r"\le ": "<= ", r"\ge ": ">= ", r"\to": "->", r"\quad": " ", r"\%": "%",
}  # fmt: skip
"""LaTeX signs as a terminal shows them."""

INSIDE = r"((?:[^{}]|\{[^{}]*\})*)"
GROUP = r"\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}"
"""What stands in braces, up to three deep."""


def readable(formula: str) -> str:
    """LaTeX of names, fractions and matrices as a terminal shows it: dL/dw, (a)/(b), [[1, 2], [3, 4]], alpha, h_1."""
    plain = re.sub(r"\\begin\{bmatrix\}(.*?)\\end\{bmatrix\}", lambda m: _rows(m[1]), formula)
    plain = re.sub(rf"\\frac\{{\\partial {INSIDE}\}}\{{\\partial {INSIDE}\}}", r"d\1/d\2", plain)
    plain = re.sub(rf"\\frac{GROUP}{GROUP}", r"(\1)/(\2)", plain)
    plain = re.sub(r"\\(?:left|right|!|;)", "", plain).replace(r"\,", " ")
    for sign, shown in SIGNS.items():
        plain = plain.replace(sign, shown)
    return re.sub(r"\\(?:math\w+|operatorname|text)?", "", plain).replace("{", "").replace("}", "")


def _rows(inside: str) -> str:
    rows = (", ".join(cell.strip() for cell in row.split("&")) for row in inside.split(r"\\"))
    return f"[{', '.join(f'[{row}]' for row in rows)}]"


def number(value: float, decimals: int) -> str:
    """A number as sheets print it: rounded, no trailing zeros, no -0."""
    shown = f"{value:.{decimals}f}".rstrip("0").rstrip(".") if decimals else f"{value:.0f}"
    return "0" if shown in ("-0", "") else shown


def value_math(value: Any, decimals: int) -> Math:
    """A number, vector or matrix."""
    return Math(latex_numbers(value, lambda v: number(v, decimals)), plain_value(value, decimals))


def plain_value(value: Any, decimals: int) -> str:
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(plain_value(v, decimals) for v in value)}]"
    return number(value, decimals)


# the mapping of a problem, with the tape of its questions


@dataclass(frozen=True)
class Worked:
    """A problem's tape and where each question's answer stands on it."""

    tape: Tape
    results: tuple[str, ...]


def worked(problem: files.Problem) -> Worked:
    """The tape of a problem's questions; derived once for all students with the same mapping."""
    shapes = tuple((n, shape_of(v)) for n, v in problem.given.items())
    key = (tuple(problem.mapping), shapes, tuple(quantity(q) for q in problem.questions))
    if key not in _worked:
        tape = Tape(mapping_of(problem))
        _worked[key] = Worked(tape, tuple(ASKS[q.ask].reference(tape, q) for q in key[2]))
    return _worked[key]


_worked: dict[tuple[Any, ...], Worked] = {}


def quantity(question: files.Question) -> Quantity:
    """What a question of a file asks for."""
    cotangent = question.cotangent
    return Quantity(
        question.ask, of=question.of or "", wrt=question.wrt or "",
        cotangent=None if cotangent is None else literal(cotangent), moves=tuple(question.moves),
        rate=None if question.rate is None else literal(question.rate), steps=question.steps or 1,
        ascent=question.ascent, tangent=tuple((n, literal(v)) for n, v in question.tangent.items()),
        order=question.order or 1, mode=question.mode or "", about=question.about or "",
        rows=tuple(question.rows), parts=tuple(question.parts), h=None if question.h is None else literal(question.h),
    )  # fmt: skip


# sheets


def worksheet(exam: files.Exam) -> blocks.Document:
    """What a student receives."""
    return _document(exam, "worksheet", tuple(_problem(exam, p, None) for p in exam.problems))


def key_sheet(key: files.Key) -> blocks.Document:
    """The answers with worked steps. The key must hold its sheet."""
    assert key.sheet is not None
    return _document(key.sheet, "key", tuple(_problem(key.sheet, p, key) for p in key.sheet.problems))


def _document(exam: files.Exam, kind: str, problems: tuple[blocks.Problem, ...]) -> blocks.Document:
    say_words = words(exam.language)
    student = exam.student.name or exam.student.id
    fields: list[tuple[Text, Text]] = [((Plain(say_words["name"]),), (Plain(student),) if student else ())]
    if kind == "worksheet":
        fields.append(((Plain(say_words["date"]),), ()))
    if exam.minutes is not None:
        time = say(exam.language, "units", "minutes", n=_amount(exam.minutes))
        fields.append(((Plain(say_words["minutes"]),), (Plain(time),)))
    fields.append(((Plain(say_words["total"]),), (Plain(_amount(exam.points)),)))
    decimals = usual_decimals(exam)
    note = [] if decimals is None else [_rounding(exam.language, decimals)]
    return blocks.Document(
        kind, (Plain(exam.title),), exam.language, exam.variant, tuple(fields), (*note, *problems), say_words
    )


def usual_decimals(exam: files.Exam) -> int | None:
    """What most questions are rounded to; None where nothing is rounded."""
    counts = Counter(_decimals(p) for p in exam.problems)
    del counts[None]
    return counts.most_common(1)[0][0] if counts else None


def _decimals(problem: files.Problem) -> int | None:
    """What the numbers of a problem are rounded to."""
    return next((q.decimals for q in problem.questions if q.decimals is not None and q.ask not in WHOLE), None)


def _rounding(language: str, decimals: int) -> blocks.Paragraph:
    return blocks.Paragraph(runs(words(language)["rounding"].replace("{{ decimals }}", str(decimals))))


def _amount(points: float) -> str:
    return f"{float(points):g}"


def _points(exam: files.Exam, points: float) -> str:
    return say(exam.language, "units", "points", n=_amount(points))


def _problem(exam: files.Exam, problem: files.Problem, key: files.Key | None) -> blocks.Problem:
    inside = _told(exam.language, problem, key is not None)
    own = _decimals(problem)
    if own not in (None, usual_decimals(exam)):
        inside.append(_rounding(exam.language, own or 0))
    if key is None:
        bodies = [_asked(exam.language, q) for q in problem.questions]
    else:
        bodies = _solved(exam.language, problem, key)
    for question, body in zip(problem.questions, bodies, strict=True):
        told: tuple[blocks.Block, ...] = (*paragraphs(question.text), *body)
        inside.append(blocks.Question(question.id, _points(exam, question.points), told))
    return blocks.Problem(problem.number, (Plain(problem.title),), _points(exam, problem.points), tuple(inside))


def _told(language: str, problem: files.Problem, in_key: bool) -> list[blocks.Block]:
    """What stands before the questions: the text, the givens, and the mapping as the problem shows it."""
    program = mapping_of(problem)
    inside: list[blocks.Block] = list(paragraphs(problem.text))
    shows_mapping = problem.mapping and not problem.shows
    if problem.mapping or problem.shows == "text":
        inside += _given(problem)
    if shows_mapping:
        inside += _mapping(program, problem.mapping)
        inside += [_where(language, t if in_key else forward_of(t)) for t in problem.definitions.values()]
        if problem.competence == "backpropagation" and not problem.listing:
            inside.append(graph(program))
    if problem.listing:
        inside.append(blocks.Listing(_code_lines(problem)))
    return inside


def _code_lines(problem: files.Problem) -> tuple[str, ...]:
    """A listing, its lines numbered where a question asks for one."""
    lines = problem.listing.split("\n")
    if not any(q.ask == "wrong-line" for q in problem.questions):
        return tuple(lines)
    return tuple(f"{i:>{len(str(len(lines)))}}  {text}" for i, text in enumerate(lines, 1))


def _asked(language: str, question: files.Question) -> list[blocks.Block]:
    """Room for an answer."""
    if question.kind == "choice":
        return [_options(question, ())]
    if question.kind == "order":
        lines = blocks.Options(_options(question, ()).lines, boxes=False)
        return [lines, blocks.Blank("order", (len(question.options),))]
    if question.kind == "table":
        return [_form(language, question, question.cells)]
    if question.ask == "shape":
        return [blocks.Blank("number")]
    return [blocks.Blank(question.kind, tuple(question.shape or ()), None)]


def _options(question: files.Question, right: Sequence[str]) -> blocks.Options:
    return blocks.Options(tuple((o.id, runs(o.text)) for o in question.options), tuple(right))


def _form(language: str, question: files.Question, cells: Any) -> blocks.Form:
    """A table with the cells that are known; None is left empty."""
    decimals = question.decimals if question.decimals is not None else 3
    header = [(Plain(say(language, "table", "quantity")),), *(runs(c) for c in question.columns)]
    rows = [((Math(latex_name(name), name),), *(None if c is None else (value_math(c, decimals),) for c in row))
            for name, row in zip(question.rows, cells, strict=True)]  # fmt: skip
    return blocks.Form(tuple(header), tuple(rows))


def _solved(language: str, problem: files.Problem, key: files.Key) -> list[list[blocks.Block]]:
    """The worked steps and the answer of every question."""
    solved = worked(problem)
    values, shown = _values(problem, solved), set[str]()
    out = []
    for question, result in zip(problem.questions, solved.results, strict=True):
        answer = key.answers[question.id]
        body = _solution(language, question, solved, result, values, shown)
        body.extend(_answered(language, question, answer))
        if isinstance(answer.because, str):
            body += paragraphs(answer.because)
        out.append(body)
    return out


def _answered(language: str, question: files.Question, answer: files.KeyAnswer) -> list[blocks.Block]:
    if question.kind == "choice":
        return [_options(question, answer.value if isinstance(answer.value, list) else [answer.value])]
    if question.kind == "table":
        return [_form(language, question, answer.value)]
    if question.kind == "order":
        texts = {o.id: o.text.strip("`") for o in question.options}
        lines = tuple(f"{i}  {texts[i]}" for i in answer.value)
        return [blocks.Listing(lines), blocks.Answer(_answer(question, answer))]
    return [blocks.Answer(_answer(question, answer))]


def _where(language: str, definition: str) -> blocks.Paragraph:
    """What NumPy lacks, said once: with sigmoid(x) = 1 / (1 + exp(-x))."""
    return blocks.Paragraph((Plain(words(language)["where"] + " "), Code(definition)))


def paragraphs(text: str) -> list[blocks.Block]:
    """Markdown as paragraphs and tables: parts between blank lines, one whose lines begin with | is a table."""
    return [_paragraph(part.strip()) for part in re.split(r"\n\s*\n", text) if part.strip()]


def _paragraph(part: str) -> blocks.Block:
    lines = [line.strip() for line in part.split("\n")]
    if len(lines) < 2 or not all(line.startswith("|") for line in lines):
        return blocks.Paragraph(runs(" ".join(lines)))
    cells = [line.strip("|").split("|") for line in lines if not RULE.fullmatch(line)]
    header, *rows = [tuple(runs(cell.strip()) for cell in row) for row in cells]
    return blocks.Table(header, tuple(rows))


def _given(problem: files.Problem) -> list[blocks.Block]:
    """The givens that no listing shows, in one line: w = (1, 2), X = a matrix."""
    out: list[Run] = []
    listed = {line.partition(" = ")[0] for line in problem.listing.split("\n")}
    for name, value in problem.given.items():
        if name in listed:
            continue
        shown = value_math(value, 6)
        out += [Plain(", " if out else ""), Math(f"{latex_name(name)} = {shown.latex}", f"{name} = {shown.plain}")]
    return [blocks.Paragraph(tuple(out[1:]))] if out else []


@lru_cache(maxsize=512)
def _formula(name: str, right: str, plain: str) -> Math:
    return Math(f"{latex_name(name)} = {right}", f"{name} = {plain}")


def _mapping(program: Program, lines: Sequence[str]) -> list[blocks.Block]:
    """The mapping as formulas; a line with a lambda as code."""
    code = [t for t in lines if "lambda" in t]
    formulas = [_formula(n, latex(program, n), text(program, n)) for n, t in zip(program.named, lines, strict=True)
                if t not in code]  # fmt: skip
    listing: list[blocks.Block] = [blocks.Listing(tuple(code))] if code else []
    return listing + ([blocks.Formulas(tuple(formulas))] if formulas else [])


# worked steps


def _values(problem: files.Problem, solved: Worked) -> Values:
    givens = {n: np.asarray(v, dtype=float)[..., None] for n, v in problem.given.items()}
    program = solved.tape.pruned([r for r in solved.results if r] or solved.tape.mapping.named[-1:])
    names = {n: np.zeros((*s, 1)) for n, s in program.givens.items() if n not in givens}
    return evaluate(program, {**givens, **names})


def _solution(
    language: str, question: files.Question, solved: Worked, result: str, values: Values, shown: set[str]
) -> list[blocks.Block]:
    """The steps to this answer that no earlier question has shown."""
    if question.kind == "graph":
        return [graph(drawn(solved.tape.mapping, question.of))]
    if not result:
        return []
    program = solved.tape.program
    decimals = question.decimals if question.decimals is not None else 3
    symbolic = question.kind == "expression"
    needed = _up_to(program, result, question.names) if symbolic else program.ancestors([result])
    steps = [s for s in program if s.name in needed and s.name not in shown and _is_line(s)]
    lines = tuple(_line(program, s, None if symbolic else values, decimals) for s in steps)
    if not symbolic:
        shown.update(s.name for s in steps)
    notes = [note for s in steps for note in _notes(language, program, s)]
    said: list[blocks.Block] = [blocks.Paragraph(runs(" ".join(notes)))] if notes else []
    return [blocks.Formulas(lines), *said] if lines else []


def _up_to(program: Program, result: str, names: Collection[str]) -> set[str]:
    """The steps that lead from the names that a formula may use to its result."""
    seen, todo = set[str](), [result]
    while todo:
        name = todo.pop()
        if name not in seen and (name == result or name not in names):
            seen.add(name)
            todo.extend(program[name].args)
    return seen


def _notes(language: str, program: Program, step: Step) -> list[str]:
    """What a line moves or adds up, in words: entries put at positions, shares of a quantity used for many entries."""
    out, todo = [], [] if _is_implicit(program, step) else [step]
    while todo:
        part = todo.pop()
        todo += [program[a] for a in part.args if program[a].unnamed]
        if part.op == "put":
            places = np.arange(prod(part.shape)).reshape(part.shape)[numpy_index(part.static("index"))].ravel()
            at = ", ".join(map(str, places)) if len(part.shape) == 1 else ""
            out.append(say(language, "solution", "put", name=step.name, at=at, many=len(places) != 1))
        elif part.op == "sum_to":
            out.append(say(language, "solution", "sum_to", name=step.name))
    return out


INTERNAL = re.compile(r"d_(\d|at)")
"""Adjoints of unnamed quantities: what an implicit derivative computes on its way."""


def _is_line(step: Step) -> bool:
    return step.op in OPS and not step.unnamed and not INTERNAL.search(step.name)


def _is_implicit(program: Program, step: Step) -> bool:
    """Whether a line is written over a solution's iterations or linearisation, which no person writes."""
    todo = list(step.args)
    while todo:
        part = program[todo.pop()]
        if part.op == "iterate" or INTERNAL.search(part.name):
            return True
        todo += part.args if part.unnamed else ()
    return False


def _line(program: Program, step: Step, values: Values | None, decimals: int) -> Math:
    """`dL/dz = dL/dq * y = 0.731 * (-1) = -0.731`."""
    left, right = _named(program, step.name), latex(program, step.name, show=lambda n: _named(program, n))
    plain = line(program, step.name)
    if values is None:
        return Math(f"{left} = {right}", plain)
    value = values[step.name][..., 0].tolist()
    if _is_implicit(program, step):
        shown = value_math(value, decimals)
        return Math(f"{left} = {shown.latex}", f"{step.name} = {shown.plain}")
    parts = [left, right]
    if step.shape == () and all(program.shape(a) == () for a in _leaves(program, step)):
        parts.append(latex(program, step.name, show=lambda n: number(float(values[n].ravel()[0]), decimals)))
    shown = value_math(value, decimals)
    if shown.latex not in parts[1:]:
        parts.append(shown.latex)
    return Math(" = ".join(parts), f"{plain} = {shown.plain}")


def _named(program: Program, name: str) -> str:
    """A name as LaTeX; the first of several paths to x as a power (1) of dL/dx, not as dL by an x_1."""
    total, _, path = name.rpartition("_")
    if path.isdigit() and total in program and name in _leaves(program, program[total]):
        return f"{latex_name(total)}^{{({path})}}"
    return latex_name(name)


def _leaves(program: Program, step: Step) -> list[str]:
    """The named quantities and literals that a line is written with."""
    out, todo = [], list(step.args)
    while todo:
        name = todo.pop()
        if program[name].unnamed:
            todo.extend(program[name].args)
        else:
            out.append(name)
    return out


def _answer(question: files.Question, answer: files.KeyAnswer) -> Text:
    if question.kind == "order":
        return (Strong(", ".join(answer.value)),)
    if question.kind == "graph":
        return tuple(Code(part) for row in str(answer.value).split("\n") for part in (row, "; "))[:-1]
    if question.kind == "expression":
        return (Code(str(answer.value)),)
    decimals = question.decimals if question.decimals is not None else 3
    shown = value_math(answer.value, decimals)
    if question.ask in WHOLE:
        return (shown,)
    widest = max(map(float, flat(answer.tolerance)), default=0.0)
    return (shown, Plain("  \u00b1 "), Math(f"{widest:.2g}", f"{widest:.2g}"))


# pictures

SYMBOLS = {"add": "+", "sub": "-", "mul": r"\times", "div": r"\div", "neg": "-", "matmul": r"@", "sigmoid": r"\sigma",
           "exp": r"\exp", "log": r"\log", "transpose": r"\top", "sum": r"\Sigma", "sqrt": r"\sqrt{\;}",
           "abs": r"\lvert\cdot\rvert", "norm": r"\lVert\cdot\rVert", "copy": "="}  # fmt: skip


def graph(program: Program) -> blocks.Graph:
    """The computational graph: inputs, operations, edges carrying names; one picture a structure."""
    return _graph(tuple((s.name, s.op, s.args, s.statics, s.shape) for s in program))


@lru_cache(maxsize=512)
def _graph(steps: tuple[tuple[str, str, tuple[str, ...], Any, Shape], ...]) -> blocks.Graph:
    program = Program({n: Step(n, op, args, statics, shape) for n, op, args, statics, shape in steps})
    used = {a for s in program for a in s.args if not _folded(program, s, a)}
    drawn = [s for s in program if s.op in OPS or s.name in used]
    ids = {s.name: i for i, s in enumerate(drawn)}
    nodes = [blocks.Node(ids[s.name], _label(program, s), _node_kind(s)) for s in drawn]
    edges = [blocks.Edge(ids[a], ids[s.name], _carried(program[a]))
             for s in drawn for a in s.args if a in ids and not _folded(program, s, a)]  # fmt: skip
    for i, s in enumerate(d for d in drawn if d.op in OPS and not program.uses(d.name)):
        nodes.append(blocks.Node(len(drawn) + i, Math(latex_name(s.name), s.name), "output"))
        edges.append(blocks.Edge(ids[s.name], len(drawn) + i, None))
    return blocks.Graph(tuple(nodes), tuple(edges))


def _folded(program: Program, step: Step, argument: str) -> bool:
    """A literal exponent is part of its node."""
    return step.op == "pow" and program[argument].op == "const" and argument == step.args[1]


def _node_kind(step: Step) -> str:
    return "input" if step.op in ("given", "const") else "operation"


def _label(program: Program, step: Step) -> Math:
    if step.op in ("given", "const"):
        return Math(latex_name(step.name) if step.op == "given" else step.name, step.name)
    if step.op == "pow" and program[step.args[1]].op == "const":
        return Math(rf"(\cdot)^{{{step.args[1]}}}", f"**{step.args[1]}")
    if step.op in SYMBOLS:
        return Math(SYMBOLS[step.op], (OPS[step.op].infix or (step.op, 0))[0])
    return Math(rf"\mathrm{{{step.op.replace('_', ' ')}}}", step.op)


def _carried(step: Step) -> Math | None:
    return None if step.unnamed or step.op in ("given", "const") else Math(latex_name(step.name), step.name)
