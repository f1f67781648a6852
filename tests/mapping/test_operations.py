"""Every operation of the table: rules, forwards, shapes and notation. A new entry is tested with no new test."""

import ast
import re
from dataclasses import replace
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import typst
from hypothesis import given
from hypothesis import strategies as st
from mapping_cases import (
    AXES,
    CASES,
    Step,
    cases_of,
    central,
    few,
    of_the_operation,
    plain_cases,
    pool,
    rules_context,
    seeds,
    sweep_error,
    swept,
    weights_for,
)

from t1gen.documents.formats import typst_math
from t1gen.errors import LanguageError, ProofError
from t1gen.mapping import notation, proof
from t1gen.mapping.evaluate import INEXACT, evaluate, evaluate_in, exact
from t1gen.mapping.ops import OPS
from t1gen.mapping.ops.definitions import DEFINITIONS
from t1gen.mapping.ops.record import broadcast
from t1gen.mapping.program import Program
from t1gen.mapping.reader import RESERVED, Writer, extend, read
from t1gen.mapping.sweep import backward
from t1gen.mapping.syntax import parse

each_case = pytest.mark.parametrize("case", CASES, ids=str)
each_smooth_case = pytest.mark.parametrize("case", [c for c in CASES if not c.declared], ids=str)
each_twice_smooth_case = pytest.mark.parametrize("case", [c for c in CASES if not (c.declared or c.implicit)], ids=str)
each_written_case = pytest.mark.parametrize("case", [c for c in CASES if not c.implicit], ids=str)
each_op = pytest.mark.parametrize("op", OPS.values(), ids=lambda op: op.name)


def names_of(case):
    return [name for name, _ in case.shapes]


# rules


@each_case
def test_sympy_accepts_every_rule(case):
    for equal in range(len(OPS[case.op].equal) + 1):
        proof.disprove(case.program, "y", names_of(case), equal=equal)


@each_smooth_case
@few
@given(seed=seeds)
def test_the_sweep_is_the_slope_of_the_forward(case, seed):
    givens = case.smooth_values(seed)
    weights = weights_for(case.program.shape("y"), seed)
    for equal in range(len(OPS[case.op].equal) + 1):
        assert sweep_error(case.program, "y", givens, weights, equal) < 1e-6


@each_twice_smooth_case
def test_a_sweep_of_a_sweep_is_the_slope_of_the_sweep(case):
    tape, sweep = swept(case.program, "y")
    reached = [n for n in names_of(case) if n in sweep.adjoints]
    terms = []
    for name in reached:
        tape.add(Step(f"w_{name}", "given", shape=tape.shape(name), role="given"))
        terms.append(f"sum(w_{name} * {sweep.adjoints[name]})")
    if not terms:
        return
    extend(tape, f"s = {' + '.join(terms)}")
    first = tape.copy()
    second = backward(tape, "s", Writer(tape).const(Fraction(1)), prefix="s2_")
    more = {n: weights_for(s, 3)[..., None] for n, s in first.givens.items() if n == "v" or n.startswith("w_")}
    givens = case.smooth_values(5) | more
    values = evaluate(tape, givens)
    for name in first.givens:
        wanted = central(first, "s", name, givens, 1.0)
        ours = values[second.adjoints[name]][..., 0] if name in second.adjoints else 0.0
        assert np.allclose(ours, wanted, rtol=1e-5, atol=1e-6), name


@each_op
def test_rules_use_known_names_only(op):
    for case in cases_of(op):
        program = case.program
        for step in of_the_operation(program, op.name)[:1]:
            _, statics = rules_context(program, step)
            letters = set(AXES[: len(step.args)])
            known = letters | {"y", "s_", "pi"} | set(statics) | set(op.statics) | RESERVED | set(DEFINITIONS)
            if op.vjp:
                for text in op.rules(tuple(len(program.shape(a)) for a in step.args)):
                    assert names_in(text) <= known | {"v"}
            for text in (*(op.local or ()), *(t for texts in op.equal for t in texts), *op.kinks, *op.guards):
                assert names_in(text) <= known
            if isinstance(op.definition, str):
                assert names_in(op.definition) <= known - {"y"}


def names_in(text):
    return {n.id for n in ast.walk(ast.parse(text or "0", mode="eval")) if isinstance(n, ast.Name)}


@each_op
def test_there_is_one_rule_a_parent(op):
    for texts in (op.local, *op.equal):
        assert texts is None or len(texts) == op.arity
    for ranks in rank_classes(op):
        assert len(op.rules(ranks)) == len(ranks)
    assert len(op.domain) in (0, op.arity)


def rank_classes(op):
    """The ranks of the parents in the operation's cases, where its rules go by them."""
    return dict.fromkeys(ranks for case in cases_of(op) for ranks in ranks_in(case)) if op.vjp else {}


def ranks_in(case):
    program = case.program
    return [tuple(len(program.shape(a)) for a in step.args) for step in of_the_operation(program, case.op)]


# forwards


