"""The clicks that need no form: take, reopen, undo, release, open."""

from typing import Any

from handlers.cards import Reply
from handlers.cases import acting, apart, owning, places, redraw, seeing, undoing
from handlers.cases.acting import Plan, Scene
from handlers.cases.promise_cards import changed_row
from handlers.cases.seeing import stands_above
from handlers.cases.telling import SUBJECT
from handlers.cases.view import last_step, undo_until
from handlers.chat import Click, row_id
from handlers.context import Context, NotAllowed, Refused
from storage import alerts as outbox
from storage import case_view, hiding, promises
from storage.models import OPEN_STATES, Case, CaseState, Member


async def take(ctx: Context, click: Click, me: Member) -> Reply:
    """Take it: the first click has the case, every later one is told who."""

    async def decide(scene: Scene) -> Plan | None:
        values = acting.taking(scene)
        return Plan("taken", values) if values else None

    outcome = await acting.carry_out(ctx, click, me, case_id(click), decide)
    return await acting.reply(ctx, click, me, outcome)


async def reopen(ctx: Context, click: Click, me: Member) -> Reply:
    """Reopen: a solved case must be contacted again, by who had it or who reopens it."""

    async def decide(scene: Scene) -> Plan | None:
        case = scene.case
        if acting.is_open(case):
            return None
        await _refuse_beside_another(scene)
        values = {
            "state": CaseState.REOPENED,
            "taken_by": case.taken_by or me.id,
            "taken_at": case.taken_at or scene.now,
            "contacted_at": None,
            "contact_by": scene.contact_by(),
            "snoozed_until": None,
            "call_again_on": None,
            **acting.asked_anew(case),
        }
        return Plan("reopened", values)

    outcome = await acting.carry_out(ctx, click, me, case_id(click), decide)
    return await acting.reply(ctx, click, me, outcome)


async def undo(ctx: Context, click: Click, me: Member) -> Reply:
    """Undo: takes back one's own last step, for a minute."""
    event_id = row_id(click.value.partition(":")[2])

    async def decide(scene: Scene) -> Plan | None:
        events = await case_view.events(scene.session, scene.case.id)
        last = last_step(events)
        mine = last is not None and last.id == event_id and last.member_id == me.id
        if last is None or not mine or undo_until(last) < scene.now:
            raise Refused(scene.t("case.stale.undo"))
        before = undoing.restored(last.before)
        if before.get("state", scene.case.state) in OPEN_STATES:
            await _refuse_beside_another(scene)
        tell: tuple[dict[str, Any], ...] = ()
        if last.act == "promised":
            dropped = await promises.drop(scene.session, scene.case.id, last.at)
            tell = tuple(changed_row(each, scene.case.id, "dropped", scene.now) for each in dropped)
        last.undone = True
        scene.session.add(last)
        return Plan("undone", before, undoable=False, tell=tell)

    outcome = await acting.carry_out(ctx, click, me, case_id(click), decide)
    return await acting.reply(ctx, click, me, outcome)


async def _refuse_beside_another(scene: Scene) -> None:
    """Says what is true where the account has a newer open case of the same survey."""
    if await case_view.other_open(scene.session, scene.case) is not None:
        raise Refused(scene.t("case.stale.another_open", account=scene.account.name))


async def release(ctx: Context, click: Click, me: Member) -> Reply:
    """Release: the lead shows a hidden answer to the owner, who then gets it as a card."""
    response_id, now_in = row_id(click.value.partition(":")[2]), case_id(click)

    async def decide(scene: Scene) -> Plan | None:
        nonlocal now_in
        if not seeing.sees_hidden(me, scene.account):
            raise NotAllowed(scene.t("case.stale.hidden", lead="CX"), "case", scene.case.id)
        await apart.lock(scene.session, scene.case)
        if not await hiding.is_hidden(scene.session, scene.case.id, response_id):
            return None
        who = await owning.responsible_for(scene.session, scene.account, scene.now)
        owner_id = who.id if who else None
        now_in = await apart.release(scene.session, ctx, scene.case, response_id, owner_id)
        await hiding.keep_no_more(scene.session, scene.account.id)
        tell = {
            "key": f"released:{response_id}:{scene.now.timestamp():.3f}",
            "what": "critic",
            "due_at": scene.now,
            "case_id": now_in,
            "response_id": response_id,
            "account_id": scene.account.id,
            "detail": {"partition": f"case:{now_in}"},
        }
        edit = redraw.row(now_in, f"released:{response_id}:{scene.now.timestamp():.3f}", scene.now)
        # The lead's card that is not out yet goes to the owner now.
        waiting = await outbox.move(scene.session, [response_id], scene.now)
        theirs = waiting or await _has_card(scene, now_in, response_id)
        tells = (edit,) if theirs else (tell, edit)
        return Plan("released", {}, str(response_id), undoable=False, tell=tells)

    outcome = await acting.carry_out(ctx, click, me, now_in, decide)
    if outcome.done and now_in != outcome.view.case.id:
        return await acting.card_here(ctx, click, me, await acting.opened(ctx, me, now_in))
    return await acting.reply(ctx, click, me, outcome)


async def _has_card(scene: Scene, case_id: int, response_id: int) -> bool:
    """Tells whether a card that was taken from who has the case shows the answer again: they need
    no second one.
    """
    session = scene.session
    case = await session.get_one(Case, case_id, populate_existing=True)
    route = await places.of_case(session, scene.ctx, case, scene.account)
    theirs = {*route.direct, *(place for step in route.steps[:1] for place in step)}
    return any(
        each.response_id == response_id
        and each.part != "note"
        and not stands_above(each)
        and each.place in theirs
        for each in await outbox.postings(session, SUBJECT, case_id)
    )


async def open_card(ctx: Context, click: Click, me: Member) -> Reply:
    """Open: shows the case's card in place of a board."""
    view = await acting.opened(ctx, me, case_id(click))
    return await acting.card_here(ctx, click, me, view)


def case_id(click: Click) -> int:
    """Gives the case's id of a button's value `CASE` or `CASE:MORE`."""
    return row_id(click.value.partition(":")[0])
