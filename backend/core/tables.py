"""Tables of the shared kit: jobs to be done, events from outside, the audit trail, recurring runs, public links."""

from piccolo.columns import JSONB, UUID, BigInt, Bytea, Integer, Text, Timestamptz
from piccolo.constraints import Unique
from piccolo.table import Table


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
