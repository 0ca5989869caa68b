"""Lines that come: with a new number, or with one from another operator once its port is through."""

from datetime import datetime
from typing import Any

from backend.catalog.identifiers import MSISDN
from backend.core.clock import local
from backend.sandbox.carrier.documents import CarrierLine, CarrierOrder, TmfError
from backend.sandbox.carrier.esims import ON_DEVICE, PREPARED
from backend.sandbox.carrier.order_context import OrderContext, cents, codes, one_of, word


def check(context: OrderContext, order: CarrierOrder) -> None:
    """Raises TmfError where the number cannot be had, or the line is not fully described."""
    if order.msisdn:
        check_number(context, order)
    check_line(context, order)


def check_line(context: OrderContext, order: CarrierOrder) -> None:
    """What every new line needs, whatever its number. Raises TmfError."""
    product_type = one_of(order, "productType", ("voice_data", "data_only"))
    plan = context.plan(order.asked.get("plan"), product_type)
    context.check_options(codes(order, "options"))
    word(order, "billingAccount", required=True)
    word(order, "splitProfile")
    cents(order, "roamingCapCents")
    if order.asked.get("companionSim") and not plan.companion_sim:
        raise TmfError(422, "companionNotOnPlan", f"The plan {plan.code} has no second SIM.")
    if one_of(order, "simKind", ("physical", "esim")) == "physical":
        context.sims.check(word(order, "simNumber", required=True))


def check_number(context: OrderContext, order: CarrierOrder) -> None:
    if not MSISDN.fullmatch(order.msisdn):
        raise TmfError(422, "invalidNumber", f"{order.msisdn} is not a Belgian mobile number.")
    if not context.register.free(order.msisdn):
        raise TmfError(409, "numberInUse", f"{order.msisdn} is in use, or on order.")


def reserve(context: OrderContext, order: CarrierOrder) -> None:
    """Keep the number and the card for this order while it runs."""
    order.msisdn = order.msisdn or context.register.new_number()
    context.register.reserve(order.msisdn)
    order.reported["msisdn"] = order.msisdn
    if not is_esim(order):
        order.asked["simNumber"] = context.sims.check(order.asked["simNumber"])
        context.sims.take(order.asked["simNumber"], order.msisdn)


def is_esim(order: CarrierOrder) -> bool:
    return order.asked.get("simKind") == "esim"


def steps(order: CarrierOrder) -> list[str]:
    return [*PREPARED, *ON_DEVICE, "live"] if is_esim(order) else ["started", "carried_out"]


def add_line(context: OrderContext, order: CarrierOrder) -> dict[str, Any]:
    """Write the new line; a number that was here once begins anew."""
    received, number = order.asked, order.reported.get("simNumber") or order.asked["simNumber"]
    sim = context.sims.activate(number)
    plan = context.plan(received["plan"], received["productType"])
    line = CarrierLine(
        msisdn=order.msisdn,
        customer=order.customer,
        billing_account=received["billingAccount"],
        product_type=received["productType"],
        plan=plan.code,
        options=context.allowed_options(codes(order, "options"), plan),
        sim_number=number,
        sim_kind=received["simKind"],
        puk=sim.puk if sim else "",
        roaming_cap_cents=cents(order, "roamingCapCents"),
        companion_sim=_companion(context, order),
        split_profile=word(order, "splitProfile"),
        activated_on=local(datetime.now().astimezone()).date().isoformat(),
    )
    context.register.give_back(order.msisdn)
    context.register.put(line)
    return {
        "msisdn": line.msisdn,
        "simNumber": line.sim_number,
        "simKind": line.sim_kind,
        "plan": line.plan,
        "options": line.options,
        "companionSim": line.companion_sim,
        "activatedOn": line.activated_on,
    }


def _companion(context: OrderContext, order: CarrierOrder) -> str:
    if not order.asked.get("companionSim"):
        return ""
    card = context.sims.new_card(order.msisdn)
    context.sims.activate(card.number)
    return card.number


def rollback(context: OrderContext, order: CarrierOrder) -> None:
    """Give back what was kept for an order that came to nothing."""
    context.register.give_back(order.msisdn)
    undo_sim(context, order)


def undo_sim(context: OrderContext, order: CarrierOrder) -> None:
    if order.reported.get("esimState"):
        context.sims.give_up(order.reported["simNumber"], order.msisdn)
        order.reported["esimState"] = "revoked"
    elif order.asked.get("simNumber"):
        context.sims.forget(order.asked["simNumber"])
