"""What a solution calls the steps of a tape: derivatives, and what a vector v becomes on its way back."""

from functools import lru_cache
from typing import Any

from t1gen.asks import Tape
from t1gen.documents.blocks import Math
from t1gen.mapping.nested import flat
from t1gen.mapping.notation import latex_name
from t1gen.mapping.program import Program, Step
from t1gen.problems.issued import Issued


class Names:
    """Names of the steps of a tape; most are their own, written as mathematics."""

    def __init__(self, tape: Tape) -> None:
        self.program = tape.program
        self.told: dict[str, Math] = {}
        for one in (tape, *tape.apart):
            for (_, seed), sweep in one.sweeps.items():
                if not is_one(one.program, seed):
                    for quantity, adjoint in sweep.adjoints.items():
                        self._tell(one.program, adjoint, sent_back(one.program, seed, quantity))
                    for quantity, edges in sweep.sums.items():
                        for k, edge in enumerate(edges, 1):
                            self._tell(one.program, edge, sent_back(one.program, seed, quantity, k))

    def _tell(self, program: Program, name: str, called: Math | None) -> None:
        """Name what a sweep made; a given or a literal stays what it is."""
        step = program[name]
        if called and not step.unnamed and step.role in ("edge", "sum", "inner", "local"):
            self.told.setdefault(name, called)

    def __call__(self, name: str) -> Math:
        if name not in self.told:
            self.told[name] = self._usual(name)
        return self.told[name]

    def _usual(self, name: str) -> Math:
        """A name as mathematics; the first of several paths to x as a power (1) of dL/dx, not as dL by an x_1."""
        total, _, path = name.rpartition("_")
        if path.isdigit() and total in self.program and name in leaves(self.program, self.program[total]):
            return Math(f"{latex_name(total)}^{{({path})}}", name)
        first = name.rstrip("0123456789")
        again = first != name and first in self.program and "_d" in first
        plain = first if again and name.rpartition("_d")[2] not in self.program else name
        return Math(latex_name(plain), plain)


@lru_cache(maxsize=256)
def names_of(issued: Issued) -> Names:
    return Names(issued.tapes[0])


def is_one(program: Program, seed: str) -> bool:
    """Whether a sweep starts with the number 1, so that it gives derivatives."""
    step = program[seed]
    return step.op == "const" and step.shape == () and step.static("value") == 1


def unit(program: Program, seed: str) -> int:
    """Which unit vector a sweep starts with, counted from 1; 0 for none."""
    step = program[seed]
    if step.op != "const" or not step.shape:
        return 0
    entries: list[Any] = flat(step.static("value"))
    return entries.index(1) + 1 if len(entries) > 1 and sorted(entries) == [0] * (len(entries) - 1) + [1] else 0


def sent_back(program: Program, seed: str, quantity: str, path: int = 0) -> Math | None:
    """`v_x`: what comes back to x of the vector v; above it the number of a unit vector, and of a path."""
    if quantity.startswith("_"):
        return None
    given, row = program[seed].op == "given", unit(program, seed)
    letter, below = latex_name(seed) if given else "v", latex_name(quantity)
    above = ",".join([str(row)] * (row > 0) + [str(path)] * (path > 0))
    plain = f"{seed if given else 'v'}{row or ''}_{quantity}{f'_{path}' if path else ''}"
    return Math(rf"{letter}_{{{below}}}" + (f"^{{({above})}}" if above else ""), plain)


def leaves(program: Program, step: Step) -> list[str]:
    """The named quantities and literals that a line is written with."""
    out, todo = [], list(step.args)
    while todo:
        name = todo.pop()
        if program[name].unnamed:
            todo.extend(program[name].args)
        else:
            out.append(name)
    return out
