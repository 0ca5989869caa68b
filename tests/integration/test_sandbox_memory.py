"""The sandbox as a process: killed and started again it loses nothing, told to end it ends."""

import asyncio
import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Self, TypeVar

import httpx
import pytest
import stripe

from backend.catalog.profiles import profile
from backend.core import clock
from backend.core.errors import Unavailable
from backend.integrations.network import HttpCarrierNetwork, OrderAccepted, OrderUpdateState, ServiceOrder
from tests.support.factories import sim_for
from tests.support.listener import Listener, eventually, listening
from tests.support.orders import CARRIERS, asking, asking_to_port
from tests.support.sandbox import SECRET, options_order
from tests.support.serving import free_port
from tests.support.stripe_calls import stripe_client

T = TypeVar("T")
PROGRAM = """
import sys
from pathlib import Path
from backend.sandbox.app import serve
from backend.sandbox.carrier.behaviour import Behaviour
from backend.sandbox.payments.payments import PaymentSetup
from backend.sandbox.sandbox import SandboxConfig

data, port, callback, secret, delay = sys.argv[1:]
serve(
    SandboxConfig(
        data=Path(data),
        callback_urls={"mandarine": callback, "lynx": callback},
        secrets={"mandarine": secret, "lynx": secret},
        behaviour=Behaviour(delay_ms=int(delay), jitter_ms=0),
        mail_port=0,
        payments=PaymentSetup(key="sk_test_sandbox"),
    ),
    port=int(port),
)
"""
NUMBERS = [f"+3247010{index:04}" for index in range(200)]
PORTED = [f"+3249070{index:04}" for index in range(25)]
ESIM_STATES = ["allocated", "released", "downloaded", "installed", "enabled"]
PORT_STATES = ["validating", "accepted", "executing", "completed"]


