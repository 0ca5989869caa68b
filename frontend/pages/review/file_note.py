"""Above check answers of a request from a file: which file it is, and how many of its rows are left out."""

from uuid import UUID

from reactpy import html
from reactpy.types import VdomDict

from backend.bulk import service as bulk
from backend.core.formats import labelled
from frontend.components.bulk_labels import left_out_words
from frontend.elements import notice
from frontend.hooks import component, use_page
from frontend.queries import use_query


@component
def FileNote(upload_id: UUID) -> VdomDict | None:
    """Nothing until the file is read, and where it cannot be."""
    text = use_page().text
    file = use_query(bulk.get_upload, upload_id).data
    if file is None:
        return None
    left = left_out_words(text, file.skipped)
    link = html.a({"href": f"/app/bulk/{file.id}"}, file.file_name or text("Your file"))
    return html.div(
        {"class": "before-columns"},
        notice(
            labelled(text.language, text("File"), ""),
            link,
            f". {left}" if left else "",
            tone="attention" if left else "",
            mark="alert" if left else "info",
        ),
    )
