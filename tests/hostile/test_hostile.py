"""Every submission is an attack until read: whatever is handed in, marking ends cleanly, soon and in little memory.

T1GEN_HOSTILE=FILE appends what each run took, one line of JSON a run.
"""

import gc
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from t1gen import files
from t1gen.cli import main
from tests.test_hostile_kinds import BANK

from .answers import ANSWERS
from .watched import MEMORY, SLOW, Ended, grade
from .whole import KEPT, PLACES, REFUSED, Right

SMALL = 200_000
"""Bytes of an answer that may stand in several places of one submission."""

T1 = 1 if os.environ.get("T1GEN_THOROUGH") else 6
"""Every answer is handed in to a test of all kinds, every sixth (or each) to the standard test too."""


def made(bank: str, folder: Path) -> Right:
    done = CliRunner().invoke(
        main, ["generate", bank, "--seed", "hostile", "--student", "ada", "--format", "json", "--out", str(folder)]
    )
    assert done.exit_code == 0, done.output
    key = files.read(folder / "key.json", files.Key)
    return Right(key.exam, key.variant, "ada", {i: a.value for i, a in key.answers.items()}, folder)


@pytest.fixture(scope="session")
def tests(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Right]:
    """The standard test and one of the other kinds; one run each, so that children start warm."""
    place = tmp_path_factory.mktemp("tests")
    (place / "kinds.yaml").write_text(BANK, encoding="utf-8")
    found = {"t1": made("t1", place / "t1"), "kinds": made(str(place / "kinds.yaml"), place / "kinds")}
    for name, right in found.items():
        warm = handed(right, right.beside(**dict.fromkeys(list(right.answers)[::3], "v * 7")), place / f"{name}-warm")
        CliRunner().invoke(main, ["grade", str(warm)])
    gc.collect()
    gc.freeze()
    return found


def handed(right: Right, data: bytes | None, folder: Path) -> Path:
    """A folder with exam and key, and a submission of these bytes."""
    folder.mkdir()
    for name in ("exam.json", "key.json"):
        shutil.copy(right.folder / name, folder)
    if data is not None:
        (folder / "submission.json").write_bytes(data)
    return folder / "submission.json"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    for path in tmp_path.rglob("*"):
        if path.is_file() and not path.is_symlink() and path.stat().st_size > 10**6:
            path.unlink()


def run(name: str, path: Path) -> Ended:
    """The marking of a file, and what every marking must do."""
    ended = grade(path, path.parent.parent)
    if place := os.environ.get("T1GEN_HOSTILE"):
        line = {
            "name": name,
            "code": ended.code,
            "seconds": ended.seconds,
            "grown": ended.grown,
            "said": ended.said[:300],
        }
        with open(place, "a", encoding="utf-8") as out:
            out.write(json.dumps(line) + "\n")
    assert not ended.broken, ended.broken
    assert ended.code in (0, 1, 2), ended.said
    assert ended.seconds < SLOW and ended.grown < MEMORY
    assert all(c.isprintable() or c == "\n" for c in ended.said), repr(ended.said)
    assert len(ended.said) < 20_000
    if ended.code == 2:
        message = ended.said.partition(f"{path}: ")[2]
        assert ended.said.startswith("t1gen: ") and 5 < len(message.strip()) < 600, ended.said
    left = {p.name for p in path.parent.iterdir()}
    expected = {"exam.json", "key.json", "submission.json", "report.json", "pipe"}
    assert left <= expected if ended.code != 2 else left <= expected - {"report.json"}
    return ended


def report(path: Path) -> files.Report:
    """The report of a marking, which any program can read."""
    data = (path.parent / "report.json").read_bytes()
    json.loads(data, parse_constant=pytest.fail)
    return files.read(path.parent / "report.json", files.Report)


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_submission_is_refused(name: str, tests: dict[str, Right], folder: Path) -> None:
    path = handed(tests["t1"], REFUSED[name](tests["t1"]), folder / "in")
    assert run(name, path).code == 2


@pytest.mark.parametrize("name", PLACES)
def test_what_is_no_file_is_refused(name: str, tests: dict[str, Right], folder: Path) -> None:
    path = handed(tests["t1"], None, folder / "in")
    PLACES[name](path)
    assert run(name, path).code == 2


@pytest.mark.parametrize("name", KEPT)
def test_what_stands_round_right_answers_costs_nothing(name: str, tests: dict[str, Right], folder: Path) -> None:
    path = handed(tests["t1"], KEPT[name](tests["t1"]), folder / "in")
    assert run(name, path).code in (0, 1)
    found = report(path)
    assert found.points == found.of and {q.verdict for q in found.questions.values()} == {"correct"}


def hostile(right: Right, bank: str) -> list[str]:
    """The questions that get a hostile answer: one of each kind, none in the same problem of the standard test."""
    return ["1a", "2b", "3c", "4b"] if bank == "t1" else list(right.answers)


def submissions(right: Right, bank: str, answer: bytes) -> Iterator[tuple[list[str], bytes]]:
    """Right answers but for one hostile one, or several where it is small; and which."""
    hits = hostile(right, bank)
    for group in [hits] if len(answer) < SMALL else [[hit] for hit in hits]:
        marker = "HERE" * 9
        data = right.beside(**dict.fromkeys(group, marker))
        yield group, data.replace(f'"{marker}"'.encode(), answer)


@pytest.mark.parametrize(
    ("name", "bank"), [(name, bank) for k, name in enumerate(ANSWERS) for bank in ("t1", "kinds")[k % T1 > 0 :]]
)
def test_a_hostile_answer_earns_nothing_and_costs_itself_alone(
    name: str, bank: str, tests: dict[str, Right], folder: Path
) -> None:
    for at, (hits, data) in enumerate(submissions(tests[bank], bank, ANSWERS[name])):
        path = handed(tests[bank], data, folder / f"in{at}")
        ended = run(f"{name} [{bank} {' '.join(hits)}]", path)
        if len(data) > files.SUBMISSION:
            assert ended.code == 2 and "is larger than 1 MB" in ended.said
            continue
        assert ended.code in (0, 1)
        for question, found in report(path).questions.items():
            wanted: tuple[Any, ...] = (0,) if question in hits else (found.of, "correct")
            assert (found.points, found.verdict)[: len(wanted)] == wanted, question
