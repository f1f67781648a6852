"""Finds wrong keys without t1gen: recomputes every answer from exam.json and compares it with key.json.

    python -m tests.independent.checker EXAM KEY [EXAM KEY ...]
    python -m tests.independent.checker FOLDER [...]

What it cannot recompute is a finding too ("cannot check ..."); nothing is passed silently.
"""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from .choices import check_choice, check_consistency, check_order
from .implicit import H
from .listings import check_listing
from .operations import OPERATIONS, CannotCheck, Undefined, array
from .reader import apply, call_arguments, call_name, evaluate, evaluate_text, graph_of, read_lines, run, walk
from .recompute import (
    Json,
    Own,
    Point,
    Real,
    adjoint,
    functions_of,
    known_names,
    lines_of,
    numbers,
    random_points,
    read_own,
    recompute,
    stated_point,
)

CLOSE = 1e-9
DIGITS = 1e-11  # relative room for values written with 12 significant digits
FEWEST_POINTS = 3
SPELLINGS = {
    "+": {"add"},
    "-": {"sub", "subtract"},
    "neg": {"-", "negative"},
    "*": {"mul", "multiply"},
    "/": {"div", "divide"},
    "**": {"pow", "power"},
    "@": {"matmul"},
    "T": {"transpose", ".T"},
    "index": {"getitem", "[]", "slice"},
}


def wrong_answers(exam: Json, key: Json) -> list[str]:
    """One message for each answer of the key that is wrong, missing or cannot be checked."""
    problems = [told(problem, key) for problem in exam.get("problems", [])]
    return [
        *guarded("exam and key", lambda: check_heads(exam, key)),
        *guarded("the sheet", lambda: check_sheet(exam, key)),
        *guarded("points", lambda: check_totals(exam)),
        *guarded("questions", lambda: check_ids(exam, key)),
        *(
            f"{problem.get('id')} {question.get('id')}: {finding}"
            for problem in problems
            for question in problem.get("questions", [])
            if (answer := key.get("answers", {}).get(question.get("id"))) is not None
            for finding in guarded("the answer", partial(check_answer, problem, question, answer))
        ),
        *(
            f"{problem.get('id')} {finding}"
            for problem in problems
            for finding in guarded("the problem", partial(check_problem, problem, key))
        ),
    ]


READ = {
    "draw-neuron-words": ["z = w1 * x1 + w2 * x2 + b", "q = y * z", "p = sigmoid(q)", "L = -log(p)"],
    "draw-recurrent-words": ["h1 = tanh(u * h0 + w * x1)", "h2 = tanh(u * h1 + w * x2)", "L = (h2 - t) ** 2"],
    "cs231n-conv-params": ["n = (H + 2 * pad - k) / stride + 1", "P = m * (k * k * c) + m"],
    "dsc140b-param-count": [],
    "cmput328-conv-pool-4x6": ["J = conv2d(I, W)", "K = relu(J)", "O = maxpool2d(K, 2)", "L = sum((IO - O) ** 2) / 2"],
    "primelearnpoint-cnn": ["C = conv2d(X, K)", "R = relu(C)", "P = maxpool2d(R, 2, 1)", "s = sum(P)"],
    "puzzle-running-mean": ["f = (x[:-2] + x[1:-1] + x[2:]) / 3"],
}
"""The mappings of problems that are told in words, as those words read; the key's own are not looked at."""

BACK = {"hard_step": "hard_step(x) = step(x); vjp x: v * sigmoid(x) * (1 - sigmoid(x)); surrogate"}
"""Surrogates, whose backward pass an exam tells in words: as those words read."""


def told(problem: Json, key: Json) -> Json:
    """A problem with what only the key's sheet has: a mapping told in words is taken from READ, a rule from BACK."""
    found = [other for other in (key.get("sheet") or {}).get("problems", []) if other.get("id") == problem.get("id")]
    if len(found) != 1:
        return problem
    texts = problem.get("definitions") or {}
    rules = {name: text for name, text in (found[0].get("definitions") or {}).items() if ";" in text}
    known = {name: BACK.get(name, text) if text.endswith("; surrogate") else text for name, text in rules.items()}
    unread = [name for name, text in rules.items() if text.endswith("; surrogate") and name not in BACK]
    problem = {**problem, "definitions": {**texts, **known}}
    if problem.get("shows") == "text" and not problem.get("mapping"):
        problem["mapping"] = READ.get(problem["id"], [])
        unread += ["the mapping"] if found[0].get("mapping") and problem["id"] not in READ else []
    return {**problem, "unread": unread}


