"""Dependencies point downwards only, and what is slow to import is imported only where it is needed."""

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import t1gen

PACKAGE = Path(t1gen.__file__).parent

LOWEST = {"errors", "data", "records", "files", "roster", "mapping", "lecture", "mistakes", "setting", "formulas"}
MIDDLE = {"banks", "problems", "asks", "answers", "wording"}
HIGHEST = {"cli", "cli_marking", "cli_review", "__main__"}
"""Rooms from below; those that no set names lie between the middle and the highest."""

ONLY = {
    "errors": set[str](),
    "data": {"errors"},
    "records": set(),
    "files": {"errors", "records"},
    "roster": {"errors", "files", "setting"},
    "setting": {"errors"},
    "mapping": {"errors"},
    "lecture": {"errors"},
    "mistakes": set(),
    "formulas": {"errors"},
    "documents": {"errors", "data", "setting"},
    "exchange": {"errors", "files"},
    "__main__": {"cli"},
}
"""All that these rooms may import of t1gen beside themselves."""

Rooms = Mapping[str, set[str]]


def height(room: str) -> int:
    return 0 if room in LOWEST else 1 if room in MIDDLE else 3 if room in HIGHEST else 2


def imported(tree: ast.AST) -> Iterator[str]:
    """Every name that a module imports, at its top or inside a function: `t1gen.files.Exam`, `numpy`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if "_data" not in path.parts)


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def rooms() -> dict[str, set[str]]:
    """Which rooms each room imports; `t1gen/mapping/sweep.py` is in the room mapping."""
    known = {room_of(path) for path in modules()}
    found: dict[str, set[str]] = {room: set() for room in known - {"__init__"}}
    for path in modules():
        names = [name.split(".") for name in imported(parsed(path))]
        used = {name[1] for name in names if name[0] == "t1gen" and len(name) > 1}
        found.setdefault(room_of(path), set()).update(used & known - {room_of(path)})
    return found


def upward(rooms: Rooms) -> list[str]:
    return [f"{room} -> {used}" for room in rooms for used in rooms[room] if height(used) > height(room)]


def forbidden(rooms: Rooms) -> list[str]:
    return [f"{room} -> {used}" for room in rooms for used in rooms[room] - ONLY.get(room, rooms[room])]


def circular(rooms: Rooms) -> list[str]:
    """The rooms that cannot be put into an order in which each imports only earlier ones."""
    waiting = dict(rooms)
    while free := [room for room, used in waiting.items() if not used & set(waiting)]:
        for room in free:
            del waiting[room]
    return sorted(waiting)


def at_import(tree: ast.AST) -> Iterator[str]:
    """What is imported when the module is: imports that are not inside a function or `if TYPE_CHECKING`."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from imported(ast.Module([node], []))
        elif (
            not isinstance(node, ast.FunctionDef | ast.Lambda)
            and "TYPE_CHECKING" not in ast.unparse(node)[:20]
        ):
            yield from at_import(node)


def test_dependencies_point_downwards() -> None:
    assert upward(rooms()) == []


def test_the_rooms_that_stand_alone_import_only_what_they_may() -> None:
    assert forbidden(rooms()) == []


def test_no_rooms_import_each_other_in_a_circle() -> None:
    assert circular(rooms()) == []


def test_only_the_proof_imports_sympy() -> None:
    users = {
        path for path in modules() if any(name.split(".")[0] == "sympy" for name in at_import(parsed(path)))
    }
    assert users <= {PACKAGE / "mapping" / "proof.py"}


def test_the_checks_find_what_they_look_for() -> None:
    assert upward({"mapping": {"exam"}, "asks": {"cli"}, "exam": {"asks"}}) == [
        "mapping -> exam",
        "asks -> cli",
    ]
    assert forbidden({"documents": {"mapping", "data"}, "exam": {"asks"}}) == ["documents -> mapping"]
    assert circular({"exam": {"marking"}, "marking": {"exam"}, "cli": {"exam"}}) == ["cli", "exam", "marking"]
    source = "import sympy.core\nif x:\n    from numpy import array\ndef f():\n    import t1gen.files as b"
    assert list(at_import(ast.parse(source))) == ["sympy.core", "numpy.array"]
    assert list(imported(ast.parse(source))) == ["sympy.core", "numpy.array", "t1gen.files"]


# What a run imports.


def run(*words: str | Path, cwd: Path, codes: Iterable[int] = (0,)) -> set[str]:
    """The top-level modules that a run of `python -m t1gen` imports."""
    command = [sys.executable, "-X", "importtime", "-m", "t1gen", *map(str, words)]
    env = os.environ | {"T1GEN_CACHE": str(cwd / "cache")}
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=120)
    told = [line for line in done.stderr.splitlines() if not line.startswith("import time:")]
    assert done.returncode in codes, "\n".join(told)
    names = (line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if "|" in line)
    return {name.split(".")[0] for name in names}


def nudged(value: Any) -> Any:
    """A wrong answer where it is of numbers, so that follow-through and misconceptions are tried."""
    if isinstance(value, list):
        return [nudged(entry) for entry in value]
    return value + 1 if isinstance(value, int | float) else value


def submit(folder: Path, change: Any) -> Path:
    """A submission to the test in `folder`, each answer the key's after `change`."""
    key = json.loads((folder / "key.json").read_text(encoding="utf-8"))
    answers = {id: change(answer["value"]) for id, answer in key["answers"].items()}
    path = folder / "submission.json"
    about = {"exam": key["exam"], "variant": key["variant"], "student": key["student"]["id"]}
    path.write_text(
        json.dumps({"format": "t1gen/submission@1", **about, "answers": answers}), encoding="utf-8"
    )
    return path


@pytest.mark.parametrize("words", [["--version"], ["--help"], ["generate", "--help"], ["grade", "--help"]])
def test_asking_for_help_imports_nothing_slow(tmp_path: Path, words: list[str]) -> None:
    assert not run(*words, cwd=tmp_path) & {"sympy", "mpmath", "numpy", "jinja2", "typst", "tylax"}


@pytest.mark.parametrize("change", [lambda value: value, nudged], ids=["right", "wrong"])
def test_grading_never_imports_sympy(tmp_path: Path, change: Any) -> None:
    run("generate", "--seed", "42", "--format", "json", "--out", "out", cwd=tmp_path)
    used = run("grade", submit(tmp_path / "out", change), cwd=tmp_path, codes=(0, 1))
    assert "numpy" in used and not used & {"sympy", "mpmath"}
    assert (tmp_path / "out" / "report.json").exists()


def test_a_warm_run_imports_no_sympy(tmp_path: Path) -> None:
    for out in ("first", "second"):
        used = run("generate", "--seed", "42", "--format", "json", "--out", out, cwd=tmp_path)
    assert not used & {"sympy", "mpmath"}
