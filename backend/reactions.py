"""When this happens, run these jobs: the whole event map on one screen."""

import backend.bulk.jobs
import backend.lines.codes
import backend.lines.refresh
import backend.lines.sim_mails
import backend.lines.user_mails
import backend.orders.departures
import backend.orders.due
import backend.orders.jobs
import backend.orders.mails
import backend.orders.overdue
import backend.usage.alerts
import backend.usage.caps  # noqa: F401 - importing registers the jobs
from backend.core.outbox import react

REACTIONS = {
    "order.placed": ("orders.end_grace",),
    "departure.planned": ("departures.invite",),
    "departure.moved": ("departures.tell_moved",),
    "departure.withdrawn": ("departures.tell_withdrawn",),
    "order.planned": ("orders.mail_planned",),
    "order.due": ("orders.come_due",),
    "order.price_changed": ("orders.mail_price",),
    "order.cancel_asked": ("orders.cancel",),
    "order.overdue": ("orders.give_up",),
    "item.amended": ("orders.amend",),
    "order.submitted": ("orders.share_out", "orders.mail_received"),
    "items.ready": ("orders.send",),
    "items.silent": ("orders.ask",),
    "carrier.told": ("orders.hear",),
    "order.ended": ("orders.mail_ended",),
    "bulk.uploaded": ("bulk.validate",),
    "fleet.refresh_asked": ("lines.refresh",),
    "usage.loaded": ("usage.watch",),
    "usage.alerted": ("usage.mail_alert",),
    "esim.released": ("sims.seal_codes",),
    "esim.confirmation_due": ("sims.mail_confirmation",),
    "esim.to_send": ("sims.mail_code",),
    "sim.activated": ("sims.read_puk",),
    "sim.swapped": ("sims.mail_swap",),
    "user.address_changed": ("users.mail_address",),
    "cap.raised": ("usage.raise_cap",),  # line_id, period, cents: a cap abroad for one month only
}

react(REACTIONS)
