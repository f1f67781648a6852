"""`python -m benchmarks [N]`: a class of N students against the bare libraries doing the same work."""

import sys
import tempfile
import time
from pathlib import Path

import click
import msgspec
import numpy as np

from t1gen import files, output
from t1gen.banks import load
from t1gen.documents.engines import pdf
from t1gen.documents.render import render
from t1gen.exam import Maker, Plan
from t1gen.marking.mark import mark
from t1gen.sheets import key_sheet, worksheet


def timed(work):
    """Seconds on the wall, and what the work gave."""
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


def printing(students):
    """A whole class with PDFs in one process, against typst compiling the same sources alone."""
    plan = Plan(load("t1"), "benchmark", "benchmark")
    order = output.Order(plan, ("pdf",), "typst")
    whole, made = timed(lambda: output.make(order, students))
    tests = Maker(plan).tests(students)
    sources = [render(d, "typ") for exam, key in tests for d in (worksheet(exam), key_sheet(key))]
    alone, _ = timed(lambda: [pdf(s, "typst") for s in sources])
    click.echo(f"print {len(made)} tests and keys: {whole:.2f} s, typst alone {alone:.2f} s: {whole / alone:.2f} times")


def grading(students):
    """Marking filled submissions, against msgspec reading the same files and numpy comparing the numbers."""
    tests = Maker(Plan(load("t1"), "benchmark", "benchmark")).tests(students)
    with tempfile.TemporaryDirectory() as folder:
        pairs = []
        for i, (exam, key) in enumerate(tests):
            filled = files.Submission(exam=exam.exam, variant=exam.variant, student=exam.student.id,
                                      answers={q: a.value for q, a in key.answers.items()})  # fmt: skip
            paths = Path(folder) / f"{i}.json", Path(folder) / f"{i}-key.json"
            for path, record in zip(paths, (filled, key), strict=True):
                files.write(path, files.encode(record))
            pairs.append(paths)
        ours, _ = timed(lambda: [mark(files.read_submission(s)[0], files.read(k, files.Key)) for s, k in pairs])
        bare, _ = timed(lambda: [compared(s, k) for s, k in pairs])
    click.echo(f"mark {len(pairs)} submissions: {ours:.2f} s, msgspec and numpy {bare:.2f} s: {ours / bare:.1f} times")


def compared(submission, key):
    answers = msgspec.json.decode(submission.read_bytes())["answers"]
    right = msgspec.json.decode(key.read_bytes())["answers"]
    return [
        bool((np.abs(np.subtract(answers[q], a["value"])) <= a["tolerance"]).all())
        for q, a in right.items()
        if a["tolerance"] is not None
    ]


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    students = [files.Student(f"s{i}", f"Student {i}") for i in range(count)]
    output.make(output.Order(Plan(load("t1"), "warm", "warm"), ("pdf",), "typst"), students[:1])
    printing(students)
    grading(students)


main()