def check_sheet(exam: Json, key: Json) -> Iterator[str]:
    """The key's sheet is the exam, but for the mappings and the rules that the exam keeps to itself."""
    if (sheet := key.get("sheet")) is None:
        return
    if {**sheet, "problems": [handed(problem) for problem in sheet["problems"]]} != exam:
        yield "the key's sheet is another exam"
    for problem in exam["problems"]:
        if problem != handed(problem):
            yield f"{problem['id']}: the exam tells a mapping or a rule that it should keep to itself"


def handed(problem: Json) -> Json:
    """A problem as an exam has it."""
    problem = {**problem, "mapping": [] if problem.get("shows") == "text" else problem["mapping"]}
    if "definitions" in problem:
        problem["definitions"] = {name: text.split(";")[0] for name, text in problem["definitions"].items()}
    return problem


def check_problem(problem: Json, key: Json) -> Iterator[str]:
    """What a problem shows beside its questions: definitions and code."""
    if problem.get("shows", "mapping") not in ("mapping", "listing", "text"):
        yield f"shows: cannot check {problem['shows']!r}"
    if problem.get("unread"):
        yield f"the words: cannot check {problem['unread']}; read them into READ or BACK"
    if problem.get("shows") == "listing" and not problem.get("listing"):
        yield "shows: there is no listing"
    if problem.get("definitions"):
        yield from (f"definitions: {f}" for f in guarded("definitions", lambda: check_definitions(problem)))
    if problem.get("listing"):
        for finding in guarded("the listing", lambda: labelled(check_listing(problem, key["answers"]))):
            yield finding if finding.startswith("listing") else f"listing: {finding}"


def labelled(found: Iterator[tuple[str, str]]) -> Iterator[str]:
    return (f"listing {question}: {finding}" if question else f"listing: {finding}" for question, finding in found)


def check_definitions(problem: Json) -> Iterator[str]:
    """What is printed of a known operation is that operation; a rule that claims to be the derivative is."""
    functions, lines = functions_of(problem), lines_of(problem)
    env: dict[str, Any] = {**functions, **stated_point(problem).values()}
    for name, text in problem["definitions"].items():
        own = read_own(text, functions)
        calls = [node for node in walk(lines) if isinstance(node, ast.Call) and call_name(node) == name]
        if not calls:
            yield f"{name} is not used"
        for node in calls:
            args = [array(evaluate(part, env)) for part in call_arguments(node)]
            if name in OPERATIONS:
                statics = {str(word.arg): evaluate(word.value, env) for word in node.keywords}
                right = apply(name, *args, **statics)
                if right.shape != (value := own(*args)).shape or list(differences(right.real, value.real)):
                    yield f"{text!r} is not {name}"
            elif own.rules and not own.surrogate and not rules_hold(own, args):
                yield f"{text!r}: the rule is not the derivative"


def rules_hold(own: Own, args: list[Any]) -> bool:
    """Whether the rules of an operation are the derivatives of its value."""
    rng = np.random.default_rng(28)
    tangents = {name: rng.normal(size=x.shape) for name, x in zip(own.parameters, args, strict=True)}
    given = dict(zip(own.parameters, args, strict=True))
    moved = own(*(x + 1j * H * tangents[name] for name, x in given.items()))
    v = rng.normal(size=moved.shape)
    back = own.back(v, array(moved.real), given, {name: array(1j * t) for name, t in tangents.items()})
    return bool(abs(back - np.sum(v * moved.imag / H)) <= 1e-9 * max(1, abs(back)))


def guarded(what: str, check: Callable[[], Iterator[str]]) -> list[str]:
    """The findings of a check; one that breaks off is itself a finding."""
    findings: list[str] = []
    try:
        with np.errstate(all="ignore"):
            findings.extend(check())
    except CannotCheck as error:
        findings.append(f"cannot check {what}: {error}")
    except Exception as error:  # whatever a malformed file breaks must be reported, not passed
        findings.append(f"cannot check {what}: {type(error).__name__}: {error}")
    return findings


