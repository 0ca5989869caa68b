"""Bearer tokens for /api/v1: hashed, bound to a member and that member's rights, revocable at once.

Authenticating costs no query while a token is in use: the actor is remembered here, and the statement that opens
each scope refuses it as soon as the token is revoked or the member's row has changed (`check_actor`).
"""

import time
from collections import OrderedDict
from uuid import UUID

import msgspec

from backend.core import audit, clock
from backend.core.errors import Forbidden, NotFound
from backend.core.ids import new_id
from backend.core.permissions import Permission
from backend.core.secrets import new_token, token_hash
from backend.core.use_case import use_case
from backend.members.actors import read_actor
from backend.members.lifecycle import LONGEST_TOKEN, NOTE_USE_EVERY, MemberState, token_life
from backend.members.schemas import TokenInfo
from backend.members.tables import ApiToken, Member
from tenants.directory import find_token
from tenants.scope import Actor, Scope

# Lets scanners find a token that leaked
PREFIX = "flt_"
REMEMBERED = 10_000
LONGEST_LABEL = 100
# Revoking twice keeps the first instant.
REVOKE = """
UPDATE api_token SET revoked_at = coalesce(revoked_at, now()) WHERE id = $1 RETURNING revoked_at = now() AS revoked_now
"""
REVOKE_ALL = (
    "UPDATE api_token SET revoked_at = now() WHERE member_id = $1 AND revoked_at IS NULL RETURNING id"
)
LIST = """
SELECT k.id, k.label, m.name AS member, k.created_at, k.expires_at, k.last_used_at, k.revoked_at
FROM api_token k JOIN member m ON m.tenant_id = k.tenant_id AND m.id = k.member_id ORDER BY k.id DESC LIMIT $1
"""
LIST_OWN = """
SELECT k.id, k.label, m.name AS member, k.created_at, k.expires_at, k.last_used_at, k.revoked_at
FROM api_token k JOIN member m ON m.tenant_id = k.tenant_id AND m.id = k.member_id
WHERE k.member_id = $1 AND k.revoked_at IS NULL AND k.expires_at > now() ORDER BY k.id DESC LIMIT $2
"""
LISTED = 1000


class Revocation(msgspec.Struct, frozen=True):
    """Whether a token was revoked just now, and not before."""

    revoked_now: bool


class TokenKey(msgspec.Struct, frozen=True):
    """The id of a token."""

    id: UUID


class TokenOwner(msgspec.Struct, frozen=True):
    """The member whose token it is."""

    member_id: UUID


class TokenCache:
    """The actors of tokens in use, each read again once a minute so that its use is noted."""

    def __init__(self) -> None:
        self._actors: OrderedDict[bytes, tuple[float, Actor]] = OrderedDict()

    def get(self, key: bytes) -> Actor | None:
        """The actor behind a token's hash, where it was read within the last minute."""
        read_at, actor = self._actors.get(key, (0.0, None))
        if actor is None or time.monotonic() - read_at > NOTE_USE_EVERY.total_seconds():
            return None
        self._actors.move_to_end(key)
        return actor

    def put(self, key: bytes, actor: Actor | None) -> None:
        """Remember an actor; None: forget the token."""
        self._actors.pop(key, None)
        if actor:
            self._actors[key] = (time.monotonic(), actor)
        while len(self._actors) > REMEMBERED:
            self._actors.popitem(last=False)


_remembered = TokenCache()


async def authenticate_token(bearer: str) -> Actor | None:
    """Who acts through this bearer token; None for one that is unknown or revoked.

    The answer may be a minute old. What decides is the scope that every use case opens: where it refuses an old
    answer, the use case goes on with the present rights, or raises NotAuthenticated.
    """
    if not bearer.startswith(PREFIX):
        return None
    key = token_hash(bearer)
    if actor := _remembered.get(key):
        return actor
    found = await find_token(key)
    actor = await read_actor(found.tenant_id, token_id=found.id) if found else None
    _remembered.put(key, actor)
    return actor


@use_case(Permission.TOKENS_MANAGE)
async def create_token(
    scope: Scope, member_id: UUID, label: str = "", *, days: int = LONGEST_TOKEN.days
) -> str:
    """A bearer token that acts as the member; shown once. People make tokens for themselves only.

    It ends by itself after so many days, at most 365. Raises NotFound for a member who is not active, Forbidden for
    somebody else's, ValidationFailed for a number of days that is not allowed.
    """
    life = token_life(days)
    if not scope.actor.system and scope.actor.member_id != member_id:
        raise Forbidden
    active = (Member.id == member_id) & (Member.state == MemberState.ACTIVE)
    if not await Member.exists().where(active):
        raise NotFound
    token, token_id, label = new_token(PREFIX), new_id(), label.strip()[:LONGEST_LABEL]
    now = clock.now()
    await ApiToken.insert(
        ApiToken(
            id=token_id,
            tenant_id=scope.tenant_id,
            token_hash=token_hash(token),
            member_id=member_id,
            label=label,
            created_at=now,
            expires_at=now + life,
        )
    )
    await audit.record(scope, "token.created", "token", token_id, member=member_id, label=label)
    return token


@use_case(Permission.TOKENS_MANAGE)
async def revoke_token(scope: Scope, token_id: UUID) -> None:
    """Revoke a token: no process serves a request with it any more. Raises NotFound where there is none."""
    await _revoke(scope, token_id)


async def _revoke(scope: Scope, token_id: UUID) -> None:
    found = await scope.fetch_one(Revocation, REVOKE, token_id)
    if found is None:
        raise NotFound
    if found.revoked_now:
        await audit.record(scope, "token.revoked", "token", token_id)


@use_case(Permission.MEMBERS_MANAGE)
async def revoke_tokens_of(scope: Scope, member_id: UUID) -> int:
    """Revoke every token of a member, as after a change of password or a block; how many there were."""
    revoked = await scope.fetch_all(TokenKey, REVOKE_ALL, member_id)
    if revoked:
        await audit.record(scope, "token.all_revoked", "member", member_id, tokens=len(revoked))
    return len(revoked)


@use_case(Permission.SELF)
async def revoke_own_token(scope: Scope, token_id: UUID) -> None:
    """Revoke a token of one's own. Raises NotFound for any other."""
    owner = await scope.select_one(TokenOwner, ApiToken, ApiToken.id == token_id)
    if owner is None or owner.member_id != scope.actor.member_id:
        raise NotFound
    await _revoke(scope, token_id)
    scope.invalidate(token_topic(owner.member_id))


def token_topic(member_id: UUID) -> str:
    """The live topic of the tokens of a member."""
    return f"tokens:{member_id}"


@use_case(Permission.TOKENS_MANAGE, read_only=True)
async def list_tokens(scope: Scope) -> list[TokenInfo]:
    """The tokens of the company with their last use, the newest first, a thousand at most."""
    return await scope.fetch_all(TokenInfo, LIST, LISTED)


@use_case(Permission.SELF, read_only=True)
async def list_own_tokens(scope: Scope) -> list[TokenInfo]:
    """The tokens of the member who asks that still work, the newest first, a thousand at most."""
    return await scope.fetch_all(TokenInfo, LIST_OWN, scope.actor.member_id, LISTED)
