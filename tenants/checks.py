"""CHECK constraints of table classes."""

from collections.abc import Iterable

from piccolo.constraints import Check


def one_of(column: str, words: Iterable[str]) -> Check:
    """A CHECK that the column holds one of some words, such as the members of a `StrEnum`."""
    listed = ", ".join(f"'{word}'" for word in words)
    return Check(f"{column} IN ({listed})")
