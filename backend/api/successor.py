"""The successor's page behind the link of a departure's mail: choose an offer, or decline; until the day."""

from collections.abc import Mapping
from dataclasses import replace

from backend.api.public import PUBLIC_PAGES, PublicPage, PublicView
from backend.catalog.identifiers import format_msisdn
from backend.core.errors import NotFound
from backend.core.formats import format_money
from backend.core.i18n import FileTexts
from backend.core.public_links import PublicLinkGrant
from backend.orders.departures import (
    TEXTS,
    DepartureView,
    SuccessorOffer,
    choose_offer,
    departure_of,
    mark_opened,
)
from backend.orders.effects.depart import LINK
from backend.orders.kinds.depart import PREPAID
from backend.orders.lifecycle import DepartureState
from backend.web.html import Markup, element
from tenants.scope import Scope


async def _read(scope: Scope, link: PublicLinkGrant) -> DepartureView:
    found = await departure_of(scope, link.subject_id)
    if found is None:
        raise NotFound
    return found


async def render(scope: Scope, link: PublicLinkGrant, language: str) -> PublicView:
    return _view(await _read(scope, link), language)


async def handle(scope: Scope, link: PublicLinkGrant, language: str, form: Mapping[str, str]) -> PublicView:
    """Write the choice down. It may be made again until the day, so the link is not used up by it."""
    found = await _read(scope, link)
    offer = form.get("offer", "")
    texts = FileTexts(TEXTS, found.language or language)
    if found.open and offer not in {PREPAID, *(one.code for one in found.offers)}:
        view = _view(found, language)
        wrong = {f"offer-{found.offers[0].code if found.offers else PREPAID}": texts.text("bad_choice")}
        return replace(view, errors=wrong)
    if found.open:
        await choose_offer(scope, found.id, offer=offer)
    return _view(await _read(scope, link), language)


def _view(found: DepartureView, language: str) -> PublicView:
    texts = FileTexts(TEXTS, found.language or language)
    values = {
        "number": format_msisdn(found.msisdn),
        "day": f"{found.leaves_on:%d/%m/%Y}",
        "company": found.company,
        "name": found.given_name,
    }
    if found.state == DepartureState.WITHDRAWN:
        words = texts.text("withdrawn_lead", **values)
        return PublicView(texts.text("withdrawn_title", **values), (words,), language=texts.language)
    if not found.open:
        closed = texts.text("page_closed", **values)
        return PublicView(texts.text("page_closed_title"), (closed,), language=texts.language)
    if found.offer:
        return _chosen(texts, found, values)
    return PublicView(
        texts.text("page_title", **values),
        (texts.text("page_lead", **values), texts.text("otherwise", **values)),
        (("choose", texts.text("choose")),),
        _cards(texts, found),
        texts.language,
    )


def _chosen(texts: FileTexts, found: DepartureView, values: Mapping[str, str]) -> PublicView:
    """The choice as it stands, first of all, and the form that changes it."""
    name = next((one.name for one in found.offers if one.code == found.offer), found.offer)
    chosen = "page_prepaid_chosen" if found.offer == PREPAID else "page_chosen"
    return PublicView(
        texts.text(f"{chosen}_title", offer=name, **values),
        (texts.text(chosen, offer=name, **values),),
        (("choose", texts.text("change_button")),),
        _cards(texts, found),
        texts.language,
        done=True,
    )


def _cards(texts: FileTexts, found: DepartureView) -> Markup:
    def card(code: str, name: str, about: str) -> Markup:
        choice = {
            "type": "radio",
            "name": "offer",
            "id": f"offer-{code}",
            "value": code,
            "checked": code == found.offer,
        }
        return element(
            "label",
            {"class": "radio-card"},
            element("input", choice),
            element("span", {}, element("strong", {}, name), element("span", {"class": "muted"}, about)),
        )

    def about(offer: SuccessorOffer) -> str:
        amount = format_money(offer.monthly_cents, texts.language)
        return texts.text("offer_about", about=offer.about, carrier=found.carrier, amount=amount)

    cards = [card(offer.code, offer.name, about(offer)) for offer in found.offers]
    cards.append(card(PREPAID, texts.text("prepaid"), texts.text("prepaid_about")))
    return element(
        "fieldset",
        {"class": "field"},
        element("legend", {}, texts.text("question")),
        element("div", {"class": "radio-cards"}, *cards),
    )


async def opened(scope: Scope, link: PublicLinkGrant) -> None:
    await mark_opened(scope, link.subject_id)


PUBLIC_PAGES[LINK] = PublicPage(render, handle, opened)
