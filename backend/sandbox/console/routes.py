"""The console: a person sees what the carriers do, and sets how they behave, with plain forms."""

from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from litestar import Controller, MediaType, Response, get, post
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from backend.catalog.identifiers import normalise_msisdn as read_msisdn
from backend.sandbox.admin_api import act_on_order
from backend.sandbox.carrier.behaviour import EsimTrouble
from backend.sandbox.carrier.documents import TmfError
from backend.sandbox.console.behaviour_form import FLAGS, PLAYED
from backend.sandbox.console.html import STATIC, Form, page
from backend.sandbox.console.pages import carriers_page
from backend.sandbox.sandbox import Sandbox
from backend.web.files import TOKENS_CSS

FILES = {
    "tokens.css": (TOKENS_CSS, MediaType.CSS),
    "pay.css": (STATIC / "pay.css", MediaType.CSS),
    "sandbox.css": (STATIC / "sandbox.css", MediaType.CSS),
    "sandbox.js": (STATIC / "sandbox.js", "text/javascript"),
    "icon.svg": (STATIC / "icon.svg", "image/svg+xml"),
}


class ConsoleController(Controller):
    """The page of the carriers, its forms, and the files it shows itself with."""

    path = "/"

    @get()
    async def console(self, sandbox: NamedDependency[Sandbox], error: FromQuery[str] = "") -> Response[str]:
        return page("Carriers", carriers_page(sandbox, error), current="/")

    @post("/console/{carrier:str}/behaviour")
    async def set_behaviour(
        self, sandbox: NamedDependency[Sandbox], carrier: FromPath[str], data: Form
    ) -> Redirect:
        try:
            await sandbox.carrier(carrier).change_behaviour(_read_form(data))
        except ValueError as error:
            # Msgspec's refusals are ValueErrors
            return Redirect(f"/?error={quote(str(error))}", status_code=303)
        return Redirect(f"/#{carrier}", status_code=303)

    @post("/console/{carrier:str}/reset")
    async def reset(self, sandbox: NamedDependency[Sandbox], carrier: FromPath[str]) -> Redirect:
        await sandbox.carrier(carrier).forget_rules()
        return Redirect(f"/#{carrier}", status_code=303)

    @post("/console/{carrier:str}/orders/{order_id:str}/{action:str}")
    async def act(
        self,
        sandbox: NamedDependency[Sandbox],
        carrier: FromPath[str],
        order_id: FromPath[str],
        action: FromPath[str],
        data: Form,
    ) -> Redirect:
        try:
            await act_on_order(sandbox.carrier(carrier), order_id, action, data.get("reason", ""))
        except TmfError as error:
            # The order has moved on while the page was open
            if error.status == HTTPStatus.CONFLICT:
                return Redirect(f"/?error={quote(str(error))}#{carrier}", status_code=303)
            raise
        return Redirect(f"/#{carrier}", status_code=303)

    @get("/static/{name:str}")
    async def static(self, name: FromPath[str]) -> Response[bytes]:
        if name not in FILES:
            raise NotFoundException
        path, media_type = FILES[name]
        headers = {"cache-control": "max-age=60", "x-content-type-options": "nosniff"}
        return Response(path.read_bytes(), media_type=media_type, headers=headers)


def _read_form(form: dict[str, str]) -> dict[str, Any]:
    """What the form says, in the words of the REST interface. Raises ValueError with a sentence."""
    wish: dict[str, Any] = {
        "outcome": form.get("outcome", ""),
        "outage": form.get("outage", ""),
        "refuse": form.get("refuse", ""),
        "message": form.get("message", "").strip(),
        "port_rejection": form.get("port_rejection") or None,
        "esim_trouble": form.get("esim_trouble", EsimTrouble.NONE),
    }
    for name in ("delay_ms", "jitter_ms", "callback_delay_ms"):
        if not form.get(name, "").strip().isdecimal():
            raise ValueError("A delay is a whole number of milliseconds.")
        wish[name] = int(form[name])
    wish |= {name: form.get(name) == "on" for name, _ in (*FLAGS, *PLAYED)}
    if form.get("orders", "").strip():
        if not form["orders"].strip().isdecimal() or not int(form["orders"]):
            raise ValueError("The number of orders is a whole number from 1, or empty for all.")
        wish["orders"] = int(form["orders"])
    if numbers := [part for part in form.get("msisdns", "").replace(";", ",").split(",") if part.strip()]:
        read = [read_msisdn(part) for part in numbers]
        if None in read:
            raise ValueError("Give mobile numbers such as 0470 12 34 56, separated by commas.")
        wish["msisdns"] = read
    return wish
