"""Characters as students type and paste them, as the few that the readers know; each keeps its place in the answer."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from t1gen.answers.record import Unreadable, said

PLAIN = re.compile(r"[\t\n\r -~]*")

SUPERSCRIPTS = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ᵀ", "0123456789+-⊤", strict=True))
SUBSCRIPTS = dict(zip("₀₁₂₃₄₅₆₇₈₉", "0123456789", strict=True))
FRACTIONS = {"½": "1/2", "⅓": "1/3", "⅔": "2/3", "¼": "1/4", "¾": "3/4", "⅕": "1/5", "⅛": "1/8"}

LIKE = {
    "-": "‐‑‒–—―−➖﹣",
    "·": "⋅∙•×✕✖",
    "∘": "⊙⊛○",
    "/": "⁄∕÷",
    "*": "∗＊",
    "‖": "∥",
    "∂": "𝜕𝛛",
    "⊤": "⊺",
    "'": "′’‘ʹ`´",
    '"': "“”„",
    "[": "【〔",
    "]": "】〕",
    "≔": "",
    "←": "⟵",
    ",": "、،",
    ".": "٫",
    "\n": "\u2028\u2029",
    "σ": "ς",
}
"""What stands for each known character."""

KNOWN = frozenset("·∘⊗⊤‖√∂≔←≤≥≠∞¬") | frozenset(FRACTIONS)
ALIKE = {other: known for known, others in LIKE.items() for other in others}
UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\ufffd")
"""Letters and marks that show nothing, and what files put where half a character was."""


@dataclass(frozen=True, slots=True)
class Source:
    """A cleaned `text`, and for each of its characters the place in `given`, what was handed in."""

    text: str
    given: str
    places: Sequence[int]

    def part(self, start: int, end: int) -> "Source":
        """A piece of it, without the space around."""
        piece = self.text[start:end]
        start, end = start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())
        return Source(self.text[start:end], self.given, self.places[start : max(start, end) + 1])

    def place(self, at: int) -> str:
        """`column 4`, with its line where there are several; counted in what was handed in."""
        at = self.places[min(at, len(self.places) - 1)]
        before = self.given[:at]
        column = at - before.rfind("\n")
        if "\n" in self.given.strip():
            return said("line", line=before.count("\n") + 1, column=column)
        return said("column", column=column)

    def refused(self, at: int, reason: str) -> Unreadable:
        """The error that says where reading stops."""
        return Unreadable(said("at", place=self.place(at), reason=reason))


def source(given: str) -> Source:
    """A text without control, bidirectional and zero-width characters, in known characters where others look alike."""
    if PLAIN.fullmatch(given):
        return Source(given, given, range(len(given) + 1))
    pieces = [(piece, at) for at, char in enumerate(given) for piece in (_known(char),)]
    text = "".join(piece for piece, _ in pieces)
    places = [at for piece, at in pieces for _ in piece]
    return _raised(Source(text, given, [*places, len(given)]))


def cleaned(given: str) -> str:
    """Only the text of `source`."""
    return given if PLAIN.fullmatch(given) else source(given).text


RAISED = re.compile("[" + "".join(SUPERSCRIPTS) + "]+")


def _raised(before: Source) -> Source:
    """Superscripts as powers: x² is x^(2), vᵀ is v^⊤."""
    if not RAISED.search(before.text):
        return before
    text, places, done = "", list[int](), 0
    for found in RAISED.finditer(before.text):
        inner = "".join(SUPERSCRIPTS[c] for c in found[0])
        power = f"^{inner}" if inner == "⊤" else f"^({inner})"
        text += before.text[done : found.start()] + power
        places += [*before.places[done : found.start()], *[before.places[found.start()]] * len(power)]
        done = found.end()
    return Source(text + before.text[done:], before.given, [*places, *before.places[done:]])


@lru_cache(4096)
def _known(char: str) -> str:
    """The characters that one stands for; none where it shows nothing."""
    if " " <= char <= "~" or char in "\n\t" or char in KNOWN or char in SUPERSCRIPTS:
        return char
    if char in ALIKE or char in SUBSCRIPTS:
        return ALIKE.get(char) or SUBSCRIPTS[char]
    category = unicodedata.category(char)
    if char.isspace():
        return " "
    if category in ("Cc", "Cf", "Cs", "Co", "Cn") or char in UNSEEN or 0xFE00 <= ord(char) <= 0xFE0F:
        return ""
    if category == "Nd":
        return str(unicodedata.decimal(char))
    plain = unicodedata.normalize("NFKC", char)
    if plain == char or len(plain) > 4:
        return char
    return "".join(c if c in KNOWN else ALIKE.get(c, c) for c in plain)
