"""What the survey page shows: the question in the contact's words, and who does what by when."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from handlers import texts
from handlers.answering.answer import change_until
from handlers.calendars import add_working_days, working_calendar, zone_of
from handlers.cases.opening import responsible
from handlers.context import Context
from handlers.surveys import (
    Group,
    Question,
    comment_question,
    group,
    question,
    reason_label,
    reasons_offered,
    role_question,
    texts_of,
)
from handlers.texts import Texts
from handlers.wording import long_day
from storage import privacy, surveys
from storage.models import NAMELESS, Member, Response, ResponseStatus, SurveyKind
from storage.surveys import Opened

# What the invitation promises; the deadlines of cases on our own side are the programme's.
CONTACT_WITHIN_WORKING_DAYS = 2
_A_MOMENT = timedelta(seconds=1)
Closed = Literal["unknown", "expired", "locked"]


@dataclass(frozen=True)
class Page:
    """An invitation as its contact sees it; `closed` says why it takes no answer any more."""

    ctx: Context
    opened: Opened
    t: Texts
    question: Question
    closed: Closed | None
    unsaved: tuple[str | None, int | None] = (None, None)  # reply and score sent, not stored yet

    @property
    def company(self) -> str:
        """Who asks."""
        return self.ctx.programme.company

    @property
    def kind(self) -> str:
        """What kind of survey it is."""
        survey = self.opened.survey
        return survey.kind if survey else self.opened.invitation.kind

    @property
    def answer(self) -> Response | None:
        """The confirmed answer, None before there is one."""
        response = self.opened.response
        if response is None or response.status != ResponseStatus.CONFIRMED:
            return None
        return response

    @property
    def reply(self) -> str | None:
        """What was replied to the core question."""
        return self._replied[0]

    @property
    def group(self) -> Group:
        """The group of the answer."""
        return group(self.kind, *self._replied)

    @property
    def comment_question(self) -> str:
        """The why-question of the answer's group."""
        return comment_question(self.kind, *self._replied, self.t)

    @property
    def role_question(self) -> str:
        """The one question for the contact's role."""
        return role_question(self.opened.contact.role, self.t)

    @property
    def reasons(self) -> tuple[tuple[str, str], ...]:
        """The reasons the contact can judge: key and words."""
        of_survey = self.opened.survey.reasons if self.opened.survey else None
        offered = reasons_offered(of_survey, self.opened.contact.judges)
        return tuple((key, reason_label(key, self.t)) for key in offered)

    @property
    def owner(self) -> str:
        """The first name of the account manager; the company's where there is none."""
        return first_name(self._owner.name) if self._owner else self.company

    @property
    def owners(self) -> str:
        """The same as a possessive: Anna's, Annas."""
        return possessive(self.owner, self.t.language)

    @property
    def owner_in_full(self) -> str:
        """The whole name of the account manager, else the company's."""
        return self._owner.name if self._owner else self.company

    @property
    def has_owner(self) -> bool:
        """Whether a person answers for the account."""
        return self._owner is not None

    @property
    def contact_address(self) -> str:
        """Where somebody can write who can't answer here."""
        if self._owner is not None:
            return self._owner.email
        return self.ctx.programme.privacy.contact or self.company

    @property
    def has_phone(self) -> bool:
        """Whether there is a number to call the contact, told now or known before."""
        told = self.answer.phone if self.answer else None
        return bool(told or self.opened.contact.phone)

    @property
    def phone_hint(self) -> str:
        """What becomes of the wish to be called when no number is given."""
        known = self.opened.contact.phone is not None
        return self.t("page.phone_known" if known else "page.phone_none", owner=self.owner)

    @property
    def change_until(self) -> str | None:
        """The last day on which the answer may be changed, None when that is over."""
        if self.answer is None or self.closed is not None:
            return None
        until = change_until(self.answer.answered_at, self.ctx.programme)
        if self.opened.invitation.expires_at is not None:
            until = min(until, self.opened.invitation.expires_at)
        return self.last_day(until)

    @property
    def next_step(self) -> str:
        """Who does what by when, in one sentence."""
        answer = self.answer
        wish = answer.contact_wish if answer else None
        hidden = answer is not None and answer.to_manager and self.has_owner
        values: dict[str, object] = {"owner": self.owner, "owners": self.owners}
        if answer is None or wish not in ("call", "write"):
            return self.t("page.end_manager" if hidden else "page.end_read", **values)
        if wish == "call" and not self.has_phone:
            wish = "write"
        acting = self._owner if hidden else self._acting
        if acting is not None and not hidden:
            values["owner"] = first_name(acting.name)
        values["day"] = self.day(self._contact_by(answer, acting))
        if hidden:
            return self.t(f"page.end_manager_{wish}", **values)
        if wish == "call" and answer.call_when:
            return self.t("page.end_call_when", **values, when=answer.call_when)
        return self.t(f"page.end_{wish}", **values)

    def day(self, at: datetime) -> str:
        """Gives the day of a moment as the contact's calendar shows it."""
        zone = zone_of(self.opened.contact.timezone) or ZoneInfo(self.ctx.programme.timezone)
        return long_day(at.astimezone(zone).date(), self.t, self.ctx.now().astimezone(zone).date())

    def last_day(self, ends_at: datetime) -> str:
        """Gives the last day before a moment, which itself is the first that is too late."""
        return self.day(ends_at - _A_MOMENT)

    @property
    def _replied(self) -> tuple[str | None, int | None]:
        return (self.answer.reply, self.answer.score) if self.answer else self.unsaved

    @property
    def _owner(self) -> Member | None:
        owner = self.opened.owner
        return owner if owner is not None and owner.left_at is None else self.opened.lead

    @property
    def _acting(self) -> Member | None:
        """Who is there to do it: an absent owner's backup must not be a surprise."""
        opened = self.opened
        return responsible(opened.owner, opened.backup, opened.lead, self.ctx.now())

    def _contact_by(self, answer: Response, acting: Member | None) -> datetime:
        calendar = working_calendar(
            self.ctx.programme,
            acting.timezone if acting else None,
            acting.country if acting else None,
        )
        return add_working_days(answer.last_input_at, CONTACT_WITHIN_WORKING_DAYS, calendar)


