"""graph: a computational graph as a straight-line program, compared by structure."""

from collections import Counter
from dataclasses import replace
from typing import Any

from t1gen.answers.comparing.forms import Forms
from t1gen.answers.comparing.network import NO_STEP, Network
from t1gen.answers.comparing.points import ENOUGH, affordable, equal, points
from t1gen.answers.comparing.steps import Matching, Tally
from t1gen.answers.reading.spelling import graph_program_text
from t1gen.answers.record import Kind, Reading, Unreadable, Verdict, judged
from t1gen.asks.graph import drawn
from t1gen.errors import LanguageError
from t1gen.mapping.evaluate import evaluate
from t1gen.mapping.program import Program, Step
from t1gen.mapping.reader import read as read_program
from t1gen.wording import recognised

RANKS = ("wrong", "partial", "review", "correct")
"""Verdicts from the worst on: a reading by which the graph computes the right value was the one meant."""


def read(given: Any, question: Any) -> Reading:
    """The lines as a program in the language, each after those that it uses."""
    return Reading(graph_program_text(given))


def compare(value: str, question: Any, answer: Any, reference: Program) -> Verdict:
    """Same expression, and every named value that is used several times one node; else the share of the right steps.

    A dot between vectors is the product entry by entry or the inner one, whichever makes the better graph.
    """
    found, refused = list[Verdict](), list[Unreadable]()
    for dots in (False, True) if "·" in value else (False,):
        try:
            found.append(_compared(_program(value, reference, dots), question, reference))
        except Unreadable as error:
            refused.append(error)
        if found and found[-1].verdict == "correct":
            break
    if not found:
        raise refused[0]
    return max(found, key=lambda v: (RANKS.index(v.verdict), v.share))


def _program(value: str, reference: Program, dots: bool) -> Program:
    """The graph as a program, its products read by the shapes of the mapping."""
    text = graph_program_text(value, reference.givens, dots=dots)
    try:
        return _plain(read_program(text, reference.givens))
    except LanguageError as error:
        raise Unreadable(recognised(error.message)) from None


def _plain(program: Program) -> Program:
    """The same where the transpose of a vector is the vector: nobody draws a node for it."""
    flat = (s for s in program if s.op == "transpose" and len(s.shape) < 2)
    return Program(program.steps | {s.name: Step(s.name, "copy", s.args, (), s.shape, s.role) for s in flat})


def _compared(program: Program, question: Any, reference: Program) -> Verdict:
    wanted, forms = _plain(drawn(reference, question.of)), Forms()
    mine, right = Network(program, {}, forms.of(program)), Network(wanted, {}, forms.of(wanted))
    ends = [n for n in program.named if program.uses(n) == 0]
    same = [n for n in ends if mine.forms[n] == right.forms[wanted.output]]
    if same and len(ends) == 1 and not _apart(mine, right, program.ancestors(ends)):
        return Verdict("correct")
    if not affordable(program, wanted):
        return Verdict("review", judged("graph_large"))
    at = points(reference, {})
    if any(a.shape[-1] < ENOUGH for a in at.values()):
        return Verdict("review", judged("graph_undefined"))
    mine, right = (replace(n, values=evaluate(n.program, at)) for n in (mine, right))
    return _marked(mine, right, ends)


def _apart(mine: Network, right: Network, live: set[str]) -> list[str]:
    """The named values of the mapping that are used several times, and not computed by one node with these uses.

    A mapping may compute the same twice itself; then so may the graph.
    """
    shared = [n for n in right.program.named if right.program[n].op not in NO_STEP and len(right.users[n]) > 1]
    times = Counter(right.forms[s.name] for s in right.operations)
    uses = {right.forms[n]: list[int]() for n in shared}
    for step in mine.operations:
        if step.name in live and mine.forms[step.name] in uses:
            uses[mine.forms[step.name]].append(len(mine.users[step.name]))
    found = {n: uses[right.forms[n]] for n in shared}
    return [n for n in shared if not 1 <= len(found[n]) <= times[right.forms[n]] or max(found[n]) < len(right.users[n])]


def _marked(mine: Network, right: Network, ends: list[str]) -> Verdict:
    """The verdict on a graph that is not the one that is asked for; never wrong where it computes the same."""
    wanted = right.values[right.program.output]
    same = [n for n in ends if mine.values[n].shape == wanted.shape and equal(mine.values[n], wanted)]
    alike = [n for n in ends if mine.forms[n] == right.forms[right.program.output]]
    output = (alike or same or [n for n in ends if n == right.program.output] or ends)[-1]
    found = Matching(right, mine, output, follow=not same)
    tally = Tally.of(found, _apart(mine, right, found.live) if alike else found.twice())
    reason = judged("several", parts=tally.told)
    if same and (not tally.share or not all(map(found.recognised, found.of("same")))):
        return Verdict("review", judged("another_way", name=right.program.output, reason=reason))
    return Verdict("partial", reason, tally.share) if tally.share else Verdict("wrong", reason)


KIND = Kind("graph", read, compare)
