"""What a solution calls the steps of a tape: derivatives, and what a vector v becomes on its way back."""

from functools import lru_cache
from typing import Any

from t1gen.asks import Tape
from t1gen.documents.blocks import Math
from t1gen.mapping.nested import flat
from t1gen.mapping.notation import latex_name
from t1gen.mapping.program import INTERNAL, Program, Step
from t1gen.mapping.sweep import Sweep
from t1gen.problems.issued import Issued


class Names:
    """Names of the steps of a tape; most are their own, written as mathematics."""

    def __init__(self, tape: Tape) -> None:
        self.program = tape.program
        self.told: dict[str, Math] = {}
        sweeps = [(one.program, s) for one in (tape, *tape.apart) for s in one.sweeps.values()]
        vectors = [(p, s) for p, s in sweeps if not is_one(p, s.seed)]
        outputs = {s.output for _, s in vectors}
        for program, sweep in vectors:
            self._tell(program, sweep, sweep.output if len(outputs) > 1 else "")

    def _tell(self, program: Program, sweep: Sweep, output: str) -> None:
        """Name what a sweep made; a given or a literal stays what it is."""
        made = [(adjoint, quantity, 0) for quantity, adjoint in sweep.adjoints.items()]
        made += [(edge, q, k) for q, edges in sweep.sums.items() for k, edge in enumerate(edges, 1)]
        for name, quantity, path in made:
            step, called = program[name], self._sent_back(program, sweep.seed, quantity, output, path)
            if called and not step.unnamed and step.role in ("edge", "sum", "inner", "local"):
                self.told.setdefault(name, called)

    def _sent_back(self, program: Program, seed: str, quantity: str, output: str, path: int) -> Math | None:
        """`v_x`: what comes back to x of a vector v; above it its output of several, unit vector and path."""
        if quantity.startswith("_"):
            return None
        given, row = program[seed].op == "given", unit(program, seed)
        letter, below = latex_name(seed) if given else "v", self._usual(quantity).latex
        marks = [self._usual(output).latex] * bool(output) + [f"e_{{{row}}}"] * (row > 0) + [str(path)] * (path > 0)
        above = ",".join(marks)
        head = f"{seed if given else 'v'}{f'_{output}' if output else ''}{row or ''}"
        plain = f"{head}_{quantity}{f'_{path}' if path else ''}"
        return Math(rf"{letter}_{{{below}}}" + (f"^{{({above})}}" if above else ""), plain)

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


def leaves(program: Program, step: Step) -> list[str]:
    """The named quantities and literals that a line is written with."""
    out, todo = [], list(step.args)
    while todo:
        name = todo.pop()
        if program[name].unnamed or INTERNAL.search(name):
            todo.extend(program[name].args)
        else:
            out.append(name)
    return out
