"""Which instances are refused, each reason triggered by a problem made for it; and what the builder builds."""

import ast
from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from t1gen.audit import check
from t1gen.banks import Bank, Given, Problem, load
from t1gen.errors import BankError
from t1gen.exam import Maker, Plan
from t1gen.files import Student
from t1gen.problems.draws import Stream, key
from t1gen.problems.expression_graph import build
from t1gen.problems.instance import Source, rationals
from t1gen.problems.judge import Judge, describe


def problem(mapping: str, ask: list[dict[str, Any]], **given: Any) -> Problem:
    """A problem of one given per keyword: a draw as text, (shape, draw), or a number for a fixed value."""
    require = given.pop("require", ())
    givens = {n: _given(g) for n, g in given.items()}
    return Problem(
        id="made",
        title="Made",
        competence="vjp",
        points=4,
        minutes=5,
        given=givens,
        require=tuple(require),
        mapping=mapping,
        ask=tuple(ask),
    )


def _given(told: Any) -> Given:
    if isinstance(told, str):
        return Given(draw=told)
    return Given(shape=told[0], draw=told[1]) if isinstance(told, tuple) else Given(value=told)


def reasons(source: Problem, **values: Any) -> str:
    """Why an instance with these values is refused; empty where it is fair."""
    structure, judge = Source(source).structure()
    shapes = structure.mapping.givens
    exact = {n: _tuples(v) for n, v in values.items()}
    floats = {n: a.astype(float) for n, a in rationals([exact], shapes).items()}
    assert isinstance(judge, Judge)
    return judge.reasons(floats)[0]


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else Fraction(str(value))


def test_a_kink_is_refused() -> None:
    made = problem(
        "h = relu(z - a)\nL = h * a + z",
        [{"forward": "L"}, {"gradient": "z"}],
        z="grid(-3, 3, 0.5)",
        a="nonzero(-3, 3)",
    )
    assert reasons(made, z=2, a=2) == "relu near its kink"
    assert reasons(made, z=2.5, a=-2) == ""
    assert reasons(made, z=2.5, a=2) == "hides relu-mask-on-gradient", "what comes back is positive, as is z - a"


def test_a_tie_is_refused() -> None:
    made = problem(
        "m = max(x)\nL = m * a", [{"forward": "L"}, {"gradient": "x"}], x=((3,), "nonzero(-3, 3)"), a="integers(2, 5)"
    )
    assert "max near its kink" in reasons(made, x=[1, 3, 3], a=2)
    assert reasons(made, x=[1, 2, 3], a=2) == ""


def test_a_logarithm_near_its_singularity_is_refused() -> None:
    made = problem("L = log(x) * a", [{"forward": "L"}], x="choice(0.01, 1.5, 2)", a="integers(2, 5)")
    assert reasons(made, x="0.01", a=2) == "log near its singularity"
    assert reasons(made, x=2, a=2) == ""


def test_a_division_by_nearly_nothing_is_refused() -> None:
    made = problem(
        "d = x - y\nq = a / d", [{"forward": "q"}], x="integers(-3, 3)", y="integers(-3, 3)", a="integers(2, 5)"
    )
    assert reasons(made, x=2, y=2, a=3) in ("div near its singularity", "an answer is not finite")
    assert reasons(made, x="2.001", y=2, a=3) == "div near its singularity"
    assert reasons(made, x=3, y=1, a=3) == ""


def test_a_tolerance_that_is_too_wide_is_refused() -> None:
    made = problem("p = sigmoid(x)\nq = 100 * p\nL = q - 50", [{"forward": "L"}], x="grid(-3, 3, 0.01)")
    assert reasons(made, x="0.01") == "a tolerance would be too wide"
    assert reasons(made, x=2) == ""


def test_a_zero_answer_is_refused() -> None:
    made = problem("y = x * u + u", [{"forward": "y"}], x="integers(-3, 3)", u="nonzero(-3, 3)")
    assert reasons(made, x=-1, u=2) == "an answer is zero or copied"
    assert reasons(made, x=2, u=2) == ""


def test_a_copied_answer_is_refused() -> None:
    made = problem("y = x * u", [{"forward": "y"}], x=((2,), "nonzero(-3, 3)"), u=((2,), "nonzero(-3, 3)"))
    assert reasons(made, x=[1, 1], u=[2, 3]) == "an answer is zero or copied"
    assert reasons(made, x=[1, 2], u=[2, 3]) == ""


