"""Marking a class of simulated students, against msgspec, numpy and the same reports written the same way.

Every student has a variant of their own with 20 answers in numbers: 60 % are right, 20 % slip once and go on rightly,
10 % make a listed mistake, 10 % hand in nothing.
"""

import json
import tempfile
from pathlib import Path

import click
import msgspec
import numpy as np

from benchmarks.timing import timed
from t1gen import files
from t1gen.banks import load
from t1gen.desk import grading
from t1gen.exam import Maker, Plan
from t1gen.mistakes import RULES
from tests.independent.students import honest, mistaken, slipped

BANK = str(Path(__file__).parent / "twenty.yaml")
TENTHS = ("right",) * 6 + ("slip",) * 2 + ("mistake", "blank")


def marking(count):
    """`t1gen grade` of so many submissions in one process."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        submissions = written(count, folder)
        ours, graded = timed(lambda: graded_all(submissions, folder / "ours"))
        reports = [g.report for g in graded]
        bare, _ = timed(lambda: [compared(s, r, folder / "bare") for s, r in zip(submissions, reports, strict=True)])
    tally = {}
    for report in reports:
        for question in report.questions.values():
            tally[question.verdict] = tally.get(question.verdict, 0) + 1
    told = ", ".join(f"{n} {v}" for v, n in sorted(tally.items()))
    click.echo(f"mark {count} submissions ({told})")
    click.echo(f"    {ours:.2f} s, msgspec and numpy {bare:.2f} s: {ours / bare:.2f} times")


def graded_all(submissions, out):
    """What `t1gen grade` of these submissions does."""
    return list(grading.grade(list(grading.tasks(submissions, None, out)), grading.Order()))


def written(count, folder):
    """The class: a folder a student, with the key and the filled submission."""
    rng = np.random.default_rng(1)
    students = [files.Student(f"s{i}", f"Student {i}") for i in range(count)]
    paths = []
    for i, (exam, key) in enumerate(Maker(Plan(load(BANK), "benchmark", "benchmark")).tests(students)):
        place = folder / exam.student.id
        files.write(place / "key.json", files.encode(key))
        answers = answered(json.loads(files.encode(key)), TENTHS[i % 10], rng)
        filled = files.Submission(exam=exam.exam, variant=exam.variant, student=exam.student.id, answers=answers)
        files.write(place / "submission.json", files.encode(filled))
        paths.append(place / "submission.json")
    return paths


def answered(key, how, rng):
    """What a student hands in; a slip or mistake is made in one problem."""
    if how == "blank":
        return {}
    problems, answers = key["sheet"]["problems"], {}
    for problem in problems:
        answers |= honest(problem, key["answers"], "mixed", rng)
    at = problems[rng.integers(len(problems))]
    if how == "slip":
        done = slipped(at, key["answers"], rng)
    elif how == "mistake":
        found = (mistaken(at, key["answers"], RULES[k], rng) for k in rng.permutation(len(RULES)))
        done = next((d for d in found if d is not None), None)
    else:
        done = None
    return answers | (done.answers if done else {})


def compared(path, report, out):
    """The bare libraries: both files read, the numbers compared, the report written."""
    answers = msgspec.json.decode(path.read_bytes(), type=files.Submission).answers
    key = msgspec.json.decode((path.parent / "key.json").read_bytes(), type=files.Key)
    for question, right in key.answers.items():
        if question in answers and right.tolerance is not None:
            mine, wanted = np.asarray(answers[question]), np.asarray(right.value)
            bool(mine.shape == wanted.shape and (np.abs(mine - wanted) <= right.tolerance).all())
    files.write(out / f"report-{report.student}.json", files.encode(report), force=True)
