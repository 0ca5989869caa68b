"""What was asked and is not done: said before sending, on the request, in lists, in mails and over REST."""

from datetime import timedelta

from backend.api.orders import OrderResponse
from backend.catalog.catalogue import Catalogue, catalogue_of
from backend.catalog.identifiers import format_msisdn
from backend.catalog.rules import option_allowed
from backend.core import clock
from backend.lines.service import get_line
from backend.orders.changes.cancellation import cancel_order
from backend.orders.changes.scheduling import reschedule_order
from backend.orders.kinds.change_options import ChangeOptions
from backend.orders.kinds.change_plan import ChangePlan
from backend.orders.kinds.suspend import Suspend
from backend.orders.lifecycle import ItemState, OrderState
from backend.orders.outcome import OrderOutcome, OutcomeCode, PartCode
from backend.orders.placement.place import place_order, preview_order
from backend.orders.service import list_orders
from backend.orders.texts import KindTexts
from tenants.transaction import open_scope
from tests.support.database import TestDatabase
from tests.support.factories import Customer, make_customer, make_lines, make_member
from tests.support.jobs import drain
from tests.support.order_steps import carry_out, load_lines_at_carrier
from tests.support.sandbox import Sandbox


async def with_options(sandbox: Sandbox, *options: str, lines: int = 1) -> Customer:
    customer = await make_customer()
    await make_lines(customer, lines, options=list(options))
    await load_lines_at_carrier(customer, sandbox)
    return customer


async def test_a_cap_takes_the_place_of_the_present_one(sandbox: Sandbox, database: TestDatabase) -> None:
    customer = await with_options(sandbox, "roaming-cap-250", "sms-unlimited")
    [line] = await customer.lines()
    request = ChangeOptions(line_ids=(line.id,), add=("roaming-cap-50",), request_key="k")
    preview = await preview_order(customer.manager, request)
    assert preview.missing == 0
    assert preview.items[0].change == {
        "add": ["roaming-cap-50"],
        "remove": ["roaming-cap-250"],
        "cap_cents": 5000,
    }
    done = await carry_out(customer, database, (await place_order(customer.manager, request)).reference)
    assert (done.state, done.outcome.code) == (OrderState.COMPLETED, OutcomeCode.DONE)
    now = await get_line(customer.manager, line.id)
    assert (sorted(now.options), now.roaming_cap_cents) == (["roaming-cap-50", "sms-unlimited"], 5000)


async def test_a_wish_that_is_left_out_is_said_everywhere(sandbox: Sandbox, database: TestDatabase) -> None:
    customer = await with_options(sandbox, "data-20gb", lines=2)
    ids = tuple(line.id for line in await customer.lines())
    request = ChangeOptions(line_ids=ids, add=("data-5gb", "sms-unlimited"), request_key="k")
    preview = await preview_order(customer.manager, request)
    assert preview.missing == 2
    assert [(one.reason, one.wishes) for one in preview.left_out] == [("option_conflict", 2)]
    assert all(item.left_out == {"data-5gb": "option_conflict"} for item in preview.items)
    placed = await place_order(customer.manager, request)
    done = await carry_out(customer, database, placed.reference)
    assert done.state is OrderState.COMPLETED
    assert (done.outcome.code, done.outcome.complete, done.outcome.missing) == ("done_except", False, 2)
    parts = {part.code: (part.count, part.reason) for part in done.outcome.parts}
    assert parts == {PartCode.LEFT_OUT: (2, "option_conflict"), PartCode.DONE: (2, "")}
    assert all("Data +5 GB" in item.noted[0] for item in done.items)
    answer = OrderResponse.of(done)
    assert (answer.outcome, answer.items[0].left_out) == (done.outcome, {"data-5gb": "option_conflict"})
    [listed] = await list_orders(customer.manager)
    assert (listed.outcome.code, listed.outcome.missing) == ("done_except", 2)
    mails = sandbox.mails(customer.manager.email)
    assert len(mails) == 2
    for mail in mails:
        assert "2 things were left out" in mail["text"]
        assert "Left out: Data +5 GB" in mail["text"]
        assert "everything you asked for" not in mail["text"]
    assert "but not all of it" in mails[0]["text"]


async def test_a_line_that_is_already_so_is_not_missing(sandbox: Sandbox, database: TestDatabase) -> None:
    customer = await with_options(sandbox, "sms-unlimited")
    await make_lines(customer, 1)
    await load_lines_at_carrier(customer, sandbox)
    ids = tuple(line.id for line in await customer.lines())
    request = ChangeOptions(line_ids=ids, add=("sms-unlimited",), request_key="k")
    done = await carry_out(customer, database, (await place_order(customer.manager, request)).reference)
    assert {item.state for item in done.items} == {ItemState.DONE, ItemState.SKIPPED}
    assert done.outcome.complete
    assert {part.code for part in done.outcome.parts} == {PartCode.DONE, PartCode.ALREADY}


async def test_a_line_on_which_nothing_is_done_is_missing(sandbox: Sandbox, database: TestDatabase) -> None:
    customer = await with_options(sandbox, "data-20gb")
    await make_lines(customer, 1)
    await load_lines_at_carrier(customer, sandbox)
    ids = tuple(line.id for line in await customer.lines())
    request = ChangeOptions(line_ids=ids, add=("data-5gb",), request_key="k")
    done = await carry_out(customer, database, (await place_order(customer.manager, request)).reference)
    assert (done.outcome.code, done.outcome.missing) == ("done_except", 1)
    assert {part.code for part in done.outcome.parts} == {PartCode.DONE, PartCode.SKIPPED}


