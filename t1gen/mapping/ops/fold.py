"""Left folds over the leading axis: the same bits whatever the batch, and any kind of number."""

from collections.abc import Callable
from functools import reduce
from operator import add
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
AXES = "ABCDEFGH"


def fold(function: Callable[[Any, Any], Any], x: Array) -> Array:
    """function(...function(x[0], x[1])..., x[-1]) over the leading axis."""
    return np.asarray(reduce(function, x))


def total(x: Array) -> Array:
    """The sum over the leading axis, from the left."""
    return fold(add, x)


def to_front(x: Array, axes: tuple[int, ...]) -> Array:
    """The named axes, flattened into one leading axis; the batch stays last."""
    moved = np.moveaxis(x, axes, range(len(axes)))
    return moved.reshape((-1, *moved.shape[len(axes) :]))
