"""Messages to people, one row each, so that a repeated job sends nothing twice."""

from enum import StrEnum

from piccolo.columns import UUID, Text, Timestamptz
from piccolo.constraints import Unique
from piccolo.table import Table

from tenants.checks import one_of


class Channel(StrEnum):
    """How a message reaches a person."""

    MAIL = "mail"
    SMS = "sms"


class Notification(Table):
    """A message by its key, unique in its tenant, such as `usage_alert/<id>`: one for each subject and phase."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    key = Text()
    channel = Text()
    recipient = Text()
    # The subject of a mail; empty for a recipient that was fixed before the message was written, and for an SMS.
    title = Text()
    created_at = Timestamptz()
    sent_at = Timestamptz(null=True, default=None)
    # Why the message will never be taken, in the server's words.
    refused = Text(null=True, default=None)

    notification_tenant_id_key_key = Unique(["tenant_id", "key"])
    notification_channel_check = one_of("channel", Channel)
