"""The successor's side of a departure: asked by mail, chooses an offer or declines, told of every change; then forgotten."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from backend.catalog.catalogue import Catalogue, catalogue_of
from backend.catalog.identifiers import format_msisdn
from backend.core import audit, clock
from backend.core.clock import midnight
from backend.core.errors import ValidationFailed
from backend.core.facts import JobName
from backend.core.i18n import FileTexts
from backend.core.messaging.jobs import idempotent_job
from backend.core.permissions import Permission
from backend.core.public_links import create_link
from backend.core.use_case import use_case
from backend.notifications.content import MailContent
from backend.notifications.sending import send_once
from backend.orders.effects.departures import LINK, OPEN
from backend.orders.kinds.depart import PREPAID
from backend.runtime import clients
from tenants.scope import Actor, Scope

WORDS = Path(__file__).with_name("departure_texts.toml")
# The successor's data after the end: the time in which the release can be disputed
KEPT = timedelta(days=60)

READ = """
SELECT d.*, l.msisdn, t.name AS tenant_name, o.grace_until, o.state AS order_state FROM departure d
JOIN line l ON l.tenant_id = d.tenant_id AND l.id = d.line_id
JOIN change_order_item i ON i.tenant_id = d.tenant_id AND i.id = d.item_id
JOIN change_order o ON o.tenant_id = i.tenant_id AND o.id = i.order_id
JOIN tenant t ON t.id = d.tenant_id WHERE d.id = $1
"""


class SuccessorOffer(msgspec.Struct, frozen=True, kw_only=True):
    """What a successor may choose. `monthly_cents` includes VAT, as consumers are shown it; 0 for prepaid."""

    code: str
    name: str
    about: str
    monthly_cents: int = 0


class DepartureView(msgspec.Struct, frozen=True, kw_only=True):
    """What the successor's page shows."""

    id: UUID
    state: str
    msisdn: str
    company: str
    carrier: str
    leaves_on: Any
    given_name: str
    language: str
    offer: str
    offers: list[SuccessorOffer]
    open: bool


def offers_of(catalogue: Catalogue) -> list[SuccessorOffer]:
    """Private subscriptions of the carrier."""
    return [
        SuccessorOffer(
            code=offer.code,
            name=catalogue.text(offer.name),
            about=catalogue.text(offer.about),
            monthly_cents=offer.monthly_cents,
        )
        for offer in catalogue.profile.private_offers
    ]


@use_case(Permission.SYSTEM, read_only=True)
async def departure_of(scope: Scope, departure_id: UUID) -> DepartureView | None:
    """The departure behind a successor's link; None where it is not there any more."""
    row = await scope.connection.fetchrow(READ, departure_id)
    if row is None:
        return None
    catalogue = Catalogue((await catalogue_of(scope)).profile, row["language"] or scope.actor.language)
    return DepartureView(
        id=row["id"],
        state=row["state"],
        msisdn=row["msisdn"],
        company=row["tenant_name"],
        carrier=catalogue.profile.name,
        leaves_on=row["leaves_on"],
        given_name=row["given_name"],
        language=row["language"],
        offer=row["offer"],
        offers=offers_of(catalogue),
        open=row["state"] in {"successor_invited", "offer_chosen"} and row["leaves_on"] > clock.today(),
    )


@use_case(Permission.SYSTEM)
async def choose_offer(scope: Scope, departure_id: UUID, *, offer: str) -> bool:
    """Choose a private subscription, or prepaid (which is also to decline). May be changed until the day.

    Returns False where the day has come or the departure was withdrawn. Raises Invalid for an unknown offer.
    """
    known = {one.code for one in offers_of(await catalogue_of(scope))}
    if offer != PREPAID and offer not in known:
        raise ValidationFailed(offer="Choose one of the offers.")
    chosen = await scope.connection.fetchrow(
        "UPDATE departure SET state = $2, offer = $3, chosen_at = $4 WHERE id = $1"
        " AND state IN ('successor_invited', 'offer_chosen') AND leaves_on > $5 RETURNING line_id, item_id",
        departure_id,
        "offer_chosen" if offer != PREPAID else "successor_invited",
        offer,
        clock.now(),
        clock.today(),
    )
    if chosen is None:
        return False
    await audit.record(scope, "departure.offer_chosen", "line", chosen["line_id"], offer=offer)
    scope.invalidate(f"line:{chosen['line_id']}")
    return True


