"""The contract of shared billing: printed for this line and user, signed, and its scan handed in (F-079 to F-081)."""

from reactpy import html
from reactpy.types import VdomDict

from backend.orders.placement import drafts
from backend.orders.schemas import DraftView
from frontend.components.actions import link_button
from frontend.components.layout import panel
from frontend.components.upload import Uploaded, contract_upload
from frontend.elements import Child, icon, notice
from frontend.hooks import component, use_mutation, use_page
from frontend.queries import use_query


@component
def Contract(draft: DraftView, error: str) -> VdomDict:
    """Print it, have it signed, hand in the scan; shown where the bill is shared. `error`: what is wrong with it."""
    page = use_page()
    text = page.text
    found = use_query(drafts.get_draft, draft.id)
    shown = found.data or draft

    async def kept(_view: DraftView) -> None:
        found.refetch()

    keep = use_mutation(drafts.save_draft, done=kept)

    async def stored(file: Uploaded) -> None:
        keep.run(draft.id, {"document_id": str(file.id)})

    name = shown.choices.document_name
    said: Child = notice(text("Signed contract: {name}", name=name), mark="check") if name else None
    wrong = html.p({"class": "error", "key": "error"}, icon("alert"), error) if error and not name else None
    return panel(
        "document_id",
        text("Signed contract"),
        html.p(text("Print the contract, have the user sign it, and hand in the scan.")),
        html.div(
            link_button(
                text("Contract to print (PDF)"),
                f"/app/draft-contracts/{draft.id}",
                mark="download",
                more={"download": ""},
            )
        ),
        html.div({"key": "said", "role": "status"}, said),
        wrong,
        notice(keep.problem.words, tone="danger", mark="alert", live=True) if keep.problem else None,
        contract_upload(text, text("Scan of the signed contract"), f"/app/drafts/{draft.id}/options", stored),
    )
