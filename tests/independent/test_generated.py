"""Keys that t1gen generates for a class pass the independent checker; t1gen runs as a program apart."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from .checker import check_files, pairs

STUDENTS = int(os.environ.get("T1GEN_INDEPENDENT", "100"))
ROOT = Path(__file__).resolve().parents[2]


def generate(out: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """`python -m t1gen generate` of the standard bank as JSON into a folder."""
    command = [sys.executable, "-m", "t1gen", "generate", *options, "--format", "json", "--out", str(out)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False)


def findings(folder: Path) -> tuple[int, list[str]]:
    """How many exams lie in a folder, and what is wrong with their keys."""
    found = pairs([folder])
    return len(found), [finding for exam, key in found for finding in check_files(exam, key)]


@pytest.fixture
def roster(tmp_path: Path) -> Path:
    """A class of STUDENTS students."""
    file = tmp_path / "roster.csv"
    rows = [f"s{number:04},Student {number}" for number in range(STUDENTS)]
    file.write_text("\n".join(["id,name", *rows, ""]), encoding="utf-8")
    return file


def test_a_class_has_no_wrong_key(tmp_path: Path, roster: Path) -> None:
    out = tmp_path / "out"
    done = generate(out, "--seed", "independent", "--students", str(roster))
    assert done.returncode == 0, done.stderr
    count, wrong = findings(out)
    assert count == STUDENTS
    assert not wrong, "\n".join(wrong[:50])


@pytest.mark.parametrize("seed", ["1", "2", "a text"])
def test_one_test_has_no_wrong_key(tmp_path: Path, seed: str) -> None:
    out = tmp_path / "out"
    done = generate(out, "--seed", seed)
    assert done.returncode == 0, done.stderr
    count, wrong = findings(out)
    assert (count, wrong) == (1, [])
