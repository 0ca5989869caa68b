"""Uploaded files: what is taken, who reads them, and how they come back."""

import asyncio
import gc
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from backend.app import create_api
from backend.core import clock
from backend.core.errors import Forbidden, NotFound, ValidationFailed
from backend.core.permissions import Portal
from backend.documents.attachments import SubjectKind, attach
from backend.documents.file_checks import LARGEST, PDF
from backend.documents.service import (
    ACCESS_CHECKS,
    own_document,
    purge_documents,
    read_document,
    store_document,
)
from backend.lines.schemas import Selection
from backend.members import service as members
from backend.members import sessions
from backend.members.sessions import open_session
from backend.members.tokens import create_token
from backend.orders.placement import drafts
from backend.settings import Settings
from frontend.http.server import create_web
from frontend.page_context import Services
from tenants.scope import Actor, Reach, Scope
from tenants.transaction import open_scope
from tests.support import files
from tests.support.database import TestDatabase
from tests.support.factories import Customer, make_account, make_customer, make_member

NOTHING = Reach(billing_accounts=frozenset({uuid4()}))


@pytest.fixture
async def web(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    doors = Services(sessions.load_session, members.profile, lambda *_: lambda: None)
    app = create_web(settings, create_api(settings), doors)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url=settings.public_url) as client:
        yield client


async def enter(web: httpx.AsyncClient, member: Actor) -> None:
    assert member.member_id
    opened = await open_session(Actor(member.tenant_id), member.member_id, clock.now(), portal=Portal.MANAGER)
    web.cookies.set("fleetline_session", opened.token)


def sent(content: bytes, name: str = "scan.pdf", purpose: str = "split_contract") -> dict[str, Any]:
    return {"data": {"purpose": purpose}, "files": {"file": (name, content)}}


OURS = {"origin": "http://localhost:8000"}
JSON = {**OURS, "accept": "application/json"}


async def test_a_signed_contract_is_stored_and_comes_back_as_a_harmless_download(
    web: httpx.AsyncClient,
) -> None:
    customer = await make_customer()
    await enter(web, customer.manager)
    answer = await web.post("/app/files", headers=JSON, **sent(files.PDF, "../../a\u202eb é.pdf"))
    assert answer.status_code == 200, answer.text
    reported = answer.json()
    assert (reported["name"], reported["size"], reported["type"]) == ("ab é.pdf", len(files.PDF), PDF)
    back = await web.get(f"/app/files/{reported['id']}")
    assert back.content == files.PDF
    assert back.headers["content-disposition"].startswith(
        "attachment; filename=\"ab _.pdf\"; filename*=UTF-8''"
    )
    assert back.headers["x-content-type-options"] == "nosniff"
    assert back.headers["cache-control"] == "no-store"
    assert "sandbox" in back.headers["content-security-policy"]


@pytest.mark.parametrize("purpose", ["split_contract", "bulk"])
@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"", "scan.pdf"),
        (b"MZ\x90\x00", "scan.pdf"),
        (b"<html><script>alert(1)</script>\x00", "scan.pdf"),
        (b"%PDF-1.7", "scan.pdf"),
        (files.bomb(), "fleet.xlsx"),
        (files.encrypted(), "fleet.xlsx"),
        (b"a" * (11 * 1024 * 1024), "big.csv"),
    ],
    ids=["empty", "program", "page", "header", "bomb", "encrypted", "11 MB"],
)
async def test_a_hostile_file_is_refused_with_a_sentence_and_nothing_is_kept(
    web: httpx.AsyncClient, content: bytes, name: str, purpose: str
) -> None:
    customer = await make_customer()
    customer.manager = await make_member(customer.tenant_id, language="fr")
    await enter(web, customer.manager)
    answer = await web.post("/app/files", headers=JSON, **sent(content, name, purpose))
    assert answer.status_code in {413, 422}
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["detail"] == problem["fields"]["file"]
    assert problem["code"].startswith("file_")


