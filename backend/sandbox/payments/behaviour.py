"""How the payments sandbox behaves: what the console sets."""

from typing import Annotated

import msgspec

Calls = Annotated[int, msgspec.Meta(ge=0, le=1000)]
Seconds = Annotated[float, msgspec.Meta(ge=0, le=3600)]


class PaymentBehaviour(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What happens to calls, to debits and to webhooks. `lose_answers` and `refuse_calls` count down to 0."""

    # Until the bank answers to a debit
    debit_seconds: Seconds = 5.0
    # Debits wait until a person on the console settles or fails them
    debits_by_hand: bool = False
    # A debit or a card payment that comes back does so after this time
    return_seconds: Seconds = 10.0
    # So many of the next calls are carried out, and their answer is lost
    lose_answers: Calls = 0
    # So many of the next calls are answered with 503 and not carried out
    refuse_calls: Calls = 0
    # How long a call takes
    answer_seconds: Annotated[float, msgspec.Meta(ge=0, le=30)] = 0.0
    webhook_delay_seconds: Seconds = 0.0
    drop_webhooks: bool = False
    duplicate_webhooks: bool = False
    reorder_webhooks: bool = False
