"""What an attacker would hand in for points that are not earned."""

from functools import cache
from typing import Any

import pytest

from t1gen.answers import KINDS, Unreadable
from t1gen.banks import Bank, Given, Problem, load
from t1gen.exam import Maker, Plan
from t1gen.files import Key, KeyAnswer, Mark, Option, Question, QuestionReport, Report, Student, Submission
from t1gen.mapping.reader import read as read_program
from t1gen.marking.mark import mark

ADA = Student("ada", "Ada L.")


@cache
def key() -> Key:
    [(_, made)] = Maker(Plan(load("t1"), "hostile", "t1-hostile")).tests([ADA])
    return made


def right() -> dict[str, Any]:
    return {name: answer.value for name, answer in key().answers.items()}


def marked(answers: dict[str, Any], **marks: Mark) -> Report:
    return mark(Submission(answers=answers, marks={n.removeprefix("_"): m for n, m in marks.items()}), key())[0]


def questions(kind: str) -> list[Question]:
    assert key().sheet is not None
    return [q for p in key().sheet.problems for q in p.questions if q.kind == kind]


# numbers and arrays: one answer, not a choice of several

HEDGES = [
    "{} or 7",
    "{} 7",
    "7; {}",
    "{}, 7",
    "[{}, 7]",
    "[[{}], [7]]",
    "{} ± 99",
    "{} +- 99",
    "{}..99",
    "-99 < {} < 99",
    "{} | 7",
    "{} (or 7)",
    "{}\n7",
    "7\n{}",
    "{} = 7",
    "7 = {}",
    "{{{}, 7}}",
    "{} and 7",
    "{} & 7",
    "{}\u20287",
    "({}, 7)",
    "where(1 > 0, {}, 7)",
    "[7, {}][1]",
    "{} if 1 else 7",
    "{}%",
    "{} i",
    "{}x",
    "{}?",
    "{}!",
    "lambda: {}",
    "(x := {})",
]


@pytest.mark.parametrize("hedge", HEDGES)
def test_a_number_among_others_is_no_answer(hedge: str) -> None:
    for q in questions("number"):
        found = marked({q.id: hedge.format(key().answers[q.id].value)}).questions[q.id]
        assert (found.points, found.verdict in ("wrong", "unreadable")) == (0, True), (q.id, found)


@pytest.mark.parametrize(
    "hedge", ["[{}, {}]", "[{}, 7]", "{}; {}", "{} or 7", "{}\n\n[7]", "{} ± 1", "7 * {}", "{{{}: 1}}"]
)
def test_an_array_among_others_is_no_answer(hedge: str) -> None:
    for q in questions("array"):
        text = str(key().answers[q.id].value)
        found = marked({q.id: hedge.format(text, text)}).questions[q.id]
        assert found.points == 0, (q.id, found)


def test_arrays_that_would_broadcast_are_no_answer() -> None:
    for q in questions("array"):
        value = key().answers[q.id].value
        first = value[0] if isinstance(value[0], list) else value
        for other in (first[0], [first[0]], [[first[0]]], [value, value], [[first[0]] * 99] * 99, [value] * 500):
            found = marked({q.id: other}).questions[q.id]
            assert found.points == 0 or found.read_as == value, (q.id, other)


# ids and marks

SIX = Mark(points=6)


@pytest.mark.parametrize(
    ("answers", "verdict"),
    [
        ({"1b": 99, "1B": ...}, "wrong"),
        ({"1B": 99, "1b": ...}, "wrong"),
        ({" 1b": 99, "1b": ..., "1b ": ...}, "wrong"),
        ({"1b": ..., "1 B": 99}, "correct"),
        ({"１b": ...}, "blank"),
        ({"1ｂ": ...}, "blank"),
        ({"1в": ...}, "blank"),
        ({"$.1b": ..., "../1b": ..., "1b.": ..., "ada/1b": ...}, "blank"),
        ({"1b": None, "1B": ...}, "correct"),
    ],
)
def test_of_ids_that_are_the_same_the_first_counts(answers: dict[str, Any], verdict: str) -> None:
    told = {name: right()["1b"] if value is ... else value for name, value in answers.items()}
    assert marked(told).questions["1b"].verdict == verdict


def test_marks_give_a_question_its_points_at_most() -> None:
    report = marked({}, _1a=SIX, _1b=Mark(points=1e308), zz=SIX)
    assert report.points == sum(report.questions[n].of for n in ("1a", "1b"))


# formulas that are right only where they are looked at

STEP = "y = maximum(x, 0)", "v * (x > 0)"
SQUARE = "y = x ** 2", "2 * v * x"


