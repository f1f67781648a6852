"""Sheets after the problems: values of functions where no calculator is allowed, and formulas on request."""

import re
from collections.abc import Callable
from functools import lru_cache
from math import exp, log

from t1gen import files
from t1gen.asks.tape import Tape
from t1gen.documents import blocks
from t1gen.documents.blocks import Math, Plain, Text
from t1gen.mapping.notation import latex, latex_name, text
from t1gen.mapping.program import Shape
from t1gen.mapping.reader import read
from t1gen.markdown import runs
from t1gen.setting import USUAL
from t1gen.wording import in_latex, in_plain, say


def attached(exam: files.Exam) -> list[blocks.Block]:
    """The sheets that an exam wants after its problems."""
    is_split = USUAL.with_words(exam.setting).columns == "two-columns"
    made: dict[str, Callable[[str, bool], list[blocks.Block]]] = {"values": _values, "formulas": _formulas}
    return [blocks.Appendix((Plain(say(exam.language, "attached", name)),), tuple(made[name](exam.language, is_split)))
            for name in exam.attached]  # fmt: skip


# values

STEPS = range(1, 61)
"""Arguments in tenths."""

FUNCTIONS: dict[str, Callable[[float], float]] = {
    "e^{x}": exp,
    "e^{-x}": lambda x: exp(-x),
    r"\sigma(x)": lambda x: 1 / (1 + exp(-x)),
}

IDENTITIES = (r"$\sigma(-x) = 1 - \sigma(x)$, $\tanh x = 2 \cdot \sigma(2 \cdot x) - 1$, $e^{x + z} = e^{x} e^{z}$, "
              r"$\log(x z) = \log x + \log z$")  # fmt: skip


def _values(language: str, is_split: bool) -> list[blocks.Block]:
    """exp and sigmoid in steps of a tenth, and the logarithms of 1 to 10, of which all others are made.

    Tables are narrower where the page `is_split` into columns.
    """
    note = say(language, "attached", "values_note", identities=IDENTITIES)
    logs = say(language, "attached", "logs_note", ten=_fixed(log(10), 4, language).latex)
    parts = (range(5), range(5, 10)) if is_split else (range(10),)
    return [blocks.Paragraph(runs(note, language)), _exponentials(language, 1 if is_split else 3),
            blocks.Paragraph(runs(logs, language)), *(_logarithms(language, part) for part in parts)]  # fmt: skip


def _exponentials(language: str, groups: int) -> blocks.Table:
    """So many columns of arguments side by side."""
    heads, high = tuple((Math(head, head),) for head in ("x", *FUNCTIONS)), len(STEPS) // groups
    columns = [[_row(language, x / 10) for x in STEPS[g * high : (g + 1) * high]] for g in range(groups)]
    rows = [tuple(cell for part in row for cell in part) for row in zip(*columns, strict=True)]
    return blocks.Table(heads * groups, tuple(rows))


def _row(language: str, x: float) -> tuple[Text, ...]:
    return (_fixed(x, 1, language),), *((_fixed(f(x), 4, language),) for f in FUNCTIONS.values())


def _logarithms(language: str, tenths: range) -> blocks.Table:
    """A row for each digit before the point, a column for each of these after it."""
    heads = (Math(r"\log x", "log x"),), *((_fixed(tenth / 10, 1, language),) for tenth in tenths)
    rows = [((_fixed(one, 0, language),), *((_fixed(log(one + tenth / 10), 4, language),) for tenth in tenths))
            for one in range(1, 10)]  # fmt: skip
    return blocks.Table(heads, tuple(rows))


def _fixed(value: float, decimals: int, language: str) -> Math:
    """A number with all its decimals, as tables have them."""
    digits = f"{value:.{decimals}f}"
    return Math(in_latex(digits, language), in_plain(digits, language))


# formulas

RULES: tuple[tuple[str, dict[str, Shape]], ...] = (
    ("x + z", {"x": (), "z": ()}),
    ("x - z", {"x": (), "z": ()}),
    ("x * z", {"x": (), "z": ()}),
    ("x / z", {"x": (), "z": ()}),
    ("x ** 2", {"x": ()}),
    ("exp(x)", {"x": ()}),
    ("log(x)", {"x": ()}),
    ("sqrt(x)", {"x": ()}),
    ("sigmoid(x)", {"x": ()}),
    ("tanh(x)", {"x": ()}),
    ("relu(x)", {"x": ()}),
    ("softmax(x)", {"x": (3,)}),
    ("sum(x)", {"x": (3,)}),
    ("w @ x", {"w": (3,), "x": (3,)}),
    ("W @ x", {"W": (2, 3), "x": (3,)}),
    ("X @ W", {"X": (2, 3), "W": (3, 4)}),
)
"""What the formula sheet has a row for; shapes stand for any that fit."""


def _formulas(language: str, _: bool) -> list[blocks.Block]:
    """The chain rule, what each operation sends back, what ones are, and the step of gradient descent."""
    header = tuple(runs(say(language, "attached", name), language) for name in ("quantity", "back"))
    rows = tuple(_rule(right, tuple(givens.items())) for right, givens in RULES)
    chain, ones, step = (
        blocks.Paragraph(runs(say(language, "attached", name), language)) for name in ("chain", "ones", "step")
    )
    return [chain, blocks.Table(header, rows), ones, step]


@lru_cache
def _rule(right: str, givens: tuple[tuple[str, Shape], ...]) -> tuple[Text, ...]:
    """An operation, and what comes back to each argument where v comes back to it: by the sweep that makes keys."""
    tape = Tape(read(f"y = {right}", dict(givens)))
    seed = tape.seed("v", tape.program.shape("y"))
    sent: list[blocks.Run] = []
    for name, _ in givens:
        adjoint = tape.adjoint("y", name, seed)
        shown = seed if adjoint == seed else latex(tape.program, adjoint)
        plain = seed if adjoint == seed else text(tape.program, adjoint)
        sent += [Plain(", ")] if sent else []
        sent.append(_sizeless(Math(rf"{latex_name(name)}\colon\; {shown}", f"{name}: {plain}"), name))
    return (Math(f"y = {latex(tape.program, 'y')}", f"y = {right}"),), tuple(sent)


def _sizeless(math: Math, name: str) -> Math:
    """Ones in the shape of an argument, whatever its size."""
    plain = re.sub(r"\(\d+,\)", f"{name}.shape", math.plain)
    return Math(re.sub(r"(?<=\\mathbf\{1\})_\{\d+\}", "", math.latex), plain)
