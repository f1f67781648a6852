"""What students do instead: other rules on the tape, each one entry; drawing and marking use the same table.

A text is one of the mapping language: A, B, ... are the arguments of the step, y its result, v what comes back to it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from math import prod

from t1gen.asks import Quantity, Tape
from t1gen.errors import LanguageError
from t1gen.mapping.ops import OPS
from t1gen.mapping.program import Step
from t1gen.mapping.reader import expression
from t1gen.mapping.sweep import Edge, backward
from t1gen.mapping.tangent import forward
from t1gen.problems.wrong import Bench, Change, Mistake, mistakes

Changes = Iterator[Change]


@dataclass(frozen=True)
class Misconception:
    """`name` is its key in templates/text/<language>/; `changes(bench)` yields where and how it applies."""

    name: str
    changes: Callable[[Bench], Changes]


# rules that are another text for one operation


def _texts(bench: Bench, back: Mapping[tuple[str, int], str], fore: Mapping[str, str]) -> Changes:
    for step, position, edges in bench.uses():
        text = back.get((step.op, position))
        if text is not None:
            yield from bench.backward(edges, partial(bench.sent_back, text=text))
    for step in bench.values:
        if step.op in fore:
            yield from bench.forward(step, partial(bench.value, step, fore[step.op]))


def _other(name: str, back: Mapping[tuple[str, int], str], fore: Mapping[str, str] | None = None) -> Misconception:
    return Misconception(name, lambda bench: _texts(bench, back, fore or {}))


# rules about any edge


def upstream_forgotten(bench: Bench) -> Changes:
    """The local derivative alone, without what came back from above."""
    for step, position, edges in bench.uses():
        open_ = [e for e in edges if bench.program[e.cotangent].op != "const"]
        if open_ and (OPS[step.op].local is not None or step.shape == ()):
            text, ones = bench.rule(step, position), bench.filled(1, step.shape)
            yield from bench.backward(open_, partial(bench.sent_back, text=text, v=ones))


def local_forgotten(bench: Bench) -> Changes:
    """What came back from above, not multiplied by the local derivative."""
    for step, position, edges in bench.uses():
        if OPS[step.op].local is not None and bench.rule(step, position) not in ("1", "-1"):
            yield from bench.backward(edges, partial(bench.sent_back, text="1"))


def fan_out_overwritten(bench: Bench) -> Changes:
    """One path's gradient alone where several should be added.

    Of a sweep through another sweep the order of the paths says nothing, so that either may be the first there.
    """
    sums = [(s, q, e) for t in (bench.tape, *bench.tape.apart) for s in t.sweeps.values() for q, e in s.sums.items()]
    second = any(sweep.output not in bench.tape.mapping for sweep, _, _ in sums)
    ways = [(first, other) for first in (0, -1) for other in ((0, -1) if second else (first,))]
    for at in dict.fromkeys(q for _, q, _ in sums):
        for which, other in ways:
            steps = {}
            for sweep, quantity, edges in sums:
                total, edge = sweep.adjoints[quantity], edges[which if sweep.output in bench.tape.mapping else other]
                if quantity == at and total in bench.program and edge in bench.program:
                    steps[total] = bench.copied(total, edge)
            yield Change(at, steps, variant=f"{which} {other}")


def broadcast_sum_forgotten(bench: Bench) -> Changes:
    """The gradient of what was broadcast, not summed to its shape."""
    for step, position, edges in bench.uses():
        local = OPS[step.op].local
        if local is not None and bench.program.shape(step.args[position]) != step.shape:
            text = f"v * ({bench.rule(step, position)})"
            yield from bench.backward(edges, partial(_unsummed, bench, step, text))


def _unsummed(bench: Bench, step: Step, text: str, edge: Edge) -> str:
    return bench.value(step, text, v=edge.cotangent, y=step.name)


# sums, means and samples


def one_sample(bench: Bench) -> Changes:
    """One sample alone, where all count."""
    for variant, which in (("first", 0), ("last", -1)):
        for step in bench.values:
            if _count(bench, step) > 1:
                yield from bench.forward(step, partial(_picked, bench, step, which), variant)
        for step, _, edges in bench.uses():
            if _count(bench, step) > 1:
                yield from bench.backward(edges, partial(_put_back, bench, step, which), variant)


def _count(bench: Bench, step: Step) -> int:
    """How many entries a sum or mean takes together."""
    shape = bench.program.shape(step.args[0]) if step.op in ("sum", "mean") else ()
    return prod(shape[a] for a in step.static("axis")) if step.op in ("sum", "mean") else 0


def _picked(bench: Bench, step: Step, which: int) -> str:
    """The first or last entry along the axes of a sum."""
    shape = bench.program.shape(step.args[0])
    index = ", ".join(str(which % n) if a in step.static("axis") else ":" for a, n in enumerate(shape))
    return bench.emit("reshape", bench.value(step, f"A[{index}]"), shape=step.shape)


def _put_back(bench: Bench, step: Step, which: int, edge: Edge) -> str:
    """All of v to the first or last entry along the axes, zero to the others."""
    shape, axes = bench.program.shape(step.args[0]), step.static("axis")
    whole = bench.sent_back(edge, "broadcast_to(reshape(v, kept), shape_A)")
    for axis in axes:
        n = shape[axis]
        ones = ", ".join("1" if i == which % n else "0" for i in range(n))
        line = expression(bench.program, f"[{ones}]", role="inner")
        wide = tuple(n if a == axis else 1 for a in range(len(shape)))
        whole = bench.emit("mul", whole, bench.emit("reshape", line, shape=wide) if len(wide) > 1 else line)
    return whole


def mean_for_sum(bench: Bench) -> Changes:
    """The mean where the sum is meant."""
    yield from _scaled(bench, "sum", "div")


def sum_for_mean(bench: Bench) -> Changes:
    """The sum where the mean is meant."""
    yield from _scaled(bench, "mean", "mul")


def _scaled(bench: Bench, op: str, by: str) -> Changes:
    for step in bench.values:
        if step.op == op and _count(bench, step) > 1:
            yield from bench.forward(step, partial(_by_count, bench, step, by))
    for step, position, edges in bench.uses():
        if step.op == op and _count(bench, step) > 1:
            text = bench.rule(step, position)
            yield from bench.backward(edges, partial(_edge_by_count, bench, step, by, text))


def _by_count(bench: Bench, step: Step, by: str) -> str:
    return bench.emit(by, bench.again(step), bench.filled(_count(bench, step), ()))


def _edge_by_count(bench: Bench, step: Step, by: str, text: str, edge: Edge) -> str:
    return bench.emit(by, bench.sent_back(edge, text), bench.filled(_count(bench, step), ()))


# signs


SIGNS_BACK = {("neg", 0): "1", ("sub", 1): "1"}
SIGNS = {"neg": "A", "sub": "A + B"}


def sign_lost(bench: Bench) -> Changes:
    """A minus sign dropped: of a negation, of what a difference subtracts, of a label that is 1 or -1."""
    updates = {new for new, *_ in bench.tape.updates}
    for change in _texts(bench, SIGNS_BACK, SIGNS):
        if change.at not in updates:
            yield change
    for step in bench.values:
        if step.op == "mul":
            for label, other in (("A", "B"), ("B", "A")):
                if _is_label(bench, step, label):
                    text = f"where(abs({label}) == 1, {other}, A * B)"
                    yield from bench.forward(step, partial(bench.value, step, text))
    for step, position, edges in bench.uses():
        label = "BA"[position] if step.op == "mul" else ""
        if label and _is_label(bench, step, label):
            yield from bench.backward(edges, partial(bench.sent_back, text=f"where(abs({label}) == 1, 1, {label})"))


def _is_label(bench: Bench, step: Step, letter: str) -> bool:
    return bench.program[step.args["AB".index(letter)]].op == "given" and step.args[0] != step.args[1]


# products of vectors and matrices


def factor_swapped(bench: Bench) -> Changes:
    """The derivative of a product by one factor taken to be that factor."""
    for step, position, edges in bench.uses():
        ranks = tuple(len(bench.program.shape(a)) for a in step.args)
        if len(set(step.args)) == 2 and (step.op == "mul" or (step.op == "matmul" and ranks == (1, 1))):
            text = "AB"[position] if step.op == "mul" else f"v * {'AB'[position]}"
            yield from bench.backward(edges, partial(bench.sent_back, text=text))


def weights_transposed(bench: Bench) -> Changes:
    """A square matrix used transposed."""
    for step in bench.values:
        for position in _square(bench, step):
            text = ("A.T @ B", "A @ B.T")[position]
            yield from bench.forward(step, partial(bench.value, step, text))
    for step, position, edges in bench.uses():
        if 1 - position in _square(bench, step):
            other = {"A.T @ v": "A @ v", "v @ B.T": "v @ B", "B @ v": "B.T @ v"}.get(bench.rule(step, position))
            if other:
                yield from bench.backward(edges, partial(bench.sent_back, text=other))


def _square(bench: Bench, step: Step) -> list[int]:
    """The operands of a matrix product that are square matrices."""
    shapes = [bench.program.shape(a) for a in step.args] if step.op == "matmul" else []
    return [i for i, s in enumerate(shapes) if len(s) == 2 and s[0] == s[1]]


def operands_swapped(bench: Bench) -> Changes:
    """The operands of a matrix product exchanged; the gradient of one given for the other's."""
    for step in bench.values:
        if _matrices(bench, step):
            yield from bench.forward(step, partial(bench.value, step, "B @ A"))
    results = {(e.child, e.position, e.cotangent): e.result for e in bench.tape.edges if e.result in bench.program}
    for step, _, edges in bench.uses():
        if _matrices(bench, step) and len(set(step.args)) == 2:
            yield from bench.backward(edges, partial(_mate, results))


