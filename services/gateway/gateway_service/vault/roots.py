"""Where the root key is. It wraps wrapping keys and nothing else, and need not leave its place.

A third place: a class below and a line in `open_roots`.
"""

import base64
import contextlib
import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import httpx
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from contracts.sealed import b64, unb64
from gateway_service.settings import Settings

ROOT_BYTES = 32
_NONCE_BYTES = 12
_WRAPPED = re.compile(r"(?:root|vault):v(\d+):")
_SECONDS = 10


class Unwrappable(Exception):
    """A wrapping key that no version of the root key at hand opens: a wrong root, or none."""


class RootKeys(Protocol):
    """The versions of the root key; the newest wraps."""

    async def wrap(self, key: bytes, context: bytes) -> str:
        """The key under the newest version, as text that tells which (`version_of`)."""
        ...

    async def unwrap(self, wrapped: str, context: bytes) -> bytes:
        """The key. Raises Unwrappable."""
        ...

    async def rotate(self) -> int:
        """Make a new version, where it is ours to make; the number of the newest one."""
        ...

    async def destroy_before(self, version: int) -> None:
        """Make sure that nothing wrapped by an older version opens again."""
        ...


def version_of(wrapped: str) -> int:
    """The version of the root key that wrapped it."""
    found = _WRAPPED.match(wrapped)
    if found is None:
        raise Unwrappable("not a wrapped key")
    return int(found[1])


def open_roots(settings: Settings) -> RootKeys:
    """What the settings say."""
    if settings.root_keys == "environment":
        return EnvironmentRoots(settings.root_key_values)
    if settings.root_keys == "transit":
        return TransitRoots(settings.transit_url, settings.transit_key, settings.transit_token)
    return FileRoots(settings.key_dir)


class _Held:
    """Versions that are in this process's memory."""

    def __init__(self) -> None:
        self.versions: dict[int, bytes] = {}

    async def wrap(self, key: bytes, context: bytes) -> str:
        """AES-256-GCM with a random nonce."""
        version, nonce = max(self.versions), secrets.token_bytes(_NONCE_BYTES)
        sealed = AESGCM(self.versions[version]).encrypt(nonce, key, context)
        return f"root:v{version}:{b64(nonce + sealed)}"

    async def unwrap(self, wrapped: str, context: bytes) -> bytes:
        """Raises Unwrappable."""
        root, sealed = self.versions.get(version_of(wrapped)), unb64(wrapped.rpartition(":")[2])
        if root is None:
            raise Unwrappable(f"version {version_of(wrapped)} of the root key is not here")
        try:
            return AESGCM(root).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], context)
        except InvalidTag:
            raise Unwrappable("the root key is another one") from None


class FileRoots(_Held):
    """Files of a folder, made when needed: `root.key` is version 1, `root-2.key` the next."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    async def wrap(self, key: bytes, context: bytes) -> str:
        """Under the newest file; the first one is made here."""
        self._look()
        if not self.versions:
            self.versions[1] = root_file(self._path(1))
        return await super().wrap(key, context)

    async def unwrap(self, wrapped: str, context: bytes) -> bytes:
        """Another process may have made the version since."""
        if version_of(wrapped) not in self.versions:
            self._look()
        return await super().unwrap(wrapped, context)

    async def rotate(self) -> int:
        """One more file."""
        self._look()
        version = max(self.versions, default=0) + 1
        self.versions[version] = root_file(self._path(version))
        return version

    async def destroy_before(self, version: int) -> None:
        """Overwritten, then removed; copies of the folder are their keeper's to destroy."""
        for old in [number for number in self.versions if number < version]:
            path = self._path(old)
            path.write_bytes(secrets.token_bytes(ROOT_BYTES))
            path.unlink()
            del self.versions[old]

    def _path(self, version: int) -> Path:
        return self._folder / ("root.key" if version == 1 else f"root-{version}.key")

    def _look(self) -> None:
        for path in self._folder.glob("root*.key"):
            found = re.fullmatch(r"root(?:-(\d+))?\.key", path.name)
            if found:
                self.versions[int(found[1] or 1)] = root_file(path)


class EnvironmentRoots(_Held):
    """`1:<base64>,2:<base64>` of 32 bytes each, as secret stores put into the environment."""

    def __init__(self, values: str) -> None:
        super().__init__()
        for entry in filter(None, values.split(",")):
            version, _, key = entry.partition(":")
            self.versions[int(version)] = base64.b64decode(key, validate=True)
        if not self.versions or any(len(k) != ROOT_BYTES for k in self.versions.values()):
            raise ValueError("HUIYUAN_ROOT_KEY_VALUES must hold keys of 32 bytes")

    async def rotate(self) -> int:
        """The newest that was given."""
        return max(self.versions)

    async def destroy_before(self, version: int) -> None:
        """Forget them; whoever set the variable takes them out of it."""
        self.versions = {n: key for n, key in self.versions.items() if n >= version}


class TransitRoots:
    """The root key stays in HashiCorp Vault or OpenBao (transit engine), or what speaks like it."""

    def __init__(self, url: str, key: str, token: str) -> None:
        self._key = key
        self.http = httpx.AsyncClient(
            base_url=url, headers={"X-Vault-Token": token}, timeout=_SECONDS
        )

    async def wrap(self, key: bytes, context: bytes) -> str:
        """`POST encrypt/<key>`."""
        given = {"plaintext": _standard(key), "associated_data": _standard(context)}
        return str((await self._post(f"encrypt/{self._key}", given))["ciphertext"])

    async def unwrap(self, wrapped: str, context: bytes) -> bytes:
        """`POST decrypt/<key>`. Raises Unwrappable."""
        given = {"ciphertext": wrapped, "associated_data": _standard(context)}
        return base64.b64decode((await self._post(f"decrypt/{self._key}", given))["plaintext"])

    async def rotate(self) -> int:
        """`POST keys/<key>/rotate`."""
        await self._post(f"keys/{self._key}/rotate", {})
        answer = await self.http.get(f"keys/{self._key}")
        return int(answer.raise_for_status().json()["data"]["latest_version"])

    async def destroy_before(self, version: int) -> None:
        """No longer decrypted with, then trimmed away."""
        await self._post(f"keys/{self._key}/config", {"min_decryption_version": version})
        await self._post(f"keys/{self._key}/config", {"min_encryption_version": version})
        await self._post(f"keys/{self._key}/trim", {"min_available_version": version})

    async def _post(self, path: str, given: Mapping[str, object]) -> dict[str, Any]:
        answer = await self.http.post(path, json=given)
        if answer.status_code == 400:
            raise Unwrappable("the transit engine refuses")
        answer.raise_for_status()
        found: dict[str, Any] = answer.json().get("data") or {} if answer.content else {}
        return found


def root_file(path: Path) -> bytes:
    """The 32 bytes of a file, made if it is missing, readable by its owner only.

    Gateways that start at once agree: the first complete file wins. Raises ValueError for a file
    of another size, because a wrong key would make everything sealed unreadable.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        fresh = path.parent / f".{path.stem}.{secrets.token_hex(8)}"
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(ROOT_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(fresh, path)  # unlike a rename it never replaces
        fresh.unlink()
    root = path.read_bytes()
    if len(root) != ROOT_BYTES:
        raise ValueError(f"{path} does not hold {ROOT_BYTES} bytes")
    return root


def _standard(data: bytes) -> str:
    return base64.b64encode(data).decode()
