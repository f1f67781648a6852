"""The click commands: arguments in, messages out; no logic."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from t1gen import __version__
from t1gen.cli_marking import grade
from t1gen.cli_review import review

if TYPE_CHECKING:
    from t1gen import files
    from t1gen.output import Made

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
SETTING = "How sheets are set: letter, large, readable, two-columns, no-blanks, working, short-key, ... (repeatable)."
SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class Commands(click.Group):
    """Turns the errors that a user can cause into a message and exit code 2."""

    def invoke(self, ctx: click.Context) -> Any:
        from t1gen.errors import T1genError

        try:
            return super().invoke(ctx)
        except T1genError as error:
            from t1gen.files import printable

            click.echo(printable(f"t1gen: {error}"), err=True)
            ctx.exit(2)
        except BrokenPipeError:
            sys.stderr.close()
            ctx.exit(0)
        except OSError as error:
            what = f"{error.filename}: cannot be used" if error.filename else "cannot be printed"
            if not error.filename:
                _print_no_more()
            click.echo(f"t1gen: {what}: {error.strerror or error}", err=True)
            ctx.exit(2)


def _print_no_more() -> None:
    """What is left in standard output's buffer goes nowhere: its disk is full, and leaving would fail once more."""
    import os
    from contextlib import suppress

    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@click.group(cls=Commands, context_settings=SETTINGS)
@click.version_option(__version__, prog_name="t1gen")
def main() -> None:
    """Write, print and mark tests on computational graphs, vector-Jacobian products and backpropagation.

    \b
    Start with:  t1gen generate --seed 42
    """
    from t1gen.errors import tell_warnings

    tell_warnings()


main.add_command(grade)
main.add_command(review)


@main.command()
@click.argument("bank", default="t1")
@click.option("--seed", help="Any text; the same seed gives the same test. Without it a secret is drawn.")
@click.option("--exam", "exam_id", help="The exam's id; default: the bank's, with the seed where one is given.")
@click.option("--student", help="One student, as ID or ID=NAME.")
@click.option("--students", type=click.Path(path_type=Path), help="A roster: CSV with columns id and name.")
@click.option("--language", help="The language of the tests: en, cs; a roster's column language comes first.")
@click.option("--out", type=click.Path(path_type=Path), help="The folder to write; default: the exam's id.")
@click.option("--format", "formats", multiple=True, default=("tex,pdf",), show_default=True,
              help="Of tex, pdf, typ, md, html; json: JSON alone (repeatable).")  # fmt: skip
@click.option(
    "--engine", default="typst", show_default=True, help="What makes PDFs: typst, pdflatex, lualatex, tectonic."
)
@click.option("--course", help="The course, above the title; default: what the bank says.")
@click.option("--date", help="The day of the test; default: what the bank says, else a line to write it on.")
@click.option("--calculator/--no-calculator", default=None, help="Whether one is allowed; without, values are printed.")
@click.option("--formulas/--no-formulas", default=None, help="Whether a formula sheet is printed.")
@click.option("--setting", multiple=True, help=SETTING)
@click.option("--combined", is_flag=True, help="Of a class, also one PDF of all worksheets and one of all keys.")
@click.option("--templates", type=FOLDER, help="A folder of templates that come before t1gen's own.")
@click.option("--jobs", type=click.IntRange(1, 256), help="Processes for a class; default: all cores.")
@click.option("--force", is_flag=True, help="Overwrite files with other content (never a filled submission).")
def generate(bank: str, seed: str | None, exam_id: str | None, student: str | None, students: Path | None,
             language: str | None, out: Path | None, formats: tuple[str, ...], engine: str, jobs: int | None,
             force: bool, combined: bool, templates: Path | None, setting: tuple[str, ...],
             **told: Any) -> None:  # fmt: skip
    """Draw tests from BANK and write worksheets, keys and blank submissions.

    \b
    Examples:  t1gen generate --seed 42
               t1gen generate t1 --students roster.csv --exam t1-2026 --combined
               t1gen generate --seed 42 --setting large,letter --out large
    """
    from t1gen import output, roster
    from t1gen.banks import load
    from t1gen.errors import FileError
    from t1gen.exam import Heading, Plan, new_secret
    from t1gen.files import Secret, Student
    from t1gen.wording import languages

    _use(templates)
    if student is not None and students is not None:
        raise click.UsageError("--student and --students exclude each other")
    if combined and students is None:
        raise click.UsageError("--combined wants a class: --students")
    loaded = load(bank)
    name = _exam_id(loaded.id, None if students else seed) if exam_id is None else exam_id
    _safe_id(name)
    folder = out or Path(name)
    order_formats = output.formats(",".join(formats), output.FORMATS)
    engine = _engine(engine, order_formats)
    if combined and "pdf" not in order_formats:
        raise click.UsageError("--combined wants PDFs: pdf in --format")
    found = None if seed is not None else output.found_secret(folder)
    if found is not None and found.exam != name:
        raise FileError(
            f"is the secret of exam '{found.exam}', not '{name}'; use another --out", where=f"{folder}/secret.json"
        )
    secret = seed if seed is not None else found.secret if found else new_secret()
    heading = Heading(setting=_words(setting), **told)
    plan = Plan(loaded, secret, name, language=_language(loaded, language), heading=heading)
    order = output.Order(plan, order_formats, engine, templates)
    if students is not None:
        people = roster.read(students, languages())
        _warn_of_texts(loaded, {order.plan.language_of(one) for one in people})
        made = _progress(output.make_all(order, people, output.processes(jobs, len(people))), len(people))
        written = output.whole_class(folder, made, order.plan, force, combined)
        _say_class(folder, len(made), written)
    else:
        one = roster.student(student) if student is not None else Student("", "")
        _warn_of_texts(loaded, {order.plan.language_of(one)})
        kept = Secret(exam=name, secret=secret) if seed is None else None
        [single] = output.make(order, [one])
        _say_written(folder, output.single(folder, single, kept, force), single[0])
    if seed is not None and exam_id is None and students is None:
        click.echo("The seed can be read in the exam's id: fine for trying out; leave --seed away for a real test.")
    if found is not None:
        click.echo(f"Drawn with the secret found in {folder / 'secret.json'}.")


