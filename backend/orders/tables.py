"""Requests and their items, with the history of every move."""

from piccolo.columns import JSONB, UUID, Integer, Text, Timestamptz
from piccolo.table import Table


class ChangeOrder(Table):
    """One request of the customer. States and moves: `lifecycle.py`."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    reference = Text(null=True, default=None, unique=True)  # given when it leaves draft, never reused
    kind = Text()
    state = Text(default="draft")
    requester_id = UUID(default=None)
    requester_name = Text(default="")
    requester_email = Text(default="")
    language = Text(default="en")
    request_key = Text(null=True, default=None)
    request_hash = Text(null=True, default=None)
    body = JSONB()  # what was asked: the order kind's own struct
    price = JSONB(null=True, default=None)
    promise_code = Text(default="")
    promise_due_at = Timestamptz(null=True, default=None)
    created_at = Timestamptz()
    requested_at = Timestamptz(null=True, default=None)
    grace_until = Timestamptz(null=True, default=None)
    submitted_at = Timestamptz(null=True, default=None)
    ended_at = Timestamptz(null=True, default=None)
    mailed_at = Timestamptz(null=True, default=None)
    lines = Integer(default=0)


class ChangeOrderItem(Table):
    """One action on one line. Its id is the order's `externalId` at the carrier."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    order_id = UUID(default=None)
    kind = Text()
    position = Integer()
    line_id = UUID(default=None)
    msisdn = Text()
    name = Text(default="")
    state = Text(default="waiting")
    reason = Text(default="")
    change = JSONB()  # the kind's own: what this item changes
    detail = Text(default="")  # the carrier's own words for a refusal
    monthly_before = Integer(default=0)
    monthly_after = Integer(default=0)
    one_off = Integer(default=0)
    pro_rata = Integer(default=0)
    carrier_order_id = Text(null=True, default=None)
    accepted_at = Timestamptz(null=True, default=None)
    news_at = Timestamptz(null=True, default=None)  # the carrier's clock: older news changes nothing
    sent_at = Timestamptz(null=True, default=None)
    heard_at = Timestamptz(null=True, default=None)  # last word from the carrier, or last time it was asked
    ended_at = Timestamptz(null=True, default=None)


class OrderEvent(Table):
    """One move of an order: who, when, from, to, why."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    order_id = UUID(default=None)
    at = Timestamptz()
    from_state = Text()
    to_state = Text()
    actor_name = Text(default="")
    why = Text(default="")


class MailMessage(Table):
    """A mail to somebody about an order: one per order and phase, so a repeated job sends none."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    order_id = UUID(default=None)
    phase = Text()  # received, ended
    recipient = Text()
    subject = Text()
    created_at = Timestamptz()
    sent_at = Timestamptz(null=True, default=None)
    refused = Text(null=True, default=None)
