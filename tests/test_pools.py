"""Slots of a bank: who gets which problem, and that nobody's problem depends on anybody else."""

from collections import Counter
from pathlib import Path

import pytest

from t1gen.banks import load
from t1gen.errors import BankError
from t1gen.exam import Maker, Plan
from t1gen.files import Student

PROBLEM = """\
  - id: {id}
    title: {id}
    competence: vjp
    points: {points}
    minutes: 3
    few: small
    given: {{x: {{draw: "integers(2, 9)"}}}}
    mapping: y = x ** 2
    ask: [y, dy/dx]
"""


def bank(folder: Path, name: str, problems: str, minutes: int = 60) -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(f"id: {name}\ntitle: {name}\nminutes: {minutes}\nproblems:\n{problems}", encoding="utf-8")
    return path


def of(id: str, points: float = 1) -> str:
    return PROBLEM.format(id=id, points=points)


@pytest.mark.parametrize("secret", ["pools", "42", "another"])
def test_200_students_meet_every_structure_as_often_as_is_fair(secret: str) -> None:
    t1 = load("t1")
    maker = Maker(Plan(t1, secret, "t1"))
    picks = [maker.picked(Student(f"s{i}", "")) for i in range(200)]
    counts = Counter(name for names in picks for name in names)
    for slot in t1.slots:
        fair = 200 * slot.pick / len(slot.pool)
        assert all(abs(counts[name] - fair) <= 0.2 * fair for name in slot.pool), {n: counts[n] for n in slot.pool}


def test_everybodys_test_is_worth_the_same_and_takes_about_the_same() -> None:
    t1 = load("t1")
    worth, takes = {p.id: p.points for p in t1.problems}, {p.id: p.minutes for p in t1.problems}
    maker = Maker(Plan(t1, "worth", "t1"))
    picks = [maker.picked(Student(f"s{i}", "")) for i in range(200)]
    assert {sum(worth[n] for n in names) for names in picks} == {24}
    assert {sum(takes[n] for n in names) for names in picks} == {50}
    assert len({tuple(sorted(names)) for names in picks}) > 100


def test_a_pick_is_nobody_elses_business() -> None:
    maker = Maker(Plan(load("t1"), "alone", "t1"))
    ada = Student("ada", "")
    assert maker.picked(ada) == Maker(Plan(load("t1"), "alone", "t1")).picked(ada)
    together = maker.tests([Student("bob", ""), ada, Student("cyd", "")])[1]
    assert together == Maker(Plan(load("t1"), "alone", "t1")).tests([ada])[0]


def test_a_pool_takes_problems_of_other_banks_and_its_own(tmp_path: Path) -> None:
    bank(tmp_path, "other", of("one") + of("two") + of("six"))
    inline = "  - pool:\n" + "".join(f"    {line}\n" for line in of("four").splitlines()) + "      - other:six\n"
    mine = bank(tmp_path, "mine", "  - {pool: [other:one, other:two], pick: 1}\n" + of("three") + inline)
    found = load(str(mine))
    assert [s.pool for s in found.places] == [("one", "two"), ("three",), ("four", "six")]
    assert found.points == 3 and found.test_minutes() == 9


def test_a_change_in_another_bank_changes_what_a_test_was_drawn_from(tmp_path: Path) -> None:
    mine = "  - {pool: [other:one, other:two]}\n"
    sums = set()
    for i, title in enumerate(("two", "deux")):
        folder = tmp_path / str(i)
        folder.mkdir()
        bank(folder, "other", of("one") + of("two").replace("title: two", f"title: {title}"))
        sums.add(load(str(bank(folder, "mine", mine))).sha256)
    assert len(sums) == 2


@pytest.mark.parametrize(
    ("slot", "says"),
    [
        ("{pool: []}", "a slot has 'pool', a list of problems"),
        ("{pool: one}", "a slot has 'pool', a list of problems"),
        ("{pool: [one], pick: 2}", "'pick' is 1 to 1"),
        ("{pool: [one], pick: 0}", "'pick' is 1 to 1"),
        ("{pool: [one], pick: many}", "'pick' is 1 to 1"),
        ("{pool: [one], pikc: 1}", "and nothing more"),
        ("{pool: [other:on]}", "did you mean 'one'?"),
        ("{pool: [othr:one]}", "there is no bank 'othr'"),
        ("{pool: [nine]}", "has no problem 'nine'"),
        ("{pool: [other:one, other:one]}", "one: this id is used twice"),
        ("{pool: [other:one]}\n  - {pool: [other:one]}", "one: this problem is in two places"),
        ("{pool: [mine:one]}", "has no problem 'one'"),
        ("{pool: [other:one, other:dear]}", "different points: 1, 2"),
    ],
)
def test_a_wrong_slot_is_refused(tmp_path: Path, slot: str, says: str) -> None:
    bank(tmp_path, "other", of("one") + of("dear", 2))
    with pytest.raises(BankError) as error:
        load(str(bank(tmp_path, "mine", f"  - {slot}\n")))
    assert says in str(error.value) and "mine.yaml" in str(error.value)
