"""What may be measured: the account, team, segment or programme behind a typed key or name."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from handlers.context import Context, Refused
from handlers.measures.measure import Measure, Scope, withheld
from storage import history, members, scopes
from storage.db import Session
from storage.models import Team
from storage.scopes import Part

NPS_KINDS = ("relationship", "transactional", "product", "similar")
SMALL_TEAM = 4


class NotMeasurable(Refused):
    """There is nothing to measure as asked; the message says why and what there is instead."""


@dataclass(frozen=True)
class Found:
    """A scope with its name as it is written, and the rows that belong to it."""

    scope: Scope
    part: Part
    is_small_team: bool = False


@dataclass(frozen=True)
class Rest:
    """Teams told as one, with how many people they are, and which of them `joined` the small ones.

    `others` = with the accounts of no team.
    """

    teams: tuple[Team, ...]
    people: int
    joined: tuple[Team, ...]
    others: bool = False


def check(kind: str, rho: float | None = None) -> None:
    """Raises NotMeasurable for a kind without a score or a rho outside 0..1."""
    if kind not in NPS_KINDS:
        raise NotMeasurable(f"{kind!r} has no NPS; kinds with one are {', '.join(NPS_KINDS)}")
    if rho is not None and not 0 <= rho <= 1:
        raise NotMeasurable(f"rho is between 0 and 1, not {rho}")


async def find(session: Session, scope: Scope) -> Found:
    """Gives what a scope means; raises NotMeasurable where there is no such account or group."""
    key = scope.key or ""
    match scope.type:
        case "all":
            return Found(Scope("all"), Part())
        case "account":
            account = await scopes.find_account(session, key)
            if account is None:
                raise NotMeasurable(f"there is no account with the key {key!r}")
            return Found(Scope("account", account.key), Part(account_ids=(account.id,)))
        case "team":
            team = await scopes.find_team(session, key)
            if team is None:
                names = ", ".join(each.name for each in await members.teams(session))
                raise NotMeasurable(f"there is no team {key!r}; teams: {names or 'none'}")
            size = await scopes.team_size(session, team.id)
            return Found(Scope("team", team.name), Part(team_id=team.id), size < SMALL_TEAM)
        case "segment":
            segment = await scopes.find_segment(session, key)
            if segment is None:
                raise NotMeasurable(f"there is no segment {key!r}")
            return Found(Scope("segment", segment), Part(segment=segment))
        case "product":
            if key not in await history.products(session, NPS_KINDS):
                raise NotMeasurable(f"no answer is about a product {key!r}")
            return Found(Scope("product", key), Part())


def together(rest: Rest) -> Found:
    """Gives what is told as one, because each part of it is too small."""
    ids = tuple(team.id for team in rest.teams)
    part = Part(team_ids=(*ids, None) if rest.others else ids)
    return Found(Scope("team"), part, rest.people < SMALL_TEAM)


async def folded(
    ctx: Context, session: Session, teams: Sequence[Team], others: Collection[int | None] = ()
) -> Rest:
    """Gives what is not told alone beside the whole: teams of fewer than four members.

    Whoever takes the teams that are told from the whole is left with these, and with `others` who
    own accounts of no team. Where that is the work of fewer than four people, the smallest of the
    other teams is told together with it.
    """
    owners = {each for each in others if each is not None}
    if ctx.programme.measure_members == "lead":
        return Rest((), 0, ())
    sizes = {team.id: await scopes.team_size(session, team.id) for team in teams}
    ordered = sorted(teams, key=lambda team: (sizes[team.id], team.name))
    rest = [team for team in ordered if sizes[team.id] < SMALL_TEAM]
    people = sum(sizes[team.id] for team in rest) + len(owners)
    joined: list[Team] = []
    for team in ordered[len(rest) :]:
        if not 0 < people < SMALL_TEAM:
            break
        joined.append(team)
        people += sizes[team.id]
    named = tuple(team for team in teams if team in rest or team in joined)
    return Rest(named, people, tuple(joined), bool(others)) if named else Rest((), 0, ())


def is_told(ctx: Context, found: Found) -> bool:
    """Tells whether the scores of a scope may be known: a small team's are those of its members."""
    return not found.is_small_team or ctx.programme.measure_members == "lead"


def as_told(ctx: Context, found: Found, whole: Measure) -> Measure:
    """Gives the measure as it may be known."""
    return whole if is_told(ctx, found) else withheld(whole)


def kinds_of(kind: str) -> tuple[str, ...]:
    """Gives the kinds that count together under this one."""
    return ("relationship", "similar") if kind == "relationship" else (kind,)
