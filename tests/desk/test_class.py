"""A folder of submissions: whose each is, what is refused, the gradebook, and what a second run leaves alone."""

import csv
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from pupils import hand_in, read, t1gen, write

from t1gen import files


def rows(path: Path) -> dict[str, dict[str, str]]:
    """The gradebook's lines by student."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return {row["id"]: row for row in csv.DictReader(file)}


def submission(room: Path, student: str) -> Path:
    return room / "students" / student / "submission.json"


def changed(path: Path, **fields: Any) -> None:
    write(path, read(path) | fields)


def grade(room: Path, *more: object) -> Any:
    return t1gen("grade", room, "--gradebook", room.parent / "gradebook.csv", *more)


def book(room: Path) -> dict[str, dict[str, str]]:
    return rows(room.parent / "gradebook.csv")


def reports(room: Path) -> dict[str, Any]:
    return {place.parent.name: read(place) for place in sorted(room.rglob("report.json"))}


# marking a class


def test_everybody_has_a_line_a_report_and_a_row(room: Path) -> None:
    done = grade(room)
    found = reports(room)
    assert list(found) == list(book(room)) == [f"s{i:03}" for i in range(10)]
    for name, report in found.items():
        row = book(room)[name]
        assert f"{name}   {row['points']} of {row['of']}   {row['status']}" in done.stdout
        assert (float(row["points"]), float(row["of"])) == (report["points"], report["of"])
        assert (row["status"] == "provisional") == report["provisional"]
        for question, told in report["questions"].items():
            assert float(row[question]) == told["points"]
        for number, problem in report["problems"].items():
            assert float(row[f"problem {number}"]) == problem["points"]
        assert sum(problem["points"] for problem in report["problems"].values()) == report["points"]
    assert done.exit_code == 1 and "wait for a person: t1gen review" in done.stdout


def test_the_means_are_those_of_the_reports(room: Path) -> None:
    done = grade(room)
    earned: dict[tuple[str, int], list[tuple[float, float]]] = {}
    for report in reports(room).values():
        for problem in report["problems"].values():
            for place, name in enumerate(problem["questions"]):
                told = report["questions"][name]
                earned.setdefault((problem["id"], place), []).append((told["points"], told["of"]))
    for (problem, _), got in earned.items():
        mean, of = sum(p for p, _ in got) / len(got), got[0][1]
        assert any(f" {problem} " in line and f"{mean:.2f} of {of:g}" in line for line in done.stdout.splitlines())


def test_the_maximum_is_the_same_whatever_is_answered(room: Path) -> None:
    grade(room)
    assert {report["of"] for report in reports(room).values()} == {24}


def test_a_student_without_submission_is_missing_and_a_blank_one_is_blank(room: Path) -> None:
    submission(room, "s000").unlink()
    grade(room)
    assert (book(room)["s000"]["status"], book(room)["s000"]["points"]) == ("missing", "")
    assert (book(room)["s009"]["status"], book(room)["s009"]["points"]) == ("blank", "0")


# whose submission


def inbox(room: Path) -> Path:
    """All submissions in one folder, under names that say nothing."""
    folder = room / "inbox"
    folder.mkdir()
    for number, place in enumerate(sorted(room.glob("students/*/submission.json"))):
        place.rename(folder / f"upload-{number}.json")
    return folder


def test_a_folder_of_uploads_finds_each_key_by_the_variant(room: Path) -> None:
    grade(room)
    expected = book(room)
    shutil.rmtree(room / "inbox", ignore_errors=True)
    done = t1gen("grade", inbox(room), "--gradebook", room.parent / "gradebook.csv")
    assert done.exit_code == 1
    assert book(room) == expected
    assert (room / "inbox" / "report-s003.json").exists()


def test_uploads_may_lie_anywhere_when_the_manifest_is_named(room: Path, tmp_path: Path) -> None:
    elsewhere = inbox(room).rename(tmp_path / "uploads")
    assert "no manifest.json" in t1gen("grade", elsewhere).stderr
    for manifest in (room, room / "manifest.json"):
        done = t1gen("grade", elsewhere, "--manifest", manifest, "--out", tmp_path / "reports")
        assert done.exit_code == 1 and "10 students" in done.stdout
    assert len(list((tmp_path / "reports").glob("report-*.json"))) == 10


@pytest.mark.parametrize("spelled", [str.lower, lambda v: f" {v} ", lambda v: v.replace("-", "-").upper()])
def test_a_variant_is_known_without_regard_to_case_and_spaces(room: Path, spelled: Any) -> None:
    place = submission(room, "s000")
    changed(place, variant=spelled(read(place)["variant"]))
    grade(room)
    assert book(room)["s000"]["points"] == "24"


def test_without_a_variant_the_student_or_the_folder_says_whose_it_is(room: Path) -> None:
    changed(submission(room, "s000"), variant="")
    changed(submission(room, "s001"), variant="", student="")
    grade(room)
    assert (book(room)["s000"]["points"], book(room)["s001"]["points"]) == ("24", "24")


def refused(room: Path, student: str, *words: str) -> None:
    """This student is told why, everybody else is marked."""
    done = grade(room)
    assert done.exit_code == 1
    for word in words:
        assert word in done.stderr, done.stderr
    row = book(room)[student]
    assert (row["status"], row["points"]) == ("refused", "")
    others = [r for name, r in book(room).items() if name != student and r["status"] != "refused"]
    assert len(others) >= 8 and all(r["points"] for r in others)


def test_another_students_test_in_ones_folder_is_refused(room: Path) -> None:
    shutil.copy(submission(room, "s000"), submission(room, "s001"))
    refused(room, "s001", "lies in the folder of 's001' and is the test of 's000'")
    assert book(room)["s000"]["points"] == "24", "whose test it is loses nothing"


def test_a_variant_that_nobody_has_is_refused(room: Path) -> None:
    changed(submission(room, "s000"), variant="AAAA-AAAA")
    refused(room, "s000", "variant 'AAAA-AAAA' is not in the manifest")


def test_another_exams_submission_is_refused(room: Path) -> None:
    changed(submission(room, "s000"), exam="t1-2025")
    refused(room, "s000", "this submission is for exam 't1-2025'")


def test_two_submissions_of_one_variant_are_both_refused(room: Path) -> None:
    shutil.copy(submission(room, "s000"), room / "students" / "s000" / "again.json")
    refused(room, "s000", "is handed in by", "again.json", "submission.json")


@pytest.mark.parametrize("other", ["key", "exam", "manifest"])
def test_another_kind_of_file_as_submission_is_refused(room: Path, other: str) -> None:
    source = {"key": room / "keys/s000/key.json", "exam": room / "students/s000/exam.json"}
    shutil.copy(source.get(other, room / "manifest.json"), submission(room, "s000"))
    refused(room, "s000", f"{other}, not a submission")


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe{", b"", b"null", b"[]", b"PK\x03\x04"])
def test_what_is_no_submission_stops_nobody_else(room: Path, content: bytes) -> None:
    submission(room, "s000").write_bytes(content)
    refused(room, "s000", "s000/submission.json")


def test_links_folders_and_pipes_are_refused(room: Path, tmp_path: Path) -> None:
    for student in ("s000", "s001", "s002"):
        submission(room, student).unlink()
    submission(room, "s000").symlink_to(submission(room, "s003"))
    submission(room, "s001").mkdir()
    os.mkfifo(submission(room, "s002"))
    done = grade(room)
    for word in ("is a link", "is a folder, not a file", "is not a regular file", "3 could not be marked"):
        assert word in done.stderr
    assert [book(room)[s]["status"] for s in ("s000", "s001", "s002")] == ["refused"] * 3


@pytest.mark.parametrize("name", ["report.json", "feedback.md"])
def test_nothing_is_written_through_a_link(room: Path, name: str) -> None:
    """A link where the report goes may be a student's, and lead to anybody's file."""
    victim = room / "keys/s001/key.json"
    before = victim.read_bytes()
    (room / "students/s000" / name).symlink_to(victim)
    done = grade(room, "--feedback", "md")
    assert f"{name}: is a link" in done.stderr and victim.read_bytes() == before
    assert book(room)["s000"]["status"] == "refused" and book(room)["s001"]["points"]


def test_a_missing_or_wrong_key_stops_nobody_else(room: Path) -> None:
    (room / "keys/s000/key.json").unlink()
    shutil.copy(room / "keys/s002/key.json", room / "keys/s001/key.json")
    done = grade(room)
    assert "keys/s000/key.json: cannot be read" in done.stderr
    assert "keys/s001/key.json: is the key of variant" in done.stderr
    assert (book(room)["s000"]["status"], book(room)["s001"]["status"]) == ("refused", "refused")
    assert book(room)["s002"]["points"]


def test_a_key_that_a_student_puts_beside_the_submission_is_not_used(room: Path) -> None:
    """The class's own key counts, for a folder and for a path."""
    key = read(room / "keys/s000/key.json")
    blank = dict.fromkeys(key["answers"], 0)
    for answer in key["answers"].values():
        answer |= {"value": 0, "tolerance": 99, "exact": None}
    write(room / "students/s000/key.json", key)
    hand_in(submission(room, "s000"), key, blank)
    grade(room)
    assert float(book(room)["s000"]["points"]) < 6
    t1gen("grade", submission(room, "s000"))
    assert read(room / "students/s000/report.json")["points"] < 6


