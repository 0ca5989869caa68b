"""The printable split-billing contract of one line and user: the same facts always give the same bytes."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Literal

import msgspec
import orjson
import typst

from backend.catalog.catalogue import Catalogue
from backend.catalog.identifiers import format_msisdn
from backend.catalog.schemas import SplitProfile
from backend.catalog.splitting import rule_words
from backend.core.clock import today
from backend.core.i18n import load_texts
from backend.settings import Operator

HERE = Path(__file__).parent
TEXTS = HERE / "contract_texts.toml"
# PDF/A for archives, tagged for screen readers
STANDARD: Literal["a-2a"] = "a-2a"


class ContractFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What one contract says, in words that stand in it as they are."""

    operator_name: str
    operator_address: str
    operator_vat: str
    holder_name: str
    holder_address: str
    holder_number: str
    user_name: str
    number: str
    customer_number: str
    plan: str
    profile: str


class ContractParties(msgspec.Struct, frozen=True, kw_only=True):
    """Whom and what one contract is about. `plan` is a code; `msisdn` is empty while no number is chosen."""

    holder_name: str
    holder_address: str
    holder_number: str
    user_name: str
    msisdn: str
    customer_number: str
    plan: str


class ContractText(msgspec.Struct, frozen=True, kw_only=True):
    """One contract in one language; `rules` are the profile's sentences."""

    language: str
    made_on: date
    facts: ContractFacts
    rules: tuple[str, ...]


def contract_of(
    catalogue: Catalogue,
    operator: Operator,
    profile: SplitProfile,
    parties: ContractParties,
    *,
    made_on: date | None = None,
) -> ContractText:
    """The contract in the catalogue's language, or in English. `made_on`: today where it is not given."""
    return ContractText(
        language=catalogue.language if catalogue.language in load_texts(TEXTS) else "en",
        made_on=made_on or today(),
        facts=ContractFacts(
            operator_name=operator.name,
            operator_address=operator.address,
            operator_vat=operator.vat_number,
            holder_name=parties.holder_name,
            holder_address=parties.holder_address,
            holder_number=parties.holder_number,
            user_name=parties.user_name,
            number=format_msisdn(parties.msisdn),
            customer_number=parties.customer_number,
            plan=catalogue.name("plan", parties.plan),
            profile=catalogue.text(profile.name),
        ),
        rules=tuple(rule_words(profile, catalogue.language)),
    )


def inputs_of(contract: ContractText) -> dict[str, str]:
    """What the typst template reads, as JSON by name."""
    data = {
        "language": contract.language,
        "made_on": [contract.made_on.year, contract.made_on.month, contract.made_on.day],
        "words": load_texts(TEXTS)[contract.language],
        "facts": msgspec.to_builtins(contract.facts),
        "rules": contract.rules,
    }
    return {"data": orjson.dumps(data).decode()}


def contract_pdf(contract: ContractText) -> bytes:
    """The contract as PDF/A. Takes a moment of computing: call it outside the event loop."""
    return typst.compile(
        HERE / "contract.typ",
        root=HERE,
        ignore_system_fonts=True,
        format="pdf",
        sys_inputs=inputs_of(contract),
        pdf_standards=STANDARD,
        timestamp=datetime(*contract.made_on.timetuple()[:3], tzinfo=UTC),
    )
