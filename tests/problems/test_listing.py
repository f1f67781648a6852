"""Listings: what is printed, what is refused. That they run and print the key is held by tests/independent/."""

from typing import Any

import pytest

from t1gen.banks import Given, Listing, Problem
from t1gen.errors import BankError
from t1gen.problems.draws import key
from t1gen.problems.instance import Instance, Source

LOOP = "z = X @ w\np = sigmoid(y * z)\nL = -sum(log(p))"
LINE = {"wrong-line": {}}
FORMULA = {"gradient": {"wrt": "w", "kind": "expression"}}
STEP = {"step": {"wrt": "w", "rate": "alpha", "steps": 2}}


def instances(listing: dict[str, Any], asks: list[Any], mapping: str = LOOP, count: int = 1) -> list[Instance]:
    given = {"X": Given((2, 2), "nonzero(-2, 2)"), "w": Given((2,), "nonzero(-2, 2)"),
             "y": Given((2,), "choice(-1, 1)"), "alpha": Given((), "choice(0.1, 0.2)"),
             "v": Given((2,), "nonzero(-2, 2)")}  # fmt: skip
    made = Problem(id="made", title="M", competence="vjp", points=len(asks), minutes=5, mapping=mapping, given=given,
                   ask=tuple(asks), listing=Listing(**listing))  # fmt: skip
    return Source(made).draw([key("listing", str(i)) for i in range(count)])


def text(listing: dict[str, Any], asks: list[Any], mapping: str = LOOP) -> str:
    [instance] = instances(listing, asks, mapping)
    assert instance.listing is not None
    return instance.listing.text


def test_a_numpy_loop_writes_its_gradient_out() -> None:
    shown = text({"code": "numpy"}, [STEP])
    for line in ("import numpy as np", "def sigmoid(x):", "for iteration in range(2):", "    dL_dw = X.T @ dL_dz",
                 "    w = w - alpha * dL_dw", "print(w)"):  # fmt: skip
        assert line in shown.split("\n")
    assert "v" not in [line.partition(" = ")[0] for line in shown.split("\n")], "what is not read is not printed"


def test_a_torch_loop_leaves_the_gradient_to_autograd() -> None:
    shown = text({"code": "torch"}, [STEP])
    for line in ("import torch", "    dL_dw, = torch.autograd.grad(L, [w])", "    with torch.no_grad():",
                 "        w = w - alpha * dL_dw", "    w.requires_grad_()", "print(w.detach())"):  # fmt: skip
        assert line in shown.split("\n")
    assert "requires_grad=True)" in shown and "torch.sigmoid(y * z)" in shown and "dL_dz" not in shown


def test_a_loop_prints_after_every_count_that_is_asked_for() -> None:
    one = {"step": {"wrt": "w", "rate": "alpha", "steps": 1}}
    assert text({}, [one]).split("\n")[-1] == "print(w)" and "for " not in text({}, [one])
    assert text({}, [one, STEP]).split("\n")[-1] == "    print(w)"
    assert text({}, [STEP]).split("\n")[-1] == "print(w)"


def test_without_a_step_the_mapping_is_printed() -> None:
    shown = text({}, ["L"]).split("\n")
    assert shown[-4:] == ["z = X @ w", "p = sigmoid(y * z)", "L = -np.sum(np.log(p))", "print(L)"]


def test_a_blank_is_one_line() -> None:
    asks = [STEP, {"gradient": {"wrt": "w", "kind": "expression"}}]
    shown = text({"blank": "dL_dw"}, asks).split("\n")
    assert [line for line in shown if "____" in line] == ["    dL_dw = ____"]


def test_a_function_saves_what_its_backward_needs() -> None:
    asks = [{"vjp": {"wrt": ["w", "y"], "with": "v"}}]
    whole = text({"code": "torch", "form": "function"}, asks, "z = y * w ** 2")
    assert "    def forward(ctx, w, y):" in whole and "        return v * y * (2 * w), v * w**2" in whole
    formula = [{"vjp": {"wrt": ["w", "y"], "with": "v", "kind": "expression"}}]
    blank = text({"code": "torch", "form": "function", "blank": "backward"}, formula, "z = y * w ** 2")
    assert blank.split("\n")[-1] == "        return ____"


def test_every_line_of_the_backward_pass_may_be_the_wrong_one() -> None:
    found = {}
    for instance in instances({"wrong": True}, [{"wrong-line": {}}, STEP], count=60):
        listing = instance.listing
        assert listing is not None
        line = listing.lines[listing.wrong - 1]
        assert line.text.strip() != listing.mended and line.name == listing.mended.partition(" = ")[0]
        found[line.name] = found.get(line.name, 0) + 1
    assert set(found) == {"dL_dp", "dL_dz", "w"} or set(found) >= {"dL_dz", "w"}
    assert min(found.values()) >= 60 / len(found) / 3


@pytest.mark.parametrize(
    ("listing", "asks", "mapping", "says"),
    [
        ({"code": "nmupy"}, ["L"], LOOP, "did you mean 'numpy'"),
        ({"form": "lop"}, ["L"], LOOP, "did you mean 'loop'"),
        ({"form": "loop"}, ["L"], LOOP, "needs a 'step'"),
        ({"form": "function"}, [{"vjp": {"of": "z", "wrt": "w", "with": "v"}}], "z = X @ w", "code: torch"),
        ({"code": "torch", "form": "function"}, ["L"], LOOP, "needs the vjp of every input"),
        ({"blank": "dL_dv"}, [STEP, FORMULA], LOOP, "no line assigns 'dL_dv'"),
        ({"blank": "dL_dw"}, [STEP], LOOP, "nothing asks for the blank 'dL_dw' as a formula"),
        ({"blank": "dL_dz"}, [STEP, FORMULA], LOOP, "nothing asks for the blank 'dL_dz'"),
        ({"wrong": True}, ["L", LINE], LOOP, "'wrong' is not possible"),
        ({"wrong": True}, [STEP], LOOP, "go together"),
        ({}, [STEP, LINE], LOOP, "go together"),
        ({"wrong": True, "blank": "dL_dw"}, [STEP, LINE, FORMULA], LOOP, "without a blank"),
        ({"wrong": True, "code": "torch"}, [STEP, LINE], LOOP, "one of a NumPy listing"),
        ({"code": "torch"}, ["m"], "m = sum(cumsum(w) + erf(w)) + 0 * logabsdet(X)", "no spelling in PyTorch"),
        ({}, ["u"], "u = fixed_point(lambda s: tanh(0.1 * s + alpha), 0)", "no listing prints"),
    ],
)
def test_a_listing_that_cannot_be_is_refused(listing: dict[str, Any], asks: list[Any], mapping: str, says: str) -> None:
    with pytest.raises(BankError, match="made: .*listing cannot be printed") as error:
        instances(listing, asks, mapping)[0].listing  # noqa: B018
    assert says in str(error.value)
