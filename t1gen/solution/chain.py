"""The chain rule along the lines between two quantities: dL/dw = dL/dq dq/dz dz/dw, with the shapes of its factors."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import prod

from t1gen.documents.blocks import Math
from t1gen.mapping.notation import latex_name, latex_partial
from t1gen.mapping.program import Program
from t1gen.mapping.sweep import rules

LONG = 8
"""The most factors that are written out."""


@dataclass(frozen=True)
class Chain:
    """The way from an input towards the output, as far as each quantity is used by one line only.

    `path` has the quantities from the last one, the output or one whose derivative is taken as it is, to the input;
    `users` are the lines that use the last one, where it is no output and not known: what they send back is added.
    """

    mapping: Program
    of: str
    path: tuple[str, ...]
    users: tuple[str, ...] = ()

    def product(self) -> Math | None:
        """`dL/dw = dL/dz dz/dw`; None where there is nothing to multiply."""
        head = [] if self.path[0] == self.of else [partial(self.of, self.path[0])]
        factors = [*head, *(partial(a, b) for a, b in zip(self.path, self.path[1:], strict=False))]
        if not 2 <= len(factors) <= LONG:
            return None
        left = partial(self.of, self.path[-1])
        return Math(rf"{left.latex} = " + r"\,".join(f.latex for f in factors),
                    f"{left.plain} = " + " ".join(f.plain for f in factors))  # fmt: skip

    def total(self, shares: Sequence[Math]) -> Math | None:
        """`dL/dz = dL/da da/dz + dL/db db/dz` over the lines that use z; `shares` are the output's own."""
        last = self.path[0]
        terms: list[Math] = []
        for user in self.users:
            if user == self.of and not shares:
                return None
            if user == self.of:
                terms += shares
            else:
                a, b = partial(self.of, user), partial(user, last)
                terms.append(Math(rf"{a.latex}\,{b.latex}", f"{a.plain} {b.plain}"))
        if len(terms) < 2 or len(terms) > LONG:
            return None
        left = partial(self.of, last)
        return Math(f"{left.latex} = " + " + ".join(t.latex for t in terms),
                    f"{left.plain} = " + " + ".join(t.plain for t in terms))  # fmt: skip

    def shapes(self) -> Math | None:
        """`(1 x 2) = (1 x 3)(3 x 2)`: the Jacobians of the product; None where all are numbers."""
        path = self.path if self.path[0] == self.of else (self.of, *self.path)
        if all(self.mapping.shape(n) == () for n in path):
            return None
        sizes = [prod(self.mapping.shape(n)) for n in path]
        pairs = list(zip(sizes, sizes[1:], strict=False))
        return Math(
            _sized(sizes[0], sizes[-1], r" \times ") + " = " + r"\,".join(_sized(*p, r" \times ") for p in pairs),
            _sized(sizes[0], sizes[-1], " x ") + " = " + " ".join(_sized(*p, " x ") for p in pairs),
        )


def _sized(m: int, k: int, times: str) -> str:
    return f"({m}{times}{k})"


def partial(of: str, wrt: str) -> Math:
    return over(named(of), named(wrt))


def named(name: str) -> Math:
    return Math(latex_name(name), name)


def over(of: Math, wrt: Math) -> Math:
    """`dz/dx`."""
    return Math(latex_partial(of.latex, wrt.latex), f"d{of.plain}_d{wrt.plain}")


def chain(mapping: Program, of: str, wrt: str, known: Collection[str] = ()) -> Chain:
    """The way from `wrt` towards `of`; it ends at the first quantity whose derivative is `known`, or that fans out."""
    into = _uses(mapping, of)
    path: tuple[str, ...] = (wrt,)
    while True:
        last, users = path[0], into.get(path[0], ())
        if last == of or (last in known and last != wrt):
            return Chain(mapping, of, path)
        if len(users) != 1:
            return Chain(mapping, of, path, tuple(users))
        path = (users[0], *path)


def _uses(mapping: Program, of: str) -> dict[str, list[str]]:
    """For every quantity the lines that use it, where the output depends on them."""
    out: dict[str, list[str]] = {}
    reached = mapping.ancestors([of])
    for step in mapping:
        if step.name in reached and not step.unnamed and step.op not in ("given", "const"):
            for source in sorted(_sources(mapping, step.name)):
                out.setdefault(source, []).append(step.name)
    return out


def _sources(mapping: Program, line: str) -> set[str]:
    """The named quantities to which a line sends something back."""
    out, todo = set[str](), [line]
    while todo:
        step = mapping[todo.pop()]
        for name, rule in zip(step.args, rules(mapping, step, 0), strict=True):
            if rule is not None and mapping[name].op != "const":
                (todo.append if mapping[name].unnamed else out.add)(name)
    return out


def nested(mapping: Program, of: str, wrt: str, seed: Math) -> Math | None:
    """`vjp_z(vjp_y(v, z), x)` along the only way from `of` back to `wrt`; None where there are several, or one line."""
    path = chain(mapping, of, wrt).path
    if path[0] != of or not 3 <= len(path) <= 5:
        return None
    out = seed
    for line, source in zip(path, path[1:], strict=False):
        out = call(named(line), out, named(source))
    return out


def call(line: Math, v: Math, source: Math) -> Math:
    """`vjp_z(v, y)`: the VJP function of the line that computes z."""
    latex = rf"\operatorname{{vjp}}_{{{line.latex}}}\left({v.latex},\, {source.latex}\right)"
    return Math(latex, f"vjp_{line.plain}({v.plain}, {source.plain})")
