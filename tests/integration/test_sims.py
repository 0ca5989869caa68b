"""SIM cards and eSIMs of lines, with both carriers: swapped, mailed, confirmed, shown, never told to anybody else."""

import asyncio
import re
from dataclasses import replace
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from backend.app import create_api
from backend.catalog.identifiers import activation_code_valid, format_msisdn
from backend.core import clock
from backend.core.errors import Conflict, Forbidden, NotFound, ReauthenticationRequired, ValidationFailed
from backend.integrations.network import HttpCarrierNetwork
from backend.lines.organisations import link_end_user
from backend.lines.schemas import LineRow, Selection
from backend.lines.service import get_line, line_history
from backend.lines.sims import codes
from backend.lines.sims.cards import add_stock
from backend.lines.sims.codes import reveal_puk
from backend.orders.changes.cancellation import undo_order
from backend.orders.changes.corrections import correct_item
from backend.orders.fulfilment.polling import poll_stale_items
from backend.orders.kinds.change_user import ChangeUser
from backend.orders.kinds.replace_sim import ReplaceSim
from backend.orders.kinds.request_esim import RequestEsim
from backend.orders.kinds.resend_esim import ResendEsim
from backend.orders.kinds.suspend import Suspend
from backend.orders.lifecycle import OrderState
from backend.orders.placement.drafts import get_draft, start_draft
from backend.orders.placement.place import place_order, preview_order
from backend.orders.schemas import OrderDetail
from backend.orders.service import get_order
from backend.settings import Settings
from tenants.transaction import open_scope
from tests.support.database import TestDatabase
from tests.support.factories import Customer, make_customer, make_member, sim_for
from tests.support.jobs import drain, make_jobs_due
from tests.support.new_lines import rows
from tests.support.order_steps import carry_out, load_lines_at_carrier
from tests.support.sandbox import Sandbox

CARRIERS = ("mandarine", "lynx")
EMAIL = "an.peeters@user.example"


async def a_line(sandbox: Sandbox, carrier: str = "mandarine") -> tuple[Customer, LineRow]:
    customer = await make_customer(carrier=carrier, lines=1, grace_seconds=60)
    line = (await load_lines_at_carrier(customer, sandbox))[0]
    async with open_scope(customer.system) as scope:
        await scope.connection.execute(
            "UPDATE end_user SET email = $2, language = 'fr', given_name = 'An', family_name = 'Peeters'"
            " WHERE id = (SELECT end_user_id FROM line WHERE id = $1)",
            line.id,
            EMAIL,
        )
    return customer, line


async def ask_esim(customer: Customer, line: LineRow, **more: Any) -> OrderDetail:
    kind_fields = {"email": EMAIL, "language": "fr", "reason": "new_device"} | more
    return await place_order(
        customer.manager, RequestEsim(line_ids=(line.id,), confirmed=True, request_key="e", **kind_fields)
    )


async def profiles(customer: Customer) -> list[Any]:
    async with open_scope(customer.system) as scope:
        return await scope.connection.fetch("SELECT * FROM esim_profile ORDER BY created_at")


async def until(
    customer: Customer, database: TestDatabase, reference: str, *, said: str = "", mails: int = 0
) -> None:
    """Ask the carrier until it told this state of the eSIM, and do the jobs that follow."""
    await make_jobs_due(database)
    await drain(database)
    for _ in range(60):
        detail = await get_order(customer.manager, reference)
        if detail.items[0].reported.get("esimState") == said:
            break
        await poll_stale_items(customer.system, -1)
        await drain(database)
        await asyncio.sleep(0.02)
    else:
        raise AssertionError(f"never {said}: {detail.items[0].reported}")
    await make_jobs_due(database)
    await drain(database)


async def everywhere(database: TestDatabase, secret: str) -> list[str]:
    """Which tables hold the text, in whatever column."""
    connection = await asyncpg.connect(database.superuser_url)
    tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    found = [
        row["tablename"]
        for row in tables
        if await connection.fetchval(
            f'SELECT EXISTS (SELECT FROM "{row["tablename"]}" t WHERE t::text LIKE $1'
            f" OR t::text LIKE '%' || encode($2::bytea, 'hex') || '%')",
            f"%{secret}%",
            secret.encode(),
        )
    ]
    await connection.close()
    return found


