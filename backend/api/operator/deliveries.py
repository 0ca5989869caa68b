"""The operator's billing system reads how companies want their invoices, and confirms that it does so."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from backend.api.operator.access import OperatorController, Slug
from backend.billing.delivery import service
from backend.billing.delivery.service import DeliveryInfo
from backend.web.problems import problem_specs
from tenants.scope import Actor


class DeliveryConfirmation(msgspec.Struct, frozen=True, kw_only=True):
    """The customer number, and `changed_at` of the choice that was taken over."""

    customer_number: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    changed_at: datetime


class OperatorDeliveriesController(OperatorController):
    """Deliveries that a company chose and that nobody has confirmed yet."""

    path = "/tenants/{slug:str}/invoice-deliveries"
    tags = ("Operator: invoices",)

    @get(
        responses=problem_specs(400, 401, 403, 404), summary="Chosen deliveries that wait for a confirmation"
    )
    async def waiting(
        self,
        actor: NamedDependency[Actor],
        slug: Slug,  # noqa: ARG002 - documented
    ) -> list[DeliveryInfo]:
        return await service.deliveries_to_confirm(actor)

    @post(
        "/confirmation",
        status_code=204,
        responses=problem_specs(400, 401, 403, 404, 409, 413, 415, 422),
        summary="Confirm a delivery",
    )
    async def confirm(
        self,
        actor: NamedDependency[Actor],
        slug: Slug,  # noqa: ARG002 - documented
        data: JSONBody[DeliveryConfirmation],
    ) -> None:
        await service.confirm_delivery(actor, data.customer_number, data.changed_at)
