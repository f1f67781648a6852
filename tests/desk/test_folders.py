"""What is read of a folder and what is told of the rest, where the gradebook may go, and that hints can be typed."""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from pupils import read, t1gen, write
from test_class import book, changed, credit, grade, inbox, rows, submission

# hints


def hint(text: str, start: str) -> list[str]:
    """The command that is suggested, without `t1gen`."""
    line = next(line for line in text.splitlines() if start in line)
    return shlex.split(line[line.index(start) :])[1:]


@pytest.mark.parametrize("where", ["class", "inbox", "elsewhere", "part", "out"])
def test_what_is_suggested_can_be_typed(room: Path, tmp_path: Path, where: str) -> None:
    """FOLDER, --manifest and --out are those of the run."""
    words: list[object] = [room]
    if where in ("inbox", "elsewhere"):
        words = [inbox(room)]
    if where == "elsewhere":
        words = [words[0].rename(tmp_path / "my uploads"), "--manifest", room]  # type: ignore[attr-defined]
    if where == "part":
        found = sorted((room / "students").rglob("submission.json"))
        words = [next(p.parent for p in found if ") / 0" in p.read_text(encoding="utf-8"))]
    if where == "out":
        words = [room, "--out", tmp_path / "reports"]
    done = t1gen("grade", *words)
    suggested = hint(done.stdout, "t1gen review")
    assert suggested == ["review", *map(str, words)]
    done = t1gen(*suggested, "--by", "Ann", typed="0\nno\nq\n")
    assert "decided and kept" in done.stdout
    again = hint(done.stdout, "t1gen grade")
    done = t1gen(*again[:-1], tmp_path / "gradebook.csv")
    assert "by Ann" in (tmp_path / "gradebook.csv").read_text(encoding="utf-8")
    assert done.exit_code in (0, 1)


def test_the_hint_of_a_regrade_is_that_of_the_run(room: Path, tmp_path: Path) -> None:
    out = tmp_path / "reports"
    t1gen("grade", room, "--out", out)
    credit(room, "s007", **{"1a": 4})
    for student in read(room / "manifest.json")["students"]:
        credit(room, student["id"], **{"1a": 4})
    done = t1gen("review", room, "--out", out, "--by", "Ann", typed="0\nno\nq\n")
    assert hint(done.stdout, "t1gen grade") == ["grade", str(room), "--out", str(out), "--regrade"]


# where a gradebook may go


@pytest.mark.parametrize("name", ["secret.json", "manifest.json", "students/s000/submission.json", "keys", "new.json",
                                  "roster.csv", "gradebook.txt", "folder.csv"])  # fmt: skip
def test_a_gradebook_overwrites_nothing_else(room: Path, name: str) -> None:
    (room / "roster.csv").write_text("id,name\nada,Ada\n", encoding="utf-8")
    (room / "gradebook.txt").write_text("mine", encoding="utf-8")
    (room / "folder.csv").mkdir()
    place = room / name
    before = place.read_bytes() if place.is_file() else None
    done = t1gen("grade", room, "--gradebook", place)
    assert done.exit_code == 2 and name in done.stderr and "gradebook" in done.stderr
    assert (place.read_bytes() if place.is_file() else None) == before
    assert not list(room.rglob("report.json")), "before anything is marked"


def test_a_gradebook_takes_the_place_of_an_older_one(room: Path) -> None:
    place = room.parent / "gradebook.csv"
    for before in (b"", b"id;name;variant;status\r\n", b'\xef\xbb\xbf"id","name","variant","status","points"\r\n'):
        place.write_bytes(before)
        grade(room)
        assert len(book(room)) == 10
    grade(room)


# what lies in a folder


def test_folders_that_are_links_are_told(room: Path, tmp_path: Path) -> None:
    moved = (room / "students/s000").rename(tmp_path / "s000")
    (room / "students/s000").symlink_to(moved, target_is_directory=True)
    done = grade(room)
    assert "students/s000: is a link" in done.stderr and done.exit_code == 1
    assert (book(room)["s000"]["status"], book(room)["s001"]["status"]) == ("refused", "final")


@pytest.mark.skipif(not shutil.which("setpriv") or os.getuid() != 0, reason="who cannot step down reads all")
@pytest.mark.parametrize("closed", ["students", "students/s000"])
def test_folders_that_cannot_be_read_are_told(room: Path, closed: str) -> None:
    with TemporaryDirectory() as folder:
        class_ = Path(shutil.copytree(room, Path(folder) / "t1-2026"))
        for place in (Path(folder), class_, *class_.rglob("*")):
            place.chmod(0o777)
        (class_ / closed).chmod(0)
        done = _as_nobody(class_)
        (class_ / closed).chmod(0o777)
    assert done.returncode == 1 and f"{closed}: cannot be read: Permission denied" in done.stderr, done.stderr
    assert "Traceback" not in done.stderr


