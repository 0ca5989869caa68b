"""The OpenAPI document against the application: whatever is asked, no 5xx and no answer that is not declared."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, example, given
from hypothesis import settings as tried
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from backend import runtime
from backend.app import create_api
from backend.members.operators import create_operator_token
from backend.members.tokens import create_token
from backend.settings import Settings
from tenants.scope import Actor
from tests.support.database import TestDatabase, empty
from tests.support.factories import make_customer

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
OPERATIONS = [
    ("/api/v1/lines", "GET"),
    ("/api/v1/lines/{line_id}", "GET"),
    ("/api/v1/catalog/options", "GET"),
    ("/api/v1/change-orders/preview", "POST"),
    ("/api/v1/change-orders", "POST"),
    ("/api/v1/change-orders", "GET"),
    ("/api/v1/change-orders/{reference}/cancel", "POST"),
    ("/api/v1/change-orders/{reference}/reschedule", "POST"),
    ("/api/v1/change-orders/{reference}/preview", "POST"),
    ("/api/v1/change-orders/{reference}/accept-price", "POST"),
    ("/api/v1/change-orders/{reference}/items/{item_id}/correct", "POST"),
    ("/api/v1/change-orders/{reference}/invitation", "POST"),
    ("/api/v1/drafts", "GET"),
    ("/api/v1/drafts/{draft_id}", "DELETE"),
    ("/api/v1/change-orders/{reference}", "GET"),
    ("/api/v1/change-orders/{reference}/undo", "POST"),
    ("/api/v1/invoices", "GET"),
    ("/api/v1/invoices/balance", "GET"),
    ("/api/v1/invoices/{invoice_id}", "GET"),
    ("/api/v1/invoices/{invoice_id}/pdf", "GET"),
    ("/api/v1/invoices/{invoice_id}/numbers", "GET"),
    ("/api/v1/invoices/{invoice_id}/cost-centres", "GET"),
    ("/api/v1/invoices/{invoice_id}/charges", "GET"),
    ("/api/v1/invoices/{invoice_id}/files/{file_id}", "GET"),
    ("/api/v1/payments", "POST"),
    ("/api/v1/payments", "GET"),
    ("/api/v1/payments/payable", "GET"),
    ("/api/v1/payments/{payment_id}", "GET"),
    ("/api/v1/payments/{payment_id}/check", "POST"),
    ("/api/v1/payments/{payment_id}/cancellation", "POST"),
    ("/api/v1/mandates", "POST"),
    ("/api/v1/mandates", "GET"),
    ("/api/v1/mandates/accounts", "GET"),
    ("/api/v1/mandates/{mandate_id}", "GET"),
    ("/api/v1/mandates/{mandate_id}/end", "POST"),
    ("/api/v1/mandates/{mandate_id}/resume", "POST"),
    ("/api/operator/v1/tenants/{slug}/mandates", "GET"),
    ("/api/operator/v1/tenants/{slug}/payments", "GET"),
    ("/api/operator/v1/tenants/{slug}/payments/{payment_id}", "GET"),
    ("/api/operator/v1/tenants/{slug}/payments/{payment_id}/refunds", "GET"),
    ("/api/operator/v1/tenants/{slug}/payments/{payment_id}/refunds", "POST"),
    ("/api/operator/v1/billing/payment-cases", "GET"),
    ("/api/operator/v1/billing/payment-cases/{case_id}/decision", "POST"),
    ("/api/v1/invoice-settings/access", "GET"),
    ("/api/v1/invoice-settings/deliveries", "GET"),
    ("/api/v1/invoice-settings/deliveries/{billing_account_id}", "PUT"),
    ("/api/v1/invoices/{invoice_id}/proof", "GET"),
    ("/api/v1/invoices/{invoice_id}/proof", "POST"),
    ("/api/v1/invoices/{invoice_id}/proof/charges", "GET"),
    ("/api/v1/invoices/{invoice_id}/proof/number", "GET"),
    ("/api/v1/invoices/{invoice_id}/difference", "GET"),
    ("/api/v1/invoices/{invoice_id}/disputes", "GET"),
    ("/api/v1/invoices/{invoice_id}/disputes", "POST"),
    ("/api/v1/disputes/{dispute_id}/withdrawal", "POST"),
    ("/api/v1/analysis/months", "GET"),
    ("/api/v1/analysis/groups", "GET"),
    ("/api/v1/analysis/numbers", "GET"),
    ("/api/v1/analysis/movers", "GET"),
    ("/api/v1/analysis/idle-lines", "GET"),
    ("/api/v1/lines/{line_id}/usage", "GET"),
    ("/api/v1/usage", "GET"),
    ("/api/v1/usage/months", "GET"),
    ("/api/v1/usage/lines", "GET"),
    ("/api/v1/usage/alerts", "GET"),
    ("/api/operator/v1/tenants/{slug}/contracts", "GET"),
    ("/api/operator/v1/tenants/{slug}/contracts/{contract_id}/decision", "POST"),
    ("/api/operator/v1/tenants/{slug}/contracts/{contract_id}/document", "GET"),
    ("/api/operator/v1/tenants/{slug}/invoice-deliveries", "GET"),
    ("/api/operator/v1/tenants/{slug}/invoice-deliveries/confirmation", "POST"),
    ("/api/operator/v1/tenants/{slug}/disputes", "GET"),
    ("/api/operator/v1/tenants/{slug}/disputes/decision", "POST"),
    ("/api/operator/v1/tenants/{slug}/held-items", "GET"),
    ("/api/operator/v1/tenants/{slug}/held-items/{item_id}/decision", "POST"),
    ("/api/operator/v1/tenants/{slug}/carrier-messages", "GET"),
    ("/api/operator/v1/tenants/{slug}/carrier-messages/{message_id}", "GET"),
    ("/api/operator/v1/tenants/{slug}/carrier-messages/{message_id}/retry", "POST"),
    ("/api/operator/v1/tenants/{slug}/carrier-messages/{message_id}/dismissal", "POST"),
    ("/api/operator/v1/tenants/{slug}/held-reading", "GET"),
    ("/api/operator/v1/tenants/{slug}/held-reading/decision", "POST"),
    ("/api/operator/v1/billing/imports", "POST"),
    ("/api/operator/v1/billing/imports/{import_id}", "GET"),
    ("/api/operator/v1/billing/documents", "GET"),
    ("/api/operator/v1/billing/documents/{document_id}/content", "GET"),
    ("/api/operator/v1/billing/documents/{document_id}/assignment", "POST"),
    ("/api/operator/v1/billing/documents/{document_id}/dismissal", "POST"),
    ("/api/operator/v1/tenants/{slug}/usage/records", "POST"),
    ("/api/operator/v1/tenants/{slug}/usage/buckets", "POST"),
    ("/api/operator/v1/billing/statements", "GET"),
    ("/api/operator/v1/billing/statements", "POST"),
    ("/api/operator/v1/billing/statements/{statement_id}/dismissal", "POST"),
    ("/api/operator/v1/billing/movements", "GET"),
    ("/api/operator/v1/billing/movements/{movement_id}/decision", "POST"),
    ("/api/v1/saved-views", "GET"),
    ("/api/v1/saved-views", "POST"),
    ("/api/v1/saved-views/{view_id}", "GET"),
    ("/api/v1/saved-views/{view_id}", "PUT"),
    ("/api/v1/saved-views/{view_id}", "DELETE"),
    ("/api/v1/notifications", "GET"),
    ("/api/v1/notifications/{notification_id}/read", "POST"),
    ("/api/v1/notifications/read", "POST"),
    ("/api/v1/documents", "POST"),
    ("/api/v1/documents/{document_id}", "GET"),
    ("/api/v1/bulk", "POST"),
    ("/api/v1/bulk/templates/{kind}", "GET"),
    ("/api/v1/bulk/{upload_id}", "GET"),
    ("/api/v1/bulk/{upload_id}/skip-bad-rows", "POST"),
    ("/api/v1/bulk/{upload_id}/result", "GET"),
]
OPTIONS = ["sms-unlimited", "data-5gb", "data-20gb", "roaming-zone-1", "no such option"]
BOUNDED = tried(
    max_examples=25,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@dataclass
class Server:
    """The REST interface on a port."""

    url: str
    schema: Any


@dataclass
class Company:
    """A customer of that server, and who asks for it."""

    server: Server
    headers: dict[str, str]
    operator: dict[str, str]
    line_ids: list[str]

    def operation(self, path: str, method: str) -> Any:
        return self.server.schema[path][method]

    def check(self, case: Any) -> Any:
        headers = self.operator if case.path.startswith("/api/operator/") else self.headers
        return case.call_and_validate(base_url=self.server.url, headers=headers, checks=CHECKS)


@pytest.fixture(scope="module")
async def server(
    database_server: TestDatabase, open_engine: None, session_settings: Settings
) -> AsyncIterator[Server]:
    """One for all of them: each test has a customer of its own."""
    runtime.use_settings(session_settings)
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(create_api(session_settings), log_level="error", access_log=False, ws="none")
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run, args=([listener],), daemon=True)
    thread.start()
    while not running.started:
        assert thread.is_alive(), "the server did not start"
        await asyncio.sleep(0.01)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    yield Server(url, schemathesis.openapi.from_url(f"{url}/api/v1/openapi.json"))
    running.should_exit = True
    thread.join(10)
    await empty(database_server)


@pytest.fixture
async def company(server: Server) -> Company:
    customer = await make_customer(lines=12)
    assert customer.manager.member_id
    token = await create_token(Actor(customer.tenant_id), customer.manager.member_id)
    staff = await create_operator_token("Nadia Operator")
    bearer = [{"authorization": f"Bearer {one}"} for one in (token, staff)]
    return Company(server, *bearer, [str(line.id) for line in await customer.lines()])


def test_every_operation_of_the_document_is_tried(server: Server) -> None:
    document = server.schema.raw_schema
    methods = {"get", "post", "put", "patch", "delete"}
    assert sorted(OPERATIONS) == sorted(
        (path, method.upper())
        for path, each in document["paths"].items()
        for method in each
        if method in methods
    )


@pytest.mark.parametrize("mode", list(GenerationMode), ids=str)
@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_whatever_is_asked_the_answer_is_declared(
    company: Company, path: str, method: str, mode: GenerationMode
) -> None:
    operation = company.operation(path, method)

    @BOUNDED
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        company.check(case)

    ask()


@pytest.mark.parametrize("path", ["/api/v1/change-orders/preview", "/api/v1/change-orders"])
def test_orders_on_real_lines_are_answered_as_declared(company: Company, path: str) -> None:
    """Bodies that come further than random ones: lines, options and filters that exist, in any combination.
    First right ones of six kinds, each for a line of its own.
    """
    operation, accepted = company.operation(path, "POST"), 200 if path.endswith("preview") else 202
    follow = company.operation("/api/v1/change-orders/{reference}", "GET")
    undo = company.operation("/api/v1/change-orders/{reference}/undo", "POST")
    options = st.lists(st.sampled_from(OPTIONS), max_size=3, unique=True)
    filters = st.fixed_dictionaries(
        {},
        optional={
            "search": st.sampled_from(["peeters", "peeters00001", "xyz"]),
            "status": st.just(["active"]),
        },
    )
    kind_fields: dict[str, Any] = {
        "change_options": {"add": options, "remove": options},
        "change_plan": {"plan": st.sampled_from(["pro-flex-20", "pro-max", "data-pro-10", "nope"])},
        "change_barrings": {"add": st.lists(st.sampled_from(["roaming-data", "nope"]), max_size=2)},
        "change_spend_cap": {"cap_cents": st.sampled_from([0, 2500, -1, None]), "no_cap": st.booleans()},
        "suspend": {"reason": st.sampled_from(["lost", "absence", "fun"])},
        "reactivate": {},
        "change_cost_centre": {"cost_centre": st.sampled_from(["", "NOPE"])},
        "move_account": {"account": st.sampled_from(["", "60-00"])},
        "convert_to_prepaid": {"confirmed": st.booleans()},
        "terminate": {"confirmed": st.booleans()},
        "depart": {"on": st.just("2026-01-01"), "knows_successor": st.booleans()},
    }
    bodies = st.one_of(
        *(
            st.fixed_dictionaries(
                {"kind": st.just(kind), "request_key": st.text(min_size=1, max_size=12)},
                optional={
                    "line_ids": st.lists(st.sampled_from(company.line_ids), max_size=4),
                    "filter": filters,
                    **own,
                },
            )
            for kind, own in kind_fields.items()
        )
    )

    right: list[dict[str, Any]] = [
        {"kind": "change_options", "add": ["data-5gb"], "remove": []},
        {"kind": "change_plan", "plan": "pro-max"},
        {"kind": "change_barrings", "add": ["roaming-data"]},
        {"kind": "change_spend_cap", "cap_cents": 2500},
        {"kind": "suspend", "reason": "lost"},
        {"kind": "convert_to_prepaid", "confirmed": True},
    ]

    @BOUNDED
    @given(body=bodies)
    def ask(body: dict[str, Any]) -> None:
        answer = company.check(operation.Case(body=body, media_type="application/json"))
        if body in right:
            assert answer.status_code == accepted, answer.text
        if answer.status_code == 202:
            reference = answer.json()["reference"]
            for one in (follow, undo, undo, follow):
                reported = company.check(one.Case(path_parameters={"reference": reference}))
                assert reported.status_code == 200 or (
                    one is undo and body["kind"] == "suspend"
                )  # loss: no grace

    for body, line_id in zip(right, company.line_ids, strict=False):
        body |= {"line_ids": [line_id], "request_key": line_id}
        ask = example(body=body)(ask)
    ask()
