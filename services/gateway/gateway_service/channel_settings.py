"""Settings of the channels that messages leave by."""

from typing import Literal

from pydantic import Field, field_validator

from chassis.settings import Settings as ChassisSettings
from gateway_service.egress.channels.templates import parsed

_TEMPLATES = "`purpose=TEMPLATE:variable,…` (marketing, transactional, code): filled with the text"


class ChannelSettings(ChassisSettings):
    """`log` keeps what would have been sent, sealed, and shows it at /dev/outbox."""

    sms_provider: Literal["log", "aliyun", "tencent"] = Field(
        "log", description="who carries SMS; log: nobody, what would be sent is kept"
    )
    sms_url: str = Field("", description="the provider's address, where it is not the usual one")
    sms_key_id: str = Field("", description="AccessKeyId, SecretId")
    sms_key_secret: str = Field("", description="AccessKeySecret, SecretKey")
    sms_sign: str = Field("", description="approved signature of SMS, without brackets")
    sms_app_id: str = Field("", description="SmsSdkAppId (Tencent)")
    sms_region: str = Field("ap-guangzhou", description="region (Tencent)")
    sms_templates: str = Field("", description=_TEMPLATES)
    sms_per_second: float = Field(50, gt=0, description="SMS a second, of all gateways together")
    wechat_provider: Literal["log", "wechat"] = Field(
        "log", description="who carries template messages of the official account"
    )
    wechat_url: str = Field("https://api.weixin.qq.com", description="where WeChat is called")
    wechat_app_id: str = Field("", description="app id of the official account")
    wechat_secret: str = Field("", description="its secret")
    wechat_token: str = Field("", description="token that its callbacks are signed with")
    wechat_templates: str = Field("", description=_TEMPLATES)
    wechat_per_second: float = Field(20, gt=0, description="template messages a second")
    miniprogram_provider: Literal["log", "miniprogram"] = Field(
        "log", description="who carries subscribe messages; app id and secret: MINI_PROGRAM_…"
    )
    miniprogram_templates: str = Field("", description=_TEMPLATES)
    miniprogram_per_second: float = Field(20, gt=0, description="subscribe messages a second")
    push_provider: Literal["log", "jpush"] = Field("log", description="who carries app push")
    push_url: str = Field("https://api.jpush.cn", description="where JPush is called")
    push_app_key: str = Field("", description="AppKey of the app")
    push_secret: str = Field("", description="its Master Secret")
    push_production: bool = Field(True, description="APNs: production, not development")
    push_per_second: float = Field(8, gt=0, description="pushes a second; JPush takes 500 a minute")
    email_provider: Literal["log", "smtp"] = Field("log", description="who carries e-mail")
    smtp_host: str = Field("localhost", description="mail relay")
    smtp_port: int = Field(587, ge=1, le=65535, description="its port")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="how the connection to it is kept secret"
    )
    smtp_user: str = Field("", description="user at the relay; empty: none")
    smtp_password: str = Field("", description="its password")
    smtp_from: str = Field("", description="address that mails come from")
    email_per_second: float = Field(20, gt=0, description="mails a second")
    egress_seconds: float = Field(10, gt=0, le=60, description="time a provider has to answer")
    egress_retry_seconds: float = Field(
        5, gt=0, description="pause after a first failed try; each further one is twice as long"
    )
    egress_patience_seconds: float = Field(
        21_600, gt=0, description="how long a message is tried before it is a dead letter"
    )

    @field_validator("sms_templates", "wechat_templates", "miniprogram_templates")
    @classmethod
    def _readable(cls, text: str) -> str:
        parsed(text)
        return text
