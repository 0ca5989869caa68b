"""A file of new lines with eSIMs: every row its own profile, all of them written by one statement."""

from typing import Any

import pytest

from backend.bulk.service import get_upload, start_upload
from backend.core import clock
from backend.documents.service import store_document
from backend.lines.sims import esim_profiles
from backend.orders.lifecycle import ItemState
from backend.orders.placement.drafts import preview_draft, start_draft, submit_draft
from tenants.scope import Scope
from tests.support.database import TestDatabase
from tests.support.factories import make_customer
from tests.support.jobs import drain
from tests.support.new_lines import CARRIERS, plan_of, rows, unused_sim_number

PEOPLE = {"Aerts": ("an@user.example", "nl"), "Baert": ("bo@user.example", "fr"), "Claes": ("", "")}


@pytest.mark.parametrize("carrier", CARRIERS)
async def test_each_row_has_its_own_profile_and_one_statement_writes_them(
    database: TestDatabase, monkeypatch: pytest.MonkeyPatch, carrier: str
) -> None:
    customer = await make_customer(carrier=carrier)
    account, plan = next(iter(customer.accounts)), plan_of(customer)
    lines = "".join(
        f"{account},{name},{'esim' if email else 'physical'},{'' if email else unused_sim_number(customer)},{email},{language},{plan},0\n"
        for name, (email, language) in PEOPLE.items()
    )
    content = f"account,family_name,sim_kind,sim_number,email,language,plan,cap_cents\n{lines}".encode()
    stored = await store_document(customer.manager, purpose="bulk", file_name="lines.csv", content=content)
    upload = await start_upload(customer.manager, kind="add_line", document_id=stored.id)
    await drain(database, only="bulk.")
    checked = await get_upload(customer.manager, upload.id)
    assert (checked.state, checked.ok) == ("ready", 3)
    written: list[int] = []
    create_profiles = esim_profiles.create_profiles

    async def counted(scope: Scope, wanted: Any) -> Any:
        written.append(len(wanted))
        return await create_profiles(scope, wanted)

    monkeypatch.setattr("backend.orders.effects.new_lines.create_profiles", counted)
    draft = await start_draft(customer.manager, "add_line", upload_id=upload.id)
    preview = await preview_draft(customer.manager, draft)
    placed = await submit_draft(
        customer.manager, draft, fingerprint=preview.fingerprint, confirmed=bool(preview.must_confirm)
    )
    assert {item.state for item in placed.items} == {ItemState.WAITING}
    assert written == [2]
    items = {item.id: item for item in placed.items}
    found = await rows(customer, "SELECT * FROM esim_profile")
    assert len(found) == 2
    for profile in found:
        item = items[profile["item_id"]]
        assert (profile["email"], profile["language"]) == PEOPLE[item.name]
        assert (profile["line_id"], profile["state"], profile["copy_to"]) == (item.line_id, "requested", "")
        assert abs(clock.now() - profile["created_at"]).total_seconds() < 60
