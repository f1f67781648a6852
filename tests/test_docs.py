"""What the documents promise: their examples run, and their numbers are true."""

import re
from pathlib import Path

from click.testing import CliRunner

from t1gen.asks import ASKS
from t1gen.banks import available, written
from t1gen.cli import main
from t1gen.problems.instance import BUILDERS

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
