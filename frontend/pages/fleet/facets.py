"""What the fleet can be filtered by, counted once per change of the fleet and shared by all its open pages."""

from collections import OrderedDict
from collections.abc import Callable

from backend.lines import service as lines
from backend.lines.schemas import LineFacets
from frontend.visit import Visit
from tenants.scope import Reach, Scope, TenantId

Key = tuple[TenantId, Reach, str]
MOST = 500

_kept: "OrderedDict[Key, tuple[LineFacets, Callable[[], None]]]" = OrderedDict()


async def facets_of(scope: Scope, visit: Visit) -> LineFacets:
    """Counting over a large fleet costs more than listing a page of it, so the counts are kept until it changes.

    The reach is the scope's, as of now: that of the visit is as old as its socket.
    """
    key = (scope.tenant_id, scope.actor.reach, visit.text.language)
    if key in _kept:
        _kept.move_to_end(key)
        return _kept[key][0]
    stale: list[bool] = []

    def forget() -> None:
        stale.append(True)
        if found := _kept.pop(key, None):
            found[1]()

    # Listening starts before reading: a change in between must not leave old counts behind.
    stop = visit.doors.subscribe(scope.tenant_id, "fleet", forget)
    facets = await lines.line_facets(scope)
    if stale or key in _kept:
        stop()
    else:
        _kept[key] = (facets, stop)
        if len(_kept) > MOST:
            _kept.popitem(last=False)[1][1]()
    return facets
