"""LaTeX as MathML for HTML: what latex2mathml makes of it, mended where browsers read it otherwise than LaTeX."""

import re
from collections.abc import Iterator
from functools import lru_cache
from html import escape
from xml.etree.ElementTree import Element, tostring

from t1gen.documents import escape as escaping
from t1gen.documents.blocks import Math

LONG, LONGER = 60, 110
"""From how many letters of LaTeX a formula may break at its = signs, and a side of it at its + and - signs."""

_TOKEN = re.compile(r"\\(?:left|right|begin|end)(?![a-z])|\\.|[{}()\[\]]| [=+-] |[,;] |[,;]\\; ")
_DEEPER = {r"\left", r"\begin", "{", "(", "["}
_BETWEEN = (", ", ",\\; ", "; ", ";\\; ")
_HIGHER = {r"\right", r"\end", "}", ")", "]"}
_LIST = re.compile(r"[^\[(]*[\[(](?:[-\d.,; ]|\{,\}|\\;)*[\])]\s*")
_MATRIX = re.compile(r"\\begin\{bmatrix\}(.*?)\\end\{bmatrix\}", re.DOTALL)
_NUMBER = re.compile(r"(?<![\w.^\\])(?:\d++(?:\.|\{,\})\d++(?![\w.])|(?<!\{)\d++(?![\w.}]))")
_STAND_IN = 970_000
_WORD = re.compile(r"\\(operatorname|math(?:rm|it))\*?\{((?:[\w ]|\\_)+)\}")
_BAR = re.compile(r"(?<!\\left)(?<!\\right)\\([lr])(vert|Vert)(?![a-z])")
_SIGN = re.compile(r"&#x([0-9A-F]{5});")

_TAGS = {"math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "mfrac", "msqrt", "mroot", "msub", "msup", "msubsup",
         "munder", "mover", "munderover", "mtable", "mtr", "mtd", "mstyle", "mpadded"}  # fmt: skip
_ATTRIBUTES = {"form", "stretchy", "width"}
_STYLES = {"bold": "font-weight: bold", "italic": "font-style: italic"}


def inline(math: Math) -> str:
    """A formula in a line of text, which may break at its = signs where it is long."""
    return "<wbr>".join(_mathml(piece, math.plain, False) for piece in pieces(math.latex))


def displayed(math: Math) -> str:
    """A formula on a line of its own."""
    return "<wbr>".join(_mathml(piece, math.plain, True) for piece in pieces(math.latex))


def letters(latex: str) -> int:
    """About how many letters wide the widest part is that no line breaks in."""
    return max(len(re.sub(r"\\[a-zA-Z]+|[{}^_\\&;,]", "", _MATRIX.sub(_widest, piece))) for piece in pieces(latex))


def _widest(matrix: re.Match[str]) -> str:
    return max(matrix[1].split(r"\\"), key=len)


@lru_cache(maxsize=16384)
def pieces(latex: str) -> tuple[str, ...]:
    """The parts between which a line may break."""
    if len(latex) <= LONG:
        return (latex,)
    sides = _cut(latex, " = ")
    return tuple(part for side in sides for part in (_cut(side, " + ", " - ") if len(side) > LONGER else [side])
                 for part in (_cut(part, *_BETWEEN, depth=1) if _is_list(part) else [part]))  # fmt: skip


def _is_list(latex: str) -> bool:
    """Whether this is a row of many numbers."""
    return len(latex) > LONG and _LIST.fullmatch(latex) is not None


def _cut(latex: str, *signs: str, depth: int = 0) -> list[str]:
    """`latex` cut before the signs (after a comma) that stand in no more than `depth` brackets.

    An empty group before a sign says that it stands between two sides.
    """
    cuts, level = [0], 0
    for token in _TOKEN.finditer(latex):
        level += (token[0] in _DEEPER) - (token[0] in _HIGHER)
        if token[0] in signs and level <= depth and token.start():
            cuts.append(token.end() if token[0][0] in ",;" else token.start())
    parts = [latex[a:b].strip() for a, b in zip(cuts, [*cuts[1:], len(latex)], strict=True)]
    return parts[:1] + [part if depth else f"{{}} {part}" for part in parts[1:]]


