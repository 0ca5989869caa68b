"""The tables of bank statements as this migration makes them. Frozen: it imports no class of the product."""

from piccolo.columns import UUID, BigInt, Boolean, Bytea, Date, Integer, Text, Timestamptz
from piccolo.constraints import Check, Unique
from piccolo.table import Table


class BankStatement(Table):
    """A statement of an account of the operator, as its bank gave it. In the operator's scope.

    In the database, one content of an account and number is imported.
    """

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    format = Text()
    account = Text()
    number = Text()
    content_sha256 = Bytea()
    file_name = Text()
    file_sha256 = Bytea()
    currency = Text()
    opened_on = Date(null=True, default=None)
    closed_on = Date(null=True, default=None)
    opening_cents = BigInt(null=True, default=None)
    closing_cents = BigInt(null=True, default=None)
    movements = Integer(default=0)
    state = Text()
    reason = Text(default="")
    received_by = Text(default="")
    received_at = Timestamptz()
    decided_by = Text(default="")
    decided_at = Timestamptz(null=True, default=None)
    bank_statement_tenant_id_id_key = Unique(["tenant_id", "id"])
    bank_statement_key = Unique(["tenant_id", "account", "number", "content_sha256"])
    bank_statement_format_check = Check("format IN ('coda', 'camt.053')")
    bank_statement_state_check = Check("state IN ('imported', 'held', 'dismissed')")


class BankMovement(Table):
    """One movement of a statement that is imported, and whose payment it is. In the operator's scope."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    statement_id = UUID(default=None)
    position = Integer()
    cents = BigInt()
    currency = Text()
    booked_on = Date(null=True, default=None)
    value_on = Date(null=True, default=None)
    reference = Text(default="")
    structured = Text(default="")
    text = Text(default="")
    name = Text(default="")
    iban = Text(default="")
    bank_reference = Text(default="")
    end_to_end = Text(default="")
    reversal = Boolean(default=False)
    reverses = UUID(null=True, default=None)
    state = Text()
    reason = Text(default="")
    customer_id = UUID(null=True, default=None)
    billing_account_id = UUID(null=True, default=None)
    customer_number = Text(default="")
    invoice_id = UUID(null=True, default=None)
    invoice_number = Text(default="")
    decided_by = Text(default="")
    decided_at = Timestamptz(null=True, default=None)
    bank_movement_tenant_id_id_key = Unique(["tenant_id", "id"])
    bank_movement_tenant_id_statement_id_position_key = Unique(["tenant_id", "statement_id", "position"])
    bank_movement_state_check = Check(
        "state IN ('received', 'claimed', 'matched', 'proposed', 'unmatched', 'ignored')"
    )


TABLES = [
    value for value in list(vars().values()) if isinstance(value, type) and value.__module__ == __name__
]