def check_heads(exam: Json, key: Json) -> Iterator[str]:
    """Formats, and what ties a key to its exam."""
    for file, kind in ((exam, "exam"), (key, "key")):
        if file.get("format") != f"t1gen/{kind}@1":
            yield f"{kind}: format is {file.get('format')!r}"
    for field in ("exam", "variant", "student"):
        if field not in exam or field not in key or exam[field] != key[field]:
            yield f"{field}: {exam.get(field)!r} in the exam, {key.get(field)!r} in the key"


def check_totals(exam: Json) -> Iterator[str]:
    """Points add up, from questions to problems to the exam."""
    if not exam["problems"]:
        yield "the exam has no problem"
    for problem in exam["problems"]:
        own = sum(question["points"] for question in problem["questions"])
        if abs(own - problem["points"]) > CLOSE:
            yield f"{problem['id']}: points of the questions sum to {own}, not {problem['points']}"
    own = sum(problem["points"] for problem in exam["problems"])
    if abs(own - exam["points"]) > CLOSE:
        yield f"points of the problems sum to {own}, not {exam['points']}"


def check_ids(exam: Json, key: Json) -> Iterator[str]:
    """Every question has one answer, and every answer a question."""
    ids = [question["id"] for problem in exam["problems"] for question in problem["questions"]]
    yield from (f"{name}: two questions have this id" for name in sorted(set(ids)) if ids.count(name) > 1)
    yield from (f"{name}: no answer in the key" for name in ids if key["answers"].get(name) is None)
    yield from (f"{name}: an answer without a question" for name in key["answers"] if name not in ids)


def check_answer(problem: Json, question: Json, answer: Json) -> Iterator[str]:
    """The points and the value of one answer."""
    if answer["points"] != question["points"]:
        yield f"points {answer['points']} in the key, {question['points']} in the exam"
    if question["kind"] not in KINDS:
        raise CannotCheck(f"unknown kind {question['kind']!r}")
    yield from KINDS[question["kind"]](problem, question, answer)


def check_number(problem: Json, question: Json, answer: Json) -> Iterator[str]:
    """A number or array: shape, entries, exact texts and tolerances."""
    own, value = recompute(stated_point(problem), question), numbers(answer["value"])
    shape = tuple(question["shape"])
    if question["kind"] == "number" and shape != ():
        yield f"a number of shape {shape}"
    if own.shape != shape:
        yield f"shape {shape} is asked, {own.shape} is right"
    if value.shape != shape:
        yield f"shape {value.shape} in the key, {shape} is asked"
    if own.shape == value.shape:
        yield from differences(own, value)
    yield from check_exact(value, answer["exact"])
    yield from check_tolerance(value, answer["tolerance"], question["decimals"])


def differences(own: Real, value: Real, where: str = "") -> Iterator[str]:
    """Entries of a key that differ from the recomputed ones."""
    if not np.all(np.isfinite(own)):
        raise CannotCheck("the recomputed answer is not finite")
    wrong = ~(np.abs(value - own) <= CLOSE * np.maximum(1, np.abs(own)))
    for at in np.argwhere(wrong):
        place = f"entry {at.tolist()}: " if at.size else ""
        yield f"{where}{place}{value[tuple(at)]:.12g} in the key, {own[tuple(at)]:.12g} is right"


def check_exact(value: Real, exact: Any) -> Iterator[str]:
    """Exact texts equal the values beside them."""
    if (found := shape_of(exact)) != value.shape:
        yield f"exact has shape {found}, the value {value.shape}"
        return
    for at in np.ndindex(value.shape):
        text = entry(exact, at)
        if text is not None and not isinstance(text, str):
            yield f"exact {text!r} is not a text"
        elif text is not None and abs(float(Fraction(text)) - value[at]) > DIGITS * max(1e-3, abs(value[at])):
            yield f"exact {text} is not the value {value[at]:.12g}"


def shape_of(nested: Any) -> tuple[int, ...] | None:
    """The shape of nested lists, whatever their entries; None where they are ragged."""
    if not isinstance(nested, list):
        return ()
    inner = {shape_of(part) for part in nested}
    if not inner:
        return (0,)
    rest = inner.pop()
    return None if inner or rest is None else (len(nested), *rest)


