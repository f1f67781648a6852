"""Listings: a problem's program as code that runs, with one line left blank or changed; nothing of it is typed.

forward: the mapping and a print. loop: the descent of a `step` ask, in NumPy with the gradient written out, in PyTorch
with torch.autograd.grad. function: a torch.autograd.Function of the mapping.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from t1gen.asks import Quantity, Tape
from t1gen.banks import Listing
from t1gen.errors import BankError, LanguageError, near
from t1gen.mapping.code import DIALECTS, Code
from t1gen.problems.draws import Stream
from t1gen.problems.judge import Place
from t1gen.problems.structure import Structure

FORMS = ("forward", "loop", "function")
GAP = "____"


@dataclass(frozen=True)
class Line:
    """A line of code; `name` is what it assigns, `step` the step of the tape that it prints."""

    text: str
    name: str = ""
    step: str = ""

    def indented(self) -> "Line":
        return replace(self, text=f"    {self.text}")


@dataclass(frozen=True)
class Printed:
    """The lines of a listing; `wrong` is the changed one, counted from 1, and `mended` what it should be."""

    lines: tuple[Line, ...]
    wrong: int = 0
    mended: str = ""

    @property
    def text(self) -> str:
        return "\n".join(line.text for line in self.lines)


@dataclass(frozen=True)
class Source:
    """What a listing is printed from."""

    told: Listing
    structure: Structure
    givens: dict[str, Any]
    code: Code

    @property
    def tape(self) -> Tape:
        return self.structure.tapes[0]

    @property
    def steps(self) -> list[Quantity]:
        return [a.quantity for a in self.structure.asked if a.quantity.ask == "step"]

    @property
    def is_torch(self) -> bool:
        return self.code.dialect.prefix == "torch"

    @property
    def updates(self) -> list[tuple[str, str, str, str]]:
        """The updates of a descent's first step: (new, old, change, gradient)."""
        return [u for u in self.tape.updates if u[1] in self.tape.mapping]

    @property
    def backward(self) -> list[str]:
        """The named steps from the mapping to the gradients of a descent's first step, in order."""
        return self.tape.lines([u[3] for u in self.updates])


def printed(structure: Structure, places: list[Place], givens: dict[str, Any], stream: Stream) -> Printed:
    """The listing of one student's instance; `stream` draws which line is changed."""
    told = structure.problem.listing
    assert told is not None
    try:
        if told.code not in DIALECTS:
            raise LanguageError(_unknown("code", told.code, DIALECTS))
        _check(told, structure)
        source = Source(told, structure, givens, Code(structure.tapes[0].program, DIALECTS[told.code]))
        return _printed(source, places, stream)
    except LanguageError as error:
        raise BankError(f"the listing cannot be printed: {error.message}", where=structure.problem.id) from None


def _check(told: Listing, structure: Structure) -> None:
    """What is blank or wrong is asked for, and only one of both."""
    asks_line = any(a.quantity.ask == "wrong-line" for a in structure.asked)
    if told.wrong != asks_line:
        raise LanguageError("'wrong: true' and the ask 'wrong-line' go together")
    if told.wrong and (told.blank or told.code != "numpy"):
        raise LanguageError("a wrong line is one of a NumPy listing without a blank")
    if told.blank and not any(a.kind == "expression" for a in structure.asked):
        raise LanguageError(f"nothing asks for the blank '{told.blank}' as a formula")


def _unknown(what: str, name: str, allowed: Any) -> str:
    return f"{what} '{name}' is unknown{near(name, allowed)} (allowed: {', '.join(allowed)})"


def _printed(source: Source, places: list[Place], stream: Stream) -> Printed:
    form = source.told.form or ("loop" if source.steps else "forward")
    if form not in FORMS:
        raise LanguageError(_unknown("form", form, FORMS))
    if form == "function":
        return Printed(tuple(_head(source, []) + list(_function(source))))
    wrong = _drawn(_changes(source, places), stream) if source.told.wrong else None
    body = list(_loop(source, wrong)) if form == "loop" else list(_forward(source))
    lines = _head(source, list(_inputs(source, form))) + body
    if wrong:
        at = next(i for i, line in enumerate(lines) if line.step in wrong.mistake.steps)
        mended = f"{lines[at].name} = {source.code.right(lines[at].step)}"
        return Printed(tuple(lines), at + 1, mended)
    return Printed(tuple(_blanked(lines, source.told.blank, source.structure.results[0])))


def _head(source: Source, inputs: list[Line]) -> list[Line]:
    """The import, the functions that the rest calls, and the inputs."""
    helpers = [line for text in source.code.helpers.values() for line in (*text.split("\n"), "")]
    gap = [Line("")] if inputs else []
    return [Line(source.code.dialect.head), Line(""), *map(Line, helpers), *inputs, *gap]


def _inputs(source: Source, form: str) -> Iterator[Line]:
    """The givens that the code reads; in PyTorch those that a loop moves require their gradient."""
    moves = source.steps[0].moves if form == "loop" and source.is_torch else ()
    mapping = source.structure.mapping
    used = {*source.structure.program().givens, *mapping.ancestors(mapping.named[-1:])}
    for name, value in source.givens.items():
        if name in moves:
            yield Line(f"{name} = {source.code.tensor(value, 'requires_grad=True')}", name)
        elif name in used:
            yield Line(f"{name} = {source.code.literal(value)}", name)


def _forward(source: Source) -> Iterator[Line]:
    for name in source.structure.mapping.named:
        yield Line(source.code.line(name), name, name)
    yield Line(f"print({source.structure.mapping.output})")


