"""Order kinds: what each request asks, what it changes on a line, and what it costs. One module for each kind.

`base.py` has what they share. A new kind is a module with its texts (a TOML file of the same name) and a row here;
where it reads or writes the database, also a module in `orders/effects`. No other module names a kind.
"""

from backend.orders.kinds import (
    add_line,
    change_barrings,
    change_cost_centre,
    change_options,
    change_plan,
    change_spend_cap,
    change_user,
    convert_to_prepaid,
    depart,
    move_account,
    port_in,
    reactivate,
    replace_sim,
    request_esim,
    resend_esim,
    split_billing,
    suspend,
    terminate,
)
from backend.orders.kinds.add_line import AddLine
from backend.orders.kinds.base import OrderKind
from backend.orders.kinds.change_barrings import ChangeBarrings
from backend.orders.kinds.change_cost_centre import ChangeCostCentre
from backend.orders.kinds.change_options import ChangeOptions
from backend.orders.kinds.change_plan import ChangePlan
from backend.orders.kinds.change_spend_cap import ChangeSpendCap
from backend.orders.kinds.change_user import ChangeUser
from backend.orders.kinds.convert_to_prepaid import ConvertToPrepaid
from backend.orders.kinds.depart import Depart
from backend.orders.kinds.move_account import MoveAccount
from backend.orders.kinds.port_in import PortIn
from backend.orders.kinds.reactivate import Reactivate
from backend.orders.kinds.replace_sim import ReplaceSim
from backend.orders.kinds.request_esim import RequestEsim
from backend.orders.kinds.resend_esim import ResendEsim
from backend.orders.kinds.split_billing import SplitBilling
from backend.orders.kinds.suspend import Suspend
from backend.orders.kinds.terminate import Terminate

KINDS: dict[str, OrderKind] = {
    kind.code: kind
    for kind in (
        change_plan.CHANGE_PLAN,
        change_options.CHANGE_OPTIONS,
        change_barrings.CHANGE_BARRINGS,
        suspend.SUSPEND,
        reactivate.REACTIVATE,
        change_spend_cap.CHANGE_SPEND_CAP,
        change_user.CHANGE_USER,
        change_cost_centre.CHANGE_COST_CENTRE,
        move_account.MOVE_ACCOUNT,
        replace_sim.REPLACE_SIM,
        request_esim.REQUEST_ESIM,
        resend_esim.RESEND_ESIM,
        split_billing.SPLIT_BILLING,
        add_line.ADD_LINE,
        port_in.PORT_IN,
        depart.DEPART,
        convert_to_prepaid.CONVERT_TO_PREPAID,
        terminate.TERMINATE,
    )
}

AnyOrderRequest = (
    ChangePlan
    | ChangeOptions
    | ChangeBarrings
    | Suspend
    | Reactivate
    | ChangeSpendCap
    | ChangeUser
    | ChangeCostCentre
    | MoveAccount
    | ReplaceSim
    | RequestEsim
    | ResendEsim
    | SplitBilling
    | AddLine
    | PortIn
    | Depart
    | ConvertToPrepaid
    | Terminate
)