def _mate(results: Mapping[tuple[str, int, str], str], edge: Edge) -> str | None:
    """What the other operand gets from the same cotangent."""
    return results.get((edge.child, 1 - edge.position, edge.cotangent))


def _matrices(bench: Bench, step: Step) -> bool:
    return step.op == "matmul" and any(len(bench.program.shape(a)) == 2 for a in step.args)


REVERSED = {"outer(v, B)": "outer(B, v)", "outer(A, v)": "outer(v, A)", "v @ B.T": "B.T @ v", "A.T @ v": "v @ A.T",
            "B @ v": "v @ B", "v @ B": "B @ v", "A @ v": "v @ A"}  # fmt: skip


def product_reversed(bench: Bench) -> Changes:
    """The factors of what a matrix product sends back, in the wrong order."""
    for step, position, edges in bench.uses():
        text = REVERSED.get(bench.rule(step, position), "") if step.op in ("matmul", "outer") else ""
        if text:
            yield from bench.backward(edges, partial(_in_matrix_form, bench, step, text))


def _in_matrix_form(bench: Bench, step: Step, text: str, edge: Edge) -> str:
    """The text alone, not summed or broadcast to the shape that is wanted."""
    return bench.value(step, text, v=edge.cotangent)


def v_plus_vt(bench: Bench) -> Changes:
    """Of X @ X.T, v + v.T without X."""
    for sweep in bench.tape.sweeps.values():
        cotangents = {e.child: e.cotangent for e in sweep.edges}
        for child, v in cotangents.items():
            x = _own_square(bench, bench.program[child])
            if x and sweep.adjoints.get(x) in bench.answers:
                made = expression(bench.program, "v + v.T", {"v": v}, role="inner")
                yield from bench.answered(sweep.adjoints[x], made)