class Process:
    def __init__(self, data: Path, callback: str, delay_ms: int) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._arguments = [str(data), str(self.port), callback, SECRET, str(delay_ms)]
        self._process: subprocess.Popen[bytes] | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Leave nothing behind, whatever failed."""
        if self._process and self._process.poll() is None:
            await self.end(signal.SIGKILL)

    async def start(self) -> None:
        command = [sys.executable, "-c", PROGRAM, *self._arguments]
        self._process = await asyncio.to_thread(subprocess.Popen, command)
        async with httpx.AsyncClient() as client:
            for _ in range(600):
                try:
                    if (await client.get(f"{self.url}/healthz")).is_success:
                        return
                except httpx.HTTPError:
                    await asyncio.sleep(0.05)
        raise AssertionError("the sandbox did not start")

    async def end(self, how: signal.Signals) -> float:
        """Send a signal, wait for the end, say how long it took."""
        assert self._process
        began = time.monotonic()
        os.kill(self._process.pid, how)
        await asyncio.to_thread(self._process.wait, 10)
        return time.monotonic() - began

    async def kill_and_start(self) -> None:
        await self.end(signal.SIGKILL)
        await self.start()

    async def load(self, carrier: str = "mandarine") -> None:
        plan = profile(carrier).plans[1].code
        lines = [
            {"msisdn": number, "billingAccount": "1", "productType": "voice_data", "plan": plan}
            for number in NUMBERS
        ]
        async with httpx.AsyncClient() as client:
            body = {"customer": "delta", "lines": lines}
            (await client.post(f"{self.url}/{carrier}/admin/inventory", json=body)).raise_for_status()

    async def counts(self, carrier: str = "mandarine") -> dict[str, dict[str, int]]:
        async with httpx.AsyncClient() as client:
            found: dict[str, dict[str, int]] = (await client.get(f"{self.url}/{carrier}/admin/counts")).json()
            return found

    async def act(self, carrier: str, order_id: str, action: str) -> None:
        async with httpx.AsyncClient() as client:
            path = f"{self.url}/{carrier}/admin/orders/{order_id}/{action}"
            (await client.post(path)).raise_for_status()

    async def behave(self, carrier: str, **wish: object) -> None:
        async with httpx.AsyncClient() as client:
            (await client.put(f"{self.url}/{carrier}/admin/behaviour", json=wish)).raise_for_status()


async def test_killed_while_orders_run_it_carries_each_out_exactly_once(tmp_path: Path) -> None:
    orders = [options_order(number, add=("sms-unlimited",)) for number in NUMBERS]
    async with listening() as listener, Process(tmp_path, listener.url, delay_ms=300) as sandbox:
        await sandbox.load()
        accepted: set[str] = set()
        async with HttpCarrierNetwork({"mandarine": f"{sandbox.url}/mandarine"}) as network:

            async def hand_over(order: ServiceOrder) -> None:
                for _ in range(600):
                    try:
                        if isinstance(await network.submit("mandarine", order), OrderAccepted):
                            accepted.add(order.external_id)
                            return
                    except Unavailable:
                        await asyncio.sleep(0.05)

            handing_over = asyncio.gather(*(hand_over(order) for order in orders))
            for wanted in (20, 120):
                await eventually(lambda wanted=wanted: len(accepted) >= wanted)  # type: ignore[misc]
                await sandbox.end(signal.SIGKILL)
                await sandbox.start()
            await handing_over
            assert accepted == {order.external_id for order in orders}
            done = {order.external_id for order in orders}
            await eventually(
                lambda: (
                    done
                    == {each.updates[0].external_id for each in listener.heard if each.updates[0].state.final}
                ),
                20,
            )
            page = await network.inventory("mandarine", "delta", 0, 1000)
        counts = await sandbox.counts()
        assert counts["by_external_id"] == dict.fromkeys(accepted, 1)
        assert counts["by_line"] == dict.fromkeys(NUMBERS, 1)
        assert {line.options for line in page.lines} == {("sms-unlimited",)}
        assert await sandbox.end(signal.SIGTERM) < 3


async def test_told_to_end_it_ends_with_callers_connected(tmp_path: Path) -> None:
    async with Process(tmp_path, "http://127.0.0.1:9/nobody", delay_ms=60_000) as sandbox:
        await sandbox.load()
        async with HttpCarrierNetwork({"mandarine": f"{sandbox.url}/mandarine"}) as network:
            order = options_order(NUMBERS[0], add=("sms-unlimited",))
            assert isinstance(await network.submit("mandarine", order), OrderAccepted)
            assert await sandbox.end(signal.SIGTERM) < 3


async def test_behaviour_is_remembered(tmp_path: Path) -> None:
    async with Process(tmp_path, "", delay_ms=0) as sandbox:
        async with httpx.AsyncClient(base_url=sandbox.url) as client:
            wish = {"outcome": "held", "orders": 3}
            before = (await client.put("/mandarine/admin/behaviour", json=wish)).json()
        await sandbox.end(signal.SIGKILL)
        await sandbox.start()
        async with httpx.AsyncClient(base_url=sandbox.url) as client:
            assert (await client.get("/mandarine/admin/behaviour")).json() == before


async def patiently(call: Callable[[], Awaitable[T]]) -> T:
    """Again and again while the sandbox is away."""
    for _ in range(400):
        try:
            return await call()
        except Unavailable:
            await asyncio.sleep(0.05)
    raise AssertionError("the sandbox never came back")


async def hand_in(
    network: HttpCarrierNetwork, carrier: str, orders: Sequence[ServiceOrder]
) -> dict[str, str]:
    """Order, as the product does: repeated until it is answered. External ids and the carrier's own."""
    found = {}
    for order in orders:
        answer = await patiently(lambda order=order: network.submit(carrier, order))  # type: ignore[misc]
        assert isinstance(answer, OrderAccepted), answer
        found[order.external_id] = answer.carrier_order_id
    return found


