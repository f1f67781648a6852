"""A class from the first marking to the last word: every point that changes is explained by what was done.

Of 60 students, or 300 where T1GEN_THOROUGH is set. docs/marking.md tells a small one that can be typed; it is typed
here.
"""

import csv
import json
import os
import re
import shlex
from collections.abc import Iterator
from fractions import Fraction
from math import floor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pupils import GARBAGE, answered, hand_in, read, seated, t1gen

from t1gen import banks
from tests.independent.students import mistaken

CLASSIC = Path(__file__).parent.parent / "classic.yaml"
COUNT, DECIDED = 300 if os.environ.get("T1GEN_THOROUGH") else 60, 10
STEP = "7h"
"""The gradient step of neuron-step."""

Rows = dict[str, dict[str, str]]


def filled(room: Path) -> None:
    """Everybody's answers; of ten students one steps the wrong way in 7h, and one hands in a text for some answer."""
    for number, place in enumerate(sorted((room / "students").iterdir())):
        key, rng = read(room / "keys" / place.name / "key.json"), np.random.default_rng([7, number])
        way = ("right", "slip", "right", "mistake", "part", "divides", "right", "right", "blank", "slip")[number % 10]
        answers = answered(key, way, rng)
        if number % 10 == 6:
            problem = next(p for p in key["sheet"]["problems"] if p["id"] == "neuron-step")
            done = mistaken(problem, key["answers"], "ascent", rng)
            answers |= done.answers if done else {}
        if number % 10 == 7:
            answers[str(rng.choice(list(answers)))] = GARBAGE[number % len(GARBAGE)]
        hand_in(place / "submission.json", key, answers)


class Class:
    """The folder, the gradebook and the reports after each step."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.room = folder, seated(folder, COUNT, CLASSIC)
        filled(self.room)

    def run(self, command: str, *words: object, typed: str | None = None) -> Any:
        return t1gen(command, self.room, *words, typed=typed)

    def graded(self, *words: object) -> tuple[Any, Rows, dict[str, Any]]:
        done = self.run("grade", "--gradebook", self.folder / "gradebook.csv", *words)
        with (self.folder / "gradebook.csv").open(encoding="utf-8-sig", newline="") as file:
            rows = {row["id"]: row for row in csv.DictReader(file)}
        reports = {p.parent.name: read(p) for p in self.room.glob("students/*/report.json")}
        for name, row in rows.items():
            _row_is_report(row, reports[name])
        return done, rows, reports


def _row_is_report(row: dict[str, str], report: Any) -> None:
    """The row says what the report does, and the report's sums are those of its questions."""
    assert (float(row["points"]), float(row["of"])) == (report["points"], report["of"])
    for number, problem in report["problems"].items():
        questions = [report["questions"][name] for name in problem["questions"]]
        by_rule = sum(Fraction(q["points"]) for q in questions if q["decided_by"] == "rule")
        decided = sum(q["points"] for q in questions if q["decided_by"] != "rule")
        assert problem["points"] == floor(by_rule * 4 + Fraction(1, 10**6)) / 4 + decided
        assert float(row[f"problem {number}"]) == problem["points"]
    assert report["points"] == sum(p["points"] for p in report["problems"].values())
    for name, question in report["questions"].items():
        assert float(row[name]) == question["points"]


def differences(before: Rows, after: Rows) -> dict[str, set[str]]:
    """The questions whose points changed, by student; sums follow from them (`_row_is_report`)."""
    found = {}
    for name, row in after.items():
        found[name] = {c for c, value in row.items() if c[:1].isdigit() and value != before[name][c]}
    return {name: columns for name, columns in found.items() if columns}


