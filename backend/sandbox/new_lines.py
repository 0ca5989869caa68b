"""Lines that come: with a new number, or with one from another operator once its port is through."""

from datetime import datetime
from typing import Any

from backend.catalog.identifiers import MSISDN
from backend.core.clock import local
from backend.sandbox.desk import Desk, cents, codes, one_of, word
from backend.sandbox.esims import ON_DEVICE, PREPARED
from backend.sandbox.shapes import Line, Order, TmfError


def check(desk: Desk, order: Order) -> None:
    """Raises TmfError where the number cannot be had, or the line is not fully described."""
    if order.msisdn:
        check_number(desk, order)
    check_line(desk, order)


def check_line(desk: Desk, order: Order) -> None:
    """What every new line needs, whatever its number. Raises TmfError."""
    product_type = one_of(order, "productType", ("voice_data", "data_only"))
    plan = desk.plan(order.asked.get("plan"), product_type)
    desk.check_options(codes(order, "options"))
    word(order, "billingAccount", required=True)
    word(order, "splitProfile")
    cents(order, "roamingCapCents")
    if order.asked.get("companionSim") and not plan.companion_sim:
        raise TmfError(422, "companionNotOnPlan", f"The plan {plan.code} has no second SIM.")
    if one_of(order, "simKind", ("physical", "esim")) == "physical":
        desk.sims.check(word(order, "simNumber", required=True))


def check_number(desk: Desk, order: Order) -> None:
    if not MSISDN.fullmatch(order.msisdn):
        raise TmfError(422, "invalidNumber", f"{order.msisdn} is not a Belgian mobile number.")
    if not desk.books.free(order.msisdn):
        raise TmfError(409, "numberInUse", f"{order.msisdn} is in use, or on order.")


def keep(desk: Desk, order: Order) -> None:
    """Keep the number and the card for this order while it runs."""
    order.msisdn = order.msisdn or desk.books.new_number()
    desk.books.reserve(order.msisdn)
    order.told["msisdn"] = order.msisdn
    if not is_esim(order):
        order.asked["simNumber"] = desk.sims.check(order.asked["simNumber"])
        desk.sims.take(order.asked["simNumber"], order.msisdn)


def is_esim(order: Order) -> bool:
    return order.asked.get("simKind") == "esim"


def steps(order: Order) -> list[str]:
    return [*PREPARED, *ON_DEVICE, "live"] if is_esim(order) else ["started", "carried_out"]


def add_line(desk: Desk, order: Order) -> dict[str, Any]:
    """Write the new line; a number that was here once begins anew."""
    asked, number = order.asked, order.told.get("simNumber") or order.asked["simNumber"]
    sim = desk.sims.activate(number)
    plan = desk.plan(asked["plan"], asked["productType"])
    line = Line(
        msisdn=order.msisdn,
        customer=order.customer,
        billing_account=asked["billingAccount"],
        product_type=asked["productType"],
        plan=plan.code,
        options=desk.allowed_options(codes(order, "options"), plan),
        sim_number=number,
        sim_kind=asked["simKind"],
        puk=sim.puk if sim else "",
        roaming_cap_cents=cents(order, "roamingCapCents"),
        companion_sim=_companion(desk, order),
        split_profile=word(order, "splitProfile"),
        activated_on=local(datetime.now().astimezone()).date().isoformat(),
    )
    desk.books.give_back(order.msisdn)
    desk.books.put(line)
    return {
        "msisdn": line.msisdn,
        "simNumber": line.sim_number,
        "simKind": line.sim_kind,
        "plan": line.plan,
        "options": line.options,
        "companionSim": line.companion_sim,
        "activatedOn": line.activated_on,
    }


def _companion(desk: Desk, order: Order) -> str:
    if not order.asked.get("companionSim"):
        return ""
    card = desk.sims.new_card(order.msisdn)
    desk.sims.activate(card.number)
    return card.number


def undo(desk: Desk, order: Order) -> None:
    """Give back what was kept for an order that came to nothing."""
    desk.books.give_back(order.msisdn)
    undo_sim(desk, order)


def undo_sim(desk: Desk, order: Order) -> None:
    if order.told.get("esimState"):
        desk.sims.give_up(order.told["simNumber"], order.msisdn)
        order.told["esimState"] = "revoked"
    elif order.asked.get("simNumber"):
        desk.sims.forget(order.asked["simNumber"])