def mails_about(sandbox: Sandbox, to: str, texts: str) -> list[dict[str, Any]]:
    return [mail for mail in sandbox.mails(to) if texts in mail["subject"]]


@pytest.mark.parametrize("carrier", CARRIERS)
async def test_a_card_is_replaced_and_the_old_one_works_until_then(
    database: TestDatabase, sandbox: Sandbox, carrier: str
) -> None:
    customer, line = await a_line(sandbox, carrier)
    card = sim_for(carrier, 880001)
    async with open_scope(customer.system) as scope:
        await add_stock(scope, [card])
    draft = await start_draft(customer.manager, "replace_sim", Selection(line_ids=(line.id,)))
    offered = (await get_draft(customer.manager, draft)).choices
    assert (offered.present, offered.stock) == (line.sim_number, (card,))
    spaced = " ".join(card[at : at + 4] for at in range(0, len(card), 4))
    request = ReplaceSim(line_ids=(line.id,), sim_number=spaced, reason="defective", request_key="r")
    placed = await place_order(customer.manager, request)
    assert placed.promise.code == "minutes_restart"
    # The user hears of it at once, before the time to undo is over, in the user's own language.
    await drain(database, only="sims.")
    notices = mails_about(sandbox, EMAIL, "Une autre SIM")
    assert len(notices) == 1
    assert customer.manager.name in notices[0]["text"]
    assert (await get_line(customer.manager, line.id)).sim_number == line.sim_number
    done = await carry_out(customer, database, placed.reference)
    assert done.state is OrderState.COMPLETED
    assert done.items[0].words == [
        f"Old SIM number: {' '.join(re.findall('.{1,4}', line.sim_number))}",
        f"New SIM number: {spaced}",
    ]
    now = await get_line(customer.manager, line.id)
    assert (now.sim_number, now.sim_kind) == (card, "physical")
    assert now.has_puk
    assert len(mails_about(sandbox, EMAIL, "fonctionne sur une autre SIM")) == 1
    confirmed = mails_about(sandbox, customer.manager.email, "SIM card replacement")[-1]
    assert spaced in confirmed["text"]
    assert f"Old SIM number: {' '.join(re.findall('.{1,4}', line.sim_number))}" in confirmed["text"]
    async with HttpCarrierNetwork(sandbox.carrier_urls) as network:
        resource = await network.resource(carrier, card)
    assert resource is not None
    assert await reveal_puk(customer.manager, line.id) == resource.puk
    assert not await everywhere(database, resource.puk)
    async with open_scope(customer.system) as scope:
        states = await scope.connection.fetch("SELECT number, state FROM sim_card")
    assert [tuple(row) for row in states] == [(card, "active")]


@pytest.mark.parametrize(
    ("number", "field"),
    [
        ("", "sim_number"),
        ("123", "sim_number"),
        ("9100000123455", "sim_number"),  # wrong check digit
        ("٩١٠٠٠٠٠١٢٣٤٥٤", "sim_number"),
        ("8932030000000000018", "sim_number"),  # of the other carrier
        ("' OR 1=1 --", "sim_number"),
    ],
)
async def test_a_card_that_cannot_be_is_refused(sandbox: Sandbox, number: str, field: str) -> None:
    customer, line = await a_line(sandbox)
    with pytest.raises(ValidationFailed) as refused:
        await place_order(customer.manager, ReplaceSim(line_ids=(line.id,), sim_number=number, reason="lost"))
    assert set(refused.value.fields) == {field}


async def test_a_card_in_use_is_refused_whoever_uses_it(sandbox: Sandbox, database: TestDatabase) -> None:
    customer, line = await a_line(sandbox)
    other, theirs = await a_line(sandbox)
    texts = set()
    for taken in (line.sim_number, theirs.sim_number):
        with pytest.raises(ValidationFailed) as refused:
            await place_order(
                customer.manager, ReplaceSim(line_ids=(line.id,), sim_number=taken, reason="lost")
            )
        texts.add(str(refused.value.fields))
    assert len(texts) == 1
    card = sim_for("mandarine", 880002)
    placed = await place_order(
        customer.manager, ReplaceSim(line_ids=(line.id,), sim_number=card, reason="lost")
    )
    with pytest.raises(ValidationFailed):
        await place_order(other.manager, ReplaceSim(line_ids=(theirs.id,), sim_number=card, reason="lost"))
    await undo_order(customer.manager, placed.reference)
    async with open_scope(customer.system) as scope:
        assert await scope.connection.fetchval("SELECT state FROM sim_card WHERE number = $1", card) is None
    taken = ReplaceSim(line_ids=(theirs.id,), sim_number=card, reason="lost", request_key="free again")
    assert (await place_order(other.manager, taken)).reference


