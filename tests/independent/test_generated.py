"""Keys that t1gen generates, of every bank and for a class, pass the checker; t1gen runs as a program apart."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from .checker import READ, check_class, check_files, pairs
from .choices import RULES, STATED

STUDENTS = int(os.environ.get("T1GEN_INDEPENDENT", "50"))
ROOT = Path(__file__).resolve().parents[2]
BANKS = sorted(path.stem for path in (ROOT / "problem_banks").glob("*.yaml"))
SEEDS = ["1", "2", "a text"] if os.environ.get("T1GEN_THOROUGH") else ["a text"]


def generate(out: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """`python -m t1gen generate` as JSON into a folder."""
    command = [sys.executable, "-m", "t1gen", "generate", *options, "--format", "json", "--out", str(out)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False)


def findings(folder: Path) -> tuple[int, list[str]]:
    """How many exams lie in a folder, and what is wrong with their keys."""
    found = pairs([folder])
    return len(found), [finding for exam, key in found for finding in check_files(exam, key)] + check_class(found)


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


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("bank", BANKS)
def test_a_bank_has_no_wrong_key(tmp_path: Path, bank: str, seed: str) -> None:
    out = tmp_path / "out"
    done = generate(out, bank, "--seed", seed)
    assert done.returncode == 0, done.stderr
    count, wrong = findings(out)
    assert (count, wrong) == (1, [])


def test_the_standard_bank_is_taken_without_a_name(tmp_path: Path) -> None:
    done = generate(tmp_path / "out", "--seed", "1")
    assert done.returncode == 0, done.stderr
    assert findings(tmp_path / "out") == (1, [])


def declared() -> list[dict[str, Any]]:
    """The problems of all banks as their files have them."""
    banks = [yaml.safe_load((ROOT / "problem_banks" / f"{bank}.yaml").read_text(encoding="utf-8")) for bank in BANKS]
    return [problem for bank in banks for problem in bank["problems"] if "id" in problem]


def test_what_is_taken_as_stated_is_still_asked() -> None:
    asked = {
        (problem["id"], place)
        for problem in declared()
        for place in range(1, 1 + sum(isinstance(ask, dict) and "choose" in ask for ask in problem["ask"]))
    }
    assert asked == set(STATED) | set(RULES)


def test_what_is_read_from_words_is_still_told_in_words() -> None:
    told = {problem["id"] for problem in declared() if problem.get("shows") == "text" and "mapping" in problem}
    assert told == set(READ)
