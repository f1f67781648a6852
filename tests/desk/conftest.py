"""A class of ten that has filled in its submissions, made once and copied for each test."""

import shutil
from pathlib import Path

import pytest
from pupils import fill, seated


@pytest.fixture(scope="session")
def class_of_ten(tmp_path_factory: pytest.TempPathFactory) -> Path:
    room = seated(tmp_path_factory.mktemp("class"), 10)
    fill(room)
    return room


@pytest.fixture
def room(class_of_ten: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(class_of_ten, tmp_path / "t1-2026"))
