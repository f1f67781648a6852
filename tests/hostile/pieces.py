"""What is made up to be marked: pieces of valid syntax put together, any text, any value of JSON."""

from typing import Any

from hypothesis import strategies as st

PIECES = [
    "v",
    "W",
    "x",
    "y",
    "w",
    "b",
    "z",
    "1",
    "2.5",
    ".5",
    "0,5",
    "+",
    "-",
    "*",
    "/",
    "@",
    "^",
    "**",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    " ",
    "\n",
    ";",
    "|",
    "'",
    ".T",
    "⊤",
    "·",
    "∘",
    "√",
    "exp(",
    "σ",
    "sigmoid(",
    "\\frac{",
    "sum(",
    "axis=0",
    "e",
    "π",
    "½",
    "²",
    "=",
    ">",
    "1[",
    "\\",
    "$",
    "&",
    "array(",
    "%",
    "None",
    ":",
    "nan",
    "inf",
    "±",
    "or",
    "where(",
    "clip(",
    "max(",
    "outer(",
    "z = w @ x",
    "f = ",
    "\0",
    "\u200b",
    "\u202e",
    "\x1b[31m",
    "٣",
    "\ud83d",
    "1e",
    "10^",
    "9**9",
]
UNSEEN = "\0\x01\x07\x1b\x7f\x80\x9b\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202e\u2060\u2066\u2069\ufeff\U000e0041"
"""Control, bidirectional and zero-width characters."""

TEXTS = st.one_of(st.text(max_size=30), st.lists(st.sampled_from(PIECES), max_size=20).map("".join))
NUMBERS = st.one_of(st.integers(), st.floats(), st.integers(-3, 3), st.floats(-3, 3))
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS)
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=12,
)
"""Any value of JSON, and what is none: NaN, half a surrogate pair."""


@st.composite
def near(draw: st.DrawFn, right: Any) -> Any:
    """The right answer with something done to it."""
    text = right if isinstance(right, str) else str(right)
    at = draw(st.integers(0, len(text)))
    cut = draw(st.integers(0, 3))
    return text[:at] + draw(st.sampled_from([*PIECES, *UNSEEN])) + text[at + cut :]
