"""Checkout sessions: made by the product, completed by a person on the hosted page, or expired."""

import secrets

from backend.sandbox.payments import intents
from backend.sandbox.payments.documents import StripeDocument, StripeError, bad_parameter, part, wrong_state
from backend.sandbox.payments.methods import active_mandate, new_mandate
from backend.sandbox.payments.payments import PaymentsSandbox

SHORTEST_SECONDS = 30 * 60
LONGEST_SECONDS = 24 * 3600
# Between the caller's clock and this one
TOLERANCE_SECONDS = 10
MOST_ITEMS = 100
METHODS = ("card", "bancontact", "sepa_debit")
# Of a set-up: Bancontact cannot be kept
SETUP_METHODS = ("card", "sepa_debit")


def create(sandbox: PaymentsSandbox, asked: StripeDocument, base: str) -> StripeDocument:
    """A session of checked parameters; `base` is the address under which people reach this sandbox."""
    mode = asked.get("mode")
    if mode not in {"payment", "setup"}:
        raise bad_parameter(f"Invalid mode: {mode}. The sandbox knows payment and setup.", "mode")
    customer = asked.get("customer")
    if customer:
        sandbox.book.find("customer", customer, "customer")
    amounts = _amounts(asked) if mode == "payment" else {}
    session = sandbox.book.add(
        "checkout.session",
        allowed_payment_method_types=asked.get("allowed_payment_method_types"),
        cancel_url=asked.get("cancel_url"),
        client_reference_id=asked.get("client_reference_id"),
        customer=customer,
        customer_email=asked.get("customer_email"),
        expires_at=_expiry(sandbox, asked),
        locale=asked.get("locale"),
        metadata=asked.get("metadata", {}),
        mode=mode,
        payment_method_types=_methods(asked, mode),
        payment_status="unpaid" if mode == "payment" else "no_payment_required",
        status="open",
        submit_type=asked.get("submit_type"),
        success_url=_address(asked, "success_url"),
        ui_mode="hosted_page",
    )
    if mode == "payment":
        session |= amounts
        session["_intent"] = asked.get("payment_intent_data", {})
        session["payment_method_collection"] = "always"
    else:
        session |= {"currency": asked.get("currency"), "customer_creation": None}
        session["setup_intent"] = _setup_intent(sandbox, session, asked)
    session["url"] = f"{base}/pay/{session['id']}"
    sandbox.plan(session, session["expires_at"] - sandbox.book.now(), "expire")
    return session


def _expiry(sandbox: PaymentsSandbox, asked: StripeDocument) -> int:
    now = sandbox.book.now()
    expires: int = asked.get("expires_at", now + LONGEST_SECONDS)
    earliest, latest = now + SHORTEST_SECONDS - TOLERANCE_SECONDS, now + LONGEST_SECONDS + TOLERANCE_SECONDS
    if not earliest <= expires <= latest:
        raise bad_parameter(
            "The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation.",
            "expires_at",
            "parameter_invalid_integer",
        )
    return expires


def _methods(asked: StripeDocument, mode: str) -> list[str]:
    known = METHODS if mode == "payment" else SETUP_METHODS
    wanted = asked.get("allowed_payment_method_types") or list(known)
    for at, kind in enumerate(wanted):
        if kind not in known:
            raise bad_parameter(
                f"The sandbox has no payment method {kind} in {mode} mode.",
                f"allowed_payment_method_types[{at}]",
            )
    return list(wanted)


def _address(asked: StripeDocument, name: str) -> str:
    found = str(asked.get(name, ""))
    if not found.startswith(("http://", "https://")):
        raise bad_parameter("Not a valid URL", name, "url_invalid")
    return found


def _amounts(asked: StripeDocument) -> StripeDocument:
    items = asked.get("line_items") or []
    if not 1 <= len(items) <= MOST_ITEMS:
        raise bad_parameter(f"A payment has 1 to {MOST_ITEMS} line items.", "line_items", "parameter_missing")
    lines = []
    for at, item in enumerate(items):
        price, where = item.get("price_data") or {}, f"line_items[{at}][price_data]"
        if not price:
            raise bad_parameter("The sandbox knows items with price_data only.", where, "parameter_missing")
        cents, quantity = price.get("unit_amount"), item.get("quantity", 1)
        if type(cents) is not int or type(quantity) is not int or cents < 0 or quantity < 1:
            raise bad_parameter("Invalid integer", f"{where}[unit_amount]", "parameter_invalid_integer")
        lines.append(
            part(
                "line_item",
                id=f"li_{secrets.token_hex(12)}",
                amount_subtotal=cents * quantity,
                amount_total=cents * quantity,
                currency=price.get("currency"),
                description=(price.get("product_data") or {}).get("name"),
                quantity=quantity,
            )
        )
    currencies = {line["currency"] for line in lines}
    total = sum(line["amount_total"] for line in lines)
    intents.check_amount(total, currencies.pop() if len(currencies) == 1 else "several")
    return {
        "amount_subtotal": total,
        "amount_total": total,
        "currency": "eur",
        "customer_creation": None if asked.get("customer") else "if_required",
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0, "breakdown": None},
        "_lines": lines,
    }


