"""Says what happens in a case: the builders of its alerts, each from the rows as they stand now."""

import hashlib
from collections.abc import Collection, Sequence
from functools import cache
from typing import Any

from handlers import alerts, texts
from handlers.alerts import Outgoing
from handlers.calendars import next_working_moment
from handlers.cards import Card, Text
from handlers.cases import apart, opening, places, redraw, seeing, times
from handlers.cases.card import alert_card
from handlers.cases.card_facts import Reader
from handlers.cases.places import Route
from handlers.cases.view import Answer, CaseView, first_name, load, zone_of
from handlers.chat import Message, MessageRef, Place
from handlers.context import Context
from handlers.places import emptying
from handlers.places.editing import edit_all, ref_of
from storage import alerts as outbox
from storage import cases, members
from storage.alerts import Added
from storage.db import Session
from storage.models import NAMELESS, Alert, CaseState, Member, Posting
from storage.models import Reply as ReplyKind

SUBJECT = "case"
_LAST_CRITIC = 6


async def critic(ctx: Context, alert: Alert) -> list[Outgoing] | None:
    """A critic's answer: the case's card, or a card in its thread when the case has one already."""
    assert alert.case_id is not None
    assert alert.response_id is not None
    async with ctx.db.quick_session() as session:
        view = await _with_its_answer(session, ctx, alert.case_id, alert.response_id)
        if view is None:
            return None
        answer = view.answer(alert.response_id)
        if not is_critic(answer):
            await _nothing_to_tell(session, view, answer)
            return None
        moved = await _hide_now(session, ctx, view, answer)
        if moved is not None:
            view = await load(session, ctx, moved)
            answer = view.answer(alert.response_id)
        _remember_told(alert, answer)
        posted = await outbox.postings(session, SUBJECT, view.case.id)
        # Its own cards are not above it: a retry brings the same card to the places left. Nor
        # does it come below another where a card of it stands: released, that shows it again.
        mine = [each for each in posted if each.response_id == answer.response.id]
        stands = {each.place for each in mine if each.part != "note"}
        others = [e for e in posted if e.part == "card" and e not in mine and e.place not in stands]
        whose = await _own_places(session, [each.place for each in others]) if others else {}
        own = [
            each
            for each in others
            if _shows(each, answer)
            and (each.place not in whose or _may_read(ctx, view, whose[each.place]))
        ]
        if answer.hidden:
            route = await places.of_lead(session, ctx, view.account, "conflict")
        else:
            route = await places.of_case(session, ctx, view.case, view.account)
        later = await _after(session, ctx, view, answer, route, joined=bool(own))
    for each in later:
        await ctx.soon(alerts.job_of(each), each.due_at)
    return [posting_of_case(ctx, alert, view, answer, route, own)]


async def _with_its_answer(
    session: Session, ctx: Context, case_id: int, response_id: int
) -> CaseView | None:
    """Gives the case of an answer, also where it went to another since the alert was read."""
    view = await load(session, ctx, case_id)
    if any(each.response.id == response_id for each in view.answers):
        return view
    found = await cases.of_responses(session, [response_id])
    return await load(session, ctx, found[response_id].id) if response_id in found else None


def posting_of_case(
    ctx: Context,
    alert: Alert,
    view: CaseView,
    answer: Answer,
    route: Route,
    own: Sequence[Posting] = (),
) -> Outgoing:
    """Gives the case's card for every place of a route, or a card in the thread of `own`."""
    now = ctx.now()
    refs = {each.place: ref_of(each) for each in own}
    steps = ((tuple(refs),) if refs else ()) + route.steps
    reasons = {**route.reasons, **{each.place: each.reason or "owner" for each in own}}
    language = texts.of(route.member.language if route.member else None, ctx.programme.language)
    usual = next(iter(reasons), None)  # None: nobody may read it yet, and it waits

    @cache
    def draw(place: Place) -> Card:
        reason = reasons.get(place) or reasons.get(usual or "", "conflict")
        reader = Reader(language, zone_of(route.member, ctx), reason, main=place not in refs)
        return alert_card(view, answer, reader, now)

    return Outgoing(
        Message(
            draw(usual or ""), f"alert:{alert.id}", language.language, also_in_channel=bool(refs)
        ),
        steps,
        direct=route.direct,
        threads=refs,
        subject=SUBJECT,
        subject_id=view.case.id,
        part="thread" if refs else "card",
        response_id=answer.response.id,
        member_id=route.member.id if route.member else None,
        draw=draw,
        reasons=reasons,
        mentions=places.mentions(route, now, ctx),
    )


