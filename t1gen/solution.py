"""Worked solutions: a problem's tape, and the steps that lead to each answer, as a teacher writes them."""

import re
from collections.abc import Collection
from math import prod

import numpy as np

from t1gen import files
from t1gen.asks.counts import counted, jacobian_terms
from t1gen.asks.graph import drawn
from t1gen.documents import blocks
from t1gen.documents.blocks import Math
from t1gen.mapping.evaluate import Values, evaluate
from t1gen.mapping.notation import latex, latex_name, line
from t1gen.mapping.ops import OPS
from t1gen.mapping.ops.structural import numpy_index
from t1gen.mapping.program import Program, Shape, Step
from t1gen.markdown import runs, value_math
from t1gen.picture import graph
from t1gen.problems.issued import Issued, givens_of, quantity
from t1gen.wording import in_latex, say, signs


def values_of(problem: files.Problem, solved: Issued) -> Values:
    givens, tape = givens_of(problem), solved.tapes[0]
    program = tape.pruned([r for r in solved.results[0] if r] or tape.mapping.named[-1:])
    names = {n: np.zeros((*s, 1)) for n, s in program.givens.items() if n not in givens}
    return evaluate(program, {**givens, **names})


def solution(
    language: str, question: files.Question, solved: Issued, result: str, values: Values, shown: set[str]
) -> list[blocks.Block]:
    """The steps to this answer that no earlier question has shown."""
    if question.kind == "graph":
        return [graph(drawn(solved.tapes[0].mapping, question.of))]
    if question.ask in COUNTED:
        return _counted(solved.tapes[0].mapping, question)
    if not result:
        return []
    program = solved.tapes[0].program
    decimals = question.decimals if question.decimals is not None else 3
    shown_in = (decimals, language)
    symbolic = question.kind == "expression"
    needed = _up_to(program, result, question.names) if symbolic else program.ancestors([result])
    steps = [s for s in program if s.name in needed and s.name not in shown and _is_line(s)]
    lines = tuple(_line(program, s, None if symbolic else values, shown_in) for s in steps)
    if not symbolic:
        shown.update(s.name for s in steps)
    notes = dict.fromkeys(note for s in steps for note in _notes(language, program, s))
    said: list[blocks.Block] = [blocks.Paragraph(runs(" ".join(notes), language))] if notes else []
    return [blocks.Formulas(lines), *said] if lines else []


COUNTED = ("entries", "parameters", "multiplications", "cheaper")
"""Asks whose answer is a sum of products of sizes."""


def _counted(mapping: Program, question: files.Question) -> list[blocks.Block]:
    """`7 * 8 + 8 * 8 = 120`; of the cheaper mode both sums."""
    asked = quantity(question)
    if question.ask == "cheaper":
        terms = jacobian_terms(mapping, asked.of, asked.wrt)
        sums = [_sum(terms[mode]) for mode in ("reverse-mode", "forward-mode")]
        return [blocks.Formulas(tuple(sums))]
    return [blocks.Formulas((_sum(counted(mapping, asked)),))]


def _sum(terms: list[Shape]) -> Math:
    total = str(sum(map(prod, terms)))
    plain = " + ".join(" * ".join(map(str, t)) or "1" for t in terms) or "0"
    return Math(f"{plain.replace('*', chr(92) + 'cdot')} = {total}", f"{plain} = {total}")


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


def _line(program: Program, step: Step, values: Values | None, shown_in: tuple[int, str]) -> Math:
    """`dL/dz = dL/dq * y = 0.731 * (-1) = -0.731`, its numbers in so many decimals and a language."""
    left = _named(program, step.name)
    right = in_latex(latex(program, step.name, show=lambda n: _named(program, n)), shown_in[1])
    plain = line(program, step.name)
    if values is None:
        return Math(f"{left} = {right}", plain)
    value = values[step.name][..., 0].tolist()
    shown = value_math(value, *shown_in)
    if _is_implicit(program, step):
        return Math(f"{left} = {shown.latex}", f"{step.name} = {shown.plain}")
    parts = [left, right]
    if step.shape == () and all(program.shape(a) == () for a in _leaves(program, step)):
        put = latex(program, step.name, show=lambda n: value_math(float(values[n].ravel()[0]), *shown_in).latex)
        parts.append(_apart(in_latex(put, shown_in[1]), shown_in[1]))
    if shown.latex not in parts[1:]:
        parts.append(shown.latex)
    return Math(" = ".join(parts), f"{plain} = {shown.plain}")


def _apart(numbers: str, language: str) -> str:
    """What an operation takes, where all of it is numbers: max(0,5; 1)."""
    return re.sub(r"(?<!\\),(?=\\,)", signs(language).separator, numbers)


def _named(program: Program, name: str) -> str:
    """A name as LaTeX; the first of several paths to x as a power (1) of dL/dx, not as dL by an x_1."""
    total, _, path = name.rpartition("_")
    if path.isdigit() and total in program and name in _leaves(program, program[total]):
        return f"{latex_name(total)}^{{({path})}}"
    first = name.rstrip("0123456789")
    again = first != name and first in program and "_d" in first and name.rpartition("_d")[2] not in program
    return latex_name(first if again else name)


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
