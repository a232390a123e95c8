"""Turns counted rows of storage into the accounts that a measure is made of."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from handlers.measures.clusters import Cluster, Resemblance, resemblance
from handlers.measures.counts import AccountCounts, Role, RoleCounts, add
from storage.history import Recorded
from storage.measures import Active, Counted
from storage.scopes import AccountRow, Part

Worth = tuple[float | None, str | None]
Belongs = Callable[[Recorded], bool]
_Roles = dict[Role, RoleCounts]


@dataclass(frozen=True)
class Sample:
    """The counts of a scope's accounts, and icc and rho of the whole programme."""

    accounts: Sequence[AccountCounts]
    programme: Resemblance


def sample_of_today(
    rows: Iterable[AccountRow],
    counted: Iterable[Counted],
    programme: Resemblance,
    currency: str,
) -> Sample:
    """The sample of current answers; where nobody was asked, the active contacts count as asked."""
    by_account: dict[int, _Roles] = {}
    active: dict[int, _Roles] = {}
    for each in counted:
        role = cast(Role, each.role)
        by_account.setdefault(each.account_id, {})[role] = _counts(each)
        if each.active:
            active.setdefault(each.account_id, {})[role] = RoleCounts(asked=each.active)
    for account_id, roles in by_account.items():
        if not any(counts.asked for counts in roles.values()):
            by_account[account_id] = active.get(account_id, {})
    present = list(rows)
    values = addable({row.id: (row.value, row.currency) for row in present}, currency)
    return Sample(
        [_account(row, values[row.id], by_account.get(row.id, {})) for row in present],
        programme,
    )


def sample_of_records(
    rows: Iterable[Recorded],
    belongs: Belongs,
    present: Sequence[AccountRow],
    currency: str,
    *,
    is_snapshot: bool,
    silent: Iterable[Active] = (),
) -> Sample:
    """The sample of what was recorded: of a window that has passed, or of a wave.

    `present` are all accounts of the programme by key; `silent` are active contacts of accounts
    that count without having been asked. With `is_snapshot` an account's value is that of its
    newest invitation.
    """
    by_account: dict[int, _Roles] = {}
    programme: dict[int, RoleCounts] = {}
    worth: dict[int, Worth] = {row.id: (row.value, row.currency) for row in present}
    newest: dict[int, int] = {}
    for active in silent:
        roles = by_account.setdefault(active.account_id, {})
        roles[cast(Role, active.role)] = RoleCounts(asked=active.contacts)
    for row in rows:
        counts = _counts(row)
        programme[row.account_id] = _with(programme.get(row.account_id), counts)
        if not belongs(row):
            continue
        roles = by_account.setdefault(row.account_id, {})
        role = cast(Role, row.role)
        roles[role] = _with(roles.get(role), counts)
        if is_snapshot and row.latest > newest.get(row.account_id, 0):
            newest[row.account_id] = row.latest
            worth[row.account_id] = (row.value, row.currency)
    values = addable({account_id: worth[account_id] for account_id in by_account}, currency)
    return Sample(
        [
            _account(row, values[row.id], by_account[row.id])
            for row in present
            if row.id in by_account
        ],
        resemblance(
            _cluster(programme[row.id], row.team) for row in present if row.id in programme
        ),
    )


def clusters_of(rows: Iterable[Recorded], teams: Mapping[int, str | None]) -> list[Cluster]:
    """The rated answers of each account, whatever its snapshots, in its team of today."""
    by_account: dict[int, RoleCounts] = {}
    for row in rows:
        by_account[row.account_id] = _with(by_account.get(row.account_id), _counts(row))
    return [_cluster(counts, teams[key]) for key, counts in by_account.items() if key in teams]


def counted_of(rows: Iterable[Recorded], active: Iterable[Active]) -> list[Counted]:
    """What was recorded of accounts in the shape of current counts, by account and role."""
    heard: dict[tuple[int, str], RoleCounts] = {}
    for row in rows:
        key = (row.account_id, row.role)
        heard[key] = _with(heard.get(key), _counts(row))
    there = {(each.account_id, each.role): each.contacts for each in active}
    return [
        Counted(*key, found.asked, there.get(key, 0), *found[1:])
        for key in sorted({*heard, *there})
        for found in (heard.get(key, RoleCounts()),)
    ]


def in_snapshot(part: Part) -> Belongs:
    """Tells whether a recorded row belonged to a part of the programme when it was asked."""

    def belongs(row: Recorded) -> bool:
        if part.account_ids is not None:
            return row.account_id in part.account_ids
        if part.team_id is not None:
            return row.team_id == part.team_id
        if part.team_ids is not None:
            return row.team_id in part.team_ids
        return part.segment is None or row.segment == part.segment

    return belongs


def addable(worth: Mapping[int, Worth], currency: str) -> dict[int, float | None]:
    """Values that may be added up: those in the currency of most accounts, else null.

    A value without a currency is in the programme's, `currency`.
    """
    used = Counter(own or currency for value, own in worth.values() if value is not None)
    common = max(used, key=lambda each: (used[each], each == currency, each), default=currency)
    return {
        account_id: value if (own or currency) == common else None
        for account_id, (value, own) in worth.items()
    }


def _with(before: RoleCounts | None, more: RoleCounts) -> RoleCounts:
    return more if before is None else add((before, more))


def _cluster(counts: RoleCounts, team: str | None) -> Cluster:
    return Cluster(counts.promoters, counts.passives, counts.detractors, team=team)


def _counts(row: Counted | Recorded) -> RoleCounts:
    return RoleCounts(
        asked=row.asked,
        promoters=row.promoters,
        passives=row.passives,
        detractors=row.detractors,
        may_not_recommend=row.may_not_recommend,
        cannot_judge=row.cannot_judge,
        suspect=row.suspect,
    )


def _account(row: AccountRow, value: float | None, by_role: _Roles) -> AccountCounts:
    return AccountCounts(row.key, row.name, row.team, value, by_role)
