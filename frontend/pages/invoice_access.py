"""Who sees the company's invoices: owners give the role of invoice reader, change its customer numbers, take it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from reactpy import event, html
from reactpy.types import VdomDict

from backend.billing import access
from backend.billing.access import InvoiceAccess
from backend.core.permissions import Role
from backend.lines.organisations import NumberedAccount
from backend.members.invoice_readers import InvoicePerson
from frontend.components.actions import button, link_button
from frontend.components.forms import checks_field, error_summary, radio_cards, text_field
from frontend.components.invoices.list_view import INVOICES
from frontend.components.layout import breadcrumb, columns, empty, page_header, panel
from frontend.components.loading import not_ready
from frontend.elements import Child, icon, notice
from frontend.hooks import Mutation, component, handler, use_mutation, use_page
from frontend.i18n import Translator, translatable
from frontend.page_address import first_values
from frontend.page_context import PageContext
from frontend.queries import use_query

HERE = f"{INVOICES}/access"
ALL, SOME = "all", "some"
ROLES = {
    Role.OWNER: translatable("Owner"),
    Role.FLEET_MANAGER: translatable("Fleet manager"),
    Role.INVOICE_READER: translatable("Invoice reader"),
    Role.APPROVER: translatable("Approver"),
    Role.AUDITOR: translatable("Auditor"),
    Role.END_USER: translatable("User of a line"),
}


@component
def InvoiceAccessPage(query: str) -> VdomDict:
    page = use_page()
    text, wanted = page.text, first_values(query)
    found = use_query(access.invoice_access, topics=(access.TOPIC,))
    head = page_header(
        text("Access to invoices"),
        html.p(
            text("Invoice readers see, pay and dispute invoices. Managing the fleet gives no access to them.")
        ),
        crumbs=breadcrumb(text, (text("Invoices"), INVOICES), (text("Access to invoices"), None)),
    )
    if found.data is None:
        return html.div(head, not_ready(text, found))
    shown: InvoiceAccess = found.data
    changed = next((one for one in shown.people if str(one.id) == wanted.get("modify", "")), None)
    leaving = next((one for one in shown.people if str(one.id) == wanted.get("take", "")), None)
    aside = (
        TakeAccess(
            member=str(leaving.id), name=leaving.name, last=leaving.roles == [Role.INVOICE_READER], key="take"
        )
        if leaving is not None and leaving.is_reader
        else GiveAccess(shown=shown, person=changed, key=f"give {changed.id if changed else ''}")
    )
    return html.div(head, columns([_people(page, shown)], [aside]))


def _people(page: PageContext, shown: InvoiceAccess) -> VdomDict:
    text = page.text
    readers = [one for one in shown.people if one.reads]
    if not readers:
        return html.section({"class": "panel"}, empty(text("Nobody sees the invoices yet")))
    numbers = {one.id: one for one in shown.accounts}
    return panel(
        "people",
        text.plural("{n} person sees invoices", "{n} people see invoices", len(readers)),
        html.ul({"class": "todo"}, *(_person(text, one, numbers) for one in readers)),
        bare=True,
    )


def _person(text: Translator, one: InvoicePerson, numbers: Mapping[UUID, NumberedAccount]) -> VdomDict:
    roles = ", ".join(text(ROLES[Role(role)]) for role in one.roles if role in set(Role))
    actions = html.div(
        {"class": "row"},
        link_button(
            text("Modify"),
            f"{HERE}?modify={one.id}",
            kind="small",
            more={"aria-label": text("Modify the access of {name}", name=one.name)},
        ),
        link_button(
            text("Take away"),
            f"{HERE}?take={one.id}",
            kind="quiet small",
            more={"aria-label": text("Take the access of {name} away", name=one.name)},
        ),
    )
    return html.li(
        {"key": str(one.id)},
        icon("people"),
        html.div(
            html.h3(one.name),
            html.p({"class": "small muted"}, f"{one.email} · {roles}"),
            html.p(_seen(text, one, numbers)),
        ),
        actions if one.is_reader and not one.is_owner else None,
    )


def _seen(text: Translator, one: InvoicePerson, numbers: Mapping[UUID, NumberedAccount]) -> str:
    """Which invoices the person sees, and why it cannot be changed here where that is so."""
    if one.is_owner:
        return text("Sees and pays every invoice, as owner.")
    if not one.is_reader:
        return text("Sees invoices as auditor, and pays none.")
    if one.invoice_accounts is None:
        return text("Every customer number within this person’s reach.")
    named = [numbers[each].number for each in one.invoice_accounts if each in numbers]
    return text.plural(
        "{n} customer number: {numbers}",
        "{n} customer numbers: {numbers}",
        len(named),
        numbers=", ".join(named[:10]) + (" …" if len(named) > 10 else ""),
    )


@component
def TakeAccess(member: str, name: str, last: bool) -> VdomDict:
    """Asks once before the access is taken. `last`: the person has no other role."""
    page = use_page()
    text = page.text

    async def taken(_nothing: None) -> None:
        await page.push("toast", text=text("{name} sees no invoices any more.", name=name))
        await page.navigate(HERE)

    take: Mutation[[UUID], None] = use_mutation(access.take_invoice_access, done=taken)
    words = (
        text(
            "{name} has no other role: without it {name} can no longer sign in to your company, and is signed out at once.",
            name=name,
        )
        if last
        else text("{name} keeps the other roles.", name=name)
    )
    return panel(
        "take",
        text("Take the access of {name} away?", name=name),
        notice(take.problem.words, tone="danger", mark="alert", live=True) if take.problem else None,
        html.p(words),
        html.div(
            {"class": "row"},
            button(
                text("Take the access away"),
                kind="danger",
                busy=take.pending,
                on_click=handler(page, lambda _event: take.run(UUID(member))),
            ),
            link_button(text("Cancel"), HERE, kind="quiet"),
        ),
    )


@component
def GiveAccess(shown: InvoiceAccess, person: InvoicePerson | None) -> VdomDict:
    """The form: who, and which customer numbers. `person`: one whose access is modified."""
    page = use_page()
    text = page.text

    async def given(_nothing: None) -> None:
        await page.push("toast", text=text("The access is saved."))
        await page.navigate(HERE)

    give = use_mutation(access.give_invoice_access, done=given)
    problem = give.problem
    errors = dict.fromkeys(problem.fields or (), problem.words) if problem else {}

    async def sent(found: Any) -> None:
        values: Mapping[str, list[str]] = found["target"]["values"]
        chosen = [UUID(one) for one in values.get("accounts", [])]
        email = person.email if person else (values.get("email") or [""])[0]
        give.run(email, None if values.get("which", [ALL]) == [ALL] else chosen)

    title = text("Modify the access of {name}", name=person.name) if person else text("Give access")
    return panel(
        "give",
        title,
        error_summary(text, errors) if errors else None,
        notice(problem.words, tone="danger", mark="alert", live=True) if problem and not errors else None,
        html.form(
            {
                "class": "form",
                "key": "give",
                "novalidate": True,
                "aria-label": title,
                "onSubmit": event(sent, prevent_default=True),
            },
            _who(text, shown, errors) if person is None else None,
            *_which(text, shown, person, errors),
            html.div(
                {"class": "row", "key": "send"},
                button(
                    text("Save") if person else text("Give access"),
                    kind="primary",
                    submit=True,
                    busy=give.pending,
                ),
                link_button(text("Cancel"), HERE, kind="quiet") if person else None,
            ),
        ),
    )


def _who(text: Translator, shown: InvoiceAccess, errors: Mapping[str, str]) -> VdomDict:
    others = [one for one in shown.people if not one.is_reader and not one.is_owner]
    return html.div(
        {"key": "who"},
        text_field(
            "email",
            text("E-mail address"),
            kind="email",
            hint=text("Somebody who signs in to your company already."),
            error=errors.get("email", ""),
            more={"maxlength": "254", "autocomplete": "off", "list": "members"},
        ),
        html.datalist(
            {"id": "members"},
            *(html.option({"value": one.email, "key": one.email}, one.name) for one in others),
        ),
    )


def _which(
    text: Translator, shown: InvoiceAccess, person: InvoicePerson | None, errors: Mapping[str, str]
) -> list[Child]:
    given = person.invoice_accounts if person else None
    return [
        radio_cards(
            "which",
            text("Which invoices"),
            [
                (ALL, text("All"), text("Of every customer number within the person’s reach, new ones too.")),
                (SOME, text("Only some"), text("Of the customer numbers that you tick below.")),
            ],
            value=ALL if given is None else SOME,
        ),
        # Shown with "only some" alone: who ticks a number is never given all of them
        html.div(
            {"class": "reveal-some", "key": "some"},
            checks_field(
                "accounts",
                text("Customer numbers"),
                [
                    (str(one.id), f"{one.number} {one.label}".strip(), given is not None and one.id in given)
                    for one in shown.accounts
                ],
                error=errors.get("accounts", ""),
            ),
        ),
    ]
