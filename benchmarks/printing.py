"""A class with PDFs on two processes, against typst compiling the same sources alone on two processes."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import click

from benchmarks.timing import timed
from t1gen import files, output
from t1gen.banks import load
from t1gen.documents.engines import pdf
from t1gen.documents.render import render
from t1gen.exam import Maker, Plan
from t1gen.marking.common import Book
from t1gen.sheets import key_sheet, worksheet

JOBS = 2


def printing(count):
    """Tests and keys of so many students, as `t1gen generate` makes them but for writing them to disk."""
    students = [files.Student(f"s{i}", f"Student {i}") for i in range(count)]
    plan = Plan(load("t1"), "benchmark", "benchmark")
    output.make(output.Order(plan, ("pdf",), "typst"), students[:1])
    whole, made = timed(lambda: list(output.make_all(output.Order(plan, ("pdf",), "typst"), students, JOBS)))
    sources = list(printed(plan, students))
    alone, pages = timed(lambda: sum(compiled_all(sources)))
    kept = sum(len(pdf) for _, *parts in made for part in parts for name, pdf in part.items() if name.endswith(".pdf"))
    assert pages == kept, "both made the same bytes"
    click.echo(f"print {len(made)} tests and keys on {JOBS} processes: {whole:.2f} s, typst alone {alone:.2f} s: "
               f"{whole / alone:.2f} times")  # fmt: skip


def printed(plan, students):
    """The sources of the sheets, in the order in which they are made."""
    for start in range(0, len(students), output.CHUNK):
        tests = Maker(plan).tests(students[start : start + output.CHUNK])
        book = Book([key for _, key in tests])
        yield [render(d, "typ") for exam, key in tests for d in (worksheet(exam), key_sheet(key, book=book))]


def compiled_all(chunks):
    """How many bytes the PDFs of every chunk have."""
    with ProcessPoolExecutor(JOBS, mp_context=get_context("spawn")) as pool:
        yield from pool.map(compiled, chunks)


def compiled(sources):
    return sum(len(pdf(source, "typst")) for source in sources)
