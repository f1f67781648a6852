"""The independent checker passes right keys and finds each planted mistake."""

from __future__ import annotations

import ast
import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from .checker import main, wrong_answers
from .operations import OPERATIONS, CannotCheck
from .reader import evaluate_text, read_lines, run
from .recompute import H

Json = dict[str, Any]


def question(name: str, kind: str, shape: list[int], **fields: Any) -> Json:
    return {"id": name, "text": "", "kind": kind, "shape": shape, "points": 1, "decimals": 3, **fields}


def exam_of(*problems: Json) -> Json:
    """An exam whose points add up."""
    for number, problem in enumerate(problems, 1):
        name = problem.get("id", f"p{number}")
        problem |= {"id": name, "number": number, "title": "", "text": "", "competence": "vjp"}
        problem["points"] = len(problem["questions"])
    return {
        "format": "t1gen/exam@1", "exam": "t", "variant": "K7QF-93XD", "student": {"id": "ada", "name": "A"},
        "bank": {"id": "t1", "sha256": ""}, "title": "T", "language": "en", "minutes": 60,
        "points": sum(problem["points"] for problem in problems), "problems": list(problems),
    }  # fmt: skip


def key_of(exam: Json, values: Json) -> Json:
    """A key with these values, half a unit of tolerance and no exact texts."""
    head = {name: copy.deepcopy(exam[name]) for name in ("exam", "variant", "student")}
    answers = {
        name: {"value": value, "exact": like(value, None), "tolerance": like(value, 0.0005), "points": 1}
        for name, value in values.items()
    }
    return {"format": "t1gen/key@1", **head, "program": [], "answers": answers}


def like(value: Any, leaf: Any) -> Any:
    """The nesting of a value with one leaf everywhere."""
    return [like(part, leaf) for part in value] if isinstance(value, list) else leaf


