"""Mails about SIMs: the code of an eSIM to its user, the question before it, and the notice of a swap."""

import io
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import segno

from backend.catalog.identifiers import national
from backend.context import clients
from backend.core import clock, links
from backend.core.jobs import flow, step
from backend.letters.frame import Content, Picture, Words
from backend.letters.sending import address_letter, send_once
from backend.lines.codes import EsimCode, code_of
from backend.lines.esims import ENDED_STATES
from tenants.scope import Actor, Scope

WORDS = Path(__file__).with_name("sim_words.toml")
PURPOSE = "esim_confirmation"  # of the public link
ANSWER_WITHIN = timedelta(days=30)
ASKED, ACTIVE = "asked", "active"  # when the user hears of a swap

PROFILE = (
    "SELECT p.*, l.msisdn, u.given_name FROM esim_profile p"
    " JOIN line l ON l.tenant_id = p.tenant_id AND l.id = p.line_id"
    " LEFT JOIN end_user u ON u.tenant_id = l.tenant_id AND u.id = l.end_user_id"
    " WHERE p.id = $1 AND p.state <> ALL($2::text[]) AND p.activation_sealed IS NOT NULL"
)


def qr_png(content: str) -> bytes:
    """A QR code that a camera reads from a screen and from paper."""
    out = io.BytesIO()
    segno.make_qr(content, error="m").save(out, kind="png", scale=8, border=4)
    return out.getvalue()


def short_sim(number: str) -> str:
    return " ".join(number[at : at + 4] for at in range(0, len(number), 4))


@flow("sims.mail_code")
async def mail_code(actor: Actor, *, profile_id: str, number: int) -> None:
    """The code to the line's user, in that person's language; a copy where it was asked for."""

    async def read(scope: Scope) -> Any:
        row = await scope.connection.fetchrow(PROFILE, UUID(profile_id), ENDED_STATES)
        return (row, await code_of(scope, row)) if row else None

    async def to_user(scope: Scope) -> tuple[str, Content] | None:
        found = await read(scope)
        return (found[0]["email"], code_letter(*found)) if found and found[0]["email"] else None

    async def to_requester(scope: Scope) -> tuple[str, Content] | None:
        found = await read(scope)
        return (found[0]["copy_to"], code_letter(*found)) if found and found[0]["copy_to"] else None

    key = f"esim/{profile_id}/{number}"
    await send_once(actor, key, to_user)
    await send_once(actor, f"{key}/copy", to_requester)
    async with step(actor) as scope:
        line_id = await scope.connection.fetchval(
            "UPDATE esim_profile p SET sent_at = t.sent_at FROM letter t WHERE p.id = $1 AND t.tenant_id = p.tenant_id"
            " AND t.key = $2 AND t.sent_at IS NOT NULL RETURNING p.line_id",
            UUID(profile_id),
            key,
        )
        if line_id:
            scope.touch(f"line:{line_id}")


def code_letter(row: Any, code: EsimCode) -> Content:
    words = Words(WORDS, row["language"])
    facts = [
        (words.say("number"), national(row["msisdn"]) or words.say("new_number")),
        (words.say("esim_number"), short_sim(code.sim_number)),
        (words.say("address"), code.address),
        (words.say("matching_id"), code.matching_id),
    ]
    if code.confirmation_code:
        facts.append((words.say("confirmation_code"), code.confirmation_code))
    if code.valid_until:
        facts.append((words.say("valid_until"), f"{clock.local(code.valid_until):%d/%m/%Y %H:%M}"))
    return Content(
        language=words.language,
        subject=words.say("code_subject"),
        title=words.say("code_title"),
        paragraphs=(_greeting(words, row["given_name"]), words.say("code_lead")),
        picture=Picture(qr_png(code.qr), words.say("code_alt")),
        steps=tuple(words.say(f"code_step_{number}") for number in range(1, 5)),
        facts=tuple(facts),
        closing=tuple(words.say(f"code_{what}") for what in ("manual", "compatible", "secret")),
    )


def _greeting(words: Words, given_name: str | None) -> str:
    return words.say("greeting", name=given_name) if given_name else words.say("greeting_nobody")


