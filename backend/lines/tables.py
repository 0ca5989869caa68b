"""The fleet: organisations, customer numbers, cost centres, people who use lines, and the lines."""

from piccolo.columns import JSONB, UUID, Array, Boolean, Bytea, Date, Integer, Text, Timestamptz
from piccolo.constraints import Unique
from piccolo.table import Table

from backend.catalog.schemas import ProductType
from backend.lines.lifecycle import AgreementState, LineStatus
from backend.lines.sims.esim_lifecycle import EsimState
from backend.lines.sims.sim_lifecycle import SimState
from tenants.checks import one_of

# Kinds of customer numbers
LINE_BEARING, INVOICE_ONLY = "line_bearing", "invoice_only"


class Organisation(Table):
    """A legal entity, the contract holder of lines."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    name = Text()
    # Ten digits, Crossroads Bank for Enterprises
    enterprise_number = Text()
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
    kind = Text(default=LINE_BEARING)

    billing_account_tenant_id_id_key = Unique(["tenant_id", "id"])
    billing_account_tenant_id_number_key = Unique(["tenant_id", "number"])
    billing_account_kind_check = one_of("kind", (LINE_BEARING, INVOICE_ONLY))


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
    # E.164
    msisdn = Text()
    # Domain 3.2
    status = Text(default="active")
    product_type = Text()
    plan = Text()
    options = Array(base_column=Text())
    barrings = Array(base_column=Text())
    billing_account_id = UUID(default=None)
    # Its number
    account = Text()
    cost_centre_id = UUID(null=True, default=None)
    end_user_id = UUID(null=True, default=None)
    # "Surname, First name"
    name = Text(default="")
    # Casefolded, accents removed: sorts the same on every server
    name_key = Text(default="")
    search = Text(default="")
    sim_number = Text(default="")
    sim_kind = Text(default="physical")
    puk_sealed = Bytea(null=True, default=None)
    roaming_cap_cents = Integer(null=True, default=None)
    companion_sim = Text(default="")
    split_profile = Text(default="")
    debt_block = Boolean(default=False)
    activated_on = Date(null=True, default=None)
    # When it came to its present user from another one
    user_since = Timestamptz(null=True, default=None)
    # When its shared billing last ended
    split_ended_at = Timestamptz(null=True, default=None)
    # When the last item was carried out; an older snapshot never reverts it
    confirmed_at = Timestamptz(null=True, default=None)
    # A request set its state: the inventory does not change it
    status_requested = Boolean(default=False)
    # When the inventory ended it; where the number comes back, so does the line
    gone_at = Timestamptz(null=True, default=None)

    line_tenant_id_id_key = Unique(["tenant_id", "id"])
    line_status_check = one_of("status", LineStatus)
    line_product_type_check = one_of("product_type", ProductType)
    line_sim_kind_check = one_of("sim_kind", ("physical", "esim"))


class InventorySync(Table):
    """The last reading of the carrier's inventory, and the one under way."""

    tenant_id = UUID(primary_key=True, default=None)
    refreshed_at = Timestamptz(null=True, default=None)
    started_at = Timestamptz(null=True, default=None)
    # `SyncState`
    state = Text(default="idle")
    read = Integer(default=0)
    total = Integer(default=0)
    # Services of the last reading that could not be read
    unreadable = Integer(default=0)
    # Since when somebody is asked whether lines have ended
    held_since = Timestamptz(null=True, default=None)


class HeldLineEnd(Table):
    """A line that a reading of the inventory would end, while somebody is asked."""

    line_id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    # How it would end
    status = Text()
    # When the reading began
    read_at = Timestamptz()


class SimCard(Table):
    """A physical SIM card that the tenant holds or held (domain 3.4)."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    # As the carrier prints it, digits only
    number = Text()
    state = Text(default="stock")
    line_id = UUID(null=True, default=None)
    # The order that holds it while it is assigned
    item_id = UUID(null=True, default=None)
    # It came into stock; others were only typed in a request
    delivered = Boolean(default=False)
    changed_at = Timestamptz()

    sim_card_tenant_id_id_key = Unique(["tenant_id", "id"])
    sim_card_state_check = one_of("state", SimState)


class EsimProfile(Table):
    """A profile for an eUICC (domain 3.5). Its codes are secrets: whoever holds them can take over the number."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    line_id = UUID(default=None)
    # The order that made it
    item_id = UUID(null=True, default=None)
    # "" until the carrier assigns it
    iccid = Text(default="")
    state = Text(default="requested")
    activation_sealed = Bytea(null=True, default=None)
    confirmation_sealed = Bytea(null=True, default=None)
    valid_until = Timestamptz(null=True, default=None)
    email = Text(default="")
    language = Text(default="en")
    # The requester's address where a copy of the code was asked for
    copy_to = Text(default="")
    # By the user, where the carrier asks for it
    confirmed_at = Timestamptz(null=True, default=None)
    sent_count = Integer(default=0)
    sent_at = Timestamptz(null=True, default=None)
    # The item that had its mail sent last, and why the mail server will never take that mail
    sent_for = UUID(null=True, default=None)
    mail_refused = Text(null=True, default=None)
    created_at = Timestamptz()
    changed_at = Timestamptz()

    esim_profile_tenant_id_id_key = Unique(["tenant_id", "id"])
    esim_profile_state_check = one_of("state", EsimState)


class ReservedNumber(Table):
    """A number that is kept for the tenant until a line takes it."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    msisdn = Text()
    # The line that took it
    line_id = UUID(null=True, default=None)

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
    # Name and address of the user, where the carrier bills them
    billing = JSONB(default="{}")
    # Why it was refused
    reason = Text(default="")
    decided_by = Text(default="")
    created_at = Timestamptz()
    decided_at = Timestamptz(null=True, default=None)
    ended_at = Timestamptz(null=True, default=None)

    split_agreement_tenant_id_id_key = Unique(["tenant_id", "id"])
    split_agreement_state_check = one_of("state", AgreementState)
