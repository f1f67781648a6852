"""While reports stand: nothing that persons decide meanwhile is lost, asked twice or kept quiet."""

import shutil
from pathlib import Path

import pytest
from pupils import hand_in, read, t1gen, write
from test_class import book, changed, credit, grade, reports, snapshot, submission
from test_review import question


def aged(room: Path) -> None:
    """All was marked by an earlier t1gen."""
    ledger = read(room / "ledger.json")
    for entry in ledger["reports"].values():
        entry["t1gen"] = "0.0.9"
    write(room / "ledger.json", ledger)


@pytest.fixture
def old(asked: Path) -> Path:
    """Three answers wait for a person, and all reports stand."""
    grade(asked)
    aged(asked)
    return asked


def test_a_decision_on_a_standing_report_is_asked_once_and_counts_with_the_regrade(old: Path) -> None:
    done = t1gen("review", old, "--by", "Ann", typed="0.5\nnearly\nq\n")
    assert "2 answers decided" in done.stdout and "; 1 left" in done.stdout
    assert "not counted yet: 2 decisions: t1gen grade" in done.stdout and "--regrade" in done.stdout
    assert t1gen("review", old, "--list").stdout.count("\n  given") == 1
    done = grade(old)
    assert "waiting for --regrade, and not counted yet: 2 decisions" in done.stdout
    assert "waits for --regrade: decision on" in book(old)["s000"]["note"]
    assert "1 waits for a person" in done.stdout
    listed = t1gen("review", old, "--decided", "--list").stdout
    assert "decided   0.5 of" in listed and "by Ann: nearly" in listed
    t1gen("grade", old, "--regrade", "--yes")
    assert (question(old, "s000")["points"], question(old, "s000")["decided_by"]) == (0.5, "Ann")
    assert "waiting for" not in grade(old).stdout


def test_a_void_on_standing_reports_is_told_until_the_regrade(old: Path) -> None:
    before = book(old)
    done = grade(old, "--void", "3c=drop", "--by", "Zoe")
    assert "3c, vjp-elementwise:c: out of the maximum, by Zoe" in done.stdout
    assert "not counted yet: 1 void" in done.stdout and done.exit_code == 1
    assert [row["points"] for row in book(old).values()] == [row["points"] for row in before.values()]
    assert "void on 3c" in book(old)["s000"]["note"]
    t1gen("grade", old, "--regrade", "--yes")
    assert read(old / "students/s000/report.json")["questions"]["3c"]["void"] == "drop"


def test_other_answers_while_the_key_has_changed_are_told(room: Path) -> None:
    grade(room)
    credit(room, "s009", **{"1a": 4})
    key = read(room / "keys/s009/key.json")
    hand_in(submission(room, "s009"), key, {name: a["value"] for name, a in key["answers"].items()})
    done = grade(room)
    assert "other answers of 1 student" in done.stdout
    assert book(room)["s009"]["points"] == "0" and "other answers" in book(room)["s009"]["note"]
    t1gen("grade", room, "--regrade", "--yes")
    assert read(room / "students/s009/report.json")["points"] > 24


@pytest.mark.parametrize("harm", ["removed", "damaged", "foreign", "another test"])
def test_a_regrade_without_its_key_lets_the_report_stand(room: Path, harm: str) -> None:
    grade(room)
    place, before = room / "keys/s000/key.json", snapshot(room / "students")
    points = book(room)["s000"]["points"]
    if harm == "removed":
        shutil.rmtree(place.parent)
    elif harm == "damaged":
        place.write_text("{", encoding="utf-8")
    elif harm == "foreign":
        shutil.copy(room / "keys/s001/key.json", place)
    else:
        key = read(place)
        key["sheet"]["problems"][0]["questions"][0]["ask"] = "forward"
        write(place, key)
    done = grade(room, "--regrade")
    assert done.exit_code == 1 and "0 of 9 change" in done.stdout
    assert "1 could not be marked anew, so what was marked before stands" in done.stderr
    assert "keys/s000/key.json" in done.stderr and "keys/s000/key.json" in book(room)["s000"]["note"]
    assert (book(room)["s000"]["status"], book(room)["s000"]["points"]) == ("standing", points)
    assert snapshot(room / "students") == before


@pytest.mark.parametrize("what", ["missing", "refused"])
def test_a_marked_submission_that_is_gone_is_told(room: Path, what: str) -> None:
    grade(room)
    before = reports(room)["s000"]
    if what == "missing":
        submission(room, "s000").unlink()
    else:
        submission(room, "s000").write_text("{", encoding="utf-8")
    done = grade(room)
    assert f"s000: {before['points']} of 24 -> {what}" in done.stdout and "handed in before" in done.stdout


def test_nothing_is_left_behind_where_all_is_marked(room: Path) -> None:
    grade(room)
    changed(submission(room, "s000"), answers={})
    assert "handed in before" not in grade(room).stdout


def test_a_rescaled_decision_has_its_person_as_reason(asked: Path) -> None:
    t1gen("review", asked, "--by", "Ann", typed="0.5\nnearly\n0\nno\n")
    name = next(n for n, q in read(asked / "students/s002/report.json")["questions"].items() if q["note"])
    credit(asked, "s002", **{name: 4})
    done = t1gen("grade", asked, "--regrade", "--yes")
    assert f": {name} 0 of 0.75 -> 0 of 4 (decided by Ann)" in done.stdout
