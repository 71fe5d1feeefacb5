"""Why somebody reads personal values in the clear: the codes of the header `Purpose`."""

from enum import StrEnum


class Purpose(StrEnum):
    """A closed list. What each may be used for, and by whom, is in the gateway's policy.cedar."""

    NONE = "none"  # nothing was stated
    OWN = "own"  # members read what is their own
    SERVICE = "service"  # answering what a member asked for: call back, order, complaint
    DELIVERY = "delivery"  # bringing goods or prizes
    CORRECTION = "correction"  # putting wrong data right
    VERIFICATION = "verification"  # making sure who is calling
    FRAUD = "fraud"  # looking into suspicious accounts and referrals
    REPAIR = "repair"  # mending messages that could not be taken
    RIGHTS = "rights"  # answering a request under the law
    INCIDENT = "incident"  # telling those affected
    AUDIT = "audit"  # checking how data are used
    LEGAL = "legal"  # an authority's written demand


STATED = tuple(str(purpose) for purpose in Purpose if purpose is not Purpose.NONE)
