"""How a sheet is set: words such as `large` or `two-columns`, the same in a bank, a roster and on the command line."""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace

from t1gen.errors import T1genError, near

GROUPS = {
    "paper": ("a4", "letter"),
    "size": ("normal", "large"),
    "font": ("serif", "readable"),
    "columns": ("one-column", "two-columns"),
    "blanks": ("blanks", "no-blanks"),
    "working": ("no-working", "working"),
    "breaks": ("whole", "flowing"),
    "key": ("long-key", "short-key"),
}
"""The words that exclude each other, the usual one first."""

WORDS = {word: group for group, words in GROUPS.items() for word in words}

_PAPER = {"a4": (21.0, 29.7), "letter": (21.59, 27.94)}
_MARGIN, _TOP, _BOTTOM, _GUTTER = 2.0, 2.0, 2.4, 0.9


class SettingError(T1genError):
    """A word that says nothing about how a sheet is set."""


@dataclass(frozen=True)
class Setting:
    """One word of each group, and the lengths in centimetres and points that follow from them."""

    paper: str = "a4"
    size: str = "normal"
    font: str = "serif"
    columns: str = "one-column"
    blanks: str = "blanks"
    working: str = "no-working"
    breaks: str = "whole"
    key: str = "long-key"

    def with_words(self, words: str | Iterable[str]) -> "Setting":
        """This setting with some words changed.

        Raises SettingError for an unknown word, or two that exclude each other.
        """
        found: dict[str, str] = {}
        for word in split(words):
            if word not in WORDS:
                allowed = ", ".join(WORDS)
                raise SettingError(f"'{word}' is no setting of a sheet{near(word, WORDS)} (allowed: {allowed})")
            if found.setdefault(WORDS[word], word) != word:
                raise SettingError(f"'{found[WORDS[word]]}' and '{word}' exclude each other")
        return replace(self, **found)

    @property
    def words(self) -> tuple[str, ...]:
        """The words that are not the usual ones."""
        chosen = (getattr(self, f.name) for f in fields(self))
        return tuple(word for word in chosen if word != GROUPS[WORDS[word]][0])

    @property
    def points(self) -> float:
        """The size of the text."""
        return 18.0 if self.size == "large" else 12.0 if self.font == "readable" else 11.0

    @property
    def zoom(self) -> float:
        """How much larger than usual the text is, and with it boxes and pictures."""
        return self.points / 11

    @property
    def page(self) -> tuple[float, float]:
        """Width and height of the paper."""
        return _PAPER[self.paper]

    @property
    def line(self) -> float:
        """Width of a line of text."""
        return (self.full - _GUTTER) / 2 if self.columns == "two-columns" else self.full

    @property
    def full(self) -> float:
        """Width between the margins."""
        return self.page[0] - 2 * _MARGIN

    @property
    def is_narrow(self) -> bool:
        """Whether lines are too short for points beside them."""
        return self.line / self.zoom < 12

    @property
    def room(self) -> float:
        """Width of the room for an answer; with `zoom` in centimetres, as all that is filled in."""
        return self.line / self.zoom - (2.4 if self.is_narrow else 5.0)

    @property
    def scores(self) -> int:
        """How many problems a row of the points table holds."""
        return int((self.full / self.zoom - 2.6) / 1.05)

    @property
    def fields_across(self) -> int:
        """How many fields of the title block stand side by side."""
        return 1 if self.size == "large" else 2

    @property
    def height(self) -> float:
        """Height of what stands on a page."""
        return self.page[1] - _TOP - _BOTTOM

    @property
    def kept(self) -> float:
        """How much of a page a question may take that no page breaks within."""
        return 0.8 if self.breaks == "whole" else 0.35

    @property
    def spacing(self) -> float:
        """How far apart lines are, in heights of the text."""
        return 1.5 if self.font == "readable" else 1.2


USUAL = Setting()


def split(words: str | Iterable[str]) -> tuple[str, ...]:
    """Words that are told as a list, or with commas or spaces between them."""
    return tuple(words.replace(",", " ").split() if isinstance(words, str) else words)
