"""Benefits, what members are entitled to, and applications."""

from contracts.operations import Operation

OPERATIONS: list[Operation] = []