def _setup_intent(sandbox: PaymentsSandbox, session: StripeDocument, asked: StripeDocument) -> str:
    more = asked.get("setup_intent_data", {})
    made = sandbox.book.add(
        "setup_intent",
        client_secret=f"seti_{secrets.token_hex(8)}_secret_{secrets.token_hex(8)}",
        customer=session["customer"],
        description=more.get("description"),
        metadata=more.get("metadata", {}),
        payment_method_options={},
        payment_method_types=session["payment_method_types"],
        status="requires_payment_method",
        usage="off_session",
    )
    sandbox.emit("setup_intent.created", made)
    return str(made["id"])


def expire(sandbox: PaymentsSandbox, session: StripeDocument) -> None:
    """Nobody can pay in the session any more. Raises StripeError for one that is not open."""
    if session["status"] != "open":
        raise wrong_state(
            f'Only Checkout Sessions with a status in ["open"] can be expired. This one is {session["status"]}.',
            "resource_already_expired" if session["status"] == "expired" else "intent_invalid_state",
        )
    sandbox.book.unplan(session)
    session |= {"status": "expired", "url": None}
    sandbox.book.save(session)
    intent = sandbox.book.of("payment_intent").get(session["payment_intent"] or "")
    if intent and intent["status"] in intents.CANCELLABLE:
        intents.cancel(sandbox, intent, "abandoned")
    sandbox.emit("checkout.session.expired", session)


def expire_by_itself(sandbox: PaymentsSandbox, session: StripeDocument, _: str) -> None:
    """The time of a session is over."""
    if session["status"] == "open":
        expire(sandbox, session)


def pay(sandbox: PaymentsSandbox, session: StripeDocument, method: StripeDocument, base: str) -> None:
    """A person pays with a method. Raises StripeError where the bank refuses: they may try again."""
    intent = sandbox.book.of("payment_intent").get(session["payment_intent"] or "")
    asked = session["_intent"]
    if intent is None:
        intent = intents.create(
            sandbox,
            {
                "amount": session["amount_total"],
                "currency": session["currency"],
                "customer": session["customer"],
                "description": asked.get("description"),
                "metadata": asked.get("metadata", {}),
                "setup_future_usage": asked.get("setup_future_usage"),
                "statement_descriptor": asked.get("statement_descriptor"),
                "allowed_payment_method_types": session["payment_method_types"],
            },
        )
        session["payment_intent"] = intent["id"]
    intent |= {
        "payment_method": method["id"],
        "_session": session["id"],
        "_page": f"{base}/pay/{session['id']}",
    }
    sandbox.book.save(session)
    mandate = None
    if method["type"] == "sepa_debit":
        once = None if asked.get("setup_future_usage") else {"amount": intent["amount"], "currency": "eur"}
        mandate = new_mandate(sandbox, method, base=base, once=once)["id"]
    intents.confirm(sandbox, intent, mandate=mandate)
    if intent["status"] != "requires_action":
        complete(sandbox, session)


def answer_bank(sandbox: PaymentsSandbox, session: StripeDocument, *, approved: bool) -> None:
    """The customer answers to the bank. Raises StripeError where nothing was asked, or the bank refuses after all."""
    intent = sandbox.book.find("payment_intent", session["payment_intent"], "payment_intent")
    if intent["status"] != "requires_action" or session["status"] != "open":
        raise wrong_state("The bank asks nothing.", "payment_intent_unexpected_state")
    if not approved:
        intents.customer_refuses(sandbox, intent)
        return
    intents.finish_card(sandbox, intent)
    complete(sandbox, session)


def complete(sandbox: PaymentsSandbox, session: StripeDocument) -> None:
    """The person is done: paid, or the bank will answer later."""
    intent = sandbox.book.of("payment_intent").get(session["payment_intent"] or "")
    _fill_customer(sandbox, session)
    sandbox.book.unplan(session)
    session |= {"status": "complete", "url": None}
    if intent:
        session["payment_status"] = "paid" if intent["status"] == "succeeded" else "unpaid"
    sandbox.book.save(session)
    sandbox.emit("checkout.session.completed", session)


def _fill_customer(sandbox: PaymentsSandbox, session: StripeDocument) -> None:
    customer = sandbox.book.of("customer").get(session["customer"] or "", {})
    session["customer_details"] = {
        "address": None,
        "business_name": None,
        "email": customer.get("email") or session["customer_email"],
        "individual_name": None,
        "name": customer.get("name"),
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": [],
    }


def set_up(sandbox: PaymentsSandbox, session: StripeDocument, method: StripeDocument, base: str) -> None:
    """A person signs a mandate, or keeps a card for later."""
    made = sandbox.book.find("setup_intent", session["setup_intent"])
    mandate = None
    if method["type"] == "sepa_debit":
        mandate = new_mandate(sandbox, method, base=base)["id"]
        active_mandate(sandbox, method, mandate)
    made |= {
        "status": "succeeded",
        "payment_method": method["id"],
        "mandate": mandate,
        "last_setup_error": None,
    }
    sandbox.book.save(made)
    if method["customer"]:
        sandbox.emit("payment_method.attached", method)
    sandbox.emit("setup_intent.succeeded", made)
    complete(sandbox, session)


def open_session(sandbox: PaymentsSandbox, session_id: str) -> StripeDocument:
    """The session of a hosted page. Raises StripeError 404; one whose time is over is expired first."""
    session = sandbox.book.find("checkout.session", session_id)
    if session["status"] == "open" and session["expires_at"] <= sandbox.book.now():
        expire(sandbox, session)
    return session


def refused_message(error: StripeError) -> str:
    """Stripe's code of a refusal, for the hosted page to say in words."""
    inner = error.body["error"]
    return str(inner.get("decline_code") or inner.get("code") or "")
