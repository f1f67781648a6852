"""Random structure: what builders draw is what their options say, and reads as a mapping."""

from typing import Any

import pytest

from t1gen.banks import Bank, Problem
from t1gen.errors import BankError
from t1gen.exam import Maker, Plan
from t1gen.files import Student
from t1gen.mapping.reader import read
from t1gen.problems.built import Built
from t1gen.problems.draws import Stream, key
from t1gen.problems.instance import BUILDERS, Source, shapes_of
from t1gen.problems.layers import ELEMENTWISE, FAMILIES


def built(count: int = 60, **options: Any) -> list[Built]:
    return [BUILDERS[options["name"]](options, Stream(key("builders", str(i)))) for i in range(count)]


@pytest.mark.parametrize(
    "options",
    [
        {"name": "layer"},
        *({"name": "layer", "family": family} for family in FAMILIES),
        {"name": "chain"},
        {"name": "chain", "layers": 4, "families": ["elementwise", "linear", "structural", "reduction"]},
        {"name": "chain", "layers": 1, "families": ["reduction"]},
        {"name": "chain", "layers": 6, "families": ["elementwise", "linear"]},
        {"name": "network"},
        {"name": "network", "sizes": [[2, 4], [2, 3], [2, 3], 1], "bias": True},
        {"name": "network", "sizes": [3, [2, 4]], "loss": "none"},
        {"name": "network", "loss": "squared", "activations": ["tanh"]},
        {"name": "expression", "steps": 7, "inputs": 3, "fan_out": 2},
    ],
)
def test_what_is_built_reads_and_uses_all_that_is_given(options: dict[str, Any]) -> None:
    seen = set()
    for one in built(**options):
        shapes = shapes_of(one.given)
        program = read(one.mapping, shapes)
        used = program.ancestors(program.named)
        assert set(shapes) - used <= {"v"}, one.mapping
        assert all(name in program for names in one.groups.values() for name in names)
        if "v" in shapes:
            assert shapes["v"] == program.shape(program.output)
        seen.add((one.mapping, str(shapes)))
    assert len(seen) >= (1 if options.get("loss") == "squared" else 3), "nothing but numbers would differ"


def test_a_layer_is_of_its_family() -> None:
    assert {len(read(b.mapping, shapes_of(b.given))["y"].shape) for b in built(name="layer", family="reduction")} == {0}
    names = {b.mapping for b in built(200, name="layer", family="elementwise")}
    assert len(names) == len(ELEMENTWISE)
    assert {b.mapping for b in built(name="layer", family="elementwise", functions=["tanh"])} == {"y = tanh(x)"}


def test_a_chain_has_its_layers_and_ends_as_told() -> None:
    for one in built(name="chain", layers=4, families=["linear", "reduction"]):
        assert one.mapping.count("\n") == 3 and one.groups["layers"] == ["y", "z", "r"]
        assert read(one.mapping, shapes_of(one.given)).shape("L") == ()
    for one in built(name="chain", layers=3, families=["elementwise"]):
        assert one.groups["layers"] == ["y", "z", "r"] and "L" not in one.mapping


def test_a_network_has_its_sizes() -> None:
    sizes = set()
    for one in built(name="network", sizes=[4, [2, 3], 1]):
        shapes = shapes_of(one.given)
        sizes.add(shapes["W1"])
        assert shapes["x"] == (4,) and shapes["u"] == shapes["W1"][:1] and one.groups["weights"] == ["W1", "u"]
    assert sizes == {(2, 4), (3, 4)}


@pytest.mark.parametrize(("bound", "most"), [("depth", 3), ("width", 2), ("multiplications", 1)])
def test_an_expression_keeps_its_bounds(bound: str, most: int) -> None:
    options = {"name": "expression", "inputs": 3, "steps": 5, bound: most, "operations": ["+", "*", "exp"]}
    for one in built(20, **options):
        if bound == "multiplications":
            assert one.mapping.count(" * ") <= most
        program = read(one.mapping, shapes_of(one.given))
        depth: dict[str, int] = {}
        for step in program:
            depth[step.name] = 1 + max((depth[a] for a in step.args), default=-1)
        levels = [depth[n] for n in program.named]
        assert max(levels) <= most if bound == "depth" else True
        assert max(map(levels.count, levels)) <= most if bound == "width" else True


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"name": "layer", "famly": "linear"}, "did you mean 'family'"),
        ({"name": "layer", "family": "liner"}, "did you mean 'linear'"),
        ({"name": "layer", "functions": ["tahn"]}, "did you mean 'tanh'"),
        ({"name": "layer", "size": 0}, "size"),
        ({"name": "layer", "size": [3, 2]}, "size"),
        ({"name": "layer", "size": "big"}, "size"),
        ({"name": "layer", "draw": 5}, "draw"),
        ({"name": "chain", "layers": 0}, "from 1 to 6"),
        ({"name": "chain", "layers": 9}, "from 1 to 6"),
        ({"name": "chain", "layers": 3, "families": ["reduction"]}, "other than 'reduction'"),
        ({"name": "network", "sizes": [3]}, "2 to 5 sizes"),
        ({"name": "network", "sizes": [3, 2]}, "ends in one neuron"),
        ({"name": "network", "loss": "hinge"}, "logistic, squared, none"),
        ({"name": "network", "activations": ["relu", "gelu"]}, "gelu"),
    ],
)
def test_a_builder_told_nonsense_says_so(options: dict[str, Any], says: str) -> None:
    with pytest.raises(BankError, match=says):
        for i in range(20):
            BUILDERS[options["name"]](options, Stream(key("nonsense", str(i))))


def problem(**more: Any) -> Problem:
    told = {"id": "one", "title": "One", "competence": "vjp", "points": 2, "minutes": 5, **more}
    return Problem(**told)


def test_groups_stand_for_their_names() -> None:
    made = problem(
        builder={"name": "network", "sizes": [2, 2, 1]},
        ask=({"gradient": {"wrt": "$weights"}}, {"forward": {"of": ["L", "$layers"]}}),
    )
    [instance] = Source(made).draw([b"k"])
    asked = [(a.quantity.ask, a.quantity.of, a.quantity.wrt) for a in instance.structure.asked]
    assert asked == [("gradient", "L", "W1"), ("gradient", "L", "u"), ("forward", "L", ""), ("forward", "h1", ""),
                     ("forward", "z", "")]  # fmt: skip


def test_an_unknown_group_has_a_near_match() -> None:
    made = problem(builder={"name": "network"}, ask=({"gradient": {"wrt": "$weihgts"}},))
    with pytest.raises(BankError, match=r"no group '\$weihgts'; did you mean '\$weights'"):
        Source(made).draw([b"k"])


def test_every_student_gets_a_structure_of_their_own() -> None:
    made = problem(builder={"name": "layer", "family": "elementwise"}, ask=({"vjp": {"wrt": "$inputs"}},))
    bank = Bank(id="b", title="B", minutes=9, problems=(made,))
    tests = Maker(Plan(bank, "s", "e")).tests([Student(f"s{i}", "") for i in range(20)])
    assert len({e.problems[0].mapping[0] for e, _ in tests}) > 4
