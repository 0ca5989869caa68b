"""Messages to people, one row for each and each way, so that a repeated job sends and shows nothing twice."""

from piccolo.columns import UUID, Text, Timestamptz
from piccolo.constraints import Check
from piccolo.table import Table

from backend.notifications.content import Channel
from tenants.checks import one_of


class Notification(Table):
    """A message by its key, such as `usage_alert/<id>`: sent once in its tenant, and shown once in the portal.

    The keys are unique by index (`notification_sent`, `notification_shown`).
    """

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    key = Text()
    channel = Text()
    # An address or a number; empty in the portal
    recipient = Text(default="")
    # The subject of a mail, or the title in the portal; empty for an SMS, and for a recipient that was fixed before
    # the message was written.
    title = Text()
    # Always set in the portal; elsewhere where the recipient was fixed before and is a member
    member_id = UUID(null=True, default=None)
    # In the portal only: which one, a short text, the page that it leads to, the language of title and text
    portal = Text(default="")
    text = Text(default="")
    path = Text(default="")
    language = Text(default="")
    created_at = Timestamptz()
    sent_at = Timestamptz(null=True, default=None)
    # Why the message will never be taken, in the server's words.
    refused = Text(null=True, default=None)
    # When a later message to the same recipient was taken: the refusal says nothing of the address any more
    superseded_at = Timestamptz(null=True, default=None)
    read_at = Timestamptz(null=True, default=None)

    notification_channel_check = one_of("channel", Channel)
    notification_check = Check("channel <> 'portal' OR member_id IS NOT NULL")
