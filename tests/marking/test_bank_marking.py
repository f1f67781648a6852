"""What a bank may say about marking, what is refused with the place and a near match, and what files say of it."""

from pathlib import Path
from typing import Any

import pytest
from marked import sheet
from msgspec import UNSET

from t1gen.banks import load
from t1gen.errors import BankError
from t1gen.exam import Maker, Plan
from t1gen.files import Student

BANK = """\
id: mine
title: Mine
minutes: 9
problems:
  - id: one
    title: One
    competence: vjp
    points: 2
    minutes: 3
    few: small numbers
    entries: each
    accept: closed
    follow_through: 1
    credit: {sign-lost: 0.5}
    given: {x: {value: [1, 2]}, u: {value: [3, 5]}}
    mapping: y = x * u
    ask:
      - forward: {of: y, entries: each, accept: closed, follow_through: 1, credit: {sign-lost: 0.5}}
      - vjp: {of: y, wrt: x, with: u}
"""

ROWS: list[tuple[str, str, str]] = [
    # what is written, what instead, what the refusal says
    ("entries: each", "entries: eech", "entries 'eech' is unknown; did you mean 'each'"),
    ("accept: closed", "accept: close", "accept 'close' is unknown; did you mean 'closed'"),
    ("accept: closed", "accept: anything", "allowed: decimal, closed, any"),
    ("follow_through: 1", "follow_through: 1.5", "follow_through is a share from 0 to 1, not 1.5"),
    ("follow_through: 1", "follow_through: -0.1", "follow_through is a share from 0 to 1, not -0.1"),
    ("follow_through: 1", "follow_through: .nan", "follow_through is a share from 0 to 1, not nan"),
    ("{sign-lost: 0.5}", "{sing-lost: 0.5}", "did you mean 'sign-lost'"),
    ("{sign-lost: 0.5}", "{sign-lost: 2}", "sign-lost is a share from 0 to 1, not 2"),
    ("{sign-lost: 0.5}", "{sign-lost: .inf}", "sign-lost is a share from 0 to 1, not inf"),
    ("{sign-lost: 0.5}", "{forgotten: 0.5}", "allowed: sign-lost, upstream-forgotten"),
]
OF_PROBLEM = [("entries:", "entires:"), ("accept:", "acept:"), ("follow_through:", "follow_trough:"),
              ("credit:", "credits:")]  # fmt: skip
WRONG_TYPES = [("follow_through: 1", "follow_through: half"), ("follow_through: 1", "follow_through: true"),
               ("{sign-lost: 0.5}", "{sign-lost: half}"), ("{sign-lost: 0.5}", "{sign-lost: true}"),
               ("{sign-lost: 0.5}", "[sign-lost]"), ("{sign-lost: 0.5}", "sign-lost"),
               ("accept: closed", "accept: [closed]"),
               ("entries: each", "entries: {a: b}"), ("entries: each", "entries: 1")]  # fmt: skip


def replaced(old: str, new: str, where: str) -> str:
    """The bank with one change: in the problem (the first place) or in its first ask (the second)."""
    head, ask, tail = BANK.partition("    ask:\n")
    assert old in head and old in tail
    return head.replace(old, new) + ask + tail if where == "problem" else head + ask + tail.replace(old, new)


def refusal(tmp_path: Path, text: str) -> str:
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BankError) as found:
        Maker(Plan(load(str(path)), "s", "e")).tests([Student("ada", "")])
    return str(found.value)


@pytest.mark.parametrize("where", ["problem", "ask"])
@pytest.mark.parametrize(("old", "new", "says"), ROWS)
def test_a_wrong_word_is_refused_with_its_place(tmp_path: Path, where: str, old: str, new: str, says: str) -> None:
    told = refusal(tmp_path, replaced(old, new, where))
    assert says in told and "mine.yaml: one" in told, told


@pytest.mark.parametrize("where", ["problem", "ask"])
@pytest.mark.parametrize(("old", "new"), WRONG_TYPES)
def test_a_value_of_another_type_is_refused(tmp_path: Path, where: str, old: str, new: str) -> None:
    told = refusal(tmp_path, replaced(old, new, where))
    assert "one" in told and len(told) < 600, told


@pytest.mark.parametrize("where", ["problem", "ask"])
@pytest.mark.parametrize(("old", "new"), OF_PROBLEM)
def test_a_misspelt_field_has_a_near_match(tmp_path: Path, where: str, old: str, new: str) -> None:
    told = refusal(tmp_path, replaced(old, new, where))
    assert f"did you mean '{old[:-1]}'" in told, told


def test_what_is_usual_is_not_written_into_files() -> None:
    made = sheet("y = x * u", "[y]", {"x": [1, 2], "u": [3, 5]})
    [answer] = made.key.answers.values()
    assert (answer.follow_through, answer.credit) == (UNSET, UNSET)
    assert made.key.sheet and (made.key.sheet.problems[0].questions[0].entries, made.key.sheet.problems[0].questions[0].
                               accept) == ("", "")  # fmt: skip


@pytest.mark.parametrize(
    ("more", "name", "value"),
    [
        ({"follow_through": 0.5}, "follow_through", 0.5),
        ({"follow_through": 0}, "follow_through", 0),
        ({"credit": {"sign-lost": 0.25}}, "credit", {"sign-lost": 0.25}),
    ],
)
def test_what_is_not_usual_is_in_the_key_alone(more: dict[str, Any], name: str, value: Any) -> None:
    made = sheet("y = x * u", "[y]", {"x": [1, 2], "u": [3, 5]}, **more)
    assert getattr(made.key.answers["1a"], name) == value


@pytest.mark.parametrize(
    ("accept", "given", "verdict"),
    [
        ("closed", "1/2", "correct"), ("closed", "sqrt(1)/2", "correct"), ("closed", "1*2-1.5", "unreadable"),
        ("decimal", "0.5", "correct"), ("decimal", "sqrt(1)/2", "unreadable"), ("any", "1*2-1.5", "correct"),
    ],
)  # fmt: skip
def test_a_bank_tells_how_a_number_may_be_written(accept: str, given: str, verdict: str) -> None:
    made = sheet("y = x / 4", "[y]", {"x": 2}, accept=accept)
    assert made.last(given).verdict == verdict, made.last(given).feedback