def entry(nested: Any, at: tuple[int, ...]) -> Any:
    """One entry of nested lists."""
    return entry(nested[at[0]], at[1:]) if at else nested


def check_tolerance(value: Real, stated: Any, decimals: int) -> Iterator[str]:
    """Tolerances: one an entry, finite, at least half a unit of the last asked digit."""
    tolerance, least = numbers(stated), 0.5 * 10.0**-decimals
    if tolerance.shape != value.shape:
        yield f"tolerance has shape {tolerance.shape}, the value {value.shape}"
    if not np.all(np.isfinite(tolerance)) or np.any(tolerance < least * (1 - DIGITS)):
        yield f"tolerance {stated} is not finite and at least {least:g}"


def usable(problem: Json, own: Callable[[Point], Real]) -> list[tuple[Point, Real]]:
    """Random points at which the right answer is finite, with that answer."""
    found = []
    for point in random_points(problem):
        with suppress(Undefined):
            found.append((point, own(point)))
    found = [(point, value) for point, value in found if np.all(np.isfinite(value))]
    if len(found) < FEWEST_POINTS:
        raise CannotCheck(f"only {len(found)} random points have a finite answer")
    return found


def check_expression(problem: Json, question: Json, answer: Json) -> Iterator[str]:
    """The key's text, over the allowed names, equals the right answer at random points."""
    names, shape, known = question["names"], tuple(question["shape"]), known_names(problem)
    adjoints = {name: pair for name in set(names) - known if (pair := adjoint(name, known))}
    if unknown := set(names) - meaningful(problem) - set(adjoints):
        yield f"names that mean nothing here: {sorted(unknown)}"
    sizes = question.get("sizes") or {}
    if odd := [name for name, size in sizes.items() if name in names or type(size) is not int]:
        yield f"sizes that are no sizes: {odd}"
    for point, own in usable(problem, lambda point: recompute(point, question)):
        env = {name: value for name, value in point.values().items() if name in names}
        env |= {name: array(point.gradient(*pair)) for name, pair in adjoints.items()}
        shapes = {name: list(value.shape) for name, value in env.items()}
        if shapes != {name: list(stated) for name, stated in names.items()}:
            yield f"names are {names}, right is {shapes}"
            return
        with np.errstate(all="ignore"):
            whole = {name: array(size) for name, size in sizes.items()}
            value = evaluate_text(answer["value"], {**env, **whole}).real
        if not value.shape == own.shape == shape:
            yield f"shape {value.shape} in the key, {own.shape} is right, {shape} is asked"
            return
        if found := list(differences(own, value, f"{answer['value']!r} at a random point: ")):
            yield found[0]
            return


def meaningful(problem: Json) -> set[str]:
    """Given names, those of the mapping, and the (co)tangents that the problem's questions name."""
    questions = problem["questions"]
    stated = [question.get("cotangent") for question in questions]
    stated += [tangent for question in questions for tangent in (question.get("tangent") or {}).values()]
    return known_names(problem) | {name for name in stated if isinstance(name, str)}


def check_table(problem: Json, question: Json, answer: Json) -> Iterator[str]:
    """Every cell; what the sheet prints is the key's."""
    if question["ask"] != "table":
        raise CannotCheck(f"the ask {question['ask']!r} as a table")
    own, value = recompute(stated_point(problem), question), numbers(answer["value"])
    if own.shape != value.shape:
        yield f"shape {value.shape} in the key, {own.shape} is right"
        return
    yield from differences(own, value)
    yield from check_exact(value, answer["exact"])
    yield from check_tolerance(value, answer["tolerance"], question["decimals"])
    if len(question["columns"]) != len(question["parts"]) or shape_of(question["cells"]) != value.shape:
        yield f"{question['columns']} and {question['cells']} are not columns and cells of shape {value.shape}"
        return
    shown = {place: entry(question["cells"], place) for place in np.ndindex(value.shape)}
    if all(cell is not None for cell in shown.values()):
        yield "there is no cell to fill in"
    for place, cell in shown.items():
        if cell is not None and abs(float(numbers(cell)) - value[place]) > DIGITS * abs(value[place]):
            yield f"the sheet prints {cell} at {list(place)}, the key has {value[place]:.12g}"


