"""When the user leaves, and whether the new owner of the number is known."""

from datetime import timedelta

from reactpy import html
from reactpy.types import Component

from backend.catalog.profiles import profile
from backend.core import clock
from backend.orders.schemas import DraftView
from frontend.components.forms import radio_cards, text_field
from frontend.components.orders.draft_form import DraftForm, Errors, Values, one
from frontend.components.orders.draft_layout import day_limits
from frontend.components.orders.person_fields import language_field, name_fields
from frontend.elements import Child
from frontend.hooks import component, use_page
from frontend.page_context import PageContext

KNOWN = {"yes": True, "no": False}


def _read(values: Values) -> dict[str, object]:
    known = KNOWN.get(one(values, "knows_successor"))
    details = {name: one(values, name) for name in ("given_name", "family_name", "email", "language")}
    return {
        "on": one(values, "on") or None,
        "knows_successor": known,
        **(details if known else dict.fromkeys(details, "")),
    }


@component
def DepartForm(draft: DraftView) -> Component:
    text = use_page().text
    return DraftForm(
        draft,
        text("Departure with the number"),
        _fields,
        _read,
        lead=text("From that day your company is no longer billed, and the number leaves your fleet."),
        dated=False,
    )


def _fields(page: PageContext, draft: DraftView, errors: Errors) -> list[Child]:
    text, kind_fields = page.text, draft.asked.kind_fields
    successor_days = profile(page.profile.carrier).successor_days
    earliest = clock.today() + timedelta(days=successor_days)
    known = {True: "yes", False: "no", None: ""}[kind_fields["knows_successor"]]
    return [
        text_field(
            "on",
            text("Day of departure"),
            kind="date",
            value=draft.asked.on.isoformat() if draft.asked.on else "",
            hint=text(
                "Without a new owner today or later, with one {day} or later: that person needs time to choose. Until that day you can withdraw.",
                day=text.date(earliest),
            ),
            error=errors.get("on", ""),
            short=True,
            more=day_limits(draft.days),
        ),
        radio_cards(
            "knows_successor",
            text("Do you know the details of the new owner?"),
            [
                (
                    "yes",
                    text("Yes"),
                    text(
                        "That person is asked by e-mail to choose an offer, or prepaid, and gets a confirmation."
                    ),
                ),
                ("no", text("No"), text("The number becomes prepaid on that day.")),
            ],
            value=known,
            error=errors.get("knows_successor", ""),
        ),
        html.div(
            {"class": "form reveal-yes", "key": "details"},
            *name_fields(
                text,
                given=(kind_fields["given_name"], errors.get("given_name", "")),
                family=(kind_fields["family_name"], errors.get("family_name", "")),
            ),
            text_field(
                "email",
                text("Private e-mail"),
                kind="email",
                value=kind_fields["email"],
                hint=text("An address that still works after the departure."),
                error=errors.get("email", ""),
            ),
            language_field(
                text("Language"),
                text("Choose"),
                value=kind_fields["language"],
                error=errors.get("language", ""),
            ),
        ),
    ]
