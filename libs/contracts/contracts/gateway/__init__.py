"""What the gateway itself answers. One module an area; OPERATIONS has them all."""

from contracts.collect import COLLECT
from contracts.gateway import (
    access,
    audit,
    cleaning,
    consents,
    dev,
    forms,
    imports,
    incidents,
    keys,
    quarantine,
    reading,
    retention,
    rights,
    schemas,
    staff,
    suppressions,
    unsubscribe,
    webhooks,
)
from contracts.operations import Operation

OPERATIONS: list[Operation] = [
    *COLLECT,
    *access.OPERATIONS,
    *staff.OPERATIONS,
    *consents.OPERATIONS,
    *rights.OPERATIONS,
    *audit.OPERATIONS,
    *incidents.OPERATIONS,
    *retention.OPERATIONS,
    *suppressions.OPERATIONS,
    *unsubscribe.OPERATIONS,
    *forms.OPERATIONS,
    *schemas.OPERATIONS,
    *quarantine.OPERATIONS,
    *cleaning.OPERATIONS,
    *imports.OPERATIONS,
    *reading.OPERATIONS,
    *keys.OPERATIONS,
    *webhooks.OPERATIONS,
    *dev.OPERATIONS,
]
