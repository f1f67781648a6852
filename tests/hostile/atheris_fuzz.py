"""Coverage-guided fuzzing by hand: python -m tests.hostile.atheris_fuzz [libFuzzer's options] [a folder of inputs].

Half of the inputs are a submission's bytes, the others one answer beside right ones. What must hold: a report or an
error that a user can mend, and full points for all other answers. It ends at the first input for which it does not, and
keeps that in a file crash-*; `-max_total_time=180` ends it after three minutes. Needs atheris, which is no dependency
of t1gen.
"""

import os
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

try:
    import atheris
except ImportError:
    sys.exit("atheris is missing; in an environment of its own: pip install atheris -e .")

with atheris.instrument_imports(include=["t1gen"]):
    from t1gen import files
    from t1gen.banks import load
    from t1gen.errors import FileError
    from t1gen.exam import Maker, Plan
    from t1gen.marking.mark import mark

PLACE = Path(tempfile.mkdtemp()) / "submission.json"


@cache
def key() -> files.Key:
    [(_, made)] = Maker(Plan(load("t1"), "hostile", "t1-hostile")).tests([files.Student("ada", "Ada L.")])
    return made


@cache
def right() -> dict[str, Any]:
    return {name: answer.value for name, answer in key().answers.items()}


def whole(data: bytes) -> None:
    """Any bytes as the file."""
    PLACE.write_bytes(data)
    try:
        submission, _ = files.read_submission(PLACE)
        report, _ = mark(submission, key())
    except FileError:
        return
    files.encode(report)


def one(name: str, text: str) -> None:
    """A text as one answer, and as JSON where it is."""
    report, _ = mark(files.Submission(answers={**right(), name: text}), key())
    for other, found in report.questions.items():
        assert other == name or found.points == found.of, (name, other)
    files.encode(report)


def test(data: bytes) -> None:
    if len(data) < 2:
        return
    if data[0] % 2:
        whole(data[1:])
    else:
        names = list(right())
        one(names[data[1] % len(names)], data[2:].decode("utf-8", "ignore"))


def seeds(folder: Path) -> None:
    """A right submission, and every right answer, to begin with."""
    submission = files.Submission(answers=right(), marks={"1a": files.Mark(points=1)})
    (folder / "whole").write_bytes(b"\1" + files.encode(submission))
    for at, (name, value) in enumerate(right().items()):
        (folder / name).write_bytes(bytes([0, at]) + str(value).encode())


def main() -> None:
    arguments = sys.argv
    if all(argument.startswith("-") for argument in arguments[1:]):
        inputs = tempfile.mkdtemp()
        seeds(Path(inputs))
        arguments = [*arguments, inputs]
    os.environ.setdefault("T1GEN_CACHE", tempfile.mkdtemp())
    atheris.Setup(arguments, test)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
