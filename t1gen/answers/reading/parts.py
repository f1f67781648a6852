"""What a formula is made of while it is read: words of the language, each with its place in the answer."""

import keyword
import re
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from math import prod

from t1gen.answers.reading.characters import Source
from t1gen.answers.reading.tokens import Token, latin
from t1gen.answers.record import Unreadable, said
from t1gen.errors import LanguageError
from t1gen.mapping.ops import ALIASES, OPS
from t1gen.mapping.ops.definitions import DEFINITIONS
from t1gen.mapping.program import Program, Shape, Step
from t1gen.mapping.reader import GENERATORS, expression
from t1gen.wording import Said, recognised

COMPARE, ADD, MUL, UNARY, POW, ATOM = range(1, 7)
"""How tightly a part holds together, as in Python."""

WORK = 8_000
"""Characters that are read again to know the shapes of factors side by side."""

LANGUAGE = frozenset((*OPS, *ALIASES, *DEFINITIONS, *GENERATORS, "stack"))
FUNCTIONS = {n: n for n in LANGUAGE} | {
    "ln": "log", "sgn": "sign", "σ": "sigmoid", "sigma": "sigmoid", "logistic": "sigmoid", "tr": "trace",
    "Tr": "trace", "inverse": "inv", "concat": "concatenate",
}  # fmt: skip
"""What may be called, by the names that students use."""

SINGLE = frozenset(n for n, op in OPS.items() if op.arity == 1 and not op.statics) | frozenset(
    n for n, d in DEFINITIONS.items() if len(d.parameters) == 1 and not d.statics
)
"""Functions of one number, in whose brackets a comma can only be a decimal comma."""


@dataclass(slots=True)
class Part:
    """A piece of formula. `row` says that a one-axis part was transposed; `loose` that it is factors side by side.

    `turned` is what a transpose is of.
    """

    words: list[tuple[str, int]]
    level: int
    shape: Shape | None = None
    row: bool = False
    loose: bool = False
    turned: "Part | None" = None

    @property
    def at(self) -> int:
        return self.words[0][1]

    @property
    def text(self) -> str:
        return "".join(word for word, _ in self.words)

    def within(self, level: int) -> list[tuple[str, int]]:
        """Its words where something that holds so tightly is wanted."""
        return self.words if self.level >= level else [("(", self.at), *self.words, (")", self.at)]

    def held(self) -> list[tuple[str, int]]:
        """Its words where .T or [0] may follow; behind a number the point would be its own."""
        number = self.words[0][0][:1].isdigit() or self.words[0][0][:1] == "."
        return self.within(ATOM + 1 if number else ATOM)


def joined(left: Part, sign: tuple[str, int], right: Part, level: int) -> Part:
    """`left sign right`, associating to the left."""
    row = left.row or right.row
    return Part([*left.within(max(level, ADD)), (f" {sign[0]} ", sign[1]), *right.within(level + 1)], level, row=row)


def called(name: str, at: int, *arguments: Part, shape: Shape | None = None) -> Part:
    """`name(arguments)`."""
    words = [(f"{name}(", at)]
    for argument in arguments:
        words += [*([(", ", at)] if len(words) > 1 else []), *argument.words]
    return Part([*words, (")", at)], ATOM, shape)


MADE, HEAVY = 2_500, 6
"""Entries of arrays that one formula may make up, and calls in it of functions that are written out at length."""

WRITTEN_OUT = frozenset(n for n, d in DEFINITIONS.items() if not isinstance(d.body, str))


@dataclass
class Cost:
    """What a formula has the language's reader make and write out; refused before it is."""

    source: Source
    made: int = 0
    heavy: int = 0

    def add(self, token: Token, function: str, words: list[tuple[str, int]]) -> None:
        """Count a call by the whole numbers in its words."""
        self.heavy += function in WRITTEN_OUT
        if function in GENERATORS:
            size = prod(int(word) for word, _ in words if word.isdigit())
            self.made += size ** (1 + (function == "eye"))
        if self.made > MADE or self.heavy > HEAVY:
            raise self.source.refused(token.at, said("made"))


@dataclass
class Scope:
    """The names that a formula may use. In an `open` one any name may stand, and shapes may be unknown.

    `own` are names that the text itself assigns.
    """

    shapes: Mapping[str, Shape] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)
    open: bool = False
    own: Set[str] = frozenset()
    work: int = WORK

    def found(self, text: str) -> str | None:
        """A name of the question by the ways in which it is written: α or alpha, x_1 or x1."""
        plain = latin(text)
        for name in (text, plain, plain.replace("_", ""), re.sub(r"(?<=[A-Za-z])(?=[0-9]+$)", "_", plain)):
            if name in self.shapes or name in self.sizes or name in self.own:
                return name
        return None

    def function(self, text: str) -> str | None:
        """The language's name of a function."""
        plain = latin(text)
        return next((FUNCTIONS[n] for n in (text, plain, plain.lower()) if n in FUNCTIONS), None)

    def allows(self, plain: str) -> bool:
        """Whether an unknown name may stand for a quantity."""
        return self.open and plain.isidentifier() and plain.isascii() and not (
            plain.startswith("_") or keyword.iskeyword(plain)
        )  # fmt: skip

    def shape(self, part: Part) -> Shape | None:
        """The shape of a part; None where names of unknown shape are in it. Raises LanguageError where none fits."""
        if part.shape is None and not (self.open and not self.shapes):
            try:
                part.shape = self._read(part.text)
            except LanguageError:
                if not self.open:
                    raise
        return part.shape

    def known(self, name: str, line: str) -> dict[str, Shape]:
        """The shape of a name that a line assigns, where it can be told."""
        try:
            return {name: self._read(line.partition(" = ")[2])}
        except LanguageError:
            return {}

    def _read(self, text: str) -> Shape:
        self.work -= len(text)
        if self.work < 0:
            raise LanguageError(Said("language", "beside"))
        try:
            return self._shape(text, self.shapes)
        except LanguageError as error:
            try:
                found = self._shape(text, {n: (*s, 1) if len(s) == 1 else s for n, s in self.shapes.items()})
            except LanguageError:
                raise error from None
            return found[:-1] if found[-1:] == (1,) else found

    def _shape(self, text: str, shapes: Mapping[str, Shape]) -> Shape:
        program = Program({n: Step(n, "given", shape=s) for n, s in shapes.items()})
        return program.shape(expression(program, text, scope={n: n for n in shapes}, statics=self.sizes))


@dataclass(frozen=True)
class Spelled:
    """A formula in the language, the place of each of its characters, notes, and whether a dot could mean another."""

    text: str
    places: tuple[int, ...]
    source: Source
    notes: tuple[str, ...] = ()
    doubtful: bool = False

    @classmethod
    def of(cls, part: Part, source: Source, notes: list[str], doubtful: bool) -> "Spelled":
        places = tuple(at for word, at in part.words for _ in word)
        return cls(part.text, places, source, tuple(dict.fromkeys(notes)), doubtful)

    def refused(self, message: str) -> Unreadable:
        """An error of the language's reader, told at its place in the answer."""
        return placed(message, self.places, self.source)


def placed(message: str, places: tuple[int, ...], source: Source) -> Unreadable:
    """An error of the language's reader about a text whose characters have these places in the answer."""
    first = message.splitlines()[0]
    found = re.match(r"line \d+, column (\d+): (.*)", first)
    if not found or not places:
        return Unreadable(recognised(first))
    return source.refused(places[min(int(found[1]), len(places)) - 1], recognised(found[2]))
