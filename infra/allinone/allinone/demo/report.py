"""The report: every figure is asked of the platform's public API or counted by the byte scan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

import msgspec

from allinone.demo import verdicts
from allinone.demo.client import Api
from allinone.demo.dataset import Totals
from allinone.demo.invariants import Invariant
from allinone.demo.progress import Planted
from allinone.pii.scanner import Scanned
from chassis.evidence.walk import Audit

RFM_AT = "2017-10-01T00:00:00+08:00"
DAY_BANDS = ("<=30", "31-90", ">90")
TIERS = ("regular", "silver", "gold", "diamond")
POINTS = ("issued", "burnt", "expired", "depreciated", "outstanding")
FUNNEL = ("issued", "claimed", "redeemed", "rolled_back", "expired")
TOP_TAGS = 12

Figures = dict[str, Any]


class Check(NamedTuple):
    """A figure of the platform beside the data set's and what generated shoppers add to it."""

    what: str
    ours: int
    data_set: int
    planted: int = 0

    @property
    def good(self) -> bool:
        """Whether they agree."""
        return self.ours == self.data_set + self.planted


async def gather(
    api: Api,
    scanned: Scanned,
    audited: Audit,
    planted: Planted,
    invariants: Sequence[Invariant],
) -> Figures:
    """The figures under the JSON keys of the demo's report, without `seconds`.

    Amounts in fen, counts otherwise; `top_tags` is a list of `{tag, value, members}`. `planted` is
    what generated shoppers bought, which is in the platform's figures, too.
    """
    campaigns = await _campaigns(api)
    experiments = await _experiments(api, campaigns)
    members = await _ask(api, "/v1/members/stats")
    purchases = await _ask(api, "/v1/insights/purchases")
    points = await _ask(api, "/v1/points/stats")
    books = await _ask(api, "/v1/ledger/trial-balance")
    terciles = await _ask(api, "/v1/insights/rfm", at=RFM_AT, scheme="terciles")
    bands = await _ask(api, "/v1/insights/rfm", at=RFM_AT, scheme="days")
    tags = await _ask(api, "/v1/tags/counts")
    return {
        "members_before_merge": members["registered"],
        "members": members["members"],
        "identifiers": members["identifiers"],
        "orders": purchases["orders"],
        "lines": purchases["lines"],
        "paid_fen": purchases["paid_fen"],
        "growth_spend": points["growth_spend"],
        "points": {key: points[key] for key in POINTS},
        "trial_balance": books["difference"],
        "tiers": {tier: points["tiers"].get(tier, 0) for tier in TIERS},
        "tier_movements": await _movements(api),
        "referrals_rewarded": await _rewarded(api),
        "coupons": await _coupons(api),
        "liability": await _liability(api),
        "ledger": {"entries": audited.entries, "findings": len(audited.findings)},
        "rfm_2017_10_01": {
            "terciles": dict(sorted(terciles["cells"].items())),
            "day_bands": {band: bands["cells"].get(band, 0) for band in DAY_BANDS},
        },
        "top_tags": tags["data"][:TOP_TAGS],
        "lifecycle": _values(tags["data"], "lifecycle"),
        "customer_groups": _values(tags["data"], "customer_group"),
        "segments": await _segments(api),
        "models": await _models(api),
        "consents": await _consents(api),
        "campaigns": campaigns,
        "experiments": experiments,
        "placebos": verdicts.placebos(campaigns),
        "invariants": [asdict(each) for each in invariants],
        "planted": msgspec.to_builtins(planted),
        "plaintext_hits": scanned.hits,
    }


def cross_check(figures: Figures, totals: Totals) -> list[Check]:
    """The platform's figures beside the data set's: the only place that looks at the latter."""
    known, planted = totals.households, figures["planted"]
    return [
        *(
            [Check("members, households", figures["members"], known, planted["members"])]
            if known is not None
            else []
        ),
        Check("orders, baskets", figures["orders"], totals.baskets, planted["orders"]),
        Check("lines", figures["lines"], totals.lines, planted["lines"]),
        Check("paid, fen", figures["paid_fen"], totals.paid_fen, planted["paid_fen"]),
        Check(
            "growth, whole yuan",
            figures["growth_spend"],
            totals.growth_yuan,
            planted["growth_yuan"],
        ),
        Check("trial balance", figures["trial_balance"], 0),
    ]


def wrong(figures: Figures, totals: Totals) -> list[str]:
    """What speaks against the platform, in words; empty when everything is as it has to be."""
    missed = verdicts.missed(figures["campaigns"], figures["experiments"])
    return [
        *(check.what for check in cross_check(figures, totals) if not check.good),
        *(each["name"] for each in figures["invariants"] if each["violations"]),
        *(f"the effect planted in {name}" for name in missed),
    ]


