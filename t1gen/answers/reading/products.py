"""Which product is meant where none is written, or a dot: by the shapes of the factors."""

from t1gen.answers.reading.characters import Source
from t1gen.answers.reading.parts import ATOM, MUL, Part, Scope, called, joined
from t1gen.answers.reading.tokens import Token
from t1gen.answers.record import Unreadable, said
from t1gen.errors import LanguageError
from t1gen.mapping.program import Shape
from t1gen.wording import recognised

SPELLED = {"∘": "*", "*": "*", "/": "/", "//": "//", "@": "@"}


class Products:
    """Writes products. `dots` takes the other reading of a dot between arrays; `doubtful` says whether there is one."""

    def __init__(self, source: Source, scope: Scope, dots: bool) -> None:
        self.source, self.scope, self.dots = source, scope, dots
        self.notes: list[str] = []
        self.doubtful = False

    def shape(self, part: Part) -> Shape | None:
        try:
            return self.scope.shape(part)
        except LanguageError as error:
            raise self.source.refused(part.at, recognised(error.message.splitlines()[0].split(": ", 1)[-1])) from None

    def is_matrix(self, part: Part) -> bool:
        return len(self.shape(part) or ()) == 2

    def has_axes(self, part: Part) -> bool:
        return bool(self.shape(part))

    def transposed(self, part: Part, token: Token) -> Part:
        """part.T; a one-axis part becomes a row."""
        if token.text == "'" and part.shape == ():
            raise self.source.refused(token.at, said("prime"))
        shape = None if part.shape is None else part.shape[::-1]
        return Part([*part.held(), (".T", token.at)], ATOM, shape, not part.row, turned=part)

    def explicit(self, left: Part, token: Token, right: Part) -> Part:
        """A product with a sign; a dot is that of the shapes, ⊗ the outer product."""
        if token.text == "⊗":
            return called("outer", left.at, left, right)
        if token.text == "·":
            return self._joined(left, right, self._dot(left, right), token.at)
        sign = SPELLED[token.text]
        part = joined(left, (sign, token.at), right, MUL)
        if () in (left.shape, right.shape) and sign in "*/":
            part.shape = right.shape if left.shape == () else left.shape if sign == "*" or right.shape == () else None
        return part

    def chain(self, factors: list[Part]) -> Part:
        """Factors side by side, from left to right."""
        whole, before, last = factors[0], factors[0], factors[0]
        kinds = set[str]()
        for factor in factors[1:]:
            sign = self._beside(whole, factor)
            entrywise = sign == "*" and self.shape(whole) and self.shape(factor)
            kinds.add("∘" if entrywise else sign.replace("outer", "@"))
            if {"∘", "@"} <= kinds:
                raise self._two_ways(before, last, factor)
            before, last = whole, factor
            whole = self._joined(whole, factor, sign, factor.at)
            whole.loose = True
        return whole

    def _pair(self, left: Part, right: Part) -> Part:
        return self._joined(left, right, self._beside(left, right), right.at)

    def _two_ways(self, a: Part, b: Part, c: Part) -> Unreadable:
        """Three factors whose products may not be taken in any order."""
        first, second = (Part([("(", p.at), *p.words, (")", p.at)], ATOM, p.shape, p.row) for p in
                         (self._pair(a, b), self._pair(b, c)))  # fmt: skip
        one, other = self._pair(first, c).text, self._pair(a, second).text
        return self.source.refused(c.at, said("two_products", one=one, other=other))

    def _joined(self, left: Part, right: Part, sign: str, at: int) -> Part:
        if sign == "outer":
            shape = (*(left.shape or ()), *(right.shape or ()))
            return called("outer", left.at, left, right.turned or right, shape=shape)
        part = joined(left, (sign, at), right, MUL)
        part.shape = _product_shape(left.shape, right.shape, sign)
        part.row = (left.row or right.row) if sign == "*" else left.row and len(right.shape or ()) > 1
        return part

    def _beside(self, left: Part, right: Part) -> str:
        """The sign between factors: * with a scalar, @ with a matrix or from row to column, else entry by entry."""
        a, b = self.shape(left), self.shape(right)
        if () in (a, b):
            return "*"
        if a is None or b is None:
            return "@" if left.row or right.row else "·"
        if len(a) == len(b) == 1:
            return ("@" if not right.row else "*") if left.row else ("outer" if right.row else "*")
        if not (_conform(a, b) or not _broadcast(a, b)):
            return "*"
        if len(a) == len(b) and _broadcast(a, b) and 1 not in (*a, *b):
            self.notes.append(said("square"))
        return "@"

    def _dot(self, left: Part, right: Part) -> str:
        """The sign for a dot: as side by side; where both fit, the other one on a second reading."""
        sign = self._beside(left, right)
        a, b = left.shape or (), right.shape or ()
        if not a or not b or "·" in sign or left.row or right.row or not (_conform(a, b) and _broadcast(a, b)):
            return sign
        self.doubtful = True
        if not self.dots:
            return sign
        self.notes[:] = [said("dot_inner" if sign == "*" else "dot_entries")]
        return "@" if sign == "*" else "*"


def _conform(a: Shape, b: Shape) -> bool:
    """Whether `a @ b` has a meaning."""
    return a[-1] == (b[0] if len(b) == 1 else b[-2])


def _broadcast(a: Shape, b: Shape) -> bool:
    return all(m == n or 1 in (m, n) for m, n in zip(reversed(a), reversed(b), strict=False))


def _product_shape(a: Shape | None, b: Shape | None, sign: str) -> Shape | None:
    """The shape of a product of arrays of at most two axes; None where it is not known."""
    if a is None or b is None or len(a) > 2 or len(b) > 2:
        return None
    if sign == "@":
        return (*a[:-1], *b[1:]) if a and b else None
    if () in (a, b) or a == b:
        return a or b
    return None