def _use(templates: Path | None) -> None:
    """Let templates and wording of one's own come first, and say once which texts of them are never said."""
    from t1gen import wording

    wording.use(templates)
    for stray in wording.strays()[:SAID]:
        click.echo(f"t1gen: warning: t1gen has no such text: {stray}", err=True)


def _words(settings: tuple[str, ...]) -> tuple[str, ...]:
    from t1gen.setting import USUAL, split

    words = split(" ".join(settings))
    USUAL.with_words(words)
    return words


def _exam_id(bank: str, seed: str | None) -> str:
    import hashlib
    import re

    if seed is None:
        return bank
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", seed)[:40].strip("-.")
    digest = hashlib.sha256(seed.encode("utf-8", "surrogatepass")).hexdigest()[:6]
    return "-".join([bank, *([plain] if plain else []), *([] if plain and plain == seed else [digest])])


def _safe_id(name: str) -> None:
    import re

    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}", name):
        raise click.UsageError(
            f"the exam id '{name}' may hold letters, digits, . _ - only, and begins with a letter or digit"
        )


def _language(bank: Any, told: str | None) -> str:
    """The language of all tests: what was told, else the bank's; one that there is wording in."""
    from t1gen.wording import known

    return known(told.strip().lower(), "--language") if told is not None else known(bank.language, bank.id)


SAID = 8
"""Missing texts that a warning names."""


def _warn_of_texts(bank: Any, languages: set[str]) -> None:
    """Say once which texts stand in another language, because theirs is missing."""
    from t1gen import wording
    from t1gen.banks import lacking

    missing = [
        f"{text} ({language})"
        for language in sorted(languages)
        for text in [*(f"wording: {key}" for key in wording.lacking(language)), *lacking(bank, language)]
    ]
    if missing:
        more = f" and {len(missing) - SAID} more" if len(missing) > SAID else ""
        click.echo(f"t1gen: warning: texts that are missing stand in English, or what there is: "
                   f"{', '.join(missing[:SAID])}{more}", err=True)  # fmt: skip


def _engine(name: str, formats: tuple[str, ...]) -> str:
    """The engine that was told, if there is one of this name and PDFs are made."""
    from click.core import ParameterSource

    from t1gen.documents.engines import engine_format

    engine_format(name)
    told = click.get_current_context().get_parameter_source("engine") is not ParameterSource.DEFAULT
    if told and "pdf" not in formats:
        raise click.UsageError("--engine makes PDFs: it wants pdf in --format")
    return name


