"""A test is the same, byte for byte, on every supported version of Python and on the oldest numpy."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from test_package import ROOT, build, install, run

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PREFIX = "Programming Language :: Python :: "
SUPPORTED = [line.removeprefix(PREFIX) for line in PYPROJECT["project"]["classifiers"] if PREFIX in line]
RUNNING = f"{sys.version_info.major}.{sys.version_info.minor}"
PYENV = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
STUDENTS = 20


def works(python: str | Path, version: str) -> bool:
    ask = [str(python), "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    done = subprocess.run(ask, capture_output=True, text=True, check=False)
    return done.returncode == 0 and done.stdout.strip() == version


def found(version: str) -> str | None:
    """A Python of this version: the running one, pyenv's, or one on the path."""
    if version == RUNNING:
        return sys.executable
    places = [*map(str, PYENV.glob(f"{version}.*/bin/python")), shutil.which(f"python{version}")]
    return next((place for place in places if place and works(place, version)), None)


def oldest_numpy() -> str:
    [numpy] = [line for line in PYPROJECT["project"]["dependencies"] if line.startswith("numpy")]
    return f"numpy=={numpy.partition('>=')[2]}.*"


PYTHONS = {version: python for version in SUPPORTED if (python := found(version))}


def generate(folder: Path, python: str, what: Iterable[str | Path]) -> Path:
    """A class and a single test as a fresh installation generates them; the installation is removed."""
    folder.mkdir()
    with tempfile.TemporaryDirectory() as place:
        t1gen = install(Path(place) / "venv", python, *what) / "t1gen"
        seed = ("--seed", "42", "--format", "json")
        run(t1gen, "generate", *seed, "--out", "one", cwd=folder)
        run(t1gen, "generate", *seed, "--students", "../roster.csv", "--out", "class", cwd=folder)
    return folder


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Path]]:
    """The folder of what each version generated."""
    folder = tmp_path_factory.mktemp("versions")
    rows = "".join(f"s{number},Student {number}\n" for number in range(STUDENTS))
    (folder / "roster.csv").write_text("id,name\n" + rows, encoding="utf-8")
    wheel = build(folder)
    oldest, python = next(iter(PYTHONS.items()))
    runs = [(version, python, [str(wheel)]) for version, python in PYTHONS.items()]
    runs.append((f"{oldest} and oldest numpy", python, [str(wheel), oldest_numpy()]))
    with ThreadPoolExecutor() as pool:
        done = {name: pool.submit(generate, folder / name, python, what) for name, python, what in runs}
        yield {name: made.result() for name, made in done.items()}


def files(folder: Path, name: str) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob(name))}


def numbers(value: Any) -> list[float]:
    """All numbers of nested JSON, in its order."""
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        return [number for entry in inner for number in numbers(entry)]
    return [value] if isinstance(value, int | float) else []


def test_the_supported_versions_are_those_that_are_here() -> None:
    """Elsewhere those that are here are enough; in CI all must be."""
    assert RUNNING in PYTHONS
    if os.environ.get("CI") == "true" and PYENV.is_dir():
        assert set(PYTHONS) == set(SUPPORTED)


def test_every_version_writes_the_same_exams(generated: dict[str, Path]) -> None:
    first, *others = [files(folder, "exam.json") for folder in generated.values()]
    assert len(first) == STUDENTS + 1
    for name, other in zip(list(generated)[1:], others, strict=True):
        assert other == first, name


def test_every_version_writes_keys_that_agree(generated: dict[str, Path]) -> None:
    first, *others = [files(folder, "key.json") for folder in generated.values()]
    for other in others:
        assert list(other) == list(first)
        for name, key in first.items():
            assert numbers(json.loads(other[name])) == pytest.approx(
                numbers(json.loads(key)), rel=1e-11, abs=1e-11
            )
