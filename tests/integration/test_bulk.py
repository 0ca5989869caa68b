"""Bulk files from the upload to what an order takes: progress, errors in place, a second run, reach."""

import csv
import io
from typing import Any
from uuid import UUID, uuid4

import openpyxl
import pytest

from backend.bulk import jobs, validation
from backend.bulk.lifecycle import RowStatus, UploadState
from backend.bulk.service import (
    file_template,
    get_upload,
    replace_file,
    result_file,
    skip_bad_rows,
    start_upload,
    upload_rows,
)
from backend.core.errors import Conflict, NotFound
from backend.documents.service import store_document
from backend.orders.placement import drafts
from backend.orders.placement.unfinished import list_unfinished
from tenants.scope import Actor, Reach
from tests.support import files
from tests.support.database import TestDatabase
from tests.support.factories import Customer, make_cost_centre, make_customer, make_lines, make_member
from tests.support.jobs import drain

KIND = "change_cost_centre"


async def hand_in(who: Actor, content: bytes | str) -> UUID:
    data = content if isinstance(content, bytes) else content.encode()
    return (await store_document(who, purpose="bulk", file_name="fleet.csv", content=data)).id


async def check(database: TestDatabase, who: Actor, content: bytes | str) -> Any:
    upload = await start_upload(who, kind=KIND, document_id=await hand_in(who, content))
    assert upload.state is UploadState.UPLOADED
    await drain(database, only="bulk.")
    return await get_upload(who, upload.id)


async def fleet(lines: int = 3) -> tuple[Customer, list[str]]:
    customer = await make_customer(lines=lines)
    for code in ("CC-1", "CC-2"):
        await make_cost_centre(customer, code)
    return customer, [line.msisdn for line in await customer.lines()]


async def test_a_good_file_becomes_ready_and_then_an_order(database: TestDatabase) -> None:
    customer, numbers = await fleet()
    upload = await check(
        database, customer.manager, "number,cost_centre\n" + "".join(f"{n},CC-1\n" for n in numbers)
    )
    assert (upload.state, upload.total, upload.checked, upload.ok) == (UploadState.READY, 3, 3, 3)
    draft = await drafts.start_draft(customer.manager, KIND, upload_id=upload.id)
    # A file is work already: nothing else has to be filled in
    (waiting,) = (await list_unfinished(customer.manager)).items
    assert (waiting.id, waiting.from_file, waiting.lines) == (draft, True, 3)
    preview = await drafts.preview_draft(customer.manager, draft)
    assert (preview.changing, preview.total_lines) == (3, 3)
    order = await drafts.submit_draft(customer.manager, draft, fingerprint=preview.fingerprint)
    after = await get_upload(customer.manager, upload.id)
    assert (after.state, after.order_reference) == (UploadState.ORDERED, order.reference)
    result = (await result_file(customer.manager, upload.id)).content.decode("utf-8-sig")
    assert result.splitlines()[1].endswith(f";Waiting;;{order.reference}")
    with pytest.raises(Conflict, match="ordered already"):
        await drafts.start_draft(customer.manager, KIND, upload_id=upload.id)
    with pytest.raises(Conflict):
        await replace_file(customer.manager, upload.id, document_id=upload.document_id)


async def test_each_error_stands_by_row_and_column_in_the_reader_s_language(database: TestDatabase) -> None:
    customer, numbers = await fleet()
    who = await make_member(customer.tenant_id, language="fr")
    text = (
        "Numéro ;Centre de coûts\n"
        f"{numbers[0]};CC-1\n"
        "02 123 45 67;CC-1\n"
        f"{numbers[1]};NOPE\n"
        f"{numbers[2]};CC-1\n"
        f"{numbers[2]};CC-2\n"
        ";CC-1\n"
        "+32 499 99 99 99;CC-1\n"
    )
    upload = await check(database, who, text)
    assert (upload.state, upload.ok, upload.errors) == (UploadState.NEEDS_FIX, 2, 5)
    rows = await upload_rows(who, upload.id, status=RowStatus.ERROR)
    assert rows.total == 5
    found = [(row.row, row.problems[0].column, row.problems[0].code) for row in rows.items]
    assert found == [
        (3, "number", "number_wrong"),
        (4, "cost_centre", "cost_centre_unknown"),
        (6, "number", "cell_twice"),
        (7, "number", "cell_missing"),
        (8, "number", "line_unknown"),
    ]
    assert rows.items[0].problems[0].message == "Ce n’est pas un numéro mobile belge."
    assert rows.items[0].problems[0].label == "Numéro"
    assert rows.items[2].problems[0].message == "Cette valeur figure aussi à la rangée 5."
    result = (await result_file(who, upload.id)).content.decode("utf-8-sig")
    table = list(csv.reader(io.StringIO(result), delimiter=";"))
    assert table[0][-3:] == ["État", "Raison", "Référence"]
    assert table[2][:4] == ["02 123 45 67", "CC-1", "Erreur", "Numéro: Ce n’est pas un numéro mobile belge."]
    ready = await skip_bad_rows(who, upload.id)
    assert (ready.state, ready.ok, ready.errors, ready.skipped) == (UploadState.READY, 2, 0, 5)
    assert await skip_bad_rows(who, upload.id) == ready


