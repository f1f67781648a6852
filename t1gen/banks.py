"""problem_banks/*.yaml -> checked declarations."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from functools import cache
from math import prod
from pathlib import Path
from typing import Any

import msgspec
import yaml

from t1gen.data import folder
from t1gen.errors import BankError, near
from t1gen.formulas import fault
from t1gen.lecture import unknown
from t1gen.mapping.custom import Custom, declare, read_custom
from t1gen.mistakes import MISTAKES
from t1gen.setting import USUAL, SettingError

COMPETENCES = ("draw-graph", "vjp", "backpropagation", "concepts")
SHOWS = ("mapping", "listing", "text")
GIVEN_AS = ("values", "shapes")
PICTURES = ("", "plain", "empty", "none")
ENTRIES_COUNT = ("each", "all")
ACCEPT = ("decimal", "closed", "any")
LARGEST, ENTRIES = 2 * 2**20, 10_000

Words = str | dict[str, str]
"""A text, or the same text in several languages."""


def told(words: Words, language: str) -> str:
    """A text in a language, in English where it has no other, else in any that it has."""
    if isinstance(words, str):
        return words
    return words.get(language) or words.get("en") or next(iter(words.values()), "")


class Given(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A named input: its shape, and either how it is drawn or its fixed value."""

    shape: tuple[int, ...] = ()
    draw: str = ""
    value: Any = None


class Listing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Code that is printed from the mapping: its language, its form, and the line left blank or changed."""

    code: str = "numpy"
    form: str = ""
    blank: str = ""
    wrong: bool = False


class Problem(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One problem as its author wrote it; `builder` draws givens and mapping where there is no mapping.

    `covers` names rows of the lecture, `shows` what is printed of the mapping, `given_as` of the givens, `picture`
    which graph (else a plain one where backpropagation is asked), `few` why there are few instances. How answers are
    marked, unless an ask says otherwise: `entries` of an array earn each or all together, `accept` says how a number
    may be written, `follow_through` which share of the points is left for what is right given own earlier answers,
    `credit` that of an answer with a listed mistake.
    """

    id: str
    title: Words
    competence: str
    covers: tuple[str, ...] = ()
    points: float
    minutes: float
    few: Words = ""
    given: dict[str, Given] = {}
    require: tuple[str, ...] = ()
    mapping: str = ""
    builder: dict[str, Any] = {}
    listing: Listing | None = None
    shows: str = "mapping"
    given_as: str = "values"
    picture: str = ""
    ask: tuple[dict[str, Any] | str, ...]
    text: Words = ""
    decimals: int = 3
    entries: str = "each"
    accept: str = "closed"
    follow_through: float = 1.0
    credit: dict[str, float] = {}


class Operation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An operation of the bank's own: its forward over the arguments that `vjp` names, and a rule for each.

    `surrogate` says that the rule is not the derivative, by design.
    """

    name: str
    forward: str
    vjp: dict[str, str]
    surrogate: bool = False


class Slot(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A place of a test: every student gets `pick` problems of the pool, told by their ids."""

    pool: tuple[str, ...]
    pick: int = 1


