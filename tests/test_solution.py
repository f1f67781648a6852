"""Worked solutions of all problems: every printed equation holds, and the chain rule's factors give the gradient."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from t1gen import files
from t1gen.asks import Quantity, Tape
from t1gen.asks.jacobian import reference
from t1gen.asks.local import direct
from t1gen.banks import load, written
from t1gen.documents import blocks
from t1gen.documents.blocks import Formulas, Math, Paragraph
from t1gen.documents.render import render
from t1gen.errors import BankError
from t1gen.exam import Maker, Plan
from t1gen.mapping.evaluate import Values, evaluate
from t1gen.mapping.ops.fold import Array
from t1gen.mapping.program import Program
from t1gen.mapping.reader import read
from t1gen.mapping.tangent import held
from t1gen.markdown import number
from t1gen.problems.issued import givens_of, mapping_of
from t1gen.sheets import key_sheet
from t1gen.solution import Solver, worked
from t1gen.solution.chain import chain, partial
from t1gen.solution.layout import RULE, WIDE, laid_out, wide
from t1gen.solution.lines import Line

PROBLEMS = written()
SEEDS = 3


@cache
def drawn(name: str, count: int = SEEDS) -> list[tuple[files.Exam, files.Key]]:
    bank = load(name.partition(":")[0])
    maker = Maker(Plan(bank.alone(PROBLEMS[name]), "solved", "solved"))
    return maker.tests([files.Student(f"s{i}", "") for i in range(count)])


def problems(name: str) -> Iterator[files.Problem]:
    for _, key in drawn(name):
        assert key.sheet is not None
        yield from key.sheet.problems


def shown_lines(solver: Solver) -> Iterator[tuple[files.Question, Line]]:
    """Every line with numbers that leads to an answer, local derivatives first."""
    program = solver.plan.program
    for question, result in zip(solver.problem.questions, solver.issued.results[0], strict=True):
        if result and question.kind in ("number", "array", "table"):
            for name in program.ancestors([result]):
                if solver.plan.is_line(name):
                    for line in (*solver.plan.line(name).inner, solver.plan.line(name)):
                        yield question, line


class Checker:
    """Evaluates what a line says, with the names that it uses."""

    def __init__(self, solver: Solver) -> None:
        self.program, self.values, self.called = solver.plan.program, solver.values, solver.plan.called

    def told(self, line: Line, text: str, decimals: int | None) -> Array:
        """The value of a right-hand side, its names exact or rounded."""
        known = {
            self.called(n).plain: n for n in self.values if not n.startswith("_") and self.program[n].op != "const"
        }
        known |= {label.plain: step for step, label in line.labels}
        for k, name in enumerate(sorted(known, key=len, reverse=True)):
            text = re.sub(rf"(?<![\w.]){re.escape(name)}(?![\w'(])", f"given{k}x", text)
        names = {f"given{k}x": known[n] for k, n in enumerate(sorted(known, key=len, reverse=True))}
        used = {g: n for g, n in names.items() if g in text}
        made = read(f"result = {text}", {g: self.program.shape(n) for g, n in used.items()})
        values = {g: self._value(n, decimals) for g, n in used.items()}
        return evaluate(made, values)["result"][..., 0]

    def _value(self, name: str, decimals: int | None) -> Array:
        value = self.values[name]
        digits = 6 if self.program[name].op == "given" else decimals
        return value if decimals is None else np.vectorize(lambda v: float(number(v, digits, "en")))(value)


@pytest.mark.parametrize("name", PROBLEMS)
def test_every_line_says_what_the_tape_computes(name: str) -> None:
    for problem in problems(name):
        solver = Solver("en", problem)
        checker = Checker(solver)
        for question, line in shown_lines(solver):
            if line.rule is None or re.search(r"scatter|argsort", line.rule.plain):
                continue
            decimals = question.decimals if question.decimals is not None else 3
            exact = solver.values[line.step][..., 0]
            right = checker.told(line, line.rule.plain, None)
            assert np.allclose(right, exact, rtol=1e-9, atol=1e-12), f"{problem.id}: {line}"
            if line.fits:
                put = solver.put(decimals).into(line.step, dict(line.labels))
                rounded = checker.told(line, line.rule.plain, decimals)
                numbers = read(f"result = {put.plain}", {})
                assert np.allclose(evaluate(numbers, {})["result"][..., 0], rounded, rtol=1e-9, equal_nan=True)


STATICS = re.compile(
    r"put|broadcast_to|sum_to|reshape|axis|keepdims|where|ones|zeros|transpose|concatenate|einsum|scatter|[\w\])]\["
)


@pytest.mark.parametrize("name", PROBLEMS)
def test_formulas_and_plain_text_have_the_same_numbers(name: str) -> None:
    for problem in problems(name):
        solver = Solver("en", problem)
        for question, line in shown_lines(solver):
            if line.rule is None or not line.fits or STATICS.search(line.rule.plain):
                continue
            put = solver.put(question.decimals if question.decimals is not None else 3).into(
                line.step, dict(line.labels)
            )
            assert numbers_of(put.latex) == numbers_of(put.plain.replace("'", "")), put


def numbers_of(text: str) -> list[str]:
    """All numbers of a text but subscripts, the 1 of a bracket, and the exponent of an inverse."""
    kept = re.sub(r"_\{[^{}]*\}|log_?\d+|\\mathbf\{1\}|(?<=[})])\^\{-1\}", "", text)
    return sorted(re.findall(r"\d+(?:\.\d+)?", kept))


@pytest.mark.parametrize("name", PROBLEMS)
def test_no_part_of_a_line_is_lost_and_the_result_is_the_value(name: str) -> None:
    for problem in problems(name):
        solver = Solver("en", problem)
        for question, line in shown_lines(solver):
            put = solver.put(question.decimals if question.decimals is not None else 3)
            rows = laid_out(line, put)
            whole = " ".join(row.plain.strip() for row in rows)
            assert whole.startswith(f"{line.left.plain} = ")
            result = put.of(line.step)
            assert f" = {result.plain}" in whole
            if line.rule and wide(line.rule.latex) <= RULE:
                assert f" = {line.rule.plain}" in whole
            for row in rows:
                parts = re.sub(r"\\qquad \(.*", "", row.latex).removeprefix(r"\quad = ").split(" = ")
                assert len(parts) <= 2 or wide(row.latex) <= WIDE + 6


# the chain rule


def jacobian(mapping: Program, of: str, wrt: str, values: Values, keep: set[str]) -> Array:
    """The Jacobian of one quantity by another where some quantities are held fixed, m x k."""
    tape = Tape(held(mapping, keep))
    result = reference(tape, Quantity("jacobian", of=of, wrt=wrt))
    givens = {n: values[n] for n in tape.program.givens}
    return evaluate(tape.program, givens)[result][..., 0]


@pytest.mark.parametrize("name", PROBLEMS)
def test_the_factors_of_the_chain_rule_give_the_derivative(name: str) -> None:
    for problem in list(problems(name))[:2]:
        mapping = mapping_of(problem)
        for question in problem.questions:
            if question.ask not in ("gradient", "jacobian") or question.kind == "expression":
                continue
            of, wrt = question.of or "", question.wrt or ""
            found = chain(mapping, of, wrt)
            values = evaluate(mapping, givens_of(problem))
            if any("iterate" in s.op for s in mapping) or found.path[0] == wrt:
                continue
            factors = [jacobian(mapping, a, b, values, direct(mapping, a)) for a, b in
                       zip(found.path, found.path[1:], strict=False)]  # fmt: skip
            if found.path[0] != of:
                factors.insert(0, jacobian(mapping, of, found.path[0], values, set()))
                users = found.users
                inner = held(mapping, [found.path[0]])
                total = sum(
                    jacobian(inner, u, found.path[0], values, direct(inner, u)) if u == of else
                    jacobian(mapping, of, u, values, set()) @ jacobian(
                        mapping, u, found.path[0], values, direct(mapping, u)
                    )
                    for u in users
                )  # fmt: skip
                assert np.allclose(total, factors[0])
            product = factors[0]
            for factor in factors[1:]:
                product = product @ factor
            assert np.allclose(product, jacobian(mapping, of, wrt, values, set()))


def test_a_quantity_used_twice_gets_a_sum() -> None:
    mapping = read("a = x * y\nc = a + x\nL = c * a", {"x": (), "y": ()})
    found = chain(mapping, "L", "y")
    assert found.path == ("a", "y") and found.users == ("c", "L")
    product = found.product()
    assert product is not None and product.plain == "dL_dy = dL_da da_dy"
    total = found.total([Math("s", "share")])
    assert total is not None and total.plain == "dL_da = dL_dc dc_da + share"


def test_a_chain_ends_where_the_derivative_is_known() -> None:
    mapping = read("z = w @ x\nq = y * z\np = sigmoid(q)\nL = -log(p)", {"w": (2,), "x": (2,), "y": ()})
    whole, short = chain(mapping, "L", "w"), chain(mapping, "L", "w", {"z"})
    assert str(whole.product()) == str(Math(
        r"\frac{\partial L}{\partial w} = \frac{\partial L}{\partial p}\,\frac{\partial p}{\partial q}\,"
        r"\frac{\partial q}{\partial z}\,\frac{\partial z}{\partial w}", "dL_dw = dL_dp dp_dq dq_dz dz_dw",
    ))  # fmt: skip
    shapes = whole.shapes()
    assert shapes is not None and shapes.plain == "(1 x 2) = (1 x 1) (1 x 1) (1 x 1) (1 x 2)"
    product = short.product()
    assert product is not None and product.plain == "dL_dw = dL_dz dz_dw"
    assert chain(mapping, "L", "p").product() is None
    assert partial("L", "w").plain == "dL_dw"


# what is written


def plain(parts: list[blocks.Block]) -> list[str]:
    """The lines of a solution as plain text, those that are broken in one piece."""
    out = []
    for part in parts:
        if isinstance(part, Formulas):
            for line in part.lines:
                if line.plain.startswith("    = "):
                    out[-1] += line.plain[3:]
                else:
                    out.append(line.plain)
        elif isinstance(part, Paragraph):
            out.append("".join(r.plain if isinstance(r, Math) else r.text for r in part.text))
    return out


def fixed(name: str, **given: object) -> list[list[str]]:
    """The solutions of a problem whose givens are told."""
    _, key = drawn(name)[0]
    assert key.sheet is not None
    [problem] = key.sheet.problems
    return [plain(parts) for parts in worked("en", replace(problem, given={**problem.given, **given}))]


def test_the_solution_of_a_neuron() -> None:
    z, p, loss, back, gradient, step = fixed("backprop:neuron-step", w=[1, 1], x=[0.5, -1], y=1)
    assert z[1:] == ["z = w @ x = [1, 1] @ [0.5, -1] = -0.5"]
    assert p == ["Known from 1a: z.", "q = y * z = 1 * -0.5 = -0.5", "p = sigmoid(q) = sigmoid(-0.5) = 0.378"]
    assert loss[-1] == "L = -log(p) = -log(0.378) = 0.974"
    assert back[:3] == ["Known from 1b: p.", back[1], "dL_dz = dL_dp dp_dq dq_dz"] and "Chain rule" in back[1]
    assert "dp_dq = sigmoid'(q) = p * (1 - p) = 0.378 * (1 - 0.378) = 0.235" in back
    assert "dL_dq = dL_dp * dp_dq = -2.649 * 0.235 = -0.622" in back
    assert back[-1] == "dL_dz = dL_dq * y = -0.622 * 1 = -0.622"
    assert "dL_dw = dL_dz dz_dw" in gradient and "    (1 x 2) = (1 x 1) (1 x 2)" in gradient
    assert gradient[-1] == "dL_dw = vjp_z(dL_dz, w) = dL_dz * x = -0.622 * [0.5, -1] = [-0.311, 0.622]"
    assert step[0] == "Known from 1e: dL/dw." and step[-1].endswith(" * [-0.311, 0.622] = [1.124, 0.751]")


def test_a_second_step_is_said_to_be_one_where_a_quantity_has_moved() -> None:
    first, update, second = fixed("descent:descent-numpy-loop", X=[[1, 1], [2, -1]], y=[1, -1])
    [again] = [t for t in second if t.startswith("The next step")]
    assert first[1].startswith("Z = concatenate((X") and again not in (*first, *update)
    assert second[second.index(again) + 1].startswith("z_1 = Z @ w_1")


def test_shapes_beside_a_line_are_those_of_its_result() -> None:
    lines = [line for part in fixed("vjp:diag-product") for line in part if "diag(outer(v" in line]
    assert lines and not any("->" in line for line in lines)


def test_an_implicit_gradient_is_worked_with_its_numbers() -> None:
    given = {"X": [[-2, -2], [2, -2]], "y": [2, 4], "lam": 3, "a": [-1, -2], "b": -2}
    *_, by_y, by_lam = fixed("custom_backward:custom-argmin-ridge", **given)
    assert by_y[2:] == [
        "H = [[22, 0], [0, 22]]",
        "g = inv(H).T @ -dL_dw = inv([[22, 0], [0, 22]]).T @ -[-7.636, -15.273] = [0.347, 0.694]",
        "dL_dy = -(X @ g * 2) = -([[-2, -2], [2, -2]] @ [0.347, 0.694] * 2) = [4.165, 1.388]",
    ]
    assert by_lam[1:] == ["dL_dlam = sum(g * (2 * w)) = sum([0.347, 0.694] * (2 * [0.364, -1.091])) = -1.262"]
    *_, by_w = fixed("custom_backward:custom-fixed-point", w=-0.48, x=-0.4, t=-2)
    assert by_w[-1].startswith("dL_dw = dL_du * (1 / h) * (1 - tanh(w * u + x)**2) * u = 3.468 * (1 / 1.446)")


@pytest.mark.parametrize("name", PROBLEMS)
def test_no_sentence_and_no_line_is_repeated(name: str) -> None:
    for problem in problems(name):
        solver = Solver("en", problem)
        results = solver.issued.results[0]
        told = [plain(solver.question(q, r)) for q, r in zip(problem.questions, results, strict=True)]
        counted = ("shape", "entries", "parameters", "passes", "multiplications", "cheaper", "decision")
        lines = [line for q, part in zip(problem.questions, told, strict=True) if q.ask not in counted for line in part]
        left = [line for line in lines if " = " in line and not line.startswith(" ") and re.search(r"\d", line)]
        assert len(left) == len(set(left)), [line for line in left if left.count(line) > 1]


@pytest.mark.parametrize("name", PROBLEMS)
def test_every_answer_has_a_solution(name: str) -> None:
    """Of choices the bank's own words are the reason."""
    for _, key in drawn(name):
        assert key.sheet is not None
        for problem in key.sheet.problems:
            for question, parts in zip(problem.questions, worked("en", problem), strict=True):
                if question.kind != "choice":
                    assert parts, question.id
                elif not parts:
                    assert isinstance(key.answers[question.id].because, str), question.id


