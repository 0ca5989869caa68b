"""The tables of online payments as this migration makes them. Frozen: it imports no class of the product."""

from piccolo.columns import UUID, BigInt, Boolean, Date, Integer, Text, Timestamptz
from piccolo.constraints import Check, Unique
from piccolo.table import Table


class Payment(Table):
    """One attempt to pay. Its row is written before the payment service is asked, and the service is asked under its id."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    channel = Text()
    state = Text()
    cents = BigInt()
    currency = Text()
    request_key = Text()
    member_id = UUID(null=True, default=None)
    payer_name = Text(default="")
    payer_email = Text(default="")
    language = Text()
    customer = Text(default="")
    livemode = Boolean(default=False)
    session_id = Text(default="")
    intent_id = Text(default="")
    address = Text(default="")
    method = Text(default="")
    mandate_id = UUID(null=True, default=None)
    failure = Text(default="")
    decision = Text(default="")
    ending = Boolean(default=False)
    processing_since = Date(null=True, default=None)
    received_cents = BigInt(default=0)
    refunded_cents = BigInt(default=0)
    reversed_cents = BigInt(default=0)
    created_at = Timestamptz()
    expires_at = Timestamptz()
    checked_at = Timestamptz(null=True, default=None)
    paid_at = Timestamptz(null=True, default=None)
    ended_at = Timestamptz(null=True, default=None)
    payment_tenant_id_id_key = Unique(["tenant_id", "id"])
    payment_tenant_id_request_key_key = Unique(["tenant_id", "request_key"])
    payment_channel_check = Check("channel IN ('checkout', 'debit')")
    payment_state_check = Check(
        "state IN ('created', 'requires_action', 'processing', 'unknown', 'succeeded', 'failed', 'cancelled', 'refunded', 'partly_refunded', 'reversed')"
    )
    payment_decision_check = Check("decision IN ('', 'book', 'dismiss')")
    payment_check = Check("cents > 0 AND refunded_cents + reversed_cents <= received_cents")


class PaymentShare(Table):
    """What a payment is for: an amount of one invoice."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    payment_id = UUID(default=None)
    position = Integer()
    billing_account_id = UUID(default=None)
    invoice_id = UUID(null=True, default=None)
    number = Text(default="")
    cents = BigInt()
    payment_share_tenant_id_payment_id_invoice_id_key = Unique(["tenant_id", "payment_id", "invoice_id"])
    payment_share_check = Check("cents > 0")


class PaymentRefund(Table):
    """Money of a payment that goes back. Its row is written before the payment service is asked."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    payment_id = UUID(default=None)
    cents = BigInt()
    reason = Text(default="")
    state = Text()
    request_key = Text()
    provider_id = Text(default="")
    failure = Text(default="")
    asked_by = Text(default="")
    created_at = Timestamptz()
    ended_at = Timestamptz(null=True, default=None)
    payment_refund_tenant_id_id_key = Unique(["tenant_id", "id"])
    payment_refund_tenant_id_payment_id_request_key_key = Unique(["tenant_id", "payment_id", "request_key"])
    payment_refund_state_check = Check("state IN ('requested', 'pending', 'succeeded', 'failed')")
    payment_refund_check = Check("cents > 0")


class ProviderCustomer(Table):
    """A company as the payment service knows it: one for real money, one for tests."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    livemode = Boolean(default=False)
    provider_id = Text()
    provider_customer_tenant_id_livemode_key = Unique(["tenant_id", "livemode"])


class ProviderEvent(Table):
    """An event of the payment service, stored once: a hint that something changed. In the operator's scope."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    event_id = Text()
    type = Text()
    object_kind = Text()
    object_id = Text()
    livemode = Boolean(default=False)
    created = BigInt()
    received_at = Timestamptz()
    handled_at = Timestamptz(null=True, default=None)
    provider_event_tenant_id_event_id_key = Unique(["tenant_id", "event_id"])


class ProviderCursor(Table):
    """Up to when the events of the payment service were read. In the operator's scope."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    livemode = Boolean(default=False)
    since = BigInt()
    provider_cursor_tenant_id_livemode_key = Unique(["tenant_id", "livemode"])


class PaymentCase(Table):
    """Money that the product could not book, and what the operator decided. In the operator's scope."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    kind = Text()
    provider_id = Text()
    state = Text()
    cents = BigInt()
    currency = Text()
    detail = Text()
    customer_id = UUID(null=True, default=None)
    payment_id = UUID(null=True, default=None)
    choice = Text(default="")
    billing_account_id = UUID(null=True, default=None)
    customer_number = Text(default="")
    invoice_id = UUID(null=True, default=None)
    invoice_number = Text(default="")
    reason = Text(default="")
    received_at = Timestamptz()
    decided_by = Text(default="")
    decided_at = Timestamptz(null=True, default=None)
    payment_case_tenant_id_kind_provider_id_key = Unique(["tenant_id", "kind", "provider_id"])
    payment_case_kind_check = Check("kind IN ('difference', 'unasked', 'late', 'over')")
    payment_case_state_check = Check("state IN ('open', 'decided', 'closed')")
    payment_case_choice_check = Check("choice IN ('', 'book', 'dismiss')")


TABLES = [
    value for value in list(vars().values()) if isinstance(value, type) and value.__module__ == __name__
]
