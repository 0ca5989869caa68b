"""The tables as the first migration makes them. Frozen: it is never edited, and imports no class of the product."""

from piccolo.columns import JSONB, UUID, Array, BigInt, Boolean, Bytea, Date, Integer, Text, Timestamptz
from piccolo.constraints import Check, Unique
from piccolo.table import Table


class Tenant(Table):
    """One customer group and the isolation boundary. Its row is visible inside its own scope only."""

    id = UUID(primary_key=True, default=None)
    slug = Text(unique=True)
    name = Text()
    carrier = Text()
    state = Text(default="active")
    grace_seconds = Integer(null=True, default=None)
    created_at = Timestamptz()

    tenant_state_check = Check("state IN ('active', 'suspended')")
    tenant_grace_seconds_check = Check("grace_seconds BETWEEN 0 AND 600")


class Outbox(Table):
    """A job that must happen, written with the change that asked for it. Deleted when it has finished."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    job = Text()
    data = JSONB()
    not_before = Timestamptz()
    created_at = Timestamptz()
    sent_at = Timestamptz(null=True, default=None)
    attempts = Integer(default=0)
    failed_at = Timestamptz(null=True, default=None)
    last_error = Text(null=True, default=None)


class Inbox(Table):
    """An event from outside, stored once by (source, event_id) and handled once."""

    id = BigInt(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    source = Text()
    event_id = Text()
    body = JSONB()
    received_at = Timestamptz()
    handled_at = Timestamptz(null=True, default=None)

    inbox_tenant_id_source_event_id_key = Unique(["tenant_id", "source", "event_id"])


class SetAsideMessage(Table):
    """A carrier's message that could not be read or applied, for the operator's staff. The rest went on without it."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    source = Text()
    key = Text()
    subject = Text(default="")
    body = Text(default="")
    why = Text(default="")
    state = Text(default="open")
    times = Integer(default=1)
    first_at = Timestamptz()
    last_at = Timestamptz()
    decided_by = Text(default="")
    decided_at = Timestamptz(null=True, default=None)

    set_aside_message_tenant_id_source_key_key = Unique(["tenant_id", "source", "key"])
    set_aside_message_source_check = Check("source IN ('callback', 'answer', 'inventory', 'sim')")
    set_aside_message_state_check = Check("state IN ('open', 'done', 'dismissed')")


class AuditEvent(Table):
    """Who did what, append-only. No secrets, no amounts of employees."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    at = Timestamptz()
    actor_id = UUID(null=True, default=None)
    actor_name = Text(default="")
    action = Text()
    subject = Text()
    subject_id = UUID(null=True, default=None)
    detail = JSONB(default="{}")


class Timeline(Table, tablename="timeline_entry"):
    """What customers read of the life of a line or an order, append-only."""

    id = BigInt(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    subject_kind = Text()
    subject_id = UUID(default=None)
    at = Timestamptz()
    actor_id = UUID(null=True, default=None)
    actor_name = Text(default="")
    code = Text()
    from_state = Text(default="")
    to_state = Text(default="")
    params = JSONB(default="{}")

    timeline_entry_subject_kind_check = Check("subject_kind IN ('line', 'order')")


class RecurringRun(Table):
    """One slot of one sweep: the unique pair lets any number of schedulers run."""

    id = UUID(primary_key=True, default=None)
    name = Text()
    slot = Timestamptz()

    recurring_run_name_slot_key = Unique(["name", "slot"])


class PublicLink(Table):
    """A link in a mail for somebody without a session: one purpose, one subject, a hash, an end."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    purpose = Text()
    subject_id = UUID(default=None)
    token_hash = Bytea(unique=True)
    expires_at = Timestamptz()
    used_at = Timestamptz(null=True, default=None)
    created_at = Timestamptz()

    public_link_tenant_id_id_key = Unique(["tenant_id", "id"])


class Account(Table):
    """A person who can sign in, by e-mail address or mobile number."""

    id = UUID(primary_key=True, default=None)
    email = Text(unique=True)
    mobile = Text(null=True, default=None, unique=True)
    password_hash = Text()
    given_name = Text()
    family_name = Text()
    language = Text(default="en")
    state = Text(default="active")
    created_at = Timestamptz()


