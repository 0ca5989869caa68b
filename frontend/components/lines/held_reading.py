"""Who decides about a reading of the inventory that is held."""

from backend.core.permissions import Permission
from frontend.page_context import PageContext


def may_decide(page: PageContext) -> bool:
    """Whether the reader may end or keep its lines: only who sees every line decides about all of them."""
    return page.may(Permission.LINES_REFRESH) and page.actor.reach.everything
