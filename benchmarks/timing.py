"""Seconds on the wall."""

import time


def timed(work):
    """Seconds on the wall, and what the work gave."""
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result
