"""`huiyuan bench trigger`: from what a member did to the decision about a message.

The campaign service runs as it always does, over PostgreSQL and NATS of its own. Told are events of
one happening each (profile puts many into one), at a steady rate; a decision is there when another
connection sees it committed. The floor is the same events with no campaign that waits for them: the
service fetches, decodes and ticks them off in a transaction, and does nothing.
"""

import asyncio
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import numpy as np
import psutil
import uvloop

sys.path.append(str(Path(__file__).resolve().parents[2]))  # the bench is run by its path

from allinone.home import Home
from allinone.ports import claim
from allinone.servers import External, Servers
from allinone.supervisor import Supervisor
from campaign_service.campaigns import use_cases as campaigns
from campaign_service.campaigns.domain import Action
from chassis.bus import Bus
from chassis.clock import DrivenClock
from chassis.database import Database
from chassis.ids import Ids
from chassis.migrate import migrate
from contracts.base import Money
from contracts.behaviour import BehaviourSeen, Seen
from contracts.campaign.offers import NoOffer
from contracts.campaign.plans import CampaignRequest, MessageText, OwnTexts, Scenario
from tests.load.figures import Row, say, show

RATE = int(os.environ.get("BENCH_RATE", "1000"))
SECONDS = float(os.environ.get("BENCH_SECONDS", "20"))
MEMBERS = int(os.environ.get("BENCH_MEMBERS", "100000"))
EVENT, LOOK_EVERY = "Product Viewed", 0.005
NOON = datetime(2026, 6, 1, 4, tzinfo=UTC)  # programme time: no quiet hours
TEXT = MessageText(zh="{name}，新品到店，欢迎品鉴。拒收请回复R", en="{name}, new goods. Reply R to opt out")
