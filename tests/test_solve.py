"""The calculator: the course's worked example, every published question, and what it says where it cannot answer."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from click.testing import CliRunner, Result
from published_numpy import forward, value

from t1gen.calculator import Calculation, read_given
from t1gen.cli import main

NEURON = "z = w @ x; p = sigmoid(y*z); L = -log(p)"
GIVEN = "w=[-1,1]; x=[2,1]; y=-1"
PUBLISHED = {q["id"]: q for q in yaml.safe_load((Path(__file__).parent / "published.yaml").read_text(encoding="utf-8"))}

def solve(*arguments: str, text: str | None = None) -> Result:
    return CliRunner().invoke(main, ["solve", *arguments], input=text)


def asks(*arguments: str, code: int = 0, text: str | None = None) -> dict[str, Any]:
    """The answers that `solve --json` prints."""
    done = solve(*arguments, "--json", text=text)
    assert done.exit_code == code, done.output
    printed = json.loads(done.stdout)
    assert set(printed) == {"asks"}
    answers: dict[str, Any] = printed["asks"]
    return answers


# the worked example of the course


def test_the_worked_example_comes_out() -> None:
    phrases = ["z", "p", "L", "dL/dw", "sigmoid_of_z"]
    mapping = NEURON + "; s = sigmoid(z)"
    found = asks(mapping, "--given", GIVEN, *(a for p in [*phrases[:4], "s"] for a in ("--ask", p)))
    shown = {p: np.round(found[p]["value"], 3).tolist() for p in found}
    assert shown == {"z": -1, "p": 0.731, "L": 0.313, "dL/dw": [0.538, 0.269], "s": 0.269}


def test_the_printed_example_shows_forward_adjoints_gradient_and_graph() -> None:
    done = solve(NEURON, "--given", GIVEN, "--wrt", "w")
    assert done.exit_code == 0
    for part in ("Forward", "z = w @ x", "0.313262", "dL_dp", "dL_dz", "[0.537883, 0.268941]", "Graph", "w, x -> z"):
        assert part in done.stdout


# what --json looks like


def test_json_gives_value_shape_and_exact() -> None:
    found = asks("z = w @ x", "--given", "w=[0.5,1]; x=[2,1]", "--ask", "z", "--ask", "vjp of z wrt w with v=2")
    assert found["z"] == {"value": 2.0, "shape": [], "exact": "2"}
    assert found["vjp of z wrt w with v=2"] == {"value": [4.0, 2.0], "shape": [2], "exact": ["4", "2"]}


def test_a_phrase_comes_back_as_typed() -> None:
    phrase = "  vjp  of z wrt w   with v = 2 "
    assert list(asks("z = w @ x", "--given", "w=[1,1]; x=[2,1]", "--ask", phrase)) == [phrase]


def test_exact_is_null_where_a_step_is_not_rational() -> None:
    found = asks("y = exp(x); z = x / 3", "--given", "x=1", "--ask", "y", "--ask", "z", "--ask", "dz/dx")
    assert [found[p]["exact"] for p in ("y", "z", "dz/dx")] == [None, "1/3", "1/3"]


def test_wrt_of_an_array_output_gives_its_jacobian() -> None:
    found = asks("y = A @ x", "--given", "A=[[1,2],[3,4]]; x=[1,1]", "--wrt", "x")
    assert found["jacobian of y wrt x"]["value"] == [[1, 2], [3, 4]]


@pytest.mark.parametrize("phrase", ["graph", "edges"])
def test_the_graph_is_sorted_pairs_of_named_quantities(phrase: str) -> None:
    found = asks(NEURON, "--given", GIVEN, "--ask", phrase)[phrase]
    assert found["value"] == [["p", "L"], ["w", "z"], ["x", "z"], ["y", "p"], ["z", "p"]]


# each ask on its own


@pytest.mark.parametrize(
    ("phrase", "says"),
    [
        ("dL/dq", "the mapping has no 'q'"),
        ("nothing at all", "is not understood"),
        ("", "is not understood"),
        ("vjp of z wrt w with v=[1,2]", "shape"),
        ("vjp of z wrt w with v=", "is not understood"),
        ("w after 0 steps on L wrt w, alpha=0.1", "1 to 50 steps"),
        ("z after 1 step on L wrt z, alpha=0.1", "only given names can be moved"),
        ("__class__", "is not understood"),
        ("vjp of z wrt w with v=9**9**9", "numbers"),
        ("vjp of z wrt w with v=" + "[" * 100_000, ""),
    ],
)
def test_an_ask_that_fails_leaves_the_others_answered(phrase: str, says: str) -> None:
    found = asks(NEURON, "--given", GIVEN, "--ask", phrase, "--ask", "z", code=1)
    assert set(found[phrase]) == {"error"}
    assert says in found[phrase]["error"]
    assert found["z"]["value"] == -1


LEFT_TO_COUNT = {
    "jvp of L with dw=[1,0]": -0.537882842739990,
    "hessian of L wrt w": [[0.7864477329659274, 0.3932238664829637], [0.3932238664829637, 0.19661193324148185]],
    "hvp of L wrt w with u=[1,0]": [0.7864477329659274, 0.3932238664829637],
    "local dL/dp": -1.3678794411714423,
    "shape of z": [],
    "entries of jacobian of L wrt w": 2,
    "parameter count of (w, x)": 4,
    "forward-mode passes for jacobian of L wrt w": 2,
    "reverse-mode passes for jacobian of L wrt w": 1,
    "decision of z": -1,
}


@pytest.mark.parametrize("phrase", LEFT_TO_COUNT)
def test_every_phrase_of_the_language_is_answered(phrase: str) -> None:
    found = asks(NEURON, "--given", GIVEN, "--ask", phrase)[phrase]
    sign = -1 if phrase.startswith("jvp") else 1
    np.testing.assert_allclose(found["value"], sign * np.asarray(LEFT_TO_COUNT[phrase]), rtol=1e-12)


def test_a_shape_is_enough_where_no_value_is_needed() -> None:
    given = '{"W": {"shape": [3, 4]}, "x": {"shape": [4]}}'
    found = asks("y = W @ x", "--given", given, "--ask", "shape of jacobian of y wrt W", "--ask", "y", code=1)
    assert found["shape of jacobian of y wrt W"]["value"] == [3, 12]
    assert "has a shape only" in found["y"]["error"]


def test_a_quantity_that_nothing_depends_on_has_zero_gradient_with_a_note() -> None:
    found = asks("z = w * x; u = 2 * y", "--given", "w=1; x=2; y=3", "--ask", "dz/dy")["dz/dy"]
    assert found["value"] == 0
    assert "does not depend" in found["note"]


def test_a_gradient_between_arrays_offers_jacobian_and_vjp() -> None:
    error = asks("y = A @ x", "--given", "A=[[1,2],[3,4]]; x=[1,1]", "--ask", "dy/dx", code=1)["dy/dx"]["error"]
    assert "jacobian of y wrt x" in error and "vjp of y wrt x" in error


def test_a_value_that_is_not_finite_is_an_error_of_that_ask() -> None:
    found = asks("a = log(x); b = 2 * x", "--given", "x=0", "--ask", "a", "--ask", "b", code=1)
    assert "not finite" in found["a"]["error"]
    assert found["b"]["value"] == 0


def test_without_json_a_failing_ask_is_told_and_the_exit_code_is_1() -> None:
    done = solve(NEURON, "--given", GIVEN, "--ask", "dL/dq")
    assert done.exit_code == 1
    assert "the mapping has no 'q'" in done.output


# where mapping and givens come from


def test_the_mapping_is_read_from_standard_input() -> None:
    assert asks("-", "--given", "x=3", "--ask", "y", text="y = x ** 2\n")["y"]["value"] == 9


@pytest.mark.parametrize("given", ['{"x": [1, 2.5]}', "x=[1,2.5]", "x = [1, 2.5]", "x=[1,2.5];", "x=[1,\n2.5]"])
def test_givens_are_assignments_or_json(given: str) -> None:
    assert asks("y = 2 * x", "--given", given, "--ask", "y")["y"]["value"] == [2, 5]


@pytest.mark.parametrize("text", ['{"x": 0.1}', "x = 0.1\n", "\ufeffx = 0.1"])
def test_givens_are_read_from_a_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "given.txt").write_text(text, encoding="utf-8")
    assert asks("y = x", "--given", f"@{tmp_path / 'given.txt'}", "--ask", "y")["y"]["exact"] == "1/10"


@pytest.mark.parametrize(
    "given",
    [
        "x",
        "x=",
        "x=1; x=2",
        "x=y",
        "x=f(1)",
        "x=[1,[2]]",
        "x=[]",
        "x=1e999",
        "x=True",
        "x='a'",
        "x=1j",
        "x=NaN",
        "(x)=",
        "x,y=1,2",
        "x=y=1",
        "x+=1",
        "import os",
        "x=lambda: 1",
        "x=9**9**9",
        "x=" + "[" * 50_000,
        "_x=1",
        "sigmoid=1",
        "x=None",
        "{",
        "{}x",
        "[1]",
        '{"x": NaN}',
        '{"x": 1e999999}',
        '{"x": null}',
        '{"x": true}',
        '{"x": "1"}',
        '{"x": {}}',
        '{"x": []}',
        '{"x": [1, [2]]}',
        '{"": 1}',
        '{"a b": 1}',
        '{"x":' + "[" * 100_000,
        "@",
        "@/nowhere",
        "@/",
        "@/dev/zero",
        "x=1e999999",
        "x=1234567890123456789012345678901234567890e300",
        '{"x": 1234567890123456789012345678901234567890e300}',
        "x=\ud800",
        "x=1\0",
        '{"x": 1' + "0" * 5000 + "}",
        "x=-[1,2]*2",
    ],
)
def test_givens_that_cannot_be_read_are_refused(given: str) -> None:
    done = solve("y = 2 * x", "--given", given, "--ask", "y")
    assert done.exit_code in (1, 2), done.output
    assert done.exception is None or isinstance(done.exception, SystemExit), repr(done.exception)
    assert len(done.output) < 2000


@pytest.mark.parametrize(
    ("mapping", "says"),
    [
        ("y = x +", "line 1, column"),
        ("z = x\ny = x + q", "line 2, column 9"),
        ("y = A @ B", "(2, 3)"),
        ("y = sigmod(x)", "did you mean 'sigmoid'"),
        ("y = max(x, x)", "maximum"),
        ("x = 2", "assigned twice"),
        ("", "empty"),
        ("x", "only assignments"),
        ("y = x.__class__", "not part of the language"),
        ("y = __import__('os')", "unknown"),
        ("y = 9**9**9**9 * x", ""),
        ("y = " + "(" * 100_000, ""),
        ("y = " + "-" * 15_000 + "x", ""),
        ("y = x" + " + x" * 10_000, ""),
        ("y = [x for x in x]", "not part of the language"),
        ("y = broadcast_to(x, (10 ** 9,))", ""),
        ("y = broadcast_to(x, (1000000000,))", ""),
        ("y = x\0", ""),
        ("y = x\nimport os", "only assignments"),
    ],
)
def test_a_mapping_with_an_error_is_refused_and_pointed_at(mapping: str, says: str) -> None:
    done = solve(mapping, "--given", "x=1; A=[[1,2,3],[4,5,6]]; B=[[1,2]]", "--ask", "y")
    assert done.exit_code in (1, 2), done.output
    assert done.exception is None or isinstance(done.exception, SystemExit), repr(done.exception)
    assert says in done.output
    assert "Traceback" not in done.output


def test_shapes_stand_in_a_shape_error() -> None:
    done = solve("y = A @ B", "--given", "A=[[1,2,3],[4,5,6]]; B=[[1,2]]")
    assert done.exit_code == 2
    assert "(2, 3)" in done.output and "(1, 2)" in done.output


# all published questions


def is_shape(entry: Any) -> bool:
    return isinstance(entry, Mapping)


def drawn(entry: Any, dims: Mapping[str, int], rng: np.random.Generator) -> Any:
    """An input as nested lists: as published, or drawn where only its shape is."""
    if not is_shape(entry):
        return entry
    shape = [dims.get(n, n) for n in entry["shape"]]
    array = np.round(rng.uniform(-2, 2, shape), 3)
    match entry.get("constraint"):
        case None:
            return array.tolist()
        case "positive":
            return (np.abs(array) + 0.5).tolist()
        case "onehot":
            return np.eye(shape[-1])[rng.integers(0, shape[-1], shape[:-1])].tolist()
        case "spd":
            return np.round(array @ array.T + np.eye(shape[0]), 3).tolist()
        case "invertible":
            return (array + 3 * np.eye(shape[0])).tolist()
    raise AssertionError(f"unknown constraint in {entry}")


def inputs_of(question: Mapping[str, Any], seed: int = 0) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    return {n: drawn(e, question.get("test_dims", {}), rng) for n, e in question["inputs"].items()}


def wanted(question: Mapping[str, Any], inputs: Mapping[str, Any], phrase: str) -> Any:
    """The published answer: numbers, or its expression evaluated with numpy alone."""
    answer = question["answer"][phrase]
    if not isinstance(answer, str):
        return answer
    return value(answer, forward(question["mapping"], {n: np.asarray(v, dtype=float) for n, v in inputs.items()}))


def is_close(ours: Any, theirs: Any) -> bool:
    """Equal to 1e-9 relative to max(1, |v|), with the same shape."""
    right = np.asarray(theirs, dtype=float)
    return np.shape(ours) == right.shape and bool((np.abs(ours - right) <= 1e-9 * np.maximum(1, np.abs(right))).all())


def check(question: Mapping[str, Any], seed: int) -> list[str]:
    """What went wrong with a question at a seed: its errors, and the phrases whose value is not the published one."""
    inputs = inputs_of(question, seed)
    calculation = Calculation.of(question["mapping"], read_given(json.dumps(inputs)))
    failures = []
    for phrase in question["asked"]:
        answer = calculation.answer(phrase)
        if "error" in answer:
            failures.append(answer["error"])
            continue
        right = wanted(question, inputs, phrase)
        same = answer["value"] == right if phrase == "edges" else is_close(answer["value"], right)
        assert same, f"{phrase}: {answer['value']}, published is {right}"
        assert answer["shape"] == list(np.shape(right))
    return failures


def seeds(question: Mapping[str, Any]) -> range:
    return range(3 if any(is_shape(e) for e in question["inputs"].values()) else 1)


def test_the_collection_of_published_questions_is_whole() -> None:
    assert len(PUBLISHED) == 75


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_question_is_answered_right(name: str) -> None:
    for seed in seeds(PUBLISHED[name]):
        assert check(PUBLISHED[name], seed) == []


@pytest.mark.parametrize("name", ["cs231n-two-layer-net", "micrograd-lecture-L", "residual-block", "mc-quadratic-form"])
def test_a_published_question_is_answered_by_the_program(name: str) -> None:
    question = PUBLISHED[name]
    inputs = inputs_of(question)
    phrases = [a for p in question["asked"] for a in ("--ask", p)]
    found = asks("-", "--given", json.dumps(inputs), *phrases, text=question["mapping"])
    assert list(found) == question["asked"]
    for phrase, answer in found.items():
        right = wanted(question, inputs, phrase)
        assert answer["value"] == right if phrase == "edges" else is_close(answer["value"], right)
