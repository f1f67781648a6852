"""What a student is told about an answer that is not right, and what a part of it earns."""

from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import pytest
from test_reading import question

from t1gen.answers import KINDS


def lines(**texts: str) -> Any:
    return SimpleNamespace(kind="order", options=[SimpleNamespace(id=i, text=f"`{t}`") for i, t in texts.items()])


def table(rows: str, cells: Any) -> Any:
    return question("table", rows=rows, columns="vg"[: len(cells[0])], parts="vg"[: len(cells[0])], cells=cells)


NUMBER, VECTOR = question("number"), question("array", shape=[2])
LONG, MATRIX, WIDE = (question("array", shape=s) for s in ([7], [2, 2], [2, 3]))
COLUMN, SHAPE = question("array", shape=[2], strict_shape=True), question("array", ask="shape", shape=[2])
ONE, SEVERAL = question("choice", "abcd"), question("choice", "abcd", several=True)
ORDER = lines(a="p = z", b="z = x", c="q = x + z", d="z = p")
BROKEN, CALLS = lines(a="x +", b="y = 1"), lines(a="f(x)", b="y = 1")
TABLE, TALL = table("zL", [[None, None], [None, 1]]), table("stuvwxyz", [[None]] * 8)
CELLS = [[2, -0.5], [3, 1]]

ROWS: list[tuple[Any, Any, Any, str, str, str]] = [
    # question, right, handed in, verdict, share, reason
    (NUMBER, 1, "1.2", "wrong", "0", "1.2 is not within 0.1 of 1"),
    (VECTOR, [1, 2], "[1, 3]", "wrong", "0", "wrong entries: [2]"),
    (MATRIX, [[0, 0], [0, 0]], "[[0, 1], [1, 0]]", "wrong", "0", "wrong entries: [1, 2], [2, 1]"),
    (WIDE, [[0, 0, 0], [0, 0, 0]], "[[0, 0, 0], [0, 0, 1]]", "wrong", "0", "wrong entries: [2, 3]"),
    (LONG, [0] * 7, "0 1 1 1 1 1 1", "wrong", "0", "wrong entries: [2], [3], [4], [5], [6], [7]"),
    (LONG, [0] * 7, "1 1 1 1 1 1 1", "wrong", "0", "wrong entries: [1], [2], [3], [4], [5], [6] ..."),
    (MATRIX, [[0, 0], [0, 0]], "[0, 0, 0, 0]", "wrong", "0", "the answer has shape (4,), asked was (2, 2)"),
    (COLUMN, [1, 2], "[[1], [2]]", "wrong", "0", "the answer has shape (2, 1), asked was (2,)"),
    (SHAPE, [3, 12], "3x12", "correct", "0", ""),
    (SHAPE, [3, 12], "12x3", "wrong", "0", "wrong entries: [1], [2]"),
    (SHAPE, [3, 12], "3", "wrong", "0", "the answer has shape (1,), asked was (2,)"),
    (ONE, "b", "b", "correct", "0", ""),
    (ONE, ["b"], "b", "correct", "0", ""),
    (ONE, "b", "a", "wrong", "0", "another option is right"),
    (SEVERAL, "b", "b", "correct", "0", ""),
    (SEVERAL, ["b", "d"], "b", "partial", "1/2", "d missing"),
    (SEVERAL, ["b", "d"], "a b d", "partial", "1/2", "a not right"),
    (SEVERAL, ["b", "d"], "a b c d", "wrong", "0", "a, c not right"),
    (SEVERAL, ["b", "d"], "a", "wrong", "0", "a not right; b, d missing"),
    (SEVERAL, ["b", "c", "d"], "b c", "partial", "2/3", "d missing"),
    (ORDER, ["b", "a", "c", "d"], "b c a d", "correct", "0", ""),
    (ORDER, ["b", "a", "c", "d"], "b a d c", "wrong", "0", "line c comes at a place where what it needs is not there"),
    (ORDER, ["b", "a", "c", "d"], "a b c d", "wrong", "0", "line a comes at a place where what it needs is not there"),
    (BROKEN, ["a", "b"], "a b", "correct", "0", ""),
    (BROKEN, ["a", "b"], "b a", "wrong", "0", "another order is right"),
    (CALLS, ["a", "b"], "b a", "wrong", "0", "another order is right"),
    (TABLE, CELLS, "[[2, -0.5], [3, 99]]", "correct", "0", ""),
    (TABLE, CELLS, "[[2, 0.5], [3, 99]]", "partial", "2/3", "wrong cells: z g"),
    (TABLE, CELLS, "[[2, 0.5], [4, 99]]", "partial", "1/3", "wrong cells: z g, L v"),
    (TABLE, CELLS, "[[x, 0.5], [?, 99]]", "wrong", "0", "wrong cells: z v, z g, L v"),
    (TALL, [[1]] * 8, [[1]] * 2 + [[2]] * 6, "partial", "1/4", "wrong cells: u v, v v, w v, x v, y v, z v"),
    (TALL, [[1]] * 8, [[1]] + [[2]] * 7, "partial", "1/8", "wrong cells: t v, u v, v v, w v, x v, y v ..."),
]  # fmt: skip


def close(value: Any) -> Any:
    """A tolerance for each number."""
    return [close(v) for v in value] if isinstance(value, list) else 0.1


@pytest.mark.parametrize(("asked", "right", "given", "verdict", "share", "reason"), ROWS, ids=range(len(ROWS)))
def test_a_verdict_says_why(asked: Any, right: Any, given: Any, verdict: str, share: str, reason: str) -> None:
    kind, key = KINDS[asked.kind], SimpleNamespace(value=right, tolerance=close(right))
    found = kind.compare(kind.read(given, asked).value, asked, key, None)
    assert (found.verdict, found.share, found.reason) == (verdict, Fraction(share), reason)
