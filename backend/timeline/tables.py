"""The table of timelines."""

from piccolo.columns import JSONB, UUID, BigInt, Text, Timestamptz
from piccolo.table import Table

from backend.timeline.schemas import TimelineSubject
from tenants.checks import one_of


class Timeline(Table, tablename="timeline_entry"):
    """What customers read of the life of a line or an order, append-only."""

    # Identity column: entries of the same time stay in the order in which they were written
    id = BigInt(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    subject_kind = Text()
    subject_id = UUID(default=None)
    at = Timestamptz()
    actor_id = UUID(null=True, default=None)
    actor_name = Text(default="")
    code = Text()
    # Of a move; empty for any other entry
    from_state = Text(default="")
    to_state = Text(default="")
    # Values for the entry's text: strings, never a secret
    params = JSONB(default="{}")

    timeline_entry_subject_kind_check = one_of("subject_kind", TimelineSubject)