class IssuerSession(Table):
    """A signed-in browser at the issuer; the cookie's hash is the key."""

    token_hash = Bytea(primary_key=True, default=None)
    account_id = UUID(default=None)
    auth_time = Timestamptz()
    expires_at = Timestamptz()


class AuthorizationCode(Table):
    """A one-time code. A used one is kept while tokens that it gave may live: shown again, it ends them."""

    code_hash = Bytea(primary_key=True, default=None)
    account_id = UUID(default=None)
    data = JSONB()
    expires_at = Timestamptz()
    used_at = Timestamptz(null=True, default=None)


class AccessToken(Table):
    """A token for the userinfo endpoint."""

    token_hash = Bytea(primary_key=True, default=None)
    account_id = UUID(default=None)
    data = JSONB()
    expires_at = Timestamptz()
    code_hash = Bytea(null=True, default=None)


class IssuerKey(Table):
    """A signing key, encrypted with the deployment's secret keys."""

    kid = Text(primary_key=True, default=None)
    sealed = Bytea()
    created_at = Timestamptz()


class SignInAttempt(Table):
    """Failed tries for one account or one address; counted for names that do not exist as well."""

    key = Text(primary_key=True, default=None)
    failures = Integer(default=0)
    last_at = Timestamptz()
    locked_until = Timestamptz(null=True, default=None)


class Document(Table):
    """One file, as it came. Never changed; its type was read from its bytes, not from its name."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    purpose = Text()
    file_name = Text()
    media_type = Text()
    size = Integer()
    sha256 = Bytea()
    content = Bytea()
    uploaded_by = UUID(null=True, default=None)
    created_at = Timestamptz()

    document_tenant_id_id_key = Unique(["tenant_id", "id"])
    document_check = Check("size BETWEEN 1 AND 10485760 AND octet_length(content) = size")
    document_sha256_check = Check("octet_length(sha256) = 32")


class DocumentAttachment(Table):
    """What a file belongs to. A file without one is deleted after a while."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    document_id = UUID(default=None)
    subject_kind = Text()
    subject_id = UUID(default=None)
    attached_at = Timestamptz()

    document_attachment_tenant_id_document_id_subject_id_key = Unique(
        ["tenant_id", "document_id", "subject_id"]
    )
    document_attachment_subject_kind_check = Check("subject_kind IN ('order', 'agreement', 'bulk_upload')")


class Member(Table):
    """A person with a login in a tenant. Reach columns are null for everything."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    account_id = UUID(default=None)
    name = Text()
    email = Text()
    language = Text(default="en")
    roles = Array(base_column=Text())
    state = Text(default="active")
    reach_billing_accounts = Array(base_column=UUID(default=None), null=True, default=None)
    reach_cost_centres = Array(base_column=UUID(default=None), null=True, default=None)
    invoice_accounts = Array(base_column=UUID(default=None), null=True, default=None)
    created_at = Timestamptz()

    member_tenant_id_id_key = Unique(["tenant_id", "id"])
    member_tenant_id_account_id_key = Unique(["tenant_id", "account_id"])
    member_state_check = Check("state IN ('invited', 'active', 'blocked', 'removed')")


class PortalSession(Table):
    """A signed-in browser in the portal, in one membership. The cookie's SHA-256 is stored, never the cookie."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    token_hash = Bytea(unique=True)
    member_id = UUID(default=None)
    portal = Text(default="manager")
    language = Text(null=True, default=None)
    auth_time = Timestamptz()
    created_at = Timestamptz()
    seen_at = Timestamptz()
    expires_at = Timestamptz()
    ended_at = Timestamptz(null=True, default=None)

    portal_session_portal_check = Check("portal IN ('manager', 'user')")


