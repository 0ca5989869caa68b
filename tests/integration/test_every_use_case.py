"""Walks the register: each use case is refused for every role that may not, and knows no other tenant's ids."""

import dataclasses
import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest

from backend.billing import access, charge_views
from backend.billing import service as billing
from backend.billing.bank import decisions as bank_decisions
from backend.billing.bank import keeping
from backend.billing.bank import movements as bank_movements
from backend.billing.delivery import service as delivery
from backend.billing.delivery.lifecycle import DeliveryMethod
from backend.billing.delivery.service import DeliveryWish
from backend.billing.differences.service import difference_of
from backend.billing.disputes import deciding, opening
from backend.billing.disputes import service as disputes
from backend.billing.disputes.schemas import ContestedCharge, NewDispute
from backend.billing.intake import cases, import_log
from backend.billing.lifecycle import MovementState
from backend.billing.mandates import asking as mandate_wishes
from backend.billing.mandates import service as mandates
from backend.billing.payments import operator_views, refunds, starting
from backend.billing.payments import service as payments
from backend.billing.payments.schemas import PaymentPart
from backend.billing.proof import service as proof
from backend.billing.proof.schemas import Verdict
from backend.billing.schemas import InvoiceFilter
from backend.bulk import service as bulk
from backend.core.errors import Conflict, Forbidden, NotFound, ValidationFailed
from backend.core.messaging.set_aside import UnreadMessage, set_aside
from backend.core.messaging.set_aside_states import SetAsideSource
from backend.core.permissions import Portal, Role
from backend.core.use_case import USE_CASES, is_allowed
from backend.documents import service as documents
from backend.documents.service import store_document
from backend.lines import organisations, service
from backend.lines.schemas import Selection
from backend.lines.sims import codes
from backend.members import tokens
from backend.members.access import end_access_of
from backend.members.sessions import end_sessions_of
from backend.notifications import service as notifications
from backend.notifications.content import Message, PortalContent, SmsContent
from backend.notifications.sending import send_once
from backend.orders import contracts, port_ins
from backend.orders import service as orders
from backend.orders.changes import cancellation, corrections, invitations, scheduling
from backend.orders.departure_status import departure_status
from backend.orders.export import export_items
from backend.orders.kinds.change_options import ChangeOptions
from backend.orders.kinds.split_billing import SplitBilling
from backend.orders.operator import carrier_messages, held_items
from backend.orders.operator import contracts as operator_contracts
from backend.orders.placement import draft_contracts, drafts, unfinished
from backend.orders.placement.place import place_order, preview_order
from backend.saved_views import service as saved_views
from backend.saved_views.schemas import FleetQuery
from backend.settings import Settings
from backend.usage import service as usage
from tenants.scope import Actor, MemberId, Scope
from tenants.transaction import open_scope
from tests.architecture.test_code import import_everything
from tests.support import files
from tests.support.billing_documents import LINE
from tests.support.factories import Customer, make_customer, make_lines, make_member
from tests.support.invoices import NADIA, buyer_of, invoice_for, take
from tests.support.order_steps import place
from tests.support.statements import payment, statement

SMS = "sms-unlimited"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """With a payment service: nobody asks it anything here."""
    return dataclasses.replace(settings, stripe_key="sk_test_nobody")


def actors(customer: Customer) -> list[Actor]:
    return [
        Actor(customer.tenant_id, member_id=MemberId(uuid4()), roles=frozenset({role}))
        for role in (*Role, "unknown")
    ] + [
        Actor(customer.tenant_id, member_id=MemberId(uuid4())),
        Actor(customer.tenant_id, operator="Nadia Operator"),
    ]


async def test_every_use_case_is_refused_for_every_role_that_may_not() -> None:
    import_everything()
    customer = await make_customer()
    tried = 0
    for entry in USE_CASES.values():
        for actor in actors(customer):
            if not is_allowed(actor, entry.permission):
                # Refused before an argument is looked at: none is given.
                with pytest.raises(Forbidden):
                    await entry.function(actor)
                tried += 1
    assert tried > len(USE_CASES) * 3


