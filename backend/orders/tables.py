"""Requests, their items, and what belongs to one item: port-ins and departures."""

from piccolo.columns import JSONB, UUID, Date, Integer, Text, Timestamptz
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from backend.orders.lifecycle import DepartureState, ItemState, OrderFlag, OrderState, PortInState
from tenants.checks import one_of

PORT_CASES = ("prepaid_other", "private_other", "professional_other", "same_carrier")


class ChangeOrder(Table):
    """One request of the customer. States and moves: `lifecycle.py`."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    # Given when it is placed, never reused
    reference = Text(null=True, default=None, unique=True)
    kind = Text()
    state = Text(default="draft")
    requester_id = UUID(default=None)
    requester_name = Text(default="")
    requester_email = Text(default="")
    language = Text(default="en")
    request_key = Text(null=True, default=None)
    request_hash = Text(null=True, default=None)
    # What was asked: the order kind's own struct
    body = JSONB()
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
    # The day that was chosen, in Europe/Brussels
    due_on = Date(null=True, default=None)
    # An `OrderFlag`
    flag = Text(default=OrderFlag.NONE.value)
    # Why it ended before it was sent: undone, cancelled, nothing_left
    end_reason = Text(default="")
    # How much of what was asked was left out: wishes, and lines on which nothing is done
    missing = Integer(default=0)
    # Messages about it that a mail server refused
    refused_mails = Integer(default=0)
    # Of a draft: when it was changed last, and the page of its form that comes next
    touched_at = Timestamptz(null=True, default=None)
    draft_page = Text(default="")

    change_order_tenant_id_id_key = Unique(["tenant_id", "id"])
    change_order_state_check = one_of("state", OrderState)
    change_order_check = Check("state = 'draft' OR reference IS NOT NULL OR state = 'cancelled'")


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
    # What this item changes, in the kind's own form
    change = JSONB()
    # What the carrier reported of it so far, never a secret
    reported = JSONB(default="{}")
    # The carrier's own words for a refusal
    detail = Text(default="")
    monthly_before = Integer(default=0)
    monthly_after = Integer(default=0)
    one_off = Integer(default=0)
    pro_rata = Integer(default=0)
    # Sent with others in one order of the carrier; its `externalId` names the batch
    batch_id = UUID(null=True, default=None)
    carrier_order_id = Text(null=True, default=None)
    accepted_at = Timestamptz(null=True, default=None)
    # By the carrier's clock: an earlier update changes nothing
    reported_at = Timestamptz(null=True, default=None)
    sent_at = Timestamptz(null=True, default=None)
    # When the carrier last answered or was last asked
    last_contact_at = Timestamptz(null=True, default=None)
    ended_at = Timestamptz(null=True, default=None)
    # What was asked and is not done on this line, by its code: the reason
    left_out = JSONB(default="{}")

    change_order_item_tenant_id_id_key = Unique(["tenant_id", "id"])
    change_order_item_state_check = one_of("state", ItemState)


class PortInCase(Table):
    """The transfer of a number from another holder or operator (domain 3.3), one per item."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    item_id = UUID(default=None)
    line_id = UUID(default=None)
    port_case = Text()
    state = Text(default="submitted")
    # Of the last rejection
    reason = Text(default="")
    attempts = Integer(default=1)
    # The day that was chosen
    requested_on = Date(null=True, default=None)
    # The moment that donor and recipient agreed on
    agreed_at = Timestamptz(null=True, default=None)
    # Who signed for the holder
    authorised_by = Text()
    authorised_at = Timestamptz()
    # Of the text that was agreed to
    authorisation_version = Text()
    created_at = Timestamptz()
    completed_at = Timestamptz(null=True, default=None)

    port_in_tenant_id_id_key = Unique(["tenant_id", "id"])
    port_in_tenant_id_item_id_key = Unique(["tenant_id", "item_id"])
    port_in_port_case_check = one_of("port_case", PORT_CASES)
    port_in_state_check = one_of("state", PortInState)


class Departure(Table):
    """The dated release of a number to its user (domain 3.6), one per item."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    item_id = UUID(default=None)
    line_id = UUID(default=None)
    state = Text(default="requested")
    leaves_on = Date()
    # Of the line, for a withdrawal
    previous_status = Text(default="active")
    given_name = Text(default="")
    family_name = Text(default="")
    email = Text(default="")
    language = Text(default="")
    # That the successor chose
    offer = Text(default="")
    invited_at = Timestamptz(null=True, default=None)
    chosen_at = Timestamptz(null=True, default=None)
    ended_at = Timestamptz(null=True, default=None)
    # When the successor's data was deleted
    forgotten_at = Timestamptz(null=True, default=None)
    created_at = Timestamptz()
    # When the page behind the invitation was first opened
    opened_at = Timestamptz(null=True, default=None)
    # Why the mail server will never take the mail with the link
    mail_refused = Text(null=True, default=None)
    # How often the invitation was sent to a corrected address
    invitations = Integer(default=0)

    departure_tenant_id_id_key = Unique(["tenant_id", "id"])
    departure_tenant_id_item_id_key = Unique(["tenant_id", "item_id"])
    departure_state_check = one_of("state", DepartureState)
