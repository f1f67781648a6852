"""What the tests of the mapping language share: a case for every operation, its values, and central differences.

Cases are discovered from the table of operations: the operation's own examples, else shape classes by arity.
"""

from dataclasses import dataclass
from itertools import islice, product

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

from t1gen.mapping.evaluate import Override, evaluate
from t1gen.mapping.ops import OPS
from t1gen.mapping.ops.fold import AXES
from t1gen.mapping.program import Program, Step
from t1gen.mapping.reader import Writer, read
from t1gen.mapping.sweep import backward
from t1gen.mapping.syntax import parse

SHAPES = {
    1: (((),), ((3,),), ((2, 3),)),
    2: (
        ((), ()),
        ((3,), (3,)),
        ((3,), (2, 3)),
        ((2, 3), (3,)),
        ((), (3,)),
        ((3,), ()),
        ((2, 1), (2, 3)),
        ((2, 1), (1, 3)),
    ),
    3: (((), (), ()), ((3,), (3,), (3,)), ((2, 3), (3,), ()), ((), (2, 1), (3,))),
}
"""Shapes of the parents of an elementwise operation, by how many it has."""

MARGIN = 0.02
"""How far test values stay from kinks, and from zero where they are divided by."""

DECLARED = ("stop_gradient",)
"""Frozen operations that do have a slope; floor, argmax and the like have none but at jumps."""

few = settings(max_examples=8, deadline=None, derandomize=True)


@dataclass(frozen=True)
class Case:
    """One call of one operation over named, shaped parents."""

    op: str
    call: str
    shapes: tuple

    def __str__(self):
        return f"{self.op}: {self.call} over {' '.join(map(str, dict(self.shapes).values()))}"

    @property
    def program(self):
        return read(f"y = {self.call}", dict(self.shapes), lambdas=True)

    def uses(self, test):
        """Whether any operation of the call passes a test."""
        return any(test(OPS[step.op]) for step in self.program if step.op in OPS)

    @property
    def selects(self):
        """Whether an index depends on values, so that ties are jumps."""
        return self.uses(lambda op: op.selects)

    @property
    def declared(self):
        """Whether the gradient is declared to be another than the slope."""
        return self.uses(lambda op: op.surrogate or op.name in DECLARED)

    @property
    def implicit(self):
        """Whether something is found by repeating: its gradient is implicit, and has no text of the language."""
        return self.uses(lambda op: op.name == "iterate")

    def domain(self, name):
        op = OPS[self.op]
        place = list(AXES).index(name)
        return op.domain[place] if place < len(op.domain) else (-2, 2)

    def values(self, seed, batch=1):
        """Random values of every parent within its domain, on a grid of thousandths, the batch last."""
        stream = np.random.default_rng(seed)
        return {
            name: on_grid(stream.integers(0, 1001, (*shape, batch)), self.domain(name)) for name, shape in self.shapes
        }

    def smooth_values(self, seed, batch=1):
        """The same away from kinks, instance by instance."""
        tried = (self.values((seed, n)) for n in range(100 * batch))
        good = (v for v in tried if is_smooth(self.program, v) and (not self.selects or all(map(is_apart, v.values()))))
        found = list(islice(good, batch))
        assert len(found) == batch, f"{self}: too few values away from kinks"
        return {name: np.concatenate([v[name] for v in found], axis=-1) for name, _ in self.shapes}


def is_apart(x):
    flat = np.sort(x.ravel())
    return bool((np.diff(flat) > MARGIN).all())


def on_grid(whole, domain):
    low, high = domain
    return low + (high - low) * np.asarray(whole) / 1000.0


def plain_call(op):
    """The operation over A, B, ... without statics."""
    letters = AXES[: op.arity]
    if op.infix and op.arity == 2:
        return f"A {op.infix[0]} B"
    return f"{op.infix[0]}A" if op.infix else f"{op.name}({', '.join(letters)})"


def plain_cases(op):
    return [Case(op.name, plain_call(op), tuple(zip(AXES, shapes, strict=False))) for shapes in SHAPES[op.arity]]