class ApiToken(Table):
    """A bearer token for /api/v1, bound to a member and that member's roles."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    token_hash = Bytea(unique=True)
    member_id = UUID(default=None)
    label = Text(default="")
    created_at = Timestamptz()
    expires_at = Timestamptz()
    last_used_at = Timestamptz(null=True, default=None)
    revoked_at = Timestamptz(null=True, default=None)


class OperatorToken(Table):
    """A bearer token of the operator's staff, who are members of no tenant. Only its SHA-256 is stored."""

    id = UUID(primary_key=True, default=None)
    name = Text()
    token_hash = Bytea(unique=True)
    created_at = Timestamptz()
    expires_at = Timestamptz()
    last_used_at = Timestamptz(null=True, default=None)
    revoked_at = Timestamptz(null=True, default=None)

    operator_token_name_check = Check("name <> ''")


class Organisation(Table):
    """A legal entity, the contract holder of lines."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    name = Text()
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
    kind = Text(default="line_bearing")

    billing_account_tenant_id_id_key = Unique(["tenant_id", "id"])
    billing_account_tenant_id_number_key = Unique(["tenant_id", "number"])
    billing_account_kind_check = Check("kind IN ('line_bearing', 'invoice_only')")


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
    msisdn = Text()
    status = Text(default="active")
    product_type = Text()
    plan = Text()
    options = Array(base_column=Text())
    barrings = Array(base_column=Text())
    billing_account_id = UUID(default=None)
    account = Text()
    cost_centre_id = UUID(null=True, default=None)
    end_user_id = UUID(null=True, default=None)
    name = Text(default="")
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
    user_since = Timestamptz(null=True, default=None)
    split_ended_at = Timestamptz(null=True, default=None)
    confirmed_at = Timestamptz(null=True, default=None)
    status_requested = Boolean(default=False)
    gone_at = Timestamptz(null=True, default=None)

    line_tenant_id_id_key = Unique(["tenant_id", "id"])
    line_status_check = Check(
        "status IN ('ordered', 'pending_active', 'active', 'suspended', 'pending_release', 'released_prepaid', 'released_private', 'pending_termination', 'terminated', 'aborted')"
    )
    line_product_type_check = Check("product_type IN ('voice_data', 'data_only')")
    line_sim_kind_check = Check("sim_kind IN ('physical', 'esim')")


class InventorySync(Table):
    """The last reading of the carrier's inventory, and the one under way."""

    tenant_id = UUID(primary_key=True, default=None)
    refreshed_at = Timestamptz(null=True, default=None)
    started_at = Timestamptz(null=True, default=None)
    state = Text(default="idle")
    read = Integer(default=0)
    total = Integer(default=0)
    unreadable = Integer(default=0)
    held_since = Timestamptz(null=True, default=None)


class HeldLineEnd(Table):
    """A line that a reading of the inventory would end, while somebody is asked."""

    line_id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    status = Text()
    read_at = Timestamptz()


class SimCard(Table):
    """A physical SIM card that the tenant holds or held (domain 3.4)."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    number = Text()
    state = Text(default="stock")
    line_id = UUID(null=True, default=None)
    item_id = UUID(null=True, default=None)
    delivered = Boolean(default=False)
    changed_at = Timestamptz()

    sim_card_tenant_id_id_key = Unique(["tenant_id", "id"])
    sim_card_state_check = Check("state IN ('stock', 'assigned', 'active', 'blocked', 'replaced', 'retired')")


class EsimProfile(Table):
    """A profile for an eUICC (domain 3.5). Its codes are secrets: whoever holds them can take over the number."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    line_id = UUID(default=None)
    item_id = UUID(null=True, default=None)
    iccid = Text(default="")
    state = Text(default="requested")
    activation_sealed = Bytea(null=True, default=None)
    confirmation_sealed = Bytea(null=True, default=None)
    valid_until = Timestamptz(null=True, default=None)
    email = Text(default="")
    language = Text(default="en")
    copy_to = Text(default="")
    confirmed_at = Timestamptz(null=True, default=None)
    sent_count = Integer(default=0)
    sent_at = Timestamptz(null=True, default=None)
    sent_for = UUID(null=True, default=None)
    mail_refused = Text(null=True, default=None)
    created_at = Timestamptz()
    changed_at = Timestamptz()

    esim_profile_tenant_id_id_key = Unique(["tenant_id", "id"])
    esim_profile_state_check = Check(
        "state IN ('requested', 'allocated', 'released', 'downloaded', 'installed', 'enabled', 'disabled', 'deleted', 'expired', 'revoked', 'error')"
    )