def test_a_report_that_a_student_puts_there_is_not_believed(room: Path) -> None:
    """Not before the first marking, and not one that was changed afterwards."""
    place = room / "students/s009/report.json"
    grade(room)
    forged = read(place) | {"points": 24}
    forged["problems"]["1"]["points"] = 24
    write(place, forged)
    done = grade(room)
    assert (book(room)["s009"]["points"], read(place)["points"]) == ("0", 0)
    assert "9 were marked before" in done.stdout
    (room / "ledger.json").unlink()
    write(place, forged)
    grade(room)
    assert book(room)["s009"]["points"] == "0"


def test_a_manifest_that_a_student_hands_in_is_not_believed(room: Path) -> None:
    shutil.copy(room / "manifest.json", room / "students/s000/manifest.json")
    done = t1gen("grade", room / "students/s000")
    assert done.exit_code == 2 and "name the class's with --manifest" in done.stderr
    assert t1gen("grade", room / "students/s000", "--manifest", room).exit_code == 0


def test_names_of_uploads_that_no_text_can_hold_stop_nothing(room: Path) -> None:
    """Bytes that are no UTF-8, line ends, what a terminal would obey."""
    for number, name in enumerate((b"\xff\xfe", b"a\nb", b"\x1b[31mred", b"=cmd")):
        place = os.path.join(os.fsencode(room), b"inbox", name)
        os.makedirs(place)
        shutil.copy(submission(room, f"s00{number}"), os.path.join(place, b"sub.json"))
        Path(os.fsdecode(os.path.join(place, b"broken.json"))).write_text("{", encoding="utf-8")
    for _ in range(2):
        done = t1gen("grade", room / "inbox", "--gradebook", room.parent / "gradebook.csv", "--feedback", "md")
        assert done.exit_code == 1 and "4 could not be marked" in done.stderr
        assert "\x1b" not in done.output and book(room)["s000"]["points"] == "24"
    assert "4 were marked before" in done.stdout