BANK = """
id: own
title: Own
minutes: 5
problems:
  - id: one
    title: One
    competence: vjp
    points: 2
    minutes: 5
    few: given
    given: {given}
    mapping: {mapping}
    ask: {asks}
"""


def key_of(folder: Path, given: dict[str, Any], mapping: str, *asks: Any) -> str:
    """The mathematics of a key, of a problem with these givens."""
    path = folder / f"own{len(list(folder.iterdir()))}.yaml"
    told = {name: {"value": value} for name, value in given.items()}
    path.write_text(BANK.format(given=json.dumps(told), mapping=json.dumps(mapping), asks=json.dumps(asks)))
    [(_, key)] = Maker(Plan(load(str(path)), "own", "own")).tests([files.Student("a", "")])
    return render(key_sheet(key), "md")


def test_a_jacobian_is_no_sum_with_a_row(tmp_path: Path) -> None:
    """The output uses x itself, and only its rows come back."""
    key = key_of(tmp_path, {"W": [[1, 2], [3, -1]], "x": [1, 2]}, "h = tanh(W @ x); y = x + h", "jacobian of y wrt x")
    assert r"\frac{\partial y}{\partial x} =" not in key
    assert r"v_{x}^{(e_{1})} = v_{x}^{(e_{1},1)} + v_{x}^{(e_{1},2)}" in key


