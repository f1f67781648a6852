"""The rows of the lecture that the test examines, and the items of a row that are asked apart: what `covers:` names."""

import re
from collections.abc import Iterable, Mapping

from t1gen.errors import near

ROWS: Mapping[str, str] = {
    "1": "linear classifier",
    "2": "neuron",
    "3": "logistic loss, two forms",
    "4": "local gradients on a scalar graph",
    "5": "derivative of the sigmoid in terms of its output",
    "6": "gradient from several samples",
    "7": "gradient descent",
    "8": "reading a training loop",
    "9": "backpropagation in vector form",
    "10": "VJP functions of elementwise layers",
    "11": "a loss layer that sums",
    "12": "composing VJPs",
    "13": "Jacobian shapes along a chain",
    "14": "a custom autograd.Function",
    "15": "hard step with the sigmoid's gradient",
    "16": "when to define one's own backward",
    "17": "inefficient autodiff: x @ x.T",
    "18": "implicit gradients, unrolled ODE steps",
    "19": "fully connected network",
    "20": "the 4-3-3-1 network",
    "21": "a VJP that keeps the shape",
    "22": "matrix functions: the full Jacobian avoided",
    "23": "diag",
    "24": "select every even element",
    "25": "passes of reverse and forward mode",
    "26": "Jacobian-vector products",
    "27": "symbolic, numeric and automatic differentiation",
    "28": "under-, over- and good fit",
    "29": "draw the graph",
}

ITEMS: Mapping[str, str] = {
    "7a": "one step", "7b": "k steps",
    "8a": "predict the printed w, NumPy", "8b": "find the wrong line", "8c": "fill in the gradient",
    "8d": "predict, PyTorch",
    "10a": "expression", "10b": "numbers", "10c": "multiplications",
    "12a": "values at each stage", "12b": "the algorithm in order",
    "18a": "argmin", "18b": "fixed point", "18c": "Euler steps",
    "19a": "forward", "19b": "parameter counts", "19c": "from neurons to matrices",
    "20a": "Jacobian shapes", "20b": "dL/du, dL/dV, dL/dW", "20c": "the 4-3-1 network",
    "21a": "in the shape of W", "21b": "as a row",
    "22a": "shape", "22b": "entries", "22c": "VJP",
    "23a": "diag(x)", "23b": "diag(x) @ y",
    "25a": "passes", "25b": "multiplications", "25c": "which is cheaper",
    "26a": "numbers", "26b": "expression",
    "27a": "told apart", "27b": "central difference",
    "29a": "from an expression", "29b": "from NumPy code", "29c": "from words",
}  # fmt: skip


def row_of(item: str) -> str:
    """`8a` is of row 8."""
    return re.sub(r"[a-z]$", "", item)


def unknown(covers: Iterable[str]) -> str:
    """What is wrong with a list of rows and items, empty where nothing is."""
    known = [*ROWS, *ITEMS]
    for item in covers:
        if item not in known:
            return f"the lecture has no row '{item}'{near(item, known)} (rows 1 to {len(ROWS)}, items such as 8a)"
    return ""


def coverage(covered: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    """For every row the problems that cover it; `covered` gives for a problem what it covers."""
    found: dict[str, list[str]] = {row: [] for row in ROWS}
    for problem, items in covered.items():
        for row in dict.fromkeys(map(row_of, items)):
            found[row].append(problem)
    return found
