"""Where reading of a formula has come to, and what it says where it cannot go on."""

from t1gen.answers.reading.characters import FRACTIONS, Source
from t1gen.answers.reading.parts import SINGLE, Part, Scope
from t1gen.answers.reading.tokens import Token
from t1gen.answers.record import Unreadable
from t1gen.errors import near


class Cursor:
    """The tokens of a text, and which of them is next."""

    def __init__(self, source: Source, tokens: list[Token]) -> None:
        self.source, self.tokens, self.next = source, tokens, 0

    @property
    def token(self) -> Token:
        return self.tokens[self.next]

    @property
    def sign(self) -> str:
        """The next token where it is a sign, else an empty text."""
        return self.token.text if self.token.kind == "sign" else ""

    def after(self, count: int = 1) -> Token:
        """A later token; the last one is the end."""
        return self.tokens[min(self.next + count, len(self.tokens) - 1)]

    def take(self, sign: str = "") -> Token:
        """The next token, and go on; it must be `sign` where one is named."""
        token = self.token
        if sign and self.sign != sign:
            raise self.unexpected(f"'{sign}' is missing here")
        self.next = min(self.next + 1, len(self.tokens) - 1)
        return token

    def refused(self, token: Token, reason: str) -> Unreadable:
        return self.source.refused(token.at, reason)

    def shown(self, token: Token) -> str:
        """A token as it was written."""
        return self.source.text[token.at : token.end][:40]

    def unexpected(self, reason: str = "") -> Unreadable:
        """The next token cannot stand where it does."""
        if self.token.kind == "end":
            return self.refused(self.token, reason or "something is missing at the end")
        shown = self.shown(self.token)
        quote = '"' if "'" in shown else "'"
        return self.refused(self.token, f"{quote}{shown}{quote} cannot stand here" + (f"; {reason}" if reason else ""))


def divided(source: Source, left: Part, token: Token, right: Part) -> Unreadable:
    """1/2 x: factors side by side below a /."""
    first, _, rest = right.text.partition(" ")
    one, other = f"{left.text} / ({right.text})", f"({left.text} / {first}) {rest}"
    return source.refused(token.at, f"this can be read as {one} and as {other}; write brackets")


def beside(cursor: Cursor, before: Part) -> Unreadable:
    """A number right behind a factor: 2 1/2 has two meanings, others have none."""
    number, token = before.text, cursor.token
    if not number.replace(".", "").isdigit():
        return cursor.refused(token, "a number stands behind a factor; write * between them")
    if number.isdigit() and (cursor.after().text == "/" or token.text in FRACTIONS):
        fraction = FRACTIONS.get(token.text) or f"{token.text}/{cursor.after(2).text}"
        sums = f"{number} + {fraction} and as {number} * {fraction}"
        return cursor.refused(token, f"this can be read as {sums}; write one of them")
    return cursor.refused(token, "a second number stands here; an operation is missing between them")


def unknown(cursor: Cursor, token: Token, scope: Scope) -> Unreadable:
    """A name that is not known, with what may have been meant."""
    known, shown = [*scope.shapes, *scope.sizes, *scope.own], token.text[:40]
    if cursor.sign == "(" and len(shown) > 1:
        return cursor.refused(token, f"the function '{shown}' is unknown{near(shown, SINGLE)}")
    if not known and not scope.open:
        return cursor.refused(token, f"'{shown}' is not a number")
    if shown.isalpha() and len(shown) > 1 and all(c in known for c in shown):
        return cursor.refused(token, f"the name '{shown}' is unknown; write {' * '.join(shown)} for a product")
    if scope.open:
        return cursor.refused(token, f"'{shown}' cannot be a name here")
    told = f" (known: {', '.join(known)})" if known else ""
    return cursor.refused(token, f"the name '{shown}' is unknown{near(shown, known)}{told}")