async def agree(network: HttpCarrierNetwork, carrier: str, listener: Listener, ids: dict[str, str]) -> None:
    """Their users agree, each once the eSIM is released."""
    left = dict(ids)
    while left:
        for each in list(listener.heard):
            if each.updates[0].reported.get("esimState") == "released" and left.pop(
                each.updates[0].external_id, ""
            ):
                values = {"esimConfirmedAt": clock.now().isoformat()}
                number = each.updates[0].carrier_order_id
                await patiently(
                    lambda number=number, values=values: network.amend(carrier, number, values)  # type: ignore[misc]
                )
        await asyncio.sleep(0.02)


def told_of(listener: Listener, external_id: str, name: str) -> list[str]:
    """What was told of an order in the carrier's order, each once."""
    news = sorted(
        (each for each in listener.heard if each.updates[0].external_id == external_id),
        key=lambda each: each.at,
    )
    values = [str(each.updates[0].reported[name]) for each in news if each.updates[0].reported.get(name)]
    return [value for value, _ in itertools.groupby(values)]


@pytest.mark.parametrize("carrier", CARRIERS)
async def test_killed_in_the_middle_of_ports_and_esims_each_is_carried_out_once_and_told_of(
    tmp_path: Path, carrier: str
) -> None:
    esims = [asking(carrier, "requestEsim", msisdn=number, reason="lost") for number in NUMBERS[:25]]
    esims += [asking(carrier, "addLine", msisdn="", simKind="esim") for _ in range(5)]
    ports = [
        asking_to_port(carrier, msisdn=number, simNumber=sim_for(carrier, 991_000 + index))
        for index, number in enumerate(PORTED)
    ]
    async with listening() as listener, Process(tmp_path, listener.url, delay_ms=400) as sandbox:
        await sandbox.load(carrier)
        async with HttpCarrierNetwork({carrier: f"{sandbox.url}/{carrier}"}) as network:
            ids = await hand_in(network, carrier, [*esims, *ports])
            asks = profile(carrier).esim_confirmation
            waiting = {order.external_id: ids[order.external_id] for order in esims} if asks else {}
            agreeing = asyncio.create_task(agree(network, carrier, listener, waiting))

            def heard(name: str, state: str) -> bool:
                return any(each.updates[0].reported.get(name) == state for each in list(listener.heard))

            for name, state in (
                ("esimState", "allocated"),
                ("esimState", "downloaded"),
                ("portState", "accepted"),
                ("portState", "executing"),
            ):
                await eventually(lambda name=name, state=state: heard(name, state), 20)  # type: ignore[misc]
                await sandbox.kill_and_start()
            await agreeing
            await eventually(
                lambda: (
                    set(ids)
                    == {each.updates[0].external_id for each in listener.heard if each.updates[0].state.final}
                ),
                30,
            )
            page = await network.inventory(carrier, "delta", 0, 1000)
        counts = await sandbox.counts(carrier)
        assert counts["by_external_id"] == dict.fromkeys(ids, 1)
        assert set(counts["by_line"].values()) == {1}
        assert {each.updates[0].state for each in listener.heard if each.updates[0].state.final} == {
            OrderUpdateState.DONE
        }
        live = {line.msisdn: line for line in page.lines}
        profiles = set()
        for order in esims:
            assert told_of(listener, order.external_id, "esimState") == ESIM_STATES
            [number] = told_of(listener, order.external_id, "simNumber")  # never a second profile
            [msisdn] = told_of(listener, order.external_id, "msisdn") or [order.msisdn]
            assert (live[msisdn].sim_number, live[msisdn].sim_kind) == (number, "esim")
            profiles.add(number)
        assert len(profiles) == len(esims)
        for order in ports:
            assert told_of(listener, order.external_id, "portState") == PORT_STATES
            assert live[order.msisdn].sim_number == order.characteristics["simNumber"]
        assert len(page.lines) == len(NUMBERS) + 5 + len(PORTED)


