"""Lines of code on narrow lines: every letter is there, no line is too long, and it stays Python where it can."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from t1gen.documents.folding import SMALLEST, folded

LETTER = 0.185


@pytest.mark.parametrize("line", [
    "Z = np.concatenate((X, np.array([[1.0], [1.0]])), axis=1)",
    "L = -np.sum(np.log(sigmoid(p)))",
    "return_ = 1 / (1 + np.exp(-x))",
    "w = torch.tensor([1.0, 0.5], requires_grad=True)",
])  # fmt: skip
def test_a_line_with_brackets_stays_python(line: str) -> None:
    parts = folded((line,), 4.6).lines
    assert len(parts) > 1
    assert ast.dump(ast.parse("\n".join(parts))) == ast.dump(ast.parse(line))


def test_a_line_goes_on_deeper_than_it_begins() -> None:
    [first, *rest] = folded((" 16      w = w - 0.05 * dL_dw + momentum",), 5).lines
    assert first.startswith(" 16      w = w") and rest
    assert all(part.startswith(" " * 13) for part in rest)


def test_what_is_a_little_too_long_is_smaller() -> None:
    code = folded(("x" * 40, "y"), 40 * LETTER)
    assert code.lines == ("x" * 40, "y") and SMALLEST < code.share < 1
    assert folded(("x" * 40,), 40 * LETTER + 1).share == 1


@given(st.lists(st.text("ab ([,])", max_size=90), max_size=4), st.floats(0, 17))
def test_nothing_is_lost_and_all_fits(lines: list[str], width: float) -> None:
    code = folded(tuple(lines), width)
    assert "".join(code.lines).replace(" ", "") == "".join(lines).replace(" ", "")
    assert max(map(len, code.lines), default=0) * LETTER * code.share <= max(width, 8 * LETTER) + 1e-3
