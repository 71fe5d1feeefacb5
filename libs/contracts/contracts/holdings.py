"""What is held about members: one row a table. Out of it come nightly retention, the register of
processing (PIPL, Article 55), and the list of those whom an incident concerns.

A table with a column that leads to a member and no row here fails CI.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from contracts.base import Record
from contracts.classification import DataClass, internal, public

P, Q, N = DataClass.PERSONAL, DataClass.QUASI, DataClass.INTERNAL


@dataclass(frozen=True, slots=True)
class Words:
    """The same in both languages."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Activity:
    """Why data is processed. `purposes` are those members consent to; none where the basis is not
    consent."""

    name: Words
    basis: Words
    recipients: Words
    purposes: tuple[str, ...] = ()


_NOBODY = Words("无", "nobody")
_CONTRACT = Words(
    "履行会员合同（个保法第十三条第二项）", "membership contract (PIPL Art. 13 no. 2)"
)
_CONSENT = Words("个人同意（个保法第十三条第一项）", "consent (PIPL Art. 13 no. 1)")
_DUTY = Words("法定义务（个保法第十三条第三项）", "legal duty (PIPL Art. 13 no. 3)")

ACTIVITIES: dict[str, Activity] = {
    "membership": Activity(
        Words("会员管理", "Keeping members"), _CONTRACT, _NOBODY, ("membership",)
    ),
    "loyalty": Activity(
        Words("积分、等级与权益", "Points, tiers and benefits"), _CONTRACT,
        Words("会员选择兑换的合作方", "partners a member exchanges with"),
    ),
    "trade": Activity(
        Words("交易与账务", "Orders and accounts"), _DUTY,
        Words("结算商户（仅金额）", "merchants that settle (amounts only)"),
    ),
    "insight": Activity(
        Words("画像与个性化推荐", "Profiles and personalised recommendation"), _CONSENT, _NOBODY,
        ("personalised_recommendation",),
    ),
    "marketing": Activity(
        Words("营销触达", "Marketing messages"), _CONSENT,
        Words("受托发送短信、微信、推送与邮件的服务商",
              "processors that carry SMS, WeChat, push and e-mail"),
        ("marketing",),
    ),
    "security": Activity(
        Words("登录安全、防作弊与审计", "Sign-in, abuse and audit"), _DUTY, _NOBODY
    ),
    "rights": Activity(
        Words("同意与个人权利", "Consents and rights"), _DUTY, _NOBODY, ("guardian",)
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Holding:
    """A table about members.

    `members` are the columns that hold a member id, or a key that the view `via` (key, member_id)
    leads to one from. `at` is when a row was written. Rows go `days` after `at`; None: with the
    membership, by erasure. `sealed` are the columns with tokens, `kind_column` tells their kind
    where it varies.
    """

    service: str
    table: str
    activity: str
    data_class: DataClass
    members: tuple[str, ...] = ()
    at: str | None = None
    days: int | None = None
    sealed: tuple[str, ...] = ()
    kind_column: str | None = None
    via: str | None = None
    partitioned: bool = False

    @property
    def name(self) -> str:
        """`<service>.<table>`."""
        return f"{self.service}.{self.table}"

    @property
    def places(self) -> set[str]:
        """Places of sealed values, as fields name them."""
        return {f"{self.table}.{column}" for column in self.sealed}


class AffectedQuestion(Record, frozen=True):
    """Who has rows in a table: those written by `until`, and since `since` if that is given.

    `kinds` asks for rows that hold a value of one of these kinds, `sealed_as` for rows with a token
    that one of these patterns fits (POSIX regular expressions).
    """

    table: Annotated[str, public]
    until: Annotated[datetime, public]
    since: Annotated[datetime | None, public] = None
    columns: Annotated[list[str], public] = []
    kinds: Annotated[list[str], public] = []
    sealed_as: Annotated[list[str], public] = []


class Affected(Record, frozen=True):
    """Member ids, each once."""

    members: Annotated[list[UUID], internal]


class Overdue(Record, frozen=True):
    """Rows of a table that should be gone by now."""

    table: Annotated[str, public]
    rows: Annotated[int, public]


def of_service(service: str) -> list[Holding]:
    """What a service holds."""
    return [holding for holding in HOLDINGS if holding.service == service]


_MEMBER, _SUBJECT = ("member_id",), ("subject_id",)
_BOTH = ("member_id", "original_member_id")
_SEEN = "subject_member"  # profile's view from subjects to members
YEAR, THREE_YEARS = 366, 1096

_IDENTITY = [
    Holding("identity", "member", "membership", P, _MEMBER, "registered_at",
            sealed=("name", "birthday", "address")),
    Holding("identity", "birthday_untold", "membership", N, _MEMBER),
    Holding("identity", "identifier", "membership", P, _BOTH, "linked_at", sealed=("value",),
            kind_column="kind"),
    Holding("identity", "kept_apart", "membership", N, ("one", "other"), "since"),
    Holding("identity", "merge", "membership", N, ("survivor_id", "absorbed_id"), "merged_at"),
    Holding("identity", "match_keys", "membership", P, _MEMBER, "derived_at"),
    Holding("identity", "merge_review", "membership", N, ("survivor_id", "absorbed_id"),
            "found_at"),
]  # fmt: skip

_PROFILE = [
    Holding("profile", "subject", "membership", N, _MEMBER),
    Holding("profile", "member", "membership", Q, _SUBJECT, "registered_at", via=_SEEN),
    Holding("profile", "touched", "insight", N, _SUBJECT, via=_SEEN),
    Holding("profile", "activity", "insight", N, _SUBJECT, "occurred_at", 400, via=_SEEN,
            partitioned=True),
    Holding("profile", "activity_day", "insight", N, _SUBJECT, "day", 400, via=_SEEN),
    Holding("profile", "trait", "insight", P, _SUBJECT, "occurred_at", sealed=("value",),
            via=_SEEN),
    Holding("profile", "purchase", "trade", N, _SUBJECT, "paid_at", THREE_YEARS, via=_SEEN,
            partitioned=True),
    Holding("profile", "refund", "trade", N, _SUBJECT, "refunded_at", THREE_YEARS, via=_SEEN),
    Holding("profile", "happening", "loyalty", N, _SUBJECT, "at", THREE_YEARS, via=_SEEN),
    Holding("profile", "spending", "insight", N, _SUBJECT, "first_at", via=_SEEN),
    Holding("profile", "objection", "rights", N, _SUBJECT, "objected_at", via=_SEEN),
    Holding("profile", "refusal", "rights", N, _SUBJECT, "refused_at", via=_SEEN),
    Holding("profile", "forecast", "insight", Q, _SUBJECT, "made_at", via=_SEEN),
    Holding("profile", "member_worth", "insight", Q, _SUBJECT, via=_SEEN),
    Holding("profile", "clv_month", "insight", Q, _SUBJECT, "month", 400, via=_SEEN),
    Holding("profile", "member_cluster", "insight", Q, _SUBJECT, via=_SEEN),
    Holding("profile", "member_tags", "insight", Q, _SUBJECT, via=_SEEN),
    Holding("profile", "tag_review", "insight", Q, _SUBJECT, "flipped_at", via=_SEEN),
    Holding("profile", "tag_flip", "insight", Q, _SUBJECT, "flipped_at", 400, via=_SEEN),
    Holding("profile", "tag_pin", "insight", Q, _SUBJECT, via=_SEEN),
    Holding("profile", "standing", "insight", Q, _SUBJECT, via=_SEEN),
    Holding("profile", "tag_rule", "insight", P, (), "changed_at", sealed=("document",)),
    Holding("profile", "segment_version", "marketing", P, (), "changed_at",
            sealed=("definition",)),
    Holding("profile", "segment_list", "marketing", N, _SUBJECT, "added_at", via=_SEEN),
    Holding("profile", "member_tier", "insight", N, _SUBJECT, "changed_at", via=_SEEN),
    Holding("profile", "member_consent", "insight", N, _SUBJECT, "changed_at", via=_SEEN),
]  # fmt: skip

_POINTS = [
    Holding("points", "member", "loyalty", N, _MEMBER),
    Holding("points", "enrolment", "loyalty", N, _MEMBER, "enrolled_at"),
    Holding("points", "member_birthday", "loyalty", Q, _MEMBER),
    Holding("points", "member_tags", "loyalty", Q, _MEMBER),
    Holding("points", "member_month", "loyalty", N, _MEMBER, "month", THREE_YEARS),
    Holding("points", "moved", "loyalty", N, ("owner_id",)),
    Holding("points", "absorption", "loyalty", N, ("absorbed_id", "into_id"), "absorbed_at"),
    Holding("points", "tier_warning", "loyalty", N, _MEMBER, "warned_on"),
    Holding("points", "tier_change", "loyalty", N, _MEMBER, "changed_at"),
    Holding("points", "growth_entry", "loyalty", N, _MEMBER, "occurred_at"),
    Holding("points", "account", "trade", N),
    Holding("points", "orders", "trade", N, _MEMBER, "recorded_at"),
    Holding("points", "refund", "trade", N, _MEMBER, "refunded_at"),
    Holding("points", "quote", "trade", N, _MEMBER, "valid_until"),
    Holding("points", "lot", "loyalty", N, _MEMBER, "earned_at"),
    Holding("points", "redemption", "loyalty", N, _MEMBER, "burnt_at"),
    Holding("points", "hold", "loyalty", N, ("member_id", "account_owner"), "held_at"),
    Holding("points", "transfer", "loyalty", N, ("giver_id", "receiver_id"), "transferred_at"),
    Holding("points", "reward_exchange", "loyalty", N, _MEMBER, "exchanged_at"),
    Holding("points", "exchange", "loyalty", N, _MEMBER, "exchanged_at"),
    Holding("points", "package_purchase", "loyalty", N, _MEMBER, "bought_at"),
    Holding("points", "stored_value", "trade", N, _MEMBER, "opened_at"),
    Holding("points", "paid_membership", "trade", N, _MEMBER, "bought_at"),
    Holding("points", "coupon", "loyalty", N, _MEMBER, "claimed_at"),
    Holding("points", "benefit_use", "loyalty", N, _MEMBER, "used_at"),
    Holding("points", "benefit_application", "loyalty", N, _MEMBER, "changed_at", THREE_YEARS),
    Holding("points", "rule_use", "loyalty", N, _MEMBER, "day"),
    Holding("points", "act", "loyalty", N, _MEMBER, "recorded_at"),
    Holding("points", "parked_act", "loyalty", N, (), "parked_at", 90),
    Holding("points", "identifier", "loyalty", N, _MEMBER),
    Holding("points", "device_sighting", "security", N),
    Holding("points", "task_done", "loyalty", N, _MEMBER, "done_at"),
    Holding("points", "task_purchase", "loyalty", N, _MEMBER, "paid_at"),
    Holding("points", "member_badge", "loyalty", N, _MEMBER, "earned_at"),
    Holding("points", "questionnaire_answer", "loyalty", Q, _MEMBER, "answered_at", THREE_YEARS),
    Holding("points", "referral_code", "loyalty", N, _MEMBER, "made_at"),
    Holding("points", "referral", "loyalty", N, ("referrer_id",), "attributed_at"),
]  # fmt: skip

_CAMPAIGN = [
    Holding("campaign", "member", "marketing", N, _MEMBER, "registered_at"),
    Holding("campaign", "member_alias", "marketing", N, ("absorbed_id", "survivor_id")),
    Holding("campaign", "member_part", "membership", N, _MEMBER),
    Holding("campaign", "segment_member", "marketing", N, _MEMBER, "entered_at"),
    Holding("campaign", "objection", "rights", N, _MEMBER, "objected_at"),
    Holding("campaign", "contactable", "rights", N, _MEMBER),
    # measured some weeks later, and explained for two years from then on
    Holding("campaign", "contact_decision", "marketing", N, _BOTH, "decided_at", 2 * YEAR + 30),
    Holding("campaign", "delivery", "marketing", N, _BOTH, "due_at", 2 * YEAR + 30),
    Holding("campaign", "experiment_member", "marketing", N, _BOTH, "assigned_at", 2 * YEAR + 30),
    Holding("campaign", "message_response", "marketing", N, _BOTH, "made_at", 2 * YEAR),
    Holding("campaign", "purchase", "marketing", N, _BOTH, "paid_at", YEAR),
    Holding("campaign", "refund", "marketing", N, (), "refunded_at", YEAR),
    Holding("campaign", "redemption", "marketing", N, (), "paid_at", 2 * YEAR),
    Holding("campaign", "invitation_page", "loyalty", Q, _BOTH, "made_at", YEAR),
    Holding("campaign", "guest", "loyalty", N, _BOTH, "signed_up_at", 2 * YEAR),
    Holding("campaign", "kpi_order", "marketing", N, _BOTH, "paid_at", 2 * YEAR),
    Holding("campaign", "kpi_refund", "marketing", N, (), "refunded_at", 2 * YEAR),
    Holding("campaign", "kpi_contact", "marketing", N, _BOTH, "sent_at", 2 * YEAR),
    Holding("campaign", "signup", "loyalty", N, _BOTH, "signed_up_at", 2 * YEAR),
    Holding("campaign", "vote", "loyalty", N, _BOTH, "voted_at", 2 * YEAR),
    Holding("campaign", "community_member", "loyalty", N, _BOTH, "joined_at"),
    Holding("campaign", "follower", "loyalty", N, (*_BOTH, "referred_id"), "rewarded_at", 2 * YEAR),
    Holding("campaign", "share", "loyalty", N, _BOTH, "shared_at", YEAR),
    Holding("campaign", "survey_invitation", "marketing", N, _BOTH, "invited_at", 2 * YEAR),
    Holding("campaign", "survey_answer", "insight", Q, _BOTH, "answered_at", 2 * YEAR),
    Holding("campaign", "zone_move", "marketing", Q, _BOTH, "moved_at", 2),
    Holding("campaign", "trigger_wait", "marketing", Q, _BOTH, "due_at", 7),
    Holding("campaign", "journey_run", "marketing", N, _BOTH, "entered_at", 2 * YEAR),
    Holding("campaign", "journey_signal", "marketing", N, _BOTH, "occurred_at", YEAR),
]

_GATEWAY = [
    Holding("gateway", "consent_event", "rights", N, _MEMBER, "at"),
    Holding("gateway", "consent_head", "rights", N, _MEMBER),
    Holding("gateway", "consent", "rights", N, _MEMBER, "changed_at"),
    Holding("gateway", "rights_request", "rights", N, (), "requested_at"),
    Holding("gateway", "merged_member", "membership", N, ("absorbed_id", "survivor_id")),
    Holding("gateway", "known_store", "security", N, _MEMBER),
    Holding("gateway", "child", "rights", DataClass.SENSITIVE, _MEMBER),
    Holding("gateway", "read_approval", "security", N, _MEMBER, "asked_at", THREE_YEARS),
    Holding("gateway", "identifier_tail", "membership", N, _MEMBER),
    Holding("gateway", "birthday", "membership", Q, _MEMBER),
    Holding("gateway", "unsubscribe_link", "marketing", N, _MEMBER, "sent_at", 90),
    Holding("gateway", "quarantine", "insight", P, (), "received_at", 90, ("payload",)),
    Holding("gateway", "correction", "membership", Q, _MEMBER, "corrected_at", YEAR),
    Holding("gateway", "import_part", "membership", P, (), "received_at", 7),
    Holding("gateway", "sandbox_outbox", "marketing", P, _MEMBER, "sent_at", 90,
            ("recipient", "text")),
    Holding("gateway", "outgoing_message", "marketing", P, _MEMBER, "created_at", 90,
            ("recipient", "content")),
    # Survives erasure, as a keyed index that leads to no member: who was erased is not written to
    # again because the number comes back in somebody's old list.
    Holding("gateway", "suppression", "rights", N, (), "since", sealed=("address",)),
    Holding("gateway", "audit_entry", "security", N),
    Holding("gateway", "incident_member", "security", N, _MEMBER),
    Holding("gateway", "token_family", "security", N, _MEMBER, "expires_at", 30),
    Holding("gateway", "login_code", "security", P, (), "expires_at", 1, ("number_index",)),
    Holding("gateway", "authorization_code", "security", N, (), "expires_at", 1),
    Holding("gateway", "data_key", "security", DataClass.SENSITIVE, ("owner",), "created_at"),
    Holding("gateway", "rotation", "security", N, _MEMBER, "begun_at"),
    Holding("gateway", "webhook_message", "trade", N, (), "created_at", 30),
    Holding("gateway", "tombstone", "rights", N, (), "erased_at"),
]  # fmt: skip

HOLDINGS: list[Holding] = [*_IDENTITY, *_PROFILE, *_POINTS, *_CAMPAIGN, *_GATEWAY]
