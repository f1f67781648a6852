"""A class with PDFs on two processes, against typst compiling the same sources alone on two processes.

Once as anybody would call the library, and once as t1gen does, which takes two thirds of the time (see
`engines._in_one_place`).
"""

from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context

import click
import typst

from benchmarks.timing import timed
from t1gen import files, output
from t1gen.banks import load
from t1gen.data import folder
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
    bare, _ = timed(lambda: sum(on_processes(compiled_bare, sources)))
    alone, pages = timed(lambda: sum(on_processes(compiled, sources)))
    kept = sum(len(pdf) for _, *parts in made for part in parts for name, pdf in part.items() if name.endswith(".pdf"))
    assert pages == kept, "both made the same bytes"
    click.echo(f"print {len(made)} tests and keys on {JOBS} processes: {whole:.2f} s; typst alone: {bare:.2f} s, "
               f"{whole / bare:.2f} times; called as t1gen does: {alone:.2f} s, {whole / alone:.2f} times")  # fmt: skip


def printed(plan, students):
    """The sources of the sheets, in the order in which they are made."""
    for chunk in output.chunked(students, JOBS):
        tests = Maker(plan).tests(chunk)
        book = Book([key for _, key in tests])
        yield [render(d, "typ") for exam, key in tests for d in (worksheet(exam), key_sheet(key, book=book))]


def on_processes(compile, chunks):
    """How many bytes the PDFs of every chunk have."""
    with ProcessPoolExecutor(JOBS, mp_context=get_context("spawn")) as pool:
        yield from pool.map(compile, chunks)


def compiled(sources):
    return sum(len(pdf(source, "typst")) for source in sources)


@cache
def compiler():
    return typst.Compiler(ignore_system_fonts=True, font_paths=[folder("templates") / "fonts"])


def compiled_bare(sources):
    options = {"format": "pdf", "timestamp": 0, "pdf_standards": ["ua-1"]}
    return sum(len(compiler().compile(input=source.encode(), **options)) for source in sources)
