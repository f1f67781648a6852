"""Marking a test: what earns everything, what earns nothing, and that no answer stops the marker."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from t1gen import files
from t1gen.banks import load
from t1gen.cli import main
from t1gen.exam import Maker, Plan, blank_submission
from t1gen.files import Exam, Key, Mark, Question, Report, Student, Submission
from t1gen.marking.mark import mark

CLASSIC = str(Path(__file__).parent / "classic.yaml")
SEEDS = ("42", "43", "44", "grade")


@cache
def maker(seed: str) -> Maker:
    return Maker(Plan(load(CLASSIC), seed, f"t1-{seed}"))


@cache
def test_of(seed: str = "42") -> tuple[Exam, Key]:
    [(exam, key)] = maker(seed).tests([Student("ada", "Ada L.")])
    return exam, key


test_of.__test__ = False  # type: ignore[attr-defined]


def submission(answers: dict[str, Any], seed: str = "42", **more: Any) -> Submission:
    exam, _ = test_of(seed)
    fields = {"exam": exam.exam, "variant": exam.variant, "student": "ada"} | more
    return Submission(answers=answers, **fields)


def marked(answers: dict[str, Any], seed: str = "42", **more: Any) -> Report:
    return mark(submission(answers, seed, **more), test_of(seed)[1])[0]


def questions(seed: str = "42") -> Iterator[Question]:
    for problem in test_of(seed)[0].problems:
        yield from problem.questions


def right(seed: str = "42") -> dict[str, Any]:
    return {name: answer.value for name, answer in test_of(seed)[1].answers.items()}


def mapped(value: Any, change: Any) -> Any:
    """Every number of an answer changed; texts stay."""
    if isinstance(value, list):
        return [mapped(v, change) for v in value]
    return value if isinstance(value, str) else change(value)


def question(kind: str, ask: str) -> str:
    return next(q.id for q in questions() if q.kind == kind and q.ask == ask)


# whole submissions


@pytest.mark.parametrize("seed", SEEDS)
def test_the_keys_values_earn_everything(seed: str) -> None:
    report = marked(right(seed), seed)
    assert (report.points, report.of, report.provisional) == (24, 24, False)
    assert {q.verdict for q in report.questions.values()} == {"correct"}
    assert list(report.questions) == [q.id for q in questions(seed)]


@pytest.mark.parametrize("seed", SEEDS)
def test_numbers_off_by_more_than_rounding_earn_nothing(seed: str) -> None:
    answers = {
        name: mapped(value, lambda v, k=k: v + 0.37 * (k + 2) * (1 + abs(v)))
        for k, (name, value) in enumerate(right(seed).items())
    }
    report = marked(answers, seed)
    for q in questions(seed):
        found = report.questions[q.id]
        if q.kind in ("number", "array"):
            assert (found.points, found.verdict) == (0, "wrong"), q.id
        else:
            assert (found.points, found.verdict) == (found.of, "correct"), q.id


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("first", [0, 1])
def test_every_other_question_earns_exactly_its_points(seed: str, first: int) -> None:
    chosen = [q.id for q in questions(seed)][first::2]
    report = marked({name: right(seed)[name] for name in chosen}, seed)
    assert report.points == sum(test_of(seed)[1].answers[n].points for n in chosen)
    for name, found in report.questions.items():
        assert (found.verdict, found.points) == (("correct", found.of) if name in chosen else ("blank", 0))


@pytest.mark.parametrize("seed", SEEDS)
def test_three_decimals_are_enough(seed: str) -> None:
    assert marked(mapped_answers(seed, lambda v: round(v, 3)), seed).points == 24
    assert marked(mapped_answers(seed, lambda v: f"{v:.3f}"), seed).points == 24


def mapped_answers(seed: str, change: Any) -> dict[str, Any]:
    return {name: mapped(value, change) for name, value in right(seed).items()}


@pytest.mark.parametrize("seed", SEEDS)
def test_exact_fractions_as_text_are_right(seed: str) -> None:
    _, key = test_of(seed)
    told = {n: a.exact for n, a in key.answers.items() if isinstance(a.exact, str)}
    assert told
    report = marked(told, seed)
    assert all(report.questions[n].verdict == "correct" for n in told)


def test_what_was_worked_out_with_rounded_values_on_the_way_is_right() -> None:
    """The network's sigmoids rounded to 3 decimals before they are used again."""
    exam, _ = test_of()
    [net] = [p for p in exam.problems if p.id == "network"]
    import math

    def sigmoid(x: float) -> float:
        return round(1 / (1 + math.exp(-x)), 3)

    weights, x, u, t = (net.given[n] for n in ("W", "x", "u", "t"))
    a = [sum(w * v for w, v in zip(row, x, strict=True)) for row in weights]
    h = [sigmoid(v) for v in a]
    z = round(sum(p * q for p, q in zip(u, h, strict=True)), 3)
    dz = round(-t * (1 - sigmoid(t * z)), 3)
    dh = [round(dz * v, 3) for v in u]
    da = [round(d * round(v * (1 - v), 3), 3) for d, v in zip(dh, h, strict=True)]
    dw = [[round(d * v, 3) for v in x] for d in da]
    names = {(q.ask, q.wrt or q.of): q.id for q in net.questions}
    answers = {
        names["forward", "h"]: h,
        names["gradient", "z"]: dz,
        names["gradient", "h"]: dh,
        names["gradient", "a"]: da,
        names["gradient", "W"]: dw,
    }
    report = marked(answers)
    assert {n: report.questions[n].verdict for n in answers} == dict.fromkeys(answers, "correct")


