"""The part of the year that generated shoppers and campaigns play; the driver calls it by day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from allinone.demo import bodies, plant
from allinone.demo.bodies import LOCAL
from allinone.demo.campaigns import DEFINITIONS, DWELL_ON, GOLD, SHOPPERS, YEAR, ZONE, Listed
from allinone.demo.client import Api, Failed
from allinone.demo.dataset import Dataset
from allinone.demo.households import Person
from allinone.demo.plan import Channel, Registration, likes_coupon
from allinone.demo.plant import Shop, Visit
from allinone.demo.progress import Offer, Progress, Response
from contracts.gateway.consents import ConsentsResults
from contracts.gateway.dev import SandboxMessage
from contracts.identity import RegisterResults
from contracts.orders import OrderRequest

STEPS = (("submit", "planner"), ("approve", "approver"), ("launch", "planner"))


class Season:
    """Shoppers join, read, respond and buy; campaigns begin and end. Everything may be done twice:
    what was done before a kill is answered as it was then."""

    def __init__(
        self, api: Api, data: Dataset, people: Mapping[int, Person], state: Progress
    ) -> None:
        self._api, self._people, self._state = api, people, state
        self._shoppers = [number for number in people if plant.is_shopper(number)]
        self._shop = Shop(data, self._shoppers)

    async def open(self) -> None:
        """The segments that campaigns name, before the first one does."""
        found = await self._api.get("/v1/segments", role="planner", limit="200")
        there = {each["name"]: each["segment_id"] for each in found["data"]}
        for name, definition in DEFINITIONS.items():
            if name not in there:
                wish = {"name": name} | ({"definition": definition} if definition else {})
                made = await self._api.post("/v1/segments", wish, role="planner")
                there[name] = made["segment_id"]
        self._state.segments = {name: there[name] for name in DEFINITIONS}

    async def campaigns(self, day: date) -> None:
        """Finish what ended yesterday, plan and launch what begins tomorrow."""
        for listed in YEAR:
            if listed.ends + timedelta(1) == day:
                await self._step(listed, "finish", "planner")
            if listed.launched_on == day:
                await self._launch(listed)

    async def _launch(self, listed: Listed) -> None:
        """Plan, hand in, approve (somebody else does) and launch."""
        body = listed.body(self._state.segments)
        key = f"demo-campaign-{YEAR.index(listed)}"
        planned = await self._api.post("/v1/campaigns", body, role="planner", key=key)
        campaign = self._state.campaigns[listed.name] = str(planned["campaign_id"])
        if listed.arms:
            wish = listed.experiment(campaign)
            await self._api.post("/v1/experiments", wish, role="planner", key=f"{key}-experiment")
        for step, role in STEPS:
            if step == "launch":  # the approval has reserved the budget, which points confirms
                await self._settle()
            await self._step(listed, step, role)

    async def _step(self, listed: Listed, step: str, role: str) -> None:
        path = f"/v1/campaigns/{self._state.campaigns[listed.name]}/{step}"
        key = f"demo-campaign-{YEAR.index(listed)}-{step}"
        await self._api.send("POST", path, b"", role=role, key=key)

    async def evening(self, day: date) -> None:
        """Before the midnight at which a campaign picks members of a segment."""
        tomorrow = day + timedelta(1)
        if any(each.starts <= tomorrow <= each.ends and GOLD in each.inside for each in YEAR):
            await self._decide_segments()
            await self._settle()

    async def _decide_segments(self) -> None:
        """Have everybody who is due looked at: the platform does that in its own time, of which a
        day here has little. Whoever asks for counts waits for it."""
        await self._api.get("/v1/tags/counts", role="analyst")

    async def _settle(self) -> None:
        await self._api.send("GET", "/dev/settled")

    def scenes(self, day: date) -> list[tuple[datetime, list[bytes]]]:
        """What shoppers do in the shop while the day goes on: (when, bodies of `POST /v1/batch`).

        Half of them come to a zone, and one in three of those goes on before the campaign's time.
        """
        if day != DWELL_ON:
            return []
        coming, going, due, sending = (
            datetime.combine(day, time(15, minute), LOCAL) for minute in (0, 5, 11, 12)
        )
        there = [number for number in self._shoppers if number % 2]
        gone = [number for number in there if number % 3 == 0]
        return [
            (coming, bodies.in_zone("Zone Entered", ZONE, coming, there, self._people)),
            (going, bodies.in_zone("Zone Left", ZONE, going, gone, self._people)),
            (due, []),
            (sending, []),
        ]

    async def join(self, day: date) -> None:
        """On their day the shoppers register, answer what they are asked, and are listed."""
        if day != plant.JOIN_ON:
            return
        members: list[str] = []
        for number, body in enumerate(bodies.shoppers(self._shoppers, self._people)):
            key = f"demo-shoppers-{number}"
            answer = await self._api.send("POST", "/v1/members/batch", body, role="pos", key=key)
            results = RegisterResults.model_validate_json(answer).results
            members += [taken(each.member_id, each.status, each.problem) for each in results]
        joined = [
            (member, Registration(number, Channel.ECOMMERCE))
            for member, number in zip(members, self._shoppers, strict=True)
        ]
        for body in bodies.consent_batches(joined):
            answer = await self._api.send("POST", "/v1/consents/batch", body, role="pos")
            for result in ConsentsResults.model_validate_json(answer).results:
                taken(result.member_id, result.status, result.problem)
        await self._settle()  # lists take only members who are known
        path = f"/v1/segments/{self._state.segments[SHOPPERS]}/members"
        listed = await self._api.post(path, {"add": members}, role="operator")
        if listed["unknown"]:
            raise Failed(f"{listed['unknown']} shoppers are not known")
        self._state.planted.members = len(members)
        await self._decide_segments()

    def receive(self, shopper: int, message: SandboxMessage, offer: Offer | None) -> None:
        """A shopper reads a message: it may use the coupon, and may come because of it."""
        sent_on = message.sent_at.astimezone(LOCAL).date()
        effect = plant.effect_of(message.text)
        day = plant.responds_on(shopper, effect, sent_on) if effect else None
        if day is not None:
            self._state.responses.append(Response(shopper, sent_on, day))
        if offer is not None and (day is not None or likes_coupon(shopper, sent_on)):
            self._state.offers[shopper] = offer

    def orders(self, day: date) -> list[tuple[int, OrderRequest]]:
        """(shopper, order) of a day in order of time; those that a message brought are done."""
        due = [each for each in self._state.responses if each.day == day]
        self._state.responses = [each for each in self._state.responses if each.day != day]
        visits = [
            *self._shop.base(day),
            *self._shop.responses(day, [(each.shopper, each.sent_on) for each in due]),
        ]
        visits.sort(key=lambda visit: (visit.at, visit.order_no))
        self._count(visits, len(due))
        return [(v.shopper, bodies.shoppers_order(v, self._people[v.shopper])) for v in visits]

    def _count(self, visits: Sequence[Visit], responses: int) -> None:
        planted = self._state.planted
        planted.orders += len(visits)
        planted.lines += sum(len(visit.lines) for visit in visits)
        planted.paid_fen += sum(visit.paid_fen for visit in visits)
        planted.growth_yuan += sum(visit.paid_fen // 100 for visit in visits)
        planted.responses += responses


def taken(member: Any, status: int, problem: Any) -> str:
    """The member of an item that was taken. Raises Failed for one that was not."""
    if status >= 300:
        raise Failed(f"a shopper was answered {problem}")
    return str(member)
