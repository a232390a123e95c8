"""A further word to the lead or CX about a case: below the card that stands with them already."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from handlers import wording
from handlers.alerts import Outgoing
from handlers.cards import Button, Buttons, Card, Element, Text
from handlers.cases import places
from handlers.cases.places import Route
from handlers.cases.seeing import stands_above
from handlers.cases.telling import SUBJECT
from handlers.cases.view import Answer, CaseView, first_name, zone_of
from handlers.chat import MessageRef, Place
from handlers.context import Context
from handlers.places.editing import ref_of
from handlers.texts import Texts
from storage import alerts as outbox
from storage import members
from storage.db import Session
from storage.models import Alert, CaseState, Member, Posting


@dataclass(frozen=True)
class Standing:
    """The case's cards in the places of a route; `spared` are other places of who has one."""

    cards: Mapping[Place, MessageRef] = field(default_factory=dict)
    spared: frozenset[Place] = frozenset()


async def of_route(
    session: Session, alert: Alert, view: CaseView, answer: Answer, route: Route
) -> Standing:
    """Gives the cards of a case that stand where an alert goes; it is kept, so that a retry does
    not take the alert's own first card for one that stood before.
    """
    posted = await outbox.postings(session, SUBJECT, view.case.id, "card")
    if "below" not in alert.detail:
        reached = {place for step in route.steps for place in step}
        found = [each.id for each in posted if each.place in reached and _shows(each, answer)]
        await outbox.note(session, alert.id, {"below": found})
        alert.detail = {**alert.detail, "below": found}
    cards = {each.place: ref_of(each) for each in posted if each.id in alert.detail["below"]}
    spared: set[Place] = set()
    if cards:
        names = [place.partition(":")[2] for place in route.direct]
        for member in await members.behind(session, names):
            theirs = set(places.direct_places(member))
            spared |= theirs - cards.keys() if theirs & cards.keys() else set()
    return Standing(cards, frozenset(spared))


def below(out: Outgoing, standing: Standing, word: Card) -> Outgoing:
    """Gives the message with a word below the cards that stand, and the card everywhere else."""
    if not standing.cards:
        return out
    # Who has the card on one platform needs none on another, unless that one is closed.
    first = [place for place in out.steps[0] if place not in standing.spared] if out.steps else []
    return replace(
        out,
        # Nobody follows the thread of a card they never answered: the word is shown beside it too.
        message=replace(out.message, also_in_channel=True),
        steps=((tuple(first),) if first else ()) + out.steps,
        threads=standing.cards,
        draw=lambda place: word if place in standing.cards else out.message.card,
        # What was said stays as it was said; the card above follows the case.
        parts=dict.fromkeys(standing.cards, "note"),
    )


def word_of(
    ctx: Context,
    view: CaseView,
    answer: Answer,
    alert: Alert,
    t: Texts,
    route: Route,
    to: str,
    by: Member | None,
) -> Card:
    """Gives what happened in one sentence, and the buttons with which a lead goes on."""
    case = view.case
    body: list[Element] = []
    names = {"account": view.account.name, "who": answer.contact.name}
    if by is not None:
        title = t(f"case.told_again.{to}", name=first_name(by.name), **names)
        asked = view.last_of("escalated")
        if asked is not None and asked.note:
            body.append(Text(asked.note, "quote"))
    elif alert.detail["about"] == "lapsed":
        title = went_back(view, answer, t)
    else:
        title = _missed(ctx, view, str(alert.detail["about"]), t, route, names)
    row = [
        Button(
            t("case.contact"),
            "case.contact",
            f"{case.id}:{answer.response.id}",
            "primary",
            opens_form=True,
        )
    ]
    if case.state == CaseState.NEW:
        row.append(Button(t("case.take"), "case.take", str(case.id)))
    row.append(Button(t("case.hand_over"), "case.hand_over", str(case.id), opens_form=True))
    return Card(title, (*body, Buttons(tuple(row))), tone="warning")


def went_back(view: CaseView, answer: Answer, t: Texts) -> str:
    """Says that a case went back because its customer was not contacted, or that it did again."""
    times = sum(each.act == "lapsed" for each in view.events)
    key = "case.told_again.lapsed" if times > 1 else "case.reminder.lead_lapsed"
    return t(key, account=view.account.name, who=answer.contact.name)


def _missed(
    ctx: Context, view: CaseView, about: str, t: Texts, route: Route, names: Mapping[str, str]
) -> str:
    deadline = view.case.take_by if about == "take" else view.case.contact_by
    zone = zone_of(route.member, ctx)
    time = wording.moment(deadline, ctx.now(), zone, t) if deadline else "–"
    return t(f"case.told_again.{about}", time=time, **names)


def _shows(posting: Posting, answer: Answer) -> bool:
    """Tells whether a card stands with who may read the answer."""
    return not answer.hidden or stands_above(posting)
