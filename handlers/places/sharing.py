"""`/nps bind reason …` and `/nps bind board …`: what is not of one team or member has a place."""

from collections.abc import Collection

from handlers import names, texts
from handlers.cards import Reply, whisper
from handlers.chat import Command
from handlers.context import Context, Refused
from handlers.outsiders import refuse_outsiders
from handlers.places.naming import name_of
from handlers.surveys import OUTSIDE, REASONS, reason_label
from handlers.texts import Texts
from storage import learning, places, sharing
from storage.models import Act, Member

BOARDS = ("ideas", "references", "promises")
_TO = ("to", "til", "aan")


async def bind_reason(ctx: Context, event: Command, me: Member) -> Reply:
    """`/nps bind reason invoicing`: this place owns it; `… invoicing anna` or a function does."""
    t = texts.of(me.language, ctx.programme.language)
    async with ctx.db.reading() as session:
        known = [*REASONS, *sorted(await learning.known_reasons(session) - set(REASONS))]
        functions = await sharing.functions(session)
    reason, who = _reason(event.text, [each for each in known if each != OUTSIDE], t)
    label = reason_label(reason, t)
    if not who and event.place != event.person.place:
        await refuse_outsiders(ctx, event.place, t)
        named = await name_of(ctx, event.place)
        async with ctx.db.session() as session:
            await sharing.bind(session, event.place, ctx.now(), reason=reason)
            await places.note_mended(session, event.place, named)
        told = t("share.reason_place", reason=label)
    elif (function := _same(who, functions)) is not None:
        async with ctx.db.session() as session:
            await sharing.give(session, reason, ctx.now(), function=function)
        told = t("share.reason_function", reason=label, function=function)
    else:
        async with ctx.db.session() as session:
            owner = await names.the_member(ctx, session, me, who) if who else me
            await sharing.give(session, reason, ctx.now(), member_id=owner.id)
        told = t("share.reason_member", reason=label, name=owner.name)
    ctx.note(Act.BOUND, "reason")
    return whisper(told)


async def bind_board(ctx: Context, event: Command, me: Member) -> Reply:
    """`/nps bind board ideas`: this place gets the board, and ideas as they come."""
    t = texts.of(me.language, ctx.programme.language)
    board = _same(event.text.strip(), BOARDS)
    if board is None:
        boards = ", ".join(f"/nps bind board {each}" for each in BOARDS)
        raise Refused(t("share.which_board", boards=boards))
    await refuse_outsiders(ctx, event.place, t)
    named = await name_of(ctx, event.place)
    async with ctx.db.session() as session:
        await sharing.bind(session, event.place, ctx.now(), board=board)
        await places.note_mended(session, event.place, named)
    ctx.note(Act.BOUND, "board")
    return whisper(t(f"share.board.{board}"))


def _reason(typed: str, known: Collection[str], t: Texts) -> tuple[str, str]:
    """Splits `invoicing anna` into the reason, by key or in any language, and who owns it."""
    words = typed.split()
    spelled = {
        _plain(label): key
        for key in known
        for label in (key, *(reason_label(key, texts.of(each)) for each in texts.LANGUAGES))
    }
    for length in range(len(words), 0, -1):
        reason = spelled.get(_plain(" ".join(words[:length])))
        if reason is not None:
            rest = words[length:]
            return reason, " ".join(rest[1:] if rest and rest[0].lower() in _TO else rest)
    raise Refused(t("share.which_reason", typed=typed, reasons=", ".join(known)))


def _same(typed: str, known: Collection[str]) -> str | None:
    return next((each for each in known if typed and _plain(each) == _plain(typed)), None)


def _plain(word: str) -> str:
    return " ".join(word.replace("_", " ").split()).casefold()
