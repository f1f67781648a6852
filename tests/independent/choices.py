"""Choices and orders: what can be computed is computed, the rest is listed in STATED and must stay what it is."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from .counts import chain, cheaper
from .listings import Listing, names_above, same, shares
from .operations import CannotCheck, array
from .reader import Lines, calls_in, evaluate, names_in, read_lines
from .recompute import Json, Point, adjoint, lines_of, stated_point, valued

MODES = {
    "reverse mode": "reverse-mode", "forward mode": "forward-mode", "both need the same number": "equal",
}  # fmt: skip

REASON = "a statement, key rests on the lecture"
STATED = {
    ("own-backward", 1): REASON,
    ("own-backward", 2): REASON,
    ("own-backward-cases", 1): REASON,
    ("own-backward-cases", 2): REASON,
    ("differentiation-kinds", 1): REASON,
    ("differentiation-kinds", 2): REASON,
    ("mode-facts", 1): REASON,
    ("mode-facts", 2): REASON,
    ("vjp-facts", 1): REASON,
    ("vjp-facts", 2): REASON,
    ("lecture-summary", 1): REASON,
    ("lecture-summary", 2): REASON,
    ("fit-facts", 1): REASON,
    ("fit-facts", 2): REASON,
    ("slide-hard-step", 1): REASON,
    ("slide-full-jacobian", 1): REASON,
    ("chain-shapes", 1): REASON,
}
"""Which `choose` of a problem, counted from 1, nobody can compute here."""


def check_choice(problem: Json, question: Json, answer: Json) -> Iterator[str]:
    """The ids are options; those that are right, and no others, are the key's."""
    options = {option["id"]: option["text"] for option in question["options"]}
    value, several = answer["value"], question.get("several", False)
    if len(options) < len(question["options"]) or len(set(options.values())) < len(options):
        yield "two options are the same"
    if len(options) < 2:
        yield "there is nothing to choose from"
    picked = value if several and isinstance(value, list) else [value]
    if not picked or not all(isinstance(name, str) and name in options for name in picked):
        yield f"{value!r} does not name {'options' if several else 'one option'} of {list(options)}"
        return
    if len(set(picked)) < len(picked) or picked != [name for name in options if name in picked]:
        yield f"{value!r} is not in the order of the options, each once"
    if answer.get("exact") is not None or answer.get("tolerance") is not None:
        yield "a choice has neither exact text nor tolerance"
    if question["ask"] not in CHOICES:
        raise CannotCheck(f"the ask {question['ask']!r} as a choice")
    right = CHOICES[question["ask"]](problem, question, answer)
    if right is not None and sorted(right) != sorted(picked):
        yield f"{value!r} in the key, {right} is right"


def right_mode(problem: Json, question: Json, answer: Json) -> list[str]:
    """cheaper: the end from which dense Jacobians take fewer multiplications."""
    point = stated_point(problem)
    values = {name: np.asarray(value.real) for name, value in point.values().items()}
    found = cheaper(lines_of(problem), values, point.functions, question)
    modes = {option["id"]: MODES.get(option["text"]) for option in question["options"]}
    if sorted(map(str, modes.values())) != sorted(MODES.values()):
        raise CannotCheck(f"the options {modes}")
    return [name for name, mode in modes.items() if mode == found]


def right_line(problem: Json, question: Json, answer: Json) -> list[str]:
    """wrong-line: the line that gives a wrong value from right ones; what the key has instead gives the right one."""
    listing = Listing(problem, {})
    for option in question["options"]:
        if not option["id"].isdigit() or option["text"] != f"`{listing.texts[int(option['id']) - 1].strip()}`":
            raise CannotCheck(f"option {option['id']} is no line of the listing")
    wrong = listing.wrong_lines()
    told = re.findall(r"`([^`]+)`", answer.get("because") or "")
    if len(wrong) == 1 and told:
        texts = list(listing.texts)
        place = wrong[0] - 1
        texts[place] = texts[place].replace(texts[place].strip(), told[-1])
        if left := Listing({**problem, "listing": "\n".join(texts)}, {}).wrong_lines():
            raise CannotCheck(f"with `{told[-1]}` the lines {left} are still wrong")
    return [str(line) for line in wrong]


