"""Wording from templates/text/<language>/: Jinja2 texts by key, with names printed as mathematics."""

from functools import cache
from typing import Any, NamedTuple

import yaml
from jinja2 import Environment, StrictUndefined

from t1gen.data import folder
from t1gen.errors import BankError
from t1gen.mapping.notation import latex_name


@cache
def _texts(language: str) -> dict[str, Any]:
    path = folder("templates") / "text" / language / "wording.yaml"
    if not path.is_file():
        raise BankError(f"there is no wording in language '{language}'")
    loaded: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return loaded


@cache
def _environment() -> Environment:
    environment = Environment(undefined=StrictUndefined, autoescape=False, trim_blocks=True)
    environment.filters["math"] = lambda name: f"${latex_name(name)}$"
    environment.filters["latex"] = latex_name
    return environment


@cache
def _template(language: str, group: str, key: str) -> Any:
    return _environment().from_string(_texts(language)[group][key])


def say(language: str, group: str, key: str, **values: Any) -> str:
    """The wording of `group.key` with its values put in, runs of white space made one space."""
    text = _template(language, group, key).render(**values)
    return ("" if not text.startswith(" ") else " ") + " ".join(text.split())


class Signs(NamedTuple):
    """How numbers are written: what stands before the decimals, and between the entries of a list."""

    decimal: str
    separator: str


@cache
def signs(language: str) -> Signs:
    """The signs of numbers in a language."""
    return Signs(**_texts(language)["numbers"])


def words(language: str) -> dict[str, str]:
    """The fixed words of documents."""
    return dict(_texts(language)["document"])
