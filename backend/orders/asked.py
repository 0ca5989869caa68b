"""What a request asks, with what its kind cannot know: the name of an attached file, the number that was chosen since."""

from collections.abc import Sequence

import msgspec

from backend.orders.schemas import OrderItemView, OrderRequest, SummaryRow
from backend.orders.texts import KindTexts
from tenants.scope import Scope

CONTRACT_NAME = "SELECT file_name FROM document WHERE id = $1 AND purpose = 'split_contract'"


async def with_contract_name(
    scope: Scope, asked: list[SummaryRow], request: OrderRequest
) -> list[SummaryRow]:
    """The rows of what is asked, with the name of the file that was attached, for whoever attached it."""
    document_id = getattr(request, "document_id", None)
    name = await scope.fetch_value(str, CONTRACT_NAME, document_id) if document_id else None
    if not name:
        return asked
    return [
        msgspec.structs.replace(one, value=[name]) if one.field == "document_id" else one for one in asked
    ]


def with_number(
    asked: list[SummaryRow], texts: KindTexts, shown: Sequence[OrderItemView]
) -> list[SummaryRow]:
    """The rows of what was asked, with the number that the carrier has chosen since."""
    number = shown[0].msisdn if len(shown) == 1 else ""
    if not number:
        return asked
    return [
        msgspec.structs.replace(one, value=[texts.number(number)]) if one.field == "number" else one
        for one in asked
    ]