def right_statements(problem: Json, question: Json, answer: Json) -> list[str] | None:
    """choose: by a rule of RULES; None for what STATED lists."""
    asked = [other["id"] for other in problem["questions"] if other["ask"] == "choose"]
    place = (problem["id"], asked.index(question["id"]) + 1)
    rule = RULES.get(place)
    if rule is None:
        if place not in STATED:
            raise CannotCheck(f"choose {place} is neither computed nor listed as stated")
        return None
    texts = {option["id"]: option["text"] for option in question["options"]}
    holds = rule(problem)
    if unknown := sorted(set(texts.values()) - set(holds)):
        raise CannotCheck(f"no rule for {unknown}")
    return [name for name, text in texts.items() if holds[text]]


CHOICES: dict[str, Callable[[Json, Json, Json], list[str] | None]] = {
    "cheaper": right_mode,
    "wrong-line": right_line,
    "choose": right_statements,
}

# choose, computed


def errors(problem: Json) -> dict[str, tuple[Fraction, Fraction]]:
    """Training and test error of every model, as the printed table has them."""
    found = re.findall(r"^\| ([\w ]+?) \| ([\d.]+) % \| ([\d.]+) % \|$", problem["text"], re.MULTILINE)
    if len(found) != 3:
        raise CannotCheck("no table of three models")
    return {name: (Fraction(train), Fraction(test)) for name, train, test in found}


def fits(problem: Json) -> dict[str, str]:
    """underfits, overfits or fits well, by the bounds that the text states."""
    told = [
        r"underfits if its training error is over ([\d.]+) %",
        r"overfits if its training error is under ([\d.]+) % and its test error at least ([\d.]+) percentage",
        r"fits well if its training error is under ([\d.]+) % and its test error at most ([\d.]+) percentage",
    ]
    matches = [re.search(pattern, " ".join(problem["text"].split())) for pattern in told]
    if not all(matches):
        raise CannotCheck("no bounds in the text")
    (over,), (under, least), (below, most) = ([Fraction(g) for g in match.groups()] for match in matches if match)
    found: dict[str, str] = {}
    for name, (train, test) in errors(problem).items():
        holds = {
            "underfits": train > over,
            "overfits": train < under and test - train >= least,
            "fits well": train < below and test - train <= most,
        }
        if sum(holds.values()) != 1:
            raise CannotCheck(f"{name} is {holds}")
        found[name] = next(word for word, held in holds.items() if held)
    check_givens(problem)
    return found


def check_givens(problem: Json) -> None:
    """The given numbers are those that are printed."""
    printed = {number for pair in errors(problem).values() for number in pair}
    for name, value in valued(problem["given"]).items():
        if not {Fraction(f"{x:.12g}") for x in np.ravel(value)} <= printed:
            raise CannotCheck(f"the text does not print {name}")


def which(word: str) -> Callable[[Json], dict[str, bool]]:
    """Which model it is that underfits, say."""
    return lambda problem: {name: found == word for name, found in fits(problem).items()}


def how(name: str) -> Callable[[Json], dict[str, bool]]:
    """What one model does."""
    return lambda problem: {word: fits(problem)[name] == word for word in ("underfits", "overfits", "fits well")}


REMEDIES = {
    "underfits": "a richer model, which can learn the training set better",
    "overfits": "more training data, or a model with fewer parameters",
    "fits well": "none, for the model fits well",
}


def remedy(problem: Json) -> dict[str, bool]:
    return {text: fits(problem)["fully connected"] == word for word, text in REMEDIES.items()}


