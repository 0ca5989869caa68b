"""A portal to look at: a database with one small company in it, and the web process on a free port of its own loop."""

import asyncio
import random
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import msgspec
import uvicorn

from backend.catalog.profiles import profile
from backend.core import clock
from backend.core.ids import new_id
from backend.core.live import Live
from backend.core.secrets import Vault
from backend.lines.words import name_key, search_text
from backend.settings import Settings
from frontend.server import create_web
from frontend.visit import Doors, Profile
from tenants.scope import Actor, MemberId, TenantId
from tenants.transaction import engine
from tests.support.database import TestDatabase

FAMILY = [
    "Baudoin",
    "Benali",
    "Claes",
    "Demir",
    "De|Smet",
    "Dumont",
    "El|Amrani",
    "Hermans",
    "Janssens",
    "Lambert",
    "Maes",
    "Moreau",
    "Nguyen",
    "Peeters",
    "Renard",
    "Willems",
]
GIVEN = [
    "Céline",
    "Karim",
    "Jeroen",
    "Yusuf",
    "An",
    "Aurélie",
    "Fatima",
    "Luc",
    "Tom",
    "Sophie",
    "Eva",
    "Léa",
    "Minh",
    "Nathalie",
    "Paul",
    "Ruben",
]
PLANS = ("pro-flex-20", "pro-flex-20", "pro-flex-60", "data-pro-10", "pro-flex-2")


@dataclass
class Company:
    """One tenant with its people and lines, written straight into the database."""

    tenant_id: TenantId = field(default_factory=lambda: TenantId(uuid4()))
    member_id: MemberId = field(default_factory=lambda: MemberId(new_id()))
    slug: str = "delta"
    name: str = "Delta Logistics"
    carrier: str = "mandarine"
    lines: list[UUID] = field(default_factory=list)

    def actor(self, **changes: Any) -> Actor:
        base = Actor(
            tenant_id=self.tenant_id,
            member_id=self.member_id,
            name="Sofie Lambert",
            email="sofie@delta.example",
            language="fr",
            roles=frozenset({"owner", "fleet_manager"}),
            session_id=uuid4(),
            signed_in_at=clock.now(),
        )
        return replace(base, **changes)


async def fill(url: str, company: Company, count: int, vault: Vault | None = None) -> None:
    """Write the company and `count` lines, every fourth data only, every ninth suspended."""
    db = await asyncpg.connect(url)
    tenant, now = company.tenant_id, clock.now()
    options = [option for option in profile(company.carrier).options]
    try:
        await db.execute(
            "SET session_replication_role = replica"
        )  # no sign-in account stands behind these people
        await db.execute(
            "INSERT INTO tenant (id, slug, name, carrier, state, created_at) VALUES ($1,$2,$3,$4,'active',$5)",
            tenant,
            company.slug,
            company.name,
            company.carrier,
            now,
        )
        await db.execute(
            "INSERT INTO member (id, tenant_id, account_id, name, email, language, roles, state, created_at)"
            " VALUES ($1,$2,$3,'Sofie Lambert',$4,'fr',$5,'active',$6)",
            company.member_id,
            tenant,
            uuid4(),
            f"sofie@{company.slug}.example",
            ["owner", "fleet_manager", "end_user"],
            now,
        )
        organisation = new_id()
        await db.execute(
            "INSERT INTO organisation (id, tenant_id, name, enterprise_number, vat_number, address) VALUES ($1,$2,$3,'0888888895','BE0888888895','Rue du Canal 18, 1070 Anderlecht')",
            organisation,
            tenant,
            company.name,
        )
        accounts = []
        for index in range(1, 4):
            accounts.append((new_id(), f"6012480-{index:02}"))
            await db.execute(
                "INSERT INTO billing_account (id, tenant_id, organisation_id, number, label, kind) VALUES ($1,$2,$3,$4,$5,'line_bearing')",
                accounts[-1][0],
                tenant,
                organisation,
                accounts[-1][1],
                ("Bruxelles", "Namur", "Gand")[index - 1],
            )
        user = new_id()
        await db.execute(
            "INSERT INTO end_user (id, tenant_id, member_id, given_name, family_name, email, language) VALUES ($1,$2,$3,'Sofie','Lambert','sofie@delta.example','fr')",
            user,
            tenant,
            company.member_id,
        )
        rows, chance = [], random.Random(7)  # the same fleet in every run
        for n in range(count):
            family, given = chance.choice(FAMILY).replace("|", " "), chance.choice(GIVEN)
            name, plan = f"{family}, {given}", chance.choice(PLANS)
            account_id, account = chance.choice(accounts)
            msisdn, sim = f"+32470{100001 + n:06}", f"9100{n:08}4"
            data = plan.startswith("data")
            usable = [
                o.code
                for o in options
                if (not o.plans or plan in o.plans)
                and ("data_only" if data else "voice_data") in {str(t) for t in o.product_types}
            ]
            line = new_id()
            company.lines.append(line)
            rows.append(
                (
                    line,
                    tenant,
                    msisdn,
                    "suspended" if chance.random() < 0.08 else "active",
                    "data_only" if data else "voice_data",
                    plan,
                    chance.sample(usable, chance.randrange(4)),
                    [],
                    account_id,
                    account,
                    user if n == 0 else None,
                    name,
                    name_key(name),
                    search_text(name=name, msisdn=msisdn, sim_number=sim, account=account),
                    sim,
                    "esim" if n % 6 == 1 else "physical",
                    vault.seal(b"12345678", f"{tenant}/puk/{line}") if vault else None,
                    5000 if n % 2 else None,
                    "",
                    "",
                    False,
                    date(2024, 2, 3) + timedelta(days=n % 400),
                )
            )
        await db.copy_records_to_table(
            "line",
            records=rows,
            columns=[
                "id",
                "tenant_id",
                "msisdn",
                "status",
                "product_type",
                "plan",
                "options",
                "barrings",
                "billing_account_id",
                "account",
                "end_user_id",
                "name",
                "name_key",
                "search",
                "sim_number",
                "sim_kind",
                "puk_sealed",
                "roaming_cap_cents",
                "companion_sim",
                "split_profile",
                "debt_block",
                "activated_on",
            ],
        )
        await db.execute(
            "INSERT INTO fleet_snapshot (tenant_id, refreshed_at, started_at, state, read, total) VALUES ($1,$2,$3,'idle',$4,$4)",
            tenant,
            now - timedelta(minutes=25),
            now - timedelta(minutes=26),
            count,
        )
    finally:
        await db.close()


