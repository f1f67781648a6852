"""Wording from templates/text/<language>/: Jinja2 texts by key, with names printed as mathematics.

A language is a folder with a wording.yaml; what it lacks is said in English.
"""

import re
from functools import cache
from typing import Any, NamedTuple

import yaml
from jinja2 import Environment, StrictUndefined, Template

from t1gen.data import folder
from t1gen.errors import BankError, near
from t1gen.mapping.notation import latex_name

ENGLISH = "en"
"""The language that has every text, and whose texts stand in where another has none."""


def languages() -> list[str]:
    """The languages that there is wording in."""
    return sorted(path.parent.name for path in (folder("templates") / "text").glob("*/wording.yaml"))


def known(language: str, where: str = "") -> str:
    """`language`, if there is wording in it. Raises BankError that names those that there are."""
    allowed = languages()
    if language not in allowed:
        raise BankError(f"language '{language[:40]}' is unknown{near(language, allowed, 0.5)} "
                        f"(allowed: {', '.join(allowed)})", where=where)  # fmt: skip
    return language


@cache
def _texts(language: str) -> dict[str, Any]:
    path = folder("templates") / "text" / known(language) / "wording.yaml"
    loaded: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return loaded


def keys(language: str) -> list[tuple[str, str]]:
    """Every text of a language, as group and key."""
    return [(group, key) for group, texts in _texts(language).items() for key in texts]


def lacking(language: str) -> list[str]:
    """The texts that English has and this language has not: `ask: jvp`."""
    has = set(keys(language))
    return [f"{group}: {key}" for group, key in keys(ENGLISH) if (group, key) not in has]


# numbers


class Signs(NamedTuple):
    """How numbers are written: what stands before the decimals, and between the entries of a list."""

    decimal: str
    separator: str


@cache
def signs(language: str) -> Signs:
    """The signs of numbers in a language."""
    numbers = _numbers(language)
    return Signs(numbers["decimal"], numbers["separator"])


def _numbers(language: str) -> dict[str, Any]:
    own: dict[str, Any] = _texts(ENGLISH)["numbers"] | _texts(language).get("numbers", {})
    return own


def in_plain(digits: str, language: str) -> str:
    """A number with the decimal sign of the language."""
    return digits.replace(".", signs(language).decimal)


def in_latex(latex: str, language: str) -> str:
    """LaTeX of numbers with the signs of the language; a decimal comma stands in braces, so that no room follows it."""
    decimal, separator = signs(language)
    if decimal != ".":
        latex = re.sub(r"(?<=\d)\.(?=\d)", f"{{{decimal}}}", latex)
    return latex if separator == "," else re.sub(r"(?<!\\),(?=\\;)", separator, latex)


def plural(language: str, n: str | float, *forms: str) -> str:
    """The form of a word that goes with n: `plural('cs', 3, 'bod', 'body', 'bodů', 'bodu')` is 'body'.

    `numbers: plural` of the wording has, for every form but the last of whole numbers, the first and the last number
    that it goes with; one more form, where it is told, goes with fractions.
    """
    ranges = _numbers(language)["plural"]
    value = float(str(n).replace(",", "."))
    if value != int(value):
        return forms[-1]
    place = next((i for i, (first, last) in enumerate(ranges) if first <= value <= last), len(ranges))
    return forms[min(place, len(forms) - 1)]


# texts


@cache
def _environment(language: str) -> Environment:
    environment = Environment(undefined=StrictUndefined, autoescape=False, trim_blocks=True)
    environment.filters["math"] = lambda name: f"${latex_name(name)}$"
    environment.filters["latex"] = latex_name
    environment.filters["plural"] = lambda n, *forms: plural(language, n, *forms)
    return environment


@cache
def _template(language: str, group: str, key: str) -> Template:
    own = language if key in _texts(language).get(group, {}) else ENGLISH
    return _environment(own).from_string(_texts(own)[group][key])


def say(language: str, group: str, key: str, **values: Any) -> str:
    """The wording of `group.key` with its values put in, runs of white space made one space."""
    text = _template(language, group, key).render(**values)
    return ("" if not text.startswith(" ") else " ") + " ".join(text.split())


def words(language: str) -> dict[str, str]:
    """The fixed words of documents."""
    return dict(_texts(ENGLISH)["document"] | _texts(language).get("document", {}))