def test_a_zero_that_the_structure_forces_is_no_reason() -> None:
    made = problem("y = x - x + u * 0\nz = x * u", [{"forward": ["y", "z"]}], x="integers(2, 5)", u="integers(2, 5)")
    assert reasons(made, x=2, u=3) == ""


def test_an_answer_that_is_not_finite_is_refused() -> None:
    made = problem("y = sqrt(x) * u", [{"forward": "y"}], x="integers(-3, 3)", u="integers(2, 5)")
    assert reasons(made, x=-1, u=3) == "an answer is not finite"


def test_a_requirement_is_named() -> None:
    made = problem(
        "z = w @ x",
        [{"forward": "z"}],
        w=((2,), "nonzero(-3, 3)"),
        x=((2,), "nonzero(-3, 3)"),
        require=["abs(w @ x) <= 3"],
    )
    assert reasons(made, w=[3, 3], x=[3, 3]) == "require: abs(w @ x) <= 3"


HIDDEN: list[tuple[str, Problem, dict[str, Any], dict[str, Any]]] = [
    # the mistake, a problem, an instance that hides it, one that shows it
    (
        "upstream-forgotten",
        problem("s = x * x\nL = a * s", [{"gradient": "x"}], x="integers(2, 5)", a="integers(1, 4)"),
        {"x": 2, "a": 1},
        {"x": 2, "a": 3},
    ),
    (
        "local-forgotten",
        problem(
            "s = x * x\nL = a * s + b",
            [{"gradient": "x"}],
            x="grid(0.5, 3, 0.5)",
            a="integers(1, 4)",
            b="integers(2, 5)",
        ),
        {"x": 1, "a": 3, "b": 2},
        {"x": 2, "a": 3, "b": 2},
    ),
    (
        "fan-out-overwritten",
        problem(
            "s = a * x\nr = x * b\nL = s * r",
            [{"gradient": "x"}],
            x="integers(2, 5)",
            a="integers(0, 3)",
            b="integers(2, 3)",
        ),
        {"x": 2, "a": 0, "b": 2},
        {"x": 2, "a": 3, "b": 2},
    ),
    (
        "sign-lost",
        problem(
            "d = a - b * c\nL = exp(d) * a",
            [{"forward": "L"}],
            a="integers(1, 2)",
            b="integers(0, 2)",
            c="integers(1, 2)",
        ),
        {"a": 1, "b": 0, "c": 2},
        {"a": 1, "b": 1, "c": 2},
    ),
    (
        "ascent",
        problem(
            "L = (w - t) ** 2",
            [{"step": {"wrt": "w", "rate": "alpha"}}],
            w="integers(-3, 3)",
            t="integers(-3, 3)",
            alpha="choice(0.1, 0.5)",
        ),
        {"w": 2, "t": 2, "alpha": "0.1"},
        {"w": 2, "t": -1, "alpha": "0.1"},
    ),
    (
        "rate-forgotten",
        problem(
            "L = (w - t) ** 2",
            [{"step": {"wrt": "w", "rate": "alpha"}}],
            w="integers(-3, 3)",
            t="integers(-3, 3)",
            alpha="choice(0.1, 0.2, 1)",
        ),
        {"w": 2, "t": -1, "alpha": 1},
        {"w": 2, "t": -1, "alpha": "0.2"},
    ),
]


@pytest.mark.parametrize(("mistake", "made", "hides", "shows"), HIDDEN, ids=[row[0] for row in HIDDEN])
def test_an_instance_that_hides_a_mistake_is_refused(
    mistake: str, made: Problem, hides: dict[str, Any], shows: dict[str, Any]
) -> None:
    assert reasons(made, **hides) != ""
    structure, judge = Source(made).structure()
    assert mistake in {p.rule for p in judge.places}
    assert mistake in hidden(judge, hides) and mistake not in hidden(judge, shows)


def hidden(judge: Judge, values: dict[str, Any]) -> set[str]:
    exact = {n: _tuples(v) for n, v in values.items()}
    floats = {n: a.astype(float) for n, a in rationals([exact], judge.structure.mapping.givens).items()}
    from t1gen.mapping.evaluate import evaluate

    found = evaluate(judge.program, floats)
    return {p.rule for p, mask in judge.hides(floats, found, judge.tolerance(floats)) if mask[0]}


def test_a_mistake_is_let_pass_where_an_input_would_have_one_value_left() -> None:
    made = problem("q = y * z\nL = exp(q)", [{"gradient": "z"}], y="choice(-1, 1)", z="choice(0.5, 1.5)")
    source = Source(made)
    drawn = source.draw([key("s", str(i)) for i in range(60)])
    assert {i.givens["y"] for i in drawn} == {-1, 1}
    [(_, judge)] = source.derived.values()
    assert any("is let pass where y = 1" in note for note in describe(judge))


