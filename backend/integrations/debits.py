"""Direct debit at the payment service: a page on which a mandate is signed, the mandate, a debit that nobody is present for."""

from typing import Any

import msgspec

from backend.integrations.payment_facts import CURRENCY
from backend.integrations.payment_reading import id_of, plain_metadata
from backend.integrations.payments import MOST_LISTED, SEPA_DEBIT, PaymentProvider, ask_service

# Pages of a list that is searched for one payment: far more than a customer has in a day
MOST_PAGES = 20


class MandateRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A hosted page on which a mandate is signed. A request that is repeated has the same `key` and says the same."""

    key: str
    customer: str
    success_url: str
    cancel_url: str
    expires_at: int
    language: str
    metadata: dict[str, str]


class OpenedPage(msgspec.Struct, frozen=True):
    """The page, where it is, and whether it is about real money."""

    session_id: str
    address: str
    livemode: bool


class SignedMandate(msgspec.Struct, frozen=True, kw_only=True):
    """A mandate as the service has it. `status`: active, inactive or pending. `last4`: the end of the account's number."""

    id: str
    payment_method: str
    status: str
    reference: str
    text_address: str
    country: str
    last4: str
    holder: str


class SigningFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a page. `status`: open, complete or expired; `mandate`: what was signed."""

    status: str
    metadata: dict[str, str]
    mandate: SignedMandate | None


class DebitRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A debit under a mandate. A request that is repeated has the same `key` and is carried out once."""

    key: str
    customer: str
    payment_method: str
    mandate: str
    cents: int
    description: str
    metadata: dict[str, str]


class DebitProvider:
    """The part of the service that debits accounts. Its errors are those of PaymentProvider."""

    def __init__(self, service: PaymentProvider) -> None:
        self._service = service

    async def open_page(self, wanted: MandateRequest) -> OpenedPage:
        """Open a page on which a mandate is signed."""
        api = await self._service.api()
        params = {
            "mode": "setup",
            "currency": CURRENCY,
            "customer": wanted.customer,
            "client_reference_id": wanted.metadata["mandate"],
            "allowed_payment_method_types": [SEPA_DEBIT],
            "success_url": wanted.success_url,
            "cancel_url": wanted.cancel_url,
            "expires_at": wanted.expires_at,
            "locale": wanted.language,
            "metadata": wanted.metadata,
            "setup_intent_data": {"metadata": wanted.metadata},
        }
        made = await ask_service(api.checkout.sessions.create_async(params, {"idempotency_key": wanted.key}))
        return OpenedPage(made["id"], made["url"] or "", bool(made["livemode"]))

    async def signing(self, session_id: str) -> SigningFacts:
        """What became of a page. Raises NotThere."""
        api = await self._service.api()
        found = await ask_service(
            api.checkout.sessions.retrieve_async(session_id, {"expand": ["setup_intent"]})
        )
        setup, mandate = found["setup_intent"], None
        if setup is not None and setup["status"] == "succeeded" and setup["mandate"]:
            mandate = await self.mandate(id_of(setup["mandate"]))
        return SigningFacts(
            status=found["status"] or "", metadata=plain_metadata(found["metadata"]), mandate=mandate
        )

    async def mandate(self, mandate_id: str) -> SignedMandate:
        """A mandate as it is now. Raises NotThere."""
        api = await self._service.api()
        found = await ask_service(api.mandates.retrieve_async(mandate_id))
        method = await ask_service(api.payment_methods.retrieve_async(id_of(found["payment_method"])))
        details, account = found["payment_method_details"]["sepa_debit"], method["sepa_debit"]
        return SignedMandate(
            id=found["id"],
            payment_method=method["id"],
            status=found["status"],
            reference=details["reference"],
            text_address=details["url"],
            country=account["country"] or "",
            last4=account["last4"] or "",
            holder=method["billing_details"]["name"] or "",
        )

    async def end(self, payment_method: str) -> None:
        """Nobody debits the account under its mandate any more. One that has ended stays as it is."""
        api = await self._service.api()
        found = await ask_service(api.payment_methods.retrieve_async(payment_method))
        if found["customer"] is not None:
            await ask_service(api.payment_methods.detach_async(payment_method))

    async def debit(self, wanted: DebitRequest) -> str:
        """Debit an account; returns the id of the payment. What became of it is asked for by that id."""
        api = await self._service.api()
        params = {
            "amount": wanted.cents,
            "currency": CURRENCY,
            "customer": wanted.customer,
            "payment_method": wanted.payment_method,
            "mandate": wanted.mandate,
            "allowed_payment_method_types": [SEPA_DEBIT],
            "confirm": True,
            "off_session": True,
            "description": wanted.description,
            "metadata": wanted.metadata,
        }
        made = await ask_service(api.payment_intents.create_async(params, {"idempotency_key": wanted.key}))
        return str(made["id"])

    async def find_debit(self, customer: str, payment: str, since: int) -> str:
        """The debit that was made for our payment since an instant (seconds of Unix time); "" where there is none.

        The service forgets keys after a day: whoever repeats a debit later looks first.
        """
        api = await self._service.api()
        narrow: dict[str, Any] = {"customer": customer, "created": {"gte": since}, "limit": MOST_LISTED}
        for _ in range(MOST_PAGES):
            found = await ask_service(api.payment_intents.list_async(narrow))
            for one in found["data"]:
                if plain_metadata(one["metadata"]).get("payment") == payment:
                    return str(one["id"])
            if not found["has_more"] or not found["data"]:
                return ""
            narrow["starting_after"] = found["data"][-1]["id"]
        raise LookupError(f"customer {customer} has more payments than are looked at")
