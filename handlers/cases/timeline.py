"""The timeline of a case: who did what, when, where, and why."""

from collections.abc import Mapping
from dataclasses import replace

from handlers import wording
from handlers.cards import Card, Element, Facts, Reply, Text, Whisper
from handlers.cases import acting
from handlers.cases.card import title
from handlers.cases.taking import case_id
from handlers.cases.view import Answer, CaseView, first_name, zone_of
from handlers.chat import Click, row_id
from handlers.context import Context
from handlers.rights import reads_comments
from handlers.texts import Texts, of
from storage import case_view
from storage.models import Act, CaseEvent, Member

SHOWN = 30  # the latest; more fits on no screen
_PLATFORMS = {"slack": "Slack", "teams": "Teams", "console": "console", "mail": "mail"}
_ANSWERS = ("opened", "joined")


async def show(ctx: Context, click: Click, me: Member) -> Reply:
    """Timeline: shows who asked all that happened, the first above."""
    view = await acting.opened(ctx, me, case_id(click))
    async with ctx.db.reading() as session:
        people = await case_view.people(
            session, {each.member_id for each in view.events if each.member_id}
        )
    ctx.note(Act.VIEWED, "case", view.case.id)
    return Whisper(timeline_card(ctx, replace(view, people={**view.people, **people}), me))


def timeline_card(ctx: Context, view: CaseView, me: Member) -> Card:
    """Gives the timeline as its reader may see it."""
    t, zone = of(me.language, ctx.programme.language), zone_of(me, ctx)
    events = view.events
    lines = []
    for event in reversed(events[:SHOWN]):
        time = wording.moment(event.at, ctx.now(), zone, t)
        words = act_line(view, event, view.people, t)
        if event.platform is not None:
            words += f" · {_PLATFORMS.get(event.platform, event.platform)}"
        if event.undone:
            words += f" · {t('timeline.undone')}"
        note = _note(event, t) if reads_comments(me) else None
        lines.append((time, f"{words}: “{note}”" if note else words))
    body: list[Element] = []
    if len(events) > SHOWN:
        body.append(Text(t("timeline.earlier", n=len(events) - SHOWN), "note"))
    body.append(Facts(tuple(lines)))
    status = title(view, view.answer(None), t)
    return Card(t("timeline.title", account=view.account.name), tuple(body), status=status)


def act_line(view: CaseView, event: CaseEvent, people: Mapping[int, Member], t: Texts) -> str:
    """Gives one line of the timeline: `Anna took it`, or what happened by itself."""
    if event.act in _ANSWERS:
        answer = _answer_of(view, event)
        who = answer.contact.name if answer else t("case.somebody")
        score = answer.response.score if answer else None
        return t(f"case.act.{event.act}", who=who, score="–" if score is None else score)
    by = people.get(event.member_id or 0)
    name = first_name(by.name) if by else t("case.somebody")
    to = view.handed_to(event) if event.act == "handed_over" else None
    if to is not None:
        return t("case.handed_to", name=name, to=first_name(to.name))
    promised = [e.promise.what for e in view.promises if e.promise.made_at == event.at]
    if event.act == "promised" and promised:
        return t("case.act.promised_what", name=name, what=promised[0])
    key = f"case.act.{event.act}"
    if event.member_id is None:
        by_itself = f"case.act_by_itself.{event.act}"
        key = by_itself if by_itself in t else key
    if key not in t:
        return f"{name}: {event.act}"
    about = view.of_contact(event.contact_id) or view.answer(None)
    who = first_name(about.contact.name)
    return t(key, name=name, who=who)


def _note(event: CaseEvent, t: Texts) -> str | None:
    """Gives what was written with an act; ids and keys are for the program alone."""
    if event.act in (*_ANSWERS, "released", "told_lead", "told_cx"):
        return None
    if event.act == "snoozed":
        return t(f"case.snooze_form.{event.note}") if event.note else None
    return event.note


def _answer_of(view: CaseView, event: CaseEvent) -> Answer | None:
    wanted = row_id(event.note or "")
    return next((each for each in view.answers if each.response.id == wanted), None)
