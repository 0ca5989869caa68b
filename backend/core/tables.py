"""Tables of the shared kit: jobs to be done, events from outside, the audit trail, recurring runs, public links."""

from piccolo.columns import JSONB, UUID, BigInt, Bytea, Integer, Text, Timestamptz
from piccolo.constraints import Unique
from piccolo.table import Table

from backend.core.messaging.set_aside_states import SetAsideSource, SetAsideState
from tenants.checks import one_of


class Outbox(Table):
    """A job that must happen, written with the change that asked for it. Deleted when it has finished."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    job = Text()
    data = JSONB()
    not_before = Timestamptz()
    created_at = Timestamptz()
    # When it was handed to the broker; handed over again when it stays unfinished
    sent_at = Timestamptz(null=True, default=None)
    attempts = Integer(default=0)
    # Given up; stays for a person to look at
    failed_at = Timestamptz(null=True, default=None)
    last_error = Text(null=True, default=None)


class Inbox(Table):
    """An event from outside, stored once by (source, event_id) and handled once."""

    # Identity column, order of arrival
    id = BigInt(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    source = Text()
    event_id = Text()
    body = JSONB()
    received_at = Timestamptz()
    handled_at = Timestamptz(null=True, default=None)

    inbox_tenant_id_source_event_id_key = Unique(["tenant_id", "source", "event_id"])


class SetAsideMessage(Table):
    """A carrier's message that could not be read or applied, for the operator's staff. The rest went on without it."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    # `SetAsideSource`
    source = Text()
    # One of a source: the event, or what was asked for
    key = Text()
    # The item, the batch of items, the number or the SIM that it is about
    subject = Text(default="")
    # Without secrets, cut
    body = Text(default="")
    # Why it could not be read; holds no value of the message
    why = Text(default="")
    state = Text(default="open")
    times = Integer(default=1)
    first_at = Timestamptz()
    last_at = Timestamptz()
    decided_by = Text(default="")
    decided_at = Timestamptz(null=True, default=None)

    set_aside_message_tenant_id_source_key_key = Unique(["tenant_id", "source", "key"])
    set_aside_message_source_check = one_of("source", SetAsideSource)
    set_aside_message_state_check = one_of("state", SetAsideState)


class AuditEvent(Table):
    """Who did what, append-only. No secrets, no amounts of employees."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    at = Timestamptz()
    actor_id = UUID(null=True, default=None)
    actor_name = Text(default="")
    action = Text()
    # Line, order, member, session, token …
    subject = Text()
    subject_id = UUID(null=True, default=None)
    detail = JSONB(default="{}")


class RecurringRun(Table):
    """One slot of one periodic task: the unique pair lets any number of schedulers run."""

    id = UUID(primary_key=True, default=None)
    name = Text()
    slot = Timestamptz()

    recurring_run_name_slot_key = Unique(["name", "slot"])


class PublicLink(Table):
    """A link in a mail for somebody without a session: one purpose, one subject, a hash, an end."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    purpose = Text()
    subject_id = UUID(default=None)
    token_hash = Bytea(unique=True)
    expires_at = Timestamptz()
    used_at = Timestamptz(null=True, default=None)
    created_at = Timestamptz()

    public_link_tenant_id_id_key = Unique(["tenant_id", "id"])
