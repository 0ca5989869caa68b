"""The course of a request as steps: received, waiting, sent, carried out, confirmed."""

from datetime import timedelta

from backend.core import clock
from backend.orders.lifecycle import ItemState, OrderFlag, OrderState
from backend.orders.schemas import OrderDetail
from frontend.components.timeline import StepState, TimelineStep
from frontend.page_context import PageContext

# An answer that takes longer is said to be missing
SILENT_AFTER = timedelta(seconds=15)
SENT = (
    OrderState.SUBMITTED,
    OrderState.IN_PROGRESS,
    OrderState.HELD,
    OrderState.COMPLETED,
    OrderState.PARTIAL,
    OrderState.FAILED,
)
ENDED = (OrderState.COMPLETED, OrderState.PARTIAL, OrderState.FAILED, OrderState.REJECTED)


def order_steps(page: PageContext, order: OrderDetail) -> list[TimelineStep]:
    steps = [_received(page, order)]
    if order.state == OrderState.CANCELLED:
        return [*steps, _undone(page, order)]
    if order.state is OrderState.SCHEDULED:
        steps.append(_planned(page, order))
    if order.grace_until is not None:
        steps.append(_waiting(page, order))
    return [*steps, _sent(page, order), _carried_out(page, order), _confirmed(page, order)]


def _received(page: PageContext, order: OrderDetail) -> TimelineStep:
    text = page.text
    note = text(
        "Sent by {name}. Price accepted: {amount} a month excl. VAT.",
        name=order.requested_by,
        amount=text.difference(order.price.monthly_difference),
    )
    return TimelineStep(
        state=StepState.DONE,
        title=text("Request received"),
        time=text.time(order.requested_at, seconds=True),
        note=note,
    )


def _planned(page: PageContext, order: OrderDetail) -> TimelineStep:
    text = page.text
    day = text.date(order.due_on) if order.due_on else ""
    if order.flag is OrderFlag.PRICE_CHANGED:
        return TimelineStep(
            state=StepState.ATTENTION,
            title=text("The price has changed"),
            note=text("It waits until you accept what it costs now."),
        )
    return TimelineStep(
        state=StepState.NOW,
        title=text("Planned for {day}", day=day),
        note=text("It is checked again on that day. Until then you can move or cancel it."),
    )


def _undone(page: PageContext, order: OrderDetail) -> TimelineStep:
    text = page.text
    at = text.time(order.ended_at, seconds=True) if order.ended_at else ""
    return TimelineStep(
        state=StepState.LOST,
        title=text("Request undone"),
        time=at,
        note=text("Nothing was sent and nothing is charged."),
    )


def _waiting(page: PageContext, order: OrderDetail) -> TimelineStep:
    text, until = page.text, order.grace_until
    if until is None:
        raise ValueError("no grace")
    if order.state != OrderState.GRACE:
        return TimelineStep(title=text("Time to undo"), time=text.time(until, seconds=True))
    seconds = round((until - order.requested_at).total_seconds())
    note = text.plural(
        "The request waits {n} second before it leaves for the network.",
        "The request waits {n} seconds before it leaves for the network.",
        seconds,
    )
    return TimelineStep(
        state=StepState.NOW,
        title=text("Time to undo"),
        time=text("until {time}", time=text.time(until, seconds=True)),
        note=note,
    )


def _sent(page: PageContext, order: OrderDetail) -> TimelineStep:
    text = page.text
    taken = next(
        (step.at for step in order.history if step.action == OrderState.IN_PROGRESS), order.submitted_at
    )
    at = text.time(taken, seconds=True) if taken else ""
    title = text("Sent to {carrier}", carrier=order.carrier)
    if order.state == OrderState.REJECTED:
        why = next((item.why for item in order.items if item.why), "")
        return TimelineStep(
            state=StepState.LOST,
            title=text("Refused by {carrier}", carrier=order.carrier),
            time=at,
            note=f"{why}. {text('Nothing changed and nothing is charged.')}".lstrip(". "),
        )
    if order.state == OrderState.SUBMITTED:
        late = clock.now() - (order.submitted_at or order.requested_at) > SILENT_AFTER
        return TimelineStep(
            state=StepState.ATTENTION if late else StepState.NOW,
            title=text("Being sent to {carrier}", carrier=order.carrier),
            note=text(
                "{carrier} does not answer yet. We keep trying; nothing is lost.", carrier=order.carrier
            )
            if late
            else text("Waiting for the answer of {carrier}.", carrier=order.carrier),
        )
    return TimelineStep(state=StepState.DONE if order.state in SENT else StepState.NEXT, title=title, time=at)


def _carried_out(page: PageContext, order: OrderDetail) -> TimelineStep:
    text = page.text
    at = text.time(order.ended_at, seconds=True) if order.ended_at else ""
    title = text("Carried out")
    match order.state:
        case OrderState.IN_PROGRESS:
            return TimelineStep(
                state=StepState.NOW,
                title=title,
                note=text("{carrier} is carrying it out.", carrier=order.carrier),
            )
        case OrderState.HELD:
            return TimelineStep(
                state=StepState.ATTENTION,
                title=text("Information missing"),
                note=text("The carrier needs something more to go on."),
            )
        case OrderState.COMPLETED:
            return TimelineStep(title=title, time=at)
        case OrderState.PARTIAL:
            failed = order.counts.get(ItemState.FAILED, 0)
            return TimelineStep(
                state=StepState.ATTENTION,
                title=text("Partly carried out"),
                time=at,
                note=text.plural(
                    "{n} line was not changed: the reason is beside it.",
                    "{n} lines were not changed: the reason is beside each.",
                    failed,
                ),
            )
        case OrderState.FAILED:
            return TimelineStep(
                state=StepState.LOST,
                title=text("Not carried out"),
                time=at,
                note=text("Nothing changed and nothing is charged."),
            )
        case _:
            return TimelineStep(state=StepState.NEXT, title=title)


def _confirmed(page: PageContext, order: OrderDetail) -> TimelineStep:
    text = page.text
    title = text("Confirmation by e-mail")
    if order.mailed_at is not None and order.state in ENDED:
        return TimelineStep(title=title, time=text.time(order.mailed_at, seconds=True))
    return TimelineStep(state=StepState.NOW if order.state in ENDED else StepState.NEXT, title=title)
