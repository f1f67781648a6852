"""A folder held by one run at a time, and cleared of what a killed run left half written."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from t1gen.errors import FileError


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold `folder` until done. Raises FileError where another run holds it (never on Windows, which has no such lock).

    The system lets go of it when a run is killed.
    """
    if sys.platform == "win32":
        yield
        return
    import fcntl

    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise FileError(f"cannot be read: {error.strerror or error}", where=str(folder)) from None
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FileError("another t1gen is at work here; wait until it is done", where=str(folder)) from None
        yield
    finally:
        os.close(handle)


def sweep(folder: Path, name: str = "") -> None:
    """Remove the temporary files that killed runs left: in a folder and those inside, or of one file in it."""
    found = folder.glob(f".t1gen-{name}-*.tmp") if name else folder.rglob(".t1gen-*.tmp")
    for path in list(found):
        with suppress(OSError):
            path.unlink()
