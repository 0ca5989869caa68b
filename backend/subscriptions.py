"""Which jobs follow each fact and each timer: the whole map on one screen."""

import backend.billing.access_mail
import backend.billing.bank.matching
import backend.billing.delivery.jobs
import backend.billing.disputes.mails
import backend.billing.intake.assigned
import backend.billing.intake.runs
import backend.billing.mandates.announcing
import backend.billing.mandates.collecting
import backend.billing.mandates.following
import backend.billing.mandates.mails
import backend.billing.mandates.outcomes
import backend.billing.mandates.sending
import backend.billing.payments.carrying_out
import backend.billing.payments.checking
import backend.billing.payments.events
import backend.billing.payments.mails
import backend.billing.payments.opening
import backend.billing.payments.reconciling
import backend.billing.payments.refunds
import backend.billing.proof.proving
import backend.billing.reminders.jobs
import backend.billing.reminders.service
import backend.bulk.jobs
import backend.lines.intake.inventory_sync
import backend.lines.intake.transfers
import backend.lines.notifications
import backend.lines.sims.codes
import backend.lines.sims.notifications
import backend.lines.sims.swap_notices
import backend.orders.changes.scheduled_run
import backend.orders.departure_mails
import backend.orders.departure_reports
import backend.orders.fulfilment.callbacks
import backend.orders.fulfilment.contract_reviews
import backend.orders.fulfilment.dispatch
import backend.orders.fulfilment.polling
import backend.orders.fulfilment.recall
import backend.orders.fulfilment.timeouts
import backend.orders.notifications.jobs
import backend.usage.alerts
import backend.usage.caps  # noqa: F401 - importing registers the jobs
from backend.core.facts import FactName, JobName, TimerName
from backend.core.log_fields import set_reference_finder
from backend.core.outbox import subscribe
from backend.orders.queries import references_of

SUBSCRIPTIONS: dict[FactName | TimerName, tuple[JobName, ...]] = {
    FactName.ORDER_SCHEDULED: (JobName.MAIL_ORDER_SCHEDULED,),
    FactName.ORDER_MOVED: (JobName.MAIL_ORDER_MOVED,),
    FactName.ORDER_SUBMITTED: (JobName.SPLIT_SUBMISSION, JobName.MAIL_ORDER_RECEIVED),
    FactName.ORDER_PRICE_CHANGED: (JobName.MAIL_PRICE_CHANGED,),
    FactName.ORDER_HOLD_EXPIRED: (JobName.EXPIRE_HELD_ORDER,),
    FactName.ORDER_WAITING: (JobName.MAIL_ORDER_WAITING,),
    FactName.CONTRACT_CLOSED: (JobName.SETTLE_CONTRACT,),
    FactName.ORDER_ENDED: (JobName.MAIL_ORDER_ENDED,),
    FactName.DEPARTURE_CHOSEN: (JobName.CONFIRM_CHOICE, JobName.REPORT_CHOICE),
    FactName.DEPARTURE_ENDED: (JobName.NOTIFY_CONVERTED,),
    FactName.DEPARTURE_RESCHEDULED: (JobName.NOTIFY_RESCHEDULED,),
    FactName.DEPARTURE_WITHDRAWN: (JobName.NOTIFY_WITHDRAWN,),
    FactName.ESIM_RELEASED: (JobName.SEAL_CODES,),
    FactName.SIM_ACTIVATED: (JobName.READ_PUK,),
    FactName.SIM_SWAPPED: (JobName.SEND_SWAP_NOTICE,),
    FactName.USER_ADDRESS_CHANGED: (JobName.SEND_ADDRESS_NOTICE,),
    FactName.ITEM_MAIL_ENDED: (JobName.NOTE_ITEM_MAIL,),
    FactName.BULK_UPLOADED: (JobName.VALIDATE_UPLOAD,),
    FactName.CAP_RAISED: (JobName.RAISE_CAP,),
    FactName.USAGE_LOADED: (JobName.CHECK_ALERTS, JobName.PROVE_USE_AGAIN),
    FactName.USAGE_ALERTED: (JobName.MAIL_ALERT,),
    FactName.DISPUTES_MOVED: (JobName.MAIL_DISPUTES, JobName.FOLLOW_DEBIT_DISPUTED),
    FactName.PAYMENT_FAILED: (JobName.MAIL_PAYMENT_FAILED, JobName.FOLLOW_DEBIT_FAILED),
    FactName.PAYMENT_RETURNED: (JobName.MAIL_PAYMENT_RETURNED, JobName.FOLLOW_DEBIT_RETURNED),
    FactName.MANDATE_CHANGED: (JobName.MAIL_MANDATE, JobName.END_MANDATE),
    FactName.DEBIT_CHANGED: (JobName.MAIL_DEBIT,),
    FactName.INVOICE_ISSUED: (JobName.ANNOUNCE_DEBIT, JobName.ANNOUNCE_INVOICE, JobName.PROVE_INVOICE),
    FactName.INVOICE_ACCESS_CHANGED: (JobName.MAIL_INVOICE_ACCESS,),
    FactName.INVOICE_REMINDED: (JobName.ANNOUNCE_REMINDER,),
    FactName.PAYMENT_BOOKED: (JobName.LIFT_DEBT_BLOCK, JobName.MAIL_RECEIPT, JobName.FOLLOW_DEBIT_PAID),
    TimerName.ORDER_GRACE_ENDED: (JobName.END_GRACE,),
    TimerName.ORDER_DUE: (JobName.RUN_SCHEDULED_ORDER,),
}

subscribe(SUBSCRIPTIONS)
set_reference_finder(references_of)
