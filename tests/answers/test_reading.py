"""How answers are read: reading.yaml is test and manual at once; T1GEN_RENEW=1 writes docs/answers.md anew from it.

The `more` rows of a topic are tested and not printed.
"""

import json
import os
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from t1gen.answers import KINDS, Unreadable
from t1gen.answers.reading.spelling import graph_program_text
from t1gen.files import Option, Question

TOPICS = yaml.safe_load((Path(__file__).parent / "reading.yaml").read_text(encoding="utf-8"))
PAGE = Path(__file__).parents[2] / "docs" / "answers.md"
ROWS = [(t, r) for t in TOPICS for r in (*t["rows"], *t.get("more", ()))]


def question(kind: str, options: Any = (), **more: Any) -> Any:
    """A question with all fields of the file, and those that only some versions have."""
    plain = Question(id="1a", text="", ask="forward", kind=kind, shape=[], points=1)
    fields = {name: getattr(plain, name) for name in Question.__struct_fields__}
    return SimpleNamespace(**{**fields, "options": [Option(id=o, text="") for o in options], **more})


def asked(topic: dict[str, Any], row: dict[str, Any]) -> Any:
    return question(topic["kind"], **{**topic.get("question", {}), **row.get("question", {})})


@pytest.mark.parametrize(("topic", "row"), ROWS, ids=range(len(ROWS)))
def test_an_answer_is_read_or_refused(topic: dict[str, Any], row: dict[str, Any]) -> None:
    try:
        found = KINDS[topic["kind"]].read(row["given"], asked(topic, row))
    except Unreadable as error:
        assert row.get("refused") == error.message
    else:
        assert (row.get("read", "refused"), row.get("notes", [])) == (found.value, list(found.notes))


def test_the_table_is_large_and_holds_no_row_twice() -> None:
    rows = [json.dumps([t["kind"], t.get("question"), r.get("question"), r["given"]]) for t, r in ROWS]
    assert len(rows) >= 250
    assert [r for r in rows if rows.count(r) > 1] == []
    assert {t["kind"] for t in TOPICS} >= set(KINDS)


@pytest.mark.parametrize("kind", ["expression", "graph"])
def test_what_was_read_is_read_as_itself(kind: str) -> None:
    for topic, row in ROWS:
        if topic["kind"] == kind and "read" in row:
            assert KINDS[kind].read(row["read"], asked(topic, row)).value == row["read"], row["given"]


# the page


def shown(value: Any) -> str:
    """A value as JSON, whose invisible characters can be seen, for a cell of a table."""
    text = json.dumps(value, ensure_ascii=False)
    text = "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)
    text = text if len(text) < 120 else f"{text[:60]} ... {text[-20:]}"
    return f"`{text}`".replace("|", "\\|")


def plain(text: str) -> str:
    """A sentence whose signs mean nothing in Markdown."""
    return re.sub(r"[\\`*_|<>\[\]^$~]", r"\\\g<0>", text)


def fields(question: dict[str, Any]) -> str:
    """What is special about a question, in words."""
    told = {k: v for k, v in question.items() if k not in ("options", "cells", "parts") and v != {}}
    if "names" in told:
        told["names"] = ", ".join(f"{n} {tuple(shape)}" for n, shape in told["names"].items())
    return "; ".join(f"{k} `{v if isinstance(v, str) else json.dumps(v)}`" for k, v in told.items())


def cells(row: dict[str, Any]) -> tuple[str, str]:
    where = f" ({fields(row['question'])})" if "question" in row else ""
    if "refused" in row:
        return shown(row["given"]) + where, f"refused: {plain(row['refused'])}"
    notes = "".join(f"; note: {plain(note)}" for note in row.get("notes", ()))
    return shown(row["given"]) + where, shown(row["read"]) + notes


def section(topic: dict[str, Any]) -> str:
    rows = [("written", "read as"), ("---", "---"), *map(cells, topic["rows"])]
    table = "\n".join(f"| {a} | {b} |" for a, b in rows)
    told = fields(topic.get("question", {}))
    where = f"Kind {topic['kind']}{'; ' * bool(told)}{told}."
    return "\n\n".join([f"## {topic['topic']}", topic["text"], where, table])


HEAD = """\
# How answers are read

Written from `tests/answers/reading.yaml`, which is also the test of it; both columns show values of JSON. What can be
read in one way only is read; what can be read in two ways is refused, and both are shown. Whatever is refused is never
marked wrong: the verdict is `unreadable`, the reason goes to the student, and a person may decide. Columns are counted
in what was handed in. Characters that cannot be seen (control, bidirectional, zero-width) are taken out before reading.

Numbers in arrays and tables follow the rules for numbers. A formula or graph is read as text of the language
(docs/language.md); that text is compared, and what was handed in stays in the submission. Bounds: 200 characters
of a number, 8,000 of an array, 4,000 of a formula or graph, 60 brackets within brackets, 40 digits of a number in a
formula, 10,000 entries of nested lists."""


def markdown() -> str:
    """docs/answers.md."""
    return "\n\n".join([HEAD, *map(section, TOPICS)]) + "\n"


def test_the_page_is_what_the_table_says() -> None:
    if os.environ.get("T1GEN_RENEW"):
        PAGE.write_text(markdown(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == markdown(), "renew it with T1GEN_RENEW=1"


def test_what_can_be_read_in_two_ways_is_kept_in_both() -> None:
    asked = question("expression", shape=[], names={"v": [3], "x": [3]}, sizes={})
    both, one = (KINDS["expression"].read(text, asked) for text in ("sum(v · x)", "v · x"))
    assert (both.value, both.other, one.value, one.other) == ("sum(v * x)", "sum(v @ x)", "v @ x", None)


# graphs with shapes


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("z = w^T x", "z = w.T @ x"),
        ("p = σ(z)\nz = W x + b", "z = W @ x + b\np = sigmoid(z)"),
        ("z = W · x\nL = z y", "z = W @ x\nL = z * y"),
        ("z = w · x", "z = w * x"),
        ("z = e^x", "z = exp(x)"),
        ("z = e**x", "z = exp(x)"),
        ("z = e x", "z = e · x"),
        ("a = W x\nz = a y", "a = W @ x\nz = a * y"),
        ("a = b + W x\nz = a' b", "a = b + W @ x\nz = a.T @ b"),
        ("z = (w + b) x", "z = (w + b) · x"),
        ("z = tahn x", "z = tahn · x"),
    ],
)
def test_products_of_a_graph_are_those_of_the_shapes(text: str, read: str) -> None:
    shapes = {"w": (2,), "x": (2,), "W": (3, 2), "b": (3,), "y": (3,)}
    assert graph_program_text(text, shapes) == read
    assert graph_program_text(graph_program_text(text), shapes) == read


def test_a_dot_in_a_graph_may_be_an_inner_product() -> None:
    assert graph_program_text("z = w · x", {"w": (2,), "x": (2,)}, dots=True) == "z = w @ x"