P = 1 / (1 + np.exp(-1))  # z = -1, q = y z = 1; dL/dq = P - 1, dL/dz = 1 - P, dL/dw = (1 - P) x
ON_L: Json = {"ask": "step", "of": "L", "moves": ["w"], "steps": 1}
NEURON: Json = {
    "given": {"w": [-1, 1], "x": [2, 1], "y": -1, "alpha": 0.5},
    "mapping": ["z = w @ x", "q = y * z", "p = sigmoid(q)", "L = -log(p)"],
    "questions": [
        *(question(name, "number", [], ask="forward", of=name) for name in ("z", "p", "L")),
        question("L/q", "number", [], ask="gradient", of="L", wrt="q"),
        question("L/z", "number", [], ask="gradient", of="L", wrt="z"),
        question("L/w", "array", [2], ask="gradient", of="L", wrt="w"),
        question("w1", "array", [2], rate=0.5, wrt="w", **ON_L),
        question("z1", "number", [], rate="alpha", wrt="z", **ON_L),
        question("w1up", "array", [2], rate=0.5, wrt="w", ascent=True, **ON_L),
    ],
}
PRODUCTS: Json = {
    "given": {"x": [3, 2, 4], "t": 1, "v": [1, -1]},
    "mapping": ["a = x[:2]", "b = x[1:]", "r = a * b * t"],
    "questions": [
        question("r", "array", [2], ask="forward", of="r"),
        question("J", "array", [2, 3], ask="jacobian", of="r", wrt="x"),
        question("vjp", "array", [3], ask="vjp", of="r", wrt="x", cotangent="v"),
        question("vjp1", "array", [3], ask="vjp", of="r", wrt="x", cotangent=1),
        question("vjp2", "array", [3], ask="vjp", of="r", wrt="x", cotangent=[0, 0.5]),
        question("jvp", "array", [2], ask="jvp", of="r", tangent={"x": [1, -1, 1]}),
        question("r/t", "array", [2], ask="gradient", of="r", wrt="t"),
    ],
}
FAN: Json = {  # at x = 2: u = 4, m = 3; df/du = 2 + 1 - 1 = 2, df/dx = 2 * 2x + 1/2 + 1/2 = 9
    "given": {"x": 2},
    "mapping": ["u = x * x", "m = relu(u - 1)", "f = m + m + x / 2 + abs(x) / 2 - 1 + u - u"],
    "questions": [
        question("f", "number", [], ask="forward", of="f"),
        question("f/u", "number", [], ask="gradient", of="f", wrt="u"),
        question("f/x", "number", [], ask="gradient", of="f", wrt="x"),
    ],
}
ON_S: Json = {"ask": "step", "of": "s", "moves": ["x"], "steps": 2}
BOWL: Json = {  # each step multiplies x by 1 - 2/10
    "given": {"x": [1, 2], "k": "1/10"},
    "mapping": ["s = sum(x * x)", "n = x[0] * 0.5625"],
    "questions": [
        question("x2", "array", [2], rate="1/10", wrt="x", **ON_S),
        question("n2", "number", [], rate="k", wrt="n", **ON_S),
    ],
}
TOGETHER: Json = {  # both move from (2, 3): a - b/10, b - a/10
    "given": {"a": 2, "b": 3},
    "mapping": ["f = a * b"],
    "questions": [
        question("b1", "number", [], ask="step", of="f", moves=["a", "b"], rate=0.1, steps=1, wrt="b"),
        question("f1", "number", [], ask="step", of="f", moves=["a", "b"], rate=0.1, steps=1, wrt="f"),
    ],
}
NAMES: Json = {"W": [3, 2], "x": [2], "b": [3], "v": [3]}
AFFINE: Json = {
    "given": {"W": {"shape": [3, 2]}, "x": {"shape": [2]}, "b": {"shape": [3]}},
    "mapping": ["s = W @ x + b", "L = sum(s * s)"],
    "questions": [
        question("eW", "expression", [3, 2], ask="vjp", of="s", wrt="W", cotangent="v", names=NAMES),
        question("ex", "expression", [2], ask="vjp", of="s", wrt="x", cotangent="v", names=NAMES),
        question("eJ", "expression", [3, 2], ask="jacobian", of="s", wrt="x", names=NAMES),
        question("eL", "expression", [3], ask="gradient", of="L", wrt="s", names={"s": [3], "L": []}),
        question("es", "expression", [3], ask="forward", of="s", names=NAMES),
    ],
}
DRAWING: Json = {
    "given": {"x": 1.5, "y": 2},
    "mapping": ["f = sin(x * y + x)"],
    "questions": [question("g", "graph", [], ask="graph", nodes=["+", "multiply", "sin", "cos"])],
}
VALUES: Json = {
    "z": -1, "p": float(P), "L": float(-np.log(P)), "L/q": float(P - 1), "L/z": float(1 - P),
    "L/w": [float(2 * (1 - P)), float(1 - P)], "w1": [float(P - 2), float(0.5 + P / 2)],
    "z1": float(-1 - 2.5 * (1 - P)), "w1up": [float(-P), float(1.5 - P / 2)],
    "r": [6, 8], "J": [[2, 3, 0], [0, 4, 2]], "vjp": [2, -1, -2], "vjp1": [2, 7, 2], "vjp2": [0, 2, 1],
    "jvp": [-1, -2], "r/t": [6, 8], "f": 7, "f/u": 2, "f/x": 9, "x2": [0.64, 1.28], "n2": 0.36,
    "b1": 2.8, "f1": 4.76, "eW": "outer(v, x)", "ex": "W.T @ v", "eJ": "W", "eL": "2 * s", "es": "W @ x + b",
    "g": "a = x * y\nb = a + x\nf = sin(b)",
}  # fmt: skip


def right() -> tuple[Json, Json]:
    """An exam with every ask and kind, and its right key, worked by hand."""
    exam = exam_of(*copy.deepcopy([NEURON, PRODUCTS, FAN, BOWL, TOGETHER, AFFINE, DRAWING]))
    key = key_of(exam, VALUES)
    key["answers"]["z"]["exact"] = "-1"
    key["answers"]["x2"]["exact"] = ["16/25", None]
    return exam, key