@dataclass
class Things:
    """What one tenant has that another must not reach."""

    line: UUID
    reference: str
    draft: UUID
    member: UUID
    organisation: UUID
    token: UUID
    session: UUID
    document: UUID
    upload: UUID
    contract: UUID
    held: UUID
    message: UUID
    set_aside: UUID
    view: UUID
    invoice: UUID
    invoice_file: UUID
    payment: UUID
    mandate: UUID
    account: UUID
    charge: UUID
    dispute: UUID
    # Of the operator's own scope
    billing_import: UUID
    document_case: UUID
    statement: UUID
    movement: UUID


async def things_of(customer: Customer) -> Things:
    await make_lines(customer, 2, puk="12345678")
    first, second = await customer.lines()
    placed = await place(customer, [first.id], add=(SMS,))
    draft = await drafts.start_draft(customer.manager, "change_options", Selection(line_ids=(second.id,)))
    member = await make_member(customer.tenant_id)
    assert member.member_id
    assert customer.organisation_id
    await tokens.create_token(customer.system, member.member_id)
    token = (await tokens.list_tokens(customer.manager))[0].id
    document = (
        await store_document(customer.manager, purpose="bulk", file_name="a.csv", content=b"number\n")
    ).id
    upload = (await bulk.start_upload(customer.manager, kind="change_cost_centre", document_id=document)).id
    return Things(
        first.id,
        placed.reference,
        draft,
        member.member_id,
        customer.organisation_id,
        token,
        uuid4(),
        document,
        upload,
        *await _contract_of(customer, second.id),
        await _message_to(customer.manager),
        await _message_of(customer),
        (await saved_views.save_view(customer.manager, "Mine", FleetQuery(), shared=True)).id,
        *await _invoice_of(customer),
        *await _statement_of(_staff_of(customer.manager)),
    )


async def _invoice_of(customer: Customer) -> tuple[UUID, ...]:
    """An invoice with its file, payment, number, charge and dispute; a file, and a document that belongs to nobody."""
    await take(invoice_for(customer, customer.slug))
    [invoice] = (await billing.list_invoices(customer.manager, InvoiceFilter())).items
    file = (await billing.get_invoice(customer.manager, invoice.id)).files[0]
    import_id = await import_log.start_import(NADIA, file_name="a.xml", content=b"<a/>", check_only=True)
    await take(invoice_for(customer, f"{customer.slug}-2", buyer=buyer_of("nobody")))
    account = customer.accounts[invoice.account]
    part = PaymentPart(invoice_id=invoice.id)
    payment = await starting.start_payment(customer.manager, [part], request_key="k")
    [charge] = await proof.number_charges(customer.manager, invoice.id, LINE.msisdn)
    await opening.open_disputes(
        customer.manager, invoice.id, NewDispute(charges=[ContestedCharge(charge_id=charge.id)])
    )
    [dispute] = (await disputes.disputes_of(customer.manager, invoice.id)).disputes
    case = (await cases.document_cases(NADIA))[0].id
    mandate = await mandate_wishes.ask_for_debit(customer.manager, account, request_key="k")
    return invoice.id, file.id, payment, mandate, account, charge.id, dispute.id, import_id, case


async def _statement_of(staff: Actor) -> tuple[UUID, UUID]:
    """A bank statement and its movement, as if the company were the operator."""
    file = keeping.StatementFile(name="a.xml", sha256=b"a")
    kept = await keeping.keep(staff, keeping.prepare(statement([payment(2500)])), file, "")
    (movement,) = await bank_decisions.bank_movements(staff, state=MovementState.RECEIVED)
    return kept.id, movement.id


async def _message_to(member: Actor) -> UUID:
    """A message that the member has not read."""

    async def compose(_scope: Scope) -> Message:
        assert member.member_id
        shown = PortalContent(member.member_id, Portal.MANAGER, "en", "Done", "", "/app")
        return Message("", SmsContent("en", "Done"), shown)

    await send_once(Actor(member.tenant_id), "test/1", compose)
    return (await notifications.list_notifications(member)).items[0].id


async def _message_of(customer: Customer) -> UUID:
    """A carrier's message that was set aside."""
    message = UnreadMessage(source=SetAsideSource.ANSWER, key="k", subject="s", body="{}", why="w")
    async with open_scope(customer.system) as scope:
        await set_aside(scope, [message])
    return (await carrier_messages.carrier_messages(customer.system))[0].id


