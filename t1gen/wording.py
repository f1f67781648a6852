"""Wording from templates/text/<language>/: Jinja2 texts by key, with names printed as mathematics.

A language is a folder with a wording.yaml; what it lacks is said in English.
"""

import re
from functools import cache, lru_cache
from math import inf
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from jinja2 import Environment, StrictUndefined, Template, TemplateError

from t1gen.data import folder
from t1gen.errors import MISFITS, BankError, T1genError, near, near_code
from t1gen.mapping.notation import latex_name

ENGLISH = "en"
"""The language that has every text, and whose texts stand in where another has none."""


class WordingError(T1genError):
    """A text that cannot be said; its own file is all that tells where it is."""

    def inside(self, where: str) -> T1genError:
        return self


_own: list[Path] = []


def use(templates: Path | None) -> None:
    """Let the texts of this folder's `text/<language>/wording.yaml` come before t1gen's own, in this process.

    Raises WordingError where one of them is no text.
    """
    own = [templates] if templates else []
    if own != _own:
        _own[:] = own
        for cached in (languages, _texts, _read, signs, _environment, _template, _remembered, _patterns):
            cached.cache_clear()
    for path in _own_files():
        _texts(path.parent.name)


@cache
def languages() -> list[str]:
    """The languages that there is wording in."""
    places = [*_own, folder("templates")]
    return sorted({path.parent.name for place in places for path in (place / "text").glob("*/wording.yaml")})


def known(language: str, where: str = "") -> str:
    """`language`, if there is wording in it. Raises BankError that names those that there are."""
    allowed = languages()
    if language not in allowed:
        raise BankError(f"language '{language[:40]}' is unknown{near_code(language, allowed)} "
                        f"(allowed: {', '.join(allowed)})", where=where)  # fmt: skip
    return language


@cache
def _texts(language: str) -> dict[str, Any]:
    texts: dict[str, Any] = {}
    for path in _files(known(language)):
        read = _read(path)
        if path in _own_files():
            _check(path, read, texts)
        for group, said in read.items():
            texts[group] = texts.get(group, {}) | said
    return texts


def _files(language: str) -> list[Path]:
    """Where the texts of a language are; the later file stands above the earlier."""
    places = [place / "text" / language / "wording.yaml" for place in (folder("templates"), *_own)]
    return [path for path in places if path.is_file()]


def _own_files() -> list[Path]:
    return sorted(path for place in _own for path in (place / "text").glob("*/wording.yaml"))


@cache
def _read(path: Path) -> dict[str, dict[str, Any]]:
    """The texts of a file by group and key. Raises WordingError where it holds anything else."""
    try:
        loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise WordingError(f"not YAML: {' '.join(str(error).split())[:200]}", where=str(path)) from None
    groups = {} if loaded is None else loaded
    if not isinstance(groups, dict) or not all(isinstance(said, dict | None) for said in groups.values()):
        raise WordingError("groups of texts are wanted: `document:`, and below it `page: Page`", where=str(path))
    return {group: said or {} for group, said in groups.items()}


def _check(path: Path, read: dict[str, dict[str, Any]], shipped: dict[str, dict[str, Any]]) -> None:
    """Raise WordingError for a text of one's own that is none; what is `shipped` is right."""
    for group, key, text in ((group, key, text) for group, said in read.items() for key, text in said.items()):
        if wanted := _wanted(group, key, text):
            raise WordingError(f"{group}: {key}: {wanted}, not {repr(text)[:40]}", where=str(path))
        if isinstance(text, str) and text != shipped.get(group, {}).get(key):
            _compiled(path.parent.name, group, key, text)


def _wanted(group: str, key: str, value: Any) -> str:
    """What is wanted where `value` stands, unless it is that."""
    if (group, key) == ("numbers", "plural"):
        pairs = isinstance(value, list) and all(isinstance(pair, list) and len(pair) == 2 for pair in value)
        if pairs and all(isinstance(n, int | float) for pair in value for n in pair):
            return ""
        return "pairs of a first and a last number are wanted, such as [[1, 1], [2, 4]]"
    if not isinstance(value, str):
        return "a text is wanted"
    return "a sign is wanted" if group == "numbers" and key in ("decimal", "separator") and not value else ""