@each_case
@few
@given(seed=seeds)
def test_the_forward_is_its_definition_in_many_digits(case, seed):
    givens = case.values(seed)
    program = case.program
    ours = evaluate(program, givens)["y"]
    with mpmath.workdps(40):
        there = {n: np.frompyfunc(mpmath.mpf, 1, 1)(a) for n, a in givens.items()}
        wanted = evaluate_in(proof._mpmath(), program, there)["y"]
    assert ours.shape == wanted.shape == (*program.shape("y"), 1)
    assert np.allclose(ours, wanted.astype(float), rtol=1e-12, atol=1e-12)


def numpys(case):
    """NumPy's function of the operation's name, where the case calls that alone."""
    place = getattr(np.linalg, case.op, None) or getattr(np, case.op, None)
    return place if set(re.findall(r"[a-z_]\w*", case.call)) <= {case.op, "axis", "keepdims"} else None


@pytest.mark.parametrize("case", [c for c in CASES if numpys(c)], ids=str)
def test_the_forward_is_numpys_where_numpy_has_it(case):
    place = numpys(case)
    givens = case.values(3)
    call = re.sub(rf"\b{case.op}\b", "place", case.call)
    scope = {"place": place, "True": True, **{n: a[..., 0] for n, a in givens.items()}}
    wanted = eval(call, {"__builtins__": {}}, scope)  # noqa: S307 - the table's own examples
    assert np.allclose(evaluate(case.program, givens)["y"][..., 0], wanted, rtol=1e-12)


@pytest.mark.parametrize("case", [c for c in CASES if not c.uses(lambda op: not op.exact)], ids=str)
def test_rationals_give_what_floats_give(case):
    program = case.program
    stream = np.random.default_rng(11)
    integers = {n: stream.integers(*whole(case.domain(n)), (*s, 5)) for n, s in case.shapes}
    rational = np.frompyfunc(lambda k: Fraction(int(k)), 1, 1)
    found = exact(program, {n: rational(a) for n, a in integers.items()})["y"]
    assert found.shape == (*program.shape("y"), 5)
    assert all(isinstance(v, (int, Fraction)) and v is not INEXACT for v in found.ravel())
    ours = evaluate(program, {n: a.astype(float) for n, a in integers.items()})["y"]
    assert np.allclose(ours, found.astype(float), rtol=1e-12, atol=0)


def whole(domain):
    return (1, 4) if domain[0] > 0 else (-3, 4)


@each_case
def test_bits_do_not_depend_on_the_batch(case):
    tape, _ = swept(case.program, "y")
    v = np.random.default_rng(2).uniform(-2, 2, (*tape.shape("y"), 200))
    givens = case.values(1, batch=200) | {"v": v}
    together = evaluate(tape, givens)
    strided = evaluate(tape, {n: np.repeat(a, 2, axis=-1)[..., ::2] for n, a in givens.items()})
    columns = evaluate(tape, {n: np.asfortranarray(a) for n, a in givens.items()})
    for step in tape:
        wide = np.broadcast_to(together[step.name], (*step.shape, 200))
        assert same_bits(strided[step.name], together[step.name])
        assert same_bits(columns[step.name], together[step.name])
        for i in (0, 1, 57, 199):
            alone = evaluate(tape, {n: a[..., i : i + 1] for n, a in givens.items()})
            assert same_bits(alone[step.name], wide[..., i : i + 1])


def same_bits(a, b):
    return np.ascontiguousarray(a).tobytes() == np.ascontiguousarray(b).tobytes()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("mean(x > 0)", Fraction(2, 3)),
        ("mean(put(x[0], s_[1], (3,)))", Fraction(1, 3)),
        ("(1 + step(x[0])) ** -1", Fraction(1, 2)),
        ("norm(x)", Fraction(3)),
        ("sqrt(x[1] * 2)", Fraction(2)),
        ("sum(x) / 3", Fraction(1, 3)),
        ("norm(x[2])", Fraction(2)),
    ],
)
def test_whole_numbers_stay_rationals(text, wanted):
    x = np.array([[1], [2], [-2]], dtype=object)
    [found] = exact(read(f"y = {text}", {"x": (3,)}), {"x": np.frompyfunc(Fraction, 1, 1)(x)})["y"]
    assert found == wanted and isinstance(found, Fraction)


@pytest.mark.parametrize("text", ["exp(x)", "sqrt(x)", "x ** 0.5", "pi * x", "1 / (x - 3)", "sigmoid(x) + x"])
def test_what_is_no_rational_is_inexact(text):
    assert exact(read(f"y = {text}", {"x": ()}), {"x": np.array([Fraction(3)], dtype=object)})["y"][0] is INEXACT


# shapes


@each_op
def test_shapes_are_inferred_as_the_forward_gives_them_or_refused(op):
    for case in cases_of(op)[:4]:
        for shapes in pool(len(case.shapes)):
            named = dict(zip(names_of(case), shapes, strict=True))
            try:
                program = read(f"y = {case.call}", named, lambdas=True)
            except LanguageError as error:
                assert re.search(r"\([\d, ]*\)|scalar", str(error)), error
                continue
            values = evaluate(program, {n: np.full((*s, 2), 0.5) for n, s in named.items()})
            assert values["y"].shape == (*program.shape("y"), 2)


