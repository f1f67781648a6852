"""The command run on a hostile file, in a child of this process that is watched: its time, memory and last words."""

import json
import os
import resource
import signal
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from t1gen.cli import main

SLOW, HANG, MEMORY = 5.0, 30.0, 300
"""Seconds of work that a run may take (each takes below 1); seconds on the clock after which it is taken to hang, on
the noisiest machine; MB that it may grow."""

ADDRESSES = 4 * 2**30
"""Bytes of addresses that a child may have: none brings the machine down."""


@dataclass(frozen=True)
class Ended:
    """How a run ended: `broken` is a traceback; seconds of work, and MB above the warm start, are what it took."""

    code: int | None
    said: str
    broken: str
    seconds: float
    grown: float


def grade(path: Path, scratch: Path) -> Ended:
    """`t1gen grade` on a file. What a child writes in `scratch` tells how it ended; one that hangs is killed."""
    told = scratch / "ended.json"
    child = os.fork()
    if child == 0:
        try:
            told.write_text(json.dumps(_run(["grade", str(path)])), encoding="utf-8")
        finally:
            os._exit(0)
    start = time.monotonic()
    while os.waitpid(child, os.WNOHANG) == (0, 0):
        if time.monotonic() - start > HANG:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return Ended(None, "", f"still running after {HANG:g} s", HANG, 0)
        time.sleep(0.002)
    if not told.exists():
        return Ended(None, "", "the process died", time.monotonic() - start, 0)
    ended = Ended(**json.loads(told.read_text(encoding="utf-8")))
    told.unlink()
    return ended


def _run(arguments: Sequence[str]) -> dict[str, Any]:
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES, ADDRESSES))
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    done = CliRunner().invoke(main, arguments)
    seconds = time.process_time() - start
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    error = done.exception if not isinstance(done.exception, SystemExit) else None
    broken = "".join(traceback.format_exception(error)[-8:]) if error else ""
    said = done.output.encode("utf-8", "backslashreplace").decode()
    return {"code": done.exit_code, "said": said, "broken": broken, "seconds": seconds, "grown": grown}