async def test_each_purpose_takes_its_own_types_whatever_the_name_says() -> None:
    customer = await make_customer()
    taken = {
        "split_contract": [files.PDF, files.png(), files.jpeg()],
        "bulk": [files.xlsx(("a",)), b"a;b\n1;2\n"],
    }
    for purpose, contents in taken.items():
        for content in contents:
            await store_document(customer.manager, purpose=purpose, file_name="x.exe", content=content)
        other = next(key for key in taken if key != purpose)
        for content in taken[other]:
            with pytest.raises(ValidationFailed) as refused:
                await store_document(customer.manager, purpose=purpose, file_name="x.pdf", content=content)
            assert refused.value.code in {"file_type_scan", "file_type_table"}
    with pytest.raises(ValidationFailed):
        await store_document(customer.manager, purpose="anything", file_name="x", content=b"a")


# The framework leaves the half of a file that it refused to the garbage collector, which says so.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_a_body_of_eleven_megabytes_is_refused_before_it_has_come(web: httpx.AsyncClient) -> None:
    customer = await make_customer()
    await enter(web, customer.manager)
    given = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal given
        yield b'--b\r\ncontent-disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
        while given < 200 * 1024 * 1024:
            given += 64 * 1024
            yield b"a" * 64 * 1024
            await asyncio.sleep(0)

    headers = {**JSON, "content-type": "multipart/form-data; boundary=b"}
    answer = await web.post("/app/files", headers=headers, content=endless())
    assert answer.status_code == 413
    assert answer.json()["code"] == "file_too_large"
    # The task that read the body may end a little later: what it leaves must be collected in this test
    del answer
    for _ in range(5):
        await asyncio.sleep(0.02)
        gc.collect()


async def test_a_post_from_elsewhere_is_refused(web: httpx.AsyncClient) -> None:
    customer = await make_customer()
    await enter(web, customer.manager)
    foreign = (
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "null", "sec-fetch-site": "cross-site"},
        {},
    )
    for headers in foreign:
        assert (await web.post("/app/files", headers=headers, **sent(files.PDF))).status_code == 403


async def test_without_a_script_the_form_leads_back_with_the_file(web: httpx.AsyncClient) -> None:
    customer = await make_customer()
    await enter(web, customer.manager)
    request = sent(files.PDF)
    request["data"]["next"] = "/app/add-line?plan=x&document=old"
    answer = await web.post("/app/files", headers=OURS, **request)
    assert answer.status_code == 303
    path, _, document = answer.headers["location"].rpartition("document=")
    assert path == "/app/add-line?plan=x&"
    assert (await read_document(customer.manager, UUID(document))).file.purpose == "split_contract"
    request["data"]["next"] = "https://evil.example/"
    request["files"]["file"] = ("a.pdf", files.PDF)
    assert (
        (await web.post("/app/files", headers=OURS, **request)).headers["location"].startswith("/?document=")
    )
    refused = await web.post("/app/files", headers=OURS, **sent(b"x\x00"))
    assert refused.status_code == 422
    assert refused.text == "Choose a PDF, JPEG or PNG file."


async def test_who_is_signed_out_hears_so(web: httpx.AsyncClient) -> None:
    assert (await web.post("/app/files", headers=JSON, **sent(files.PDF))).status_code == 401
    assert (await web.post("/app/files", headers=OURS, **sent(files.PDF))).status_code == 303
    assert (await web.get(f"/app/files/{uuid4()}")).status_code == 303


async def test_another_tenants_file_one_out_of_reach_and_a_missing_one_are_one_answer(
    web: httpx.AsyncClient,
) -> None:
    ours, theirs = await make_customer(), await make_customer()
    mine = await store_document(ours.manager, purpose="split_contract", file_name="a.pdf", content=files.PDF)
    narrow = await make_member(ours.tenant_id, roles=frozenset({"fleet_manager"}), reach=NOTHING)
    own = await store_document(narrow, purpose="split_contract", file_name="b.pdf", content=files.PDF)
    assert (await read_document(narrow, own.id)).content == files.PDF
    assert (await read_document(ours.manager, own.id)).content == files.PDF
    for who, what in ((theirs.manager, mine.id), (narrow, mine.id), (narrow, uuid4())):
        with pytest.raises(NotFound) as refused:
            await read_document(who, what)
        assert refused.value.message == NotFound().message
    with pytest.raises(NotFound):
        await own_document(ours.manager, mine.id, purpose="bulk")
    await enter(web, theirs.manager)
    answers = [await web.get(f"/app/files/{what}") for what in (mine.id, uuid4())]
    assert answers[0].status_code == answers[1].status_code == 404
    assert answers[0].text == answers[1].text