@few
@given(shapes=st.lists(st.lists(st.sampled_from([1, 2, 3]), max_size=3).map(tuple), min_size=1, max_size=3))
def test_shapes_broadcast_as_numpys(shapes):
    try:
        wanted = np.broadcast_shapes(*shapes)
    except ValueError:
        with pytest.raises(LanguageError) as caught:
            broadcast(*shapes)
        assert all(str(s) in str(caught.value) for s in shapes)
    else:
        assert broadcast(*shapes) == wanted


@pytest.mark.parametrize("op", [o for o in OPS.values() if o.arity > 1 and not o.examples], ids=lambda op: op.name)
def test_an_elementwise_operation_refuses_shapes_that_do_not_fit(op):
    with pytest.raises(LanguageError, match=r"\(2,\).*\(3,\)"):
        op.infer(*[(2,), (3,), ()][: op.arity])


# notation


@each_written_case
def test_text_reads_back_to_the_same_program(case):
    program = case.program
    again = read(f"y = {notation.text(program, 'y')}", dict(case.shapes))
    assert again.structure() == program.structure()
    assert notation.line(again, "y") == notation.line(program, "y")


@each_written_case
def test_a_tape_reads_back_line_by_line(case):
    tape, _ = swept(case.program, "y")
    again = Program({s.name: s for s in tape if s.op in ("given", "const")})
    for step in tape:
        if step.op not in ("given", "const"):
            name, _, right = notation.elementary(step, tape).partition(" = ")
            Writer(again, right).assign(name, parse(right, "eval").body)
            assert (again[name].op, again[name].shape) == (step.op, step.shape)


def formulas():
    for case in CASES:
        tape, _ = swept(case.program, "y")
        yield from (notation.latex(tape, step.name) for step in tape if step.op not in ("given", "const"))


def test_formulas_have_balanced_braces_and_brackets():
    for latex in formulas():
        assert braces(latex) == 0, latex
        assert latex.count(r"\left") == latex.count(r"\right"), latex


def braces(latex):
    depth = 0
    for char in re.sub(r"\\[{}]", "", latex):
        depth += (char == "{") - (char == "}")
        assert depth >= 0, latex
    return depth


def test_formulas_compile_in_typst():
    shown = dict.fromkeys(formulas())
    source = "\n\n".join(f"$ {typst_math(latex)} $" for latex in shown)
    assert typst.compile(source.encode(), format="pdf").startswith(b"%PDF")


# the checker itself


def breakable():
    """Every rule of every operation: (operation, where it stands, parent, a case that uses it)."""
    for op in OPS.values():
        if op.surrogate or op.frozen:
            continue
        for parent, text in enumerate(op.local or ()):
            yield op.name, "local", parent, text
        for number, texts in enumerate(op.equal):
            for parent, text in enumerate(texts):
                yield op.name, number, parent, text
        for where in ["vjp"] if isinstance(op.vjp, tuple) else rank_classes(op):
            for parent, text in enumerate(op.vjp if where == "vjp" else op.rules(where)):
                if text is not None or not op.selects:
                    yield op.name, where, parent, text


def broken(op, where, parent, text):
    """The operation with one rule replaced."""

    def put(texts):
        return tuple(text if i == parent else t for i, t in enumerate(texts))

    if where == "local":
        return replace(op, local=put(op.local))
    if where == "vjp":
        return replace(op, vjp=put(op.vjp))
    if isinstance(where, int):
        return replace(op, equal=tuple(put(t) if i == where else t for i, t in enumerate(op.equal)))
    return replace(op, vjp={ranks: op.rules(ranks) for ranks in rank_classes(op)} | {where: put(op.rules(where))})


def wrong_texts(op, text):
    """Rules that differ from this one at any values."""
    if text is None:
        return ("1",) if op.local else ("v",)
    return (f"({text}) + 1",) if text == "0" else (f"({text}) * 2", f"-({text})", f"({text}) + 1")


def fitting(op, where, text):
    """Cases that reach this rule."""
    if text is None:
        return plain_cases(op)
    ranks = where if isinstance(where, tuple) else None
    cases = [c for c in cases_of(op) if ranks is None or ranks in ranks_in(c)]
    return sorted(cases, key=lambda case: case.smooth_values(4)[case.shapes[0][0]].size)


@pytest.mark.parametrize(("name", "where", "parent", "text"), list(breakable()))
def test_a_wrong_rule_is_caught(name, where, parent, text, monkeypatch):
    op = OPS[name]
    equal = where + 1 if isinstance(where, int) else 0
    cases = fitting(op, where, text)
    for wrong in wrong_texts(op, text):
        monkeypatch.setitem(OPS, name, broken(op, where, parent, wrong))
        assert any(sympy_refuses(case, equal) for case in cases)
        assert any(slopes_refuse(case, equal) for case in cases)


def sympy_refuses(case, equal):
    try:
        proof.disprove(case.program, "y", names_of(case), equal=equal)
    except ProofError as error:
        return "sympy gives" in str(error)
    return False


def slopes_refuse(case, equal):
    return sweep_error(case.program, "y", case.smooth_values(4), weights_for(case.program.shape("y")), equal) > 1e-3