def test_right_keys_have_no_finding() -> None:
    exam, key = right()
    assert wrong_answers(exam, key) == []
    for answer in key["answers"].values():  # as in files: 12 significant digits
        answer["value"] = rounded(answer["value"])
    assert wrong_answers(exam, key) == []


def rounded(value: Any) -> Any:
    if isinstance(value, list):
        return [rounded(part) for part in value]
    return value if isinstance(value, str) else float(f"{value:.12g}")


PLANTED: dict[str, Json] = {  # question: wrong values
    "z": [1, -1.001, "x", None, True, [-1], float("nan"), "-1.0000001"],
    "L": [float(-np.log2(P)), float(np.log(P)), 0.3133],
    "L/q": [float(1 - P), float(P)],
    "L/w": [[float(1 - P), float(1 - P)], [float(2 * (1 - P)), float(P - 1)], [0.5], [[1, 1]], 0.5, ["?", 1]],
    "w1": [VALUES["w1up"], [-1, 1]],
    "w1up": [VALUES["w1"]],
    "z1": [-1],
    "J": [np.transpose(VALUES["J"]).tolist(), [[2, 3, 0], [4, 0, 2]], [[2, 3, 0], [0, 4]]],
    "vjp": [[2, 1, 2], [2, -1], [1, -1, 0]],
    "vjp1": [[2, 4, 2], [2, 3, 2]],
    "jvp": [[-1, 2]],
    "f/u": [1, 3],
    "f/x": [5, 8.5],
    "x2": [[0.8, 1.6], [1.44, 2.88]],
    "n2": [0.45],
    "b1": [2.83],
    "f1": [4.811],
    "eW": ["outer(x, v)", "outer(v, x).T", "v * x", "outer(v, x) * 1.00001", "outer(v, s)", "outer(v", 3],
    "ex": ["W @ v", "-W.T @ v", "sum(W, axis=0)", "__import__('os')", "(lambda: v)()", "exec(v)"],
    "eJ": ["W.T", "1", "ones(W)"],
    "eL": ["s", "2 * s * L / L + W[0, 0]", "2 * abs(s)"],
    "es": ["x @ W + b", "W @ x"],
    "g": [
        "a = x * y\nf = sin(a)",  # another value
        "f = sin(x * (y + 1))",  # the same value, another graph
        "a = x * y\nb = x * y\nf = sin((a + b) / 2 + x)",
        "a = x * y\nb = a + x\nc = a + x\nf = sin(b)",  # one node too many
        "a = x * y\na = a + x\nf = sin(a)",
        "f = sin(x * y + x",
        "f = sin(q * y + x)",
        "f = cos(x * y + x - pi / 2)",
        "",
    ],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, row in PLANTED.items() for value in row])
def test_a_wrong_value_is_found(name: str, value: Any) -> None:
    exam, key = right()
    key["answers"][name]["value"] = value
    found = wrong_answers(exam, key)
    assert found and all(f" {name}: " in finding for finding in found)


def answer(key: Json, name: str, **fields: Any) -> None:
    key["answers"][name] |= fields


def asked(exam: Json, name: str) -> Json:
    return next(q for problem in exam["problems"] for q in problem["questions"] if q["id"] == name)


def fan_out_of_the_mapping(exam: Json, key: Json) -> None:
    """The same expression without sharing is another graph."""
    exam["problems"][-1]["mapping"] = ["a = x * y", "f = sin(a + a)"]
    answer(key, "g", value="f = sin(x * y + x * y)")


