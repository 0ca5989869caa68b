"""Links between the people who use lines and those who sign in."""

from backend.core import audit
from backend.core.errors import NotFound
from backend.core.ids import MemberId
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from tenants.scope import Scope


@use_case(Permission.MEMBERS_MANAGE)
async def link_end_user(scope: Scope, *, member_id: MemberId, msisdn: str) -> None:
    """Let a member see the line of this number in the user portal. Raises NotFound for an unknown one."""
    user_id = await scope.connection.fetchval(
        "UPDATE end_user u SET member_id = $1 FROM line l WHERE l.tenant_id = u.tenant_id AND l.end_user_id = u.id"
        " AND l.msisdn = $2 AND EXISTS (SELECT FROM member m WHERE m.id = $1) RETURNING u.id",
        member_id,
        msisdn,
    )
    if user_id is None:
        raise NotFound
    await audit.record(scope, "end_user.linked", "member", member_id)
