"""What the gateway tells about rights."""

from chassis.rights import Rights
from identity_service.rights.repository import HOLDS, erase

RIGHTS = Rights("identity", HOLDS, erase)
