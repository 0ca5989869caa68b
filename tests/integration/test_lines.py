from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest

from backend.core import clock
from backend.core.errors import Forbidden, NotFound, ReauthenticationRequired, ValidationFailed
from backend.core.secrets import DecryptionError
from backend.lines.queries import count_lines, line_filter, one_line_filter
from backend.lines.schemas import LineFilter, Sort
from backend.lines.service import get_line, line_facets, line_history, list_lines, selection_summary, summary
from backend.lines.sims.codes import reveal_puk
from tenants.scope import Reach
from tenants.transaction import open_scope
from tests.support.factories import make_account, make_customer, make_lines, make_member

NAMES = ["Élodie|Anne", "Zola|Bert", "Benali|Karim", "De Smet|An"]


async def test_list_is_sorted_by_name_without_accents_and_counted() -> None:
    customer = await make_customer()
    await make_lines(customer, 4, names=NAMES)
    page = await list_lines(customer.manager, LineFilter())
    assert [line.name for line in page.items] == [
        "Benali, Karim",
        "De Smet, An",
        "Élodie, Anne",
        "Zola, Bert",
    ]
    assert page.total == 4
    assert page.next is None


async def test_every_sort_pages_through_all_lines_once_by_cursor_and_by_number() -> None:
    customer = await make_customer(lines=23)
    for sort in Sort:
        for descending in (False, True):
            seen, after = [], ""
            while True:
                page = await list_lines(
                    customer.manager, LineFilter(), sort=sort, descending=descending, after=after, limit=5
                )
                seen += [line.id for line in page.items]
                if not page.next:
                    break
                after = page.next
            numbered = [
                line.id
                for number in range(1, 6)
                for line in (
                    await list_lines(
                        customer.manager, LineFilter(), sort=sort, descending=descending, page=number, limit=5
                    )
                ).items
            ]
            assert seen == numbered
            assert len(set(seen)) == 23


@pytest.mark.parametrize(
    "spelling",
    ["{national}", "{spaced}", "{international}", "0032{rest}", "{last}", "+32 {rest}", "{dotted}"],
)
async def test_number_is_found_in_any_usual_spelling(spelling: str) -> None:
    customer = await make_customer(lines=3)
    line = (await customer.lines())[1]
    rest = line.msisdn[3:]
    texts = spelling.format(
        national=f"0{rest}",
        spaced=f"0{rest[:3]} {rest[3:5]} {rest[5:7]} {rest[7:]}",
        international=line.msisdn,
        rest=rest,
        last=rest[-4:],
        dotted=f"0{rest[:3]}/{rest[3:5]}.{rest[5:7]}.{rest[7:]}",
    )
    found = await list_lines(customer.manager, LineFilter(search=texts))
    assert line.id in {one.id for one in found.items}
    assert found.total < 3 or spelling == "{last}"


async def test_search_by_name_parts_sim_and_customer_number_from_the_third_character() -> None:
    customer = await make_customer()
    await make_lines(customer, 4, names=NAMES)
    everyone = await customer.lines()
    karim = next(line for line in everyone if "Karim" in line.name)
    for texts in ("karim benali", "Benali, K", "BENALI", karim.sim_number, karim.sim_number[-6:]):
        assert [line.id for line in (await list_lines(customer.manager, LineFilter(search=texts))).items] == [
            karim.id
        ]
    for short in ("ka", "N/A", "李", "---", "  "):
        with pytest.raises(ValidationFailed) as refused:
            await list_lines(customer.manager, LineFilter(search=short))
        assert refused.value.code == "search_too_short"
    assert (await list_lines(customer.manager, LineFilter(search="éLODIE"))).total == 1
    assert (await list_lines(customer.manager, LineFilter(search="100%_"))).total == 0
    account = karim.billing_account
    expected = sum(line.billing_account == account for line in everyone)
    assert (await list_lines(customer.manager, LineFilter(search=account))).total == expected


async def test_filters_narrow_and_their_values_are_alternatives() -> None:
    customer = await make_customer()
    await make_lines(customer, 3)
    await make_lines(customer, 2, status="suspended")
    assert (await list_lines(customer.manager, LineFilter(status=("suspended",)))).total == 2
    assert (await list_lines(customer.manager, LineFilter(status=("suspended", "active")))).total == 5
    assert (await list_lines(customer.manager, LineFilter(status=("terminated",)))).total == 0
    assert (await list_lines(customer.manager, LineFilter(product_type=("data_only",)))).total == 0
    facets = await line_facets(customer.manager)
    assert {facet.value: facet.count for facet in facets.status} == {"active": 3, "suspended": 2}
    assert facets.total == 5
    counted = await selection_summary(
        customer.manager, LineFilter(), product_type="voice_data", status="active"
    )
    assert counted.count == 3
    assert (await summary(customer.manager)).by_status == {"active": 3, "suspended": 2}


