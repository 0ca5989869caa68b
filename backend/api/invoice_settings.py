"""How invoices are delivered and who sees them, over REST."""

from uuid import UUID

from litestar import Controller, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from backend.billing import access
from backend.billing.access import InvoiceAccess
from backend.billing.delivery import service
from backend.billing.delivery.service import DeliveryInfo, DeliveryWish
from backend.web.problems import problem_specs
from tenants.scope import Actor


class InvoiceSettingsController(Controller):
    """What can be set about invoices. Access is given on the page, where the owner signs in anew."""

    path = "/invoice-settings"
    tags = ("Invoices",)

    @get("/access", responses=problem_specs(400, 401, 403), summary="Who sees invoices")
    async def access(self, actor: NamedDependency[Actor]) -> InvoiceAccess:
        return await access.invoice_access(actor)

    @get(
        "/deliveries", responses=problem_specs(400, 401, 403), summary="The delivery of each customer number"
    )
    async def deliveries(self, actor: NamedDependency[Actor]) -> list[DeliveryInfo]:
        return await service.list_deliveries(actor)

    @put(
        "/deliveries/{billing_account_id:uuid}",
        status_code=204,
        responses=problem_specs(400, 401, 403, 404, 413, 415, 422),
        summary="Choose the delivery of a customer number",
    )
    async def choose(
        self, actor: NamedDependency[Actor], billing_account_id: FromPath[UUID], data: JSONBody[DeliveryWish]
    ) -> None:
        await service.set_delivery(actor, billing_account_id, data)
