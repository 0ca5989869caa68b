"""The mailbox in a browser, and as JSON for tests."""

from datetime import datetime
from typing import Any

from litestar import Controller, MediaType, Response, delete, get
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery

from backend.core.clock import local
from backend.sandbox.console.html import page, text, time
from backend.sandbox.mailbox import MailView
from backend.sandbox.sandbox import Sandbox

# A mail brings its own inline styles; it may load and run nothing.
MAIL_POLICY = "sandbox allow-popups; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"


class MailController(Controller):
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


def _arrived(mail: MailView) -> str:
    return time(datetime.fromisoformat(mail.received_at))


def _times(mail: MailView) -> str:
    """Shown only where a mail came more than once: the product may repeat a send, never a message."""
    return f' <span class="pill pill-attention">{mail.times} times</span>' if mail.times > 1 else ""


def _list(mails: list[MailView], to: str) -> str:
    search = (
        '<form class="toolbar"><div class="field"><label class="label" for="to">Recipient</label>'
        f'<input class="input input-compact" type="email" id="to" name="to" value="{text(to)}"></div>'
        '<button class="button" type="submit">Show mails</button></form>'
    )
    rows = "".join(
        f'<tr><th scope="row"><a href="/mail/{mail.id}">{text(mail.subject or "(no subject)")}</a>{_times(mail)}</th>'
        f'<td class="wide">{text(", ".join(mail.to))}</td>'
        f'<td class="amount">{_arrived(mail)}</td></tr>'
        for mail in mails
    )
    table = (
        '<div class="table-wrap"><table class="table"><caption class="visually-hidden">Mails, newest first</caption>'
        '<thead><tr><th scope="col">Subject</th><th scope="col">To</th><th scope="col" class="amount">Arrived</th>'
        f"</tr></thead><tbody>{rows}</tbody></table></div>"
        if mails
        else '<div class="empty"><p class="empty-title">No mail</p><p>What the portal sends appears here.</p></div>'
    )
    return (
        '<div class="page-header"><div><h1>Mailbox</h1><p>Every mail of the portal ends here, whoever it is for.</p></div></div>'
        f'<div class="panel">{search}<div data-live="mails">{table}</div></div>'
    )


def _mail(mail: MailView) -> str:
    facts = (
        ("From", mail.sender),
        ("To", ", ".join(mail.to)),
        ("Arrived", local(datetime.fromisoformat(mail.received_at)).strftime("%d/%m/%Y %H:%M:%S")),
        ("Message-ID", mail.message_id),
        ("Came", "once" if mail.times == 1 else f"{mail.times} times"),
    )
    rows = "".join(f"<div><dt>{name}</dt><dd>{text(value)}</dd></div>" for name, value in facts)
    shown = (
        f'<section class="panel"><div class="panel-header"><h2>As it looks</h2></div>'
        f'<iframe class="mail-frame" src="/mail/{mail.id}/html" sandbox="" title="The mail as it looks"></iframe></section>'
        if mail.html
        else ""
    )
    return (
        '<div class="page-header"><nav class="breadcrumb" aria-label="Breadcrumb"><ol><li><a href="/mail">Mailbox</a></li>'
        f'<li aria-current="page">Mail</li></ol></nav><h1>{text(mail.subject or "(no subject)")}</h1></div>'
        f'<div class="stack"><dl class="facts panel panel-body">{rows}</dl>{shown}'
        f'<section class="panel"><div class="panel-header"><h2>As text</h2></div>'
        f'<div class="panel-body"><pre class="mail-text">{text(mail.text)}</pre></div></section></div>'
    )