def _values(counts: list[Figures], tag: str) -> dict[str, int]:
    """Members by value of a tag."""
    return {each["value"]: each["members"] for each in counts if each["tag"] == tag}


async def _segments(api: Api) -> dict[str, int]:
    """Members by segment."""
    page = await _ask(api, "/v1/segments", limit="200")
    return {
        segment["name"]: (await _ask(api, f"/v1/segments/{segment['segment_id']}/count"))["members"]
        for segment in page["data"]
    }


async def _models(api: Api) -> Figures:
    """By model: what won, and its held-out figures beside the baseline's."""
    page = await _ask(api, "/v1/models")
    return {
        model["name"]: {
            "as_of": model["as_of"],
            "horizon_days": model["horizon_days"],
            "champion": model["champion"],
            "figures": model["figures"],
        }
        for model in sorted(page["data"], key=lambda model: str(model["name"]))
    }


async def _campaigns(api: Api) -> list[Figures]:
    page = await _ask(api, "/v1/campaigns", limit="200")
    reports = [
        await _ask(api, f"/v1/campaigns/{campaign['campaign_id']}/report", by="variant")
        for campaign in page["data"]
    ]
    shown = ("name", "author", "approver", "targeted", "held_out", "refused", "sent", "redeemed")
    return [
        {key: report[key] for key in (*shown, "cost_fen", "revenue_fen", "incremental")}
        | {"verdict": verdicts.judged(report, sent), "sent_by_arm": sent}
        for report in sorted(reports, key=lambda report: str(report["name"]))
        for sent in [{part["key"]: part["sent"] for part in report["parts"]}]
    ]


async def _experiments(api: Api, campaigns: Sequence[Figures]) -> list[Figures]:
    """What was tried in campaigns, an experiment being named as its campaign."""
    sent = {campaign["name"]: campaign["sent_by_arm"] for campaign in campaigns}
    page = await _ask(api, "/v1/experiments", limit="200")
    reports = [
        await _ask(api, f"/v1/experiments/{each['experiment_id']}/report") for each in page["data"]
    ]
    shown = ("name", "measured", "causal", "arms", "decided", "best", "zh", "en")
    return [
        {key: report[key] for key in shown}
        | {"verdicts": verdicts.tried(report, sent[report["name"]])}
        for report in sorted(reports, key=lambda report: str(report["name"]))
    ]


async def _consents(api: Api) -> dict[str, dict[str, int]]:
    """Members by answer and purpose."""
    found = (await _ask(api, "/v1/consents/counts"))["data"]
    return {
        " ".join(filter(None, (each["purpose"], each["channel"]))): {
            state: each[state] for state in ("granted", "refused", "withdrawn")
        }
        for each in found
    }


async def _ask(api: Api, path: str, **query: str) -> Any:
    return await api.get(path, role="analyst", **query)


async def _movements(api: Api) -> list[Figures]:
    """Members who went up and down, and who were warned, by month."""
    found = await _ask(api, "/v1/tiers/movements", **{"from": "2017-01-01", "to": "2018-01-01"})
    months: dict[str, Figures] = {}
    for each in found["data"]:
        up = TIERS.index(each["tier"]) > TIERS.index(each["previous"])
        _month(months, each["month"])["up" if up else "down"] += each["members"]
    for each in found["warned"]:
        _month(months, each["month"])["warned"] += each["members"]
    return [months[month] for month in sorted(months)]


def _month(months: dict[str, Figures], first: str) -> Figures:
    return months.setdefault(first, {"month": first[:7], "up": 0, "down": 0, "warned": 0})


async def _rewarded(api: Api) -> int:
    """Referrals whose first purchase was rewarded."""
    rewarded = 0
    cursor: dict[str, str] = {}
    while True:
        page = await api.get(
            "/v1/referrals", role="operator", status="rewarded", limit="200", **cursor
        )
        rewarded += len(page["data"])
        if page["next_cursor"] is None:
            return rewarded
        cursor = {"cursor": page["next_cursor"]}


async def _coupons(api: Api) -> Figures:
    total = (await _ask(api, "/v1/coupon-funnel"))["total"]
    return {**{key: total[key] for key in FUNNEL}, "discount_fen": total["discount"]["amount"]}


async def _liability(api: Api) -> Figures:
    found = await _ask(api, "/v1/ledger/liability")
    return {
        "points": found["points"],
        "value_fen": found["value"]["amount"],
        "breakage": found["breakage"],
    }
