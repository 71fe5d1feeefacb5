"""Adding a store: keys and passwords for both ends, made at the centre.

The centre keeps its half beside the root key (`edges.json`); the store gets a file. It holds a
public key, a password of the link, and hashes of write keys: nothing that opens what is collected.
"""

import base64
import re
import secrets
from pathlib import Path
from typing import Annotated, Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from allinone.home import Home, write_atomically
from gateway_service.access.domain import hash_secret
from gateway_service.edges.domain import EDGES_FILE, STORE, Edge, EdgeLink, Links, read_links


class NotEnrolled(RuntimeError):
    """A store cannot be added, or a file is no enrolment; says why."""


class Enrolment(msgspec.Struct, frozen=True):
    """What a store gets. `public_key` is 32 bytes in base64, `write_keys` SHA-256 in hexadecimal,
    `link` where the centre listens, `ca` the PEM of whom to believe that, `password` the link's."""

    store: Annotated[str, msgspec.Meta(pattern=STORE)]
    link: Annotated[str, msgspec.Meta(pattern=r"^(tls|nats-leaf)://[^/]+$")]
    ca: str
    password: str
    public_key: str
    write_keys: Annotated[list[str], msgspec.Meta(min_length=1)]


def add(home: Home, store: str, write_keys: list[str], link: str, ca: str) -> Enrolment:
    """Make a store's keys, keep the centre's half. Raises NotEnrolled."""
    links = read_links(home.keys)
    if re.fullmatch(STORE, store) is None:
        raise NotEnrolled("a store is named by up to 63 letters, digits, - and _")
    if any(each.edge.store == store for each in links.edges):
        raise NotEnrolled(f"{store} was added before; remove it first if its file is lost")
    key = X25519PrivateKey.generate()
    made = Edge(store, secrets.token_urlsafe(24), _text(key.private_bytes_raw()))
    password = secrets.token_urlsafe(24)
    _write(home, Links(links.listen, [*links.edges, EdgeLink(made, password)]))
    public = _text(key.public_key().public_bytes_raw())
    hashes = [hash_secret(each).hex() for each in write_keys]
    return Enrolment(store, link, ca, password, public, hashes)


def as_json(enrolment: Enrolment) -> dict[str, Any]:
    """What `read` reads."""
    return dict(msgspec.to_builtins(enrolment))


def listen(home: Home, where: str) -> None:
    """Where stores link to, as host:port of this machine."""
    _write(home, Links(where, read_links(home.keys).edges))


def remove(home: Home, store: str) -> None:
    """Let a store link no more; what it still keeps opens nowhere then. Raises NotEnrolled."""
    links = read_links(home.keys)
    left = [each for each in links.edges if each.edge.store != store]
    if len(left) == len(links.edges):
        raise NotEnrolled(f"there is no store {store}")
    _write(home, Links(links.listen, left))


def read(file: Path) -> Enrolment:
    """A store's file. Raises NotEnrolled."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=Enrolment)
    except (OSError, msgspec.DecodeError) as error:
        raise NotEnrolled(f"{file} is no enrolment: {error}") from None


def _write(home: Home, links: Links) -> None:
    write_atomically(home.keys / EDGES_FILE, msgspec.to_builtins(links))


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
