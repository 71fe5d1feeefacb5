"""The local CA and the certificate it signs."""

import asyncio
import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from allinone.tls import TlsFiles, ensure_certificates


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
async def test_a_client_that_trusts_the_ca_accepts_the_server(tmp_path: Path, host: str) -> None:
    files = ensure_certificates(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.key)

    async def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    trust = ssl.create_default_context(cafile=files.ca)
    trust.verify_flags |= ssl.VERIFY_X509_STRICT
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", port, ssl=trust, server_hostname=host
    )
    assert await reader.readline() == b"hello\n"
    writer.close()
    with pytest.raises(ssl.SSLCertVerificationError):
        await asyncio.open_connection("127.0.0.1", port, ssl=ssl.create_default_context())
    server.close()
    await server.wait_closed()


def test_certificates_are_kept_until_they_near_their_end(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    files = ensure_certificates(tmp_path, now)
    before = _contents(files)
    assert _contents(ensure_certificates(tmp_path, now + timedelta(days=300))) == before

    ensure_certificates(tmp_path, now + timedelta(days=370))
    renewed = _contents(files)
    assert renewed[0] == before[0], "the CA that clients trust stays"
    assert renewed[1] != before[1]

    ensure_certificates(tmp_path, now + timedelta(days=3640))
    assert _contents(files)[0] != before[0]
    ca = x509.load_pem_x509_certificate(files.ca.read_bytes())
    x509.load_pem_x509_certificate(files.certificate.read_bytes()).verify_directly_issued_by(ca)


def test_keys_are_private(tmp_path: Path) -> None:
    files = ensure_certificates(tmp_path)
    for key in (files.key, tmp_path / "ca.key"):
        assert stat.S_IMODE(key.stat().st_mode) == 0o600


def _contents(files: TlsFiles) -> tuple[bytes, bytes]:
    return files.ca.read_bytes(), files.certificate.read_bytes()
