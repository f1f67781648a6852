"""Words that say how a sheet is set: the same in a bank, a roster and on the command line."""

import pytest

from t1gen.setting import GROUPS, USUAL, WORDS, Setting, SettingError, split


def test_the_usual_setting_is_the_first_word_of_every_group() -> None:
    assert {group: getattr(USUAL, group) for group in GROUPS} == {group: words[0] for group, words in GROUPS.items()}
    assert len(WORDS) == sum(map(len, GROUPS.values()))


def test_words_are_told_as_text_or_list() -> None:
    assert split("large, letter  two-columns") == ("large", "letter", "two-columns")
    assert USUAL.with_words("large,letter") == USUAL.with_words(["letter", "large"]) == Setting("letter", "large")
    assert USUAL.with_words("large").with_words("normal") == USUAL
    assert USUAL.with_words("").words == () and USUAL.with_words("large a4").words == ("large",)


@pytest.mark.parametrize(
    ("words", "message"),
    [("larg", "did you mean 'large'"), ("a4 letter", "exclude each other"), ("x", "allowed: a4, letter, normal")],
)
def test_what_is_no_setting_is_told(words: str, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        USUAL.with_words(words)


def test_lengths_follow_from_the_words() -> None:
    assert (USUAL.points, USUAL.zoom, USUAL.line) == (11, 1, 17)
    large, columns = USUAL.with_words("large"), USUAL.with_words("two-columns")
    assert large.points == 18 and large.is_narrow and large.scores < USUAL.scores
    assert columns.is_narrow and columns.line == pytest.approx(8.05) and columns.full == 17
    assert USUAL.with_words("letter").line == pytest.approx(17.59)
    for setting in (USUAL, large, columns, USUAL.with_words("large two-columns readable letter")):
        assert 0 < setting.room * setting.zoom < setting.line
