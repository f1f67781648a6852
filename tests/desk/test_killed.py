"""Killed at any moment, the same command finishes, and the folder is that of an undisturbed run, byte for byte."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pupils import fill, seated
from test_class import snapshot

COMMAND = [sys.executable, "-m", "t1gen", "grade", "t1-2026", "--gradebook", "gradebook.csv", "--feedback", "md"]
STUDENTS, MOMENTS = 6, 20 if os.environ.get("T1GEN_THOROUGH") else 6
"""The size of the class, and how many random moments are tried."""


def run(folder: Path) -> float:
    """The command in a folder, to its end; the seconds that it took."""
    start = time.monotonic()
    done = subprocess.run(COMMAND, cwd=folder, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr
    return time.monotonic() - start


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, float]:
    """The class before marking, the folder after an undisturbed run, and how long that took."""
    before = tmp_path_factory.mktemp("before")
    fill(seated(before, STUDENTS))
    after = shutil.copytree(before, tmp_path_factory.mktemp("after") / "done")
    run(after)
    return before, after, run(shutil.copytree(before, tmp_path_factory.mktemp("again") / "done"))


@pytest.mark.parametrize("moment", range(MOMENTS))
def test_killed_at_a_random_moment(undisturbed: tuple[Path, Path, float], moment: int, tmp_path: Path) -> None:
    before, after, seconds = undisturbed
    folder = shutil.copytree(before, tmp_path / "class")
    process = subprocess.Popen(COMMAND, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(seconds * (0.2 + 0.8 * random.Random(moment).random()))
    process.kill()
    process.wait()
    run(folder)
    assert snapshot(folder) == snapshot(after)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_killed_at_every_write(undisturbed: tuple[Path, Path, float], call: str, tmp_path: Path) -> None:
    """Right before the n-th file is flushed, and right before it is put in place, for every third n."""
    before, after, _ = undisturbed
    for count in range(2, 23, 3):
        folder = shutil.copytree(before, tmp_path / f"class-{count}")
        killed = _killed_at(folder, call, count)
        assert killed == (count <= STUDENTS * 2 + 2), "a report and a page a student, the ledger and the gradebook"
        _in_child(folder, lambda: None)
        assert snapshot(folder) == snapshot(after), count
        shutil.rmtree(folder)


def _killed_at(folder: Path, call: str, count: int) -> bool:
    """Whether a run that kills itself at the n-th call of a function of the system was killed."""
    original, calls = getattr(os, call), 0

    def dying(*words: object) -> object:
        nonlocal calls
        calls += 1
        if calls == count:
            os.kill(os.getpid(), signal.SIGKILL)
        return original(*words)

    return _in_child(folder, lambda: setattr(os, call, dying)) == -signal.SIGKILL


def _in_child(folder: Path, prepare: object) -> int:
    """The exit code of the command in a child of this process, or minus the signal that killed it."""
    import t1gen.cli

    child = os.fork()
    if child == 0:
        code = 99
        try:
            os.chdir(folder)
            prepare()  # type: ignore[operator]
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            t1gen.cli.main(COMMAND[3:], standalone_mode=True)
        except SystemExit as stop:
            code = int(stop.code or 0)
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
