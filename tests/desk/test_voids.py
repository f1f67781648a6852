"""Questions taken back: one under any name, none under a number of several, left out of means."""

import csv
from pathlib import Path
from typing import Any

import pytest
from pupils import read, write
from test_class import book, grade, reports


def void(room: Path, *voids: str, by: str = "Ann") -> Any:
    return grade(room, *(word for one in voids for word in ("--void", one)), "--by", by)


def name_of(room: Path, number: str) -> str:
    """A question by its problem's name, from the first report."""
    report = read(room / "students/s000/report.json")
    problem = next(p for p in report["problems"].values() if number in p["questions"])
    return f"{problem['id']}:{number.lstrip('0123456789')}"


def test_a_question_under_two_names_is_one(alike: Path) -> None:
    grade(alike)
    name = name_of(alike, "7a")
    void(alike, "7a=full")
    done = void(alike, f"{name}=drop", by="Bob")
    assert f"{name}: out of the maximum, by Bob (before: points for all, by Ann)" in done.stdout
    assert {r["questions"]["7a"]["void"] for r in reports(alike).values()} == {"drop"}
    assert list(read(alike / "decisions.json")["voided"]) == [name]
    done = void(alike, "7A=none")
    assert f"7A, {name}: counts again (before: out of the maximum, by Bob)" in done.stdout
    assert {r["questions"]["7a"]["void"] for r in reports(alike).values()} == {""}


def test_of_two_names_in_a_file_the_later_counts_and_one_is_left(alike: Path) -> None:
    grade(alike)
    name = name_of(alike, "7a")
    for late, early in (("7a", name), (name, "7a")):
        voided = {late: {"how": "full", "by": "Bob", "at": "2026-02-01"}, early: {"how": "drop", "by": "Ann"}}
        write(alike / "decisions.json", {"format": "t1gen/decisions@1", "exam": "t1-2026", "voided": voided})
        grade(alike)
        assert {r["questions"]["7a"]["void"] for r in reports(alike).values()} == {"full"}
    void(alike, f"{name}=none")
    assert not read(alike / "decisions.json").get("voided")


@pytest.mark.parametrize("second", ["7a=drop", "7A=full", "NAME=drop"])
def test_a_question_twice_in_one_command_is_refused(alike: Path, second: str) -> None:
    grade(alike)
    name = name_of(alike, "7a")
    done = void(alike, "7a=full", second.replace("NAME", name))
    assert done.exit_code == 2 and f"{name} is taken back twice" in done.stderr
    assert not (alike / "decisions.json").exists()


def test_a_number_of_different_questions_is_refused(room: Path) -> None:
    """The problems of a pool have the same numbers."""
    grade(room)
    done = void(room, "3a=full")
    assert done.exit_code == 2 and "3a is 3 different questions: " in done.stderr
    assert "softmax-layer:a (in " in done.stderr and " of the tests); name one of them" in done.stderr
    assert not (room / "decisions.json").exists()
    void(room, "softmax-layer:a=drop")
    for report in reports(room).values():
        dropped = [n for n, q in report["questions"].items() if q["void"]]
        assert dropped == [p["questions"][0] for p in report["problems"].values() if p["id"] == "softmax-layer"]


def test_an_older_void_of_a_number_is_kept_by_names(room: Path) -> None:
    """Undoing it for one question leaves it for the others."""
    voided = {"3a": {"how": "full", "by": "Ann"}}
    write(room / "decisions.json", {"format": "t1gen/decisions@1", "exam": "t1-2026", "voided": voided})
    void(room, "softmax-layer:a=none")
    names = set(read(room / "decisions.json")["voided"])
    assert len(names) >= 2 and "softmax-layer:a" not in names and all(name.endswith(":a") for name in names)


def test_means_leave_out_what_is_taken_back(room: Path) -> None:
    before = grade(room).stdout
    line = next(one for one in before.splitlines() if " softmax-layer " in one)
    after = void(room, "softmax-layer:a=drop").stdout
    told = next(one for one in after.splitlines() if " softmax-layer " in one)
    assert line.split()[1:2] == told.split()[1:2] and "0.00 of 0  " in told and "  -  " in told
    count = sum(p["id"] == "softmax-layer" for r in reports(room).values() for p in r["problems"].values())
    assert told.endswith(f"({count} void)") and "correct" not in told


def test_means_of_a_question_that_is_void_for_some(alike: Path) -> None:
    """A void of a number where two tests have the problem under other numbers, as a file may say."""
    from t1gen.desk.tally import means
    from t1gen.files import ProblemReport, QuestionReport, Report

    def report(points: float, void: str) -> Report:
        of = 0 if void == "drop" else 0.5
        question = QuestionReport(points=points, of=of, verdict="correct" if points else "wrong", void=void)
        return Report(exam="e", variant="v", student="s", points=points, of=of, provisional=False,
                      questions={"1a": question}, problems={"1": ProblemReport(id="p", points=points, of=of,
                                                                              questions=["1a"])})  # fmt: skip

    [mean] = means([report(0.5, ""), report(0, ""), report(0, "drop"), report(0.5, "full")])
    assert (mean.points, mean.of, mean.void, mean.verdicts) == (0.25, 0.5, 2, {"correct": 1, "wrong": 1})


def test_only_who_gains_or_loses_is_told_and_the_note_says_what_is_void(alike: Path) -> None:
    grade(alike)
    name = name_of(alike, "7a")
    full = {s for s, r in reports(alike).items() if r["questions"]["7a"]["points"] == r["questions"]["7a"]["of"]}
    done = void(alike, "7a=full")
    told = {line.split(":")[0] for line in done.stdout.splitlines() if "(points for all, by Ann)" in line}
    assert full and told == set(reports(alike)) - full
    assert all("taken back: 7a (points for all)" in row["note"] for row in book(alike).values())
    assert name in read(alike / "decisions.json")["voided"]


def test_the_gradebook_rounds_nothing_and_the_terminal_rounds(alike: Path) -> None:
    grade(alike)
    of = read(alike / "students/s009/report.json")["questions"]["7a"]["of"]
    place = alike / "students/s009/submission.json"
    write(place, read(place) | {"marks": {"7a": {"points": of / 3, "by": "Ann"}}})
    done = grade(alike)
    assert f"s009   {of / 3:.4f} of 24   final" in done.stdout, "a mark on a blank paper is not nothing"
    with (alike.parent / "gradebook.csv").open(encoding="utf-8-sig", newline="") as file:
        row = next(r for r in csv.DictReader(file) if r["id"] == "s009")
    assert float(row["points"]) == pytest.approx(of / 3, abs=1e-12)