def check_graph(problem: Json, question: Json, answer: Json) -> Iterator[str]:
    """The key's lines compute the mapping's output over the givens, by the same graph."""
    if question["ask"] != "graph":
        raise CannotCheck(f"the ask {question['ask']!r} as a graph")
    lines, drawn = lines_of(problem), read_lines(answer["value"])
    of, last = question.get("of") or list(lines)[-1], list(drawn)[-1]
    for point, own in usable(problem, lambda point: point.value(of)):
        value = run(drawn, point.inputs, functions=point.functions)[last].real
        found = differences(own, value, f"{last} at a random point: ") if value.shape == own.shape else None
        if wrong := ["the last line has another shape"] if found is None else list(found):
            yield wrong[0]
            break
    forms: dict[Any, int] = {}
    right, key = graph_of(lines, [of] if question.get("of") else list(lines)), graph_of(drawn, list(drawn))
    if right.canonical(forms) != key.canonical(forms):
        yield f"the graph has other operations or fan-outs: {operations(key)}, right is {operations(right)}"
    yield from check_nodes(operations(key), question.get("nodes"))


def operations(graph: Any) -> list[str]:
    return sorted(label for label, children in graph.nodes if children)


def check_nodes(used: list[str], allowed: list[str] | None) -> Iterator[str]:
    """A graph uses only the operations that the question allows."""
    for label in sorted(set(used)) if allowed is not None else []:
        if not ({label} | SPELLINGS.get(label, set())) & set(allowed or []):
            yield f"the operation {label} is not among {allowed}"


KINDS: dict[str, Callable[[Json, Json, Json], Iterator[str]]] = {
    "number": check_number,
    "array": check_number,
    "expression": check_expression,
    "graph": check_graph,
    "table": check_table,
    "choice": check_choice,
    "order": check_order,
}


def key_beside(exam: Path) -> Path:
    """Where the key of an exam file lies: OUT/keys/ID/ for OUT/students/ID/, else the same folder."""
    folder = exam.parent
    if folder.parent.name == "students":
        return folder.parent.parent / "keys" / folder.name / "key.json"
    return folder / "key.json"


def pairs(paths: list[Path]) -> list[tuple[Path, Path]]:
    """Exam and key files named on the command line, or found in folders; a key without exam is kept too."""
    found: list[tuple[Path, Path]] = []
    files = [path for path in paths if not path.is_dir()]
    found += list(zip(files[::2], files[1::2], strict=True))
    for folder in (path for path in paths if path.is_dir()):
        here = [(exam, key_beside(exam)) for exam in sorted(folder.rglob("exam.json"))]
        known = {key for _, key in here}
        orphans = [key for key in sorted(folder.rglob("key.json")) if key not in known]
        found += [*here, *((key.with_name("exam.json"), key) for key in orphans)]
    return found


def check_files(exam: Path, key: Path) -> list[str]:
    """The findings of a pair of files; a file that cannot be read is one."""
    try:
        files = read_pair(exam, key)
    except (OSError, ValueError) as error:
        return [f"{exam}: cannot check: {error}"]
    return [f"{exam}: {finding}" for finding in guarded("the files", lambda: iter(wrong_answers(*files)))]


def read_pair(exam: Path, key: Path) -> tuple[Json, Json]:
    """An exam and its key; raises OSError or ValueError where there is none."""
    files = [json.loads(path.read_text(encoding="utf-8")) for path in (exam, key)]
    if not all(isinstance(file, dict) for file in files):
        raise ValueError("no JSON object")
    return files[0], files[1]


def check_class(found: list[tuple[Path, Path]]) -> list[str]:
    """What is right for one student and wrong for another, over all files that can be read."""
    readable = []
    for pair in found:
        with suppress(OSError, ValueError):
            readable.append(read_pair(*pair))
    return guarded("the class", lambda: iter(check_consistency(readable)))


def main(arguments: list[str]) -> int:
    """Print the findings; 0 without any, 1 with some or with nothing to check."""
    try:
        found = pairs([Path(argument) for argument in arguments])
    except ValueError:
        found = []
    findings = [finding for pair in found for finding in check_files(*pair)] + check_class(found)
    for finding in findings:
        print(finding)
    print(f"{len(found)} exams checked, {len(findings)} findings")
    return 1 if findings or not found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