@flow("sims.mail_confirmation")
async def mail_confirmation(actor: Actor, *, profile_id: str, number: int) -> None:
    """Ask the line's user whether the number may move to an eSIM; until then it is not active there."""

    async def compose(scope: Scope) -> tuple[str, Content] | None:
        row = await scope.connection.fetchrow(PROFILE, UUID(profile_id), ENDED_STATES)
        if row is None or row["confirmed_at"] or not row["email"]:
            return None
        until = min(row["valid_until"] or clock.now() + ANSWER_WITHIN, clock.now() + ANSWER_WITHIN)
        token = await links.create(scope, PURPOSE, row["id"], until)
        words = Words(WORDS, row["language"])
        return row["email"], Content(
            language=words.language,
            subject=words.say("confirm_subject"),
            title=words.say("confirm_title"),
            paragraphs=(_greeting(words, row["given_name"]), words.say("confirm_lead")),
            facts=(
                (words.say("number"), national(row["msisdn"]) or words.say("new_number")),
                (words.say("esim_number"), short_sim(row["iccid"])),
                (words.say("valid_until"), f"{clock.local(until):%d/%m/%Y %H:%M}"),
            ),
            button=(words.say("confirm_button"), f"{clients().settings.public_url}/p/{PURPOSE}/{token}"),
            closing=(words.say("confirm_not_you", support=clients().settings.operator.support_email),),
        )

    await send_once(actor, f"esim_confirmation/{profile_id}/{number}", compose)


def swap_key(item_id: object, phase: str) -> str:
    return f"sim_swap/{item_id}/{phase}"


async def tell_of_swap(scope: Scope, item_id: UUID, line_id: UUID, *, recipient: str, by: str) -> None:
    """A SIM swap was requested: its user hears of it now and when it is done, at the address known before."""
    if not recipient:
        return
    for phase in (ASKED, ACTIVE):
        await address_letter(scope, swap_key(item_id, phase), recipient)
    _announce(scope, item_id, line_id, ASKED, by)


async def tell_of_new_sim(scope: Scope, item_id: UUID, line_id: UUID) -> None:
    """The swap is done: the same person hears of it, where anybody was told before."""
    told = await scope.connection.fetchval(
        "SELECT true FROM letter WHERE key = $1", swap_key(item_id, ACTIVE)
    )
    if told:
        _announce(scope, item_id, line_id, ACTIVE, "")


def _announce(scope: Scope, item_id: UUID, line_id: UUID, phase: str, by: str) -> None:
    scope.announce(
        "sim.swapped",
        item_id=str(item_id),
        line_id=str(line_id),
        phase=phase,
        by=by,
        at=clock.now().isoformat(),
    )


@flow("sims.mail_swap")
async def mail_swap(actor: Actor, *, item_id: str, line_id: str, phase: str, by: str, at: str) -> None:
    """The security notice, in the user's language."""
    key = swap_key(item_id, phase)

    async def compose(scope: Scope) -> tuple[str, Content] | None:
        row = await scope.connection.fetchrow(
            "SELECT t.recipient, l.msisdn, u.given_name, u.language FROM letter t, line l"
            " LEFT JOIN end_user u ON u.tenant_id = l.tenant_id AND u.id = l.end_user_id"
            " WHERE t.key = $1 AND l.id = $2",
            key,
            UUID(line_id),
        )
        if row is None:
            return None
        operator = clients().settings.operator
        words = Words(WORDS, row["language"] or "en")
        facts = [
            (words.say("number"), national(row["msisdn"])),
            (words.say("when"), f"{clock.local(datetime.fromisoformat(at)):%d/%m/%Y %H:%M}"),
        ]
        if by:
            facts.append((words.say("by"), by))
        facts.append((words.say("support"), f"{operator.support_email}, {operator.support_phone}"))
        return row["recipient"], Content(
            language=words.language,
            subject=words.say(f"swap_{phase}_title"),
            title=words.say(f"swap_{phase}_title"),
            paragraphs=(_greeting(words, row["given_name"]), words.say(f"swap_{phase}_lead")),
            facts=tuple(facts),
            closing=(words.say("swap_not_you"),),
        )

    await send_once(actor, key, compose)
