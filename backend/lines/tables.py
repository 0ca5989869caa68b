"""The fleet: organisations, customer numbers, cost centres, people who use lines, and the lines."""

from piccolo.columns import UUID, Array, Boolean, Bytea, Date, Integer, Text, Timestamptz
from piccolo.table import Table


class Organisation(Table):
    """A legal entity, the contract holder of lines."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    name = Text()
    enterprise_number = Text()  # ten digits, Crossroads Bank for Enterprises
    vat_number = Text()
    address = Text()


class BillingAccount(Table):
    """A customer number. Those of kind `invoice_only` carry no lines."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    organisation_id = UUID(default=None)
    parent_id = UUID(null=True, default=None)
    number = Text()
    label = Text(default="")
    kind = Text(default="line_bearing")  # line_bearing, invoice_only


class CostCentre(Table):
    """A free analytical tag of the customer."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    code = Text()
    name = Text(default="")


class EndUser(Table):
    """The person using a line; a label maintained by the customer, perhaps with a login."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    member_id = UUID(null=True, default=None)
    given_name = Text(default="")
    family_name = Text(default="")
    email = Text(default="")
    language = Text(default="fr")


class Line(Table):
    """One mobile subscription. `name`, `name_key` and `search` repeat facts so that lists sort and search fast."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    msisdn = Text()  # E.164
    status = Text(default="active")  # domain 3.2
    product_type = Text()
    plan = Text()
    options = Array(base_column=Text())
    barrings = Array(base_column=Text())
    billing_account_id = UUID(default=None)
    account = Text()  # its number
    cost_centre_id = UUID(null=True, default=None)
    end_user_id = UUID(null=True, default=None)
    name = Text(default="")  # "Surname, First name"
    name_key = Text(default="")  # casefolded, accents removed: sorts the same on every server
    search = Text(default="")
    sim_number = Text(default="")
    sim_kind = Text(default="physical")  # physical, esim
    puk_sealed = Bytea(null=True, default=None)
    roaming_cap_cents = Integer(null=True, default=None)
    companion_sim = Text(default="")
    split_profile = Text(default="")
    debt_block = Boolean(default=False)
    activated_on = Date(null=True, default=None)
    confirmed_at = Timestamptz(
        null=True, default=None
    )  # last item carried out; an older snapshot never reverts it


class FleetSnapshot(Table):
    """The last reading of the carrier's inventory, and the one under way."""

    tenant_id = UUID(primary_key=True, default=None)
    refreshed_at = Timestamptz(null=True, default=None)
    started_at = Timestamptz(null=True, default=None)
    state = Text(default="idle")  # idle, running, failed
    read = Integer(default=0)
    total = Integer(default=0)
