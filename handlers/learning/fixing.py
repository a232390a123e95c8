"""“It is fixed: tell all”: the owners of the accounts that named a reason hear what was fixed."""

from collections.abc import Mapping
from typing import Any

from handlers import alerts, texts
from handlers.accounts.reader import Reader, reader_for
from handlers.alerts import Outgoing
from handlers.cards import Button, Buttons, Card, Element, Form, FormErrors, Input, Reply, Text
from handlers.cases import owning, places, seeing
from handlers.cases.places import Route, direct_places
from handlers.cases.view import zone_of
from handlers.chat import Click, Message, Place, Submission, row_id
from handlers.context import Context, NotAllowed, Refused
from handlers.learning import shared_card
from handlers.learning.said import WRITE
from handlers.learning.same_reason import accounts_of, changed
from handlers.learning.shared_card import FIXED, Shared
from handlers.rights import LEADERS
from handlers.surveys import reason_label
from storage import learning, members, sharing, versions
from storage.alerts import Added
from storage.db import Session
from storage.models import Account, Act, Alert, Member, SharedReason, SharedState

ALERT = "reason_fixed"
_LONG = 2000
_SHOWN = 5


async def form(ctx: Context, click: Click, me: Member) -> Reply:
    """Asks what was fixed, in words that customers may read."""
    t = reader_for(ctx, me).t
    async with ctx.db.reading() as session:
        shared = await _open(ctx, session, me, click.place, click.value)
    field = Input(
        "long_text", "fixed", t("shared.form.fixed"), hint=t("shared.form.hint"), max_length=_LONG
    )
    label = reason_label(shared.reason, t)
    intro = (Text(t("shared.form.intro", reason=label), "note"),)
    return Form(
        t("shared.form.title"), (field,), FIXED, click.value, t("shared.form.submit"), intro
    )


async def fixed(ctx: Context, event: Submission, me: Member) -> Reply:
    """Keeps what was fixed and lets the owner of each account know."""
    reader = reader_for(ctx, me)
    words = event.text("fixed")
    if not words:
        return FormErrors({"fixed": reader.t("shared.form.needed")})
    values = {"state": SharedState.FIXED, "what_was_fixed": words[:_LONG]}
    return await _end(ctx, event.place, event.value, me, values)


async def close(ctx: Context, click: Click, me: Member) -> Reply:
    """Closes a shared reason without a word; the answers it holds don't open it again."""
    return await _end(ctx, click.place, click.value, me, {"state": SharedState.CLOSED})


async def _end(
    ctx: Context, place: Place, value: str, me: Member, values: Mapping[str, Any]
) -> Reply:
    reader, now = reader_for(ctx, me), ctx.now()
    async with ctx.db.session() as session:
        row = await _open(ctx, session, me, place, value)
        done = {**values, "changed_at": now, "changed_by": me.id}
        if not await versions.change(session, row, done):
            raise Refused(reader.t("shared.stale"))
        shared = await shared_card.load(session, row.id)
        assert shared is not None
        asked = [await changed(session, shared.reason, now)]
        if shared.reason.state == SharedState.FIXED:
            asked += await _tell(session, ctx, shared)
        owned = bool(await sharing.owners(session, row.reason)) or bool(
            await sharing.places(session, reason=row.reason)
        )
    for alert in asked:
        if alert.status == "pending":
            await ctx.soon(alerts.job_of(alert), None)
    ctx.note(Act.CHANGED, "shared_reason", shared.reason.id)
    return shared_card.shared_card(shared, reader, owned=owned)


async def _tell(session: Session, ctx: Context, shared: Shared) -> list[Added]:
    """One card for each owner; what is kept from an account's owner is the lead's."""
    now = ctx.now()
    whom: dict[tuple[int, bool], list[int]] = {}
    for account_id, voices in accounts_of(shared.voices).items():
        for kept in sorted({each.response.id in shared.kept for each in voices}):
            member = await _responsible(session, ctx, voices[0].account, kept=kept)
            whom.setdefault((member.id if member else 0, kept), []).append(account_id)
    told = []
    for (member_id, kept), ids in whom.items():
        detail = {
            "shared": shared.reason.id, "accounts": ids, "kept": kept,
            "partition": f"{ALERT}:{member_id}",
        }  # fmt: skip
        key = f"{ALERT}:{shared.reason.id}:{member_id}:{int(kept)}"
        told.append(
            await alerts.add(
                session, key=key, what=ALERT, due_at=now, member_id=member_id or None, detail=detail
            )
        )
    return told


