"""A class on disk whose students have filled in their submissions, each in a way of their own."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from click.testing import CliRunner, Result
from numpy.random import Generator

from t1gen.cli import main
from t1gen.mistakes import RULES
from tests.independent.students import honest, mistaken, slipped

GARBAGE = ("dunno", "see the back", "0.2.3", "v @ (W", "?")
WAYS = ("right", "right", "right", "slip", "slip", "mistake", "garbage", "part", "divides", "blank")
"""What students do, in turn; one who divides ends a formula with / 0, which no rule can judge."""


def t1gen(*words: object, typed: str | None = None) -> Result:
    """A run of t1gen; a traceback is a failure."""
    done = CliRunner().invoke(main, list(map(str, words)), input=typed)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def seated(folder: Path, count: int, bank: object = "t1", *, force: bool = False) -> Path:
    """A class of so many students, their submissions blank; with `force` drawn anew over an older one."""
    roster = folder / "roster.csv"
    roster.write_text("id,name\n" + "".join(f"s{i:03},Student {i}\n" for i in range(count)), encoding="utf-8")
    out = folder / "t1-2026"
    done = t1gen("generate", bank, "--seed", "class", "--students", roster, "--exam", "t1-2026", "--format", "json",
                 "--out", out, "--jobs", 1, *(["--force"] if force else []))  # fmt: skip
    assert done.exit_code == 0, done.output
    return out


def fill(room: Path, seed: int = 1) -> None:
    """Everybody's submission, filled in."""
    for number, place in enumerate(sorted((room / "students").iterdir())):
        key = read(room / "keys" / place.name / "key.json")
        answers = answered(key, WAYS[number % len(WAYS)], np.random.default_rng([seed, number]))
        more = {"oops": number, "marks": {"1a": {"points": 1, "by": "ta1", "note": "seen"}}} if number % 10 == 4 else {}
        hand_in(place / "submission.json", key, answers, **more)


def hand_in(path: Path, key: Any, answers: dict[str, Any], **more: Any) -> None:
    about = {"exam": key["exam"], "variant": key["variant"], "student": key["student"]["id"]}
    write(path, {"format": "t1gen/submission@1", **about, "answers": answers, **more})


def answered(key: Any, way: str, rng: Generator) -> dict[str, Any]:
    """One student's answers: right ones, and in some problems what goes wrong."""
    answers: dict[str, Any] = {}
    for problem in key["sheet"]["problems"]:
        answers |= honest(problem, key["answers"], "mixed", rng)
    problems = key["sheet"]["problems"]
    for at in rng.permutation(len(problems))[: 0 if way == "right" else 3]:
        answers |= _gone_wrong(problems[at], key["answers"], way, rng)
    return {} if way == "blank" else answers


def _gone_wrong(problem: Any, answers: Any, way: str, rng: Generator) -> dict[str, Any]:
    names = [q["id"] for q in problem["questions"]]
    formulas = [q["id"] for q in problem["questions"] if q["kind"] == "expression"]
    done: Any = None
    if way == "slip":
        done = slipped(problem, answers, rng)
    elif way == "mistake":
        done = next((d for k in rng.permutation(len(RULES)) if (d := mistaken(problem, answers, RULES[k], rng))), None)
    elif way == "garbage":
        return {str(rng.choice(names)): str(rng.choice(GARBAGE))}
    elif way == "divides":
        return {name: f"({answers[name]['value']}) / 0" for name in formulas}
    elif way == "part":
        return dict.fromkeys(names)
    return done.answers if done else {}


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def write(path: Path, data: Any) -> None:
    path.write_text(json.dumps(data), encoding="utf-8")
