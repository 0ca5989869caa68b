"""The statements of the analysis. Charges are read one by one, so that a reach by cost centres sees its own and no more."""

from datetime import date

from backend.billing.analysis.schemas import SpendBy
from backend.billing.queries import invoice_accounts, is_as_given
from backend.billing.schemas import ChargeKind
from backend.billing.ubl.document import BooksAs
from backend.lines.queries import SqlFilter
from tenants.scope import Actor

# A document is of the month in which its period begins
MONTH = "date_trunc('month', coalesce(i.period_start, i.issued_on))::date"
# On a credit note amounts stand without their sign
SIGNED = f"CASE WHEN i.books_as = '{BooksAs.CREDIT}' AND i.excl_vat_cents > 0 THEN -c.net_cents ELSE c.net_cents END"
FROM_CHARGES = "FROM invoice i JOIN invoice_charge c ON c.tenant_id = i.tenant_id AND c.invoice_id = i.id"
KINDS = f"""
sum({SIGNED})::bigint AS cents,
coalesce(sum({SIGNED}) FILTER (WHERE c.kind = '{ChargeKind.RECURRING}'), 0)::bigint AS recurring_cents,
coalesce(sum({SIGNED}) FILTER (WHERE c.kind = '{ChargeKind.USAGE}'), 0)::bigint AS usage_cents,
coalesce(sum({SIGNED}) FILTER (WHERE c.kind NOT IN ('{ChargeKind.RECURRING}', '{ChargeKind.USAGE}')), 0)::bigint
  AS other_cents
"""
MONTHS = f"SELECT {MONTH} AS month, {KINDS} {FROM_CHARGES} WHERE {{where}} GROUP BY 1 ORDER BY 1"
WITH_INVOICES = f"""
SELECT DISTINCT {MONTH} AS month {FROM_CHARGES} WHERE {{where}} ORDER BY 1 DESC LIMIT 36
"""
# The charges of a month and the one before, and the plan of each number in each
CHARGES = f"""
WITH charge AS (SELECT {MONTH} AS month, c.msisdn, i.account, c.cost_centre, c.kind, c.code, c.line_id,
    {SIGNED} AS cents {FROM_CHARGES} WHERE {{where}}),
of_number AS (SELECT month, msisdn, coalesce(max(code) FILTER (WHERE kind = '{ChargeKind.RECURRING}'
    AND code = ANY({{plans}})), '') AS plan FROM charge GROUP BY month, msisdn),
spend AS (SELECT g.*, n.plan FROM charge g JOIN of_number n ON n.month = g.month AND n.msisdn = g.msisdn)
"""
# A grouping -> its key, and the name of a key
GROUPS = {
    SpendBy.ACCOUNT: (
        "s.account",
        "coalesce((SELECT max(a.label) FROM billing_account a WHERE a.number = s.account), '')",
    ),
    SpendBy.COST_CENTRE: (
        "s.cost_centre",
        "coalesce((SELECT max(k.name) FROM cost_centre k WHERE k.code = s.cost_centre), '')",
    ),
    SpendBy.PLAN: ("s.plan", "s.plan"),
}
BY_GROUP = """
SELECT {key} AS key, {name} AS name, (count(DISTINCT s.msisdn) FILTER (WHERE s.month = {month} AND s.msisdn <> ''))::int
    AS numbers, coalesce(sum(s.cents) FILTER (WHERE s.month = {month}), 0)::bigint AS cents,
  coalesce(sum(s.cents) FILTER (WHERE s.month < {month}), 0)::bigint AS before_cents
FROM spend s GROUP BY {key} ORDER BY cents DESC, before_cents DESC, key
"""
BY_NUMBER = """
SELECT s.msisdn, coalesce(max(l.name), '') AS name, (array_agg(s.line_id ORDER BY s.month DESC))[1] AS line_id,
  max(s.account) AS account, max(s.cost_centre) AS cost_centre,
  coalesce(max(s.plan) FILTER (WHERE s.month = {month}), max(s.plan)) AS plan,
  coalesce(sum(s.cents) FILTER (WHERE s.month = {month}), 0)::bigint AS cents,
  coalesce(sum(s.cents) FILTER (WHERE s.month < {month}), 0)::bigint AS before_cents,
  (count(*) OVER ())::int AS total
FROM spend s LEFT JOIN line l ON l.id = s.line_id WHERE {only} GROUP BY s.msisdn
"""
HIGHEST = "ORDER BY cents DESC, before_cents DESC, msisdn"
MOVED = "ORDER BY abs(found.cents - found.before_cents) DESC, found.msisdn"
# A line whose bill is shared may be used at its user's cost, which nothing here may tell
IDLE = """
SELECT l.id AS line_id, l.msisdn, l.name, (u.until AT TIME ZONE 'Europe/Brussels')::date AS last_on,
  coalesce(paid.cents, 0)::bigint AS cents, (count(*) OVER ())::int AS total,
  (sum(coalesce(paid.cents, 0)) OVER ())::bigint AS total_cents
FROM line l
LEFT JOIN LATERAL (SELECT max(m.until) AS until FROM usage_month m
  WHERE m.tenant_id = l.tenant_id AND m.line_id = l.id) u ON true
LEFT JOIN (SELECT s.msisdn, sum(s.cents) AS cents FROM spend s WHERE s.month = {month} GROUP BY s.msisdn) paid
  ON paid.msisdn = l.msisdn
WHERE {lines} AND l.split_profile = '' AND l.split_ended_at IS NULL
  AND (l.activated_on IS NULL OR l.activated_on <= {since}::date) AND (u.until IS NULL OR u.until < {since})
  AND EXISTS (SELECT FROM line o JOIN usage_month m ON m.tenant_id = o.tenant_id AND m.line_id = o.id
    WHERE o.account = l.account AND m.until >= {since})
ORDER BY cents DESC, u.until NULLS FIRST, l.msisdn LIMIT {limit} OFFSET {offset}
"""


def charges_within_reach(actor: Actor) -> SqlFilter:
    """The condition on `invoice i` and `invoice_charge c` for what the actor may see of charges.

    All; or those of the customer numbers whose invoices the actor may see, and of a reach those that a document gives to
    its cost centres.
    """
    where = SqlFilter()
    where.add("true")
    accounts = invoice_accounts(actor)
    if accounts is not None:
        no_more = actor.end_user_id is not None or is_as_given(actor)
        centres = [] if no_more else list(actor.reach.cost_centres or ())
        where.add(
            "(i.billing_account_id = ANY({0}::uuid[]) OR c.cost_centre IN"
            " (SELECT k.code FROM cost_centre k WHERE k.id = ANY({1}::uuid[])))",
            accounts,
            centres,
        )
    return where


def between(where: SqlFilter, first: date, last: date) -> None:
    """Only documents of these months. The day of issue narrows what is looked at: it is near the period."""
    where.add(
        "i.issued_on BETWEEN {0}::date - 62 AND {1}::date + 190 AND "
        + MONTH
        + " BETWEEN {0}::date AND {1}::date",
        first,
        last,
    )