async def open_page(ctx: Context, invitation_id: int) -> Page | None:
    """Gives the page of an invitation; None where there is none or its contact is erased."""
    async with ctx.db.reading() as session:
        opened = await surveys.opened(session, invitation_id)
    if opened is None or opened.contact.status in NAMELESS:
        return None
    t = texts_of(opened.contact, ctx.programme)
    kind = opened.survey.kind if opened.survey else opened.invitation.kind
    asked = question(SurveyKind(kind), ctx.programme.company, t)
    return Page(ctx, opened, t, asked, _closed(ctx, opened))


async def unsubscribe(ctx: Context, contact_id: int) -> bool:
    """Lets a person never be asked again, in all accounts; False if nobody has this id."""
    async with ctx.db.session() as session:
        return await privacy.unsubscribe(session, contact_id, ctx.now(), secret=ctx.secret)


async def texts_of_contact(ctx: Context, contact_id: int) -> Texts | None:
    """Gives the texts in the language of a contact, None if nobody has this id."""
    async with ctx.db.reading() as session:
        contact = await surveys.contact(session, contact_id)
    return None if contact is None else texts_of(contact, ctx.programme)


def texts_for_browser(accepted: str, ctx: Context) -> Texts:
    """Gives the texts for somebody we don't know, by the languages their browser asks for."""
    for part in accepted.split(","):
        short = part.split(";")[0].strip().split("-")[0].lower()
        if short in texts.LANGUAGES:
            return texts.of(short)
    return texts.of(ctx.programme.language)


def first_name(name: str) -> str:
    """Gives the name by which a person is called."""
    return name.split()[0] if name.split() else name


def possessive(name: str, language: str) -> str:
    """Gives whose it is: Anna's and Lars's, Annas and Lars', Anna's, Mikkels and Lars'."""
    last = name[-1:].lower()
    if language == "en":
        return f"{name}'s"
    if last in "sxz":
        return f"{name}'"
    return f"{name}'s" if language == "nl" and last in "aiouy" else f"{name}s"


def _closed(ctx: Context, opened: Opened) -> Closed | None:
    now, response = ctx.now(), opened.response
    expires = opened.invitation.expires_at
    if expires is not None and now >= expires:
        return "expired"
    confirmed = response is not None and response.status == ResponseStatus.CONFIRMED
    if response and confirmed and now >= change_until(response.answered_at, ctx.programme):
        return "locked"
    return None
