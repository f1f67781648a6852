"""The wheel holds all that t1gen needs: installed alone, it writes a test in an empty folder."""

import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from t1gen import __version__, files

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = ("templates", "problem_banks")


def run(*command: str | Path, cwd: Path) -> str:
    """The output of a command that must succeed, away from this checkout."""
    env = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "T1GEN_CACHE")}
    env |= {"T1GEN_CACHE": str(cwd / ".cache"), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, env=env, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def build(folder: Path) -> Path:
    """The wheel of this checkout, built into `folder`."""
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, ROOT, cwd=folder)
    [wheel] = folder.glob("t1gen-*.whl")
    return wheel


def install(folder: Path, python: str | Path, *what: str | Path) -> Path:
    """The programs of a fresh virtual environment in `folder`, with `what` installed and no more."""
    run(python, "-m", "venv", "--without-pip", folder, cwd=folder.parent)
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    pip = (sys.executable, "-m", "pip", "--python", programs / "python")
    run(*pip, "install", "--quiet", "--no-compile", *what, cwd=folder.parent)
    return programs


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def programs(wheel: Path) -> Iterator[Path]:
    """Removed after the tests: an environment is hundreds of megabytes."""
    with tempfile.TemporaryDirectory() as folder:
        yield install(Path(folder) / "venv", sys.executable, wheel)


def test_the_wheel_holds_every_template_and_bank(wheel: Path) -> None:
    sources = [path for name in SHIPPED for path in (ROOT / name).rglob("*") if path.is_file()]
    wanted = {f"t1gen/_data/{path.relative_to(ROOT).as_posix()}" for path in sources if path.name[0] != "."}
    assert {name.split("/")[2] for name in wanted} == set(SHIPPED)
    assert wanted <= set(zipfile.ZipFile(wheel).namelist())


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names} == {"t1gen", f"t1gen-{__version__}.dist-info"}
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]


def test_the_installed_program_says_its_version(programs: Path, tmp_path: Path) -> None:
    assert __version__ in run(programs / "t1gen", "--version", cwd=tmp_path)
    where = run(programs / "python", "-c", "import t1gen; print(t1gen.__file__)", cwd=tmp_path)
    assert Path(where.strip()).is_relative_to(programs.parent)


def test_the_installed_program_writes_a_test_in_an_empty_folder(programs: Path, tmp_path: Path) -> None:
    run(programs / "t1gen", "generate", "--seed", "42", cwd=tmp_path)
    [out] = [path for path in tmp_path.iterdir() if path.name != ".cache"]
    exam, key = files.read(out / "exam.json", files.Exam), files.read(out / "key.json", files.Key)
    assert exam.problems and exam.variant == key.variant
    assert {question.id for problem in exam.problems for question in problem.questions} == set(key.answers)
    assert [path for path in out.iterdir() if path.suffix != ".json"]
    assert not (out / "secret.json").exists()
