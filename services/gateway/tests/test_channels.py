"""What every channel keeps to, against a double of its provider that checks what it is sent."""

import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from gateway_service.dispatch.carrier import Carrier
from gateway_service.dispatch.domain import Content, Letter, Rate, Verdict, code
from gateway_service.egress.channels.aliyun import Aliyun
from gateway_service.egress.channels.aliyun import Call as AliyunCall
from gateway_service.egress.channels.aliyun import signed as signed_v3
from gateway_service.egress.channels.calls import Caller
from gateway_service.egress.channels.jpush import JPush
from gateway_service.egress.channels.smtp import Mail
from gateway_service.egress.channels.templates import parsed
from gateway_service.egress.channels.tencent import Call as TencentCall
from gateway_service.egress.channels.tencent import Tencent
from gateway_service.egress.channels.tencent import signed as signed_tc3
from gateway_service.egress.channels.tokens import Issue
from gateway_service.egress.channels.wechat import Account, MiniProgram, OfficialAccount
from testkit.providers.aliyun import AliyunDouble
from testkit.providers.double import CUT, HANG, NONSENSE, UNAVAILABLE
from testkit.providers.jpush import JPushDouble
from testkit.providers.mail import MailDouble, mail_served
from testkit.providers.tencent import TencentDouble
from testkit.providers.wechat import WeChatDouble
from testkit.serving import served

RATE, SECONDS, TEXT = Rate(100, 100), 0.3, "张三您好，券码 C1"
WECHAT = parsed("marketing=T_1:thing1")
TEMPLATES = parsed("marketing=SMS_1:content, transactional=SMS_2:content,code=SMS_3:code")
SILENT = {"jpush", "smtp", "miniprogram"}  # they tell nothing later
PHONE = "+8613800138002"


@dataclass
class Channel:
    """A plug-in, its double, and what differs: `shown` is the address as the provider knows it."""

    carrier: Carrier
    double: Any
    address: str
    shown: str

    def letter(self, **said: Any) -> Letter:
        """A message that is tried now."""
        delivery_id = uuid4()
        keys = self.carrier.keys([_Keyed(delivery_id)])
        content = Content(**{"text": TEXT, **said})
        now = datetime.now(UTC)
        return Letter(delivery_id, "marketing", keys[0], now, now, self.address, content)


@dataclass(frozen=True)
class _Keyed:
    delivery_id: Any


def aliyun(url: str, double: Any) -> Carrier:
    return Aliyun("ali-id", "ali-secret", "汇员", TEMPLATES, RATE, Caller(SECONDS), url)


def tencent(url: str, double: Any) -> Carrier:
    return Tencent(
        "tc-id", "tc-secret", "1400006666", "汇员", TEMPLATES, RATE, Caller(SECONDS), url=url
    )


@dataclass
class OwnTokens:
    """Tokens of this process, as the contract needs no more."""

    token: str = field(default="")

    async def good(self, issue: Issue, *, instead_of: str | None = None) -> str:
        if not self.token or self.token == instead_of:
            self.token = (await issue(instead_of is not None)).token
        return self.token


def account(url: str) -> Account:
    return Account("wx-test", "wx-secret", Caller(SECONDS), OwnTokens(), url)


def wechat(url: str, double: Any) -> Carrier:
    return OfficialAccount(account(url), WECHAT, RATE, "wx-callback")


def miniprogram(url: str, double: Any) -> Carrier:
    return MiniProgram(account(url), WECHAT, RATE)


def jpush(url: str, double: Any) -> Carrier:
    return JPush("jp-key", "jp-secret", RATE, Caller(SECONDS), url)


def smtp(url: str, double: Any) -> Carrier:
    port = int(url.rpartition(":")[2])
    return Mail(
        "127.0.0.1", port, "club@shop.example", RATE, SECONDS, "none", "mailer", "mail-secret"
    )


@asynccontextmanager
async def mailed(double: Any) -> AsyncIterator[str]:
    async with mail_served(double) as port:
        yield f"smtp://127.0.0.1:{port}"


OPENID, DEVICE, EMAIL = "oia2TjuEGTNoeX76QEjQNrcURxG8", "18071adc030dcba91c0", "zhang@mail.example"
Make = tuple[Callable[[], Any], Callable[[str, Any], Carrier], str, str]
MADE: dict[str, Make] = {
    "wechat": (WeChatDouble, wechat, OPENID, OPENID),
    "miniprogram": (WeChatDouble, miniprogram, OPENID, OPENID),
    "jpush": (JPushDouble, jpush, DEVICE, DEVICE),
    "smtp": (MailDouble, smtp, EMAIL, EMAIL),
    "aliyun": (AliyunDouble, aliyun, PHONE, "13800138002"),
    "tencent": (TencentDouble, tencent, PHONE, PHONE),
}


