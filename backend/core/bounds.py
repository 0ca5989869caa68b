"""Bounds of structs that come from outside: lists are sets, and neither texts nor lists are endless. Pure."""

import msgspec

from backend.core.errors import ValidationFailed

# Characters of one text
LONGEST_TEXT = 2000
# Texts of one list, as they come
MOST_TEXTS = 1000


class OutOfBounds(ValidationFailed, ValueError):
    """A field is longer than it may be. Where a struct is decoded, a ValueError refuses the input."""


def bound_fields(struct: msgspec.Struct) -> None:
    """Take repeats out of a struct's tuples, each value staying where it stands first. Call it in `__post_init__`.

    Raises OutOfBounds for a text over LONGEST_TEXT, alone or in a tuple, and for a tuple of more than MOST_TEXTS texts.
    """
    for name in struct.__struct_fields__:
        value = getattr(struct, name)
        if isinstance(value, str):
            texts: tuple[object, ...] = (value,)
        elif isinstance(value, tuple):
            if len(value) > MOST_TEXTS and isinstance(value[0], str):
                raise OutOfBounds(**{name: f"`{name}` has more than {MOST_TEXTS} values"})
            texts = tuple(dict.fromkeys(value))
            if len(texts) != len(value):
                msgspec.structs.force_setattr(struct, name, texts)
        else:
            continue
        if any(isinstance(text, str) and len(text) > LONGEST_TEXT for text in texts):
            raise OutOfBounds(**{name: f"`{name}` is longer than {LONGEST_TEXT} characters"})
