"""Showing and changing policies."""

from chassis.database import Tx
from chassis.problem import Problem
from contracts.points.spending import (
    ExpiryFigures,
    ExpiryPolicies,
    ExpiryPolicy,
    ExpiryPolicyRequest,
)
from points_service.expiry import repository
from points_service.expiry.domain import Policy, conflict, missing_figure

CONFLICTS = {
    "no_date": "Some active policy must give points a date",
    "same_day": "Two active policies would depreciate on the same day",
}


async def show_all(tx: Tx) -> ExpiryPolicies:
    """Every policy."""
    return ExpiryPolicies(data=[_shown(each) for each in await repository.policies(tx)])


async def show(tx: Tx, policy_id: str) -> ExpiryPolicy:
    """A policy; raises Problem 404."""
    for each in await repository.policies(tx):
        if each.policy_id == policy_id:
            return _shown(each)
    raise Problem(404, "unknown_policy", "There is no such expiry policy")


async def put(tx: Tx, policy_id: str, request: ExpiryPolicyRequest) -> ExpiryPolicy:
    """Keep a policy. Dates of points earned before stay; a depreciation takes its share of all.

    Raises Problem 422 (figures), 409 (it cannot stand beside the other active ones).
    """
    figures = request.figures.model_dump(exclude_none=True)
    policy = Policy(policy_id, request.kind, request.active, figures)
    wrong = missing_figure(policy)
    if wrong is not None:
        title = "A policy has the figures of its kind, and no others"
        raise Problem(422, "wrong_figures", title, pointer=f"/figures/{wrong}")
    try:
        _ = policy.rule
    except ValueError:
        title = "That day is not in every year"
        raise Problem(422, "no_such_day", title, pointer="/figures/day") from None
    await repository.lock_policies(tx)
    others = [each for each in await repository.policies(tx) if each.policy_id != policy_id]
    clash = conflict([*others, policy])
    if clash is not None:
        raise Problem(409, clash, CONFLICTS[clash], pointer="/active")
    await repository.keep(tx, policy)
    return _shown(policy)


def _shown(policy: Policy) -> ExpiryPolicy:
    return ExpiryPolicy.model_validate(
        {
            "policy_id": policy.policy_id,
            "kind": policy.kind,
            "active": policy.active,
            "figures": ExpiryFigures(**policy.figures),
        }
    )
