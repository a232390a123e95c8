"""The card of a reason that several accounts named: who said what, and what to do about it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from handlers import rights, texts
from handlers.accounts.reader import Reader, cut
from handlers.alerts import Outgoing
from handlers.cards import Button, Buttons, Card, Element, Text, Tone
from handlers.cases import places
from handlers.cases.places import Route, direct_places
from handlers.cases.view import zone_of
from handlers.chat import Message
from handlers.context import Context
from handlers.learning.same_reason import accounts_of
from handlers.places.editing import edit_all
from handlers.surveys import group, reason_label
from handlers.texts import Texts
from storage import alerts as outbox
from storage import groups, learning, members, sharing
from storage.db import Session
from storage.learning import Voice
from storage.models import Alert, Member, SharedReason, SharedState

SUBJECT = "shared_reason"
FIXED, CLOSE = "reason_fixed", "reason_close"
_SHOWN = 8
_QUOTE = 200
_TONES: dict[str, Tone] = {SharedState.OPEN: "attention", SharedState.FIXED: "good"}


@dataclass(frozen=True)
class Shared:
    """A shared reason as it stands now; answers in `kept` are not for the owners of accounts."""

    reason: SharedReason
    voices: Sequence[Voice]
    kept: Collection[int]
    by: Member | None


async def told(ctx: Context, alert: Alert) -> list[Outgoing] | None:
    """One card to the place or people that own the reason, else to CX, who may bind it."""
    async with ctx.db.reading() as session:
        shared = await load(session, int(alert.detail["shared"]))
        if shared is None or shared.reason.state != SharedState.OPEN or not shared.voices:
            return None
        route, owned = await _route(session, ctx, shared.reason.reason)
    t = texts.of(route.member.language if route.member else None, ctx.programme.language)
    card = shared_card(shared, _reader(ctx, t, route.member), owned=owned)
    message = Message(card, f"alert:{alert.id}", t.language)
    return [
        Outgoing(
            message, route.steps, route.direct, subject=SUBJECT, subject_id=shared.reason.id,
            member_id=route.member.id if route.member else None, reasons=route.reasons,
        )
    ]  # fmt: skip


async def changed(ctx: Context, alert: Alert) -> list[Outgoing] | None:
    """Edits the cards of a shared reason to what is true now."""
    async with ctx.db.reading() as session:
        shared = await load(session, int(alert.detail["shared"]))
        if shared is None:
            return None
        posted = await outbox.postings(session, SUBJECT, shared.reason.id)
        owned = (await _route(session, ctx, shared.reason.reason))[1]
        readers = {each.id: await members.by_id(session, each.member_id) for each in posted}
    cards = []
    for each in posted:
        reader = _reader(ctx, texts.of(each.language), readers[each.id])
        cards.append((each, shared_card(shared, reader, owned=owned)))
    (await edit_all(ctx, cards)).check()
    return []


async def load(session: Session, shared_id: int) -> Shared | None:
    """Gives a shared reason with its answers, or None."""
    reason = await learning.by_id(session, shared_id)
    if reason is None:
        return None
    return Shared(
        reason,
        await learning.voices(session, shared_id),
        {each.id for each in await groups.kept_responses(session)},
        await members.by_id(session, reason.changed_by),
    )


def shared_card(shared: Shared, reader: Reader, *, owned: bool) -> Card:
    """Draws a shared reason: what is kept from account owners counts and is not named."""
    t, reason = reader.t, shared.reason
    label = reason_label(reason.reason, t)
    everybody = accounts_of(shared.voices)
    named = accounts_of([each for each in shared.voices if each.response.id not in shared.kept])
    body: list[Element] = []
    if shared.voices:
        days = [each.response.answered_at for each in shared.voices]
        first, last = reader.short_day(min(days)), reader.short_day(max(days))
        since = t("shared.since", first=first, last=last)
        body.append(Text(t("shared.on", day=first) if first == last else since, "note"))
    if reason.state == SharedState.FIXED and reason.what_was_fixed:
        body += [Text(t("shared.fixed"), "heading"), Text(reason.what_was_fixed)]
    for voices in list(named.values())[:_SHOWN]:
        body += _account(voices, reader)
    hidden = len(everybody) - len(named)
    more = len(named) - _SHOWN
    if more > 0:
        body.append(Text(t("account.more", n=more), "note"))
    if hidden:
        body.append(Text(t.count("shared.unnamed", hidden), "note"))
    if reason.state == SharedState.OPEN:
        value = str(reason.id)
        body.append(
            Buttons(
                (
                    Button(t("shared.button.fixed"), FIXED, value, "primary", opens_form=True),
                    Button(t("shared.button.close"), CLOSE, value, confirm=t("shared.confirm")),
                )
            )
        )
    title = t("shared.title", reason=label, n=len(everybody))
    who = shared.by.name if shared.by else "–"
    day = reader.short_day(reason.changed_at or reason.opened_at)
    foot = t("shared.foot", reason=label) if owned else t("shared.nobody", reason=reason.reason)
    return Card(
        title,
        tuple(body),
        tone=_TONES.get(reason.state, "neutral"),
        status=t(f"shared.state.{reason.state}", name=who, day=day),
        foot=foot,
    )


def _account(voices: Sequence[Voice], reader: Reader) -> list[Element]:
    t, account = reader.t, voices[0].account
    scores = [
        t(f"shared.{group(v.response.kind, v.response.reply, v.response.score)}",
          score=v.response.score, day=reader.short_day(v.response.answered_at))
        for v in voices
    ]  # fmt: skip
    body: list[Element] = [Text(f"{account.name} · {', '.join(scores)}", "strong")]
    words = [each.response.comment for each in voices if each.response.comment]
    if words and reader.comments:
        body.append(Text(cut(words[-1] or "", _QUOTE), "quote"))
    return body


def _reader(ctx: Context, t: Texts, member: Member | None) -> Reader:
    comments = member is None or rights.reads_comments(member)
    return Reader(t, zone_of(member, ctx), ctx.now(), comments)


async def _route(session: Session, ctx: Context, reason: str) -> tuple[Route, bool]:
    """Where cards of a reason go, and whether anybody owns it."""
    bound = tuple(each.place for each in await sharing.places(session, reason=reason))
    owners = await sharing.owners(session, reason)
    cx = await places.of_cx(session, ctx)
    direct = tuple(place for owner in owners for place in direct_places(owner))
    steps = tuple(step for step in (bound, direct) if step)
    first = owners[0] if owners else cx.member
    reasons = {**cx.reasons, **dict.fromkeys((*bound, *direct), "owner")}
    return Route(first, (*steps, *cx.steps), direct or cx.direct, reasons), bool(steps)
