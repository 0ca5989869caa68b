"""When this happens, run these jobs: the whole event map on one screen."""

import backend.lines.refresh
import backend.orders.jobs
import backend.orders.mails  # noqa: F401 - importing registers the jobs
from backend.core.outbox import react

REACTIONS = {
    "order.placed": ("orders.end_grace",),
    "order.submitted": ("orders.share_out", "orders.mail_received"),
    "items.ready": ("orders.send",),
    "items.silent": ("orders.ask",),
    "carrier.told": ("orders.hear",),
    "order.ended": ("orders.mail_ended",),
    "fleet.refresh_asked": ("lines.refresh",),
}

react(REACTIONS)
