"""What a survey asks: its kinds and scales, questions, and the reasons a contact can judge."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo

from handlers import links, texts
from handlers.calendars import last_day, zone_of
from handlers.cards import Buttons, Card, Element, Link, Scale, Text
from handlers.chat import Message, Sender
from handlers.context import Context
from handlers.settings import Programme
from handlers.texts import Texts
from handlers.wording import long_day
from storage import surveys
from storage.db import Session
from storage.models import (
    Account,
    Contact,
    ContactRole,
    Invitation,
    Member,
    Reply,
    Survey,
    SurveyKind,
)

RELATIONSHIP_SURVEY = "relationship"
REASONS = (
    "product",
    "quality",
    "delivery",
    "service",
    "support_wait",
    "communication",
    "price",
    "contract",
    "invoicing",
    "onboarding",
    "innovation",
    "outside",
)
OUTSIDE = "outside"
MOST_REASONS = 3
SCORE: str = Reply.SCORE.value
# Answers of their own, left out of NPS.
OTHER_REPLIES: tuple[str, ...] = (Reply.MAY_NOT_RECOMMEND.value, Reply.CANNOT_JUDGE.value)
NPS_KINDS = frozenset(
    {SurveyKind.RELATIONSHIP, SurveyKind.TRANSACTIONAL, SurveyKind.PRODUCT, SurveyKind.SIMILAR}
)
_SCALES = {SurveyKind.CES1: (1, 5), SurveyKind.CES2: (1, 7), SurveyKind.CSAT: (1, 5)}
Group = Literal["critic", "passive", "promoter", "other"]


@dataclass(frozen=True)
class Question:
    """The core question of a kind in one language, with the ends of its scale."""

    text: str
    low: int
    high: int
    low_label: str
    high_label: str


async def default_survey(session: Session) -> Survey:
    """Gives the shipped relationship survey; the first call stores it."""
    return await surveys.get_or_create(
        session, RELATIONSHIP_SURVEY, SurveyKind.RELATIONSHIP, list(REASONS)
    )


def texts_of(contact: Contact, programme: Programme) -> Texts:
    """Gives the texts in the contact's language, as formal as the programme wants it."""
    t = texts.of(contact.language, programme.language)
    informal = dict(programme.formality).get(t.language) in ("je", "du", "tu")
    return texts.of(t.language, informal=True) if informal else t


def scale_of(kind: str) -> tuple[int, int]:
    """Gives the lowest and the highest score of a kind."""
    return _SCALES.get(SurveyKind(kind), (0, 10))


def question(kind: str, company: str, t: Texts) -> Question:
    """Gives the core question; its sentence is fixed per language: answers stay comparable."""
    low, high = scale_of(kind)
    return Question(
        t(f"survey.question.{kind}", company=company),
        low,
        high,
        t(f"survey.low.{kind}"),
        t(f"survey.high.{kind}"),
    )


def group(kind: str, reply: str | None, score: int | None) -> Group:
    """Gives the group a reply belongs to: 0-6 critic, 7-8 passive, 9-10 promoter, else other."""
    if kind not in NPS_KINDS or reply != Reply.SCORE or score is None:
        return "other"
    return "critic" if score <= 6 else "passive" if score <= 8 else "promoter"


def reasons_offered(of_survey: Sequence[str] | None, judges: Sequence[str]) -> tuple[str, ...]:
    """Gives the reasons a contact can judge (nothing given = all), always with `outside`."""
    known = of_survey or REASONS
    chosen = [key for key in known if key != OUTSIDE and (not judges or key in judges)]
    return (*chosen, OUTSIDE)


def reason_label(key: str, t: Texts) -> str:
    """Gives the words of a reason; one the programme made up itself is its own label."""
    return t(f"reasons.{key}") if f"reasons.{key}" in t else key


def role_question(role: str | None, t: Texts) -> str:
    """Gives the one question for people of this role."""
    known = role if role in set(ContactRole) else "unknown"
    return t(f"survey.role_question.{known}")


def comment_question(kind: str, reply: str | None, score: int | None, t: Texts) -> str:
    """Gives the why-question in the words of the reply's group."""
    return t(f"survey.comment.{group(kind, reply, score)}")


def prompt_message(
    ctx: Context,
    invitation: Invitation,
    contact: Contact,
    account: Account,
    owner: Member | None,
    survey: Survey,
    reminder_number: int = 0,
    done_since: str | None = None,
) -> Message:
    """Gives the message that asks a contact, in the account manager's name; a reminder says so.

    The same card goes out by mail, in chat and to the console. It is neutral on purpose: an
    invitation that sells or begs is direct marketing.
    """
    t = texts_of(contact, ctx.programme)
    company = ctx.programme.company
    token = links.survey_token(ctx.secret, invitation.id)
    unsubscribe = links.unsubscribe_token(ctx.secret, contact.id)
    asked = question(survey.kind, company, t)
    body: list[Element] = [
        Text(
            t("survey.greeting", name=contact.name)
            if contact.name
            else t("survey.greeting_unnamed")
        ),
        Text(_why(t, owner, reminder_number)),
        Text(asked.text, "heading"),
        Scale(
            "answer", token, asked.low, asked.high, asked.low_label, asked.high_label, asked.text
        ),
        Buttons(
            tuple(
                Link(t(f"survey.{reply}"), token_path=f"/s/{token}?score={reply}")
                for reply in OTHER_REPLIES
            )
        ),
    ]
    if done_since:
        body.append(Text(t("survey.done_since", done=done_since)))
    body += [
        Text(t("survey.next" if owner else "survey.next_we")),
        Text(t("survey.regards")),
        Text(t("survey.signature", owner=owner.name, company=company) if owner else company),
        Buttons(
            (
                Link(t("survey.stop"), token_path=f"/u/{unsubscribe}"),
                Link(t("survey.not_you"), token_path=f"/s/{token}/not-you"),
                Link(t("survey.privacy"), token_path=f"/s/{token}/privacy"),
            )
        ),
    ]
    subject = t("survey.subject_reminder" if reminder_number else "survey.subject", company=company)
    kind = f"reminder:{invitation.id}" if reminder_number else f"invitation:{invitation.id}"
    return Message(
        Card(
            subject,
            tuple(body),
            audience="person",
            foot=_foot(ctx, invitation, contact, account, owner, t),
        ),
        key=kind,
        language=t.language,
        subject=subject,
        unsubscribe=unsubscribe,
        sender=Sender(owner.name, owner.email) if owner else Sender(company, None),
    )


def _why(t: Texts, owner: Member | None, reminder_number: int) -> str:
    if not reminder_number:
        return t("survey.why")
    return t("survey.why_reminder" if owner else "survey.why_reminder_we")


def _foot(
    ctx: Context,
    invitation: Invitation,
    contact: Contact,
    account: Account,
    owner: Member | None,
    t: Texts,
) -> str:
    """Says why the contact gets this, who sees the answer, how long it is kept, and until when."""
    sentences = [
        t("survey.foot_why", account=account.name),
        t("survey.foot_who", owner=owner.name if owner else ctx.programme.company),
    ]
    if ctx.programme.privacy.keep_months:
        sentences.append(t.count("survey.foot_kept", ctx.programme.privacy.keep_months))
    if invitation.expires_at:
        zone = zone_of(contact.timezone) or ZoneInfo(ctx.programme.timezone)
        day = last_day(invitation.expires_at, zone)
        sentences.append(t("survey.foot_until", day=long_day(day, t)))
    return " ".join(sentences)