async def test_a_failed_suspension_says_that_the_number_still_works(
    sandbox: Sandbox, database: TestDatabase
) -> None:
    customer = await with_options(sandbox)
    [line] = await customer.lines()
    sandbox.behave("mandarine", outcome="failed", message="Line busy")
    placed = await place_order(
        customer.manager, Suspend(line_ids=(line.id,), reason="absence", request_key="k")
    )
    done = await carry_out(customer, database, placed.reference)
    assert done.outcome.code in {OutcomeCode.FAILED, OutcomeCode.REFUSED}
    number = format_msisdn(line.msisdn)
    assert (
        f"{number} is not suspended and can still be used" in sandbox.mails(customer.manager.email)[0]["text"]
    )
    assert done.msisdn == line.msisdn
    catalogue = await catalogue_with(customer)
    for language, words in {
        "en": f"Your request failed: {number} is not suspended",
        "fr": f"Votre demande a échoué\N{NO-BREAK SPACE}: le {number} n’est pas suspendu",
        "nl": f"Uw aanvraag is mislukt: {number} is niet geschorst",
        "de": f"Ihr Auftrag ist fehlgeschlagen: {number} ist nicht gesperrt",
    }.items():
        texts = KindTexts(Catalogue(catalogue.profile, language), "suspend").outcome
        assert texts.lead(done.outcome, msisdn=done.msisdn).startswith(words)
        other = KindTexts(Catalogue(catalogue.profile, language), "change_options").outcome
        assert number in other.lead(done.outcome, msisdn=done.msisdn)


async def test_what_the_portal_does_itself_names_no_operator(sandbox: Sandbox) -> None:
    customer = await with_options(sandbox)
    catalogue = await catalogue_with(customer)
    facts = {"complete": False}
    for language, operator in (
        ("en", "operator"),
        ("fr", "opérateur"),
        ("nl", "operator"),
        ("de", "Anbieter"),
    ):
        here = KindTexts(Catalogue(catalogue.profile, language), "change_user").outcome
        there = KindTexts(Catalogue(catalogue.profile, language), "suspend").outcome
        for code in (OutcomeCode.UNDOABLE, OutcomeCode.SENDING, OutcomeCode.UNDER_WAY, OutcomeCode.REFUSED):
            said = OrderOutcome(code=code, **facts)
            assert operator not in " ".join((here.short(said), here.title(said), here.lead(said)))
        assert operator in there.lead(OrderOutcome(code=OutcomeCode.SENDING, **facts))


async def test_an_option_that_the_new_plan_excludes_is_a_consequence_and_not_left_out(
    sandbox: Sandbox, database: TestDatabase
) -> None:
    customer = await make_customer()
    profile = (await catalogue_with(customer)).profile
    option, before, after = next(
        (option, before, after)
        for option in profile.options
        for before in profile.plans
        for after in profile.plans
        if before.product_type == after.product_type == "voice_data"
        and option_allowed(option, before.code, before.product_type)
        and not option_allowed(option, after.code, after.product_type)
    )
    await make_lines(customer, 1, options=[option.code], plan=before.code)
    [line] = await load_lines_at_carrier(customer, sandbox)
    request = ChangePlan(line_ids=(line.id,), plan=after.code, request_key="k")
    preview = await preview_order(customer.manager, request)
    assert (preview.missing, preview.left_out, preview.items[0].left_out) == (0, [], {})
    assert any("is removed: the new plan does not have it" in words for words in preview.items[0].words)
    done = await carry_out(customer, database, (await place_order(customer.manager, request)).reference)
    assert (done.outcome.code, done.outcome.missing, done.outcome.complete) == ("done", 0, True)
    assert OrderResponse.of(done).items[0].left_out == {}
    assert all("left out" not in mail["text"].lower() for mail in sandbox.mails(customer.manager.email))


async def test_the_same_request_again_names_the_one_that_is_under_way(sandbox: Sandbox) -> None:
    customer = await with_options(sandbox)
    [line] = await customer.lines()
    request = ChangeOptions(line_ids=(line.id,), add=("sms-unlimited",), request_key="k")
    placed = await place_order(customer.manager, request)
    again = await preview_order(customer.manager, ChangeOptions(line_ids=(line.id,), add=("data-5gb",)))
    assert (again.changing, again.items[0].open_order) == (0, placed.reference)


async def test_somebody_else_who_moves_or_cancels_a_planned_request_is_named_to_its_requester(
    sandbox: Sandbox, database: TestDatabase
) -> None:
    customer = await with_options(sandbox)
    [line] = await customer.lines()
    other = await make_member(customer.tenant_id, name="Karim Other")
    day = clock.today() + timedelta(days=3)
    references = []
    for key, option in (("mine", "sms-unlimited"), ("theirs", "sms-unlimited")):
        placed = await place_order(
            customer.manager, ChangeOptions(line_ids=(line.id,), add=(option,), on=day, request_key=key)
        )
        references.append(placed.reference)
        await drain(database)
        sent = len(sandbox.mails(customer.manager.email))
        who = customer.manager if key == "mine" else other
        moved = await reschedule_order(who, placed.reference, on=day + timedelta(days=1))
        assert [move.moved for move in moved.history][-1]
        await drain(database)
        await cancel_order(who, placed.reference)
        await drain(database)
        mails = sandbox.mails(customer.manager.email)
        assert len(mails) - sent == (0 if key == "mine" else 2)
    assert "Karim Other has chosen another day for your planned request" in mails[1]["text"]
    assert f"{day + timedelta(days=1):%d/%m/%Y}" in mails[1]["text"]
    assert "Karim Other has cancelled your request" in mails[0]["text"]
    assert "excl. VAT" not in mails[0]["text"]


async def catalogue_with(customer: Customer) -> Catalogue:
    async with open_scope(customer.system, read_only=True) as scope:
        return await catalogue_of(scope)