async def test_a_swap_asks_for_a_recent_sign_in(sandbox: Sandbox) -> None:
    customer, line = await a_line(sandbox)
    stale = replace(customer.manager, signed_in_at=None)
    card = sim_for("mandarine", 880003)
    for request in (
        ReplaceSim(line_ids=(line.id,), sim_number=card, reason="lost"),
        RequestEsim(line_ids=(line.id,), email=EMAIL, language="fr", reason="lost", confirmed=True),
    ):
        with pytest.raises(ReauthenticationRequired):
            await place_order(stale, request)


async def test_the_notice_goes_to_the_address_known_before(database: TestDatabase, sandbox: Sandbox) -> None:
    customer, line = await a_line(sandbox)
    placed = await ask_esim(customer, line, email="thief@elsewhere.example")
    changed = ChangeUser(
        line_ids=(line.id,),
        given_name="An",
        family_name="Peeters",
        email="thief@elsewhere.example",
        language="fr",
    )
    await carry_out(customer, database, (await place_order(customer.manager, changed)).reference)
    await carry_out(customer, database, placed.reference)
    assert len(mails_about(sandbox, EMAIL, "Une autre SIM")) == 1
    assert len(mails_about(sandbox, EMAIL, "fonctionne sur une autre SIM")) == 1
    assert not mails_about(sandbox, "thief@elsewhere.example", "autre SIM")


@pytest.mark.parametrize("ask", ["card", "esim"])
@pytest.mark.parametrize(
    ("language", "title"),
    [
        ("en", "Nothing changes: your number keeps its present SIM"),
        ("fr", "Rien ne change\u00a0: votre numéro garde sa SIM actuelle"),
        ("nl", "Er verandert niets: uw nummer houdt zijn huidige simkaart"),
        ("de", "Es ändert sich nichts: Ihre Nummer behält ihre bisherige SIM"),
    ],
)
async def test_who_was_warned_of_a_swap_hears_once_that_it_is_withdrawn(
    database: TestDatabase, sandbox: Sandbox, ask: str, language: str, title: str
) -> None:
    customer, line = await a_line(sandbox)
    async with open_scope(customer.system) as scope:
        await scope.connection.execute("UPDATE end_user SET language = $1 WHERE email = $2", language, EMAIL)
    if ask == "esim":
        placed = await ask_esim(customer, line)
    else:
        card = ReplaceSim(line_ids=(line.id,), sim_number=sim_for("mandarine", 880011), reason="lost")
        placed = await place_order(customer.manager, card)
    await drain(database, only="sims.")
    warned = len(sandbox.mails(EMAIL))
    for _ in range(2):
        await undo_order(customer.manager, placed.reference)
        await drain(database, only="sims.", twice=True)
    assert len(sandbox.mails(EMAIL)) == warned + 1
    (withdrawn,) = mails_about(sandbox, EMAIL, title)
    assert format_msisdn(line.msisdn) in withdrawn["text"]


async def test_nobody_hears_of_a_swap_that_was_withdrawn_before_anybody_was_warned(
    database: TestDatabase, sandbox: Sandbox
) -> None:
    customer, line = await a_line(sandbox)
    before = len(sandbox.mails(EMAIL))
    placed = await ask_esim(customer, line)
    await undo_order(customer.manager, placed.reference)
    await drain(database, only="sims.", twice=True)
    assert len(sandbox.mails(EMAIL)) == before


