"""Classes of simulated students: tests of every bank, generated once and kept in a folder, answered and marked.

    python -m tests.independent.students N [--folder FOLDER] [--only honest,mistakes,slips,unrelated,gaming]

N: how many submissions of each kind are tried (of mistakes: by rule); a submission is one problem. Honest students take
every problem of every bank, of a class of N / 50. Only what marks reaches into t1gen.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import msgspec
import numpy as np
from numpy.random import Generator

from t1gen import files
from t1gen.marking.mark import mark

from .recompute import Json
from .students import METHODS, alike, gaming, honest, mistaken, numeric, right, slipped, unrelated
from .students_mistakes import NAMES

ROOT = Path(os.environ.get("T1GEN_ROOT") or Path(__file__).resolve().parents[2])
"""Where the classes are generated; another tree by T1GEN_ROOT."""

BANKS = sorted(path.stem for path in (ROOT / "problem_banks").glob("*.yaml"))
FULL = ("correct", "follow-through")
SECOND = ("hessian", "hvp", "derivative")
"""Asks for which it is not said whether a mistake in a first derivative is differentiated too."""
SHOWN = 4


def generated(bank: str, students: int, folder: Path, seed: str = "students") -> list[Json]:
    """The keys of a class; what lies in the folder already is read again."""
    out = folder / f"{bank}-{students}-{seed}"
    if not (out / "manifest.json").exists():
        folder.mkdir(parents=True, exist_ok=True)
        roster = folder / f"roster-{students}.csv"
        rows = [f"s{number:04},Student {number}" for number in range(students)]
        roster.write_text("\n".join(["id,name", *rows, ""]), encoding="utf-8")
        command = [sys.executable, "-m", "t1gen", "generate", bank, "--seed", seed, "--students", str(roster)]
        command += ["--format", "json", "--out", str(out), "--exam", f"{bank}-{seed}"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False)
        if done.returncode:
            raise RuntimeError(done.stdout + done.stderr)
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(out.glob("keys/*/key.json"))]


def problems_of(keys: list[Json]) -> Iterator[tuple[Json, Json, Json]]:
    """Every problem of every key: the key, the problem, the key's answers to it."""
    for key in keys:
        for problem in key["sheet"]["problems"]:
            yield key, problem, {q["id"]: key["answers"][q["id"]] for q in problem["questions"]}


@dataclass(frozen=True, eq=False)
class Paper:
    """One problem of one student's test: what is handed in and marked at once."""

    bank: str
    key: Json = field(repr=False)
    problem: Json = field(repr=False)
    answers: Json = field(repr=False)

    def marked(self, given: Json) -> Json:
        """The report's questions by id."""
        sheet = {**self.key["sheet"], "problems": [self.problem]}
        key = msgspec.convert({**self.key, "answers": self.answers, "sheet": sheet, "program": []}, files.Key)
        report, _ = mark(files.Submission(exam=key.exam, variant=key.variant, answers=given), key)
        found: Json = msgspec.to_builtins(report)["questions"]
        return {name: {**DEFAULTS, **question} for name, question in found.items()}

    def __str__(self) -> str:
        return f"{self.bank}:{self.problem['id']} of {self.key['student']['id']}"


DEFAULTS: Json = {"diagnoses": [], "reasons": [], "own_used": {}, "points": 0}


@cache
def papers(students: int, folder: Path) -> tuple[Paper, ...]:
    """Every problem of a class of every bank."""
    return tuple(Paper(bank, *part) for bank in BANKS for part in problems_of(generated(bank, students, folder)))


def named(question: Json) -> list[str]:
    """The rules that the diagnoses name."""
    return [str(told) for told in question["diagnoses"] or []]


@dataclass
class Figures:
    """Counts by row, and the first examples of what should not be."""

    counts: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    examples: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def add(self, row: str, **what: int) -> None:
        self.counts[row].update(what)

    def example(self, what: str, told: str) -> None:
        if len(self.examples[what]) < SHOWN:
            self.examples[what].append(told)

    def total(self, what: str) -> int:
        return sum(counter[what] for counter in self.counts.values())

    def share(self, what: str, of: str = "tried") -> float:
        return self.total(what) / max(1, self.total(of))

    def show(self) -> Iterator[str]:
        names = list(dict.fromkeys(name for counter in self.counts.values() for name in counter))
        width = max(map(len, self.counts), default=0)
        yield " " * width + "".join(f"{name:>18}" for name in names)
        for row, counter in self.counts.items():
            yield f"{row:{width}}" + "".join(f"{counter[name]:>18}" for name in names)
        for what, told in self.examples.items():
            yield from (f"  {what}: {example}" for example in told)


def drawn(papers: tuple[Paper, ...], rng: Generator) -> Iterator[Paper]:
    """Papers in random order, again and again."""
    while papers:
        yield from (papers[k] for k in rng.permutation(len(papers)))


def tell(paper: Paper, name: str, question: Json) -> str:
    return (
        f"{paper} {name} {question['verdict']} given {question.get('given')} expected {question.get('expected')} "
        f"own {question['own_used']} diagnoses {named(question)} reasons {question['reasons']}"
    )


def honest_figures(papers: tuple[Paper, ...], count: int, rng: Generator) -> Figures:
    """Every problem, answered rightly by every method in turn: by bank, the verdicts on what is computed."""
    figures = Figures()
    for number, paper in enumerate(papers):
        for method in METHODS if len(papers) * len(METHODS) <= 20 * count else [METHODS[number % len(METHODS)]]:
            report = paper.marked(honest(paper.problem, paper.answers, method, rng))
            for question in numeric(paper.problem):
                verdict = report[question["id"]]["verdict"]
                figures.add(paper.bank, tried=1, **{verdict: 1})
                if verdict != "correct":
                    figures.example("not correct", f"[{method}] " + tell(paper, question["id"], report[question["id"]]))
    return figures