def test_a_manifest_with_an_id_that_leads_elsewhere_is_refused(room: Path) -> None:
    manifest = read(room / "manifest.json")
    manifest["students"][0]["id"] = "../../x"
    write(room / "manifest.json", manifest)
    done = grade(room)
    assert done.exit_code == 2 and "manifest.json: id '../../x' has" in done.stderr


@pytest.mark.parametrize("words", [["--key", "key.json"], ["other.json"]])
def test_what_does_not_go_with_a_folder_is_told(room: Path, words: list[str]) -> None:
    (room / "other.json").write_text("{}", encoding="utf-8")
    done = t1gen("grade", room, *[w if w.startswith("-") else room / w for w in words])
    assert done.exit_code == 2 and ("folder" in done.output or "class" in done.output)


def test_a_gradebook_wants_a_folder(room: Path) -> None:
    done = t1gen("grade", submission(room, "s000"), "--gradebook", room / "g.csv")
    assert done.exit_code == 2 and "folder" in done.output


# the gradebook


@pytest.mark.parametrize("name", ["=cmd()", "+1", "-1", "@sum", " =x", "\t=x"])
def test_what_a_spreadsheet_would_run_is_neutralised(room: Path, name: str) -> None:
    manifest = read(room / "manifest.json")
    manifest["students"][0]["name"] = name
    write(room / "manifest.json", manifest)
    grade(room)
    assert book(room)["s000"]["name"].startswith("'")
    assert book(room)["s001"]["name"] == "Student 1"


