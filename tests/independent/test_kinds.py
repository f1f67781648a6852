"""The checker on other asks and kinds: counts, tables, orders, choices, code, operations with a rule of their own."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

from .checker import wrong_answers
from .choices import REASON, RULES, STATED, check_consistency
from .operations import CannotCheck
from .recompute import recompute, stated_point
from .test_checker import Json, answer, asked, exam_of, key_of, question

POWERS: Json = {  # f = x^3 at 2; the Hessian of g is diag(6 s) with ones beside it; b = x * x + x has two ways from x
    "given": {"x": 2, "s": [1, -2], "u": [1, 1]},
    "mapping": ["f = x ** 3", "g = sum(s * s * s) + s[0] * s[1]", "a = x * x", "b = a + x"],
    "questions": [
        question("H", "array", [2, 2], ask="hessian", of="g", wrt="s"),
        question("Hu", "array", [2], ask="hvp", of="g", wrt="s", cotangent="u"),
        question("f2", "number", [], ask="derivative", of="f", wrt="x", order=2),
        question("f3", "number", [], ask="derivative", of="f", wrt="x", order=3),
        question("df", "number", [], ask="difference", of="f", wrt="x", h=0.1),
        question("da", "number", [], ask="difference", of="b", wrt="a", h=0.5),
        question("b/x", "number", [], ask="local", of="b", wrt="x"),
        question("+", "number", [], ask="decision", of="f"),
        question("-", "number", [], ask="decision", of="x0"),
    ],
}
POWERS["mapping"].append("x0 = x - 2")
DENSE: Json = {"of": "q", "wrt": "x"}
SIZES: Json = {  # x 2, z and y 3, q 4: sizes 2, 3, 3, 4
    "given": {
        "W": [[1, 2], [0, 1], [1, 1]], "x": [1, 2], "V": [[1, 0, 1], [0, 1, 1], [1, 1, 0], [2, 1, 0]], "c": [1, 2, 3],
    },
    "mapping": ["z = W @ x + c", "y = z * 2", "q = V @ y"],
    "questions": [
        question("sq", "array", [1], ask="shape", of="q", about="value"),
        question("sJ", "array", [2], ask="shape", about="jacobian", **DENSE),
        question("sA", "array", [3], ask="shape", of="q", wrt="W", about="axes"),
        question("eq", "number", [], ask="entries", of="q", about="value"),
        question("eJ", "number", [], ask="entries", of="q", wrt="W", about="jacobian"),
        question("P", "number", [], ask="parameters", moves=["W", "V"]),
        question("pf", "number", [], ask="passes", mode="forward-mode", **DENSE),
        question("pr", "number", [], ask="passes", mode="reverse-mode", **DENSE),
        question("mf", "number", [], ask="multiplications", mode="forward-mode", **DENSE),
        question("mr", "number", [], ask="multiplications", mode="reverse-mode", **DENSE),
        question("mJ", "number", [], ask="multiplications", mode="vjp", **DENSE),
        question("vr", "number", [], ask="multiplications", mode="reverse-mode", about="vjp", **DENSE),
        question("vv", "number", [], ask="multiplications", mode="vjp", about="vjp", **DENSE),
        question("cheap", "choice", [], ask="cheaper", options=[
            {"id": "a", "text": "reverse mode"}, {"id": "b", "text": "forward mode"},
            {"id": "c", "text": "both need the same number"},
        ], **DENSE),
    ],
}  # fmt: skip
P = float(1 / (1 + np.exp(1)))  # z = -1, y = 1
CELLS: Json = {
    "given": {"z": -1, "y": 1},
    "mapping": ["q = y * z", "p = sigmoid(q)", "L = -log(p)"],
    "questions": [
        question("T", "table", [], ask="table", of="L", rows=["q", "p", "L"], columns=["value", "gradient"],
                 parts=["value", "gradient"], cells=[[-1, None], [None, None], [None, 1]]),
    ],
}  # fmt: skip
CHAIN: Json = {
    "given": {"A": [[1, 2], [0, 1]], "x": [1, -1]},
    "mapping": ["y = A @ x", "z = tanh(y)", "L = sum(z)"],
    "questions": [
        question("O", "order", [], ask="order", of="L", wrt="x", mode="vjp", about="both", options=[
            {"id": i, "text": f"`{text}`"} for i, text in zip("abcdef", [
                "v = vjp_z(v, y)", "L = sum(z)", "v = vjp_L(1, z)", "y = A @ x", "z = tanh(y)", "v = vjp_y(v, x)",
            ], strict=True)]),
    ],
}  # fmt: skip
TWICE: Json = {
    "given": {"w": 2, "x": 1.5, "t": 1},
    "mapping": ["h = w * x", "s = h + x", "L = (s - t) ** 2"],
    "questions": [
        question("B", "order", [], ask="order", of="L", wrt="x", mode="adjoint", about="backward", options=[
            {"id": i, "text": f"`{text}`"} for i, text in zip("abcde", [
                "dL_dx = dL_dx_1 + dL_dx_2", "dL_dx_2 = dL_dh * w", "dL_ds = 2 * (s - t)", "dL_dx_1 = dL_ds",
                "dL_dh = dL_ds",
            ], strict=True)]),
    ],
}  # fmt: skip
LOOP = """\
import numpy as np

