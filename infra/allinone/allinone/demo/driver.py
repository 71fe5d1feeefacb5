"""Plays the year through the gateway's public API, a day at a time, on the driven clock.

A day: at 09:00 held messages leave, new customers register and say what they agree to; at 23:59:59
the day's orders arrive in one call, some buyers pay points down, behaviour and identifications are
collected; at midnight the daily jobs run. In between the platform comes to rest, so that no figure
depends on which of two things was faster.
"""

from __future__ import annotations

import asyncio
import gc
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from pathlib import Path
from time import monotonic

import msgspec

from allinone.demo import bodies, opening, plant, progress
from allinone.demo.bodies import LOCAL, Bodies
from allinone.demo.campaigns import COUPON_DAYS
from allinone.demo.client import Api, Failed
from allinone.demo.dataset import LAST_DAY, Dataset, days
from allinone.demo.households import Person
from allinone.demo.plan import (
    IDENTIFIER,
    Channel,
    Plan,
    Registration,
    opts_out,
    points_to_redeem,
)
from allinone.demo.progress import Left, Offer, Progress
from allinone.demo.season import Season
from contracts.gateway.consents import ConsentsResults
from contracts.gateway.dev import SandboxMessage, SandboxPage
from contracts.identity import RegisterResults
from contracts.orders import OrderRequest
from contracts.points.orders import OrderAnswer, OrderBatchAnswer
from contracts.points.referrals import ReferralLink

MODELS_AT = date(2017, 10, 1)  # models are trained when this day begins
MORNING, EVENING, MIDNIGHT = time(9), time(23, 59, 59), time(0)
POLL = 0.3  # seconds between looks at a training
_CODE = re.compile(r"券码(\w+)")
_THRESHOLD = re.compile(r"满(\d+)元")
_decode_orders = msgspec.json.Decoder(OrderBatchAnswer).decode


def offered(message: SandboxMessage) -> Offer | None:
    """The coupon that a message tells of, with what its text says about using it."""
    code, least = _CODE.search(message.text), _THRESHOLD.search(message.text)
    if code is None:
        return None
    return Offer(code[1], message.sent_at, 100 * int(least[1]) if least else 0)


