"""The message to the requester of a departure: what its successor chose."""

from uuid import UUID

import msgspec

from backend.catalog.catalogue import catalogue_of
from backend.catalog.identifiers import format_msisdn
from backend.core.facts import JobName
from backend.core.i18n import FileTexts
from backend.core.messaging.jobs import idempotent_job
from backend.core.permissions import Portal
from backend.notifications.content import MailContent, Message, PortalContent
from backend.notifications.sending import send_once
from backend.orders.departures import DEPARTURE, TEXTS, DepartureRecord, offer_name
from backend.orders.kinds.depart import PREPAID, PRIVATE
from backend.orders.lifecycle import OFFERED_DEPARTURES
from backend.runtime import clients
from tenants.scope import Actor, Scope

REQUESTER = """
SELECT o.requester_id, o.requester_email, o.language, o.reference FROM change_order_item i
JOIN change_order o ON o.tenant_id = i.tenant_id AND o.id = i.order_id WHERE i.id = $1
"""


class DepartureRequester(msgspec.Struct, frozen=True):
    """Who asked for a departure, and the reference of the request."""

    requester_id: UUID | None
    requester_email: str
    language: str
    reference: str | None


@idempotent_job(JobName.REPORT_CHOICE)
async def report_choice(actor: Actor, *, departure_id: str, offer: str, at: str) -> None:
    """Tell the requester of the departure what its successor chose, unless another choice followed or the day has come."""

    async def compose(scope: Scope) -> Message | None:
        found = await scope.fetch_one(DepartureRecord, DEPARTURE, UUID(departure_id))
        if found is None or found.offer != offer or found.state not in OFFERED_DEPARTURES:
            return None
        requester = await scope.fetch_one(DepartureRequester, REQUESTER, found.item_id)
        if requester is None or not requester.requester_email:
            return None
        return await _report(scope, found, requester)

    await send_once(actor, f"departure_report/{departure_id}/{at}", compose)


async def _report(scope: Scope, found: DepartureRecord, requester: DepartureRequester) -> Message:
    """What the requester is told of the choice, by mail and in the portal, in the requester's language."""
    texts = FileTexts(TEXTS, requester.language)
    values = {
        "number": format_msisdn(found.msisdn),
        "day": f"{found.leaves_on:%d/%m/%Y}",
        "name": found.given_name,
        "offer": offer_name((await catalogue_of(scope)).profile, found.offer, texts.language),
    }
    title = texts.text("report_title", **values)
    lead = texts.text(f"report_{PREPAID if found.offer == PREPAID else PRIVATE}_lead", **values)
    path, settings = f"/app/requests/{requester.reference}", clients().settings
    mail = MailContent(
        language=texts.language,
        subject=title,
        title=title,
        paragraphs=(lead,),
        facts=((texts.text("number"), values["number"]), (texts.text("day"), values["day"])),
        button=(texts.text("report_button"), f"{settings.public_url}{path}"),
    )
    shown = None
    if requester.requester_id is not None:
        shown = PortalContent(requester.requester_id, Portal.MANAGER, texts.language, title, lead, path)
    return Message(requester.requester_email, mail, shown)
