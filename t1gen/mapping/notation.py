"""How programs are written: as text of the language, and as LaTeX; one walk, two sets of marks."""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from typing import Any

from t1gen.mapping.ops import OPS
from t1gen.mapping.ops.fold import AXES
from t1gen.mapping.program import INTERNAL, Program, Step, number_text

ATOM, POSTFIX, FRACTION, PRODUCT = 9, 8, 7, 5
_LETTERS = "alpha beta gamma delta epsilon zeta eta theta kappa lambda mu nu xi pi rho sigma tau phi chi psi omega"
GREEK = frozenset(_LETTERS.split(" "))


def line(program: Program, name: str, stop: Collection[str] | None = None) -> str:
    """`z = w @ x`: the step with its unnamed arguments written out (or all but those in `stop`)."""
    return f"{name} = {text(program, name, stop)}"


def elementary(step: Step, program: Program) -> str:
    """The step alone, each argument by its name: a line of a key's program."""
    writer = Writer(program, lambda n: not _is_literal(program[n]))
    return f"{step.name} = {writer.right(step)[0]}"


def text(program: Program, name: str, stop: Collection[str] | None = None) -> str:
    """The right-hand side of a step as text; stops at `stop` (default: every named quantity)."""
    return Writer(program, stopper(program, stop)).right(program[name])[0]


def latex(program: Program, name: str, show: Callable[[str], str] | None = None) -> str:
    """The right-hand side of a step as LaTeX; `show` says what stands for a named quantity (default: its name)."""
    return Latex(program, stopper(program, None), show or latex_name).right(program[name])[0]


def stopper(program: Program, stop: Collection[str] | None) -> Callable[[str], bool]:
    """Says where a written step stops: at these names and the givens (None: at every named quantity)."""
    if stop is not None:
        return lambda n: n in stop or program[n].op == "given"
    return lambda n: not program[n].unnamed and program[n].op != "const"


def _is_literal(step: Step) -> bool:
    return step.op == "const"


@dataclass(frozen=True)
class Writer:
    """Text with precedence: every method gives (text, precedence)."""

    program: Program
    stop: Callable[[str], bool]

    def leaf(self, name: str) -> tuple[str, int]:
        step = self.program[name]
        if step.op == "const":
            return name, 5 if name.startswith("-") else 4 if "/" in name and not name.startswith("[") else ATOM
        return (name, ATOM) if self.stop(name) else self.right(step)

    def right(self, step: Step) -> tuple[str, int]:
        if step.op in ("given", "const"):
            return self.leaf(step.name)
        step = self._spread(step)
        args = self.arguments(step)
        special = getattr(self, f"_{step.op}", None)
        if special is not None:
            return special(step, args)  # type: ignore[no-any-return]
        op = OPS[step.op]
        if op.infix:
            return _infix(op.infix[0], op.infix[1], args)
        return self.call(step, [a for a, _ in args])

    def arguments(self, step: Step) -> list[tuple[str, int]]:
        return [self.leaf(a) for a in step.args]

    def _spread(self, step: Step) -> Step:
        """An elementwise step of a sweep with its unnamed filled arrays as the numbers that fill them."""
        if step.op not in OPS or OPS[step.op].local is None or not step.shape:
            return step
        args = tuple(a if self.stop(a) else self._filling(a) or a for a in step.args)
        whole = [a for a in args if a in step.args and self.program.shape(a) == step.shape]
        return replace(step, args=args) if whole and args != step.args else step

    def _filling(self, name: str) -> str | None:
        step = self.program[name]
        filled = step.op == "broadcast_to" and step.unnamed and step.role != "value"
        return step.args[0] if filled and self.program.shape(step.args[0]) == () else None

    def call(self, step: Step, args: list[str]) -> tuple[str, int]:
        return f"{step.op}({', '.join(args + options(step))})", ATOM

    def _copy(self, step: Step, args: list[tuple[str, int]]) -> tuple[str, int]:
        return args[0]

    def _transpose(self, step: Step, args: list[tuple[str, int]]) -> tuple[str, int]:
        if _reversed(step):
            return f"{_wrapped(args[0], POSTFIX)}.T", POSTFIX
        return f"transpose({args[0][0]}, {step.static('axes')})", ATOM

    def _einsum(self, step: Step, args: list[tuple[str, int]]) -> tuple[str, int]:
        return f"einsum('{step.static('subscripts')}', {', '.join(a for a, _ in args)})", ATOM

    def _iterate(self, step: Step, args: list[tuple[str, int]]) -> tuple[str, int]:
        return f"iterate({', '.join(a for a, _ in args)})", ATOM

    def _gather(self, step: Step, args: list[tuple[str, int]]) -> tuple[str, int]:
        return f"{_wrapped(args[0], POSTFIX)}[{', '.join(a for a, _ in args[1:])}]", POSTFIX

    def _index(self, step: Step, args: list[tuple[str, int]]) -> tuple[str, int]:
        return f"{_wrapped(args[0], POSTFIX)}[{index_text(step.static('index'))}]", POSTFIX

    def _concatenate(self, step: Step, args: list[tuple[str, int]]) -> tuple[str, int]:
        axis = step.static("axis")
        return f"concatenate(({', '.join(a for a, _ in args)}){f', axis={axis}' if axis else ''})", ATOM


