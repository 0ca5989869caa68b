"""Where a request comes from: addresses, origins, our own paths, cookies."""

import pytest

from backend.api.sign_in_state import TenantChoice, open_choice, open_flows, seal_choice, seal_flows
from backend.core import clock
from backend.core.ids import new_id
from backend.core.secrets import SecretBox
from backend.integrations.identity import AuthorizationFlow
from backend.web.client_address import client_address
from backend.web.cookies import CookieNames, read_cookie
from backend.web.origin import origin_of, safe_return_path

VAULT = SecretBox(["k" * 32])


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "expected"),
    [
        ("192.0.2.1", "", (), "192.0.2.1"),
        ("192.0.2.1", "203.0.113.9", (), "192.0.2.1"),
        ("10.0.0.1", "203.0.113.9", ("10.0.0.0/8",), "203.0.113.9"),
        ("10.0.0.1", "198.51.100.1, 203.0.113.9, 10.0.0.2", ("10.0.0.0/8",), "203.0.113.9"),
        ("10.0.0.1", "made up", ("10.0.0.1",), "unknown"),
        ("10.0.0.1", "203.0.113.9, made up", ("10.0.0.1",), "unknown"),
        ("2001:db8:1:2:3:4:5:6", "", (), "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "", (), "192.0.2.1"),
        ("", "", (), "unknown"),
    ],
)
def test_forwarded_addresses_count_only_behind_our_proxies(
    peer: str, forwarded: str, trusted: tuple[str, ...], expected: str
) -> None:
    assert client_address(peer, forwarded, trusted) == expected


def test_origins_are_written_as_browsers_do() -> None:
    assert origin_of("https://Portal.example:443/x") == "https://portal.example"
    assert origin_of("http://localhost:8000") == "http://localhost:8000"


@pytest.mark.parametrize("path", ["/", "/fleet?status=active&search=a%20b", "/lines/1#history"])
def test_our_own_paths_are_kept(path: str) -> None:
    assert safe_return_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "fleet",
        "//evil",
        "/\\evil",
        "https://evil",
        "/a\nb",
        "/a b",
        "/a\\b",
        "/auth/logout",
        "/id/authorize",
        "/" + "x" * 1500,
    ],
)
def test_everything_else_leads_home(path: str) -> None:
    assert safe_return_path(path) == "/"


def flow(state: str, *, next_path: str = "/", began: int | None = None) -> AuthorizationFlow:
    return AuthorizationFlow(
        state, "nonce", "verifier", fresh=False, next=next_path, began=began or int(clock.now().timestamp())
    )


def test_flows_are_kept_newest_last_as_many_as_a_cookie_holds() -> None:
    flows = [flow(str(number), next_path="/" + "x" * 700) for number in range(8)]
    text = seal_flows(VAULT, flows)
    kept = open_flows(VAULT, text)
    assert len(text) <= 3800
    assert kept == flows[-len(kept) :]
    assert len(kept) > 1
    assert seal_flows(VAULT, []) == ""


def test_old_and_foreign_flows_are_forgotten() -> None:
    assert open_flows(VAULT, seal_flows(VAULT, [flow("a", began=1)])) == []
    assert open_flows(VAULT, seal_flows(SecretBox(["x" * 32]), [flow("a")])) == []
    for text in ("", "nonsense", "é", "AAAA"):
        assert open_flows(VAULT, text) == []


def test_a_choice_comes_back_and_a_flow_is_none() -> None:
    choice = TenantChoice(new_id(), clock.now(), "/fleet")
    assert open_choice(VAULT, seal_choice(VAULT, choice)) == choice
    assert open_choice(VAULT, seal_flows(VAULT, [flow("a")])) is None


def test_cookies_have_the_host_prefix_on_https_only() -> None:
    assert CookieNames(secure=True).session == "__Host-fleetline_session"
    assert CookieNames(secure=False).session == "fleetline_session"


def test_a_cookie_is_read_from_a_raw_header() -> None:
    assert read_cookie("a=1; fleetline_session=abc-_; b=2", "fleetline_session") == "abc-_"
    assert read_cookie("a=1", "fleetline_session") == ""
    assert read_cookie("\x00;;=", "fleetline_session") == ""
