"""The operator's staff look after what comes from a carrier: messages that were set aside, readings that are held."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from backend.api.operator.access import OperatorController, Slug
from backend.lines.intake import held_reading
from backend.lines.schemas import HeldReading
from backend.orders.operator import carrier_messages
from backend.orders.operator.carrier_messages import CarrierMessage, CarrierMessageText, RetryResult
from backend.web.problems import problem_specs
from tenants.scope import Actor


class ReadingDecision(msgspec.Struct, frozen=True, kw_only=True):
    """`lines`: how many lines the reading would end, as it was shown. `end_lines`: they have ended; else they are kept."""

    end_lines: bool
    lines: int


class ReadingOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """How many lines have ended."""

    ended: int


class HeldReadingState(msgspec.Struct, frozen=True, kw_only=True):
    """`held` is null where nothing waits."""

    held: HeldReading | None


class CarrierMessagesController(OperatorController):
    """Messages of a carrier that could not be read or applied."""

    path = "/tenants/{slug:str}/carrier-messages"
    tags = ("Operator: carrier messages",)

    @get(responses=problem_specs(400, 401, 403, 404), summary="Messages that were set aside")
    async def messages(
        self,
        actor: NamedDependency[Actor],
        slug: Slug,  # noqa: ARG002 - documented
        closed: Annotated[bool, QueryParameter(description="Those that are closed as well.")] = False,
    ) -> list[CarrierMessage]:
        return await carrier_messages.carrier_messages(actor, closed=closed)

    @get(
        "/{message_id:uuid}",
        responses=problem_specs(400, 401, 403, 404),
        summary="A message with its text",
    )
    async def message(
        self,
        actor: NamedDependency[Actor],
        slug: Slug,  # noqa: ARG002 - documented
        message_id: FromPath[UUID],
    ) -> CarrierMessageText:
        return await carrier_messages.read_carrier_message(actor, message_id)

    @post(
        "/{message_id:uuid}/retry",
        status_code=200,
        responses=problem_specs(400, 401, 403, 404, 409),
        summary="Try a message again",
    )
    async def retry(
        self,
        actor: NamedDependency[Actor],
        slug: Slug,  # noqa: ARG002 - documented
        message_id: FromPath[UUID],
    ) -> RetryResult:
        return await carrier_messages.retry_carrier_message(actor, message_id)

    @post(
        "/{message_id:uuid}/dismissal",
        status_code=204,
        responses=problem_specs(400, 401, 403, 404, 409),
        summary="Close a message without applying it",
    )
    async def dismiss(
        self,
        actor: NamedDependency[Actor],
        slug: Slug,  # noqa: ARG002 - documented
        message_id: FromPath[UUID],
    ) -> None:
        await carrier_messages.dismiss_carrier_message(actor, message_id)


class InventoryReadingController(OperatorController):
    """A reading of a carrier's inventory that would end more than a few lines."""

    path = "/tenants/{slug:str}/held-reading"
    tags = ("Operator: inventory",)

    @get(responses=problem_specs(400, 401, 403, 404), summary="The reading that is held")
    async def held(
        self,
        actor: NamedDependency[Actor],
        slug: Slug,  # noqa: ARG002 - documented
    ) -> HeldReadingState:
        return HeldReadingState(held=await held_reading.operator_held_reading(actor))

    @post(
        "/decision",
        status_code=200,
        responses=problem_specs(400, 401, 403, 404, 409),
        summary="End or keep the lines of the held reading",
    )
    async def decide(
        self,
        actor: NamedDependency[Actor],
        slug: Slug,  # noqa: ARG002 - documented
        data: JSONBody[ReadingDecision],
    ) -> ReadingOutcome:
        ended = await held_reading.operator_decide_held_reading(
            actor, end_lines=data.end_lines, lines=data.lines
        )
        return ReadingOutcome(ended=ended)
