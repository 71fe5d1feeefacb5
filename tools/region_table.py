"""Write the gateway's table of GB/T 2260 codes from a data set of their history.

`python tools/region_table.py result.csv` reads the CSV of https://github.com/yescallop/areacodes
(CC0; from the Ministry of Civil Affairs' yearly tables, with errata and what became of each code)
and writes `gateway_service/cleaning/regions.tsv`: code, name, and for what is gone the code it
belongs to now. What was one division and is several belongs to what they have in common.
"""

import csv
import re
import sys
from pathlib import Path

TARGET = Path(__file__).parents[1] / "services/gateway/gateway_service/cleaning/regions.tsv"
SINCE = 2000  # who still writes an older name means something else by it more often than not
_LATER = re.compile(r"\d{6}\[\d{4}\]")  # only a part, in another year


def main(source: str) -> None:
    """Read `source`, write the table."""
    with Path(source).open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    current = {row["代码"]: row["名称"] for row in rows if row["状态"] == "在用"}
    gone = [row for row in rows if row["状态"] != "在用"]
    next_of: dict[str, list[str]] = {}
    for row in sorted(gone, key=lambda row: int(row["变更/弃用时间"])):
        next_of[row["代码"]] = _next(row)
    lines = [f"{code}\t{name}\t" for code, name in current.items()]
    for row in gone:
        if int(row["变更/弃用时间"]) >= SINCE:
            codes = [row["代码"]] if row["代码"] in current else _next(row)
            now = _common(_followed(codes, next_of, current, set()))
            lines.append(f"{row['代码']}\t{row['名称']}\t{now if now in current else '-'}")
    TARGET.write_text("\n".join(sorted(set(lines))) + "\n")


def _next(row: dict[str, str]) -> list[str]:
    return [code for code in row["新代码"].split(";") if code and not _LATER.fullmatch(code)]


def _followed(
    codes: list[str], next_of: dict[str, list[str]], current: dict[str, str], seen: set[str]
) -> set[str]:
    found: set[str] = set()
    for code in codes:
        if code in current:
            found.add(code)
        elif code not in seen:
            found |= _followed(next_of.get(code, []), next_of, current, seen | {code})
    return found


def _common(codes: set[str]) -> str:
    for digits in (6, 4, 2):
        heads = {code[:digits].ljust(6, "0") for code in codes}
        if len(heads) == 1:
            return heads.pop()
    return ""


if __name__ == "__main__":
    main(sys.argv[1])
