"""Worked solutions: a problem's tape, and the steps that lead to each answer, as a teacher writes them."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from t1gen import files
from t1gen.asks.graph import drawn
from t1gen.documents import blocks
from t1gen.documents.blocks import Math
from t1gen.mapping.evaluate import Values, evaluate
from t1gen.mapping.program import INTERNAL, Program
from t1gen.markdown import runs
from t1gen.picture import graph
from t1gen.problems.issued import Issued, givens_of, issued, quantity
from t1gen.solution.chain import Chain, chain, nested, partial
from t1gen.solution.counts import COUNTED, counts
from t1gen.solution.layout import laid_out
from t1gen.solution.lines import Line, Plan, Said, plan_of
from t1gen.solution.written import Put
from t1gen.wording import in_latex, say

Text = tuple[str, str, bool]
"""What a line says, and whether with numbers."""

DERIVED = ("gradient", "vjp", "jacobian", "step")
"""Asks that begin with the chain rule."""


def worked(language: str, problem: files.Problem) -> list[list[blocks.Block]]:
    """The worked steps of every question that no earlier one has shown."""
    return Solver(language, problem).worked()


def _spelled(language: str, block: blocks.Block) -> blocks.Block:
    """Formulas with the signs of the language in the literals of their lines too."""
    if not isinstance(block, blocks.Formulas):
        return block
    return blocks.Formulas(tuple(Math(in_latex(line.latex, language), line.plain) for line in block.lines))


def values_of(problem: files.Problem, solved: Issued) -> Values:
    givens, tape = givens_of(problem), solved.tapes[0]
    program = tape.pruned([r for r in solved.results[0] if r] or tape.mapping.named[-1:])
    names = {n: np.zeros((*s, 1)) for n, s in program.givens.items() if n not in givens}
    return evaluate(program, {**givens, **names})


@dataclass
class Solver:
    """The solution of one student's problem, question by question.

    `shown` says in which question a step was shown, `said` which sentences were said, `local` which local derivatives
    were shown, with numbers or without, `texts` in which question a line was; none is repeated.
    """

    language: str
    problem: files.Problem
    shown: dict[str, str] = field(default_factory=dict)
    said: set[Said] = field(default_factory=set)
    local: set[tuple[str, bool]] = field(default_factory=set)
    texts: dict[Text, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.issued = issued(self.problem)
        self.values = values_of(self.problem, self.issued)

    def worked(self) -> list[list[blocks.Block]]:
        """The steps to every question's answer, in turn."""
        return [[_spelled(self.language, block) for block in self.question(q, r)]
                for q, r in zip(self.problem.questions, self.issued.results[0], strict=True)]  # fmt: skip

    @property
    def mapping(self) -> Program:
        return self.issued.tapes[0].mapping

    @property
    def plan(self) -> Plan:
        return plan_of(self.issued)

    def question(self, question: files.Question, result: str) -> list[blocks.Block]:
        """The steps to this answer that no earlier question has shown."""
        if question.kind == "graph":
            return [*self.tell([("graph", ())]), graph(drawn(self.mapping, question.of), self.language)]
        if question.kind == "order":
            return self.tell([("order_vjp" if question.mode == "vjp" else "order", ())])
        if question.ask in COUNTED:
            return counts(self.language, self.mapping, quantity(question))
        if question.ask == "decision":
            return self._decision(question)
        return self._steps(question, result) if result else []

    def _decision(self, question: files.Question) -> list[blocks.Block]:
        """The sign of the logit."""
        value, name = float(self.values[question.of or ""].ravel()[0]), self.plan.called(question.of or "")
        found = self.put(3).of(question.of or "")
        sign = ">" if value > 0 else "<" if value < 0 else "="
        line = Math(f"{name.latex} = {found.latex} {sign} 0" if value else f"{name.latex} = 0",
                    f"{name.plain} = {found.plain} {sign} 0" if value else f"{name.plain} = 0")  # fmt: skip
        return [*self._shown_lines(question, question.of or "", 3), blocks.Formulas((line,)),
                *self.tell([("decision", ())])]  # fmt: skip

    def put(self, decimals: int) -> Put:
        return Put(self.plan.program, self.values, decimals, self.language)

    # lines

    def _steps(self, question: files.Question, result: str) -> list[blocks.Block]:
        decimals = question.decimals if question.decimals is not None else 3
        if question.kind == "expression":
            return self._symbolic(question, result)
        lines = self._shown_lines(question, result, decimals)
        seen = self.shown.get(result, "")
        if not lines and seen and seen != question.id:
            return [_said(self.language, "seen", question=seen)]
        return lines

    def _shown_lines(self, question: files.Question, result: str, decimals: int) -> list[blocks.Block]:
        """The lines to a result that are new, the chain rule before those that come back."""
        program = self.plan.program
        needed = program.ancestors([result])
        every = [self.plan.line(s.name) for s in program if s.name in needed and self.plan.is_line(s.name)]
        lines = self._new([x for x in every if x.step not in self.shown], question, numbers=True)
        names = [x.step for x in lines]
        known = self._known(lines, set(names))
        first = self._chain(question, names)
        for name in names:
            self.shown[name] = question.id
        forward = [x for x in lines if program[x.step].role == "value" and x.step in self.mapping]
        after = [x for x in lines if x not in forward]
        put = self.put(decimals)
        return [*known, *self._laid(forward, put), *first, *self._rows(question), *self._laid(after, put)]

    def _symbolic(self, question: files.Question, result: str) -> list[blocks.Block]:
        """The lines with names alone, and that they are put into one another."""
        program = self.plan.program
        needed = _up_to(program, result, question.names)
        every = [self.plan.line(s.name) for s in program if s.name in needed and self.plan.is_line(s.name)]
        new = [x for x in every if x.step not in self.shown or program[x.step].role != "value"]
        lines = self._new(new, question, numbers=False)
        out = [*self._chain(question, [*(x.step for x in every), result]), *self._laid(lines, None)]
        if not lines and every:
            return [_said(self.language, "seen", question=self.texts[_text(every[-1], False)])]
        return [*out, *self.tell([("together", ())])] if len(lines) > 1 else out

    def _new(self, lines: Sequence[Line], question: files.Question, numbers: bool) -> list[Line]:
        """Those that no line of another step says in the same words."""
        out = []
        for line in lines:
            text = _text(line, numbers)
            if text in self.texts:
                self.shown.setdefault(line.step, self.texts[text])
            else:
                self.texts[text] = question.id
                out.append(line)
        return out

    def _laid(self, lines: Sequence[Line], put: Put | None) -> list[blocks.Block]:
        """Lines as formulas, before each the sentences that are new."""
        out, formulas = list[blocks.Block](), list[Math]()
        for line in self._with_inner(lines, put is not None):
            told = self.tell(line.said)
            if told and formulas:
                out.append(blocks.Formulas(tuple(formulas)))
                formulas = []
            out += told
            formulas += laid_out(line, put)
        return [*out, blocks.Formulas(tuple(formulas))] if formulas else out

    def _with_inner(self, lines: Sequence[Line], numbers: bool) -> Iterator[Line]:
        """Every line after the local derivatives it is written with, those that are new."""
        for line in lines:
            for one in (*line.inner, line):
                if (one.left.plain, numbers) not in self.local or one is line:
                    self.local.add((one.left.plain, numbers))
                    yield one

    # words

    def tell(self, said: Sequence[Said]) -> list[blocks.Block]:
        """The sentences that were not said yet, as one paragraph."""
        new = [s for s in dict.fromkeys(said) if s not in self.said]
        self.said.update(new)
        text = " ".join(_sentence(self.language, s) for s in new)
        return [blocks.Paragraph(runs(text, self.language))] if new else []

    def _known(self, lines: Sequence[Line], new: Collection[str]) -> list[blocks.Block]:
        """From which questions the values are that lines start with."""
        places: dict[str, list[str]] = {}
        for name in dict.fromkeys(n for line in lines for n in line.needs if n not in new):
            if name in self.shown:
                places.setdefault(self.shown[name], []).append(f"${self.plan.called(name).latex}$")
        told = tuple((question, tuple(names)) for question, names in places.items())
        return [blocks.Paragraph(_from(self.language, told))] if told else []

    # the chain rule

    def _chain(self, question: files.Question, names: Collection[str]) -> list[blocks.Block]:
        """The chain rule of what a question asks, where it goes through several lines."""
        if question.ask not in DERIVED:
            return []
        of, wrts = question.of or "", question.moves if question.ask == "step" else [question.wrt or ""]
        if question.ask == "vjp":
            return self._vjp_chain(question)
        out = list[blocks.Block]()
        for wrt in wrts:
            if question.ask == "step" and not self._is_new(of, wrt, names):
                continue
            known = self._derivatives(of, question.names if question.kind == "expression" else self.shown)
            out += self._written(chain(self.mapping, of, wrt, set() if question.ask == "jacobian" else known))
        return out

    def _written(self, found: Chain) -> list[blocks.Block]:
        """The product along the way, with its shapes, and the sum over uses where it ends."""
        if any(INTERNAL.search(n) for n in (*found.path, *found.users)):
            return []
        out, product = list[blocks.Block](), found.product()
        if product:
            shapes = found.shapes()
            out += self.tell([("chain", ()), *([("chain_shapes", ())] if shapes else [])])
            out.append(blocks.Formulas((product, _continued(shapes)) if shapes else (product,)))
        total = found.total(self.plan.shares(found.of, found.path[0]))
        return [*out, *self.tell([("fan_out", ())]), blocks.Formulas((total,))] if total else out

    def _is_new(self, of: str, wrt: str, names: Collection[str]) -> bool:
        return partial(of, wrt).plain in names

    def _derivatives(self, of: str, names: Collection[str]) -> set[str]:
        """The quantities by which the derivative of `of` is one of these names."""
        head = f"d{of}_d"
        return {n.removeprefix(head) for n in names if n.startswith(head)} & set(self.mapping.steps)

    def _vjp_chain(self, question: files.Question) -> list[blocks.Block]:
        of, wrt = question.of or "", question.wrt or ""
        asked, tape = quantity(question), self.issued.tapes[0]
        seed = tape.seed(asked.cotangent, tape.program.shape(of))
        found = nested(self.mapping, of, wrt, self.plan.v(seed))
        told = self.tell([("vjp", ())])
        if not found:
            return told
        left = partial(of, wrt)
        v = self.plan.v(seed)
        factor, plain = (r"^{\top}", "^T") if self.mapping.shape(of) else (r"\,", "")
        line = Math(f"{v.latex}{factor}{left.latex} = {found.latex}", f"{v.plain}{plain} {left.plain} = {found.plain}")
        return [*told, blocks.Formulas((line,))]

    def _rows(self, question: files.Question) -> list[blocks.Block]:
        key = {"jacobian": "rows", "hessian": "hessian_rows"}.get(question.ask)
        return self.tell([(key, ())]) if key else []


def _text(line: Line, numbers: bool) -> Text:
    return line.left.plain, line.rule.plain if line.rule else "", numbers


@lru_cache(maxsize=4096)
def _sentence(language: str, said: Said) -> str:
    return say(language, "solution", said[0], **dict(said[1]))


def _continued(formula: Math) -> Math:
    return Math(rf"\qquad {formula.latex}", f"    {formula.plain}")


@lru_cache(maxsize=4096)
def _from(language: str, places: tuple[tuple[str, tuple[str, ...]], ...]) -> blocks.Text:
    return runs(say(language, "solution", "known", places=places), language)


def _said(language: str, key: str, **values: object) -> blocks.Paragraph:
    return blocks.Paragraph(runs(say(language, "solution", key, **values), language))


def _up_to(program: Program, result: str, names: Collection[str]) -> set[str]:
    """The steps that lead from the names that a formula may use to its result."""
    seen, todo = set[str](), [result]
    while todo:
        name = todo.pop()
        if name not in seen and (name == result or name not in names):
            seen.add(name)
            todo.extend(program[name].args)
    return seen
