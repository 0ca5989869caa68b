"""The demo's invoices: a year of them per customer number, by our own writer and through the operator's door.

Prices are those of the catalogue, use is that of the demo's records. A large customer number gets totals in its document,
and its charges per number in a file beside it, as billing systems do.
"""

import csv
import io
import zipfile
from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

import msgspec
from stdnum.be import iban, vat

from backend.billing.intake.import_log import start_import
from backend.billing.ubl.document import DocumentLine, InvoiceDocument, Party, Totals, VatSubtotal
from backend.catalog.identifiers import format_communication
from backend.catalog.profiles import profile
from backend.catalog.schemas import CarrierProfile, ChargeType
from backend.core import clock
from backend.core.money import VAT_RATE_PERCENT, pro_rata, vat_on
from backend.demo.fleets import TENANTS, DemoOrganisation, DemoTenant, rows_of
from backend.runtime import settings
from backend.usage.lifecycle import month_before, period_of
from tenants.operator_scope import OPERATOR_SCOPE
from tenants.scope import Actor

IBAN = "BE68539007547034"
# Above so many lines the document has totals only
MOST_LINES = 60
# Months whose charges per number come in a file, for large customer numbers
DETAILED_MONTHS = 3
ISSUED_AFTER, DUE_AFTER = timedelta(days=3), timedelta(days=30)
RATE = Decimal(VAT_RATE_PERCENT)
# The customer whose latest invoice has charges to dispute
MISTAKEN, MISTAKE_CENTS = "delta", 413
COLUMNS = ("invoice", "msisdn", "kind", "code", "name", "net", "from", "until", "cost_centre")
# (First day of a month, number) -> cents beyond the bundle
Use = Mapping[tuple[date, str], int]


@dataclass(frozen=True, slots=True)
class DemoCharge:
    """One charge of a number in a month, in cents excluding VAT."""

    msisdn: str
    kind: str
    code: str
    name: str
    cents: int
    first: date
    last: date
    centre: str


def charges_of(
    carrier: CarrierProfile, row: Mapping[str, str], month: date, use: Use
) -> Iterator[DemoCharge]:
    """What a line is charged for a month: plan and options, for its days in the first month, and use beyond the bundle."""
    days = monthrange(month.year, month.month)[1]
    last = month.replace(day=days)
    since = date.fromisoformat(row["activated_on"])
    if since > last:
        return
    first = max(month, since)
    plan = carrier.plan(row["plan"])
    options = [option for code in row["options"].split("|") if (option := carrier.option(code))]
    priced = [(plan.code, plan.name["fr"], plan.monthly_cents)] if plan else []
    priced += [
        (one.code, one.name["fr"], one.price_cents) for one in options if one.charge is ChargeType.MONTHLY
    ]
    left = (last - first).days + 1
    for code, name, cents in priced:
        if part := pro_rata(cents, left, days):
            yield DemoCharge(row["msisdn"], "recurring", code, name, part, first, last, row["cost_centre"])
    if cents := use.get((month, row["msisdn"]), 0):
        words = "Données hors UE, hors forfait"
        yield DemoCharge(row["msisdn"], "usage", "", words, cents, month, last, row["cost_centre"])


def _seller() -> Party:
    operator = settings().operator
    number = vat.compact(operator.vat_number)
    street, _, place = operator.address.partition(", ")
    zone, _, city = place.partition(" ")
    return Party(
        name=f"{operator.name} SA",
        company_id=number,
        vat_number=f"BE{number}",
        endpoint=number,
        endpoint_scheme="0208",
        street=street,
        postal_zone=zone,
        city=city,
        country="BE",
    )


def _buyer(organisation: DemoOrganisation, account: str) -> Party:
    number = organisation.enterprise_number
    street, _, place = organisation.address.partition(", ")
    zone, _, city = place.partition(" ")
    return Party(
        name=organisation.name,
        company_id=number,
        vat_number=f"BE{number}",
        endpoint=number,
        endpoint_scheme="0208",
        identifiers=[(account, "")],
        street=street,
        postal_zone=zone,
        city=city,
        country="BE",
    )


def structured(number: str) -> str:
    """A structured communication that names an invoice by its digits: ten of them, then the remainder of 97."""
    base = int("".join(sign for sign in number if sign.isdecimal())[-10:])
    digits = f"{base:010d}{base % 97 or 97:02d}"
    return format_communication(digits)


def document_of(
    organisation: DemoOrganisation, account: str, number: str, month: date, charges: Sequence[DemoCharge]
) -> InvoiceDocument:
    """The invoice of a customer number for a month; of more than MOST_LINES charges it has totals by kind only."""
    lines = list(_lines(charges) if len(charges) <= MOST_LINES else _totals(charges, month))
    net = sum(line.net_cents for line in lines)
    tax = vat_on(net)
    last = month.replace(day=monthrange(month.year, month.month)[1])
    issued = last + ISSUED_AFTER
    return InvoiceDocument(
        number=number,
        type_code="380",
        is_credit_note=False,
        issued_on=issued,
        due_on=issued + DUE_AFTER,
        period_start=month,
        period_end=last,
        buyer_reference=account,
        seller=_seller(),
        buyer=_buyer(organisation, account),
        payment_means="30",
        payment_reference=structured(number),
        iban=iban.compact(IBAN),
        account_name=f"{settings().operator.name} SA",
        totals=Totals(lines=net, excl_vat=net, vat=tax, incl_vat=net + tax, payable=net + tax),
        vat=[VatSubtotal(category="S", percent=RATE, taxable_cents=net, tax_cents=tax)],
        lines=lines,
    )


