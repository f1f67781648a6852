"""What a person decides: asked once for identical answers, kept with name and reason, and above the rule."""

from pathlib import Path
from typing import Any

import pytest
from pupils import read, t1gen, write
from test_class import book, changed, credit, grade, submission

NAMES = ("s000", "s001", "s002")


def waiting(room: Path) -> dict[str, str]:
    """The question of each student that a person must look at."""
    found = {s: row for s, row in book(room).items() if row["status"] == "provisional"}
    return {s: row["note"].removeprefix("to decide: ") for s, row in found.items()}


def question(room: Path, student: str) -> Any:
    name = next(n for n, q in read(room / "students" / student / "report.json")["questions"].items()
                if q["verdict"] in ("review", "unreadable"))  # fmt: skip
    return read(room / "students" / student / "report.json")["questions"][name]


def groups(room: Path) -> int:
    return t1gen("review", room, "--list").stdout.count("\n  given")


def test_what_waits_is_listed_with_all_that_is_needed(asked: Path) -> None:
    done = t1gen("review", asked, "--list")
    assert done.exit_code == 1
    for part in ("question  Compute", "given     (", ") / 0", "given     dunno", "why       review:",
                 "why       unreadable:", "expected  "):  # fmt: skip
        assert part in done.stdout
    assert not (asked / "decisions.json").exists()


def test_identical_answers_to_the_same_question_are_asked_once(asked: Path) -> None:
    """Whatever numbers the problem has in their tests."""
    assert groups(asked) == 2
    assert "2 identical answers: s000, s001" in t1gen("review", asked, "--list").stdout


def test_a_decision_counts_has_name_and_reason_and_is_final(asked: Path) -> None:
    done = t1gen("review", asked, typed="Ann\n1/2\nnearly right\n0\nno answer\n")
    assert done.exit_code == 0 and "3 answers decided" in done.stdout
    for student in NAMES:
        told = question(asked, student)
        assert told["decided_by"] == "Ann" and told["note"] in ("nearly right", "no answer")
        assert told["points"] == (0.5 if told["note"] == "nearly right" else 0)
    done = grade(asked)
    assert done.exit_code == 0 and not waiting(asked)
    assert {book(asked)[s]["status"] for s in NAMES} == {"final"}
    assert t1gen("review", asked, "--by", "Ann").stdout == "Nothing waits for a person.\n"


def test_reports_in_a_folder_of_their_own_are_kept_true(asked: Path, tmp_path: Path) -> None:
    out = tmp_path / "reports"
    t1gen("grade", asked, "--out", out)
    t1gen("review", asked, "--out", out, "--by", "Ann", typed="0.5\nfine\n0\nno\n")
    assert [read(out / f"report-{s}.json")["provisional"] for s in NAMES] == [False] * 3
    assert not list(asked.rglob("report*.json"))


@pytest.mark.parametrize(
    ("typed", "left"),
    [("q\n", 3), ("\n\n", 3), ("", 3), ("0\nno\nq\n", 1), ("e\n0\nno\n0.25\nbetter\nq\n", 1), ("0\n", 3), ("0\n\n", 3)],
)
def test_whoever_stops_keeps_what_was_decided(asked: Path, typed: str, left: int) -> None:
    """A decision needs points and a reason; e goes through identical answers one by one."""
    done = t1gen("review", asked, "--by", "Ann", typed=typed)
    told = {0: "Nothing was decided", 2: "2 answers decided"}[3 - left]
    assert told in done.stdout and f"; {left} left" in done.stdout
    grade(asked)
    assert len(waiting(asked)) == left


@pytest.mark.parametrize("typed", ["99", "-1", "many", "1/0", "nan", "1e9", "inf"])
def test_points_that_are_none_are_asked_for_again(asked: Path, typed: str) -> None:
    done = t1gen("review", asked, "--by", "Ann", typed=f"{typed}\n0.5\nfine\nq\n")
    assert f"'{typed}' is none of these" in done.stdout and "2 answers decided" in done.stdout


