"""What order kinds read and write beside the columns of their lines: one module for each kind that needs it.

The rules of a kind are pure (`orders/kinds`): what they need is read here, and what follows from them is written here.
"""

from backend.orders.effects import (
    accounts,
    caps,
    catalogue,
    cost_centres,
    departures,
    end_of_line,
    new_lines,
    port_ins,
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
    "change_spend_cap": caps.CAPS_EFFECTS,
    "replace_sim": sims.CARDS,
    "request_esim": sims.ESIMS,
    "resend_esim": sims.RESENT,
    "suspend": sims.SUSPENDED,
    "reactivate": sims.REACTIVATED,
    "split_billing": split.SPLIT_EFFECTS,
    "change_user": users.USERS_EFFECTS,
    "change_cost_centre": cost_centres.COST_CENTRES_EFFECTS,
    "move_account": accounts.ACCOUNTS_EFFECTS,
    "add_line": new_lines.NEW_LINES_EFFECTS,
    "port_in": port_ins.PORT_INS_EFFECTS,
    "convert_to_prepaid": end_of_line.PREPAID,
    "depart": departures.DEPARTURES_EFFECTS,
    "terminate": end_of_line.TERMINATION,
}


def effects_of(kind: str) -> Effects:
    """The hooks of a kind; for a kind without any, hooks that do nothing."""
    return EFFECTS.get(kind, NONE)
