"""What the request page says while the carrier does not answer: never that it has what it has not."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from backend.core import clock
from backend.orders.lifecycle import OrderState
from backend.orders.service import get_order
from frontend.components.orders.timeline import order_steps
from frontend.components.timeline import StepState, TimelineStep
from frontend.i18n import translator_for
from tests.support.database import TestDatabase
from tests.support.factories import make_customer
from tests.support.jobs import drain, make_jobs_due
from tests.support.order_steps import carry_out, load_lines_at_carrier, place
from tests.support.sandbox import Sandbox


@pytest.mark.parametrize("outage", ["unavailable", "dropped", "busy"])
async def test_a_carrier_that_is_down_is_said_to_be_silent(
    database: TestDatabase, sandbox: Sandbox, outage: str
) -> None:
    customer = await make_customer(lines=1)
    lines = await load_lines_at_carrier(customer, sandbox)
    sandbox.behave("mandarine", outage=outage)
    placed = await place(customer, [lines[0].id], add=("sms-unlimited",))
    await make_jobs_due(database)
    await drain(database)
    order = await get_order(customer.manager, placed.reference)
    assert order.state is OrderState.SUBMITTED
    page: Any = SimpleNamespace(text=translator_for("en"), profile=SimpleNamespace(carrier=customer.carrier))

    def sent(submitted_ago: float) -> TimelineStep:
        at = clock.now() - timedelta(seconds=submitted_ago)
        return next(
            step
            for step in order_steps(page, msgspec.structs.replace(order, submitted_at=at))
            if str(step.title).endswith("sent to Mandarine Mobile")
        )

    assert sent(1).note == "Waiting for the answer of Mandarine Mobile."
    assert sent(60).state is StepState.ATTENTION
    assert "does not answer yet" in sent(60).note
    sandbox.behave_normally("mandarine")
    done = await carry_out(customer, database, placed.reference)
    assert done.state is OrderState.COMPLETED
    taken = next(step.at for step in done.history if step.action == OrderState.IN_PROGRESS)
    assert order_steps(page, done)[2].time == page.text.time(taken, seconds=True)