class ReservedNumber(Table):
    """A number that is kept for the tenant until a line takes it."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    msisdn = Text()
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
    billing = JSONB(default="{}")
    reason = Text(default="")
    decided_by = Text(default="")
    created_at = Timestamptz()
    decided_at = Timestamptz(null=True, default=None)
    ended_at = Timestamptz(null=True, default=None)

    split_agreement_tenant_id_id_key = Unique(["tenant_id", "id"])
    split_agreement_state_check = Check("state IN ('document_pending', 'under_review', 'active', 'ended')")


class Notification(Table):
    """A message by its key, such as `usage_alert/<id>`: sent once in its tenant, and shown once in the portal."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    key = Text()
    channel = Text()
    recipient = Text(default="")
    title = Text()
    member_id = UUID(null=True, default=None)
    portal = Text(default="")
    text = Text(default="")
    path = Text(default="")
    language = Text(default="")
    created_at = Timestamptz()
    sent_at = Timestamptz(null=True, default=None)
    refused = Text(null=True, default=None)
    superseded_at = Timestamptz(null=True, default=None)
    read_at = Timestamptz(null=True, default=None)

    notification_channel_check = Check("channel IN ('mail', 'sms', 'portal')")
    notification_check = Check("channel <> 'portal' OR member_id IS NOT NULL")


class ChangeOrder(Table):
    """One request of the customer. States and moves: `lifecycle.py`."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    reference = Text(null=True, default=None, unique=True)
    kind = Text()
    state = Text(default="draft")
    requester_id = UUID(default=None)
    requester_name = Text(default="")
    requester_email = Text(default="")
    language = Text(default="en")
    request_key = Text(null=True, default=None)
    request_hash = Text(null=True, default=None)
    body = JSONB()
    price = JSONB(null=True, default=None)
    promise_code = Text(default="")
    promise_due_at = Timestamptz(null=True, default=None)
    created_at = Timestamptz()
    requested_at = Timestamptz(null=True, default=None)
    grace_until = Timestamptz(null=True, default=None)
    submitted_at = Timestamptz(null=True, default=None)
    ended_at = Timestamptz(null=True, default=None)
    mailed_at = Timestamptz(null=True, default=None)
    lines = Integer(default=0)
    due_on = Date(null=True, default=None)
    flag = Text(default="")
    end_reason = Text(default="")
    missing = Integer(default=0)
    refused_mails = Integer(default=0)
    touched_at = Timestamptz(null=True, default=None)
    draft_page = Text(default="")

    change_order_tenant_id_id_key = Unique(["tenant_id", "id"])
    change_order_state_check = Check(
        "state IN ('draft', 'awaiting_approval', 'scheduled', 'grace', 'submitted', 'in_progress', 'held', 'completed', 'partial', 'failed', 'rejected', 'cancelled')"
    )
    change_order_check = Check("state = 'draft' OR reference IS NOT NULL OR state = 'cancelled'")


class ChangeOrderItem(Table):
    """One action on one line. Its id is the order's `externalId` at the carrier."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    order_id = UUID(default=None)
    kind = Text()
    position = Integer()
    line_id = UUID(default=None)
    msisdn = Text()
    name = Text(default="")
    state = Text(default="waiting")
    reason = Text(default="")
    change = JSONB()
    reported = JSONB(default="{}")
    detail = Text(default="")
    monthly_before = Integer(default=0)
    monthly_after = Integer(default=0)
    one_off = Integer(default=0)
    pro_rata = Integer(default=0)
    batch_id = UUID(null=True, default=None)
    carrier_order_id = Text(null=True, default=None)
    accepted_at = Timestamptz(null=True, default=None)
    reported_at = Timestamptz(null=True, default=None)
    sent_at = Timestamptz(null=True, default=None)
    last_contact_at = Timestamptz(null=True, default=None)
    ended_at = Timestamptz(null=True, default=None)
    left_out = JSONB(default="{}")

    change_order_item_tenant_id_id_key = Unique(["tenant_id", "id"])
    change_order_item_state_check = Check(
        "state IN ('waiting', 'sent', 'in_progress', 'held', 'done', 'failed', 'cancelled', 'skipped')"
    )


