"""Who plans, approves, reads campaigns, and whom a decision is explained to."""

from contracts.roles import Role

PLANNERS = frozenset({Role.PLANNER})
APPROVERS = frozenset({Role.APPROVER})
READERS = frozenset({Role.PLANNER, Role.APPROVER, Role.ANALYST, Role.OPERATOR, Role.ADMIN})
EXPLAINED_TO = frozenset(
    {Role.MEMBER, Role.SERVICE_AGENT, Role.COMPLIANCE, Role.OPERATOR, Role.ADMIN}
)