x = np.array([1.0, 2.0])
w = np.array([1.0, -1.0])
b = 3.0

for iteration in range(2):
    z = w @ x + b
    r = z * z
    L = r / 2
    dL_dr = 1 / 2
    dL_dz_1 = dL_dr * z
    dL_dz_2 = dL_dr * z
    dL_dz = dL_dz_1 + dL_dz_2
    dL_dw = dL_dz * x
    dL_db = dL_dz
    w = w - 0.25 * dL_dw
    b = b - 0.25 * dL_db
    print(w, b)"""
STEP: Json = {"ask": "step", "of": "L", "moves": ["w", "b"], "rate": 0.25}
TRAINED: Json = {  # z = 2: w = (1/2, -2), b = 5/2, z = -1: w = (3/4, -3/2)
    "given": {"x": [1, 2], "w": [1, -1], "b": 3},
    "mapping": ["z = w @ x + b", "r = z * z", "L = r / 2"],
    "listing": LOOP,
    "questions": [
        question("w1", "array", [2], wrt="w", steps=1, **STEP),
        question("b1", "number", [], wrt="b", steps=1, **STEP),
        question("w2", "array", [2], wrt="w", steps=2, **STEP),
    ],
}
ONCE = "\n".join(line.removeprefix("    ") for line in TRAINED["listing"].split("\n") if not line.startswith("for"))
WRONG = ONCE.replace("dL_dw = dL_dz * x", "dL_dw = x")
CHANGED: Json = {
    **{name: TRAINED[name] for name in ("given", "mapping")},
    "listing": WRONG,
    "questions": [
        question("line", "choice", [], ask="wrong-line", options=[
            {"id": str(number), "text": f"`{text}`"} for number, text in list(enumerate(WRONG.split("\n"), 1))[6:-1]
        ]),
        question("w1c", "array", [2], wrt="w", steps=1, **STEP),
    ],
}  # fmt: skip
GAPS: Json = {
    **{name: TRAINED[name] for name in ("given", "mapping")},
    "listing": ONCE.replace("dL_dw = dL_dz * x", "dL_dw = ____"),
    "questions": [
        question("gap", "expression", [2], ask="gradient", of="L", wrt="w", names={"x": [2], "dL_dz": []}),
        question("w1g", "array", [2], wrt="w", steps=1, **STEP),
    ],
}
TORCH: Json = {
    **{name: TRAINED[name] for name in ("given", "mapping")},
    "listing": """\
import torch

x = torch.tensor([1.0, 2.0])
w = torch.tensor([1.0, -1.0], requires_grad=True)
b = torch.tensor(3.0, requires_grad=True)

for iteration in range(2):
    z = w @ x + b
    r = z * z
    L = r / 2
    dL_dw, dL_db = torch.autograd.grad(L, [w, b])
    with torch.no_grad():
        w = w - 0.25 * dL_dw
        b = b - 0.25 * dL_db
    w.requires_grad_()
    b.requires_grad_()
