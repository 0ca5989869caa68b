"""Letters written and sent, one row each, so that a repeated job sends nothing twice."""

from piccolo.columns import UUID, Text, Timestamptz
from piccolo.constraints import Unique
from piccolo.table import Table


class Notification(Table, tablename="letter"):
    """A letter by its key, unique in its tenant, such as `usage_alert/<id>`."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    key = Text()
    recipient = Text()
    subject = Text()
    created_at = Timestamptz()
    sent_at = Timestamptz(null=True, default=None)
    # Why the mail server will never take it
    refused = Text(null=True, default=None)

    letter_tenant_id_key_key = Unique(["tenant_id", "key"])
