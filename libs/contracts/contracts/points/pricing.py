"""What a cart costs."""

from contracts.operations import Operation

OPERATIONS: list[Operation] = []
