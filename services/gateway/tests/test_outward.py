"""What may be called for somebody else, and that only that is called."""

import asyncio
import ipaddress
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allinone.tls import ensure_certificates
from gateway_service.outward.client import Failed, Outward
from gateway_service.outward.domain import Forbidden, is_public, target

PORTS = frozenset({443, 8443})
GOOD = (
    "https://partner.example/hooks", "https://partner.example", "https://partner.example?a=b",
    "https://PARTNER.example:8443/a%20b/?x=1&y=%E4%BC%9A", "https://xn--fiq228c.example/",
    "https://a-1.b2.partner.example:443/@x;y=(1)!", "https://2020.partner.example/",
)  # fmt: skip

HOSTILE = {
    "not_https": (
        "http://partner.example/", "http://169.254.169.254/latest/meta-data/", "http://[::1]/",
        "HTTP://partner.example", "http://localhost/",
    ),
    "no_public_name": (
        "https://localhost/", "https://127.0.0.1/", "https://127.1/", "https://2130706433/",
        "https://0x7f000001/", "https://0x7f.1/", "https://0177.0.0.1/", "https://0/",
        "https://017700000001/", "https://127.0.0.1.:443/", "https://169.254.169.254/",
        "https://10.0.0.1/", "https://192.168.1.1/", "https://172.16.0.1/", "https://1.1.1.1/",
        "https://100.100.100.200/latest/", "https://168.63.129.16/", "https://0.0.0.0/",
        "https://255.255.255.255/", "https://224.0.0.1/", "https://gateway/", "https://[::1]/",
        "https://redis.internal/", "https://metadata.google.internal/computeMetadata/v1/",
        "https://printer.local/", "https://db.lan/", "https://x.home.arpa/", "https://a.localhost/",
        "https://abc.onion/", "https://partner.example./", "https://.partner.example/",
        "https://partner..example/", "https://-a.example/", "https://a-.example/",
        "https://1.2.3.0x4/", "https://partner.123/", f"https://{'a' * 64}.example/",
        f"https://{'a.' * 130}example/",
    ),
    "port_not_allowed": (
        "https://partner.example:22/", "https://partner.example:6379/",
        "https://partner.example:80/", "https://partner.example:65535/",
        "https://partner.example:99999/",
    ),
    "not_a_url": (
        "", "partner.example", "//partner.example/", "ftp://partner.example/",
        "file:///etc/passwd", "gopher://127.0.0.1:6379/_INFO", "https:/partner.example/",
        "https://user:pass@partner.example/", "https://partner.example@127.0.0.1/",
        "https://127.0.0.1#@partner.example/", "https://partner.example/#a",
        "https://partner.example\\@127.0.0.1/", "https:\\\\127.0.0.1\\", "https://[::]/",
        "https://[::ffff:127.0.0.1]/", "https://[::ffff:7f00:1]/", "https://[fe80::1%25eth0]/",
        "https://[fd00:ec2::254]/", "https://[64:ff9b::a9fe:a9fe]/", "https://[2002:7f00:1::]/",
        "https://①②⑦.⓪.⓪.①/", "https://ⓛocalhost/", "https://127。0。0。1/",
        "https://partner.example:/", "https://partner.example:0443/", "https://partner.example: 1/",
        "https://partner.example/ x", "https://partner.example/\r\nHost: a", "https://a_b.example/",
        "https://partner.example/%zz", "https://partner.example/\x00", "\thttps://partner.example/",
        "https://partner.example\n", "https://%31%32%37.0.0.1/", "jar:https://partner.example!/",
        "dict://127.0.0.1:11211/", "data:text/plain,x", "https://会员.example/",
        f"https://partner.example/{'a' * 2048}",
    ),
}  # fmt: skip

NOT_PUBLIC = (
    "127.0.0.1", "127.255.255.254", "0.0.0.0", "10.1.2.3", "172.31.255.255", "192.168.0.1",
    "169.254.169.254", "100.64.0.1", "100.100.100.200", "192.0.0.8", "192.0.2.1", "198.18.0.1",
    "198.51.100.7", "203.0.113.9", "224.0.0.251", "240.0.0.1", "255.255.255.255", "192.88.99.1",
    "168.63.129.16", "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:8.8.8.8",
    "64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1", "2002:7f00:1::", "2002:808:808::1",
    "2001:0:53aa:64c::1", "2001:db8::1", "3fff::1", "fe80::1", "fe80::1%eth0", "fec0::1",
    "fc00::1", "fd00:ec2::254", "ff02::1", "100::1", "2606:4700::5efe:7f00:1",
    "2606:4700::200:5efe:a00:1", "2606:4700::1%1", "", "localhost", "2130706433", "0x7f000001",
)  # fmt: skip


def test_what_is_hostile_is_no_target() -> None:
    assert sum(map(len, HOSTILE.values())) + len(NOT_PUBLIC) >= 120
    for code, urls in HOSTILE.items():
        for url in urls:
            with pytest.raises(Forbidden) as caught:
                target(url, PORTS)
            assert caught.value.code == code, url
    for url in GOOD:
        to = target(url, PORTS)
        assert (to.scheme, to.here) == ("https", None) and to.path.startswith("/"), url


