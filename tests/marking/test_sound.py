"""Whatever is submitted: verdicts depend on what is above on the tape alone; right is what is within the tolerance."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from marked import Sheet, sheet

from t1gen.files import QuestionReport
from t1gen.marking.chart import chart_of
from t1gen.marking.mark import mark_all

SHEETS = [
    sheet("z = w @ x; q = y * z; p = sigmoid(q); L = -log(p)", "[z, q, p, L, dL/dq, dL/dz, dL/dw]",
          {"w": [0.5, 1], "x": [2, 1], "y": -1}),
    sheet("a = x * y; b = a + x; f = a * sin(b)", "[a, b, f, df/db, df/da, df/dx]", {"x": 2, "y": 3}),
    sheet("h = relu(W @ x); s = sum(h * u); L = s ** 2", "[h, s, L, local dL/ds, dL/dh, dL/dW]",
          {"W": [[1, 2], [3, -1]], "x": [1, 2], "u": [1, 2]}),
    sheet("z = w * x; p = sigmoid(z); L = -log(p)", "[p, table: {rows: [z, p], show: [z.value]}, dL/dw]",
          {"w": 0.5, "x": 3}),
]  # fmt: skip
NUMBERS = st.one_of(
    st.integers(-3, 3), st.sampled_from([0.5, -0.881, 0.119, 1.0, 1e6, -1e-9]),
    st.floats(-20, 20).map(lambda v: round(v, 3)),
)  # fmt: skip


def answers(made: Sheet) -> st.SearchStrategy[list[Any]]:
    return st.tuples(*[_answer(v) for v in made.values]).map(list)


def _answer(value: Any) -> st.SearchStrategy[Any]:
    """Right, right and rounded, a slip, blank, unreadable, or any numbers."""
    return st.one_of(
        st.just(value), st.just(_each(value, lambda v: round(v, 3))), st.just(_each(value, lambda v: -v)),
        st.just(_each(value, lambda v: v + 1)), st.none(), st.just("about two"), _numbers(value),
    )  # fmt: skip


def _numbers(value: Any) -> st.SearchStrategy[Any]:
    return st.tuples(*[_numbers(v) for v in value]).map(list) if isinstance(value, list) else NUMBERS


def _each(value: Any, change: Any) -> Any:
    if isinstance(value, list):
        return [_each(v, change) for v in value]
    return value if value is None else change(value)


SHEET = st.sampled_from(SHEETS)
PAPERS = SHEET.flatmap(lambda made: st.tuples(st.just(made), answers(made), answers(made)))
QUICK = settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])


def above(made: Sheet) -> list[set[int]]:
    """For every question, those that it depends on, and itself."""
    assert made.key.sheet
    chart = chart_of(made.key.sheet.problems[0])
    out = [{k} for k in range(len(made.ids))]
    for i, item in enumerate(chart.items):
        out[item.question] |= {chart.items[j].question for j in chart.above[i]}
    return out


def told(q: QuestionReport) -> Any:
    return q.verdict, q.points, q.expected_from_own, q.own_used


@QUICK
@given(PAPERS)
def test_a_verdict_depends_on_what_is_above_alone(paper: tuple[Sheet, list[Any], list[Any]]) -> None:
    made, mine, others = paper
    before = made.marked(*mine)
    for k, needed in enumerate(above(made)):
        mixed = [mine[i] if i in needed else others[i] for i in range(len(mine))]
        assert told(made.marked(*mixed)[k]) == told(before[k]), (k, mixed)


@QUICK
@given(PAPERS)
def test_right_is_what_is_within_the_tolerance(paper: tuple[Sheet, list[Any], list[Any]]) -> None:
    made, mine, _ = paper
    assert made.key.sheet
    for asked, q in zip(made.key.sheet.problems[0].questions, made.marked(*mine), strict=True):
        near = q.read_as is not None and _near(q.read_as, q.expected, q.tolerance, asked.cells)
        assert (q.verdict == "correct") == near, q
        assert (q.points == q.of) >= near


def _near(own: Any, right: Any, tolerance: Any, printed: Any) -> bool:
    if isinstance(right, list):
        rows = zip(own, right, tolerance, printed or [None] * len(right), strict=True)
        return all(_near(*row) for row in rows)
    return printed is not None or (isinstance(own, float) and abs(own - right) <= tolerance * (1 + 1e-9))


@QUICK
@given(PAPERS)
def test_every_report_holds_together(paper: tuple[Sheet, list[Any], list[Any]]) -> None:
    made, mine, _ = paper
    report = made.report(*mine)
    for q in report.questions.values():
        assert 0 <= q.points <= q.of
        if q.verdict != "review":
            assert (q.verdict in ("wrong", "blank", "unreadable")) == (q.points == 0), q
        assert (q.expected_from_own is None) == (not q.own_used)
        assert q.verdict != "follow-through" or q.own_used
        assert q.verdict in ("correct", "blank") or q.feedback
    assert report.provisional == any(q.verdict in ("review", "unreadable") for q in report.questions.values())


@QUICK
@given(SHEET.flatmap(lambda made: st.tuples(st.just(made), st.lists(answers(made), min_size=2, max_size=5))))
def test_a_class_is_marked_as_each_alone(paper: tuple[Sheet, list[list[Any]]]) -> None:
    made, papers = paper
    together = mark_all([(made.submission(*p), made.key) for p in papers])
    assert [m[0] for m in together if isinstance(m, tuple)] == [made.report(*p) for p in papers]


@pytest.mark.parametrize("made", SHEETS)
def test_the_keys_own_values_are_right(made: Sheet) -> None:
    assert {q.verdict for q in made.marked(*made.values)} == {"correct"}