def strays() -> list[str]:
    """Texts of one's own that t1gen never says, with the file: `document: nmae; did you mean 'name'?`."""
    english = _read(_files(ENGLISH)[0])
    found = []
    for path in _own_files():
        for group, said in _read(path).items():
            if group in english:
                alike = {key: near(str(key), english[group]) for key in said if key not in english[group]}
                found += [f"{path}: {group}: {key}{meant}" for key, meant in alike.items()]
            else:
                found.append(f"{path}: {group}{near(str(group), english)}")
    return found


def keys(language: str) -> list[tuple[str, str]]:
    """Every text of a language, as group and key."""
    return [(group, key) for group, texts in _texts(language).items() for key in texts]


def lacking(language: str) -> list[str]:
    """The texts that English has and this language has not: `ask: jvp`."""
    has = set(keys(language))
    return [f"{group}: {key}" for group, key in keys(ENGLISH) if (group, key) not in has]


# numbers


class Signs(NamedTuple):
    """How numbers are written: what stands before the decimals, between the entries of a list, between thousands."""

    decimal: str
    separator: str
    thousands: str


@cache
def signs(language: str) -> Signs:
    """The signs of numbers in a language."""
    numbers = _numbers(language)
    return Signs(numbers["decimal"], numbers["separator"], numbers["thousands"])


def _numbers(language: str) -> dict[str, Any]:
    own: dict[str, Any] = _texts(ENGLISH)["numbers"] | _texts(language).get("numbers", {})
    return own


def in_plain(digits: str, language: str) -> str:
    """A number with the decimal sign of the language."""
    return digits.replace(".", signs(language).decimal)


def in_latex(latex: str, language: str) -> str:
    """LaTeX of numbers with the signs of the language; a decimal comma stands in braces, so that no room follows it."""
    decimal, separator, _ = signs(language)
    if decimal != ".":
        latex = re.sub(r"(?<=\d)\.(?=\d)", f"{{{decimal}}}", latex)
    return latex if separator == "," else re.sub(r"(?<!\\),(?=\\;)", separator, latex)


def grouped(n: int, language: str) -> str:
    """A large whole number in groups of three digits."""
    return f"{n:,}".replace(",", signs(language).thousands)


def plural(language: str, n: str | float, *forms: str) -> str:
    """The form of a word that goes with n: `plural('cs', 3, 'bod', 'body', 'bodů', 'bodu')` is 'body'.

    `numbers: plural` of the wording has, for every form but the last of whole numbers, the first and the last number
    that it goes with; one more form, where it is told, goes with fractions.
    """
    ranges = _numbers(language)["plural"]
    try:
        value = float(str(n).replace(",", "."))
    except ValueError:
        value = inf
    if value < inf and value % 1:
        return forms[-1]
    place = next((i for i, (first, last) in enumerate(ranges) if first <= value <= last), len(ranges))
    return forms[min(place, len(forms) - 1)]


# texts


@cache
def _environment(language: str) -> Environment:
    environment = Environment(undefined=StrictUndefined, autoescape=False, trim_blocks=True)
    environment.filters["math"] = lambda name: f"${latex_name(name)}$"
    environment.filters["latex"] = latex_name
    environment.filters["number"] = lambda digits: in_plain(str(digits), language)
    environment.filters["plural"] = lambda n, *forms: plural(language, n, *forms)
    return environment


@cache
def _template(language: str, group: str, key: str) -> Template:
    own = _spoken(language, group, key)
    return _compiled(own, group, key, _texts(own)[group][key])


def _spoken(language: str, group: str, key: str) -> str:
    """The language that a text is said in."""
    return language if key in _texts(language).get(group, {}) else ENGLISH


def _compiled(language: str, group: str, key: str, text: str) -> Template:
    try:
        return _environment(language).from_string(text)
    except (TemplateError, *MISFITS) as error:
        raise _broken(error, language, group, key) from error


