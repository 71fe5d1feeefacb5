"""Texts: variables, limits, unsubscribing."""

import pytest

from campaign_service.campaigns.offers import values
from campaign_service.campaigns.rules import PLAYBOOKS
from campaign_service.templates.domain import faults, render
from contracts.campaign.offers import PercentOffer

OFFER = PercentOffer(percent_off=20, valid_days=14)
ZH, EN = ({**values(OFFER, each), "code": "ABCD2345EFGH"} for each in ("zh", "en"))
TAIL = "拒收请回复R"


def test_scenarios_own_texts_may_be_sent() -> None:
    for playbook in PLAYBOOKS.values():
        assert faults(playbook.text_zh, "zh", ZH) == []
        assert faults(playbook.text_en, "en", EN) == []


def test_everything_but_the_name_is_filled_in() -> None:
    text = render("{name}，{discount}券{code}，{days}天。" + TAIL, ZH)
    assert text == "{name}，8折券ABCD2345EFGH，14天。" + TAIL
    assert render("{discount} {code} opt out", EN) == "20% off ABCD2345EFGH opt out"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{name}，券{code}", "unsubscribe is missing"),
        ("{name}，券。" + TAIL, "{code} is missing"),
        ("{phone}{code}" + TAIL, "unknown variable"),
        ("{code.__class__}" + TAIL, "unknown variable"),
        ("{code!r}" + TAIL, "unknown variable"),
        ("{}{code}" + TAIL, "unknown variable"),
        ("{code" + TAIL, "braces do not match"),
        ("{code}" + "长" * 60 + TAIL, "longer than one SMS"),
        ("{name}，全网最低价{code}" + TAIL, "characters 7 to 11: rather 实惠价"),
    ],
)
def test_faults_are_told(text: str, fault: str) -> None:
    assert any(fault in found for found in faults(text, "zh", ZH))


def test_the_limit_counts_the_longest_filling() -> None:
    room = 70 - 12 - 4 - len(TAIL)
    assert faults("{name}{code}" + "好" * room + TAIL, "zh", ZH) == []
    assert faults("{name}{code}" + "好" * (room + 1) + TAIL, "zh", ZH) != []
