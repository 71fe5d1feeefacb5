"""Ask for a reading, and have it decided by somebody else. Each step is audited."""

from datetime import timedelta
from uuid import UUID

from chassis.database import Tx
from chassis.principal import Principal
from chassis.problem import Problem
from contracts.auditing import Action, Decision
from contracts.gateway.reading import ApprovalState, ReadApproval, ReadApprovalRequest
from gateway_service.approvals import repository
from gateway_service.audit.use_cases import Audit, entry_by

ASK = "POST /v1/members/{member_id}/read-approvals"
DECIDE = "POST /v1/read-approvals/{approval_id}/decide"


async def ask(
    tx: Tx, audit: Audit, principal: Principal, member_id: UUID, wanted: ReadApprovalRequest
) -> ReadApproval:
    """A question that waits for an approver."""
    asked = await repository.add(tx, member_id, principal.subject, wanted)
    audit.record(
        tx,
        entry_by(
            principal, Action.APPROVE, Decision.DONE, ASK, ticket=wanted.ticket, members=[member_id]
        ),
    )
    return asked


async def decide(
    tx: Tx, audit: Audit, principal: Principal, approval_id: UUID, *, granted: bool
) -> ReadApproval:
    """Grant for the hours that were asked for, or refuse.

    Raises Problem 404, 409 if it is decided already, 403 for one's own question.
    """
    asked = await repository.locked(tx, approval_id)
    if asked is None:
        raise Problem(404, "not_found", "There is no such question")
    if asked.state is not ApprovalState.PENDING:
        raise Problem(409, "decided_already", "This has been decided")
    if asked.subject == principal.subject:
        raise Problem(403, "own_question", "Somebody else has to decide about one's own question")
    state, until = ApprovalState.REFUSED, None
    if granted:
        state, until = ApprovalState.GRANTED, tx.now + timedelta(hours=asked.hours)
    audit.record(
        tx,
        entry_by(
            principal, Action.APPROVE, Decision.DONE if granted else Decision.REFUSED, DECIDE,
            ticket=asked.ticket, members=[asked.member_id],
        ),
    )  # fmt: skip
    return await repository.decide(tx, approval_id, state, principal.subject, until)