@dataclass
class Place:
    """One server for all doubles that speak HTTP, one after the other."""

    url: str = ""
    app: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)

    @asynccontextmanager
    async def lent(self, double: Any) -> AsyncIterator[str]:
        self.app = double
        yield self.url


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def place() -> AsyncIterator[Place]:
    made = Place()
    async with served(made) as url:
        made.url = url
        yield made


@pytest_asyncio.fixture(loop_scope="session", params=MADE)
async def channel(request: pytest.FixtureRequest, place: Place) -> AsyncIterator[Channel]:
    kind, make, address, shown = MADE[request.param]
    double = kind()
    async with (mailed if request.param == "smtp" else place.lent)(double) as url:
        carrier = make(url, double)
        assert await carrier.stock(4)
        yield Channel(carrier, double, address, shown)
        double.released.set()
        await carrier.close()


async def test_a_message_arrives_as_it_is_meant(channel: Channel) -> None:
    letter = channel.letter()
    outcome = await channel.carrier.send(letter)
    assert outcome.verdict is Verdict.ACCEPTED, outcome
    (sent,) = channel.double.sent
    assert sent.address == channel.shown and TEXT in str(sent.said)
    assert channel.address not in repr(letter) and TEXT not in repr(letter)


async def test_with_wrong_credentials_it_waits(channel: Channel) -> None:
    letter = channel.letter()
    channel.double.secret = secrets.token_hex()
    outcome = await channel.carrier.send(letter)
    assert outcome.verdict is Verdict.NOT_TAKEN and outcome.reason
    assert channel.double.sent == []


async def test_too_fast_is_told_from_other_trouble(channel: Channel) -> None:
    channel.double.per_second = 1
    verdicts = [(await channel.carrier.send(channel.letter())).verdict for _ in range(2)]
    assert verdicts == [Verdict.ACCEPTED, Verdict.BUSY] and len(channel.double.sent) == 1


async def test_who_does_not_exist_is_not_tried_again(channel: Channel) -> None:
    channel.double.unknown.add(channel.shown)
    outcome = await channel.carrier.send(channel.letter())
    assert outcome.verdict is Verdict.REJECTED and outcome.reason
    assert channel.shown not in outcome.reason and channel.double.sent == []


async def test_nobody_there_is_certainly_not_sent(channel: Channel) -> None:
    gone = MADE[channel.carrier.name][1]("http://127.0.0.1:9", channel.double)
    assert await gone.stock(1) in (0, 1)
    assert (await gone.send(channel.letter())).verdict is Verdict.NOT_TAKEN
    await gone.close()


@pytest.mark.parametrize("trouble", [UNAVAILABLE, NONSENSE])
async def test_an_answer_without_sense_leaves_it_open(channel: Channel, trouble: str) -> None:
    channel.double.trouble.append(trouble)
    outcome = await channel.carrier.send(channel.letter())
    said_no = channel.carrier.name == "smtp"  # which says of each mail whether it took it
    assert outcome.verdict is (Verdict.NOT_TAKEN if said_no else Verdict.LOST)


@pytest.mark.parametrize("trouble", [CUT, HANG])
async def test_a_lost_answer_never_sends_twice(channel: Channel, trouble: str) -> None:
    channel.double.trouble.append(trouble)
    letter, loss = channel.letter(), channel.carrier.loss
    outcome = await channel.carrier.send(letter)
    assert outcome.verdict is Verdict.LOST
    assert channel.address not in str(outcome.reason)
    (sent,) = channel.double.sent
    if loss.key_for:
        again = await channel.carrier.send(letter)
        assert again.verdict is Verdict.ACCEPTED and len(channel.double.sent) == 1
    if loss.asks:
        channel.double.receipt(sent, delivered=True)
        asked = await channel.carrier.ask(letter)
        assert asked.verdict is Verdict.ACCEPTED and asked.delivered is True
        assert (await channel.carrier.ask(channel.letter())).verdict is (
            Verdict.ABSENT if loss.signed_for else Verdict.LOST
        )


async def test_receipts_say_which_message_and_why(channel: Channel) -> None:
    letter = channel.letter()
    outcome = await channel.carrier.send(letter)
    (sent,) = channel.double.sent
    if channel.carrier.name in SILENT:
        with pytest.raises(ValueError):
            channel.carrier.told({}, b"[]")
        return
    for delivered in (False, True):
        told = channel.carrier.told(*channel.double.receipt(sent, delivered=delivered))
        (receipt,) = told.receipts
        assert receipt.delivered is delivered
        assert (receipt.delivery_id or receipt.ref) in (letter.delivery_id, outcome.ref)
        assert receipt.delivery_id or receipt.ref
        assert (receipt.reason is None) is delivered
        assert channel.shown not in f"{receipt}{told.answer!r}" and told.answer
    for rubbish in (b"", b"{}", b"[1]", b"\xff", b"<xml/>"):
        with pytest.raises(ValueError):
            channel.carrier.told({}, rubbish)


