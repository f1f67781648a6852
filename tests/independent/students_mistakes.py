"""The mistakes, one function a rule: where it applies on a tape, and what is computed there instead.

A place is a step of the mapping, or one edge of it, in every copy of the mapping and in every sweep.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from .operations import integers, sigmoid
from .recompute import Json
from .tape import MATMUL, Change, Pass, Step, Work, count, kept, spread

Place = tuple[Any, ...]
Found = Iterator[tuple[Place, str, int, Change]]
Rule = Callable[["Scene"], Found]
Table = dict[tuple[Place, str], dict[int, Change]]


@dataclass(frozen=True)
class Scene:
    """A tape with the exact values on it."""

    work: Work
    values: Mapping[int, Any]

    def steps(self, role: str, *ops: str) -> Iterator[tuple[int, Step]]:
        """The steps of a role at places of the mapping, of these operations (or of all)."""
        for at, step in enumerate(self.work.tape.steps):
            if at in self.values and step.role == role and step.site is not None and (not ops or step.op in ops):
                yield at, step

    def shape(self, at: int) -> tuple[int, ...]:
        return np.shape(self.values[at])

    def ranks(self, step: Step) -> tuple[int, int]:
        """Of the two operands of a product, or of an edge of one."""
        first, second = step.parents[:2] if step.role == "value" else step.parents[1:3]
        return len(self.shape(first)), len(self.shape(second))


@dataclass(frozen=True)
class Candidate:
    """One mistake at one place or everywhere: what is computed otherwise, and what is answered by another step."""

    rule: str
    where: str
    work: Work
    changes: Mapping[int, Change] = field(default_factory=dict)
    answers: Mapping[str, int] = field(default_factory=dict)
    extra: tuple[int, ...] = ()
    coarse: tuple[str, ...] = ()


def by(run: Callable[..., Any]) -> Change:
    """Another function of the same values."""
    return lambda done, step: run(*done.of(step))


def upstream_forgotten(scene: Scene) -> Found:
    for at, step in scene.steps("edge"):
        if at not in scene.work.tape.firsts and (step.told == "elementwise" or scene.shape(step.child) == ()):
            yield (step.site, step.position), "", at, forget_upstream


def forget_upstream(done: Pass, step: Step) -> Any:
    v, *rest = done.of(step)
    return done.rule(step)(np.ones(np.shape(v)), *rest)


def local_forgotten(scene: Scene) -> Found:
    for at, step in scene.steps("edge"):
        if step.told == "elementwise" and step.op not in ("+", "-", "neg"):
            yield (step.site, step.position), "", at, by(lambda v, d, parent: spread(v, parent))


def fan_out_overwritten(scene: Scene) -> Found:
    for at, step in scene.steps("sum"):
        for mode, place in (("first", 0), ("last", -1)):
            yield (step.site,), mode, at, by(lambda *edges, place=place: edges[place])


def sample_axis(statics: Any, rank: int) -> Any:
    """The one axis that is summed, None for all entries."""
    axis = integers((statics or {}).get("axis"))
    axes = tuple(np.atleast_1d(axis) % rank) if axis is not None else None
    return None if axes is None or len(axes) == rank else axes


def one_sample(scene: Scene) -> Found:
    for direction, at, child in reductions(scene, "sum", "mean"):
        step = scene.work.tape.steps[child]
        rank = len(scene.shape(step.parents[0]))
        axis = sample_axis(step.told, rank)
        if (axis is not None and len(axis) > 1) or count(scene.values[step.parents[0]], axis) < 2:
            continue
        whole = np.ndim(scene.values[child]) == rank
        for mode, place in (("first", 0), ("last", -1)):
            change = partial(sampled if direction == "forward" else unsampled, place, axis, whole)
            yield (step.site, mode), direction, at, by(change)


def sampled(place: int, axis: Any, whole: bool, x: Any) -> Any:
    """One entry of a sum."""
    entry = np.ravel(x)[place] if axis is None else np.take(x, place, axis[0])
    return kept(entry, x, axis) if whole else entry


def unsampled(place: int, axis: Any, whole: bool, v: Any, x: Any, y: Any) -> Any:
    """v for one entry, 0 for the others."""
    mask = np.zeros(np.shape(x))
    if axis is None:
        mask.reshape(-1)[place] = 1
    else:
        np.moveaxis(mask, axis[0], 0)[place] = 1
    return kept(v, x, axis) * mask


def reductions(scene: Scene, *ops: str) -> Iterator[tuple[str, int, int]]:
    """Sums and means, forward and backward: the direction, the step, and the step of the mapping."""
    for at, _ in scene.steps("value", *ops):
        yield "forward", at, at
    for at, step in scene.steps("edge", *ops):
        if scene.work.tape.steps[step.child].role == "value":
            yield "backward", at, step.child


def scaled(scene: Scene, op: str, power: int) -> Found:
    """A sum or mean, and what it sends back, times its number of entries to some power."""
    for direction, at, child in reductions(scene, op):
        step = scene.work.tape.steps[child]
        n = count(scene.values[step.parents[0]], (step.told or {}).get("axis"))
        yield (step.site,), direction, at, partial(scale, float(n) ** power)


def scale(factor: float, done: Pass, step: Step) -> Any:
    return done.run(step) * factor


def sign_lost(scene: Scene) -> Found:
    for at, step in scene.steps("value", "neg", "-"):
        yield (step.site,), "forward", at, by((lambda a: a) if step.op == "neg" else (lambda a, b: a + b))
    for at, step in scene.steps("edge", "neg", "-"):
        if step.op == "neg" or step.position == 1:
            yield (step.site,), "backward", at, by(lambda v, d, parent: spread(v, parent))
    for at, step in scene.steps("value", "*"):
        for label in labels(scene, step):
            yield (step.site, label), "forward", at, by(partial(without_label, label))
    for at, step in scene.steps("edge", "*"):
        if 1 - step.position in labels(scene, scene.work.tape.steps[step.child]):
            change = by(lambda v, d, parent: spread(v, parent))
            yield (step.site, 1 - step.position), "backward", at, change


def labels(scene: Scene, step: Step) -> list[int]:
    """The factors that are given and whose entries are all 1 or -1."""
    pairs = [(k, parent) for k, parent in enumerate(step.parents) if scene.work.tape.steps[parent].role == "given"]
    return [k for k, parent in pairs if np.all(np.abs(scene.values[parent]) == 1)]


def without_label(label: int, *factors: Any) -> Any:
    """The other factor, in the shape of the product."""
    return factors[1 - label] + np.zeros(np.broadcast_shapes(*map(np.shape, factors)))


def factor_swapped(scene: Scene) -> Found:
    for at, step in scene.steps("edge", "*", "@"):
        child = scene.work.tape.steps[step.child]
        if child.parents[0] == child.parents[1]:
            continue
        if step.op == "*":
            yield (step.site, step.position), "", at, by(lambda v, d, parent: spread(v * parent, parent))
        elif scene.ranks(child) == (1, 1):
            change = by(lambda v, a, b, y, k=step.position: v * (a, b)[k])
            yield (step.site, step.position), "", at, change


def square_operands(scene: Scene, step: Step) -> list[int]:
    shapes = [scene.shape(parent) for parent in step.parents[:2]]
    return [k for k, shape in enumerate(shapes) if len(shape) == 2 and shape[0] == shape[1]]


def weights_transposed(scene: Scene) -> Found:
    for at, step in scene.steps("value", "@"):
        for k in square_operands(scene, step):
            yield (step.site, k), "forward", at, by(lambda a, b, k=k: a.T @ b if k == 0 else a @ b.T)
    for at, step in scene.steps("edge", "@"):
        other = 1 - step.position
        if other in square_operands(scene, scene.work.tape.steps[step.child]):
            yield (step.site, other), "backward", at, partial(transpose_operand, other)


def transpose_operand(k: int, done: Pass, step: Step) -> Any:
    v, *operands, y = done.of(step)
    operands[k] = operands[k].T
    return MATMUL[np.ndim(operands[0]), np.ndim(operands[1])][step.position](v, *operands)


def operands_swapped(scene: Scene) -> Found:
    for at, step in scene.steps("value", "@"):
        if scene.ranks(step) == (2, 2):
            yield (step.site,), "forward", at, by(lambda a, b: b @ a)
    for at, step in scene.steps("edge", "@"):
        if 2 in (ranks := scene.ranks(step)):
            other = MATMUL[ranks][1 - step.position]
            change = by(lambda v, a, b, y, other=other: other(v, a, b))
            same = scene.shape(step.parents[1]) == scene.shape(step.parents[2])
            if not same and at not in scene.work.answers.values():
                continue
            yield (step.site,), "backward", at, change
            yield (step.site, step.position), "edge", at, change


REVERSED: dict[tuple[int, int], tuple[Callable[..., Any], Callable[..., Any]]] = {
    (2, 2): (lambda v, a, b: b.T @ v, lambda v, a, b: v @ a.T),
    (2, 1): (lambda v, a, b: np.multiply.outer(b, v), lambda v, a, b: v @ a.T),
    (1, 2): (lambda v, a, b: v @ b, lambda v, a, b: np.multiply.outer(v, a)),
}


def product_reversed(scene: Scene) -> Found:
    for at, step in scene.steps("edge", "@"):
        if 2 in (ranks := scene.ranks(step)):
            run = REVERSED[ranks][step.position]
            yield (step.site, step.position), "", at, by(lambda v, a, b, y, run=run: run(v, a, b))


def slope(op: str, rule: Callable[..., Any]) -> Rule:
    """Another d, of the output y and the input."""

    def found(scene: Scene) -> Found:
        for at, step in scene.steps("d", op):
            yield (step.site, step.position), "", at, by(rule)

    return found


def product_with_rest(s: Any) -> Any:
    return s * (1 - s)


def relu_mask_on_gradient(scene: Scene) -> Found:
    for at, step in scene.steps("edge", "relu"):
        yield (step.site,), "", at, by(lambda v, d, parent: np.where(v > 0, v, 0))


def broadcast_sum_forgotten(scene: Scene) -> Found:
    for at, step in scene.steps("edge"):
        parent = scene.work.tape.steps[step.child].parents[step.position]
        if scene.shape(parent) != scene.shape(step.child):
            if step.told == "elementwise":
                yield (step.site, step.position), "", at, by(lambda v, d, parent: v * d)
            elif step.op == "broadcast_to":
                yield (step.site, step.position), "", at, lambda done, step: done.of(step)[0]


def softmax_diagonal(scene: Scene) -> Found:
    for at, step in scene.steps("edge", "softmax"):
        yield (step.site,), "", at, by(lambda v, a, y: v * y * (1 - y))


def log_base_10(scene: Scene) -> Found:
    for at, step in scene.steps("value", "log"):
        yield (step.site,), "forward", at, by(np.log10)
    for at, step in scene.steps("d", "log"):
        yield (step.site,), "backward", at, by(lambda y, a: 1 / (a * np.log(10)))


def square_two_forgotten(scene: Scene) -> Found:
    for at, step in scene.steps("d", "**", "square"):
        if step.position == 0 and (step.op == "square" or is_two(scene, step.parents[2])):
            yield (step.site,), "", at, by(lambda y, a, *b: a)


def is_two(scene: Scene, at: int) -> bool:
    return at in scene.work.tape.constants and scene.shape(at) == () and float(scene.values[at]) == 2


def update(op: str, run: Callable[..., Any]) -> Rule:
    """Another descent step, in every step of the descent."""

    def found(scene: Scene) -> Found:
        for at, _ in scene.steps("update", op):
            yield (), "", at, partial(updated_by, run)

    return found


def updated_by(run: Callable[..., Any], done: Pass, step: Step) -> Any:
    return run(*done.of(step), 1 if step.told[2] else -1)


def v_plus_vt(scene: Scene) -> Found:
    steps = scene.work.tape.steps
    for at, step in scene.steps("sum"):
        uses = [(parent, steps[steps[parent].child]) for parent in step.parents if steps[parent].role == "edge"]
        for edge, child in uses:
            if child.role == "value" and (others := twins(scene, step.child, edge, child)):
                taken = [k for k, parent in enumerate(step.parents) if steps[parent].child in others]
                if len(taken) == 2:
                    yield (step.site,), "", at, partial(plus_transposed, steps[edge].parents[0], taken)


def twins(scene: Scene, x: int, edge: int, child: Step) -> set[int]:
    """The steps through which x comes twice into x @ x.T or outer(x, x)."""
    steps = scene.work.tape.steps
    mine = steps[edge].child
    if child.op == "outer" and child.parents[0] == child.parents[1]:
        return {mine}
    if child.op == "@" and len(scene.shape(x)) == 2 and child.parents[0] == x and steps[edge].position == 0:
        other = child.parents[1]
        if steps[other].op == "T" and steps[other].parents[0] == x:
            return {mine, other}
    return set()


def plus_transposed(v_step: int, taken: list[int], done: Pass, step: Step) -> Any:
    v, edges = done.found[v_step], done.of(step)
    return sum((edge for k, edge in enumerate(edges) if k not in taken), v + v.T)


RULES: dict[str, Rule] = {
    "upstream-forgotten": upstream_forgotten,
    "local-forgotten": local_forgotten,
    "fan-out-overwritten": fan_out_overwritten,
    "one-sample": one_sample,
    "mean-for-sum": partial(scaled, op="sum", power=-1),
    "sum-for-mean": partial(scaled, op="mean", power=1),
    "sign-lost": sign_lost,
    "factor-swapped": factor_swapped,
    "weights-transposed": weights_transposed,
    "operands-swapped": operands_swapped,
    "product-reversed": product_reversed,
    "sigmoid-at-output": slope("sigmoid", lambda y, a: product_with_rest(sigmoid(y))),
    "sigmoid-at-sigmoid": slope("sigmoid", lambda y, a: product_with_rest(sigmoid(sigmoid(y)))),
    "sigmoid-of-input": slope("sigmoid", lambda y, a: product_with_rest(a)),
    "relu-mask-flipped": slope("relu", lambda y, a: np.where(a < 0, 1.0, 0.0)),
    "relu-mask-on-gradient": relu_mask_on_gradient,
    "broadcast-sum-forgotten": broadcast_sum_forgotten,
    "softmax-diagonal": softmax_diagonal,
    "log-base-10": log_base_10,
    "ascent": update("move", lambda w, step, way: w - way * step),
    "rate-forgotten": update("scale", lambda rate, g, way: g),
    "rate-twice": update("scale", lambda rate, g, way: rate * rate * g),
    "v-plus-vT": v_plus_vt,
    "square-two-forgotten": square_two_forgotten,
}
"""The rules that change steps of the tape."""

WHOLE = {"other-gradient", "one-after-other", "vjp-for-jvp", "jvp-for-vjp", "jacobian-transposed", "coarse"}
"""The rules that change whole answers, or the tape."""

NAMES = [*RULES, *sorted(WHOLE)]


def on_tape(rule: str, scene: Scene) -> Iterator[Candidate]:
    """A rule at each place, and everywhere, in each of its modes."""
    table: Table = {}
    for place, mode, at, change in RULES[rule](scene):
        table.setdefault((place, mode), {})[at] = change
    for place, mode in list(table):
        if mode == "backward" and (place, "forward") in table:
            table[place, "both"] = table[place, "forward"] | table[place, "backward"]
    yield from (Candidate(rule, f"{mode} at {place}", scene.work, c) for (place, mode), c in table.items())
    yield from pairs_of_edges(rule, scene, table)
    for mode in sorted({mode for _, mode in table}):
        parts = [c for (_, other), c in table.items() if other == mode]
        if len(parts) > 1:
            yield Candidate(rule, f"{mode} everywhere", scene.work, {at: c for part in parts for at, c in part.items()})


def pairs_of_edges(rule: str, scene: Scene, table: Table) -> Iterator[Candidate]:
    """Both edges of one step at once, for the rules that speak of both."""
    if rule in ("factor-swapped", "product-reversed"):
        for (site, position), mode in list(table):
            if position == 0 and ((site, 1), mode) in table:
                both = table[(site, 0), mode] | table[(site, 1), mode]
                yield Candidate(rule, f"both edges at {site}", scene.work, both)


def other_gradient(problem: Json, scene: Scene) -> Iterator[Candidate]:
    work, names = scene.work, sorted({name for _, _, _, name in scene.work.updates})
    for name in names:
        mine = [(at, env, of) for at, env, of, moved in work.updates if moved == name]
        others = [q for q in work.sizes if q != name and work.sizes[q] == work.sizes[name]]
        for other in others:
            found = [(at, work.tape.sweep(env[of], work.one).get(env[other])) for at, env, of in mine]
            if all(adjoint is not None and adjoint < at for at, adjoint in found):
                changes = {at: partial(step_by, adjoint) for at, adjoint in found if adjoint is not None}
                extra = tuple(adjoint for _, adjoint in found if adjoint is not None)
                yield Candidate("other-gradient", f"{name} by {other}", work, changes, extra=extra)


def step_by(adjoint: int, done: Pass, step: Step) -> Any:
    return done.of(step)[0] * done.found[adjoint]


def vjp_for_jvp(problem: Json, scene: Scene) -> Iterator[Candidate]:
    work = scene.work
    for question in problem["questions"]:
        if question["ask"] == "jvp" and question["id"] in work.answers and len(question["tangent"]) == 1:
            [(x, t)], of = question["tangent"].items(), question["of"]
            if work.sizes[of] == work.sizes[x]:
                seed = work.seed(t, work.sizes[of])
                at = once(work, ("vjp", question["id"]), partial(back, work, work.base[of], seed, x))
                yield Candidate("vjp-for-jvp", question["id"], work, answers={question["id"]: at})


def back(work: Work, out: int, seed: int, x: str) -> int:
    return work.adjoint(out, seed, work.base[x], work.sizes[x])


def jvp_for_vjp(problem: Json, scene: Scene) -> Iterator[Candidate]:
    work = scene.work
    for question in problem["questions"]:
        if question["ask"] == "vjp" and question["id"] in work.answers:
            of, x = question["of"], question["wrt"]
            if work.sizes[of] == work.sizes[x]:
                moved = {work.base[x]: work.seed(question["cotangent"], work.sizes[x])}
                at = once(work, ("jvp", question["id"]), partial(work.tape.push, work.base[of], moved))
                if at is not None:
                    yield Candidate("jvp-for-vjp", question["id"], work, answers={question["id"]: at})


def jacobian_transposed(problem: Json, scene: Scene) -> Iterator[Candidate]:
    work = scene.work
    for question in problem["questions"]:
        if question["ask"] in ("jacobian", "hessian") and question["id"] in work.answers:
            turned = Step("T", (work.answers[question["id"]],), np.transpose, "pack", exact=True)
            at = once(work, ("T", question["id"]), partial(work.tape.add, turned))
            yield Candidate("jacobian-transposed", question["id"], work, answers={question["id"]: at})


def once(work: Work, key: Any, make: Callable[[], Any]) -> Any:
    """A step that is added to a tape the first time it is wanted."""
    found = work.iterates.setdefault(key, {})
    if "step" not in found:
        found["step"] = make()
    return found["step"]


def coarse(problem: Json, scene: Scene) -> Iterator[Candidate]:
    ids = tuple(scene.work.answers)
    yield from (Candidate("coarse", name, scene.work, coarse=(name,)) for name in ids)
    if len(ids) > 1:
        yield Candidate("coarse", "everywhere", scene.work, coarse=ids)


def one_after_other(problem: Json, in_turn: Callable[[], Work]) -> Iterator[Candidate]:
    if any(len(question.get("moves") or ()) > 1 and question["ask"] == "step" for question in problem["questions"]):
        yield Candidate("one-after-other", "everywhere", in_turn())


QUESTIONS: dict[str, Callable[[Json, Scene], Iterator[Candidate]]] = {
    "other-gradient": other_gradient,
    "vjp-for-jvp": vjp_for_jvp,
    "jvp-for-vjp": jvp_for_vjp,
    "jacobian-transposed": jacobian_transposed,
    "coarse": coarse,
}


def candidates(rule: str, problem: Json, scene: Scene, in_turn: Callable[[], Work]) -> list[Candidate]:
    """Every way in which a rule can be applied in a problem."""
    if rule in RULES:
        return list(on_tape(rule, scene))
    if rule == "one-after-other":
        return list(one_after_other(problem, in_turn))
    return list(QUESTIONS[rule](problem, scene))
