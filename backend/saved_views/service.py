"""Use cases of saved views: save the present one, list, open, rename, share, delete.

A shared view is seen by everybody in the company who may see its page, and changed by its owner alone. What it lists
follows from the reach of whoever opens it. A view that a removed member shared stays: anybody who sees it may change it.
"""

from uuid import UUID

import msgspec

from backend.core import clock
from backend.core.errors import Conflict, Forbidden, NotFound, ValidationFailed
from backend.core.ids import new_id
from backend.core.permissions import Permission
from backend.core.use_case import is_allowed, use_case
from backend.lines.service import line_facets
from backend.members.lifecycle import MemberState
from backend.orders.kinds import KINDS
from backend.saved_views.schemas import (
    LARGEST_VIEW,
    MOST_VALUES,
    FleetQuery,
    RequestsQuery,
    SavedViewInfo,
    SavedViewState,
    ViewPage,
    ViewQuery,
    gone_values,
    is_small,
)
from backend.saved_views.tables import SavedView
from backend.saved_views.views import ViewRow, clean_name, name_key, name_taken, view_info
from tenants.scope import Scope

# A member's own, for each page
MOST_OWN = 30
# Own ones and shared ones in a list
LISTED = 200
# What a view of `LARGEST_VIEW` has as JSON at most: a larger one is not even read
LARGEST_TEXT = LARGEST_VIEW + 2000
# Seen: own ones, and those that are shared. Changed: own ones, and shared ones whose owner was removed.
VISIBLE = f"""
SELECT v.id, v.member_id, v.page, v.name, v.shared,
  CASE WHEN octet_length(v.query::text) <= {LARGEST_TEXT} THEN v.query::text END AS query, v.member_id = $1 AS own,
  m.state = '{MemberState.REMOVED}' AS left_behind, m.name AS owner
FROM saved_view v JOIN member m ON m.tenant_id = v.tenant_id AND m.id = v.member_id
WHERE (v.member_id = $1 OR v.shared)
"""
LIST = f"{VISIBLE} AND v.page = $2 ORDER BY v.member_id <> $1, v.name_key, v.id LIMIT $3"
ONE = f"{VISIBLE} AND v.id = $2"
LOCK_OWNER = "SELECT id FROM member WHERE id = $1 FOR NO KEY UPDATE"
COUNT_OWN = "SELECT count(*) FROM saved_view WHERE member_id = $1 AND page = $2"
INSERT = """
INSERT INTO saved_view (id, tenant_id, member_id, page, name, name_key, shared, query, created_at, changed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9) ON CONFLICT (tenant_id, member_id, page, name_key) DO NOTHING RETURNING id
"""
NAME_TAKEN = """
SELECT true FROM saved_view v JOIN saved_view o ON o.tenant_id = v.tenant_id AND o.member_id = v.member_id
  AND o.page = v.page AND o.name_key = $2 AND o.id <> v.id WHERE v.id = $1
"""
CHANGE = "UPDATE saved_view SET name = $2, name_key = $3, shared = $4, changed_at = $5 WHERE id = $1"
PURGE = f"""
DELETE FROM saved_view v USING member m WHERE m.tenant_id = v.tenant_id AND m.id = v.member_id AND NOT v.shared
  AND m.state = '{MemberState.REMOVED}'
"""


def views_topic() -> str:
    """The live topic of the company's saved views."""
    return "saved_views"


@use_case(Permission.LINES_READ, read_only=True)
async def list_views(scope: Scope, page: ViewPage, *, most: int = LISTED) -> list[SavedViewInfo]:
    """The views of a page: the member's own ones by name, then those that others share, `most` of them."""
    _check_page(scope, page)
    rows = await scope.fetch_all(ViewRow, LIST, _member(scope), page, most)
    return [view_info(row) for row in rows]


@use_case(Permission.LINES_READ, read_only=True)
async def get_view(scope: Scope, view_id: UUID) -> SavedViewState:
    """One view, and which of its values do not exist any more. Raises NotFound, also for what is not shared."""
    info = view_info(await _find(scope, view_id))
    if isinstance(info.query, FleetQuery):
        return SavedViewState(view=info, gone=gone_values(info.query.filter, await line_facets(scope)))
    known = info.query is None or not info.query.kind or info.query.kind in KINDS
    return SavedViewState(view=info, gone={} if known or info.query is None else {"kind": [info.query.kind]})


