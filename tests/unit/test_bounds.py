"""Structs from outside: lists are sets, texts are bounded."""

from uuid import UUID

import msgspec
import pytest

from backend.core.bounds import LONGEST_TEXT, MOST_TEXTS
from backend.core.errors import ValidationFailed
from backend.lines.schemas import LineFilter, Selection
from backend.orders.kinds import KINDS, AnyOrderRequest
from backend.orders.kinds.change_options import ChangeOptions

ONE, TWO = UUID(int=1), UUID(int=2)


def test_repeats_are_one_value_wherever_they_come_from() -> None:
    raw = (
        b'{"kind": "change_options", "add": ["b", "a", "b", "a"], "filter": {"status": ["active", "active"]}}'
    )
    decoded = msgspec.json.decode(raw, type=AnyOrderRequest)
    assert isinstance(decoded, ChangeOptions)
    assert decoded.add == ("b", "a")
    assert decoded.filter == LineFilter(status=("active",))
    assert Selection(line_ids=(TWO, ONE, TWO)).line_ids == (TWO, ONE)
    built = ChangeOptions(add=("a", "a"))
    assert built == ChangeOptions(add=("a",))
    assert msgspec.structs.replace(built, remove=("c", "c")).remove == ("c",)


def test_no_text_of_a_request_is_endless() -> None:
    long = "x" * (LONGEST_TEXT + 1)
    for kind in KINDS.values():
        for name, value in (("request_key", long), ("fingerprint", long)):
            with pytest.raises(msgspec.ValidationError, match=name):
                msgspec.convert({"kind": kind.code, name: value}, kind.request)
    with pytest.raises(msgspec.ValidationError, match="add"):
        msgspec.convert({"kind": "change_options", "add": ["a", long]}, ChangeOptions)


def test_no_list_of_texts_is_endless() -> None:
    """Fifty thousand repeats once froze every company for ten minutes."""
    for count, refused in ((MOST_TEXTS, False), (MOST_TEXTS + 1, True), (50_000, True)):
        for kind, field in (("change_options", "add"), ("change_options", "remove"), ("add_line", "options")):
            raw = msgspec.json.encode({"kind": kind, field: ["sms-unlimited"] * count})
            if refused:
                with pytest.raises(msgspec.ValidationError, match=field):
                    msgspec.json.decode(raw, type=AnyOrderRequest)
            else:
                decoded = msgspec.json.decode(raw, type=AnyOrderRequest)
                assert getattr(decoded, field) == ("sms-unlimited",)
    with pytest.raises(ValidationFailed) as failed:
        LineFilter(plan=("x" * (LONGEST_TEXT + 1),))
    assert set(failed.value.fields) == {"plan"}