def _progress(made: Any, total: int) -> list[Made]:
    """The tests of a class, with a bar where a person is watching."""
    with click.progressbar(made, length=total, label="Drawing tests", file=sys.stderr) as bar:
        return list(bar)


def _say_written(folder: Path, written: dict[Path, str], exam: files.Exam) -> None:
    size = f"{_count(len(exam.problems), 'problem')}, {_count(exam.points, 'point')}"
    click.echo(f"{exam.title}: {size}, variant {exam.variant}")
    what = {
        "exam.json": "the test, for programs",
        "submission.json": "blank, ready to fill",
        "key.json": "answers, tolerances",
        "secret.json": "keep it: it redraws the test",
        "worksheet.pdf": "for the student",
        "key.pdf": "with worked steps",
    }
    for path, state in sorted(written.items()):
        note = what.get(path.name, "") if state == "written" else state if state != "same" else "unchanged"
        click.echo(f"  {folder / path.name}{'   ' + note if note else ''}")
    click.echo(f"Fill in {folder / 'submission.json'}, then: t1gen grade {folder / 'submission.json'}")


def _count(n: float, what: str) -> str:
    return f"{n:g} {what}{'' if n == 1 else 's'}"


def _say_class(folder: Path, count: int, written: dict[Path, str]) -> None:
    from t1gen.output import GONE

    new = sum(state == "written" for state in written.values())
    gone = sum(state == GONE for state in written.values())
    files = f"{_count(new, 'file')} written, {len(written) - new - gone} unchanged or kept"
    click.echo(f"{_count(count, 'test')} in {folder}: {files}")
    if gone:
        click.echo(f"  {gone} without submission.json, and none is made anew: what was taken away stays missing")
    click.echo(f"  {folder / 'students'}   what is handed out\n  {folder / 'keys'}   keys with worked steps")
    for name, what in (("worksheets.pdf", "all worksheets, to print"), ("keys.pdf", "all keys")):
        if folder / name in written:
            click.echo(f"  {folder / name}   {what}")
    click.echo(
        f"  {folder / 'manifest.json'}   who got which variant\n"
        f"  {folder / 'secret.json'}   keep it: it redraws the tests"
    )


@main.command()
@click.argument("sheet", type=click.Path(path_type=Path))
@click.option("--format", "formats", multiple=True, default=("pdf",), show_default=True,
              help="Of tex, pdf, typ, md, html (repeatable).")  # fmt: skip
@click.option(
    "--engine", default="typst", show_default=True, help="What makes PDFs: typst, pdflatex, lualatex, tectonic."
)
@click.option("--setting", multiple=True, help=SETTING)
@click.option("--templates", type=FOLDER, help="A folder of templates that come before t1gen's own.")
@click.option("--out", type=click.Path(path_type=Path), help="A folder; default: beside the exam or key.")
@click.option("--force", is_flag=True, help="Overwrite files with other content.")
def render(sheet: Path, formats: tuple[str, ...], engine: str, setting: tuple[str, ...], templates: Path | None,
           out: Path | None, force: bool) -> None:  # fmt: skip
    """Print an exam.json or key.json again, in other formats or set otherwise.

    \b
    Examples:  t1gen render t1-42/exam.json --format tex,pdf --engine pdflatex --out latex
               t1gen render t1-42/exam.json --setting large --out large-again
    """
    from msgspec.structs import replace

    from t1gen import files, output
    from t1gen.errors import FileError
    from t1gen.sheets import key_sheet, worksheet

    _use(templates)
    told = output.formats(",".join(formats), output.FORMATS[1:])
    engine = _engine(engine, told)
    if files.kind_of(sheet) == "key":
        key = files.read(sheet, files.Key)
        if key.sheet is None:
            raise FileError("holds no sheet, so its questions cannot be printed", where=str(sheet))
        document, stem = key_sheet(replace(key, sheet=output.set_as(key.sheet, _words(setting)))), "key"
    else:
        document, stem = worksheet(output.set_as(files.read(sheet, files.Exam), _words(setting))), "worksheet"
    made = output.sheets(lambda: document, stem, told, engine, templates)
    for path, state in files.write_all({(out or sheet.parent) / n: b for n, b in made.items()}, force=force).items():
        click.echo(f"  {path}{'   unchanged' if state == 'same' else ''}")