async def _contract_of(customer: Customer, line_id: UUID) -> tuple[UUID, UUID]:
    """A contract under review, and the item that waits for it."""
    scan = await store_document(
        customer.manager, purpose="split_contract", file_name="a.pdf", content=files.PDF
    )
    request = SplitBilling(line_ids=(line_id,), profile="executive-20", document_id=scan.id)
    placed = await place_order(customer.manager, request)
    contract = (await operator_contracts.contracts_under_review(_staff_of(customer.manager)))[0]
    return contract.id, placed.items[0].id


def _staff_of(who: Actor) -> Actor:
    return Actor(who.tenant_id, name="Nadia", operator="Nadia")


# Each use case that takes an id, and how to hand it one.
Call = Callable[[Actor, Things], Awaitable[Any]]
WITH_IDS: dict[str, Call] = {
    "backend.lines.service.get_line": lambda who, at: service.get_line(who, at.line),
    "backend.lines.sims.codes.reveal_puk": lambda who, at: codes.reveal_puk(who, at.line),
    "backend.lines.sims.codes.reveal_activation_code": lambda who, at: codes.reveal_activation_code(
        who, at.line
    ),
    "backend.lines.sims.codes.reveal_own_activation_code": lambda who, at: codes.reveal_own_activation_code(
        replace(who, roles=frozenset({"end_user"})), at.line
    ),
    "backend.lines.sims.codes.reveal_own_puk": lambda who, at: codes.reveal_own_puk(
        replace(who, roles=frozenset({"end_user"})), at.line
    ),
    "backend.orders.contracts.contract_for": lambda who, at: contracts.contract_for(
        who, at.line, profile="executive-20"
    ),
    "backend.orders.operator.contracts.read_contract": lambda who, at: operator_contracts.read_contract(
        _staff_of(who), at.contract
    ),
    "backend.orders.operator.contracts.decide_contract": lambda who, at: operator_contracts.decide_contract(
        _staff_of(who), at.contract, accepted=True
    ),
    "backend.orders.operator.held_items.decide_held_item": lambda who, at: held_items.decide_held_item(
        _staff_of(who), at.held, completed=False, reason="No"
    ),
    "backend.orders.operator.carrier_messages.read_carrier_message": lambda who, at: (
        carrier_messages.read_carrier_message(_staff_of(who), at.set_aside)
    ),
    "backend.orders.operator.carrier_messages.retry_carrier_message": lambda who, at: (
        carrier_messages.retry_carrier_message(_staff_of(who), at.set_aside)
    ),
    "backend.orders.operator.carrier_messages.dismiss_carrier_message": lambda who, at: (
        carrier_messages.dismiss_carrier_message(_staff_of(who), at.set_aside)
    ),
    "backend.billing.bank.decisions.dismiss_statement": lambda who, at: bank_decisions.dismiss_statement(
        _staff_of(who), at.statement, reason="No"
    ),
    "backend.lines.service.line_history": lambda who, at: service.line_history(who, at.line),
    "backend.lines.organisations.add_billing_account": lambda who, at: organisations.add_billing_account(
        who, organisation_id=at.organisation, number=f"69{uuid4().int % 100000:05d}-01"
    ),
    "backend.lines.organisations.link_end_user": lambda who, at: organisations.link_end_user(
        who, member_id=MemberId(at.member), msisdn="+32470999999"
    ),
    "backend.orders.placement.place.preview_order": lambda who, at: preview_order(
        who, ChangeOptions(line_ids=(at.line,), add=(SMS,))
    ),
    "backend.orders.placement.place.place_order": lambda who, at: place_order(
        who, ChangeOptions(line_ids=(at.line,), add=(SMS,), request_key="x")
    ),
    "backend.orders.service.get_order": lambda who, at: orders.get_order(who, at.reference),
    "backend.orders.service.order_items": lambda who, at: orders.order_items(who, at.reference),
    "backend.orders.changes.cancellation.undo_order": lambda who, at: cancellation.undo_order(
        who, at.reference
    ),
    "backend.orders.placement.drafts.start_draft": lambda who, at: drafts.start_draft(
        who, "change_options", Selection(line_ids=(at.line,))
    ),
    "backend.orders.placement.drafts.get_draft": lambda who, at: drafts.get_draft(who, at.draft),
    "backend.orders.placement.drafts.save_draft": lambda who, at: drafts.save_draft(
        who, at.draft, {"add": [SMS]}
    ),
    "backend.orders.placement.drafts.save_draft_choices": lambda who, at: drafts.save_draft_choices(
        who, at.draft, {"add": [SMS]}, complete=True
    ),
    "backend.orders.placement.drafts.drop_draft_line": lambda who, at: drafts.drop_draft_line(
        who, at.draft, at.line
    ),
    "backend.orders.placement.drafts.preview_draft": lambda who, at: drafts.preview_draft(who, at.draft),
    "backend.orders.placement.drafts.submit_draft": lambda who, at: drafts.submit_draft(
        who, at.draft, fingerprint="x"
    ),
    "backend.orders.departure_status.departure_status": lambda who, at: departure_status(who, at.reference),
    "backend.orders.export.export_items": lambda who, at: export_items(who, at.reference),
    "backend.orders.changes.cancellation.cancel_order": lambda who, at: cancellation.cancel_order(
        who, at.reference
    ),
    "backend.orders.changes.scheduling.reschedule_order": lambda who, at: scheduling.reschedule_order(
        who, at.reference, on=date(2099, 1, 1)
    ),
    "backend.orders.changes.scheduling.requote_order": lambda who, at: scheduling.requote_order(
        who, at.reference
    ),
    "backend.orders.changes.scheduling.accept_price": lambda who, at: scheduling.accept_price(
        who, at.reference, fingerprint="x"
    ),
    "backend.orders.changes.corrections.correct_item": lambda who, at: corrections.correct_item(
        who, at.reference, at.line, fields={}
    ),
    "backend.orders.placement.draft_contracts.contract_of_draft": lambda who, at: (
        draft_contracts.contract_of_draft(who, at.draft)
    ),
    "backend.orders.port_ins.port_in_of": lambda who, at: port_ins.port_in_of(who, at.reference),
    "backend.orders.changes.invitations.send_invitation_again": lambda who, at: (
        invitations.send_invitation_again(who, at.reference, email="an@peeters.example")
    ),
    "backend.saved_views.service.get_view": lambda who, at: saved_views.get_view(who, at.view),
    "backend.saved_views.service.change_view": lambda who, at: saved_views.change_view(
        who, at.view, name="Theirs", shared=False
    ),
    "backend.saved_views.service.delete_view": lambda who, at: saved_views.delete_view(who, at.view),
    "backend.orders.service.find_order": lambda who, at: orders.find_order(who, at.reference),
    "backend.orders.placement.unfinished.find_draft": lambda who, at: unfinished.find_draft(who, at.draft),
    "backend.orders.placement.unfinished.delete_unfinished": lambda who, at: unfinished.delete_unfinished(
        who, at.draft
    ),
    "backend.orders.changes.corrections.retry_order": lambda who, at: corrections.retry_order(
        who, at.reference
    ),
    "backend.documents.service.read_document": lambda who, at: documents.read_document(who, at.document),
    "backend.documents.service.own_document": lambda who, at: documents.own_document(
        who, at.document, purpose="bulk"
    ),
    "backend.bulk.service.start_upload": lambda who, at: bulk.start_upload(
        who, kind="change_cost_centre", document_id=at.document
    ),
    "backend.bulk.service.replace_file": lambda who, at: bulk.replace_file(
        who, at.upload, document_id=at.document
    ),
    "backend.bulk.service.skip_bad_rows": lambda who, at: bulk.skip_bad_rows(who, at.upload),
    "backend.bulk.service.get_upload": lambda who, at: bulk.get_upload(who, at.upload),
    "backend.bulk.service.upload_rows": lambda who, at: bulk.upload_rows(who, at.upload),
    "backend.bulk.service.result_file": lambda who, at: bulk.result_file(who, at.upload),
    "backend.members.tokens.create_token": lambda who, at: tokens.create_token(
        Actor(who.tenant_id), at.member
    ),
    "backend.usage.service.line_usage": lambda who, at: usage.line_usage(who, at.line),
    "backend.usage.service.line_detail": lambda who, at: usage.line_detail(
        who, at.line, reason="A reason to look"
    ),
    "backend.usage.service.detail_accesses": lambda who, at: usage.detail_accesses(who, at.line),
    "backend.usage.service.own_detail": lambda who, at: usage.own_detail(
        replace(who, roles=frozenset({"end_user"})), at.line
    ),
    "backend.notifications.service.mark_read": lambda who, at: notifications.mark_read(who, at.message),
    "backend.members.tokens.revoke_own_token": lambda who, at: tokens.revoke_own_token(who, at.token),
    "backend.members.tokens.revoke_token": lambda who, at: tokens.revoke_token(who, at.token),
    "backend.billing.service.get_invoice": lambda who, at: billing.get_invoice(who, at.invoice),
    "backend.billing.service.read_invoice_file": lambda who, at: billing.read_invoice_file(
        who, at.invoice, at.invoice_file
    ),
    "backend.billing.charge_views.charges_by_number": lambda who, at: charge_views.charges_by_number(
        who, at.invoice
    ),
    "backend.billing.charge_views.charges_by_centre": lambda who, at: charge_views.charges_by_centre(
        who, at.invoice
    ),
    "backend.billing.charge_views.charges_of_number": lambda who, at: charge_views.charges_of_number(
        who, at.invoice, ""
    ),
    "backend.billing.charge_views.invoice_to_print": lambda who, at: charge_views.invoice_to_print(
        who, at.invoice, language="en"
    ),
    "backend.billing.payments.service.get_payment": lambda who, at: payments.get_payment(who, at.payment),
    "backend.billing.payments.service.payments_of_invoice": lambda who, at: payments.payments_of_invoice(
        who, at.invoice
    ),
    "backend.billing.payments.service.ask_about_payment": lambda who, at: payments.ask_about_payment(
        who, at.payment
    ),
    "backend.billing.payments.starting.start_payment": lambda who, at: starting.start_payment(
        who, [PaymentPart(invoice_id=at.invoice)], request_key="k"
    ),
    "backend.billing.payments.refunds.ask_for_refund": lambda who, at: refunds.ask_for_refund(
        _staff_of(who), at.payment, cents=1, reason="No", request_key="k"
    ),
    "backend.billing.payments.refunds.refunds_of": lambda who, at: refunds.refunds_of(
        _staff_of(who), at.payment
    ),
    "backend.billing.payments.operator_views.payment_of_company": lambda who, at: (
        operator_views.payment_of_company(_staff_of(who), at.payment)
    ),
    "backend.billing.mandates.asking.ask_for_debit": lambda who, at: mandate_wishes.ask_for_debit(
        who, at.account, request_key="k"
    ),
    "backend.billing.mandates.asking.end_debit": lambda who, at: mandate_wishes.end_debit(who, at.mandate),
    "backend.billing.mandates.asking.resume_debit": lambda who, at: mandate_wishes.resume_debit(
        who, at.mandate
    ),
    "backend.billing.mandates.service.get_mandate": lambda who, at: mandates.get_mandate(who, at.mandate),
    "backend.billing.mandates.service.ask_about_mandate": lambda who, at: mandates.ask_about_mandate(
        who, at.mandate
    ),
    "backend.billing.access.take_invoice_access": lambda who, at: access.take_invoice_access(who, at.member),
    "backend.billing.delivery.service.set_delivery": lambda who, at: delivery.set_delivery(
        who, at.account, DeliveryWish(method=DeliveryMethod.POST)
    ),
    "backend.billing.proof.service.proof_of": lambda who, at: proof.proof_of(who, at.invoice),
    "backend.billing.proof.service.proven_charges": lambda who, at: proof.proven_charges(
        who, at.invoice, Verdict.PROVEN
    ),
    "backend.billing.proof.service.number_charges": lambda who, at: proof.number_charges(who, at.invoice, ""),
    "backend.billing.proof.service.check_again": lambda who, at: proof.check_again(who, at.invoice),
    "backend.billing.differences.service.difference_of": lambda who, at: difference_of(who, at.invoice),
    "backend.billing.disputes.service.disputes_of": lambda who, at: disputes.disputes_of(who, at.invoice),
    "backend.billing.disputes.opening.open_disputes": lambda who, at: opening.open_disputes(
        who, at.invoice, NewDispute(charges=[ContestedCharge(charge_id=at.charge)])
    ),
    "backend.billing.disputes.deciding.withdraw_dispute": lambda who, at: deciding.withdraw_dispute(
        who, at.dispute
    ),
    "backend.billing.disputes.deciding.decide_disputes": lambda who, at: deciding.decide_disputes(
        _staff_of(who), [at.dispute], accepted=False, reason="No"
    ),
    "backend.billing.intake.import_log.import_report": lambda who, at: import_log.import_report(
        _staff_of(who), at.billing_import
    ),
    "backend.billing.intake.cases.case_content": lambda who, at: cases.case_content(
        _staff_of(who), at.document_case
    ),
    "backend.billing.intake.cases.dismiss_document": lambda who, at: cases.dismiss_document(
        _staff_of(who), at.document_case, reason="No"
    ),
}

