"""Formulas and graphs as students write them, as text in the mapping language."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from t1gen.answers.reading.characters import Source, source
from t1gen.answers.reading.formula import Formula
from t1gen.answers.reading.parts import Scope, Spelled
from t1gen.answers.reading.tokens import LATEX, PARTIAL, latin, tokens
from t1gen.answers.record import Unreadable, said
from t1gen.mapping.program import Shape

LONGEST, LINES = 4_000, 200
"""Characters of a formula, and lines of a graph, that are read."""


def spelled(text: Source, scope: Scope, *, dots: bool = False) -> Spelled:
    """A formula in the language. Raises Unreadable with the column where it stops making sense.

    `dots` takes the other reading of dots between arrays where both fit.
    """
    formula = Formula(text, scope, dots)
    part = formula.read()
    return Spelled.of(part, text, formula.notes, formula.products.doubtful)


def text_of(given: Any, wanted: str) -> Source:
    """A text that is short enough to be read; `wanted` is the reason where it is none."""
    if not isinstance(given, str):
        raise Unreadable(said(wanted))
    if len(given) > LONGEST:
        raise Unreadable(said("too_long", n=len(given), most=LONGEST))
    return source(given)


# graphs

NUMBERED = re.compile(r"\s*(?:(?:\(?[0-9]{1,3}[.):]\)?|[-•*])\s+|\([0-9]{1,3}\)\s*|[0-9]{1,3}\)\s*)?")
ASSIGNED = re.compile(r"\s*([^\s=:<←≔]{1,60})\s*(=(?!=)|:=|<-|←|≔)")


def graph_program_text(given: Any, shapes: Mapping[str, Shape] | None = None, *, dots: bool = False) -> str:
    """The lines of a graph as a program in the language, each line after those that it uses.

    `shapes` are those of the givens, where they are known: then a dot or factors side by side are `@` where matrices or
    row and column are multiplied; without them `·` stays, which the language reads as `*`. `dots` takes a dot between
    two vectors as their inner product. Raises Unreadable.
    """
    whole = text_of(given, "graph")
    lines = _assignments(whole)
    known, texts = dict(shapes or {}), list[str]()
    own = frozenset(line.name for line in lines)
    for name, _, right in _sorted(lines, whole):
        scope = Scope(known, open=True, own=own - set(known))
        texts.append(f"{name} = {spelled(right, scope, dots=dots).text}")
        if shapes:
            known |= scope.known(name, texts[-1])
    return "\n".join(texts)


class Line(NamedTuple):
    """A name, where it stands, and what is assigned to it."""

    name: str
    at: int
    right: Source


def _assignments(whole: Source) -> list[Line]:
    """Each line's name, the place of it, and its right side."""
    out = list[Line]()
    for start, end in _pieces(whole.text):
        at = start + len(NUMBERED.match(whole.text[start:end])[0])  # type: ignore[index]
        found = ASSIGNED.match(whole.text, at, end)
        if found is None:
            raise whole.refused(at, said("only_lines"))
        out.append(Line(_name(whole, found), found.start(1), whole.part(found.end(), end)))
    if not out:
        raise Unreadable(said("no_line"))
    if len(out) > LINES:
        raise Unreadable(said("lines", n=len(out), most=LINES))
    return out


def _pieces(text: str) -> list[tuple[int, int]]:
    """Where each line or part between semicolons starts and ends; brackets hold lines together, # ends one."""
    pieces, start, depth, comment = list[tuple[int, int]](), 0, 0, 0
    for at, char in enumerate(f"{text}\n"):
        depth = max(0, depth + (char in "([{") - (char in ")]}")) if not comment else depth
        if char == "#" and not comment:
            comment = at + 1
        if char == "\n" or (char == ";" and not comment):
            if depth and not comment and at < len(text):
                continue
            pieces.append((start, comment - 1 if comment else at))
            start, comment, depth = at + 1, 0, 0
    return [_stripped(text, *piece) for piece in pieces if text[slice(*piece)].strip(" ,;\t$")]


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    """Without commas and spaces at the end."""
    return start, start + len(text[start:end].rstrip(" ,;\t$"))


def _name(whole: Source, found: re.Match[str]) -> str:
    text = found[1].lstrip("\\$")
    quotient = PARTIAL.fullmatch(text)
    name = latin("d{}_d{}".format(*(g for g in quotient.groups() if g)) if quotient else LATEX.get(text, text))
    if not Scope(open=True).allows(name):
        raise whole.refused(found.start(1), said("no_name", name=found[1]))
    return name


def _sorted(lines: list[Line], whole: Source) -> list[Line]:
    """The lines in an order in which each comes after those that it uses; else in the order in which they stand."""
    own = {line.name for line in lines}
    waiting = [(line, {latin(t.text) for t in tokens(line.right, own) if t.kind == "name"} & own) for line in lines]
    done: set[str] = set()
    out = list[Line]()
    while waiting:
        ready = next((i for i, (_, uses) in enumerate(waiting) if uses <= done), None)
        if ready is None:
            names = ", ".join(line.name for line, _ in waiting[:6])
            raise whole.refused(waiting[0][0].at, said("no_first", names=names))
        line = waiting.pop(ready)[0]
        if line.name in done:
            raise whole.refused(line.at, said("twice", name=line.name))
        done.add(line.name)
        out.append(line)
    return out
