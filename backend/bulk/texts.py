"""What a bulk file's check says, in the reader's language."""

from functools import cache
from pathlib import Path

from backend.tabular.problems import TableTexts

TEXTS = Path(__file__).with_name("texts.toml")


@cache
def texts_in(language: str) -> TableTexts:
    """The sentences of bulk files and of tables."""
    return TableTexts(language, TEXTS)
