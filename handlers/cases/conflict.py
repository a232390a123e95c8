"""“This is about Anna”: a lead says so, and the whole case is hidden from the account's owner."""

from handlers.accounts import shown
from handlers.cards import Reply
from handlers.cases import acting, keeping, seeing
from handlers.cases.acting import Plan, Scene
from handlers.cases.taking import case_id
from handlers.cases.telling import SUBJECT, stands_above
from handlers.chat import Click
from handlers.context import Context, NotAllowed
from storage import alerts as outbox
from storage import hiding
from storage.models import Member


async def about_owner(ctx: Context, click: Click, me: Member) -> Reply:
    """Hides a case and all its answers until they are released; the lead has it from now on."""

    async def decide(scene: Scene) -> Plan | None:
        case, session = scene.case, scene.session
        if not seeing.sees_hidden(me, scene.account):
            raise NotAllowed(scene.t("conflict.leads_only"), "case", scene.case.id)
        if not acting.is_open(case) or scene.account.owner_id is None:
            return None
        hidden = await hiding.hide_whole(session, case.id)
        if not hidden and case.about_owner:
            return None
        posted = await outbox.postings(session, SUBJECT, case.id)
        has = {each.response_id for each in posted if stands_above(each)}
        tell = tuple(
            keeping.alerts_of(case.id, response_id, case.account_id, scene.now)[1]
            for response_id in sorted(hidden - has)
        )
        gone = shown.gone_row(scene.account.id, f"about:{case.id}", scene.now, hidden)
        return Plan("about_owner", {"about_owner": True}, undoable=False, tell=(*tell, gone))

    outcome = await acting.carry_out(ctx, click, me, case_id(click), decide)
    return await acting.reply(ctx, click, me, outcome)