def test_a_decision_can_be_changed_and_undone(asked: Path) -> None:
    t1gen("review", asked, "--by", "Ann", typed="0.5\nnearly\n0\nno\n")
    done = t1gen("review", asked, "--by", "Bob", "--decided", typed="0.25\nless\n-\n")
    assert "decided   0.5 of" in done.stdout and "by Ann" in done.stdout
    found = sorted((question(asked, s)["points"], question(asked, s)["decided_by"]) for s in NAMES)
    assert found == [(0, "rule"), (0.25, "Bob"), (0.25, "Bob")]


def test_decisions_hold_through_a_regrade_with_their_share_of_new_points(asked: Path) -> None:
    t1gen("review", asked, "--by", "Ann", typed="0.5\nnearly\n0\nno\n")
    name = next(n for n, q in read(asked / "students/s000/report.json")["questions"].items() if q["note"] == "nearly")
    of = read(asked / "students/s000/report.json")["questions"][name]["of"]
    credit(asked, "s000", **{name: 4 * of})
    done = t1gen("grade", asked, "--regrade", "--yes")
    told = read(asked / "students/s000/report.json")["questions"][name]
    assert (told["points"], told["of"], told["decided_by"], told["note"]) == (2, 4 * of, "Ann", "nearly")
    sums = f"{24 - of + 0.5:g} of 24 -> {24 - of + 2:g} of {24 + 3 * of:g}"
    assert f"s000: {sums}: {name} 0.5 of {of:g} -> 2" in done.stdout


def test_a_decision_on_an_answer_that_has_changed_does_not_count(asked: Path) -> None:
    t1gen("review", asked, "--by", "Ann", typed="0.5\nnearly\n0\nno\n")
    place = submission(asked, "s000")
    name = next(n for n, q in read(asked / "students/s000/report.json")["questions"].items() if q["note"] == "nearly")
    answers = read(place)["answers"]
    changed(place, answers=answers | {name: f"{answers[name]} * 2"})
    done = grade(asked)
    assert f"Ann decided on another answer to {name}" in done.stdout
    assert waiting(asked) == {"s000": f"{name}; Ann decided on another answer to {name}, so that does not count"}
    changed(place, answers=answers)
    grade(asked)
    assert not waiting(asked), "it is kept, and counts for the old answer"


def test_marks_in_a_submission_stand_above_rule_and_review(asked: Path) -> None:
    t1gen("review", asked, "--by", "Ann", typed="0.5\nnearly\n0\nno\n")
    name = next(n for n, q in read(asked / "students/s000/report.json")["questions"].items() if q["note"] == "nearly")
    changed(submission(asked, "s000"), marks={name: {"points": 0.25, "by": "ta1", "note": "arrow missing"}})
    grade(asked)
    told = read(asked / "students/s000/report.json")["questions"][name]
    assert (told["points"], told["decided_by"], told["note"]) == (0.25, "ta1", "arrow missing")


def test_decisions_of_another_exam_are_refused(asked: Path) -> None:
    write(asked / "decisions.json", {"format": "t1gen/decisions@1", "exam": "other"})
    for words in (["grade", asked], ["review", asked, "--list"]):
        done = t1gen(*words)
        assert done.exit_code == 2 and "decisions.json: holds decisions on exam 'other'" in done.stderr


# questions taken back


def void(room: Path, *voids: str) -> Any:
    options = [word for one in voids for word in ("--void", one)]
    return grade(room, *options, "--by", "Ann", "--reason", "misprint")


def first_of(room: Path, student: str) -> str:
    return next(iter(read(room / "students" / student / "report.json")["questions"]))


