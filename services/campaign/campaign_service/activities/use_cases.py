"""Plan activities; sign up, give back, check in, vote."""

from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from campaign_service.activities import domain, repository
from campaign_service.activities.domain import Activity, Place
from campaign_service.audiences import repository as audiences
from campaign_service.qr import svg
from campaign_service.tokens import NOBODY, Signer, Token, Use
from chassis.database import Tx
from chassis.principal import Principal
from chassis.problem import Problem
from contracts import activities as api
from contracts.events import MessageRequested
from contracts.roles import Role

TABLES = repository.TABLES
_FREED = {
    "zh": "{{name}}，您候补的“{title}”有名额了，已为您报名。不能前来请在会员页面取消。",
    "en": "{{name}}, a place has become free: you are signed up for {title}. If you cannot come,"
    " cancel on the member pages.",
}


@dataclass(frozen=True, slots=True)
class Guest:
    """A request of somebody's about a member."""

    tx: Tx
    signer: Signer
    principal: Principal

    def named(self, member_id: UUID | None) -> UUID:
        """Whom it is about: a member itself, of staff whom they name. Raises Problem 403, 422."""
        own = self.principal.member_id if self.principal.role is Role.MEMBER else None
        if own and member_id not in (None, own):
            raise Problem(403, "not_own", "A member acts for itself", pointer="/member_id")
        if own or member_id:
            return own or member_id  # type: ignore[return-value]
        raise Problem(422, "member_missing", "Who is it about?", pointer="/member_id")


async def plan(tx: Tx, author: str, body: api.ActivityRequest) -> api.Activity:
    """A new activity. Raises Problem 422 for times that cannot be, or options that are no vote."""
    until = body.signup_until or body.starts_at
    if not until <= body.starts_at < body.ends_at:
        raise Problem(422, "bad_times", "Sign-up, start, end, in this order", pointer="/ends_at")
    names = [each.option for each in body.options]
    if len(set(names)) < len(names) or (body.kind == "vote" and len(names) < 2):
        raise Problem(422, "bad_options", "Two different options at least", pointer="/options")
    activity = Activity(
        0, tx.ids.new(), body.model_dump(mode="json"), body.starts_at, body.ends_at, until,
        body.capacity, body.waiting, 0, 0, author, tx.now,
    )  # fmt: skip
    await repository.add(tx, activity)
    return _answer(activity)


async def listed(tx: Tx, before: int | None, limit: int) -> api.ActivityPage:
    """A page of activities."""
    found = await repository.page(tx, before, limit + 1)
    more = len(found) > limit
    return api.ActivityPage(
        data=[_answer(each) for each in found[:limit]],
        next_cursor=str(found[limit - 1].seq) if more else None,
    )


async def show(tx: Tx, activity_id: UUID) -> api.Activity:
    """One activity. Raises Problem 404."""
    return _answer(await known(tx, activity_id))


async def code(tx: Tx, signer: Signer, activity_id: UUID, body: api.CodeRequest) -> api.QrCode:
    """A code for the poster or the door. Raises Problem 404."""
    activity = await known(tx, activity_id)
    until = min(tx.now + timedelta(minutes=body.minutes), activity.ends_at)
    use = Use.SIGNUP if body.use == "signup" else Use.CHECKIN
    token = signer.sign(Token(use, activity_id, NOBODY, until))
    address = signer.address(token)
    return api.QrCode(token=token, url=address, svg=svg(address), expires_at=until)


async def sign_up(guest: Guest, activity_id: UUID, body: api.SignupRequest) -> api.Signup:
    """A place, or the end of the waiting list; who is in it already keeps what it has.

    Raises Problem 404, 409 `too_late` or `full`, 422 for a token that is not of this activity.
    """
    tx = guest.tx
    uses = (Use.SIGNUP, Use.INVITATION)
    token = guest.signer.read(body.token, tx.now, *uses)
    if body.token is not None and (token is None or token.about != activity_id):
        raise bad_token()
    return await enter(guest, activity_id, guest.named(body.member_id))


async def enter(guest: Guest, activity_id: UUID, named: UUID) -> api.Signup:
    """As `sign_up`, once it is clear who it is."""
    tx = guest.tx
    member_id = await member(tx, named)
    await known(tx, activity_id, lock=True)
    activity = await _fill(tx, activity_id)
    found = await repository.place_of(tx, activity_id, member_id)
    if found is None:
        await repository.take(tx, activity_id, member_id, _admitted(activity, tx.now))
        found = await repository.place_of(tx, activity_id, member_id)
        assert found is not None, "just taken"
    return _place(guest.signer, found)


async def give_back(guest: Guest, activity_id: UUID, named: UUID) -> api.Signup:
    """The place is free; who waits longest gets it and is told. Raises Problem 404."""
    tx = guest.tx
    member_id = await member(tx, named)
    await known(tx, activity_id, lock=True)
    found = await repository.place_of(tx, activity_id, member_id)
    if found is None:
        raise Problem(404, "no_signup", "The member has no place and waits for none")
    await repository.give_back(tx, found)
    await _fill(tx, activity_id)
    return _place(guest.signer, replace(found, status="cancelled", position=None))


