"""The sandbox as tests use it: a real server on a free port, in a thread of its own."""

import socket
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import uvicorn

from backend.demo.bank_files import BANK_FILES
from backend.integrations.network import ServiceOrder
from backend.sandbox.app import server
from backend.sandbox.carrier.behaviour import Behaviour
from backend.sandbox.payments.behaviour import PaymentBehaviour
from backend.sandbox.payments.payments import PaymentSetup
from backend.sandbox.sandbox import SandboxConfig
from tests.support.serving import free_port

SECRET = "sandbox-secret"
PROMPT = Behaviour(delay_ms=0, jitter_ms=0)
STRIPE_KEY = "sk_test_sandbox"
WEBHOOK_SECRET = "whsec_sandbox"
AT_ONCE = PaymentBehaviour(debit_seconds=0.0, return_seconds=0.0)


def options_order(
    msisdn: str, *, external_id: str = "", add: Sequence[str] = (), remove: Sequence[str] = (), **more: Any
) -> ServiceOrder:
    """A change of options as the product sends it."""
    request = {"addOption": list(add), "removeOption": list(remove)}
    fields: dict[str, Any] = {"category": "changeOptions", "action": "modify", "customer": "delta"}
    fields |= {"external_id": external_id or str(uuid4()), "msisdn": msisdn, "characteristics": request}
    return ServiceOrder(**fields | more)


def free_socket() -> socket.socket:
    found = socket.socket()
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    found.bind(("127.0.0.1", 0))
    return found


