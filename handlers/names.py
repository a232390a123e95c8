"""Finds accounts, members, teams and the like by what somebody typed, in the way people type."""

import asyncio
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import lru_cache
from typing import Generic, NamedTuple, TypeVar

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from handlers import rights, texts
from handlers.cards import Button, Buttons, Card, Choice
from handlers.chat import Lookup
from handlers.context import Context, NotAllowed, Refused
from handlers.wording import one_of
from storage import accounts, history, members
from storage.db import Session
from storage.models import Account, Member, Team

Row = TypeVar("Row")

NEAREST = 3  # names offered when nothing fits
MOST = 10  # names offered when several fit
LOOKUP_MOST = 20
_LETTERS_AN_ERROR = 6  # one typing error in six letters: taken as meant, if one name alone is near
_LIKE = 45.0  # less alike than this is another name
_PART = 0.8
_LIKE_A_COMMAND = 70.0  # `bnid` and `case` are; `acme` is like none
_SUFFIXES = frozenset(
    re.split(
        "[ |]",
        "as aps ivs ps ks is amba|ab asa oy oyj|gmbh ag kg ohg ug se|bv nv vof|ltd limited plc llp"
        "|llc inc incorporated corp corporation co company|sa sarl sas spa srl sl|",
    )
)
_SIGNS, _INSIDE, _WORDS = re.compile(r"\W"), re.compile(r"['’.]"), re.compile(r"\w+")
# Letters that Unicode doesn't take apart, and the two-letter spellings people type for them.
_LETTERS = str.maketrans({"ø": "o", "æ": "a", "œ": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th"})
_SPELLINGS = (("aa", "a"), ("ae", "a"), ("oe", "o"), ("ue", "u"))


class Several(list[Row], Generic[Row]):
    """More than one fits: one of these is meant."""


class Nearest(list[Row], Generic[Row]):
    """Nothing fits: these are the nearest, best first."""


class Named(NamedTuple):
    """Something with names: what is typed may fit any of them."""

    id: int
    names: tuple[str, ...]


def match(candidates: Sequence[Named], typed: str) -> int | Several[int] | Nearest[int]:
    """Gives the one id meant, the ids of several that fit, or of the nearest where none does."""
    plain, folded = typed.strip().casefold(), fold(typed)
    exact: list[int] = []
    same: list[int] = []
    begun: list[int] = []
    for each in candidates:
        for name in each.names:
            short = fold(name)
            if name.casefold() == plain:
                exact.append(each.id)
            elif short == folded:
                same.append(each.id)
            elif _begins(short, folded):
                begun.append(each.id)
    for found in (exact, same, begun):
        ids = list(dict.fromkeys(found))
        if len(ids) == 1:
            return ids[0]
        if ids:
            return Several(ids[:MOST])
    return _nearest(candidates, folded)


@lru_cache(maxsize=200_000)
def fold(name: str) -> str:
    """Gives a name without case, accents, signs and company ending: `Ørsted A/S` -> `orsted`."""
    lower = name.casefold()
    if not lower.isascii():
        taken_apart = unicodedata.normalize("NFKD", lower.translate(_LETTERS))
        lower = "".join(each for each in taken_apart if not unicodedata.combining(each))
    words = lower.split()
    while len(words) > 1 and _SIGNS.sub("", words[-1]) in _SUFFIXES:
        words.pop()
    joined = " ".join(_WORDS.findall(_INSIDE.sub("", " ".join(words))))
    for spelled, letter in _SPELLINGS:
        joined = joined.replace(spelled, letter)
    return joined


def short(name: str) -> str:
    """Gives a company's name as people say it: `Acme A/S` -> `Acme`."""
    words = name.split()
    while len(words) > 1 and _SIGNS.sub("", words[-1].casefold()) in _SUFFIXES:
        words.pop()
    return " ".join(words)


async def find_account(
    ctx: Context, session: Session, me: Member, typed: str
) -> Account | list[Account]:
    """Gives the account meant, else `Several` or `Nearest` of those that this member may see.

    Raises Refused with the owner's name when the account meant belongs to another team.
    """
    seen_by = rights.seen_by(me, ctx.programme)
    exact = await accounts.exactly(session, seen_by, typed)
    if len(exact) == 1:
        # Most people type it right: spares reading every name of a large programme.
        return exact[0]
    rows = await accounts.names(session, seen_by)
    found = await asyncio.to_thread(match, [_named(row) for row in rows], typed)
    if isinstance(found, Nearest) and seen_by is not None:
        await _refuse_if_of_others(ctx, session, me, typed)
    return await _accounts(session, found)


async def find_member(session: Session, typed: str) -> Member | list[Member]:
    """Gives the member meant by name, first name or e-mail, else `Several` or `Nearest`."""
    everybody = {member.id: member for member in await members.everybody(session)}
    named = [Named(each.id, (each.name, each.email)) for each in everybody.values()]
    return _rows(match(named, typed.removeprefix("@")), everybody)


async def find_team(session: Session, typed: str) -> Team | list[Team]:
    """Gives the team meant, else `Several` or `Nearest`; rights are the caller's question."""
    teams = {team.id: team for team in await members.teams(session)}
    return _rows(match([Named(each.id, (each.name,)) for each in teams.values()], typed), teams)


async def find_segment(session: Session, typed: str) -> str | list[str]:
    """Gives the segment meant, else `Several` or `Nearest`."""
    return _named_so(await accounts.segments(session), typed)


async def find_product(session: Session, kinds: Collection[str], typed: str) -> str | list[str]:
    """Gives the product meant, of those that answers of these kinds are about."""
    return _named_so(await history.products(session, kinds), typed)


def _named_so(names: Sequence[str], typed: str) -> str | list[str]:
    rows = dict(enumerate(names))
    return _rows(match([Named(each, (name,)) for each, name in rows.items()], typed), rows)


def choose_member(
    ctx: Context,
    me: Member,
    typed: str,
    found: Sequence[Member],
    button: Callable[[Member], Button],
) -> Card:
    """Gives a card with a button for each who may be meant; raises Refused where there is none."""
    offered = [each.name for each in found]
    told = sentence(ctx, me, "member", typed, offered, isinstance(found, Several))
    if not found:
        raise Refused(told)
    return Card(told, (Buttons(tuple(map(button, found))),), audience="person")


def near_word(typed: str, known: Iterable[str]) -> str | None:
    """Gives the one of `known` that the beginning of what was typed comes near to, or None."""
    words, best = typed.casefold().split(), (_LIKE_A_COMMAND, "")
    for each in known:
        begun = " ".join(words[: len(each.split())])
        best = max(best, (fuzz.ratio(begun, each), each))
    return best[1] or None


def sentence(
    ctx: Context, me: Member, what: str, typed: str, offered: Sequence[str], several: bool
) -> str:
    """Gives `No account “acmee”. Did you mean Acme A/S, Acme Denmark or Ackmann?`

    `what` is account, member, team, segment or product; `several` = all of the offered fit.
    """
    t = texts.of(me.language, ctx.programme.language)
    if several:
        return t(f"account.name.several.{what}", typed=typed, names=one_of(offered, t))
    if not offered:
        return t(f"account.name.none.{what}", typed=typed)
    return t(f"account.name.nearest.{what}", typed=typed, names=one_of(offered, t))


async def lookup_accounts(ctx: Context, event: Lookup, me: Member) -> list[Choice]:
    """Gives the accounts that fit the letters typed so far; the value is the account's id."""
    async with ctx.db.reading() as session:
        rows = await accounts.names(session, rights.seen_by(me, ctx.programme))
    shown = {row.id: Choice(str(row.id), row.name, row.key) for row in rows}
    return _type_ahead([_named(row) for row in rows], shown, event)


async def lookup_members(ctx: Context, event: Lookup, me: Member) -> list[Choice]:
    """Gives the members that fit the letters typed so far; the value is the member's id."""
    async with ctx.db.reading() as session:
        everybody = await members.everybody(session)
    shown = {each.id: Choice(str(each.id), each.name, each.email) for each in everybody}
    named = [Named(each.id, (each.name, each.email)) for each in everybody]
    return _type_ahead(named, shown, event)


def _type_ahead(named: Sequence[Named], shown: dict[int, Choice], event: Lookup) -> list[Choice]:
    letters = fold(event.typed)
    if not letters:
        first = [choice for choice in shown.values() if choice.value in event.chosen]
        return list(dict.fromkeys([*first, *shown.values()]))[: LOOKUP_MOST + len(first)]
    begun = [each.id for each in named if any(_begins(fold(name), letters) for name in each.names)]
    return [shown[each] for each in (begun or _nearest_ids(named, letters))[:LOOKUP_MOST]]


def _begins(name: str, typed: str) -> bool:
    """Whether every word typed begins a word of the name."""
    if not typed or typed[0] not in name:
        return False
    words = name.split()
    return all(any(word.startswith(each) for word in words) for each in typed.split())


def _nearest(candidates: Sequence[Named], folded: str) -> int | Nearest[int]:
    ids = list(_scored(candidates, folded))
    near = set(ids[:MOST])
    wrong = len(folded) // _LETTERS_AN_ERROR
    meant = [
        each.id
        for each in candidates
        if each.id in near and any(OSA.distance(folded, fold(name)) <= wrong for name in each.names)
    ]
    return meant[0] if len(meant) == 1 else Nearest(ids[:NEAREST])


def _nearest_ids(candidates: Sequence[Named], folded: str) -> list[int]:
    return list(_scored(candidates, folded))[:NEAREST]


def _scored(candidates: Sequence[Named], folded: str) -> dict[int, float]:
    """The best candidates by id with their likeness (0 to 100), best first."""
    whole: dict[str, list[int]] = {}
    parts: dict[str, list[int]] = {}
    for each in candidates:
        for name in map(fold, each.names):
            whole.setdefault(name, []).append(each.id)
            if " " in name:
                for word in name.split():
                    parts.setdefault(word, []).append(each.id)
    scored = _likeness(folded, whole, 1.0)
    # A word of a longer name counts less than a whole name.
    for owner, score in _likeness(folded, parts, _PART).items():
        scored[owner] = max(score, scored.get(owner, 0.0))
    near = [pair for pair in scored.items() if pair[1] >= _LIKE]
    return dict(sorted(near, key=lambda pair: -pair[1]))


def _likeness(folded: str, owners: dict[str, list[int]], weight: float) -> dict[int, float]:
    best = process.extract(
        folded, list(owners), scorer=fuzz.ratio, limit=MOST, score_cutoff=_LIKE / weight
    )
    found: dict[int, float] = {}
    for name, score, _index in best:
        for owner in owners[name][:MOST]:
            found[owner] = max(score * weight, found.get(owner, 0.0))
    return found


def _named(row: accounts.NameRow) -> Named:
    return Named(row.id, (row.key, row.name, *row.aliases))


async def _accounts(
    session: Session, found: int | Several[int] | Nearest[int]
) -> Account | list[Account]:
    ids = [found] if isinstance(found, int) else list(found)
    return _rows(found, {each.id: each for each in await accounts.of_ids(session, ids)})


def _rows(found: int | Several[int] | Nearest[int], rows: dict[int, Row]) -> Row | list[Row]:
    if isinstance(found, int):
        return rows[found]
    kept: Iterable[Row] = (rows[each] for each in found)
    return Several(kept) if isinstance(found, Several) else Nearest(kept)


async def _refuse_if_of_others(ctx: Context, session: Session, me: Member, typed: str) -> None:
    plain, folded = typed.strip().casefold(), fold(typed)
    for row in await accounts.names(session, None):
        if any(name.casefold() == plain or fold(name) == folded for name in _named(row).names):
            account = await accounts.by_id(session, row.id)
            if account is not None:
                await refuse_if_hidden(ctx, session, me, account)


async def refuse_if_hidden(ctx: Context, session: Session, me: Member, account: Account) -> None:
    """Raises Refused with the owner's name when this member may not see the account."""
    if rights.may_see_account(me, account, ctx.programme):
        return
    owner = await members.by_id(session, account.owner_id)
    t = texts.of(me.language, ctx.programme.language)
    who = owner.name if owner else t("account.its_owner")
    raise NotAllowed(
        t("routes.not_your_account", account=account.name, owner=who), "account", account.id
    )