BREAKAGES: dict[str, Callable[[Json, Json], Any]] = {
    "exact wrong": lambda e, k: answer(k, "z", exact="1"),
    "exact of another entry": lambda e, k: answer(k, "x2", exact=["32/25", "16/25"]),
    "exact short": lambda e, k: answer(k, "x2", exact=["16/25"]),
    "exact flat": lambda e, k: answer(k, "x2", exact=None),
    "exact near": lambda e, k: answer(k, "x2", exact=["16/25", "1.2800000001"]),
    "exact no text": lambda e, k: answer(k, "z", exact=-1),
    "exact unreadable": lambda e, k: answer(k, "z", exact="minus one"),
    "exact missing": lambda e, k: k["answers"]["z"].pop("exact"),
    "tolerance small": lambda e, k: answer(k, "z", tolerance=0.0004),
    "tolerance zero in one entry": lambda e, k: answer(k, "x2", tolerance=[0.0005, 0]),
    "tolerance short": lambda e, k: answer(k, "x2", tolerance=[0.0005]),
    "tolerance flat": lambda e, k: answer(k, "x2", tolerance=0.0005),
    "tolerance infinite": lambda e, k: answer(k, "z", tolerance=float("inf")),
    "tolerance nan": lambda e, k: answer(k, "z", tolerance=float("nan")),
    "tolerance missing": lambda e, k: k["answers"]["z"].pop("tolerance"),
    "decimals coarser": lambda e, k: asked(e, "z").update(decimals=2),
    "points of an answer": lambda e, k: answer(k, "z", points=2),
    "points of a question": lambda e, k: asked(e, "z").update(points=2),
    "points of a problem": lambda e, k: e["problems"][0].update(points=1),
    "points of the exam": lambda e, k: e.update(points=1),
    "answer missing": lambda e, k: k["answers"].pop("z"),
    "answer null": lambda e, k: k["answers"].update(z=None),
    "value missing": lambda e, k: k["answers"]["z"].pop("value"),
    "answer without question": lambda e, k: k["answers"].update(zz=k["answers"]["z"]),
    "id twice": lambda e, k: asked(e, "p").update(id="z"),
    "exam": lambda e, k: k.update(exam="u"),
    "variant": lambda e, k: k.update(variant="AAAA-AAAA"),
    "student": lambda e, k: k["student"].update(id="bob"),
    "format": lambda e, k: k.update(format="t1gen/key@2"),
    "no problem": lambda e, k: e.update(problems=[]),
    "no answers": lambda e, k: k.pop("answers"),
    "shape asked": lambda e, k: asked(e, "J").update(shape=[3, 2]),
    "shape of a number": lambda e, k: asked(e, "L/w").update(kind="number"),
    "names of another shape": lambda e, k: asked(e, "eW").update(names={**NAMES, "x": [3]}),
    "names without one used": lambda e, k: asked(e, "eW").update(names={"x": [2]}),
    "names of nothing": lambda e, k: asked(e, "eL").update(names={"s": [3], "M": [2]}),
    "cotangent": lambda e, k: asked(e, "vjp").update(cotangent=[1, 1]),
    "cotangent shape": lambda e, k: asked(e, "vjp").update(cotangent=[1, 1, 1]),
    "nodes": lambda e, k: asked(e, "g").update(nodes=["+", "sin"]),
    "fan-out": fan_out_of_the_mapping,
    "rate": lambda e, k: asked(e, "w1").update(rate=0.1),
    "steps": lambda e, k: asked(e, "x2").update(steps=1),
    "moves": lambda e, k: asked(e, "f1").update(moves=["a"]),
    "given": lambda e, k: e["problems"][0]["given"].update(y=1),
    "given missing": lambda e, k: e["problems"][0]["given"].pop("y"),
    "mapping": lambda e, k: e["problems"][0].update(mapping=["z = x @ x"]),
    "mapping assigns twice": lambda e, k: e["problems"][0]["mapping"].append("z = w @ x"),
    "unknown operation": lambda e, k: e["problems"][0]["mapping"].append("M = cumprod(w)"),
    "unknown ask": lambda e, k: asked(e, "z").update(ask="hessian"),
    "unknown kind": lambda e, k: asked(e, "z").update(kind="choice"),
    "a step as graph": lambda e, k: asked(e, "g").update(ask="step"),
}


@pytest.mark.parametrize("name", BREAKAGES)
def test_a_breakage_is_found(name: str) -> None:
    exam, key = right()
    BREAKAGES[name](exam, key)
    assert wrong_answers(exam, key)


