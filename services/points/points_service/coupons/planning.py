"""Templates and pools, as planners make them, and what became of their coupons."""

from uuid import UUID

from chassis.database import Tx
from chassis.problem import Problem
from contracts.base import ProblemError
from contracts.points import coupons as api
from points_service.catalogue.use_cases import Catalogue
from points_service.coupons import answers, drafting, issuing, pools, repository, templates
from points_service.coupons.discounts import fund
from points_service.coupons.domain import Funnel, Head, Pool
from points_service.coupons.use_cases import unknown_template
from points_service.ledger import repository as ledger

FIRST = UUID(int=0)


async def create(tx: Tx, catalogue: Catalogue, draft: api.CouponTerms) -> api.CouponTemplate:
    """A new template, its budget funded; raises Problem 422 with all that is wrong."""
    await _check(tx, catalogue, draft, drafting.objections(draft, tx.now))
    terms = drafting.terms(draft, tx.ids.new(), version=1)
    await templates.put(tx, [terms])
    funding = fund(terms, 0, tx.ids.new(), tx.now)
    await ledger.post(tx, [funding] if funding else [])
    return await show(tx, terms.template.template_id)


async def revise(
    tx: Tx, catalogue: Catalogue, template_id: UUID, draft: api.CouponTerms
) -> api.CouponTemplate:
    """New terms for coupons from now on; those that are out keep theirs.

    Raises Problem 404, 409 (ended; less than is issued or promised), 422.
    """
    head = await _head(tx, template_id, lock=True)
    if head.ended_at is not None:
        raise Problem(409, "template_over", "This template has ended")
    wrong = drafting.objections(draft, tx.now) + drafting.changes_forbidden(draft, head.terms)
    await _check(tx, catalogue, draft, wrong)
    terms = drafting.terms(draft, template_id, head.terms.version + 1)
    if terms.total is not None and terms.total < head.issued:
        raise Problem(409, "issued_more", "More are issued already", pointer="/total_limit")
    if terms.budget_fen is not None and terms.budget_fen < head.committed_fen:
        raise Problem(409, "promised_more", "More is promised already", pointer="/budget")
    await templates.revise(tx, terms)
    funding = fund(terms, head.terms.budget_fen or 0, tx.ids.new(), tx.now)
    await ledger.post(tx, [funding] if funding else [])
    return await show(tx, template_id)


async def end(tx: Tx, template_id: UUID) -> api.CouponTemplate:
    """Issue and claim no more; raises Problem 404, 409 (a pool is still being made)."""
    await _head(tx, template_id, lock=True)
    if await pools.unfinished(tx, template_id):
        raise Problem(409, "pool_unfinished", "Codes of a pool are still being made")
    await templates.end(tx, template_id)
    return await show(tx, template_id)


async def show(tx: Tx, template_id: UUID, version: int | None = None) -> api.CouponTemplate:
    """A template as it is, or with the terms of a version; raises Problem 404."""
    head = await _head(tx, template_id, version=version)
    return answers.template(head, tx.now)


async def page(tx: Tx, cursor: UUID | None, limit: int) -> api.CouponTemplates:
    """Templates by id."""
    found = await templates.page(tx, cursor or FIRST, limit + 1)
    heads = found[:limit]
    return api.CouponTemplates(
        data=[answers.template(head, tx.now) for head in heads],
        next_cursor=str(heads[-1].terms.template.template_id) if len(found) > limit else None,
    )


async def order_pool(
    tx: Tx, template_id: UUID, count: int, prefix: str, *, dry_run: bool
) -> api.CouponIssue:
    """Promise so many codes; a job makes them. Raises Problem 404, 409 (limits)."""
    head = await _head(tx, template_id, lock=True)
    refusal = issuing.OVER if issuing.closed(head, tx.now) else issuing.shortage(head, count)
    if refusal:
        raise Problem(409, refusal.code, refusal.title, pointer="/count")
    version = head.terms.version
    pool = Pool(tx.ids.new(), template_id, version, prefix, count, 0, tx.now)
    if not dry_run:
        await pools.add(tx, pool)
        await templates.promise(tx, template_id, count, count * head.terms.reserve_fen)
    return api.CouponIssue(coupons=[], pool=answers.pool(pool))


async def show_pool(tx: Tx, template_id: UUID, pool_id: UUID) -> api.CouponPool:
    """How far it is; raises Problem 404."""
    return answers.pool(await _pool(tx, template_id, pool_id))


async def codes(
    tx: Tx, template_id: UUID, pool_id: UUID, after: int, limit: int
) -> api.CouponCodes:
    """A page of a pool's codes after the n-th; raises Problem 404."""
    pool = await _pool(tx, template_id, pool_id)
    after = min(after, pool.size)
    found = await pools.codes(tx, pool, after, limit)
    more = after + limit < pool.made
    return api.CouponCodes(data=found, next_cursor=str(after + limit) if more else None)


async def funnel(tx: Tx, template_id: UUID) -> api.CouponFunnel:
    """What became of a template's coupons; raises Problem 404."""
    head = await _head(tx, template_id)
    counts = await repository.funnels(tx, template_id)
    return answers.funnel(counts.get(template_id, Funnel()), template_id, head.terms.template)


async def funnels(tx: Tx) -> api.CouponFunnels:
    """What became of all coupons, by template."""
    counts = await repository.funnels(tx)
    terms = await templates.terms(tx, list(counts))
    return api.CouponFunnels(
        total=answers.funnel(sum(counts.values(), Funnel()), None, None),
        data=[
            answers.funnel(counts[template_id], template_id, terms[template_id].template)
            for template_id in sorted(counts)
        ],
    )


async def _head(
    tx: Tx, template_id: UUID, *, lock: bool = False, version: int | None = None
) -> Head:
    head = await templates.head(tx, template_id, lock=lock, version=version)
    if head is None:
        raise unknown_template()
    return head


async def _pool(tx: Tx, template_id: UUID, pool_id: UUID) -> Pool:
    pool = await pools.find(tx, pool_id)
    if pool is None or pool.template_id != template_id:
        raise Problem(404, "unknown_pool", "This template has no such pool")
    return pool


async def _check(
    tx: Tx, catalogue: Catalogue, draft: api.CouponTerms, wrong: list[ProblemError]
) -> None:
    wrong = wrong + await _unknown_goods(tx, catalogue, draft)
    if wrong:
        raise Problem(422, "invalid_terms", "These terms do not work", errors=wrong)


async def _unknown_goods(
    tx: Tx, catalogue: Catalogue, draft: api.CouponTerms
) -> list[ProblemError]:
    skus = {*draft.scope.skus, *([draft.gift.sku] if draft.gift else [])}
    await catalogue.learn(tx, skus, set(draft.scope.stores))
    named = [
        *((f"/scope/skus/{n}", sku, "sku") for n, sku in enumerate(draft.scope.skus)),
        *((f"/scope/stores/{n}", store, "store") for n, store in enumerate(draft.scope.stores)),
        *([("/gift/sku", draft.gift.sku, "sku")] if draft.gift else []),
    ]
    known = {"sku": catalogue.skus, "store": catalogue.stores}
    return [
        ProblemError(pointer=pointer, code=f"unknown_{kind}", detail=f"There is no such {kind}")
        for pointer, name, kind in named
        if name not in known[kind]
    ]
