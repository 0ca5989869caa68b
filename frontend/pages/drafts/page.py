"""A request being filled in: the form of its kind."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from reactpy import html
from reactpy.types import Component, VdomDict

from backend.orders.kinds import KINDS
from backend.orders.placement import drafts
from frontend.components.actions import link_button
from frontend.components.loading import draft_not_ready
from frontend.components.orders.kept_form import RETURN
from frontend.hooks import component, use_page
from frontend.pages.drafts.change_barrings import BarringsForm
from frontend.pages.drafts.change_cost_centre import CostCentreForm
from frontend.pages.drafts.change_options.page import OptionsForm
from frontend.pages.drafts.change_plan import PlanForm
from frontend.pages.drafts.change_spend_cap import CapForm
from frontend.pages.drafts.change_user import UserForm
from frontend.pages.drafts.convert_to_prepaid import ConvertForm
from frontend.pages.drafts.depart import DepartForm
from frontend.pages.drafts.from_file import FileRequestForm
from frontend.pages.drafts.move_account import AccountForm
from frontend.pages.drafts.new_line.page import NewLineForm
from frontend.pages.drafts.reactivate import ReactivateForm
from frontend.pages.drafts.sims import ReplaceSimForm, RequestEsimForm, ResendEsimForm
from frontend.pages.drafts.split_billing import SplitForm
from frontend.pages.drafts.suspend import SuspendForm
from frontend.pages.drafts.terminate import TerminateForm
from frontend.queries import use_query

FORMS: dict[str, Callable[..., Component]] = {
    "change_options": OptionsForm,
    "change_plan": PlanForm,
    "change_barrings": BarringsForm,
    "suspend": SuspendForm,
    "reactivate": ReactivateForm,
    "change_spend_cap": CapForm,
    "change_user": UserForm,
    "change_cost_centre": CostCentreForm,
    "move_account": AccountForm,
    "add_line": NewLineForm,
    "port_in": NewLineForm,
    "replace_sim": ReplaceSimForm,
    "request_esim": RequestEsimForm,
    "resend_esim": ResendEsimForm,
    "split_billing": SplitForm,
    "depart": DepartForm,
    "convert_to_prepaid": ConvertForm,
    "terminate": TerminateForm,
}


@component
def DraftPage(draft: str, step: str | None = None, query: str = "") -> VdomDict | Component:
    """`step` names a further question page of kinds that have several; `query` may say that check answers follow."""
    page = use_page()
    found = use_query(drafts.get_draft, UUID(draft))
    if found.data is None:
        fleet = link_button(page.text("Back to the fleet"), "/app/fleet")
        return html.div(draft_not_ready(page.text, found, fleet))
    if found.data.asked.upload_id:
        return FileRequestForm(draft=found.data, key=draft)
    more: dict[str, Any] = {}
    if KINDS[found.data.kind].steps:
        more = {"step": step or "", "returns": query.lstrip("?") == RETURN}
    return FORMS[found.data.kind](draft=found.data, **more, key=f"{draft}/{step}")
