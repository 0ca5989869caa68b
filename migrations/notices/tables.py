"""Delivery and reminders of invoices as this migration makes them. Frozen: it imports no class of the product."""

from piccolo.columns import UUID, Array, BigInt, Date, Integer, Text, Timestamptz
from piccolo.constraints import Check, Unique
from piccolo.table import Table


class InvoiceDelivery(Table):
    """What the company wants for one customer number; a number without a row gets the e-mail of its readers."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    billing_account_id = UUID(default=None)
    method = Text()
    emails = Array(base_column=Text())
    mobile = Text(default="")
    language = Text()
    changed_at = Timestamptz()
    changed_by = Text(default="")
    confirmed_at = Timestamptz(null=True, default=None)
    invoice_delivery_tenant_id_billing_account_id_key = Unique(["tenant_id", "billing_account_id"])
    invoice_delivery_method_check = Check("method IN ('email', 'post', 'peppol')")


class InvoiceReminder(Table):
    """One step for one customer number, counted from its oldest overdue invoice. It is written once."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    billing_account_id = UUID(default=None)
    oldest_invoice_id = UUID(default=None)
    step = Integer()
    invoice_ids = Array(base_column=UUID(default=None))
    cents = BigInt()
    reminded_on = Date()
    blocked_line_ids = Array(base_column=UUID(default=None))
    lifted_at = Timestamptz(null=True, default=None)
    invoice_reminder_tenant_id_id_key = Unique(["tenant_id", "id"])
    invoice_reminder_key = Unique(["tenant_id", "billing_account_id", "oldest_invoice_id", "step"])


TABLES = [InvoiceDelivery, InvoiceReminder]
