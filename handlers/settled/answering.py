"""The customer's word: yes closes the case, partly keeps it open, no opens it again."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from handlers import links, surveys, texts
from handlers.alerts import Outgoing
from handlers.answering.in_chat import is_theirs
from handlers.calendars import nth_working_day
from handlers.cards import (
    Button,
    Buttons,
    Card,
    Element,
    Form,
    Input,
    Reply,
    Text,
    Tone,
    beside,
)
from handlers.cases import acting, places, times
from handlers.cases.acting import Plan
from handlers.cases.seeing import stands_above
from handlers.cases.telling import SUBJECT
from handlers.cases.view import CONTACTS, first_name
from handlers.chat import Click, Message, Submission
from handlers.context import Context, Refused
from handlers.places.editing import ref_of
from handlers.settled import planning
from handlers.settled.asking import ANSWERS
from handlers.texts import Texts
from storage import alerts as outbox
from storage import case_view, letters, members
from storage.db import Session
from storage.letters import ASKED, Opened
from storage.models import NAMELESS, Account, Alert, Case, CaseEvent, CaseState, Settled

WHAT = "settled_answer"
LONGEST = 3000
_TONES: dict[str, Tone] = {"yes": "good", "partly": "attention", "no": "critical"}


@dataclass(frozen=True)
class Question:
    """A letter as its contact sees it; `closed` = it takes no answer any more."""

    opened: Opened
    t: Texts
    closed: bool


async def question(ctx: Context, letter_id: int) -> Question | None:
    """Gives the question of a letter; None where it never went out or its contact is erased."""
    async with ctx.db.reading() as session:
        opened = await letters.opened(session, letter_id)
    if opened is None or opened.contact.status in NAMELESS:
        return None
    # In the middle of being recorded it has left us already.
    if opened.letter.status not in (*ASKED, "sending"):
        return None
    expires = opened.letter.expires_at
    t = surveys.texts_of(opened.contact, ctx.programme)
    return Question(opened, t, expires is not None and ctx.now() >= expires)


async def record(ctx: Context, asked: Question, answer: str, comment: str | None) -> None:
    """Keeps an answer (a later one replaces it) and lets the case follow it."""
    now, letter = ctx.now(), asked.opened.letter
    async with ctx.db.session() as session:
        fresh = await letters.opened(session, letter.id)
        assert fresh is not None
        before = fresh.settled.answer if fresh.settled else None
        said = fresh.settled or Settled(
            letter_id=letter.id,
            case_id=fresh.case.id,
            contact_id=letter.contact_id,
            answer=answer,
            answered_at=now,
        )
        same = before == answer and (comment is None or comment == said.comment)
        said.changed_from = before if before not in (None, answer) else said.changed_from
        said.answer, said.answered_at = answer, now
        said.comment = comment if comment is not None else said.comment
        session.add(said)
        words = said.comment
    if same:
        return  # pressed twice
    await acting.by_itself(
        ctx, asked.opened.case.id, _following(ctx, letter.id, answer, words), "mail"
    )


def _following(ctx: Context, letter_id: int, answer: str, comment: str | None) -> acting.ByItself:
    async def decide(session: Session, case: Case, account: Account) -> Plan | None:
        now = ctx.now()
        values: dict[str, Any]
        opened = await letters.opened(session, letter_id)
        assert opened is not None
        tell, who = _alert(case, letter_id, now), opened.letter.contact_id
        round_ = opened.letter.round
        current = planning.in_force(case, round_)
        waiting = current and case.state in (CaseState.SOLVED, CaseState.WAITING)
        word = await _untouched_word(session, case, round_)
        asked = [e for e in await letters.of_case(session, case.id) if e.letter.round == round_]
        others = [each for each in asked if each.letter.id != letter_id]
        if answer == "yes":
            changed = opened.settled is not None and opened.settled.changed_from is not None
            told = (tell,) if changed else ()
            against = any(e.settled is not None and e.settled.answer != "yes" for e in others)
            if against or not (waiting or word is not None):
                return Plan("customer_yes", {}, comment, tell=told, contact_id=who)
            back: dict[str, Any] = {"round": round_, "call_again_on": None} if not waiting else {}
            if any(_is_awaited(each) for each in others):
                values = {"state": CaseState.WAITING, "settled": None, **back} if back else {}
                return Plan("customer_yes", values, comment, tell=told, contact_id=who)
            values = {"state": CaseState.SOLVED, "settled": "yes", "settled_at": now, **back}
            return Plan("settled", values, comment, tell=told, contact_id=who)
        closed = current and case.state == CaseState.CLOSED_UNANSWERED
        again = word is not None and word.contact_id == who
        opens = waiting or closed or again
        if not opens or await case_view.other_open(session, case) is not None:
            # It is open already, here or in a newer case: who has it is told.
            values = {"settled": answer, "settled_at": now} if waiting or closed else {}
            return Plan(f"customer_{answer}", values, comment, tell=(tell,), contact_id=who)
        await letters.cancel(session, case.id, "answered", round_)
        owner = await members.by_id(session, case.owner_id)
        calendar = times.calendar_of(owner, ctx.programme)
        asked_anew = {
            **acting.asked_anew(case),
            "round": round_ + 1,
            "settled": answer,
            "settled_at": now,
            "snoozed_until": None,
        }
        if answer == "partly":
            today = now.astimezone(calendar.zone).date()
            values = {
                **asked_anew,
                "state": CaseState.CONTACTED,
                "reached": True,
                "call_again_on": nth_working_day(today, 1, calendar),
            }
            return Plan("customer_partly", values, comment, tell=(tell,), contact_id=who)
        halved = await acting.is_halved(session, case, account)
        values = {
            **asked_anew,
            "state": CaseState.REOPENED,
            "contacted_at": None,
            "contact_by": times.contact_by(now, halved, calendar, ctx.programme),
            "call_again_on": None,
        }
        return Plan("reopened", values, comment, tell=(tell,), contact_id=who)

    return decide


async def _untouched_word(session: Session, case: Case, round_: int) -> CaseEvent | None:
    """Gives the word by which a customer opened the case again, while nobody of ours has called
    or closed it since: until then the customer's latest word counts.
    """
    if case.round != round_ + 1 or case.state not in (CaseState.REOPENED, CaseState.CONTACTED):
        return None
    moves = (*CONTACTS, "reopened", "customer_partly")
    events = await case_view.events(session, case.id)
    last = next((each for each in events if each.act in moves and not each.undone), None)
    return last if last is not None and last.member_id is None else None


def _is_awaited(asked: letters.Asked) -> bool:
    return asked.settled is None and asked.letter.status in ("planned", "sending", *ASKED)


def _alert(case: Case, letter_id: int, now: datetime) -> dict[str, object]:
    return {
        "key": f"{WHAT}:{letter_id}:{now.timestamp():.3f}",
        "what": WHAT,
        "due_at": now,
        "case_id": case.id,
        "account_id": case.account_id,
        "detail": {"letter": letter_id, "partition": f"case:{case.id}"},
    }


async def told(ctx: Context, alert: Alert) -> list[Outgoing] | None:
    """Tells who has the case what the customer said; of a “no”, and of what it becomes, the lead
    hears too.
    """
    async with ctx.db.reading() as session:
        opened = await letters.opened(session, int(alert.detail["letter"]))
        if opened is None or opened.settled is None:
            return None
        case, account, said = opened.case, opened.account, opened.settled
        newer = await case_view.other_open(session, case)
        hidden = case.hidden_from_owner
        route = (
            await places.of_lead(session, ctx, account, "conflict")
            if hidden
            else await places.of_case(session, ctx, case, account)
        )
        posted = await outbox.postings(session, SUBJECT, case.id, "card")
        lead = await places.of_lead(session, ctx, account)

    refs = {each.place: ref_of(each) for each in posted if stands_above(each) == hidden}
    steps = ((tuple(refs),) if refs else ()) + route.steps
    target = newer or case
    out = []
    for who, way, threads, part in (
        (route.member, steps, refs, "owner"),
        (lead.member, lead.steps, {}, "lead"),
    ):
        if part == "lead" and ("no" not in (said.answer, said.changed_from) or hidden):
            continue
        t = texts.of(who.language if who else None, ctx.programme.language)
        name = first_name(opened.contact.name)
        body: list[Element] = [Text(said.comment, "quote")] if said.comment else []
        if newer is not None:
            body.append(Text(t("settled.newer"), "note"))
        body.append(Buttons((beside(Button(t("case.open"), "case.open", str(target.id))),)))
        title = t(f"settled.told.{said.answer}", name=name, account=account.name)
        tone = _TONES[said.answer]
        card = Card(title, tuple(body), tone=tone)
        key = f"alert:{alert.id}:{part}"
        direct = lead.direct if part == "lead" else route.direct
        out.append(Outgoing(Message(card, key, t.language), way, direct, threads))
    return out


async def press(ctx: Context, click: Click) -> Reply:
    """A contact presses Yes, Partly or No in chat (`{token}:{answer}`)."""
    token, _colon, answer = click.value.rpartition(":")
    asked = await _asked(ctx, click, token)
    if answer not in ANSWERS:
        raise Refused(asked.t("answering.unknown", contact=_contact(ctx, asked.t)))
    if asked.closed:
        raise Refused(asked.t("settled.over", contact=_contact(ctx, asked.t)))
    await record(ctx, asked, answer, None)
    return thanks_card(asked.t, answer, token)


async def more(ctx: Context, click: Click) -> Reply:
    """Opens the form for a word on it."""
    asked = await _asked(ctx, click, click.value)
    said = asked.opened.settled
    if asked.closed or said is None:
        raise Refused(asked.t("settled.over", contact=_contact(ctx, asked.t)))
    label = asked.t(f"settled.comment.{said.answer}")
    field = Input(
        "long_text", "comment", label, required=False, value=said.comment, max_length=LONGEST
    )
    t = asked.t
    return Form(t("settled.form_title"), (field,), "settled_more", click.value, t("settled.send"))


async def save_more(ctx: Context, event: Submission) -> Reply:
    """Keeps the word."""
    asked = await _asked(ctx, event, event.value)
    said = asked.opened.settled
    if asked.closed or said is None:
        raise Refused(asked.t("settled.over", contact=_contact(ctx, asked.t)))
    await record(ctx, asked, said.answer, event.text("comment")[:LONGEST])
    return Card(
        asked.t("settled.thanks"), (Text(asked.t(f"settled.next.{said.answer}")),), "good", "person"
    )


def thanks_card(t: Texts, answer: str, token: str) -> Card:
    """Gives the thanks, with what happens next."""
    body: list[Element] = [Text(t(f"settled.next.{answer}"))]
    button = Button(t("settled.tell_more"), "settled_more", token, opens_form=True)
    body.append(Buttons((button,)))
    return Card(t("settled.thanks"), tuple(body), "good", "person")


async def _asked(ctx: Context, event: Click | Submission, token: str) -> Question:
    letter_id = links.read_letter_token(ctx.secret, token)
    asked = await question(ctx, letter_id) if letter_id is not None else None
    if asked is None:
        t = texts.of(ctx.programme.language)
        raise Refused(t("answering.unknown", contact=_contact(ctx, t)))
    if not is_theirs(event.person, asked.opened.contact):
        raise Refused(asked.t("answering.not_yours"))
    return asked


def _contact(ctx: Context, t: Texts) -> str:
    return ctx.programme.privacy.contact or t("page.unknown_contact")
