"""The mailbox in a browser, and as JSON for tests."""

from datetime import datetime
from typing import Any

from litestar import Controller, MediaType, Response, delete, get
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery

from backend.core.clock import local
from backend.sandbox.console.html import empty, header, page, pill, table, time
from backend.sandbox.mailbox import MailView
from backend.sandbox.sandbox import Sandbox
from backend.web.html import Markup, element, joined

# A mail brings its own inline styles; it may load and run nothing.
MAIL_POLICY = "sandbox allow-popups; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
NO_SUBJECT = "(no subject)"
COLUMNS = (("Subject", ""), ("To", ""), ("Arrived", "amount"))


class MailController(Controller):
    """The mailbox: a list, one mail, and the same as JSON."""

    path = "/mail"

    @get()
    async def mails(self, sandbox: NamedDependency[Sandbox], to: FromQuery[str] = "") -> Response[str]:
        found = await sandbox.mailbox.messages(to)
        return page("Mailbox", _list(found, to), current="/mail")

    @get("/messages")
    async def messages(self, sandbox: NamedDependency[Sandbox], to: FromQuery[str] = "") -> list[MailView]:
        return await sandbox.mailbox.messages(to)

    @delete("/messages")
    async def empty(self, sandbox: NamedDependency[Sandbox]) -> None:
        await sandbox.mailbox.empty()

    @get("/{number:int}")
    async def mail(self, sandbox: NamedDependency[Sandbox], number: FromPath[int]) -> Response[str]:
        return page("Mail", _mail(await _found(sandbox, number)), current="/mail")

    @get("/{number:int}/html")
    async def html(self, sandbox: NamedDependency[Sandbox], number: FromPath[int]) -> Response[Any]:
        found = await _found(sandbox, number)
        headers = {"content-security-policy": MAIL_POLICY, "x-content-type-options": "nosniff"}
        return Response(found.html, media_type=MediaType.HTML, headers=headers)


async def _found(sandbox: Sandbox, number: int) -> MailView:
    found = await sandbox.mailbox.message(number)
    if found is None:
        raise NotFoundException("This mail does not exist.")
    return found


def _arrived(mail: MailView) -> Markup:
    return time(datetime.fromisoformat(mail.received_at))


def _list(mails: list[MailView], to: str) -> Markup:
    recipient = {"class": "input input-compact", "type": "email", "id": "to", "name": "to", "value": to}
    search = element(
        "form",
        {"class": "toolbar"},
        element(
            "div",
            {"class": "field"},
            element("label", {"class": "label", "for": "to"}, "Recipient"),
            element("input", recipient),
        ),
        element("button", {"class": "button", "type": "submit"}, "Show mails"),
    )
    found = (
        table("Mails, newest first", COLUMNS, [_row(mail) for mail in mails])
        if mails
        else empty("No mail", "What the portal sends appears here.")
    )
    return joined(
        header("Mailbox", "Every mail of the portal ends here, whoever it is for."),
        element("div", {"class": "panel"}, search, element("div", {"data-live": "mails"}, found)),
    )


def _row(mail: MailView) -> Markup:
    # Shown only where a mail came more than once: the product may repeat a send, never a message.
    again = joined(" ", pill(f"{mail.times} times", "attention")) if mail.times > 1 else None
    link = element("a", {"href": f"/mail/{mail.id}"}, mail.subject or NO_SUBJECT)
    return element(
        "tr",
        {},
        element("th", {"scope": "row"}, link, again),
        element("td", {"class": "wide"}, ", ".join(mail.to)),
        element("td", {"class": "amount"}, _arrived(mail)),
    )


def _mail(mail: MailView) -> Markup:
    way = element(
        "ol",
        {},
        element("li", {}, element("a", {"href": "/mail"}, "Mailbox")),
        element("li", {"aria-current": "page"}, "Mail"),
    )
    shown = {
        "class": "mail-frame",
        "src": f"/mail/{mail.id}/html",
        "sandbox": "",
        "title": "The mail as it looks",
    }
    text = element("pre", {"class": "mail-text"}, mail.text)
    return joined(
        element(
            "div",
            {"class": "page-header"},
            element("nav", {"class": "breadcrumb", "aria-label": "Breadcrumb"}, way),
            element("h1", {}, mail.subject or NO_SUBJECT),
        ),
        element(
            "div",
            {"class": "stack"},
            _facts(mail),
            _section("As it looks", element("iframe", shown)) if mail.html else None,
            _section("As text", element("div", {"class": "panel-body"}, text)),
        ),
    )


def _facts(mail: MailView) -> Markup:
    facts = (
        ("From", mail.sender),
        ("To", ", ".join(mail.to)),
        ("Arrived", f"{local(datetime.fromisoformat(mail.received_at)):%d/%m/%Y %H:%M:%S}"),
        ("Message-ID", mail.message_id),
        ("Came", "once" if mail.times == 1 else f"{mail.times} times"),
    )
    rows = (element("div", {}, element("dt", {}, name), element("dd", {}, value)) for name, value in facts)
    return element("dl", {"class": "facts panel panel-body"}, *rows)


def _section(title: str, content: Markup) -> Markup:
    head = element("div", {"class": "panel-header"}, element("h2", {}, title))
    return element("section", {"class": "panel"}, head, content)