def _reversed(step: Step) -> bool:
    axes = step.static("axes")
    return axes == tuple(range(len(axes)))[::-1]  # type: ignore[no-any-return]


def _infix(symbol: str, level: int, args: list[tuple[str, int]]) -> tuple[str, int]:
    if len(args) == 1:
        return f"{symbol}{_wrapped(args[0], level)}", level
    left, right = (level + 1, level) if symbol == "**" else (level, level + 1)
    gap = "" if symbol == "**" else " "
    return f"{_wrapped(args[0], left)}{gap}{symbol}{gap}{_wrapped(args[1], right)}", level


def _wrapped(part: tuple[str, int], level: int) -> str:
    return part[0] if part[1] >= level else f"({part[0]})"


def options(step: Step) -> list[str]:
    """The statics of a call as text; what is default stays away."""
    out = []
    for name in OPS[step.op].statics:
        value = step.static(name)
        if name == "index":
            out.append(f"s_[{index_text(value)}]")
        elif name == "axis" and isinstance(value, int):
            out.extend([f"axis={value}"] if value != -1 else [])
        elif name == "axis":
            out.extend(
                [] if not value or all_axes(step, value) else [f"axis={value[0] if len(value) == 1 else value}"]
            )
        elif name == "keepdims":
            out.extend(["keepdims=True"] if value else [])
        elif name in ("shape", "axes", "n"):
            out.append(f"shape={value}" if step.op == "scatter" else str(value))
        elif value != Fraction(1, 100):
            out.append(_decimal(value))
    return out


def all_axes(step: Step, axes: tuple[int, ...]) -> bool:
    """Whether a reduction takes every axis: then no axis= is written."""
    return not step.shape or (bool(dict(step.statics).get("keepdims")) and len(axes) == len(step.shape))


def as_sum(program: Program, step: Step) -> Step:
    """A sum to a shape as a sum over the axes that were broadcast, where these are all new or all of size 1."""
    found = program.shape(step.args[0])
    new = len(found) - len(step.shape)
    grown = tuple(i for i, n in enumerate(step.shape, new) if n != found[i])
    if new and grown:
        return step
    return replace(step, op="sum", statics=(("axis", grown or tuple(range(new))), ("keepdims", bool(grown))))


def _decimal(value: Any) -> str:
    return number_text(value) if isinstance(value, Fraction) else str(value)


def index_text(index: tuple[tuple[Any, ...], ...]) -> str:
    """An index as it is written between brackets."""
    return ", ".join(_entry_text(e) for e in index)


def _entry_text(entry: tuple[Any, ...]) -> str:
    if entry[0] == "new":
        return "None"
    if entry[0] == "at":
        return str(entry[1])
    if entry[0] == "array":
        return str(entry[1]).replace("(", "[").replace(",)", "]").replace(")", "]")
    start, stop, step = ("" if p is None else str(p) for p in entry[1:])
    return f"{start}:{stop}{':' + step if step else ''}"


# LaTeX


