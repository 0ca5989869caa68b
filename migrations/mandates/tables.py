"""The tables of mandates as this migration makes them. Frozen: it imports no class of the product."""

from piccolo.columns import UUID, Boolean, Date, Integer, Text, Timestamptz
from piccolo.constraints import Check, Unique
from piccolo.table import Table


class Mandate(Table):
    """A mandate of a customer number. Its row is written before the payment service is asked."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    billing_account_id = UUID(default=None)
    state = Text()
    ending = Text(default="")
    request_key = Text()
    member_id = UUID(null=True, default=None)
    signer_name = Text(default="")
    signer_email = Text(default="")
    language = Text()
    replaces_id = UUID(null=True, default=None)
    customer = Text(default="")
    livemode = Boolean(default=False)
    session_id = Text(default="")
    address = Text(default="")
    payment_method = Text(default="")
    provider_id = Text(default="")
    reference = Text(default="")
    text_address = Text(default="")
    country = Text(default="")
    last4 = Text(default="")
    holder = Text(default="")
    failures = Integer(default=0)
    created_at = Timestamptz()
    expires_at = Timestamptz()
    signed_at = Timestamptz(null=True, default=None)
    collected_on = Date(null=True, default=None)
    ended_at = Timestamptz(null=True, default=None)
    mandate_tenant_id_id_key = Unique(["tenant_id", "id"])
    mandate_tenant_id_request_key_key = Unique(["tenant_id", "request_key"])
    mandate_state_check = Check("state IN ('draft', 'signed', 'active', 'suspended', 'revoked', 'expired')")


TABLES = [Mandate]
