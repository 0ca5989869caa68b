"""What usage writes to the timelines of lines."""

from backend.timeline.schemas import TimelineCode


class UsageTimelineCode(TimelineCode):
    """What happened to the usage of a line."""

    # `reason` and `period`
    DETAIL_SHOWN = "usage.detail_shown"
    # `period`, and `cents` where there is a cap
    CAP_RAISED = "cap.raised"
