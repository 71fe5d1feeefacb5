"""What likeness proposes, and how it is explained. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any
from uuid import UUID

import numpy as np

from contracts import merge_reviews as api
from contracts.matching import LAYOUT, WORDS
from identity_service.identifiers.domain import Doubt
from identity_service.matching.clustering import REVIEW
from identity_service.matching.domain import Floats, Indexes, Levels, Mask, Records
from identity_service.matching.estimation import Weights, compare, evidence
from identity_service.matching.rules.blocks import BLOCKS, key
from identity_service.matching.rules.comparisons import COMPARISONS, birthday, whole_name
from identity_service.matching.rules.identifiers import RULES

SAYS_NOTHING = 0.05  # bits
# Sharing an identifier is decided when it is linked; these bring together what only looks alike.
ONLINE = [block for block in BLOCKS if not set(block.features) & RULES.keys()]
_TITLES = {
    "phone": "手机号", "masked_phone": "脱敏手机号", "email": "邮箱",
    "name": "姓名", "masked_name": "脱敏姓名",
    "romanised_name": "拼音姓名", "given": "名", "surname": "姓", "birthday": "生日",
    "region": "地区",
    "street": "街道", "street_more": "地址补充", "locality": "城市", "street_number": "门牌号",
    "postcode": "邮编", "state": "省份", "gender": "性别", "source": "渠道", "card_no": "会员卡",
    "wechat_unionid": "微信 unionid", "wechat_openid": "微信 openid", "device_id": "设备",
    "miniprogram_openid": "小程序 openid", "ecommerce_account": "电商账号", "douyin_id": "抖音号",
    "external": "外部编号",
}  # fmt: skip
_HINTS = {
    "claim": ("named together by a source that anybody can use", "由未经认证的来源一起上报"),
    "limit": ("more of it than one person has", "数量超过一人应有"),
    "contradiction": ("shared, but name and birthday differ", "共用，但姓名与生日均不同"),
}
_LEVELS = {one.name: one.levels for one in COMPARISONS}

Said = tuple[str, int, float]  # comparison, level, bits


@dataclass(frozen=True, slots=True)
class Profile:
    """Match keys of an id, and the living member it answers as."""

    member_id: UUID
    root: UUID
    registered_at: Any  # of the root: who joined first survives
    keys: bytes
    trusted: bool
    derived_at: Any


@dataclass(frozen=True, slots=True)
class Proposal:
    """Two living members who may be one; `trusted` if both sides' keys are.

    `hints` say what else speaks for it that is not enough by itself: (why, about) of a doubt.
    """

    survivor_id: UUID
    absorbed_id: UUID
    bits: float
    evidence: tuple[Said, ...]
    trusted: bool
    hints: tuple[tuple[str, str], ...] = ()

    @property
    def kept(self) -> dict[str, Any]:
        """The evidence as it is kept; what is not in it is left as it was."""
        return {"hints": self.hints} if self.hints else {"said": self.evidence}


@dataclass(frozen=True, slots=True)
class Everybody:
    """All match keys by id, packed: `ids` has sixteen bytes a record; `fresh`: who is new."""

    ids: bytes
    records: Records
    fresh: Mask

    @classmethod
    def of(cls, pages: Sequence[tuple[bytes, bytes, bytes]]) -> Everybody:
        """From pages of ids, keys, and a byte each that is 1 for who is new."""
        ids, keys, news = (b"".join(page[part] for page in pages) for part in range(3))
        fresh = np.frombuffer(news, dtype=np.uint8).astype(bool)
        return cls(ids, Records.of([keys]), fresh)

    def member(self, place: int) -> UUID:
        """Whose record it is."""
        return UUID(bytes=self.ids[16 * place : 16 * (place + 1)])


def overlaid(before: bytes, after: bytes) -> bytes:
    """Match keys of a member of whom something new became known: it replaces its feature."""
    old = np.frombuffer(before, dtype="<u8").copy()
    new = np.frombuffer(after, dtype="<u8")
    for place in LAYOUT.values():
        if new[place].any():
            old[place] = new[place]
    return old.tobytes()


def blocks_of(profiles: Sequence[Profile]) -> list[list[int]]:
    """For each profile the signed words under which it meets others."""
    records = Records.of(each.keys for each in profiles)
    found: list[list[int]] = [[] for _ in profiles]
    for number, block in enumerate(ONLINE):
        words = (key(records, block) ^ np.uint64(number)).view(np.int64)
        known = key(records, block) != 0
        for at in np.flatnonzero(known):
            found[at].append(int(words[at]))
    return found


def scored(
    profiles: Mapping[int, Profile],
    records: Records,
    pairs: tuple[Indexes, Indexes],
    weights: Weights,
    *,
    rare: bool,
) -> list[Proposal]:
    """Pairs of different members that are worth a look, each two members once, the likeliest first.

    `profiles` by place in `records`; who is in no profile is left out. `rare`: the records
    are all there are, so that how common a value is can be counted.
    """
    i, j = pairs
    levels = compare(records, weights.comparisons, i, j)
    bits = evidence(weights, records, levels, i) if rare else weights.bits(levels)
    total = bits.sum(axis=1) + weights.start
    found: dict[frozenset[UUID], Proposal] = {}
    for at in np.argsort(-total, kind="stable"):
        one, other = profiles.get(i[at]), profiles.get(j[at])
        if one is None or other is None:
            continue
        pair = frozenset((one.root, other.root))
        if total[at] < REVIEW or len(pair) < 2 or pair in found:
            continue
        older, younger = sorted((one, other), key=lambda each: (each.registered_at, each.root))
        said = _said(weights, levels[at], bits[at])
        found[pair] = Proposal(
            older.root,
            younger.root,
            round(float(total[at]), 2),
            said,
            one.trusted and other.trusted,
        )
    return list(found.values())


def _said(weights: Weights, levels: Levels, bits: Floats) -> tuple[Said, ...]:
    """What speaks for and against, the weightiest first."""
    spoken = [
        (one.name, int(level), round(float(weight), 2))
        for one, level, weight in zip(weights.comparisons, levels, bits, strict=True)
        if level >= 0 and abs(weight) >= SAYS_NOTHING
    ]
    return tuple(sorted(spoken, key=lambda each: -abs(each[2])))


def hinted(doubts: Sequence[Doubt], ages: Mapping[UUID, Any]) -> list[Proposal]:
    """What is told of members but not enough to merge them, each two once; the older survives."""
    found: dict[tuple[UUID, UUID], Proposal] = {}
    for each in doubts:
        for pair in combinations(each.members, 2):
            older, younger = sorted(pair, key=lambda member: (ages[member], member))
            hint = Proposal(older, younger, REVIEW, (), False, ((each.why, each.about),))
            found.setdefault((older, younger), hint)
    return list(found.values())


def strangers(one: bytes, other: bytes) -> bool:
    """Whether match keys say of two both another name and another birthday."""
    records, i, j = Records.of((one, other)), np.array([0]), np.array([1])
    return bool(whole_name(records, i, j)[0] == 0 and birthday(records, i, j)[0] == 0)


def explained(document: Mapping[str, Any]) -> list[api.Likeness]:
    """Evidence in words of both languages, what is compared first."""
    return [*_compared(document.get("said", ())), *map(_hint, document.get("hints", ()))]


def _hint(hint: Sequence[str]) -> api.Likeness:
    why, about = hint
    english, chinese = _HINTS[why]
    return api.Likeness(
        compared=why,
        feature=about.replace("_", " "),
        feature_zh=_TITLES.get(about, about),
        level=english,
        level_zh=chinese,
        bits=0.0,
    )


def _compared(evidence: Sequence[Sequence[Any]]) -> list[api.Likeness]:
    return [
        api.Likeness(
            compared=name,
            feature=name.replace("_", " "),
            feature_zh=_TITLES[name],
            level=_LEVELS[name][level][0],
            level_zh=_LEVELS[name][level][1],
            bits=bits,
        )
        for name, level, bits in evidence
    ]


def written(weights: Weights) -> dict[str, Any]:
    """Weights as JSON."""
    tables = {
        one.name: [m.round(9).tolist(), u.tolist()]
        for one, m, u in zip(weights.comparisons, weights.m, weights.u, strict=True)
    }
    return {"prior": weights.prior, "tables": tables}


def read(document: Mapping[str, Any]) -> Weights:
    """Weights from JSON; comparisons that have gone or changed since are left out."""
    tables = document["tables"]
    kept = tuple(
        one for one in COMPARISONS
        if one.name in tables and len(tables[one.name][0]) == len(one.levels)
    )  # fmt: skip
    m = tuple(np.array(tables[one.name][0]) for one in kept)
    u = tuple(np.array(tables[one.name][1]) for one in kept)
    return Weights(kept, m, u, float(document["prior"]))


def joined(profiles: Sequence[Profile]) -> Records:
    """Records of many profiles without a copy of a copy."""
    words = np.empty((len(profiles), WORDS), dtype="<u8")
    for at, each in enumerate(profiles):
        words[at] = np.frombuffer(each.keys, dtype="<u8")
    return Records(words)