# single answers of the standard test


@pytest.mark.parametrize(
    ("wrt", "text", "verdict"),
    [
        ("x", "v * y * (1 - y)", "correct"),
        ("x", "v * y", "wrong"),
        ("x", "y * (1 - y)", "wrong"),
        ("x", "v *", "unreadable"),
        ("x", "v * secret", "unreadable"),
    ],
)
def test_formulas_of_the_elementwise_layer(wrt: str, text: str, verdict: str) -> None:
    name = next(q.id for q in questions() if q.kind == "expression" and q.wrt == wrt)
    assert marked({name: text}).questions[name].verdict == verdict


@pytest.mark.parametrize(
    ("wrt", "text", "verdict"),
    [
        ("W", "outer(v, x)", "correct"),
        ("W", "v @ x.T", "correct"),
        ("W", "outer(x, v)", "wrong"),
        ("W", "x @ v.T", "wrong"),
        ("x", "W.T @ v", "correct"),
        ("x", "v @ W", "correct"),
        ("x", "W @ v", "wrong"),
    ],
)
def test_formulas_of_the_linear_layer(wrt: str, text: str, verdict: str) -> None:
    [linear] = [p for p in test_of()[0].problems if p.id == "vjp-matrix"]
    name = next(q.id for q in linear.questions if q.kind == "expression" and q.wrt == wrt)
    assert marked({name: text}).questions[name].verdict in (verdict, "unreadable" if text == "W @ v" else verdict)


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("q = w*x\nz = b + q\np = tanh(z)\ne = p - y\nL = w**2*lam + e**2", "correct"),
        (
            "s1 = w * x\ns2 = s1 + b\ns3 = tanh(s2)\ns4 = s3 - y\ns5 = s4 ** 2\ns6 = w ** 2\ns7 = lam * s6\nJ = s5+s7",
            "correct",
        ),
        ("L = (tanh(w * x + b) - y) ** 2 + lam * w ** 2", "correct"),
        ("z = w * x + b\np = tanh(z)\ne = p - y\nL = e * e + lam * w ** 2", "partial"),
        ("z = w * x + b\np = tanh(z)\ne = p - y\nL = e ** 2 + lam * w * w", "partial"),
        ("z = w * x + b\np = tanh(z)\ne = p + -y\nL = e ** 2 + lam * w ** 2", "partial"),
        ("z = w * x + b\np = tanh(z)\ne = p - y\nL = e ** 2", "partial"),
        ("z = w * x +", "unreadable"),
    ],
)
def test_graphs_of_the_regularised_neuron(text: str, verdict: str) -> None:
    [drawn] = [p for p in test_of()[0].problems if p.id == "draw-regularised"]
    name = drawn.questions[0].id
    found = marked({name: text}).questions[name]
    assert found.verdict == verdict
    assert (found.points == 0, found.points == found.of) == (verdict in ("wrong", "unreadable"), verdict == "correct")


@pytest.mark.parametrize("seed", SEEDS)
def test_a_fan_out_computed_twice_is_partly_right(seed: str) -> None:
    """The random expression with its shared line written out at its first use."""
    exam, key = test_of(seed)
    [drawn] = [p for p in exam.problems if p.id == "draw-expression"]
    name = drawn.questions[0].id
    lines = [line.split(" = ") for line in str(key.answers[name].value).splitlines()]
    shared = next(n for n, _ in lines if sum(body.split().count(n) + body.count(f"({n})") for _, body in lines) > 1)
    body = dict(lines)[shared]
    at = next(i for i, (_, b) in enumerate(lines) if shared in b.replace("(", " ").replace(")", " ").split())
    copied = [*lines[:at], ["twin", body], [lines[at][0], lines[at][1].replace(shared, "twin")], *lines[at + 1 :]]
    text = "\n".join(" = ".join(line) for line in copied)
    found = marked({name: text}, seed).questions[name]
    assert found.verdict == "partial" and 0 < found.points < found.of
    assert "one node" in found.reasons[0]


