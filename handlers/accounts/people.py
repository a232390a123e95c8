"""The people of an account as its figures see them: who was asked, who answered, who is silent."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from handlers.measures.counts import ROLES, AccountCounts, Role, RoleCounts, add
from storage.answers import leaves_on
from storage.measures import ASKED, Span
from storage.models import (
    Contact,
    ContactRole,
    ContactStatus,
    Invitation,
    Reminder,
    Reply,
    Response,
    ResponseStatus,
)


@dataclass(frozen=True)
class Person:
    """A contact with the answer that counts now, the score before it, and when they were asked.

    `was_asked` tells whether they count as asked within the window; `asked` is the last invitation
    of the window, `last_asked_at` the last of any kind and time.
    """

    contact: Contact
    answer: Response | None
    before: Response | None
    was_asked: bool
    asked: Invitation | None
    last_asked_at: datetime | None
    reminder: Reminder | None
    is_suspect: bool

    @property
    def role(self) -> Role:
        """The role of today, `unknown` where none is on file."""
        return cast(Role, self.contact.role or "unknown")

    @property
    def score(self) -> int | None:
        """The score that counts now, None without one."""
        scored = self.answer is not None and self.answer.reply == Reply.SCORE
        return self.answer.score if scored and self.answer is not None else None

    @property
    def is_critic(self) -> bool:
        """Whether the score that counts now is 0 to 6."""
        return self.score is not None and self.score <= 6

    @property
    def is_decision_maker(self) -> bool:
        """Whether this person signs."""
        return self.contact.role == ContactRole.DECISION_MAKER

    @property
    def is_silent(self) -> bool:
        """Whether this person was asked within the window and has not answered."""
        return self.was_asked and self.answer is None

    @property
    def fell_by(self) -> int:
        """Points of the scale lost since the score before, 0 when none were."""
        if self.score is None or self.before is None or self.before.score is None:
            return 0
        return max(0, self.before.score - self.score)

    @property
    def may_be_asked(self) -> bool:
        """Whether this person may be asked at all."""
        return self.contact.status == ContactStatus.ACTIVE


def people_of(
    contacts: Iterable[Contact],
    invitations: Iterable[Invitation],
    responses: Iterable[Response],
    reminders: Mapping[int, Reminder],
    hidden: Collection[int],
    kinds: Collection[str],
    span: Span,
    now: datetime,
    window_months: int,
) -> list[Person]:
    """Gives each contact with what counts of them now; `hidden` responses do not exist.

    Invitations and responses come oldest first; `span` holds the times of the window.
    """
    asked: dict[int, list[Invitation]] = {}
    for invitation in invitations:
        asked.setdefault(invitation.contact_id, []).append(invitation)
    replied: dict[int, list[Response]] = {}
    for response in responses:
        if response.id not in hidden:
            replied.setdefault(response.contact_id, []).append(response)
    return [
        _person(
            contact,
            asked.get(contact.id, []),
            replied.get(contact.id, []),
            reminders,
            kinds,
            span,
            now,
            window_months,
        )
        for contact in contacts
    ]


def counts_of(key: str, name: str, value: float | None, people: Sequence[Person]) -> AccountCounts:
    """Gives the counts of an account; where nobody was asked, active contacts count as asked."""
    nobody = not any(person.was_asked for person in people)
    by_role = {
        role: add(
            _counted(person, person.may_be_asked if nobody else person.was_asked)
            for person in people
            if person.role == role
        )
        for role in ROLES
    }
    return AccountCounts(key, name, value=value, by_role=by_role)


def asked_moment(invitation: Invitation) -> datetime | None:
    """Gives when an invitation went out; one in doubt may know only when it was due."""
    return invitation.sent_at or invitation.claimed_at or invitation.send_at


def _person(
    contact: Contact,
    invitations: Sequence[Invitation],
    responses: Sequence[Response],
    reminders: Mapping[int, Reminder],
    kinds: Collection[str],
    span: Span,
    now: datetime,
    window_months: int,
) -> Person:
    confirmed = [each for each in responses if each.status == ResponseStatus.CONFIRMED]
    current = [each for each in confirmed if leaves_on(each.answered_at, window_months) > now]
    answer = current[-1] if current else None
    earlier = [each for each in confirmed if answer is not None and each.id != answer.id]
    scores = [each for each in earlier if each.reply == Reply.SCORE]
    sent = [each for each in invitations if each.status in ASKED]
    within = [each for each in sent if each.kind in kinds and _in(asked_moment(each), span)]
    suspects = [
        each
        for each in responses
        if each.status == ResponseStatus.SUSPECT and _in(each.answered_at, span)
    ]
    unconfirmed = [
        each
        for each in responses
        if each.status != ResponseStatus.CONFIRMED and _in(each.answered_at, span)
    ]
    times = [moment for each in sent if (moment := asked_moment(each)) is not None]
    last = within[-1] if within else None
    return Person(
        contact,
        answer,
        scores[-1] if scores else None,
        was_asked=bool(within or answer or unconfirmed),
        asked=last,
        last_asked_at=max(times, default=None),
        reminder=None if last is None else reminders.get(last.id),
        is_suspect=answer is None and bool(suspects),
    )


def _counted(person: Person, was_asked: bool) -> RoleCounts:
    score = person.score
    reply = None if person.answer is None else person.answer.reply
    return RoleCounts(
        asked=int(was_asked),
        promoters=int(score is not None and score >= 9),
        passives=int(score is not None and 7 <= score <= 8),
        detractors=int(score is not None and score <= 6),
        may_not_recommend=int(reply == Reply.MAY_NOT_RECOMMEND),
        cannot_judge=int(reply == Reply.CANNOT_JUDGE),
        suspect=int(person.is_suspect),
    )


def _in(moment: datetime | None, span: Span) -> bool:
    return moment is not None and span.start <= moment < span.end
