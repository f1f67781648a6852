"""The chain rule along the paths between two quantities: dL/dw = dL/dq dq/dz dz/dw, with the shapes of its factors."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import prod

from t1gen.asks.local import direct
from t1gen.documents.blocks import Math
from t1gen.mapping.notation import latex_name
from t1gen.mapping.program import Program

PATHS, LONG = 4, 12
"""The most paths, and factors of all of them, that are written out; else what the next quantities send back is added."""

Path = tuple[str, ...]
"""Quantities from the output, or from one whose derivative is known, back to the input."""


@dataclass(frozen=True)
class Chain:
    """The paths from an output back to an input."""

    mapping: Program
    of: str
    wrt: str
    paths: tuple[Path, ...]

    @property
    def is_trivial(self) -> bool:
        """Whether there is nothing to multiply or add."""
        return len(self.paths) < 2 and all(len(self._factors(p)) < 2 for p in self.paths)

    def formula(self, left: Math | None = None, after: Math | None = None) -> Math:
        """`dL/dw = dL/dz dz/dw`, a sum where there are several paths; `after` is a last factor."""
        left = left or partial(self.of, self.wrt)
        terms = [self._factors(p) + ([after] if after else []) for p in self.paths]
        tex = " + ".join(r"\,".join(f.latex for f in term) for term in terms)
        plain = " + ".join(" ".join(f.plain for f in term) for term in terms)
        return Math(f"{left.latex} = {tex}", f"{left.plain} = {plain}")

    def _factors(self, path: Path) -> list[Math]:
        """The first factor is the derivative of the output, the others are those of single lines."""
        first = [] if path[0] == self.of else [partial(self.of, path[0])]
        return [*first, *(partial(a, b) for a, b in zip(path, path[1:], strict=False))]

    def shapes(self) -> Math | None:
        """`(1 x 2) = (1 x 3)(3 x 2)`: the Jacobians of the only path; None where all are numbers."""
        if len(self.paths) != 1 or all(self.mapping.shape(n) == () for n in self.paths[0]):
            return None
        path = self.paths[0] if self.paths[0][0] == self.of else (self.of, *self.paths[0])
        sizes = [prod(self.mapping.shape(n)) for n in path]
        pairs = [sizes[:1] + sizes[-1:], *(list(p) for p in zip(sizes, sizes[1:], strict=False))]
        return Math(
            _sized(pairs[0], r" \times ") + " = " + r"\,".join(_sized(p, r" \times ") for p in pairs[1:]),
            _sized(pairs[0], " x ") + " = " + " ".join(_sized(p, " x ") for p in pairs[1:]),
        )


def _sized(pair: list[int], times: str) -> str:
    return f"({pair[0]}{times}{pair[1]})"


def partial(of: str, wrt: str) -> Math:
    name = f"d{of}_d{wrt}"
    return Math(latex_name(name), name)


def chain(mapping: Program, of: str, wrt: str, known: Collection[str] = ()) -> Chain:
    """The paths from `of` back to `wrt`; each ends at the first quantity whose derivative is `known`."""
    into = _uses(mapping, of)
    found = _paths(into, of, wrt, set(known) - {wrt})
    if found is None or sum(map(len, found)) - len(found) > LONG:
        found = [(c, wrt) for c in into.get(wrt, ())]
    return Chain(mapping, of, wrt, tuple(found))


def _uses(mapping: Program, of: str) -> Mapping[str, list[str]]:
    """For every quantity the lines that use it, where the output depends on them."""
    out: dict[str, list[str]] = {}
    reached = mapping.ancestors([of])
    for step in mapping:
        if step.name in reached and not step.unnamed and step.op not in ("given", "const"):
            for source in sorted(direct(mapping, step.name)):
                out.setdefault(source, []).append(step.name)
    return out


def _paths(into: Mapping[str, list[str]], of: str, wrt: str, known: Collection[str]) -> list[Path] | None:
    """All paths; None where there are too many."""
    out, todo = list[Path](), [(wrt,)]
    while todo:
        path = todo.pop(0)
        for user in into.get(path[0], ()):
            longer = (user, *path)
            if user == of or user in known:
                out.append(longer)
            else:
                todo.append(longer)
        if len(out) > PATHS or len(todo) > 4 * PATHS:
            return None
    return out


def nested(mapping: Program, of: str, wrt: str, seed: Math) -> Math | None:
    """`vjp_z(vjp_y(v, z), x)` along the only path from `of` back to `wrt`; None where there are several or one line."""
    found = chain(mapping, of, wrt).paths
    if len(found) != 1 or not 3 <= len(found[0]) <= 5:
        return None
    latex, plain = seed.latex, seed.plain
    for line, source in zip(found[0], found[0][1:], strict=False):
        latex, plain = call(line, Math(latex, plain), source)
    return Math(latex, plain)


def call(line: str, v: Math, source: str) -> tuple[str, str]:
    """`vjp_z(v, y)`: the VJP function of the line that computes z."""
    latex = rf"\operatorname{{vjp}}_{{{latex_name(line)}}}({v.latex},\, {latex_name(source)})"
    return latex, f"vjp_{line}({v.plain}, {source})"
