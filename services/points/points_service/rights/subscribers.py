"""What the gateway tells about rights."""

from chassis.rights import Rights
from points_service.rights.repository import HOLDS, erase

RIGHTS = Rights("points", HOLDS, erase)