def test_notes_with_a_students_words_are_neutralised(room: Path) -> None:
    changed(submission(room, "s000"), variant="=HYPERLINK(1)")
    grade(room)
    assert book(room)["s000"]["note"].startswith(str(submission(room, "s000")))
    text = (room.parent / "gradebook.csv").read_text(encoding="utf-8-sig")
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in csv.reader(text.splitlines()) for cell in row)


# a second run


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_a_second_run_changes_nothing_and_says_so(room: Path) -> None:
    place = submission(room, "s000")
    changed(place, answers={**read(place)["answers"], "99": 1}, more=2)
    grade(room)
    assert "question '99' is unknown" in book(room)["s000"]["note"] and "more: unknown" in book(room)["s000"]["note"]
    before = snapshot(room.parent)
    done = grade(room)
    assert snapshot(room.parent) == before
    assert "10 were marked before and are up to date" in done.stdout


def test_a_changed_submission_is_marked_again_and_told(room: Path) -> None:
    grade(room)
    key = read(room / "keys/s009/key.json")
    hand_in(submission(room, "s009"), key, {name: answer["value"] for name, answer in key["answers"].items()})
    done = grade(room)
    assert "s009: 1a 0 of" in done.stdout and "(blank -> correct)" in done.stdout
    assert book(room)["s009"]["points"] == "24" and "9 were marked before" in done.stdout


def test_what_a_killed_run_left_is_cleared(room: Path) -> None:
    left = room / "students/s000/.t1gen-report.json-0011.tmp"
    left.write_text("half", encoding="utf-8")
    grade(room)
    assert not left.exists() and not list(room.rglob("*.tmp"))


def test_two_runs_at_once_are_refused(room: Path) -> None:
    from t1gen.desk.folders import held

    with held(room):
        done = grade(room)
    assert done.exit_code == 2 and "another t1gen is at work" in done.stderr
    assert grade(room).exit_code == 1


# changed keys


def credit(room: Path, student: str, **points: float) -> None:
    """A key in which questions are worth otherwise."""
    place = room / "keys" / student / "key.json"
    key = read(place)
    for problem in key["sheet"]["problems"]:
        for question in problem["questions"]:
            if question["id"] in points:
                question["points"] = points[question["id"]]
                key["answers"][question["id"]]["points"] = points[question["id"]]
    write(place, key)


def test_after_a_changed_key_the_old_report_stands_until_a_regrade(room: Path) -> None:
    grade(room)
    before = snapshot(room.parent)
    credit(room, "s000", **{"1a": 4})
    done = grade(room)
    assert done.exit_code == 1 and "1 was marked with another key" in done.stdout
    assert book(room)["s000"]["status"] == "standing" and book(room)["s000"]["of"] == "24"
    after = snapshot(room.parent)
    assert {name for name in before if before[name] != after[name]} == {"t1-2026/keys/s000/key.json", "gradebook.csv"}