async def test_without_a_good_row_there_is_nothing_to_skip_to(database: TestDatabase) -> None:
    customer, _ = await fleet()
    upload = await check(database, customer.manager, "number;cost_centre\n1;CC-1\n")
    assert upload.state is UploadState.NEEDS_FIX
    with pytest.raises(Conflict):
        await skip_bad_rows(customer.manager, upload.id)


async def test_another_file_in_its_place_is_checked_anew(database: TestDatabase) -> None:
    customer, numbers = await fleet()
    upload = await check(database, customer.manager, "number;cost_centre\n1;CC-1\n2;CC-1\n")
    better = await hand_in(customer.manager, f"number;cost_centre\n{numbers[0]};CC-1\n")
    assert (await replace_file(customer.manager, upload.id, document_id=better)).state is UploadState.UPLOADED
    await drain(database, only="bulk.")
    after = await get_upload(customer.manager, upload.id)
    assert (after.state, after.total, after.ok, after.errors) == (UploadState.READY, 1, 1, 0)
    assert (await upload_rows(customer.manager, upload.id)).total == 1


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("nothing;else\n1;2\n", "file_header"),
        ("number;cost_centre\n", "file_header"),
        ("number;number;cost_centre\n1;2;3\n", "file_header"),
        ('number;cost_centre\n1;CC-1\n2;"CC-1\n3;CC-1\n', "file_quotes"),
        ("number;cost_centre\n" + "1;CC-1\n" * 20_001, "file_too_many_rows"),
        (";".join(["number", "cost_centre", *["x"] * 40]) + "\n", "file_too_many_columns"),
        (
            files.with_parts(
                files.xlsx(("number",)), **{"xl/worksheets/sheet1.xml": files.sheet('<row r="1"><c r="A1"')}
            ),
            "file_damaged",
        ),
        (
            files.with_parts(
                files.xlsx(("number",)),
                **{
                    "xl/worksheets/sheet1.xml": files.sheet(
                        '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
                    )
                },
            ),
            "file_too_many_rows",
        ),
    ],
    ids=["headings", "no rows", "twice", "quotation mark", "rows", "columns", "damaged", "far corner"],
)
async def test_a_file_that_cannot_be_used_says_why(
    database: TestDatabase, content: bytes | str, problem: str
) -> None:
    customer, numbers = await fleet()
    upload = await check(database, customer.manager, content)
    assert (upload.state, upload.problem) == (UploadState.FAILED, problem)
    assert bool(upload.problems) == (problem in {"file_header", "file_quotes"})
    good = await hand_in(customer.manager, f"number;cost_centre\n{numbers[0]};CC-1\n")
    await replace_file(customer.manager, upload.id, document_id=good)
    await drain(database, only="bulk.")
    assert (await get_upload(customer.manager, upload.id)).state is UploadState.READY


async def test_a_file_in_utf_16_with_a_separator_line_and_marks_is_read(database: TestDatabase) -> None:
    customer, numbers = await fleet(1)
    text = f"sep=;\r\nnumber;cost_centre\r\n\u202a{numbers[0]}\u202c;CC-1\r\n\x1a"
    upload = await check(database, customer.manager, text.encode("utf-16"))
    assert (upload.state, upload.ok, upload.notes) == (UploadState.READY, 1, [])