# Those for which an id that is not there is an answer, not an error: nothing happens, or nobody is found.
SILENT: dict[str, Call] = {
    "backend.orders.service.list_orders": lambda who, at: orders.list_orders(who, line_id=at.line),
    "backend.members.sessions.end_sessions_of": lambda who, at: end_sessions_of(who, at.member),
    "backend.members.tokens.revoke_tokens_of": lambda who, at: tokens.revoke_tokens_of(who, at.member),
    "backend.members.access.end_access_of": lambda who, at: end_access_of(who, at.member),
    "backend.billing.bank.decisions.movement_counts": lambda who, at: bank_decisions.movement_counts(
        _staff_of(who), at.statement
    ),
    "backend.billing.bank.movements.waiting_movements": lambda who, at: bank_movements.waiting_movements(
        _staff_of(who), at.statement, -1
    ),
    "backend.billing.bank.movements.find_movement": lambda who, at: bank_movements.find_movement(
        _staff_of(who), at.movement
    ),
    "backend.billing.bank.movements.settle": lambda who, at: bank_movements.settle(
        _staff_of(who),
        at.movement,
        bank_movements.MovementDestination(state=MovementState.UNMATCHED),
    ),
    "backend.billing.bank.movements.mark_matched": lambda who, at: bank_movements.mark_matched(
        _staff_of(who), at.movement
    ),
}

