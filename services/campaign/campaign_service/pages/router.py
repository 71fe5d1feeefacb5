"""The inner paths of pages; the gateway has the outer ones."""

from typing import Annotated, Literal

from fastapi import Query, Response

from campaign_service.activities.router import SignerDep
from campaign_service.pages import use_cases
from chassis.web import APIRouter, ReadDep, TxDep, bulk_body, encoded
from contracts.pages import PageSent

router = APIRouter(prefix="/internal/pages")
LanguageQuery = Annotated[Literal["zh", "en"], Query()]


@router.get("/{token}")
async def look(token: str, tx: ReadDep, signer: SignerDep, language: LanguageQuery) -> Response:
    """Changes nothing."""
    return encoded(await use_cases.look(tx, signer, token, language))


@router.post("/{token}")
async def send(
    token: str, tx: TxDep, signer: SignerDep, language: LanguageQuery,
    body: Annotated[PageSent, bulk_body(PageSent)],
) -> Response:  # fmt: skip
    """What was answered."""
    return encoded(await use_cases.send(tx, signer, token, language, body.fields))
