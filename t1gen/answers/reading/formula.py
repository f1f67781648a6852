"""The grammar of formulas as students write them: NumPy's, and mathematics on paper and in LaTeX."""

from t1gen.answers.reading.characters import Source
from t1gen.answers.reading.cursor import Cursor, beside, divided
from t1gen.answers.reading.factors import Factors
from t1gen.answers.reading.parts import ADD, ATOM, COMPARE, MUL, POW, UNARY, Cost, Part, Scope, called, joined
from t1gen.answers.reading.products import Products
from t1gen.answers.reading.tokens import Token, tokens
from t1gen.answers.record import said
from t1gen.mapping.syntax import DEPTH

SIGNS = 12
"""The most signs before one number."""

POWERS = ("^", "**")
COMPARED = ("<", ">", "<=", ">=", "==", "!=")


class Formula:
    """Reads one formula from its tokens; each method reads what holds more tightly than the one before."""

    def __init__(self, source: Source, scope: Scope, dots: bool = False) -> None:
        self.source, self.scope = source, scope
        self.cursor = Cursor(source, tokens(source, (*scope.shapes, *scope.sizes, *scope.own)))
        self.products = Products(source, scope, dots)
        self.notes, self.cost = self.products.notes, Cost(source)
        self.factors = Factors(self)
        self.depth = 0

    def read(self) -> Part:
        """The whole text. Raises Unreadable with the column where it stops making sense."""
        part = self.compared()
        if self.cursor.token.kind != "end":
            raise self.cursor.unexpected()
        return part

    # operators

    def compared(self) -> Part:
        self.depth += 1
        if self.depth > DEPTH:
            raise self.cursor.refused(self.cursor.token, said("deep", most=DEPTH))
        part = self._sum()
        if self.cursor.sign in COMPARED:
            token = self.cursor.take()
            part = joined(part, (token.text, token.at), self._sum(), COMPARE)
        self.depth -= 1
        return part

    def _sum(self) -> Part:
        part = self._product()
        while self.cursor.sign in ("+", "-"):
            token = self.cursor.take()
            part = joined(part, (token.text, token.at), self._product(), ADD)
        return part

    def _product(self) -> Part:
        part = self._signed()
        while self.cursor.sign in ("*", "/", "//", "@", "∘", "·", "⊗"):
            token = self.cursor.take()
            right = self._signed()
            if token.text.startswith("/") and right.loose:
                raise divided(self.source, part, token, right)
            part = self.products.explicit(part, token, right)
        return part

    def _signed(self) -> Part:
        minuses = list[int]()
        for count in range(SIGNS + 1):
            if self.cursor.sign not in ("+", "-"):
                break
            if count == SIGNS:
                raise self.cursor.unexpected(said("signs"))
            token = self.cursor.take()
            minuses += [token.at] if token.text == "-" else []
        part = self._chain()
        for at in reversed(minuses):
            words = part.words if part.loose else part.within(UNARY)
            part = Part([("-", at), *words], MUL if part.loose else UNARY, part.shape, part.row, part.loose)
        return part

    def _chain(self) -> Part:
        """Factors side by side: 2 v, p(1-p), W x."""
        factors = [self._power()]
        while self.starts():
            if self.cursor.token.kind == "number":
                raise beside(self.cursor, factors[-1])
            factors.append(self._power())
        return self.products.chain(factors)

    def starts(self) -> bool:
        """Whether a factor stands here without a sign before it."""
        return self.cursor.token.kind in ("name", "number") or (
            self.cursor.sign in ("(", "{", "√", "frac", "|", "‖") and self.cursor.sign != self.factors.bars
        )

    def _power(self) -> Part:
        base = self.postfix()
        if self.cursor.sign not in POWERS:
            return base
        return self._raised(base, self.cursor.take(), self._exponent())

    def _exponent(self) -> Part:
        """What stands behind ^: a sign, then one factor; 2^3^2 is 2^(3^2)."""
        self.depth += 1
        if self.depth > DEPTH:
            raise self.cursor.refused(self.cursor.token, said("deep", most=DEPTH))
        if self.cursor.sign in ("+", "-"):
            token, inner = self.cursor.take(), self._exponent()
            part = Part([("-", token.at), *inner.within(UNARY)], UNARY, inner.shape) if token.text == "-" else inner
        else:
            part = self._power()
        self.depth -= 1
        return part

    def _raised(self, base: Part, power: Token, exponent: Part) -> Part:
        if base.text == "exp(1)":
            return called("exp", base.at, exponent, shape=exponent.shape)
        inverse = power.text == "^" and exponent.text == "-1" and not base.text.replace(".", "").isdigit()
        if inverse and self.products.is_matrix(base):
            self.notes.append(said("inverse"))
            return called("inv", base.at, base, shape=base.shape)
        shape = base.shape if exponent.shape == () else None
        return Part([*base.within(ATOM), ("**", power.at), *exponent.within(UNARY)], POW, shape, base.row)

    # behind a factor

    def postfix(self) -> Part:
        part = self.factors.read()
        while True:
            if self.cursor.sign == "⊤" or (self.cursor.sign == "'" and not self.cursor.token.spaced):
                part = self.products.transposed(part, self.cursor.take())
            elif self.cursor.sign == "^" and (length := self._transposing()):
                token = self.cursor.token
                self.cursor.next += length
                part = self.products.transposed(part, token)
            elif self.cursor.sign == ".":
                part = self._attribute(part)
            elif self.cursor.sign == "[":
                part = Part([*part.held(), *self._verbatim()], ATOM)
            else:
                return part

    def _transposing(self) -> int:
        """How many tokens from ^ on say that something is transposed: ^T, ^⊤, ^{T}, ^{\\top}."""
        marks = [self.cursor.after(i) for i in (1, 2, 3)]
        texts = ["⊤" if t.text == "T" and self.scope.found("T") is None else t.text for t in marks]
        if texts[0] == "⊤":
            return 2
        return 4 if texts in (["{", "⊤", "}"], ["(", "⊤", ")"]) else 0

    def _attribute(self, part: Part) -> Part:
        if self.cursor.after().kind != "name":
            raise self.cursor.unexpected()
        self.cursor.take()
        token = self.cursor.take()
        if token.text == "T":
            return self.products.transposed(part, token)
        if token.text == "shape":
            return Part([*part.held(), (".shape", token.at)], ATOM)
        name = self.scope.function(token.text)
        if name is None or self.cursor.sign != "(":
            raise self.cursor.refused(token, said("attribute", name=self.cursor.shown(token)))
        words = [(f".{name}", token.at), *self.factors.arguments(commas=False)]
        self.cost.add(token, name, words)
        return Part([*part.held(), *words], ATOM)

    def _verbatim(self) -> list[tuple[str, int]]:
        """An index as it is written; the language's reader looks at it."""
        words, depth = list[tuple[str, int]](), 0
        while True:
            token = self.cursor.take()
            if token.kind == "end" or token.kind == "text":
                raise self.cursor.refused(token, said("index_open"))
            words.append((f"{' ' * token.spaced}{token.text}", token.at))
            depth += (token.text in "[(") - (token.text in "])")
            if depth == 0:
                return words
