"""What a member types or presses about one account: found, rights checked, shown."""

from secrets import token_hex

import structlog

from handlers import names, rights
from handlers.accounts import shown
from handlers.accounts.brief import before, brief_card
from handlers.accounts.card import SHOW, account_card
from handlers.accounts.history import cases_card, history_card, reasons_card
from handlers.accounts.people_card import people_card
from handlers.accounts.reader import Reader, cut, reader_for
from handlers.accounts.standing import Standing, standing_of
from handlers.cards import Button, Buttons, Card, Element, Reply, Text, Whisper, whisper
from handlers.chat import (
    ChatError,
    Click,
    Command,
    Message,
    OutsidersCanRead,
    Person,
    Place,
    row_id,
)
from handlers.context import Context, Refused
from handlers.learning import said
from handlers.outsiders import may_read
from storage import accounts
from storage.db import Session
from storage.models import Account, Act, Member

log = structlog.get_logger()

PARTS = ("people", "history", "reasons", "cases", "brief", said.PART)
_TYPED_SHOWN = 60


async def show(ctx: Context, command: Command, me: Member, *, near: str | None = None) -> Reply:
    """`/nps acme` and `/nps acme people`: the account's card or a part of it, or a choice.

    `near` is the command that may be meant where no account is.
    """
    reader = reader_for(ctx, me)
    typed, part = _part(command.text)
    if not typed:
        raise Refused(reader.t("account.which"))
    async with ctx.db.reading() as session:
        found = await names.find_account(ctx, session, me, typed)
        if part and not isinstance(found, Account):
            # The account may be called "Good People".
            whole = await names.find_account(ctx, session, me, command.text)
            if isinstance(whole, Account):
                found, part = whole, ""
        if not isinstance(found, Account):
            known = None if part else await _known_part(ctx, session, me, typed)
            return choose_card(ctx, me, typed, found, part, near=near, of=known)
    in_channel = command.place != command.person.place
    return await _card_of(ctx, me, found, part, in_channel=in_channel)


async def _known_part(ctx: Context, session: Session, me: Member, typed: str) -> Account | None:
    """Gives the account that all but the last word names: then that word is no part of it."""
    head, _, _last = typed.rpartition(" ")
    found = await names.find_account(ctx, session, me, head) if head else None
    return found if isinstance(found, Account) else None


async def is_meant(ctx: Context, me: Member, words: str) -> bool:
    """Tells whether words are an account's name, perhaps with a part of its card, and no sentence.

    Where a platform hears only what mentions the bot, this tells a question from a note.
    """
    typed, _part_asked = _part(words)
    async with ctx.db.reading() as session:
        try:
            found = await names.find_account(ctx, session, me, typed)
        except Refused:  # the account meant belongs to another team
            return True
    return isinstance(found, (Account, names.Several))


async def press(ctx: Context, click: Click, me: Member) -> Reply:
    """A button to an account or to a part of its card; the value is `17` or `17:people`."""
    key, _, part = click.value.partition(":")
    async with ctx.db.reading() as session:
        account = await _account(ctx, session, me, key)
    in_channel = click.place != click.person.place
    return await _card_of(ctx, me, account, part, in_channel=in_channel)


async def show_in_channel(ctx: Context, click: Click, me: Member) -> Reply:
    """Posts the card for everybody in the channel it was asked in, if all of them are ours."""
    reader = reader_for(ctx, me)
    if click.place == click.person.place:
        raise Refused(reader.t("account.only_in_channel"))
    async with ctx.db.reading() as session:
        account = await _account(ctx, session, me, click.value)
        # The owner may read along: what is kept from them is kept from the channel.
        standing = await standing_of(ctx, session, me, account, for_all=True)
    months = ctx.programme.window_months
    card = account_card(standing, reader, months, shown_by=me)
    message = Message(card, f"shown:{account.id}:{token_hex(4)}", reader.t.language)
    if await may_read(ctx, click.place):
        return await _send_directly(ctx, click.person, message, reader)
    ctx.note(Act.SENT, "account", account.id)
    return await _post(ctx, click.place, click.person, account, message, reader)


