"""Where accounts stand for the eyes of one member: people, figures, cases and health."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar
from zoneinfo import ZoneInfo

from handlers.accounts.people import Person, counts_of, people_of
from handlers.context import Context
from handlers.measures.health import Health, HealthFacts, health
from handlers.measures.measure import Measure, Scope
from handlers.measures.nps import measure
from handlers.measures.window import span_until, window_until
from handlers.rights import LEADERS
from storage import accounts, latest, letters, members, promises
from storage.answers import kinds_counted
from storage.db import Session
from storage.models import (
    OPEN_STATES,
    Account,
    Case,
    CaseResponse,
    CaseState,
    Contact,
    ContactStatus,
    Invitation,
    Member,
    MemberRole,
    Response,
    ResponseStatus,
)

KIND = "relationship"
_Row = TypeVar("_Row", Contact, Invitation)


@dataclass(frozen=True)
class Standing:
    """An account as one member may see it: what is hidden from them is in no part of it.

    `people` are those who still count, by role and name; `cases` come latest first; `names` are
    those of members by id; `answers` are confirmed and pair with their wave, oldest first.
    """

    account: Account
    owner: Member | None
    people: tuple[Person, ...]
    cases: tuple[Case, ...]
    case_of: Mapping[int, Case]
    answers: tuple[tuple[Response, int | None], ...]
    invitations: tuple[Invitation, ...]
    names: Mapping[int, str]
    waves: Mapping[int, str]
    figures: Measure
    health: Health
    today: date

    @property
    def open_cases(self) -> tuple[Case, ...]:
        """Cases that somebody still has to close, latest first."""
        return tuple(case for case in self.cases if case.state in OPEN_STATES)

    def case_about(self, person: Person) -> Case | None:
        """Gives the case to which a person's current answer belongs."""
        return None if person.answer is None else self.case_of.get(person.answer.id)


async def standing_of(
    ctx: Context, session: Session, me: Member, account: Account, *, for_all: bool = False
) -> Standing:
    """Gives where one account stands; `for_all` leaves out what is hidden from anybody."""
    return (await standings_of(ctx, session, me, [account], for_all=for_all))[0]


async def standings_of(
    ctx: Context,
    session: Session,
    me: Member,
    found: Sequence[Account],
    *,
    for_all: bool = False,
    now_only: bool = False,
) -> list[Standing]:
    """Gives where accounts stand, in their order, in as many queries as for one.

    With `now_only` their history is left out: `answers` and `invitations` hold no more than what
    decides how things are now, and people know no reminder and when they were asked in this window
    alone.
    """
    now, months = ctx.now(), ctx.programme.window_months
    zone = ZoneInfo(ctx.programme.timezone)
    today = now.astimezone(zone).date()
    span = span_until(today, months, zone)
    kinds = kinds_counted(KIND)
    ids = [account.id for account in found]
    contacts = _by_account(await accounts.contacts(session, ids))
    if now_only:
        invitations = _by_account(await latest.asked_of(session, ids, kinds, span))
        replied = await latest.responses_of(session, ids, kinds, span)
        reminders = {}
    else:
        invitations = _by_account(await accounts.asked_of(session, ids))
        replied = await accounts.responses_of(session, ids, kinds)
        reminders = await accounts.reminders_of(session, ids, span.start)
    cases = await accounts.cases_of(session, ids)
    joined = await accounts.case_responses(session, ids)
    reopened = await accounts.reopened_by_customer(session, ids)
    settled = await letters.settled_for(session, ids)
    overdue = await promises.overdue(session, ids, today)
    owners = {
        owner_id: await members.by_id(session, owner_id)
        for owner_id in {account.owner_id for account in found}
    }
    names = await accounts.member_names(session, _acting(cases))
    wave_ids = {wave for _response, wave in replied if wave is not None}
    wave_ids |= {each.wave_id for rows in invitations.values() for each in rows if each.wave_id}
    waves = await accounts.wave_names(session, wave_ids)
    replies: dict[int, list[tuple[Response, int | None]]] = {}
    for response, wave in replied:
        replies.setdefault(response.account_id, []).append((response, wave))
    standings = []
    for account in found:
        kept = for_all or not sees_hidden(me, account)
        own = replies.get(account.id, [])
        hidden = _hidden(own, cases, joined) if kept else set()
        people = people_of(
            contacts.get(account.id, []),
            invitations.get(account.id, []),
            [response for response, _wave in own],
            reminders,
            hidden,
            kinds,
            span,
            now,
            months,
        )
        theirs = (case for case in cases if case.account_id == account.id)
        shown = [case for case in theirs if not (kept and case.hidden_from_owner)]
        figures = measure(
            Scope("account", account.key),
            KIND,
            window_until(today, months),
            [counts_of(account.key, account.name, account.annual_value, people)],
            (),
        )
        by_id = {case.id: case for case in shown}
        late = sum(of == account.id and not (kept and secret) for of, secret in overdue)
        facts = _facts(account, people, shown, figures, reopened, settled, late, today)
        standings.append(
            Standing(
                account,
                owners[account.owner_id],
                tuple(sorted(people, key=_by_role)),
                tuple(shown),
                {
                    each.response_id: by_id[each.case_id]
                    for each in joined
                    if each.case_id in by_id and each.response_id not in hidden
                },
                tuple(
                    pair
                    for pair in own
                    if pair[0].id not in hidden and pair[0].status == ResponseStatus.CONFIRMED
                ),
                tuple(invitations.get(account.id, [])),
                names,
                waves,
                figures,
                health(facts),
                today,
            )
        )
    return standings


