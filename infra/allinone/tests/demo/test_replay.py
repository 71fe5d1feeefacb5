"""The first weeks of an eighth of the households on the real platform: undisturbed, and killed."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest
from rich.console import Console

from allinone.demo import campaigns, dataset, display, plant, progress, report
from allinone.demo.report import Figures
from allinone.demo.stage import NotADemo, Stage, staged
from allinone.home import Home

UNTIL = date(2017, 2, 10)  # late enough for messages (thirty days without purchase) and coupons
EVERY = 8  # each eighth household, fewer of the shoppers
KEYS = set(
    [
        "members_before_merge",
        "members",
        "identifiers",
        "orders",
        "lines",
        "paid_fen",
        "growth_spend",
        "points",
        "trial_balance",
        "tiers",
        "tier_movements",
        "referrals_rewarded",
        "coupons",
        "liability",
        "ledger",
        "rfm_2017_10_01",
        "top_tags",
        "lifecycle",
        "customer_groups",
        "segments",
        "models",
        "consents",
        "campaigns",
        "experiments",
        "placebos",
        "invariants",
        "planted",
        "plaintext_hits",
        "seconds",
    ]
)
CAMPAIGN_KEYS = set(
    [
        "name",
        "author",
        "approver",
        "targeted",
        "held_out",
        "refused",
        "sent",
        "redeemed",
        "cost_fen",
        "revenue_fen",
        "incremental",
        "verdict",
        "sent_by_arm",
    ]
)
KILLED_AFTER = {
    date(2017, 1, 2): "points",
    date(2017, 1, 6): "nats",
    date(2017, 1, 10): "identity",
    date(2017, 1, 14): "postgres",
    date(2017, 1, 18): "gateway",
    date(2017, 1, 22): "profile",
    date(2017, 1, 26): "redis",
    date(2017, 2, 4): "campaign",
    date(2017, 2, 7): "postgres",
}
CUT_AFTER = date(2017, 1, 8)  # here the demo itself is stopped in the middle of a day
MOMENT = 0.1  # seconds into a day that takes some tenths


@asynccontextmanager
async def _stage(folder: Path) -> AsyncIterator[Stage]:
    async with staged(folder, durable=False, every=EVERY) as stage:
        yield stage


def _campaign(figures: Figures, listed: campaigns.Listed) -> Figures:
    return next(each for each in figures["campaigns"] if each["name"] == listed.name)


async def _figures(stage: Stage) -> Figures:
    """Without what time took; fractions to nine places, as sums of them depend on threads."""
    scanned = await stage.scan()
    figures = await stage.figures(scanned, await stage.audit())
    del figures["seconds"]
    text = msgspec.json.encode(figures)
    found: Figures = json.loads(text, parse_float=lambda digits: round(float(digits), 9))
    return found


@pytest.fixture(scope="module")
async def undisturbed() -> AsyncIterator[tuple[Figures, Stage]]:
    with TemporaryDirectory(prefix="hy-", ignore_cleanup_errors=True) as folder:
        async with _stage(Path(folder)) as stage:
            await stage.play(until=UNTIL)
            yield await _figures(stage), stage


async def test_the_platform_counts_what_the_data_set_holds(
    undisturbed: tuple[Figures, Stage],
) -> None:
    figures, stage = undisturbed
    baskets = [b for day in dataset.days() if day <= UNTIL for b in stage.data.day(day)]
    planted = figures["planted"]
    assert figures["orders"] == len(baskets) + planted["orders"]
    lines = sum(len(basket.lines) for basket in baskets)
    assert figures["lines"] == lines + planted["lines"]
    paid = [basket.paid_fen for basket in baskets]
    assert figures["paid_fen"] == sum(paid) + planted["paid_fen"]
    assert figures["growth_spend"] == sum(fen // 100 for fen in paid) + planted["growth_yuan"]
    assert planted["members"] == len(plant.numbers(EVERY))
    assert 0 < planted["responses"] < planted["orders"]
    assert figures["trial_balance"] == 0
    assert figures["plaintext_hits"] == 0
    points = figures["points"]
    assert points["outstanding"] == points["issued"] - points["burnt"] - points["expired"]
    assert 0 < points["burnt"] < points["issued"]


async def test_members_are_merged_and_messages_sent(
    undisturbed: tuple[Figures, Stage],
) -> None:
    figures, _ = undisturbed
    assert figures["members"] < figures["members_before_merge"]
    assert sum(figures["tiers"].values()) == figures["members"]
    campaign = _campaign(figures, campaigns.REPURCHASE)
    assert campaign["author"] != campaign["approver"]
    assert 0 < campaign["sent"] < campaign["targeted"]
    assert 0 < campaign["held_out"] < campaign["targeted"]
    reached = campaign["held_out"] + campaign["sent"] + campaign["refused"]
    assert reached < campaign["targeted"]  # who has not agreed is kept back before it is sent
    answers = figures["consents"]
    assert answers["membership"] == {"granted": figures["members"], "refused": 0, "withdrawn": 0}
    sms = answers["marketing sms"]
    assert sum(sms.values()) == figures["members"]
    assert 0 < sms["refused"] < sms["granted"] / 2  # four in five agree


async def test_what_was_planted_is_found_and_nothing_forbidden_happened(
    undisturbed: tuple[Figures, Stage],
) -> None:
    figures, stage = undisturbed
    for listed in (campaigns.PLANTED, campaigns.DWELL):
        planted = _campaign(figures, listed)
        verdict = planted["verdict"]
        assert verdict["planted"] >= verdict["expected"] > 0
        assert 0 < planted["sent"] < planted["targeted"] - planted["held_out"]
    verdict = _campaign(figures, campaigns.PLANTED)["verdict"]
    assert verdict["holds"] and verdict["measured"]["low"] < verdict["expected"]
    (tried,) = figures["experiments"]
    assert tried["causal"] and [arm["name"] for arm in tried["arms"]] == ["a", "b"]
    assert tried["verdicts"]["b"]["planted"] == plant.PLANTED[0].points
    assert tried["verdicts"]["b"]["holds"]
    assert all(each["violations"] == 0 < each["checked"] for each in figures["invariants"])
    totals = stage.data.until(UNTIL).totals()
    assert report.wrong(figures, totals) == []
    assert report.wrong({**figures, "orders": 0}, totals) == ["orders, baskets"]


async def test_the_report_has_the_agreed_keys_and_can_be_read(
    undisturbed: tuple[Figures, Stage],
) -> None:
    _, stage = undisturbed
    scanned = await stage.scan()
    figures = await stage.figures(scanned, await stage.audit())
    assert set(figures) == KEYS
    assert set(figures["points"]) == {"issued", "burnt", "expired", "depreciated", "outstanding"}
    assert figures["ledger"]["findings"] == 0 < figures["ledger"]["entries"]
    assert list(figures["tiers"]) == ["regular", "silver", "gold", "diamond"]
    assert list(figures["rfm_2017_10_01"]["day_bands"]) == ["<=30", "31-90", ">90"]
    assert set(figures["campaigns"][0]) == CAMPAIGN_KEYS
    assert figures["seconds"]["total"] >= figures["seconds"]["start"] > 0
    console = Console(width=140, record=True, file=StringIO())
    console.print(display.report(figures, stage.data.totals(), scanned))
    text = console.export_text()
    assert f"{figures['members']:,} members" in text
    assert "0 plaintext personal values" in text


async def test_a_finished_stretch_is_not_played_again(
    undisturbed: tuple[Figures, Stage],
) -> None:
    figures, stage = undisturbed
    await stage.play(until=UNTIL)
    assert await _figures(stage) == figures


async def test_kills_change_no_figure(undisturbed: tuple[Figures, Stage]) -> None:
    figures, _ = undisturbed
    with TemporaryDirectory(prefix="hy-", ignore_cleanup_errors=True) as folder:
        async with _stage(Path(folder)) as stage:
            playing = asyncio.current_task()
            assert playing is not None
            with pytest.raises(asyncio.CancelledError):
                await stage.play(_disturber(stage, playing), until=UNTIL)
            playing.uncancel()
        async with _stage(Path(folder)) as stage:
            assert stage.state.finished == CUT_AFTER
            await stage.play(_disturber(stage, playing), until=UNTIL)
            assert await _figures(stage) == figures
            assert stage.api.retries > 0


def _disturber(stage: Stage, playing: "asyncio.Task[object]") -> Callable[[date], None]:
    """In the middle of the day after those named above, something is killed."""
    loop = asyncio.get_running_loop()

    def disturb(day: date) -> None:
        if day == CUT_AFTER:
            loop.call_later(MOMENT, playing.cancel)
        if day in KILLED_AFTER:
            loop.call_later(MOMENT, stage.platform.kill, KILLED_AFTER[day])

    return disturb


async def test_a_directory_with_other_data_is_left_alone(tmp_path: Path) -> None:
    home = Home(tmp_path).prepare()
    home.state_file.write_text("{}")
    with pytest.raises(NotADemo):
        async with staged(tmp_path):
            pass
    assert not progress.path_in(tmp_path).exists()