@lru_cache(maxsize=16384)
def latex_name(name: str) -> str:
    """`W1` -> W_{1}, `alpha` -> \\alpha, `out_h1` -> \\mathit{out}_{h1}, `dL_dw` -> a fraction of partials.

    An adjoint of an unnamed quantity, `d_8_d_1`, is a delta.
    """
    if INTERNAL.search(name):
        return rf"\delta_{{{','.join(re.findall(r'[0-9]+', name))}}}"
    if parts := _partial(re.sub(r"^s\d+_(?=d)", "", name)):
        return latex_partial(*map(latex_name, parts))
    match = re.fullmatch(r"_*([A-Za-z]+?)_?(\d*(?:_\w+)?|_\w+)", name)
    base, sub = (match[1], match[2].lstrip("_")) if match else (name.strip("_"), "")
    base = "lambda" if base == "lam" else base
    main = rf"\{base}" if base in GREEK else base if len(base) == 1 else rf"\mathit{{{base}}}"
    return main + (rf"_{{{_subscript(sub)}}}" if sub else "")


def _partial(name: str) -> tuple[str, str] | None:
    """`dL_dw` as L and w; `ddL_dw_du` as dL_dw and u: as often as a d stands before the first name."""
    ends = [found.start() for found in re.finditer("_d", name)]
    order = min(len(name) - len(name.lstrip("d")), len(ends))
    if not order:
        return None
    of, wrt = name[1 : ends[order - 1]], name[ends[order - 1] + 2 :]
    return (of, wrt) if re.match("[A-Za-z]", of) and re.match("[A-Za-z_]", wrt) else None


def latex_partial(of: str, wrt: str) -> str:
    """The derivative of one quantity by another; of what is a fraction, as an operator before it."""
    if of.startswith(r"\frac"):
        return rf"\frac{{\partial}}{{\partial {wrt}}}{of}"
    return rf"\frac{{\partial {of}}}{{\partial {wrt}}}"


def _subscript(sub: str) -> str:
    parts = sub.split("_")
    return ",".join(p if len(p) == 1 or p.isdigit() else rf"\mathit{{{p}}}" for p in parts if p)