class Driver:
    """`await Driver(...).run()`. May be killed at any time and run again with what it stored.

    `state` is kept up to date and written to `stored` after each day. Raises Refused or Failed
    when the platform says no to something it should accept.
    """

    def __init__(
        self,
        api: Api,
        data: Dataset,
        people: Mapping[int, Person],
        state: Progress,
        *,
        stored: Path,
        write_key: str,
    ) -> None:
        self._api, self._data, self._people, self._state = api, data, people, state
        self._stored, self._write_key = stored, write_key
        self._plan: Plan
        self._season = Season(api, data, people, state)
        self._household = {
            person.identifier(kind): number
            for number, person in people.items()
            for kind in IDENTIFIER.values()
        }

    async def run(
        self, on_day: Callable[[date], None] = lambda _: None, until: date = LAST_DAY
    ) -> None:
        """Everything that is not done yet, up to the midnight after the day `until`.

        `on_day` hears of every day that is over.
        """
        finished = self._state.finished
        left = [day for day in days() if day <= until and (not finished or day > finished)]
        if not left:
            return
        with self._phase("plan"):
            self._plan = await asyncio.to_thread(Plan, self._data)
            gc.freeze()  # the year stays; the collector need not walk through it every day
        self._api.now = await self._clock_now()
        if not self._state.catalogue:
            with self._phase("catalogue"):
                await opening.load_catalogue(self._api, self._data)
                await opening.set_policies(self._api)
                await self._season.open()
                await self._settle()
            self._state.catalogue = True
            self._save()
        prepared = self._prepare(left[0])
        for day in left:
            today = await prepared
            prepared = self._prepare(min(day + timedelta(1), until))
            await self._play(today)
            self._state.finished = day
            self._save()
            on_day(day)
        await self._settle()

    def _prepare(self, day: date) -> asyncio.Task[Bodies]:
        """Write the requests of a day in a thread, while the platform works on the one before."""
        return asyncio.create_task(
            asyncio.to_thread(lambda: bodies.write(self._plan.day(day), self._people))
        )

    async def _play(self, today: Bodies) -> None:
        day = today.plan.day
        with self._phase("campaigns"):
            await self._season.campaigns(day)
        await self._clock(datetime.combine(day, MORNING, LOCAL))
        await self._register(today)
        with self._phase("shoppers"):
            await self._season.join(day)
        await self._settle()
        await self._refer(today)
        await self._read_messages()
        await self._scenes(day)
        await self._clock(datetime.combine(day, EVENING, LOCAL))
        answers = await self._order(today)
        await self._redeem(answers)
        await self._collect(today)
        await self._settle()
        await self._season.evening(day)
        await self._clock(datetime.combine(day + timedelta(1), MIDNIGHT, LOCAL))
        if day + timedelta(1) == MODELS_AT:
            await self._train()

    async def _train(self) -> None:
        """Models are trained on what the platform knows by now; those of a killed run count."""
        with self._phase("models"):
            trained = await self._api.get("/v1/models", role="analyst")
            if not trained["data"]:
                for name in ("clv", "churn", "recommend"):
                    wish = {"as_of": MODELS_AT.isoformat()}
                    await self._api.post(f"/v1/models/{name}/trainings", wish, role="analyst")
            while any(model["status"] in ("queued", "running") for model in trained["data"]) or (
                not trained["data"]
            ):
                await asyncio.sleep(POLL)
                trained = await self._api.get("/v1/models", role="analyst")
        for model in trained["data"]:
            if model["status"] != "done":
                raise Failed(f"the training of {model['name']} failed: {model['error']}")
        with self._phase("segments"):
            await opening.define_segments(self._api)

    async def _register(self, today: Bodies) -> None:
        joined: list[str] = []
        with self._phase("register"):
            for number, body in enumerate(today.registrations):
                key = f"demo-register-{today.plan.day}-{number}"
                answer = await self._api.send(
                    "POST", "/v1/members/batch", body, role="pos", key=key
                )
                for result in RegisterResults.model_validate_json(answer).results:
                    if result.status >= 300:
                        raise Failed(f"a registration answered {result.problem}")
                    joined.append(str(result.member_id))
        await self._ask_for_consent(list(zip(joined, today.plan.registrations, strict=True)))

    async def _ask_for_consent(self, joined: list[tuple[str, Registration]]) -> None:
        """Newcomers tick what they agree to, where they join."""
        with self._phase("consents"):
            for body in bodies.consent_batches(joined):
                answer = await self._api.send("POST", "/v1/consents/batch", body, role="pos")
                for result in ConsentsResults.model_validate_json(answer).results:
                    if result.status >= 300:
                        raise Failed(f"an answer was answered {result.problem}")

    async def _refer(self, today: Bodies) -> None:
        """Newcomers show the code of whoever brought them."""
        with self._phase("referrals"):
            for each in today.plan.brought:
                member = await self._member(each.household_id, each.channel)
                by = await self._member(each.by, each.by_channel)
                key = f"demo-brought-{each.household_id}"
                path = f"/v1/members/{by}/referral-links"
                link = await self._api.send("POST", path, b"", role="pos", key=f"{key}-link")
                code = ReferralLink.model_validate_json(link).code
                await self._api.post(
                    "/v1/referrals",
                    {"code": code, "member_id": member},
                    role="pos",
                    key=key,
                )

    async def _member(self, household: int, channel: Channel) -> str:
        """The member that a household's identifier in that channel belongs to."""
        kind = IDENTIFIER[channel]
        body = {"kind": kind, "value": self._people[household].identifier(kind)}
        found = await self._api.post("/v1/members/lookup", body, role="pos")
        return str(found["member_id"])

    async def _read_messages(self) -> None:
        """Who got a coupon, and means to use it?"""
        with self._phase("messages"):
            while True:
                answer = await self._api.send(
                    "GET", "/dev/outbox", query={"since": self._state.outbox, "limit": "200"}
                )
                page = SandboxPage.model_validate_json(answer)
                self._state.outbox = page.next_cursor
                left = [Left(m.id, m.delivery_id, m.member_id, m.channel, m.sent_at)
                        for m in page.data]  # fmt: skip
                progress.add_left(self._stored.with_name("left.jsonl"), left)
                for message in page.data:
                    await self._receive(message)
                if len(page.data) < 200:
                    return

    async def _scenes(self, day: date) -> None:
        """What happens in the shop between morning and evening, and what is sent because of it."""
        scenes = self._season.scenes(day)
        for at, messages in scenes:
            await self._clock(at)
            for body in messages:
                await self._api.send("POST", "/v1/batch", body, write_key=self._write_key)
            await self._settle()
        if scenes:
            await self._read_messages()

    async def _receive(self, message: SandboxMessage) -> None:
        household = self._household[message.to.removeprefix("+86")]
        sent_on = message.sent_at.astimezone(LOCAL).date()
        offer = offered(message)
        if plant.is_shopper(household):
            self._season.receive(household, message, offer)
        elif offer is not None and self._plan.uses_coupon(household, sent_on):
            self._state.offers[household] = offer
        if opts_out(household, sent_on):
            body = bodies.opt_out(household, message.sent_at)
            path = f"/v1/members/{message.member_id}/consents"
            await self._api.send("PUT", path, body, role="service_agent")

    async def _order(self, today: Bodies) -> list[OrderAnswer]:
        """A coupon that does not fit the basket is no reason not to buy."""
        orders = self._with_coupons(today)
        with self._phase("orders"):
            answers = await self._sell(orders)
            unfit = {a.order_no for a, o in zip(answers, orders, strict=True)
                     if a.status >= 300 and o.coupons}  # fmt: skip
            without = [msgspec.structs.replace(order, coupons=[])
                       for order in orders if order.order_no in unfit]  # fmt: skip
            answers = [each for each in answers if each.order_no not in unfit]
            answers += await self._sell(without)
        for answered in answers:
            if answered.status >= 300:
                raise Failed(f"order {answered.order_no} answered {answered.problem}")
        return answers

    async def _sell(self, orders: list[OrderRequest]) -> list[OrderAnswer]:
        answers: list[OrderAnswer] = []
        for body in bodies.order_batches(orders):
            answer = await self._api.send("POST", "/v1/orders/batch", body, role="pos")
            answers += _decode_orders(answer).data
        return answers

    def _with_coupons(self, today: Bodies) -> list[OrderRequest]:
        """The day's orders; the first basket after an offer carries its code."""
        buyers = [basket.household_id for basket, _ in today.plan.baskets]
        bought = [*zip(buyers, today.orders, strict=True), *self._season.orders(today.plan.day)]
        return [self._with_coupon(buyer, order) for buyer, order in bought]

    def _with_coupon(self, buyer: int, order: OrderRequest) -> OrderRequest:
        offer = self._state.offers.get(buyer)
        if offer is None or order.paid_at <= offer.sent_at or order.paid.amount < offer.least_fen:
            return order
        del self._state.offers[buyer]
        if order.paid_at >= offer.sent_at + timedelta(days=COUPON_DAYS):
            return order
        return msgspec.structs.replace(order, coupons=[offer.code])

    async def _redeem(self, answers: list[OrderAnswer]) -> None:
        """Some buyers pay points down after their last basket of the day."""
        last = {answer.member_id: answer for answer in answers}
        with self._phase("redemptions"):
            await asyncio.gather(
                *(
                    self._api.post(
                        f"/v1/members/{member}/redemptions",
                        {"points": points, "order_no": answer.order_no, "reason": "checkout"},
                        role="pos",
                        key=f"demo-redeem-{answer.order_no}",
                    )
                    for member, answer in last.items()
                    if (points := points_to_redeem(answer.order_no, answer.balance))
                )
            )

    async def _collect(self, today: Bodies) -> None:
        """In sequence: an identification may rest on what was said before it."""
        with self._phase("collect"):
            for body in today.messages:
                await self._api.send("POST", "/v1/batch", body, write_key=self._write_key)

    async def _settle(self) -> None:
        with self._phase("settle"):
            await self._api.send("GET", "/dev/settled")

    async def _clock(self, to: datetime) -> None:
        """Move the clock, never back: a day that is played again finds it further on."""
        with self._phase("clock"):
            self._api.now = max(to, self._api.now)
            await self._api.post("/dev/clock", {"now": self._api.now.isoformat(), "ticking": False})

    async def _clock_now(self) -> datetime:
        answer = await self._api.post("/dev/clock", {"advance_seconds": 0, "ticking": False})
        return datetime.fromisoformat(answer["now"])

    def _save(self) -> None:
        progress.save(self._stored, self._state)

    @contextmanager
    def _phase(self, name: str) -> Iterator[None]:
        started = monotonic()
        try:
            yield
        finally:
            self._state.spend(name, monotonic() - started)