class Bank(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A test as declared: all its problems, and the slots that they are drawn for in order.

    `calculator` says whether one is allowed, or nothing of it; where not, a table of values is printed. `formulas`
    wants a formula sheet, `aids` says in words what may be used, `setting` how sheets are set.
    """

    id: str
    title: Words
    course: Words = ""
    author: str = ""
    date: Words = ""
    aids: Words = ""
    calculator: bool | None = None
    formulas: bool = False
    setting: str | tuple[str, ...] = ()
    minutes: float
    language: str = "en"
    problems: tuple[Problem, ...]
    slots: tuple[Slot, ...] = ()
    functions: tuple[str, ...] = ()
    operations: tuple[Operation, ...] = ()
    sha256: str = ""
    path: str = ""

    @property
    def places(self) -> tuple[Slot, ...]:
        """The slots; where none are told, one a problem."""
        return self.slots or tuple(Slot((p.id,)) for p in self.problems)

    @property
    def points(self) -> float:
        """What one student's test is worth."""
        worth = {p.id: p.points for p in self.problems}
        return sum(worth[s.pool[0]] * s.pick for s in self.places)

    def test_minutes(self) -> float:
        """What one student's test takes at most."""
        takes = {p.id: p.minutes for p in self.problems}
        return sum(sum(sorted((takes[i] for i in s.pool), reverse=True)[: s.pick]) for s in self.places)

    def alone(self, one: Problem) -> "Bank":
        """The bank with this problem only."""
        return msgspec.structs.replace(self, problems=(one,), slots=(), minutes=one.minutes)


def available() -> dict[str, Path]:
    """The banks that come with t1gen, by id."""
    return {p.stem: p for p in sorted(folder("problem_banks").glob("*.yaml"))}


def load(name: str) -> Bank:
    """A bank by its id or the path of a YAML file; raises BankError that says where it is wrong."""
    path = Path(name)
    if path.suffix in (".yaml", ".yml"):
        return _load(path)
    known = available()
    if name not in known:
        raise BankError(
            f"there is no bank '{name}'{near(name, known)} (banks: {', '.join(known)}; or give a .yaml file)"
        )
    return _load(known[name])


def declare_own(bank: Bank) -> None:
    """Make a bank's functions and operations part of the language."""
    for text in bank.functions:
        declare(read_custom(text))
    for own in bank.operations:
        declare(Custom(own.name, tuple(own.vjp), own.forward, tuple(own.vjp.values()), own.surrogate))


def written() -> dict[str, Problem]:
    """Every problem that comes with t1gen as `bank:problem`, by the bank that it is written in."""
    return {f"{name}:{p.id}": p for name, path in available().items() for p in _own(path)[0].problems}


def problem(bank: Bank, name: str) -> Problem:
    """A problem of a bank by its id."""
    for one in bank.problems:
        if one.id == name:
            return one
    ids = [p.id for p in bank.problems]
    raise BankError(f"bank {bank.id} has no problem '{name}'{near(name, ids)} (problems: {', '.join(ids)})")


@cache
def _load(path: Path) -> Bank:
    """A bank with the problems of other banks that its pools name."""
    bank, pools = _own(path)
    if not pools:
        return bank
    problems, slots, others = list(bank.problems), [], dict[str, Bank]()
    for pool, pick in pools:
        members = [_member(bank, name, others) for name in pool]
        problems += [m for m in members if m not in problems]
        slots.append(Slot(tuple(m.id for m in members), pick))
    raw = bank.sha256 + "".join(b.sha256 for _, b in sorted(others.items()))
    whole = msgspec.structs.replace(
        bank, problems=tuple(problems), slots=tuple(slots),
        sha256=hashlib.sha256(raw.encode()).hexdigest() if others else bank.sha256,
        functions=tuple(dict.fromkeys(f for b in (bank, *others.values()) for f in b.functions)),
        operations=_each_once([o for b in (bank, *others.values()) for o in b.operations]),
    )  # fmt: skip
    _check(whole)
    return whole


def _each_once(operations: list[Operation]) -> tuple[Operation, ...]:
    """Without repetitions; two operations of one name stay two, and are refused where they are declared."""
    return tuple(o for i, o in enumerate(operations) if o not in operations[:i])


def _member(bank: Bank, name: str, others: dict[str, Bank]) -> Problem:
    """A problem that a pool names: `bank:problem`, or one of this bank."""
    try:
        return _found(bank, name, others)
    except BankError as error:
        raise error if bank.path in str(error) else error.inside(bank.path) from None


def _found(bank: Bank, name: str, others: dict[str, Bank]) -> Problem:
    other, colon, wanted = name.partition(":")
    if not colon:
        return problem(bank, name)
    if not re.fullmatch(r"[\w-]+", other):
        raise BankError(f"'{name}' is no problem of another bank; write bank:problem")
    if other not in others:
        beside = Path(bank.path).with_name(f"{other}.yaml")
        known = available()
        if not beside.is_file() and other not in known:
            raise BankError(f"there is no bank '{other}' for '{name}'{near(other, known)}")
        others[other] = _own(beside if beside.is_file() else known[other])[0]
    return problem(others[other], wanted)


@cache
def _own(path: Path) -> tuple[Bank, list[tuple[list[str], int]]]:
    """A bank with the problems that are written in it, and its slots: names of problems, and how many are drawn."""
    raw = _bytes(path)
    try:
        tree = yaml.load(raw.decode("utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise BankError(f"not YAML: {' '.join(str(error).split())[:200]}", where=str(path)) from None
    pools = _split_pools(tree, str(path))
    _mend(tree)
    try:
        bank = msgspec.convert(tree, Bank, strict=True)
        bank = msgspec.structs.replace(bank, sha256=hashlib.sha256(raw).hexdigest(), path=str(path))
        if bank.problems or not pools:
            _check(bank)
    except msgspec.ValidationError as error:
        raise BankError(_explained(str(error), tree), where=str(path)) from None
    except RecursionError:
        raise BankError("is nested too deeply, or within itself", where=str(path)) from None
    return bank, pools


def _split_pools(tree: Any, path: str) -> list[tuple[list[str], int]]:
    """Put the problems written in pools beside the others; gives every slot's names and number, if there is a pool."""
    entries = tree.get("problems") if isinstance(tree, dict) else None
    if not isinstance(entries, list) or any(not isinstance(e, dict) for e in entries):
        return []
    problems, pools = [], []
    for entry in entries:
        if "pool" not in entry:
            problems.append(entry)
            pools.append(([str(entry.get("id"))], 1))
            continue
        members, pick = entry["pool"], entry.get("pick", 1)
        if set(entry) - {"pool", "pick"} or not isinstance(members, list) or not members:
            raise BankError("a slot has 'pool', a list of problems, and 'pick', and nothing more", where=path)
        if type(pick) is not int or not 1 <= pick <= len(members):
            raise BankError(f"'pick' is 1 to {len(members)}, the size of the pool, not {pick}", where=path)
        problems += [m for m in members if isinstance(m, dict)]
        pools.append(([str(m.get("id") if isinstance(m, dict) else m) for m in members], pick))
    tree["problems"] = problems
    return pools if any("pool" in e for e in entries) else []


def _mend(tree: Any) -> None:
    """What YAML reads otherwise than it is meant.

    `{draw: nonzero(-3, 3)}` without quotes is split at the comma, and here joined again; rows of the lecture are texts.
    """
    problems = tree.get("problems") if isinstance(tree, dict) else None
    for one in problems if isinstance(problems, list) else []:
        givens = one.get("given") if isinstance(one, dict) else None
        for given in givens.values() if isinstance(givens, dict) else []:
            draw = given.get("draw") if isinstance(given, dict) else None
            if isinstance(draw, str) and draw.count("(") > draw.count(")"):
                pieces = [k for k, v in given.items() if v is None]
                given["draw"] = ", ".join([draw, *(str(given.pop(k) or k) for k in pieces)])
        if isinstance(one, dict) and isinstance(one.get("covers"), list):
            one["covers"] = [str(c) for c in one["covers"]]


def _bytes(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise BankError("is not a file" if path.exists() else "no such file", where=str(path))
        if path.stat().st_size > LARGEST:
            raise BankError(f"larger than {LARGEST} bytes", where=str(path))
        return path.read_bytes()
    except OSError as error:
        raise BankError(f"cannot be read: {error.strerror}", where=str(path)) from None


def _explained(message: str, tree: Any) -> str:
    """msgspec's message with the problem's id and the field that was perhaps meant."""
    at = re.search(r"\$\.problems\[(\d+)\]", message)
    problems = tree.get("problems") if isinstance(tree, dict) else None
    if at and isinstance(problems, list) and isinstance(problems[int(at[1])], dict):
        message = f"{problems[int(at[1])].get('id', 'problem ' + str(int(at[1]) + 1))}: {message}"
    unknown = re.search(r"unknown field `(\w+)`", message)
    if unknown:
        kinds = (Bank, Problem, Given, Listing)
        fields = [f for kind in kinds for f in kind.__struct_fields__ if f not in ("sha256", "path", "slots")]
        message += near(unknown[1], fields)
    return message


def _check(bank: Bank) -> None:
    seen: set[str] = set()
    for one in bank.problems:
        where = f"{bank.path}: {one.id}"
        if one.id in seen:
            raise BankError("this id is used twice", where=where)
        seen.add(one.id)
        _check_problem(one, where)
    named = [name for slot in bank.slots for name in slot.pool]
    for name in sorted({n for n in named if named.count(n) > 1}):
        raise BankError("this problem is in two places of the test", where=f"{bank.path}: {name}")
    for slot in bank.slots:
        worth = {p.points for p in bank.problems if p.id in slot.pool}
        if len(worth) > 1:
            text = ", ".join(f"{p:g}" for p in sorted(worth))
            raise BankError(f"the problems of the pool {', '.join(slot.pool)} have different points: {text}",
                            where=bank.path)  # fmt: skip
    for operation in bank.operations:
        if not operation.vjp:
            raise BankError("an operation has a vjp for every argument", where=f"{bank.path}: {operation.name}")
    if not bank.problems:
        raise BankError("a bank has at least one problem", where=bank.path)
    try:
        USUAL.with_words(bank.setting)
    except SettingError as error:
        raise BankError(error.message, where=f"{bank.path}: setting") from None


def _check_problem(one: Problem, where: str) -> None:
    words = {"competence": COMPETENCES, "shows": SHOWS, "given_as": GIVEN_AS, "picture": PICTURES}
    for what, allowed in words.items():
        _check_word(what, getattr(one, what), allowed, where)
    for options in ({}, *_options(one)):
        _check_marking(one, options, where)
    if message := unknown(one.covers):
        raise BankError(message, where=where)
    if one.mapping and one.builder:
        raise BankError("'mapping' and 'builder' exclude each other", where=where)
    if one.shows == "listing" and one.listing is None:
        raise BankError("'shows: listing' wants a 'listing'", where=where)
    asks_graph = any(e in ("graph", "edges") if isinstance(e, str) else "graph" in e for e in one.ask)
    if one.picture in ("plain", "empty") and (one.shows == "text" or asks_graph):
        raise BankError("a picture would give the graph away that is asked for", where=where)
    if not 0 <= one.decimals <= 10:
        raise BankError(f"decimals is 0 to 10, not {one.decimals}", where=where)
    if not 0 < one.points < 1000 or not one.ask:
        raise BankError("a problem has positive points and at least one ask", where=where)
    for name, given in one.given.items():
        if bool(given.draw) == (given.value is not None):
            raise BankError(f"given '{name}' needs either 'draw' or 'value'", where=where)
        if any(n < 1 for n in given.shape) or prod(given.shape) > ENTRIES:
            raise BankError(f"given '{name}' has shape {given.shape}; 1 to {ENTRIES} entries are read", where=where)
    for place, text in _worded(msgspec.to_builtins(one), ""):
        said = list(text.values()) if isinstance(text, dict) else [text]
        if not all(isinstance(w, str) for w in said):
            what = place.rpartition(": ")[2]
            raise BankError(f"{what}: {text!r} is no text; quote it ('Yes' and 'No' too)", where=where)
        field = place.partition(": ")[2]
        if field != "title" and (wrong := next(filter(None, map(fault, said)), "")):
            raise BankError(f"{field}: {wrong}", where=where)


def _check_word(what: str, value: Any, allowed: tuple[str, ...], where: str) -> None:
    if value not in allowed:
        known = ", ".join(allowed)
        raise BankError(f"{what} '{value}' is unknown{near(str(value), allowed)} (allowed: {known})", where=where)


def _options(one: Problem) -> Iterator[dict[str, Any]]:
    """The options of the asks that have any."""
    for entry in one.ask:
        for value in entry.values() if isinstance(entry, dict) else ():
            if isinstance(value, dict):
                yield value


def marked_by(one: Problem, options: Mapping[str, Any], name: str) -> Any:
    """How an answer is marked: as its ask says, else as the problem does."""
    return options.get(name, getattr(one, name))


def _check_marking(one: Problem, options: Mapping[str, Any], where: str) -> None:
    _check_word("entries", marked_by(one, options, "entries"), ENTRIES_COUNT, where)
    _check_word("accept", marked_by(one, options, "accept"), ACCEPT, where)
    credit = marked_by(one, options, "credit")
    if not isinstance(credit, Mapping):
        raise BankError("'credit' gives shares to mistakes, such as {sign-lost: 0.5}", where=where)
    for rule in credit:
        _check_word("the mistake in 'credit'", rule, MISTAKES, where)
    for what, share in (("follow_through", marked_by(one, options, "follow_through")), *credit.items()):
        if type(share) not in (int, float) or not 0 <= share <= 1:
            raise BankError(f"{what} is a share from 0 to 1, not {share}", where=where)


def lacking(bank: Bank, language: str) -> list[str]:
    """Texts for students that a bank has not in a language: `vjp-elementwise: text`. What is mathematics has none."""
    out = []
    for where, words in _worded(msgspec.to_builtins(bank), ""):
        has = words if isinstance(words, dict) else {bank.language: words}
        told = any(re.search(r"[^\W\d_]{2}", re.sub(r"\$[^$]*\$|`[^`]*`", "", text)) for text in has.values())
        if told and not has.get(language, "").strip() and not where.endswith(": few"):
            out.append(where)
    return list(dict.fromkeys(out))


POOLS = ("right", "wrong")
WORDED = ("title", "course", "date", "aids", "text", "few", "because", "right", "wrong")
"""Fields of a bank that hold words."""


def untranslated(bank: Bank) -> list[str]:
    """Texts that are missing in a language that others of the bank have: `one: ask: text: no cs`."""
    own = _own(Path(bank.path))[0] if bank.path else bank
    found = list(_worded(msgspec.to_builtins(own), ""))
    languages = sorted({lang for _, words in found if isinstance(words, dict) for lang in words})
    out = []
    for where, words in found:
        has = [w for w in words if words[w].strip()] if isinstance(words, dict) else []
        missing = [lang for lang in languages if lang not in has] if words else []
        if missing:
            out.append(f"{where}: no {', '.join(missing)}")
    return out


def _worded(tree: Any, where: str) -> Iterator[tuple[str, Words]]:
    """Every text of a bank with its place."""
    if isinstance(tree, (list, tuple)):
        for part in tree:
            yield from _worded(part, where)
    elif isinstance(tree, dict):
        here = f"{where}: {tree['id']}".removeprefix(": ") if "id" in tree else where
        for name, value in tree.items():
            place = f"{here}: {name}".removeprefix(": ")
            if name in WORDED and not (name == "wrong" and isinstance(value, bool)):
                for words in value if name in POOLS and isinstance(value, (list, tuple)) else [value]:
                    yield place, words
            else:
                yield from _worded(value, place if name in ("choose",) else here)
