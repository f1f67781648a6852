"""A random expression over scalars with a fan-out: one to draw as a graph."""

import ast
from typing import Any

from t1gen.banks import Given
from t1gen.errors import BankError, near
from t1gen.problems.built import Built, draw
from t1gen.problems.draws import Stream

BINARY = ("+", "-", "*", "/")
UNARY = ("exp", "log", "sin", "cos", "tanh", "sigmoid", "square", "sqrt", "relu")
OPTIONS = ("name", "inputs", "steps", "operations", "fan_out", "depth", "width", "multiplications", "draw")
ATTEMPTS = 10_000


def build(options: dict[str, Any], stream: Stream) -> Built:
    """A mapping of `steps` lines in which `fan_out` computed values are used twice.

    Every given is used; every line but the last is used later. `depth` bounds the longest path, `width` the lines of
    one depth, `multiplications` those of `*`.
    """
    _check(options)
    inputs, steps = int(options.get("inputs", 3)), int(options.get("steps", 5))
    operations = list(options.get("operations", ["+", "-", "*", "sigmoid", "exp"]))
    names = "xyzuvw"[:inputs]
    for _ in range(ATTEMPTS):
        lines = _attempt(list(names), steps, operations, int(options.get("fan_out", 1)), stream)
        if lines is not None and _within(lines, options):
            targets = [line.partition(" = ")[0] for line in lines]
            given = dict.fromkeys(names, Given((), draw(options)))
            return Built(given, "\n".join(lines), {"inputs": list(names), "lines": targets})
    raise BankError(f"no expression of {steps} steps uses all {inputs} inputs with just {', '.join(operations)}")


def _check(options: dict[str, Any]) -> None:
    for name in options:
        if name not in OPTIONS:
            raise BankError(f"builder option '{name}' is unknown{near(name, OPTIONS)} (allowed: {', '.join(OPTIONS)})")
    operations = options.get("operations", list(BINARY))
    if not isinstance(operations, list) or not operations:
        raise BankError(f"builder option 'operations' is a list of some of {', '.join(BINARY + UNARY)}")
    for operation in operations:
        if operation not in BINARY + UNARY:
            raise BankError(f"builder operation '{operation}' is unknown (allowed: {', '.join(BINARY + UNARY)})")
    counts = [options.get(k, d) for k, d in (("inputs", 3), ("steps", 5), ("fan_out", 1))]
    counts += [options.get(k, 1) for k in ("depth", "width", "multiplications")]
    if any(type(n) is not int for n in counts):
        raise BankError("a builder's inputs, steps, fan_out, depth, width and multiplications are whole numbers")
    inputs, steps, shared = counts[:3]
    if not (1 <= inputs <= 6 and inputs + shared <= steps <= 12 and 0 <= shared <= 3):
        raise BankError("a builder wants 1 to 6 inputs, up to 3 fan-outs, and inputs + fan_out to 12 steps")


def _within(lines: list[str], options: dict[str, Any]) -> bool:
    """Whether depth, width and multiplications are at most what is asked."""
    depths: dict[str, int] = {}
    for line in lines:
        [assigned] = ast.parse(line).body
        used = [depths.get(n.id, 0) for n in ast.walk(assigned) if isinstance(n, ast.Name)]
        depths[line.partition(" = ")[0]] = 1 + max(used)
    widths = [list(depths.values()).count(d) for d in depths.values()]
    found = {"depth": max(depths.values()), "width": max(widths), "multiplications": sum(" * " in x for x in lines)}
    return all(found[name] <= options.get(name, found[name]) for name in found)


def _attempt(inputs: list[str], steps: int, operations: list[str], shared: int, stream: Stream) -> list[str] | None:
    """Draw a program line by line; None where not everything got its uses."""
    names = [f"{'abcdefghijkl'[i]}" for i in range(steps - 1)] + ["f"]
    names = [n if n != "f" or i == steps - 1 else "q" for i, n in enumerate(names)]
    uses = dict.fromkeys(inputs, 1)
    fan_out = set(_picked(names[:-2], shared, stream))
    lines = []
    for i, name in enumerate(names):
        open_names = [n for n, left in uses.items() if left]
        operation = stream.choice(operations)
        arity = 1 if operation in UNARY else 2
        if i == steps - 1 and len(open_names) == 2 and sum(uses.values()) == 2:
            operation, arity = stream.choice([o for o in operations if o in BINARY] or ["+"]), 2
        args = [_take(uses, stream) for _ in range(arity)]
        if None in args or len(set(args)) < arity:
            return None
        lines.append(f"{name} = {_call(operation, [str(a) for a in args])}")
        uses[name] = 2 if name in fan_out else 1
    return lines if sum(uses.values()) == 1 else None


def _picked(names: list[str], count: int, stream: Stream) -> list[str]:
    pool, out = list(names), []
    for _ in range(count):
        out.append(pool.pop(stream.below(len(pool))))
    return out


def _take(uses: dict[str, int], stream: Stream) -> str | None:
    """One of the names that still want a use."""
    names = [n for n, left in uses.items() if left]
    if not names:
        return None
    name = stream.choice(names)
    uses[name] -= 1
    return name


def _call(operation: str, args: list[str]) -> str:
    return f"{operation}({args[0]})" if len(args) == 1 else f"{args[0]} {operation} {args[1]}"