async def test_who_may_see_what_a_file_belongs_to_may_read_it(monkeypatch: pytest.MonkeyPatch) -> None:
    customer = await make_customer()
    account = await make_account(customer, "6099999-01")
    stored = await store_document(
        customer.manager, purpose="split_contract", file_name="a.pdf", content=files.PDF
    )
    narrow = await make_member(
        customer.tenant_id, roles=frozenset({"auditor"}), reach=Reach(billing_accounts=frozenset({account}))
    )

    async def of_its_line(scope: Scope, document_id: UUID) -> bool:
        return document_id == stored.id and account in (scope.actor.reach.billing_accounts or ())

    monkeypatch.setitem(ACCESS_CHECKS, "split_contract", of_its_line)
    assert (await read_document(narrow, stored.id)).file.name == "a.pdf"
    with pytest.raises(Forbidden):
        await store_document(narrow, purpose="split_contract", file_name="a.pdf", content=files.PDF)


async def test_a_file_over_rest(settings: Settings) -> None:
    customer = await make_customer()
    assert customer.manager.member_id
    token = await create_token(Actor(customer.tenant_id), customer.manager.member_id)
    transport = httpx.ASGITransport(app=create_api(settings), raise_app_exceptions=False)  # type: ignore[arg-type]
    async with httpx.AsyncClient(
        transport=transport, base_url=settings.public_url, headers={"authorization": f"Bearer {token}"}
    ) as http:
        stored = await http.post("/api/v1/documents", **sent(files.PDF))
        assert stored.status_code == 201, stored.text
        back = await http.get(f"/api/v1/documents/{stored.json()['id']}")
        assert back.content == files.PDF
        assert back.headers["content-disposition"].startswith("attachment")
        for content, status in ((b"", 422), (b"a" * (LARGEST + 100), 413), (b"a" * (LARGEST + 10**6), 413)):
            refused = await http.post("/api/v1/documents", **sent(content))
            assert refused.status_code == status, refused.text
            assert refused.json()["fields"]["file"]
        assert (await http.get(f"/api/v1/documents/{uuid4()}")).status_code == 404
        assert (await http.post("/api/v1/documents", json={"purpose": "bulk"})).status_code == 400


async def files_left(customer: Customer) -> set[UUID]:
    """What the purge leaves of files that are eight days old."""
    await purge_documents(customer.system)
    async with open_scope(customer.system) as scope:
        return {row["id"] for row in await scope.connection.fetch("SELECT id FROM document")}


async def test_a_draft_keeps_its_file_and_no_other(database: TestDatabase) -> None:
    customer = await make_customer(lines=1)
    [line] = await customer.lines()
    first, second = [
        (
            await store_document(
                customer.manager, purpose="split_contract", file_name="a.pdf", content=files.PDF
            )
        ).id
        for _ in range(2)
    ]
    draft = await drafts.start_draft(
        customer.manager, "split_billing", Selection(line_ids=(line.id,)), kind_fields={"document_id": first}
    )
    superuser = await asyncpg.connect(database.superuser_url)
    await superuser.execute("UPDATE document SET created_at = now() - interval '8 days'")
    assert await files_left(customer) == {first}
    await drafts.save_draft(customer.manager, draft, {"document_id": None})
    third = (
        await store_document(customer.manager, purpose="split_contract", file_name="c.pdf", content=files.PDF)
    ).id
    await drafts.save_draft(customer.manager, draft, {"document_id": str(third)})
    await superuser.execute("UPDATE document SET created_at = now() - interval '8 days'")
    assert await files_left(customer) == {third}
    await superuser.execute("UPDATE change_order SET touched_at = now() - interval '8 days'")
    await superuser.close()
    await drafts.purge_drafts(customer.system)
    assert await files_left(customer) == set()
    assert second not in {first, third}


async def test_a_file_that_is_not_there_is_attached_to_nothing() -> None:
    customer, other = await make_customer(), await make_customer()
    foreign = await store_document(
        other.manager, purpose="split_contract", file_name="a.pdf", content=files.PDF
    )
    async with open_scope(customer.system) as scope:
        for document_id in (uuid4(), foreign.id):
            await attach(scope, document_id, subject_kind=SubjectKind.ORDER, subject_id=uuid4())
        assert not await scope.connection.fetch("SELECT id FROM document_attachment")
