"""Random layers, one at a time and in chains: elementwise, linear, structural and reducing ones."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from t1gen.banks import Given
from t1gen.errors import BankError
from t1gen.mapping.program import Shape
from t1gen.mapping.reader import read
from t1gen.problems.built import Built, check_names, draw, size, some, whole
from t1gen.problems.draws import Stream

FAMILIES = ("elementwise", "linear", "structural", "reduction")
ELEMENTWISE = ("sigmoid", "tanh", "relu", "exp", "sin", "cos", "square", "cube", "double", "negative", "softplus")
_WRITTEN = {"square": "{x} ** 2", "cube": "{x} ** 3", "double": "2 * {x}", "negative": "-{x}"}


@dataclass(frozen=True)
class Layer:
    """A right-hand side over `{x}`, and the weights that it takes with their shapes."""

    text: str
    weights: Mapping[str, Shape]


def _elementwise(shape: Shape, weight: str, options: Mapping[str, Any], stream: Stream) -> Layer:
    name = stream.choice(some(options, "functions", ELEMENTWISE))
    return Layer(_WRITTEN.get(name, f"{name}({{x}})"), {})


def _linear(shape: Shape, weight: str, options: Mapping[str, Any], stream: Stream) -> Layer:
    n, m = shape[0], size(options.get("size", [2, 3]), stream)
    bias = f"b_{weight}"
    return stream.choice([
        Layer(f"{weight} @ {{x}}", {weight: (m, n)}),
        Layer(f"{{x}} @ {weight}", {weight: (n, m)}),
        Layer(f"{weight} @ {{x}} + {bias}", {weight: (m, n), bias: (m,)}),
        Layer(f"{weight}.T @ {{x}}", {weight: (n, m)}),
    ])  # fmt: skip


def _structural(shape: Shape, weight: str, options: Mapping[str, Any], stream: Stream) -> Layer:
    n, diagonal = shape[0], f"d_{weight}"
    order = stream.sample(range(n), n)
    choices = [Layer(f"diag({diagonal}) @ {{x}}", {diagonal: (n,)}), Layer("diag({x})", {}), Layer("tile({x}, 2)", {}),
               Layer("concatenate(({x}, {x}))", {})]  # fmt: skip
    if n > 1:
        parts = ("::2", "1::2", "::-1", "1:", ":-1", str(order))
        choices += [Layer(f"{{x}}[{part}]", {}) for part in parts]
    if n % 2 == 0:
        choices.append(Layer(f"reshape({{x}}, ({n // 2}, 2))", {}))
    return stream.choice(choices)


def _reduction(shape: Shape, weight: str, options: Mapping[str, Any], stream: Stream) -> Layer:
    return stream.choice([
        Layer("sum({x})", {}), Layer("mean({x})", {}), Layer("{x} @ {x}", {}), Layer("norm({x})", {}),
        Layer("sum({x} ** 2) / 2", {}), Layer("c @ {x}", {"c": shape}),
    ])  # fmt: skip


_MAKERS: Mapping[str, Callable[[Shape, str, Mapping[str, Any], Stream], Layer]] = {
    "elementwise": _elementwise, "linear": _linear, "structural": _structural, "reduction": _reduction,
}  # fmt: skip


def build_layer(options: dict[str, Any], stream: Stream) -> Built:
    """`y = layer(x)` and a cotangent v in the shape of y."""
    check_names(options, ("family", "functions", "size", "draw"))
    family = stream.choice(some(options, "family", FAMILIES))
    n = size(options.get("size", [2, 4]), stream)
    layer = _MAKERS[family]((n,), "A", options, stream)
    shapes = {**layer.weights, "x": (n,)}
    mapping = f"y = {layer.text.format(x='x')}"
    shapes["v"] = read(mapping, {k: s for k, s in shapes.items() if k != "v"}).shape("y")
    given = {name: Given(shape, draw(options)) for name, shape in shapes.items()}
    return Built(given, mapping, {"inputs": [*layer.weights, "x"]})


def build_chain(options: dict[str, Any], stream: Stream) -> Built:
    """x through several layers; where the last family is `reduction`, the last layer is one and gives L."""
    check_names(options, ("layers", "families", "functions", "size", "draw"))
    count = whole(options, "layers", 3, (1, 6))
    families = some(options, "families", FAMILIES)
    closing = families[-1] == "reduction"
    inner = [f for f in families if f != "reduction"]
    if count > closing and not inner:
        raise BankError("a chain of several layers needs families other than 'reduction'")
    shapes: dict[str, Shape] = {"x": (size(options.get("size", [2, 3]), stream),)}
    lines: list[str] = []
    before, names = "x", [*"yzrstu"[: count - closing], *("L" * closing)]
    for i, name in enumerate(names):
        family = "reduction" if name == "L" else stream.choice(inner)
        here = read("\n".join(lines), shapes).shape(before) if lines else shapes["x"]
        if len(here) != 1:
            raise BankError("a chain's layers stay vectors; leave 'structural' away or take other sizes")
        layer = _MAKERS[family](here, "ABCDEF"[i], options, stream)
        if "diag({x})" in layer.text or "reshape(" in layer.text:
            layer = Layer("tile({x}, 2)", {})
        shapes |= layer.weights
        lines.append(f"{name} = {layer.text.format(x=before)}")
        before = name
    given = {n: Given(s, draw(options, "nonzero(-2, 2)")) for n, s in shapes.items()}
    return Built(given, "\n".join(lines), {"inputs": ["x"], "layers": [n for n in names if n != "L"]})