def _mathml(latex: str, plain: str, display: bool) -> str:
    """MathML; the plain spelling as code where that fails. Formulas that differ in their numbers are converted once."""
    numbers: list[str] = []

    def stand_in(match: re.Match[str]) -> str:
        numbers.append(match[0])
        return str(_STAND_IN + len(numbers))

    shape = latex if str(_STAND_IN)[:2] in latex else _NUMBER.sub(stand_in, latex)
    converted = _converted(shape, display)
    if converted is None:
        return f"<code>{escape(escaping.clean(plain))}</code>"
    shown = [number.replace("{,}", ",") for number in numbers]
    return re.sub(r">97(\d{4})<", lambda m: f">{shown[int(m[1]) - 1]}<", converted) if numbers else converted


@lru_cache(maxsize=16384)
def _converted(latex: str, display: bool) -> str | None:
    from latex2mathml.converter import convert_to_element

    try:
        element = convert_to_element(_spelled(latex))
        _mend(element)
    except Exception:  # the library raises what it likes on LaTeX that it cannot read
        return None
    element.attrib = {"displaystyle": "true"} if display else {}
    text = tostring(element, encoding="unicode")
    return None if "\\" in text else text


def _word(word: re.Match[str]) -> str:
    return rf"\text{'it' if word[1] == 'mathit' else ''}{{{word[2].replace(chr(92), '')}}}"


def _spelled(latex: str) -> str:
    """Words as text, and bars that say on which side they stand."""
    words = _WORD.sub(_word, latex)
    return _BAR.sub(lambda m: rf"\{'left' if m[1] == 'l' else 'right'}\{m[1]}{m[2]}", words).replace(r"\!", "")


def _mend(element: Element) -> None:
    """Keep what MathML Core knows, and only that: an unknown tag or attribute may do anything in a browser."""
    parts = list(element.iter())
    for part in parts:
        if part.tag not in _TAGS:
            raise ValueError(part.tag)
        part.text = _SIGN.sub(lambda m: chr(int(m[1], 16)), part.text) if part.text else part.text
        variant = part.attrib.get("mathvariant", "")
        part.attrib = {k: v for k, v in part.attrib.items() if k in _ATTRIBUTES}
        if variant in _STYLES:
            part.attrib["style"] = _STYLES[variant]
        if part.tag == "mo" and (part.text or "").isalpha():
            part.tag = "mi"
    for part in parts:
        _sign(list(part))
        _lower(part)
        part[:] = _spaced(_fenced(list(part)))


def _sign(children: list[Element]) -> None:
    """A minus after another sign is that of a number, without room around it."""
    before: Element | None = None
    for child in children:
        if child.tag == "mo" and child.text == "\u2212" and before is not None and _waits(before):
            child.attrib["form"] = "prefix"
        before = before if child.tag == "mspace" else child


def _waits(element: Element) -> bool:
    return element.tag == "mo" and element.text not in (")", "]", "\u22a4", "|", "\u2016")


_HIGH = {"mfrac", "mtable", "munder", "mover", "munderover", "msqrt"}


def _lower(element: Element) -> None:
    """Brackets around what is no higher than a line are those of the text."""
    fences = [part for part in element if part.tag == "mo" and part.attrib.get("stretchy") == "true"]
    if fences and not any(part.tag in _HIGH for part in element.iter()):
        for fence in fences:
            fence.attrib["stretchy"] = "false"


def _spaced(children: Iterator[Element]) -> Iterator[Element]:
    """log z, not logz: room between a word and what follows it without a bracket."""
    word = False
    for child in children:
        if word and child.tag not in ("mo", "mspace", "mrow"):
            yield Element("mspace", {"width": "0.167em"})
        word = child.tag == "mi" and len(child.text or "") > 1
        yield child


def _fenced(children: list[Element]) -> Iterator[Element]:
    """A matrix and its brackets as one part, so that the brackets are as high as the matrix."""
    at = 0
    while at < len(children):
        some = children[at : at + 3]
        if [part.tag for part in some] == ["mo", "mtable", "mo"]:
            row = Element("mrow")
            some[0].attrib = {"form": "prefix", "stretchy": "true"}
            some[2].attrib = {"form": "postfix", "stretchy": "true"}
            row.extend(some)
            yield row
            at += 3
        else:
            yield children[at]
            at += 1