@pytest.mark.parametrize("blank", [None, "", "   ", [], [None, ""], [[], [""]]])
def test_a_blank_is_blank(blank: Any) -> None:
    report = marked(dict.fromkeys(right(), blank))
    assert (report.points, report.provisional) == (0, False)
    assert {q.verdict for q in report.questions.values()} == {"blank"}


HOSTILE: list[Any] = [
    "[" * 100_000,
    "(" * 100_000,
    "9**9**9",
    "9**9**9**9",
    "1e999",
    "1" * 100_000,
    "x" * 1_000_000,
    "NaN",
    "-inf",
    "0x10",
    "0b1",
    "0o7",
    "1_000",
    "1__0",
    "lambda: 1",
    "lambda x: x",
    "__import__('os').system('true')",
    "().__class__",
    "{}",
    "{1: 2}",
    "f'{1}'",
    "\0",
    "\ud7ff",
    "x\ny",
    "1;2",
    ";",
    "=",
    "v =",
    "[1, [2, [3]]]",
    "[,]",
    "[[1], 2]",
    "x.shape[9]",
    "sum(v, axis=-(1,))",
    "v[()]",
    "v[v]",
    "x[y]",
    "v.shape",
    "v[::0]",
    "reshape(v, (-1, -1))",
    "broadcast_to(v, (99999, 99999))",
    "concatenate([v] * 9)",
    "v @ v @ v @ v",
    "s_[0]",
    "pi",
    "True",
    "None",
    "...",
    "*v",
    "**v",
    "v if v else v",
    "v := 1",
    "yield",
    "await v",
    "not v",
    "v and v",
    "v < v < v",
    "f()",
    "f(",
    "🙂",
    "\u202e1",
    "0,5,5",
    "1 2",
    "1e",
    "1e+",
    "--1",
    "++1",
    "1/0",
    "0/0",
    "log(0)",
    "sqrt(-1)",
    "1234567890" * 4 + "e300",
    "-" * 5000 + "1",
    "1" + "+1" * 5000,
    "exp(" * 59 + "1" + ")" * 59,
    "2**" * 50 + "2",
    "x = 1\n" * 3000,
    "a=x;" * 1000,
    True,
    False,
    {},
    {"a": 1},
    [[[[[[[[[[1]]]]]]]]]],
    [[]],
    [[], []],
    [True],
    [{}],
    [None, 1],
    ["1", "x"],
    [1, [2]],
    list(range(20_000)),
    10**400,
    -(10**30),
    1e308,
    -1e-320,
    float("nan"),
    float("inf"),
    [float("nan")] * 3,
    ["[1]"],
    ["[1, 2]", "3"],
]


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda v: repr(v)[:30])
def test_no_answer_stops_the_marker(hostile: Any) -> None:
    """The same hostile answer everywhere but in the last question: verdicts, and the last is still marked."""
    *others, last = right()
    report = marked({**dict.fromkeys(others, hostile), last: right()[last]})
    assert report.questions[last].verdict == "correct"
    assert report.points <= 1.5 + report.questions[last].points
    for name in others:
        found = report.questions[name]
        assert found.verdict in ("wrong", "unreadable", "review", "blank", "correct", "follow-through")
        assert found.points == 0 or found.verdict in ("correct", "follow-through")
        assert sum(map(len, found.reasons)) < 1000
    files.encode(report) if "nan" not in repr(hostile) and "inf" not in repr(hostile) else None


def test_unreadable_and_review_make_the_total_provisional() -> None:
    name = question("number", "forward")
    report = marked({**right(), name: "about two"})
    assert report.provisional and report.questions[name].verdict == "unreadable" and report.questions[name].points == 0
    assert report.points == 24 - report.questions[name].of


# ids, people's marks, whose submission


def test_ids_match_without_case_and_spaces() -> None:
    answers = {f" {name[:-1]} {name[-1].upper()} ": value for name, value in right().items()}
    report, notices = mark(submission(answers), test_of()[1])
    assert (report.points, notices) == (24, [])


def test_unknown_ids_are_noticed_and_ignored() -> None:
    report, notices = mark(submission({**right(), "99z": 1, "": 2, "1 b": 3}), test_of()[1])
    assert report.points == 24
    assert len(notices) == 3 and "'99z' is unknown and was ignored" in notices[0]


def test_an_id_answered_twice_is_noticed() -> None:
    name = question("number", "forward")
    report, notices = mark(submission({name: right()[name], name.upper(): 99}), test_of()[1])
    assert report.questions[name].verdict == "correct"
    assert len(notices) == 1 and "twice" in notices[0]


