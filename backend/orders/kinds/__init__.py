"""Order kinds: what each request asks, what it changes on a line, and what it costs. One module each.

`plan.py` is what they share. A new kind is a module and a row here; the pipeline asks `KINDS` and names none.
"""

from backend.orders.kinds import change_options
from backend.orders.kinds.plan import Kind

KINDS: dict[str, Kind] = {kind.code: kind for kind in (change_options.KIND,)}
