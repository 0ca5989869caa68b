"""From a file to one order with an item per row, for every kind that comes as a file, at both carriers."""

import asyncio
import csv
import io
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import openpyxl
import pytest

from backend.bulk.kinds import FILES
from backend.bulk.lifecycle import UploadState
from backend.bulk.schemas import Upload
from backend.bulk.service import (
    file_forms,
    file_template,
    get_upload,
    list_uploads,
    purge_uploads,
    result_file,
    skip_bad_rows,
    start_upload,
    upload_rows,
)
from backend.catalog.profiles import profile
from backend.core import clock
from backend.core.errors import Conflict, Forbidden, NotFound, ValidationFailed
from backend.documents.service import purge_documents, store_document
from backend.orders.changes.scheduled_run import run_scheduled_order
from backend.orders.kinds import KINDS
from backend.orders.kinds.suspend import Suspend
from backend.orders.lifecycle import ItemState, OrderState
from backend.orders.placement import drafts
from backend.orders.placement.place import place_order
from backend.orders.schemas import OrderDetail
from backend.orders.service import get_order, list_orders
from tenants.scope import Actor, Reach
from tenants.transaction import open_scope
from tests.support.database import TestDatabase
from tests.support.factories import (
    Customer,
    make_cost_centre,
    make_customer,
    make_lines,
    make_member,
    sim_for,
)
from tests.support.jobs import drain
from tests.support.order_steps import carry_out, load_lines_at_carrier
from tests.support.sandbox import Sandbox

CARRIERS = ("mandarine", "lynx")
# Kinds whose lines leave the fleet: the same file finds none of them again
LEAVES = ("convert_to_prepaid",)


async def hand_in(database: TestDatabase, who: Actor, kind: str, *rows: tuple[str, ...]) -> Upload:
    out = io.StringIO()
    csv.writer(out, delimiter=";").writerows(rows)
    document = await store_document(
        who, purpose="bulk", file_name="fleet.csv", content=out.getvalue().encode()
    )
    upload = await start_upload(who, kind=kind, document_id=document.id)
    await drain(database, only="bulk.")
    return await get_upload(who, upload.id)


async def said(who: Actor, upload: Upload) -> list[tuple[int, str, str]]:
    rows = (await upload_rows(who, upload.id, limit=500)).items
    return [(row.row, one.column, one.message) for row in rows for one in row.problems]


async def order_of(who: Actor, upload: Upload, **kind_fields: Any) -> OrderDetail:
    draft = await drafts.start_draft(who, upload.kind, upload_id=upload.id)
    if kind_fields:
        await drafts.save_draft(who, draft, kind_fields, complete=True)
    preview = await drafts.preview_draft(who, draft)
    return await drafts.submit_draft(
        who, draft, fingerprint=preview.fingerprint, confirmed=bool(preview.must_confirm)
    )