async def _responsible(
    session: Session, ctx: Context, account: Account, *, kept: bool
) -> Member | None:
    if not kept:
        return await owning.responsible_for(session, account, ctx.now())
    return await seeing.lead_for_hidden(session, account)


async def told(ctx: Context, alert: Alert) -> list[Outgoing] | None:
    """The card for an owner: what was fixed, who named it, and a message to them to write."""
    async with ctx.db.reading() as session:
        shared = await shared_card.load(session, int(alert.detail["shared"]))
        member = await members.by_id(session, alert.member_id)
        if shared is None:
            return None
        kept = bool(alert.detail["kept"])
        accounts = [each.account for each in shared.voices if kept]
        named = [each for each in accounts if each.id in alert.detail["accounts"]]
        from_whom = {who for each in named for who in each.kept_from}
        route = await _route(session, ctx, member, from_whom, kept=kept)
    t = texts.of(route.member.language if route.member else None, ctx.programme.language)
    reader = Reader(t, zone_of(route.member, ctx), ctx.now(), comments=True)
    label = reason_label(shared.reason.reason, t)
    by = shared.by.name if shared.by else ctx.programme.company
    body: list[Element] = [Text(shared.reason.what_was_fixed or "–")]
    for account_id in alert.detail["accounts"]:
        body += _account(shared, int(account_id), reader, kept=kept)
    title = t("shared.told.title", reason=label)
    foot = t("shared.told.foot", name=by)
    card = Card(title, tuple(body), tone="good", foot=foot)
    return [Outgoing(Message(card, f"alert:{alert.id}", t.language), route.steps, route.direct)]


async def _route(
    session: Session, ctx: Context, member: Member | None, from_whom: set[int | None], *, kept: bool
) -> Route:
    if member is None:
        return await places.of_cx(session, ctx, without=from_whom)
    if kept:
        # The owner reads the channels of the team: what is kept from them goes to the lead alone.
        cx = await places.of_cx(session, ctx, without=from_whom)
        direct = direct_places(member)
        return Route(member, (direct, *cx.steps), direct)
    return await places.of_member(session, ctx, member)


def _account(shared: Shared, account_id: int, reader: Reader, *, kept: bool) -> list[Element]:
    t = reader.t
    found = [
        each
        for each in shared.voices
        if each.account.id == account_id and (each.response.id in shared.kept) == kept
    ]
    if not found:
        return []
    names = [each.contact.name or t("account.erased") for each in found]
    more = f" +{len(names) - _SHOWN}" if len(names) > _SHOWN else ""
    account = found[0].account.name
    line = t("shared.told.account", account=account, names=", ".join(names[:_SHOWN]) + more)
    value = f"{account_id}:{shared.reason.id}"
    button = Button(t("shared.told.button", account=account), WRITE, value, opens_form=True)
    return [Text(line, "strong"), Buttons((button,))]


async def _open(
    ctx: Context, session: Session, me: Member, place: Place, value: str
) -> SharedReason:
    """Gives the open shared reason of a button; raises Refused for who does not own it."""
    t = reader_for(ctx, me).t
    shared = await learning.by_id(session, row_id(value))
    if shared is None:
        raise Refused(t("shared.gone"))
    owners = {each.id for each in await sharing.owners(session, shared.reason)}
    here = {each.place for each in await sharing.places(session, reason=shared.reason)}
    if me.role not in LEADERS and me.id not in owners and place not in here:
        told = t("shared.not_yours", reason=reason_label(shared.reason, t))
        raise NotAllowed(told, "shared_reason", shared.id)
    if shared.state != SharedState.OPEN:
        by = await members.by_id(session, shared.changed_by)
        name = by.name if by else "–"
        raise Refused(t(f"shared.stale_{shared.state}", name=name))
    return shared
