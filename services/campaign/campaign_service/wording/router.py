"""The path of the word list."""

from campaign_service.wording import use_cases
from chassis.web import APIRouter
from contracts.templates import WordingCheck, WordingCheckRequest

router = APIRouter(prefix="/v1/wording-checks")


@router.post("")
async def check(body: WordingCheckRequest) -> WordingCheck:
    """A text against the words of advertising law."""
    return use_cases.check(body.text)