def test_what_is_unknown_cannot_be_checked() -> None:
    exam, key = right()
    asked(exam, "z").update(ask="colour")
    exam["problems"][2]["mapping"].append("c = cumprod(x)")
    found = wrong_answers(exam, key)
    assert any("p1 z: cannot check" in finding and "colour" in finding for finding in found)
    assert sum("cumprod" in finding for finding in found) == len(FAN["questions"])


X = np.array([[0.7, -1.2, 0.4], [1.5, 0.9, -0.3]])
SAMPLES = [
    "X + X * y - X / y", "(X * X + 1) ** y", "X ** 3", "y ** X", "X @ X.T", "X @ w", "u @ X", "w @ w", "-X",
    "X[0]", "X[:, ::2]", "X[:, None]", "X[1, -1]", "X < y", "X <= y", "X > y", "X >= y", "X == y", "X != y",
    "sum(X)", "X.sum(axis=0)", "sum(X, axis=1, keepdims=True)", "mean(X)", "X.mean(axis=-1)", "max(X)",
    "max(X, axis=0)",
    "X.min(axis=1, keepdims=True)", "maximum(X, w)", "minimum(X, 0.1)", "abs(X)", "exp(X)", "log(exp(X) + 1)",
    "sqrt(X * X + 1)", "square(X)", "sin(X)", "cos(X)", "tanh(X)", "sigmoid(X)", "relu(X)", "leaky_relu(X)",
    "leaky_relu(X, slope=0.2)", "softplus(X)", "step(X) * X", "softmax(X)", "logsumexp(X)",
    "logsumexp(X, axis=1)",
    "norm(X)", "norm(w)", "dot(w, w)", "outer(u, w)", "diag(w)", "diag(X @ X.T)", "trace(X @ X.T)", "X.T",
    "reshape(X, (3, 2))", "X.reshape(3, 2)", "X.reshape(-1)", "concatenate((u, w), axis=0)", "X * pi",
    "concatenate((X, X * X), axis=1)", "where(X > 0.2, X * X, w)", "sum_to(X, (3,))", "sum_to(X, (2, 1))",
    "sum_to(X, ())", "broadcast_to(w, (2, 3))", "put(w, s_[::2], (5,))", "put(w, s_[[0, 0, 1]], (2,))",
    "X / X.shape[0]", "sign(X) * X", "floor(X) * X", "round(X + 0.2) * X", "expm1(X)", "log1p(X * X)", "erf(X)",
    "arcsin(X / 2)", "arctan(X)", "clip(X, -1, 0.8)", "transpose(X, (1, 0))", "inv(X @ X.T)",
    "det(X @ X.T)", "logabsdet(X[:, :2])",
    "einsum('ij,j->i', X, w)", "cumsum(w)", "cumsum(X, axis=1)", "X[argmax(u)]", "w[argsort(w)]", "tile(w, 2)",
    "one_hot(argmax(X, axis=1), 3) * X", "w @ eye(3) + arange(3)", "X + ones((2, 3)) + zeros((3,))",
    "conv2d(X, [[1, 2], [3, 4]])", "maxpool2d(X, 2, 1)", "X[[[0, 1], [1, 1]], [[0, 2], [1, 1]]]",
    "fixed_point(lambda s: cos(y * s) / 2 + u * s / 9, zeros(2))",
    "argmin(lambda s: sum((X @ s - u) ** 2) + y * s @ s, w)",
]  # fmt: skip


@pytest.mark.parametrize("text", SAMPLES)
def test_complex_steps_agree_with_central_differences(text: str) -> None:
    lines, width = read_lines("w = X[0]; u = X[:, 1]; y = 1.5 + X[1, 2]; f = " + text), 1e-6
    toward = np.random.default_rng(5).normal(size=X.shape)
    own = run(lines, {"X": X}, {"X": 1j * H * toward})["f"].imag / H
    up, down = (run(lines, {"X": X + side * width * toward})["f"].real for side in (1, -1))
    assert own == pytest.approx((up - down) / 2 / width, rel=1e-6, abs=1e-7)


