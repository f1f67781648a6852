"""How numbers and arrays are read: a table that is test and manual at once."""

from typing import Any

import pytest

from t1gen.answers import KINDS, Unreadable
from t1gen.files import Question

DEEP = "[" * 100_000 + "]" * 100_000
ROWS: list[tuple[str, list[int], Any, Any]] = [
    # kind, shape, submitted, read as (or: what the refusal says)
    ("number", [], 1, 1.0),
    ("number", [], -0.25, -0.25),
    ("number", [], "0.5", 0.5),
    ("number", [], ".5", 0.5),
    ("number", [], "5.", 5.0),
    ("number", [], "+2", 2.0),
    ("number", [], "-2", -2.0),
    ("number", [], "\u22122", -2.0),
    ("number", [], "- 2", -2.0),
    ("number", [], "1 000", 1000.0),
    ("number", [], "1\u202f000.5", 1000.5),
    ("number", [], "0,5", 0.5),
    ("number", [], "-0,25", -0.25),
    ("number", [], ",5", 0.5),
    ("number", [], "1/4", 0.25),
    ("number", [], "-3/4", -0.75),
    ("number", [], "1e-3", 0.001),
    ("number", [], "1E3", 1000.0),
    ("number", [], "2**3", 8.0),
    ("number", [], "2^3", 8.0),
    ("number", [], "2·3", 6.0),
    ("number", [], "sqrt(4)", 2.0),
    ("number", [], "sigmoid(0)", 0.5),
    ("number", [], "-log(1)", 0.0),
    ("number", [], "  7\n", 7.0),
    ("number", [], "-0", 0.0),
    ("number", [], True, "true or false is not a number"),
    ("number", [], {}, "an object is not a number"),
    ("number", [], {"value": 1}, "an object is not a number"),
    ("number", [], [1], "a list is not a number"),
    ("number", [], [[]], "a list is not a number"),
    ("number", [], "about 2", "is not a number"),
    ("number", [], "x", "is not a number"),
    ("number", [], "1;2", "is not a number"),
    ("number", [], "1,234,567", "is not"),
    ("number", [], "nan", "is not a number"),
    ("number", [], "NaN", "is not a number"),
    ("number", [], "inf", "is not a number"),
    ("number", [], "1e999", "is not a finite number"),
    ("number", [], "1/0", "is not a finite number"),
    ("number", [], "log(-1)", "is not a finite number"),
    ("number", [], "9**9**9", "is not a finite number"),
    ("number", [], "9**9**9**9", "is not a finite number"),
    ("number", [], 10**400, "is not a finite number"),
    ("number", [], float("nan"), "is not a finite number"),
    ("number", [], float("inf"), "is not a finite number"),
    ("number", [], "[1, 2]", "not one number but an array"),
    ("number", [], "True", "is not a number"),
    ("number", [], "lambda: 1", "is not a number"),
    ("number", [], "__import__('os')", "is not a number"),
    ("number", [], "1 if 1 else 2", "is not a number"),
    ("number", [], "'1'", "is not a number"),
    ("number", [], "1j", "is not a number"),
    ("number", [], "1\0", "is not a number"),
    ("number", [], "9" * 300, "at most 200 are read"),
    ("number", [], DEEP, "at most 200 are read"),
    ("array", [2], [1, 2], [1.0, 2.0]),
    ("array", [2], ["1/2", "-0,25"], [0.5, -0.25]),
    ("array", [2], "[1, 2]", [1.0, 2.0]),
    ("array", [2], "(1, 2)", [1.0, 2.0]),
    ("array", [2], "1, 2", [1.0, 2.0]),
    ("array", [2], "[1/4, sqrt(4)]", [0.25, 2.0]),
    ("array", [2], "[0.1, -1e-3]", [0.1, -0.001]),
    ("array", [2], [[1], [2]], [1.0, 2.0]),
    ("array", [2], [[1, 2]], [1.0, 2.0]),
    ("array", [2, 1], [1, 2], [[1.0], [2.0]]),
    ("array", [1, 2], [1, 2], [[1.0, 2.0]]),
    ("array", [1], [1], [1.0]),
    ("array", [2, 2], "[[1, 2], [3, 4]]", [[1.0, 2.0], [3.0, 4.0]]),
    ("array", [2, 2], "[[1,2],\n[3,4]]", [[1.0, 2.0], [3.0, 4.0]]),
    ("array", [2, 2], "[1, 2; 3, 4]", [[1.0, 2.0], [3.0, 4.0]]),
    ("array", [2, 2], [["1", "2"], [3, "4"]], [[1.0, 2.0], [3.0, 4.0]]),
    ("array", [2], [1, 2, 3], [1.0, 2.0, 3.0]),  # read, and wrong by its shape
    ("array", [2], 1, "an array is wanted"),
    ("array", [2], {}, "an array is wanted"),
    ("array", [2], True, "an array is wanted"),
    ("array", [2], [], "the array is empty"),
    ("array", [2], "[]", "the array is empty"),
    ("array", [2], [1, None], "is not a number"),
    ("array", [2], [1, ""], "is not a number"),
    ("array", [2], [1, True], "true or false is not a number"),
    ("array", [2], [1, {}], "an object is not a number"),
    ("array", [2], [[1], 2], "different lengths"),
    ("array", [2, 2], [[1, 2], [3]], "different lengths"),
    ("array", [2], "[1, 2", "cannot be read"),
    ("array", [2], "[1, nan]", "is not a number"),
    ("array", [2], "[1, 9**9**9]", "is not a finite number"),
    ("array", [2], "[x for x in x]", "an array is wanted"),
    ("array", [2], "lambda: 1", ""),
    ("array", [2], DEEP, "cannot be read"),
    ("array", [2], [[[[[[[[[1]]]]]]]]], "too large"),
    ("array", [2], [0] * 10_001, "too large"),
    ("array", [2], [1, 10**400], "is not a finite number"),
]


def question(kind: str, shape: list[int], **more: Any) -> Question:
    return Question(id="1a", text="", ask="forward", kind=kind, shape=shape, points=1, **more)


@pytest.mark.parametrize(("kind", "shape", "submitted", "outcome"), ROWS)
def test_an_answer_is_read_or_refused(kind: str, shape: list[int], submitted: Any, outcome: Any) -> None:
    asked = question(kind, shape)
    if isinstance(outcome, str):
        with pytest.raises(Unreadable) as caught:
            KINDS[kind].read(submitted, asked)
        assert outcome in caught.value.message
        assert len(caught.value.message) < 300
    else:
        assert KINDS[kind].read(submitted, asked) == outcome


@pytest.mark.parametrize("kind", ["expression", "graph"])
@pytest.mark.parametrize("submitted", [1, True, [], ["x"], {}, 1.5])
def test_what_is_no_text_is_no_formula_and_no_graph(kind: str, submitted: Any) -> None:
    with pytest.raises(Unreadable):
        KINDS[kind].read(submitted, question(kind, [2], names={"x": [2]}))


@pytest.mark.parametrize(
    "text",
    [
        "v * q",
        "v *",
        "lambda v: v",
        "v.__class__",
        "__import__('os')",
        "v if v else v",
        "(" * 10_000,
        "v" * 30_000,
        "[v for v in v]",
        "v[9]",
        "tahn(v)",
        "v = v",
        "f'{v}'",
        "v; v",
        "",
        "v @ V @ W",
        "'v'",
        "-" * 9000 + "v",
    ],
)
def test_a_formula_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        KINDS["expression"].read(text, question("expression", [3], names={"v": [3], "V": [3, 3]}))
