"""Signed callbacks: who may speak for a carrier."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.integrations.signatures import sign, verify

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
BODY = b'{"eventId":"1"}'


def test_a_signature_is_the_hmac_of_time_and_body() -> None:
    digest = hmac.new(b"secret", b"1795262400." + BODY, hashlib.sha256).hexdigest()
    assert sign("secret", BODY, NOW) == f"t=1795262400,v1={digest}"


@given(st.text(min_size=1), st.binary())
def test_what_was_signed_verifies(secret: str, body: bytes) -> None:
    assert verify([secret], sign(secret, body, NOW), body, NOW)


@given(st.binary(), st.binary())
def test_another_body_does_not_verify(body: bytes, other: bytes) -> None:
    assert verify(["secret"], sign("secret", body, NOW), other, NOW) == (body == other)


@pytest.mark.parametrize("seconds", [-300, -1, 0, 1, 300])
def test_five_minutes_of_tolerance(seconds: int) -> None:
    header = sign("secret", BODY, NOW + timedelta(seconds=seconds))
    assert verify(["secret"], header, BODY, NOW)


@pytest.mark.parametrize("seconds", [-301, 301])
def test_older_and_later_ones_are_refused(seconds: int) -> None:
    header = sign("secret", BODY, NOW + timedelta(seconds=seconds))
    assert not verify(["secret"], header, BODY, NOW)


def test_a_time_that_was_not_signed_is_refused() -> None:
    header = sign("secret", BODY, NOW - timedelta(hours=1)).replace("t=1795258800", "t=1795262400")
    assert not verify(["secret"], header, BODY, NOW)


def test_a_secret_can_be_replaced() -> None:
    assert verify(["new", "old"], sign("old", BODY, NOW), BODY, NOW)
    both = f"{sign('new', BODY, NOW)},{sign('old', BODY, NOW).split(',')[1]}"
    assert verify(["old"], both, BODY, NOW)
    assert not verify(["new"], sign("old", BODY, NOW), BODY, NOW)


def test_an_empty_secret_opens_nothing() -> None:
    digest = hmac.new(b"", b"1795262400." + BODY, hashlib.sha256).hexdigest()
    assert not verify([""], f"t=1795262400,v1={digest}", BODY, NOW)
    assert not verify([], f"t=1795262400,v1={digest}", BODY, NOW)
    with pytest.raises(ValueError, match="empty secret"):
        sign("", BODY, NOW)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "t=,v1=",
        "v1=00",
        "t=1795262400",
        "t=1795262400,v1=é",
        "t=x,v1=00",
        "t=-1,v1=0",
        "t=1795262400,t=1,v1=0",
        ",",
    ],
)
def test_nonsense_is_refused(header: str) -> None:
    assert not verify(["secret"], header, BODY, NOW)


@given(st.text())
def test_no_header_breaks_the_check(header: str) -> None:
    assert not verify(["secret"], header, BODY, NOW)
