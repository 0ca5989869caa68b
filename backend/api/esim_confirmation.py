"""The page behind the link that asks a line's user to confirm an eSIM: looking changes nothing, the button confirms."""

from collections.abc import Mapping
from typing import Any

from backend.api.public import PUBLIC_PAGES, PublicPage, PublicView
from backend.catalog.identifiers import format_msisdn
from backend.core import public_links
from backend.core.errors import NotFound
from backend.core.i18n import FileTexts
from backend.core.public_links import PublicLinkGrant
from backend.lines.sims.esim_profiles import ENDED_STATES, confirm_profile
from backend.lines.sims.notifications import PURPOSE, WORDS
from tenants.scope import Scope


async def _profile(scope: Scope, link: PublicLinkGrant) -> Any:
    row = await scope.connection.fetchrow(
        "SELECT p.id, p.state, p.language, p.confirmed_at, l.msisdn FROM esim_profile p JOIN line l"
        " ON l.tenant_id = p.tenant_id AND l.id = p.line_id WHERE p.id = $1",
        link.subject_id,
    )
    if row is None:
        raise NotFound
    return row


def _view(row: Any, *, decided: bool) -> PublicView:
    words = FileTexts(WORDS, row["language"])
    if row["state"] in ENDED_STATES:
        return PublicView(
            words.text("page_over_title"), [words.text("page_over_text")], language=words.language
        )
    if decided:
        return PublicView(
            words.text("page_done_title"), [words.text("page_done_text")], language=words.language
        )
    return PublicView(
        words.text("page_title", number=format_msisdn(row["msisdn"]) or words.text("new_number")),
        [words.text("page_text"), words.text("page_warning")],
        [("confirm", words.text("page_button"))],
        language=words.language,
    )


async def render(scope: Scope, link: PublicLinkGrant, _language: str) -> PublicView:
    row = await _profile(scope, link)
    return _view(row, decided=row["confirmed_at"] is not None)


async def handle(scope: Scope, link: PublicLinkGrant, _language: str, form: Mapping[str, str]) -> PublicView:
    row = await _profile(scope, link)
    if form.get("choice") != "confirm":
        return _view(row, decided=row["confirmed_at"] is not None)
    if row["state"] not in ENDED_STATES and await public_links.use_link(scope, link.id):
        await confirm_profile(scope, row["id"])
    return _view(row, decided=True)


PUBLIC_PAGES[PURPOSE] = PublicPage(render, handle)
