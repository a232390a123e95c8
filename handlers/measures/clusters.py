"""Answers of one account resemble each other: how much (icc, rho), and what n is left (n_eff)."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from storage.measures import Alike

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


class Pool(NamedTuple):
    """Rated answers of accounts, weighted and added up.

    `weight` is the sum of the weights w of all respondents, `own` that of w * w, `squares` that of
    the squares of each account's sum of w. With weight 1 all are whole numbers, so that the order
    of accounts changes nothing.
    """

    promoters: float
    detractors: float
    weight: float
    own: float
    squares: float

    def n_eff(self, rho: float) -> float | None:
        """(sum w)^2 / sum over accounts of (1-rho) sum w^2 + rho (sum w)^2; null without weight."""
        spread = (1 - rho) * self.own + rho * self.squares
        return self.weight * self.weight / spread if spread > 0 else None


def resemblance(clusters: Iterable[Cluster]) -> Resemblance:
    """How alike the answers of these accounts are; those without a rated answer count nowhere."""
    return resemblance_of_sums(alike(clusters))


def alike(clusters: Iterable[Cluster]) -> Iterator[Alike]:
    """Gives the sums of each account by itself, those without a rated answer left out."""
    for cluster in clusters:
        n, balance = cluster.n, cluster.promoters - cluster.detractors
        if n:
            decided = cluster.promoters + cluster.detractors
            yield Alike(cluster.team, n, 1, balance, balance * balance, decided)


def resemblance_of_sums(groups: Iterable[Alike]) -> Resemblance:
    """ANOVA icc of the -1/0/1 answers, accounts within teams pooled, drawn to .15 as rho.

    Accounts without a team form one team. Whole numbers are added up before anything is divided,
    so that the order of accounts changes nothing.
    """
    df = n = accounts = 0
    between = within = unevenness = 0.0
    for sizes in _by_team(groups):
        team_n = sum(size * sums[0] for size, sums in sizes)
        of_team = sum(sums[0] for _size, sums in sizes)
        balance = sum(sums[1] for _size, sums in sizes)
        # By account n * mean^2 is balance^2 / n.
        raised = sum(sums[2] / size for size, sums in sizes)
        between += max(0.0, raised - balance * balance / team_n)
        # The sum of squares of -1/0/1 answers is the number of promoters and detractors.
        within += sum(sums[3] for _size, sums in sizes) - raised
        unevenness += team_n - sum(sums[0] * size * size for size, sums in sizes) / team_n
        df += of_team - 1
        n += team_n
        accounts += of_team
    icc = None
    if df > 0 and n > accounts:
        msb, msw, n0 = between / df, max(0.0, within) / (n - accounts), unevenness / df
        total = msb + (n0 - 1) * msw
        # Rounding leaves a crumb of variance where all answers are the same: that is 0/0 too.
        if total > 1e-12:
            icc = (msb - msw) / total
    return Resemblance(icc, df, PRIOR_RHO if icc is None else _shrunk(icc, df))


def _by_team(groups: Iterable[Alike]) -> list[list[tuple[int, list[int]]]]:
    """Gives by team, in order of names, each n with accounts, balance, squares and decided."""
    teams: dict[str | None, dict[int, list[int]]] = {}
    for group in groups:
        sums = teams.setdefault(group.team, {}).setdefault(group.n, [0, 0, 0, 0])
        for place, value in enumerate(group[2:]):
            sums[place] += value
    named = sorted(teams, key=lambda name: (name is not None, name or ""))
    return [sorted(teams[name].items()) for name in named]


def pool(clusters: Iterable[Cluster]) -> Pool:
    """The answers of accounts added up with their weights."""
    promoters = detractors = weight = own = squares = 0.0
    for cluster in clusters:
        share = cluster.weight * cluster.n
        promoters += cluster.weight * cluster.promoters
        detractors += cluster.weight * cluster.detractors
        weight += share
        own += share * cluster.weight
        squares += share * share
    return Pool(promoters, detractors, weight, own, squares)


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
