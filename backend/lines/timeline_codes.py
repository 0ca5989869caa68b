"""What the fleet writes to the timelines of its lines."""

from backend.timeline.schemas import TimelineCode


class LineTimelineCode(TimelineCode):
    """What happened to a line, its SIM or its contract."""

    GONE_AT_CARRIER = "line.gone_at_carrier"
    BACK_AT_CARRIER = "line.back_at_carrier"
    DEBT_BLOCKED = "line.debt_blocked"
    DEBT_LIFTED = "line.debt_lifted"
    PUK_SHOWN = "puk.shown"
    ESIM_CODE_SHOWN = "esim.code_shown"
    ESIM_CONFIRMED = "esim.confirmed"
    CONTRACT_LOOKED_AT = "contract.looked_at"
    CONTRACT_ACCEPTED = "contract.accepted"
    CONTRACT_REFUSED = "contract.refused"
