"""Draws: their supports, and streams that a secret alone decides."""

from collections import Counter
from fractions import Fraction as F

import pytest

from t1gen.errors import T1genError
from t1gen.problems.draws import Stream, key, support


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("integers(-1, 2)", [-1, 0, 1, 2]),
        ("integers(2, 2)", [2]),
        ("nonzero(-2, 2)", [-2, -1, 1, 2]),
        ("choice(-1, 1)", [-1, 1]),
        ("choice(0.1, 0.2, 0.5)", [F(1, 10), F(1, 5), F(1, 2)]),
        ("choice(7)", [7]),
        ("grid(0, 1, 0.25)", [0, F(1, 4), F(1, 2), F(3, 4), 1]),
        ("grid(-0.1, 0.1, 0.1)", [F(-1, 10), 0, F(1, 10)]),
        ("grid(0, 1, 0.4)", [0, F(2, 5), F(4, 5)]),
        ("  integers( 0 ,1 ) ", [0, 1]),
    ],
)
def test_a_draw_has_its_values_with_both_ends(text: str, values: list[F]) -> None:
    assert support(text) == tuple(F(v) for v in values)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", ""),
        ("nonzero", "is not understood"),
        ("nonzeor(1, 2)", "did you mean 'nonzero'"),
        ("nonzero(1)", "wrong count of numbers"),
        ("nonzero(1, 2, 3)", "wrong count of numbers"),
        ("nonzero(0, 0)", "0 values"),
        ("integers(2, 1)", "0 values"),
        ("integers(0, 1000000000000)", "too many values"),
        ("grid(0, 1, 0)", "not positive"),
        ("grid(0, 1, -1)", "not positive"),
        ("grid(0, 1, 1e-300)", "too many values"),
        ("choice()", "0 values"),
        ("choice(x)", "is not a number"),
        ("choice('a')", ""),
        ("choice(True)", "is not a number"),
        ("choice(1+1)", "is not a number"),
        ("integers(a=1, b=2)", "is not understood"),
        ("integers(1, 2", ""),
        ("__import__('os')", "is unknown"),
        ("1 + 1", "is not understood"),
        ("lambda: 1", "is not understood"),
        ("integers(*x)", "is not a number"),
        ("choice(None)", "is not a number"),
        ("(" * 1000, ""),
    ],
)
def test_a_draw_that_is_none_is_refused(text: str, says: str) -> None:
    with pytest.raises(T1genError, match=says.replace("(", r"\(")):
        support(text)


def test_a_stream_is_decided_by_its_key() -> None:
    one, same, other = Stream(b"a"), Stream(b"a"), Stream(b"b")
    drawn = [one.below(1000) for _ in range(100)]
    assert drawn == [same.below(1000) for _ in range(100)]
    assert drawn != [other.below(1000) for _ in range(100)]


def test_a_stream_never_changes() -> None:
    """Numbers of earlier versions: where they move, every secret in use gives other tests."""
    stream = Stream(key("secret", "bank", "student"))
    assert [stream.below(100) for _ in range(12)] == STREAM


STREAM = [42, 37, 62, 72, 7, 68, 80, 70, 75, 55, 31, 94]


def test_keys_differ_by_every_part_and_by_their_boundaries() -> None:
    keys = [
        key("s", "a", "b"),
        key("s", "ab"),
        key("s", "a", "b", ""),
        key("s", "", "ab"),
        key("t", "a", "b"),
        key("s", "b", "a"),
        key("s", "a\x001:b"),
        key("s", "a", "1:b"),
    ]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("n", [2, 3, 6, 7, 100])
def test_a_stream_is_uniform(n: int) -> None:
    """Chi-square far below what a biased stream gives (its mean is n - 1, its deviation sqrt(2 (n - 1)))."""
    stream, draws = Stream(b"uniform"), 20_000
    counts = Counter(stream.below(n) for _ in range(draws))
    assert set(counts) == set(range(n))
    chi = sum((c - draws / n) ** 2 / (draws / n) for c in counts.values())
    assert chi < n - 1 + 5 * (2 * (n - 1)) ** 0.5


def test_consecutive_draws_are_not_correlated() -> None:
    stream = Stream(b"pairs")
    pairs = Counter((stream.below(3), stream.below(3)) for _ in range(9000))
    assert len(pairs) == 9 and all(850 < c < 1150 for c in pairs.values())