async def test_the_warning_is_promised_only_where_the_user_has_an_address(sandbox: Sandbox) -> None:
    customer, line = await a_line(sandbox)
    asked = RequestEsim(
        line_ids=(line.id,), email=EMAIL, language="fr", reason="new_device", confirmed=True, request_key="w"
    )
    said = "The user of the line is told of this by e-mail at once."
    told = await preview_order(customer.manager, asked)
    assert said in told.information
    assert not told.warnings, "plain information is no warning"
    async with open_scope(customer.system) as scope:
        await scope.connection.execute("UPDATE end_user SET email = '' WHERE email = $1", EMAIL)
    assert said not in (await preview_order(customer.manager, asked)).information


async def test_an_esim_whose_code_never_came_here_is_not_said_to_be_none(sandbox: Sandbox) -> None:
    customer, line = await a_line(sandbox)
    draft = await start_draft(customer.manager, "resend_esim", Selection(line_ids=(line.id,)))
    assert (await get_draft(customer.manager, draft)).choices.email == EMAIL
    asked = ResendEsim(line_ids=(line.id,), request_key="unknown")
    assert "has no eSIM" in (await preview_order(customer.manager, asked)).items[0].why
    async with open_scope(customer.system) as scope:
        await scope.connection.execute("UPDATE line SET sim_kind = 'esim' WHERE id = $1", line.id)
    assert "is not known here" in (await preview_order(customer.manager, asked)).items[0].why
    # A request that was undone leaves a profile whose code nobody used
    await undo_order(customer.manager, (await ask_esim(customer, line)).reference)
    assert "is not known here" in (await preview_order(customer.manager, asked)).items[0].why


@pytest.mark.parametrize(
    ("language", "copy", "private"),
    [
        ("en", "Copy: eSIM for", "Keep this message to yourself"),
        ("fr", "Copie\u00a0: eSIM du", "Gardez ce message pour vous"),
        ("nl", "Kopie: eSIM voor", "Houd dit bericht voor uzelf"),
        ("de", "Kopie: eSIM für", "Behalten Sie diese Nachricht für sich"),
    ],
)
async def test_a_copy_of_a_code_says_so_and_of_which_line(
    database: TestDatabase, sandbox: Sandbox, language: str, copy: str, private: str
) -> None:
    customer, line = await a_line(sandbox)
    sandbox.behave("mandarine", esim_by_hand=True)
    placed = await ask_esim(customer, line, qr_copy=True, language=language)
    await until(customer, database, placed.reference, said="released")
    (mail,) = mails_about(sandbox, customer.manager.email, copy)
    assert "An Peeters" in mail["subject"]
    assert format_msisdn(line.msisdn) in mail["subject"]
    assert private not in mail["text"]
    assert " An," not in mail["text"]


