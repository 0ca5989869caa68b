"""Bank statements and their movements."""

from piccolo.columns import UUID, BigInt, Boolean, Bytea, Date, Integer, Text, Timestamptz
from piccolo.constraints import Unique
from piccolo.table import Table

from backend.billing.lifecycle import MovementState, StatementState
from backend.billing.statements.statement import StatementFormat
from tenants.checks import one_of


class BankStatement(Table):
    """A statement of an account of the operator, as its bank gave it. In the operator's scope.

    In the database, one content of an account and number is imported.
    """

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    format = Text()
    # IBAN, where the bank gives one
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
    # Why it is held, or left out
    reason = Text(default="")
    received_by = Text(default="")
    received_at = Timestamptz()
    decided_by = Text(default="")
    decided_at = Timestamptz(null=True, default=None)

    bank_statement_tenant_id_id_key = Unique(["tenant_id", "id"])
    bank_statement_key = Unique(["tenant_id", "account", "number", "content_sha256"])
    bank_statement_format_check = one_of("format", StatementFormat)
    bank_statement_state_check = one_of("state", StatementState)


class BankMovement(Table):
    """One movement of a statement that is imported, and whose payment it is. In the operator's scope."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    statement_id = UUID(default=None)
    position = Integer()
    # Positive: the operator's account received it
    cents = BigInt()
    currency = Text()
    booked_on = Date(null=True, default=None)
    value_on = Date(null=True, default=None)
    # As the bank gives it, and the twelve digits where it is a right structured communication
    reference = Text(default="")
    structured = Text(default="")
    text = Text(default="")
    # Of the other side
    name = Text(default="")
    iban = Text(default="")
    bank_reference = Text(default="")
    end_to_end = Text(default="")
    # It takes back an earlier movement; `reverses` is that one, once it is known
    reversal = Boolean(default=False)
    reverses = UUID(null=True, default=None)
    state = Text()
    # Why it is where it is, for the operator's staff
    reason = Text(default="")
    # Whose it is, or may be
    customer_id = UUID(null=True, default=None)
    billing_account_id = UUID(null=True, default=None)
    customer_number = Text(default="")
    invoice_id = UUID(null=True, default=None)
    invoice_number = Text(default="")
    # Empty: the product itself matched it
    decided_by = Text(default="")
    decided_at = Timestamptz(null=True, default=None)

    bank_movement_tenant_id_id_key = Unique(["tenant_id", "id"])
    bank_movement_tenant_id_statement_id_position_key = Unique(["tenant_id", "statement_id", "position"])
    bank_movement_state_check = one_of("state", MovementState)
