"""“This is about Anna”: a lead says so, and the whole case is hidden from the account's owner."""

from handlers.accounts import shown
from handlers.cards import Reply
from handlers.cases import acting, apart, redraw, seeing
from handlers.cases.acting import Plan, Scene
from handlers.cases.seeing import stands_above
from handlers.cases.taking import case_id
from handlers.cases.telling import SUBJECT
from handlers.chat import Click
from handlers.context import Context, NotAllowed
from storage import alerts as outbox
from storage import case_view, hiding
from storage.models import Member


async def about_owner(ctx: Context, click: Click, me: Member) -> Reply:
    """Hides a case and all its answers until they are released; the lead has it from now on."""

    now_in = case_id(click)

    async def decide(scene: Scene) -> Plan | None:
        nonlocal now_in
        case, session = scene.case, scene.session
        if not seeing.sees_hidden(me, scene.account):
            raise NotAllowed(scene.t("conflict.leads_only"), "case", scene.case.id)
        if not acting.is_open(case) or scene.account.owner_id is None:
            return None
        if case.hidden_from_owner and case.about_owner:
            return None
        joined = await case_view.joined(session, case.id)
        hidden = await apart.hide(session, ctx, [e.response.id for e in joined], also_released=True)
        now_in = next(iter(hidden.values()), case.id)
        await hiding.mark_about_owner(session, now_in)
        posted = await outbox.postings(session, SUBJECT, now_in)
        # A word below the card of another answer is no card.
        cards = [each for each in posted if each.part != "note"]
        has = {each.response_id for each in cards if stands_above(each)}
        # What nobody was told yet goes to the lead by itself.
        has |= {each.response_id for each in await outbox.move(session, hidden, scene.now)}
        edit = redraw.row(now_in, f"about:{scene.now.timestamp():.3f}", scene.now)
        tell = [
            redraw.kept(now_in, response_id, case.account_id, scene.now)[1]
            for response_id in sorted(hidden.keys() - has)
        ]
        gone = shown.gone_row(scene.account.id, f"about:{case.id}", scene.now, hidden)
        once = redraw.said_gone(case.id, scene.now)
        return Plan("about_owner", {}, undoable=False, tell=(*tell, edit, gone, once))

    outcome = await acting.carry_out(ctx, click, me, now_in, decide)
    if outcome.done and now_in != outcome.view.case.id:
        return await acting.card_here(ctx, click, me, await acting.opened(ctx, me, now_in))
    return await acting.reply(ctx, click, me, outcome)
