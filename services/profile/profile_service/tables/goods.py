"""What models say about goods; nothing here is about a member."""

from sqlmodel import Field

from profile_service.tables.base import Row, big, text


class GoodsPairRow(Row, table=True):
    """Who buys `one` buys `other` (contracts.insights.GoodsPair); `place` among those of `one`."""

    __tablename__ = "goods_pair"
    level: str = text(primary_key=True)  # sku, category, department
    one: str = text(primary_key=True)
    place: int = Field(primary_key=True)
    other: str = text()
    baskets: int = big()
    buyers: int = big()
    support: float
    confidence: float
    lift: float


class PopularGoodsRow(Row, table=True):
    """What most of a group bought lately: of a store, a city, or people of an age and gender."""

    __tablename__ = "popular_goods"
    kind: str = text(primary_key=True)  # store, age, city
    key: str = text(primary_key=True)
    place: int = Field(primary_key=True)
    sku: str = text()
    buyers: int = big()
