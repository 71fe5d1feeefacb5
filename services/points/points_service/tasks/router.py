"""Tasks and badges."""

from uuid import UUID

from fastapi.responses import Response

from chassis.web import APIRouter, OnceDep, PrincipalDep, ReadDep, TxDep
from contracts.points.acts import MemberBadges, MemberTasks, Task, Tasks
from points_service.tasks import use_cases

router = APIRouter()


@router.get("/v1/tasks")
async def tasks(tx: ReadDep) -> Tasks:
    """All tasks."""
    return await use_cases.show(tx)


@router.post("/v1/tasks", response_model=Task)
async def write(body: Task, tx: TxDep, principal: PrincipalDep, once: OnceDep) -> Response:
    """Add a task."""
    return await once(lambda: use_cases.write(tx, body, principal.subject))


@router.get("/v1/members/{member_id}/tasks")
async def progress(member_id: UUID, tx: ReadDep) -> MemberTasks:
    """Tasks and how far the member is."""
    return await use_cases.progress(tx, member_id)


@router.get("/v1/members/{member_id}/badges")
async def badges(member_id: UUID, tx: ReadDep) -> MemberBadges:
    """Badges of a member."""
    return await use_cases.badges(tx, member_id)
