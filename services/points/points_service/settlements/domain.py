"""A month's movements become a line a party; all of them together are 0.

A store that gives points out pays for them, a store that takes them in payment is paid. What
members have not spent yet stays with the programme, what expired is breakage.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from contracts.points.programmes import SettlementLine
from points_service.ledger.domain import AccountKind

PROGRAMME, BREAKAGE = "programme", "breakage"
OF_MEMBERS = (AccountKind.MEMBER, AccountKind.HELD, AccountKind.DEBT)
POINTS = (
    *OF_MEMBERS,
    AccountKind.ISSUING,
    AccountKind.HONOURING,
    AccountKind.PARTNER,
    AccountKind.BREAKAGE,
)
FEN = (AccountKind.SALES, AccountKind.PROMOTION, AccountKind.DISCOUNT)
KINDS = (*POINTS, *FEN)

Key = tuple[str, str]  # kind, owner


@dataclass(frozen=True, slots=True)
class Sums:
    """What an account moved in a month, both ≥ 0. `programme` owns those of members."""

    month: date
    kind: str
    owner: str
    debit: int
    credit: int

    @property
    def key(self) -> Key:
        """Without the month."""
        return self.kind, self.owner


def carried(folded: Iterable[Sums], written: Iterable[Sums], month: date) -> list[Sums]:
    """What the ledger says of all months before `month` and no statement of theirs did."""
    total: dict[Key, tuple[int, int]] = {}
    for sign, rows in ((1, folded), (-1, written)):
        for each in rows:
            debit, credit = total.get(each.key, (0, 0))
            total[each.key] = debit + sign * each.debit, credit + sign * each.credit
    return [Sums(month, *key, *both) for key, both in sorted(total.items()) if any(both)]


def added(sums: Iterable[Sums]) -> list[Sums]:
    """One row an account, all of the same month."""
    total: dict[tuple[date, str, str], tuple[int, int]] = {}
    for each in sums:
        key = each.month, *each.key
        debit, credit = total.get(key, (0, 0))
        total[key] = debit + each.debit, credit + each.credit
    return [Sums(*key, *both) for key, both in sorted(total.items())]


def lines(sums: Sequence[Sums], points_per_yuan: int) -> list[SettlementLine]:
    """A line a party with anything to say, by name; net fen add up to 0 as net points do."""
    parties: dict[str, dict[str, int]] = {}
    for each in sums:
        columns = parties.setdefault(_party(each), {})
        for name, amount in _columns(each).items():
            columns[name] = columns.get(name, 0) + amount
    nets = {party: _net(columns) for party, columns in parties.items()}
    fen = _fen(nets, points_per_yuan)
    return [
        SettlementLine(party=party, **parties[party], net=nets[party], net_fen=fen[party])
        for party in sorted(parties)
    ]


def _party(sums: Sums) -> str:
    if sums.kind == AccountKind.BREAKAGE:
        return BREAKAGE
    return PROGRAMME if sums.owner.startswith("membership:") else sums.owner


def _columns(sums: Sums) -> dict[str, int]:
    net = sums.credit - sums.debit
    columns: dict[str, dict[str, int]] = {
        AccountKind.ISSUING: {"issued": -net},
        AccountKind.HONOURING: {"honoured": net},
        AccountKind.PARTNER: {"exchanged_out": sums.credit, "exchanged_in": sums.debit},
        AccountKind.BREAKAGE: {"expired": net},
        AccountKind.SALES: {"sales_fen": net},
        AccountKind.PROMOTION: {"bonus_fen": -net},
        AccountKind.DISCOUNT: {"coupon_fen": net},
    }
    return columns.get(sums.kind, {"outstanding": net})


def _net(columns: Mapping[str, int]) -> int:
    gains = ("honoured", "exchanged_out", "expired", "outstanding")
    return sum(columns.get(name, 0) for name in gains) - sum(
        columns.get(name, 0) for name in ("issued", "exchanged_in")
    )


def _fen(nets: Mapping[str, int], points_per_yuan: int) -> dict[str, int]:
    """Rounded down, and the fen that are missing to 0 go where most was rounded off."""
    parts = {party: divmod(net * 100, points_per_yuan) for party, net in nets.items()}
    missing = -sum(whole for whole, _ in parts.values())
    rounded = sorted(parts, key=lambda party: (-parts[party][1], party))[:missing]
    return {party: whole + (party in rounded) for party, (whole, _) in parts.items()}
