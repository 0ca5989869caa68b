"""States of mandates (domain reference 3.13), and what a failed debit means. Pure."""

from datetime import date, timedelta
from enum import StrEnum

from backend.catalog.lead_times import after_working_days
from backend.core.lifecycle import Lifecycle


class MandateState(StrEnum):
    """What is known of a mandate of the SEPA Core scheme.

    DRAFT: it was asked for, and is not signed. SIGNED: no invoice names it yet. ACTIVE: an invoice named it. SUSPENDED:
    nothing is collected until its owner resumes it. REVOKED: it ended. EXPIRED: nothing was collected for 36 months.
    """

    DRAFT = "draft"
    SIGNED = "signed"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    EXPIRED = "expired"


S = MandateState
MANDATE_LIFECYCLE = Lifecycle(
    S,
    {
        S.DRAFT: {S.SIGNED, S.REVOKED},
        S.SIGNED: {S.ACTIVE, S.SUSPENDED, S.REVOKED, S.EXPIRED},
        S.ACTIVE: {S.SUSPENDED, S.REVOKED, S.EXPIRED},
        S.SUSPENDED: {S.ACTIVE, S.REVOKED, S.EXPIRED},
    },
)
# One of a customer number is in one of these
IN_FORCE = (S.SIGNED, S.ACTIVE, S.SUSPENDED)


class Ending(StrEnum):
    """Why a mandate ended, or was suspended.

    CANCELLED: its owner ended it. REPLACED: another account was signed for. BANK: the bank or the payment service ended it.
    NOT_SIGNED: its page was left, or open too long. REFUSED: the service opened no page. LAPSED: nothing was collected for 36
    months. FAILURES: debits of two invoices failed. PAYER: the payer has to speak with the bank first.
    """

    CANCELLED = "cancelled"
    REPLACED = "replaced"
    BANK = "bank"
    NOT_SIGNED = "not_signed"
    REFUSED = "refused"
    LAPSED = "lapsed"
    FAILURES = "failures"
    PAYER = "payer"


class BackToManual(StrEnum):
    """Why an invoice that was announced as a debit is paid by its customer after all."""

    FAILED = "failed"
    RETURNED = "returned"
    NO_MANDATE = "no_mandate"
    ABOVE_LIMIT = "above_limit"
    BELOW_LIMIT = "below_limit"
    # Open after the debit: it was disputed then, or was given back since
    REST = "rest"


# Stripe's codes of a failed charge, by what follows. Insufficient funds is AM04 of the banks: it may be tried once more.
RETRIED = frozenset({"insufficient_funds"})
# MS02 and AC06: the payer has to act at the bank before anything is collected again
SUSPENDS = frozenset({"refer_to_customer", "bank_account_restricted"})
# AC04, AC01, MD01, MD07: nobody may debit the account under this mandate again
ENDS = frozenset({"account_closed", "no_account", "debit_not_authorized", "recipient_deceased"})
# Reasons that have words of their own
KNOWN_REASONS = frozenset(
    {*RETRIED, *SUSPENDS, *ENDS, "charge_exceeds_source_limit", "charge_exceeds_weekly_limit"}
)
MOST_ATTEMPTS = 2
RETRY_WORKING_DAYS = 5
# Debits of so many invoices in a row
MOST_FAILURES = 2
LAPSE_MONTHS = 36
# An invoice without a due date is collected so long after it came
NOTICE = timedelta(days=14)
# Nobody is debited on the day on which they are told
SHORTEST_NOTICE = timedelta(days=1)


def collected_on(due_on: date | None, received_on: date) -> date:
    """The day on which an invoice is collected: when it is due, and not before its payer could read of it."""
    wanted = due_on if due_on is not None else received_on + NOTICE
    return max(wanted, received_on + SHORTEST_NOTICE)


def retried_on(today: date) -> date:
    """The day of the second attempt."""
    return after_working_days(today, RETRY_WORKING_DAYS, ())


def lapses_before(today: date) -> date:
    """A mandate under which nothing was collected since before this day has lapsed."""
    years, months = divmod(LAPSE_MONTHS, 12)
    month = today.month - months
    year = today.year - years - (month < 1)
    month += 12 * (month < 1)
    # The last day of February
    day = min(today.day, 28) if month == 2 else today.day
    return date(year, month, day)
