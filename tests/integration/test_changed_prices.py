"""A catalogue that changes while a request is filled in: nothing is ordered at a price that nobody saw, whatever the kind."""

from uuid import UUID

import pytest

import backend.subscriptions  # noqa: F401 - what is announced has its jobs
from backend.core.errors import Conflict, ValidationFailed
from backend.lines.schemas import Selection
from backend.orders.kinds import KINDS
from backend.orders.placement.drafts import get_draft, preview_draft, save_draft, start_draft, submit_draft
from backend.orders.schemas import OrderPreview
from backend.orders.service import list_orders
from tests.support.factories import Customer
from tests.support.forms import FORMS, NEW_LINES, dearer, kind_fields_of, without
from tests.support.new_lines import plan_of

CHOSEN = {
    "change_options": ("add", "sms-unlimited"),
    "change_plan": ("plan", FORMS["change_plan"].kind_fields["plan"]),
    "add_line": ("options", "sms-unlimited"),
    "port_in": ("options", "sms-unlimited"),
}


async def shown_to(kind: str) -> tuple[Customer, UUID, OrderPreview]:
    """A customer, a draft of the kind with all that it asks, and its check answers."""
    customer = await FORMS[kind].customer()
    ids = () if kind in NEW_LINES else tuple(line.id for line in await customer.lines())
    draft = await start_draft(customer.manager, kind, Selection(line_ids=ids))
    await save_draft(customer.manager, draft, await kind_fields_of(customer, kind), complete=True)
    return customer, draft, await preview_draft(customer.manager, draft)


def monthly(preview: OrderPreview) -> tuple[int, int]:
    return preview.monthly_before, preview.monthly_after


def test_every_kind_is_tried() -> None:
    assert set(FORMS) == set(KINDS)


@pytest.mark.parametrize("kind", FORMS)
async def test_another_price_is_shown_before_anything_is_ordered(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer, draft, shown = await shown_to(kind)
    assert shown.changing == 1, [item.why for item in shown.items]
    dearer(monkeypatch)
    with pytest.raises(Conflict) as refusal:
        await submit_draft(customer.manager, draft, fingerprint=shown.fingerprint, confirmed=True)
    assert refusal.value.code == "price_changed"
    assert await list_orders(customer.manager) == []
    anew = await preview_draft(customer.manager, draft)
    assert sum(monthly(anew)) > sum(monthly(shown)), "every line has a price, and it is a higher one"
    placed = await submit_draft(customer.manager, draft, fingerprint=anew.fingerprint, confirmed=True)
    assert placed.price == anew.price
    assert [(one.kind, one.reference) for one in await list_orders(customer.manager)] == [
        (kind, placed.reference)
    ]


@pytest.mark.parametrize("kind", CHOSEN)
async def test_what_is_not_offered_any_more_is_refused_in_words(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer, draft, shown = await shown_to(kind)
    name, code = CHOSEN[kind]
    without(monkeypatch, code)
    with pytest.raises(ValidationFailed) as refusal:
        await submit_draft(customer.manager, draft, fingerprint=shown.fingerprint, confirmed=True)
    assert name in refusal.value.fields
    assert await list_orders(customer.manager) == []
    assert (await get_draft(customer.manager, draft)).asked.kind_fields[name], "what was chosen is kept"


async def test_a_new_lines_plan_that_is_gone_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    customer, draft, shown = await shown_to("add_line")
    without(monkeypatch, plan_of(customer))
    with pytest.raises(ValidationFailed) as refusal:
        await submit_draft(customer.manager, draft, fingerprint=shown.fingerprint)
    assert "plan" in refusal.value.fields
    assert await list_orders(customer.manager) == []