async def case_changed(ctx: Context, alert: Alert) -> list[Outgoing] | None:
    """Edits all cards of a case to what is true now; says later words in the thread."""
    assert alert.case_id is not None
    async with ctx.db.session() as session:
        view = await load(session, ctx, alert.case_id)
        if not view.answers:
            return None  # they are in another case by now, and so are its cards
        posted = await outbox.postings(session, SUBJECT, view.case.id)
        readers = {each.member_id: await members.by_id(session, each.member_id) for each in posted}
        own = await _own_places(session, [each.place for each in posted])
        said = await _say_later(session, alert, view) if alert.response_id else []
    cards, read = [], []
    for each in posted:
        member, who = readers[each.member_id], own.get(each.place)
        if _is_moved(view, each):
            cards.append((each, card_of(ctx, view, each, member)))
        elif who is not None and not _may_read(ctx, view, who):
            cards.append((each, _gone(ctx, each, "alert.passed_on")))
            continue
        elif each.part != "note":
            cards.append((each, card_of(ctx, view, each, member)))
        elif view.answer(each.response_id).contact.status in NAMELESS:
            cards.append((each, _gone(ctx, each, "place.moved")))
        # Else what was said stays as it was said.
        read.append(each)
    edited = await edit_all(ctx, cards)
    if edited.lost:
        await emptying.ask_anew(ctx, edited.lost, alert)
    edited.check()
    return _thread_notes(alert, view, read, said)


def card_of(ctx: Context, view: CaseView, posting: Posting, member: Member | None) -> Card:
    """Gives what a message of ours shows now, in the language and for the reason it was posted."""
    t = texts.of(posting.language, ctx.programme.language)
    answer = view.answer(posting.response_id)
    reader = Reader(t, zone_of(member, ctx), posting.reason or "owner", posting.part == "card")
    if _is_moved(view, posting):
        return Card(t("alert.moved"), tone="neutral", audience="person")
    return alert_card(view, answer, reader, ctx.now())


async def _own_places(session: Session, posted: Collection[Place]) -> dict[Place, Member]:
    """Gives whose direct messages these places are, where they are somebody's."""
    found = await members.behind(session, [place.partition(":")[2] for place in posted])
    return {place: member for member in found for place in places.direct_places(member)}


def _may_read(ctx: Context, view: CaseView, who: Member) -> bool:
    """Tells whether a person may still read what stands in their direct messages."""
    return seeing.may_see(who, view.account, view.case, ctx.programme)


def _gone(ctx: Context, posting: Posting, key: str) -> Card:
    t = texts.of(posting.language, ctx.programme.language)
    return Card(t(key), audience="person")


def _is_moved(view: CaseView, posting: Posting) -> bool:
    """Tells whether a message stands where its answer must not be read any more."""
    return view.case.hidden_from_owner and not seeing.stands_above(posting)


def is_critic(answer: Answer) -> bool:
    """Tells whether an answer is a score of 0 to 6 now."""
    response = answer.response
    score = response.score
    return response.reply == ReplyKind.SCORE and score is not None and score <= _LAST_CRITIC


def _shows(posting: Posting, answer: Answer) -> bool:
    """Tells whether a card is of the side that may read the answer: the lead's or the owner's."""
    if posting.reason in ("lead", "cx"):
        return False
    return (posting.reason == "conflict") == answer.hidden


async def _nothing_to_tell(session: Session, view: CaseView, answer: Answer) -> None:
    """Takes out an answer that was changed before anybody was told; an empty case is closed."""
    await cases.take_out(session, answer.response.id)
    if len(view.answers) == 1:
        values = {"state": CaseState.NOT_A_CRITIC, "remind_at": None}
        await cases.change(session, view.case, values)


