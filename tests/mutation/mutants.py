"""A copy of the checkout in which every function of some files can be switched to one of its mutants."""

import difflib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from mutmut.mutation.file_mutation import MutatedFile, mutate_file_contents

ROOT = Path(__file__).parents[2]
SKIPPED = shutil.ignore_patterns(".*", "__pycache__", "build", "dist", "t1-*")


@dataclass(frozen=True)
class Mutant:
    """One changed copy of a function; `name` switches it on, `function` is what tests are seen to enter, and `key` is
    another where the function has been edited since."""

    file: str
    name: str
    function: str
    key: str
    diff: str


def mutated(tree: Path, files: list[str]) -> list[Mutant]:
    """Copy the checkout to a folder, go there, and mutate some files in it."""
    shutil.copytree(ROOT, tree, ignore=SKIPPED)
    os.chdir(tree)
    return [mutant for file in files for mutant in _mutated(file)]


def _mutated(file: str) -> list[Mutant]:
    made = mutate_file_contents(file, Path(file).read_text(encoding="utf-8"))
    Path(file).write_text(made.code, encoding="utf-8")
    module = file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    out = []
    for name in made.mutant_names:
        function = name.rpartition("__mutmut")[0]
        key = f"{module}.{name} {made.hash_by_function_name[function]}"
        out.append(Mutant(file, f"{module}.{name}", f"{module}.{function}", key, _diff(made, name)))
    return out


def _diff(made: MutatedFile, name: str) -> str:
    before = _body(made, name.rpartition("_")[0] + "_orig")
    changed = list(difflib.unified_diff(before, _body(made, name), lineterm="", n=1))
    return "\n".join(line for line in changed if line[:3] not in ("---", "+++"))


def _body(made: MutatedFile, name: str) -> list[str]:
    """The lines of one copy of a function, as if it had its own name."""
    span = made.line_span_by_function_name[name]
    start, end = span.start, span.end
    return [line.replace(name, "f") for line in made.code.split("\n")[start - 1 : end]]
