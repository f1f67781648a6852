"""A class marked at once: the same reports as one by one, errors in their place, and nobody touches anybody else."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from marked import bank, problem
from msgspec.structs import replace

from t1gen import files
from t1gen.banks import Bank, Given, load
from t1gen.errors import FileError
from t1gen.exam import Maker, Plan
from t1gen.files import Key, KeyAnswer, Student, Submission
from t1gen.marking.mark import Marked, mark, mark_all

Pair = tuple[Submission, Key]
CLASS = [Student(f"s{i}", "") for i in range(6)]
WAYS = ("right", "off", "early", "rounded", "blank", "text", "shape", "sign")


def own() -> Bank:
    """Two problems: a neuron whose inputs are drawn, and one of fixed values with a table."""
    neuron = problem("z = w @ x; q = y * z; p = sigmoid(q); L = -log(p)", "[z, q, p, L, dL/dq, dL/dz, dL/dw]", {})
    drawn = {n: Given(shape=s, draw=d) for n, s, d in (("w", (2,), "nonzero(-3, 3)"), ("x", (2,), "nonzero(-3, 3)"),
                                                       ("y", (), "choice(-1, 1)"))}  # fmt: skip
    table = problem("z = w * x; p = sigmoid(z); L = -log(p)", "[table: {rows: [z, p], show: [z.value]}, dL/dw]",
                    {"w": 0.5, "x": 3}, id="table")  # fmt: skip
    return bank(replace(neuron, given=drawn, require=("abs(w @ x) <= 3",)), table)


@cache
def keys() -> tuple[Key, ...]:
    made = [Maker(Plan(b, "class", b.id)).tests(CLASS) for b in (own(), load("t1"))]
    return tuple(key for tests in made for _, key in tests)


def answered(key: Key, way: str) -> dict[str, Any]:
    """The answers of a student who goes wrong in one way."""
    changes: dict[str, Any] = {
        "right": lambda k, v: v, "off": lambda k, v: _each(v, lambda n: n + 0.5),
        "early": lambda k, v: _each(v, lambda n: n + 0.5) if k % 3 == 0 else v,
        "rounded": lambda k, v: _each(v, lambda n: round(n, 2)), "blank": lambda k, v: v if k % 2 else None,
        "text": lambda k, v: "???" if k % 4 == 1 else v, "shape": lambda k, v: [[1, 2, 3]] if k % 4 == 2 else v,
        "sign": lambda k, v: _each(v, lambda n: -n) if k % 2 else v,
    }  # fmt: skip
    return {name: changes[way](k, a.value) for k, (name, a) in enumerate(key.answers.items())}


def _each(value: Any, change: Any) -> Any:
    if isinstance(value, list):
        return [_each(v, change) for v in value]
    return value if isinstance(value, str) or value is None else change(value)


def handed_in(key: Key, way: str) -> Submission:
    return Submission(exam=key.exam, variant=key.variant, student=key.student.id, answers=answered(key, way))


def mixed() -> list[Pair]:
    """Every student of both exams, each going wrong in another way; the exams in turn."""
    pairs = [(handed_in(k, WAYS[i % len(WAYS)]), k) for i, k in enumerate(keys())]
    return [p for two in zip(pairs[: len(CLASS)], pairs[len(CLASS) :], strict=True) for p in two]


def encoded(marked: Marked) -> bytes | str:
    return str(marked) if isinstance(marked, FileError) else files.encode(marked[0])


def one_by_one(pairs: list[Pair]) -> Iterator[bytes | str]:
    for submission, key in pairs:
        try:
            yield files.encode(mark(submission, key)[0])
        except FileError as error:
            yield str(error)


def test_a_class_is_marked_as_each_alone() -> None:
    assert [encoded(m) for m in mark_all(mixed())] == list(one_by_one(mixed()))


@pytest.mark.parametrize("way", WAYS)
def test_a_class_that_goes_wrong_in_one_way_is_marked_as_each_alone(way: str) -> None:
    pairs = [(handed_in(k, way), k) for k in keys()]
    assert [encoded(m) for m in mark_all(pairs)] == list(one_by_one(pairs))


def test_the_order_of_a_class_says_nothing() -> None:
    pairs = mixed()
    assert [encoded(m) for m in mark_all(pairs[::-1])] == [encoded(m) for m in mark_all(pairs)][::-1]


def test_everybody_may_hand_in_twice() -> None:
    pairs = mixed()
    assert [encoded(m) for m in mark_all(pairs * 2)] == [encoded(m) for m in mark_all(pairs)] * 2


def test_nobody_to_mark_is_no_error() -> None:
    assert mark_all([]) == []


def test_errors_stand_in_their_place() -> None:
    pairs = mixed()
    broken = [
        (replace(pairs[0][0], student="other"), pairs[0][1]),
        (pairs[2][0], replace(pairs[2][1], sheet=None)),
        (pairs[4][0], replace(pairs[4][1], answers=dict(list(pairs[4][1].answers.items())[1:]))),
    ]
    told = mark_all([broken[0], pairs[1], broken[1], pairs[3], broken[2], pairs[5]])
    assert [isinstance(m, FileError) for m in told] == [True, False] * 3
    for error, says in zip(told[::2], ("for student 'other'", "holds no sheet", "no answer to question"), strict=True):
        assert says in str(error)
    assert [encoded(m) for m in told[1::2]] == list(one_by_one([pairs[1], pairs[3], pairs[5]]))


BAD: list[Any] = [
    lambda k: _told(k, lambda a: replace(a, value="nonsense")),
    lambda k: _told(k, lambda a: replace(a, value=[[1, 2], 3])),
    lambda k: _told(k, lambda a: replace(a, tolerance=None)),
    lambda k: _told(k, lambda a: replace(a, tolerance=[1, 2, 3, 4, 5])),
    lambda k: _told(k, lambda a: replace(a, value=None)),
    lambda k: _told(k, lambda a: replace(a, value=1e999)),
    lambda k: _sheet(k, lambda p: replace(p, mapping=["z = ("])),
    lambda k: _sheet(k, lambda p: replace(p, mapping=[])),
    lambda k: _sheet(k, lambda p: replace(p, given={})),
    lambda k: _sheet(k, lambda p: replace(p, given=dict.fromkeys(p.given, "x"))),
    lambda k: _sheet(k, lambda p: replace(p, given={n: [v, v] for n, v in p.given.items()})),
    lambda k: _sheet(k, lambda p: replace(p, questions=[replace(q, of="nothing") for q in p.questions])),
    lambda k: _sheet(k, lambda p: replace(p, questions=[replace(q, ask="foo") for q in p.questions])),
    lambda k: _sheet(k, lambda p: replace(p, questions=[replace(q, kind="foo") for q in p.questions])),
    lambda k: _sheet(k, lambda p: replace(p, questions=[replace(q, decimals=None) for q in p.questions])),
    lambda k: _sheet(k, lambda p: replace(p, questions=[replace(q, shape=[7, 7]) for q in p.questions])),
]


def _told(key: Key, change: Any) -> Key:
    answers: dict[str, KeyAnswer] = {n: change(a) for n, a in key.answers.items()}
    return replace(key, answers=answers)


def _sheet(key: Key, change: Any) -> Key:
    assert key.sheet
    return replace(key, sheet=replace(key.sheet, problems=[change(p) for p in key.sheet.problems]))


@pytest.mark.parametrize("spoil", BAD, ids=range(len(BAD)))
def test_one_broken_paper_touches_no_other(spoil: Any) -> None:
    first, *rest = [(handed_in(k, w), k) for k, w in zip(keys()[: len(CLASS)], WAYS, strict=False)]
    spoiled = (first[0], spoil(first[1]))
    told = mark_all([rest[0], spoiled, *rest[1:]])
    assert [encoded(m) for m in (told[0], *told[2:])] == list(one_by_one(rest))
    if not isinstance(told[1], FileError):
        assert {q.points for q in told[1][0].questions.values() if q.verdict == "review"} <= {0}


HOSTILE = [1e308, -1e-320, 10**400, "9**9**9", "1e999", [[[[1]]]], {"a": 1}, "[" * 9999, True, ["1", None], [1e308] * 2]


@pytest.mark.parametrize("answer", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_paper_touches_no_other_and_has_a_report(answer: Any) -> None:
    rest = [(handed_in(k, w), k) for k, w in zip(keys()[: len(CLASS)], WAYS, strict=False)]
    key = keys()[0]
    answers = dict.fromkeys(key.answers, answer)
    bad = Submission(exam=key.exam, variant=key.variant, student=key.student.id, answers=answers)
    told = mark_all([(bad, key), *rest])
    assert [encoded(m) for m in told[1:]] == list(one_by_one(rest))
    assert not isinstance(told[0], FileError) and encoded(told[0])
