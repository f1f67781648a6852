"""order: the ids of lines in the order in which they run.

An order is right when every line reads what it reads in the reference order: lines that do not depend on each other may
change places.
"""

import ast
from collections.abc import Mapping, Sequence
from typing import Any

from t1gen.answers.choice import named, words
from t1gen.answers.record import Kind, Reading, Unreadable, Verdict, judged, said
from t1gen.errors import LanguageError
from t1gen.mapping.syntax import parse


def read(given: Any, question: Any) -> Reading:
    """All ids, each once."""
    known = {o.id.lower(): o.id for o in question.options}
    ids = [named(word, known, "none_of_lines") for word in words(given, known, apart=True)]
    if len(ids) != len(known) or len(set(ids)) != len(known):
        raise Unreadable(said("every_line", ids=", ".join(known.values())))
    return Reading(ids)


def compare(value: list[str], question: Any, answer: Any, reference: Any) -> Verdict:
    texts = {o.id: o.text.strip("`") for o in question.options}
    try:
        right, mine = sources(answer.value, texts), sources(value, texts)
    except LanguageError:
        return Verdict("correct") if value == answer.value else Verdict("wrong", judged("another_order"))
    for name in value:
        if mine[name] != right[name]:
            return Verdict("wrong", judged("line_early", name=name))
    return Verdict("correct")


def sources(order: Sequence[str], texts: Mapping[str, str]) -> dict[str, dict[str, str | None]]:
    """For every line, the line that assigned each name which it reads (None: none before it)."""
    written: dict[str, str] = {}
    out = {}
    for name in order:
        [line] = parse(texts[name], "exec").body
        if not (isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name)):
            raise LanguageError("a line is an assignment")
        read = {n.id for n in ast.walk(line.value) if isinstance(n, ast.Name)}
        out[name] = {n: written.get(n) for n in read}
        written[line.targets[0].id] = name
    return out


KIND = Kind("order", read, compare)
