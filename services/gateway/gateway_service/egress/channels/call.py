"""Service call tasks: somebody of the service desk takes one, calls, and says what came of it.

The desk reads the number as any plain value is read, with purpose and ticket; none is in the task.
A task that was taken is nobody else's for half an hour.
"""

from datetime import timedelta

PROVIDER = "desk"
TAKEN_FOR = timedelta(minutes=30)
DELIVERED = {"reached": True, "declined": True, "no_answer": False, "wrong_number": False}
