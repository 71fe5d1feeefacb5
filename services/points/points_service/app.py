"""Composition root of points: ledger, growth, tiers, orders, coupons."""

from collections.abc import Sequence
from datetime import timedelta

from fastapi import FastAPI

from chassis.app import Service, build
from chassis.bus import Subscription
from chassis.coalesce import Coalescer
from chassis.database import Database, Tx, undone
from chassis.evidence.signing import hourly
from chassis.evidence.strongbox import Strongbox
from chassis.problem import Problem
from chassis.shared import Shared
from contracts.events import CouponOffered, ProductsChanged, StoresChanged
from contracts.orders import OrderRequest
from contracts.points.orders import OrderAnswer
from contracts.points.pricing import Quote
from contracts.points.spending import HoldAnswer
from contracts.points_events import TagsChanged
from points_service.acts.jobs import acts_forgotten
from points_service.acts.router import router as acts
from points_service.acts.subscribers import subscriptions as on_acts
from points_service.benefits.jobs import overdue_applications
from points_service.benefits.router import router as benefits
from points_service.benefits.subscribers import on_referral
from points_service.benefits.worth import Basket
from points_service.birthdays.jobs import birthday_coupons, birthdays_forgotten
from points_service.birthdays.subscribers import on_birthdays
from points_service.budgets.jobs import budgets_settled
from points_service.budgets.subscribers import subscriptions as on_budgets
from points_service.catalogue.subscribers import on_products, on_stores
from points_service.catalogue.use_cases import Catalogue
from points_service.coupons.asks import answer as answer_coupons
from points_service.coupons.jobs import coupon_expiry, coupon_pools
from points_service.coupons.router import router as coupons
from points_service.coupons.subscribers import on_offered
from points_service.earning.router import router as earning
from points_service.earning.subscribers import on_tags
from points_service.exchanges.router import router as exchanges
from points_service.expiry.jobs import (
    points_announcement,
    points_depreciation,
    points_expiry,
)
from points_service.expiry.router import router as expiry
from points_service.holds.asks import Ask as HoldAsk
from points_service.holds.asks import answer as answer_holds
from points_service.holds.jobs import holds_end
from points_service.holds.router import router as holds
from points_service.members.subscribers import on_registered
from points_service.merges.subscribers import on_merged
from points_service.orders.router import router as orders
from points_service.orders.subscribers import subscriptions as on_purchases
from points_service.orders.use_cases import book
from points_service.overview.router import router as overview
from points_service.packages.router import router as packages
from points_service.paid_memberships.jobs import renewal_notice
from points_service.paid_memberships.router import router as paid_memberships
from points_service.partners.router import router as partners
from points_service.parts import Parts
from points_service.pricing.jobs import quotes_forgotten
from points_service.pricing.router import router as pricing
from points_service.pricing.use_cases import Ask as PriceAsk
from points_service.pricing.use_cases import quotes
from points_service.programme import Programme
from points_service.proofs.domain import LEDGER
from points_service.proofs.router import router as proofs
from points_service.proofs.use_cases import Ledger
from points_service.redemption.router import router as redemption
from points_service.referrals.domain import Terms
from points_service.referrals.router import router as referrals
from points_service.refunds.router import router as refunds
from points_service.reviews.jobs import tier_review
from points_service.reviews.router import router as reviews
from points_service.rewards.router import router as rewards
from points_service.rights.subscribers import RIGHTS
from points_service.rulebook.jobs import rules_published
from points_service.rulebook.router import router as rulebook
from points_service.settings import Settings
from points_service.settlements.router import router as settlements
from points_service.splits.subscribers import on_split
from points_service.stored_value.router import router as stored_value
from points_service.tasks.router import router as tasks
from points_service.tiers.router import router as tiers
from points_service.transfers.domain import Limits
from points_service.transfers.router import router as transfers

SINGLE_ORDERS = 256  # at most so many single orders share a transaction
SINGLE_QUOTES = 64  # the same of quotes, whose arithmetic holds the others up
SINGLE_CALLS = 64  # the same of holds, and of coupons claimed and redeemed