async def test_an_esim_is_mailed_and_live_and_its_code_is_nowhere(
    database: TestDatabase, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    customer, line = await a_line(sandbox)
    sandbox.behave("mandarine", esim_by_hand=True, esim_code=True)
    placed = await ask_esim(customer, line, qr_copy=True)
    await until(customer, database, placed.reference, said="released")
    await drain(database, twice=True)
    profile = (await profiles(customer))[0]
    assert (profile["state"], profile["sent_count"]) == ("released", 1)
    assert profile["sent_at"]
    code = await codes.reveal_activation_code(customer.manager, line.id)
    assert activation_code_valid(code.qr)
    assert code.confirmation_code
    for to, subject in ((EMAIL, "Votre eSIM est prête"), (customer.manager.email, "Copie")):
        mails = mails_about(sandbox, to, subject)
        assert len(mails) == 1
        assert code.address in mails[0]["text"]
        assert code.matching_id in mails[0]["text"]
        assert 'src="data:image/png;base64,iVBOR' in mails[0]["html"], "the picture comes with the mail"
        assert "cid:" not in mails[0]["html"]
    shown = await get_order(customer.manager, placed.reference)
    assert any("New eSIM number" in texts for texts in shown.items[0].words)
    secrets = [code.qr.removeprefix("LPA:"), code.matching_id, code.confirmation_code + "$"]
    for secret in secrets[:2]:
        assert await everywhere(database, secret) == []
        assert secret not in caplog.text
        assert secret not in repr(code)
        assert secret not in str(shown)
    before = await get_line(customer.manager, line.id)
    assert before.sim_number == line.sim_number, "the old SIM works until the new one is active"
    for action in ("download", "install", "enable"):
        sandbox.act("mandarine", str(placed.items[0].id), action)
    done = await carry_out(customer, database, placed.reference)
    assert done.state is OrderState.COMPLETED
    now = await get_line(customer.manager, line.id)
    assert (now.sim_number, now.sim_kind) == (profile["iccid"], "esim")
    assert (await profiles(customer))[0]["state"] == "enabled"
    assert now.has_puk
    history = await line_history(customer.manager, line.id)
    assert {("order.done", "request_esim"), ("esim.code_shown", None)} <= {
        (entry.code, entry.params.get("kind")) for entry in history
    }
    with pytest.raises(Conflict) as spent:
        await codes.reveal_activation_code(customer.manager, line.id)
    assert spent.value.code == "esim_spent"


async def test_the_user_confirms_first_where_the_carrier_asks(
    database: TestDatabase, sandbox: Sandbox, settings: Settings
) -> None:
    customer, line = await a_line(sandbox, "lynx")
    placed = await ask_esim(customer, line)
    await until(customer, database, placed.reference, said="released")
    assert not mails_about(sandbox, EMAIL, "Votre eSIM est prête")
    waiting = await get_order(customer.manager, placed.reference)
    assert (waiting.outcome.code, waiting.outcome.waits_for) == ("waits", "user")
    shown = await get_line(customer.manager, line.id)
    assert shown.esim
    assert shown.esim.waits_for_user
    with pytest.raises(Conflict) as unconfirmed:
        await codes.reveal_activation_code(customer.manager, line.id)
    assert unconfirmed.value.code == "esim_not_confirmed"
    request = mails_about(sandbox, EMAIL, "Confirmez votre eSIM")
    assert len(request) == 1
    path = re.search(r"/p/esim_confirmation/\S+", request[0]["text"])
    assert path
    transport = httpx.ASGITransport(app=create_api(settings))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url=settings.public_url) as web:
        for _ in range(2):  # a scanner of mails follows links: nothing happens
            page = await web.get(path.group())
            assert page.status_code == 200
            assert "Confirmer mon eSIM" in page.text
        assert (await profiles(customer))[0]["confirmed_at"] is None
        headers = {"origin": settings.public_url}
        for _ in range(2):
            answer = await web.post(path.group(), data={"choice": "confirm"}, headers=headers)
            assert "Merci" in answer.text
    done = await carry_out(customer, database, placed.reference)
    assert done.state is OrderState.COMPLETED
    assert len(mails_about(sandbox, EMAIL, "Votre eSIM est prête")) == 1
    assert (await get_line(customer.manager, line.id)).sim_kind == "esim"


async def test_resent_with_a_counter_while_the_code_is_valid(
    database: TestDatabase, sandbox: Sandbox
) -> None:
    customer, line = await a_line(sandbox)
    with pytest.raises(ValidationFailed) as none:
        await place_order(customer.manager, ResendEsim(line_ids=(line.id,)))
    assert "has no eSIM" in none.value.message
    sandbox.behave("mandarine", esim_by_hand=True)
    placed = await ask_esim(customer, line)
    await until(customer, database, placed.reference, said="released")
    again = await place_order(customer.manager, ResendEsim(line_ids=(line.id,), request_key="again"))
    assert again.grace_until is None
    await drain(database)
    assert len(mails_about(sandbox, EMAIL, "Votre eSIM est prête")) == 2
    assert (await profiles(customer))[0]["sent_count"] == 2
    sandbox.act("mandarine", str(placed.items[0].id), "download")
    await until(customer, database, placed.reference, said="downloaded")
    with pytest.raises(ValidationFailed) as spent:
        await place_order(customer.manager, ResendEsim(line_ids=(line.id,)))
    assert "was used already" in spent.value.message


async def test_an_expired_code_is_made_anew(database: TestDatabase, sandbox: Sandbox) -> None:
    customer, line = await a_line(sandbox)
    sandbox.behave("mandarine", esim_trouble="expired")
    placed = await ask_esim(customer, line)
    await until(customer, database, placed.reference, said="expired")
    assert (await profiles(customer))[0]["state"] == "expired"
    assert (await profiles(customer))[0]["activation_sealed"] is None
    sandbox.behave_normally("mandarine")
    await correct_item(customer.manager, placed.reference, placed.items[0].id, fields={})
    done = await carry_out(customer, database, placed.reference)
    assert done.state is OrderState.COMPLETED
    first, second = await profiles(customer)
    assert (first["state"], second["state"]) == ("expired", "enabled")
    assert first["iccid"] != second["iccid"]