def sees_hidden(me: Member, account: Account) -> bool:
    """Whether a member may know what is kept from the owner: lead and CX, if not from them."""
    return sees_kept(me, account.kept_from, account.team_id)


def sees_kept(me: Member, kept_from: Collection[int | None], team_id: int | None) -> bool:
    """The same by the ids of whom it is kept from and of the account's team."""
    if me.id in kept_from:
        return False
    if me.role == MemberRole.TEAM_LEAD:
        return me.team_id is not None and me.team_id == team_id
    return me.role in LEADERS


def _hidden(
    replied: Sequence[tuple[Response, int | None]],
    cases: Sequence[Case],
    joined: Sequence[CaseResponse],
) -> set[int]:
    kept = {case.id for case in cases if case.hidden_from_owner}
    in_case = {each.response_id for each in joined}
    hidden = {each.response_id for each in joined if each.case_id in kept}
    # What a contact wants shown to the manager stays hidden also where no case says so.
    hidden |= {
        response.id
        for response, _wave in replied
        if response.to_manager and response.id not in in_case
    }
    return hidden


def _facts(
    account: Account,
    people: Sequence[Person],
    cases: Sequence[Case],
    figures: Measure,
    reopened: Collection[int],
    settled: Collection[int],
    overdue_promises: int,
    today: date,
) -> HealthFacts:
    signing = [person for person in people if person.is_decision_maker]
    open_cases = [case for case in cases if case.state in OPEN_STATES]
    return HealthFacts(
        heard=figures.rated or 0,
        critics=figures.detractors or 0,
        decision_makers_heard=sum(person.score is not None for person in signing),
        unsettled_decision_maker_critics=sum(
            person.is_critic and person.answer is not None and person.answer.id not in settled
            for person in signing
        ),
        reopened_by_customer=any(
            case.state == CaseState.REOPENED and case.id in reopened for case in open_cases
        ),
        open_critics=sum(case.what == "critic" for case in open_cases),
        overdue_promises=overdue_promises,
        largest_fall=max((person.fell_by for person in signing), default=0),
        renewal_in_days=(account.renewal_date - today).days if account.renewal_date else None,
        key_contact_bounced=any(
            person.contact.status == ContactStatus.BOUNCING for person in signing
        ),
    )


def _acting(cases: Sequence[Case]) -> Collection[int]:
    return {each for case in cases for each in (case.owner_id, case.taken_by) if each is not None}


def _by_role(person: Person) -> tuple[int, str, int]:
    order = ("decision_maker", "influencer", "user", "unknown")
    return order.index(person.role), person.contact.name, person.contact.id


def _by_account(rows: Sequence[_Row]) -> dict[int, list[_Row]]:
    by_account: dict[int, list[_Row]] = {}
    for row in rows:
        by_account.setdefault(row.account_id, []).append(row)
    return by_account
