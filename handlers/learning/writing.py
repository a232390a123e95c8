"""A message “you said, we did” to those who answered: written, shown as it will be read, sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from handlers.accounts.reader import Reader, reader_for
from handlers.accounts.standing import sees_hidden
from handlers.calendars import next_working_moment
from handlers.cards import (
    Button,
    Buttons,
    Card,
    Element,
    Facts,
    Form,
    FormErrors,
    Input,
    Reply,
    Text,
)
from handlers.chat import Click, Submission, row_id
from handlers.context import Context, Refused
from handlers.learning import letter
from handlers.learning.said import WRITE, card_of, to_write
from handlers.settled import planning
from storage import groups, improvements, letters, versions
from storage.db import Session
from storage.improvements import Told
from storage.models import (
    Account,
    Act,
    Contact,
    Improvement,
    ImprovementState,
    Member,
    SharedReason,
)

log = structlog.get_logger()

SEND, DISCARD = "said_send", "said_discard"
_LONG = 2000
_NAMES = 12


@dataclass(frozen=True)
class _Audience:
    """Who gets the message and when, and who does not and why."""

    to: Sequence[tuple[Contact, datetime]]
    left_out: Sequence[tuple[Contact, str]]


async def form(ctx: Context, click: Click, me: Member) -> Reply:
    """Opens the message; the value is `account`, `account:reason` or `account:reason:draft`."""
    t = reader_for(ctx, me).t
    account_id, shared_id, draft_id = _ids(click.value)
    async with ctx.db.reading() as session:
        account = await to_write(ctx, session, me, account_id)
        shared = await session.get(SharedReason, row_id(shared_id))
        draft = await improvements.told(session, row_id(draft_id))
    text = shared.what_was_fixed if shared is not None else None
    if draft is not None and draft.account.id == account.id:
        text = draft.improvement.text
    field = Input("long_text", "text", t("said.write.label"), value=text, max_length=_LONG)
    intro = (Text(t("said.write.intro"), "note"),)
    return Form(t("said.write.title"), (field,), WRITE, click.value, t("said.write.submit"), intro)


async def written(ctx: Context, event: Submission, me: Member) -> Reply:
    """Keeps the message as a draft and shows it as the contacts will read it."""
    reader = reader_for(ctx, me)
    text = event.text("text")
    if not text:
        return FormErrors({"text": reader.t("said.write.needed")})
    if len(text) > _LONG:
        return FormErrors({"text": reader.t("said.write.too_long", most=_LONG)})
    account_id, shared_id, draft_id = _ids(event.value)
    async with ctx.db.session() as session:
        account = await to_write(ctx, session, me, account_id)
        shared = await session.get(SharedReason, row_id(shared_id))
        draft = await improvements.told(session, row_id(draft_id))
        if draft is not None and draft.account.id == account.id:
            await _change(session, draft, {"text": text, "written_by": me.id}, reader)
            improvement_id = draft.improvement.id
        else:
            row = Improvement(
                account_id=account.id, shared_reason_id=shared.id if shared else None, text=text,
                written_by=me.id, written_at=ctx.now(),
            )  # fmt: skip
            session.add(row)
            await session.flush()
            improvement_id = row.id
    ctx.note(Act.CHANGED, "account", account.id)
    async with ctx.db.reading() as session:
        told = await improvements.told(session, improvement_id)
        assert told is not None
        audience = await _audience(session, ctx, me, told)
    return _preview(ctx, told, audience, reader)


async def send(ctx: Context, click: Click, me: Member) -> Reply:
    """Plans a letter to each contact who may be written to by now, once."""
    reader = reader_for(ctx, me)
    async with ctx.db.session() as session:
        told = await _draft(ctx, session, me, click.value)
        audience = await _audience(session, ctx, me, told)
        if not audience.to:
            raise Refused(reader.t("said.nobody"))
        values = {"state": ImprovementState.SENT, "sent_at": ctx.now(), "written_by": me.id}
        await _change(session, told, values, reader)
        for contact, at in audience.to:
            row = {
                "key": f"{letter.WHAT}:{told.improvement.id}:{contact.id}",
                "what": letter.WHAT,
                "account_id": told.account.id,
                "contact_id": contact.id,
                "improvement_id": told.improvement.id,
                "written_by": me.id,
                "channel": planning.channel(contact, ctx.programme),
                "send_at": at,
            }
            await letters.plan(session, row)
    ctx.note(Act.SENT, "account", told.account.id)
    log.info("told what was done", improvement=told.improvement.id, letters=len(audience.to))
    return await card_of(ctx, me, told.account)


async def discard(ctx: Context, click: Click, me: Member) -> Reply:
    """Throws a draft away."""
    async with ctx.db.session() as session:
        told = await _draft(ctx, session, me, click.value)
        values = {"state": ImprovementState.DISCARDED}
        await _change(session, told, values, reader_for(ctx, me))
    ctx.note(Act.CHANGED, "account", told.account.id)
    return await card_of(ctx, me, told.account)


async def _draft(ctx: Context, session: Session, me: Member, value: str) -> Told:
    told = await improvements.told(session, row_id(value))
    t = reader_for(ctx, me).t
    if told is None:
        raise Refused(t("said.gone"))
    await to_write(ctx, session, me, str(told.account.id))
    if told.improvement.state != ImprovementState.DRAFT:
        raise Refused(t(f"said.stale.{told.improvement.state}"))
    return told


async def _change(
    session: Session, told: Told, values: Mapping[str, object], reader: Reader
) -> None:
    improvement = told.improvement
    draft = improvement.state == ImprovementState.DRAFT
    if not draft or not await versions.change(session, improvement, values):
        raise Refused(reader.t("said.stale.sent"))


async def _audience(session: Session, ctx: Context, me: Member, told: Told) -> _Audience:
    account, shared_id = told.account, told.improvement.shared_reason_id
    # Who wants the manager alone is not written to in the owner's name, nor named to them.
    kept: set[int] = set()
    if not sees_hidden(me, account):
        kept = {each.id for each in await groups.kept_responses(session, account.id)}
    found = (
        await improvements.named(session, account.id, shared_id)
        if shared_id is not None
        else await improvements.answered(session, account.id)
    )
    to: list[tuple[Contact, datetime]] = []
    left_out: list[tuple[Contact, str]] = []
    for each in found:
        if each.response_id in kept or not each.contact.name:
            continue
        why = planning.unfit(each.contact, ctx.programme)
        if why is not None:
            left_out.append((each.contact, why))
            continue
        to.append((each.contact, _at(ctx, each.contact, account)))
    return _Audience(to, left_out)


def _at(ctx: Context, contact: Contact, account: Account) -> datetime:
    calendar = planning.calendar_of(contact, account, ctx.programme)
    return next_working_moment(ctx.now(), calendar)


def _preview(ctx: Context, told: Told, audience: _Audience, reader: Reader) -> Card:
    t = reader.t
    value = str(told.improvement.id)
    parts = [str(told.account.id), str(told.improvement.shared_reason_id or ""), value]
    change = Button(t("said.button.change"), WRITE, ":".join(parts), opens_form=True)
    discard_ = Button(t("said.button.discard"), DISCARD, value)
    facts = [(t("said.preview.to"), _named([c.name for c, _at in audience.to], t("said.nobody")))]
    if audience.left_out:
        out = [f"{each.name} ({t(f'said.left_out.{why}')})" for each, why in audience.left_out]
        facts.append((t("said.preview.left_out"), _named(out, "")))
    row = [change, discard_]
    body: list[Element] = [Facts(tuple(facts))]
    if audience.to:
        first, at = min(audience.to, key=lambda each: each[1])
        when = (t("said.preview.when"), t("said.preview.from", when=reader.moment(at)))
        body = [Facts((*facts, when))]
        channel = planning.channel(first, ctx.programme)
        message = letter.message(ctx, told, first, channel, "preview")
        body.append(Text(message.card.title, "strong"))
        body += [each for each in message.card.body if isinstance(each, Text)]
        n = len(audience.to)
        send_ = Button(
            t.count("said.button.send", n), SEND, value, "primary", t("said.confirm_send")
        )
        row = [send_, *row]
    body.append(Buttons(tuple(row)))
    title = t("said.preview.title", account=told.account.name)
    return Card(title, tuple(body), status=t("account.only_you"), foot=t("said.preview.foot"))


def _named(names: Sequence[str], nobody: str) -> str:
    more = f" +{len(names) - _NAMES}" if len(names) > _NAMES else ""
    return ", ".join(names[:_NAMES]) + more or nobody


def _ids(value: str) -> tuple[str, str, str]:
    parts = [*value.split(":"), "", ""]
    return parts[0], parts[1], parts[2]