@main.command()
@click.argument("bank")
@click.option("--seed", default="1", show_default=True, help="Any text.")
@click.option("--language", help="The language of the test; default: the bank's.")
@click.option("--key", "with_key", is_flag=True, help="Show the answers and worked steps too.")
def show(bank: str, seed: str, language: str | None, with_key: bool) -> None:
    """Show a test, or one problem of it, in the terminal: BANK or BANK:PROBLEM.

    \b
    Example:  t1gen show t1:neuron-step --seed 7 --key
    """
    from t1gen.banks import load, problem
    from t1gen.documents.render import render as rendered
    from t1gen.exam import Maker, Plan
    from t1gen.files import Student
    from t1gen.sheets import key_sheet, worksheet

    name, told, wanted = bank.partition(":")
    loaded = load(name)
    if told:
        loaded = loaded.alone(problem(loaded, wanted))
    plan = Plan(loaded, seed, f"{loaded.id}-show", language=_language(loaded, language))
    _warn_of_texts(loaded, {plan.language})
    [(exam, key)] = Maker(plan).tests([Student("", "")])
    click.echo(rendered(key_sheet(key) if with_key else worksheet(exam), "txt"))


@main.command()
@click.option("--coverage", is_flag=True, help="The rows of the lecture, and the problems that cover each.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
def banks(coverage: bool, as_json: bool) -> None:
    """List the problem banks and their problems.

    \b
    Example:  t1gen banks --coverage
    """
    from t1gen.banks import available, load, written

    if as_json or coverage:
        _say_coverage(written(), as_json)
        return
    for name in available():
        bank = load(name)
        own = f"{_count(len(bank.problems), 'problem')}, a test of {_count(bank.points, 'point')}"
        click.echo(f"{name}   {_in(bank.title, bank)} ({own} and {bank.minutes:g} min)")
        for slot in bank.places:
            if len(slot.pool) > 1:
                click.echo(f"  {slot.pick} of these {len(slot.pool)}:")
            for p in (p for p in bank.problems if p.id in slot.pool):
                place = f"{'  ' if len(slot.pool) > 1 else ''}  {name}:{p.id}"
                about = f"{p.competence:<16} {_count(p.points, 'point')}, {p.minutes:g} min"
                click.echo(f"{place:<34} {about}   {_in(p.title, bank)}")


def _in(words: Any, bank: Any) -> str:
    from t1gen.banks import told

    return told(words, bank.language)


def _say_coverage(problems: dict[str, Any], as_json: bool) -> None:
    import json

    from t1gen.lecture import ROWS
    from t1gen.lecture import coverage as covered

    found = covered({name: p.covers for name, p in problems.items()})
    if as_json:
        rows = [
            {"id": name, "title": p.title, "competence": p.competence, "points": p.points, "minutes": p.minutes,
             "covers": list(p.covers)} for name, p in problems.items()
        ]  # fmt: skip
        click.echo(json.dumps({"problems": rows, "coverage": found}, indent=2, ensure_ascii=False))
        return
    for row, names in found.items():
        click.echo(f"{row:>2}  {ROWS[row]}")
        for name in names:
            items = ", ".join(i for i in problems[name].covers if i.rstrip("abcdefgh") == row)
            click.echo(f"      {name:<40} {items}")
    empty = [row for row, names in found.items() if not names]
    said = f"rows without any: {', '.join(empty)}" if empty else "no row is empty"
    click.echo(f"{_count(len(problems), 'problem')}; {said}")
    raise SystemExit(1 if empty else 0)


@main.group()
def templates() -> None:
    """The templates of sheets and their wording, to change as you like.

    \b
    Example:  t1gen templates export mine
    """


@templates.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Overwrite files with other content.")
def export(folder: Path, force: bool) -> None:
    """Copy the templates into FOLDER; keep those that you change, for --templates FOLDER.

    \b
    Example:  t1gen templates export mine
              t1gen generate --seed 42 --templates mine --out mine-42
    """
    from t1gen import data, files

    own = data.folder("templates")
    texts = {folder / path.relative_to(own): path.read_bytes() for path in sorted(own.rglob("*"))
             if path.is_file() and "fonts" not in path.parts}  # fmt: skip
    written = files.write_all(texts, force=force)
    count = _count(len(written), "file")
    click.echo(f"{count} in {folder}; those that you do not change can be deleted: t1gen's own stand in.")


@main.command()
@click.argument("bank", default="t1")
@click.option("--tests", default=200, show_default=True, type=click.IntRange(1, 100_000), help="How many to draw.")
@click.option("--seed", default="1", show_default=True, help="Any text.")
def check(bank: str, tests: int, seed: str) -> None:
    """Validate BANK: draw tests, recompute a sample of keys by sympy, and tell what was rejected.

    \b
    Example:  t1gen check t1 --tests 200
    """
    from t1gen.audit import check as audit
    from t1gen.audit import check_bank
    from t1gen.banks import load

    wrong = 0
    loaded = load(bank)
    for finding in audit(loaded, tests, seed):
        about = "more than can be told" if finding.estimate is None else f"about {finding.estimate:.0f} in all"
        structures = _count(finding.structures, "structure")
        counts = f"{finding.drawn} drawn, {finding.distinct} distinct ({about}), {structures}"
        click.echo(f"{finding.problem}: {counts}, widest tolerance {finding.widest:.3g}")
        for reason, count in finding.rejected.most_common():
            click.echo(f"    rejected {count:>5}  {reason}")
        for note in finding.notes:
            click.echo(f"    note: {note}")
        for message in finding.wrong:
            click.echo(f"    WRONG: {message}")
        wrong += len(finding.wrong)
    for message in (whole := check_bank(loaded)):
        click.echo(f"WRONG: {message}")
    wrong += len(whole)
    found = _count(wrong, "finding") if wrong else "Nothing is wrong"
    test = f"a test of {_count(loaded.points, 'point')} and {_count(loaded.test_minutes(), 'minute')}"
    click.echo(f"{found} in {loaded.id}: {_count(len(loaded.problems), 'problem')}, {test}.")
    raise SystemExit(1 if wrong else 0)


@main.command()
@click.argument("kind")
def schema(kind: str) -> None:
    """Print the JSON Schema of a kind of file: exam, key, submission, report, manifest, decisions, ledger, secret.

    \b
    Example:  t1gen schema submission
    """
    from t1gen import files

    click.echo(files.schema(kind).decode(), nl=False)


@main.command()
@click.argument("mapping")
@click.option("--given", default="", help="Inputs: 'w=[-1,1]; y=-1', a JSON object, or @file.json.")
@click.option("--wrt", multiple=True, help="Differentiate the output by this name (repeatable).")
@click.option("--ask", "asks", multiple=True, help="A phrase such as 'vjp of z wrt w with v=2' (repeatable).")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
def solve(mapping: str, given: str, wrt: tuple[str, ...], asks: tuple[str, ...], as_json: bool) -> None:
    """Compute and differentiate any MAPPING (- reads it from standard input), and show every step.

    \b
    Example:  t1gen solve 'z = w @ x; p = sigmoid(y*z); L = -log(p)' --given 'w=[-1,1]; x=[2,1]; y=-1' --wrt w
    """
    from t1gen import calculator

    text = sys.stdin.read() if mapping == "-" else mapping
    calculation = calculator.Calculation.of(text, calculator.read_given(given))
    phrases = [*calculator.phrases(calculation.mapping, wrt), *asks]
    answers = {phrase: calculation.answer(phrase) for phrase in phrases}
    failed = any("error" in a for a in answers.values())
    if as_json:
        import json

        click.echo(json.dumps({"asks": answers}, indent=2, ensure_ascii=False))
        raise SystemExit(1 if failed else 0)
    _say_solved(calculation, answers)
    raise SystemExit(1 if failed else 0)


def _say_solved(calculation: Any, answers: dict[str, Any]) -> None:
    from t1gen import calculator

    def rows(title: str, lines: list[calculator.Row]) -> None:
        click.secho(title, bold=True)
        width = min(60, max((len(r.text) for r in lines), default=0))
        for row in lines:
            click.echo(f"  {row.text:<{width}}   {row.value}")

    rows("Forward", calculator.forward_rows(calculation))
    for phrase, answer in answers.items():
        if "error" in answer:
            click.echo(f"{click.style(phrase, bold=True)}\n  error: {answer['error']}")
        elif phrase.strip() in ("graph", "edges"):
            rows(phrase, [calculator.Row(f"{a} -> {b}", "") for a, b in answer["value"]])
        else:
            steps = calculator.backward_rows(calculation, phrase)
            rows(phrase, [*steps, calculator.Row(phrase, calculator.shown(answer["value"]))])
    click.secho("Graph", bold=True)
    for text in calculator.graph_rows(calculation.mapping):
        click.echo(f"  {text}")