@dataclass(frozen=True)
class Latex(Writer):
    """The same walk with LaTeX marks."""

    show: Callable[[str], str] = latex_name

    def leaf(self, name: str) -> tuple[str, int]:
        step = self.program[name]
        if step.op == "const":
            return _levelled(_latex_const(step))
        if self.stop(name):
            return _levelled(self.show(name))
        return self._column(step) if self._is_row(name) else self.right(step)

    def right(self, step: Step) -> tuple[str, int]:
        op = OPS.get(step.op)
        if op is None or hasattr(self, f"_{step.op}") or (op.latex is None and op.infix):
            return super().right(step)
        args = [self.leaf(a) for a in self._spread(step).args]
        if op.latex is None:
            return latex_call(step, [a for a, _ in args]), ATOM
        out = str(op.latex)
        for letter, part in zip(AXES, args, strict=False):
            out = out.replace(f"{{{letter}}}", part[0])
            out = out.replace(f"<{letter}>^", f"{parenthesised(part, POSTFIX)}^")
            out = out.replace(f"<{letter}>", parenthesised(part, FRACTION))
        return out, _latex_level(step.op)

    def _broadcast_to(self, step: Step, args: list[tuple[str, int]]) -> tuple[str, int]:
        """A number times ones."""
        if self.program.shape(step.args[0]) != ():
            return latex_call(step, [args[0][0]]), ATOM
        sizes = r" \times ".join(map(str, step.shape))
        ones = rf"\mathbf{{1}}_{{{sizes}}}"
        return (ones, ATOM) if args[0][0] == "1" else (rf"{parenthesised(args[0], PRODUCT)}\,{ones}", PRODUCT)

    def _transpose(self, step: Step, args: list[tuple[str, int]]) -> tuple[str, int]:
        if not _reversed(step):
            return latex_call(step, [args[0][0]]), ATOM
        return rf"{parenthesised(args[0], POSTFIX)}^{{\top}}", 6

    def _index(self, step: Step, args: list[tuple[str, int]]) -> tuple[str, int]:
        return rf"{_unsubscripted(args[0])}_{{{_latex_index(step.static('index'))}}}", POSTFIX

    def _mul(self, step: Step, args: list[tuple[str, int]]) -> tuple[str, int]:
        shapes = [self.program.shape(a) for a in step.args]
        mark = r" \odot " if shapes[0] and shapes[1] else r" \cdot "
        is_open = self._is_open(step.args[0]) and not args[0][0].endswith(r"\right)")
        return parenthesised(args[0], ATOM if is_open else 4) + mark + _positive(args[1], 4), 4

    def _is_open(self, name: str) -> bool:
        """Whether a step is written with the argument of a function at its end, which would take in a factor behind."""
        step = self.program[name]
        if step.op in ("mul", "neg") and not self.stop(name):
            return self._is_open(step.args[-1])
        return step.op in ("log", "sin", "cos", "tanh") and not self.stop(name)

    def _pow(self, step: Step, args: list[tuple[str, int]]) -> tuple[str, int]:
        """Of a matrix, each entry's power: with a dot, for X^{-1} is the inverse."""
        mark = r"\odot " if len(self.program.shape(step.args[0])) > 1 else ""
        return rf"{parenthesised(args[0], POSTFIX)}^{{{mark}{args[1][0]}}}", 6

    def _exp(self, step: Step, args: list[tuple[str, int]]) -> tuple[str, int]:
        if len(step.shape) > 1:
            return rf"\exp\left({args[0][0]}\right)", ATOM
        return rf"e^{{{args[0][0]}}}", 6

    def _neg(self, step: Step, args: list[tuple[str, int]]) -> tuple[str, int]:
        return f"-{_positive(args[0], 4)}", 4

    def _matmul(self, step: Step, args: list[tuple[str, int]]) -> tuple[str, int]:
        turns = len(self.program.shape(step.args[0])) == 1 and not self._is_row(step.args[0])
        left = rf"{parenthesised(args[0], POSTFIX)}^{{\top}}" if turns else parenthesised(args[0], PRODUCT)
        return rf"{left}\,{_positive(args[1], PRODUCT + 1)}", PRODUCT

    def arguments(self, step: Step) -> list[tuple[str, int]]:
        if step.op != "matmul" or not self._is_row(step.args[0]):
            return super().arguments(step)
        return [self.right(self.program[step.args[0]]), self.leaf(step.args[1])]

    def _is_row(self, name: str) -> bool:
        """Whether a vector is written out as a row, `x^T W`: on a line of its own, or on the left of a product."""
        step = self.program[name]
        ranks = tuple(len(self.program.shape(a)) for a in step.args)
        return step.op == "matmul" and ranks == (1, 2) and not self.stop(name)

    def _column(self, step: Step) -> tuple[str, int]:
        """Such a row as a column, `W^T x`: as it stands among other vectors."""
        vector, matrix = step.args
        turned = self.program[matrix]
        if turned.op == "transpose" and not self.stop(matrix):
            left = parenthesised(self.leaf(turned.args[0]), PRODUCT)
        else:
            left = rf"{parenthesised(self.leaf(matrix), POSTFIX)}^{{\top}}"
        return rf"{left}\,{_positive(self.leaf(vector), PRODUCT + 1)}", PRODUCT

    def _add(self, step: Step, args: list[tuple[str, int]]) -> tuple[str, int]:
        return f"{parenthesised(args[0], 3)} + {_positive(args[1], 3)}", 3

    def _sub(self, step: Step, args: list[tuple[str, int]]) -> tuple[str, int]:
        return f"{parenthesised(args[0], 3)} - {_positive(args[1], 4)}", 3

    def _concatenate(self, step: Step, args: list[tuple[str, int]]) -> tuple[str, int]:
        return latex_call(step, [a for a, _ in args]), ATOM

    def _sum_to(self, step: Step, args: list[tuple[str, int]]) -> tuple[str, int]:
        return latex_call(as_sum(self.program, step), [args[0][0]]), ATOM

    def _iterate(self, step: Step, args: list[tuple[str, int]]) -> tuple[str, int]:
        inside = r",\; ".join(a for a, _ in args)
        return rf"\operatorname{{iterate}}\left({inside}\right)", ATOM

    _einsum = _concatenate

    def _gather(self, step: Step, args: list[tuple[str, int]]) -> tuple[str, int]:
        return rf"{_unsubscripted(args[0])}_{{{','.join(a for a, _ in args[1:])}}}", POSTFIX