def test_a_persons_marks_count_and_are_bounded() -> None:
    given = {"1A": Mark(points=1.5, by="ta1", note="arrow missing"), "2a": Mark(points=99), "2b": Mark(points=-3)}
    report = marked({**right(), "1a": "???"}, marks=given)
    first = report.questions["1a"]
    assert (first.points, first.decided_by, first.verdict) == (1.5, "ta1", "unreadable")
    assert "arrow missing" in first.reasons
    assert not report.provisional
    assert report.questions["2a"].points == report.questions["2a"].of
    assert (report.questions["2b"].points, report.questions["2b"].decided_by) == (0, "a person")


@pytest.mark.parametrize("field", ["exam", "variant", "student"])
def test_a_submission_for_another_test_is_refused(field: str) -> None:
    from t1gen.errors import FileError

    with pytest.raises(FileError, match=f"for {field} 'other'"):
        marked(right(), **{field: "other"})


@pytest.mark.parametrize("field", ["exam", "variant", "student"])
def test_what_a_submission_leaves_empty_is_believed(field: str) -> None:
    assert marked(right(), **{field: ""}).points == 24


# the command


def grade(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["grade", *map(str, arguments)])


@pytest.fixture
def handed_in(tmp_path: Path) -> Path:
    """A folder as generate writes it, with a submission that holds the key's values."""
    exam, key = test_of()
    folder = tmp_path / "t1-42"
    folder.mkdir()
    (folder / "exam.json").write_bytes(files.encode(exam))
    (folder / "key.json").write_bytes(files.encode(key))
    (folder / "submission.json").write_bytes(files.encode(submission(right())))
    return folder


def test_the_command_finds_the_key_prints_a_table_and_writes_the_report(handed_in: Path) -> None:
    done = grade(handed_in / "submission.json")
    assert done.exit_code == 0, done.output
    for part in ("question", "given", "expected", "points", "verdict", "1a", "correct", "24 of 24 points"):
        assert part in done.stdout
    report = files.read(handed_in / "report.json", Report)
    assert (report.points, report.of, report.student) == (24, 24, "ada")


def test_grading_again_replaces_the_report(handed_in: Path) -> None:
    grade(handed_in / "submission.json")
    (handed_in / "submission.json").write_bytes(files.encode(submission({})))
    assert grade(handed_in / "submission.json").exit_code == 0
    assert files.read(handed_in / "report.json", Report).points == 0


def test_a_report_json_of_somebody_else_is_left_alone(handed_in: Path) -> None:
    (handed_in / "report.json").write_text("mine", encoding="utf-8")
    done = grade(handed_in / "submission.json")
    assert done.exit_code == 2 and "report.json" in done.output
    assert (handed_in / "report.json").read_text(encoding="utf-8") == "mine"


def test_key_and_out_may_lie_elsewhere(handed_in: Path, tmp_path: Path) -> None:
    key = (handed_in / "key.json").rename(tmp_path / "the-key.json")
    assert grade(handed_in / "submission.json").exit_code == 2
    done = grade(handed_in / "submission.json", "--key", key, "--out", tmp_path / "reports")
    assert done.exit_code == 0, done.output
    assert [p.name for p in (tmp_path / "reports").iterdir()] == ["report-ada.json"]
    assert not (handed_in / "report.json").exists()


def test_one_bad_submission_does_not_stop_the_others(handed_in: Path, tmp_path: Path) -> None:
    (handed_in / "broken.json").write_text("{", encoding="utf-8")
    done = grade(handed_in / "broken.json", handed_in / "submission.json")
    assert done.exit_code == 2
    assert "broken.json" in done.output and "24 of 24" in done.output


def test_notices_and_unread_answers_give_exit_code_1(handed_in: Path) -> None:
    for answers in ({**right(), "99": 1}, {**right(), "1a": "???"}):
        (handed_in / "submission.json").write_bytes(files.encode(submission(answers)))
        assert grade(handed_in / "submission.json").exit_code == 1


def test_numbers_that_json_cannot_hold_are_marked_too(handed_in: Path) -> None:
    name = question("number", "forward")
    text = json.dumps({"format": "t1gen/submission@1", "answers": {name: "HERE"}}).replace('"HERE"', "1e999")
    (handed_in / "submission.json").write_text(text, encoding="utf-8")
    assert grade(handed_in / "submission.json").exit_code == 1
    assert files.read(handed_in / "report.json", Report).questions[name].verdict == "unreadable"


def test_a_blank_submission_earns_nothing_and_is_no_error(handed_in: Path) -> None:
    exam, _ = test_of()
    (handed_in / "submission.json").write_bytes(files.encode(blank_submission(exam)))
    done = grade(handed_in / "submission.json")
    assert done.exit_code == 0 and "0 of 24 points" in done.output