@pytest.mark.parametrize(
    ("asked", "formula"),
    [
        (STEP, "v"),
        (STEP, "v + 0 * exp(-1e6 * x)"),
        (STEP, "v + 0 * exp(exp(exp(-9 * x)))"),
        (STEP, "v + 0 * log(x)"),
        (STEP, "v * sqrt(x) / sqrt(x)"),
        (STEP, "v + (1e20 * maximum(-x, 0) + 1) - 1e20 * maximum(-x, 0) - 1"),
        (STEP, "(v * (1e18 + exp(-99 * x)) - v * exp(-99 * x)) / 1e18"),
        (STEP, "v / (x - x)"),
        (STEP, "v * 0 / 0"),
        (SQUARE, "2 * v * abs(x)"),
        (SQUARE, "2 * v * abs(x) + 0 * exp(-1e6 * x)"),
        (SQUARE, "2 * v * exp(log(x))"),
        (SQUARE, "2 * v * sqrt(x) ** 2"),
        (SQUARE, "where(x > 0, 2 * v * x, 0)"),
        (SQUARE, "clip(2 * v * x, 0, 99)"),
        (SQUARE, "2 * v * maximum(x, -x)"),
        (SQUARE, "max(v, x)"),
        (SQUARE, "v * x"),
        (SQUARE, "2 * v * x + 1e-6"),
    ],
)
def test_a_formula_that_hides_where_it_is_wrong_is_not_right(asked: tuple[str, str], formula: str) -> None:
    mapping = read_program(asked[0], {"x": (3,)})
    q = Question(id="1", text="", ask="vjp", kind="expression", shape=[3], names={"v": [3], "x": [3]}, points=1)
    try:
        value = KINDS["expression"].read(formula, q).value
    except Unreadable:
        return
    verdict = KINDS["expression"].compare(value, q, KeyAnswer(value=asked[1], points=1), mapping)
    assert verdict.verdict in ("wrong", "review") and verdict.share == 0


# graphs


def graph(text: str) -> QuestionReport:
    return marked({"1a": text}).questions["1a"]


@pytest.mark.parametrize(
    "more",
    [
        "\n" + "\n".join(f"d{i} = w + {i}" for i in range(150)),
        "\n" + "\n".join(f"d{i} = d{i - 1} * w" if i else "d0 = w" for i in range(150)),
        "\nzz = 0.5",
        "\nzz = w * 7",
        "\nzz = exp(x)\nzy = zz + 1",
    ],
    ids=range(5),
)
def test_dead_code_is_not_free(more: str) -> None:
    whole, found = graph(right()["1a"]), graph(right()["1a"] + more)
    assert whole.verdict == "correct" and found.points < whole.points


def test_a_graph_of_everything_earns_next_to_nothing() -> None:
    names = "wxb"
    lines = [f"p{a}{b} = {a} * {b}\ns{a}{b} = {a} + {b}" for a in names for b in names]
    lines += [f"{f}{a} = {f}({a})" for f in ("exp", "tanh", "sigmoid") for a in names]
    parts = [line.split(" = ")[0] for text in lines for line in text.splitlines()]
    found = graph("\n".join([*lines, f"f = {' + '.join(parts)}"]))
    assert found.points <= found.of / 8


def test_the_value_of_the_output_is_no_graph() -> None:
    for text in ("f = 0.244918662404", f"f = {right()['1b']}", "f = w", "f = f2\nf2 = 1"):
        assert graph(text).points == 0


# choices, orders, shapes


def options(several: bool) -> Question:
    found = [Option(c, c) for c in "abcde"]
    return Question(id="1", text="", ask="choose", kind="choice", options=found, several=several, points=1)


@pytest.mark.parametrize(
    "given", ["abcde", "a b c d e", list("abcde"), "a, b, c, d, e", ["a", "a", "b", "c", "d", "e"]]
)
def test_naming_all_options_earns_nothing(given: Any) -> None:
    answer = KeyAnswer(value=["a", "c"], points=1)
    value = KINDS["choice"].read(given, options(True)).value
    assert KINDS["choice"].compare(value, options(True), answer, None).share == 0
    with pytest.raises(Unreadable):
        KINDS["choice"].read(given, options(False))


@pytest.mark.parametrize("given", ["a or b", "a/b", "not a", "a b", "a|b", ["a", "b"], "ab", "any", "*", "[a-e]"])
def test_one_option_is_one(given: Any) -> None:
    with pytest.raises(Unreadable):
        KINDS["choice"].read(given, options(False))




@pytest.mark.parametrize("given", [None, "x", [[1]], 5, [1, 2]])
def test_the_shape_of_a_number_is_marked_too(given: Any) -> None:
    made = Problem(
        id="made",
        title="Made",
        competence="vjp",
        points=1,
        minutes=9,
        mapping="z = x * 3",
        ask=({"shape": {"of": "z"}},),
        given={"x": Given(value=2, shape=())},
    )
    [(_, own)] = Maker(Plan(Bank(id="made", title="Made", minutes=9, problems=(made,)), "s", "e")).tests([ADA])
    [name] = own.answers
    assert own.answers[name].value == []
    assert mark(Submission(answers={name: given}), own)[0].questions[name].verdict in ("wrong", "blank", "unreadable")