def open_answers(reports: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for student, report in reports.items():
        for name, q in report["questions"].items():
            if q["verdict"] in ("review", "unreadable") and q["decided_by"] == "rule":
                yield student, name


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Class:
    return Class(tmp_path_factory.mktemp("story"))


def test_every_changed_point_is_explained(told: Class) -> None:
    done, first, reports = told.graded()
    assert done.exit_code == 1 and f"{COUNT} students" in done.stdout
    waiting = set(open_answers(reports))
    assert len(waiting) > DECIDED

    # Ten answers are decided: no points for some texts, all for some formulas that end in / 0; the rest is left.
    typed, decided = script(told.room, reports)
    done = told.run("review", "--by", "Ann", typed=typed)
    assert f"{DECIDED} answers decided" in done.stdout
    _, second, reviewed = told.graded()
    by_ann = {(s, n): q for s, r in reviewed.items() for n, q in r["questions"].items() if q["decided_by"] == "Ann"}
    assert {place: (q["points"], q["note"]) for place, q in by_ann.items()} == decided
    for student, names in differences(first, second).items():
        assert all(decided[student, name][0] for name in names)
    changed_answers = sum(map(len, differences(first, second).values()))
    assert 0 < changed_answers == sum(points > 0 for points, _ in decided.values()) < DECIDED
    assert set(open_answers(reviewed)) == waiting - set(decided)

    # The key of one question changes: a step the wrong way is worth half from now on.
    text = CLASSIC.read_text(encoding="utf-8")
    changed = text.replace("- step: {wrt: w, rate: alpha}", "- step: {wrt: w, rate: alpha, credit: {ascent: 0.5}}")
    (told.folder / "classic.yaml").write_text(changed, encoding="utf-8")
    seated(told.folder, COUNT, told.folder / "classic.yaml", force=True)
    done, standing, _ = told.graded()
    assert f"{COUNT} were marked with other keys" in done.stdout and not differences(second, standing)
    done, third, regraded = told.graded("--regrade", "--yes")
    moved = differences(second, third)
    ascended = {s for s, r in reviewed.items() if r["questions"][STEP]["diagnoses"] == ["ascent"]}
    assert len(moved) >= COUNT // 20 and set(moved) == {s for s in ascended if first[s][STEP] == "0"}
    assert all(names == {STEP} for names in moved.values())
    assert f"{len(moved)} of {COUNT} change" in done.stdout
    for student in moved:
        question = regraded[student]["questions"][STEP]
        assert (question["points"], question["verdict"]) == (question["of"] / 2, "partial")
        sums = f"{second[student]['points']} of 24 -> {third[student]['points']} of 24"
        assert f"{student}: {sums}: {STEP} 0 of" in done.stdout
    still = {(s, n): q for s, r in regraded.items() for n, q in r["questions"].items() if q["decided_by"] == "Ann"}
    assert {place: (q["points"], q["note"]) for place, q in still.items()} == decided

    # A question is taken back: all have its points.
    done, fourth, voided = told.graded("--void", "3c=full", "--by", "Bob", "--reason", "misprint in x")
    moved = differences(third, fourth)
    assert set(moved) == {s for s, r in regraded.items() if r["questions"]["3c"]["points"] < r["questions"]["3c"]["of"]}
    assert all(names == {"3c"} for names in moved.values())
    for report in voided.values():
        q = report["questions"]["3c"]
        assert (q["points"], q["decided_by"], q["note"]) == (q["of"], "Bob", "misprint in x")
    last = {(s, n): q for s, r in voided.items() for n, q in r["questions"].items() if q["decided_by"] == "Ann"}
    kept = {place: mark for place, mark in decided.items() if place[1] != "3c"}
    assert {place: (q["points"], q["note"]) for place, q in last.items()} == kept
    assert len(read(told.room / "decisions.json")["answers"]) == DECIDED, "nobody's decision is lost"

    # Nothing is left to do but what still waits.
    done, again, _ = told.graded()
    assert again == fourth and f"{COUNT} were marked before and are up to date" in done.stdout


def script(room: Path, reports: dict[str, Any]) -> tuple[str, dict[tuple[str, str], tuple[float, str]]]:
    """What Ann types, and what she decides by it: ten answers, group by group as `review` shows them."""
    typed, decided = [], dict[tuple[str, str], tuple[float, str]]()
    left = {True: DECIDED - 4, False: 4}
    for group in shown(room):
        cases = [(case.report.student, case.question) for case in group.cases]
        divides = "/ 0" in str(group.first.given)
        cut = cases[: left[divides]]
        left[divides] -= len(cut)
        if len(cut) < len(cases):
            typed.append("e" if cut else "")
        for part in [cases] if cut == cases else [[case] for case in cut]:
            of = reports[part[0][0]]["questions"][part[0][1]]["of"]
            points, note = (of, "right but for / 0") if divides else (0, "no answer")
            typed += [str(points), note]
            decided |= dict.fromkeys(part, (points, note))
        if len(decided) == DECIDED:
            break
        typed += [""] * (len(cases) - len(cut)) if cut else []
    return "\n".join([*typed, "q", ""]), decided


def shown(room: Path) -> Any:
    """The groups of `review`, in its order."""
    from t1gen.desk import classroom, grading, ledger
    from t1gen.desk.review import groups

    opened = classroom.opened(room)
    order = grading.Order(book=ledger.opened(room / "ledger.json", opened.manifest.exam))
    found = grading.grade([w for w in grading.class_tasks(room, opened, None) if isinstance(w, grading.Task)], order)
    return groups(one for one in found if isinstance(one, grading.Graded))


# the same story, as docs/marking.md tells it

DOC = Path(__file__).parents[2] / "docs" / "marking.md"


def example() -> str:
    return DOC.read_text(encoding="utf-8").partition("### An example\n")[2]


def blocks(kind: str) -> list[str]:
    """The blocks of a kind in the example."""
    return re.findall(rf"```{kind}\n(.*?)```", example(), re.DOTALL)


def commands(text: str) -> list[tuple[str, list[str]]]:
    """What is typed after `$` in a text, and the lines that follow it."""
    found: list[tuple[str, list[str]]] = []
    for line in re.findall(r"^    (.*)$", text, re.MULTILINE):
        if line.startswith("$ "):
            found.append((line[2:], []))
        else:
            found[-1][1].append(line)
    return found


def typed(lines: list[str]) -> str:
    """What a person answers, on the lines that ask."""
    asks = r"(?:points, .*q: stop|reason|Write these reports\? \[y/N\]): (.*)"
    return "".join(f"{found[1]}\n" for line in lines if (found := re.fullmatch(asks, line)))


def follow(lines: list[str], output: str) -> None:
    """The lines are those of the output; one that is `...` stands for any, and one that ends in it for more of it."""
    pattern = "".join(
        r"(?:.*\n)*?" if line == "..." else re.escape(line).removesuffix(re.escape("...")) + (
            r".*\n" if line.endswith("...") else r"\n")
        for line in lines
    )  # fmt: skip
    assert re.fullmatch(pattern, output), f"{chr(10).join(lines)}\n\nis told, and it is\n\n{output}"


def test_the_story_can_be_typed_as_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    [bank], [roster], [answers] = blocks("yaml"), blocks("csv"), blocks("json")
    Path("quiz.yaml").write_text(bank, encoding="utf-8")
    Path("roster.csv").write_text(roster, encoding="utf-8")
    text = re.sub(r"```.*?```", "", example(), flags=re.DOTALL)
    [credited] = re.findall(r"`(- step: .*credit.*)`", text)
    told = commands(text)
    assert [words.split()[1] for words, _ in told] == ["generate", "grade", "review", "generate", *["grade"] * 3]
    for number, (words, lines) in enumerate(told):
        if number == 1:
            for student, given in json.loads(answers).items():
                hand_in(Path(f"quiz-2026/students/{student}/submission.json"),
                        read(Path(f"quiz-2026/keys/{student}/key.json")), given)  # fmt: skip
        if number == 3:
            changed = bank.replace("- step: {wrt: w, rate: alpha}", credited)
            assert changed != bank
            Path("quiz.yaml").write_text(changed, encoding="utf-8")
            banks._load.cache_clear(), banks._own.cache_clear()  # each command is a process of its own
        [program, *rest] = shlex.split(words)
        assert program == "t1gen"
        done = t1gen(*rest, typed=typed(lines))
        follow(lines, done.stdout)
    assert len(read(Path("quiz-2026/decisions.json"))["answers"]) == 2