def _broken(error: Exception, language: str, group: str, key: str) -> WordingError:
    """The error of a text, told from the file that it stands in."""
    return WordingError(f"{group}: {key}: {str(error).rstrip('.')}", where=str(_file(language, group, key)))


def _file(language: str, group: str, key: str) -> Path:
    """Where a text of a language stands."""
    return next(path for path in reversed(_files(language)) if key in _read(path).get(group, {}))


def _rendered(language: str, group: str, key: str, values: dict[str, Any]) -> str:
    """A text with its values, every space and line kept."""
    try:
        return _remembered(language, group, key, **values)
    except TypeError:  # a list is among the values
        return _put_in(language, group, key, **values)


def _put_in(language: str, group: str, key: str, **values: Any) -> str:
    template = _template(language, group, key)
    try:
        return template.render(**values)
    except (TemplateError, *MISFITS) as error:
        own = _spoken(language, group, key)
        if isinstance(error, TemplateError) or _file(own, group, key) in _own_files():
            raise _broken(error, own, group, key) from error
        raise


_remembered = lru_cache(maxsize=4096, typed=True)(_put_in)


def say(language: str, group: str, key: str, **values: Any) -> str:
    """The wording of `group.key` with its values put in, runs of white space made one space."""
    text = _rendered(language, group, key, values)
    return ("" if not text.startswith(" ") else " ") + " ".join(text.split())


def words(language: str) -> dict[str, str]:
    """The fixed words of documents."""
    return dict(_texts(ENGLISH)["document"] | _texts(language).get("document", {}))


# reasons


class Said(str):
    """A sentence of the wording with its values: English as a text, and `in_words` of any language.

    Values may be sentences themselves, or lists of them. Where a report is written, its language is known.
    """

    group: str
    key: str
    values: dict[str, Any]

    def __new__(cls, group: str, key: str, **values: Any) -> "Said":
        self = super().__new__(cls, _rendered(ENGLISH, group, key, values))
        self.group, self.key, self.values = group, key, values
        return self

    def __reduce__(self) -> Any:
        return _again, (self.group, self.key, self.values)


def _again(group: str, key: str, values: dict[str, Any]) -> Said:
    return Said(group, key, **values)


def in_words(text: Any, language: str) -> Any:
    """A sentence in a language; what is none stays as it is."""
    if isinstance(text, list | tuple):
        return [in_words(part, language) for part in text]
    if not isinstance(text, Said) or language == ENGLISH:
        return text
    return _rendered(language, text.group, text.key, {n: in_words(v, language) for n, v in text.values.items()})


_VALUE = re.compile(r"\{\{ (\w+) \}\}")
LONGEST = 2_000
"""The most characters of a message that is looked for."""
_NESTED = ("reason", "near")
"""Values that are sentences themselves."""


@cache
def _patterns(group: str) -> list[tuple[str, re.Pattern[str]]]:
    """The texts of a group as patterns of what they say, the longest text first."""
    texts = sorted(_texts(ENGLISH)[group].items(), key=lambda item: -len(_VALUE.sub("", item[1])))
    return [(key, re.compile("".join(_piece(part, i) for i, part in enumerate(_VALUE.split(text))), re.DOTALL))
            for key, text in texts]  # fmt: skip


def _piece(part: str, at: int) -> str:
    if at % 2 == 0:
        return re.escape(part)
    return rf"(?P<{part}>.*)" if part in _NESTED else rf"(?P<{part}>.+)"


def recognised(text: str, group: str = "language") -> str:
    """A message of the mapping language as a sentence that can be said in any language; else as it is.

    The language knows no wording: what its errors say stands in the group once more, and is found by its form.
    """
    if isinstance(text, Said) or len(text) > LONGEST:
        return text
    first, _, below = text.partition("\n")
    if below:
        return Said(group, "pointed", reason=recognised(first, group), below=below)
    for key, pattern in _patterns(group):
        if found := pattern.fullmatch(text):
            values = {n: recognised(v, group) if n in _NESTED else v for n, v in found.groupdict().items()}
            return Said(group, key, **values)
    return text
