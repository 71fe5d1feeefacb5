"""Who may call: the roles of the platform (api.md, Tokens)."""

from enum import StrEnum


class Role(StrEnum):
    """A token carries exactly one."""

    MEMBER = "member"
    POS = "pos"
    GUIDE = "guide"
    SERVICE_AGENT = "service_agent"
    PLANNER = "planner"
    APPROVER = "approver"
    ANALYST = "analyst"
    DATA_OPERATOR = "data_operator"
    PARTNER = "partner"
    COMPLIANCE = "compliance"
    OPERATOR = "operator"
    ADMIN = "admin"


STAFF = frozenset(Role) - {Role.MEMBER, Role.PARTNER}
EVERYONE = frozenset(Role)
CHECKOUT = frozenset({Role.POS, Role.PARTNER, Role.OPERATOR, Role.ADMIN})
SERVING = frozenset({Role.POS, Role.GUIDE, Role.SERVICE_AGENT, Role.OPERATOR, Role.ADMIN})
READING = SERVING | {Role.MEMBER, Role.COMPLIANCE}
FIGURES = frozenset({Role.ANALYST, Role.DATA_OPERATOR, Role.PLANNER, Role.OPERATOR, Role.ADMIN})
