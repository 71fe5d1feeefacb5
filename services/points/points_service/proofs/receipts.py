"""Receipts as JSON: bytes in hexadecimal, times in RFC 3339."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.evidence.checkpoints import Malformed, checkpoint_in, checkpoint_out
from points_service.proofs.chain import Link
from points_service.proofs.domain import LEDGER, Receipt


def receipt_out(receipt: Receipt) -> dict[str, Any]:
    """A receipt's JSON."""
    entry = receipt.entry
    return {
        "entry": {
            "entry_id": entry.entry_id,
            "lane": entry.lane,
            "journal_id": str(entry.journal_id),
            "occurred_at": entry.occurred_at.isoformat(),
            "posted_at": entry.posted_at.isoformat(),
            "amount": entry.amount,
            "journal_kind": entry.journal_kind,
            "ref": entry.ref,
            "account_kind": entry.account_kind,
            "owner": entry.owner,
            "hash": entry.hash.hex(),
        },
        "previous": receipt.previous.hex(),
        "index": receipt.index,
        "path": [each.hex() for each in receipt.path],
        "checkpoint": checkpoint_out(receipt.checkpoint),
    }


def receipt_in(found: Mapping[str, Any]) -> Receipt:
    """The receipt; raises Malformed."""
    try:
        entry = found["entry"]
        return Receipt(
            entry=Link(
                entry_id=int(entry["entry_id"]),
                lane=int(entry["lane"]),
                journal_id=UUID(entry["journal_id"]),
                occurred_at=datetime.fromisoformat(entry["occurred_at"]),
                posted_at=datetime.fromisoformat(entry["posted_at"]),
                amount=int(entry["amount"]),
                journal_kind=str(entry["journal_kind"]),
                ref=str(entry["ref"]),
                account_kind=str(entry["account_kind"]),
                owner=str(entry["owner"]),
                hash=bytes.fromhex(entry["hash"]),
            ),
            previous=bytes.fromhex(found["previous"]),
            index=int(found["index"]),
            path=tuple(bytes.fromhex(each) for each in found["path"]),
            checkpoint=checkpoint_in(LEDGER, found["checkpoint"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise Malformed("this is no receipt of a ledger") from error
