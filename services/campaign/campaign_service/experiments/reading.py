"""An experiment's table as the measures want it: one row a unit, a control, checked."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import polars as pl

NEEDED: Final = ("unit", "variant", "outcome")
OPTIONAL: Final = ("pre", "at")
CONTROLS: Final = (
    *("control", "ctrl", "holdout", "held_out", "hold_out", "placebo", "baseline"),
    *("no e-mail", "no_contact", "none", "off", "false", "0", "a", "c", "对照", "对照组"),
)
ENCODINGS: Final = ("utf-8-sig", "gb18030", "utf-16")  # spreadsheets here write the second
SEPARATORS: Final = ",;\t|"
TIMES: Final = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M")
TIMES_WITH_ZONE: Final = ("%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%d %H:%M:%S%.f%#z")
DAYS: Final = ("%Y/%m/%d", "%Y%m%d", "%d.%m.%Y")
FEWEST: Final = 2
MOST_VARIANTS: Final = 20


class Unusable(ValueError):
    """The table cannot be used; says what is wrong and what to do."""


@dataclass(frozen=True)
class Experiment:
    """What was tried on whom, and what came of it.

    `table`: unit (str), variant (str), outcome (f64), and as far as known pre (f64, the same
    measure before), at (i64, order of exposure) and the `features`. `left_out`: rows that were
    not used, by reason.
    """

    table: pl.DataFrame
    control: str
    treatments: tuple[str, ...]
    features: tuple[str, ...]
    rows: int
    left_out: dict[str, int] = field(default_factory=dict)

    @property
    def has_pre(self) -> bool:
        """Whether the measure before the experiment is known and says anything."""
        return "pre" in self.table.columns and self.table["pre"].n_unique() > 1

    def of(self, *variants: str) -> pl.DataFrame:
        """The rows of some variants."""
        return self.table.filter(pl.col("variant").is_in(variants))


def read(path: Path, control: str | None = None) -> Experiment:
    """A CSV or Parquet file as an `Experiment`. Raises `Unusable` or OSError."""
    try:
        if path.suffix.lower() in (".parquet", ".pq"):
            raw = pl.read_parquet(path)
        else:
            text = _decoded(path.read_bytes())
            raw = pl.read_csv(
                io.StringIO(text),
                separator=_separator(text),
                infer_schema_length=None,
                try_parse_dates=True,
            )
    except (pl.exceptions.PolarsError, UnicodeError) as error:
        raise Unusable(f"{path} is neither a CSV nor a Parquet file: {error}") from error
    return shape(raw, control)


def _decoded(content: bytes) -> str:
    """Text in whichever usual encoding it is; raises UnicodeError."""
    wide = content[:2] in (b"\xff\xfe", b"\xfe\xff")
    for encoding in ENCODINGS[-1:] if wide else ENCODINGS[:-1]:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError as error:
            last = error
    raise last


def _separator(text: str) -> str:
    """What stands between the names of the header."""
    header = text.partition("\n")[0]
    try:
        return csv.Sniffer().sniff(header, SEPARATORS).delimiter
    except csv.Error:
        return ","


def shape(raw: pl.DataFrame, control: str | None = None) -> Experiment:
    """One row a unit, values of the right types. Raises `Unusable`."""
    raw = raw.rename({name: name.strip().lower() for name in raw.columns})
    if missing := [name for name in NEEDED if name not in raw.columns]:
        raise Unusable(f"columns {', '.join(missing)} are missing; wanted: {', '.join(NEEDED)}")
    features = tuple(name for name in raw.columns if name not in (*NEEDED, *OPTIONAL))
    typed = _typed(raw)
    left_out: dict[str, int] = {}
    known = typed.filter(pl.col("unit").is_not_null() & pl.col("variant").is_not_null())
    left_out["no unit or variant"] = typed.height - known.height
    measured = known.filter(pl.col("outcome").is_finite())
    left_out["no outcome"] = known.height - measured.height
    in_two = (
        measured.group_by("unit").agg(pl.col("variant").n_unique()).filter(pl.col("variant") > 1)
    )
    pure = measured.join(in_two, on="unit", how="anti")
    left_out["units in more than one variant"] = in_two.height
    table = _one_row_a_unit(pure, features)
    left_out["rows added to their unit's first"] = pure.height - table.height
    control, treatments = _control(table, control)
    return Experiment(
        table.sort("unit"),
        control,
        treatments,
        features,
        raw.height,
        {reason: count for reason, count in left_out.items() if count},
    )


def _typed(raw: pl.DataFrame) -> pl.DataFrame:
    try:
        typed = raw.with_columns(
            pl.col("unit").cast(pl.String),
            pl.col("variant").cast(pl.String).str.strip_chars(),
            *(pl.col(name).cast(pl.Float64) for name in ("outcome", "pre") if name in raw.columns),
        )
    except pl.exceptions.PolarsError as error:
        reason = str(error).partition("\n")[0]
        raise Unusable(f"outcome and pre have to be numbers: {reason}") from error
    if "at" in raw.columns:
        typed = typed.with_columns(_moments(raw["at"]).to_physical().cast(pl.Float64).alias("at"))
    return typed


def _moments(at: pl.Series) -> pl.Series:
    """Times, dates or numbers, also if written in one of the usual ways. Raises `Unusable`."""
    if at.dtype != pl.String:
        return at
    text = at.str.strip_chars()
    for form in (*TIMES_WITH_ZONE, *TIMES, *DAYS):
        kind = pl.Date if form in DAYS else pl.Datetime("us", "UTC" if "z" in form else None)
        found = text.str.strptime(kind, form, strict=False)
        if found.null_count() == text.null_count():
            return found
    raise Unusable("`at` has to be a time (RFC 3339), a date or a number")


def _one_row_a_unit(table: pl.DataFrame, features: tuple[str, ...]) -> pl.DataFrame:
    """Outcomes of a unit are summed: units were drawn, so units are what counts."""
    if table["unit"].n_unique() == table.height:
        return table
    first = [pl.col(name).first() for name in ("variant", *features)]
    first += [pl.col("pre").first()] if "pre" in table.columns else []
    first += [pl.col("at").min()] if "at" in table.columns else []
    return table.group_by("unit", maintain_order=True).agg(*first, pl.col("outcome").sum())


def _control(table: pl.DataFrame, named: str | None) -> tuple[str, tuple[str, ...]]:
    counts = dict(table["variant"].value_counts().iter_rows())
    if not FEWEST <= len(counts) <= MOST_VARIANTS:
        raise Unusable(f"{len(counts)} variants; {FEWEST} to {MOST_VARIANTS} can be compared")
    if small := [name for name, count in counts.items() if count < FEWEST]:
        raise Unusable(f"variant {small[0]} has fewer than {FEWEST} units with an outcome")
    if named is not None:
        if named not in counts:
            raise Unusable(f"no variant {named}; there are {', '.join(sorted(counts))}")
        control = named
    else:
        lower = {name.lower(): name for name in sorted(counts, reverse=True)}
        control = next((lower[name] for name in CONTROLS if name in lower), min(counts))
    return control, tuple(sorted(name for name in counts if name != control))
