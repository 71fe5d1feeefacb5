"""Every table that knows members is in the copy they get, and goes or is kept for a reason."""

import importlib
import inspect
import re
from typing import Any

import pytest
from tests.architecture.workspace import SERVICES

ABOUT_MEMBERS = re.compile(
    r"^(member_id|subject_id|.*_of_member|absorbed_id|giver_id|referrer_id|holder|owner|members)$"
)
OTHERS = {"settlement_line", "rotation", "plain_read"}  # whose owners and numbers are no ids
NOT_IN_COPY = {
    "identity": {
        "birthday_untold": "a list of work",
        "kept_apart": "ids alone",
        "match_keys": "keyed hashes of what the copy has in the clear",
    },
    "campaign": {"member_part": "the member's own row, before merges"},
    "points": {
        "moved": "whose a row was first",
        "absorption": "what a merge moved; the rows themselves are told",
    },
    "profile": {"touched": "a list of work"},
    "gateway": {
        "consent_head": "where a chain ends",
        "merged_member": "identity's copy has the merges",
        "birthday": "an index that nobody reads; identity's copy has the day",
        "identifier_tail": "an index that nobody reads; identity's copy has the identifiers",
        "data_key": "a key",
        "incident_member": "those concerned get the notice",
    },
}
DESTROYED_ELSEWHERE = {"data_key"}  # vault.erase


def _tables(service: str) -> dict[str, set[str]]:
    module = importlib.import_module(f"{service}_service.tables")
    classes = [each for each in vars(module).values() if inspect.isclass(each)]
    tables: list[Any] = [each.__table__ for each in classes if hasattr(each, "__table__")]
    return {
        table.name: {column.name for column in table.columns}
        for table in tables
        if table.name not in OTHERS
    }


@pytest.mark.parametrize("service", SERVICES)
def test_every_table_about_members_is_answered_for(service: str) -> None:
    rights = importlib.import_module(f"{service}_service.rights.repository")
    source = inspect.getsource(rights)
    kept = getattr(rights, "KEPT", {})
    for table, columns in _tables(service).items():
        if not any(ABOUT_MEMBERS.match(column) for column in columns):
            continue
        copied = table in rights.HOLDS or table in NOT_IN_COPY.get(service, {})
        assert copied, f"{service}.{table} is in no copy"
        goes = re.search(rf"(DELETE FROM|UPDATE) {table}\b", source) or _in_a_list(source, table)
        goes = goes or table in DESTROYED_ELSEWHERE
        assert goes or table in kept, f"{service}.{table}: erased, or kept for which reason?"


def _in_a_list(source: str, table: str) -> bool:
    """Tables that are deleted from in a loop are named in `_TABLES` or `_GOES`."""
    lists = re.findall(r"^_(?:TABLES|GOES) = \((.*?)^\)", source, re.DOTALL | re.MULTILINE)
    return any(f'"{table}"' in found for found in lists)
