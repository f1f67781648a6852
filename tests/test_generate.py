"""Generating: the same bytes wherever and however often, other numbers for others, and nothing told that should not be.

The golden files of seed 42 are tests/golden/t1-42/exam.json and key.json. Where the bank or the drawing changed on
purpose, `T1GEN_RENEW=1 pytest tests/test_generate.py -k golden` writes them anew; read the difference then.
"""

import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from t1gen import files
from t1gen.banks import load
from t1gen.cli import main
from t1gen.exam import Maker, Plan
from t1gen.files import Exam, Key, Manifest, Secret, Student

GOLDEN = Path(__file__).parent / "golden" / "t1-42"
SINGLE = {"exam.json", "key.json", "submission.json", "worksheet.pdf", "worksheet.tex", "key.pdf", "key.tex"}
CLASS = "id,name\nada,Ada L.\nbob,Bob\ncyd,Cyd\n"


def generate(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["generate", *map(str, arguments)])


def made(*arguments: object) -> Result:
    done = generate(*arguments)
    assert done.exit_code == 0, done.output
    return done


def contents(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def elsewhere(folder: Path, *arguments: object, **env: str) -> None:
    """Generate in a process apart."""
    command = [sys.executable, "-m", "t1gen", "generate", *map(str, arguments)]
    done = subprocess.run(command, cwd=folder, env={**os.environ, **env}, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def roster(folder: Path, text: str = CLASS) -> Path:
    path = folder / "roster.csv"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def single(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`t1gen generate --seed 42`."""
    out = tmp_path_factory.mktemp("single") / "t1-42"
    made("--seed", "42", "--out", out, "--exam", "t1-42")
    return out


# one test


def test_the_default_folder_and_what_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, single: Path) -> None:
    monkeypatch.chdir(tmp_path)
    done = made("--seed", "42")
    assert contents(tmp_path / "t1-42") == contents(single)
    assert len(done.stdout.splitlines()) <= 24
    assert "t1gen grade t1-42/submission.json" in done.stdout
    assert "The seed can be read in the exam's id" in done.stdout


def test_seven_files_are_written(single: Path) -> None:
    assert set(contents(single)) == SINGLE


def test_a_second_run_leaves_all_as_it_is(single: Path) -> None:
    before = {p: p.stat().st_mtime_ns for p in single.iterdir()}
    done = made("--seed", "42", "--exam", "t1-42", "--out", single)
    assert {p: p.stat().st_mtime_ns for p in single.iterdir()} == before
    assert done.stdout.count("unchanged") == len(SINGLE)


@pytest.mark.parametrize("hash_seed", ["0", "4711"])
def test_another_process_and_hash_seed_write_the_same_bytes(tmp_path: Path, single: Path, hash_seed: str) -> None:
    elsewhere(tmp_path, "--seed", "42", PYTHONHASHSEED=hash_seed)
    assert contents(tmp_path / "t1-42") == contents(single)


def test_another_seed_gives_other_numbers(single: Path, tmp_path: Path) -> None:
    made("--seed", "43", "--exam", "t1-42", "--format", "json", "--out", tmp_path / "43")
    one, other = (files.read(f / "exam.json", Exam) for f in (single, tmp_path / "43"))
    assert one.variant != other.variant
    differ = [a.id for a, b in zip(one.problems, other.problems, strict=True) if a.given != b.given]
    assert len(differ) >= 8


@pytest.mark.parametrize("what", [("--exam", "other"), ("--student", "ada=Ada")])
def test_another_exam_or_student_gets_other_numbers(single: Path, tmp_path: Path, what: tuple[str, str]) -> None:
    told = dict([("--exam", "t1-42"), what])
    made("--seed", "42", *(x for pair in told.items() for x in pair), "--format", "json", "--out", tmp_path / "x")
    one, other = (files.read(f / "exam.json", Exam) for f in (single, tmp_path / "x"))
    assert [p.given for p in one.problems] != [p.given for p in other.problems]


def test_a_student_is_named_in_all_files(tmp_path: Path) -> None:
    made("--seed", "1", "--student", "ada=Ada Löwe", "--format", "tex", "--out", tmp_path / "x")
    exam, key = files.read(tmp_path / "x/exam.json", Exam), files.read(tmp_path / "x/key.json", Key)
    assert exam.student == key.student == Student("ada", "Ada Löwe")
    assert json.loads((tmp_path / "x/submission.json").read_text())["student"] == "ada"
    assert "Ada Löwe" in (tmp_path / "x/worksheet.tex").read_text(encoding="utf-8")


def test_points_add_up(single: Path) -> None:
    exam, key = files.read(single / "exam.json", Exam), files.read(single / "key.json", Key)
    assert exam.points == 24 == sum(Fraction(p.points) for p in exam.problems)
    for problem in exam.problems:
        assert sum(Fraction(q.points) for q in problem.questions) == problem.points
    asked = {q.id: q.points for p in exam.problems for q in p.questions}
    assert {n: a.points for n, a in key.answers.items()} == asked


def test_every_question_has_an_answer_of_its_shape(single: Path) -> None:
    exam, key = files.read(single / "exam.json", Exam), files.read(single / "key.json", Key)
    for q in (q for p in exam.problems for q in p.questions):
        answer = key.answers[q.id]
        if q.kind in ("number", "array"):
            shapes = [shape_of(v) for v in (answer.value, answer.exact, answer.tolerance)]
            assert shapes == [list(q.shape or ())] * 3, q.id
            assert all(t >= 0.0005 for t in flat(answer.tolerance))
        else:
            assert isinstance(answer.value, str) and answer.exact is None and answer.tolerance is None


def shape_of(value: Any) -> list[int]:
    return [len(value), *shape_of(value[0])] if isinstance(value, list) else []


def flat(value: Any) -> list[Any]:
    return [x for v in value for x in flat(v)] if isinstance(value, list) else [value]


@pytest.mark.parametrize("formats", ["json", "tex", "typ,md", "pdf", "json,md"])
def test_just_the_formats_asked_for_are_written(tmp_path: Path, formats: str) -> None:
    made("--seed", "1", "--format", formats, "--out", tmp_path / "x")
    sheets = {f"{stem}.{f}" for stem in ("worksheet", "key") for f in formats.split(",") if f != "json"}
    assert set(contents(tmp_path / "x")) == {"exam.json", "key.json", "submission.json"} | sheets
    made("--seed", "1", *(x for f in formats.split(",") for x in ("--format", f)), "--out", tmp_path / "y")
    assert contents(tmp_path / "y") == contents(tmp_path / "x")


@pytest.mark.parametrize("name", ["exam.json", "key.json"])
def test_the_golden_files_of_seed_42(single: Path, name: str) -> None:
    if os.environ.get("T1GEN_RENEW"):
        GOLDEN.mkdir(parents=True, exist_ok=True)
        (GOLDEN / name).write_bytes((single / name).read_bytes())
    assert (single / name).read_text(encoding="utf-8") == (GOLDEN / name).read_text(encoding="utf-8")


# secrets


def test_without_a_seed_a_secret_is_drawn_kept_and_used_again(tmp_path: Path) -> None:
    out = tmp_path / "t1"
    made("--format", "json", "--out", out)
    place = out / "secret.json"
    secret = files.read(place, Secret).secret
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert re.fullmatch("[0-9a-f]{32}", secret)
    before = contents(out)
    done = made("--format", "json", "--out", out)
    assert "Drawn with the secret found in" in done.stdout
    assert contents(out) == before
    assert all(secret.encode() not in data for name, data in before.items() if name != "secret.json")


def test_two_secrets_differ(tmp_path: Path) -> None:
    for name in ("a", "b"):
        made("--format", "json", "--out", tmp_path / name)
    one, two = (files.read(tmp_path / n / "secret.json", Secret).secret for n in ("a", "b"))
    assert one != two
    variants = {files.read(tmp_path / n / "exam.json", Exam).variant for n in ("a", "b")}
    assert len(variants) == 2


def test_a_given_seed_is_in_nothing_when_the_exam_has_its_own_id(tmp_path: Path) -> None:
    out = tmp_path / "x"
    made(
        "--seed",
        "correct-horse-battery",
        "--exam",
        "t1-2026",
        "--student",
        "ada",
        "--format",
        "tex,typ,md,pdf",
        "--out",
        out,
    )
    assert not (out / "secret.json").exists()
    assert all(b"correct-horse" not in data for data in contents(out).values())


# a class


@pytest.fixture(scope="module")
def classroom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("class")
    made("--students", roster(folder), "--exam", "t1-2026", "--out", folder / "out", "--jobs", "1")
    return folder / "out"


def test_the_layout_of_a_class(classroom: Path) -> None:
    handed_out = ("exam.json", "submission.json", "worksheet.pdf", "worksheet.tex")
    kept = ("key.json", "key.pdf", "key.tex")
    wanted = {f"students/{s}/{f}" for s in ("ada", "bob", "cyd") for f in handed_out}
    wanted |= {f"keys/{s}/{f}" for s in ("ada", "bob", "cyd") for f in kept} | {"manifest.json", "secret.json"}
    assert set(contents(classroom)) == wanted
    assert stat.S_IMODE((classroom / "secret.json").stat().st_mode) == 0o600


def test_the_manifest_ties_students_to_variants(classroom: Path) -> None:
    manifest = files.read(classroom / "manifest.json", Manifest)
    assert [(s.id, s.name, s.attempt) for s in manifest.students] == [
        ("ada", "Ada L.", 0),
        ("bob", "Bob", 0),
        ("cyd", "Cyd", 0),
    ]
    for seat in manifest.students:
        exam = files.read(classroom / "students" / seat.id / "exam.json", Exam)
        key = files.read(classroom / "keys" / seat.id / "key.json", Key)
        assert (exam.variant, exam.student.id) == (seat.variant, seat.id) == (key.variant, key.student.id)
    assert len({s.variant for s in manifest.students}) == 3
    assert manifest.bank.sha256 == load("t1").sha256


def test_nothing_of_the_secret_or_of_others_is_told(classroom: Path) -> None:
    secret = files.read(classroom / "secret.json", Secret).secret.encode()
    variants = {s.id: s.variant.encode() for s in files.read(classroom / "manifest.json", Manifest).students}
    for name, data in contents(classroom).items():
        if name.startswith(("students/", "keys/")):
            assert secret not in data, name
            assert all(v not in data for who, v in variants.items() if f"/{who}/" not in name), name


def test_what_is_handed_out_holds_no_answers(classroom: Path) -> None:
    handed_out = files.read(classroom / "students/ada/exam.json", Exam)
    text = (classroom / "students/ada/exam.json").read_text(encoding="utf-8")
    assert "tolerance" not in text and '"exact"' not in text
    key = files.read(classroom / "keys/ada/key.json", Key)
    assert key.sheet == handed_out
    long = [str(v) for a in key.answers.values() for v in flat(a.value) if len(str(v)) > 8 and isinstance(v, float)]
    assert long and not [v for v in long if v in text]


def test_students_added_later_change_nobody(classroom: Path, tmp_path: Path) -> None:
    """With the secret of the first run, in another order and company, with two processes: the same bytes for each."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out/secret.json").write_bytes((classroom / "secret.json").read_bytes())
    more = "id,name\n" + "".join(f"s{i},S {i}\n" for i in range(14)) + "cyd,Cyd\nada,Ada L.\n"
    made("--students", roster(tmp_path, more), "--exam", "t1-2026", "--out", tmp_path / "out", "--jobs", "2")
    old, new = contents(classroom), contents(tmp_path / "out")
    shared = [n for n in old if "/ada/" in n or "/cyd/" in n]
    assert len(shared) == 14
    assert [n for n in shared if old[n] != new[n]] == []


def test_a_second_roster_joins_the_manifest(tmp_path: Path) -> None:
    arguments = ("--exam", "e", "--out", tmp_path / "out", "--format", "json")
    made("--students", roster(tmp_path), *arguments)
    before = contents(tmp_path / "out")
    made("--students", roster(tmp_path, "id,name\ndan,Dan\nada,Ada L.\n"), *arguments)
    after = contents(tmp_path / "out")
    assert {n: after[n] for n in before if n != "manifest.json"} == {
        n: d for n, d in before.items() if n != "manifest.json"
    }
    seats = files.read(tmp_path / "out/manifest.json", Manifest).students
    assert sorted(s.id for s in seats) == ["ada", "bob", "cyd", "dan"]


def test_jobs_do_not_change_a_byte(tmp_path: Path) -> None:
    people = roster(tmp_path, "id,name\n" + "".join(f"s{i:02},Student {i}\n" for i in range(30)))
    for jobs in ("1", "2"):
        made(
            "--seed",
            "7",
            "--students",
            people,
            "--exam",
            "e",
            "--out",
            tmp_path / jobs,
            "--jobs",
            jobs,
            "--format",
            "json,md",
        )
    assert contents(tmp_path / "1") == contents(tmp_path / "2")
    assert len(contents(tmp_path / "1")) == 30 * 5 + 2


def test_a_key_is_the_same_alone_and_in_a_class() -> None:
    """Bit for bit, whatever the batch; one student's key with 200 others'."""
    plan = Plan(load("t1"), "batch", "e")
    people = [Student(f"s{i}", "") for i in range(200)]
    together = Maker(plan).tests(people)
    for i in (0, 57, 199):
        [alone] = Maker(plan).tests([people[i]])
        assert alone == together[i]


def test_a_class_has_different_tests() -> None:
    tests = Maker(Plan(load("t1"), "many", "e")).tests([Student(f"s{i}", "") for i in range(100)])
    assert len({e.variant for e, _ in tests}) == 100
    assert len({str([p.given for p in e.problems]) for e, _ in tests}) == 100
    assert {e.points for e, _ in tests} == {24}


# never overwriting


def test_other_content_is_never_overwritten_without_force(tmp_path: Path) -> None:
    out = tmp_path / "x"
    made("--seed", "1", "--exam", "e", "--format", "json", "--out", out)
    before = contents(out)
    refused = generate("--seed", "2", "--exam", "e", "--format", "json", "--out", out)
    assert refused.exit_code == 2 and "exists with other content" in refused.output
    assert contents(out) == before
    made("--seed", "2", "--exam", "e", "--format", "json", "--out", out, "--force")
    assert contents(out)["exam.json"] != before["exam.json"]


def filled(out: Path, answers: Mapping[str, Any]) -> bytes:
    place = out / "submission.json"
    data = json.loads(place.read_text(encoding="utf-8")) | {"answers": dict(answers)}
    place.write_text(json.dumps(data), encoding="utf-8")
    return place.read_bytes()


@pytest.mark.parametrize("force", [(), ("--force",)])
def test_a_filled_submission_is_never_overwritten(tmp_path: Path, force: tuple[str, ...]) -> None:
    out = tmp_path / "x"
    made("--seed", "1", "--exam", "e", "--format", "json", "--out", out)
    mine = filled(out, {"1a": "f = x + y"})
    done = made("--seed", "1", "--exam", "e", "--format", "json", "--out", out, *force)
    assert "kept, it holds answers" in done.stdout
    assert (out / "submission.json").read_bytes() == mine
    before = contents(out)
    refused = generate("--seed", "2", "--exam", "e", "--format", "json", "--out", out, *force)
    assert refused.exit_code == 2 and "holds answers to another test" in refused.output
    assert contents(out) == before


def test_a_submission_that_cannot_be_read_counts_as_filled(tmp_path: Path) -> None:
    out = tmp_path / "x"
    made("--seed", "1", "--exam", "e", "--format", "json", "--out", out)
    (out / "submission.json").write_text("{ my answers, half typed", encoding="utf-8")
    refused = generate("--seed", "1", "--exam", "e", "--format", "json", "--out", out, "--force")
    assert refused.exit_code == 2 and "another test" not in refused.output
    assert "submission.json: line 1, column 3: this is not JSON" in refused.output and "so it stays" in refused.output
    assert (out / "submission.json").read_text(encoding="utf-8").startswith("{ my")


def test_a_class_that_is_made_again_gives_nobody_a_blank_for_what_was_taken_away(tmp_path: Path) -> None:
    """Who handed in nothing stays missing; whose folder is not there gets all of it."""
    (tmp_path / "roster.csv").write_text("id\nada\nben\ncyd\n", encoding="utf-8")
    words = ("--students", tmp_path / "roster.csv", "--seed", "1", "--exam", "e", "--format", "json", "--jobs", "1")
    made(*words, "--out", tmp_path / "x")
    first = contents(tmp_path / "x")
    (tmp_path / "x/students/ada/submission.json").unlink()
    for place in (tmp_path / "x/students/ben").iterdir():
        place.unlink()
    done = made(*words, "--out", tmp_path / "x", "--force")
    assert "1 without submission.json, and none is made anew" in done.stdout
    assert set(first) - set(contents(tmp_path / "x")) == {"students/ada/submission.json"}
    (tmp_path / "x/manifest.json").unlink()
    assert "made anew" not in made(*words, "--out", tmp_path / "x").stdout
    assert contents(tmp_path / "x") == first, "a run that was killed is finished"


def test_the_secret_of_another_exam_is_not_used(tmp_path: Path) -> None:
    made("--exam", "a", "--format", "json", "--out", tmp_path / "x")
    refused = generate("--exam", "b", "--format", "json", "--out", tmp_path / "x")
    assert refused.exit_code == 2 and "is the secret of exam 'a', not 'b'" in refused.output
