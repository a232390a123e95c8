"""Offers to repair: key people whose mail comes back, who unsubscribed, or who are not known."""

from datetime import timedelta
from typing import Any

import structlog

from handlers.accounts.adding import address_problem
from handlers.accounts.correcting import correct
from handlers.accounts.people_card import people_card
from handlers.accounts.reader import Reader, reader_for
from handlers.accounts.repair import account_to_change
from handlers.accounts.standing import KIND, standing_of
from handlers.cards import Form, FormErrors, Input, Reply
from handlers.chat import Click, Submission, row_id
from handlers.context import Context, Job, Refused
from handlers.tasks import acting
from handlers.tasks.extras import ADDRESS
from handlers.tasks.opening import responsible
from storage import accounts, answers, offers, privacy, tasks
from storage.db import Session
from storage.models import NAMELESS, Account, ContactRole, ContactStatus, Member, TaskState
from storage.tasks import Work

log = structlog.get_logger()

_MARK = "offers_looked_at"
_PAUSE = timedelta(minutes=10)
_LONG = 200


async def due(ctx: Context) -> list[Job]:
    """Opens and ends offers every ten minutes; the digest shows them."""
    now = ctx.now()
    async with ctx.db.reading() as session:
        marked = await tasks.mark(session, _MARK)
    if marked is not None and now - marked < _PAUSE:
        return []
    async with ctx.db.session() as session:
        await offers.note_repaired(session, now)
        await offers.note_known(session, now)
        found: list[tuple[str, Account, int | None]] = []
        for status, what in offers.KINDS.items():
            found += [
                (what, account, contact.id)
                for contact, account in await offers.unreachable(session, status)
            ]
        found += [
            ("key_people", account, None)
            for account in await offers.without_decision_maker(session)
        ]
        owners = await responsible(session, [account for _what, account, _contact in found])
        rows: list[dict[str, Any]] = []
        for what, account, contact_id in found:
            owner = owners[account.id]
            if owner is not None:
                rows.append(
                    {
                        "key": f"{what}:{contact_id or account.id}:{now.isoformat()}",
                        "what": what,
                        "account_id": account.id,
                        "contact_id": contact_id,
                        "owner_id": owner.id,
                        "opened_at": now,
                    }
                )
        await tasks.add(session, rows)
        await tasks.set_mark(session, _MARK, now)
    return []


async def address_form(ctx: Context, click: Click, me: Member) -> Reply:
    """Asks for the right address of somebody whose mail comes back."""
    reader = reader_for(ctx, me)
    t = reader.t
    async with ctx.db.reading() as session:
        work = await _of(ctx, session, me, click.value, reader)
    email = work.contact.email if work.contact else None
    field = Input("text", "email", t("people.add.email"), value=email, max_length=_LONG)
    heading = t("offer.address_title")
    return Form(heading, (field,), ADDRESS, click.value, t("people.form.submit"))


async def address(ctx: Context, event: Submission, me: Member) -> Reply:
    """Stores the right address; the person may be asked again."""
    reader = reader_for(ctx, me)
    email = event.text("email").lower()
    async with ctx.db.session() as session:
        work = await _of(ctx, session, me, event.value, reader)
        contact = work.contact
        if contact is None:
            raise Refused(reader.t("task.gone"))
        if await privacy.is_left_alone(session, contact, secret=ctx.secret):
            told = reader.t("people.form.unsubscribed", name=contact.name)
            return FormErrors({"email": told})
        blocked = await privacy.blocked(session, privacy.email_hash(ctx.secret, email))
        others = [
            each
            for each in await accounts.contacts(session, [work.account.id])
            if each.id != contact.id
        ]
        problem = address_problem(email, others, blocked, reader.t)
        if problem is None and blocked is not None:
            problem = reader.t("offer.unsubscribed")
        if problem is not None:
            return FormErrors({"email": problem})
        correct(contact, "email", email)
        contact.status = ContactStatus.ACTIVE
        session.add(contact)
        await _done(session, ctx, work, me, reader)
    log.info("address corrected", contact=contact.id, member=me.id)
    return await acting.card_of(ctx, me, work.task.id)


async def left(ctx: Context, click: Click, me: Member) -> Reply:
    """Has left: not asked any more; who follows is asked for where nobody else decides."""
    reader = reader_for(ctx, me)
    async with ctx.db.session() as session:
        work = await _of(ctx, session, me, click.value, reader)
        if work.contact is None:
            raise Refused(reader.t("task.gone"))
        correct(work.contact, "status", ContactStatus.INACTIVE.value)
        session.add(work.contact)
        await _done(session, ctx, work, me, reader)
    return await acting.card_of(ctx, me, work.task.id)


async def stays(ctx: Context, click: Click, me: Member) -> Reply:
    """Is still there: the automatic reply was wrong, and nothing changes."""
    reader = reader_for(ctx, me)
    async with ctx.db.session() as session:
        work = await _of(ctx, session, me, click.value, reader)
        if work.task.what != "left":
            raise Refused(reader.t("task.gone"))
        await _done(session, ctx, work, me, reader)
    return await acting.card_of(ctx, me, work.task.id)


async def signs(ctx: Context, click: Click, me: Member) -> Reply:
    """This person signs: a decision maker from now on, whatever the import says."""
    reader = reader_for(ctx, me)
    key, _, person = click.value.partition(":")
    async with ctx.db.session() as session:
        account = await account_to_change(ctx, session, me, key)
        contact = await accounts.contact(session, row_id(person))
        if contact is None or contact.account_id != account.id or contact.status in NAMELESS:
            raise Refused(reader.t("people.form.which"))
        if contact.status == ContactStatus.INACTIVE:
            raise Refused(reader.t("people.signs.gone", name=contact.name))
        correct(contact, "role", ContactRole.DECISION_MAKER.value)
        session.add(contact)
        await session.flush()
        await answers.recount(session, [account.id], KIND, ctx.now(), ctx.programme.window_months)
        await offers.note_known(session, ctx.now())
    log.info("decision maker named", contact=contact.id, member=me.id)
    return await _people(ctx, me, account, reader)


async def unknown(ctx: Context, click: Click, me: Member) -> Reply:
    """Don't know: the question is not asked again by itself."""
    reader = reader_for(ctx, me)
    async with ctx.db.session() as session:
        account = await account_to_change(ctx, session, me, click.value)
        account.key_people_unknown = True
        session.add(account)
        open_ones = [
            each.id
            for each in await tasks.of_kind(session, ("key_people",))
            if each.account_id == account.id
        ]
        await tasks.drop(session, open_ones, ctx.now())
    return await _people(ctx, me, account, reader)


async def _people(ctx: Context, me: Member, account: Account, reader: Reader) -> Reply:
    async with ctx.db.reading() as session:
        standing = await standing_of(ctx, session, me, account)
    return people_card(standing, reader, ctx.programme, may_repair=True)


async def _of(ctx: Context, session: Session, me: Member, value: str, reader: Reader) -> Work:
    work = await acting.to_act(ctx, session, me, value)
    if work.task.what not in ("bounced", "left"):
        raise Refused(reader.t("task.gone"))
    return work


async def _done(session: Session, ctx: Context, work: Work, me: Member, reader: Reader) -> None:
    values = {
        "state": TaskState.DONE, "outcome": offers.REPAIRED, "done_at": ctx.now(),
        "done_by": me.id,
    }  # fmt: skip
    await acting.change(session, work.task, values, reader)
