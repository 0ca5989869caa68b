"""Words for the causes of a difference between two invoices."""

from backend.billing.differences.causes import CauseKind
from frontend.i18n import translatable

K = CauseKind
CAUSES = {
    K.FIRST_BILL: translatable("First invoice of this customer number"),
    K.LINE_ADDED: translatable("Lines added"),
    K.LINE_LEFT: translatable("Lines that left"),
    K.PLAN_CHANGE: translatable("Another tariff plan"),
    K.OTHER_DAYS: translatable("Another part of the month, or another price"),
    K.OPTION_ADDED: translatable("Monthly charges added"),
    K.OPTION_REMOVED: translatable("Monthly charges that ended"),
    K.MORE_USE: translatable("More usage"),
    K.LESS_USE: translatable("Less usage"),
    K.ONE_OFF: translatable("One-off charges"),
    K.DISCOUNT_ENDED: translatable("A discount ended"),
    K.DISCOUNT_NEW: translatable("A new discount"),
    K.DISCOUNT_CHANGED: translatable("Another discount"),
    K.CREDIT: translatable("Credits"),
    K.OTHER: translatable("Other charges"),
    K.VAT: translatable("VAT on it"),
    K.WHOLE_DOCUMENT: translatable("Paid in advance and rounding"),
}