def slide_loss(problem: Json) -> dict[str, bool]:
    """What is printed as 0.13."""
    point = stated_point(problem)
    p, z = float(point.value("p")), float(point.value("z"))
    losses = {
        "The logarithm to base 10 was taken, and the result cut to two decimals.": -math.log10(p),
        "The logarithm to base 2 was taken, and the result cut to two decimals.": -math.log2(p),
        "The natural logarithm was taken for the label $+1$, and the result cut to two decimals.": math.log1p(
            math.exp(-z)
        ),
        "The natural logarithm was taken, halved for the two weights, and cut to two decimals.": -math.log(p) / 2,
    }
    return {text: math.floor(100 * loss) == 13 for text, loss in losses.items()}


def slide_step(problem: Json) -> dict[str, bool]:
    """What is -1.48, to two decimals."""
    point = stated_point(problem)
    p, z, y = (float(point.value(name)) for name in ("p", "z", "y"))
    x = float(point.value("x")[0])
    entries = {
        "The factors were rounded to one decimal before they were multiplied.": (
            round(-1 / p, 1) * round(p * (1 - p), 1) * y * x
        ),
        "The logarithm to base 10 was differentiated.": -(1 - p) * y * x / math.log(10),
        "The gradient was computed for the label $-1$.": x / (1 + math.exp(-z)),
        "The derivative of the sigmoid was taken as $p$ instead of $p (1 - p)$.": -1 / p * p * y * x,
    }
    return {text: abs(entry + 1.48) < 0.005 for text, entry in entries.items()}


def slide_labels(problem: Json) -> dict[str, bool]:
    """What -1 / p is beside the true derivative."""
    point = stated_point(problem)
    told, right = -1 / float(point.value("p")), float(point.gradient("L", "p"))
    return {
        "the right value": abs(told - right) < 1e-9,
        "a value of the wrong sign": told * right < 0,
        "the right sign, but half of the right size": abs(2 * told - right) < 1e-9,
        "zero": told == 0,
    }


def labels_01(problem: Json) -> dict[str, bool]:
    """For which samples -1 / p is not the derivative of the loss."""
    point = stated_point(problem)
    odd = np.abs(-1 / point.value("p") - point.gradient("L", "p")) > 1e-9
    return dict(zip(("the first", "the second", "the third"), map(bool, odd), strict=True))


RULES: dict[tuple[str, int], Callable[[Json], dict[str, bool]]] = {
    ("fit-three-models", 1): which("underfits"),
    ("fit-three-models", 2): which("overfits"),
    ("fit-three-models", 3): which("fits well"),
    ("fit-cifar", 1): how("fully connected"),
    ("fit-cifar", 2): how("linear"),
    ("fit-cifar", 3): how("convolutional"),
    ("fit-cifar", 4): remedy,
    ("fit-mnist", 1): how("fully connected"),
    ("fit-mnist", 2): how("linear"),
    ("fit-mnist", 3): how("convolutional"),
    ("slide-loss", 1): slide_loss,
    ("slide-step", 1): slide_step,
    ("slide-loop-labels", 1): slide_labels,
    ("descent-labels-01", 1): labels_01,
}


def check_consistency(pairs: Iterable[tuple[Json, Json]]) -> list[str]:
    """Over exams with their keys: a statement that rests on no numbers is always right or always wrong."""
    found: dict[tuple[str, int, str], tuple[bool, str]] = {}
    wrong: set[str] = set()
    for exam, key in pairs:
        for problem in exam["problems"]:
            asked = [question for question in problem["questions"] if question["ask"] == "choose"]
            for place, question in enumerate(asked, 1):
                if (problem["id"], place) in RULES:
                    continue
                value = key["answers"][question["id"]]["value"]
                for option in question["options"]:
                    statement = (problem["id"], place, option["text"])
                    right = option["id"] in (value if isinstance(value, list) else [value])
                    if found.setdefault(statement, (right, question["text"])) != (right, question["text"]):
                        wrong.add(f"{problem['id']} choose {place}: {option['text']!r} is right for some, not for all")
    return sorted(wrong)


