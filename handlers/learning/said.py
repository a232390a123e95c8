"""“You said, we did” of an account: what was done, the line for the next invitation, and what
the contacts were told.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from handlers import names, rights
from handlers.accounts.card import SHOW
from handlers.accounts.reader import Reader, cut, reader_for
from handlers.cards import (
    Button,
    Buttons,
    Card,
    Element,
    Facts,
    Form,
    FormErrors,
    Input,
    Reply,
    Text,
)
from handlers.chat import Click, Submission, row_id
from handlers.context import Context, NotAllowed, Refused
from storage import accounts, improvements
from storage.db import Session
from storage.improvements import Done, Told
from storage.models import Account, Act, InvitationLine, Letter, LetterStatus, Member

PART = "done"  # `/nps acme done`
WRITE, LINE = "said_write", "said_line"
LONGEST_LINE = 200
_YEAR = timedelta(days=365)
_SHOWN = 8
_SENT = 3
_CUT = 160
_IN_LINE = 2


@dataclass(frozen=True)
class _Said:
    """All that the card tells."""

    account: Account
    done: Sequence[Done]
    waiting: InvitationLine | None
    used: InvitationLine | None
    sent: Sequence[tuple[Told, Sequence[Letter]]]


async def card_of(ctx: Context, me: Member, account: Account) -> Card:
    """`/nps acme done`: what was done for the account and what its contacts know of it."""
    async with ctx.db.reading() as session:
        said = await _load(session, ctx, account)
    ctx.note(Act.VIEWED, "account", account.id)
    return _card(said, reader_for(ctx, me), may_write=rights.may_change_account(me, account))


async def digest_lines(
    session: Session, me: Member, span: tuple[datetime, datetime], reader: Reader
) -> list[Element]:
    """Gives what was done since the last digest: the customers may hear it."""
    t = reader.t
    found = await improvements.newly_done(session, me.id, *span)
    if not found:
        return []
    body: list[Element] = [Text(t("said.digest"), "heading")]
    body += [Text(f"{account.name}: {cut(what, _CUT)}") for account, what in found[:_SENT]]
    if len(found) > _SENT:
        body.append(Text(t("account.more", n=len(found) - _SENT), "note"))
    shown = {account.id: account for account, _what in found[:_SENT]}
    row = [
        Button(t("said.digest_button", account=each.name), SHOW, f"{each.id}:{PART}")
        for each in shown.values()
    ]
    return [*body, Buttons(tuple(row))]


async def line_form(ctx: Context, click: Click, me: Member) -> Reply:
    """Opens the line of what was done, for the account's next invitation."""
    t = reader_for(ctx, me).t
    async with ctx.db.reading() as session:
        account = await to_write(ctx, session, me, click.value)
        said = await _load(session, ctx, account)
    shown = said.waiting.text if said.waiting else proposed(said.done, said.used)
    field = Input(
        "long_text", "line", t("said.line.label"), required=False, value=shown or None,
        max_length=LONGEST_LINE, hint=t("said.line.hint"),
    )  # fmt: skip
    intro = (Text(t("said.line.intro"), "note"),)
    return Form(t("said.line.title"), (field,), LINE, str(account.id), t("case.save"), intro)


async def line(ctx: Context, event: Submission, me: Member) -> Reply:
    """Keeps the line; an empty one says nothing in the next invitation."""
    t = reader_for(ctx, me).t
    text = " ".join(event.text("line").split())
    if len(text) > LONGEST_LINE:
        return FormErrors({"line": t("said.line.too_long", most=LONGEST_LINE)})
    async with ctx.db.session() as session:
        account = await to_write(ctx, session, me, event.value)
        await improvements.set_line(session, account.id, text, me.id, ctx.now())
    ctx.note(Act.CHANGED, "account", account.id)
    return await card_of(ctx, me, account)


async def to_write(ctx: Context, session: Session, me: Member, value: str) -> Account:
    """Gives the account of a button; raises Refused for who does not work with it."""
    account = await accounts.by_id(session, row_id(value))
    if account is None:
        raise Refused(reader_for(ctx, me).t("account.gone"))
    await names.refuse_if_hidden(ctx, session, me, account)
    if not rights.may_change_account(me, account):
        told = reader_for(ctx, me).t("task.not_yours", account=account.name)
        raise NotAllowed(told, "account", account.id)
    return account


def proposed(done: Sequence[Done], used: InvitationLine | None) -> str:
    """Gives the latest things done that no invitation has said, as one line to be written anew."""
    own = [each for each in done if each.source != "idea_words"]
    new = [each for each in own if used is None or each.at > used.written_at]
    return cut(
        "; ".join(each.what.strip().rstrip(".") for each in new[:_IN_LINE]), LONGEST_LINE - 1
    )


async def _load(session: Session, ctx: Context, account: Account) -> _Said:
    done = await improvements.done(session, account.id, ctx.now() - _YEAR)
    sent = [
        (each, await improvements.letters(session, each.improvement.id))
        for each in await improvements.sent(session, account.id, _SENT)
    ]
    return _Said(
        account,
        done,
        await improvements.line(session, account.id),
        await improvements.last_used(session, account.id),
        sent,
    )


def _card(said: _Said, reader: Reader, *, may_write: bool) -> Card:
    t = reader.t
    body: list[Element] = []
    done = [each for each in said.done if reader.comments or each.source != "idea_words"]
    if done:
        told = [
            (reader.short_day(each.at), t(f"said.source.{each.source}", what=cut(each.what, _CUT)))
            for each in done[:_SHOWN]
        ]
        body += [Text(t("said.done"), "heading"), Facts(tuple(told))]
    else:
        body.append(Text(t("said.nothing_done")))
    facts = [(t("said.next"), said.waiting.text if said.waiting else t("said.no_line"))]
    if said.used:
        facts.append((t("said.before"), said.used.text))
    body.append(Facts(tuple(facts)))
    if said.sent:
        body.append(Text(t("said.sent"), "heading"))
        body += [Text(_sent(told, letters, reader)) for told, letters in said.sent]
    if may_write:
        value = str(said.account.id)
        row = (
            Button(t("said.button.line"), LINE, value, opens_form=True),
            Button(t("said.button.write"), WRITE, value, opens_form=True),
        )
        body.append(Buttons(row))
    title = t("said.title", account=said.account.name)
    return Card(title, tuple(body), status=t("account.only_you"))


def _sent(told: Told, letters: Sequence[Letter], reader: Reader) -> str:
    t, improvement = reader.t, told.improvement
    statuses = [each.status for each in letters]
    waiting = sum(each in (LetterStatus.PLANNED, LetterStatus.SENDING) for each in statuses)
    counts = {
        "delivered": statuses.count(LetterStatus.SENT),
        "waiting": waiting,
        "doubt": statuses.count(LetterStatus.DOUBT),
    }
    counts["not_sent"] = len(statuses) - sum(counts.values())
    parts = [t(f"said.count.{name}", n=n) for name, n in counts.items() if n]
    day = reader.short_day(improvement.sent_at or improvement.written_at)
    who = told.writer.name if told.writer else "–"
    return f"{day} · {who} · {', '.join(parts)} · “{cut(improvement.text, _CUT)}”"
