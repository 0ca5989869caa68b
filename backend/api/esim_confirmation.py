"""The page behind the link that asks a line's user to confirm an eSIM: looking changes nothing, the button confirms."""

from collections.abc import Mapping

from backend.api.public import PUBLIC_PAGES, PublicPage, PublicView
from backend.catalog.identifiers import format_msisdn
from backend.core import public_links
from backend.core.i18n import FileTexts
from backend.core.public_links import PublicLinkGrant
from backend.lines.sims.esim_profiles import (
    ENDED_STATES,
    ProfileToConfirm,
    confirm_profile,
    profile_to_confirm,
)
from backend.lines.sims.notifications import PURPOSE, TEXTS
from tenants.scope import Scope


def _view(found: ProfileToConfirm, *, decided: bool) -> PublicView:
    texts = FileTexts(TEXTS, found.language)
    if found.state in ENDED_STATES:
        return PublicView(
            texts.text("page_over_title"), [texts.text("page_over_text")], language=texts.language
        )
    if decided:
        return PublicView(
            texts.text("page_done_title"), [texts.text("page_done_text")], language=texts.language
        )
    return PublicView(
        texts.text("page_title", number=format_msisdn(found.msisdn) or texts.text("new_number")),
        [texts.text("page_text"), texts.text("page_warning")],
        [("confirm", texts.text("page_button"))],
        language=texts.language,
    )


async def render(scope: Scope, link: PublicLinkGrant, _language: str) -> PublicView:
    found = await profile_to_confirm(scope, link.subject_id)
    return _view(found, decided=found.confirmed_at is not None)


async def handle(scope: Scope, link: PublicLinkGrant, _language: str, form: Mapping[str, str]) -> PublicView:
    found = await profile_to_confirm(scope, link.subject_id)
    if form.get("choice") != "confirm":
        return _view(found, decided=found.confirmed_at is not None)
    if found.state not in ENDED_STATES and await public_links.use_link(scope, link.id):
        await confirm_profile(scope, found.id)
    return _view(found, decided=True)


PUBLIC_PAGES[PURPOSE] = PublicPage(render, handle)
