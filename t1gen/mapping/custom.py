"""What a bank adds to the language: one-line functions, which are written out, and operations with their own rule."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from t1gen.errors import LanguageError
from t1gen.mapping.evaluate import definition, evaluate
from t1gen.mapping.notation import all_axes, latex
from t1gen.mapping.ops import ALIASES, OPS, Op
from t1gen.mapping.ops.definitions import DEFINITIONS, Definition
from t1gen.mapping.ops.fold import AXES, Array
from t1gen.mapping.program import Program, Shape, Step
from t1gen.mapping.reader import GENERATORS, IMPLICIT, read
from t1gen.mapping.syntax import parse

BUILT_IN = frozenset({*OPS, *ALIASES, *DEFINITIONS, *GENERATORS, *IMPLICIT, "stack"})


@dataclass(frozen=True)
class Custom:
    """An operation as text: `forward` over the parameters, a `vjp` text for each (v the cotangent, y the result)."""

    name: str
    parameters: tuple[str, ...]
    forward: str
    vjp: tuple[str, ...]
    surrogate: bool = False

    @property
    def text(self) -> str:
        """How it is printed, and read again: `double(x) = 2 * x; vjp x: 2 * v`."""
        rules = "".join(f"; vjp {p}: {t}" for p, t in zip(self.parameters, self.vjp, strict=True))
        return f"{self.name}({', '.join(self.parameters)}) = {self.forward}{rules}{'; surrogate' * self.surrogate}"


def read_custom(text: str) -> Custom | Definition:
    """A line as a bank or an exam writes it: a function, or an operation where it has a `vjp`."""
    head, *rules = [part.strip() for part in text.split(";")]
    left, equals, forward = head.partition("=")
    name, bracket, inside = left.strip().partition("(")
    parameters = tuple(p.strip() for p in inside.rstrip(") ").split(","))
    if not (equals and bracket and name.isidentifier() and all(p.isidentifier() for p in parameters)):
        raise LanguageError(f"'{text[:60]}' is no function; write name(x) = ... with names for its arguments")
    if not rules:
        return Definition(name, parameters, forward.strip())
    told = dict(_rule(r) for r in rules if r != "surrogate")
    return Custom(name, parameters, forward.strip(), _ordered(name, parameters, told), "surrogate" in rules)


def _rule(text: str) -> tuple[str, str]:
    words, colon, rule = text.partition(":")
    if not colon or not words.startswith("vjp "):
        raise LanguageError(f"'{text[:60]}' is no rule; write vjp x: 2 * v")
    return words.removeprefix("vjp ").strip(), rule.strip()


def _ordered(name: str, parameters: tuple[str, ...], told: Mapping[str, str]) -> tuple[str, ...]:
    if set(told) != set(parameters):
        raise LanguageError(
            f"{name} takes {', '.join(parameters)}; its vjp has rules for {', '.join(told) or 'nothing'}"
        )
    return tuple(told[p] for p in parameters)


def declare(what: Custom | Definition) -> None:
    """Make it part of the language; once more is no change, another meaning of the name is an error."""
    name = what.name
    if name in BUILT_IN:
        raise LanguageError(f"'{name}' is part of the language already; choose another name")
    if not {"v", "y"}.isdisjoint(what.parameters) or len(what.parameters) > len(AXES):
        raise LanguageError(f"{name}: the arguments may not be called v or y, and there are at most {len(AXES)}")
    parse(what.forward if isinstance(what, Custom) else str(what.body), "eval")
    known = _declared.get(name, what)
    grown = isinstance(known, Definition) and isinstance(what, Custom) and known.body == what.forward
    if known != what and not grown:
        raise LanguageError(f"'{name}' is declared twice, with two meanings")
    _declared[name] = what
    DEFINITIONS.pop(name, None)
    if isinstance(what, Definition):
        DEFINITIONS[name] = what
    else:
        OPS[name] = _operation(what)


_declared: dict[str, Custom | Definition] = {}


def declared(name: str) -> Custom | None:
    """The operation of this name that a bank has declared."""
    found = _declared.get(name)
    return found if isinstance(found, Custom) else None


def declare_all(definitions: Mapping[str, str]) -> None:
    """Declare the operations among the definitions of a problem.

    A student's exam has an operation's forward alone, and it is then a function.
    """
    for name, text in definitions.items():
        if name not in BUILT_IN and ("; vjp " in text or name not in _declared):
            declare(read_custom(text))


def forward_of(text: str) -> str:
    """A definition without an operation's own rule."""
    return text.partition("; vjp ")[0]


