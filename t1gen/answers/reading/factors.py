"""The factors of a formula: numbers, names, calls, and what stands in brackets or bars."""

from typing import TYPE_CHECKING

from t1gen.answers.reading.characters import FRACTIONS
from t1gen.answers.reading.cursor import unknown
from t1gen.answers.reading.parts import ATOM, COMPARE, LANGUAGE, MUL, SINGLE, Part, called, joined
from t1gen.answers.reading.tokens import Token, latin
from t1gen.answers.record import said

if TYPE_CHECKING:
    from t1gen.answers.reading.formula import Formula

CLOSING = {"(": ")", "{": "}", "[": "]", "|": "|", "‖": "‖"}
CONSTANTS = ("True", "False", "None", "s_")


class Factors:
    """Reads one factor. `commas` says whether a comma may be a decimal one here, `bars` which bars are open."""

    def __init__(self, formula: "Formula") -> None:
        self.formula, self.cursor = formula, formula.cursor
        self.commas, self.bars = True, ""

    def read(self) -> Part:
        token = self.cursor.token
        if token.kind == "number":
            return self._number()
        if token.kind == "name":
            return self._name()
        if token.kind == "text":
            return Part([(self.cursor.take().text, token.at)], ATOM)
        if self.cursor.sign in ("(", "{"):
            return self._group()
        if self.cursor.sign == "[":
            return Part(self.arguments(commas=False), ATOM)
        if self.cursor.sign in ("|", "‖"):
            return self._between_bars()
        if self.cursor.sign == "√":
            self.cursor.take()
            return called("sqrt", token.at, self._argument(token))
        if self.cursor.sign == "frac":
            self.cursor.take()
            top, bottom = self._over(), self._over()
            part = joined(top, ("/", token.at), bottom, MUL)
            part.shape = top.shape if bottom.shape == () else None
            return part
        raise self.cursor.unexpected()

    def _number(self) -> Part:
        token = self.cursor.take()
        text, comma, more = FRACTIONS.get(token.text, token.text), self.cursor.token, self.cursor.after()
        if text[:1] == "0" and text.isdigit() and comma.text[:1] in ("x", "b", "o") and not comma.spaced:
            raise self.cursor.refused(token, said("only_decimal"))
        if "/" in text:
            return Part([(text.replace("/", " / "), token.at)], MUL, ())
        if self.cursor.sign == "[" and text == "1" and not comma.spaced:
            return self._indicator()
        if self.commas and comma.text == "," and more.text.isdigit() and not (comma.spaced or more.spaced):
            self.cursor.next += 2
            text = f"{text}.{more.text}"
            self.formula.notes.append(said("read_as", text=text.replace(".", ","), value=text, comma=True))
        return Part([(text, token.at)], ATOM, ())

    def _indicator(self) -> Part:
        """1[x > 0]: one where the condition holds, else zero."""
        self.cursor.take("[")
        part = self.formula.compared()
        if part.level != COMPARE:
            raise self.cursor.unexpected(said("condition"))
        self.cursor.take("]")
        return Part(part.within(ATOM), ATOM)

    def _name(self) -> Part:
        token = self.cursor.take()
        name = self.formula.scope.found(token.text)
        if name is not None and (self.cursor.sign != "(" or name not in LANGUAGE):
            shape = self.formula.scope.shapes.get(name, () if name in self.formula.scope.sizes else None)
            return Part([(name, token.at)], ATOM, shape)
        function = self.formula.scope.function(token.text)
        if function is not None and not self._is_own(token):
            return self._applied(token, function)
        if latin(token.text) in ("pi", "π"):
            return Part([("pi", token.at)], ATOM, ())
        if token.text == "e" and self._is_euler():
            return Part([("exp(1)", token.at)], ATOM, ())
        if token.text in CONSTANTS:
            return Part([(token.text, token.at)], ATOM)
        if self.formula.scope.allows(latin(token.text)) and (self.cursor.sign != "(" or self._is_bare(token)):
            return Part([(latin(token.text), token.at)], ATOM)
        raise unknown(self.cursor, token, self.formula.scope)

    def _is_euler(self) -> bool:
        """Whether e is 2.718...: in a graph it may be a name; while its givens are not known, e is left as it is."""
        scope = self.formula.scope
        return not scope.open or bool(scope.shapes and self.cursor.sign in ("^", "**"))

    def _is_own(self, token: Token) -> bool:
        """Whether a name that students use for a function stands for a quantity of a graph."""
        plain = latin(token.text)
        called = self.cursor.sign in ("(", "{") or token.text == "σ" or plain in LANGUAGE
        return self.formula.scope.allows(plain) and not called

    def _is_bare(self, token: Token) -> bool:
        """Whether a name also stands without brackets behind it, so that it is no function."""
        pairs = zip(self.cursor.tokens, self.cursor.tokens[1:], strict=False)
        return any(t.kind == "name" and t.text == token.text and after.text != "(" for t, after in pairs)

    def _applied(self, token: Token, function: str) -> Part:
        """A function with its arguments, or with the one factor behind it: sin(x), \\ln 2."""
        if self.cursor.sign == "'":
            raise self.cursor.unexpected(said("derivative_out", function=function))
        if self.cursor.sign in ("^", "**"):
            raise self.cursor.unexpected(said("power_behind", function=function))
        if self.cursor.sign == "(":
            words = [(function, token.at), *self.arguments(commas=function in SINGLE)]
            self.formula.cost.add(token, function, words)
            return Part(words, ATOM)
        if function not in SINGLE:
            raise self.cursor.unexpected(said("is_function", function=function))
        return called(function, token.at, self._argument(token))

    def _argument(self, function: Token) -> Part:
        """The one factor that a function without brackets is of."""
        shown = self.cursor.shown(function)
        if self.cursor.sign in ("(", "{"):
            return self._group()
        if self.cursor.sign == "-" or self.cursor.token.kind not in ("name", "number", "sign"):
            raise self.cursor.unexpected(said("brackets", function=shown))
        part = self.formula.postfix()
        apart = shown == "√" and self.cursor.token.spaced
        if self.cursor.sign in ("^", "**") or (self.formula.starts() and not apart):
            raise self.cursor.unexpected(said("brackets", function=shown))
        return part

    def _group(self) -> Part:
        """(…) or {…}; with commas inside, a tuple."""
        opening = self.cursor.take()
        bars, self.bars = self.bars, ""
        parts, comma = list[Part](), False
        while self.cursor.sign != CLOSING[opening.text]:
            parts.append(self.formula.compared())
            if self.cursor.sign != ",":
                break
            comma = bool(self.cursor.take())
        self.cursor.take(CLOSING[opening.text])
        self.bars = bars
        if len(parts) == 1 and not comma:
            parts[0].loose = False
            return parts[0]
        words = [w for p in parts for w in [(", ", p.at), *p.words]][1:]
        return Part([("(", opening.at), *words, (",)" if len(parts) == 1 else ")", opening.at)], ATOM)

    def _over(self) -> Part:
        """One part of \\frac: in braces, or one digit or letter."""
        if self.cursor.sign == "{":
            return self._group()
        token = self.cursor.token
        if token.kind not in ("number", "name") or not token.text.isalnum():
            raise self.cursor.unexpected(said("fraction"))
        if len(token.text) == 1:
            return self._number() if token.kind == "number" else self._name()
        rest = Token(token.kind, token.text[1:], token.at + 1, token.end)
        first = Token(token.kind, token.text[0], token.at, token.at + 1)
        self.cursor.tokens[self.cursor.next : self.cursor.next + 1] = [first, rest]
        return self._over()

    def _between_bars(self) -> Part:
        """|x| entry by entry, ‖x‖ or ||x|| as the norm."""
        opening = self.cursor.take()
        double = opening.text == "|" and self.cursor.sign == "|" and not self.cursor.token.spaced
        if double:
            self.cursor.take()
        before, self.bars = self.bars, opening.text
        if before:
            raise self.cursor.refused(opening, said("bars"))
        part = self.formula.compared()
        for _ in range(1 + double):
            self.cursor.take(opening.text)
        if self.cursor.token.text in ("_2", "_{2}"):
            self.cursor.take()
        self.bars = before
        if double or opening.text == "‖":
            return called("norm", opening.at, part, shape=())
        if self.formula.products.has_axes(part):
            self.formula.notes.append(said("entry_by_entry"))
        return called("abs", opening.at, part, shape=part.shape)

    def arguments(self, *, commas: bool) -> list[tuple[str, int]]:
        """What stands in the brackets of a call or a list, with its brackets."""
        opening = self.cursor.take()
        before, self.commas, bars, self.bars = self.commas, commas, self.bars, ""
        words = [(opening.text, opening.at)]
        while self.cursor.sign != CLOSING[opening.text]:
            if self.cursor.token.kind == "name" and self.cursor.after().text == "=":
                words += [(f"{self.cursor.take().text}=", self.cursor.take().at)]
            words += self.formula.compared().words
            if self.cursor.sign == ",":
                words.append((", ", self.cursor.take().at))
            elif self.cursor.sign != CLOSING[opening.text]:
                raise self.cursor.unexpected(said("sign_missing", sign=CLOSING[opening.text]))
        self.commas, self.bars = before, bars
        return [*words, (CLOSING[opening.text], self.cursor.take().at)]
