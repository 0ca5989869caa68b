"""Typed rows: what a scope reads, by SQL and by table class, and the tenant of the scope."""

from uuid import UUID

import msgspec
import pytest

from tenants.scope import Actor
from tenants.tables import Tenant
from tenants.tenant_info import tenant_info
from tenants.transaction import open_scope
from tests.support.database import TestDatabase
from tests.support.factories import make_customer


class TenantName(msgspec.Struct, frozen=True):
    id: UUID
    name: str


class Wrong(msgspec.Struct, frozen=True):
    nonsense: str


async def test_rows_by_sql_and_by_table_class_are_the_same(database: TestDatabase) -> None:
    customer, other = await make_customer(), await make_customer()
    async with open_scope(Actor(customer.tenant_id)) as scope:
        by_sql = await scope.fetch_one(TenantName, "SELECT id, name FROM tenant")
        by_class = await scope.select_one(TenantName, Tenant, Tenant.id == customer.tenant_id)
        assert by_sql == by_class is not None
        assert await scope.select_all(TenantName, Tenant) == [by_sql]  # the other tenant's row is not visible
        assert await scope.select_one(TenantName, Tenant, Tenant.id == other.tenant_id) is None
        assert (
            await scope.select_one(TenantName, Tenant, Tenant.id == customer.tenant_id, lock=True) == by_sql
        )
        assert await scope.fetch_value(str, "SELECT slug FROM tenant") == customer.slug
        with pytest.raises(ValueError, match="nonsense"):
            await scope.select_all(Wrong, Tenant)


async def test_the_tenant_is_read_once_a_transaction(database: TestDatabase) -> None:
    customer = await make_customer()
    async with open_scope(Actor(customer.tenant_id)) as scope:
        first = await tenant_info(scope)
        assert (first.slug, first.carrier) == (customer.slug, customer.carrier)
        assert await tenant_info(scope) is first


async def test_a_write_gives_the_rows_that_it_met() -> None:
    customer, other = await make_customer(), await make_customer()
    async with open_scope(Actor(customer.tenant_id)) as scope:
        for tenant_id, met in ((other.tenant_id, []), (customer.tenant_id, [customer.tenant_id])):
            renamed = Tenant.update({Tenant.name: "New"}).where(Tenant.id == tenant_id)
            assert await scope.change_all(TenantName, renamed) == [TenantName(one, "New") for one in met]
