"""What the areas of points share: words in two languages, money of the programme, ids of data."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from contracts.base import Model
from contracts.classification import internal, public

# No programme is older, and every calendar can still reckon with it.
Moment = Annotated[
    AwareDatetime, Field(ge=datetime(2000, 1, 1, tzinfo=UTC), lt=datetime(2200, 1, 1, tzinfo=UTC))
]
LARGEST = 100_000_000_000  # fen or points: nothing a shop does is larger

Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"), public]
Ref = Annotated[str, Field(pattern=r"^[\w.:/#-]{1,64}$"), internal]
Points = Annotated[int, Field(gt=0, le=LARGEST), public]


class Words(Model):
    """What members read, in Chinese and in English."""

    zh: Annotated[str, Field(pattern=r"^[^\x00]{1,500}$"), public]
    en: Annotated[str, Field(pattern=r"^[^\x00]{1,500}$"), public]


class Cny(Model):
    """Whole fen of the one currency there is, more than none."""

    amount: Annotated[int, Field(gt=0, le=LARGEST), public]
    currency: Annotated[Literal["CNY"], public] = "CNY"
