"""The demo's invented usage keeps the rules that its pages state."""

from collections import defaultdict
from itertools import islice

import pytest

from backend.catalog.profiles import profile
from backend.demo.fleets import TENANTS, DemoTenant, rows_of
from backend.demo.usage import CENTS, MOST_LINES, MSISDN, ROAMING, SERVICE, months_of


@pytest.mark.parametrize("tenant", TENANTS, ids=lambda one: one.slug)
def test_no_line_spends_more_abroad_than_its_cap(tenant: DemoTenant) -> None:
    carrier = profile(tenant.carrier)
    caps = {
        row["msisdn"]: carrier.cap_in_force(row["options"].split("|"), int(row["roaming_cap"]))
        for row in islice(rows_of(tenant), MOST_LINES)
    }
    paid = 0
    for records, _ in months_of(tenant):
        spent = defaultdict[str, int](int)
        for row in records:
            if row[SERVICE] == "data" and row[ROAMING] == "1":
                spent[row[MSISDN]] += int(row[CENTS])
        paid += len(spent)
        assert not {number for number, cents in spent.items() if cents > (caps[number] or 0)}
    assert paid
