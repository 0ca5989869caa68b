"""Orders on a line that is there: what each may ask, and what it does in the books."""

from typing import Any

from backend.sandbox.carrier.documents import CarrierOrder, TmfError
from backend.sandbox.carrier.order_context import OrderContext, cents, codes, merged, one_of, word

Told = dict[str, Any]


def check_plan(context: OrderContext, order: CarrierOrder) -> None:
    context.plan(order.asked.get("plan"), context.line(order).product_type)
    codes(order, "removeOption")


def change_plan(context: OrderContext, order: CarrierOrder) -> Told:
    """Options that the new plan does not allow go with the old one, named or not."""
    line = context.line(order)
    plan = context.plan(order.asked["plan"], line.product_type)
    kept = context.allowed_options(merged(line.options, [], codes(order, "removeOption")), plan)
    context.change(order, plan=plan.code, options=kept)
    return {"plan": plan.code, "options": kept}


def check_options(context: OrderContext, order: CarrierOrder) -> None:
    context.check_options(codes(order, "addOption"))
    codes(order, "removeOption")


def change_options(context: OrderContext, order: CarrierOrder) -> Told:
    """An option that is a cap is the line's cap from now on."""
    added = codes(order, "addOption")
    options = merged(context.line(order).options, added, codes(order, "removeOption"))
    context.change(order, options=options)
    cap = context.profile.cap_of(added)
    if cap is None:
        return {"options": options}
    context.change(order, roaming_cap_cents=cap)
    return {"options": options, "roamingCapCents": cap}


def check_barrings(context: OrderContext, order: CarrierOrder) -> None:
    context.check_barrings(codes(order, "addBarring"))
    codes(order, "removeBarring")


def change_barrings(context: OrderContext, order: CarrierOrder) -> Told:
    barrings = merged(context.line(order).barrings, codes(order, "addBarring"), codes(order, "removeBarring"))
    context.change(order, barrings=barrings)
    return {"barrings": barrings}


def check_spend_cap(_: OrderContext, order: CarrierOrder) -> None:
    cents(order, "roamingCapCents")
    codes(order, "removeOption")
    if "period" in order.asked:
        one_of(order, "period", ("standing", "current"))


def change_spend_cap(context: OrderContext, order: CarrierOrder) -> Told:
    cap = cents(order, "roamingCapCents")
    context.change(order, roaming_cap_cents=cap)
    gone = codes(order, "removeOption")
    if not gone:
        return {"roamingCapCents": cap}
    options = merged(context.line(order).options, [], gone)
    context.change(order, options=options)
    return {"roamingCapCents": cap, "options": options}


def check_sim(context: OrderContext, order: CarrierOrder) -> None:
    context.sims.check(word(order, "simNumber", required=True))


def reserve_sim(context: OrderContext, order: CarrierOrder) -> None:
    """The card is taken while the order runs: a second order cannot have it."""
    order.asked["simNumber"] = context.sims.check(order.asked["simNumber"])
    context.sims.take(order.asked["simNumber"], order.msisdn)


def replace_sim(context: OrderContext, order: CarrierOrder) -> Told:
    swap_sim(context, order, order.asked["simNumber"], "physical")
    return {"simNumber": order.asked["simNumber"], "simKind": "physical"}


def swap_sim(context: OrderContext, order: CarrierOrder, number: str, kind: str) -> None:
    """The new SIM works from now on, and the old one no longer."""
    old = context.line(order).sim_number
    context.sims.give_up(old, order.msisdn)
    sim = context.sims.activate(number)
    context.change(order, sim_number=number, sim_kind=kind, puk=sim.puk if sim else "")


def check_active(context: OrderContext, order: CarrierOrder) -> None:
    if (status := context.line(order).status) != "active":
        raise TmfError(409, "lineNotActive", f"The line is {status}.")


def suspend(context: OrderContext, order: CarrierOrder) -> Told:
    return {"status": context.change(order, status="suspended").status}


def check_suspended(context: OrderContext, order: CarrierOrder) -> None:
    if (status := context.line(order).status) != "suspended":
        raise TmfError(409, "lineNotSuspended", f"The line is {status}.")


def reactivate(context: OrderContext, order: CarrierOrder) -> Told:
    return {"status": context.change(order, status="active").status}


def check_account(_: OrderContext, order: CarrierOrder) -> None:
    word(order, "billingAccount", required=True)


def move_account(context: OrderContext, order: CarrierOrder) -> Told:
    return {
        "billingAccount": context.change(order, billing_account=order.asked["billingAccount"]).billing_account
    }


def convert_to_prepaid(context: OrderContext, order: CarrierOrder) -> Told:
    return _leave(context, order, "released_prepaid")


def check_target(_: OrderContext, order: CarrierOrder) -> None:
    if one_of(order, "target", ("prepaid", "private")) == "private":
        for name in ("offer", "successorGivenName", "successorFamilyName"):
            word(order, name, required=True)


def release_number(context: OrderContext, order: CarrierOrder) -> Told:
    return _leave(context, order, f"released_{order.asked['target']}")


def terminate(context: OrderContext, order: CarrierOrder) -> Told:
    line = context.line(order)
    reported = _leave(context, order, "terminated")
    for sim in (line.sim_number, line.companion_sim):
        context.sims.give_up(sim, line.msisdn)
    return reported


def _leave(context: OrderContext, order: CarrierOrder, status: str) -> Told:
    return {"status": context.change(order, status=status).status}
