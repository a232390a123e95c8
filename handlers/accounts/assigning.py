"""“Who owns it?”: an account without an owner gets one, from the card of its critic."""

import structlog

from handlers import alerts, texts
from handlers.cards import Form, FormErrors, Input, Reply, whisper
from handlers.cases import handing
from handlers.cases.card import ASSIGN
from handlers.cases.handing import Moved
from handlers.chat import Click, Submission, row_id
from handlers.context import Context, NotAllowed, Refused
from handlers.rights import LEADERS
from handlers.texts import Texts
from storage import accounts, members
from storage.db import Session
from storage.models import Account, Member, MemberRole

log = structlog.get_logger()


async def open_form(ctx: Context, click: Click, me: Member) -> Reply:
    """Asks whose account it is."""
    t = texts.of(me.language, ctx.programme.language)
    async with ctx.db.reading() as session:
        account = await _account(session, me, click.value, t)
    who = Input("members", "owner", t("account.assign.who"))
    heading, submit = t("account.assign.title"), t("account.assign.submit")
    return Form(heading, (who,), ASSIGN, str(account.id), submit)


async def assign(ctx: Context, event: Submission, me: Member) -> Reply:
    """Gives the account to a member; what is open there passes to them, as one card."""
    t = texts.of(me.language, ctx.programme.language)
    async with ctx.db.session() as session:
        account = await _account(session, me, event.value, t)
        owner = await members.by_id(session, row_id(event.text("owner")))
        if owner is None or owner.left_at is not None:
            return FormErrors({"owner": t("account.assign.who")})
        before = account.owner_id
        account.owner_id = owner.id
        session.add(account)
        await session.flush()
        moved = Moved(account.id, before, owner.id)
        told = await handing.owners_changed(session, ctx, [moved])
    for each in told:
        await ctx.soon(alerts.job_of(each), each.due_at)
    log.info("owner assigned", account=account.id, owner=owner.id, member=me.id)
    return whisper(t("account.assign.done", account=account.name, name=owner.name))


async def _account(session: Session, me: Member, value: str, t: Texts) -> Account:
    account = await accounts.by_id(session, row_id(value))
    if account is None:
        raise Refused(t("task.gone"))
    leads = me.role == MemberRole.TEAM_LEAD and account.team_id in (None, me.team_id)
    if me.role not in LEADERS and not leads:
        raise NotAllowed(t("account.assign.leads_only"), "account", account.id)
    owner = await members.by_id(session, account.owner_id)
    if owner is not None and owner.left_at is None:
        raise Refused(t("account.assign.owned", account=account.name, name=owner.name))
    return account
