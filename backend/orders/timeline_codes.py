"""What orders write to the timelines of orders and of their lines."""

from backend.timeline.schemas import TimelineCode


class OrderTimelineCode(TimelineCode):
    """What happened to an order, or to a line by an order. `params` of a line's entries name the kind."""

    # On the order: `from_state`, `to_state`, and `why`
    STATE_CHANGED = "order.state_changed"
    # On its lines
    PLACED = "order.placed"
    UNDONE = "order.undone"
    CANCELLED = "order.cancelled"
    DONE = "order.done"
    LINE_STAYS = "line.stays"
    OFFER_CHOSEN = "departure.offer_chosen"