def _loop(source: Source, wrong: Place | None) -> Iterator[Line]:
    """One iteration, repeated as often as the longest `step` ask says; printed after every count that is asked for."""
    if not source.steps:
        raise LanguageError("a loop needs a 'step' among the asks")
    first, mapping = source.steps[0], source.structure.mapping
    if len({(s.of, s.moves, s.rate, s.ascent) for s in source.steps}) > 1:
        raise LanguageError("the steps that are asked for are not those of one loop")
    counts = sorted({s.steps for s in source.steps})
    needed = mapping.ancestors([first.of])
    body = [Line(source.code.line(n), n, n) for n in mapping.named if n in needed]
    body += _torch_step(source, first) if source.is_torch else _numpy_step(source, wrong)
    shown = [m for m in first.moves if m in {s.wrt for s in source.steps}] or list(first.moves)
    shows = [Line(f"print({', '.join(f'{m}.detach()' if source.is_torch else m for m in shown)})")]
    if counts == [1]:
        yield from body + shows
        return
    yield Line(f"for iteration in range({counts[-1]}):")
    yield from (line.indented() for line in (body if len(counts) == 1 else body + shows))
    yield from shows if len(counts) == 1 else []


def _numpy_step(source: Source, wrong: Place | None) -> Iterator[Line]:
    """The adjoint lines and the updates, one of them with a mistake in it."""
    for name in source.backward:
        yield Line(f"{name} = {_right(source, name, wrong)}", name, name)
    for new, old, _, _ in source.updates:
        yield Line(f"{old} = {_right(source, new, wrong)}", old, new)


def _right(source: Source, name: str, wrong: Place | None) -> str:
    if wrong is None or name not in wrong.mistake.steps:
        return source.code.right(name)
    return Code(wrong.program, source.code.dialect, source.code.helpers).right(name)


def _changes(source: Source, places: list[Place]) -> list[Place]:
    """The listed mistakes that are another rule for one line of the backward pass or the update."""
    names = {*source.backward, *(new for new, *_ in source.updates)}
    found = [p for p in places if len(p.mistake.steps) == 1 and names.issuperset(p.mistake.steps)]
    if not found:
        raise LanguageError("no listed mistake changes one of its lines, so 'wrong' is not possible")
    return found


def _drawn(places: list[Place], stream: Stream) -> Place:
    """The line first, so that one with many mistakes is not drawn more often."""
    lines = [next(iter(p.mistake.steps)) for p in places]
    line = stream.choice(list(dict.fromkeys(lines)))
    return stream.choice([p for p, at in zip(places, lines, strict=True) if at == line])


def _torch_step(source: Source, first: Quantity) -> Iterator[Line]:
    names = [f"d{first.of}_d{m}" for m in first.moves]
    rate = first.rate if isinstance(first.rate, str) else source.code.literal(first.rate)
    sign = "+" if first.ascent else "-"
    left = f"{', '.join(names)}{',' if len(names) == 1 else ''}"
    yield Line(f"{left} = torch.autograd.grad({first.of}, [{', '.join(first.moves)}])", left)
    yield Line("with torch.no_grad():")
    for m, name in zip(first.moves, names, strict=True):
        yield Line(f"    {m} = {m} {sign} {rate} * {name}", m)
    for m in first.moves:
        yield Line(f"{m}.requires_grad_()")


def _function(source: Source) -> Iterator[Line]:
    mapping, code = source.structure.mapping, source.code
    if not source.is_torch:
        raise LanguageError("a function is a torch.autograd.Function: 'code: torch'")
    pairs = zip(source.structure.asked, source.structure.results[0], strict=True)
    found = {a.quantity.wrt: (a.quantity.cotangent, r) for a, r in pairs if a.quantity.ask == "vjp"}
    inputs = [n for n in mapping.givens if n in mapping.ancestors([mapping.output])]
    if set(found) != set(inputs) or len({v for v, _ in found.values()}) != 1:
        raise LanguageError(f"a function needs the vjp of every input, with one cotangent: {', '.join(inputs)}")
    seed = next(v for v, _ in found.values())
    seed = seed if isinstance(seed, str) else "v"
    names, comma = ", ".join(inputs), "," if len(inputs) == 1 else ""
    back = ", ".join(code.right(found[n][1], [seed, *inputs]) for n in inputs)
    yield Line("class Layer(torch.autograd.Function):")
    yield Line("    @staticmethod")
    yield Line(f"    def forward(ctx, {names}):")
    yield Line(f"        ctx.save_for_backward({names})")
    yield from (Line(f"        {code.line(n)}", n) for n in mapping.named[:-1])
    yield Line(f"        return {code.right(mapping.output)}")
    yield Line("")
    yield Line("    @staticmethod")
    yield Line(f"    def backward(ctx, {seed}):")
    yield Line(f"        {names}{comma} = ctx.saved_tensors")
    yield Line(f"        return {GAP if source.told.blank == 'backward' else back}")


def _blanked(lines: list[Line], blank: str, asked: tuple[str, ...]) -> Iterator[Line]:
    """The last line that assigns `blank` with its right side left out; `asked` are the steps that are answers."""
    at = [i for i, line in enumerate(lines) if blank and line.name == blank]
    if blank and not at:
        names = list(dict.fromkeys(line.name for line in lines if line.name))
        raise LanguageError(f"no line assigns '{blank}'{near(blank, names)} (there are {', '.join(names)})")
    if at and lines[at[-1]].step not in asked:
        raise LanguageError(f"nothing asks for the blank '{blank}'")
    for i, line in enumerate(lines):
        yield replace(line, text=f"{line.text.partition(' = ')[0]} = {GAP}") if i in at[-1:] else line
