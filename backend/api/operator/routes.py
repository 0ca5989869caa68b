"""The routes of the operator's staff."""

from litestar import Router

from backend.api.operator.billing import OperatorDocumentsController, OperatorImportsController
from backend.api.operator.carrier import CarrierMessagesController, InventoryReadingController
from backend.api.operator.contracts import OperatorContractsController
from backend.api.operator.deliveries import OperatorDeliveriesController
from backend.api.operator.disputes import OperatorDisputesController
from backend.api.operator.held_items import OperatorHeldController
from backend.api.operator.mandates import OperatorMandatesController
from backend.api.operator.payments import OperatorPaymentCasesController, OperatorPaymentsController
from backend.api.operator.statements import OperatorMovementsController, OperatorStatementsController
from backend.api.operator.usage import OperatorUsageController


def operator_router() -> Router:
    """Every resource at `/api/operator/v1`; each asks for an operator token."""
    return Router(
        "/api/operator/v1",
        route_handlers=[
            OperatorUsageController,
            OperatorImportsController,
            OperatorDocumentsController,
            OperatorDeliveriesController,
            OperatorStatementsController,
            OperatorMovementsController,
            OperatorMandatesController,
            OperatorPaymentsController,
            OperatorPaymentCasesController,
            OperatorContractsController,
            OperatorDisputesController,
            OperatorHeldController,
            CarrierMessagesController,
            InventoryReadingController,
        ],
        security=[{"operator": []}],
    )