async def test_a_line_of_another_tenant_one_out_of_reach_and_an_unknown_one_are_one_answer(
    database: TestDatabase,
) -> None:
    ours, numbers = await fleet()
    theirs, foreign = await fleet(1)
    account = ours.accounts[(await ours.lines())[0].billing_account]
    narrow = await make_member(
        ours.tenant_id, roles=frozenset({"fleet_manager"}), reach=Reach(billing_accounts=frozenset({account}))
    )
    hidden = next(
        line.msisdn for line in await ours.lines() if ours.accounts[line.billing_account] != account
    )
    upload = await check(
        database,
        narrow,
        f"number;cost_centre\n{foreign[0]};CC-1\n{hidden};CC-1\n0499999999;CC-1\n{numbers[0]};CC-1\n",
    )
    rows = (await upload_rows(narrow, upload.id)).items
    assert [row.problems[0].code if row.problems else "" for row in rows] == ["line_unknown"] * 3 + [""]
    assert len({row.problems[0].message for row in rows[:3]}) == 1
    assert all(row.line_id is None for row in rows[:3])
    for who in (theirs.manager, await make_member(ours.tenant_id, reach=narrow.reach)):
        for call in (get_upload, upload_rows, result_file, skip_bad_rows):
            with pytest.raises(NotFound):
                await call(who, upload.id)
        with pytest.raises(NotFound):
            await start_upload(who, kind=KIND, document_id=upload.document_id)
    assert (await get_upload(ours.manager, upload.id)).id == upload.id
    with pytest.raises(NotFound):
        await start_upload(ours.manager, kind="nothing", document_id=upload.document_id)


async def test_a_run_that_is_cut_off_or_done_twice_ends_in_the_same(
    database: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer, numbers = await fleet(5)
    monkeypatch.setattr(jobs, "CHUNK", 2)
    text = "number;cost_centre\n" + "".join(f"{n};CC-1\n" for n in numbers)
    document = await hand_in(customer.manager, text)
    upload = await start_upload(customer.manager, kind=KIND, document_id=document)
    killed = False
    write = validation.UploadRun.write

    async def dies(self: Any, rows: Any, total: int) -> None:
        nonlocal killed
        await write(self, rows, total)
        if not killed:
            killed = True
            raise KeyboardInterrupt

    monkeypatch.setattr(validation.UploadRun, "write", dies)
    with pytest.raises(KeyboardInterrupt):
        await jobs.validate(customer.system, upload_id=str(upload.id), document_id=str(document))
    half = await get_upload(customer.manager, upload.id)
    assert (half.state, half.total, half.checked) == (UploadState.VALIDATING, 5, 2)
    await drain(database, only="bulk.", twice=True)
    after = await get_upload(customer.manager, upload.id)
    assert (after.state, after.ok, after.checked) == (UploadState.READY, 5, 5)
    await jobs.validate(customer.system, upload_id=str(upload.id), document_id=str(document))
    assert await get_upload(customer.manager, upload.id) == after


@pytest.mark.parametrize("kind_of_file", ["csv", "xlsx"])
@pytest.mark.parametrize("language", ["fr", "nl", "de", "en"])
async def test_a_template_that_is_filled_in_is_a_good_file(
    database: TestDatabase, kind_of_file: Any, language: str
) -> None:
    customer, numbers = await fleet(1)
    who = await make_member(customer.tenant_id, language=language)
    made = await file_template(who, KIND, format=kind_of_file)
    if kind_of_file == "csv":
        made += f"{numbers[0]};CC-1\r\n".encode()
    else:
        book = openpyxl.load_workbook(io.BytesIO(made))
        sheet = book["Fleetline"]
        assert sheet["A2"].number_format == "@"
        assert sheet["A1"].comment
        allowed = {"fr": "Valeurs", "nl": "Waarden", "de": "Werte", "en": "Values"}[language]
        assert book.sheetnames == ["Fleetline", allowed]
        assert [cell.value for cell in book[allowed]["A"]][1:] == ["CC-1", "CC-2"]
        sheet.append([f"0{numbers[0][3:]}", "CC-1"])
        out = io.BytesIO()
        book.save(out)
        made = out.getvalue()
    upload = await check(database, who, made)
    assert (upload.state, upload.total) == (UploadState.READY, 1), upload


async def test_twenty_thousand_rows_are_checked(database: TestDatabase) -> None:
    customer, _ = await fleet(0)
    await make_lines(customer, 500)
    numbers = [line.msisdn for line in await customer.lines()]
    rows = [("number", "cost_centre")] + [
        (int((numbers[i] if i < 500 else f"+32499{i:06d}")[1:]), "CC-1") for i in range(20_000)
    ]
    content = files.xlsx(*rows)
    upload = await check(database, customer.manager, content)
    assert (upload.total, upload.ok, upload.errors) == (20_000, 500, 19_500)


async def test_a_document_of_nobody_is_not_checked() -> None:
    customer, _ = await fleet(0)
    with pytest.raises(NotFound):
        await start_upload(customer.manager, kind=KIND, document_id=uuid4())