def rule_of(custom: Custom, parameter: str) -> str:
    """The rule of an argument in Markdown: as mathematics where it can be read for numbers, else as it is written."""
    name, rule = f"vjp_{parameter}", custom.vjp[custom.parameters.index(parameter)]
    try:
        return f"${latex(read(f'{name} = {rule}', dict.fromkeys((*custom.parameters, 'v', 'y'), ())), name)}$"
    except LanguageError:
        return f"`{rule}`"


def printed(program: Program) -> dict[str, str]:
    """What NumPy lacks of what a mapping uses, as text: `relu(x) = where(x > 0, x, 0)`."""
    names = dict(zip(AXES, "xabcdefg", strict=True))
    found = {}
    for step in program:
        op = OPS.get(step.op)
        custom = declared(step.op)
        if custom is not None:
            found[step.op] = custom.text
        elif op is not None and isinstance(op.definition, str) and not hasattr(np, op.name) and op.name not in SAID:
            inside = ", ".join(names[letter] for letter in AXES[: op.arity])
            statics = {n: _static(n, v, step) for n, v in step.statics if n in op.statics}
            found[step.op] = f"{op.name}({inside}) = {_renamed(op.definition, {**names, **statics})}"
    return found


def _static(name: str, value: Any, step: Step) -> str:
    """An option as text; empty where a reduction has it anyway."""
    if name == "keepdims":
        return "True" if value else ""
    if name == "axis" and isinstance(value, tuple):
        return "" if all_axes(step, value) else str(value[0] if len(value) == 1 else value)
    return str(value)


SAID = frozenset({"norm"})
"""What NumPy has under another name."""


def _operation(custom: Custom) -> Op:
    letters = dict(zip(custom.parameters, AXES, strict=False))
    return Op(
        name=custom.name, arity=len(custom.parameters), infer=_Infer(custom.name), forward=_Forward(custom.name),
        vjp=tuple(_renamed(t, letters) for t in custom.vjp), definition=_renamed(custom.forward, letters),
        surrogate=custom.surrogate, custom=True,
    )  # fmt: skip


@dataclass(frozen=True)
class _Infer:
    """The shape of the operation's forward."""

    name: str

    def __call__(self, *shapes: Shape) -> tuple[Shape, dict[str, Any]]:
        program = definition(OPS[self.name], shapes, {})
        return next(reversed(program.steps.values())).shape, {}


@dataclass(frozen=True)
class _Forward:
    """The operation's forward, evaluated as a program."""

    name: str

    def __call__(self, *arrays: Array) -> Array:
        program = definition(OPS[self.name], tuple(a.shape[:-1] for a in arrays), {})
        values = evaluate(program, dict(zip(AXES, arrays, strict=False)))
        return np.asarray(next(reversed(values.values())))


def _renamed(text: str, letters: Mapping[str, str]) -> str:
    """A definition with other letters; an option that is empty stays away."""
    tree = ast.parse(text.strip(), mode="eval")
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            node.keywords = [k for k in node.keywords if letters.get(ast.unparse(k.value)) != ""]
        if isinstance(node, ast.Name) and node.id in letters:
            node.id = letters[node.id]
    return ast.unparse(tree)
