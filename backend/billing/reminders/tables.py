"""What customer numbers were reminded of."""

from piccolo.columns import UUID, Array, BigInt, Date, Integer, Timestamptz
from piccolo.constraints import Unique
from piccolo.table import Table


class InvoiceReminder(Table):
    """One step for one customer number, counted from its oldest overdue invoice. It is written once."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    billing_account_id = UUID(default=None)
    oldest_invoice_id = UUID(default=None)
    # 1 to 3
    step = Integer()
    # Everything that was overdue then, the oldest first
    invoice_ids = Array(base_column=UUID(default=None))
    # What was to be paid of them
    cents = BigInt()
    reminded_on = Date()
    # Lines that this step blocked
    blocked_line_ids = Array(base_column=UUID(default=None))
    lifted_at = Timestamptz(null=True, default=None)

    invoice_reminder_tenant_id_id_key = Unique(["tenant_id", "id"])
    invoice_reminder_key = Unique(["tenant_id", "billing_account_id", "oldest_invoice_id", "step"])
