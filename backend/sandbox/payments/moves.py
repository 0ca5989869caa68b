"""What happens to payments by itself, by the name under which it is planned."""

from collections.abc import Mapping

from backend.sandbox.payments.charges import refund_ends
from backend.sandbox.payments.documents import StripeDocument
from backend.sandbox.payments.intents import fail_by_itself, return_by_itself, settle_by_itself
from backend.sandbox.payments.payments import Move, PaymentsSandbox
from backend.sandbox.payments.sessions import expire_by_itself


def _refund_arrives(sandbox: PaymentsSandbox, made: StripeDocument, _: str) -> None:
    if made["status"] == "pending":
        refund_ends(sandbox, made)


MOVES: Mapping[str, Move] = {
    "expire": expire_by_itself,
    "fail": fail_by_itself,
    "refund_done": _refund_arrives,
    "return": return_by_itself,
    "settle": settle_by_itself,
}
