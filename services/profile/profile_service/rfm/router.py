"""RFM of the population."""

from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, BeforeValidator

from chassis.web import APIRouter, ReadDep
from contracts.profile import RfmReport
from profile_service.rfm import use_cases
from profile_service.rfm.use_cases import Scheme

router = APIRouter()
# In a query an unescaped "+" means a space; people type "+08:00" all the same.
Moment = Annotated[AwareDatetime, BeforeValidator(lambda text: text.replace(" ", "+"))]


@router.get("/v1/insights/rfm")
async def rfm(
    tx: ReadDep,
    at: Moment | None = None,
    scheme: Scheme = "terciles",
) -> RfmReport:
    """Members by recency, frequency and money."""
    moment: datetime = at or tx.now
    return await use_cases.report(tx, moment, scheme)