class Sandbox:
    """Both carriers and the mailbox. Everything that a test asks of it goes over HTTP."""

    def __init__(
        self,
        data: Path,
        *,
        callback_urls: Mapping[str, str] | None = None,
        behaviour: Behaviour = PROMPT,
        payments: PaymentBehaviour = AT_ONCE,
    ) -> None:
        self.data = data
        self.callback_urls = dict(callback_urls or {})
        self.behaviour = behaviour
        self.payments = payments
        self.webhook_url = ""
        self.url = ""
        self.mail_port = 0
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self._http = httpx.Client(timeout=30, trust_env=False)

    @property
    def carrier_urls(self) -> dict[str, str]:
        """For `settings.carrier_urls`."""
        return {code: f"{self.url}/{code}" for code in ("mandarine", "lynx")}

    @property
    def carrier_secrets(self) -> dict[str, str]:
        """For `settings.carrier_secrets`."""
        return dict.fromkeys(("mandarine", "lynx"), SECRET)

    @property
    def stripe_address(self) -> str:
        """For `settings.stripe_address`."""
        return f"{self.url}/stripe"

    @property
    def smtp_url(self) -> str:
        return f"smtp://127.0.0.1:{self.mail_port}"

    def start(self) -> None:
        """Start, or start again on the same addresses and with the same memory."""
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        port = int(self.url.rpartition(":")[2]) if self.url else free_port()
        listener.bind(("127.0.0.1", port))
        self.mail_port = self.mail_port or free_port()
        self.url = f"http://127.0.0.1:{port}"
        setup = SandboxConfig(
            data=self.data,
            callback_urls=self.callback_urls,
            secrets=self.carrier_secrets,
            behaviour=self.behaviour,
            mail_port=self.mail_port,
            payments=PaymentSetup(
                key=STRIPE_KEY,
                webhook_url=self.webhook_url,
                webhook_secret=WEBHOOK_SECRET,
                behaviour=self.payments,
                iban="BE68539007547034",
                bank_files=BANK_FILES,
            ),
        )
        self._server = server(setup, "127.0.0.1", port)
        self._thread = threading.Thread(target=self._server.run, args=([listener],), daemon=True)
        self._thread.start()
        deadline = time.monotonic() + 15
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise RuntimeError("the sandbox did not start")
            time.sleep(0.01)

    def stop(self) -> None:
        if self._server and self._thread:
            self._server.should_exit = True
            self._thread.join(10)
            assert not self._thread.is_alive(), "the sandbox did not stop"
        self._server = self._thread = None

    def close(self) -> None:
        self.stop()
        self._http.close()

    def behave(
        self, carrier: str, *, orders: int | None = None, msisdns: Sequence[str] = (), **behaviour: Any
    ) -> None:
        """Set how a carrier behaves from now on; with `orders` or `msisdns`, only for those.

        What is not named is as the sandbox was started. See `backend.sandbox.carrier.behaviour.Behaviour`.
        """
        body = {**behaviour, "orders": orders, "msisdns": list(msisdns)}
        self._http.put(f"{self.url}/{carrier}/admin/behaviour", json=body).raise_for_status()

    def behave_normally(self, carrier: str) -> None:
        self._http.delete(f"{self.url}/{carrier}/admin/behaviour").raise_for_status()

    def call_back(self, carrier: str, url: str, secret: str = SECRET) -> None:
        """Where callbacks of a carrier go from now on."""
        self.callback_urls[carrier] = url
        self._http.put(
            f"{self.url}/{carrier}/admin/callback", json={"url": url, "secret": secret}
        ).raise_for_status()

    def load(
        self, carrier: str, customer: str, lines: Sequence[Mapping[str, Any]], *, replace: bool = True
    ) -> None:
        """Put lines in the carrier's books; keys as in `backend.sandbox.carrier.documents.Line`, in camelCase."""
        body = {"customer": customer, "lines": list(lines), "replace": replace}
        self._http.post(f"{self.url}/{carrier}/admin/inventory", json=body).raise_for_status()

    def counts(self, carrier: str) -> dict[str, Any]:
        """Orders, repeats, states, effects, by_external_id, by_line, callbacks."""
        response = self._http.get(f"{self.url}/{carrier}/admin/counts").raise_for_status()
        found: dict[str, Any] = response.json()
        return found

    def order(self, carrier: str, external_id: str) -> dict[str, Any] | None:
        """The TMF641 order of an item, as the carrier has it."""
        path = f"{self.url}/{carrier}/tmf-api/serviceOrdering/v4/serviceOrder"
        found: list[dict[str, Any]] = self._http.get(path, params={"externalId": external_id}).json()
        return found[0] if found else None

    def act(self, carrier: str, external_id: str, action: str, reason: str = "") -> None:
        """What a person on the console does with an order: complete, fail, hold, cancel, go-on, resend; for a
        port accept, reject (with a reason) and execute; for an eSIM download, install, enable, expire and error.
        """
        order = self.order(carrier, external_id)
        assert order, f"{carrier} has no order {external_id}"
        path = f"{self.url}/{carrier}/admin/orders/{order['id']}/{action}"
        self._http.post(path, params={"reason": reason}).raise_for_status()

    def behave_payments(self, **behaviour: Any) -> None:
        """Set how payments behave from now on; see `backend.sandbox.payments.behaviour.PaymentBehaviour`."""
        self._http.put(f"{self.url}/payments/behaviour", json=behaviour).raise_for_status()

    def send_webhooks(self, url: str, secret: str = WEBHOOK_SECRET) -> None:
        """Where webhooks of payments go from now on."""
        self.webhook_url = url
        self._http.put(f"{self.url}/payments/webhook", json={"url": url, "secret": secret}).raise_for_status()

    def webhooks(self) -> list[dict[str, Any]]:
        """Deliveries of webhooks, the oldest first: event, type, state, attempts, last."""
        found: list[dict[str, Any]] = self._http.get(f"{self.url}/payments/webhooks").json()
        return found

    def payment(self, kind: str, document_id: str, action: str, reason: str = "") -> str:
        """What a person does on the console of the payments; returns what was refused, or "".

        Payment intents: settle, fail and return (with a reason). Disputes: win, lose. Mandates: revoke. Refunds: done,
        fail. Sessions: expire. Events: again.
        """
        path = f"{self.url}/payments/{kind}/{document_id}/{action}"
        answer = self._http.post(path, data={"reason": reason})
        assert answer.is_redirect, answer.text
        return str(httpx.URL(answer.headers["location"]).params.get("error", ""))

    def pay(self, session_url: str, *, how: str, answer: str = "", **fields: str) -> httpx.Response:
        """What a person does on a hosted page: choose, fill in and send; `answer` is yes or no to the bank."""
        response = self._http.post(session_url, data={"how": how, **fields})
        if answer and response.is_redirect and response.headers["location"].startswith("/pay/"):
            response = self._http.post(f"{session_url}/bank", data={"answer": answer})
        return response

    def mails(self, to: str = "") -> list[dict[str, Any]]:
        """Mails that arrived, newest first: id, message_id, to, sender, subject, times, text, html."""
        found: list[dict[str, Any]] = self._http.get(f"{self.url}/mail/messages", params={"to": to}).json()
        return found

    def reset(self) -> None:
        """No orders, no effects, no mail, normal behaviour. The lines stay."""
        for carrier in ("mandarine", "lynx"):
            self._http.delete(f"{self.url}/{carrier}/admin/orders").raise_for_status()
            self.behave_normally(carrier)
        self._http.delete(f"{self.url}/mail/messages").raise_for_status()
        self._http.delete(f"{self.url}/payments").raise_for_status()


@contextmanager
def running_sandbox(data: Path, **kwargs: Any) -> Iterator[Sandbox]:
    sandbox = Sandbox(data, **kwargs)
    sandbox.start()
    try:
        yield sandbox
    finally:
        sandbox.close()
