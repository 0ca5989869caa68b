"""The access tokens of the person who is signed in: until when each works, when it was used last, and revoking it."""

from uuid import UUID

from reactpy import html
from reactpy.types import VdomDict

from backend.members.schemas import TokenInfo
from backend.members.tokens import list_own_tokens, revoke_own_token, token_topic
from frontend.components.actions import button, link_button
from frontend.components.layout import empty, page_header, panel
from frontend.components.loading import not_ready
from frontend.elements import icon, notice
from frontend.hooks import Mutation, component, handler, use_mutation, use_page
from frontend.page_context import PageContext
from frontend.queries import use_query


@component
def TokensPage() -> VdomDict:
    page = use_page()
    text, member_id = page.text, page.actor.member_id
    found = use_query(list_own_tokens, topics=(token_topic(member_id),) if member_id else ())
    revoking = use_mutation(revoke_own_token)
    top = [
        page_header(
            text("Access tokens"),
            html.p(text("Programs that use one act in your name. A revoked token stops at once.")),
        ),
        notice(revoking.problem.words, tone="danger", mark="alert", live=True) if revoking.problem else None,
    ]
    if found.data is None:
        return html.div(*top, not_ready(text, found))
    if not found.data:
        nothing = empty(
            text("You have no access token"),
            text("Your operator makes them on request. Those that work are listed here."),
            action=link_button(text("Go to the home page"), "/app", kind="primary"),
        )
        return html.div(*top, html.section({"class": "panel"}, nothing))
    entries = (_entry(page, revoking, one) for one in found.data)
    return html.div(
        *top,
        panel(
            "list",
            text.plural("{n} token", "{n} tokens", len(found.data)),
            html.ul({"class": "todo"}, *entries),
            bare=True,
        ),
    )


def _entry(page: PageContext, revoking: Mutation[[UUID], None], one: TokenInfo) -> VdomDict:
    text = page.text
    name = one.label or text("Token without a name")
    return html.li(
        {"key": str(one.id)},
        icon("lock"),
        html.div(
            html.h3(name),
            html.p(
                {"class": "muted small"},
                text(
                    "Made on {day}, works until {end}.",
                    day=text.date(one.created_at),
                    end=text.date(one.expires_at),
                ),
                " ",
                text("Last used on {day}.", day=text.date(one.last_used_at))
                if one.last_used_at
                else text("Never used."),
            ),
        ),
        button(
            text("Revoke"),
            kind="danger small",
            on_click=handler(page, lambda _event: revoking.run(one.id)),
            more={"aria-label": text("Revoke {name}", name=name)},
        ),
    )
