"""A whole class with PDFs in one process, against typst compiling the same sources alone."""

import click

from benchmarks.timing import timed
from t1gen import files, output
from t1gen.banks import load
from t1gen.documents.engines import pdf
from t1gen.documents.render import render
from t1gen.exam import Maker, Plan
from t1gen.sheets import key_sheet, worksheet


def printing(count):
    """Tests and keys of so many students."""
    students = [files.Student(f"s{i}", f"Student {i}") for i in range(count)]
    output.make(output.Order(Plan(load("t1"), "warm", "warm"), ("pdf",), "typst"), students[:1])
    plan = Plan(load("t1"), "benchmark", "benchmark")
    order = output.Order(plan, ("pdf",), "typst")
    whole, made = timed(lambda: output.make(order, students))
    tests = Maker(plan).tests(students)
    sources = [render(d, "typ") for exam, key in tests for d in (worksheet(exam), key_sheet(key))]
    alone, _ = timed(lambda: [pdf(s, "typst") for s in sources])
    click.echo(f"print {len(made)} tests and keys: {whole:.2f} s, typst alone {alone:.2f} s: {whole / alone:.2f} times")
