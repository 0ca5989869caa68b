"""Which address a request came from, believing forwarded headers from trusted proxies only."""

import ipaddress
from collections.abc import Sequence

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def client_address(peer: str, forwarded: str, trusted: Sequence[str]) -> str:
    """The nearest address that is not one of our proxies; an IPv6 one stands for its /64, as people get those.

    `forwarded` is the X-Forwarded-For header. Whoever is not a trusted proxy can write what he likes into it.
    """
    networks = [ipaddress.ip_network(proxy, strict=False) for proxy in trusted]
    address = peer
    for hop in reversed([part.strip() for part in forwarded.split(",") if part.strip()]):
        if not _is_within(address, networks):
            break
        address = hop
    return _grouped(address)


def _is_within(address: str, networks: Sequence[Network]) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in networks)


def _grouped(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
