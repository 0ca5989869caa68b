"""Handing in a file: with its progress, with what is wrong beside the field, by keyboard, and without the script."""

import re
from typing import Any
from uuid import UUID

import pytest
from playwright.async_api import Browser, expect
from reactpy import html, use_state

from backend.core.permissions import Permission
from backend.documents.service import read_document
from frontend import routes
from frontend.components.upload import Uploaded, UploadField, upload
from frontend.hooks import component, use_page
from tests.support import files
from tests.support.factories import make_customer
from tests.support.portal import Portal

CONTRACT = UploadField(
    name="contract",
    label="Signed contract",
    hint="PDF, JPEG or PNG",
    purpose="split_contract",
    accept=".pdf,.jpg,.png",
    back="/app/upload-trial",
)


@component
def UploadPage() -> Any:  # noqa: N802 - components are PascalCase
    page = use_page()
    stored, set_stored = use_state("")

    def keep(file: Uploaded) -> None:
        set_stored(f"{file.id} {file.name}")

    return html.div(
        html.h1("Contract"),
        upload(page.text, CONTRACT, keep),
        html.p({"id": "kept", "key": "kept"}, stored),
    )


@pytest.fixture
def page_with_upload(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = (re.compile("^/app/upload-trial$"), Permission.ORDERS_PLACE, UploadPage)
    monkeypatch.setattr(routes, "ROUTES", (*routes.ROUTES, entry))


def a_file(content: bytes, name: str = "scan.pdf") -> Any:
    return {"name": name, "mimeType": "application/pdf", "buffer": content}


@pytest.mark.usefixtures("page_with_upload")
async def test_a_file_is_refused_in_words_and_the_next_one_is_taken(browser: Browser, portal: Portal) -> None:
    customer = await make_customer("delta")
    async with portal.browse(browser, customer.manager) as visitor:
        visitor.expected = ("422", "413")
        page = await visitor.open("/app/upload-trial")
        error, field = page.locator("#contract-error"), page.get_by_label("Signed contract", exact=True)
        await page.get_by_role("button", name="Send the file").press("Enter")
        await expect(error).to_have_text("Choose a file.")
        await field.set_input_files(a_file(b"%PDF-1.7"))
        await expect(error).to_have_text(
            "The file is damaged or incomplete. Make it again and choose it anew."
        )
        await expect(field).to_be_focused()
        await expect(field).to_have_attribute("aria-invalid", "true")
        await field.set_input_files(a_file(b"a" * (11 * 1024 * 1024)))
        await expect(error).to_have_text("The file is larger than 10 MB. Choose a smaller one.")
        await field.set_input_files(a_file(files.PDF))
        await expect(page.locator("#kept")).to_contain_text("scan.pdf")
        await expect(error).to_be_hidden()
        document = UUID((await page.locator("#kept").inner_text()).split()[0])
        assert (await read_document(customer.manager, document)).content == files.PDF


@pytest.mark.usefixtures("page_with_upload")
async def test_a_lost_connection_is_said_and_the_same_file_goes_again(
    browser: Browser, portal: Portal
) -> None:
    customer = await make_customer("delta")
    async with portal.browse(browser, customer.manager) as visitor:
        visitor.expected = ("ERR_FAILED",)
        page = await visitor.open("/app/upload-trial")
        await page.route("**/app/files", lambda route: route.abort())
        await page.get_by_label("Signed contract", exact=True).set_input_files(a_file(files.PDF))
        await expect(page.locator("#contract-error")).to_contain_text("did not arrive")
        await page.unroute("**/app/files")
        await page.get_by_role("button", name="Send the file").click()
        await expect(page.locator("#kept")).to_contain_text("scan.pdf")


@pytest.mark.usefixtures("page_with_upload")
async def test_where_the_script_does_not_load_the_form_works(browser: Browser, portal: Portal) -> None:
    customer = await make_customer("delta")
    async with portal.browse(browser, customer.manager) as visitor:
        visitor.expected = ("ERR_FAILED",)
        page = await visitor.open("/app/upload-trial")
        await page.route("**/upload.js", lambda route: route.abort())
        await page.get_by_label("Signed contract", exact=True).set_input_files(a_file(files.PDF))
        await page.wait_for_url(re.compile(r"/app/upload-trial\?document=[0-9a-f-]{36}$"))
