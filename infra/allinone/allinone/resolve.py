"""`huiyuan resolve`: who is who in a register, by the services' own code.

The gateway's match keys are derived of each row and are all that identity's matching sees. Their
secret is made of the file itself, so that the same file always gives the same clusters, and is
gone with the process: no key is kept, and nothing derived leaves it but the clusters.
"""

import hashlib
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import polars as pl

from contracts.classification import Kind
from contracts.matching import WORDS
from gateway_service.vault.keys import Keys
from gateway_service.vault.matchkeys import Matcher
from gateway_service.vault.ring import Ring
from gateway_service.vault.seal import Vault
from identity_service.matching.domain import Indexes, Records
from identity_service.matching.resolve import resolve

# What is read, and the names of columns it is read from: the first that the file has.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "source": ("src", "source", "channel", "渠道"),
    "name": ("name", "full_name", "姓名"),
    "given": ("given_name", "first_name", "fname_c1", "fname", "firstname"),
    "given_more": ("fname_c2", "middle_name"),
    "surname": ("surname", "last_name", "lname_c1", "lname", "lastname", "family_name"),
    "surname_more": ("lname_c2",),
    "birthday": ("birthday", "date_of_birth", "dob", "birth_date", "生日", "出生日期"),
    "year": ("by", "birth_year", "year_of_birth"),
    "month": ("bm", "birth_month", "month_of_birth"),
    "day": ("bd", "birth_day", "day_of_birth"),
    "gender": ("gender", "sex", "性别"),
    "address": ("address", "地址"),
    "region": ("district", "region", "region_code", "区县", "地区"),
    "street_number": ("street_number", "house_number"),
    "street": ("address_1", "street"),
    "street_more": ("address_2",),
    "locality": ("suburb", "city", "town", "locality", "城市"),
    "postcode": ("postcode", "zip", "zip_code", "postal_code", "plz", "邮编"),
    "state": ("state", "province", "省"),
    Kind.PHONE: ("phone", "mobile", "phone_number", "telephone", "手机", "手机号", "电话"),
    Kind.WECHAT_UNIONID: ("unionid", "wechat_unionid"),
    Kind.WECHAT_OPENID: ("openid", "wechat_openid"),
    Kind.MINIPROGRAM_OPENID: ("miniprogram_openid",),
    Kind.CARD_NO: ("card", "card_no", "会员卡号"),
    Kind.EMAIL: ("email", "e_mail", "mail", "邮箱"),
    Kind.DEVICE_ID: ("device", "device_id"),
    Kind.ECOMMERCE_ACCOUNT: ("ecommerce_account", "account"),
    Kind.DOUYIN_ID: ("douyin_id", "douyin"),
}
IDS = ("rid", "rec_id", "record_id", "id", "")
_SHOWS_NOBODY = {"source", "gender", "state", "year", "month", "day", "given_more", "surname_more"}
_ROWS = 20_000  # derived at once
_ALONE = 60_000  # rows that are not worth other processes
_FLOAT = re.compile(r"(\d+)\.0+")  # a whole number that went through a spreadsheet

Report = Callable[[str], None]
Rows = Mapping[str, Sequence[str | None]]


class Unreadable(Exception):
    """The file is no register; the message says what is wrong and names no value."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """What was found. `ignored` are the file's columns that were not looked at."""

    records: int
    clusters: int
    read: tuple[str, ...]
    ignored: tuple[str, ...]


def resolve_file(register: Path, out: Path, report: Report) -> Resolved:
    """Read a CSV register, write `rid,cluster`; a cluster is named by its first record.

    Raises Unreadable.
    """
    report(f"reading {register.name}")
    secret, table = _read(register)
    ids, chosen = _ids(table), _chosen(table.columns)
    read = [column for column in chosen.values()]
    rows = table.select([pl.col(column).alias(field) for field, column in chosen.items()])
    labels = clusters(rows, secret, report)
    report(f"writing {out.name}")
    pl.DataFrame({"rid": ids, "cluster": ids.gather(labels)}).write_csv(out)
    ignored = tuple(each for each in table.columns if each not in {*read, ids.name})
    return Resolved(len(ids), len(np.unique(labels)), tuple(read), ignored)