@idempotent_job(JobName.INVITE_SUCCESSOR)
async def invite_successor(actor: Actor, *, departure_id: str) -> None:
    """Ask the successor, once the request can no longer be undone with one click."""

    async def compose(scope: Scope) -> tuple[str, MailContent] | None:
        row = await scope.connection.fetchrow(READ, UUID(departure_id))
        if row is None or row["state"] != "successor_invited" or not row["email"]:
            return None
        token = await create_link(scope, LINK, row["id"], midnight(row["leaves_on"]))
        await scope.connection.execute("UPDATE departure SET invited_at = now() WHERE id = $1", row["id"])
        texts = FileTexts(WORDS, row["language"])
        address = f"{clients().settings.public_url}/p/{LINK}/{token}"
        return row["email"], _mail_content(texts, "invite", row, (texts.text("invite_button"), address))

    await send_once(actor, f"departure_invite/{departure_id}", compose)


@idempotent_job(JobName.NOTIFY_RESCHEDULED)
async def notify_rescheduled(actor: Actor, *, departure_id: str, day: str) -> None:
    await _notify(actor, departure_id, "moved", f"departure_moved/{departure_id}/{day}")


@idempotent_job(JobName.NOTIFY_WITHDRAWN)
async def notify_withdrawn(actor: Actor, *, departure_id: str) -> None:
    await _notify(actor, departure_id, "withdrawn", f"departure_withdrawn/{departure_id}")


async def _notify(actor: Actor, departure_id: str, what: str, key: str) -> None:
    async def compose(scope: Scope) -> tuple[str, MailContent] | None:
        row = await scope.connection.fetchrow(READ, UUID(departure_id))
        if row is None or not row["email"] or not row["invited_at"]:
            return None
        button = None
        texts = FileTexts(WORDS, row["language"])
        # The first link ended on the first day: here is one that holds until the new one
        if what == "moved":
            token = await create_link(scope, LINK, row["id"], midnight(row["leaves_on"]))
            button = (texts.text("invite_button"), f"{clients().settings.public_url}/p/{LINK}/{token}")
        return row["email"], _mail_content(texts, what, row, button)

    await send_once(actor, key, compose)


def _mail_content(texts: FileTexts, what: str, row: Any, button: tuple[str, str] | None) -> MailContent:
    number, day = format_msisdn(row["msisdn"]), f"{row['leaves_on']:%d/%m/%Y}"
    values = {"number": number, "day": day, "company": row["tenant_name"], "name": row["given_name"]}
    paragraphs = [texts.text("greeting", **values), texts.text(f"{what}_lead", **values)]
    if what != "withdrawn":
        paragraphs.append(texts.text("otherwise", **values))
    return MailContent(
        language=texts.language,
        subject=texts.text(f"{what}_subject", **values),
        title=texts.text(f"{what}_title", **values),
        paragraphs=tuple(paragraphs),
        facts=(
            (texts.text("number"), number),
            (texts.text("day"), day),
            (texts.text("company"), row["tenant_name"]),
        ),
        button=button,
    )


@use_case(Permission.SYSTEM)
async def erase_successors(scope: Scope) -> None:
    """Delete the successors' data a fixed time after the end, also from the requests that named them."""
    rows = await scope.connection.fetch(
        "UPDATE departure SET given_name = '', family_name = '', email = '', forgotten_at = $2"
        f" WHERE ended_at < $1 AND forgotten_at IS NULL AND state NOT IN {OPEN} RETURNING item_id",
        clock.now() - KEPT,
        clock.now(),
    )
    items = [row["item_id"] for row in rows]
    gone = "- 'given_name' - 'family_name' - 'email'"
    await scope.connection.execute(
        f"UPDATE change_order_item SET change = change {gone} WHERE id = ANY($1)", items
    )
    await scope.connection.execute(
        f"UPDATE change_order SET body = body {gone} WHERE id IN"
        " (SELECT order_id FROM change_order_item WHERE id = ANY($1))",
        items,
    )
