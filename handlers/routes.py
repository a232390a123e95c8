"""The tables from name to handler, and the one boundary where errors become sentences."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from secrets import token_hex

import structlog

from handlers import account_teams, audit, departing, names, overview, rhythm, sent_forms, texts
from handlers import help as help_
from handlers import members as people
from handlers.accounts import commands as account
from handlers.accounts import repair
from handlers.accounts.card import SHOW, SHOW_IN_CHANNEL
from handlers.accounts.people_card import REPAIR
from handlers.answering import in_chat
from handlers.cards import BESIDE, Card, Choice, Reply, Whisper, whisper
from handlers.cases import board, notes, promises, telling
from handlers.cases import buttons as cases
from handlers.chat import (
    Click,
    Command,
    Lookup,
    MessageRef,
    Notice,
    Person,
    Remark,
    Submission,
)
from handlers.context import Context, NotAllowed, Refused
from handlers.group_card import SHOW_GROUP
from handlers.learning import buttons as learning
from handlers.learning import ideas
from handlers.outsiders import for_own_eyes, keep_from_outsiders
from handlers.places import binding, notices, sharing
from handlers.rights import EVERYBODY, LEADERS
from handlers.settled import answering as settled
from handlers.tasks import board as task_board
from handlers.tasks import buttons as work
from handlers.tasks import calls, references, silent
from handlers.waves import commands as wave
from storage import alerts as outbox
from storage import members
from storage.models import Member, Posting

log = structlog.get_logger()

CommandHandler = Callable[[Context, Command, Member], Awaitable[Reply]]
ClickHandler = Callable[[Context, Click, Member], Awaitable[Reply]]
FormHandler = Callable[[Context, Submission, Member], Awaitable[Reply]]
ContactClickHandler = Callable[[Context, Click], Awaitable[Reply]]
ContactFormHandler = Callable[[Context, Submission], Awaitable[Reply]]
LookupHandler = Callable[[Context, Lookup, Member], Awaitable[list[Choice]]]
RemarkHandler = Callable[[Context, Remark, Member, Posting | None], Awaitable[Reply]]
NoticeHandler = Callable[[Context, Notice, Member | None], Awaitable[Reply]]


@dataclass(frozen=True)
class CommandRoute:
    """A command: its handler (given the words behind the name), its help key, who may use it."""

    handler: CommandHandler
    help: str
    roles: frozenset[str] = frozenset(EVERYBODY)
    takes_words: bool = True  # else what follows the name is a mistake


async def _account(ctx: Context, event: Command, me: Member) -> Reply:
    """What is no command is an account's name, or a command that was not quite hit."""
    near = names.near_word(event.text, (name for name in _mine(me) if name))
    return await account.show(ctx, event, me, near=near)


def _mine(me: Member) -> list[str]:
    return [name for name, route in COMMANDS.items() if me.role in route.roles]


async def _help(ctx: Context, _event: Command, me: Member) -> Reply:
    mine = [(name, COMMANDS[name].help) for name in _mine(me)]
    return await help_.help_card(ctx, me, mine)