async def test_no_code_while_the_carrier_is_away(database: TestDatabase, sandbox: Sandbox) -> None:
    customer, line = await a_line(sandbox)
    sandbox.behave("mandarine", esim_by_hand=True)
    placed = await ask_esim(customer, line)
    await make_jobs_due(database)
    await drain(database)
    for _ in range(40):
        await poll_stale_items(customer.system, -1)
        await drain(database, only="orders.")
        if (await profiles(customer))[0]["state"] == "released":
            break
        await asyncio.sleep(0.02)
    sandbox.stop()
    await drain(database)
    assert (await profiles(customer))[0]["activation_sealed"] is None
    sandbox.start()
    await make_jobs_due(database)
    await drain(database)
    assert (await profiles(customer))[0]["activation_sealed"]
    assert len(mails_about(sandbox, EMAIL, "Votre eSIM est prête")) == 1
    assert placed.reference


async def test_own_secrets_in_the_user_portal(database: TestDatabase, sandbox: Sandbox) -> None:
    customer, line = await a_line(sandbox)
    sandbox.behave("mandarine", esim_by_hand=True)
    placed = await ask_esim(customer, line)
    await until(customer, database, placed.reference, said="released")
    member = await make_member(customer.tenant_id, roles=frozenset({"end_user"}))
    assert member.member_id
    await link_end_user(customer.system, member_id=member.member_id, msisdn=line.msisdn)
    async with open_scope(customer.system) as scope:
        user = await scope.connection.fetchval("SELECT end_user_id FROM line WHERE id = $1", line.id)
    own = replace(member, end_user_id=user)
    assert (await codes.reveal_own_activation_code(own, line.id)).qr.startswith("LPA:1$")
    with pytest.raises(ReauthenticationRequired):
        await codes.reveal_own_activation_code(replace(own, signed_in_at=None), line.id)
    with pytest.raises(Forbidden):
        await codes.reveal_activation_code(own, line.id)
    stranger = replace(
        await make_member(customer.tenant_id, roles=frozenset({"end_user"})), end_user_id=UUID(int=7)
    )
    for reveal in (codes.reveal_own_activation_code, codes.reveal_own_puk):
        with pytest.raises(NotFound):
            await reveal(stranger, line.id)
    await codes.reveal_activation_code(customer.manager, line.id)
    async with open_scope(customer.system) as scope:
        await scope.connection.execute("UPDATE esim_profile SET valid_until = $1", clock.now())
    for reveal, who in (
        (codes.reveal_activation_code, customer.manager),
        (codes.reveal_own_activation_code, own),
    ):
        with pytest.raises(Conflict):
            await reveal(who, line.id)
    history = await line_history(customer.manager, line.id)
    shown = [entry.params for entry in history if entry.code == "esim.code_shown"]
    assert shown == [{}, {"to": "user"}], "the timeline says to whom the code was shown"
    audited = "SELECT detail->>'to' AS told FROM audit_event WHERE action = 'esim.code_shown' ORDER BY at"
    assert [row["told"] for row in await rows(customer, audited)] == ["user", None]


async def test_loss_blocks_the_card_and_keeps_the_profile(database: TestDatabase, sandbox: Sandbox) -> None:
    customer, line = await a_line(sandbox)
    card = sim_for("mandarine", 880009)
    placed = await place_order(
        customer.manager,
        ReplaceSim(line_ids=(line.id,), sim_number=card, reason="defective", request_key="1"),
    )
    await carry_out(customer, database, placed.reference)
    lost = await place_order(customer.manager, Suspend(line_ids=(line.id,), reason="lost", request_key="2"))
    await carry_out(customer, database, lost.reference)
    async with open_scope(customer.system) as scope:
        assert (
            await scope.connection.fetchval("SELECT state FROM sim_card WHERE number = $1", card) == "blocked"
        )
    assert clock.now()
