"""Partners, settlements, stored value, paid memberships, published rules."""

from contracts.operations import Operation

OPERATIONS: list[Operation] = []
