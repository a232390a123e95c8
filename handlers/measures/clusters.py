"""Answers of one account resemble each other: how much (icc, rho), and what n is left (n_eff)."""

from collections.abc import Iterable
from typing import NamedTuple

PRIOR_RHO = 0.15
_PRIOR_WEIGHT = 20
_ICC_LIMITS = (0.0, 0.6)
_RHO_LIMITS = (0.05, 0.5)


class Cluster(NamedTuple):
    """The rated answers of one account; `weight` is that of each respondent."""

    promoters: int
    passives: int
    detractors: int
    weight: float = 1.0
    team: str | None = None

    @property
    def n(self) -> int:
        """Rated answers."""
        return self.promoters + self.passives + self.detractors


class Resemblance(NamedTuple):
    """How alike the answers of one account are over the whole programme.

    `icc` is unclipped and null when it can't be estimated; `rho` is what the intervals use.
    """

    icc: float | None
    df: int
    rho: float


def resemblance(clusters: Iterable[Cluster]) -> Resemblance:
    """ANOVA icc of the -1/0/1 answers, accounts within teams pooled, drawn to .15 as rho.

    Accounts without a team form one team; those without a rated answer count nowhere.
    """
    teams: dict[str | None, list[Cluster]] = {}
    for cluster in clusters:
        if cluster.n:
            teams.setdefault(cluster.team, []).append(cluster)
    df = n = accounts = 0
    between = within = unevenness = 0.0
    for members in teams.values():
        team_n = sum(cluster.n for cluster in members)
        mean = sum(cluster.promoters - cluster.detractors for cluster in members) / team_n
        for cluster in members:
            own = (cluster.promoters - cluster.detractors) / cluster.n
            between += cluster.n * (own - mean) ** 2
            # The sum of squares of -1/0/1 answers is the number of promoters and detractors.
            within += cluster.promoters + cluster.detractors - cluster.n * own * own
        unevenness += team_n - sum(cluster.n**2 for cluster in members) / team_n
        df += len(members) - 1
        n += team_n
        accounts += len(members)
    icc = None
    if df > 0 and n > accounts:
        msb, msw, n0 = between / df, max(0.0, within) / (n - accounts), unevenness / df
        total = msb + (n0 - 1) * msw
        # Rounding leaves a crumb of variance where all answers are the same: that is 0/0 too.
        if total > 1e-12:
            icc = (msb - msw) / total
    return Resemblance(icc, df, PRIOR_RHO if icc is None else _shrunk(icc, df))


def effective_n(clusters: Iterable[Cluster], rho: float) -> float | None:
    """(sum w)^2 / sum over accounts of (1-rho) sum w^2 + rho (sum w)^2; null without weight."""
    total = spread = 0.0
    for cluster in clusters:
        share = cluster.weight * cluster.n
        total += share
        spread += (1 - rho) * share * cluster.weight + rho * share * share
    return total * total / spread if spread > 0 else None


def kish(weights: Iterable[float]) -> float | None:
    """How many equally large accounts weigh as much (Kish 1965); null without weight."""
    total = squares = 0.0
    for weight in weights:
        total += weight
        squares += weight * weight
    return total * total / squares if squares > 0 else None


def _shrunk(icc: float, df: int) -> float:
    clipped = min(max(icc, _ICC_LIMITS[0]), _ICC_LIMITS[1])
    rho = (df * clipped + _PRIOR_WEIGHT * PRIOR_RHO) / (df + _PRIOR_WEIGHT)
    return min(max(rho, _RHO_LIMITS[0]), _RHO_LIMITS[1])
