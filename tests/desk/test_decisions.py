"""decisions.json: what is kept of decisions, what is said of one that cannot be, and points as persons type them."""

from pathlib import Path
from typing import Any

import pytest
from pupils import read, t1gen, write
from test_class import book, changed, grade, submission

LARGE = ["1e400", "1e99999999", "1e-99999999", "9" * 400, "1/" + "9" * 400, "²", "0x1", "1_0"]


@pytest.mark.parametrize("typed", LARGE)
def test_points_that_are_far_too_large_are_asked_for_again(asked: Path, typed: str) -> None:
    done = t1gen("review", asked, "--by", "Ann", typed=f"{typed}\n1/2\nfine\nq\n")
    assert "is none of these" in done.stdout and "2 answers decided" in done.stdout


@pytest.fixture
def decided(asked: Path) -> Path:
    t1gen("review", asked, "--by", "Ann", typed="0.5\nnearly\n0\nno\n")
    return asked


def edited(room: Path, **fields: Any) -> Any:
    """decisions.json with its first decision changed by hand."""
    data = read(room / "decisions.json")
    data["answers"][0] |= fields
    write(room / "decisions.json", data)
    return data


@pytest.mark.parametrize(
    ("fields", "words"),
    [({"points": 99}, "points: 99 is not within 0 to"), ({"points": -1}, "points: -1 is not within"),
     ({"points": 10**400}, "points: a number that large is not"), ({"of": -1}, "of: -1 is no number of points"),
     ({"of": 10**400}, "of: a number that large is no"), ({"points": "1"}, "points: Expected")],
)  # fmt: skip
def test_a_decision_that_cannot_be_is_told(decided: Path, fields: Any, words: str) -> None:
    edited(decided, **fields)
    before = (decided / "decisions.json").read_bytes()
    for words_ in (("grade", decided), ("review", decided, "--list"), ("grade", submission(decided, "s000"))):
        done = t1gen(*words_)
        assert f"decisions.json: $.answers[0].{words}" in done.stderr
        assert done.exit_code == 2
    assert (decided / "decisions.json").read_bytes() == before


def test_an_answer_that_is_far_too_deep_is_told(decided: Path) -> None:
    deep: Any = []
    for _ in range(400):
        deep = [deep]
    edited(decided, given=deep)
    place = decided / "decisions.json"
    place.write_text(place.read_text(encoding="utf-8").replace("[" * 400, "[" * 900).replace("]" * 400, "]" * 900),
                     encoding="utf-8")  # fmt: skip
    done = t1gen("grade", decided)
    assert done.exit_code == 2 and "decisions.json: " in done.stderr


def test_the_same_answer_decided_twice_is_told(decided: Path) -> None:
    data = read(decided / "decisions.json")
    data["answers"].append(data["answers"][0] | {"points": 0.25, "variant": data["answers"][0]["variant"].lower()})
    write(decided / "decisions.json", data)
    assert "$.answers[3]: is on the same answer as $.answers[0]" in t1gen("grade", decided).stderr


def test_a_question_taken_back_under_two_spellings_is_told(decided: Path) -> None:
    data = read(decided / "decisions.json")
    write(decided / "decisions.json", data | {"voided": {n: {"how": "full", "by": "Ann"} for n in ("2a", "2A")}})
    assert "$.voided: '2A' is there as '2a' too" in t1gen("grade", decided).stderr


@pytest.mark.parametrize(
    ("fields", "words"), [({"variant": "AAAA-AAAA"}, "of variant 'AAAA-AAAA', which nobody has"),
                          ({"question": "9z"}, "Ann decided on question '9z', which is unknown")]
)  # fmt: skip
def test_a_decision_on_what_nobody_has_is_noticed(decided: Path, fields: Any, words: str) -> None:
    data = edited(decided, **fields)
    done = grade(decided)
    assert words in done.output and done.exit_code == 1
    assert read(decided / "decisions.json")["answers"] == data["answers"], "it is not lost"


def test_a_void_that_no_test_has_is_noticed(decided: Path) -> None:
    data = read(decided / "decisions.json")
    write(decided / "decisions.json", data | {"voided": {"nueron-step:a": {"how": "full", "by": "Ann"}}})
    done = grade(decided)
    assert "question 'nueron-step:a' is taken back, and no test has it" in done.stderr and done.exit_code == 1


def doubtful(room: Path) -> str:
    return next(n for n, q in read(room / "students/s000/report.json")["questions"].items() if q["note"] == "nearly")


def test_decisions_on_two_answers_to_one_question_are_both_kept(decided: Path) -> None:
    place, name = submission(decided, "s000"), doubtful(decided)
    answers = read(place)["answers"]
    changed(place, answers=answers | {name: "see the back"})
    grade(decided)
    done = t1gen("review", decided, "--by", "Bob", typed="0\nnothing\n")
    assert "before    0.5 of" in done.stdout and "by Ann: nearly (on (" in done.stdout
    grade(decided)
    assert f"{name} by Bob" in book(decided)["s000"]["note"]
    changed(place, answers=answers)
    grade(decided)
    assert f"{name} by Ann" in book(decided)["s000"]["note"]
    assert len(read(decided / "decisions.json")["answers"]) == 4


def test_undoing_a_decision_leaves_those_on_other_answers(decided: Path) -> None:
    place, name = submission(decided, "s000"), doubtful(decided)
    answers = read(place)["answers"]
    changed(place, answers=answers | {name: "see the back"})
    t1gen("review", decided, "--by", "Bob", typed="0.25\nhalf\n")
    changed(place, answers=answers)
    t1gen("review", decided, "--by", "Bob", "--decided", typed="e\n-\nq\n")
    assert sorted(d["by"] for d in read(decided / "decisions.json")["answers"]) in (["Ann", "Ann", "Bob"],)


def test_a_decision_on_an_answer_with_many_digits_counts(asked: Path) -> None:
    """Files hold twelve; the answer in the submission has more."""
    key = read(asked / "keys/s000/key.json")
    name = next(n for n, a in key["answers"].items() if isinstance(a["value"], list))
    place = submission(asked, "s000")
    changed(place, answers=read(place)["answers"] | {name: [[0.12345678901234567], [1, 2]]})
    t1gen("review", asked, "--by", "Ann", typed="0\nragged\n0\nno\n0\nno\n")
    assert read(asked / "students/s000/report.json")["questions"][name]["decided_by"] == "Ann"


def test_what_is_said_of_a_decided_answer_reads_well(decided: Path) -> None:
    listed = t1gen("review", decided, "--decided", "--list").stdout
    assert "decided   0.5 of" in listed and "by Ann: nearly\n" in listed
    why = next(line for line in listed.splitlines() if line.startswith("  why"))
    assert "nearly" not in why and not why.endswith(": ")