def test_every_operation_has_a_sample() -> None:
    symbols = {"neg": "-X"}
    missing = {name for name in OPERATIONS if not any(symbols.get(name, name) in text for text in SAMPLES)}
    assert missing == {"stop_gradient"}, "its gradient is not that of its value"


@pytest.mark.parametrize(
    ("text", "value", "slope"),
    [
        ("relu(x - 2)", 0, 0),
        ("abs(x - 2)", 0, 0),
        ("step(x - 2)", 0, 0),
        ("norm(broadcast_to(x - 2, (3,)))", 0, 0),
        ("maximum(x, 2)", 2, 0.5),
        ("minimum(3 * x, 6)", 6, 1.5),
        ("max(concatenate((broadcast_to(x, (1,)), [2.0, 1.0]), axis=0))", 2, 0.5),
        ("relu((x - 1.9) - 0.1)", 0, 0),
        ("(x - 5) ** 3", -27, 27),
        ("(0 - x) ** 101", -(2.0**101), -101 * 2.0**100),
    ],
)
def test_conventions_at_kinks_and_signs(text: str, value: float, slope: float) -> None:
    found = run(read_lines("f = " + text), {"x": 2.0}, {"x": 1j * H})["f"]
    assert (found.real, found.imag / H) == (pytest.approx(value, rel=1e-12), pytest.approx(slope))


@pytest.mark.parametrize("text", ["log(x - 3)", "sqrt(x - 3)", "1 / (x - 2)", "(x - 3) ** 0.5"])
def test_undefined_values_are_not_finite(text: str) -> None:
    assert not np.isfinite(run(read_lines("f = " + text), {"x": 2.0})["f"])


REFUSED = ["x.real", "x if x else x", "[a for a in x]", "x // x", "x and x", "f'{x}'", "x[x > 0]", "x.y()"]


@pytest.mark.parametrize("text", REFUSED)
def test_the_reader_refuses(text: str) -> None:
    with pytest.raises(CannotCheck):
        evaluate_text(text, {"x": np.array([1.0, 2.0], dtype=complex)})


def written(folder: Path, **files: Json) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    return folder


def test_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exam, key = right()
    one = written(tmp_path / "one", exam=exam, key=key)
    assert main([str(one)]) == main([str(one / "exam.json"), str(one / "key.json")]) == 0
    roster = tmp_path / "class"
    for student in ("ada", "bob"):
        written(roster / "students" / student, exam=exam)
        written(roster / "keys" / student, key=key)
    assert main([str(roster)]) == 0
    assert "2 exams checked, 0 findings" in capsys.readouterr().out
    key["answers"]["z"]["value"] = 1
    written(roster / "keys" / "bob", key=key)
    assert main([str(roster), str(one)]) == 1
    assert "p1 z: 1 in the key, -1 is right" in capsys.readouterr().out


def test_command_line_fails_closed(tmp_path: Path) -> None:
    exam, key = right()
    assert main([]) == main([str(tmp_path)]) == main([str(tmp_path / "exam.json")]) == 1
    written(tmp_path / "a", exam=exam)
    written(tmp_path / "b", key=key)
    (written(tmp_path / "c", exam=exam) / "key.json").write_text("{", encoding="utf-8")
    written(tmp_path / "d", exam=exam, key={"answers": []})
    written(tmp_path / "e" / "keys" / "ada", key=key)
    assert [main([str(tmp_path / name)]) for name in "abcde"] == [1] * 5


MARKS = "students_class.py"
"""Generates classes and has them marked: the one module that reaches into t1gen."""


def test_nothing_of_t1gen_is_imported() -> None:
    for file in Path(__file__).parent.glob("*.py"):
        if file.name == MARKS:
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [alias.name for alias in getattr(node, "names", []) if isinstance(alias, ast.alias)]
            origin = (node.module or "") if isinstance(node, ast.ImportFrom) else ""
            assert not any("t1gen" in name.split(".") for name in [*names, origin]), file
            banned = {"eval", "__import__"} if file.name == "listings.py" else {"eval", "exec", "__import__"}
            assert not (isinstance(node, ast.Name) and node.id in banned), file