# Only the product calls these, with ids that a directory function has just given it.
INTERNAL = {
    "backend.members.sessions.open_session",
    "backend.billing.intake.import_log.begin",
    "backend.billing.intake.import_log.left_of",
    "backend.billing.intake.import_log.note",
    "backend.billing.intake.import_log.end",
    "backend.billing.intake.receiving.mark_booked",
}


def takes_an_id(function: Any) -> bool:
    parameters = inspect.signature(function).parameters
    return any(name.endswith(("_id", "reference")) or name in {"request", "selection"} for name in parameters)


async def test_every_use_case_that_takes_an_id_is_tried_with_another_tenants() -> None:
    import_everything()
    listed = set(WITH_IDS) | set(SILENT) | INTERNAL
    public = {name for name, entry in USE_CASES.items() if not entry.function.__name__.startswith("_")}
    for name in public:
        entry = USE_CASES[name]
        if takes_an_id(entry.function) and entry.permission != "system":
            assert name in listed, f"{name} takes an id: say here how to try it with a foreign one"
    assert {name.partition(" (")[0] for name in listed} <= public | INTERNAL


@pytest.mark.parametrize("name", WITH_IDS)
async def test_a_foreign_id_is_a_missing_id(name: str) -> None:
    ours, theirs = await make_customer(), await make_customer()
    foreign = await things_of(theirs)
    missing = Things(uuid4(), "MND-2611201405-KXTR", *(uuid4() for _ in range(23)))
    answers = []
    for at in (foreign, missing):
        with pytest.raises((NotFound, ValidationFailed, Conflict)) as refusal:
            await WITH_IDS[name](ours.manager, at)
        answers.append(
            (type(refusal.value), refusal.value.code, refusal.value.message, refusal.value.details)
        )
    assert answers[0] == answers[1]
    assert answers[0][0] is NotFound


@pytest.mark.parametrize("name", SILENT)
async def test_a_foreign_id_finds_nothing(name: str) -> None:
    ours, theirs = await make_customer(), await make_customer()
    assert not await SILENT[name](ours.manager, await things_of(theirs))