async def _hide_now(session: Session, ctx: Context, view: CaseView, answer: Answer) -> int | None:
    """Hides an answer that turns out to be none for the owner; gives the case where it is then."""
    owner, response = view.account_owner, answer.response
    named = owner is not None and opening.names(response.comment, owner.name)
    if answer.hidden or not (response.to_manager or named):
        return None
    moved = await apart.hide(session, ctx, [response.id])
    return moved.get(response.id)


async def _after(
    session: Session, ctx: Context, view: CaseView, answer: Answer, route: Route, joined: bool
) -> list[Added]:
    """Asks for what follows a card: the mention in the morning, and a fresh card above a thread."""
    now = ctx.now()
    later: list[dict[str, Any]] = []
    ids = {"case_id": view.case.id, "account_id": view.account.id}
    if joined and not await outbox.waits(session, "case_changed", view.case.id, now):
        # An edit that waits already shows this answer too: many answers make one edit.
        later.append(redraw.row(view.case.id, f"joined:{answer.response.id}", now))
    elif not joined and route.member is not None:
        calendar = times.calendar_of(route.member, ctx.programme)
        morning = next_working_moment(now, calendar)
        if morning > now:
            later.append(
                {
                    "key": f"case:{view.case.id}:morning:{answer.response.id}",
                    "what": "case_reminder",
                    "due_at": morning,
                    "detail": {"about": "morning", "partition": f"case:{view.case.id}"},
                    **ids,
                }
            )
    return await outbox.add_many(session, later)


def _digest(comment: str | None) -> str:
    # The words themselves stay in the response alone: erasing it must erase them.
    return hashlib.sha256((comment or "").encode()).hexdigest()


def _remember_told(alert: Alert, answer: Answer) -> None:
    # Stored with the first place that has the card.
    response = answer.response
    told = {"score": response.score, "comment": _digest(response.comment)}
    alert.detail = {**alert.detail, "told": told}


async def _say_later(session: Session, alert: Alert, view: CaseView) -> list[str]:
    """Gives what changed since the answer was told; it is kept, so that a retry says it."""
    if "say" in alert.detail:
        return list(alert.detail["say"])
    first = await outbox.by_key(session, f"response:{alert.response_id}")
    told = first.detail.get("told") if first is not None else None
    if first is None or told is None:
        return []
    response = view.answer(alert.response_id).response
    say = []
    if response.comment and told["comment"] != _digest(response.comment):
        say.append("comment")
    if response.score is not None and response.score != told["score"]:
        say.append(f"score:{told['score']}")
    now = {"score": response.score, "comment": _digest(response.comment)}
    await outbox.note(session, first.id, {"told": now})
    await outbox.note(session, alert.id, {"say": say})
    alert.detail = {**alert.detail, "say": say}
    return say


def _thread_notes(
    alert: Alert, view: CaseView, posted: Sequence[Posting], said: Sequence[str]
) -> list[Outgoing]:
    if not said:
        return []
    answer = view.answer(alert.response_id)
    notes = []
    for each in posted:
        if each.part not in ("card", "thread") or each.response_id != answer.response.id:
            continue
        if answer.hidden and each.reason != "conflict":
            continue
        t = texts.of(each.language)
        name = first_name(answer.contact.name)
        body: list[Text] = []
        if "comment" in said and answer.response.comment:
            body.append(Text(answer.response.comment, "quote"))
        before = next((word.partition(":")[2] for word in said if word.startswith("score:")), None)
        line = t("alert.later_comment", name=name)
        if before is not None:
            line = t("alert.later_score", name=name, before=before, score=answer.response.score)
        message = Message(Card(line, tuple(body)), f"alert:{alert.id}:{each.id}", each.language)
        top = MessageRef(each.place, each.thread_id or each.message_id)
        notes.append(
            Outgoing(
                message,
                ((each.place,),),
                threads={each.place: top},
                # Remembered: should the answer be hidden later, its words must go from here.
                subject=SUBJECT,
                subject_id=view.case.id,
                part="note",
                response_id=answer.response.id,
                member_id=each.member_id,
                reasons={each.place: each.reason or "owner"},
            )
        )
    return notes
