"""Where reading of a formula has come to, and what it says where it cannot go on."""

from t1gen.answers.reading.characters import FRACTIONS, Source
from t1gen.answers.reading.parts import SINGLE, Part, Scope
from t1gen.answers.reading.tokens import Token
from t1gen.answers.record import Unreadable, meant, said


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
            raise self.unexpected(said("sign_missing_here", sign=sign))
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
            return self.refused(self.token, reason or said("end_missing"))
        shown = self.shown(self.token)
        quote = '"' if "'" in shown else "'"
        return self.refused(self.token, said("cannot_stand", quote=quote, shown=shown, reason=reason))


def divided(source: Source, left: Part, token: Token, right: Part) -> Unreadable:
    """1/2 x: factors side by side below a /."""
    first, _, rest = right.text.partition(" ")
    one, other = f"{left.text} / ({right.text})", f"({left.text} / {first}) {rest}"
    return source.refused(token.at, said("two_quotients", one=one, other=other))


def beside(cursor: Cursor, before: Part) -> Unreadable:
    """A number right behind a factor: 2 1/2 has two meanings, others have none."""
    number, token = before.text, cursor.token
    if not number.replace(".", "").isdigit():
        return cursor.refused(token, said("number_behind"))
    if number.isdigit() and (cursor.after().text == "/" or token.text in FRACTIONS):
        fraction = FRACTIONS.get(token.text) or f"{token.text}/{cursor.after(2).text}"
        one, other = f"{number} + {fraction}", f"{number} * {fraction}"
        return cursor.refused(token, said("two_readings", one=one, other=other))
    return cursor.refused(token, said("number_beside"))


def unknown(cursor: Cursor, token: Token, scope: Scope) -> Unreadable:
    """A name that is not known, with what may have been meant."""
    known, shown = [*scope.shapes, *scope.sizes, *scope.own], token.text[:40]
    if cursor.sign == "(" and len(shown) > 1:
        return cursor.refused(token, said("function_unknown", name=shown, near=meant(shown, SINGLE)))
    if not known and not scope.open:
        return cursor.refused(token, said("name_no_number", name=shown))
    if shown.isalpha() and len(shown) > 1 and all(c in known for c in shown):
        return cursor.refused(token, said("name_product", name=shown, product=" * ".join(shown)))
    if scope.open:
        return cursor.refused(token, said("name_impossible", name=shown))
    told = said("name_unknown", name=shown, near=meant(shown, known), known=", ".join(known))
    return cursor.refused(token, told)
