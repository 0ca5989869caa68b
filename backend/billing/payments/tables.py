"""Online payments, what they are for, and what went back; and in the operator's scope what the payment service says."""

from piccolo.columns import UUID, BigInt, Boolean, Date, Integer, Text, Timestamptz
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from backend.billing.payments.case_states import CaseKind, CaseState
from backend.billing.payments.lifecycle import PaymentChannel, PaymentState, RefundState
from tenants.checks import one_of


class Payment(Table):
    """One attempt to pay. Its row is written before the payment service is asked, and the service is asked under its id."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    channel = Text()
    state = Text()
    cents = BigInt()
    currency = Text()
    # Of whoever asked: a repeat of the request is the same payment
    request_key = Text()
    member_id = UUID(null=True, default=None)
    payer_name = Text(default="")
    payer_email = Text(default="")
    language = Text()
    # What the service has to say of it: its customer, and whether real money moves
    customer = Text(default="")
    livemode = Boolean(default=False)
    session_id = Text(default="")
    intent_id = Text(default="")
    # Of the hosted page, while it may be open
    address = Text(default="")
    method = Text(default="")
    # Of a debit: the mandate under which it is made
    mandate_id = UUID(null=True, default=None)
    # Why no money came, by the service's code or ours
    failure = Text(default="")
    # What the operator decided of money that is not what was asked for
    decision = Text(default="")
    # Another payment for the same invoice was asked for: this page is to be closed
    ending = Boolean(default=False)
    processing_since = Date(null=True, default=None)
    # What came, and what of it went back
    received_cents = BigInt(default=0)
    refunded_cents = BigInt(default=0)
    reversed_cents = BigInt(default=0)
    created_at = Timestamptz()
    expires_at = Timestamptz()
    # When the service was last asked
    checked_at = Timestamptz(null=True, default=None)
    paid_at = Timestamptz(null=True, default=None)
    ended_at = Timestamptz(null=True, default=None)

    payment_tenant_id_id_key = Unique(["tenant_id", "id"])
    payment_tenant_id_request_key_key = Unique(["tenant_id", "request_key"])
    payment_channel_check = one_of("channel", PaymentChannel)
    payment_state_check = one_of("state", PaymentState)
    payment_decision_check = Check("decision IN ('', 'book', 'dismiss')")
    payment_check = Check("cents > 0 AND refunded_cents + reversed_cents <= received_cents")


class PaymentShare(Table):
    """What a payment is for: an amount of one invoice."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    payment_id = UUID(default=None)
    position = Integer()
    billing_account_id = UUID(default=None)
    # Null: it is for the customer number as a whole
    invoice_id = UUID(null=True, default=None)
    # The number of the invoice
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
    # Empty: it was made at the service itself
    asked_by = Text(default="")
    created_at = Timestamptz()
    ended_at = Timestamptz(null=True, default=None)

    payment_refund_tenant_id_id_key = Unique(["tenant_id", "id"])
    payment_refund_tenant_id_payment_id_request_key_key = Unique(["tenant_id", "payment_id", "request_key"])
    payment_refund_state_check = one_of("state", RefundState)
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
    # Seconds of Unix time, by the service
    created = BigInt()
    received_at = Timestamptz()
    handled_at = Timestamptz(null=True, default=None)

    provider_event_tenant_id_event_id_key = Unique(["tenant_id", "event_id"])


class ProviderCursor(Table):
    """Up to when the events of the payment service were read. In the operator's scope."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    livemode = Boolean(default=False)
    # Seconds of Unix time
    since = BigInt()

    provider_cursor_tenant_id_livemode_key = Unique(["tenant_id", "livemode"])


class PaymentCase(Table):
    """Money that the product could not book, and what the operator decided. In the operator's scope."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    kind = Text()
    # The payment at the service: one case of a kind
    provider_id = Text()
    state = Text()
    cents = BigInt()
    currency = Text()
    # What is wrong with it, for the operator's staff
    detail = Text()
    # The attempt, where there is one
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
    payment_case_kind_check = one_of("kind", CaseKind)
    payment_case_state_check = one_of("state", CaseState)
    payment_case_choice_check = Check("choice IN ('', 'book', 'dismiss')")
