"""A person's own usage on My mobile: bundles, own part, own cap, own records, and who looked at them."""

from uuid import UUID

from reactpy import html, use_state
from reactpy.types import VdomDict

from backend.usage import service as usage
from backend.usage.schemas import OwnUsage as Own
from backend.usage.schemas import UsageDetail
from frontend.components.actions import button
from frontend.components.layout import columns, panel
from frontend.components.loading import not_ready
from frontend.components.usage.alerts import alert_notice
from frontend.components.usage.details import access_log, detail_panel, no_detail
from frontend.components.usage.meters import bundle_meters, cap_meter, provisional
from frontend.components.usage.months import months_chart
from frontend.components.usage.services import services_table
from frontend.components.usage.words import month_words
from frontend.elements import Child, notice
from frontend.hooks import component, use_mutation, use_page
from frontend.page_context import PageContext
from frontend.queries import use_query


@component
def OwnUsagePanel() -> VdomDict:
    page = use_page()
    found = use_query(usage.own_usage, topics=("usage", "fleet"))
    if found.data is None:
        return html.div(not_ready(page.text, found))
    return html.div(
        {"class": "stack"},
        *(_line(page, own, several=len(found.data) > 1) for own in found.data),
    )


def _line(page: PageContext, own: Own, *, several: bool) -> VdomDict:
    text, shown, name = page.text, own.usage, str(own.usage.line_id)
    title = text("What is left in {month}", month=month_words(text, shown.period))
    if several:
        title = f"{title}, {text.msisdn(own.msisdn)}"
    meters = (
        bundle_meters(page, shown.buckets, left=True),
        html.hr(),
        cap_meter(text, shown.cap, left=True),
    )
    main: list[Child] = [
        *(alert_notice(page, alert) for alert in own.alerts),
        panel(f"usage-{name}", title, *meters, provisional(text, shown.until)),
    ]
    if shown.services:
        main.append(
            panel(
                f"services-{name}",
                text("What I used"),
                services_table(text, shown.services, text("Paid by me"), shown.cents),
                bare=True,
            )
        )
    if len(shown.history) > 1:
        drawn = months_chart(text, f"drawn-{name}", shown.history, shown.period)
        about = [html.span({"class": "small muted"}, text("Mobile data"))]
        main.append(panel(f"months-{name}", text("Month by month"), drawn, beside=about))
    main.append(OwnDetailPanel(line_id=shown.line_id, key="detail"))
    return html.div(
        {"key": name},
        columns(
            main,
            [
                _own_part(page, own),
                panel(
                    f"looks-{name}",
                    text("Who looked at my usage"),
                    html.p(
                        {"class": "small muted"},
                        text(
                            "Your company sees sums. To see single records, a manager must give a reason: it is here."
                        ),
                    ),
                    access_log(text, own.looks),
                ),
            ],
        ),
    )


def _own_part(page: PageContext, own: Own) -> VdomDict | None:
    """What the person pays of a shared bill: the company does not see it."""
    text, shown = page.text, own.usage
    if not (shown.split or shown.cents):
        return None
    return panel(
        f"part-{shown.line_id}",
        text("My part of the bill"),
        html.p({"class": "figure"}, text.money(shown.cents), " ", html.small(text("excl. VAT"))),
        html.p(
            {"class": "small muted"},
            text(
                "Usage of {month}, provisional until billed. {company} does not see this amount.",
                month=month_words(text, shown.period),
                company=page.profile.tenant,
            ),
        ),
    )


@component
def OwnDetailPanel(line_id: UUID) -> VdomDict:
    text = use_page().text
    detail, set_detail = use_state(no_detail)

    async def show(found: UsageDetail) -> None:
        set_detail(found)

    look = use_mutation(usage.own_detail, done=show)
    name, title = f"detail-{line_id}", text("My calls, messages and sessions")
    if detail is not None:
        return detail_panel(text, name, title, detail, own=True)
    return panel(
        name,
        title,
        notice(look.problem.words, tone="danger", mark="alert", live=True) if look.problem else None,
        html.p(text("Called numbers are shown without their last four digits. Only you see this list.")),
        html.div(
            {"class": "form-actions"},
            button(text("Show"), on_click=lambda _event: look.run(line_id), busy=look.pending),
        ),
    )
