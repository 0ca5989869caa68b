"""Mandates: who let the operator collect from an account, for which customer number, and how that ended."""

from piccolo.columns import UUID, Boolean, Date, Integer, Text, Timestamptz
from piccolo.constraints import Unique
from piccolo.table import Table

from backend.billing.mandates.lifecycle import MandateState
from tenants.checks import one_of


class Mandate(Table):
    """A mandate of a customer number. Its row is written before the payment service is asked."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    billing_account_id = UUID(default=None)
    state = Text()
    # Why it ended, or is suspended
    ending = Text(default="")
    # Of whoever asked: a repeat of the request is the same mandate
    request_key = Text()
    member_id = UUID(null=True, default=None)
    signer_name = Text(default="")
    signer_email = Text(default="")
    language = Text()
    # The mandate that ends when this one is signed
    replaces_id = UUID(null=True, default=None)
    # At the service: whose it is, its page, the account, the mandate itself
    customer = Text(default="")
    livemode = Boolean(default=False)
    session_id = Text(default="")
    address = Text(default="")
    payment_method = Text(default="")
    provider_id = Text(default="")
    # What invoices name it by (UMR), and its text at the service
    reference = Text(default="")
    text_address = Text(default="")
    country = Text(default="")
    # The last four signs of the account; the rest is at the service only
    last4 = Text(default="")
    holder = Text(default="")
    # Debits of invoices that failed since the last one that did not
    failures = Integer(default=0)
    created_at = Timestamptz()
    expires_at = Timestamptz()
    signed_at = Timestamptz(null=True, default=None)
    collected_on = Date(null=True, default=None)
    ended_at = Timestamptz(null=True, default=None)

    mandate_tenant_id_id_key = Unique(["tenant_id", "id"])
    mandate_tenant_id_request_key_key = Unique(["tenant_id", "request_key"])
    mandate_state_check = one_of("state", MandateState)
