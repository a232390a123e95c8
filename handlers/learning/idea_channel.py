"""New ideas come to the product channel without a name; what may not be read there goes again."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from handlers import alerts, texts
from handlers.accounts.reader import Reader
from handlers.alerts import Outgoing
from handlers.cards import Card, Element, Text
from handlers.cases import owning, places
from handlers.cases.seeing import stands_above
from handlers.cases.view import zone_of
from handlers.chat import Message
from handlers.context import Context, Job
from handlers.learning.idea_card import channel_card, state_line, whose
from handlers.places.editing import edit_all, take_away
from storage import alerts as outbox
from storage import groups, ideas, sharing, tasks
from storage import places as storage
from storage.alerts import Added
from storage.db import Session
from storage.ideas import Had
from storage.models import Alert, Idea, Posting, Response

NEW, CHANGED = "idea_new", "idea_changed"
BOARD = "ideas"
SUBJECT, LISTED = "idea", "board:ideas"
_UNTIL, _WHOLE = "ideas_until", "ideas_whole_at"
_FIRST_LOOK = timedelta(days=30)
_WHOLE_PAUSE = timedelta(hours=1)
_LATE = timedelta(minutes=5)
_MARK_STEP = timedelta(minutes=1)
_AT_ONCE = 200
_MINUTE = "%Y-%m-%dT%H:%M"
# What the account manager was told about an idea, beside its card in the channel.
_TOLD = "told"


async def due(ctx: Context) -> list[Job]:
    """Puts new ideas on the board; asks for what all may read, and only that, to be shown."""
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
        kept = {each.id for each in await groups.kept_responses(session)}
        asked = [*await _hide(session, ctx, kept), *await _announce(session, ctx, kept)]
        await tasks.set_mark(session, _UNTIL, max(upto, marked or since))
        if again:
            await tasks.set_mark(session, _WHOLE, now)
    return [alerts.job_of(each) for each in asked if each.status == "pending"]


async def _hide(session: Session, ctx: Context, kept: Collection[int]) -> list[Added]:
    """Asks for the cards of ideas to be emptied that are kept from the owner by now."""
    asked = []
    for idea in await ideas.announced(session, kept):
        idea.announced = False
        session.add(idea)
        why = f"kept:{ctx.now():{_MINUTE}}"
        asked.append(await alerts.add(session, **changed_row(idea.id, why, ctx, quiet=True)))
    return asked


async def _announce(session: Session, ctx: Context, kept: Collection[int]) -> list[Added]:
    found = await ideas.unannounced(session)
    if not found:
        return []
    bound = bool(await sharing.places(session, board=BOARD))
    asked = []
    for idea in found:
        if idea.response_id in kept:
            continue  # the account's owner may read the channel: it waits until it is released
        idea.announced = True
        session.add(idea)
        at = f"{ctx.now():{_MINUTE}}"
        if await outbox.postings(session, SUBJECT, idea.id):
            again = changed_row(idea.id, f"released:{at}", ctx, quiet=True)
            asked.append(await alerts.add(session, **again))
        elif bound:
            detail = {"idea": idea.id, "partition": "ideas"}
            key = f"{NEW}:{idea.id}:{at}"
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
    idea_id = int(alert.detail["idea"])
    async with ctx.db.reading() as session:
        idea = await session.get_one(Idea, idea_id)
        had = await ideas.one(session, idea_id)
        standing = await outbox.postings(session, SUBJECT, idea_id)
        lists = await storage.posted_since(session, LISTED, idea.opened_at)
        kept = {each.id for each in await groups.kept_responses(session, idea.account_id)}
        if had is not None and had.response.id in kept:
            route = await places.of_lead(session, ctx, had.account, "conflict")
        elif had is not None:
            owner = await owning.responsible_for(session, had.account, ctx.now())
            route = await places.of_member(session, ctx, owner, had.account.team_id)
    hidden = had is None or had.response.id in kept
    cards = [(each, card) for each in standing if (card := _now(ctx, had, each, hidden))]
    edited = await edit_all(ctx, cards)
    if hidden:
        await take_away(ctx, ((each, _list_gone(each)) for each in lists))
    edited.check()
    if had is None or alert.detail.get("quiet"):
        return []
    if route.member is not None and route.member.id == had.idea.changed_by:
        return []  # their own doing
    t = texts.of(route.member.language if route.member else None, ctx.programme.language)
    reader = Reader(t, zone_of(route.member, ctx), ctx.now(), comments=True)
    card = _told(had, reader)
    message = Message(card, f"alert:{alert.id}", t.language)
    return [
        Outgoing(
            message,
            route.steps,
            route.direct,
            subject=SUBJECT,
            subject_id=idea_id,
            part=_TOLD,
            reasons=route.reasons,
        )
    ]


def _now(ctx: Context, had: Had | None, posting: Posting, hidden: bool) -> Card | None:
    """Gives what a message about an idea shows now; None for what stays as it was said."""
    t = texts.of(posting.language)
    if had is None:
        return Card(t("idea.erased"), audience="person")
    reader = Reader(t, zone_of(None, ctx), ctx.now(), comments=True)
    if posting.part == _TOLD:
        if not hidden:
            return _told(had, reader)
        return None if stands_above(posting) else _kept_card(t)
    return card_for_channel(had, reader, hidden=hidden)


def card_for_channel(had: Had, reader: Reader, *, hidden: bool) -> Card:
    """Gives the card of the product channel, empty as long as the answer is with a lead."""
    return _kept_card(reader.t) if hidden else channel_card(had, reader)


def _kept_card(t: texts.Texts) -> Card:
    return Card(t("alert.moved"), audience="person")


def _list_gone(posting: Posting) -> Card:
    t = texts.of(posting.language)
    return Card(t("place.moved"), foot=t("boards.foot", board=BOARD))


def _told(had: Had, reader: Reader) -> Card:
    t = reader.t
    body: list[Element] = [Text(had.words, "quote")]
    if had.idea.note:
        body.append(Text(had.idea.note))
    title = t("idea.told", who=whose(had, reader, named=True))
    return Card(title, tuple(body), status=state_line(had, reader), foot=t("idea.told_foot"))


def changed_row(idea_id: int, why: str, ctx: Context, *, quiet: bool = False) -> dict[str, Any]:
    """Gives the row of an alert that edits all cards of an idea; a quiet one tells nobody."""
    return {
        "key": f"{CHANGED}:{idea_id}:{why}",
        "what": CHANGED,
        "due_at": ctx.now(),
        "detail": {"idea": idea_id, "quiet": quiet, "partition": "ideas"},
    }