class PortInCase(Table):
    """The transfer of a number from another holder or operator (domain 3.3), one per item."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    item_id = UUID(default=None)
    line_id = UUID(default=None)
    port_case = Text()
    state = Text(default="submitted")
    reason = Text(default="")
    attempts = Integer(default=1)
    requested_on = Date(null=True, default=None)
    agreed_at = Timestamptz(null=True, default=None)
    authorised_by = Text()
    authorised_at = Timestamptz()
    authorisation_version = Text()
    created_at = Timestamptz()
    completed_at = Timestamptz(null=True, default=None)

    port_in_tenant_id_id_key = Unique(["tenant_id", "id"])
    port_in_tenant_id_item_id_key = Unique(["tenant_id", "item_id"])
    port_in_port_case_check = Check(
        "port_case IN ('prepaid_other', 'private_other', 'professional_other', 'same_carrier')"
    )
    port_in_state_check = Check(
        "state IN ('submitted', 'validating', 'info_required', 'accepted', 'executing', 'completed', 'rejected', 'cancelled', 'failed')"
    )


class Departure(Table):
    """The dated release of a number to its user (domain 3.6), one per item."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    item_id = UUID(default=None)
    line_id = UUID(default=None)
    state = Text(default="requested")
    leaves_on = Date()
    previous_status = Text(default="active")
    given_name = Text(default="")
    family_name = Text(default="")
    email = Text(default="")
    language = Text(default="")
    offer = Text(default="")
    invited_at = Timestamptz(null=True, default=None)
    chosen_at = Timestamptz(null=True, default=None)
    ended_at = Timestamptz(null=True, default=None)
    forgotten_at = Timestamptz(null=True, default=None)
    created_at = Timestamptz()
    opened_at = Timestamptz(null=True, default=None)
    mail_refused = Text(null=True, default=None)
    invitations = Integer(default=0)

    departure_tenant_id_id_key = Unique(["tenant_id", "id"])
    departure_tenant_id_item_id_key = Unique(["tenant_id", "item_id"])
    departure_state_check = Check(
        "state IN ('requested', 'successor_invited', 'offer_chosen', 'converted_private', 'converted_prepaid', 'withdrawn')"
    )