def cases_of(op):
    if not op.examples:
        return plain_cases(op)
    return [Case(op.name, call, tuple(shapes.items())) for call, shapes in op.examples]


CASES = [case for op in OPS.values() for case in cases_of(op)]


def of_the_operation(program, op):
    return [step for step in program if step.op == op]


def rules_context(program, step):
    """The names and statics that the texts of a step's operation may use."""
    op, shapes = OPS[step.op], tuple(program.shape(a) for a in step.args)
    scope = dict(zip(AXES, step.args, strict=False)) | {"y": step.name}
    statics = dict(step.statics) | {f"shape_{x}": s for x, s in zip(AXES, shapes, strict=False)}
    if op.bind is not None:
        statics |= op.bind(0, shapes, **dict(step.statics))
    return scope, statics


def is_smooth(program, givens, margin=MARGIN, values=None):
    """Whether one instance is finite and away from every kink and from dividing by nearly nothing."""
    values = evaluate(program, givens) if values is None else values
    if not all(np.isfinite(v).all() and np.abs(v).max() < 1e4 for v in values.values() if v.size):
        return False
    return all(np.abs(v).min() > margin for step in program for v in _margins(program, step, values))


def _margins(program, step, values):
    op = OPS.get(step.op)
    for text in (*op.kinks, *op.guards) if op else ():
        scope, statics = rules_context(program, step)
        extended = program.copy()
        name = Writer(extended, text, scope=scope, statics=statics).value(parse(text, "eval").body)
        yield evaluate(extended, {}, start=values)[name]


def central(program, of, wrt, givens, weights, size=1e-5):
    """Central differences of <weights, of> by every entry of a step, one instance; the shape of the step."""
    shape = program.shape(wrt)
    count = int(np.prod(shape))
    moves = np.eye(count).reshape((*shape, count)) * size
    shift = Override(wrt, shift=np.concatenate([moves, -moves], axis=-1))
    wide = {n: np.repeat(np.asarray(a), 2 * count, axis=-1) for n, a in givens.items()}
    found = np.broadcast_to(evaluate(program, wide, [shift])[of], (*program.shape(of), 2 * count))
    total = (found * np.asarray(weights)[..., None]).reshape((-1, 2 * count)).sum(axis=0)
    return ((total[:count] - total[count:]) / (2 * size)).reshape(shape)


def swept(program, output, equal=0):
    """A tape with the sweep of `output` from a given cotangent `v`."""
    tape = program.copy()
    tape.add(Step("v", "given", shape=program.shape(output), role="given"))
    return tape, backward(tape, output, "v", equal=equal)


def adjoint(values, sweep, name, shape):
    """The value of an adjoint, one instance; zeros where the sweep did not reach."""
    found = values[sweep.adjoints[name]][..., 0] if name in sweep.adjoints else np.zeros(())
    return np.broadcast_to(found, shape)


def sweep_error(program, output, givens, weights, equal=0):
    """The largest relative difference between a sweep and central differences, over the givens."""
    tape, sweep = swept(program, output, equal)
    values = evaluate(tape, {**givens, "v": np.asarray(weights)[..., None]})
    worst = 0.0
    for name, shape in program.givens.items():
        ours, wanted = adjoint(values, sweep, name, shape), central(program, output, name, givens, weights)
        worst = max(worst, float((np.abs(ours - wanted) / np.maximum(1, np.abs(wanted))).max()))
    return worst


def weights_for(shape, seed=7):
    """A random cotangent with no entry near zero."""
    stream = np.random.default_rng(seed)
    return stream.choice([-1, 1], shape) * stream.uniform(0.5, 1.5, shape)


def program_of(text, **shapes):
    return read(text, shapes)


def batch(**values):
    """Values of one instance as the evaluator takes them."""
    return {name: np.asarray(v, dtype=float)[..., None] for name, v in values.items()}


def pool(count):
    """Combinations of shapes to try an operation on."""
    shapes = ((), (1,), (3,), (2, 3), (3, 3), (2, 2), (3, 2, 2))
    return product(shapes, repeat=count)


seeds = st.integers(0, 2**32 - 1)

__all__ = ["AXES", "CASES", "OPS", "Case", "Program", "Step"]
