"""What a choice or an order shows one student: options drawn and ordered by the keyed stream, and which are right."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from t1gen.asks.choices import cheaper, ordered, shows
from t1gen.banks import Words, told
from t1gen.errors import BankError, near
from t1gen.mapping.nested import flat
from t1gen.mapping.program import number_text
from t1gen.problems.draws import Stream
from t1gen.problems.instance import Instance, rationals
from t1gen.wording import in_latex, say, signs

LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Shown:
    """(id, text) of every option in order; the ids that are right, of an order all of them as they follow; why."""

    options: tuple[tuple[str, str], ...]
    right: tuple[str, ...]
    several: bool = False
    because: str = ""


def shown(instance: Instance, k: int, language: str) -> Shown:
    """The options of question k for this instance."""
    made = _MAKERS[instance.structure.asked[k].quantity.ask](instance, k, language)
    because = instance.structure.asked[k].options.get("because")
    if not because:
        return made
    return Shown(made.options, made.right, made.several, filled(told(because, language), instance, language))


def filled(text: str, instance: Instance, language: str) -> str:
    """`text` with `{w}` and `{w[0]}` outside of mathematics and code as the values of givens.

    Numbers in mathematics get the signs of the language.
    """
    parts = re.split(r"(\$[^$]*\$|`[^`]*`)", text)
    put = re.compile(r"\{(\w+)(?:\[(-?\d+)\])?[^{}]*\}")
    parts[::2] = [put.sub(lambda m: _value(m, instance, language), part) for part in parts[::2]]
    parts[1::2] = [in_latex(part, language) if part.startswith("$") else part for part in parts[1::2]]
    return "".join(parts)


def _value(match: re.Match[str], instance: Instance, language: str) -> str:
    if match[1] not in instance.givens:
        raise BankError(f"the text has {match[0]}, and '{match[1]}' is no given{near(match[1], instance.givens)}",
                        where=instance.structure.problem.id)  # fmt: skip
    value = instance.givens[match[1]]
    if match[2] is not None:
        if not isinstance(value, tuple) or not -len(value) <= int(match[2]) < len(value) or "][" in match[0]:
            raise BankError(f"the text has {match[0]}, and there is no such entry", where=instance.structure.problem.id)
        value = value[int(match[2])]
    decimal, separator, _ = signs(language)
    entries = flat(value) if isinstance(value, tuple) else [value]
    return f"{separator} ".join(number_text(v).replace(".", decimal) for v in entries)


def _stream(instance: Instance, k: int) -> Stream:
    return Stream(instance.key + b"options" + k.to_bytes(2, "big"))


def _lettered(texts: list[tuple[str, bool]], several: bool) -> Shown:
    """Options with letters; raises BankError where two read the same."""
    if len({text for text, _ in texts}) < len(texts):
        raise BankError("two options read the same with these numbers; let `require` keep them apart")
    options = tuple((LETTERS[i], text) for i, (text, _) in enumerate(texts))
    return Shown(options, tuple(LETTERS[i] for i, (_, right) in enumerate(texts) if right), several)


def _choose(instance: Instance, k: int, language: str) -> Shown:
    options, stream = instance.structure.asked[k].options, _stream(instance, k)
    if "options" in options:
        shapes = instance.structure.mapping.givens
        floats = {n: a.astype(float) for n, a in rationals([instance.givens], shapes).items()}
        right = instance.judge.right(k, floats)[:, 0]
        texts = [_words(o["text"], instance, language) for o in options["options"]]
        pairs = list(zip(texts, map(bool, right), strict=True))
        several = bool(options.get("several"))
        if options.get("ordered"):
            return _lettered(pairs, several)
    else:
        some, others = shows(options)
        pairs = [(_words(w, instance, language), True) for w in stream.sample(options["right"], some)]
        pairs += [(_words(w, instance, language), False) for w in stream.sample(options["wrong"], others)]
        several = bool(options.get("several", some != 1))
    return _lettered(stream.sample(pairs, len(pairs)), several)


def _words(words: Words, instance: Instance, language: str) -> str:
    return filled(told(words, language), instance, language)


def _cheaper(instance: Instance, k: int, language: str) -> Shown:
    found = cheaper(instance.structure.mapping, instance.structure.asked[k].quantity)
    return _lettered([(say(language, "cheaper", name), right) for name, right in found.items()], False)


def _wrong_line(instance: Instance, k: int, language: str) -> Shown:
    listing = instance.listing
    if listing is None or not listing.wrong:
        raise BankError("'wrong-line' wants a listing with 'wrong: true'", where=instance.structure.problem.id)
    numbered = enumerate(listing.lines, 1)
    options = tuple((str(i), f"`{line.text.strip()}`") for i, line in numbered if line.step)
    because = say(language, "because", "wrong-line", line=listing.wrong, mended=listing.mended)
    return Shown(options, (str(listing.wrong),), False, because)


def _order(instance: Instance, k: int, language: str) -> Shown:
    lines = ordered(instance.structure.mapping, instance.structure.asked[k].quantity)
    mixed = _stream(instance, k).sample(range(len(lines)), len(lines))
    if mixed == sorted(mixed):
        mixed = mixed[1:] + mixed[:1]
    options = tuple((LETTERS[i], f"`{lines[n]}`") for i, n in enumerate(mixed))
    return Shown(options, tuple(LETTERS[mixed.index(n)] for n in range(len(lines))))


_MAKERS: Mapping[str, Callable[[Instance, int, str], Shown]] = {
    "choose": _choose, "cheaper": _cheaper, "wrong-line": _wrong_line, "order": _order,
}  # fmt: skip

ASKED = frozenset(_MAKERS)


def value(made: Shown, kind: str) -> Any:
    """The key's answer: an id, or several in order."""
    return list(made.right) if kind == "order" or made.several else made.right[0]