def clusters(rows: pl.DataFrame, secret: bytes, report: Report) -> Indexes:
    """The first record of its cluster, for each row. Columns are fields of `COLUMNS`."""
    if rows.height == 1:
        return np.zeros(1, dtype=np.int64)
    words = np.empty((rows.height, WORDS), dtype="<u8")
    done = 0
    for keys in _derived(rows, secret):
        part = np.frombuffer(keys, dtype="<u8").reshape(-1, WORDS)
        words[done : done + len(part)] = part
        done += len(part)
        report(f"match keys of {done:,} of {rows.height:,} records")
    return resolve(Records(words), report).clusters


def _read(register: Path) -> tuple[bytes, pl.DataFrame]:
    try:
        with register.open("rb") as file:
            secret = hashlib.file_digest(file, "sha256").digest()
        table = pl.read_csv(register, infer_schema=False, encoding="utf8")
    except (OSError, pl.exceptions.PolarsError, UnicodeError) as error:
        kind = getattr(error, "strerror", None) or type(error).__name__
        raise Unreadable(f"{register} cannot be read as a CSV file in UTF-8: {kind}") from None
    if not table.height:
        raise Unreadable(f"{register} has no rows")
    clean = [column.lstrip("\ufeff").strip() for column in table.columns]
    return secret, table.rename(dict(zip(table.columns, clean, strict=True)))


def _ids(table: pl.DataFrame) -> pl.Series:
    """The records' ids; rows are numbered from 1 where the file has none."""
    small = {column.lower(): column for column in table.columns}
    for name in IDS:
        if name in small:
            ids = table[small[name]]
            if ids.null_count() or ids.n_unique() < len(ids):
                raise Unreadable(f"column {name!r} must hold another id in each row")
            return ids
    return pl.Series("", [str(number) for number in range(1, table.height + 1)])


def _chosen(columns: Sequence[str]) -> dict[str, str]:
    small = {column.lower(): column for column in columns}
    chosen = {
        str(field): small[name]
        for field, names in COLUMNS.items()
        for name in [next((each for each in names if each in small), None)]
        if name is not None
    }
    if not chosen.keys() - _SHOWS_NOBODY:
        known = "; ".join(f"{field}: {', '.join(names)}" for field, names in COLUMNS.items())
        raise Unreadable(
            f"none of the columns ({', '.join(columns)}) is one that shows who somebody is."
            f" What is read, and from which columns: {known}"
        )
    return chosen


def _derived(rows: pl.DataFrame, secret: bytes) -> Iterator[bytes]:
    """Match keys of `_ROWS` records at a time, in the rows' sequence."""
    parts = (part.to_dict(as_series=False) for part in rows.iter_slices(_ROWS))
    if rows.height <= _ALONE:
        yield from (derive(secret, part) for part in parts)
        return
    cores = len(os.sched_getaffinity(0))
    with ProcessPoolExecutor(cores, mp_context=get_context("spawn")) as pool:
        yield from pool.map(derive, [secret] * -(-rows.height // _ROWS), parts)


def derive(secret: bytes, rows: Rows) -> bytes:
    """Match keys of rows given by columns."""
    matcher = _matcher(secret)
    fields = list(rows)
    return b"".join(
        matcher.derive(_record(dict(zip(fields, values, strict=True))))
        for values in zip(*rows.values(), strict=True)
    )


@lru_cache(1)
def _matcher(secret: bytes) -> Matcher:
    return Vault(Keys(secret), Ring("resolve")).matcher


def _record(row: Mapping[str, str | None]) -> dict[str, str]:
    found = {field: value for field, value in row.items() if value}
    for field, value in found.items():
        if value.endswith("0") and (whole := _FLOAT.fullmatch(value)):
            found[field] = whole[1]
    for field in ("given", "surname"):
        if more := found.pop(f"{field}_more", ""):
            found[field] = f"{found.get(field, '')} {more}".strip()
    date = [found.pop(part, "") for part in ("year", "month", "day")]
    if "birthday" not in found and all(date):
        found["birthday"] = "".join(part.rjust(2, "0") for part in date)
    return found
