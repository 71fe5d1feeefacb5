"""Which URLs and which addresses may be called for somebody else, as pure functions.

A URL is read strictly: what two parsers could read in two ways is no URL here. A host is a name;
addresses come from the resolver only, so that no spelling of one (decimal, octal, hexadecimal,
short, mapped) has to be understood.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

LONGEST = 2048
_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9.-]+|\[::1\])(?::(?P<port>[1-9][0-9]{0,4}))?"
    r"(?P<target>(?:/(?:[a-z0-9._~!$&'()*+,;=:@/-]|%[0-9a-f]{2})*)?"
    r"(?:\?(?:[a-z0-9._~!$&'()*+,;=:@/?-]|%[0-9a-f]{2})*)?)",
    re.IGNORECASE,
)
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_NAME = re.compile(rf"(?:{_LABEL}\.)+(?=[a-z]){_LABEL}")  # a last label that begins with a digit
_LONGEST_NAME = 253  #                                      would make an address of it
_DEFAULT_PORTS = {"https": 443, "http": 80}
_HERE = {"localhost": "127.0.0.1", "127.0.0.1": "127.0.0.1", "[::1]": "::1"}
_INSIDE = frozenset(
    {
        "arpa", "corp", "home", "internal", "intranet", "lan", "local", "localdomain", "localhost",
        "onion", "private",
    }
)  # fmt: skip

# Global by the registries, and yet not the internet: a cloud's host at a fixed address, relays.
_NOT_PUBLIC_4 = tuple(map(ip_network, ("168.63.129.16/32", "192.88.99.0/24", "192.0.0.0/24")))
_PUBLIC_6 = ip_network("2000::/3")
# Addresses with another one inside: Teredo and other protocols' own, 6to4; and documentation.
_NOT_PUBLIC_6 = tuple(map(ip_network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")))
_ISATAP = frozenset({0x00005EFE, 0x02005EFE})


class Forbidden(ValueError):
    """The URL or the address may not be called; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Target:
    """A URL that may be called if its name leads to public addresses.

    `here` is an address of this very machine, in development only; it needs no resolving.
    """

    scheme: str
    host: str
    port: int
    path: str
    here: str | None = None


def target(url: str, ports: Collection[int], *, loopback: bool = False) -> Target:
    """The URL taken apart. `loopback` allows http and any port on this machine. Raises Forbidden.

    The codes: `not_a_url` (also for one with credentials, a fragment, or an address for a host),
    `not_https`, `no_public_name`, `port_not_allowed`.
    """
    found = _URL.fullmatch(url) if len(url) <= LONGEST and url.isascii() else None
    if found is None:
        raise Forbidden("not_a_url")
    scheme, host = found["scheme"].lower(), found["host"].lower()
    port = int(found["port"] or _DEFAULT_PORTS[scheme])
    path = found["target"] if found["target"].startswith("/") else f"/{found['target']}"
    if loopback and host in _HERE and port < 2**16:
        return Target(scheme, host, port, path, _HERE[host])
    if scheme != "https":
        raise Forbidden("not_https")
    if len(host) > _LONGEST_NAME or not _NAME.fullmatch(host) or host.split(".")[-1] in _INSIDE:
        raise Forbidden("no_public_name")
    if port not in ports:
        raise Forbidden("port_not_allowed")
    return Target(scheme, host, port, path)


def is_public(text: str) -> bool:
    """Whether an address, as a resolver gives it, is one of the public internet's."""
    try:
        address = ip_address(text)
    except ValueError:
        return False
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC_4)
    return _is_public_6(address)


def _is_public_6(address: IPv6Address) -> bool:
    """Global unicast with no other address in it: what is mapped or translated may lead inside."""
    if address.scope_id is not None or address not in _PUBLIC_6:
        return False
    if any(address in network for network in _NOT_PUBLIC_6):
        return False
    return int(address) >> 32 & 0xFFFFFFFF not in _ISATAP
