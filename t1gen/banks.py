"""problem_banks/*.yaml -> checked declarations."""

import hashlib
import re
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import yaml

from t1gen.data import folder
from t1gen.errors import BankError, near

COMPETENCES = ("draw-graph", "vjp", "backpropagation")
LARGEST = 2 * 2**20


class Given(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A named input: its shape, and either how it is drawn or its fixed value."""

    shape: tuple[int, ...] = ()
    draw: str = ""
    value: Any = None


class Problem(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One problem as its author wrote it; `builder` draws givens and mapping where there is no mapping."""

    id: str
    title: str
    competence: str
    points: float
    minutes: float
    given: dict[str, Given] = {}
    require: tuple[str, ...] = ()
    mapping: str = ""
    builder: dict[str, Any] = {}
    ask: tuple[dict[str, Any], ...]
    text: str = ""
    decimals: int = 3


class Operation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An operation of the bank's own: its forward over the arguments that `vjp` names, and a rule for each.

    `surrogate` says that the rule is not the derivative, by design.
    """

    name: str
    forward: str
    vjp: dict[str, str]
    surrogate: bool = False


class Bank(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A test as declared: its problems in order."""

    id: str
    title: str
    minutes: float
    language: str = "en"
    problems: tuple[Problem, ...]
    functions: tuple[str, ...] = ()
    operations: tuple[Operation, ...] = ()
    sha256: str = ""
    path: str = ""


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


def problem(bank: Bank, name: str) -> Problem:
    """A problem of a bank by its id."""
    for one in bank.problems:
        if one.id == name:
            return one
    ids = [p.id for p in bank.problems]
    raise BankError(f"bank {bank.id} has no problem '{name}'{near(name, ids)} (problems: {', '.join(ids)})")


@cache
def _load(path: Path) -> Bank:
    raw = _bytes(path)
    try:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        tree = yaml.load(raw, Loader=loader)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise BankError(f"not YAML: {' '.join(str(error).split())[:200]}", where=str(path)) from None
    _mend_draws(tree)
    try:
        bank = msgspec.convert(tree, Bank, strict=True)
    except msgspec.ValidationError as error:
        raise BankError(_explained(str(error), tree), where=str(path)) from None
    bank = msgspec.structs.replace(bank, sha256=hashlib.sha256(raw).hexdigest(), path=str(path))
    _check(bank)
    return bank


def _mend_draws(tree: Any) -> None:
    """`{draw: nonzero(-3, 3)}` without quotes: YAML splits it at the comma, and here it is joined again."""
    problems = tree.get("problems") if isinstance(tree, dict) else None
    for one in problems if isinstance(problems, list) else []:
        givens = one.get("given") if isinstance(one, dict) else None
        for given in givens.values() if isinstance(givens, dict) else []:
            draw = given.get("draw") if isinstance(given, dict) else None
            if isinstance(draw, str) and draw.count("(") > draw.count(")"):
                pieces = [k for k, v in given.items() if v is None]
                given["draw"] = ", ".join([draw, *(str(given.pop(k) or k) for k in pieces)])


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
        fields = [f for kind in (Bank, Problem, Given) for f in kind.__struct_fields__ if f not in ("sha256", "path")]
        message += near(unknown[1], fields)
    return message


def _check(bank: Bank) -> None:
    seen: set[str] = set()
    for one in bank.problems:
        where = f"{bank.path}: {one.id}"
        if one.id in seen:
            raise BankError("this id is used twice", where=where)
        seen.add(one.id)
        if one.competence not in COMPETENCES:
            raise BankError(
                f"competence '{one.competence}' is unknown{near(one.competence, COMPETENCES)} "
                f"(allowed: {', '.join(COMPETENCES)})", where=where)  # fmt: skip
        if bool(one.mapping) == bool(one.builder):
            raise BankError("exactly one of 'mapping' and 'builder' is wanted", where=where)
        if not 0 <= one.decimals <= 10:
            raise BankError(f"decimals is 0 to 10, not {one.decimals}", where=where)
        if not 0 < one.points < 1000 or not one.ask:
            raise BankError("a problem has positive points and at least one ask", where=where)
        for name, given in one.given.items():
            if bool(given.draw) == (given.value is not None):
                raise BankError(f"given '{name}' needs either 'draw' or 'value'", where=where)
    for operation in bank.operations:
        if not operation.vjp:
            raise BankError("an operation has a vjp for every argument", where=f"{bank.path}: {operation.name}")
    if not bank.problems:
        raise BankError("a bank has at least one problem", where=bank.path)