CLASSIC = str(Path(__file__).parents[1] / "classic.yaml")


def test_a_test_keeps_both_labels() -> None:
    """Rejections never leave an input one value."""
    maker = Maker(Plan(load(CLASSIC), "labels", "e"))
    tests = maker.tests([Student(f"s{i}", "") for i in range(60)])
    for number, name in ((2, "y"), (7, "y"), (9, "t")):
        assert {e.problems[number - 1].given[name] for e, _ in tests} == {-1, 1}


def test_it_gives_up_and_names_the_worst_constraint() -> None:
    made = problem("y = x * u", [{"forward": "y"}], x="integers(1, 3)", u="integers(2, 3)", require=["x > 5"])
    with pytest.raises(BankError, match=r"made: no fair instance in 10000 draws; .* 'require: x > 5'"):
        Source(made).draw([b"k"])


def test_a_problem_of_fixed_values_is_never_redrawn_and_check_tells_what_it_hides() -> None:
    made = problem("L = (w - t) ** 2", [{"forward": "L"}, {"gradient": "w"}], w=2, t=2)
    drawn = Source(made).draw([b"a", b"b"])
    assert [d.givens for d in drawn] == [{"w": 2, "t": 2}] * 2
    [finding] = check(Bank(id="x", title="X", minutes=9, problems=(made,)), 3, "1")
    assert finding.notes, "nothing is told of what this instance hides"


def test_draws_of_another_problem_move_nothing() -> None:
    bank = load(CLASSIC)
    fewer = Bank(id=bank.id, title=bank.title, minutes=60, problems=bank.problems[3:])
    one, other = (Maker(Plan(b, "s", "e")).tests([Student("ada", "")])[0][0] for b in (bank, fewer))
    assert [p.given for p in one.problems[3:]] == [p.given for p in other.problems]


# the builder of random expressions

OPTIONS = {"inputs": 3, "steps": 5, "fan_out": 1, "operations": ["+", "-", "*", "sigmoid", "exp", "tanh"]}


@pytest.mark.parametrize(
    "options",
    [
        OPTIONS,
        {},
        {"inputs": 2, "steps": 6, "fan_out": 2},
        {"inputs": 1, "steps": 3, "fan_out": 1},
        {"inputs": 4, "steps": 6, "fan_out": 0},
    ],
)
def test_a_built_expression_uses_all_and_fans_out_as_told(options: dict[str, Any]) -> None:
    told = {"inputs": 3, "steps": 5, "fan_out": 1} | options
    for i in range(40):
        built = build(options, Stream(key("builder", str(i))))
        draws, mapping = built.given, built.mapping
        lines = ast.parse(mapping).body
        uses = Counter(
            n.id for n in ast.walk(ast.parse(mapping)) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)
        )
        names = [line.targets[0].id for line in lines]  # type: ignore[attr-defined]
        assert len(lines) == told["steps"] and len(draws) == told["inputs"]
        assert all(uses[n] == 1 for n in draws), "every given is used once"
        assert [n for n in names if not uses[n]] == [names[-1]], "only the last line is an output"
        assert sum(uses[n] == 2 for n in names) == told["fan_out"]


def test_built_expressions_differ() -> None:
    mappings = {build(OPTIONS, Stream(key("builder", str(i)))).mapping for i in range(200)}
    assert len(mappings) > 150


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"input": 3}, "did you mean 'inputs'"),
        ({"operations": ["+", "tahn"]}, "operation 'tahn' is unknown"),
        ({"inputs": 9}, "1 to 6 inputs"),
        ({"inputs": 0}, "1 to 6 inputs"),
        ({"steps": 99}, ""),
        ({"fan_out": -1}, ""),
        ({"inputs": "three"}, ""),
        ({"inputs": None}, ""),
        ({"operations": "all"}, ""),
        ({"operations": []}, ""),
        ({"operations": ["exp"], "inputs": 3}, ""),
        ({"operations": None}, ""),
        ({"operations": [["+"]]}, ""),
        ({"steps": 5.5}, ""),
    ],
)
def test_a_builder_told_nonsense_says_so(options: dict[str, Any], says: str) -> None:
    with pytest.raises(BankError, match=says):
        build({**OPTIONS, **options}, Stream(b"x"))
