"""What the lines of a selection have now, in words for a hint."""

from collections.abc import Sequence

from frontend.i18n import Translator

# Of many different values, so many are named
MOST_VALUES = 5


def present_words(text: Translator, present: Sequence[tuple[str, int]], lines: int) -> str | None:
    """What the lines have now: the value of all, or how many have which; pairs of a value and its lines."""
    some = [(value, count) for value, count in present if count]
    if len(some) == 1 and some[0][1] == lines:
        return text("Now: {amount}", amount=some[0][0])
    counted = [
        text.plural("{amount} on {n} line", "{amount} on {n} lines", count, amount=value)
        for value, count in some[:MOST_VALUES]
    ]
    return text("Now: {amount}", amount=", ".join(counted)) if counted else None
