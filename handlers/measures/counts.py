"""Counts of one account by role: what storage counts and every figure is made of."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, get_args

Role = Literal["decision_maker", "influencer", "user", "unknown"]
ROLES: tuple[Role, ...] = get_args(Role)


class RoleCounts(NamedTuple):
    """Contacts, each counted once by the latest thing known of them.

    `suspect` counts those who have nothing but a suspect reply; they are among `asked`.
    """

    asked: int = 0
    promoters: int = 0
    passives: int = 0
    detractors: int = 0
    may_not_recommend: int = 0
    cannot_judge: int = 0
    suspect: int = 0

    @property
    def rated(self) -> int:
        """Contacts whose latest confirmed reply is a score (n)."""
        return self.promoters + self.passives + self.detractors

    @property
    def answered(self) -> int:
        """Contacts whose latest confirmed reply is a score or one of the two other answers."""
        return self.rated + self.may_not_recommend + self.cannot_judge

    @property
    def people(self) -> int:
        """Contacts who could give a score (N of the bounds and the finite interval)."""
        return self.asked - self.may_not_recommend - self.cannot_judge

    @property
    def nps(self) -> float | None:
        """(promoters - detractors) / rated in points; null without a score."""
        return (self.promoters - self.detractors) / self.rated * 100 if self.rated else None


@dataclass(frozen=True, slots=True)
class AccountCounts:
    """One account in a scope; `value` is its annual value, null where it is not known.

    `total` are the counts of all roles together.
    """

    key: str
    name: str
    team: str | None = None
    value: float | None = None
    by_role: Mapping[Role, RoleCounts] = field(default_factory=dict)

    total: RoleCounts = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        # Once, not at each look: a programme has thousands of accounts.
        counts = tuple(self.by_role.values())
        object.__setattr__(self, "total", counts[0] if len(counts) == 1 else add(counts))


def add(counts: Iterable[RoleCounts]) -> RoleCounts:
    """The sum of counts, field by field."""
    return RoleCounts(*map(sum, zip(*counts, strict=True)))
