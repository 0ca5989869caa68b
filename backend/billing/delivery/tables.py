"""How the invoices of a customer number reach the company."""

from piccolo.columns import UUID, Array, Text, Timestamptz
from piccolo.constraints import Unique
from piccolo.table import Table

from backend.billing.delivery.lifecycle import DeliveryMethod
from tenants.checks import one_of


class InvoiceDelivery(Table):
    """What the company wants for one customer number; a number without a row gets the e-mail of its readers."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    billing_account_id = UUID(default=None)
    method = Text()
    # Beside the members who see the invoices of this customer number
    emails = Array(base_column=Text())
    # E.164; "": no SMS
    mobile = Text(default="")
    # Of messages to those who are no members
    language = Text()
    changed_at = Timestamptz()
    changed_by = Text(default="")
    # When the operator's billing system took it over; null: not yet
    confirmed_at = Timestamptz(null=True, default=None)

    invoice_delivery_tenant_id_billing_account_id_key = Unique(["tenant_id", "billing_account_id"])
    invoice_delivery_method_check = one_of("method", DeliveryMethod)
