"""Nested tuples and lists of numbers, as literals, files and answers hold arrays."""

from typing import Any

from t1gen.mapping.program import Shape


def flat(value: Any) -> list[Any]:
    """Every number, in row-major order."""
    return [x for part in value for x in flat(part)] if isinstance(value, (tuple, list)) else [value]


def shape_of(value: Any) -> Shape:
    """The shape of nested tuples or lists whose rows are equally long."""
    return (len(value), *shape_of(value[0])) if isinstance(value, (tuple, list)) and value else ()


def full(number: Any, shape: Shape) -> Any:
    """Nested tuples of this shape, filled with one number."""
    for n in reversed(shape):
        number = (number,) * n
    return number


def squeezed(shape: Shape) -> Shape:
    """The axes longer than 1."""
    return tuple(n for n in shape if n != 1)
