"""The page behind the link that asks a line's user to confirm an eSIM: looking changes nothing, the button confirms."""

from collections.abc import Mapping
from typing import Any

from backend.api.public import PUBLIC_PAGES, PublicPage, PublicView
from backend.catalog.identifiers import national
from backend.core import links
from backend.core.errors import NotFound
from backend.core.links import Link
from backend.letters.frame import Words
from backend.lines.esims import ENDED_STATES, confirm_profile
from backend.lines.sim_mails import PURPOSE, WORDS
from tenants.scope import Scope


async def _profile(scope: Scope, link: Link) -> Any:
    row = await scope.connection.fetchrow(
        "SELECT p.id, p.state, p.language, p.confirmed_at, l.msisdn FROM esim_profile p JOIN line l"
        " ON l.tenant_id = p.tenant_id AND l.id = p.line_id WHERE p.id = $1",
        link.subject_id,
    )
    if row is None:
        raise NotFound
    return row


def _view(row: Any, *, decided: bool) -> PublicView:
    words = Words(WORDS, row["language"])
    if row["state"] in ENDED_STATES:
        return PublicView(
            words.say("page_over_title"), [words.say("page_over_text")], language=words.language
        )
    if decided:
        return PublicView(
            words.say("page_done_title"), [words.say("page_done_text")], language=words.language
        )
    return PublicView(
        words.say("page_title", number=national(row["msisdn"]) or words.say("new_number")),
        [words.say("page_text"), words.say("page_warning")],
        [("confirm", words.say("page_button"))],
        language=words.language,
    )


async def draw(scope: Scope, link: Link, _language: str) -> PublicView:
    row = await _profile(scope, link)
    return _view(row, decided=row["confirmed_at"] is not None)


async def act(scope: Scope, link: Link, _language: str, form: Mapping[str, str]) -> PublicView:
    row = await _profile(scope, link)
    if form.get("choice") != "confirm":
        return _view(row, decided=row["confirmed_at"] is not None)
    if row["state"] not in ENDED_STATES and await links.use(scope, link.id):
        await confirm_profile(scope, row["id"])
    return _view(row, decided=True)


PUBLIC_PAGES[PURPOSE] = PublicPage(draw, act)