def _own_square(bench: Bench, step: Step) -> str:
    """X where a step is X @ X.T, X.T @ X or outer(X, X)."""
    if step.op not in ("matmul", "outer"):
        return ""
    left, right = (bench.program[a] for a in step.args)
    if step.op == "outer":
        return left.name if left.name == right.name else ""
    if right.op == "transpose" and right.args[0] == left.name:
        return left.name
    return right.name if left.op == "transpose" and left.args[0] == right.name else ""


# steps of gradient descent


def ascent(bench: Bench) -> Changes:
    """The step taken the wrong way."""
    for new, *_ in bench.tape.updates:
        if new in bench.program:
            step = bench.program[new]
            yield Change(new, {new: replace(step, op="add" if step.op == "sub" else "sub")})


def _steps(bench: Bench, make: Callable[[str, str], Iterator[str]]) -> Changes:
    """Every update with another change: `make` gives it from the rate and the gradient."""
    for new, old, change, gradient in bench.tape.updates:
        if new in bench.program and change in bench.program:
            rate = next((a for a in bench.program[change].args if a != gradient), "")
            for other in make(rate, gradient):
                yield Change(new, {new: replace(bench.program[new], args=(old, other))})


def rate_forgotten(bench: Bench) -> Changes:
    """The whole gradient taken as the step."""
    return _steps(bench, lambda rate, gradient: iter([gradient]))


def rate_twice(bench: Bench) -> Changes:
    """The gradient multiplied by the rate twice."""
    return _steps(bench, lambda rate, gradient: iter([bench.value(
        Step("", "", (rate, gradient)), "A * (A * B)")] if rate else []))  # fmt: skip


def other_gradient(bench: Bench) -> Changes:
    """The step taken with the gradient of another quantity."""
    for new, old, change, gradient in bench.tape.updates:
        if new not in bench.program or change not in bench.program:
            continue
        rate = next((a for a in bench.program[change].args if a != gradient), "")
        for sweep in bench.tape.sweeps.values():
            if gradient not in sweep.adjoints.values():
                continue
            for of, adjoint in list(sweep.adjoints.items()):
                step = bench.program[of]
                same = step.shape == bench.program.shape(old) and bench.program.shape(adjoint) == step.shape
                if same and of != old and not step.unnamed and step.op != "const" and rate:
                    other = bench.emit("mul", rate, adjoint)
                    steps = {new: replace(bench.program[new], args=(old, other))}
                    yield Change(new, steps, variant=of)


