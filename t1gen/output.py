"""Which files a test becomes, and writing them all or not at all; many students in parallel."""

import gc
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from msgspec.structs import replace

from t1gen import files
from t1gen.documents.blocks import Document
from t1gen.documents.engines import engine_format, pdf
from t1gen.documents.render import render
from t1gen.errors import FileError, near, tell_warnings
from t1gen.exam import Maker, Plan, blank_submission, manifest
from t1gen.marking.common import Book
from t1gen.setting import USUAL
from t1gen.sheets import key_sheet, worksheet
from t1gen.wording import use

FORMATS = ("json", "tex", "pdf", "typ", "md", "html")
MOST, FEWEST = 25, 8
"""Students a process makes at once."""


@dataclass(frozen=True)
class Order:
    """What to make: the plan, the formats beside JSON, the PDF engine, templates that come before t1gen's own."""

    plan: Plan
    formats: tuple[str, ...]
    engine: str
    templates: Path | None = None


def formats(text: str, allowed: Sequence[str]) -> tuple[str, ...]:
    """The formats that a list such as `tex,pdf` names, each once. Raises FileError for one that is not `allowed`."""
    told = tuple(dict.fromkeys(f.strip() for f in text.split(",") if f.strip()))
    if not told:
        raise FileError(f"no format is named (allowed: {', '.join(allowed)})")
    for one in told:
        if one not in allowed:
            raise FileError(f"format '{one}' is unknown{near(one, allowed)} (allowed: {', '.join(allowed)})")
    return told


def sheets(
    make: Callable[[], Document], stem: str, formats: Sequence[str], engine: str, templates: Path | None = None
) -> dict[str, bytes]:
    """A document in every format asked for, by file name; made only where one is (json alone prints nothing)."""
    printed = [f for f in formats if f != "json"]
    if not printed:
        return {}
    document = make()
    sources: dict[str, str] = {}

    def source(format: str) -> str:
        if format not in sources:
            sources[format] = render(document, format, templates)
        return sources[format]

    out = {}
    for format in printed:
        if format == "pdf":
            out[f"{stem}.pdf"] = pdf(source(engine_format(engine)), engine)
        else:
            out[f"{stem}.{format}"] = source(format).encode()
    return out


def set_as(exam: files.Exam, words: tuple[str, ...]) -> files.Exam:
    """The exam, its sheets set with these words too."""
    return replace(exam, setting=USUAL.with_words(exam.setting).with_words(words).words)


def handed_out(exam: files.Exam, order: Order) -> dict[str, bytes]:
    """What a student receives."""
    return {
        "exam.json": files.encode(exam),
        "submission.json": files.encode(blank_submission(exam)),
        **sheets(lambda: worksheet(exam), "worksheet", order.formats, order.engine, order.templates),
    }


def kept(key: files.Key, order: Order, book: Book | None = None) -> dict[str, bytes]:
    """What the teacher keeps; `book` has the wrong values of many keys."""
    made = sheets(lambda: key_sheet(key, book=book), "key", order.formats, order.engine, order.templates)
    return {"key.json": files.encode(key), **made}


Made = tuple[files.Exam, dict[str, bytes], dict[str, bytes]]


def make(order: Order, students: Sequence[files.Student]) -> list[Made]:
    """Every student's exam, handed-out files and kept files."""
    use(order.templates)
    with _no_rubbish():
        tests = _maker(order.plan).tests(students)
        book = Book([key for _, key in tests])
        return [(exam, handed_out(exam, order), kept(key, order, book)) for exam, key in tests]


@contextmanager
def _no_rubbish() -> Iterator[None]:
    """Python looks for no cycles meanwhile: a sixth of the time would go into that, for what a chunk leaves."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


_makers: dict[tuple[object, ...], Maker] = {}


def _maker(plan: Plan) -> Maker:
    """One maker a plan and process, so that chunks share what is derived."""
    name = (plan.bank.path, plan.bank.sha256, plan.secret, plan.exam, plan.attempt, plan.language, plan.heading)
    if name not in _makers:
        _makers[name] = Maker(plan)
    return _makers[name]


def make_all(order: Order, students: Sequence[files.Student], jobs: int) -> Iterator[Made]:
    """`make` in chunks over processes, in the order of the students; the same bytes whatever the number of jobs."""
    chunks = chunked(students, jobs)
    if jobs <= 1 or len(chunks) == 1:
        for chunk in chunks:
            yield from make(order, chunk)
        return
    _maker(order.plan).prove()
    count, context = min(jobs, len(chunks)), get_context("spawn")
    with ProcessPoolExecutor(count, mp_context=context, initializer=tell_warnings) as pool:
        for made in pool.map(_in_process, [(order, chunk) for chunk in chunks]):
            yield from made


def chunked(students: Sequence[files.Student], jobs: int) -> list[Sequence[files.Student]]:
    """Large, as students of a chunk are evaluated together; small enough that no process ends long before another."""
    size = max(FEWEST, min(MOST, -(-len(students) // (4 * jobs))))
    return [students[i : i + size] for i in range(0, len(students), size)]


def _in_process(work: tuple[Order, Sequence[files.Student]]) -> list[Made]:
    return make(*work)


def single(out: Path, made: Made, secret: files.Secret | None, force: bool) -> dict[Path, str]:
    """Write one student's test into one folder."""
    exam, theirs, ours = made
    content = {out / n: b for n, b in {**theirs, **ours}.items()}
    if secret is not None:
        content[out / "secret.json"] = files.encode(secret)
    return _write(content, [(out / "submission.json", exam)], force)


