"""`/nps ideas`: what customers would invent, change or stop, and what becomes of it."""

from collections.abc import Sequence

from handlers import alerts, rights, texts, viewing
from handlers.accounts.reader import Reader, reader_for
from handlers.cards import Card, Choice, Element, Form, FormErrors, Input, Reply, Text
from handlers.chat import Click, Command, Place, Submission, row_id
from handlers.context import Context, NotAllowed, Refused
from handlers.learning.idea_card import CHANGE, STATES, counts, entry, sees, state_line
from handlers.learning.idea_channel import BOARD, card_for_channel, changed_row
from handlers.rights import LEADERS
from handlers.surveys import reason_label
from storage import groups, ideas, sharing, versions
from storage.db import Session
from storage.ideas import Had
from storage.models import Act, IdeaState, Member

_SHOWN = 8
_LONG = 1000


async def show(ctx: Context, command: Command, me: Member) -> Reply:
    """`/nps ideas [state or words]`: ideas of my accounts; of others without a name, if shared."""
    reader = reader_for(ctx, me)
    t = reader.t
    async with ctx.db.reading() as session:
        everything = await ideas.newest(session)
        kept = {each.id for each in await groups.kept_responses(session)}
        shared = bool(await sharing.places(session, board=BOARD))
    if not reader.comments:
        raise Refused(t("idea.not_for_admin"))
    mine = [(each, sees(me, each, ctx, kept)) for each in everything]
    seen = [(had, own) for had, own in mine if own or (shared and had.response.id not in kept)]
    state = _state(command.text, t)
    found = [
        (had, own or had.response.quote_me)
        for had, own in seen
        if (had.idea.state == state if state else _fits(had, command.text, own, reader))
    ]
    body: list[Element] = []
    if seen:
        body.append(Text(counts([had for had, _own in seen], reader), "note"))
    for had, named in found[:_SHOWN]:
        may = _may(me, had, command.place, (), ctx, kept)
        body += entry(had, reader, named=named, may_change=may)
    if not found:
        body.append(Text(t("idea.none_fits" if seen else "idea.none")))
    if len(found) > _SHOWN:
        body.append(Text(t("reference.more", n=len(found) - _SHOWN), "note"))
    foot = t("idea.board_foot")
    return Card(t("idea.title"), tuple(body), status=t("account.only_you"), foot=foot)


async def form(ctx: Context, click: Click, me: Member) -> Reply:
    """Asks what becomes of an idea."""
    t = reader_for(ctx, me).t
    async with ctx.db.reading() as session:
        had = await _to_change(session, ctx, me, click.place, click.value)
    inputs = (
        Input(
            "choice", "state", t("idea.form.state"), value=had.idea.state,
            options=tuple(Choice(each, t(f"idea.state.{each}")) for each in STATES),
        ),
        Input(
            "long_text", "note", t("idea.form.note"), required=False, value=had.idea.note,
            max_length=_LONG, hint=t("idea.form.hint"),
        ),
    )  # fmt: skip
    # The version, so that nobody writes over what somebody else said meanwhile.
    value = f"{had.idea.id}:{had.idea.version}"
    return Form(t("idea.form.title"), inputs, CHANGE, value, t("case.save"))


async def change(ctx: Context, event: Submission, me: Member) -> Reply:
    """Keeps what becomes of an idea; the account manager is told."""
    reader = reader_for(ctx, me)
    t, now = reader.t, ctx.now()
    state, note = event.text("state"), event.text("note")[:_LONG]
    idea_id, _colon, version = event.value.partition(":")
    if state not in STATES:
        return FormErrors({"state": t("people.form.unknown_choice")})
    if state == IdeaState.DECLINED and not note:
        return FormErrors({"note": t("idea.form.why")})
    async with ctx.db.session() as session:
        had = await _to_change(session, ctx, me, event.place, idea_id)
        values = {
            "state": state, "note": note or None, "changed_at": now, "changed_by": me.id,
        }  # fmt: skip
        if not await versions.change(session, had.idea, values, version=row_id(version)):
            raise Refused(t("idea.stale", state=state_line(had, reader)))
        alert = await alerts.add(session, **changed_row(had.idea.id, version, ctx))
    ctx.note(Act.CHANGED, "account", had.account.id)
    await ctx.soon(alerts.job_of(alert), None)
    async with ctx.db.reading() as session:
        fresh = await ideas.one(session, had.idea.id)
        kept = {each.id for each in await groups.kept_responses(session, had.account.id)}
        here = {each.place for each in await sharing.places(session, board=BOARD)}
    if fresh is None:
        raise Refused(t("idea.gone"))
    if event.place in here or not sees(me, fresh, ctx, kept):
        return card_for_channel(fresh, reader, hidden=fresh.response.id in kept)
    body = entry(fresh, reader, named=True, may_change=True)
    return Card(t("idea.title"), tuple(body), status=t("account.only_you"))


async def _to_change(session: Session, ctx: Context, me: Member, place: Place, value: str) -> Had:
    reader = reader_for(ctx, me)
    t = reader.t
    if not reader.comments:
        raise Refused(t("idea.not_for_admin"))
    had = await ideas.one(session, row_id(value))
    kept = {each.id for each in await groups.kept_responses(session)}
    here = {each.place for each in await sharing.places(session, board=BOARD)}
    if had is None:
        raise Refused(t("idea.gone"))
    if not _may(me, had, place, here, ctx, kept):
        raise NotAllowed(t("idea.not_yours"), "account", had.account.id)
    return had


def _may(
    me: Member, had: Had, place: Place, here: Sequence[Place] | set[Place], ctx: Context,
    kept: set[int],
) -> bool:  # fmt: skip
    """Who works with the account, leads the programme, or reads the product channel."""
    if had.response.id in kept and not sees(me, had, ctx, kept):
        return False
    if me.role in LEADERS or place in here:
        return True
    return rights.may_change_account(me, had.account)


def _state(typed: str, t: texts.Texts) -> str | None:
    plain = " ".join(typed.replace("_", " ").split()).casefold()
    spelled = {t(f"idea.state.{state}").casefold(): str(state) for state in STATES}
    spelled |= {str(state).replace("_", " "): str(state) for state in STATES}
    return spelled.get(plain)


def _fits(had: Had, typed: str, own: bool, reader: Reader) -> bool:
    said = [had.words, *(reason_label(each, reader.t) for each in had.response.reasons)]
    if own:
        said += [had.account.name, had.contact.name, had.account.segment or ""]
    known = " ".join(said).casefold()
    return all(word in known for word in typed.casefold().split())


async def home_lines(session: Session, me: Member, reader: Reader) -> list[Element]:
    """Gives a line for the home tab: how many new ideas wait at a member's accounts."""
    kept = await viewing.kept_answers(session, me)
    n = await ideas.count_new(session, me.id, kept)
    return [Text(reader.t.count("idea.home", n), "note")] if n else []


async def open_lines(session: Session, reader: Reader) -> list[Element]:
    """Gives the ideas that wait for an answer, as the product channel may read them."""
    found = [
        each
        for each in await ideas.newest(session)
        if each.idea.state in (IdeaState.NEW, IdeaState.PASSED_ON) and each.idea.announced
    ]
    body: list[Element] = [Text(counts(found, reader), "note")] if found else []
    for had in found[:_SHOWN]:
        body += entry(had, reader, named=had.response.quote_me, may_change=True)
    return body
