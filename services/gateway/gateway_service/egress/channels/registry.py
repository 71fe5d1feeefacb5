"""Which provider carries which channel: one line each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from chassis.database import Database
from contracts.classification import Kind
from gateway_service.dispatch.carrier import Carrier
from gateway_service.dispatch.domain import Rate
from gateway_service.dispatch.hands import Hand
from gateway_service.dispatch.use_cases import Queue
from gateway_service.egress.channels import aliyun, call, jpush, pos, smtp, tencent, webhook, wechat
from gateway_service.egress.channels.calls import Caller
from gateway_service.egress.channels.templates import parsed
from gateway_service.egress.channels.tokens import SharedTokens
from gateway_service.egress.providers import Provider, Sandbox
from gateway_service.settings import Settings
from gateway_service.vault.keys import Keys
from gateway_service.vault.seal import Vault
from gateway_service.webhooks.use_cases import Webhooks


@dataclass(frozen=True, slots=True)
class Means:
    """What carriers are made of. The database is there once the service has started."""

    settings: Settings
    keys: Keys
    db: Callable[[], Database]

    def caller(self) -> Caller:
        """Of one provider."""
        return Caller(self.settings.egress_seconds)

    def account(self, name: str, app_id: str, secret: str) -> wechat.Account:
        """Of WeChat's, with a token that all gateways share."""
        tokens = SharedTokens(name, self.keys, self.db)
        return wechat.Account(app_id, secret, self.caller(), tokens, self.settings.wechat_url)


def _aliyun(means: Means) -> Carrier:
    its = means.settings
    return aliyun.Aliyun(
        its.sms_key_id, its.sms_key_secret, its.sms_sign, parsed(its.sms_templates),
        _rate(its.sms_per_second), means.caller(), its.sms_url or aliyun.URL,
    )  # fmt: skip


def _tencent(means: Means) -> Carrier:
    its = means.settings
    return tencent.Tencent(
        its.sms_key_id, its.sms_key_secret, its.sms_app_id, its.sms_sign,
        parsed(its.sms_templates), _rate(its.sms_per_second), means.caller(), its.sms_region,
        its.sms_url or tencent.URL,
    )  # fmt: skip


def _wechat(means: Means) -> Carrier:
    its = means.settings
    account = means.account("wechat", its.wechat_app_id, its.wechat_secret)
    return wechat.OfficialAccount(
        account, parsed(its.wechat_templates), _rate(its.wechat_per_second), its.wechat_token
    )


def _miniprogram(means: Means) -> Carrier:
    its = means.settings
    account = means.account("miniprogram", its.mini_program_app_id, its.mini_program_secret)
    return wechat.MiniProgram(
        account, parsed(its.miniprogram_templates), _rate(its.miniprogram_per_second)
    )


def _jpush(means: Means) -> Carrier:
    its = means.settings
    return jpush.JPush(
        its.push_app_key, its.push_secret, _rate(its.push_per_second), means.caller(),
        its.push_url, its.push_production,
    )  # fmt: skip


def _smtp(means: Means) -> Carrier:
    its = means.settings
    return smtp.Mail(
        its.smtp_host, its.smtp_port, its.smtp_from, _rate(its.email_per_second),
        its.egress_seconds, its.smtp_security, its.smtp_user, its.smtp_password,
    )  # fmt: skip


MADE: dict[str, Callable[[Means], Carrier]] = {
    "aliyun": _aliyun,
    "tencent": _tencent,
    "wechat": _wechat,
    "miniprogram": _miniprogram,
    "jpush": _jpush,
    "smtp": _smtp,
}
ADDRESSES = {
    "sms": Kind.PHONE,
    "wechat": Kind.WECHAT_OPENID,
    "miniprogram": Kind.MINIPROGRAM_OPENID,
    "push": Kind.DEVICE_ID,
    "email": Kind.EMAIL,
}


def chosen(settings: Settings) -> dict[str, str]:
    """The provider of each channel."""
    named = {channel: str(getattr(settings, f"{channel}_provider")) for channel in ADDRESSES}
    return {**named, **HANDS, "webhook": webhook.PROVIDER}


HANDS = {"pos": pos.PROVIDER, "call": call.PROVIDER}


def carriers(means: Means) -> dict[str, Carrier]:
    """Those that the settings name, by provider."""
    named = chosen(means.settings).values()
    return {name: MADE[name](means) for name in named if name in MADE}


def providers(settings: Settings, vault: Vault, hooks: Webhooks) -> Mapping[str, Provider]:
    """What takes over the messages of each channel."""
    named = chosen(settings)
    posted: dict[str, Provider] = {
        channel: Queue(vault, address, named[channel])
        if named[channel] in MADE
        else Sandbox(vault, address)
        for channel, address in ADDRESSES.items()
    }
    return {
        **posted,
        "pos": Hand(vault, None, pos.PROVIDER),
        "call": Hand(vault, Kind.PHONE, call.PROVIDER),
        "webhook": webhook.Hooked(hooks),
    }


def _rate(per_second: float) -> Rate:
    """In no second are there more than a tenth too many."""
    return Rate(per_second, max(per_second / 10, 1.0))
