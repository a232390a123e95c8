"""What a member may see of figures and files: their accounts, without what is kept from them."""

from handlers import names, rights, texts
from handlers.accounts.standing import sees_kept
from handlers.context import Context, NotAllowed, Refused
from handlers.measures.measure import Scope
from handlers.scopes import find
from storage import accounts, groups, members
from storage.audit import Noted
from storage.db import Session
from storage.exports import View
from storage.models import Account, Act, Member


async def member_of(ctx: Context, email: str) -> Member:
    """Gives the member of an e-mail; raises Refused when there is none, or no more."""
    async with ctx.db.reading() as session:
        found = await members.by_email(session, email)
    if found is None or found.left_at is not None:
        raise Refused(texts.of(ctx.programme.language)("routes.unknown_member", who=email))
    return found


async def kept_answers(session: Session, me: Member) -> set[int]:
    """Gives the responses that a member may not know of: kept from the owners of their accounts."""
    return {
        each.id
        for each in await groups.kept_responses(session)
        if not sees_kept(me, each.kept_from, each.team_id)
    }


async def kept_cases(session: Session, me: Member) -> set[int]:
    """Gives the cases that a member may not know of."""
    return {
        each.id
        for each in await groups.kept_cases(session)
        if not sees_kept(me, each.kept_from, each.team_id)
    }


async def view_of(ctx: Context, session: Session, me: Member) -> View:
    """Gives what of an export a member may have."""
    return View(
        rights.seen_by(me, ctx.programme),
        await kept_answers(session, me),
        rights.reads_comments(me),
    )


async def shown(ctx: Context, session: Session, me: Member | None, scope: Scope) -> Noted:
    """Gives the line of the audit log; raises NotAllowed unless a member may see these figures.

    Without a member an operator asks, who may see all.
    """
    part = (await find(session, scope)).part
    t = texts.of(me.language if me else None, ctx.programme.language)
    if part.account_ids is not None:
        account = await accounts.by_id(session, part.account_ids[0])
        assert isinstance(account, Account)
        if me is not None:
            await names.refuse_if_hidden(ctx, session, me, account)
        return Noted(Act.VIEWED, "account", account.id)
    if part.team_id is not None:
        if me is not None and not rights.may_see_team(me, part.team_id, ctx.programme):
            raise NotAllowed(t("team.not_yours", name=scope.key or ""), "team", part.team_id)
        return Noted(Act.VIEWED, "team", part.team_id)
    if me is not None and not rights.may_see_all(me, ctx.programme):
        raise NotAllowed(t("team.not_all"))
    return Noted(Act.VIEWED, "programme" if scope.type == "all" else scope.type)