# The longest name wins; the empty name is `/nps` alone; what matches none is an account's name.
COMMANDS: dict[str, CommandRoute] = {
    "": CommandRoute(overview.show, "help.overview"),
    "account": CommandRoute(_account, "help.account"),
    "team": CommandRoute(account_teams.show_team, "help.team"),
    "teams": CommandRoute(account_teams.show_teams, "help.teams"),
    "segment": CommandRoute(account_teams.show_segment, "help.segment"),
    "product": CommandRoute(account_teams.show_product, "help.product"),
    "all": CommandRoute(account_teams.show_all, "help.all"),
    "wave": CommandRoute(wave.show_list, "wave.help.list", LEADERS, takes_words=False),
    "wave new": CommandRoute(wave.new, "wave.help.new", LEADERS),
    "wave list": CommandRoute(wave.show_list, "wave.help.list", LEADERS),
    "wave show": CommandRoute(wave.show, "wave.help.show", LEADERS),
    "wave preview": CommandRoute(wave.preview, "wave.help.preview", LEADERS),
    "wave test": CommandRoute(wave.test, "wave.help.test", LEADERS),
    "wave pause": CommandRoute(wave.pause, "wave.help.pause", LEADERS),
    "wave resume": CommandRoute(wave.resume, "wave.help.resume", LEADERS),
    "wave stop": CommandRoute(wave.stop, "wave.help.stop", LEADERS),
    "cases": CommandRoute(board.show, "help.cases"),
    "promises": CommandRoute(promises.show, "help.promises"),
    "tasks": CommandRoute(task_board.show, "help.tasks", takes_words=False),
    "calls": CommandRoute(calls.show, "help.calls"),
    "silent": CommandRoute(silent.show, "help.silent", takes_words=False),
    "ideas": CommandRoute(ideas.show, "help.ideas"),
    "references": CommandRoute(references.show, "help.references"),
    "away": CommandRoute(people.away, "help.away"),
    "digest": CommandRoute(rhythm.show, "help.digest"),
    "left": CommandRoute(departing.command, "help.left", LEADERS),
    "bind": CommandRoute(people.bind_form, "help.bind", takes_words=False),
    "bind list": CommandRoute(binding.show, "help.bind_list"),
    "bind reason": CommandRoute(sharing.bind_reason, "help.bind_reason", LEADERS),
    "bind board": CommandRoute(sharing.bind_board, "help.bind_board", LEADERS),
    "help": CommandRoute(_help, "help.help"),
}
# Clicks and forms of members, by action.
CLICKS: dict[str, ClickHandler] = {
    rhythm.CHOOSE: rhythm.press,
    departing.LEFT: departing.form,
    binding.UNBIND: binding.unbind,
    binding.TAKE_AWAY: binding.take_away,
    sharing.GIVE: sharing.press_give,
    people.AWAY: people.press_away,
    SHOW: account.press,
    SHOW_IN_CHANNEL: account.show_in_channel,
    SHOW_GROUP: account_teams.press,
    REPAIR: repair.open_form,
    **wave.CLICKS,
    **cases.CLICKS,
    **work.CLICKS,
    **learning.CLICKS,
}
FORMS: dict[str, FormHandler] = {
    departing.LEFT: departing.left,
    REPAIR: repair.repair,
    "wave_form": wave.submit,
    "bind": people.bind,
    **cases.FORMS,
    **work.FORMS,
    **learning.FORMS,
}
# Clicks and forms of contacts who answer in chat: no member is needed, the value is their token.
CONTACT_CLICKS: dict[str, ContactClickHandler] = {
    "answer": in_chat.answer,
    "answer_more": in_chat.tell_more,
    "settled": settled.press,
    "settled_more": settled.more,
}
CONTACT_FORMS: dict[str, ContactFormHandler] = {
    "answer_more": in_chat.save_more,
    "settled_more": settled.save_more,
}
LOOKUPS: dict[str, LookupHandler] = {
    "accounts": names.lookup_accounts,
    "members": names.lookup_members,
}
# What is written under a message of ours, by what that message is about.
REMARKS: dict[str, RemarkHandler] = {telling.SUBJECT: notes.heard}
NOTICES: dict[str, NoticeHandler] = {
    "home_opened": overview.home,
    "place_closed": notices.lost,
    "place_shared": notices.shared,
    "readers_changed": notices.readers_changed,
    "member_left": departing.noticed,
    "place_renamed": notices.renamed,
    "place_opened": notices.opened,
    "installed": notices.opened,
    "removed": notices.app_lost,
    "revoked": notices.app_lost,
}


async def command(ctx: Context, event: Command) -> Reply:
    """Carries out a typed command; the reply is for the asker alone."""
    name, rest = _longest(event.text)
    route = COMMANDS[name]

    async def run(me: Member) -> Reply:
        async def answer(watched: Context) -> Reply:
            if me.role not in route.roles:
                raise NotAllowed(await help_.only_leaders(ctx, me))
            if rest and not route.takes_words:
                raise Refused(_what_i_know(ctx, me, name, rest))
            return await route.handler(watched, replace(event, text=rest), me)

        reply = await audit.at_the_door(ctx, me, event.person.platform, name, None, answer)
        return await keep_from_outsiders(ctx, event, reply, me)

    return await _bounded(ctx, event.person, f"command:{name}", run)


async def click(ctx: Context, event: Click) -> Reply:
    """Carries out a pressed button; a card replaces the clicked message, or stands beside it."""
    if event.action.startswith(BESIDE):
        action = event.action.removeprefix(BESIDE)
        reply = await click(ctx, replace(event, action=action, message=None))
        return Whisper(reply) if isinstance(reply, Card) else reply
    contact = CONTACT_CLICKS.get(event.action)
    if contact is not None:
        return await _bounded_contact(event.action, lambda: contact(ctx, event))

    async def run(me: Member) -> Reply:
        handler = CLICKS.get(event.action)
        if handler is None:
            raise Refused(texts.of(me.language, ctx.programme.language)("routes.unknown_action"))

        async def answer(watched: Context) -> Reply:
            return await handler(watched, event, me)

        reply = await audit.at_the_door(
            ctx, me, event.person.platform, event.action, event.value, answer
        )
        return for_own_eyes(ctx, event.person, event.message, reply, me)

    return await _bounded(ctx, event.person, f"click:{event.action}", run)


