"""Random draws: keyed streams and the finite supports that givens are drawn from."""

import ast
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from typing import Any, TypeVar

from t1gen.errors import BankError, near
from t1gen.mapping.syntax import parse

T = TypeVar("T")
BIGGEST = 10_000


def key(secret: str, *parts: str) -> bytes:
    """A key that only the secret gives, for this purpose alone."""
    message = "\0".join((str(len(p)) + ":" + p) for p in parts)
    return hmac.new(secret.encode("utf-8", "surrogatepass"), message.encode(), hashlib.sha256).digest()


@dataclass
class Stream:
    """Uniform choices from a key: the same on every machine."""

    key: bytes
    block: int = 0
    ready: list[int] = field(default_factory=list)

    def below(self, n: int) -> int:
        """A whole number in [0, n), uniform to 2**-50 for small n."""
        if not self.ready:
            digest = hashlib.sha512(self.key + self.block.to_bytes(8, "big")).digest()
            self.ready = [int.from_bytes(digest[i : i + 8], "big") for i in range(0, 64, 8)]
            self.block += 1
        return self.ready.pop() % n

    def choice(self, options: Sequence[T]) -> T:
        return options[self.below(len(options))]

    def sample(self, options: Sequence[T], count: int) -> list[T]:
        """So many different options, in random order."""
        left = list(options)
        return [left.pop(self.below(len(left))) for _ in range(count)]


@lru_cache(maxsize=4096)
def support(text: str) -> tuple[Fraction, ...]:
    """The values of a draw: integers(a, b), nonzero(a, b), choice(...), grid(a, b, step); both ends are in."""
    tree = parse(text, "eval").body
    names = {"integers": _integers, "nonzero": _nonzero, "choice": lambda *v: v, "grid": _grid}
    if not (isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and not tree.keywords):
        raise BankError(f"draw '{text}' is not understood; write one of {', '.join(names)} with numbers")
    make: Any = names.get(tree.func.id)
    if make is None:
        raise BankError(f"draw '{tree.func.id}' is unknown{near(tree.func.id, names)} (allowed: {', '.join(names)})")
    try:
        values = tuple(make(*(_number(a) for a in tree.args)))
    except TypeError:
        raise BankError(f"draw '{text}' has the wrong count of numbers") from None
    if not 0 < len(values) <= BIGGEST:
        raise BankError(f"draw '{text}' has {len(values)} values; 1 to {BIGGEST} are allowed")
    return values


def _number(node: ast.expr) -> Fraction:
    sign = -1 if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) else 1
    inner: Any = node.operand if isinstance(node, ast.UnaryOp) else node
    if not isinstance(inner, ast.Constant) or type(inner.value) not in (int, Fraction):
        raise BankError(f"'{ast.unparse(node)}' is not a number")
    return sign * Fraction(inner.value)  # type: ignore[arg-type]


def _integers(low: Fraction, high: Fraction) -> list[Fraction]:
    return _grid(low, high, Fraction(1))


def _nonzero(low: Fraction, high: Fraction) -> list[Fraction]:
    return [v for v in _integers(low, high) if v]


def _grid(low: Fraction, high: Fraction, step: Fraction) -> list[Fraction]:
    if step <= 0 or (high - low) / step > BIGGEST:
        raise BankError(f"a grid from {low} to {high} by {step} has too many values or a step that is not positive")
    return [low + step * i for i in range(int((high - low) / step) + 1)]
