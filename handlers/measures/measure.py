"""The shape of a measure: the names of `npsbot measure --json`, and what a small team may know."""

from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Literal, NamedTuple

from handlers.measures.counts import Role
from handlers.measures.quality import Quality
from handlers.measures.score import Interval

ScopeType = Literal["account", "team", "segment", "product", "all"]


@dataclass(frozen=True, slots=True)
class Scope:
    """What is measured: an account by its key, a team, segment or product by its name, or all."""

    type: ScopeType
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """The days whose answers count, `start` itself excluded; both null for a wave."""

    start: date | None = None
    end: date | None = None


@dataclass(frozen=True, slots=True)
class Weighted:
    """A score in points with other weights than one per respondent."""

    nps: float
    interval: Interval
    n_eff: float


@dataclass(frozen=True, slots=True)
class ValueWeighted(Weighted):
    """The score weighted by annual value; `largest_share` in percent of that value."""

    kish_accounts: float
    largest_account: str
    largest_share: float
    without_largest: float | None


@dataclass(frozen=True, slots=True)
class Coverage:
    """Who was heard, in percent; null where nobody could be."""

    accounts: float | None
    decision_makers: float | None
    revenue: float | None


class RoleFigures(NamedTuple):
    """The counts and the score of one role; what a withheld measure may not tell is null."""

    asked: int
    answered: int
    rated: int | None
    promoters: int | None
    passives: int | None
    detractors: int | None
    nps: float | None


@dataclass(frozen=True, slots=True)
class Measure:
    """Every figure of a scope under the names of `npsbot measure --json`.

    Scores are in points, shares in percent, nothing is rounded, and what can't be given is null.
    """

    scope: Scope
    kind: str
    window: Window
    asked: int
    answered: int
    rated: int | None
    promoters: int | None
    passives: int | None
    detractors: int | None
    may_not_recommend: int | None
    cannot_judge: int | None
    suspect: int | None
    nps: float | None
    interval: Interval | None
    n_eff: float | None
    icc: float | None
    rho: float | None
    quality: Quality | None
    bounds: Interval | None
    accounts: int | None
    account_balanced: Weighted | None
    value_weighted: ValueWeighted | None
    coverage: Coverage | None
    by_role: dict[Role, RoleFigures]
    decision_maker_detractor: bool | None
    withheld: Literal["small_team"] | None = None


def withheld(found: Measure) -> Measure:
    """The same scope told as its counts of asked and answered only, as for a small team."""
    hidden = {
        role: RoleFigures(figures.asked, figures.answered, None, None, None, None, None)
        for role, figures in found.by_role.items()
    }
    return replace(
        found,
        rated=None,
        promoters=None,
        passives=None,
        detractors=None,
        may_not_recommend=None,
        cannot_judge=None,
        suspect=None,
        nps=None,
        interval=None,
        n_eff=None,
        icc=None,
        rho=None,
        quality=None,
        bounds=None,
        accounts=None,
        account_balanced=None,
        value_weighted=None,
        coverage=None,
        by_role=hidden,
        decision_maker_detractor=None,
        withheld="small_team",
    )


def to_json(found: Measure) -> dict[str, object]:
    """The measure as `npsbot measure --json` prints it: plain dicts, lists, numbers and nulls."""
    plain: dict[str, object] = asdict(found)
    plain["window"] = {"from": _iso(found.window.start), "to": _iso(found.window.end)}
    plain["by_role"] = {role: figures._asdict() for role, figures in found.by_role.items()}
    for name in ("interval", "bounds"):
        plain[name] = _pair(getattr(found, name))
    for name in ("account_balanced", "value_weighted"):
        part: Weighted | None = getattr(found, name)
        if part is not None:
            plain[name] = {**asdict(part), "interval": _pair(part.interval)}
    if found.withheld is None:
        del plain["withheld"]
    return plain


def _pair(interval: Interval | None) -> list[float] | None:
    return list(interval) if interval is not None else None


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None
