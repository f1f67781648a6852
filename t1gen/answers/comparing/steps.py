"""The steps of a reference that are right in a student's graph: the same thing computed from the same things.

A step is one operation; nested sums and nested products are one step each. Values at random points say which node
computes what. Where a step is wrong, the node that stands in its place is taken for it, and the steps after it are held
against that: a mistake costs its own step alone.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import reduce
from typing import Any

from t1gen.answers.comparing.forms import FLAT, unordered
from t1gen.answers.comparing.network import NO_STEP, Network, short
from t1gen.answers.comparing.points import equal
from t1gen.answers.record import judged
from t1gen.mapping.evaluate import Values, evaluate
from t1gen.mapping.ops import OPS
from t1gen.mapping.ops.fold import Array
from t1gen.mapping.program import Program, Step

CANDIDATES, APART = 40, Fraction(3, 4)
"""Nodes that are tried in the place of a wrong step; the most that is earned where a shared value is not one node."""


@dataclass(frozen=True)
class Fate:
    """What became of a step of the reference, and the node that was found.

    right, same (the same value by other operations), wrong, skipped (what it works on was used in its place), missing.
    Where a step of the same value is written out in a longer sum or product, `parts` are its terms there.
    """

    step: str
    fate: str
    node: str = ""
    parts: tuple[str, ...] = ()


@dataclass
class Matching:
    """The steps of `right` looked for in `mine`, one after the other; `output` is where `mine` ends.

    `now` holds the values that the steps are to have: those of the reference, or where `follow` is set, those that
    follow from what was found in the place of wrong steps. Such steps are `whole`: they are not taken apart into terms.
    """

    right: Network
    mine: Network
    output: str
    follow: bool
    now: Values = field(default_factory=dict)
    fates: dict[str, Fate] = field(default_factory=dict)
    whole: tuple[set[str], set[str]] = field(default_factory=lambda: (set(), set()))
    taken: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        steps = set(self.right.steps)
        self.live = self.mine.program.ancestors([self.output])
        self.known = {n for s in steps for n in self.mine.having(self.right.values[s])}
        moved = set[str]()
        for step in self.right.program:
            if moved.intersection(step.args):
                moved.add(step.name)
            self.now[step.name] = self._again(step) if step.name in moved else self.right.values[step.name]
            if step.name in steps:
                fate = self.fates[step.name] = self._fate(step)
                moved |= {step.name} & self.whole[0]
                self.taken |= {fate.node} - {""}

    def _again(self, step: Step) -> Array:
        """What a step is from what its arguments now are."""
        start = {a: self.now[a] for a in step.args}
        return evaluate(Program({step.name: step}), {}, start=start)[step.name]

    def _fate(self, step: Step) -> Fate:
        found = self.mine.having(self.now[step.name])
        hits = sorted(found, key=lambda n: (n not in self.live, n in self.taken, n != step.name))
        for node in hits:
            if self._does(step.name, node):
                return Fate(step.name, "right", node)
        for node in hits:
            if self._holds(step.name, node):
                return Fate(step.name, "right", node)
        if hits:
            free = [n for n in hits if n not in self.taken]
            return Fate(step.name, "same", free[0]) if free else Fate(step.name, "skipped", hits[0])
        node = self._stand_in(step) if self.follow else ""
        if not node:
            return Fate(step.name, "missing")
        self.now[step.name] = self.mine.values[node]
        self.whole[0].add(step.name)
        self.whole[1].add(node)
        return Fate(step.name, "skipped" if node in self.taken else "wrong", node)

    def _holds(self, name: str, node: str) -> bool:
        """Whether a node is the sum or product that is wanted, with one missing term written out in it."""
        op, mine = self.right.program[name].op, self.mine.terms(node, self.whole[1])
        if op not in FLAT or self.mine.program[node].op != op:
            return False
        absent = list[str]()
        for term in self.right.terms(name, self.whole[0]):
            found = next((n for n in mine if self.same(term, n)), None)
            if found is None:
                absent.append(term)
            else:
                mine.remove(found)
        if len(absent) != 1 or self.fates.get(absent[0]) != Fate(absent[0], "missing") or not mine:
            return False
        value, wanted = reduce(OPS[op].forward, (self.mine.values[n] for n in mine)), self.now[absent[0]]
        if value.shape != wanted.shape or not equal(value, wanted):
            return False
        self.fates[absent[0]] = Fate(absent[0], "same", parts=tuple(mine))
        return True

    def _does(self, name: str, node: str, taken: tuple[str, str] = ("", "")) -> bool:
        """Whether a node does the operation of a step on the same things; those of `taken` are taken for the same."""
        theirs, mine = self.right.program[name], self.mine.program[node]
        wanted = self.right.terms(name, {taken[0], *self.whole[0]})
        found = self.mine.terms(node, {taken[1], *self.whole[1]})
        if (theirs.op, theirs.statics, len(wanted)) != (mine.op, mine.statics, len(found)):
            return False
        if unordered(self.right.program, theirs):
            return _paired(sorted(wanted, key=lambda w: w != taken[0]), found, lambda w, f: self.same(w, f, taken))
        return all(self.same(w, f, taken) for w, f in zip(wanted, found, strict=True))

    def same(self, name: str, node: str, taken: tuple[str, str] = ("", "")) -> bool:
        """Whether a node has the value that a quantity is to have; one that is not known yet may have any."""
        if name == taken[0] or name not in self.now:
            return name != taken[0] or node == taken[1]
        found, wanted = self.mine.values[node], self.now[name]
        return found.shape == wanted.shape and equal(found, wanted)

    # what stands in the place of a step that is not there

    def _stand_in(self, step: Step) -> str:
        """The node that was drawn instead: one that the steps after this one use, or that has its name."""
        fates, free = (self.fates.get(a) for a in self.right.args(step.name)), self.live - self.taken - self.known
        skipped = [f.node for f in fates if f and f.fate == "right"]
        drawn = [s.name for s in self.mine.operations if s.name in free and self._attempts(step, s)]
        program = self.mine.program
        nodes = [n for n in [*drawn[-CANDIDATES:], *skipped] if program.shape(n) == step.shape]
        scores = {n: self._score(step, n) for n in nodes}
        best = max(scores, key=lambda n: scores[n], default="")
        return best if best and scores[best][0] else ""

    def _attempts(self, step: Step, node: Step) -> bool:
        """Whether a node depends on half of what a step does; where a step is right, its name or operation will do."""
        wanted = self.right.givens[step.name]
        if 2 * len(wanted & self.mine.givens[node.name]) >= max(1, len(wanted)):
            return True
        return bool(self.of("right")) and (node.op == step.op or (node.name == step.name and not step.unnamed))

    def _score(self, step: Step, node: str) -> tuple[int, bool, bool]:
        """What speaks for a node in the place of a step: the steps after it that are there, its name, its operation."""
        users, uses = set(self.mine.users[node]), set(self.right.users[step.name])
        fits = sum(any(self._does(u, n, (step.name, node)) for n in users) for u in uses)
        ends = step.name == self.right.origin(self.right.program.output) and node == self.mine.origin(self.output)
        named = ends or (step.name == node and not step.unnamed and node not in self.taken)
        return fits + named, named, self.mine.program[node].op == step.op

    # how what was found is built

    def region(self, fate: Fate) -> tuple[set[str], set[str]]:
        """The operations that a step was split into besides its node, and what these start from."""
        inner, ends, todo = set[str](), set[str](), list(fate.parts or self.mine.args(fate.node))
        while todo:
            name = todo.pop()
            if name in self.taken or self.mine.program[name].op in NO_STEP:
                ends.add(name)
            elif name not in inner:
                inner.add(name)
                todo += self.mine.args(name)
        return inner, ends

    def recognised(self, fate: Fate) -> bool:
        """Whether the same value is plainly a finer graph of the step, from the same things, or a coarser one, one
        operation for several steps."""
        inner, ends = self.region(fate)
        wanted = self.right.terms(fate.step, self.whole[0])
        constant = {n for n in ends if self.mine.program[n].op == "const"}
        return not inner or all(any(self.same(w, n) for w in wanted) for n in ends - constant)

    def of(self, fate: str) -> list[Fate]:
        return [f for f in self.fates.values() if f.fate == fate]

    def twice(self) -> list[str]:
        """The named values that the reference uses several times and that more nodes compute than there."""
        right = {f.step: f.node for f in (*self.of("right"), *self.of("same")) if f.node}
        others = (s.name for s in self.mine.operations if s.name in self.live - self.taken)
        forms = Counter(self.mine.forms[n] for n in others)
        times = Counter(self.right.forms[s.name] for s in self.right.operations)
        shared = [n for n in right if n in self.right.program.named and len(self.right.users[n]) > 1]
        return [n for n in shared if forms[self.mine.forms[right[n]]] >= times[self.right.forms[n]]]


# what it is worth


@dataclass(frozen=True)
class Tally:
    """The share of the right steps, and what is not right in words: the first wrong step, what is computed twice, what
    leads nowhere."""

    share: Fraction
    told: list[str]

    @classmethod
    def of(cls, found: Matching, apart: list[str]) -> "Tally":
        """`apart` are shared quantities that are not one node: they are not right.

        A step with the right value by other operations is half right, and so is a right one that leads nowhere; what
        else leads nowhere takes away a step each. What leads to the output and is none of the steps makes the graph
        longer. Steps that only pass values on, such as a sign, earn nothing alone.
        """
        steps, lost = max(1, len(found.fates)), _lost(found)
        right, same = found.of("right"), found.of("same")
        halves = 2 * sum(f.node in found.live for f in right) + sum(f.node not in found.live for f in right) + len(same)
        earned = Fraction(halves, 2) - len(apart) - len(set(lost) - {f.node for f in right})
        if found.follow and all(_passes(found, f) for f in (*right, *same)):
            earned = Fraction(0)
        most = min(1 - Fraction(1, 2 * steps), APART) if apart else 1 - Fraction(1, 2 * steps)
        share = min(max(earned, Fraction(0)) / (steps + _surplus(found)), most)
        return cls(share, _in_words(found, apart, lost))


def _in_words(found: Matching, apart: list[str], lost: list[str]) -> list[str]:
    uses = [judged("one_node", name=n, n=len(found.right.users[n])) for n in apart[:1]]
    ends = [n for n in lost if not found.mine.program.uses(n)]
    nowhere = [judged("nowhere", names=", ".join(map(short, ends[:3])))] if ends else []
    return [*_first(found), *uses, *nowhere] or [judged("otherwise")]


def _passes(found: Matching, fate: Fate) -> bool:
    return bool(fate.node) and OPS[found.mine.program[fate.node].op].passes


def _lost(found: Matching) -> list[str]:
    """The steps, and copies of steps, that do not lead to the output."""
    mine = found.mine
    steps = [s.name for s in mine.operations if s.name not in found.live and not mine.inner(s.name)]
    copies = [s.name for s in mine.program if s.op == "copy" and s.name not in found.live]
    return steps + [n for n in copies if not mine.program.uses(n)]


def _surplus(found: Matching) -> int:
    """How many more operations lead to the output than the wanted ones and those that wanted ones are split into."""
    mine, right = found.mine, found.right
    split = {n for f in found.of("same") for n in found.region(f)[0]}
    forms, whole, steps = {mine.forms[n] for n in found.taken | split}, found.taken.union(mine.steps), set(right.steps)
    more = sum(mine.weight(n, whole) for n in mine.steps if n in found.live and mine.forms[n] not in forms)
    wider = sum(mine.weight(f.node, whole) - right.weight(f.step, steps) for f in found.of("wrong"))
    absent = sum(right.weight(f.step, steps) for f in (*found.of("missing"), *found.of("skipped")))
    return max(0, more + wider - absent)


def _first(found: Matching) -> list[str]:
    """The first step that is not right, in words."""
    return next(([_told(found, fate)] for fate in found.fates.values() if fate.fate != "right"), [])


def _told(found: Matching, fate: Fate) -> str:
    label, mine = found.right.label(fate.step), found.mine
    kind, node = fate.fate, fate.node
    if kind == "missing" and label == fate.step and label in mine.program:
        kind, node = "wrong", label
    by_name = kind == "skipped" and node != label and not mine.program[node].unnamed
    shown = "" if not node else short(node) if by_name else mine.shown(node)
    if fate.parts:
        sign = " + " if mine.program[mine.users[fate.parts[0]][0]].op == "add" else " * "
        shown = short(sign.join(map(mine.shown, fate.parts)))
    return judged(f"step_{kind}", wanted=f"{label}: {found.right.shown(fate.step)}", found=shown)


def _paired(wanted: list[str], found: Iterable[str], same: Callable[[str, str], Any]) -> bool:
    """Whether each wanted thing can be paired with one found."""
    left = list(found)
    for name in wanted:
        node = next((n for n in left if same(name, n)), None)
        if node is None:
            return False
        left.remove(node)
    return True
