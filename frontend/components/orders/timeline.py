"""The course of a request as steps: received, waiting, sent, carried out, confirmed."""

from datetime import date, timedelta

from backend.core import clock
from backend.orders.kinds import KINDS, has_price
from backend.orders.lifecycle import OrderFlag, OrderState
from backend.orders.outcome import OutcomeCode, WaitsFor
from backend.orders.schemas import OrderDetail
from frontend.components.orders.outcome import plain_texts
from frontend.components.timeline import StepState, TimelineStep
from frontend.i18n import translatable
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
    steps += _moves(page, order)
    if order.state == OrderState.CANCELLED:
        return [*steps, _undone(page, order)]
    if order.state is OrderState.SCHEDULED:
        steps.append(_planned(page, order))
    if order.grace_until is not None:
        steps.append(_waiting(page, order))
    if KINDS[order.kind].done_at_once:
        # Nothing is sent to a carrier
        return [*steps, _carried_out(page, order), _confirmed(page, order)]
    return [*steps, _sent(page, order), _carried_out(page, order), _confirmed(page, order)]


def _received(page: PageContext, order: OrderDetail) -> TimelineStep:
    text = page.text
    monthly = text.difference(order.price.monthly_difference)
    note = (
        text(
            # On its day, and on another day, a planned request is worked out again
            translatable("Sent by {name}. Price: {amount} a month excl. VAT.")
            if order.due_on
            else translatable("Sent by {name}. Price accepted: {amount} a month excl. VAT."),
            name=order.requested_by,
            amount=monthly,
        )
        if has_price(order.kind, order.price)
        else text("Sent by {name}.", name=order.requested_by)
    )
    return TimelineStep(
        state=StepState.DONE,
        title=text("Request received"),
        time=text.time(order.requested_at, seconds=True),
        note=note,
    )


def _moves(page: PageContext, order: OrderDetail) -> list[TimelineStep]:
    """The other days that a planned request was given, each with who chose it."""
    text = page.text
    return [
        TimelineStep(
            title=text("Moved to {day}", day=text.date(date.fromisoformat(move.detail["why"]))),
            time=text.moment(move.at),
            note=text("by {name}", name=move.actor) if move.actor else "",
        )
        for move in order.history
        if move.moved
    ]


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
    who = next((move.actor for move in reversed(order.history) if move.action == OrderState.CANCELLED), "")
    return TimelineStep(
        # Nothing went wrong
        state=StepState.STOPPED,
        title=plain_texts(text, order.kind).short(order.outcome),
        time=text.time(order.ended_at, seconds=True) if order.ended_at else "",
        note=text("by {name}", name=who) if who else "",
    )


def _waiting(page: PageContext, order: OrderDetail) -> TimelineStep:
    text, until = page.text, order.grace_until
    if until is None:
        raise ValueError("no grace")
    if order.state != OrderState.GRACE:
        return TimelineStep(title=text("Time to undo"), time=text.time(until, seconds=True))
    seconds = round((until - order.requested_at).total_seconds())
    note = (
        text.plural(
            "The request waits {n} second before it is carried out.",
            "The request waits {n} seconds before it is carried out.",
            seconds,
        )
        if KINDS[order.kind].done_at_once
        else text.plural(
            "The request waits {n} second before it leaves for the network.",
            "The request waits {n} seconds before it leaves for the network.",
            seconds,
        )
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
        refused = text("Refused by {carrier}", carrier=order.carrier)
        return TimelineStep(state=StepState.LOST, title=refused, time=at)
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


# The step is done, is being done, needs attention, or came to nothing; any other is yet to come
STEPS = {
    OutcomeCode.UNDER_WAY: StepState.NOW,
    OutcomeCode.WAITS: StepState.NOW,
    OutcomeCode.CANCELLING: StepState.NOW,
    OutcomeCode.EXPIRED: StepState.ATTENTION,
    OutcomeCode.DONE: StepState.DONE,
    OutcomeCode.DONE_EXCEPT: StepState.ATTENTION,
    OutcomeCode.PARTIAL: StepState.ATTENTION,
    OutcomeCode.FAILED: StepState.LOST,
}


def _carried_out(page: PageContext, order: OrderDetail) -> TimelineStep:
    """The carrier's work, in the words of the outcome."""
    outcome, texts = order.outcome, plain_texts(page.text, order.kind)
    state = STEPS.get(outcome.code, StepState.NEXT)
    if state is StepState.NEXT:
        return TimelineStep(state=state, title=page.text("Carried out"))
    mine = outcome.waits_for is WaitsFor.CUSTOMER
    return TimelineStep(
        state=StepState.ATTENTION if mine else state,
        title=texts.short(outcome),
        time=page.text.time(order.ended_at, seconds=True) if order.ended_at else "",
    )


def _confirmed(page: PageContext, order: OrderDetail) -> TimelineStep:
    text = page.text
    title = text("Confirmation by e-mail")
    if order.mailed_at is not None and order.state in ENDED:
        return TimelineStep(title=title, time=text.time(order.mailed_at, seconds=True))
    return TimelineStep(state=StepState.NOW if order.state in ENDED else StepState.NEXT, title=title)