# order


def check_order(problem: Json, question: Json, answer: Json) -> Iterator[str]:
    """Every line reads what is assigned before it, all lines are needed, and the last one is the gradient."""
    texts = {option["id"]: option["text"].strip("`") for option in question["options"]}
    value = answer["value"]
    if not isinstance(value, list) or sorted(map(str, value)) != sorted(texts) or len(texts) < len(question["options"]):
        yield f"{value!r} does not name every line of {list(texts)} once"
        return
    if question["ask"] != "order" or question["about"] not in ("both", "backward"):
        raise CannotCheck(f"the order {question['ask']!r} about {question['about']!r}")
    ordered = [texts[name] for name in value]
    lines, point = lines_of(problem), stated_point(problem)
    needed = [name for name in lines if name == question["of"] or name in names_above(lines, question["of"])]
    known = {*point.inputs, *({} if question["about"] == "both" else point.lines)}
    if question["mode"] not in ("vjp", "adjoint"):
        raise CannotCheck(f"an order of mode {question['mode']!r}")
    backward: list[str] = []
    for text in ordered:
        [statement] = ast.parse(text).body
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=line) if name in lines:
                if question["about"] != "both" or name not in needed or name in known:
                    yield f"`{text}` does not belong here"
                elif ast.dump(line) != ast.dump(lines[name]):
                    yield f"`{text}` is not the line of {name}"
                elif missing := names_in(line) - known:
                    yield f"`{text}` reads {sorted(missing)} before it is there"
                known.add(name)
            case _:
                backward.append(text)
                continue
        if backward:
            yield f"`{text}` comes after the backward pass has begun"
    if question["about"] == "both" and set(needed) - known:
        yield f"no line gives {sorted(set(needed) - known)}"
    yield from (check_chain if question["mode"] == "vjp" else check_adjoints)(point, lines, question, backward)


def check_chain(point: Point, lines: Lines, question: Json, backward: list[str]) -> Iterator[str]:
    """`v = vjp_L(1, z)` and so on, from the output back to the input."""
    links = chain(lines, question["of"], question["wrt"])
    seed = "1" if point.value(question["of"]).shape == () else "v"
    pairs = list(zip(links[::-1], links[-2::-1], strict=False))
    right = [f"v = vjp_{after}({'v' if k else seed}, {before})" for k, (after, before) in enumerate(pairs)]
    if backward != right:
        yield f"the backward pass is {backward}, right is {right}"


def check_adjoints(point: Point, lines: Lines, question: Json, backward: list[str]) -> Iterator[str]:
    """Lines such as `dL_dz = dL_dq * y`, run in this order."""
    env: dict[str, Any] = {**point.functions, **point.values()}
    known = set(point.values())
    used, uses = set(), shares(point, question["of"])
    assigned: list[str] = []
    for text in backward:
        [(name, line)] = read_lines(text).items()
        if missing := names_in(line) - set(env):
            yield f"`{text}` reads {sorted(missing)} before it is there"
            return
        used |= names_in(line)
        assigned.append(name)
        env[name] = array(evaluate(line, env))
        own = adjoint(name, known)
        stem, _, number = name.rpartition("_")
        if own is not None:
            if not same(env[name].real, point.gradient(*own)):
                yield f"`{text}` does not give the gradient"
        elif number.isdigit() and (pair := adjoint(stem, known)) is not None:
            if not any(same(env[name].real, use) for use in uses[pair[1]]):
                yield f"`{text}` is the share of no use of {pair[1]}"
        else:
            raise CannotCheck(f"what `{text}` should be")
    last = f"d{question['of']}_d{question['wrt']}"
    if not assigned or assigned[-1] != last:
        yield f"the last line gives {assigned[-1:]}, not {last}"
    if idle := [name for name in assigned[:-1] if name not in used]:
        yield f"nothing reads {idle}"
    if calls_in(lines) & {"clip_grad"}:
        raise CannotCheck("an order through clip_grad")