def combined(made: Sequence[Made]) -> dict[str, bytes]:
    """All worksheets as one PDF, and all keys as another, each beginning on the front of a sheet."""
    from t1gen.documents.binding import bound

    out: dict[str, bytes] = {}
    for name, place in (("worksheet.pdf", 0), ("key.pdf", 1)):
        found = [(exam.student, parts[place][name]) for exam, *parts in made if name in parts[place]]
        if found:
            out[name.replace(".", "s.")] = bound([(f"{s.name} ({s.id})", pdf) for s, pdf in found])
    return out


def whole_class(out: Path, made: Sequence[Made], plan: Plan, force: bool, combine: bool = False) -> dict[Path, str]:
    """Write OUT/students/ID/, OUT/keys/ID/, OUT/manifest.json, OUT/secret.json and perhaps the combined PDFs."""
    content = {out / name: pdf for name, pdf in combined(made).items()} if combine else {}
    for exam, theirs, ours in made:
        content.update({out / "students" / exam.student.id / n: b for n, b in theirs.items()})
        content.update({out / "keys" / exam.student.id / n: b for n, b in ours.items()})
    listed = manifest(plan, [m[0] for m in made])
    content[out / "secret.json"] = files.encode(files.Secret(exam=plan.exam, secret=plan.secret))
    submissions = [(out / "students" / e.student.id / "submission.json", e) for e, _, _ in made]
    place = out / "manifest.json"
    old = files.read(place, files.Manifest) if place.exists() else None
    seats = {(s.id, s.variant) for s in old.students} if old and old.exam == plan.exam else set()
    gone = [p for p, exam in submissions if (exam.student.id, exam.variant) in seats and _taken_away(p)]
    for one in gone:
        del content[one]
    written = _write(content, [(p, exam) for p, exam in submissions if p not in gone], force)
    written.update({place: files.write(place, files.encode(_joined(old, listed)), force=True)})
    return {**written, **dict.fromkeys(gone, GONE)}


GONE = "gone, and not made anew"


def _taken_away(submission: Path) -> bool:
    """Whether a submission that was handed out is not there: whose it was is missing, which a blank one is not."""
    return submission.with_name("exam.json").exists() and not os.path.lexists(submission)


def _joined(old: files.Manifest | None, new: files.Manifest) -> files.Manifest:
    """The manifest with the students of an earlier run kept, where it was of the same exam and bank."""
    if old is None or (old.exam, old.bank) != (new.exam, new.bank):
        return new
    ids = {s.id for s in new.students}
    students = [s for s in old.students if s.id not in ids]
    return files.Manifest(exam=new.exam, bank=new.bank, students=[*students, *new.students])


def _write(content: dict[Path, bytes], submissions: list[tuple[Path, files.Exam]], force: bool) -> dict[Path, str]:
    """Write everything; a filled submission of the same test stays, one of another test stops the run."""
    stays: dict[Path, str] = {}
    for place, its_exam in submissions:
        if files.is_filled(place):
            _check_filled(place, its_exam)
            del content[place]
            stays[place] = "kept, it holds answers"
    secret = [p for p in content if p.name == "secret.json"]
    for place in secret:
        if place.exists() and place.read_bytes() != content[place]:
            raise FileError(
                "is the secret of other tests and is never overwritten; use another --out", where=str(place)
            )
    return {**files.write_all(content, force=force, secret=secret), **stays}


def _check_filled(place: Path, exam: files.Exam) -> None:
    try:
        same = files.read_submission(place)[0].variant == exam.variant
    except FileError as error:
        raise FileError(f"{error}, so it stays; mend it, or use another --out") from None
    if not same:
        raise FileError("exists and holds answers to another test, so it stays; use another --out", where=str(place))


def found_secret(out: Path) -> files.Secret | None:
    """The secret of an earlier run into this folder."""
    place = out / "secret.json"
    return files.read(place, files.Secret) if place.exists() else None


def processes(jobs: int | None, students: int) -> int:
    """How many processes to use: all cores for a class, one for a few."""
    return jobs if jobs else (os.cpu_count() or 1) if students > 3 * FEWEST else 1
