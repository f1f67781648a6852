"""Random fully connected networks by layer sizes and activations."""

from typing import Any

from t1gen.banks import Given
from t1gen.errors import BankError
from t1gen.problems.built import Built, check_names, draw, size, some
from t1gen.problems.draws import Stream

ACTIVATIONS = ("sigmoid", "tanh", "relu")
LOSSES = ("logistic", "squared", "none")
MOST = 4


def build(options: dict[str, Any], stream: Stream) -> Built:
    """W1, h1, ... for every layer; a last layer of one neuron is z = u @ h. Labels t are -1 or +1."""
    check_names(options, ("sizes", "activations", "loss", "bias", "draw"))
    told = options.get("sizes", [3, 2, 1])
    if not isinstance(told, list) or not 2 <= len(told) <= MOST + 1:
        raise BankError(f"builder option 'sizes' is a list of 2 to {MOST + 1} sizes, each a number or [low, high]")
    sizes = [size(s, stream) for s in told]
    functions = some(options, "activations", ACTIVATIONS)
    loss = options.get("loss", "logistic")
    if loss not in LOSSES:
        raise BankError(f"builder option 'loss' is one of {', '.join(LOSSES)}, not {loss}")
    if loss != "none" and sizes[-1] != 1:
        raise BankError("a network with a loss ends in one neuron: the last size is 1")
    number = draw(options, "nonzero(-2, 2)")
    given, lines = {"x": Given((sizes[0],), number)}, []
    weights, layers, before = [], [], "x"
    for i, (n, m) in enumerate(zip(sizes, sizes[1:], strict=False), 1):
        last = m == 1 and i == len(sizes) - 1
        weight, bias, name = ("u", "c", "z") if last else (f"W{i}", f"b{i}", f"h{i}")
        given[weight] = Given((n,) if last else (m, n), number)
        right = f"{weight} @ {before}"
        weights.append(weight)
        if options.get("bias", False):
            given[bias] = Given(() if last else (m,), number)
            weights.append(bias)
            right += f" + {bias}"
        lines.append(f"{name} = {right}" if last else f"{name} = {stream.choice(functions)}({right})")
        layers.append(name)
        before = name
    if loss != "none":
        given["t"] = Given((), "choice(-1, 1)")
        lines.append("L = -log(sigmoid(t * z))" if loss == "logistic" else "L = (z - t) ** 2")
    return Built(given, "\n".join(lines), {"weights": weights, "layers": layers, "inputs": ["x"]})