def test_a_regrade_shows_who_changes_and_asks_before_it_writes(room: Path) -> None:
    grade(room)
    credit(room, "s000", **{"1a": 4})
    before = snapshot(room)
    worth = read(room / "students/s000/report.json")["questions"]["1a"]["of"]
    told = f"s000: 24 of 24 -> {28 - worth:g} of {28 - worth:g}: 1a {worth:g} of {worth:g} -> 4 of 4 (correct)"
    done = t1gen("grade", room, "--regrade", typed="n\n")
    assert told in done.stdout and f"1 of 10 change, together by +{4 - worth:g} points" in done.stdout
    assert done.exit_code == 1 and "Nothing was written" in done.stdout and snapshot(room) == before
    assert t1gen("grade", room, "--regrade", typed="").exit_code == 1 and snapshot(room) == before
    t1gen("grade", room, "--regrade", typed="y\n")
    assert read(room / "students/s000/report.json")["points"] == 28 - worth
    done = grade(room)
    assert "10 were marked before and are up to date" in done.stdout


def test_a_regrade_without_changes_asks_nothing(room: Path) -> None:
    grade(room)
    done = t1gen("grade", room, "--regrade")
    assert done.exit_code == 1 and "0 of 10 change, together by +0 points" in done.stdout
    assert "Write" not in done.stdout


def test_the_key_of_another_test_is_refused(room: Path) -> None:
    """A bank that was changed so that other numbers are drawn does not mark the tests that were sat."""
    grade(room)
    place = room / "keys/s000/key.json"
    key = read(place)
    problem = next(p for p in key["sheet"]["problems"] if p["given"])
    problem["given"] |= {name: 7 for name, value in problem["given"].items() if not isinstance(value, list)} or {"w": 7}
    write(place, key)
    before = snapshot(room / "students")
    done = t1gen("grade", room, "--regrade", "--yes")
    assert "is the key of another test than the one that was marked before" in done.stderr
    assert snapshot(room / "students") == before


def test_a_regrade_of_a_path_shows_and_asks_too(room: Path) -> None:
    place = submission(room, "s000")
    t1gen("grade", place)
    credit(room, "s000", **{"1a": 4})
    done = t1gen("grade", place, "--regrade", typed="n\n")
    assert "-> 4 of 4" in done.stdout and read(place.parent / "report.json")["points"] == 24
    t1gen("grade", place, "--regrade", "--yes")
    assert read(place.parent / "report.json")["points"] > 24


# papers named one by one


def test_several_papers_in_a_folder_have_a_report_each(room: Path, tmp_path: Path) -> None:
    for student in ("s000", "s001"):
        shutil.copy(submission(room, student), tmp_path / f"{student}.json")
    shutil.copy(room / "keys/s000/key.json", tmp_path / "key.json")
    done = t1gen("grade", tmp_path / "s000.json", tmp_path / "s001.json")
    assert done.exit_code == 2 and "for variant" in done.stderr
    assert json.loads((tmp_path / "report-s000.json").read_text())["points"] == 24
    assert not (tmp_path / "report.json").exists()


def test_marks_that_students_wrote_themselves_can_be_ignored(room: Path) -> None:
    changed(submission(room, "s009"), marks={"1a": {"points": 99, "by": "ta1"}})
    assert "s009" in grade(room).stdout
    assert float(book(room)["s009"]["points"]) > 0 and "decided: 1a by ta1" in book(room)["s009"]["note"]
    done = grade(room, "--ignore-marks")
    assert book(room)["s009"]["points"] == "0" and "marks in the submission are ignored: 1a" in done.stdout
    grade(room)
    assert book(room)["s009"]["points"] == "0", "it is remembered"
    grade(room, "--marks")
    assert float(book(room)["s009"]["points"]) > 0


def test_the_schemas_of_what_is_kept_are_there(room: Path) -> None:
    grade(room)
    assert files.kind_of(room / "ledger.json") == "ledger"
    for kind in ("decisions", "ledger"):
        assert f"#/$defs/{kind.capitalize()}" == json.loads(t1gen("schema", kind).stdout)["$ref"]
