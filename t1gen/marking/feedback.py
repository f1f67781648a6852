"""What a student is told about an answer in numbers: own and expected values, the mistake, and the right line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from t1gen.mapping.evaluate import Values
from t1gen.mapping.nested import shape_of
from t1gen.mapping.notation import ATOM, Writer, stopper
from t1gen.mapping.program import Program
from t1gen.marking.diagnose import Named
from t1gen.marking.follow import Followed
from t1gen.records import KeyAnswer, Question
from t1gen.wording import ENGLISH, in_plain, in_words, say, signs

if TYPE_CHECKING:
    from t1gen.marking.numeric import Answered, Judging

SHOWN, ENTRIES = 6, 4
"""Wrong entries that are named, and entries of an array that is put into a line."""

Best = tuple[Followed | None, Fraction, bool]


def tell(
    judging: Judging, m: int, question: Question, key: KeyAnswer, found: Answered, items: list[int], best: list[Best],
    names: list[Named], refused: list[str],
) -> None:  # fmt: skip
    """Write the reasons and the feedback of one answer."""
    reasons, language = [], found.language
    followed = [f for f, _, _ in best if f]
    if followed:
        between = f"{signs(language).separator} "
        own = between.join(f"{name} = {short(value, language)}" for name, value in found.own_used.items())
        word = refused[0] if refused else "follow" if found.verdict == "follow-through" else "partly"
        reasons.append(say(language, "feedback", word, own=own, expected=short(found.expected_from_own, language)))
    if any(c for _, _, c in best):
        values = [f.expected if f else judging.cohort.key[i][..., m] for i, (f, _, _) in zip(items, best, strict=True)]
        rounded = [short(np.round(v, judging.cohort.decimals).tolist(), language) for v in values]
        expected = f"{signs(language).separator} ".join(rounded)
        reasons.append(say(language, "feedback", "coarse", decimals=judging.cohort.decimals, expected=expected))
    if found.verdict in ("wrong", "partial") and not any(c for _, _, c in best):
        reasons.append(_what_is_wrong(judging, m, question, key, found, items, best))
    if names:
        reasons.append(_mistake(judging, names, language))
    found.reasons = reasons
    found.feedback = " ".join([*in_words(found.notes, language), *reasons])


def _what_is_wrong(
    judging: Judging, m: int, question: Question, key: KeyAnswer, found: Answered, items: list[int], best: list[Best]
) -> str:
    item, language = judging.chart.items[items[0]], found.language
    if item.cell is not None:
        wrong = [i for i, (_, worth, _) in zip(items, best, strict=True) if worth < 1]
        cells = [judging.name(i, language).removeprefix(question.id).strip() for i in wrong]
        return say(language, "feedback", "cells", entries=_listed(cells))
    shape = shape_of(found.value)
    if shape != item.shape:
        return say(language, "feedback", "shape", found=shape, asked=item.shape)
    followed, cohort = best[0][0], judging.cohort
    if not item.shape:
        expected, tolerance = (float(a[items[0]][m]) for a in (cohort.key, cohort.tolerance))
        near = in_plain(f"{tolerance:.2g}", language)
        return say(language, "feedback", "far", given=short(found.value, language), tolerance=near,
                   expected=short(expected, language))  # fmt: skip
    right = followed.right if followed else cohort.right[items[0]][..., m]
    entries = [str([int(n) + 1 for n in at]) for at in np.argwhere(~right)]
    return say(language, "feedback", "entries", entries=_listed(entries))


def _listed(parts: list[str]) -> str:
    return ", ".join(parts[:SHOWN]) + (" ..." if len(parts) > SHOWN else "")


def _mistake(judging: Judging, names: list[Named], language: str) -> str:
    """The first mistake that explains the answer, in words, and the right line with this student's numbers."""
    first = names[0]
    factor = "" if first.factor is None else short(first.factor, language, 4)
    text = say(language, "mistake", first.rule, factor=factor)
    if first.values is None:
        return text
    line = right_line(judging.chart.issued.tapes[0].program, first.at, first.values, first.column)
    return f"{text} {say(language, 'feedback', 'right', line=line)}" if line else text


def right_line(program: Program, at: str, values: Values, column: int) -> str:
    """`dL_dz = dL_dq * y = -0.73 * -1 = 0.73`: the line where a mistake was made, done rightly; empty if unnamed."""
    if at not in program or program[at].unnamed or at not in values:
        return ""
    name, step = at, program[at]
    if step.op in ("given", "const"):
        return ""
    written = Writer(program, stopper(program, None)).right(step)[0]
    numbers = Numbers(program, stopper(program, None), values, column).right(step)[0]
    result = short(_at(values[name], column), ENGLISH)
    parts = [f"{name} = {written}", *([numbers] if numbers != written else []), result]
    return " = ".join(dict.fromkeys(parts))


@dataclass(frozen=True)
class Numbers(Writer):
    """A line with the values of small quantities put in."""

    values: Mapping[str, Any]
    column: int

    def leaf(self, name: str) -> tuple[str, int]:
        if not self.stop(name) or name not in self.values or self.program[name].op == "const":
            return super().leaf(name)
        value = _at(self.values[name], self.column)
        if np.size(value) > ENTRIES:
            return name, ATOM
        text = short(value, ENGLISH)
        return text, 5 if text.startswith("-") else ATOM


def _at(array: Any, column: int) -> Any:
    return array[..., column if array.shape[-1] > 1 else 0].tolist()


def short(value: Any, language: str, digits: int = 5) -> str:
    """A number or array with few digits."""
    if isinstance(value, (list, tuple)):
        between = f"{signs(language).separator} "
        return f"[{between.join(short(v, language, digits) for v in value)}]"
    return in_plain(f"{value + 0.0:.{digits}g}", language) if isinstance(value, (int, float)) else str(value)
