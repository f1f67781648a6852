"""check: what a bank promises, measured over many students."""

from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from t1gen import wording
from t1gen.banks import Bank, told, untranslated
from t1gen.documents.engines import pdf
from t1gen.documents.render import render
from t1gen.errors import EngineError
from t1gen.exam import Maker, Plan, solved
from t1gen.files import Student
from t1gen.mapping import reference
from t1gen.mapping.evaluate import evaluate
from t1gen.mapping.nested import flat
from t1gen.problems.draws import key
from t1gen.problems.instance import Instance, rationals
from t1gen.problems.judge import describe
from t1gen.problems.shown import ASKED, shown
from t1gen.sheets import key_sheet, worksheet

SAMPLE, DIGITS, CLOSE = 2, 30, 1e-9
MANY, RIGHT, WRONG = 2_000, 6, 10
"""Distinct instances that a problem should have, and statements that a pool should hold."""
PAIRS = 3
"""Equal pairs below which nothing can be told: one or two may be chance."""
UNEVEN = 0.25
"""How far the minutes of a pool's problems may be from their mean, as a share of it."""


@dataclass
class Finding:
    """What `check` tells of one problem; `wrong` makes it fail.

    `estimate` is how many equally likely instances would give as many equal pairs among those drawn; None: too few
    pairs.
    """

    problem: str
    structures: int = 0
    distinct: int = 0
    estimate: float | None = None
    drawn: int = 0
    widest: float = 0.0
    rejected: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def check(bank: Bank, tests: int, seed: str) -> list[Finding]:
    """Draw `tests` instances of every problem; recompute a sample of keys with sympy in 30 digits."""
    maker = Maker(Plan(bank, f"check {seed}", bank.id))
    out = []
    for source in maker.sources.values():
        with source.placed():
            out.append(_problem(source, tests, seed))
            _print(bank.alone(source.problem), seed, out[-1])
    return out


def _print(bank: Bank, seed: str, finding: Finding) -> None:
    """One test of the problem is written and printed; what the printer refuses is wrong."""
    [(exam, key)] = Maker(Plan(bank, seed, bank.id)).tests([Student("", "")])
    try:
        for document in (worksheet(exam), key_sheet(key)):
            pdf(render(document, "typ"), "typst")
    except EngineError as error:
        finding.wrong.append(f"cannot be printed: {error}")


def check_bank(bank: Bank) -> list[str]:
    """What is wrong with a bank as a whole: time, missing translations, uneven pools."""
    wrong = untranslated(bank)
    languages = {bank.language, *(bank.title if isinstance(bank.title, dict) else ())} & set(wording.languages())
    wrong += [f"wording: {text}: no {language}" for language in sorted(languages) for text in wording.lacking(language)]
    if bank.language not in wording.languages():
        wrong.append(f"there is no wording in language '{bank.language}'")
    if bank.test_minutes() > bank.minutes:
        wrong.append(f"the problems take {bank.test_minutes():g} minutes, the test has {bank.minutes:g}")
    for slot in bank.slots:
        minutes = {p.id: p.minutes for p in bank.problems if p.id in slot.pool}
        mean = sum(minutes.values()) / len(minutes)
        wrong += [f"{name} takes {m:g} minutes, its pool {mean:g} on average"
                  for name, m in minutes.items() if abs(m - mean) > UNEVEN * mean]  # fmt: skip
    return wrong


def _problem(source: Any, tests: int, seed: str) -> Finding:
    finding = Finding(source.problem.id, drawn=tests)
    instances = source.draw([key(seed, "check", source.problem.id, str(i)) for i in range(tests)])
    finding.structures = len({id(i.structure) for i in instances})
    finding.estimate, finding.distinct = _variety(instances)
    _judge_variety(source.problem, finding)
    finding.rejected = source.rejected
    groups: dict[int, list[Instance]] = {}
    for instance in instances:
        groups.setdefault(id(instance.structure), []).append(instance)
    for members in groups.values():
        _group(members, finding)
    finding.notes += sorted({n for _, judge in source.derived.values() for n in describe(judge)})
    if not source.problem.builder and not any(g.draw for g in source.problem.given.values()):
        finding.notes += _hidden(instances[0])
    return finding