def test_a_question_with_points_for_all(alike: Path) -> None:
    grade(alike)
    before = book(alike)
    done = void(alike, "7A=full")
    for student, row in book(alike).items():
        told = read(alike / "students" / student / "report.json")["questions"]["7a"]
        assert (told["points"], told["void"]) == (told["of"], "full")
        assert (told["decided_by"], told["note"]) == ("Ann", "misprint")
        assert float(row["of"]) == 24
        gained = told["of"] - float(before[student]["7a"])
        assert float(row["points"]) == pytest.approx(float(before[student]["points"]) + gained, abs=0.25)
        if gained:
            assert f"{student}: 7a" in done.stdout and "(points for all, by Ann)" in done.stdout
    assert float(book(alike)["s009"]["points"]) == float(book(alike)["s009"]["7a"]), "blank ones too"


def test_a_question_out_of_the_maximum(alike: Path) -> None:
    grade(alike)
    of = {s: read(alike / "students" / s / "report.json")["questions"]["7a"]["of"] for s in book(alike)}
    void(alike, "7a=drop")
    for student, row in book(alike).items():
        report = read(alike / "students" / student / "report.json")
        told = report["questions"]["7a"]
        assert (told["points"], told["of"], told["void"]) == (0, 0, "drop")
        assert float(row["of"]) == report["of"] == 24 - of[student]
        assert report["problems"]["7"]["of"] + sum(
            p["of"] for n, p in report["problems"].items() if n != "7"
        ) == report["of"]  # fmt: skip
    assert book(alike)["s000"]["points"] == book(alike)["s000"]["of"], "who had it all right still has all"


def test_a_question_of_a_problem_whatever_its_number(room: Path) -> None:
    grade(room)
    void(room, "neuron-step:a=drop")
    for place in sorted((room / "students").iterdir()):
        report = read(place / "report.json")
        dropped = [n for n, q in report["questions"].items() if q["void"]]
        assert dropped == [p["questions"][0] for p in report["problems"].values() if p["id"] == "neuron-step"]


def test_taking_back_can_be_undone_and_is_remembered(alike: Path) -> None:
    grade(alike)
    before = book(alike)
    void(alike, "7a=full", "8a=drop")
    assert grade(alike).stdout.count("up to date") == 1 and book(alike) != before
    assert len(read(alike / "decisions.json")["voided"]) == 2
    void(alike, "7a=none", "8a=none")
    assert book(alike) == before


def test_a_decision_survives_while_its_question_is_taken_back(asked: Path) -> None:
    t1gen("review", asked, "--by", "Ann", typed="0.5\nnearly\n0\nno\n")
    grade(asked)
    before = book(asked)
    name = next(n for n, q in read(asked / "students/s000/report.json")["questions"].items() if q["note"] == "nearly")
    void(asked, f"{name}=drop")
    assert question(asked, "s000")["decided_by"] == "Ann" and question(asked, "s000")["note"] == "misprint"
    void(asked, f"{name}=none")
    assert book(asked) == before


@pytest.mark.parametrize(
    ("text", "words"),
    [("7z=full", "there is no question '7z' in this exam"), ("7a=ful", "only full, drop, none; did you mean"),
     ("7a", "write 2a=full or 2a=drop"), ("=full", "write 2a=full"),
     ("neuron-stp:a=full", "there is no question 'neuron-stp:a' in this exam; did you mean 'neuron-step:a'?")],
)  # fmt: skip
def test_what_cannot_be_taken_back_is_told(room: Path, text: str, words: str) -> None:
    done = t1gen("grade", room, "--void", text)
    assert done.exit_code == 2 and words in done.stderr
    assert not (room / "decisions.json").exists() and not list(room.rglob("report.json"))


def test_a_question_of_a_paper_alone_is_taken_back_beside_it(room: Path, tmp_path: Path) -> None:
    t1gen("generate", "--seed", "1", "--format", "json", "--out", tmp_path / "one")
    place = tmp_path / "one" / "submission.json"
    done = t1gen("grade", place, "--void", "1a=full", "--by", "Ann")
    report = read(tmp_path / "one" / "report.json")
    assert report["points"] == report["questions"]["1a"]["of"] > 0
    assert report["questions"]["1a"]["decided_by"] == "Ann" and "taken back," in done.stdout
    t1gen("grade", place)
    assert read(tmp_path / "one" / "report.json") == report, "it is remembered in decisions.json"
