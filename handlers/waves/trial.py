"""A trial: the prompt to oneself, marked, and left out of every figure."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from handlers.alerts import platform_of
from handlers.cards import Card, Text
from handlers.chat import ChatError, Command, Place
from handlers.context import Context, Refused
from handlers.surveys import default_survey, prompt_message
from handlers.waves import recipients
from storage import trials, waves
from storage.models import Invitation, InvitationStatus, Member, Wave, WaveState

_OPEN_DAYS = 7


async def send_trial(ctx: Context, event: Command, me: Member) -> Card:
    """Sends the prompt to the person who asks, by mail and by chat as far as they are set up.

    Raises Refused when none reaches them.
    """
    t = recipients.texts_of(ctx, me)
    now = ctx.now()
    async with ctx.db.session() as session:
        survey = await default_survey(session)
        account, contact = await trials.contact_of(session, me, t("wave.trial.account"))
        wave = await waves.add(
            session,
            Wave(
                name=f"trial {me.id} {now.isoformat()}",
                survey_id=survey.id,
                kind=survey.kind,
                state=WaveState.STOPPED,
                starts_at=now,
                closes_at=now + timedelta(days=_OPEN_DAYS),
                planned_by=me.id,
                is_test=True,
                created_at=now,
            ),
        )
        values: dict[str, Any] = {"status": InvitationStatus.SENT, "sent_at": now}
        invitation = Invitation(
            wave_id=wave.id,
            survey_id=survey.id,
            kind=survey.kind,
            account_id=account.id,
            contact_id=contact.id,
            expires_at=wave.closes_at,
            is_test=True,
            **values,
        )
        await trials.add(session, invitation)
    message = prompt_message(ctx, invitation, contact, account, me, survey)
    marked = Text(t("wave.trial.mark"), "note")
    message = replace(
        message,
        card=replace(message.card, body=(marked, *message.card.body)),
        subject=t("wave.trial.subject", subject=message.subject or message.card.title),
    )
    reached, problems = [], []
    for place in _places(ctx, event, me):
        try:
            await ctx.chat.send(place, message)
        except ChatError as error:
            problems.append(error.reason)
        else:
            reached.append(platform_of(place))
    if not reached:
        raise Refused(t("wave.trial.failed", reason=", ".join(problems)))
    where = ", ".join(t(f"wave.trial.by.{name}") for name in reached)
    return Card(t("wave.trial.sent", where=where), (Text(t("wave.trial.note")),), tone="good")


def _places(ctx: Context, event: Command, me: Member) -> tuple[Place, ...]:
    configured = dict(ctx.programme.pace)
    places = []
    if "mail" in configured:
        places.append(f"mail:{me.email}")
    if "slack" in configured and me.slack_id:
        places.append(f"slack:{me.slack_id}")
    if "teams" in configured and me.teams_id:
        places.append(f"teams-user:{me.teams_id}")
    return tuple(places) or (event.person.place,)
