"""What goes together, from what is bought together."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.database import Tx
from contracts.insights import GoodBeside, GoodsBeside, GoodsPair, GoodsPairs, Level
from profile_service.forecasts import repository as forecasts
from profile_service.together import repository

POPULAR = 50  # goods that most buy, to fill up with


async def pairs(tx: Tx, level: Level, least: tuple[float, float], limit: int) -> GoodsPairs:
    """Pairs with this support and lift at least."""
    rows = await repository.pairs(tx, level, least, limit)
    return GoodsPairs(level=level, data=[GoodsPair.model_validate(dict(row)) for row in rows])


async def beside(tx: Tx, skus: Sequence[str], limit: int) -> GoodsBeside:
    """Goods in stock that go with a basket; what many buy fills up."""
    rows = await repository.beside(tx, skus, limit)
    found = [row["sku"] for row in rows]
    popular = await forecasts.popular(tx, POPULAR)
    fill = [sku for sku in popular if sku not in {*skus, *found}]
    gone, names = await forecasts.goods(tx, [*skus, *fill])
    data = [
        GoodBeside(
            rank=rank, sku=row["sku"], name=row["name"], chance=row["chance"], lift=row["lift"],
            zh=f"买{names.get(row['because'], row['because'])}的人常一起买",
            en=f"often bought with {names.get(row['because'], row['because'])}",
        )
        for rank, row in enumerate(rows, 1)
    ]  # fmt: skip
    for sku in [sku for sku in fill if sku not in gone][: limit - len(data)]:
        data.append(
            GoodBeside(
                rank=len(data) + 1,
                sku=sku,
                name=names.get(sku),
                zh="许多会员最近在买",
                en="many members buy it lately",
            )
        )
    return GoodsBeside(data=data)
