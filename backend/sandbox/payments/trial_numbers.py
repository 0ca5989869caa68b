"""Card numbers and accounts that can be tried, and what each does. Stripe's published test numbers where there are some."""

from collections.abc import Mapping

import msgspec


class CardTrial(msgspec.Struct, frozen=True, kw_only=True):
    """How a card behaves. `code` and `decline_code` are Stripe's; empty: it is accepted."""

    number: str
    code: str = ""
    decline_code: str = ""
    # The bank asks its customer first (3-D Secure)
    asks: bool = False
    # The customer complains after the payment
    disputed: bool = False
    brand: str = "visa"


class AccountTrial(msgspec.Struct, frozen=True, kw_only=True):
    """How a debit of an account ends. `code` is Stripe's code of a failed charge; empty: the debit succeeds."""

    iban: str
    code: str = ""
    # Three minutes or more pass until the bank answers
    late: bool = False
    # The debit succeeds and comes back afterwards, with this reason
    returned: str = ""


SUCCEEDS = CardTrial(number="4242424242424242")
CARDS: Mapping[str, CardTrial] = {
    card.number: card
    for card in (
        SUCCEEDS,
        CardTrial(number="5555555555554444", brand="mastercard"),
        CardTrial(number="4000002500003155", asks=True),
        CardTrial(number="4000002760003184", asks=True),
        CardTrial(number="4000008400001629", asks=True, code="card_declined", decline_code="generic_decline"),
        CardTrial(number="4000000000000002", code="card_declined", decline_code="generic_decline"),
        CardTrial(number="4000000000009995", code="card_declined", decline_code="insufficient_funds"),
        CardTrial(number="4000000000009987", code="card_declined", decline_code="lost_card"),
        CardTrial(number="4000000000000069", code="expired_card", decline_code="expired_card"),
        CardTrial(number="4000000000000127", code="incorrect_cvc", decline_code="incorrect_cvc"),
        CardTrial(number="4000000000000119", code="processing_error", decline_code="processing_error"),
        CardTrial(number="4000000000000259", disputed=True),
    )
}
# BE…5100 and DE are Stripe's; the other Belgian ones are the sandbox's own, of a bank code without a bank
ACCOUNTS: Mapping[str, AccountTrial] = {
    account.iban: account
    for account in (
        AccountTrial(iban="BE62510007547061"),
        AccountTrial(iban="DE89370400440532013000"),
        AccountTrial(iban="DE08370400440532013003", late=True),
        AccountTrial(iban="DE62370400440532013001", code="generic_could_not_process"),
        AccountTrial(iban="DE78370400440532013004", code="generic_could_not_process", late=True),
        AccountTrial(iban="DE35370400440532013002", returned="debit_not_authorized"),
        AccountTrial(iban="DE65370400440000343434", code="charge_exceeds_source_limit"),
        AccountTrial(iban="DE27370400440000121212", code="charge_exceeds_weekly_limit"),
        AccountTrial(iban="BE95510000000158", code="insufficient_funds"),
        AccountTrial(iban="BE84510000000259", code="account_closed"),
        AccountTrial(iban="BE73510000000360", code="no_account"),
        AccountTrial(iban="BE62510000000461", code="debit_not_authorized"),
        AccountTrial(iban="BE51510000000562", code="refer_to_customer"),
        AccountTrial(iban="BE40510000000663", code="bank_account_restricted"),
        AccountTrial(iban="BE29510000000764", returned="insufficient_funds"),
    )
}
# What the console offers for a debit that fails or comes back, and the code of the banks (ISO 20022) that it stands
# for. Stripe's own limits have none.
DEBIT_REASONS: Mapping[str, str] = {
    "insufficient_funds": "AM04",
    "account_closed": "AC04",
    "no_account": "AC01",
    "bank_account_restricted": "AC06",
    "debit_not_authorized": "MD01",
    "refer_to_customer": "MS02",
    "recipient_deceased": "MD07",
    "charge_exceeds_source_limit": "",
    "charge_exceeds_weekly_limit": "",
    "generic_could_not_process": "MS03",
}
# After these nobody may debit the account again under the same mandate
ENDS_MANDATE = frozenset({"account_closed", "no_account", "debit_not_authorized", "recipient_deceased"})


def card_trial(number: str) -> CardTrial | None:
    """How the card with these digits behaves; None for a number that the sandbox does not take."""
    return CARDS.get(number)


def account_trial(iban: str) -> AccountTrial:
    """How the account behaves; one that is not in the list pays."""
    return ACCOUNTS.get(iban) or AccountTrial(iban=iban)


def iban_valid(iban: str) -> bool:
    """Whether the check digits of an IBAN without spaces are right."""
    if not (15 <= len(iban) <= 34 and iban.isascii() and iban.isalnum() and iban[:2].isalpha()):
        return False
    return iban[2:4].isdigit() and int("".join(str(int(sign, 36)) for sign in iban[4:] + iban[:4])) % 97 == 1
