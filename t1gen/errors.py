"""The errors that a user can cause; only the command line turns them into messages and exit codes."""

import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches


class T1genError(Exception):
    """Something the user can mend: where it is, what is wrong, what is allowed.

    `str(error)` is the whole message, one line or a few; `where` comes before it, outermost first.
    """

    def __init__(self, message: str, *, where: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where

    def __str__(self) -> str:
        return f"{' '.join(self.where.splitlines())}: {self.message}" if self.where else self.message

    def inside(self, where: str) -> "T1genError":
        """The same error, told from further out: `problem_banks/t1.yaml: neuron-step: ...`."""
        self.where = f"{where}: {self.where}" if self.where else where
        return self


class LanguageError(T1genError):
    """A text in the mapping language cannot be read, or its shapes do not fit."""


class FileError(T1genError):
    """A file is missing, unreadable, does not parse, or does not fit its format."""


class BankError(T1genError):
    """A problem bank declares something that cannot be generated."""


class EngineError(T1genError):
    """A document cannot be turned into PDF: the engine is missing or failed."""


class LettersWarning(UserWarning):
    """A page lacks letters of its text, as no font has them."""


class ProofError(T1genError):
    """A derivative was not proved right, so no key is issued."""


MISFITS = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError, RecursionError, SyntaxError,
           StopIteration)  # fmt: skip
"""What Python raises where a file's parts have the right form and do not fit together."""


@contextmanager
def fitting(where: str, error: type[T1genError]) -> Iterator[None]:
    """Tell what does not fit together in a file, instead of a traceback."""
    try:
        yield
    except MISFITS as found:
        what = f"{type(found).__name__}: {str(found)[:200]}"
        raise error(f"something does not fit together: {what}", where=where) from found


def near_code(code: str, allowed: Iterable[str]) -> str:
    """What `near` says of a code of two letters: near is one with the same first letter."""
    return near(code, [one for one in allowed if one[:1] == code[:1].lower()], 0.5)


def near(name: str, allowed: Iterable[str], alike: float = 0.6) -> str:
    """`; did you mean 'tanh'?` where one of `allowed` is near `name`, else an empty text."""
    found = nearest(name, allowed, alike)
    return f"; did you mean '{found}'?" if found else ""


def nearest(name: str, allowed: Iterable[str], alike: float = 0.6) -> str:
    """The one of `allowed` that is near `name`, or an empty text."""
    lower = {n.lower(): n for n in allowed}
    found = get_close_matches(name.lower(), list(lower), n=3, cutoff=alike)
    found.sort(key=lambda other: sorted(other) != sorted(name.lower()))
    return lower[found[0]] if found else ""


_usual = warnings.formatwarning


def tell_warnings() -> None:
    """Let warnings of t1gen be told as its errors are, those of others as usual."""
    warnings.formatwarning = _told


def _told(message: Warning | str, category: type[Warning], filename: str, lineno: int, line: str | None = None) -> str:
    if issubclass(category, LettersWarning):
        return f"t1gen: warning: {message}\n"
    return _usual(message, category, filename, lineno, line)
