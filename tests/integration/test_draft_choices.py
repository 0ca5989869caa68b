"""Ticks on a draft of many lines: they are kept and checked without reading the lines."""

import pytest

from backend.catalog.profiles import profile
from backend.core.errors import ValidationFailed
from backend.lines.schemas import LineFilter, Selection
from backend.orders.placement import drafts, selection
from tests.support.factories import make_customer


async def test_a_tick_reads_no_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line or thousands: what a tick costs does not depend on them."""
    customer = await make_customer(lines=3)
    who = customer.manager
    draft = await drafts.start_draft(who, "change_options", Selection(filter=LineFilter()))

    async def none_read(*_args: object, **_more: object) -> None:
        raise AssertionError("a tick has read lines")

    with monkeypatch.context() as patched:
        for module in (drafts, selection):
            patched.setattr(module, "load_lines", none_read)
        kept = await drafts.save_draft_choices(who, draft, {"add": ["sms-unlimited"]}, complete=True)
        assert kept.kind_fields["add"] == ("sms-unlimited",)
        with pytest.raises(ValidationFailed) as refused:
            await drafts.save_draft_choices(who, draft, {"add": ["no-such-option"]}, complete=True)
        assert "add" in refused.value.fields
        # Nothing chosen is a state on the way, not a mistake
        await drafts.save_draft_choices(who, draft, {"add": []}, complete=False)
    view = await drafts.get_draft(who, draft)
    assert view.asked.kind_fields["add"] == ()
    assert view.total_lines == 3


async def test_options_that_exclude_each_other_are_refused_at_the_tick() -> None:
    customer = await make_customer(lines=1)
    known = next(option for option in profile(customer.carrier).options if option.conflicts)
    draft = await drafts.start_draft(customer.manager, "change_options", Selection(filter=LineFilter()))
    both = [known.code, known.conflicts[0]]
    with pytest.raises(ValidationFailed) as refused:
        await drafts.save_draft_choices(customer.manager, draft, {"add": both}, complete=True)
    assert refused.value.code == "option_conflict"
    assert (await drafts.get_draft(customer.manager, draft)).asked.kind_fields["add"] == ()
