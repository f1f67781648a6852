"""One warm test run that tries every mutant in a process of its own, by the tests that enter its function."""

import gc
import os
import pickle
import resource
import signal
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter

import mutmut.mutation.trampoline as trampoline
import pytest
from _pytest.runner import runtestprotocol
from hypothesis import Phase, settings

from tests.mutation.mutants import Mutant

KILLED, SURVIVED, TIMEOUT = "killed", "survived", "timeout"
LEAST, TIMES, MEMORY = 10, 5, 4 << 30
"""Seconds that every mutant has, and how many times as long as the tests took without it; bytes of memory."""

Entered = dict[int, tuple[float, set[str]]]
"""How long each test took, and the functions it entered."""


class Trials:
    """Collects the tests once; nothing that a test computes is left for another mutant."""

    def __init__(self, mutants: list[Mutant]) -> None:
        self.mutants, self.verdicts = mutants, dict[str, str]()
        self.kills: dict[str, Counter[int]] = defaultdict(Counter)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self.items, out = session.items, Path("entered")
        gc.freeze()
        if _forked(lambda: out.write_bytes(pickle.dumps(self._entered()))):
            raise SystemExit(f"this fails with no mutant: {Path('failed').read_text()}")
        entered: Entered = pickle.loads(out.read_bytes())
        for count, mutant in enumerate(self.mutants):
            if count % 100 == 0:
                print(f"{time.strftime('%X')} {count} of {len(self.mutants)}", file=sys.stderr)
            self.verdicts[mutant.name] = self._tried(mutant, entered)
        return True

    def _entered(self) -> Entered:
        """Run every test with no mutant."""
        found: Entered = {}
        seen: set[str] = set()
        trampoline.record_trampoline_hit = lambda name, caller=None: seen.add(name)
        os.environ["MUTANT_UNDER_TEST"] = "stats"
        for test in range(len(self.items)):
            seen.clear()
            start = perf_counter()
            if not self._passes(test):
                Path("failed").write_text(self.items[test].nodeid)
                os._exit(1)
            found[test] = perf_counter() - start, set(seen)
        return found

    def _tried(self, mutant: Mutant, entered: Entered) -> str:
        """What becomes of a mutant; tests that killed its neighbours come first, then the fast ones."""
        kills, took = self.kills[mutant.function], {t: s for t, (s, seen) in entered.items() if mutant.function in seen}
        tests, first = sorted(took, key=lambda t: (-kills[t], took[t])), Path("first")
        first.unlink(missing_ok=True)

        def run() -> None:
            os.environ["MUTANT_UNDER_TEST"] = mutant.name
            for test in tests:
                if not self._passes(test):
                    first.write_text(str(test))
                    return

        status = _forked(run, max(LEAST, TIMES * sum(took.values()))) if tests else 0
        if first.exists():
            kills[int(first.read_text())] += 1
        if status == signal.SIGALRM:
            return TIMEOUT
        return KILLED if status or first.exists() else SURVIVED

    def _passes(self, test: int) -> bool:
        return all(report.passed or report.skipped for report in runtestprotocol(self.items[test], log=False))


def _forked(run: Callable[[], object], seconds: float = 0) -> int:
    """The status of a process that runs something, silently and for so long at most."""
    if child := os.fork():
        return os.waitpid(child, 0)[1]
    try:
        for stream in (1, 2):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        signal.setitimer(signal.ITIMER_REAL, seconds)
        time.perf_counter = float  # it stands still: no test fails because the machine is busy
        run()
        os._exit(0)
    finally:
        os._exit(1)


def tried(mutants: list[Mutant], tests: list[str]) -> Iterator[tuple[Mutant, str]]:
    """Every mutant and what becomes of it. Drawn examples are the same in each run."""
    phases = (Phase.explicit, Phase.generate)
    settings.register_profile("mutation", derandomize=True, database=None, deadline=None, phases=phases)
    settings.load_profile("mutation")
    os.environ["MUTANT_UNDER_TEST"] = ""
    sys.path.insert(0, os.getcwd())
    trials = Trials(mutants)
    quiet = f"-q -s -p no:cacheprovider -p no:xdist --disable-warnings --basetemp={os.getcwd()}/scratch".split()
    if status := pytest.main([*quiet, *tests], plugins=[trials]):
        raise SystemExit(f"the test run ended with {status}")
    return ((mutant, trials.verdicts[mutant.name]) for mutant in mutants)