class Portal:
    """The web process in a thread: its address, its sessions by token, its gateway."""

    def __init__(self, database: TestDatabase, settings: Settings) -> None:
        self.sessions: dict[str, Actor] = {}
        self.profiles: dict[UUID | None, Profile] = {}
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.settings = replace(settings, public_url=self.url)
        self.database = database
        self.gateway: Any = None
        self.loop: asyncio.AbstractEventLoop | None = None
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    def sign_in(self, token: str, actor: Actor, profile_: Profile) -> None:
        self.sessions[token] = actor
        self.profiles[actor.session_id] = profile_

    def sign_out(self, token: str) -> None:
        """End the session as the product does: gone from the store, its pages closed."""
        actor = self.sessions.pop(token)
        self.call(lambda: self.gateway.close_session(actor.session_id))

    def call(self, work: Callable[[], None]) -> None:
        assert self.loop is not None
        self.loop.call_soon_threadsafe(work)

    def start(self) -> None:
        ready = threading.Event()

        def run() -> None:
            asyncio.run(self._serve(ready))

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()
        assert ready.wait(20), "the portal did not start"

    async def _serve(self, ready: threading.Event) -> None:
        self.loop = asyncio.get_running_loop()
        live = Live(self.database.logins.app)
        await live.start()
        await engine().open(size=4)

        async def authenticate(token: str) -> Actor | None:
            return self.sessions.get(token)

        async def profile_of(actor: Actor) -> Profile:
            return self.profiles[actor.session_id]

        async def set_language(actor: Actor, language: str) -> None:
            for token, known in self.sessions.items():
                if known.session_id == actor.session_id:
                    self.sessions[token] = replace(known, language=language)

        doors = Doors(authenticate, profile_of, live.subscribe, set_language)
        self.gateway = create_web(self.settings, nothing, doors)
        config = uvicorn.Config(self.gateway, lifespan="off", log_level="warning", ws="websockets-sansio")
        self._server = uvicorn.Server(config)
        task = asyncio.create_task(self._server.serve(sockets=[self._socket]))
        while not self._server.started:
            await asyncio.sleep(0.01)
        ready.set()
        await task
        await live.stop()
        await engine().close()

    def stop(self) -> None:
        if self._server and self._thread:
            self._server.should_exit = True
            self._server.force_exit = True
            self._thread.join(10)


async def nothing(scope: Any, receive: Any, send: Any) -> None:
    """Stands where the API is: the sign-in page's place."""
    if scope["type"] == "http":
        await send(
            {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]}
        )
        await send(
            {"type": "http.response.body", "body": b"<!doctype html><title>Sign in</title><h1>Sign in</h1>"}
        )


def profile_of_company(company: Company, **changes: Any) -> Profile:
    base = Profile(
        tenant_name=company.name,
        carrier=company.carrier,
        carrier_name=profile(company.carrier).name,
        customer_number="6012480-01",
        portals=("manager", "user"),
    )
    return msgspec.structs.replace(base, **changes)
