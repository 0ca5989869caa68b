"""What all open pages of one fleet share until it changes: what it can be filtered by, and how old the list is."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from backend.lines import refresh as refreshing
from backend.lines import service as lines
from backend.lines.schemas import LineFacets, Snapshot
from frontend.visit import Visit
from tenants.scope import Reach, TenantId

Key = tuple[TenantId, Reach, str]
MOST = 500
MOST_DRAWN = 200  # per fleet: some kilobytes each


@dataclass(frozen=True, slots=True)
class Known:
    """`drawn` keeps HTML that follows from the rest: it goes when the fleet changes."""

    facets: LineFacets
    snapshot: Snapshot
    drawn: dict[Hashable, str] = field(default_factory=dict)

    def draw_once(self, key: Hashable, draw: Callable[[], str]) -> str:
        """What `draw` gives, drawn for one page and shared by all."""
        if key not in self.drawn:
            if len(self.drawn) >= MOST_DRAWN:
                self.drawn.clear()
            self.drawn[key] = draw()
        return self.drawn[key]


_kept: "OrderedDict[Key, tuple[Known, Callable[[], None]]]" = OrderedDict()


def _key(visit: Visit) -> Key:
    return (visit.actor.tenant_id, visit.actor.reach, visit.text.language)


def forget(visit: Visit) -> None:
    """Read again at the next asking: this page has just changed something itself."""
    _drop(_key(visit))


def _drop(key: Key) -> None:
    if found := _kept.pop(key, None):
        found[1]()


async def known_of(visit: Visit) -> Known:
    """Counting over a large fleet costs more than listing a page of it, so the answer is kept until it changes."""
    key = _key(visit)
    if key in _kept:
        _kept.move_to_end(key)
        return _kept[key][0]
    stale: list[bool] = []

    def changed() -> None:
        stale.append(True)
        _drop(key)

    # Listening starts before reading: a change in between must not leave old counts behind.
    stop = visit.doors.subscribe(visit.actor.tenant_id, "fleet", changed)
    known = Known(await lines.line_facets(visit.actor), await refreshing.snapshot(visit.actor))
    if stale or key in _kept:
        stop()
    else:
        _kept[key] = (known, stop)
        if len(_kept) > MOST:
            _kept.popitem(last=False)[1][1]()
    return known