def wish(kind: str, carrier: str, other_account: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Headings after the number, and the cells of a row, as people write them."""
    found = profile(carrier)
    plans = [plan for plan in found.plans if plan.product_type == "voice_data"]
    option = next(one for one in found.options if one.code == "data-5gb")
    return {
        "change_options": (("add",), (option.name["fr"].upper(),)),
        "change_plan": (("plan",), (plans[1].name["en"],)),
        "change_barrings": (("Services à bloquer",), (found.barrings[0].name["nl"],)),
        "change_spend_cap": (("Limit im Ausland",), ("€ 37,50",)),
        "suspend": (("Raison",), ("Longue absence",)),
        "reactivate": ((), ()),
        "convert_to_prepaid": ((), ()),
        "change_cost_centre": (("cost_centre",), ("CC-1",)),
        "move_account": (("Klantnummer",), (other_account,)),
    }[kind]


@pytest.mark.parametrize("carrier", CARRIERS)
@pytest.mark.parametrize("kind", [kind for kind in FILES if kind != "add_line"])
async def test_each_kind_becomes_an_order_that_is_carried_out(
    database: TestDatabase, sandbox: Sandbox, kind: str, carrier: str
) -> None:
    customer = await make_customer(carrier=carrier)
    await make_cost_centre(customer, "CC-1")
    accounts = list(customer.accounts)
    status = "active" if "active" in KINDS[kind].statuses else "suspended"
    await make_lines(customer, 2, account=accounts[0], status=status)
    await make_lines(customer, 1, account=accounts[0], status=status)
    lines = await load_lines_at_carrier(customer, sandbox)
    headings, cells = wish(kind, carrier, accounts[1])
    offered = KINDS[kind].offered
    rows = [("number", *headings), *((line.msisdn, *cells) for line in lines)]
    if offered is not None and not offered(profile(carrier)):
        with pytest.raises(ValidationFailed, match="support"):
            await hand_in(database, customer.manager, kind, *rows)
        return
    upload = await hand_in(database, customer.manager, kind, *rows)
    assert (upload.state, upload.ok) == (UploadState.READY, 3), await said(customer.manager, upload)
    assert not await list_orders(customer.manager), "nothing leaves before it is confirmed"
    placed = await order_of(customer.manager, upload)
    assert {item.line_id for item in placed.items} == {line.id for line in lines}
    done = await carry_out(customer, database, placed.reference)
    assert done.state is OrderState.COMPLETED, done
    table = (await result_file(customer.manager, upload.id)).content.decode("utf-8-sig").splitlines()
    assert all(row.endswith(f";Done;;{placed.reference}") for row in table[1:]), table
    again = await hand_in(database, customer.manager, kind, *rows)
    if kind not in LEAVES:
        assert (again.state, again.warnings) == (UploadState.READY, 3), "everything is so already"
        with pytest.raises(ValidationFailed) as nothing:
            await order_of(customer.manager, again)
        assert nothing.value.code == "nothing_to_change"
    else:
        assert (again.state, again.errors) == (UploadState.NEEDS_FIX, 3), "they have left the fleet"


@pytest.mark.parametrize("carrier", CARRIERS)
async def test_new_lines_come_from_a_file(database: TestDatabase, sandbox: Sandbox, carrier: str) -> None:
    customer = await make_customer(carrier=carrier)
    await load_lines_at_carrier(customer, sandbox)
    account, plan = next(iter(customer.accounts)), profile(carrier).plans[0].code
    head = (
        "account",
        "family_name",
        "given_name",
        "sim_kind",
        "sim_number",
        "email",
        "language",
        "plan",
        "cap_cents",
    )
    card, wrong = sim_for(carrier, 770001), sim_for(carrier, 770002)[:-1] + "x"
    bad_check = sim_for(carrier, 770003)
    bad_check = bad_check[:-1] + str((int(bad_check[-1]) + 1) % 10)
    upload = await hand_in(
        database,
        customer.manager,
        "add_line",
        head,
        (account, "Peeters", "An", "card", card, "", "", plan, "50"),
        (account, "Claes", "Jo", "eSIM", "", "jo@customer.example", "fr", plan, "none"),
        (account, "Maes", "Els", "", wrong, "", "", plan, "50"),
        (account, "Maes", "Els", "", bad_check, "", "", plan, "50"),
        (account, "Maes", "Els", "", f" {card[:4]} {card[4:]}", "", "", plan, "50"),
        ("6999999-99", "Maes", "Els", "esim", "", "els@customer.example", "fr", "no such plan", "much"),
    )
    assert (upload.state, upload.ok, upload.errors) == (UploadState.NEEDS_FIX, 2, 4), await said(
        customer.manager, upload
    )
    wrong_cells = {(row, column) for row, column, _ in await said(customer.manager, upload)}
    assert {(4, "sim_number"), (5, "sim_number"), (6, "sim_number"), (7, "cap_cents")} <= wrong_cells
    await skip_bad_rows(customer.manager, upload.id)
    placed = await order_of(customer.manager, upload)
    assert [item.name for item in placed.items] == ["Peeters, An", "Claes, Jo"] or len(placed.items) == 2
    table = (await result_file(customer.manager, upload.id)).content.decode("utf-8-sig").splitlines()
    assert [row.count(placed.reference) for row in table[1:]] == [1, 1, 0, 0, 0, 0]
    taken = await hand_in(
        database, customer.manager, "add_line", head, (account, "A", "B", "", card, "", "", plan, "1")
    )
    assert [column for _, column, _ in await said(customer.manager, taken)] == ["sim_number"]


async def test_what_is_wrong_says_the_column_what_was_given_and_what_to_do(database: TestDatabase) -> None:
    customer = await make_customer(lines=4)
    who = await make_member(customer.tenant_id, language="fr")
    numbers = [line.msisdn for line in await customer.lines()]
    upload = await hand_in(
        database,
        who,
        "change_options",
        ("Numéro", "Options à ajouter", "Options à retirer"),
        (numbers[0], "data-5gb|nope", ""),
        (numbers[1], "data-5gb", "data-5gb"),
        (numbers[2], "", ""),
        (numbers[3], "", "data-5gb"),
    )
    rows = (await upload_rows(who, upload.id, errors_first=True)).items
    assert [(row.row, row.status) for row in rows] == [
        (2, "error"),
        (3, "error"),
        (4, "error"),
        (5, "warning"),
    ]
    first = rows[0].problems[0]
    assert (first.column, first.label, first.given) == ("add", "Options à ajouter", "data-5gb|nope")
    assert "«\xa0nope\xa0» est inconnu chez Mandarine" in first.message
    assert rows[1].problems[0].column == "add"
    assert rows[2].problems[0].column == "add"
    assert rows[3].problems[0].warning


@pytest.mark.parametrize(
    ("kind", "heading", "cell", "column"),
    [
        ("change_plan", "plan", "trail", "plan"),
        ("change_spend_cap", "cap_cents", "-5", "cap_cents"),
        ("change_spend_cap", "cap_cents", "9999999", "cap_cents"),
        ("change_spend_cap", "cap_cents", "12,345", "cap_cents"),
        ("change_spend_cap", "cap_cents", "=1+1", "cap_cents"),
        ("suspend", "reason", "because", "reason"),
        ("move_account", "account", "6012480-99", "account"),
        ("change_cost_centre", "cost_centre", "CC-Ω", "cost_centre"),
        ("change_barrings", "add", "'; DROP TABLE line; --", "add"),
    ],
)
async def test_a_wrong_value_is_an_error_on_its_column(
    database: TestDatabase, kind: str, heading: str, cell: str, column: str
) -> None:
    customer = await make_customer(lines=1)
    number = (await customer.lines())[0].msisdn
    upload = await hand_in(database, customer.manager, kind, ("number", heading), (number, cell))
    assert (upload.state, upload.errors) == (UploadState.NEEDS_FIX, 1)
    found = await said(customer.manager, upload)
    assert [(row, name) for row, name, _ in found] == [(2, column)]
    assert found[0][2]
    with pytest.raises(Conflict):
        await drafts.start_draft(customer.manager, kind, upload_id=upload.id)


async def ready(
    database: TestDatabase, customer: Customer, kind: str = "suspend", cell: str = "absence"
) -> Upload:
    column = FILES[kind].columns[1].code
    lines = await customer.lines()
    return await hand_in(
        database, customer.manager, kind, ("number", column), *((line.msisdn, cell) for line in lines)
    )


async def test_one_file_becomes_one_order_however_often_it_is_sent(database: TestDatabase) -> None:
    customer = await make_customer(lines=3)
    upload = await ready(database, customer)
    first, second = [
        await drafts.start_draft(customer.manager, "suspend", upload_id=upload.id) for _ in range(2)
    ]
    mark = (await drafts.preview_draft(customer.manager, first)).fingerprint
    results = await asyncio.gather(
        *(
            drafts.submit_draft(customer.manager, one, fingerprint=mark)
            for one in (first, first, second, second)
        ),
        place_order(customer.manager, Suspend(upload_id=upload.id, request_key="k")),
        return_exceptions=True,
    )
    orders = await list_orders(customer.manager)
    assert len(orders) == 1
    assert all(isinstance(one, OrderDetail | Conflict) for one in results), results
    assert (await get_upload(customer.manager, upload.id)).order_reference == orders[0].reference
    with pytest.raises(Conflict) as again:
        await place_order(customer.manager, Suspend(upload_id=upload.id, request_key="k2"))
    assert again.value.code == "bulk_ordered"


async def test_a_price_that_changed_since_it_was_shown_asks_to_check_again(database: TestDatabase) -> None:
    customer = await make_customer(lines=2)
    plan = profile("mandarine").plans[1].code
    upload = await ready(database, customer, "change_plan", plan)
    draft = await drafts.start_draft(customer.manager, "change_plan", upload_id=upload.id)
    shown = await drafts.preview_draft(customer.manager, draft)
    line = (await customer.lines())[0]
    async with open_scope(customer.system) as scope:
        await scope.connection.execute("UPDATE line SET plan = $2 WHERE id = $1", line.id, plan)
    with pytest.raises(Conflict) as changed:
        await drafts.submit_draft(customer.manager, draft, fingerprint=shown.fingerprint)
    assert changed.value.code == "price_changed"
    anew = await drafts.preview_draft(customer.manager, draft)
    assert (anew.changing, anew.skipped) == (1, 1)
    order = await drafts.submit_draft(customer.manager, draft, fingerprint=anew.fingerprint)
    result = (await result_file(customer.manager, upload.id)).content.decode("utf-8-sig")
    assert sorted(row.split(";")[2] for row in result.splitlines()[1:]) == ["Skipped", "Waiting"]
    assert {item.state for item in order.items} == {ItemState.WAITING, ItemState.SKIPPED}


async def test_a_file_that_is_out_of_date_is_handed_in_again(database: TestDatabase) -> None:
    customer = await make_customer(lines=2)
    await make_cost_centre(customer, "CC-1")
    upload = await ready(database, customer, "change_cost_centre", "CC-1")
    draft = await drafts.start_draft(customer.manager, "change_cost_centre", upload_id=upload.id)
    gone = (await customer.lines())[0].id
    async with open_scope(customer.system) as scope:
        await scope.connection.execute("UPDATE line SET status = 'terminated' WHERE id = $1", gone)
    with pytest.raises(Conflict) as stale:
        await drafts.preview_draft(customer.manager, draft)
    assert stale.value.code == "bulk_stale"


async def test_a_planned_file_reads_its_own_rows_on_the_day(
    database: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer = await make_customer(lines=3)
    first, second = (plan.code for plan in profile("mandarine").plans[1:3])
    lines = await customer.lines()
    upload = await hand_in(
        database,
        customer.manager,
        "change_plan",
        ("number", "plan"),
        *((line.msisdn, first if index else second) for index, line in enumerate(lines)),
    )
    day = clock.today() + timedelta(days=3)
    placed = await order_of(customer.manager, upload, on=day.isoformat())
    assert placed.state is OrderState.SCHEDULED
    async with open_scope(customer.system) as scope:
        await scope.connection.execute("UPDATE line SET plan = $2 WHERE id = $1", lines[1].id, first)
        await scope.connection.execute(
            "UPDATE change_order SET due_on = CURRENT_DATE WHERE id = $1", placed.id
        )
        await run_scheduled_order(scope, order_id=str(placed.id))
    after = await get_order(customer.manager, placed.reference)
    assert after.state is OrderState.SUBMITTED
    found = {item.line_id: (item.state, item.change.get("plan")) for item in after.items}
    assert found[lines[0].id] == (ItemState.WAITING, second)
    assert found[lines[1].id][0] is ItemState.SKIPPED
    assert found[lines[2].id] == (ItemState.WAITING, first)


async def test_loss_and_theft_in_a_file_skip_the_undo_time(database: TestDatabase) -> None:
    customer = await make_customer(lines=2, grace_seconds=60)
    upload = await ready(database, customer, cell="Vol")
    assert (await order_of(customer.manager, upload)).state is OrderState.SUBMITTED


async def test_a_file_is_ordered_by_nobody_else(database: TestDatabase) -> None:
    customer = await make_customer(lines=2)
    other = await make_customer(lines=1)
    upload = await ready(database, customer)
    narrow = await make_member(customer.tenant_id, reach=Reach(billing_accounts=frozenset()))
    colleague = await make_member(customer.tenant_id)
    for who in (other.manager, narrow, colleague):
        for upload_id in (upload.id, uuid4()):
            with pytest.raises(NotFound):
                await drafts.start_draft(who, "suspend", upload_id=upload_id)
            with pytest.raises(NotFound):
                await place_order(who, Suspend(upload_id=upload_id, request_key="k"))
    with pytest.raises(NotFound):
        await drafts.start_draft(customer.manager, "reactivate", upload_id=upload.id)
    assert [one.id for one in (await list_uploads(customer.manager)).items] == [upload.id]
    assert [one.own for one in (await list_uploads(colleague)).items] == [False]
    for who in (other.manager, narrow):
        assert not (await list_uploads(who)).items
    viewer = await make_member(customer.tenant_id, roles=frozenset({"auditor"}))
    with pytest.raises(Forbidden):
        await start_upload(viewer, kind="suspend", document_id=upload.document_id)
    with pytest.raises(Forbidden):
        await drafts.start_draft(viewer, "suspend", upload_id=upload.id)


async def test_a_request_names_its_lines_in_one_way(database: TestDatabase) -> None:
    customer = await make_customer(lines=1)
    upload = await ready(database, customer)
    ids = (UUID(str((await customer.lines())[0].id)),)
    with pytest.raises(ValidationFailed):
        await place_order(
            customer.manager, Suspend(upload_id=upload.id, line_ids=ids, reason="absence", request_key="k")
        )


@pytest.mark.parametrize("carrier", CARRIERS)
@pytest.mark.parametrize("language", ["fr", "nl", "de", "en"])
async def test_templates_show_the_carrier_s_own_things_and_are_read_back(carrier: str, language: str) -> None:
    customer = await make_customer(carrier=carrier)
    who = await make_member(customer.tenant_id, language=language, carrier=carrier)
    other = profile(next(one for one in CARRIERS if one != carrier))
    forms = await file_forms(who)
    assert [form.kind for form in forms] == list(FILES)
    for form in forms:
        made = (await file_template(who, form.kind, format="csv")).decode("utf-8-sig")
        heading, example = csv.reader(io.StringIO(made), delimiter=";")
        assert [cell.removesuffix(" *") for cell in heading] == [column.label for column in form.columns]
        assert len(set(heading)) == len(heading)
        own = {plan.code for plan in profile(carrier).plans}
        assert not {plan.code for plan in other.plans} - own & set(example)
    plan = (await file_template(who, "change_plan", format="csv")).decode("utf-8-sig")
    assert profile(carrier).plans[0].code in plan
    # Each word of the second sheet is one that the column takes
    for form in forms:
        book = openpyxl.load_workbook(io.BytesIO(await file_template(who, form.kind)))
        listed = {
            column[0].value: [cell.value for cell in column[1:] if cell.value]
            for column in book.worksheets[-1].columns
        }
        for column in FILES[form.kind].columns:
            for word in listed.get(column.labels[language], ()):
                if not column.names:
                    column.parse(word)
    lists = {cell.value for cell in next(book.worksheets[-1].iter_rows())}
    assert {
        column.labels[language]
        for column in FILES["add_line"].columns
        if column.code in {"plan", "options", "account"}
    } <= lists


async def age(database: TestDatabase, statement: str) -> None:
    connection = await asyncpg.connect(database.superuser_url)
    await connection.execute(statement)
    await connection.close()


async def test_old_files_and_those_of_nobody_are_forgotten(database: TestDatabase) -> None:
    customer = await make_customer(lines=2)
    waiting, over = await ready(database, customer), await ready(database, customer)
    order = await order_of(customer.manager, waiting)
    lonely = await store_document(customer.manager, purpose="bulk", file_name="a.csv", content=b"number\n")
    await age(database, "UPDATE document SET created_at = now() - interval '8 days'")
    await age(database, "UPDATE bulk_upload SET created_at = now() - interval '91 days'")
    recent = await store_document(customer.manager, purpose="bulk", file_name="b.csv", content=b"number\n")
    await purge_documents(customer.system)
    assert await get_upload(customer.manager, over.id), "a file that an upload names stays with it"
    await purge_uploads(customer.system)
    await purge_documents(customer.system)
    assert (await get_upload(customer.manager, waiting.id)).order_reference == order.reference
    with pytest.raises(NotFound):
        await get_upload(customer.manager, over.id)
    async with open_scope(customer.system) as scope:
        left = {row["id"] for row in await scope.connection.fetch("SELECT id FROM document")}
    assert left == {waiting.document_id, recent.id}
    assert lonely.id not in left


async def test_new_lines_that_were_ordered_already_are_confirmed_on_purpose(database: TestDatabase) -> None:
    """The same file twice, and two equal rows: an eSIM has nothing unique in the file."""
    customer = await make_customer()
    account, who = next(iter(customer.accounts)), customer.manager
    heading = ("account", "family_name", "given_name", "sim_kind", "email", "language", "plan", "cap_cents")

    def row(given: str) -> tuple[str, ...]:
        return (
            account,
            "Twice",
            given,
            "esim",
            f"{given}@delta.example".lower(),
            "nl",
            "pro-flex-2",
            "50,00",
        )

    first = await hand_in(database, who, "add_line", heading, row("Tina"), row("Tom"))
    preview = await drafts.preview_draft(who, await drafts.start_draft(who, "add_line", upload_id=first.id))
    assert (preview.changing, preview.must_confirm) == (2, "")
    assert (await order_of(who, first)).counts == {"waiting": 2}
    again = await hand_in(database, who, "add_line", heading, row("Tina"), row("Bo"), row("Bo"), row("Ann"))
    draft = await drafts.start_draft(who, "add_line", upload_id=again.id)
    preview = await drafts.preview_draft(who, draft)
    assert preview.changing == 4
    assert preview.must_confirm.startswith("3 lines look like some that were ordered in the last 30 days")
    assert "Twice, Tina; Twice, Bo" in preview.must_confirm
    assert "Ann" not in preview.must_confirm
    with pytest.raises(ValidationFailed) as refused:
        await drafts.submit_draft(who, draft, fingerprint=preview.fingerprint)
    assert refused.value.code == "must_confirm"
    done = await drafts.submit_draft(who, draft, fingerprint=preview.fingerprint, confirmed=True)
    assert done.counts == {"waiting": 4}
    # Another company's lines are no earlier ones of this company
    other = await make_customer()
    own = (next(iter(other.accounts)), *row("Tina")[1:])
    upload = await hand_in(database, other.manager, "add_line", heading, own)
    draft = await drafts.start_draft(other.manager, "add_line", upload_id=upload.id)
    assert (await drafts.preview_draft(other.manager, draft)).must_confirm == ""
