"""What all open pages of one fleet share until it changes: what it can be filtered by, and how old the list is."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from backend.lines import service as lines
from backend.lines.intake import inventory_sync as refreshing
from backend.lines.schemas import LineFacets, SyncStatus
from frontend.page_context import PageContext
from tenants.scope import Reach, Scope, TenantId

Key = tuple[TenantId, Reach, str]
MOST = 500
# Per fleet: some kilobytes each
MOST_DRAWN = 200


@dataclass(frozen=True, slots=True)
class FleetCache:
    """`drawn` keeps HTML that follows from the rest: it goes when the fleet changes."""

    facets: LineFacets
    snapshot: SyncStatus
    drawn: dict[Hashable, str] = field(default_factory=dict)

    def draw_once(self, key: Hashable, draw: Callable[[], str]) -> str:
        """What `draw` gives, drawn for one page and shared by all."""
        if key not in self.drawn:
            if len(self.drawn) >= MOST_DRAWN:
                self.drawn.clear()
            self.drawn[key] = draw()
        return self.drawn[key]


_kept: "OrderedDict[Key, tuple[FleetCache, Callable[[], None]]]" = OrderedDict()


def _key(page: PageContext) -> Key:
    return (page.actor.tenant_id, page.actor.reach, page.text.language)


def forget_cache(page: PageContext) -> None:
    """Read again at the next asking: this page has just changed something itself."""
    _drop(_key(page))


def _drop(key: Key) -> None:
    if found := _kept.pop(key, None):
        found[1]()


async def cache_of(scope: Scope, page: PageContext) -> FleetCache:
    """Counting over a large fleet costs more than listing a page of it, so the answer is kept until it changes.

    The reach is the scope's, as of now: that of the visit is as old as its socket.
    """
    key = (scope.tenant_id, scope.actor.reach, page.text.language)
    if key in _kept:
        _kept.move_to_end(key)
        return _kept[key][0]
    stale: list[bool] = []

    def changed() -> None:
        stale.append(True)
        _drop(key)

    # Listening starts before reading: a change in between must not leave old counts behind.
    stop = page.services.subscribe(scope.tenant_id, "fleet", changed)
    known = FleetCache(await lines.line_facets(scope), await refreshing.sync_status(scope))
    if stale or key in _kept:
        stop()
    else:
        _kept[key] = (known, stop)
        if len(_kept) > MOST:
            _kept.popitem(last=False)[1][1]()
    return known
