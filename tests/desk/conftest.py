"""A class of ten that has filled in its submissions, made once and copied for each test."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from pupils import fill, hand_in, read, seated


@pytest.fixture(scope="session")
def class_of_ten(tmp_path_factory: pytest.TempPathFactory) -> Path:
    room = seated(tmp_path_factory.mktemp("class"), 10)
    fill(room)
    return room


@pytest.fixture(scope="session")
def alike_of_ten(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten whose tests have the same problems under the same numbers."""
    room = seated(tmp_path_factory.mktemp("alike"), 10, Path(__file__).parent.parent / "classic.yaml")
    fill(room)
    return room


@pytest.fixture
def alike(alike_of_ten: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(alike_of_ten, tmp_path / "t1-2026"))


@pytest.fixture
def room(class_of_ten: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(class_of_ten, tmp_path / "t1-2026"))


def formulas(key: Any, problem: str) -> list[str]:
    found = [p for p in key["sheet"]["problems"] if p["id"] == problem]
    return [q["id"] for p in found for q in p["questions"] if q["kind"] == "expression"]


@pytest.fixture(scope="session")
def class_of_three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two students have the same doubtful formula, one has a text that is none; all else is right."""
    room = seated(tmp_path_factory.mktemp("three"), 3, Path(__file__).parent.parent / "classic.yaml")
    for student in ("s000", "s001", "s002"):
        key = read(room / "keys" / student / "key.json")
        right = {name: answer["value"] for name, answer in key["answers"].items()}
        name = formulas(key, "vjp-matrix")[0]
        doubtful = "dunno" if student == "s002" else f"({right[name]}) / 0"
        hand_in(room / "students" / student / "submission.json", key, right | {name: doubtful})
    return room


@pytest.fixture
def asked(class_of_three: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(class_of_three, tmp_path / "t1-2026"))