print(w.detach())""",
    "questions": [question("w2t", "array", [2], wrt="w", steps=2, **STEP)],
}
LAYER: Json = {
    "given": {"x": [1, -2], "v": [3, 1]},
    "mapping": ["y = 3 * x ** 2"],
    "listing": """\
import torch

class Layer(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return 3 * x**2

    @staticmethod
    def backward(ctx, v):
        x, = ctx.saved_tensors
        return v * 6 * x""",
    "questions": [question("layer", "array", [2], ask="vjp", of="y", wrt="x", cotangent="v")],
}
PRINTED: Json = {
    "given": {"x": 3},
    "mapping": ["a = x * x", "f = tanh(a) + a"],
    "listing": "import numpy as np\n\nx = 3\n\na = x * x\nf = np.tanh(a) + a\nprint(f)",
    "questions": [question("print", "number", [], ask="forward", of="f")],
}
S = float(1 / (1 + np.exp(-2)))
OWN: Json = {
    "given": {"x": [2, -1], "v": [1, 2], "a": 3},
    "definitions": {
        "hard_step": "hard_step(x) = step(x); vjp x: v * sigmoid(x) * (1 - sigmoid(x)); surrogate",
        "scaled": "scaled(x, a) = a * x; vjp x: v * a; vjp a: sum(v * x)",
        "sigmoid": "sigmoid(x) = 1 / (1 + exp(-x))",
    },
    "mapping": ["h = hard_step(x)", "y = scaled(h, a)", "p = sigmoid(y)", "g = 2 * clip_grad(3 * x, -1, 1)",
                "r = x + stop_gradient(round(x) * 7 - x)"],
    "questions": [
        question("h", "array", [2], ask="forward", of="h"),
        question("hard", "array", [2], ask="vjp", of="y", wrt="x", cotangent="v"),
        question("clip", "array", [2], ask="vjp", of="g", wrt="x", cotangent=[1, 0.1]),
        question("stop", "array", [2], ask="vjp", of="r", wrt="x", cotangent="v"),
    ],
}  # fmt: skip
FOUND: Json = {  # x = sqrt(a): dx/da = 1 / (2 x); w = b / (1 + k)
    "given": {"a": 4, "b": [2, 4], "k": 1},
    "mapping": [
        "x = fixed_point(lambda u: 0.5 * (u + a / u), 1.0)",
        "w = argmin(lambda u: sum((u - b) ** 2) + k * sum(u ** 2), zeros(2))",
    ],
    "questions": [
        question("x", "number", [], ask="forward", of="x"),
        question("x/a", "number", [], ask="gradient", of="x", wrt="a"),
        question("w", "array", [2], ask="forward", of="w"),
        question("w/b", "array", [2, 2], ask="jacobian", of="w", wrt="b"),
        question("w/k", "array", [2], ask="gradient", of="w", wrt="k"),
    ],
}
REPEATED: Json = {
    "given": {"z": [1, 2, 3], "v": 2},
    "mapping": ["s = sum(z)", "q = s * s"],
    "questions": [
        question("tile", "expression", [3], ask="vjp", of="s", wrt="z", cotangent="v", names={"v": []}, sizes={"N": 3}),
        question("back", "expression", [], ask="gradient", of="q", wrt="s", names={"dq_dq": [], "s": []}),
    ],
}
WORDS: Json = {
    "id": "draw-neuron-words", "shows": "text",
    "given": {"w1": 1, "w2": 2, "x1": 1, "x2": -1, "b": 0, "y": -1},
    "mapping": [],
    "questions": [
        question("drawn", "graph", [], ask="graph", of="L", nodes=["+", "*", "sigmoid", "log", "neg"]),
        question("logit", "number", [], ask="forward", of="z"),
    ],
}  # fmt: skip
LETTERS = [{"id": i, "text": text} for i, text in zip("abc", ["true", "false", "false too"], strict=True)]
FACTS: Json = {
    "id": "mode-facts", "given": {}, "mapping": [],
    "questions": [
        question("fact", "choice", [], ask="choose", options=LETTERS),
        question("facts", "choice", [], ask="choose", options=LETTERS, several=True),
    ],
}  # fmt: skip
ERRORS = """\
| model | training error | test error |
|---|---|---|
| model 1 | 1.6 % | 1.8 % |
| model 2 | 28 % | 58 % |
| model 3 | 1.2 % | 22 % |

A model underfits if its training error is over 20 %. It overfits if its training error is under 3 % and its test error
at least 10 percentage points higher. It fits well if its training error is under 3 % and its test error at most
2 percentage points higher."""
MODELS = [{"id": i, "text": f"model {k}"} for i, k in zip("abc", (2, 3, 1), strict=True)]
FITS: Json = {
    "id": "fit-three-models", "shows": "text",
    "given": {"train": [1.6, 28, 1.2], "test": [1.8, 58, 22]}, "mapping": [],
    "questions": [question(name, "choice", [], ask="choose", options=MODELS) for name in ("under", "over", "good")],
}  # fmt: skip
VALUES: Json = {
    "H": [[6, 1], [1, -12]], "Hu": [7, -11], "f2": 12, "f3": 6, "df": 12.01, "da": 1, "b/x": 1, "+": 1, "-": -1,
    "sq": [4], "sJ": [4, 2], "sA": [4, 3, 2], "eq": 4, "eJ": 24, "P": 18, "pf": 2, "pr": 4,
    "mf": 18 + 24, "mr": 36 + 24, "mJ": 4 * 21, "vr": 12 + 9 + 6, "vv": 12 + 3 + 6, "cheap": "b",
    "T": [[-1, P - 1], [P, -1 / P], [float(-np.log(P)), 1]],
    "O": ["d", "e", "b", "c", "a", "f"], "B": ["c", "e", "d", "b", "a"],
    "w1": [0.5, -2], "b1": 2.5, "w2": [0.75, -1.5], "line": "14", "w1c": [0.5, -2],
    "gap": "dL_dz * x", "w1g": [0.5, -2], "w2t": [0.75, -1.5], "layer": [18, -12],
    "print": float(np.tanh(9) + 9),
    "h": [1, 0], "hard": [3 * S * (1 - S), float(6 * np.exp(1) / (1 + np.exp(1)) ** 2)], "clip": [3, 0.6],
    "stop": [1, 2],
    "x": 2, "x/a": 0.25, "w": [1, 2], "w/b": [[0.5, 0], [0, 0.5]], "w/k": [-0.5, -1],
    "tile": "tile(v, N)", "back": "2 * s * dq_dq",
    "drawn": "z = w1 * x1 + w2 * x2 + b\nL = -log(sigmoid(y * z))", "logit": -1,
    "fact": "a", "facts": ["b", "c"], "under": "a", "over": "b", "good": "c",
}  # fmt: skip
PROBLEMS = [POWERS, SIZES, CELLS, CHAIN, TWICE, TRAINED, CHANGED, GAPS, TORCH, LAYER, PRINTED, OWN, FOUND, REPEATED,
            WORDS, FACTS, FITS]  # fmt: skip


def right() -> tuple[Json, Json]:
    """An exam of these problems and its right key, worked by hand."""
    exam = exam_of(*copy.deepcopy(PROBLEMS))
    problem_of(exam, "under")["text"] = ERRORS
    problem_of(exam, "h")["definitions"] = {
        name: text.split(";")[0] for name, text in OWN["definitions"].items()
    }
    key = key_of(exam, VALUES)
    for problem in exam["problems"]:
        for one in problem["questions"]:
            if one["kind"] in ("choice", "order"):
                key["answers"][one["id"]] |= {"exact": None, "tolerance": None}
    key["answers"]["line"]["because"] = "Line 14 should be `dL_dw = dL_dz * x`."
    key["sheet"] = sheet_of(exam)
    return exam, key


def sheet_of(exam: Json) -> Json:
    """The exam with what it keeps to itself: a mapping, and rules."""
    sheet = copy.deepcopy(exam)
    texts = problem_of(sheet, "h").get("definitions", {})
    texts |= {name: OWN["definitions"][name] for name, text in texts.items() if ";" not in text}
    problem_of(sheet, "logit")["mapping"] = ["z = w1", "L = z"]
    return sheet


def test_right_keys_have_no_finding() -> None:
    exam, key = right()
    assert wrong_answers(exam, key) == []
    assert check_consistency([(exam, key)]) == []


PLANTED: dict[str, list[Any]] = {
    "H": [[[6, 1], [1, 12]], [[6, 0], [0, -12]], [6, -12]],
    "Hu": [[6, -12], [7, 11]],
    "f2": [8, 6, 12.0001],
    "f3": [12, 0],
    "df": [12, 12.0025],
    "da": [2],
    "b/x": [5, 2],
    "+": [-1, 8],
    "-": [1, 0],
    "sq": [[3], [4, 1], 4],
    "sJ": [[2, 4]],
    "sA": [[4, 2, 3], [3, 2, 4]],
    "eq": [3],
    "eJ": [10, 9],
    "P": [9, 20],
    "pf": [4],
    "pr": [2, 1],
    "mf": [60, 48],
    "mr": [42],
    "mJ": [21, 24 * 4],
    "vr": [21],
    "vv": [27, 24],  # 24: the addition counted
    "cheap": ["a", "c", ["b"], "x", None],
    "T": [
        [[-1, P - 1], [P, -1 / P], [float(-np.log(P)), 0]],
        [[-1, 1 - P], [P, -1 / P], [float(-np.log(P)), 1]],
        [[P - 1, -1], [-1 / P, P], [1, float(-np.log(P))]],
        [[-1, P - 1], [P, -1 / P]],
        [[-2, P - 1], [P, -1 / P], [float(-np.log(P)), 1]],
    ],
    "O": [
        ["d", "e", "b", "c", "f", "a"], ["e", "d", "b", "c", "a", "f"], ["c", "d", "e", "b", "a", "f"],
        ["f", "a", "c", "b", "e", "d"], ["d", "e", "b", "c", "a"], ["d", "e", "b", "c", "a", "a"], "debcaf",
    ],
    "B": [["a", "c", "e", "d", "b"], ["c", "b", "e", "d", "a"], ["c", "e", "d", "a", "b"], ["c", "d", "b", "a"]],
    "w1": [[1.25, -0.5], [1, -1]],
    "b1": [3.5],
    "w2": [[0.5, -2]],
    "line": ["12", "15", "16", "7"],
    "w1c": [[0.75, -1.5], [1, -1]],
    "gap": ["x", "-dL_dz * x"],
    "w1g": [[1, -1]],
    "w2t": [[0.5, -2]],
    "layer": [[18, 12], [6, -4]],
    "print": [9, 10],
    "h": [[1, 1]],
    "hard": [[0, 0], [S * (1 - S), 0]],
    "clip": [[2, 0.2], [6, 0.6]],
    "stop": [[0, 0], [7, 14]],
    "x": [-2, 4],
    "x/a": [0.125, 0],
    "w": [[2, 4]],
    "w/b": [[[1, 0], [0, 1]], [[0, 0], [0, 0]]],
    "w/k": [[0.5, 1]],
    "tile": ["tile(v, 2)", "v * N", "tile(v, (N, 1))", "v"],
    "back": ["s * dq_dq", "2 * s * dq_dq * dq_ds"],
    "drawn": ["z = w1 * x1 + w2 * x2\nL = -log(sigmoid(y * z))", "L = -log(sigmoid(w1 * x1 + w2 * x2 + b))"],
    "logit": [1],
    "fact": ["d", "ab", None, ["a", "b"]],
    "facts": [["c", "b"], ["b", "b"], [], ["d"]],
    "under": ["b", "c"],
    "over": ["a"],
    "good": ["a"],
}  # fmt: skip


def alone(exam: Json, key: Json, at: int) -> None:
    """One problem becomes the whole test; all of them take ten times as long to check."""
    for sheet in (exam, key["sheet"]):
        sheet["problems"] = [sheet["problems"][at]]
        sheet["points"] = sheet["problems"][0]["points"]
    key["answers"] = {q["id"]: key["answers"][q["id"]] for q in exam["problems"][0]["questions"]}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, row in PLANTED.items() for value in row])
def test_a_wrong_value_is_found(name: str, value: Any) -> None:
    exam, key = right()
    alone(exam, key, exam["problems"].index(problem_of(exam, name)))
    assert not wrong_answers(exam, key)
    key["answers"][name]["value"] = value
    assert any(f" {name}: " in finding for finding in wrong_answers(exam, key))


def test_every_value_has_a_planted_mistake() -> None:
    assert sorted(PLANTED) == sorted(VALUES)


def problem_of(exam: Json, name: str) -> Json:
    return next(p for p in exam["problems"] if any(q["id"] == name for q in p["questions"]))


def changed(exam: Json, name: str, old: str, new: str) -> None:
    problem = problem_of(exam, name)
    assert old in problem["listing"]
    problem["listing"] = problem["listing"].replace(old, new)


BREAKAGES: dict[str, Any] = {
    "a loop with a wrong gradient": lambda e, k: changed(e, "w1", "dL_dw = dL_dz * x", "dL_dw = dL_dz + x"),
    "a loop with a wrong share": lambda e, k: changed(e, "w1", "dL_dz_2 = dL_dr * z", "dL_dz_2 = dL_dr * r"),
    "a loop with another rate": lambda e, k: changed(e, "w1", "0.25 * dL_db", "0.2 * dL_db"),
    "a loop with another given": lambda e, k: changed(e, "w1", "b = 3.0", "b = 1.0"),
    "a loop with other iterations": lambda e, k: changed(e, "w1", "range(2)", "range(3)"),
    "a loop that prints nothing": lambda e, k: changed(e, "w1", "    print(w, b)", ""),
    "a loop that does not run": lambda e, k: changed(e, "w1", "z = w @ x + b", "z = np.sigmoid(w)"),
    "a loop that imports": lambda e, k: changed(e, "w1", "import numpy as np", "import os"),
    "a loop with a method of objects": lambda e, k: changed(e, "w1", "r = z * z", "r = z.__class__"),
    "a line not wrong": lambda e, k: changed(e, "line", "dL_dw = x", "dL_dw = dL_dz * x"),
    "two lines wrong": lambda e, k: changed(e, "line", "L = r / 2", "L = r"),
    "another line mended": lambda e, k: answer(k, "line", because="Line 14 should be `dL_dw = x * x`."),
    "an option that is no line": lambda e, k: asked(e, "line")["options"][0].update(text="`z = 1`"),
    "a torch number where a tensor is wanted": lambda e, k: changed(e, "w2t", "r = z * z", "r = torch.tanh(2)"),
    "a torch gradient of a plain tensor": lambda e, k: changed(e, "w2t", "-1.0], requires_grad=True", "-1.0]"),
    "a torch gradient by another name": lambda e, k: changed(e, "w2t", "dL_dw, dL_db = ", "dL_db, dL_dw = "),
    "a torch loop without a gradient": lambda e, k: changed(e, "w2t", "    w.requires_grad_()\n", ""),
    "a backward that is wrong": lambda e, k: changed(e, "layer", "v * 6 * x", "6 * x"),
    "a forward that is wrong": lambda e, k: changed(e, "layer", "return 3 * x**2", "return x**3"),
    "a program that prints another name": lambda e, k: changed(e, "print", "print(f)", "print(a)"),
    "a program with another line": lambda e, k: changed(e, "print", "a = x * x", "a = x + x"),
    "a definition that is another": lambda e, k: problem_of(e, "h")["definitions"].update(
        sigmoid="sigmoid(x) = tanh(x)"
    ),
    "a surrogate in the exam": lambda e, k: problem_of(e, "h")["definitions"].update(
        hard_step="hard_step(x) = step(x); vjp x: v; surrogate"
    ),
    "an unknown operation": lambda e, k: problem_of(e, "h").pop("definitions"),
    "sizes": lambda e, k: asked(e, "tile").update(sizes={"N": 4}),
    "sizes that are names": lambda e, k: asked(e, "tile").update(sizes={"N": 3, "v": 1}),
    "an adjoint of another shape": lambda e, k: asked(e, "gap")["names"].update(dL_dz=[2]),
    "an adjoint of nothing": lambda e, k: asked(e, "gap")["names"].update(dL_dm=[]),
    "a cell printed wrong": lambda e, k: asked(e, "T").update(cells=[[-2, None], [None, None], [None, 1]]),
    "no cell to fill in": lambda e, k: asked(e, "T").update(cells=copy.deepcopy(VALUES["T"])),
    "columns": lambda e, k: asked(e, "T").update(columns=["value"]),
    "parts": lambda e, k: asked(e, "T").update(parts=["value", "colour"]),
    "table tolerance": lambda e, k: answer(k, "T", tolerance=[[0.0005, 0]] * 3),
    "table exact": lambda e, k: answer(k, "T", exact=[["1", None], [None, None], [None, None]]),
    "two options alike": lambda e, k: asked(e, "fact")["options"].append({"id": "d", "text": "true"}),
    "an option twice": lambda e, k: asked(e, "fact")["options"].append({"id": "a", "text": "other"}),
    "nothing to choose from": lambda e, k: asked(e, "fact").update(options=LETTERS[:1]),
    "a choice with a tolerance": lambda e, k: answer(k, "fact", tolerance=0.0005),
    "an unlisted statement": lambda e, k: problem_of(e, "fact").update(id="news"),
    "another model": lambda e, k: asked(e, "under")["options"][0].update(text="model 4"),
    "a given that is not printed": lambda e, k: problem_of(e, "under")["given"].update(train=[1.6, 28, 1.3]),
    "a text without bounds": lambda e, k: problem_of(e, "under").update(text=ERRORS.replace("over 20", "high")),
    "modes in other words": lambda e, k: asked(e, "cheap")["options"][0].update(text="backwards"),
    "no single chain": lambda e, k: problem_of(e, "vv").update(
        mapping=["z = W @ x + c", "y = z * 2", "q = V @ y + V @ z"]
    ),
    "a line of another mapping": lambda e, k: asked(e, "O")["options"][3].update(text="`y = A.T @ x`"),
    "a chain with another seed": lambda e, k: asked(e, "O")["options"][2].update(text="`v = vjp_L(v, z)`"),
    "a line that nobody needs": lambda e, k: asked(e, "B")["options"][4].update(text="`dL_dw = dL_ds * x`"),
    "an adjoint line that is wrong": lambda e, k: asked(e, "B")["options"][2].update(text="`dL_ds = s - t`"),
    "a share that is wrong": lambda e, k: asked(e, "B")["options"][1].update(text="`dL_dx_2 = dL_dh * x`"),
    "a mapping in words": lambda e, k: problem_of(e, "logit").update(
        mapping=["z = w1 * x1 + w2 * x2 + b", "L = -log(sigmoid(y * z))"]
    ),
    "words not read": lambda e, k: problem_of(e, "logit").update(id="new-words"),
    "shows": lambda e, k: problem_of(e, "print").update(shows="colour"),
    "shows no listing": lambda e, k: problem_of(e, "x").update(shows="listing"),
    "no fixed point": lambda e, k: problem_of(e, "x").update(
        mapping=["x = fixed_point(lambda u: u + a, 1.0)", FOUND["mapping"][1]]
    ),
    "no minimum": lambda e, k: problem_of(e, "x").update(
        mapping=[FOUND["mapping"][0], "w = argmin(lambda u: k * b @ u - sum(u * u), b)"]
    ),
}  # fmt: skip


def parts(exam: Json, key: Json) -> list[tuple[Json, list[Json]]]:
    """Every problem with its answers."""
    return [(p, [key["answers"].get(q["id"]) for q in p["questions"]]) for p in exam["problems"]]


@pytest.mark.parametrize("name", BREAKAGES)
def test_a_breakage_is_found(name: str) -> None:
    exam, key = right()
    BREAKAGES[name](exam, key)
    key["sheet"] = sheet_of(exam)
    [broken] = [at for at, pair in enumerate(zip(parts(exam, key), parts(*right()), strict=True)) if pair[0] != pair[1]]
    alone(exam, key, broken)
    assert wrong_answers(exam, key)


RULES_IN_THE_KEY = {
    "no derivative": {"scaled": "scaled(x, a) = a * x; vjp x: v; vjp a: sum(v * x)"},
    "for one argument alone": {"scaled": "scaled(x, a) = a * x; vjp x: v * a"},
    "of another shape": {"scaled": "scaled(x, a) = a * x; vjp x: v * a; vjp a: v * x"},
    "of another forward": {"scaled": "scaled(x, a) = x; vjp x: v * a; vjp a: sum(v * x)"},
    "of a surrogate not read": {"scaled": "scaled(x, a) = a * x; vjp x: v * a; vjp a: sum(v * x); surrogate"},
    "of a known operation": {"sigmoid": "sigmoid(x) = 1 / (1 + exp(-x)); vjp x: v"},
    "unreadable": {"scaled": "scaled(x, a) = a * x; vjp x v * a; vjp a: sum(v * x)"},
}


@pytest.mark.parametrize("name", RULES_IN_THE_KEY)
def test_a_rule_in_the_key_is_checked(name: str) -> None:
    exam, key = right()
    problem_of(key["sheet"], "h")["definitions"] |= RULES_IN_THE_KEY[name]
    assert wrong_answers(exam, key)


def test_a_surrogate_moves_as_its_rule_says() -> None:
    rules = {"twice": "twice(x, a) = step(a) * x; vjp x: v + 2 * v[::-1]; vjp a: sum(v); surrogate"}
    problem: Json = {"given": {"x": [1.0, -2.0], "a": 3.0}, "mapping": ["y = twice(x, a)"], "questions": []}
    point = stated_point({**problem, "definitions": rules})
    assert point.jacobian("y", "x").tolist() == [[1, 2], [2, 1]]
    assert point.gradient("y", "a").tolist() == [1, 1]
    with pytest.raises(CannotCheck, match="not linear"):
        stated_point({**problem, "definitions": {"twice": rules["twice"].replace("sum(v)", "sum(v * v)")}}).jacobian(
            "y", "a"
        )


def test_the_sheet_of_a_key_is_the_exam() -> None:
    exam, key = right()
    key["sheet"]["minutes"] = 1
    assert wrong_answers(exam, key) == ["the key's sheet is another exam"]


def test_the_findings_on_a_listing_name_line_and_question() -> None:
    exam, key = right()
    changed(exam, "w1", "dL_dw = dL_dz * x", "dL_dw = dL_dz + x")
    found = [finding for finding in wrong_answers(exam, key) if "listing" in finding]
    assert any("line 15 is wrong: dL_dw = dL_dz + x" in finding for finding in found)
    assert any("listing w1: the listing gives w = " in finding for finding in found)


def test_a_class_must_agree_on_statements() -> None:
    exam, key = right()
    other = copy.deepcopy(key)
    other["answers"]["fact"]["value"] = "b"
    assert check_consistency([(exam, key), (exam, key)]) == []
    found = check_consistency([(exam, key), (exam, other)])
    assert len(found) == 2 and "'true' is right for some" in "".join(found)
    other["answers"] = copy.deepcopy(key["answers"]) | {"under": {"value": "b"}}
    assert check_consistency([(exam, key), (exam, other)]) == [], "it rests on numbers, and has a rule"


def test_what_is_stated_is_not_computed() -> None:
    assert not set(STATED) & set(RULES)
    assert set(STATED.values()) == {REASON}


def test_second_derivatives_refuse_what_has_another_gradient() -> None:
    for line in ("f = stop_gradient(x) * x", "f = fixed_point(lambda u: u / 2 + x, 0)", "f = hard_step(x) * x"):
        problem = {"given": {"x": 2.0}, "mapping": [line], "definitions": OWN["definitions"], "questions": []}
        with pytest.raises(CannotCheck, match="second derivative"):
            recompute(stated_point(problem), {"ask": "hessian", "of": "f", "wrt": "x"})


@pytest.mark.parametrize("order", [1, 2, 3, 6])
def test_higher_derivatives_of_tanh(order: int) -> None:
    problem: Json = {"given": {"x": 1.0}, "mapping": ["f = tanh(x)"], "questions": []}
    asked_for = {"ask": "derivative", "of": "f", "wrt": "x", "order": order}
    own = recompute(stated_point(problem), asked_for)
    t = np.tanh(1.0)
    polynomials = {1: 1 - t**2, 2: -2 * t * (1 - t**2), 3: (1 - t**2) * (6 * t**2 - 2)}
    polynomials[6] = (1 - t**2) * (-272 * t + 960 * t**3 - 720 * t**5)
    assert own == pytest.approx(polynomials[order], rel=1e-9)
