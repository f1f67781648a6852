"""The engines that turn a rendered document into PDF; the same source gives the same bytes."""

import os
import re
import shutil
import subprocess
import tempfile
import threading
import warnings
from contextlib import suppress
from functools import cache
from pathlib import Path

import typst

from t1gen import data
from t1gen.errors import EngineError, LettersWarning, near

_FORMATS = {"typst": "typ", "pdflatex": "tex", "lualatex": "tex", "tectonic": "tex"}
ENGINES = tuple(_FORMATS)

_SECONDS = 60
RUNS = 3  # at most: the number of pages is right after the second
_OPTIONS = ("-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error")
_COMMANDS = {
    "pdflatex": ("pdflatex", *_OPTIONS),
    "lualatex": ("lualatex", *_OPTIONS),
    "tectonic": ("tectonic", "--untrusted", "--keep-logs"),
}
# Only files below the temporary directory are read or written, and no date gets into the PDF.
_SETTINGS = {
    "openin_any": "p",
    "openout_any": "p",
    "SOURCE_DATE_EPOCH": "0",
    "FORCE_SOURCE_DATE": "1",
    "max_print_line": "1000",
}
_GYRE = re.compile("texgyre|tgheros")
_HINT = "; install the TeX Gyre fonts (the package tex-gyre), or --engine typst needs nothing"
_TYPST_LOCK = threading.Lock()
_UNSHOWN = re.compile('the text `"(.+?)"` could not be displayed')
_MISSING = re.compile(r"^Missing character: There is no (?:\\u8:)?(\S+)", re.MULTILINE)


def engine_format(engine: str) -> str:
    """The format that `engine` reads: `typ` or `tex`. Raises EngineError where the engine is unknown."""
    if engine not in _FORMATS:
        allowed = ", ".join(ENGINES)
        raise EngineError(f"engine '{engine}' is unknown; allowed are {allowed}{near(engine, ENGINES)}")
    return _FORMATS[engine]


def pdf(source: str, engine: str) -> bytes:
    """The PDF of `source`, which is in the format that `engine` reads.

    Raises EngineError where the engine is unknown, missing, fails or takes over 60 seconds.
    """
    return _typst_pdf(source) if engine_format(engine) == "typ" else tex_pdf(source, engine)[0]


@cache
def _empty_folder() -> tempfile.TemporaryDirectory[str]:
    """A folder with nothing to read in it, removed when Python ends."""
    return tempfile.TemporaryDirectory(prefix="t1gen-")


@cache
def _typst_compiler(has_own_fonts: bool) -> typst.Compiler:
    """Warm: the fonts are read once a process."""
    fonts = data.folder("templates") / "fonts"
    return typst.Compiler(ignore_system_fonts=has_own_fonts, root=_empty_folder().name, font_paths=[fonts])


def _typst_pdf(source: str) -> bytes:
    """Tagged as PDF/UA-1 asks; where a template of the user's keeps that from being, tagged as it can be.

    Letters that the fonts of t1gen lack are set in what fonts there are.
    """
    whole = _in_one_place(source)
    with _TYPST_LOCK:
        lacking: list[str] = []
        for has_own_fonts in (True, False):
            try:
                return _compiled(whole, is_accessible=True, has_own_fonts=has_own_fonts)
            except typst.TypstError as error:
                lacking = _UNSHOWN.findall(error.diagnostic or "")
            if not lacking:
                break
        _warn_of(tuple(lacking))
        with suppress(typst.TypstError):
            return _compiled(whole, is_accessible=False, has_own_fonts=not lacking)
        try:
            return _compiled(source, is_accessible=False)  # for an error that names the line
        except typst.TypstError as error:
            raise EngineError(error.diagnostic or error.message, where="typst") from error


@cache
def _warn_of(letters: tuple[str, ...]) -> None:
    """Tell once of letters that will be missing."""
    if letters:
        told = f"no font here has {', '.join(dict.fromkeys(letters))}; look at the PDFs, and install one that has"
        warnings.warn(told, LettersWarning, stacklevel=2)


def _compiled(source: str, is_accessible: bool, has_own_fonts: bool = True) -> bytes:
    result = _typst_compiler(has_own_fonts).compile(
        input=source.encode(), format="pdf", timestamp=0, pdf_standards=["ua-1"] if is_accessible else []
    )
    assert isinstance(result, bytes)
    return result


def _in_one_place(source: str) -> str:
    """`source` as a string that typst evaluates: the same pages, made in half the time.

    typst keeps what it laid out for the next sheets, but under styles that remember where in the file they
    were set, which moves with all that follows. All of a string is in one place.
    """
    escaped = source.replace("\\", "\\\\").replace('"', '\\"')
    return f'#eval(mode: "markup", "{escaped}")\n'


def tex_pdf(source: str, engine: str, runs: int = RUNS) -> tuple[bytes, str]:
    """The PDF of a LaTeX source, and what the engine says in its log; after one run its pages have no total yet.

    Raises EngineError as `pdf` does.
    """
    if shutil.which(engine) is None:
        raise EngineError(f"{engine} is not installed; install TeX Live, or --engine typst needs nothing")
    with tempfile.TemporaryDirectory(prefix="t1gen-") as place:
        folder = Path(place)
        (folder / "sheet.tex").write_text(source, encoding="utf-8")
        for _ in range(runs):
            before = _read(folder / "sheet.aux")
            _run_tex(engine, folder)
            if engine == "tectonic" or _read(folder / "sheet.aux") == before:
                break
        log = _read(folder / "sheet.log")
        _warn_of(tuple(_MISSING.findall(log)))
        return (folder / "sheet.pdf").read_bytes(), log


def _run_tex(engine: str, folder: Path) -> None:
    try:
        done = subprocess.run(
            [*_COMMANDS[engine], "sheet.tex"],
            cwd=folder,
            env={**os.environ, **_SETTINGS},
            timeout=_SECONDS,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise EngineError(f"took over {_SECONDS} seconds", where=engine) from error
    if done.returncode or not (folder / "sheet.pdf").exists():
        said = done.stdout.decode(errors="replace")
        found = _first_error(_read(folder / "sheet.log") or said)
        raise EngineError(f"{found}{_HINT if _GYRE.search(found) else ''}", where=engine)


def _first_error(log: str) -> str:
    """The first error of a TeX log and the line of the source that it names."""
    lines = log.splitlines()
    start = next((i for i, line in enumerate(lines) if _is_error(line)), None)
    if start is None:
        return "failed without a message"
    place = next((line for line in lines[start + 1 : start + 15] if line.startswith("l.")), "")
    return f"{lines[start]} {place}".strip()


def _is_error(line: str) -> bool:
    return line.startswith(("! ", "error: "))


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
