"""Order kinds: what each request asks, what it changes on a line, and what it costs. One module for each kind.

`base.py` has what they share. A new kind is a module with its texts (a TOML file of the same name), its import and one
row here. CONTRIBUTING.md ("An order kind") lists what stands elsewhere: effects, form, menu, sandbox, promises, tests.
"""

import operator
from functools import reduce
from typing import TYPE_CHECKING

import msgspec

from backend.catalog.pricing import Price
from backend.orders.kinds.add_line import ADD_LINE
from backend.orders.kinds.base import OrderKind
from backend.orders.kinds.change_barrings import CHANGE_BARRINGS
from backend.orders.kinds.change_cost_centre import CHANGE_COST_CENTRE
from backend.orders.kinds.change_options import CHANGE_OPTIONS
from backend.orders.kinds.change_plan import CHANGE_PLAN
from backend.orders.kinds.change_spend_cap import CHANGE_SPEND_CAP
from backend.orders.kinds.change_user import CHANGE_USER
from backend.orders.kinds.convert_to_prepaid import CONVERT_TO_PREPAID
from backend.orders.kinds.depart import DEPART
from backend.orders.kinds.move_account import MOVE_ACCOUNT
from backend.orders.kinds.port_in import PORT_IN
from backend.orders.kinds.reactivate import REACTIVATE
from backend.orders.kinds.replace_sim import REPLACE_SIM
from backend.orders.kinds.request_esim import REQUEST_ESIM
from backend.orders.kinds.resend_esim import RESEND_ESIM
from backend.orders.kinds.split_billing import SPLIT_BILLING
from backend.orders.kinds.suspend import SUSPEND
from backend.orders.kinds.terminate import TERMINATE
from backend.orders.schemas import OrderRequest

KINDS: dict[str, OrderKind] = {
    kind.code: kind
    for kind in (
        CHANGE_PLAN,
        CHANGE_OPTIONS,
        CHANGE_BARRINGS,
        SUSPEND,
        REACTIVATE,
        CHANGE_SPEND_CAP,
        CHANGE_USER,
        CHANGE_COST_CENTRE,
        MOVE_ACCOUNT,
        REPLACE_SIM,
        REQUEST_ESIM,
        RESEND_ESIM,
        SPLIT_BILLING,
        ADD_LINE,
        PORT_IN,
        DEPART,
        CONVERT_TO_PREPAID,
        TERMINATE,
    )
}


def has_price(kind: str, price: Price) -> bool:
    """Whether a request of this kind has a price to name: a free kind only where it costs something after all."""
    return KINDS[kind].priced or bool(price.monthly_difference or price.total)


if TYPE_CHECKING:
    AnyOrderRequest = OrderRequest
else:
    # The request of any kind: msgspec and the REST interface read the kind from its tag
    AnyOrderRequest = reduce(operator.or_, [kind.request for kind in KINDS.values()])


def decode_request(body: str) -> OrderRequest:
    """What was asked, from the order's column `body`."""
    request: OrderRequest = msgspec.json.decode(body, type=AnyOrderRequest)
    return request