def _line(at: int, name: str, cents: int, first: date, last: date, *, kind: str) -> DocumentLine:
    return DocumentLine(
        id=str(at),
        name=name,
        quantity=Decimal(1),
        unit="C62",
        unit_price=Decimal(cents) / 100,
        net_cents=cents,
        category="S",
        percent=RATE,
        period_start=first,
        period_end=last,
        charge_kind=kind,
    )


def _lines(charges: Sequence[DemoCharge]) -> Iterator[DocumentLine]:
    for at, one in enumerate(charges, 1):
        line = _line(at, one.name, one.cents, one.first, one.last, kind=one.kind)
        yield msgspec.structs.replace(line, msisdn=one.msisdn, charge_code=one.code, cost_centre=one.centre)


def _totals(charges: Sequence[DemoCharge], month: date) -> Iterator[DocumentLine]:
    by_kind: dict[str, int] = defaultdict(int)
    for one in charges:
        by_kind[one.kind] += one.cents
    words = {"recurring": "Abonnements et options", "usage": "Consommation hors forfait"}
    last = month.replace(day=monthrange(month.year, month.month)[1])
    for at, (kind, cents) in enumerate(sorted(by_kind.items()), 1):
        yield _line(at, words[kind], cents, month, last, kind=kind)


def charges_csv(number: str, charges: Sequence[DemoCharge]) -> bytes:
    """The charges of an invoice, as a file beside it."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";")
    writer.writerow(COLUMNS)
    for one in charges:
        net = f"{one.cents // 100}.{one.cents % 100:02d}"
        days = (one.first.isoformat(), one.last.isoformat())
        writer.writerow((number, one.msisdn, one.kind, one.code, one.name, net, *days, one.centre))
    return out.getvalue().encode()


def with_mistakes(charges: Sequence[DemoCharge]) -> list[DemoCharge]:
    """The charges with two that are wrong: a monthly one that is there twice, and a plan at another price."""
    dear, again, *_ = sorted(
        (one for one in charges if one.kind == "recurring" and one.cents > MISTAKE_CENTS),
        key=lambda one: (one.msisdn, one.code),
    )
    wrong = replace(dear, cents=dear.cents + MISTAKE_CENTS)
    return [*(wrong if one is dear else one for one in charges), again]


def months_back(months: int) -> list[date]:
    """The first days of the last whole months, the oldest first; their invoices were issued by now."""
    today = clock.today()
    running = period_of(clock.now())
    issued = [month_before(running, back) for back in range(months, 0, -1)]
    return [month for month in issued if month_before(month, -1) - timedelta(days=1) + ISSUED_AFTER <= today]


def files_of(tenant: DemoTenant, use: Use, months: int) -> Iterator[tuple[str, bytes]]:
    """The documents of a customer by name, and the files of charges beside those with totals only."""
    # The writer loads lxml: only who makes documents needs it
    from backend.billing.ubl.writing import write_document

    carrier = profile(tenant.carrier)
    by_account: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in rows_of(tenant):
        by_account[row["customer_number"]].append(row)
    # Ten digits in all, which a structured communication takes
    customer = [one.slug for one in TENANTS].index(tenant.slug) + 1
    for at, month in enumerate(wanted := months_back(months)):
        issued = month_before(month, -1)
        sequence = 0
        for organisation in tenant.organisations:
            for account, _, kind in organisation.accounts:
                if kind != "line_bearing":
                    continue
                sequence += 1
                number = f"{issued:%Y-%m}{customer}{sequence:03d}"
                charges = [
                    charge for row in by_account[account] for charge in charges_of(carrier, row, month, use)
                ]
                if not charges:
                    continue
                if tenant.slug == MISTAKEN and sequence == 1 and at == len(wanted) - 1:
                    charges = with_mistakes(charges)
                document = document_of(organisation, account, number, month, charges)
                yield f"{number}.xml", write_document(document)
                if len(charges) > MOST_LINES and at >= len(wanted) - DETAILED_MONTHS:
                    yield f"{number}.csv", charges_csv(number, charges)


async def seed_invoices(tenant: DemoTenant, use: Use, *, months: int) -> None:
    """Hand in the invoices of a demo customer; the worker reads them."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in files_of(tenant, use, months):
            archive.writestr(name, content)
    operator = settings().operator.name
    await start_import(
        Actor(OPERATOR_SCOPE, name=operator, operator=operator),
        file_name=f"{tenant.slug}.zip",
        content=out.getvalue(),
        check_only=False,
    )
