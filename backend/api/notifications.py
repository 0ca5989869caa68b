"""A member's messages over REST: the same use cases as the portal's page."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from backend.notifications import service
from backend.web.problems import problem_specs
from tenants.scope import Actor


class UnreadNotifications(msgspec.Struct, frozen=True, kw_only=True):
    """How many messages are unread."""

    unread: int


class NotificationsController(Controller):
    """Messages to the member behind the token, as the manager portal shows them."""

    path = "/notifications"
    tags = ("Notifications",)

    @get(responses=problem_specs(400, 401, 403, 422), summary="List my messages, newest first")
    async def list_notifications(
        self,
        actor: NamedDependency[Actor],
        unread: Annotated[bool, QueryParameter(description="Only those that are unread.")] = False,
        page: Annotated[int, QueryParameter(ge=1, le=100_000)] = 1,
        limit: Annotated[int, QueryParameter(ge=1, le=200)] = 50,
    ) -> service.NotificationPage:
        return await service.list_notifications(actor, unread_only=unread, page=page, limit=limit)

    @post(
        "/{notification_id:uuid}/read",
        status_code=200,
        responses=problem_specs(400, 401, 403, 404),
        summary="Mark a message as read",
    )
    async def mark_read(
        self, actor: NamedDependency[Actor], notification_id: FromPath[UUID]
    ) -> service.NotificationView:
        return await service.mark_read(actor, notification_id)

    @post(
        "/read", status_code=200, responses=problem_specs(400, 401, 403), summary="Mark all messages as read"
    )
    async def mark_all_read(self, actor: NamedDependency[Actor]) -> UnreadNotifications:
        await service.mark_all_read(actor)
        return UnreadNotifications(unread=await service.count_unread(actor))
