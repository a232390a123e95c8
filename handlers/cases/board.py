"""`/nps cases`: boards of open cases with buttons."""

from handlers import rights, viewing
from handlers.cards import Button, Buttons, Card, Element, Reply, Text
from handlers.cases import seeing
from handlers.cases.card import status, title
from handlers.cases.card_facts import Reader
from handlers.cases.view import load, zone_of
from handlers.chat import Command
from handlers.context import Context, Refused
from handlers.texts import Texts, of
from storage import cases, members
from storage.db import Session
from storage.models import Account, Case, CaseState, Member, Team

SHOWN = 8


async def show(ctx: Context, event: Command, me: Member) -> Reply:
    """Shows open cases: mine (the default), my team's, those over their deadline, or all."""
    t = of(me.language, ctx.programme.language)
    which = event.text.strip().lower() or "mine"
    async with ctx.db.reading() as session:
        title_, found = await _found(session, ctx, me, which, t)
        body: list[Element] = []
        for case, account in found[:SHOWN]:
            body += await _line(session, ctx, me, case, account, t)
    if not found:
        body.append(Text(t("case.board.none")))
    if len(found) > SHOWN:
        body.append(Text(t("case.board.more", n=len(found) - SHOWN), "note"))
    return Card(title_, tuple(body))


async def _found(
    session: Session, ctx: Context, me: Member, which: str, t: Texts
) -> tuple[str, list[tuple[Case, Account]]]:
    kept = await viewing.kept_cases(session, me)
    everything = [
        (case, account)
        for case, account in await cases.open_with_accounts(session)
        if case.id not in kept and seeing.may_see(me, account, case, ctx.programme)
    ]
    match which:
        case "mine":
            own = [pair for pair in everything if me.id in (pair[0].owner_id, pair[0].taken_by)]
            return t("case.board.mine"), own
        case "team":
            team = await session.get(Team, me.team_id) if me.team_id is not None else None
            if team is None and not rights.may_see_all(me, ctx.programme):
                raise Refused(t("case.board.choose_team"))
            if team is None:
                return t("case.board.all"), everything
            mine = [pair for pair in everything if pair[1].team_id == team.id]
            return t("case.board.team", team=team.name), mine
        case "overdue":
            late = [pair for pair in everything if overdue(pair[0], ctx)]
            return t("case.board.overdue"), late
        case "all":
            return t("case.board.all"), everything
        case _:
            raise Refused(t("case.board.unknown"))


def overdue(case: Case, ctx: Context) -> bool:
    """Tells whether the deadline of an open case has passed."""
    if case.state == CaseState.CONTACTED:
        return False
    deadline = case.take_by if case.state == CaseState.NEW else case.contact_by
    return deadline is not None and deadline < ctx.now()


async def _line(
    session: Session, ctx: Context, me: Member, case: Case, account: Account, t: Texts
) -> list[Element]:
    view = await load(session, ctx, case.id)
    answer = view.answer(None)
    reader = Reader(t, zone_of(me, ctx), "board")
    row = [Button(t("case.open"), "case.open", str(case.id))]
    if case.state == CaseState.NEW:
        row.append(Button(t("case.take"), "case.take", str(case.id)))
    owner = await members.by_id(session, case.owner_id)
    words = status(view, answer, reader, ctx.now())
    if owner is not None and owner.id != me.id:
        words = f"{owner.name} · {words}"
    return [
        Text(title(view, answer, t), "strong"),
        Text(words, "note"),
        Buttons(tuple(row)),
    ]
