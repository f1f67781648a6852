"""The command line: help, exit codes, and every way in which a user can be told that something is wrong."""

import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from t1gen import __version__, files
from t1gen.banks import load
from t1gen.cli import main

COMMANDS = ["banks", "check", "generate", "grade", "render", "review", "schema", "show", "solve", "templates"]


CLASSIC = Path(__file__).parent / "classic.yaml"


def t1gen(*arguments: object) -> Result:
    return CliRunner().invoke(main, list(map(str, arguments)))


def refused(*arguments: object) -> str:
    """What is said with exit code 2, and no traceback."""
    done = t1gen(*arguments)
    assert done.exception is None or isinstance(done.exception, SystemExit), repr(done.exception)
    assert done.exit_code == 2, done.output
    assert "Traceback" not in done.output
    return done.output


def apart(
    folder: Path, *arguments: object, before: Callable[[], None] | None = None
) -> subprocess.CompletedProcess[str]:
    """The program in a process of its own."""
    command = [sys.executable, "-m", "t1gen", *map(str, arguments)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, preexec_fn=before)  # noqa: PLW1509


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of JSON files for one test; copy it before changing it."""
    out = tmp_path_factory.mktemp("cli") / "t1-9"
    assert t1gen("generate", CLASSIC, "--seed", 9, "--exam", "t1-9", "--format", "json", "--out", out).exit_code == 0
    return out


@pytest.fixture
def copy(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "copy"))


def changed(path: Path, change: Callable[[dict[str, Any]], Any]) -> Path:
    data = json.loads(path.read_text(encoding="utf-8"))
    change(data)
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


# help and start


def test_every_command_is_tried_here() -> None:
    assert sorted(main.commands) == COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example(command: str) -> None:
    done = t1gen(command, "--help")
    assert done.exit_code == 0
    assert "Example" in done.stdout and f"t1gen {command}" in done.stdout.split("Example")[1]
    assert max(map(len, done.stdout.splitlines())) <= 120


def test_help_and_version() -> None:
    assert t1gen("--version").stdout.strip().endswith(__version__)
    assert "t1gen generate --seed 42" in t1gen("--help").stdout
    assert t1gen("-h").stdout == t1gen("--help").stdout


@pytest.mark.parametrize("arguments", ["--version", "--help", "solve --help"])
def test_starting_imports_neither_sympy_nor_numpy(arguments: str) -> None:
    code = (
        "import sys\nfrom t1gen.cli import main\n"
        f"try: main({arguments.split()})\nexcept SystemExit: pass\n"
        "assert not {'sympy', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_grading_never_imports_sympy(copy: Path) -> None:
    key = files.read(copy / "key.json", files.Key)
    changed(copy / "submission.json", lambda d: d.update(answers={n: a.value for n, a in key.answers.items()}))
    code = (
        "import sys\nfrom t1gen.cli import main\n"
        f"try: main(['grade', {str(copy / 'submission.json')!r}])\nexcept SystemExit as e: assert not e.code\n"
        "assert 'sympy' not in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, "T1GEN_CACHE": "/nowhere"}
    )
    assert done.returncode == 0, done.stderr
    assert "24 of 24" in done.stdout


# commands that work


def test_banks_lists_every_problem() -> None:
    listed = t1gen("banks").stdout
    assert all(f"t1:{p.id}" in listed for p in load("t1").problems)


def test_show_is_readable_and_shows_the_key_only_when_told() -> None:
    plain, key = t1gen("show", "t1:neuron-step", "--seed", 7), t1gen("show", "t1:neuron-step", "--seed", 7, "--key")
    assert plain.exit_code == key.exit_code == 0
    assert "One neuron, one step" in plain.stdout and "Draw a computational graph" not in plain.stdout
    assert len(key.stdout) > len(plain.stdout)
    assert plain.stdout == t1gen("show", "t1:neuron-step", "--seed", 7).stdout


@pytest.mark.parametrize("kind", ["exam", "key", "submission", "report", "manifest", "secret"])
def test_schemas_are_json(kind: str) -> None:
    assert json.loads(t1gen("schema", kind).stdout)["$schema"].startswith("https://json-schema.org")


@pytest.mark.parametrize(("sheet", "stem"), [("exam.json", "worksheet"), ("key.json", "key")])
def test_render_prints_again_what_generate_printed(tmp_path: Path, sheet: str, stem: str) -> None:
    assert t1gen("generate", "--seed", 9, "--out", tmp_path / "x", "--format", "tex,pdf").exit_code == 0
    before = {s: (tmp_path / "x" / f"{stem}.{s}").read_bytes() for s in ("tex", "pdf")}
    assert t1gen("render", tmp_path / "x" / sheet, "--format", "tex,pdf,typ,md", "--out", tmp_path / "y").exit_code == 0
    assert {s: (tmp_path / "y" / f"{stem}.{s}").read_bytes() for s in before} == before
    assert {p.name for p in (tmp_path / "y").iterdir()} == {f"{stem}.{s}" for s in ("tex", "pdf", "typ", "md")}


# what does not exist


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("generate nope", "no bank 'nope'"),
        ("generate t11", "did you mean 't1'?"),
        ("generate none.yaml", "none.yaml: no such file"),
        ("check nope", "no bank 'nope'"),
        ("show nope:x", "no bank 'nope'"),
        ("show t1:neuron-stpe", "did you mean 'neuron-step'?"),
        ("show t1:", "no problem ''"),
        ("schema exma", "did you mean 'exam'?"),
        ("solve y=sigmod(x) --given x=1", "did you mean 'sigmoid'?"),
        ("solve y=x --given @none.json", "none.json: cannot be read: No such file"),
        ("grade none.json", "none.json: cannot be read: No such file"),
        ("render none.json", "none.json: cannot be read: No such file"),
        ("generate --students none.csv", "none.csv: cannot be read: No such file"),
        ("generate --engine tipst", "did you mean 'typst'?"),
        ("generate --format pfd", "did you mean 'pdf'?"),
        ("generate --format ,", "no format is named"),
        ("generate --combined", "--combined wants a class"),
        ("generate --students x.csv --combined --format json,tex", "--combined wants PDFs: pdf in --format"),
        ("generate --engine pdflatex --format json", "--engine makes PDFs: it wants pdf in --format"),
        ("render exam.json --engine typst --format md", "--engine makes PDFs: it wants pdf in --format"),
        ("generate --jobs 0", "--jobs"),
        ("generate --student ada --students x.csv", "exclude each other"),
        ("generate --exam ../x", "the exam id '../x'"),
        ("generate --exam .x", "the exam id '.x'"),
        ("generate --exam a/b", "the exam id 'a/b'"),
        ("generate --student ../x", "'/'"),
        ("generate --student =Ada", "the id is empty"),
        ("check t1 --tests 0", "--tests"),
        ("frobnicate", "No such command"),
        ("generate --frobnicate", "No such option"),
        ("grade", "Missing argument"),
        ("", "Usage"),
    ],
)
def test_what_does_not_exist_is_told(
    arguments: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert says in refused(*arguments.split())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("option", ["--exam", "--student"])
def test_an_empty_id_is_no_id(option: str, tmp_path: Path) -> None:
    refused("generate", option, "", "--out", tmp_path / "x")


def test_an_engine_that_is_not_installed_is_told_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    said = refused("generate", "--seed", 1, "--engine", "lualatex", "--out", tmp_path / "x")
    assert "lualatex is not installed" in said and "typst" in said
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    "seed", ["", " ", "../../x", "a\nb", "🙂", "\udcff", "\0", "-x", "x" * 10_000, "{{ 7*7 }}", "$(id)", "%s", "CON"]
)
def test_a_seed_is_any_text(seed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = t1gen("generate", f"--seed={seed}", "--format", "json")
    assert done.exit_code == 0, done.output
    [folder] = tmp_path.iterdir()
    assert folder.name.startswith("t1-") and len(folder.name) < 60 and not folder.name.endswith("-")
    assert files.read(folder / "exam.json", files.Exam).exam == folder.name


def test_seeds_that_look_alike_have_folders_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for seed in ("a b", "a/b", "a-b", "a  b"):
        assert t1gen("generate", "--seed", seed, "--format", "json").exit_code == 0
    assert len(list(tmp_path.iterdir())) == 4


@pytest.mark.parametrize(
    "name", ["{\\evil} $x$ #let % & _ ^ ~ \\", "<b>&amp;</b>", "#eval(1)", "`x` *y* _z_", "Ünal ß 李", "a" * 3000, "]]"]
)
def test_a_students_name_is_any_text(name: str, tmp_path: Path) -> None:
    done = t1gen(
        "generate", "--seed", 1, f"--student=ada={name}", "--out", tmp_path / "x", "--format", "tex,pdf,typ,md"
    )
    assert done.exit_code == 0, done.output
    assert files.read(tmp_path / "x/exam.json", files.Exam).student.name == name


# files that are none


BROKEN = [
    b"",
    b"{",
    b"[]",
    b"5",
    b"null",
    b"\xff\xfe",
    b"{}",
    b'{"format": "t1gen/exam@2"}',
    b'{"format": 5}',
    b'{"format": "x"}',
    b"\0",
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b'{"format": "t1gen/exam@1"}',
    b'{"format": "t1gen/submission@1"}',
    b'{"format": "t1gen/submission@1", "answers": 5}',
    b'{"format": "t1gen/submission@1", "answers": {}, "marks": {"1a": {"points": "x"}}}',
    b'{"format": "t1gen/submission@1", "answers": {"1a": NaN}}',
    b'{"format": "t1gen/submission@1", "answers": {}, "exam": 5}',
]


@pytest.mark.parametrize("data", BROKEN, ids=lambda d: repr(d[:30]))
@pytest.mark.parametrize("command", ["grade", "render"])
def test_a_file_that_does_not_fit_is_refused_with_its_path(command: str, data: bytes, tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_bytes(data)
    assert "broken.json" in refused(command, tmp_path / "broken.json")


@pytest.mark.parametrize("command", [("grade",), ("render",), ("generate", "--students"), ("grade", "--key")])
def test_folders_pipes_and_devices_are_no_files(command: tuple[str, ...], made: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    more = [made / "submission.json"] if "--key" in command else []
    for place in (tmp_path, tmp_path / "pipe", Path("/dev/zero"), tmp_path / "none"):
        assert str(place) in refused(*command, place, *more)


def test_a_key_with_an_unknown_field_tells_path_and_near_match(copy: Path) -> None:
    changed(copy / "key.json", lambda d: d["answers"]["1a"].update(point=1))
    said = refused("grade", copy / "submission.json")
    assert "key.json" in said and '$.answers["1a"]' in said and "did you mean 'points'?" in said


def test_an_exam_that_does_not_fit_tells_its_path(copy: Path) -> None:
    changed(copy / "exam.json", lambda d: d["problems"][2].update(points="many"))
    said = refused("render", copy / "exam.json")
    assert "exam.json" in said and "$.problems[2].points" in said


@pytest.mark.parametrize("field", ["exam", "variant", "student"])
def test_a_submission_for_another_test_is_refused(field: str, copy: Path) -> None:
    changed(copy / "submission.json", lambda d: d.update({field: "other"}))
    assert f"{field} 'other'" in refused("grade", copy / "submission.json")
    assert not (copy / "report.json").exists()


def test_unknown_ids_are_reported_and_ignored(copy: Path) -> None:
    changed(copy / "submission.json", lambda d: d["answers"].update({"77x": 1}))
    done = t1gen("grade", copy / "submission.json")
    assert done.exit_code == 1 and "question '77x' is unknown and was ignored" in done.output


HOSTILE_KEYS: list[Callable[[dict[str, Any]], Any]] = [
    lambda d: d["answers"].pop("1a"),
    lambda d: d.pop("sheet"),
    lambda d: d["answers"]["2b"].update(value="x"),
    lambda d: d["answers"]["2b"].update(tolerance=None),
    lambda d: d["answers"]["3a"].update(value=[1]),
    lambda d: d["answers"]["3b"].update(value="("),
    lambda d: d["sheet"]["problems"][0].update(mapping=["a = b"]),
    lambda d: d["sheet"]["problems"][0].update(mapping=[]),
    lambda d: d["sheet"]["problems"][0].update(given={}),
    lambda d: d["sheet"]["problems"][1].update(given={"w": {}}),
    lambda d: d["sheet"]["problems"][0]["questions"][0].update(kind="riddle"),
    lambda d: d["sheet"]["problems"][2]["questions"][1].update(names={}),
    lambda d: d["sheet"]["problems"][2]["questions"][0].pop("shape"),
]


@pytest.mark.parametrize("change", HOSTILE_KEYS)
def test_a_key_that_was_tampered_with_never_ends_in_a_traceback(
    change: Callable[[dict[str, Any]], Any], copy: Path
) -> None:
    key = files.read(copy / "key.json", files.Key)
    changed(copy / "submission.json", lambda d: d.update(answers={n: a.value for n, a in key.answers.items()}))
    changed(copy / "key.json", change)
    done = t1gen("grade", copy / "submission.json")
    assert done.exception is None or isinstance(done.exception, SystemExit), repr(done.exception)
    assert done.exit_code in (0, 1, 2) and "24 of 24" not in done.output


def test_a_question_with_another_shape_is_marked_by_the_tape(copy: Path) -> None:
    key = files.read(copy / "key.json", files.Key)
    changed(copy / "submission.json", lambda d: d.update(answers={n: a.value for n, a in key.answers.items()}))
    changed(copy / "key.json", lambda d: d["sheet"]["problems"][2]["questions"][0].update(shape=[-1]))
    assert "24 of 24" in t1gen("grade", copy / "submission.json").output


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d["problems"][0].update(mapping=["a = b"]),
        lambda d: d["problems"][0].update(mapping=["import os"]),
        lambda d: d["problems"][0].update(given={}),
        lambda d: d["problems"][0].update(given={"x": {"a": 1}}),
        lambda d: d["problems"][0].update(given={"x": "#eval"}),
        lambda d: d.update(language="xx"),
        lambda d: d.update(language="../../x"),
        lambda d: d.update(problems=[]),
        lambda d: d["problems"][0].update(text="$\\input{/etc/passwd}$ $x"),
        lambda d: d["problems"][0]["questions"][0].update(text="$" * 99, kind="riddle"),
        lambda d: d["problems"][2]["questions"][0].update(shape=[10**6, 10**6]),
    ],
)
@pytest.mark.parametrize("format", ["tex,md", "pdf"])
def test_an_exam_that_was_tampered_with_never_ends_in_a_traceback(
    change: Callable[[dict[str, Any]], Any], format: str, copy: Path
) -> None:
    changed(copy / "exam.json", change)
    done = t1gen("render", copy / "exam.json", "--format", format)
    assert done.exception is None or isinstance(done.exception, SystemExit), repr(done.exception)
    assert done.exit_code in (0, 2)


# a disk that does not take it


def test_an_output_that_cannot_be_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    for place in (tmp_path / "file", tmp_path / "file" / "x", Path("/proc/t1gen"), Path("/dev/null/x")):
        assert str(place) in refused("generate", "--seed", 1, "--format", "json", "--out", place)
    assert (tmp_path / "file").read_text(encoding="utf-8") == "mine"


def test_a_folder_in_the_place_of_a_file_is_told_and_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "x" / "key.json").mkdir(parents=True)
    assert "is not a file" in refused("generate", "--seed", 1, "--format", "json", "--out", tmp_path / "x")
    assert [p.name for p in (tmp_path / "x").iterdir()] == ["key.json"]


def limit_files(size: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@pytest.mark.parametrize("what", [("--student", "ada"), ("--students", "roster.csv")])
def test_a_full_disk_leaves_nothing_half_written(what: tuple[str, str], tmp_path: Path) -> None:
    """A limit on the size of files stands for a disk that is full once the larger ones come."""
    (tmp_path / "roster.csv").write_text("id,name\nada,Ada\nbob,Bob\n", encoding="utf-8")
    done = apart(tmp_path, "generate", "--seed", 1, *what, "--out", "x", "--exam", "e", before=limit_files(6000))
    assert done.returncode == 2, done.stderr
    assert "cannot be written" in done.stderr and "Traceback" not in done.stderr
    assert [p for p in (tmp_path / "x").rglob("*") if p.is_file()] == []


def test_a_full_disk_keeps_the_old_report(copy: Path, tmp_path: Path) -> None:
    assert t1gen("grade", copy / "submission.json").exit_code == 0
    before = (copy / "report.json").read_bytes()
    changed(copy / "submission.json", lambda d: d["answers"].update({"1a": "f = x"}))
    done = apart(tmp_path, "grade", copy / "submission.json", before=limit_files(500))
    assert done.returncode == 2 and "report.json" in done.stderr and "Traceback" not in done.stderr
    assert (copy / "report.json").read_bytes() == before
    assert not [p for p in copy.iterdir() if p.name.startswith(".")]


def test_a_folder_that_nobody_can_write_is_told() -> None:
    assert "cannot be" in refused("generate", "--seed", 1, "--format", "json", "--out", "/proc/self/x")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("arguments", ["banks", "schema exam", "show t1:jacobian", "solve y=x --given x=1 --ask y"])
def test_output_that_cannot_be_printed_is_told(arguments: str) -> None:
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "t1gen", *arguments.split()]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stderr == "t1gen: cannot be printed: No space left on device\n"


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("T1GEN_CACHE", "/proc/nowhere")
    assert t1gen("solve", "y = x ** 3", "--given", "x=2", "--wrt", "x").exit_code == 0


@pytest.mark.parametrize("rubbish", [b"", b"{", b"\xff", b"null", b"[" * 10_000])
def test_rubbish_in_the_cache_is_no_error(rubbish: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("T1GEN_CACHE", str(tmp_path))
    for _ in range(2):
        assert t1gen("solve", "y = x ** 3 + 7 * x", "--given", "x=2", "--wrt", "x").exit_code == 0
        for place in [p for p in tmp_path.rglob("*") if p.is_file()]:
            place.write_bytes(rubbish)
