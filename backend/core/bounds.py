"""Bounds of structs that come from outside: lists are sets, and no text is endless. Pure."""

import msgspec

# Characters of one text
LONGEST_TEXT = 2000


def bound_fields(struct: msgspec.Struct) -> None:
    """Take repeats out of a struct's tuples, each value staying where it stands first. Call it in `__post_init__`.

    Raises ValueError (a refusal of the input where it is decoded) for a text over LONGEST_TEXT, alone or in a tuple.
    """
    for name in struct.__struct_fields__:
        value = getattr(struct, name)
        if isinstance(value, str):
            texts: tuple[object, ...] = (value,)
        elif isinstance(value, tuple):
            texts = tuple(dict.fromkeys(value))
            if len(texts) != len(value):
                msgspec.structs.force_setattr(struct, name, texts)
        else:
            continue
        if any(isinstance(text, str) and len(text) > LONGEST_TEXT for text in texts):
            raise ValueError(f"`{name}` is longer than {LONGEST_TEXT} characters")