def one_after_other(bench: Bench) -> Changes:
    """Names moved one after the other, each gradient where the earlier ones have moved already."""
    for (of, moves, rate, up), iterates in bench.tape.descents.items():
        if len(moves) < 2 or len(iterates) < 2:
            continue
        tape = Tape(bench.tape.program, equal=bench.tape.equal)
        tape.mapping = bench.tape.mapping
        now, steps = iterates[0], {}
        for number in range(1, len(iterates)):
            for name in moves:
                now = tape.iterate(Quantity("step", of=of, moves=(name,), rate=rate, ascent=up), now, number)
            bench.program.steps |= tape.program.steps
            for name in moves:
                if iterates[number][name] in bench.program:
                    steps[iterates[number][name]] = bench.copied(iterates[number][name], now[name])
        yield Change(iterates[1][moves[-1]], steps)


# questions answered by another one


def vjp_for_jvp(bench: Bench) -> Changes:
    """A VJP where a JVP is asked."""
    for quantity, result in zip(bench.quantities, bench.results, strict=True):
        if quantity.ask == "jvp" and len(quantity.tangent) == 1 and result:
            ((wrt, direction),) = quantity.tangent
            if bench.program.shape(wrt) == bench.program.shape(quantity.of):
                seed = bench.tape.seed(direction, bench.program.shape(wrt))
                adjoint = backward(bench.program, quantity.of, seed, prefix="other_").adjoints.get(wrt)
                if adjoint:
                    yield from bench.answered(result, adjoint)


def jvp_for_vjp(bench: Bench) -> Changes:
    """A JVP where a VJP is asked."""
    for quantity, result in zip(bench.quantities, bench.results, strict=True):
        if quantity.ask == "vjp" and result and bench.program.shape(quantity.wrt) == bench.program.shape(quantity.of):
            seed = bench.tape.seed(quantity.cotangent, bench.program.shape(quantity.of))
            try:
                tangent = forward(bench.program, quantity.of, {quantity.wrt: seed})
            except LanguageError:
                continue
            if tangent:
                yield from bench.answered(result, tangent)


def jacobian_transposed(bench: Bench) -> Changes:
    """A matrix of derivatives with rows and columns exchanged."""
    for quantity, result in zip(bench.quantities, bench.results, strict=True):
        if quantity.ask in ("jacobian", "hessian") and result and 1 not in bench.program.shape(result):
            yield from bench.answered(result, bench.emit("transpose", bench.again(bench.program[result])))


MISCONCEPTIONS: tuple[Misconception, ...] = (
    Misconception("sign-lost", sign_lost),
    Misconception("upstream-forgotten", upstream_forgotten),
    Misconception("local-forgotten", local_forgotten),
    Misconception("fan-out-overwritten", fan_out_overwritten),
    Misconception("one-sample", one_sample),
    Misconception("mean-for-sum", mean_for_sum),
    Misconception("sum-for-mean", sum_for_mean),
    Misconception("factor-swapped", factor_swapped),
    _other("square-two-forgotten", {("square", 0): "A", ("pow", 0): "where(B == 2, A, B * A ** (B - 1))"}),
    Misconception("weights-transposed", weights_transposed),
    Misconception("operands-swapped", operands_swapped),
    Misconception("product-reversed", product_reversed),
    Misconception("v-plus-vT", v_plus_vt),
    _other("sigmoid-at-output", {("sigmoid", 0): "sigmoid(y) * (1 - sigmoid(y))"}),
    _other("sigmoid-at-sigmoid", {("sigmoid", 0): "sigmoid(sigmoid(y)) * (1 - sigmoid(sigmoid(y)))"}),
    _other("sigmoid-of-input", {("sigmoid", 0): "A * (1 - A)"}),
    _other("relu-mask-flipped", {("relu", 0): "A < 0"}),
    _other("relu-mask-on-gradient", {("relu", 0): "v > 0"}),
    Misconception("broadcast-sum-forgotten", broadcast_sum_forgotten),
    _other("softmax-diagonal", {("softmax", 0): "v * y * (1 - y)"}),
    _other("log-base-10", {("log", 0): "1 / (A * log(10))"}, {"log": "log(A) / log(10)"}),
    Misconception("ascent", ascent),
    Misconception("rate-forgotten", rate_forgotten),
    Misconception("rate-twice", rate_twice),
    Misconception("other-gradient", other_gradient),
    Misconception("one-after-other", one_after_other),
    Misconception("vjp-for-jvp", vjp_for_jvp),
    Misconception("jvp-for-vjp", jvp_for_vjp),
    Misconception("jacobian-transposed", jacobian_transposed),
)


def every(bench: Bench) -> list[Mistake]:
    """All mistakes on a tape, in the order of the table."""
    return [m for rule in MISCONCEPTIONS for m in mistakes(bench, rule.name, list(rule.changes(bench)))]
