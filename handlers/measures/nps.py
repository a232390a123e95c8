"""The NPS of a scope with everything that is shown beside it."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from handlers.measures.clusters import Cluster, Pool, Resemblance, kish, pool, resemblance
from handlers.measures.counts import ROLES, AccountCounts, Role, RoleCounts, add
from handlers.measures.measure import (
    Coverage,
    Measure,
    RoleFigures,
    Scope,
    ScopeType,
    ValueWeighted,
    Weighted,
    Window,
    to_json,
    withheld,
)
from handlers.measures.quality import quality
from handlers.measures.score import (
    bounds,
    finite_interval,
    finite_n_eff,
    score_interval,
)

__all__ = [
    "Measure",
    "Scope",
    "ScopeType",
    "Window",
    "coverage",
    "measure",
    "resemblance_of",
    "to_json",
    "weighted",
    "withheld",
]


def measure(
    scope: Scope,
    kind: str,
    window: Window,
    accounts: Sequence[AccountCounts],
    programme_accounts: Iterable[AccountCounts] | Resemblance,
    rho_override: float | None = None,
) -> Measure:
    """All figures of a scope from the counts of its accounts.

    icc and rho come from `programme_accounts`, everything of the kind in the same window or wave,
    or were estimated from it before; `rho_override` fixes rho. A scope of type account is one
    account with the finite formulas.
    """
    whole = (
        programme_accounts
        if isinstance(programme_accounts, Resemblance)
        else resemblance_of(programme_accounts)
    )
    rho = whole.rho if rho_override is None else rho_override
    by_role = {role: add(_of_role(accounts, role)) for role in ROLES}
    total = add(by_role.values())
    rated = [account for account in accounts if account.total.rated]
    found = Measure(
        scope=scope,
        kind=kind,
        window=window,
        asked=total.asked,
        answered=total.answered,
        rated=total.rated,
        promoters=total.promoters,
        passives=total.passives,
        detractors=total.detractors,
        may_not_recommend=total.may_not_recommend,
        cannot_judge=total.cannot_judge,
        suspect=total.suspect,
        nps=total.nps,
        interval=None,
        n_eff=None,
        icc=whole.icc,
        rho=rho,
        quality=None,
        bounds=None,
        accounts=len(rated),
        account_balanced=None,
        value_weighted=None,
        coverage=coverage(accounts),
        by_role={role: _figures(counts) for role, counts in by_role.items()},
        decision_maker_detractor=by_role["decision_maker"].detractors > 0,
    )
    if scope.type == "account":
        return _of_one(found, total)
    clustered = _weighted([_cluster(account, 1.0) for account in rated], rho)
    n_eff = clustered.n_eff if clustered else None
    return replace(
        found,
        interval=clustered.interval if clustered else None,
        n_eff=n_eff,
        quality=quality(n_eff, len(rated)),
        account_balanced=_weighted([_cluster(a, 1.0 / a.total.rated) for a in rated], rho),
        value_weighted=_by_value(rated, rho),
    )


def resemblance_of(accounts: Iterable[AccountCounts]) -> Resemblance:
    """How alike the answers of one account are, estimated over all these accounts."""
    return resemblance(_cluster(account, 1.0) for account in accounts)


def coverage(accounts: Sequence[AccountCounts]) -> Coverage:
    """Accounts with a score, asked decision makers with one, and the value heard, in percent.

    An account's value is heard by the share of its people who gave a score; accounts without a
    known value count in the other two only.
    """
    heard = sum(1 for account in accounts if account.total.rated)
    deciders = add(_of_role(accounts, "decision_maker"))
    value = heard_value = 0.0
    for account in accounts:
        if account.value is not None:
            total = account.total
            value += account.value
            heard_value += account.value * total.rated / total.people if total.people else 0.0
    return Coverage(
        _percent(heard, len(accounts)),
        _percent(deciders.rated, deciders.asked),
        _percent(heard_value, value),
    )


def _of_one(found: Measure, total: RoleCounts) -> Measure:
    ends = bounds(total.promoters, total.detractors, total.rated, total.people)
    interval = finite_interval(total.promoters, total.detractors, total.rated, total.people)
    return replace(
        found,
        interval=interval.points() if interval else None,
        n_eff=finite_n_eff(total.rated, total.people),
        bounds=ends.points() if ends else None,
    )


def weighted(answers: Pool, rho: float) -> Weighted | None:
    """The score of pooled answers with its clustered interval; null without weight."""
    n_eff = answers.n_eff(rho)
    if n_eff is None:
        return None
    promoters = answers.promoters / answers.weight
    detractors = answers.detractors / answers.weight
    interval = score_interval(promoters * n_eff, detractors * n_eff, n_eff)
    return Weighted((promoters - detractors) * 100, interval.points(), n_eff)


def _weighted(clusters: Iterable[Cluster], rho: float) -> Weighted | None:
    return weighted(pool(clusters), rho)


def _by_value(rated: Sequence[AccountCounts], rho: float) -> ValueWeighted | None:
    """Weighted by annual value over the rated accounts that have one above 0."""
    valued = [(account, account.value) for account in rated if account.value]
    clusters = [_cluster(account, value / account.total.rated) for account, value in valued]
    found = _weighted(clusters, rho)
    accounts = kish(value for _, value in valued)
    if found is None or accounts is None:
        return None
    largest = max(range(len(valued)), key=lambda at: valued[at][1])
    account, value = valued[largest]
    others = _weighted(clusters[:largest] + clusters[largest + 1 :], rho)
    return ValueWeighted(
        nps=found.nps,
        interval=found.interval,
        n_eff=found.n_eff,
        kish_accounts=accounts,
        largest_account=account.key,
        largest_share=value / sum(each for _, each in valued) * 100,
        without_largest=others.nps if others else None,
    )


def _cluster(account: AccountCounts, weight: float) -> Cluster:
    total = account.total
    return Cluster(total.promoters, total.passives, total.detractors, weight, account.team)


def _of_role(accounts: Iterable[AccountCounts], role: Role) -> Iterable[RoleCounts]:
    return (account.by_role[role] for account in accounts if role in account.by_role)


def _figures(counts: RoleCounts) -> RoleFigures:
    return RoleFigures(
        counts.asked,
        counts.answered,
        counts.rated,
        counts.promoters,
        counts.passives,
        counts.detractors,
        counts.nps,
    )


def _percent(part: float, whole: float) -> float | None:
    return part / whole * 100 if whole else None
