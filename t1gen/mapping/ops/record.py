"""What an operation is: one record, with its rules as text in the mapping language."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from t1gen.errors import LanguageError
from t1gen.mapping.program import Shape

Texts = tuple[str | None, ...]
Infer = Callable[..., tuple[Shape, dict[str, Any]]]
Example = tuple[str, dict[str, Shape]]


@dataclass(frozen=True)
class Op:
    """One operation: its shape rule, forward, derivative and notation.

    In the rule texts A, B, ... are the parents, `y` the output, `v` the cotangent; the statics of the step (axis,
    index ...) and what `bind` adds (per parent) may be named. None is a parent whose gradient is zero everywhere.

    `infer(*shapes, **statics)` gives the shape and the normalised statics, or raises LanguageError.
    `forward(*arrays, **statics)` runs on arrays whose last axis is the batch; where `structural`, on arrays of any
    objects. `local` holds one local derivative a parent (elementwise operations; the edge is then `v * local`), `vjp`
    one text a parent, by ranks of the parents where it is a dict; an
    elementwise operation that states neither gets sympy's derivative. `equal` lists other rules of the same value.
    `definition` says the forward in simpler operations (for sympy and mpmath; a text, or one made from the shapes and
    statics); without it, a non-structural operation is the function of that name, or of the
    name `primitive`, in both.
    `kinks` are texts whose sign decides a branch; `guards` are divided by, or their logarithm is taken.
    What `passes` only moves entries or signs, so nobody rounds it; sizes that `pins` uses cannot shrink in proofs; what
    `selects` takes indices from values; `frozen` is declared constant, its gradient zero, and proofs hold it fixed; a
    `surrogate` has another gradient than its value by design, and proofs take it for a copy;
    `custom` was declared by a bank.
    `domain` bounds test values a parent; `examples` are calls that the property tests run (elementwise ones need none).
    """

    name: str
    infer: Infer
    forward: Callable[..., Any]
    arity: int = 1
    statics: tuple[str, ...] = ()
    local: Texts | None = None
    vjp: Texts | Mapping[tuple[int, ...], Texts] | Callable[[int], Texts] | None = None
    equal: tuple[Texts, ...] = ()
    bind: Callable[..., dict[str, Any]] | None = None
    structural: bool = False
    exact: bool = False
    definition: str | Callable[..., str] | None = None
    primitive: str = ""
    kinks: tuple[str, ...] = ()
    guards: tuple[str, ...] = ()
    pins: bool = False
    passes: bool = False
    selects: bool = False
    frozen: bool = False
    surrogate: bool = False
    custom: bool = False
    infix: tuple[str, int] | None = None
    latex: str | Callable[..., str] | None = None
    domain: tuple[tuple[float, float], ...] = ()
    examples: tuple[Example, ...] = ()

    def rules(self, ranks: tuple[int, ...]) -> Texts:
        """The VJP texts for parents of these ranks."""
        if isinstance(self.vjp, Mapping):
            return self.vjp[ranks]
        return self.vjp(len(ranks)) if callable(self.vjp) else self.vjp or ()


def broadcast(*shapes: Shape) -> Shape:
    """NumPy's broadcasting of shapes; raises LanguageError that names them."""
    rank = max((len(s) for s in shapes), default=0)
    padded = [(1,) * (rank - len(s)) + s for s in shapes]
    out = []
    for sizes in zip(*padded, strict=True):
        wide = {n for n in sizes if n != 1}
        if len(wide) > 1:
            raise LanguageError(f"shapes {' and '.join(map(str, shapes))} do not fit together")
        out.append(wide.pop() if wide else 1)
    return tuple(out)


def elementwise_shape(*shapes: Shape, **statics: Any) -> tuple[Shape, dict[str, Any]]:
    return broadcast(*shapes), statics