async def test_another_tenants_line_is_a_missing_line() -> None:
    ours, theirs = await make_customer(lines=2), await make_customer(lines=2)
    foreign = (await theirs.lines())[0]
    answers = []
    for line_id in (foreign.id, uuid4()):
        for use_case in (get_line, reveal_puk, line_history):
            with pytest.raises(NotFound) as refusal:
                await use_case(ours.manager, line_id)
            answers.append((refusal.value.code, refusal.value.message))
    assert len(set(answers)) == 1
    assert (await list_lines(ours.manager, LineFilter(search=foreign.msisdn))).total == 0


async def test_reach_limits_list_total_facets_and_single_lines() -> None:
    customer = await make_customer()
    first, second = list(customer.accounts)
    await make_lines(customer, 3, account=first)
    await make_lines(customer, 2, account=second)
    member = await make_member(
        customer.tenant_id, reach=Reach(billing_accounts=frozenset({customer.accounts[second]}))
    )
    page = await list_lines(member, LineFilter())
    assert page.total == 2
    assert {line.billing_account for line in page.items} == {second}
    assert (await line_facets(member)).total == 2
    outside = (await list_lines(customer.manager, LineFilter(account=(first,)))).items[0]
    with pytest.raises(NotFound):
        await get_line(member, outside.id)


async def test_an_end_user_reaches_the_own_lines_and_without_a_link_none() -> None:
    customer = await make_customer(lines=3)
    own, other, _ = await customer.lines()
    async with open_scope(customer.system) as scope:
        user = await scope.connection.fetchval("SELECT end_user_id FROM line WHERE id = $1", own.id)
    person = await make_member(customer.tenant_id, roles=frozenset({"end_user"}))
    for end_user_id, lines in ((user, 1), (None, 0)):
        async with open_scope(replace(person, end_user_id=end_user_id)) as scope:
            assert await count_lines(scope, line_filter(scope.actor, LineFilter())) == lines
            assert await count_lines(scope, one_line_filter(scope, own.id)) == lines
            assert await count_lines(scope, one_line_filter(scope, other.id)) == 0


async def test_roles_without_the_right_are_refused() -> None:
    customer = await make_customer(lines=1)
    for role in ("invoice_reader", "end_user"):
        with pytest.raises(Forbidden):
            await list_lines(await make_member(customer.tenant_id, roles=frozenset({role})), LineFilter())


async def test_a_bad_page_size_cursor_or_page_is_refused() -> None:
    customer = await make_customer(lines=1)
    for wrong in ({"limit": 0}, {"limit": 501}, {"page": 0}, {"after": "nonsense"}, {"after": "W10"}):
        with pytest.raises(ValidationFailed):
            await list_lines(customer.manager, LineFilter(), **wrong)


async def test_puk_is_sealed_at_rest_shown_once_fresh_and_audited(database) -> None:  # noqa: ANN001
    customer = await make_customer()
    await make_lines(customer, 1, puk="12345678")
    line = (await customer.lines())[0]
    for signed_in_at in (None, clock.now() - timedelta(minutes=6)):
        with pytest.raises(ReauthenticationRequired):
            await reveal_puk(replace(customer.manager, signed_in_at=signed_in_at), line.id)
    assert await reveal_puk(customer.manager, line.id) == "12345678"
    connection = await asyncpg.connect(database.superuser_url)
    sealed = await connection.fetchval("SELECT puk_sealed FROM line")
    audited = await connection.fetch("SELECT actor_id FROM audit_event WHERE action = 'puk.shown'")
    await connection.close()
    assert b"12345678" not in sealed
    assert [row["actor_id"] for row in audited] == [customer.manager.member_id]
    assert [entry.code for entry in await line_history(customer.manager, line.id)] == ["puk.shown"]


async def test_an_invoice_only_customer_number_carries_no_lines() -> None:
    customer = await make_customer()
    await make_account(customer, "6999999-00", kind="invoice_only")
    with pytest.raises(AssertionError, match="invoicing only"):
        await make_lines(customer, 1, account="6999999-00")


async def test_the_last_digits_may_begin_with_zeros() -> None:
    """Not an international prefix: "0051" is how 0470 10 00 51 ends."""
    customer = await make_customer()
    await make_lines(customer, 2)
    line = (await customer.lines())[0]
    for ending in ("0051", "00 51", "005"):
        found = await list_lines(customer.manager, LineFilter(search=ending))
        assert found.total == sum(ending.replace(" ", "") in one.msisdn for one in await customer.lines())
    assert (await list_lines(customer.manager, LineFilter(search="00" + line.msisdn[1:]))).total == 1


async def test_a_puk_that_was_sealed_for_another_line_does_not_open(database) -> None:  # noqa: ANN001
    customer = await make_customer()
    await make_lines(customer, 2, puk="12345678")
    one, other = await customer.lines()
    connection = await asyncpg.connect(database.superuser_url)
    await connection.execute(
        "UPDATE line SET puk_sealed = (SELECT puk_sealed FROM line WHERE id = $1) WHERE id = $2",
        one.id,
        other.id,
    )
    await connection.close()
    with pytest.raises(DecryptionError):
        await reveal_puk(customer.manager, other.id)
    assert await reveal_puk(customer.manager, one.id) == "12345678"