def choose_card(
    ctx: Context,
    me: Member,
    typed: str,
    found: list[Account],
    part: str = "",
    *,
    near: str | None = None,
    of: Account | None = None,
) -> Card:
    """The accounts that fit, or the nearest ones, with a button each; where none fits also the
    command `near`, and what can be asked of the account that the first words name.
    """
    t = reader_for(ctx, me).t
    several = isinstance(found, names.Several)
    offered = [account.name for account in found]
    title = names.sentence(ctx, me, "account", cut(typed, _TYPED_SHOWN), offered, several)
    twice = {name for name in offered if offered.count(name) > 1}
    buttons = tuple(
        Button(
            f"{account.name} ({account.key})" if account.name in twice else account.name,
            SHOW,
            f"{account.id}:{part}" if part else str(account.id),
        )
        for account in found
    )
    body: list[Element] = [Buttons(buttons)] if buttons else []
    if of is not None:
        parts = ", ".join(f"/nps {names.short(of.name).lower()} {each}" for each in PARTS)
        body.insert(0, Text(t("account.name.parts", account=of.name, parts=parts)))
    elif near is not None and not several:
        key = "command" if found else "command_alone"
        body.append(Text(t(f"account.name.{key}", typed=f"/nps {near}")))
    body.append(Text(t("account.name.what_else"), "note"))
    return Card(title, tuple(body), status=t("account.only_you"))


def _part(text: str) -> tuple[str, str]:
    """Splits `acme people` into the name and the part asked for."""
    words = text.split()
    if len(words) > 1 and words[-1].lower() in PARTS:
        return " ".join(words[:-1]), words[-1].lower()
    return text.strip(), ""


def _card(
    ctx: Context, standing: Standing, reader: Reader, me: Member, part: str, *, in_channel: bool
) -> Card:
    ctx.note(Act.VIEWED, "account", standing.account.id)
    match part:
        case "people":
            may_repair = rights.may_change_account(me, standing.account)
            return people_card(standing, reader, ctx.programme, may_repair=may_repair)
        case "history":
            return history_card(standing, reader)
        case "reasons":
            return reasons_card(standing, reader)
        case "cases":
            return cases_card(standing, reader)
        case _:
            months = ctx.programme.window_months
            return account_card(standing, reader, months, in_channel=in_channel)


async def _card_of(
    ctx: Context, me: Member, account: Account, part: str, *, in_channel: bool
) -> Card:
    if part == said.PART:
        return await said.card_of(ctx, me, account)
    reader = reader_for(ctx, me)
    async with ctx.db.reading() as session:
        standing = await standing_of(ctx, session, me, account)
        if part == "brief":
            known = await before(session, me, standing, reader)
            may_log = rights.may_change_account(me, account)
            return brief_card(standing, known, reader, may_log=may_log)
    return _card(ctx, standing, reader, me, part, in_channel=in_channel)


async def _account(ctx: Context, session: Session, me: Member, key: str) -> Account:
    account = await accounts.by_id(session, row_id(key))
    if account is None:
        raise Refused(reader_for(ctx, me).t("account.gone"))
    await names.refuse_if_hidden(ctx, session, me, account)
    return account


async def _post(
    ctx: Context, place: Place, person: Person, account: Account, message: Message, reader: Reader
) -> Whisper:
    try:
        ref = await ctx.chat.send(place, message)
    except OutsidersCanRead:
        return await _send_directly(ctx, person, message, reader)
    except ChatError as error:
        log.warning("account not shown in channel", reason=error.reason)
        return whisper(reader.t("account.not_shown"))
    async with ctx.db.session() as session:
        await shown.remember(session, account.id, ref, message.language, ctx.now())
    return whisper(reader.t("account.shown"))


async def _send_directly(ctx: Context, person: Person, message: Message, reader: Reader) -> Whisper:
    try:
        await ctx.chat.send(person.place, message)
    except ChatError as error:
        log.warning("account not sent directly", reason=error.reason)
        return whisper(reader.t("routes.not_sent_directly"))
    return whisper(reader.t("routes.sent_directly"))