async def test_an_old_signature_is_not_taken(channel: Channel) -> None:
    """What makes it safe to send anew what the provider does not know."""
    if channel.carrier.loss.signed_for is None:
        return  # nothing is sent anew
    letter = channel.letter()
    late = letter.tried_at - channel.carrier.loss.signed_for - timedelta(seconds=5)
    old = replace(letter, tried_at=late, now=late)
    assert (await channel.carrier.send(old)).verdict is Verdict.NOT_TAKEN
    assert channel.double.sent == []


async def test_a_wechat_token_is_replaced_and_asked_for_once(place: Place) -> None:
    double = WeChatDouble()
    async with place.lent(double) as url:
        carrier = wechat(url, double)
        assert isinstance(carrier, OfficialAccount)
        one = Channel(carrier, double, OPENID, OPENID)
        assert (await carrier.send(one.letter())).verdict is Verdict.ACCEPTED
        double.forget_token()  # as if somebody else had asked for another
        assert (await carrier.send(one.letter())).verdict is Verdict.ACCEPTED
        assert len(double.sent) == 2 and double.tokens_given == 2
        hello = carrier.told({**double.signed(), "echostr": "4711"}, b"")
        assert hello.answer == b"4711"
        forged = {**double.signed(), "signature": "0" * 40}
        for query in ({}, forged):
            with pytest.raises(ValueError):
                carrier.told(query, double.receipt(double.sent[0], delivered=True)[1])
        await carrier.close()


async def test_a_subscription_is_good_for_one_message(place: Place) -> None:
    double = WeChatDouble(subscribed={OPENID})
    async with place.lent(double) as url:
        one = Channel(miniprogram(url, double), double, OPENID, OPENID)
        outcomes = [await one.carrier.send(one.letter()) for _ in range(2)]
        assert [each.verdict for each in outcomes] == [Verdict.ACCEPTED, Verdict.REJECTED]
        assert outcomes[1].reason == "43101"
        await one.carrier.close()


async def test_a_mail_can_be_unsubscribed_by_one_click() -> None:
    double = MailDouble()
    async with mailed(double) as url:
        one = Channel(smtp(url, double), double, EMAIL, EMAIL)
        link = "https://shop.example/u/abc"
        letter = one.letter(title="两行\r\nBcc: x@y.example", unsubscribe=link, language="zh")
        assert (await one.carrier.send(letter)).verdict is Verdict.ACCEPTED
        (mail,) = double.mails
        assert mail["List-Unsubscribe"] == f"<{link}>"
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert mail["Message-ID"] == f"<{letter.delivery_id.hex}@shop.example>"
        assert mail["Bcc"] is None and mail["Subject"] == "两行 Bcc: x@y.example"
        assert mail["To"] == EMAIL and TEXT in mail.get_content()
        plain = one.letter()
        await one.carrier.send(plain)
        assert double.mails[1]["List-Unsubscribe"] is None


def test_signatures_are_those_of_the_providers_documents() -> None:
    asked = {
        "ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd",
        "RegionId": "cn-shanghai",
    }
    ecs = AliyunCall("ecs.cn-shanghai.aliyuncs.com", "RunInstances", "2014-05-26", asked)
    at, nonce = datetime(2023, 10, 26, 10, 22, 32, tzinfo=UTC), "3156853299f313e23d1673dc12e1703d"
    _, headers = signed_v3("YourAccessKeyId", "YourAccessKeySecret", ecs, at, nonce)
    assert headers["authorization"].endswith(
        "Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
    )
    names = rb'["\u672a\u547d\u540d"]'
    payload = b'{"Limit": 1, "Filters": [{"Values": %s, "Name": "instance-name"}]}' % names
    cvm = TencentCall("cvm.tencentcloudapi.com", "cvm", "DescribeInstances", payload)
    stars, at = "*" * 32, datetime.fromtimestamp(1551113065, UTC)
    assert signed_tc3(f"AKID{stars}", stars, cvm, at)["Authorization"].endswith(
        "Signature=10b1a37a7301a02ca19a647ad722d5e43b4b3cff309d421d85b46093f6ab6c4f"
    )


def test_a_reason_is_a_code_and_never_a_number() -> None:
    assert code("isv.MOBILE_NUMBER_ILLEGAL") == "isv.MOBILE_NUMBER_ILLEGAL"
    for text in ("号码 13800138002 空号", "13800138002", "no such user", "", "x" * 65, None):
        assert code(text) in ("other", "None")
    assert parsed("") == {} and TEMPLATES["code"] == ("SMS_3", "code")
    with pytest.raises(ValueError):
        parsed("marketing=SMS_1")
