"""Somebody who tried too often is locked out for a while, and the audit hears of it."""

from chassis.problem import Problem
from contracts.auditing import Action
from gateway_service.access.limits import Bucket, Limits
from gateway_service.audit.calls import Told, Whom


async def charged(limits: Limits, told: Told, by: Whom, bucket: Bucket, who: str) -> None:
    """Spend one try of a bucket. Raises Problem 429, and 503 while Redis is away."""
    try:
        await limits.charge(bucket, who)
    except Problem as problem:
        if problem.status == 429:
            told.refused(Action.LOCK_OUT, by, fields=[bucket.name])
        raise