@pytest.mark.parametrize("carrier", CARRIERS)
async def test_what_waits_for_somebody_still_waits_after_a_kill(tmp_path: Path, carrier: str) -> None:
    """A donor, a device, a correction, an end user: whoever it is finds the order as it was."""
    async with listening() as listener, Process(tmp_path, listener.url, delay_ms=0) as sandbox:
        await sandbox.load(carrier)
        await sandbox.behave(carrier, delay_ms=0, jitter_ms=0, port_by_hand=True, esim_by_hand=True)
        donor = asking_to_port(carrier, msisdn=PORTED[0], simNumber=sim_for(carrier, 992_000))
        device = asking(carrier, "requestEsim", msisdn=NUMBERS[0], reason="lost")
        async with HttpCarrierNetwork({carrier: f"{sandbox.url}/{carrier}"}) as network:
            ids = await hand_in(network, carrier, [donor, device])
            await sandbox.behave(carrier, delay_ms=0, jitter_ms=0, port_rejection="account_mismatch")
            wrong = asking_to_port(carrier, msisdn=PORTED[1], simNumber=sim_for(carrier, 992_001))
            ids |= await hand_in(network, carrier, [wrong])

            def told(order: ServiceOrder, name: str, state: str) -> bool:
                return state in told_of(listener, order.external_id, name)

            await eventually(lambda: told(device, "esimState", "released"))
            await eventually(lambda: told(wrong, "portState", "info_required"))
            await eventually(lambda: told(donor, "portState", "validating"))
            await sandbox.kill_and_start()
            number = ids[wrong.external_id]
            assert isinstance(await network.amend(carrier, number, {"donorAccount": "88"}), OrderAccepted)
            if profile(carrier).esim_confirmation:
                confirmed = {"esimConfirmedAt": clock.now().isoformat()}
                assert isinstance(
                    await network.amend(carrier, ids[device.external_id], confirmed), OrderAccepted
                )
            await sandbox.act(carrier, ids[donor.external_id], "accept")
            for action in ("download", "install", "enable"):
                await sandbox.kill_and_start()
                await sandbox.act(carrier, ids[device.external_id], action)
            await eventually(
                lambda: (
                    set(ids)
                    == {each.updates[0].external_id for each in listener.heard if each.updates[0].state.final}
                )
            )
        assert (await sandbox.counts(carrier))["by_external_id"] == dict.fromkeys(ids, 1)


async def test_killed_while_payments_are_made_it_forgets_none_that_was_acknowledged(tmp_path: Path) -> None:
    """A call that is repeated under its key after the kill is the payment that was answered before, or the first one."""
    answered: dict[int, str] = {}
    async with listening() as listener, Process(tmp_path, listener.url, delay_ms=0) as sandbox:

        async def pay(number: int) -> None:
            async with stripe_client(f"{sandbox.url}/stripe", retries=0) as api:
                for _ in range(600):
                    try:
                        made = await api.payment_intents.create_async(
                            {"amount": 100 + number, "currency": "eur"}, {"idempotency_key": f"key-{number}"}
                        )
                    except stripe.APIConnectionError:
                        await asyncio.sleep(0.05)
                        continue
                    assert answered.setdefault(number, made.id) == made.id
                    return

        paying = asyncio.gather(*(pay(number) for number in range(120)))
        for wanted in (10, 60):
            await eventually(lambda wanted=wanted: len(answered) >= wanted)  # type: ignore[misc]
            await sandbox.kill_and_start()
        await paying
        for number in range(120):
            await pay(number)
        async with stripe_client(f"{sandbox.url}/stripe") as api:
            found = await api.payment_intents.list_async({"limit": 100})
            made = [one.id async for one in found.auto_paging_iter()]
    assert sorted(made) == sorted(answered.values())
    assert len(made) == 120