def _variety(instances: list[Instance]) -> tuple[float | None, int]:
    """The number of equally likely instances that explains the equal pairs, and how many differ."""
    seen = Counter(map(_identity, instances))
    pairs, equal = len(instances) * (len(instances) - 1) / 2, sum(n * (n - 1) / 2 for n in seen.values())
    return (pairs / equal if equal >= PAIRS else None), len(seen)


def _identity(instance: Instance) -> str:
    """All that one student's problem shows."""
    asked = enumerate(instance.structure.asked)
    options = [shown(instance, k, "en").options for k, a in asked if a.quantity.ask in ASKED]
    listing = instance.listing.text if instance.listing else ""
    givens = "" if instance.structure.problem.given_as == "shapes" else str(instance.givens)
    return repr((id(instance.structure), givens, options, listing))


def _judge_variety(problem: Any, finding: Finding) -> None:
    """Too few instances without a reason, and pools of too few statements, are wrong."""
    if problem.few:
        finding.notes.append(f"few instances: {told(problem.few, 'en')}")
    elif finding.estimate is not None and finding.estimate < MANY:
        finding.wrong.append(f"about {finding.estimate:.0f} distinct instances, fewer than {MANY}; 'few:' may say why")
    for entry in problem.ask:
        pools = entry.get("choose", {}) if isinstance(entry, dict) else {}
        for name, least in (("right", RIGHT), ("wrong", WRONG)):
            if "right" in pools and len(pools.get(name, [])) < least and not problem.few:
                finding.wrong.append(f"a pool of {len(pools.get(name, []))} {name} statements; {least} are wanted")


def _hidden(instance: Instance) -> list[str]:
    """What is against an instance that is never redrawn, and the mistakes that it hides."""
    judge, shapes = instance.judge, instance.structure.mapping.givens
    if not judge.answers:
        return []
    givens = {n: a.astype(float) for n, a in rationals([instance.givens], shapes).items()}
    [reason] = judge.reasons(givens, check_mistakes=False)
    places = judge.hides(givens, evaluate(judge.program, givens), judge.tolerance(givens))
    hidden = [f"{place.rule} at {place.at} is hidden by the fixed values" for place, mask in places if mask[0]]
    return [*([f"{reason}: the values are fixed"] if reason else []), *hidden]


def _group(members: list[Instance], finding: Finding) -> None:
    answers = solved(members)
    for answer in (a for one in answers for a in one if a["tolerance"] is not None):
        finding.widest = max([finding.widest, *map(float, flat(answer["tolerance"]))])
    for instance, found in list(zip(members, answers, strict=True))[: SAMPLE if len(members) > 1 else 1]:
        finding.wrong.extend(_recomputed(instance, found))


def _recomputed(instance: Instance, answers: list[dict[str, Any]]) -> list[str]:
    """Answers that sympy, from forwards alone and exact numbers, gives otherwise."""
    structure = instance.structure
    wrong = []
    for asked, answer in zip(structure.asked, answers, strict=True):
        if not asked.numeric or asked.quantity.ask == "graph":
            continue
        try:
            wanted = reference.answer(structure.mapping, asked.quantity, instance.givens, DIGITS)
        except RecursionError:
            wrong.append(f"{asked.quantity.ask} of {asked.quantity.of}: not recomputed, sympy cannot follow it")
            continue
        if wanted is None:
            continue
        for ours, theirs in zip(flat(answer["value"]), wanted, strict=True):
            if abs(Fraction(ours) - Fraction(str(theirs))) > CLOSE * max(1, abs(theirs)):
                wrong.append(f"{asked.quantity.ask} of {asked.quantity.of}: the key says {ours}, sympy {theirs}")
    return wrong
