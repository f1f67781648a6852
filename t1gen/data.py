"""Where the files are that ship with t1gen: templates and problem banks."""

from functools import cache
from pathlib import Path

from t1gen.errors import FileError

_PACKAGE = Path(__file__).resolve().parent


@cache
def folder(name: str) -> Path:
    """The folder `templates` or `problem_banks`: the wheel's own, else the checkout's.

    Raises FileError where the installation holds neither.
    """
    places = (_PACKAGE / "_data" / name, _PACKAGE.parent / name)
    for place in places:
        if place.is_dir():
            return place
    raise FileError(f"not found in {' or '.join(map(str, places))}; is t1gen installed whole?", where=name)