def _latex_level(op: str) -> int:
    levels = {"inv": 6, "log": 4, "sin": 4, "cos": 4, "tanh": 4, "outer": PRODUCT, "div": FRACTION}
    return levels.get(op, ATOM)


def _levelled(shown: str) -> tuple[str, int]:
    """A name or a number with its precedence."""
    level = 5 if shown.startswith("-") else 6 if "^{(" in shown else FRACTION if shown.startswith(r"\frac") else ATOM
    return shown, level


def parenthesised(part: tuple[str, int], level: float) -> str:
    """LaTeX where this precedence is wanted; a script wants POSTFIX, for `\\frac{a}{b}^{2}` is read as a / b^2."""
    return part[0] if part[1] >= level else rf"\left({part[0]}\right)"


def _unsubscripted(part: tuple[str, int]) -> str:
    """Parenthesised where a subscript ends it already."""
    return rf"\left({part[0]}\right)" if part[1] < POSTFIX or re.search(r"_\{.*\}$", part[0]) else part[0]


def _positive(part: tuple[str, int], level: float) -> str:
    """Parenthesised also where it begins with a minus sign."""
    return rf"\left({part[0]}\right)" if part[0].startswith("-") else parenthesised(part, level)


def latex_call(step: Step, args: list[str]) -> str:
    """An operation by its name, its statics as a subscript: put_{::2}(v), sum_{axis 0}(X)."""
    title = rf"\{step.op}" if step.op in ("max", "min") else rf"\operatorname{{{step.op.replace('_', chr(92) + '_')}}}"
    below = r",\,".join(_latex_static(step, n) for n in OPS[step.op].statics if _latex_static(step, n))
    inside = r",\; ".join(args)
    if step.op == "norm" and not below:
        return rf"\left\lVert {inside} \right\rVert"
    return title + (f"_{{{below}}}" if below else "") + rf"\left({inside}\right)"


def _latex_static(step: Step, name: str) -> str:
    value = step.static(name)
    if name == "index":
        return _latex_index(value)
    if name == "keepdims":
        return r"\mathrm{keepdims}" if value and len(step.shape) > 1 else ""
    if name == "subscripts":
        return rf"\text{{{value.replace('->', ' to ').replace(',', ', ')}}}"
    if name == "axes":
        return r",\,".join(map(str, value))
    if name == "shape":
        return r" \times ".join(map(str, value)) if step.op != "put" else ""
    if name == "axis" and isinstance(value, int):
        return rf"\mathrm{{axis}}\,{value}" if value != -1 else ""
    if name == "axis" and isinstance(value, tuple):
        return "" if not value or all_axes(step, value) else r"\mathrm{axis}\," + r",\,".join(map(str, value))
    return _decimal(value) if isinstance(value, Fraction) and value != Fraction(1, 100) else ""


def _latex_index(index: tuple[tuple[Any, ...], ...]) -> str:
    return index_text(index).replace(", ", r",\,").replace("None", r"\mathrm{new}")


def _latex_const(step: Step) -> str:
    return latex_numbers(step.static("value"), lambda v: r"\pi" if v == "pi" else latex_rational(v))


def latex_rational(value: Fraction) -> str:
    """A rational as a decimal where it ends, else as a fraction."""
    shown = _decimal(value)
    if "/" not in shown:
        return shown
    sign = "-" if value < 0 else ""
    return rf"{sign}\frac{{{abs(value.numerator)}}}{{{value.denominator}}}"


def latex_numbers(value: Any, show: Callable[[Any], str]) -> str:
    """Nested numbers: a vector as (a, b), a matrix in brackets, more axes as nested lists."""
    if not isinstance(value, (list, tuple)):
        return show(value)
    if value and isinstance(value[0], (list, tuple)):
        if value[0] and isinstance(value[0][0], (list, tuple)):
            return r"\left[" + r",\; ".join(latex_numbers(v, show) for v in value) + r"\right]"
        rows = r" \\ ".join(" & ".join(show(v) for v in row) for row in value)
        return rf"\begin{{bmatrix}} {rows} \end{{bmatrix}}"
    return r"(" + r",\; ".join(show(v) for v in value) + ")"