async def check_in(guest: Guest, activity_id: UUID, body: api.CheckinRequest) -> api.Signup:
    """By the door's code (a member) or by a member's ticket (staff); again answers the same.

    Raises Problem 422 for any other token, 409 `not_open`, 404 for who has no place.
    """
    tx, own = guest.tx, guest.principal.role is Role.MEMBER
    token = guest.signer.read(body.token, tx.now, Use.CHECKIN if own else Use.TICKET)
    if token is None or token.about != activity_id:
        raise bad_token()
    member_id = await member(tx, guest.named(None) if own else token.member_id)
    activity = await known(tx, activity_id)
    if not domain.at_the_door(activity, tx.now):
        raise Problem(409, "not_open", "One can check in from two hours before until the end")
    found = await repository.place_of(tx, activity_id, member_id)
    if found is None or found.status != "confirmed":
        raise Problem(404, "no_signup", "The member has no place")
    await repository.check_in(tx, found)
    found = await repository.place_of(tx, activity_id, member_id)
    assert found is not None, "just there"
    return _place(guest.signer, found)


async def signups(
    tx: Tx, signer: Signer, activity_id: UUID, after: int | None, limit: int
) -> api.SignupPage:
    """Places of an activity; tickets are their members' own. Raises Problem 404."""
    await known(tx, activity_id)
    found = await repository.places(tx, activity_id, after, limit + 1)
    more = len(found) > limit
    return api.SignupPage(
        data=[_place(signer, each).model_copy(update={"ticket": None}) for each in found[:limit]],
        next_cursor=str(found[limit - 1].place) if more else None,
    )


async def signups_of(tx: Tx, signer: Signer, member_id: UUID) -> api.SignupPage:
    """A member's places. Raises Problem 404."""
    found = await repository.places_of(tx, await member(tx, member_id))
    return api.SignupPage(data=[_place(signer, each) for each in found])


async def vote(guest: Guest, activity_id: UUID, body: api.VoteRequest) -> api.Vote:
    """A vote. Raises Problem 404, 422 for an option there is not, 409 `voted` for another one."""
    return await cast(guest.tx, activity_id, guest.named(body.member_id), body.option)


async def cast(tx: Tx, activity_id: UUID, named: UUID, option: str) -> api.Vote:
    """As `vote`, once it is clear who it is."""
    member_id = await member(tx, named)
    activity = await known(tx, activity_id)
    if option not in activity.options:
        raise Problem(422, "unknown_option", "There is no such option", pointer="/option")
    if tx.now >= activity.ends_at:
        raise Problem(409, "too_late", "The vote is over")
    counts = await repository.vote(tx, activity_id, member_id, option)
    if counts["option"] != option:
        raise Problem(409, "voted", "The member has voted already")
    return api.Vote(activity_id=activity_id, option=option, voted_at=counts["voted_at"])


async def votes(tx: Tx, activity_id: UUID) -> api.VoteResult:
    """All options, most votes first. Raises Problem 404."""
    activity = await known(tx, activity_id)
    counts = await repository.votes(tx, activity_id)
    data = [
        api.VoteCount(**each, votes=counts.get(each["option"], 0))
        for each in activity.document["options"]
    ]
    return api.VoteResult(activity_id=activity_id, data=sorted(data, key=lambda each: -each.votes))


async def known(tx: Tx, activity_id: UUID, *, lock: bool = False) -> Activity:
    """An activity. Raises Problem 404."""
    activity = await repository.get(tx, activity_id, lock=lock)
    if activity is None:
        raise Problem(404, "unknown_activity", "There is no such activity")
    return activity


async def member(tx: Tx, named: UUID) -> UUID:
    """Who an id is today. Raises Problem 404."""
    found = await audiences.resolve(tx, named)
    if found is None:
        raise Problem(404, "unknown_member", "There is no such member")
    return found


def bad_token() -> Problem:
    """422: forged, too old, or for something else."""
    return Problem(422, "bad_token", "This code is not valid here, or too old", pointer="/token")


async def _fill(tx: Tx, activity_id: UUID) -> Activity:
    """Whoever waits gets what is free: given back, or left by somebody who was erased."""
    activity = await known(tx, activity_id)
    count = domain.moving_up(activity, tx.now)
    if not count:
        return activity
    for lucky in await repository.move_up(tx, activity_id, count):
        _tell(tx, activity, lucky["member_id"], lucky["language"])
    return await known(tx, activity_id)


def _admitted(activity: Activity, now: datetime) -> str:
    try:
        status = domain.admission(activity, now)
    except domain.TooLate:
        raise Problem(409, "too_late", "Nobody can sign up any more") from None
    if status is None:
        raise Problem(409, "full", "All places are taken, and the waiting list is full")
    return status


def _tell(tx: Tx, activity: Activity, member_id: UUID, language: str) -> None:
    """That a place became free: about the member's own sign-up, no marketing."""
    title = activity.document["title"][language].translate({ord("{"): "｛", ord("}"): "｝"})
    tx.publish(
        MessageRequested(
            delivery_id=tx.ids.new(),
            member_id=member_id,
            campaign_id=activity.activity_id,
            channel="sms",
            purpose="transactional",
            text=_FREED[language].format(title=title),
            requested_at=tx.now,
        )
    )


def _answer(activity: Activity) -> api.Activity:
    return api.Activity.model_validate({
        **activity.document, "activity_id": activity.activity_id, "author": activity.author,
        "created_at": activity.created_at, "confirmed": activity.confirmed,
        "queued": activity.queued,
    })  # fmt: skip


def _place(signer: Signer, place: Place) -> api.Signup:
    ticket = None
    if place.status == "confirmed":
        ticket = signer.sign(Token(Use.TICKET, place.activity_id, place.member_id, place.ends_at))
    fields = {n: v for n, v in asdict(place).items() if n not in ("place", "ends_at")}
    return api.Signup.model_validate({**fields, "ticket": ticket})
