"""Views of the fleet and of the requests that members saved under a name."""

from piccolo.columns import JSONB, UUID, Boolean, Text, Timestamptz
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from backend.saved_views.schemas import ViewPage
from tenants.checks import one_of


class SavedView(Table):
    """A filter, a search and an order under a name. The name is its owner's own, once for each page."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    # The owner
    member_id = UUID(default=None)
    page = Text()
    name = Text()
    # Casefolded: what may be there once
    name_key = Text()
    # Whether the company's other members see it
    shared = Boolean(default=False)
    # A `ViewQuery`
    query = JSONB()
    created_at = Timestamptz()
    changed_at = Timestamptz()

    saved_view_tenant_id_id_key = Unique(["tenant_id", "id"])
    saved_view_name_key = Unique(["tenant_id", "member_id", "page", "name_key"])
    saved_view_page_check = one_of("page", ViewPage)
    saved_view_name_check = Check("name <> ''")
