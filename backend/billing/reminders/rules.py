"""When a customer number is reminded of what is overdue. Pure."""

from collections.abc import Sequence
from datetime import date

MOST_STEPS = 3


def next_step(
    days: Sequence[int], due_on: date, today: date, *, last_step: int, last_on: date | None
) -> int | None:
    """The step that is due today, from 1; None where none is.

    `days` are those after `due_on`, one a step and rising. Between two steps lie as many days as between their
    settings, also where the earlier one was late: nobody gets two of them at once.
    """
    step = last_step + 1
    if step > len(days) or (today - due_on).days < days[step - 1]:
        return None
    if last_on is not None and last_step:
        apart = days[step - 1] - days[last_step - 1]
        if (today - last_on).days < apart:
            return None
    return step
