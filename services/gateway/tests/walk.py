"""What was done and what the audit has of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec
from services.gateway.tests.conftest import Gateway
from services.gateway.tests.inner import Inner
from services.gateway.tests.test_rights import ABSORBED, MEMBER
from services.gateway.tests.test_sign_in import Browser
from services.gateway.tests.test_signatures import Partner

from contracts.roles import Role
from testkit import eventually

Mark = tuple[str, str, str]  # action, decision, operation


@dataclass
class Walk:
    """What was done, and what the audit has of it."""

    gateway: Gateway
    inner: Inner
    browser: Browser
    partner: Partner
    seen: set[Mark] = field(default_factory=set)

    async def entries(self) -> list[dict[str, Any]]:
        """All of them, as they are stored."""
        async with self.gateway.app.db.transaction(readonly=True) as tx:
            rows = await tx.fetch("SELECT body FROM audit ORDER BY at, id")
        return [msgspec.json.decode(row["body"]) for row in rows]

    @asynccontextmanager
    async def records(self, *expected: Mark, **of: Any) -> AsyncIterator[None]:
        """What is done within is in the audit like this, each once; `of` is in every entry."""
        known = {each["id"] for each in await self.entries()}
        yield
        fresh: list[dict[str, Any]] = []

        async def all_there() -> bool:
            fresh[:] = [each for each in await self.entries() if each["id"] not in known]
            return len(fresh) >= len(expected)

        await eventually(all_there, says=f"not in the audit: {expected}, but {fresh}")
        found = [(each["action"], each["decision"], each["operation"]) for each in fresh]
        assert sorted(found) == sorted(expected)
        for each in fresh:
            assert {name: each[name] for name in of} == of, each
            assert each["subject"] and set(each) == set(fresh[0])
        self.seen |= set(found)

    async def by(self, role: Role, method: str, path: str, json: Any = None, **headers: str) -> Any:
        """A call with a role's token."""
        member = MEMBER if role is Role.MEMBER else None
        theirs = await self.gateway.as_(role, member, **headers)
        return await self.gateway.http.request(method, path, json=json, headers=theirs)

    @property
    def everybody(self) -> list[str]:
        """The member with the ids that were merged into it."""
        pseudonym = self.gateway.parts.audit.pseudonym
        return sorted(str(pseudonym(each)) for each in (MEMBER, ABSORBED))

    @property
    def member(self) -> list[str]:
        """The member as the audit calls it."""
        return [str(self.gateway.parts.audit.pseudonym(MEMBER))]
