"""The payment service: Stripe, or the payments sandbox that speaks like it. Which one is an address and nothing else.

The official SDK does the talking. Its objects end here: everything that leaves this module is a frozen struct of ours.
"""

import asyncio
from importlib import import_module
from typing import Any

from backend.core.errors import Unavailable
from backend.integrations.payment_facts import (
    CheckoutRequest,
    IntentFacts,
    OpenedCheckout,
    PaymentFacts,
    ProviderNotice,
    RefundFacts,
    notice_of,
)
from backend.integrations.payment_reading import (
    id_of,
    intent_facts,
    refund_facts,
    session_facts,
    session_params,
)

TIMEOUT_SECONDS = 10
NETWORK_RETRIES = 2
# Of one list that is read to its end: far more than one payment has
MOST_LISTED = 100
# What a person may choose from on the hosted page
CARD, BANCONTACT, SEPA_DEBIT = "card", "bancontact", "sepa_debit"


class ProviderRefused(Exception):
    """The service refused a request for good: nothing was made. `code` is the service's own."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class NotThere(ProviderRefused):
    """The service knows no such object, or not yet."""


class PaymentProvider:
    """The service behind one key. Opened by its first call, in the event loop that calls it.

    Every call raises Unavailable where no answer came: what was asked may have happened. A repeat under the same `key` is
    answered as the first time. ProviderRefused says that it did not happen.
    """

    def __init__(self, key: str, address: str = "") -> None:
        self._key = key
        self._address = address
        self._client: Any = None
        self._http: Any = None

    @property
    def livemode(self) -> bool:
        """Whether this key moves real money."""
        return "_live_" in self._key

    async def api(self) -> Any:
        """The SDK's calls, opened where they are not."""
        if self._client is None:
            # Half a second of work
            stripe = await asyncio.to_thread(import_module, "stripe")
        # Somebody else may have opened it meanwhile
        if self._client is None:
            self._http = stripe.HTTPXClient(timeout=TIMEOUT_SECONDS)
            self._client = stripe.StripeClient(
                self._key,
                base_addresses={"api": self._address} if self._address else None,
                max_network_retries=NETWORK_RETRIES,
                http_client=self._http,
            )
        return self._client.v1

    async def close(self) -> None:
        """Close the connections, where they are open."""
        if self._http is not None:
            await self._http.close_async()
            self._client = self._http = None

    async def create_customer(self, *, key: str, name: str, metadata: dict[str, str]) -> str:
        """Make a customer; returns its id."""
        api = await self.api()
        made = await ask_service(
            api.customers.create_async({"name": name, "metadata": metadata}, {"idempotency_key": key})
        )
        return str(made["id"])

    async def open_checkout(self, wanted: CheckoutRequest) -> OpenedCheckout:
        """Open a hosted page for one payment. Raises ProviderRefused where it offers none of the wanted methods."""
        api = await self.api()
        made = await ask_service(
            api.checkout.sessions.create_async(session_params(wanted), {"idempotency_key": wanted.key})
        )
        if not set(made["payment_method_types"]) & set(wanted.methods):
            raise ProviderRefused("The payment service offers none of the methods that were asked for.")
        return OpenedCheckout(
            session_id=made["id"], address=made["url"] or "", livemode=bool(made["livemode"])
        )

    async def expire_checkout(self, session_id: str) -> bool:
        """Close a hosted page; False where it was not open any more, also where it was paid."""
        api = await self.api()
        try:
            await ask_service(api.checkout.sessions.expire_async(session_id))
        except ProviderRefused:
            return False
        return True

    async def payment(self, *, session_id: str = "", intent_id: str = "") -> PaymentFacts:
        """What the service says of a payment, by its hosted page or by itself. Raises NotThere."""
        api = await self.api()
        session = None
        if session_id:
            found = await ask_service(api.checkout.sessions.retrieve_async(session_id))
            session = session_facts(found)
            intent_id = session.intent_id
        return PaymentFacts(session, await self._intent(intent_id) if intent_id else None)

    async def _intent(self, intent_id: str) -> IntentFacts:
        api = await self.api()
        found = await ask_service(
            api.payment_intents.retrieve_async(intent_id, {"expand": ["latest_charge", "payment_method"]})
        )
        narrow = {"payment_intent": intent_id, "limit": MOST_LISTED}
        refunds = await ask_service(api.refunds.list_async(narrow))
        disputes = await ask_service(api.disputes.list_async(narrow))
        return intent_facts(found, [refund_facts(one) for one in refunds["data"]], disputes["data"])

    async def intent_of(self, kind: str, object_id: str) -> str:
        """The payment that an object is about: a session, a charge, a refund or a dispute; "" where it is about none.

        Raises NotThere.
        """
        if kind == "payment_intent":
            return object_id
        api = await self.api()
        read = {
            "checkout.session": api.checkout.sessions,
            "charge": api.charges,
            "refund": api.refunds,
            "dispute": api.disputes,
        }.get(kind)
        if read is None:
            return ""
        return id_of((await ask_service(read.retrieve_async(object_id)))["payment_intent"])

    async def refund(self, *, key: str, intent_id: str, cents: int, metadata: dict[str, str]) -> RefundFacts:
        """Give money back."""
        api = await self.api()
        made = await ask_service(
            api.refunds.create_async(
                {"payment_intent": intent_id, "amount": cents, "metadata": metadata},
                {"idempotency_key": key},
            )
        )
        return refund_facts(made)

    async def events_since(self, since: int, after: str = "") -> tuple[list[ProviderNotice], bool]:
        """A part of the events since an instant (seconds of Unix time), the newest first, and whether there are more.

        `after`: the id of the last event of the part before.
        """
        api = await self.api()
        narrow: dict[str, Any] = {"created": {"gte": since}, "limit": MOST_LISTED}
        if after:
            narrow["starting_after"] = after
        found = await ask_service(api.events.list_async(narrow))
        return [notice_of(one) for one in found["data"]], bool(found["has_more"])


async def ask_service(call: Any) -> Any:
    """The answer to a call, with the SDK's errors as ours. Raises Unavailable, NotThere and ProviderRefused."""
    stripe = import_module("stripe")
    try:
        return await call
    except (stripe.APIConnectionError, stripe.RateLimitError, stripe.AuthenticationError) as error:
        raise Unavailable(f"the payment service does not answer: {type(error).__name__}") from error
    except stripe.StripeError as error:
        status, code = error.http_status or 0, str(error.code or "")
        # 409: the same request is still under way
        if status >= 500 or status in {0, 401, 403, 409, 429}:
            raise Unavailable(f"the payment service answers {status}") from error
        refusal = NotThere if status == 404 else ProviderRefused
        raise refusal(error.user_message or f"the payment service answers {status}", code) from error