def test_the_chain_rule_has_the_lines_that_send_something_back(tmp_path: Path) -> None:
    mapping = "s = stop_gradient(x); m = x > 0; L = sum(s * x * y) + sum(m * y ** 2)"
    key = key_of(tmp_path, {"x": [1, 2], "y": [3, -1]}, mapping, "dL/dx")
    assert r"\partial L}{\partial s}" not in key and r"\partial L}{\partial m}" not in key


def test_rows_and_paths_are_told_apart(tmp_path: Path) -> None:
    vjp = {"vjp": {"of": "y", "wrt": "x", "with": [1, 2]}}
    key = key_of(tmp_path, {"x": [1, 2]}, "y = x[0] * x", "jacobian of y wrt x", vjp)
    assert r"v_{x}^{(e_{1})}" in key and r"v_{x}^{(1)}" in key and "Positions are counted from 0." in key


@pytest.mark.parametrize(("mapping", "counts"), [
    ("y = x[::2]", True), ("y = x[[1, 0]]", True), ("y = x[:, None]", False),
])  # fmt: skip
def test_where_positions_are_printed_a_sheet_says_how_they_count(tmp_path: Path, mapping: str, counts: bool) -> None:
    assert ("Positions are counted from 0." in key_of(tmp_path, {"x": [1, 2]}, mapping, "y")) == counts