def test_what_is_not_the_internet_is_not_public() -> None:
    assert [each for each in NOT_PUBLIC if is_public(each)] == []
    for address in ("8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "240e::1"):
        assert is_public(address), address


@given(st.ip_addresses())
def test_what_is_public_is_global_and_has_no_other_inside(address: ipaddress.IPv4Address) -> None:
    if is_public(str(address)):
        assert address.is_global and not address.is_private and not address.is_multicast
        for inside in ("ipv4_mapped", "sixtofour", "teredo"):
            assert getattr(address, inside, None) is None


def test_loopback_is_for_development() -> None:
    for url in ("http://127.0.0.1:9/x", "http://localhost:9/x", "http://[::1]:9/x"):
        assert target(url, PORTS, loopback=True).here in ("127.0.0.1", "::1")
        with pytest.raises(Forbidden):
            target(url, PORTS)
    for url in ("http://10.0.0.1/", "http://partner.example/", "https://127.0.0.2/"):
        with pytest.raises(Forbidden):
            target(url, PORTS, loopback=True)


@dataclass
class Resolver:
    """Answers what it was given, one after the other; the last for ever."""

    answers: list[list[str]]
    asked: list[str] = field(default_factory=list)

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


async def fails(outward: Outward, url: str) -> str:
    with pytest.raises(Failed) as caught:
        await outward.post(url, {}, b"{}")
    return caught.value.reason


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["::ffff:127.0.0.1"], ["64:ff9b::7f00:1"], []],
)
async def test_a_name_that_leads_inside_is_nowhere(addresses: list[str]) -> None:
    resolver = Resolver([addresses])
    outward = Outward(PORTS, 2, resolve=resolver)
    assert await fails(outward, "https://rebound.example/") == "unreachable"
    assert await fails(outward, "https://127.0.0.1.nip.example/") == "unreachable"

    async def nowhere(host: str, port: int) -> Sequence[str]:
        raise OSError

    assert await fails(Outward(PORTS, 2, resolve=nowhere), "https://no.example/") == "unreachable"


@dataclass
class Receiver:
    """A TLS server on this machine that says what it got, and answers as it is told to."""

    port: int = 0
    got: list[bytes] = field(default_factory=list)
    answer: bytes = b"HTTP/1.1 204 No Content\r\n\r\n"
    slow: bool = False

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.got.append(await reader.read(65536))
        if self.slow:
            await reader.read()
        writer.write(self.answer)
        await writer.drain()
        writer.close()


@asynccontextmanager
async def receiving(folder: Path) -> AsyncIterator[tuple[Receiver, ssl.SSLContext]]:
    """It has a certificate for `localhost`, and for nothing else."""
    files = ensure_certificates(folder)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(files.certificate, files.key)
    receiver = Receiver()
    server = await asyncio.start_server(receiver, "127.0.0.1", 0, ssl=tls)
    receiver.port = server.sockets[0].getsockname()[1]
    async with server:
        yield receiver, ssl.create_default_context(cafile=files.ca)


async def test_the_connection_goes_where_was_looked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Resolved once; a name that means this machine a moment later is not asked again. That the
    judged address is the one called, and the name the one of the certificate, shows when loopback
    counts as public."""
    async with receiving(tmp_path) as (receiver, trust):
        ports = frozenset({receiver.port})
        public = Resolver([["192.0.2.77"], ["127.0.0.1"]])
        monkeypatch.setattr(
            "gateway_service.outward.client.is_public", lambda each: each != "10.0.0.1"
        )
        outward = Outward(ports, 0.5, resolve=public, trust=trust)
        url = f"https://rebound.example:{receiver.port}/"
        assert await fails(outward, url) in {"timeout", "no_connection"}
        assert public.asked == ["rebound.example"] and receiver.got == []

        here = Resolver([["127.0.0.1"]])
        outward = Outward(ports, 5, resolve=here, trust=trust)
        assert await fails(outward, f"https://rebound.example:{receiver.port}/") == "no_tls"
        assert receiver.got in ([], [b""]), "nothing is said to somebody else's certificate"


async def test_hostile_receivers(tmp_path: Path) -> None:
    async with receiving(tmp_path) as (receiver, trust):
        outward = Outward(PORTS, 0.5, loopback=True, trust=trust)
        url = f"https://localhost:{receiver.port}/hook?a=b"
        assert await outward.post(url, {"x-a": "1"}, b"{}") == 204
        head = receiver.got[0]
        assert head.startswith(b"POST /hook?a=b HTTP/1.1\r\n") and head.endswith(b"\r\n\r\n{}")
        for answer, meaning in (
            (b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\n\r\n", 302),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\n" + b"x" * 100_000, 200),
            (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 1_000_000 + b"\r\n\r\n", "broken_answer"),
            (b"SSH-2.0-OpenSSH_9.6\r\n", "broken_answer"),
            (b"", "broken_answer"),
        ):
            receiver.answer = answer
            if isinstance(meaning, int):
                assert await outward.post(url, {}, b"{}") == meaning
            else:
                assert await fails(outward, url) == meaning, answer[:20]
        receiver.slow = True
        assert await fails(outward, url) == "timeout"
    assert await fails(outward, url) == "no_connection"
    other = Outward(PORTS, 0.5, loopback=True)
    async with receiving(tmp_path) as (receiver, _):
        assert await fails(other, f"https://localhost:{receiver.port}/") == "no_tls"
