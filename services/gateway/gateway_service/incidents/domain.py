"""Where to look, and what to say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from contracts.classification import DataClass, Kind
from contracts.gateway.common import Wording
from contracts.gateway.incidents import IncidentNotices, IncidentRequest
from contracts.holdings import HOLDINGS, AffectedQuestion, Holding
from gateway_service.retention.domain import kinds_at, kinds_of

CREDENTIALS = "gateway.audit_entry"  # where reads with a credential are found
WRAPPED = "gateway.wrapping_key"  # where keys are found that one of the keys above them leads to
_LETTERS = {"member": "m", "programme": "p"}
_HELD = {each.name: each for each in HOLDINGS}


@dataclass(frozen=True, slots=True)
class Source:
    """A table to ask for those affected."""

    service: str
    table: str
    columns: tuple[str, ...]
    kinds: tuple[Kind, ...]

    @property
    def name(self) -> str:
        """`<service>.<table>`."""
        return f"{self.service}.{self.table}"

    def question(self, request: IncidentRequest) -> AffectedQuestion:
        """What its service is asked."""
        since = request.since if request.rows == "written" else None
        patterns = [
            rf"hy2\.[a-z]{_LETTERS[each.key]}{each.version}(-[0-9]+)?\."
            for each in request.keys
            if each.key in _LETTERS
        ]
        return AffectedQuestion(
            self.table, request.until, since, list(self.columns), list(self.kinds), patterns
        )


def sources(request: IncidentRequest) -> list[Source]:
    """The tables an incident concerns, credentials apart."""
    named = [each for each in HOLDINGS if each.members and _is_named(request, each)]
    found = []
    for held in named:
        columns = tuple(
            column
            for column in held.sealed
            if kinds_at().get(f"{held.table}.{column}", frozenset()) & set(request.fields)
        )
        if not request.fields or columns:
            kinds = tuple(request.fields) if columns else ()
            found.append(Source(held.service, held.table, columns, kinds))
    return found


def names(request: IncidentRequest) -> list[str]:
    """Everything that is to be read, in order."""
    found = [each.name for each in sources(request)]
    found += [WRAPPED] if _wrapping(request) else []
    return [*found, CREDENTIALS] if request.credentials else found


def _sealing(request: IncidentRequest) -> bool:
    """Whether keys are named that values are sealed under themselves."""
    return any(each.key in _LETTERS for each in request.keys)


def _wrapping(request: IncidentRequest) -> bool:
    """Whether keys are named that other keys are wrapped under."""
    return any(each.key not in _LETTERS for each in request.keys)


def _is_named(request: IncidentRequest, held: Holding) -> bool:
    if _sealing(request) and not held.sealed:
        return False
    if request.tables or request.services:
        return held.name in request.tables or held.service in request.services
    return bool(request.fields) or _sealing(request)


def class_of(table: str) -> DataClass:
    """The data class of what a table holds; what was read in the clear is personal."""
    return DataClass.PERSONAL if table in (CREDENTIALS, WRAPPED) else _HELD[table].data_class


def notices(request: IncidentRequest, members: int, counts: Mapping[str, int]) -> IncidentNotices:
    """What the authority and the members are told (PIPL Article 57)."""
    zh, en = _what(request)
    what_zh, what_en = _categories(request, counts)
    window_zh = f"{_moment(request.since)} 至 {_moment(request.until)}"
    window_en = f"between {_moment(request.since)} and {_moment(request.until)}"
    done_zh = "、".join(_MEASURES[each][0] for each in request.measures) or "正在采取补救措施"
    done_en = ", ".join(_MEASURES[each][1] for each in request.measures) or "remedies are under way"
    harm_zh, harm_en = _HARM[request.nature]
    return IncidentNotices(
        authority=Wording(
            zh=f"个人信息安全事件报告\n事件：{zh}。\n发生时间：{window_zh}。\n"
            f"涉及信息种类：{what_zh}。\n涉及人数：{members} 人。\n"
            f"可能造成的危害：{harm_zh}。\n已采取的补救措施：{done_zh}。\n"
            "受影响个人的名单已经生成，可随时提供。",
            en=f"Report of a personal information security incident\nWhat: {en}.\n"
            f"When: {window_en}.\nKinds of information: {what_en}.\nPeople concerned: {members}.\n"
            f"Possible harm: {harm_en}.\nMeasures taken: {done_en}.\n"
            "The list of those concerned has been made and can be handed over at any time.",
        ),
        members=Wording(
            zh=f"尊敬的会员：\n我们发现一起{zh}的事件（{window_zh}），涉及您的下列信息：{what_zh}。"
            f"可能造成的危害：{harm_zh}。\n我们已采取的措施：{done_zh}。\n建议您：{_ADVICE[0]}。\n"
            "您可以在会员页面的“我的数据”中联系我们，或行使您的权利。",
            en=f"Dear member,\nwe have found that {en} ({window_en}). It concerns this information"
            f" about you: {what_en}. Possible harm: {harm_en}.\nWhat we have done: {done_en}.\n"
            f"What you can do: {_ADVICE[1]}.\nYou reach us, and exercise your rights, under"
            " “My data” in the member pages.",
        ),
    )


def _what(request: IncidentRequest) -> tuple[str, str]:
    nature, cause = _NATURES[request.nature], _CAUSES[request.cause]
    return f"{cause[0]}导致个人信息{nature[0]}", f"personal information {nature[1]} {cause[1]}"


def _categories(request: IncidentRequest, counts: Mapping[str, int]) -> tuple[str, str]:
    """Kinds of value where tables hold any, and in a word what else the tables are about."""
    kinds: set[Kind] = set(request.fields)
    tables: Sequence[str] = [table for table, members in counts.items() if members]
    if not kinds:
        held = HOLDINGS if WRAPPED in tables else [_HELD[t] for t in tables if t in _HELD]
        kinds = {kind for each in held for kind in kinds_of(each)}
    zh = [_KINDS[kind][0] for kind in sorted(kinds)]
    en = [_KINDS[kind][1] for kind in sorted(kinds)]
    if any(not kinds_of(_HELD[table]) for table in tables if table in _HELD):
        zh.append("会员活动与交易记录")
        en.append("records of membership and purchases")
    return "、".join(zh) or "会员信息", ", ".join(en) or "membership information"


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M %Z}".strip()


_NATURES = {"leak": ("泄露", "leaked"), "tampering": ("被篡改", "was tampered with"),
            "loss": ("丢失", "was lost")}  # fmt: skip
_CAUSES = {
    "intrusion": ("系统遭到入侵", "after an intrusion"),
    "stolen_credential": ("访问凭证被盗用", "by a stolen credential"),
    "insider": ("内部人员违规操作", "by the misconduct of an insider"),
    "misconfiguration": ("系统配置错误", "by a wrong configuration"),
    "lost_device": ("设备遗失", "with a lost device"),
    "misdirected": ("信息误发", "by being sent to the wrong recipient"),
    "unknown": ("正在查明的原因", "for a reason that is being looked into"),
}
_MEASURES = {
    "access_revoked": ("撤销相关访问权限", "access was revoked"),
    "keys_rotated": ("更换加密密钥", "encryption keys were changed"),
    "systems_isolated": ("隔离受影响系统", "the systems concerned were isolated"),
    "data_restored": ("恢复数据", "data was restored"),
    "members_logged_out": ("使全部登录失效", "all sign-ins were ended"),
    "police_informed": ("向公安机关报案", "the police were informed"),
}
_HARM = {
    "leak": (
        "可能收到诈骗电话、短信或被冒用身份",
        "fraudulent calls or messages, or misuse of identity",
    ),
    "tampering": ("会员资料或权益可能不准确", "wrong membership data or benefits"),
    "loss": ("会员资料或权益可能暂时无法使用", "membership data or benefits may be unavailable"),
}
_ADVICE = (
    "警惕陌生来电与链接，不要提供验证码，发现异常请及时与我们联系",
    "beware of unknown callers and links, never tell a code, and let us know what seems odd",
)
_KINDS: dict[Kind, tuple[str, str]] = {
    Kind.PHONE: ("手机号码", "phone number"),
    Kind.WECHAT_OPENID: ("微信标识", "WeChat id"),
    Kind.WECHAT_UNIONID: ("微信统一标识", "WeChat union id"),
    Kind.MINIPROGRAM_OPENID: ("小程序标识", "mini-program id"),
    Kind.ECOMMERCE_ACCOUNT: ("电商账号", "e-commerce account"),
    Kind.CARD_NO: ("会员卡号", "card number"),
    Kind.DEVICE_ID: ("设备标识", "device id"),
    Kind.DOUYIN_ID: ("抖音标识", "Douyin id"),
    Kind.EMAIL: ("电子邮箱", "e-mail address"),
    Kind.EXTERNAL: ("外部系统标识", "id in another system"),
    Kind.NAME: ("姓名", "name"),
    Kind.BIRTHDAY: ("生日", "birthday"),
    Kind.ADDRESS: ("地址", "address"),
    Kind.ID_NUMBER: ("身份证号码", "identity number"),
    Kind.TEXT: ("自由文本", "free text"),
}
