"""graph: a computational graph as a straight-line program, compared by structure."""

from collections import Counter
from typing import Any

from t1gen.answers.record import Kind, Unreadable, Verdict
from t1gen.errors import LanguageError
from t1gen.mapping.program import Program
from t1gen.mapping.reader import read as read_program

FLAT = frozenset({"add", "mul"})
COMMUTATIVE = FLAT | {"maximum", "minimum", "equal", "not_equal"}
Form = tuple[Any, ...]


def read(given: Any, question: Any) -> str:
    if not isinstance(given, str):
        raise Unreadable("a graph is wanted, as the lines of a program, such as z = w @ x")
    return given


def compare(value: str, question: Any, answer: Any, reference: Program) -> Verdict:
    """Same expression, and every named value that the mapping uses several times computed by one node."""
    try:
        program = read_program(value, reference.givens)
    except LanguageError as error:
        raise Unreadable(error.message) from None
    mine, right = forms(program), forms(reference)
    outputs = [n for n in program.named if program.uses(n) == 0]
    if right[reference.output] not in (mine[n] for n in outputs):
        return Verdict("wrong", f"the graph does not compute {reference.output}")
    if len(outputs) > 1:
        return Verdict("wrong", f"{', '.join(outputs)}: only one of these should be an output")
    for name in reference.named:
        if _uses(reference, right, name) > 1 and not _shared(program, mine, right[name], _uses(reference, right, name)):
            return Verdict("wrong", f"{name} is used {reference.uses(name)} times and should be one node")
    return Verdict("correct")


def forms(program: Program) -> dict[str, Form]:
    """What each step computes, written so that order, nesting of + and * and names do not matter."""
    out: dict[str, Form] = {}
    for step in program:
        args = [out[a] for a in step.args]
        if step.op == "given":
            out[step.name] = ("given", step.name)
        elif step.op == "const":
            out[step.name] = ("const", step.static("value"))
        elif step.op == "copy":
            out[step.name] = args[0]
        else:
            out[step.name] = _form(program, step.name, args)
    return out


def _form(program: Program, name: str, args: list[Form]) -> Form:
    step = program[name]
    if step.op in FLAT:
        args = [inner for a in args for inner in (a[2:] if a[0] == step.op else (a,))]
    inner_product = step.op == "matmul" and all(len(program.shape(a)) == 1 for a in step.args)
    if step.op in COMMUTATIVE or inner_product:
        args = sorted(args, key=repr)
    return (step.op, step.statics, *args)


def _uses(program: Program, found: dict[str, Form], name: str) -> int:
    """How many arguments of real operations are this very node (copies looked through)."""
    same = {name} | {s.name for s in program if s.op == "copy" and _origin(program, s.name) == name}
    return sum(Counter(s.args)[n] for s in program if s.op != "copy" for n in same)


def _origin(program: Program, name: str) -> str:
    while program[name].op == "copy":
        name = program[name].args[0]
    return name


def _shared(program: Program, mine: dict[str, Form], form: Form, uses: int) -> bool:
    nodes = [s.name for s in program if mine[s.name] == form and s.op != "copy"]
    return len(nodes) == 1 and _uses(program, mine, nodes[0]) == uses


KIND = Kind("graph", read, compare)
