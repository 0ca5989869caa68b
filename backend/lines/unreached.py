"""Lines whose user the last message could not reach: the mail server or the SMS gateway refused it for good.

It counts for the present address of the user, or for the line's number where the user has no address. It is over when
the address is corrected, or when a later message to it is taken.
"""

from uuid import UUID

import msgspec

from backend.core.permissions import Permission
from backend.core.use_case import use_case
from backend.lines.lifecycle import IN_FLEET
from backend.lines.queries import SqlFilter, add_reach
from backend.notifications.content import Channel
from tenants.scope import Scope

# Of `notification n`: as the partial index `notification_refused` has it
REFUSED = "n.refused IS NOT NULL AND n.superseded_at IS NULL"
# Of `line l` and its `end_user u`: the way of the last message, where it was refused, else ''. The index answers
# it only in its own collation, which is not that of `line.msisdn`.
REFUSED_CHANNEL = f"""
coalesce((SELECT n.channel FROM notification n WHERE n.tenant_id = l.tenant_id AND {REFUSED}
  AND n.recipient IN (u.email, l.msisdn COLLATE "default") AND (n.channel = '{Channel.MAIL}' OR u.email = '') LIMIT 1), '')
"""
UNREACHED = """
WITH refused AS MATERIALIZED (SELECT DISTINCT n.channel, n.recipient FROM notification n WHERE {refused})
SELECT l.id, l.msisdn, l.name, r.channel, r.recipient, count(*) OVER () AS total
FROM refused r JOIN LATERAL (
  SELECT l.id, l.msisdn, l.name, l.name_key FROM end_user u
  JOIN line l ON l.tenant_id = u.tenant_id AND l.end_user_id = u.id
  WHERE r.channel = '{mail}' AND u.email = r.recipient AND u.email <> '' AND {where}
  UNION ALL SELECT l.id, l.msisdn, l.name, l.name_key FROM line l
  JOIN end_user u ON u.tenant_id = l.tenant_id AND u.id = l.end_user_id
  WHERE r.channel = '{sms}' AND l.msisdn = r.recipient AND u.email = '' AND {where}
) l ON true ORDER BY l.name_key, l.id LIMIT {limit:d}
"""
SHOWN = 5


class UnreachedLine(msgspec.Struct, frozen=True):
    """A line whose user the last message could not reach; `channel` is mail or sms, `recipient` where it went."""

    id: UUID
    msisdn: str
    name: str
    channel: str
    recipient: str


class UnreachedRow(UnreachedLine, frozen=True):
    """The same with the number of all."""

    total: int


class UnreachedLines(msgspec.Struct, frozen=True, kw_only=True):
    """The first of the lines whose users could not be reached, and how many there are."""

    first: list[UnreachedLine]
    total: int


@use_case(Permission.ORDERS_PLACE, read_only=True)
async def unreached_lines(scope: Scope) -> UnreachedLines:
    """The lines in the fleet, within reach, whose user the last message could not reach: for who may correct it."""
    where = SqlFilter()
    where.add("l.status = ANY({0}::text[])", list(IN_FLEET))
    add_reach(scope.actor, where)
    query = UNREACHED.format(
        refused=REFUSED, mail=Channel.MAIL, sms=Channel.SMS, where=where.sql, limit=SHOWN
    )
    rows = await scope.fetch_all(UnreachedRow, query, *where.values)
    return UnreachedLines(
        first=[UnreachedLine(row.id, row.msisdn, row.name, row.channel, row.recipient) for row in rows],
        total=rows[0].total if rows else 0,
    )