@use_case(Permission.LINES_READ)
async def save_view(scope: Scope, name: str, query: ViewQuery, *, shared: bool = False) -> SavedViewInfo:
    """Save a view under a name of the member's own. Its page number is no part of it.

    Raises ValidationFailed for a wrong name, an unknown kind, and what is too large (`view_too_large`); Conflict
    (`view_name_taken`, `too_many_views`).
    """
    page = ViewPage.FLEET if isinstance(query, FleetQuery) else ViewPage.REQUESTS
    _check_page(scope, page)
    if isinstance(query, RequestsQuery) and query.kind and query.kind not in KINDS:
        raise ValidationFailed(kind="There is no such kind of request.")
    if not is_small(query):
        raise ValidationFailed(
            filter=f"A view holds at most {MOST_VALUES} values and 8 kB. Choose fewer filters, then save it.",
            code="view_too_large",
        )
    name, member_id, now = clean_name(name), _member(scope), clock.now()
    # Two at once are counted one after the other
    await scope.fetch_value(UUID, LOCK_OWNER, member_id)
    if (await scope.fetch_value(int, COUNT_OWN, member_id, page) or 0) >= MOST_OWN:
        raise Conflict(
            f"You have {MOST_OWN} saved views of this page: delete one first.", code="too_many_views"
        )
    body = msgspec.json.encode(query).decode()
    values = (new_id(), scope.tenant_id, member_id, page, name, name_key(name), shared, body, now)
    view_id = await scope.fetch_value(UUID, INSERT, *values)
    if view_id is None:
        raise name_taken()
    scope.invalidate(views_topic())
    return view_info(await _find(scope, view_id))


@use_case(Permission.LINES_READ)
async def change_view(scope: Scope, view_id: UUID, *, name: str, shared: bool) -> SavedViewInfo:
    """Rename a view, share it or keep it to oneself again.

    Raises NotFound, Forbidden for somebody else's, ValidationFailed for a wrong name, Conflict (`view_name_taken`).
    """
    row = await _own(scope, view_id)
    name = clean_name(name)
    await scope.fetch_value(UUID, LOCK_OWNER, row.member_id)
    if await scope.fetch_value(bool, NAME_TAKEN, view_id, name_key(name)):
        raise name_taken()
    # What a removed member left can be seen only while it is shared
    shared = shared or row.left_behind
    await scope.execute(CHANGE, view_id, name, name_key(name), shared, clock.now())
    scope.invalidate(views_topic())
    return view_info(await _find(scope, view_id))


@use_case(Permission.LINES_READ)
async def delete_view(scope: Scope, view_id: UUID) -> None:
    """Delete a view, for everybody where it was shared. Raises NotFound, and Forbidden for somebody else's."""
    await _own(scope, view_id)
    await SavedView.delete().where(SavedView.id == view_id)
    scope.invalidate(views_topic())


@use_case(Permission.SYSTEM)
async def purge_views(scope: Scope) -> None:
    """Delete what removed members did not share. A periodic task calls this for each tenant."""
    await scope.execute(PURGE)


def _member(scope: Scope) -> UUID:
    """Whose views. Raises Forbidden where no member acts."""
    if scope.actor.member_id is None:
        raise Forbidden
    return scope.actor.member_id


def _check_page(scope: Scope, page: ViewPage) -> None:
    """Raise Forbidden where the member may not see the page itself."""
    if page is ViewPage.REQUESTS and not is_allowed(scope.actor, Permission.ORDERS_READ):
        raise Forbidden


async def _find(scope: Scope, view_id: UUID) -> ViewRow:
    found = await scope.fetch_one(ViewRow, ONE, _member(scope), view_id)
    if found is None:
        raise NotFound
    _check_page(scope, ViewPage(found.page))
    return found


async def _own(scope: Scope, view_id: UUID) -> ViewRow:
    """A view that the actor may change. Raises NotFound for one that the actor does not see, else Forbidden."""
    found = await _find(scope, view_id)
    if not (found.own or found.left_behind):
        raise Forbidden("Only the member who saved this view may change it.", code="view_of_another")
    return found