def create_app(settings: Settings | None = None) -> FastAPI:
    """The service, from the environment unless told otherwise."""
    settings = settings or Settings()
    programme = _programme(settings)
    box = Strongbox(settings.ledger_dir, LEDGER)

    async def put_together(app: FastAPI) -> None:
        app.state.parts = _parts(app, programme, box)

    return build(
        Service(
            name="points",
            settings=settings,
            routers=[
                orders,
                refunds,
                redemption,
                holds,
                transfers,
                rewards,
                expiry,
                pricing,
                coupons,
                tiers,
                reviews,
                benefits,
                overview,
                proofs,
                stored_value,
                partners,
                exchanges,
                paid_memberships,
                packages,
                settlements,
                rulebook,
                earning,
                acts,
                tasks,
                referrals,
            ],
            subscriptions=_subscriptions(programme),
            jobs=[
                points_expiry,
                points_depreciation,
                points_announcement,
                holds_end,
                quotes_forgotten,
                tier_review(programme),
                birthday_coupons(programme),
                birthdays_forgotten,
                overdue_applications,
                renewal_notice,
                rules_published(programme),
                coupon_expiry,
                coupon_pools,
                budgets_settled,
                acts_forgotten(programme),
                hourly(Ledger(), box),
            ],
            start=[put_together],
        )
    )


def _subscriptions(programme: Programme) -> list[Subscription]:
    return [
        on_registered(programme),
        on_merged(programme),
        on_split(programme),
        on_referral(programme),
        Subscription(ProductsChanged, on_products),
        Subscription(StoresChanged, on_stores),
        Subscription(CouponOffered, on_offered),
        Subscription(TagsChanged, on_tags),
        on_birthdays,
        *on_budgets(programme),
        *on_acts(programme),
        *on_purchases(programme),
        RIGHTS.subscription,
    ]


def _programme(settings: Settings) -> Programme:
    limit = settings.campaign_limit_yuan
    return Programme(
        ladder_id=settings.tier_ladder,
        points_per_yuan=settings.points_per_yuan,
        redemption_multiple=settings.redemption_multiple,
        points_share_percent=settings.points_share_percent,
        parked_days=settings.act_parked_days,
        referrals=Terms(
            new_for=timedelta(days=settings.referral_new_days),
            longest_ring=settings.referral_ring,
            daily=settings.referral_daily,
            reversible=timedelta(days=settings.referral_reversible_days),
        ),
        quote_minutes=settings.quote_minutes,
        transfers=Limits(
            minimum=settings.transfer_minimum,
            maximum=settings.transfer_maximum,
            given_daily=settings.transfer_given_daily,
            received_daily=settings.transfer_received_daily,
        ),
        stored_value_window=timedelta(days=settings.stored_value_refund_days),
        basket=Basket(settings.reference_basket * 100, settings.points_per_yuan),
        future_tolerance=timedelta(hours=settings.order_future_hours),
        campaign_limit_fen=None if limit is None else limit * 100,
    )


def _parts(app: FastAPI, programme: Programme, box: Strongbox) -> Parts:
    catalogue = Catalogue()

    db: Database = app.state.db

    async def together(orders: Sequence[OrderRequest]) -> list[OrderAnswer | Exception]:
        return [*await book(db, catalogue, programme, orders)]

    async def priced(tx: Tx, asks: Sequence[PriceAsk]) -> Sequence[Quote | Problem]:
        return await quotes(tx, programme, catalogue, asks)

    async def held(tx: Tx, asks: Sequence[HoldAsk]) -> Sequence[HoldAnswer | Problem]:
        return await answer_holds(tx, programme, catalogue, asks)

    return Parts(
        programme,
        catalogue,
        Coalescer(together, max_batch=SINGLE_ORDERS, alone=undone),
        box,
        prices=Shared(db, priced, max_batch=SINGLE_QUOTES),
        holds=Shared(db, held, max_batch=SINGLE_CALLS),
        coupons=Shared(db, answer_coupons, max_batch=SINGLE_CALLS),
    )
