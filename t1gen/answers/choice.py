"""choice: the id of an option; where several may be right, all of their ids."""

import re
from typing import Any

from t1gen.answers.record import Kind, Unreadable, Verdict, shared
from t1gen.errors import near

LONGEST = 400


def read(given: Any, question: Any) -> list[str]:
    """Ids in the order of the options, from a text such as `b`, `(b)`, `a, c` or a list of ids."""
    known = {o.id.lower(): o.id for o in question.options}
    told = {_id(word, known) for word in words(given)}
    if not told:
        raise Unreadable(f"no option is named; write one of {', '.join(known.values())}")
    if len(told) > 1 and not question.several:
        raise Unreadable(f"one option is wanted, not {len(told)}")
    return [o.id for o in question.options if o.id in told]


def words(given: Any) -> list[str]:
    """The ids of a list, or of a text with commas, spaces or brackets between them."""
    parts = given if isinstance(given, list) else [given]
    if len(parts) > 50 or any(isinstance(p, bool) or not isinstance(p, (str, int)) for p in parts):
        raise Unreadable("ids of options are wanted, such as b or a, c")
    text = " ".join(map(str, parts))
    if len(text) > LONGEST:
        raise Unreadable(f"the answer has {len(text)} characters; at most {LONGEST} are read")
    return [w for w in re.split(r"[^\w-]+", text.strip()) if w]


def _id(word: str, known: dict[str, str]) -> str:
    if word.lower() not in known:
        raise Unreadable(f"'{word[:40]}' is none of the options {', '.join(known.values())}{near(word, known)}")
    return known[word.lower()]


def compare(value: list[str], question: Any, answer: Any, reference: Any) -> Verdict:
    """With several right options, each one found counts and each wrong one takes one away."""
    right = set(answer.value if isinstance(answer.value, list) else [answer.value])
    wrong = [v for v in value if v not in right]
    missing = [o.id for o in question.options if o.id in right and o.id not in value]
    if not question.several:
        return Verdict("wrong", "another option is right") if wrong else Verdict("correct")
    told = [f"{', '.join(wrong)} not right"] * bool(wrong) + [f"{', '.join(missing)} missing"] * bool(missing)
    return shared(len(right) - len(missing) - len(wrong), len(right), "; ".join(told))


KIND = Kind("choice", read, compare)
