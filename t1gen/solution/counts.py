"""How shapes and whole numbers about a mapping come about."""

from collections.abc import Iterator
from math import prod

from t1gen.asks import Quantity
from t1gen.asks.counts import chain, counted, jacobian_terms
from t1gen.documents import blocks
from t1gen.documents.blocks import Math
from t1gen.mapping.notation import latex_name
from t1gen.mapping.program import Program, Shape
from t1gen.markdown import runs, value_math
from t1gen.wording import say

COUNTED = ("shape", "entries", "parameters", "passes", "multiplications", "cheaper")
"""Asks whose answer is told from sizes."""


def counts(language: str, mapping: Program, asked: Quantity) -> list[blocks.Block]:
    """The rule in words, then the sizes: `7 * 8 + 8 * 8 = 120`; of the cheaper mode both sums."""
    told = blocks.Paragraph(runs(say(language, "counted", _key(asked), **_sizes(mapping, asked)), language))
    lines = tuple(_modes(language, mapping, asked) if asked.ask == "cheaper" else _lines(language, mapping, asked))
    return [told, blocks.Formulas(lines)] if lines else [told]


def _key(asked: Quantity) -> str:
    if asked.ask in ("shape", "entries"):
        return f"{asked.ask}_{asked.about or 'value'}"
    if asked.ask == "multiplications":
        return f"multiplications_{asked.mode.partition('-')[0]}{'_one' if asked.about == 'vjp' else ''}"
    if asked.ask == "passes":
        return f"passes_{asked.mode.partition('-')[0]}"
    return asked.ask


def _sizes(mapping: Program, asked: Quantity) -> dict[str, object]:
    """What a sentence may name: the quantities and how many entries each has."""
    out: dict[str, object] = {"of": asked.of, "wrt": asked.wrt}
    for key, name in (("m", asked.of), ("k", asked.wrt)):
        out[key] = prod(mapping.shape(name)) if name else 0
    for key, name in (("of_shape", asked.of), ("wrt_shape", asked.wrt)):
        out[key] = shape_text(mapping.shape(name)) if name else ""
    return out


def shape_text(shape: Shape) -> str:
    return r" \times ".join(map(str, shape)) or "1"


def _lines(language: str, mapping: Program, asked: Quantity) -> Iterator[Math]:
    if asked.ask == "shape":
        yield from _shape(language, mapping, asked)
    elif asked.ask == "parameters":
        for name in asked.moves:
            yield _count(name, mapping.shape(name))
        if len(asked.moves) > 1:
            yield _sum([(prod(mapping.shape(n)),) for n in asked.moves])
    elif asked.ask == "entries":
        yield _sum(counted(mapping, asked))
    elif asked.ask == "multiplications":
        if asked.mode != "vjp":
            yield _factors(mapping, asked)
        yield _sum(counted(mapping, asked))


def _modes(language: str, mapping: Program, asked: Quantity) -> Iterator[Math]:
    """The sums of both modes, each with its name."""
    terms = jacobian_terms(mapping, asked.of, asked.wrt)
    for mode in ("reverse-mode", "forward-mode"):
        name, total = say(language, "cheaper", mode), _sum(terms[mode])
        yield Math(rf"\text{{{name}:}}\quad {total.latex}", f"{name}: {total.plain}")


def _count(name: str, shape: Shape) -> Math:
    sizes = r" \cdot ".join(map(str, shape)) or "1"
    total = f" = {prod(shape)}" if len(shape) > 1 else ""
    return Math(rf"{latex_name(name)}\colon\; {sizes}{total}", f"{name}: {sizes.replace(chr(92) + 'cdot', '*')}{total}")


def _factors(mapping: Program, asked: Quantity) -> Math:
    """The Jacobians of the lines with their sizes, from the output."""
    links = chain(mapping, asked.of, asked.wrt)[::-1]
    parts, plain = [], []
    for line, source in zip(links, links[1:], strict=False):
        m, k = prod(mapping.shape(line)), prod(mapping.shape(source))
        parts.append(rf"{latex_name(f'd{line}_d{source}')}\colon ({m} \times {k})")
        plain.append(f"d{line}_d{source}: ({m} x {k})")
    return Math(r",\quad ".join(parts), ", ".join(plain))


def _shape(language: str, mapping: Program, asked: Quantity) -> Iterator[Math]:
    of, wrt = mapping.shape(asked.of), mapping.shape(asked.wrt) if asked.wrt else ()
    if asked.about == "jacobian":
        yield _paired((prod(of),), (prod(wrt),))
    elif asked.about == "axes":
        yield _paired(of, wrt)
    else:
        yield value_math(list(of), 0, language)


def _paired(outputs: Shape, inputs: Shape) -> Math:
    whole = (*outputs, *inputs)
    return Math(r" \times ".join(map(str, whole)), " x ".join(map(str, whole)))


def _sum(terms: list[Shape]) -> Math:
    total = str(sum(map(prod, terms)))
    plain = " + ".join(" * ".join(map(str, t)) or "1" for t in terms) or "0"
    shown = f"{plain} = {total}" if plain != total else total
    return Math(shown.replace("*", r"\cdot"), shown)
