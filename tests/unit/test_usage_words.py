"""Amounts of a bundle beside their share: both are rounded the same way."""

import pytest

from frontend.components.usage.words import amount_words
from frontend.i18n import Translator


@pytest.mark.parametrize(
    ("amount", "unit", "words"),
    [
        (9_960_000_000, "bytes", "9,9\u00a0Go"),
        (10_000_000_000, "bytes", "10\u00a0Go"),
        (999_960_000, "bytes", "999,9\u00a0Mo"),
        (61, "seconds", "2\u00a0min"),
    ],
)
def test_data_is_rounded_down_as_its_share_is(amount: int, unit: str, words: str) -> None:
    assert amount_words(Translator("fr"), amount, unit).split() == words.split()


@pytest.mark.parametrize("language", ["fr", "en", "nl", "de"])
def test_nothing_used_reads_well(language: str) -> None:
    said = Translator(language)("{amount} used", amount="0")
    assert "0 utilisés" not in said
    assert "0" in said
