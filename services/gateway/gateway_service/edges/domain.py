"""What a store keeps of a request, and how only the centre can read it. Pure.

HPKE (RFC 9180) to the centre's key for the store: what lies in a store, or passes a link, opens
nowhere else, and the store holds no key that opens anything.
"""

import base64
import gzip
import zlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from contracts.collect import MessageType

STREAM = "EDGE"  # in the store's own JetStream domain, which is named like the store
SUBJECT = "edge.request"
EDGES_FILE = "edges.json"
STORE = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$"
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


class Unopenable(ValueError):
    """Nothing that a store of ours has sealed. The message holds no value."""


class Envelope(msgspec.Struct, frozen=True):
    """A request to collect as a store took it: whose key, which call, when, and what."""

    authorization: str
    kind: MessageType | None
    received_at: datetime
    body: bytes


class Edge(msgspec.Struct, frozen=True):
    """A store as the centre knows it. `password` is the centre's at the link, in the store's own
    account; `private_key` opens what the store has sealed (32 bytes, base64)."""

    store: Annotated[str, msgspec.Meta(pattern=STORE)]
    password: str
    private_key: str

    def opened(self, sealed: bytes) -> Envelope:
        """What a store has sealed. Raises Unopenable."""
        key = X25519PrivateKey.from_private_bytes(base64.b64decode(self.private_key))
        try:
            packed = _SUITE.decrypt(sealed, key, _info(self.store))
            envelope = _decode(packed)
            return msgspec.structs.replace(envelope, body=gzip.decompress(envelope.body))
        except (InvalidTag, ValueError, OSError, EOFError, zlib.error):
            raise Unopenable("not sealed by this store for this centre") from None


class EdgeLink(msgspec.Struct, frozen=True):
    """A store with what its NATS server shows at the link, which the centre does not use."""

    edge: Edge
    leaf_password: str


class Links(msgspec.Struct, frozen=True):
    """All stores, and where they link to."""

    listen: str = "127.0.0.1:7422"
    edges: list[EdgeLink] = []


@dataclass(frozen=True, slots=True)
class Sealer:
    """What a store has of the centre: a name and a public key (32 bytes)."""

    store: str
    public_key: bytes

    def sealed(self, envelope: Envelope) -> bytes:
        """Opens at the centre only, and only as this store's."""
        packed = msgspec.structs.replace(envelope, body=gzip.compress(envelope.body, 1))
        key = X25519PublicKey.from_public_bytes(self.public_key)
        return _SUITE.encrypt(_encode(packed), key, _info(self.store))


def read_links(folder: Path) -> Links:
    """The stores that were added; none if there is no such file."""
    file = folder / EDGES_FILE
    return msgspec.json.decode(file.read_bytes(), type=Links) if file.exists() else Links()


def leaf_user(store: str) -> str:
    """As whom a store's server links."""
    return f"leaf-{store}"


def centre_user(store: str) -> str:
    """As whom the gateway reads."""
    return f"centre-{store}"


def _info(store: str) -> bytes:
    return f"huiyuan|edge|{store}".encode()


_decode = msgspec.msgpack.Decoder(Envelope).decode
_encode = msgspec.msgpack.Encoder().encode