def _as_nobody(room: Path) -> subprocess.CompletedProcess[str]:
    command = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", sys.executable, "-m", "t1gen",
               "grade", str(room)]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd=Path.cwd())
    if "No module named" in done.stderr and not os.environ.get("CI"):
        pytest.skip("nobody else can run t1gen here")
    return done


def test_a_submission_beside_students_is_told_and_not_read(room: Path) -> None:
    shutil.copy(submission(room, "s000"), room / "stray.json")
    (room / "notes.json").write_text("[]", encoding="utf-8")
    done = grade(room)
    assert "stray.json: lies beside students/, so it is not read" in done.stderr and "notes" not in done.stderr
    assert done.exit_code == 1 and book(room)["s000"]["points"] == "24"


def test_a_review_says_that_it_does_not_see_all(room: Path) -> None:
    submission(room, "s000").write_text("{", encoding="utf-8")
    assert f"1 could not be marked: t1gen grade {room} says why" in t1gen("review", room, "--list").stderr


def test_a_part_of_a_class_has_nobody_missing(room: Path) -> None:
    done = t1gen("grade", room / "students/s000", "--gradebook", room.parent / "one.csv")
    assert "a part of the class, 1 of 10 students: 1 final" in done.stdout and "missing" not in done.stdout
    assert list(rows(room.parent / "one.csv")) == ["s000"]
    for whole in (room, room / "students"):
        assert "10 students: " in t1gen("grade", whole).stdout


def test_a_damaged_report_is_made_anew_and_is_no_submission(room: Path) -> None:
    done = grade(room)
    before = (room / "students/s000/report.json").read_bytes()
    (room / "students/s000/report.json").write_text("{", encoding="utf-8")
    again = grade(room)
    assert (again.stderr, again.exit_code) == (done.stderr, done.exit_code)
    assert (room / "students/s000/report.json").read_bytes() == before


# lines that a student would like to print


FORGED = "Prof\n99 students: 99 final\x1b[2J"


def forged(output: str) -> bool:
    return "\x1b" in output or any(line.lstrip().startswith("99 students") for line in output.splitlines())


def test_no_student_prints_a_line_of_ours(room: Path) -> None:
    place = submission(room, "s009")
    first = next(iter(read(room / "keys/s009/key.json")["answers"]))
    mark = {"points": 1, "by": FORGED, "note": FORGED}
    changed(place, answers={first: FORGED, FORGED: 1}, marks={first: mark, FORGED: mark}, **{FORGED: 1})
    write(submission(room, "s008"), {"format": "t1gen/submission@1", "answers": {}, "variant": FORGED})
    bad = room / "students/s007/x\n99 students: 99 final.json"
    bad.write_text("{", encoding="utf-8")
    for done in (grade(room), t1gen("grade", place), t1gen("grade", bad), t1gen("review", room, "--list"),
                 t1gen("grade", submission(room, "s008"), place)):  # fmt: skip
        assert not forged(done.output), done.output


# marks inside submissions


def test_marks_in_submissions_are_told(room: Path) -> None:
    first: Any = next(iter(read(room / "keys/s009/key.json")["answers"]))
    changed(submission(room, "s009"), marks={first: {"points": 1, "by": "Prof"}})
    told = "marks by 'ta1' in 1 submission, 'Prof' in 1 submission count as a person's"
    done = grade(room)
    assert told in done.stdout and "--ignore-marks" in done.stdout
    for words in ("--marks", "--ignore-marks"):
        assert "count as a person's" not in grade(room, words).stdout


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "-1"])
def test_a_mark_that_is_no_number_says_so(room: Path, text: str) -> None:
    place = submission(room, "s009")
    changed(place, marks={"1a": {"points": "POINTS", "by": "ta1"}})
    place.write_text(place.read_text(encoding="utf-8").replace('"POINTS"', text), encoding="utf-8")
    told = grade(room).stderr
    assert "s009/submission.json: $.marks[\"1a\"].points: a mark is a finite number of at least 0" in told


def test_marks_twice_are_told_as_marks(room: Path) -> None:
    changed(submission(room, "s009"), marks={"1a": {"points": 1}, "1A": {"points": 0}})
    assert "question '1a' is marked twice; the first mark counts" in grade(room).stdout


def test_a_mark_of_any_size_is_the_points_of_the_question(room: Path) -> None:
    changed(submission(room, "s009"), marks={"1a": {"points": 10**400}})
    grade(room)
    told = read(room / "students/s009/report.json")["questions"]["1a"]
    assert told["points"] == told["of"]
