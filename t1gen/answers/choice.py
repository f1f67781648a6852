"""choice: the id of an option; where several may be right, all of their ids."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from t1gen.answers.reading.characters import Source, source
from t1gen.answers.record import Kind, Reading, Unreadable, Verdict, judged, meant, said, shared

LONGEST = 400
JOINING = frozenset(("and", "und", "et"))


def read(given: Any, question: Any) -> Reading:
    """Ids in the order of the options, from a text such as `b`, `(b)`, `a, c` or a list of ids."""
    known = {o.id.lower(): o.id for o in question.options}
    told = {named(word, known, "none_of_options") for word in words(given, known, apart=question.several)}
    if not told:
        raise Unreadable(said("no_option", ids=", ".join(known.values())))
    if len(told) > 1 and not question.several:
        raise Unreadable(said("one_option", n=len(told)))
    return Reading([o.id for o in question.options if o.id in told])


@dataclass(frozen=True)
class Word:
    """A word of an answer, and where it stands: `column 4`, or nothing in a list."""

    text: str
    place: str = ""


def words(given: Any, known: Mapping[str, str], *, apart: bool) -> list[Word]:
    """The ids of a list, or of a text with commas, spaces, brackets or "and" between them.

    `apart` reads ids of one letter that are written together: `cab`.
    """
    parts = given if isinstance(given, list) else [given]
    if len(parts) > 50 or any(isinstance(p, bool) or not isinstance(p, (str, int)) for p in parts):
        raise Unreadable(said("ids"))
    length = sum(len(p) if isinstance(p, str) else p.bit_length() for p in parts)
    if length > LONGEST:
        raise Unreadable(said("too_long", n=length, most=LONGEST))
    found = [w for part in parts for w in _words(source(str(part)), told=isinstance(given, str))]
    found = [w for w in found if w.text.lower() in known or w.text.lower() not in JOINING]
    if apart and len(found) == 1 and found[0].text.lower() not in known and all(len(i) == 1 for i in known):
        letters = [Word(c, found[0].place) for c in found[0].text]
        found = letters if all(w.text.lower() in known for w in letters) else found
    return found


def _words(text: Source, *, told: bool) -> Iterator[Word]:
    for found in re.finditer(r"[\w-]+", text.text):
        yield Word(found[0], text.place(found.start()) if told else "")


def named(word: Word, known: Mapping[str, str], reason: str) -> str:
    """The id that a word is. Raises Unreadable for this reason."""
    if word.text.lower() not in known:
        ids = ", ".join(known.values())
        told = said(reason, word=word.text[:40], ids=ids, near=meant(word.text, known))
        raise Unreadable(said("at", place=word.place, reason=told) if word.place else told)
    return known[word.text.lower()]


def compare(value: list[str], question: Any, answer: Any, reference: Any) -> Verdict:
    """With several right options, each one found earns its share.

    A wrong one takes as much away, and more where fewer are wrong than right: who names all options earns nothing.
    """
    right = set(answer.value if isinstance(answer.value, list) else [answer.value])
    wrong = [v for v in value if v not in right]
    missing = [o.id for o in question.options if o.id in right and o.id not in value]
    if not question.several:
        return Verdict("wrong", judged("another_option")) if wrong else Verdict("correct")
    told = [judged("not_right", ids=", ".join(wrong))] * bool(wrong)
    told += [judged("missing_ids", ids=", ".join(missing))] * bool(missing)
    others = len(question.options) - len(right)
    found, share = len(right) - len(missing), max(1, others)
    lost = len(wrong) * max(len(right), share)
    return shared(found * share - lost, len(right) * share, judged("several", parts=told))


KIND = Kind("choice", read, compare)
