"""`/nps ideas`: what customers would invent, change or stop, and what becomes of it."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from handlers import alerts, rights, texts, viewing
from handlers.accounts.reader import Reader, reader_for
from handlers.alerts import Outgoing
from handlers.cards import (
    Card,
    Choice,
    Element,
    Form,
    FormErrors,
    Input,
    Reply,
    Text,
)
from handlers.cases import owning, places
from handlers.cases.view import zone_of
from handlers.chat import (
    Click,
    Command,
    Message,
    Place,
    Submission,
    row_id,
)
from handlers.context import Context, Job, NotAllowed, Refused
from handlers.learning.idea_card import (
    CHANGE,
    STATES,
    channel_card,
    counts,
    entry,
    sees,
    state_line,
    whose,
)
from handlers.places.editing import edit_all
from handlers.rights import LEADERS
from handlers.surveys import reason_label
from storage import alerts as outbox
from storage import groups, ideas, sharing, tasks, versions
from storage.alerts import Added
from storage.db import Session
from storage.ideas import Had
from storage.models import Act, Alert, IdeaState, Member, Posting, Response

NEW, CHANGED, SUBJECT = "idea_new", "idea_changed", "idea"
BOARD = "ideas"
_UNTIL, _WHOLE = "ideas_until", "ideas_whole_at"
_FIRST_LOOK = timedelta(days=30)
_WHOLE_PAUSE = timedelta(hours=1)
_LATE = timedelta(minutes=5)
_MARK_STEP = timedelta(minutes=10)
_AT_ONCE = 200
_SHOWN = 8
_LONG = 1000


async def due(ctx: Context) -> list[Job]:
    """Puts new ideas on the board and asks for those that all may read to be posted."""
    now = ctx.now()
    async with ctx.db.reading() as session:
        marked = await tasks.mark(session, _UNTIL)
        whole = await tasks.mark(session, _WHOLE)
        again = whole is None or now - whole >= _WHOLE_PAUSE
        # An idea may be added as long as an answer may be changed, and a hidden one be released.
        change = timedelta(days=ctx.programme.answer_change_days + 1)
        since = marked or now - _FIRST_LOOK
        since = min(since, now - change) if again else since
        found = await ideas.new_ones(session, since, _AT_ONCE)
    ready = [each for each in found if _is_settled(each, ctx)]
    waiting = [each.answered_at for each in found if not _is_settled(each, ctx)]
    more = [found[-1].answered_at] if len(found) == _AT_ONCE else []
    upto = min([now, *waiting, *more]) - _LATE
    if not (ready or again or marked is None or upto - marked >= _MARK_STEP):
        return []
    async with ctx.db.session() as session:
        await ideas.add(session, ready, now)
        asked = await _announce(session, ctx)
        await tasks.set_mark(session, _UNTIL, max(upto, marked or since))
        if again:
            await tasks.set_mark(session, _WHOLE, now)
    return [alerts.job_of(each) for each in asked if each.status == "pending"]


async def _announce(session: Session, ctx: Context) -> list[Added]:
    found = await ideas.unannounced(session)
    if not found:
        return []
    kept = {each.id for each in await groups.kept_responses(session)}
    bound = bool(await sharing.places(session, board=BOARD))
    asked = []
    for idea in found:
        if idea.response_id in kept:
            continue  # the account's owner may read the channel: it waits until it is released
        idea.announced = True
        session.add(idea)
        if bound:
            detail = {"idea": idea.id, "partition": "ideas"}
            key = f"{NEW}:{idea.id}"
            asked.append(
                await alerts.add(session, key=key, what=NEW, due_at=ctx.now(), detail=detail)
            )
    return asked


def _is_settled(response: Response, ctx: Context) -> bool:
    settle = timedelta(seconds=ctx.programme.settle_seconds)
    return response.finished_at is not None or response.last_input_at + settle <= ctx.now()


async def posted(ctx: Context, alert: Alert) -> list[Outgoing] | None:
    """A new idea for the product channel; None when its words are gone or hidden by now."""
    async with ctx.db.reading() as session:
        had = await ideas.one(session, int(alert.detail["idea"]))
        kept = {each.id for each in await groups.kept_responses(session)}
        bound = tuple(each.place for each in await sharing.places(session, board=BOARD))
        cx = await places.of_cx(session, ctx)
    if had is None or not bound or had.response.id in kept:
        return None
    t = texts.of(ctx.programme.language)
    card = channel_card(had, Reader(t, zone_of(None, ctx), ctx.now(), comments=True))
    message = Message(card, f"alert:{alert.id}", t.language)
    return [
        Outgoing(message, (bound, *cx.steps), cx.direct, subject=SUBJECT, subject_id=had.idea.id)
    ]


async def changed(ctx: Context, alert: Alert) -> list[Outgoing] | None:
    """Edits the idea's cards, and tells the account manager what becomes of it."""
    async with ctx.db.reading() as session:
        had = await ideas.one(session, int(alert.detail["idea"]))
        posted_ = await outbox.postings(session, SUBJECT, int(alert.detail["idea"]))
        if had is None:
            await _edit(ctx, None, posted_)
            return []
        kept = {each.id for each in await groups.kept_responses(session, had.account.id)}
        if had.response.id in kept:
            route = await places.of_lead(session, ctx, had.account)
        else:
            owner = await owning.responsible_for(session, had.account, ctx.now())
            route = await places.of_member(session, ctx, owner, had.account.team_id)
    await _edit(ctx, had, [each for each in posted_ if had.response.id not in kept])
    if route.member is not None and route.member.id == had.idea.changed_by:
        return []  # their own doing
    t = texts.of(route.member.language if route.member else None, ctx.programme.language)
    reader = Reader(t, zone_of(route.member, ctx), ctx.now(), comments=True)
    body: list[Element] = [Text(had.words, "quote")]
    if had.idea.note:
        body.append(Text(had.idea.note))
    title = t("idea.told", who=whose(had, reader, named=True))
    status = state_line(had, reader)
    card = Card(title, tuple(body), status=status, foot=t("idea.told_foot"))
    return [Outgoing(Message(card, f"alert:{alert.id}", t.language), route.steps, route.direct)]


async def _edit(ctx: Context, had: Had | None, posted_: Sequence[Posting]) -> None:
    cards = []
    for posting in posted_:
        t = texts.of(posting.language)
        card = Card(t("idea.erased"), audience="person")
        if had is not None:
            card = channel_card(had, Reader(t, zone_of(None, ctx), ctx.now(), comments=True))
        cards.append((posting, card))
    (await edit_all(ctx, cards)).check()


def changed_row(idea_id: int, why: str, ctx: Context) -> dict[str, Any]:
    """Gives the row of an alert that edits all cards of an idea."""
    return {
        "key": f"{CHANGED}:{idea_id}:{why}",
        "what": CHANGED,
        "due_at": ctx.now(),
        "detail": {"idea": idea_id, "partition": "ideas"},
    }


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
        body.append(Text(t("case.board.more", n=len(found) - _SHOWN), "note"))
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
        return channel_card(fresh, reader)
    body = entry(fresh, reader, named=True, may_change=True)
    return Card(t("idea.title"), tuple(body), status=t("account.only_you"))


async def _to_change(session: Session, ctx: Context, me: Member, place: Place, value: str) -> Had:
    t = reader_for(ctx, me).t
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
