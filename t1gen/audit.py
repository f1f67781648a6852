"""check: what a bank promises, measured over many students."""

from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from t1gen.banks import Bank
from t1gen.exam import Maker, Plan, solved
from t1gen.mapping import reference
from t1gen.mapping.evaluate import evaluate
from t1gen.mapping.nested import flat
from t1gen.problems.draws import key
from t1gen.problems.instance import Instance, rationals
from t1gen.problems.judge import describe

SAMPLE, DIGITS, CLOSE = 2, 30, 1e-9


@dataclass
class Finding:
    """What `check` tells of one problem; `wrong` makes it fail."""

    problem: str
    structures: int = 0
    distinct: int = 0
    drawn: int = 0
    widest: float = 0.0
    rejected: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def check(bank: Bank, tests: int, seed: str) -> list[Finding]:
    """Draw `tests` instances of every problem; recompute a sample of keys with sympy in 30 digits."""
    maker = Maker(Plan(bank, f"check {seed}", bank.id))
    return [_problem(source, tests, seed) for source in maker.sources]


def _problem(source: Any, tests: int, seed: str) -> Finding:
    finding = Finding(source.problem.id, drawn=tests)
    instances = source.draw([key(seed, "check", source.problem.id, str(i)) for i in range(tests)])
    finding.structures = len({id(i.structure) for i in instances})
    finding.distinct = len({(id(i.structure), str(i.givens)) for i in instances})
    finding.rejected = source.rejected
    groups: dict[int, list[Instance]] = {}
    for instance in instances:
        groups.setdefault(id(instance.structure), []).append(instance)
    for members in groups.values():
        _group(members, finding)
    finding.notes = sorted({n for _, judge in source.derived.values() for n in describe(judge)})
    if not source.problem.builder and not any(g.draw for g in source.problem.given.values()):
        finding.notes += _hidden(instances[0])
    return finding


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
        finding.widest = max(finding.widest, *map(float, flat(answer["tolerance"])))
    for instance, found in list(zip(members, answers, strict=True))[: SAMPLE if len(members) > 1 else 1]:
        finding.wrong.extend(_recomputed(instance, found))


def _recomputed(instance: Instance, answers: list[dict[str, Any]]) -> list[str]:
    """Answers that sympy, from forwards alone and exact numbers, gives otherwise."""
    structure = instance.structure
    wrong = []
    for asked, answer in zip(structure.asked, answers, strict=True):
        if not asked.numeric or asked.quantity.ask == "graph":
            continue
        wanted = reference.answer(structure.mapping, asked.quantity, instance.givens, DIGITS)
        if wanted is None:
            continue
        for ours, theirs in zip(flat(answer["value"]), wanted, strict=True):
            if abs(Fraction(ours) - Fraction(str(theirs))) > CLOSE * max(1, abs(theirs)):
                wrong.append(f"{asked.quantity.ask} of {asked.quantity.of}: the key says {ours}, sympy {theirs}")
    return wrong