def test_paths_to_a_quantity_are_no_entries_of_it(tmp_path: Path) -> None:
    key = key_of(tmp_path, {"x": [1, 2], "A": [[1, 2], [3, 4]]}, "f = x @ A @ x / 2 - sum(x)", "hessian of f wrt x")
    assert "x_{1}" not in key and "x_{2}" not in key and r"\frac{\partial f}{\partial x}^{(" in key


def test_the_rule_of_a_variable_exponent(tmp_path: Path) -> None:
    key = key_of(tmp_path, {"x": 3}, "y = 2 ** x", "dy/dx")
    assert r"$a^x \log a$" in key and "$n - 1$" not in key


def test_names_after_a_step_look_like_no_other(tmp_path: Path) -> None:
    given = {"w": 2, "w1": -1, "x": 3}
    key = key_of(tmp_path, given, "L = (w * x + w1) ** 2", {"step": {"of": "L", "wrt": ["w", "w1"], "rate": 0.1}})
    assert r"w_{1,2} = w - 0.1" in key and r"w_{1,1} = w_{1} - 0.1" in key


def test_sizes_belong_to_the_product_that_is_written(tmp_path: Path) -> None:
    given = {"x": [1, 2], "W": [[1, 2, 3], [4, 5, 6]], "b": [1, 2, 3]}
    key = key_of(tmp_path, given, "h = x @ W + b", "h")
    assert r"W^{\top}\,x + b" in key and r"(3 \times 2)\,(2 \times 1) \to (3 \times 1)" in key
    key = key_of(tmp_path, given, "h = x @ W", "h")
    assert r"x^{\top}\,W" in key and r"(1 \times 2)\,(2 \times 3) \to (1 \times 3)" in key


def test_a_norm_of_numbers_keeps_its_axis(tmp_path: Path) -> None:
    key = key_of(tmp_path, {"X": [[3, 4], [6, 8]]}, "q = norm(X, axis=1)", "q")
    assert key.count(r"\operatorname{norm}_{\mathrm{axis}\,1}") >= 2


@pytest.mark.parametrize(("given", "mapping", "message"), [
    ({"x": -2}, "y = x ** (1/3)", "one: forward of y is no finite number for the values given"),
    ({"x1": 2, "x_1": 3}, "y = x1 * x_1", "one: the names 'x1' and 'x_1' look alike where they are printed"),
])  # fmt: skip
def test_what_no_key_can_say(tmp_path: Path, given: dict[str, Any], mapping: str, message: str) -> None:
    with pytest.raises(BankError) as error:
        key_of(tmp_path, given, mapping, "y")
    assert message in str(error.value)
