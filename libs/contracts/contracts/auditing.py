"""What is audited: a closed list. Each action is recorded by the features that do it, and a test
walks the list.
"""

from enum import StrEnum


class Action(StrEnum):
    """What somebody did, or tried to do."""

    READ = "read"  # personal values in the clear
    LOOKUP = "lookup"  # of a member by an identifier
    FIGURES = "figures"  # over members, given to those who may see groups only
    CAMPAIGN = "campaign"  # planned, changed, judged, launched, stopped
    APPROVE = "approve"  # of a plain read that needs a second person
    MERGE = "merge"  # of two members, taken back, decided, or tried out
    EXPORT = "export"  # a list of members leaves
    IMPORT = "import"  # many members or messages come in
    EGRESS = "egress"  # a message leaves, or is held back
    SUPPRESSION = "suppression"  # which addresses get nothing
    CONSENT = "consent"  # changed by somebody else than the member
    RIGHTS = "rights"  # a member's request, each of its steps
    KEY = "key"  # made, rotated, destroyed
    POLICY = "policy"  # reloaded or refused; a notice published; a schema declared
    ADMISSION = "admission"  # clients, staff, sources, keys of partners, passwords
    SIGN_IN = "sign_in"  # that failed
    LOCK_OUT = "lock_out"  # of somebody who tried too often
    STEP_UP = "step_up"  # a second factor was shown, or not
    REVOCATION = "revocation"  # of tokens
    INCIDENT = "incident"


class Decision(StrEnum):
    """What came of it."""

    PLAIN = "plain"
    REFUSED = "refused"
    DONE = "done"