class UsageRecord(Table):
    """One call, message or data session. In the database the key is (tenant_id, record_id)."""

    record_id = Text(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    line_id = UUID(default=None)
    period = Date()
    started_at = Timestamptz()
    service = Text()
    amount = BigInt()
    unit = Text()
    zone = Text(default="")
    roaming = Boolean(default=False)
    bucket = Text(default="")
    employer_amount = BigInt()
    employer_cents = Integer()
    employee_cents = Integer()
    counterpart = Text(default="")

    usage_record_service_check = Check("service IN ('data', 'voice', 'sms', 'mms', 'premium')")
    usage_record_unit_check = Check("unit IN ('bytes', 'seconds', 'pieces')")
    usage_record_check = Check("amount >= 0 AND employer_amount BETWEEN 0 AND amount")


class UsageMonth(Table):
    """Sums of one line, month and kind of use, kept by the import in its own transaction."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    line_id = UUID(default=None)
    period = Date()
    service = Text()
    unit = Text()
    roaming = Boolean(default=False)
    bundled = Boolean(default=False)
    employer_amount = BigInt()
    employer_cents = BigInt()
    employer_until = Timestamptz(null=True, default=None)
    amount = BigInt()
    employee_cents = BigInt()
    until = Timestamptz()

    usage_month_tenant_id_line_id_period_service_unit_roaming_b_key = Unique(
        ["tenant_id", "line_id", "period", "service", "unit", "roaming", "bundled"]
    )
    usage_month_service_check = Check("service IN ('data', 'voice', 'sms', 'mms', 'premium')")
    usage_month_unit_check = Check("unit IN ('bytes', 'seconds', 'pieces')")


class UsageBucket(Table):
    """What a bundle holds and how much of it is used, as last measured."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    line_id = UUID(default=None)
    bucket = Text()
    period = Date()
    allowance = BigInt(null=True, default=None)
    used = BigInt()
    unit = Text()
    measured_at = Timestamptz()

    usage_bucket_tenant_id_line_id_period_bucket_key = Unique(["tenant_id", "line_id", "period", "bucket"])
    usage_bucket_unit_check = Check("unit IN ('bytes', 'seconds', 'pieces')")
    usage_bucket_check = Check("used >= 0 AND allowance >= 0")


class AlertCheckQueue(Table):
    """Lines whose alerts have to be looked at again."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    line_id = UUID(default=None)

    usage_unchecked_tenant_id_line_id_key = Unique(["tenant_id", "line_id"])


class UsageAlert(Table):
    """80 or 100 per cent of a bucket, of the cap abroad, or the national ceiling passed.

    `audience` is whose part counted: the employer sees alerts of its own part only.
    """

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    line_id = UUID(default=None)
    period = Date()
    kind = Text()
    subject = Text(default="")
    threshold = Integer()
    ceiling = BigInt()
    audience = Text()
    at = Timestamptz()
    closed_at = Timestamptz(null=True, default=None)
    used = BigInt(default=0)

    usage_alert_tenant_id_id_key = Unique(["tenant_id", "id"])
    usage_alert_tenant_id_line_id_period_kind_subject_threshold_key = Unique(
        ["tenant_id", "line_id", "period", "kind", "subject", "threshold", "ceiling", "audience"]
    )
    usage_alert_kind_check = Check("kind IN ('bucket', 'roaming_cap', 'national_ceiling')")
    usage_alert_audience_check = Check("audience IN ('employer', 'user')")


class UsageCapRaise(Table):
    """A cap abroad that holds for one month only; afterwards the line's standing cap counts again."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    line_id = UUID(default=None)
    period = Date()
    cents = Integer(null=True, default=None)
    at = Timestamptz()

    usage_cap_raise_tenant_id_line_id_period_key = Unique(["tenant_id", "line_id", "period"])
    usage_cap_raise_cents_check = Check("cents >= 0")


class SavedView(Table):
    """A filter, a search and an order under a name. The name is its owner's own, once for each page."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    member_id = UUID(default=None)
    page = Text()
    name = Text()
    name_key = Text()
    shared = Boolean(default=False)
    query = JSONB()
    created_at = Timestamptz()
    changed_at = Timestamptz()

    saved_view_tenant_id_id_key = Unique(["tenant_id", "id"])
    saved_view_name_key = Unique(["tenant_id", "member_id", "page", "name_key"])
    saved_view_page_check = Check("page IN ('fleet', 'requests')")
    saved_view_name_check = Check("name <> ''")


class BulkUpload(Table):
    """One file for one order kind. States and moves: `lifecycle.py`."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    kind = Text()
    document_id = UUID(default=None)
    state = Text(default="uploaded")
    problem = Text(default="")
    notes = JSONB(default="[]")
    skip_bad = Boolean(default=False)
    total = Integer(default=0)
    checked = Integer(default=0)
    ok = Integer(default=0)
    warnings = Integer(default=0)
    errors = Integer(default=0)
    skipped = Integer(default=0)
    requester_id = UUID(default=None)
    language = Text(default="en")
    order_id = UUID(null=True, default=None)
    created_at = Timestamptz()
    validated_at = Timestamptz(null=True, default=None)

    bulk_upload_tenant_id_id_key = Unique(["tenant_id", "id"])
    bulk_upload_state_check = Check(
        "state IN ('uploaded', 'validating', 'needs_fix', 'ready', 'ordered', 'failed')"
    )
    bulk_upload_check = Check("(state = 'ordered') = (order_id IS NOT NULL)")


class BulkRow(Table):
    """One row of the file. `number` counts as in a spreadsheet: the header is row 1."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    upload_id = UUID(default=None)
    number = Integer()
    fields = JSONB()
    line_id = UUID(null=True, default=None)
    status = Text()
    problems = JSONB(default="[]")

    bulk_row_tenant_id_upload_id_number_key = Unique(["tenant_id", "upload_id", "number"])
    bulk_row_status_check = Check("status IN ('ok', 'warning', 'error', 'skipped')")


TABLES = [
    value for value in list(vars().values()) if isinstance(value, type) and value.__module__ == __name__
]
