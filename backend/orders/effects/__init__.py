"""What order kinds read and write beside the columns of their lines, by kind. A kind that needs nothing has no row.

A module is called as its kind, or it serves several kinds: CONTRIBUTING.md ("An order kind") lists those.

The rules of a kind are pure (`orders/kinds`): what they need is read here, and what follows from them is written here.
"""

from backend.orders.effects import (
    catalogue,
    change_cost_centre,
    change_spend_cap,
    change_user,
    depart,
    end_of_line,
    move_account,
    new_lines,
    port_in,
    sims,
    split_billing,
)
from backend.orders.effects.base import Effects

NONE = Effects()
EFFECTS: dict[str, Effects] = {
    "change_options": catalogue.OPTIONS,
    "change_plan": catalogue.PLANS,
    "change_barrings": catalogue.BARRINGS,
    "change_spend_cap": change_spend_cap.CAPS_EFFECTS,
    "replace_sim": sims.CARDS,
    "request_esim": sims.ESIMS,
    "resend_esim": sims.RESENT,
    "suspend": sims.SUSPENDED,
    "reactivate": sims.REACTIVATED,
    "split_billing": split_billing.SPLIT_EFFECTS,
    "change_user": change_user.USERS_EFFECTS,
    "change_cost_centre": change_cost_centre.COST_CENTRES_EFFECTS,
    "move_account": move_account.ACCOUNTS_EFFECTS,
    "add_line": new_lines.NEW_LINES_EFFECTS,
    "port_in": port_in.PORT_INS_EFFECTS,
    "convert_to_prepaid": end_of_line.PREPAID,
    "depart": depart.DEPARTURES_EFFECTS,
    "terminate": end_of_line.TERMINATION,
}


def effects_of(kind: str) -> Effects:
    """The hooks of a kind; for a kind without any, hooks that do nothing."""
    return EFFECTS.get(kind, NONE)