async def submission(ctx: Context, event: Submission) -> Reply:
    """Carries out a form; FormErrors keep it open, a card replaces the message it came from."""
    contact = CONTACT_FORMS.get(event.action)
    if contact is not None:
        return await _bounded_contact(event.action, lambda: contact(ctx, event))

    async def run(me: Member) -> Reply:
        handler, t = FORMS.get(event.action), texts.of(me.language, ctx.programme.language)
        if handler is None:
            raise Refused(t("routes.unknown_action"))
        platform = event.person.platform

        async def answer(watched: Context) -> Reply:
            return await handler(watched, event, me)

        async def first() -> Reply:
            reply = await audit.at_the_door(ctx, me, platform, event.action, event.value, answer)
            return for_own_eyes(ctx, event.person, event.origin, reply, me)

        return await sent_forms.once(ctx, event.key, t, first)

    return await _bounded(ctx, event.person, f"form:{event.action}", run)


async def lookup(ctx: Context, event: Lookup) -> list[Choice]:
    """Gives what fits the letters typed so far; nothing to somebody unknown."""
    me = await find_member(ctx, event.person)
    return [] if me is None else await LOOKUPS[event.kind](ctx, event, me)


async def notice(ctx: Context, event: Notice) -> Reply:
    """Tells a handler what happened on a platform; a card is for the person's home tab."""
    me = await find_member(ctx, event.person) if event.person else None
    handler = NOTICES.get(event.kind)
    return None if handler is None else await handler(ctx, event, me)


async def remark(ctx: Context, event: Remark) -> Reply:
    """Keeps what a member wrote under a message of ours; None when it is not for us.

    Nothing is said to who is no member, nor about threads that hang under no card.
    """
    async with ctx.db.reading() as session:
        here = event.message if event.picked else event.top
        posting = await outbox.posting_at(session, event.place, here.id) if here else None
        if posting is None and event.picked and event.top is not None:
            posting = await outbox.posting_at(session, event.place, event.top.id)
    handler = REMARKS.get(posting.subject) if posting else notes.heard if event.picked else None
    if handler is None or (not event.picked and await find_member(ctx, event.person) is None):
        return None
    heard = handler
    return await _bounded(ctx, event.person, "remark", lambda me: heard(ctx, event, me, posting))


async def is_heard(ctx: Context, top: MessageRef) -> bool:
    """Tells whether what is written under this message is kept: only then its words are read."""
    async with ctx.db.reading() as session:
        posting = await outbox.posting_at(session, top.place, top.id)
    return posting is not None and posting.subject in REMARKS


async def find_member(ctx: Context, person: Person) -> Member | None:
    """Gives the member behind a person: by platform id, else by e-mail (the id is remembered)."""
    if person.outside:
        return None
    async with ctx.db.reading() as session:
        found = await members.by_platform_id(session, person.platform, person.id)
        if found is None and person.email:
            found = await members.by_email(session, person.email)
    if found is None or found.left_at is not None:
        return None
    if person.platform in ("slack", "teams") and getattr(found, f"{person.platform}_id") is None:
        async with ctx.db.session() as session:
            await members.link_platform_id(session, found, person.platform, person.id)
    return found


def _longest(text: str) -> tuple[str, str]:
    words = text.split()
    for length in range(len(words), 0, -1):
        name = " ".join(words[:length]).lower()
        if name in COMMANDS:
            return name, " ".join(words[length:])
    return ("", "") if not words else ("account", " ".join(words))


async def _bounded(
    ctx: Context, person: Person, what: str, run: Callable[[Member], Awaitable[Reply]]
) -> Reply:
    me: Member | None = None
    try:
        me = await find_member(ctx, person)
        if me is None:
            await audit.stranger(ctx, person.platform, what)
            t = texts.of(ctx.programme.language)
            return whisper(t("routes.unknown_member", who=person.email or person.name or person.id))
        return await run(me)
    except Refused as refused:
        return whisper(str(refused))
    except Exception:
        problem = _problem_id()
        # The one boundary: the person gets a sentence with the id under which the log has the rest.
        log.exception("handler failed", what=what, problem=problem)
        t = texts.of(me.language if me else None, ctx.programme.language)
        return whisper(t("routes.failed", id=problem))


async def _bounded_contact(what: str, run: Callable[[], Awaitable[Reply]]) -> Reply:
    try:
        return await run()
    except Refused as refused:
        return whisper(str(refused))


def _problem_id() -> str:
    return token_hex(4)


def _what_i_know(ctx: Context, me: Member, name: str, typed: str) -> str:
    known = [f"/nps {each}" for each in _mine(me) if each == name or each.startswith(f"{name} ")]
    t = texts.of(me.language, ctx.programme.language)
    return t("routes.no_words", typed=typed, known=", ".join(known))
