"""The fleet: organisations, customer numbers, cost centres, people who use lines, and the lines."""

from piccolo.columns import JSONB, UUID, Array, Boolean, Bytea, Date, Integer, Text, Timestamptz
from piccolo.constraints import Unique
from piccolo.table import Table

from backend.catalog.schemas import ProductType
from backend.lines.esim_states import EsimState
from backend.lines.lifecycle import LineStatus
from tenants.checks import one_of


class Organisation(Table):
    """A legal entity, the contract holder of lines."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    name = Text()
    enterprise_number = Text()  # ten digits, Crossroads Bank for Enterprises
    vat_number = Text()
    address = Text()

    organisation_tenant_id_id_key = Unique(["tenant_id", "id"])


class BillingAccount(Table):
    """A customer number. Those of kind `invoice_only` carry no lines."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    organisation_id = UUID(default=None)
    parent_id = UUID(null=True, default=None)
    number = Text()
    label = Text(default="")
    kind = Text(default="line_bearing")

    billing_account_tenant_id_id_key = Unique(["tenant_id", "id"])
    billing_account_tenant_id_number_key = Unique(["tenant_id", "number"])
    billing_account_kind_check = one_of("kind", ("line_bearing", "invoice_only"))


class CostCentre(Table):
    """A free analytical tag of the customer."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    code = Text()
    name = Text(default="")

    cost_centre_tenant_id_id_key = Unique(["tenant_id", "id"])
    cost_centre_tenant_id_code_key = Unique(["tenant_id", "code"])


class EndUser(Table):
    """The person using a line; a label maintained by the customer, perhaps with a login."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    member_id = UUID(null=True, default=None)
    given_name = Text(default="")
    family_name = Text(default="")
    email = Text(default="")
    language = Text(default="fr")

    end_user_tenant_id_id_key = Unique(["tenant_id", "id"])


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
    sim_kind = Text(default="physical")
    puk_sealed = Bytea(null=True, default=None)
    roaming_cap_cents = Integer(null=True, default=None)
    companion_sim = Text(default="")
    split_profile = Text(default="")
    debt_block = Boolean(default=False)
    activated_on = Date(null=True, default=None)
    confirmed_at = Timestamptz(
        null=True, default=None
    )  # last item carried out; an older snapshot never reverts it

    line_tenant_id_id_key = Unique(["tenant_id", "id"])
    line_status_check = one_of("status", LineStatus)
    line_product_type_check = one_of("product_type", ProductType)
    line_sim_kind_check = one_of("sim_kind", ("physical", "esim"))


class FleetSnapshot(Table):
    """The last reading of the carrier's inventory, and the one under way."""

    tenant_id = UUID(primary_key=True, default=None)
    refreshed_at = Timestamptz(null=True, default=None)
    started_at = Timestamptz(null=True, default=None)
    state = Text(default="idle")  # idle, running, failed
    read = Integer(default=0)
    total = Integer(default=0)


class SimCard(Table):
    """A physical SIM card that the tenant holds or held (domain 3.4)."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    number = Text()  # as the carrier prints it, digits only
    state = Text(default="stock")
    line_id = UUID(null=True, default=None)
    item_id = UUID(null=True, default=None)  # the order that holds it while it is assigned
    delivered = Boolean(default=False)  # it came into stock; others were only typed in a request
    changed_at = Timestamptz()

    sim_card_tenant_id_id_key = Unique(["tenant_id", "id"])
    sim_card_state_check = one_of("state", ("stock", "assigned", "active", "blocked", "replaced", "retired"))


class EsimProfile(Table):
    """A profile for an eUICC (domain 3.5). Its codes are secrets: whoever holds them can take over the number."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    line_id = UUID(default=None)
    item_id = UUID(null=True, default=None)  # the order that made it
    iccid = Text(default="")  # "" until the carrier assigns it
    state = Text(default="requested")
    activation_sealed = Bytea(null=True, default=None)
    confirmation_sealed = Bytea(null=True, default=None)
    valid_until = Timestamptz(null=True, default=None)
    email = Text(default="")
    language = Text(default="en")
    copy_to = Text(default="")  # the requester's address where a copy of the code was asked for
    confirmed_at = Timestamptz(null=True, default=None)  # by the user, where the carrier asks for it
    sent_count = Integer(default=0)
    sent_at = Timestamptz(null=True, default=None)
    created_at = Timestamptz()
    changed_at = Timestamptz()

    esim_profile_tenant_id_id_key = Unique(["tenant_id", "id"])
    esim_profile_state_check = one_of("state", EsimState)


class ReservedNumber(Table):
    """A number that is kept for the tenant until a line takes it."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    msisdn = Text()
    line_id = UUID(null=True, default=None)  # the line that took it

    reserved_number_tenant_id_id_key = Unique(["tenant_id", "id"])
    reserved_number_tenant_id_msisdn_key = Unique(["tenant_id", "msisdn"])


class SplitAgreement(Table):
    """The signed adhesion of one user on one line to shared billing (domain 3.7)."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    line_id = UUID(default=None)
    item_id = UUID(null=True, default=None)
    end_user_id = UUID(null=True, default=None)
    profile = Text()
    state = Text(default="document_pending")
    document_id = UUID(null=True, default=None)
    billing = JSONB(default="{}")  # name and address of the user, where the carrier bills them
    reason = Text(default="")  # why it was refused
    decided_by = Text(default="")
    created_at = Timestamptz()
    decided_at = Timestamptz(null=True, default=None)
    ended_at = Timestamptz(null=True, default=None)

    split_agreement_tenant_id_id_key = Unique(["tenant_id", "id"])
    split_agreement_state_check = one_of("state", ("document_pending", "under_review", "active", "ended"))
