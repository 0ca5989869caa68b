"""Direct debit over REST, as on the page."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from backend.billing.mandates import asking, service
from backend.billing.mandates.schemas import DebitSettings, MandateInfo
from backend.billing.payments.starting import LONGEST_KEY
from backend.web.problems import problem_specs
from tenants.scope import Actor

MandateLimit = Annotated[int, QueryParameter(ge=1, le=service.MOST_LISTED)]
MandateOffset = Annotated[int, QueryParameter(ge=0, le=10**6)]


class NewMandate(msgspec.Struct, frozen=True, kw_only=True):
    """The customer number whose invoices are to be debited. A repeat with the same `request_key` is the same mandate."""

    request_key: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_KEY)]
    billing_account_id: UUID


class MandatesController(Controller):
    """Mandates of customer numbers. What changes one needs a recent sign-in, which an access token is not."""

    path = "/mandates"
    tags = ("Payments",)

    @get(responses=problem_specs(400, 401, 403), summary="List mandates, the newest first")
    async def list_mandates(
        self, actor: NamedDependency[Actor], limit: MandateLimit = 50, offset: MandateOffset = 0
    ) -> list[MandateInfo]:
        return await service.list_mandates(actor, limit=limit, offset=offset)

    @get("/accounts", responses=problem_specs(400, 401, 403), summary="How each customer number pays")
    async def accounts(self, actor: NamedDependency[Actor]) -> list[DebitSettings]:
        return await service.debit_settings(actor)

    @post(
        status_code=202,
        responses=problem_specs(400, 401, 403, 404, 409, 413, 415, 422),
        summary="Ask for direct debit: the answer has the address of the page where the mandate is signed",
    )
    async def ask(self, actor: NamedDependency[Actor], data: JSONBody[NewMandate]) -> MandateInfo:
        mandate_id = await asking.ask_for_debit(actor, data.billing_account_id, request_key=data.request_key)
        return await service.wait_for_mandate_page(actor, mandate_id)

    @get("/{mandate_id:uuid}", responses=problem_specs(400, 401, 403, 404), summary="One mandate")
    async def mandate(self, actor: NamedDependency[Actor], mandate_id: FromPath[UUID]) -> MandateInfo:
        return await service.get_mandate(actor, mandate_id)

    @post(
        "/{mandate_id:uuid}/end",
        status_code=200,
        responses=problem_specs(400, 401, 403, 404),
        summary="End a mandate, or close the page of one that is not signed",
    )
    async def end(self, actor: NamedDependency[Actor], mandate_id: FromPath[UUID]) -> MandateInfo:
        await asking.end_debit(actor, mandate_id)
        return await service.get_mandate(actor, mandate_id)

    @post(
        "/{mandate_id:uuid}/resume",
        status_code=200,
        responses=problem_specs(400, 401, 403, 404, 409),
        summary="Let invoices be collected again under a mandate that is suspended",
    )
    async def resume(self, actor: NamedDependency[Actor], mandate_id: FromPath[UUID]) -> MandateInfo:
        await asking.resume_debit(actor, mandate_id)
        return await service.get_mandate(actor, mandate_id)
