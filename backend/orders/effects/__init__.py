"""What order kinds do in the database beyond their line's columns: one module per kind that needs it.

A kind's rules stay pure (`orders/kinds`); what they must know is read here first, and what follows is written here.
"""

from backend.orders.effects import (
    accounts,
    caps,
    catalogue,
    cost_centres,
    departures,
    leaving,
    new_lines,
    ports,
    sims,
    split,
    users,
)
from backend.orders.effects.base import Effects

NONE = Effects()
EFFECTS: dict[str, Effects] = {
    "change_options": catalogue.OPTIONS,
    "change_plan": catalogue.PLANS,
    "change_barrings": catalogue.BARRINGS,
    "change_spend_cap": caps.EFFECTS,
    "replace_sim": sims.CARDS,
    "request_esim": sims.ESIMS,
    "resend_esim": sims.RESENT,
    "suspend": sims.SUSPENDED,
    "reactivate": sims.REACTIVATED,
    "split_billing": split.EFFECTS,
    "change_user": users.EFFECTS,
    "change_cost_centre": cost_centres.EFFECTS,
    "move_account": accounts.EFFECTS,
    "add_line": new_lines.EFFECTS,
    "port_in": ports.EFFECTS,
    "convert_to_prepaid": leaving.PREPAID,
    "depart": departures.EFFECTS,
    "terminate": leaving.TERMINATION,
}


def effects_of(kind: str) -> Effects:
    return EFFECTS.get(kind, NONE)
