"""What the documents promise: their examples run, and their numbers are true."""

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from t1gen.asks import ASKS
from t1gen.banks import available, written
from t1gen.cli import main
from t1gen.problems.instance import BUILDERS
from t1gen.wording import use

ROOT = Path(__file__).resolve().parents[1]
AUTHORING = (ROOT / "docs" / "authoring.md").read_text(encoding="utf-8")


def test_the_first_example_of_authoring_is_a_bank(tmp_path: Path) -> None:
    [example, *_] = re.findall(r"```yaml\n(.*?)```", AUTHORING, re.DOTALL)
    (tmp_path / "mine.yaml").write_text(example, encoding="utf-8")
    for arguments in (("check", "--tests", "60"), ("show", "--key"), ("generate", "--seed", "1", "--format", "json")):
        out = ["--out", str(tmp_path / "out")] if arguments[0] == "generate" else []
        done = CliRunner().invoke(main, [arguments[0], str(tmp_path / "mine.yaml"), *arguments[1:], *out])
        assert done.exit_code == 0, done.output


def test_authoring_names_every_ask_and_builder() -> None:
    for name in (*ASKS, *BUILDERS):
        assert f"`{name}`" in AUTHORING, name


def test_the_readme_counts_what_there_is() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"{len(written())} problems" in readme
    assert len(available()) == 10 and "Ten banks" in readme


def helps(command: click.Command) -> Iterator[str]:
    """What a command and those below it say of themselves."""
    yield command.help or ""
    for below in command.commands.values() if isinstance(command, click.Group) else ():
        yield from helps(below)


def typed(text: str) -> list[list[str]]:
    """The commands of a text, without `t1gen`."""
    lines = re.findall(r"^ {4,}(?:Examples?:  )?t1gen (.+)$", text, re.MULTILINE)
    return [shlex.split(line, comments=True) for line in lines]


def is_tried(command: list[str]) -> bool:
    """Whether a command is no placeholder, its engine is here, and it is not tried elsewhere."""
    engine = command[command.index("--engine") + 1] if "--engine" in command else "typst"
    return "FOLDER" not in command and command[0] != "check" and (engine == "typst" or bool(shutil.which(engine)))


def test_all_examples_can_be_typed_one_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    texts = [*(page.read_text(encoding="utf-8") for page in pages), *helps(main)]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("t1gen.exam.new_secret", lambda: "one that draws the problems of the examples")
    Path("roster.csv").write_text("id,name\nada,Ada\nbob,Bob\ncyd,Cyd\n", encoding="utf-8")
    Path("mine.yaml").write_text(re.findall(r"```yaml\n(.*?)```", AUTHORING, re.DOTALL)[0], encoding="utf-8")
    commands = [["generate", "--seed", "42"], *(command for text in texts for command in typed(text))]
    assert len(commands) > 30
    for command in filter(is_tried, commands):
        done = CliRunner().invoke(main, command)
        use(None)
        assert done.exit_code == 0, f"{shlex.join(command)}\n{done.output}"
