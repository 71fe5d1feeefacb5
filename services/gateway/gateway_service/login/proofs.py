"""A code by SMS shows that a phone is somebody's, before anything is said about the phone."""

from dataclasses import dataclass

from chassis.database import Database
from chassis.principal import Principal
from contracts.classification import Kind
from contracts.roles import Role
from gateway_service.access.limits import Bucket
from gateway_service.login.domain import Tried, Use
from gateway_service.login.use_cases import Login, send_code, used_up

BY_MEMBER = Bucket("proof_member", 5 / 3600, 5)
BY_PARTNER = Bucket("proof_partner", 1, 600)
TRIES = Bucket("proof_tries", 1, 600)


@dataclass(frozen=True, slots=True)
class PhoneProofs:
    """`proxy.forward.Proofs` by codes of members' sign-in, kept apart from these."""

    db: Database
    login: Login

    async def charge(self, bucket: Bucket, principal: Principal) -> None:
        """One try of the caller's. Raises Problem 429 or 503."""
        await self.login.limits.charge(bucket, principal.subject)

    async def send(self, principal: Principal, phone: str) -> None:
        """A code to the number, whosever it is. Raises Problem 429 or 503."""
        limit = BY_MEMBER if principal.role is Role.MEMBER else BY_PARTNER
        async with self.db.transaction() as tx:
            await send_code(tx, self.login, phone, principal.subject, use=Use.PROOF, limit=limit)

    async def shown(self, principal: Principal, phone: str, code: str) -> bool:
        """Whether it is the code; then it is used up. Raises Problem 429 or 503."""
        await self.login.limits.charge(TRIES, principal.subject)
        number = self.login.vault.index(Kind.PHONE, phone)
        async with self.db.transaction() as tx:
            return await used_up(tx, self.login, Use.PROOF, number, code) is Tried.RIGHT
