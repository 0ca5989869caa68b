"""Orders on a line that is there: what each may ask, and what it does in the books."""

from typing import Any

from backend.sandbox.desk import Desk, cents, codes, merged, one_of, word
from backend.sandbox.shapes import Order, TmfError

Told = dict[str, Any]


def check_plan(desk: Desk, order: Order) -> None:
    desk.plan(order.asked.get("plan"), desk.line(order).product_type)
    codes(order, "removeOption")


def change_plan(desk: Desk, order: Order) -> Told:
    """Options that the new plan does not allow go with the old one, named or not."""
    line = desk.line(order)
    plan = desk.plan(order.asked["plan"], line.product_type)
    kept = desk.allowed_options(merged(line.options, [], codes(order, "removeOption")), plan)
    desk.change(order, plan=plan.code, options=kept)
    return {"plan": plan.code, "options": kept}


def check_options(desk: Desk, order: Order) -> None:
    desk.check_options(codes(order, "addOption"))
    codes(order, "removeOption")


def change_options(desk: Desk, order: Order) -> Told:
    """An option that is a cap is the line's cap from now on."""
    added = codes(order, "addOption")
    options = merged(desk.line(order).options, added, codes(order, "removeOption"))
    desk.change(order, options=options)
    cap = desk.profile.cap_of(added)
    if cap is None:
        return {"options": options}
    desk.change(order, roaming_cap_cents=cap)
    return {"options": options, "roamingCapCents": cap}


def check_barrings(desk: Desk, order: Order) -> None:
    desk.check_barrings(codes(order, "addBarring"))
    codes(order, "removeBarring")


def change_barrings(desk: Desk, order: Order) -> Told:
    barrings = merged(desk.line(order).barrings, codes(order, "addBarring"), codes(order, "removeBarring"))
    desk.change(order, barrings=barrings)
    return {"barrings": barrings}


def check_spend_cap(_: Desk, order: Order) -> None:
    cents(order, "roamingCapCents")
    codes(order, "removeOption")
    if "period" in order.asked:
        one_of(order, "period", ("standing", "current"))


def change_spend_cap(desk: Desk, order: Order) -> Told:
    cap = cents(order, "roamingCapCents")
    desk.change(order, roaming_cap_cents=cap)
    gone = codes(order, "removeOption")
    if not gone:
        return {"roamingCapCents": cap}
    options = merged(desk.line(order).options, [], gone)
    desk.change(order, options=options)
    return {"roamingCapCents": cap, "options": options}


def check_sim(desk: Desk, order: Order) -> None:
    desk.sims.check(word(order, "simNumber", required=True))


def keep_sim(desk: Desk, order: Order) -> None:
    """The card is taken while the order runs: a second order cannot have it."""
    order.asked["simNumber"] = desk.sims.check(order.asked["simNumber"])
    desk.sims.take(order.asked["simNumber"], order.msisdn)


def replace_sim(desk: Desk, order: Order) -> Told:
    swap_sim(desk, order, order.asked["simNumber"], "physical")
    return {"simNumber": order.asked["simNumber"], "simKind": "physical"}


def swap_sim(desk: Desk, order: Order, number: str, kind: str) -> None:
    """The new SIM works from now on, and the old one no longer."""
    old = desk.line(order).sim_number
    desk.sims.give_up(old, order.msisdn)
    sim = desk.sims.activate(number)
    desk.change(order, sim_number=number, sim_kind=kind, puk=sim.puk if sim else "")


def check_active(desk: Desk, order: Order) -> None:
    if (status := desk.line(order).status) != "active":
        raise TmfError(409, "lineNotActive", f"The line is {status}.")


def suspend(desk: Desk, order: Order) -> Told:
    return {"status": desk.change(order, status="suspended").status}


def check_suspended(desk: Desk, order: Order) -> None:
    if (status := desk.line(order).status) != "suspended":
        raise TmfError(409, "lineNotSuspended", f"The line is {status}.")


def reactivate(desk: Desk, order: Order) -> Told:
    return {"status": desk.change(order, status="active").status}


def check_account(_: Desk, order: Order) -> None:
    word(order, "billingAccount", required=True)


def move_account(desk: Desk, order: Order) -> Told:
    return {
        "billingAccount": desk.change(order, billing_account=order.asked["billingAccount"]).billing_account
    }


def convert_to_prepaid(desk: Desk, order: Order) -> Told:
    return _leave(desk, order, "released_prepaid")


def check_target(_: Desk, order: Order) -> None:
    if one_of(order, "target", ("prepaid", "private")) == "private":
        for name in ("offer", "successorGivenName", "successorFamilyName"):
            word(order, name, required=True)


def release_number(desk: Desk, order: Order) -> Told:
    return _leave(desk, order, f"released_{order.asked['target']}")


def terminate(desk: Desk, order: Order) -> Told:
    line = desk.line(order)
    told = _leave(desk, order, "terminated")
    for sim in (line.sim_number, line.companion_sim):
        desk.sims.give_up(sim, line.msisdn)
    return told


def _leave(desk: Desk, order: Order, status: str) -> Told:
    return {"status": desk.change(order, status=status).status}
