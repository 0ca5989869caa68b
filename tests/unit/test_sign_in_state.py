"""What a browser keeps of a sign-in under way: ours only, and for ten minutes only."""

import time
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from backend.api.sign_in_state import (
    FLOW_SECONDS,
    TenantChoice,
    open_choice,
    open_flows,
    seal_choice,
    seal_flows,
)
from backend.core.secrets import SecretBox
from backend.integrations.identity import AuthorizationFlow

BOX, OTHER = SecretBox(["a" * 32]), SecretBox(["b" * 32])
CHOICE = TenantChoice(UUID(int=1), datetime.fromtimestamp(1_000_000, UTC), "/app")


def let_it_end(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + FLOW_SECONDS + 1)


def flow() -> AuthorizationFlow:
    return AuthorizationFlow("state", "nonce", "verifier", fresh=False, next="/", began=int(time.time()))


def test_what_was_sealed_comes_back() -> None:
    flows = [flow(), replace(flow(), state="other")]
    assert open_flows(BOX, seal_flows(BOX, flows)) == flows
    assert open_choice(BOX, seal_choice(BOX, CHOICE)) == CHOICE


def test_a_sign_in_under_way_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    sealed = seal_flows(BOX, [flow()])
    let_it_end(monkeypatch)
    assert open_flows(BOX, sealed) == []
    assert len(open_flows(BOX, seal_flows(BOX, [flow()]))) == 1


def test_a_choice_of_company_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    sealed = seal_choice(BOX, CHOICE)
    let_it_end(monkeypatch)
    assert open_choice(BOX, sealed) is None
    assert open_choice(BOX, seal_choice(BOX, CHOICE)) == CHOICE


def test_nobody_elses_cookie_is_read_and_none_stands_for_the_other() -> None:
    for text in ("", "x", "!", seal_flows(OTHER, [flow()]), seal_choice(BOX, CHOICE)):
        assert open_flows(BOX, text) == []
    for text in ("", "x", "!", seal_choice(OTHER, CHOICE), seal_flows(BOX, [flow()])):
        assert open_choice(BOX, text) is None
