"""A transit engine as HashiCorp Vault and OpenBao have it, as far as the gateway asks it."""

import base64
import os
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route


class Transit(Starlette):
    """One key, `huiyuan`: encrypt, decrypt, rotate, config, trim."""

    def __init__(self, token: str) -> None:
        self._token, self._keys = token, {1: os.urandom(32)}
        self._oldest = 1
        base = "/v1/transit"
        super().__init__(
            routes=[
                Route(f"{base}/encrypt/huiyuan", self._encrypt, methods=["POST"]),
                Route(f"{base}/decrypt/huiyuan", self._decrypt, methods=["POST"]),
                Route(f"{base}/keys/huiyuan/rotate", self._rotate, methods=["POST"]),
                Route(f"{base}/keys/huiyuan/config", self._config, methods=["POST"]),
                Route(f"{base}/keys/huiyuan/trim", self._trim, methods=["POST"]),
                Route(f"{base}/keys/huiyuan", self._read, methods=["GET"]),
            ]
        )

    async def _encrypt(self, request: Request) -> Response:
        given, refused = await self._given(request)
        if refused:
            return refused
        version, nonce = max(self._keys), os.urandom(12)
        sealed = AESGCM(self._keys[version]).encrypt(
            nonce, base64.b64decode(given["plaintext"]), base64.b64decode(given["associated_data"])
        )
        text = base64.b64encode(nonce + sealed).decode()
        return JSONResponse({"data": {"ciphertext": f"vault:v{version}:{text}"}})

    async def _decrypt(self, request: Request) -> Response:
        given, refused = await self._given(request)
        if refused:
            return refused
        _, version, text = given["ciphertext"].split(":")
        number, data = int(version[1:]), base64.b64decode(text)
        if number < self._oldest or number not in self._keys:
            return _bad("ciphertext or signature version is disallowed by policy (too old)")
        try:
            plain = AESGCM(self._keys[number]).decrypt(
                data[:12], data[12:], base64.b64decode(given["associated_data"])
            )
        except InvalidTag:
            return _bad("cipher: message authentication failed")
        return JSONResponse({"data": {"plaintext": base64.b64encode(plain).decode()}})

    async def _rotate(self, request: Request) -> Response:
        _, refused = await self._given(request)
        if refused:
            return refused
        self._keys[max(self._keys) + 1] = os.urandom(32)
        return Response(status_code=204)

    async def _config(self, request: Request) -> Response:
        given, refused = await self._given(request)
        if refused:
            return refused
        self._oldest = int(given.get("min_decryption_version", self._oldest))
        return Response(status_code=204)

    async def _trim(self, request: Request) -> Response:
        given, refused = await self._given(request)
        if refused:
            return refused
        least = int(given["min_available_version"])
        if least > self._oldest:
            return _bad("minimum available version cannot be higher than min_decryption_version")
        self._keys = {n: key for n, key in self._keys.items() if n >= least}
        return Response(status_code=204)

    async def _read(self, request: Request) -> Response:
        if request.headers.get("x-vault-token") != self._token:
            return _bad("permission denied", 403)
        return JSONResponse({"data": {"latest_version": max(self._keys)}})

    async def _given(self, request: Request) -> tuple[dict[str, Any], Response | None]:
        if request.headers.get("x-vault-token") != self._token:
            return {}, _bad("permission denied", 403)
        body = await request.body()
        return (await request.json() if body else {}), None


def _bad(error: str, status: int = 400) -> Response:
    return JSONResponse({"errors": [error]}, status)