def mistake_figures(papers: tuple[Paper, ...], count: int, rng: Generator) -> Figures:
    """Each rule planted `count` times: how often it is named, and what it changes is marked correct."""
    figures = Figures()
    for rule in NAMES:
        useless: set[str] = set()
        for paper in drawn(tuple(paper for paper in papers if numeric(paper.problem)), rng):
            if figures.counts[rule]["tried"] == count or len(useless) == len({p.problem["id"] for p in papers}):
                break
            if paper.problem["id"] not in useless and not planted(figures, paper, rule, rng):
                useless.add(paper.problem["id"])
            if figures.counts[rule]["seen"] > 3 * len(papers) and not figures.counts[rule]["tried"]:
                break
            figures.counts[rule]["seen"] += 1
        figures.counts[rule].pop("seen", None)
    return figures


def planted(figures: Figures, paper: Paper, rule: str, rng: Generator) -> bool:
    """One planted mistake, marked; False where it applies nowhere."""
    if any(question["ask"] in SECOND for question in paper.problem["questions"]):
        return False
    done = mistaken(paper.problem, paper.answers, rule, rng)
    if done is None:
        return False
    report, first = paper.marked(done.answers), done.changed[0]
    passed = [name for name in done.changed if report[name]["verdict"] == "correct"]
    names = named(report[first])
    others = set() if rule in names else alike(paper.problem, paper.answers, done) & set(names)
    figures.add(rule, tried=1, named=rule in names, alike=bool(others), correct=len(passed), answers=len(done.changed))
    figures.add(rule, review=report[first]["verdict"] == "review")
    for name in passed:
        figures.example("correct", f"[{rule} {done.where}] " + tell(paper, name, report[name]))
    if rule not in names and not others:
        figures.example(f"{rule} not named", f"[{done.where}] " + tell(paper, first, report[first]))
    return True


def unrelated_figures(papers: tuple[Paper, ...], count: int, rng: Generator) -> Figures:
    """Errors that come from nothing: how often they are given a name."""
    figures = Figures()
    for paper in drawn(papers, rng):
        if figures.total("tried") >= count:
            break
        if (done := unrelated(paper.problem, paper.answers, rng)) is not None:
            answers, name = done
            question = paper.marked(answers)[name]
            figures.add(paper.bank, tried=1, named=bool(named(question)), correct=question["verdict"] == "correct")
            if named(question):
                figures.example("named", tell(paper, name, question))
    return figures


def slip_figures(papers: tuple[Paper, ...], count: int, rng: Generator) -> Figures:
    """One wrong answer and right work from it: what it costs."""
    figures = Figures()
    for number, paper in enumerate(drawn(papers, rng)):
        if figures.total("tried") >= count or number > 20 * count + 1000:
            break
        if (done := slipped(paper.problem, paper.answers, rng)) is not None:
            report = paper.marked(done.answers)
            others = [q["id"] for q in numeric(paper.problem) if q["id"] != done.slip]
            lost = [name for name in others if not full(report[name])]
            review = [name for name in lost if report[name]["verdict"] == "review"]
            free = full(report[done.slip])
            figures.add(paper.bank, tried=1, lost=bool(set(lost) - set(review)), review=bool(review), free=free)
            slip = f"[slip {done.slip} {done.answers[done.slip]}] "
            for name in lost[:1]:
                figures.example("lost", slip + tell(paper, name, report[name]))
            if free:
                figures.example("free", tell(paper, done.slip, report[done.slip]))
    return figures


def full(question: Json) -> bool:
    return question["verdict"] in FULL and question["points"] == question["of"]


def gaming_figures(papers: tuple[Paper, ...], count: int, rng: Generator) -> Figures:
    """Fillings: what they earn beyond what happens to be true."""
    figures = Figures()
    for number, paper in enumerate(drawn(papers, rng)):
        if figures.total("tried") >= count or number > 5 * count:
            break
        if not numeric(paper.problem):
            continue
        given = gaming(paper.problem, paper.answers, rng)
        report = paper.marked(given)
        for question in numeric(paper.problem):
            name = question["id"]
            true = right(given[name], paper.answers[name]) or report[name]["diagnoses"] == ["coarse"]
            earned = not true and report[name]["points"] > 0
            figures.add(paper.bank, answers=1, true=true, earned=earned)
            if earned:
                figures.example("earned", tell(paper, name, report[name]))
        figures.add(paper.bank, tried=1)
    return figures


KINDS: dict[str, Callable[[tuple[Paper, ...], int, Generator], Figures]] = {
    "honest": honest_figures,
    "mistakes": mistake_figures,
    "unrelated": unrelated_figures,
    "slips": slip_figures,
    "gaming": gaming_figures,
}


def class_size(count: int) -> int:
    """How many students of each bank `count` submissions are drawn from."""
    return max(1, count // 50)


def main(arguments: list[str]) -> int:
    """Print the tables of figures."""
    parser = argparse.ArgumentParser(prog="python -m tests.independent.students", description=__doc__)
    parser.add_argument("count", type=int, metavar="N")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "t1gen-students")
    parser.add_argument("--only", default=",".join(KINDS))
    parser.add_argument("--seed", type=int, default=1)
    told = parser.parse_args(arguments)
    taken = papers(class_size(told.count), told.folder)
    for kind in told.only.split(","):
        start = time.monotonic()
        figures = KINDS[kind](taken, told.count, np.random.default_rng(told.seed))
        print(f"== {kind} ({time.monotonic() - start:.1f} s)", *figures.show(), "", sep="\n", flush=True)
    return 0
